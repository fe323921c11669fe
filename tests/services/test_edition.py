"""A county's own edition: when it holds, what it cannot do, and whom it concerns."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from casemgr.app import create_app
from casemgr.indicators.catalogue import BY_KEY
from casemgr.rules.access import Access, Action, Role
from casemgr.services import clock, edition, edition_effect, indicator, rate
from casemgr.services.edition import Draft, Line
from casemgr.services.errors import Conflict, Forbidden, Missing, Refused, Unfit
from casemgr.store.db import db, new_key
from casemgr.store.models import AuditEntry
from casemgr.store.work import open_work
from tests.conftest import make_config
from tests.services.county import SYSTEM, lay_down

COUNTY, TOWN = 999901000000, 999901101000
OFFICER = Access.over(1, "县级", Role.COUNTY_OFFICER, COUNTY)
DOCTOR = Access.over(2, "镇医生", Role.TOWNSHIP_DOCTOR, TOWN)
NEIGHBOUR = Access.over(3, "邻县", Role.COUNTY_OFFICER, 999902000000)
CITY = Access.over(4, "市级", Role.COUNTY_OFFICER, 999900000000)
TODAY = date(2026, 11, 21)
DRAFT = Draft(
    "示例县口径（2027）",
    "示卫发〔2026〕9号",
    "2026-11",
    (Line("IND-03.STD-4", 1, "85"), Line("IND-05.MED-LAST", 2, "60.5"), Line("IND-13")),
    {"gap_stable": "60", "gap_basic": "31", "gap_first": ""},
)


@pytest.fixture(scope="module")
def filled(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("edition") / "instance"
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
    config = make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY="2026-11-21")
    with create_app(config, doors=()).app_context():
        yield
        db.engine.dispose()
    clock.fix(None)


def in_force(access: Access, day: date, area: int | None = None) -> str:
    with open_work(access, Action.INDICATOR_READ) as work:
        return edition.edition_on(work, day, area).id


def test_it_holds_from_its_month_on_in_its_county_alone(county: None) -> None:
    once = new_key()
    code = edition.add(OFFICER, COUNTY, DRAFT, once)
    assert edition.add(OFFICER, COUNTY, DRAFT, once) == code == "999901-202611"
    assert in_force(OFFICER, date(2026, 10, 31)) == "CN-2020"
    assert in_force(OFFICER, date(2026, 11, 1)) == code
    assert in_force(DOCTOR, TODAY) == code
    assert in_force(NEIGHBOUR, TODAY) == "CN-2020"
    # Above a county several may hold, so the shipped one of the region does.
    assert in_force(CITY, TODAY) == "CN-2020"
    assert in_force(CITY, TODAY, TOWN) == code

    live = indicator.live(OFFICER, COUNTY, TODAY)
    assert live.edition == code
    figures = {one.key: one for one in live.area(COUNTY).indicators if one.official}
    assert list(figures) == ["IND-03.STD-4", "IND-05.MED-LAST", "IND-13"]
    assert (figures["IND-03.STD-4"].target, figures["IND-05.MED-LAST"].target) == ("85.0", "60.50")
    assert figures["IND-13"].target is None
    assert indicator.compute(OFFICER, "2026-10").edition == "CN-2020"


def test_its_numbers_count_and_are_told_as_the_countys_own(county: None) -> None:
    before = indicator.live(OFFICER, COUNTY, TODAY).area(COUNTY).figure("IND-03.STD-INT")
    edition.add(OFFICER, COUNTY, DRAFT, new_key())
    after = indicator.live(OFFICER, COUNTY, TODAY).area(COUNTY).figure("IND-03.STD-INT")
    assert (after.numerator < before.numerator, after.denominator) == (True, before.denominator)
    with open_work(OFFICER, Action.INDICATOR_READ) as work:
        numbers = edition.numbers_on(work, TODAY)
        national = edition.numbers_on(work, date(2026, 10, 31))
    assert (numbers.gap_stable.value, numbers.gap_stable.rule) == (60, "LOC-COUNTY")
    assert numbers.gap_stable.source == DRAFT.source
    # What was typed as it is in force anyway stays the national number.
    assert numbers.gap_basic == national.gap_basic
    assert numbers.digest != national.digest
    close = indicator.close(OFFICER, "2026-10")
    assert close.edition == "CN-2020"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"source": "无"}, "source"),
        ({"month": "明年"}, "month"),
        ({"month": "2026-13"}, "month"),
        ({"lines": ()}, "lines"),
        ({"lines": (Line("IND-77"),)}, "lines"),
        ({"lines": (Line("IND-11", 3),)}, "decimals-IND-11"),
        ({"lines": (Line("IND-11", 2, "101"),)}, "target-IND-11"),
        ({"lines": (Line("IND-11", 2, "八十"),)}, "target-IND-11"),
        ({"lines": (Line("IND-11", 2, "1/3"),)}, "target-IND-11"),
        ({"lines": (Line("IND-11", 2, "-1"),)}, "target-IND-11"),
        ({"lines": (Line("IND-11", 2, "1e1"),)}, "target-IND-11"),
        ({"numbers": {"gap_stable": "0"}}, "number-gap_stable"),
        ({"numbers": {"gap_stable": "9999999999999"}}, "number-gap_stable"),
        ({"numbers": {"gap_stable": "0000001999999"}}, "number-gap_stable"),
        ({"numbers": {"gap_stable": "000001" + "9" * 5000}}, "number-gap_stable"),
        ({"month": "2927-01"}, "month"),
        ({"month": "2028-12"}, "month"),
        ({"numbers": {"gap_stable": "三"}}, "number-gap_stable"),
    ],
)
def test_what_cannot_stand_is_said_at_its_field(county: None, change: dict[str, object], field: str) -> None:
    with pytest.raises(Unfit) as told:
        edition.add(OFFICER, COUNTY, replace(DRAFT, **change), new_key())  # type: ignore[arg-type]
    assert set(told.value.fields) == {field}
    assert told.value.fields[field].endswith("。")


def test_old_months_and_old_editions_are_never_changed(county: None) -> None:
    indicator.close(OFFICER, "2026-10")
    with pytest.raises(Unfit, match="没有保存") as told:
        edition.add(OFFICER, COUNTY, replace(DRAFT, month="2026-10"), new_key())
    assert "已经月结" in told.value.fields["month"]
    edition.add(OFFICER, COUNTY, replace(DRAFT, month="2027-01"), new_key())
    for month in ("2026-12", "2027-01"):
        with pytest.raises((Unfit, Conflict)):
            edition.add(OFFICER, COUNTY, replace(DRAFT, month=month), new_key())
    later = edition.add(OFFICER, COUNTY, replace(DRAFT, month="2028-01", title="再下一版"), new_key())
    views = edition.of_area(OFFICER, COUNTY, TODAY)
    assert [one.edition.id for one in views] == [later, "999901-202701", "CN-2020"]
    assert [one.until for one in views] == [None, date(2027, 12, 31), date(2026, 12, 31)]
    # No day without an edition, none with two.
    for one, before in pairwise(views):
        assert before.until is not None
        assert (one.edition.valid_from - before.until).days == 1
    assert [one.current for one in views] == [False, False, True]


def test_only_a_countys_officer_lays_one_down_and_only_there(county: None) -> None:
    with pytest.raises(Forbidden):
        edition.add(DOCTOR, TOWN, DRAFT, new_key())
    with pytest.raises(Refused):
        edition.add(OFFICER, 999902000000, DRAFT, new_key())
    with pytest.raises(Missing):
        edition.known(NEIGHBOUR, None, "999901-202611")


def test_a_preview_says_whom_it_concerns_and_writes_nothing(county: None) -> None:
    found = edition_effect.preview(OFFICER, COUNTY, DRAFT, "2026-10")
    assert found.before.id == "CN-2020"
    pairs = {one.name: one for one in found.pairs}
    standard = pairs["规范管理率"]
    assert standard.before is not None
    assert standard.after is not None
    assert (standard.before.key, standard.after.key) == ("IND-03.STD-INT", "IND-03.STD-4")
    known = indicator.compute(OFFICER, "2026-10").area(COUNTY)
    assert standard.before.numerator == known.figure("IND-03.STD-INT").numerator
    assert standard.after.numerator == known.figure("IND-03.STD-4").numerator
    assert standard.people >= abs(standard.before.numerator - standard.after.numerator)
    assert found.people >= max(one.people for one in found.pairs)
    assert (pairs["肇事肇祸率"].before, pairs["肇事肇祸率"].people) == (None, 0)
    assert in_force(OFFICER, TODAY) == "CN-2020"


def test_a_past_december_under_another_edition(county: None) -> None:
    usual = indicator.compute(OFFICER, "2025-12", COUNTY)
    other = indicator.compute(OFFICER, "2025-12", COUNTY, "CQ-NANAN-2024")
    assert (usual.edition, other.edition) == ("CN-2020", "CQ-NANAN-2024")
    assert [one.key for one in other.area(COUNTY).indicators if one.official] == [
        "IND-03.STD-INT",
        "IND-08.LAST",
        "IND-08.SCHIZO.LAST",
    ]
    for one in usual.area(COUNTY).indicators:
        same = other.area(COUNTY).figure(one.key)
        assert (same.numerator, same.denominator) == (one.numerator, one.denominator)
    compared = edition_effect.compare(OFFICER, COUNTY, "2025-12", "CN-2020", "CQ-NANAN-2024")
    both = next(one for one in compared.pairs if one.name == "规范管理率")
    assert (both.before, both.people) == (both.after, 0)
    only = next(one for one in compared.pairs if one.name == "治疗率")
    assert only.before is None
    assert only.after is not None
    with pytest.raises(Missing):
        edition_effect.compare(OFFICER, COUNTY, "2025-12", "CN-2020", "CN-1999")
    with pytest.raises(Missing):
        edition_effect.compare(DOCTOR, COUNTY, "2025-12", "CN-2020", "CQ-NANAN-2024")
    with pytest.raises(Unfit):
        edition_effect.compare(OFFICER, COUNTY, "去年", "CN-2020", "CQ-NANAN-2024")


def test_every_figure_of_the_catalogue_can_be_official(county: None) -> None:
    draft = replace(DRAFT, lines=tuple(Line(key) for key in BY_KEY), numbers={})
    edition.add(OFFICER, COUNTY, draft, new_key())
    live = indicator.live(DOCTOR, TOWN, TODAY).area(TOWN)
    assert {one.key for one in live.indicators if one.official} == BY_KEY.keys()


def test_one_that_is_not_yet_in_force_is_withdrawn_with_a_reason_and_never_holds(county: None) -> None:
    first = edition.add(OFFICER, COUNTY, replace(DRAFT, month="2027-01"), new_key())
    later = edition.add(OFFICER, COUNTY, replace(DRAFT, month="2027-07"), new_key())
    newest, older = edition.of_area(OFFICER, COUNTY, TODAY)[:2]
    assert (newest.edition.id, older.edition.id) == (later, first)
    assert newest.key and older.key
    for words in ("", "  误 ", "长" * 201):
        with pytest.raises(Unfit) as told:
            edition.withdraw(OFFICER, older.key, words, TODAY)
        assert set(told.value.fields) == {"because"}
    for stranger in (NEIGHBOUR, Access.over(9, "另一市", Role.COUNTY_OFFICER, 999800000000)):
        with pytest.raises(Missing):
            edition.withdraw(stranger, older.key, "不归我们管的一版", TODAY)
    with pytest.raises(Forbidden):
        edition.withdraw(DOCTOR, older.key, "镇里不能撤回", TODAY)

    assert edition.withdraw(OFFICER, older.key, " 上级文件推迟执行 ", TODAY) == first
    with pytest.raises(Conflict, match="已经撤回"):
        edition.withdraw(OFFICER, older.key, "再撤一次看看", TODAY)
    # The one before holds on until the next: no day without an edition, none with two.
    assert in_force(OFFICER, date(2027, 3, 1)) == "CN-2020"
    assert in_force(DOCTOR, date(2027, 7, 1)) == later
    assert [one.until for one in edition.of_area(OFFICER, COUNTY, TODAY)] == [None, date(2027, 6, 30)]
    (gone,) = edition.taken_back(DOCTOR, TOWN)
    assert (gone.edition.id, gone.because) == (first, "上级文件推迟执行")
    assert edition.taken_back(NEIGHBOUR, None) == ()
    with pytest.raises(Missing):
        edition.known(OFFICER, COUNTY, first)
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        verbs = work.rows(
            select(AuditEntry.verb).where(AuditEntry.noun == "EditionEntry").order_by(AuditEntry.seq)
        )
    assert [row.verb for row in verbs] == ["create", "create", "change"]

    # The month is free again, once the later one is gone too, and the new one is told from the old.
    with pytest.raises(Unfit):
        edition.add(OFFICER, COUNTY, replace(DRAFT, month="2027-01"), new_key())
    edition.withdraw(OFFICER, newest.key, "与前一版一并撤回", TODAY)
    assert edition.add(OFFICER, COUNTY, replace(DRAFT, month="2027-01"), new_key()) == f"{first}-2"
    assert in_force(OFFICER, date(2027, 3, 1)) == f"{first}-2"


def test_one_in_force_is_never_withdrawn(county: None) -> None:
    code = edition.add(OFFICER, COUNTY, replace(DRAFT, month="2026-12"), new_key())
    key = edition.of_area(OFFICER, COUNTY, TODAY)[0].key
    assert key
    for day in (date(2026, 12, 1), date(2027, 5, 1)):
        with pytest.raises(Refused, match="已经生效"):
            edition.withdraw(OFFICER, key, "生效之后想要撤回", day)
        assert edition.of_area(OFFICER, COUNTY, day)[0].key is None
    assert in_force(OFFICER, date(2026, 12, 1)) == code
    assert edition.withdraw(OFFICER, key, "在生效的前一天撤回", date(2026, 11, 30)) == code
    assert in_force(OFFICER, date(2026, 12, 1)) == "CN-2020"


def test_a_closed_month_has_the_targets_of_its_own_day(county: None) -> None:
    """A target that began after the first day of its edition stands with the frozen figures, too."""
    indicator.close(OFFICER, "2026-10")
    frozen, anew = indicator.closed(OFFICER, "2026-10", COUNTY), indicator.compute(OFFICER, "2026-10", COUNTY)
    assert frozen is not None
    assert frozen.edition == anew.edition
    assert frozen.area(COUNTY) == anew.area(COUNTY)
    assert frozen.area(COUNTY).figure("IND-22").target == "60.00"
    view = rate.of_area(OFFICER, COUNTY, "IND-22", "2026-10", TODAY)
    assert view.target_ground is not None
    assert (view.target_ground.id, view.figure.target) == ("TARGET-2025", "60.00")
