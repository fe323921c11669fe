"""差距名单: as long as the figure says, least missing first, and what it lists is enough for the target."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from casemgr.app import create_app
from casemgr.rules.access import Access, Action, Role
from casemgr.services import clock, gap, indicator
from casemgr.services.errors import Missing, Unfit
from casemgr.services.gap import Reach
from casemgr.store.db import db, new_key
from casemgr.store.models import RehabSession, Visit
from casemgr.store.work import open_work
from tests.conftest import make_config
from tests.services.county import FILLED, SYSTEM, lay_down

COUNTY, TOWN = 999901000000, 999901101000
OFFICER = Access.over(1, "县级", Role.COUNTY_OFFICER, COUNTY)
DOCTOR = Access.over(2, "镇医生", Role.TOWNSHIP_DOCTOR, TOWN)
TODAY = date(2026, 11, 21)
MONTH, KEY = "2026-10", "IND-12"


@pytest.fixture(scope="module")
def filled(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gap") / "instance"
    shutil.copytree(template, folder)
    (folder / "keyring.json").chmod(0o600)
    with create_app(make_config(folder), doors=()).app_context():
        lay_down()
        db.engine.dispose()
    return folder


@pytest.fixture
def county(filled: Path, tmp_path: Path) -> Iterator[None]:
    folder = tmp_path / "county"
    shutil.copytree(filled, folder)
    (folder / "keyring.json").chmod(0o600)
    config = make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat())
    with create_app(config, doors=()).app_context():
        yield
        db.engine.dispose()
    clock.fix(None)


def test_the_list_is_what_the_figure_lacks_with_the_nearest_first(county: None) -> None:
    found = gap.of_area(OFFICER, COUNTY, KEY, MONTH, TODAY, size=100)
    one = found.figure
    assert (one.key, one.distance) == ("IND-12.N1", 32)
    assert found.page.total == (one.denominator or 0) - one.numerator
    assert sum(count for _, count in found.reaches) == found.page.total
    missing = [row.missing for row in found.page.rows if row.missing is not None]
    assert missing == sorted(missing)
    assert found.helped >= (one.distance or 0)
    assert all(row.change and row.row.reason and row.row.rule for row in found.page.rows)
    assert not any(row.row.name for row in found.page.rows)
    assert sum(place.people for place in found.villages) == found.page.total


def test_doing_what_is_listed_reaches_the_target(county: None) -> None:
    found = gap.of_area(OFFICER, COUNTY, KEY, MONTH, TODAY, size=100)
    wanted = found.figure.distance or 0
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for row in found.page.rows[:wanted]:
            assert row.reach is Reach.ONE
            assert row.until is not None
            on = min(row.until, date(2026, 11, 1) + timedelta(days=3))
            work.add(
                RehabSession(id=new_key(), case_id=row.row.case_id, area=row.row.area, on=on, form=1,
                             minutes=30, attended=True, **FILLED)
            )  # fmt: skip
    after = indicator.live(OFFICER, COUNTY, TODAY).area(COUNTY).figure("IND-12.N1")
    assert after.numerator >= found.figure.numerator + wanted


def test_one_village_and_one_page_of_it(county: None) -> None:
    found = gap.of_area(DOCTOR, TOWN, KEY, TODAY, TODAY, size=20, number=99)
    assert found.page.number == found.page.last
    place = found.villages[0]
    inside = gap.of_area(DOCTOR, TOWN, KEY, TODAY, TODAY, village=place.code, size=100)
    assert inside.page.total == place.people
    together = gap.of_area(DOCTOR, TOWN, KEY, TODAY, TODAY, by_village=True, size=100)
    names = [row.row.village for row in together.page.rows]
    assert len(list(dict.fromkeys(names))) == len(
        [name for name, before in zip(names, [None, *names], strict=False) if name != before]
    )


def test_who_cannot_ask(county: None) -> None:
    with pytest.raises(Missing):
        gap.of_area(DOCTOR, COUNTY, KEY, MONTH, TODAY)
    with pytest.raises(Missing):
        gap.of_area(OFFICER, COUNTY, "IND-99", MONTH, TODAY)
    with pytest.raises(Unfit):
        gap.of_area(OFFICER, COUNTY, "IND-01", MONTH, TODAY)


def test_of_a_past_month_it_is_said_what_is_too_late_by_now_and_what_was_frozen(county: None) -> None:
    indicator.close(OFFICER, MONTH)
    then = gap.of_area(OFFICER, COUNTY, KEY, MONTH, TODAY, size=100)
    now = gap.of_area(OFFICER, COUNTY, KEY, MONTH, date(2027, 1, 1), size=100)
    assert then.helped > 32
    assert Reach.PAST not in dict(then.reaches)
    assert (now.helped, dict(now.reaches)[Reach.PAST]) == (0, then.helped)
    assert sum(place.helped for place in now.villages) == 0
    # What cannot be done any more stands behind the rest.
    order = [row.reach for row in now.page.rows]
    assert order == sorted(order, key=lambda one: one is Reach.PAST)
    assert now.frozen == now.figure
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        first = indicator.people(OFFICER, COUNTY, "IND-02.REG-A", MONTH, "missing")[0]
        work.add(
            Visit(id=new_key(), case_id=first.case_id, area=first.area, on=date(2026, 10, 2),
                  form_version=2018, risk=0, **FILLED)
        )  # fmt: skip
    after = gap.of_area(OFFICER, COUNTY, "IND-02.REG-A", MONTH, TODAY)
    assert after.frozen is not None
    assert after.frozen.numerator == after.figure.numerator - 1
    assert gap.of_area(OFFICER, COUNTY, KEY, TODAY, TODAY).frozen is None
