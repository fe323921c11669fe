"""The demo county in the register: whole, locked like any other, countable, and never beside real people."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import func, select

from casemgr.rules.access import Access, Action, Role
from casemgr.services import account, audit, clock, demo, exchange, indicator, liaison
from casemgr.services.demo import Loaded
from casemgr.services.errors import Refused, Unfit
from casemgr.store.db import new_key
from casemgr.store.identity import ID_NUMBER, find_by_token, reveal
from casemgr.store.models import Area, Case, CaseState, Identity, Unit, Visit
from casemgr.store.work import open_work
from casemgr.terms.area import AreaLevel
from casemgr.terms.register import Track
from tests.conftest import TODAY, make_config
from tests.store.register import SYSTEM

SMALL: dict[str, Any] = {"people": 150, "townships": 3, "seed": 4, "months": 1}


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    account._nobody.cache_clear()


def read(statement: Any) -> list[tuple[Any, ...]]:
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        return [tuple(row) for row in work.rows(statement)]


@pytest.fixture
def loaded(app: Flask) -> Loaded:
    return demo.load(**SMALL)


def test_everybody_arrives_and_every_child_has_its_parent(both: Flask) -> None:
    loaded = demo.load(**SMALL)
    assert (loaded.fresh, loaded.people, loaded.townships, loaded.months) == (True, 150, 3, 1)
    assert (loaded.as_of, loaded.history) == (TODAY, date(2024, 1, 1))
    assert read(select(func.count(Case.id))) == [(150,)]
    assert read(select(func.count(Visit.id))) == [(loaded.rows["visit"],)]
    per_unit = read(
        select(Case.area, Unit.area_code, func.count())
        .join(Unit, Unit.id == Case.unit_id)
        .group_by(Case.area, Unit.area_code)
    )
    assert len(per_unit) == 3
    assert all(area == served for area, served, _count in per_unit)
    villages = {code for (code,) in read(select(Area.code).where(Area.level == int(AreaLevel.VILLAGE)))}
    assert {village for (village,) in read(select(Case.village))} <= villages


def test_who_moved_within_the_county_was_managed_elsewhere_before(app: Flask) -> None:
    demo.load(people=600, townships=4, seed=4, months=0)
    units = dict(read(select(Unit.id, Unit.area_code)))
    moved = read(
        select(CaseState.value, CaseState.since, CaseState.until, Case.area)
        .join(Case, Case.id == CaseState.case_id)
        .where(CaseState.track == int(Track.UNIT), CaseState.until.is_not(None), Case.lifecycle == 1)
    )
    assert 2 <= len(moved) <= 20
    for unit, since, until, area in moved:
        assert units[unit] != area
        assert since < until


def test_names_are_sealed_and_open_only_by_reveal(loaded: Loaded) -> None:
    officer = Access.over(1, "xianji", Role.COUNTY_OFFICER, 999902000000)
    with open_work(officer, Action.IDENTITY_REVEAL) as work:
        row = work.one(select(Identity).where(Identity.id_number.is_not(None)))
        assert f"{row.name}" == "●●●"
        opened = reveal(work, [row.person_id], "核对", ("name", "id_number", "phone"))[row.person_id]
        assert len(opened.name) >= 2
        assert opened.id_number.startswith("9999")
        assert find_by_token(work, ID_NUMBER, opened.id_number) == [row.person_id]
    assert audit.verify(Access.system("audit")).broken is None


def test_the_accounts_it_prints_can_sign_in_and_see_what_their_role_sees(loaded: Loaded) -> None:
    staff, departments, house = loaded.accounts[:3], loaded.accounts[3:10], loaded.accounts[10:]
    assert [one.login for one in staff] == ["xianji", "guanli", "yisheng01"]
    assert [one.login for one in departments] == [
        "minjing", "minzheng", "canlian", "zongzhi", "kangfu", "cunyi", "yiyuan"
    ]  # fmt: skip
    assert [one.login for one in house] == ["fuhe", "fuzeren", "weijian", "anquan", "shenji"]
    told = {}
    for one in departments:
        inside = liaison.sign_in(one.login, one.password, "127.0.0.1", clock.now()).person
        told[one.login] = len(liaison.home(inside.access, clock.today()).lines)
    # Some have applied for something; in a small township nobody may be the post's business.
    del told["minjing"]
    assert 2 <= told.pop("cunyi") <= 20
    assert told == {"minzheng": 3, "canlian": 1, "zongzhi": 0, "kangfu": 1, "yiyuan": 2}
    seen = {}
    for one in (*staff, *house, demo.DemoAccount("yisheng03", demo.PASSWORD, "")):
        person = account.sign_in(one.login, one.password, "127.0.0.1", clock.now()).person
        assert not person.must_change
        with open_work(person.access, Action.CASE_LIST) as work:
            seen[one.login] = len(work.rows(select(Case.id)))
    assert seen["xianji"] == seen["fuhe"] == 150
    assert seen["guanli"] == seen["anquan"] == seen["shenji"] == 0
    assert seen["fuzeren"] == seen["yisheng01"]
    assert 0 < seen["yisheng01"] < 150
    assert seen["yisheng01"] != seen["yisheng03"]


def test_an_account_somebody_made_his_own_is_not_printed_again(loaded: Loaded) -> None:
    person = account.sign_in("guanli", demo.PASSWORD, "127.0.0.1", clock.now()).person
    new = "七里外有一片桃林"
    account.change_password(person.access, demo.PASSWORD, new * 2, new * 2, "127.0.0.1", clock.now())
    again = demo.load(if_empty=True)
    assert not again.fresh
    assert [one.login for one in again.accounts][:2] == ["xianji", "yisheng01"]


def test_the_figures_of_the_last_month_are_closed_and_plausible(app: Flask) -> None:
    demo.load(people=900, townships=6, seed=11, months=2)
    officer = Access.over(1, "xianji", Role.COUNTY_OFFICER, 999902000000)
    months = indicator.trend(officer, 999902000000, ["IND-03.STD-INT"], months=3)[0].points
    assert [point.month for point in months if point.value] == ["2026-09", "2026-10"]
    found = indicator.closed(officer, "2026-10", 999902000000)
    assert found is not None
    county = {
        one.key: one.numerator / one.denominator for one in found.areas[0].indicators if one.denominator
    }
    assert county["IND-01"] * 1000 == pytest.approx(4.6, abs=0.3)
    assert county["IND-02.REG-A"] == pytest.approx(0.96, abs=0.03)
    assert county["IND-03.STD-INT"] == pytest.approx(0.80, abs=0.06)
    assert county["IND-05.MED-QUARTER"] == pytest.approx(0.63, abs=0.06)
    assert county["IND-12.N1"] == pytest.approx(0.51, abs=0.07)
    for key in ("IND-03.STD-INT", "IND-12.N1"):
        towns = [one.figure(key) for one in found.areas[1:]]
        assert {one.met for one in towns} == {True, False}, key


def test_it_leaves_as_a_workbook_and_comes_back_unchanged(app: Flask, tmp_path: Path) -> None:
    """The rules for imported rows hold for made-up ones too."""
    demo.load(people=60, townships=2, seed=9, months=0)
    officer = Access.over(1, "xianji", Role.COUNTY_OFFICER, 999902000000)
    exchange.export(officer, 999902000000, tmp_path / "out.xlsx", allowed=True)
    back = exchange.import_file(officer, tmp_path / "out.xlsx", TODAY, dry_run=True)
    assert not [problem for problem in back.problems if problem.level == "refused"]
    assert {counts.read - counts.unchanged for counts in back.sheets.values()} == {0}
    assert back.sheets["患者"].read == 60


@pytest.mark.parametrize("again", [False, True])
def test_a_second_time_changes_nothing(app: Flask, again: bool) -> None:
    demo.load(**SMALL)
    if again:
        assert not demo.load(if_empty=True, **SMALL).fresh
    else:
        with pytest.raises(Refused, match="已经装入"):
            demo.load(**SMALL)
    assert read(select(func.count(Case.id))) == [(150,)]


def test_real_rows_and_made_up_ones_do_not_mix(app: Flask) -> None:
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        work.add(Area(code=500108000000, name="某区", level=3))
    with pytest.raises(Refused, match="真实"):
        demo.load(**SMALL)
    assert read(select(func.count(Case.id))) == [(0,)]


def test_a_county_imported_for_practice_may_stand_beside_it(app: Flask) -> None:
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        work.add(Area(code=999901000000, name="示例县", level=3))
        work.add(Unit(id=new_key(), code="9999010001", name="示例县疾控", area_code=999901000000))
    assert demo.load(**SMALL).fresh


def test_outside_a_demo_installation_nothing_is_loaded(instance: Any) -> None:
    from casemgr.app import create_app
    from casemgr.store.db import db

    with create_app(make_config(instance), doors=()).app_context():
        with pytest.raises(Refused, match="CASEMGR_DEMO"):
            demo.load(**SMALL)
        db.engine.dispose()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"people": 0}, "people"),
        ({"people": 1_000_001}, "people"),
        ({"people": 5, "townships": 6}, "townships"),
        ({"years": 9}, "years"),
        ({"as_of": date(2026, 11, 22)}, "as_of"),
    ],
)
def test_sizes_no_county_has_are_named(app: Flask, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Unfit) as refused:
        demo.load(**wrong)
    assert set(refused.value.fields) == {field}
    assert read(select(func.count(Area.code))) == [(0,)]


@pytest.mark.parametrize(
    ("people", "years", "expected"),
    [
        (2_300, None, date(2024, 1, 1)),
        (50_001, None, date(2025, 1, 1)),
        (1_000_000, None, date(2026, 1, 1)),
        (2_300, 0, date(2026, 1, 1)),
    ],
)
def test_how_far_the_history_goes_back(people: int, years: int | None, expected: date) -> None:
    assert demo.history_of(people, TODAY, years) == expected


@pytest.mark.parametrize(
    ("as_of", "most", "expected"),
    [
        (date(2026, 11, 21), 2, ["2026-09", "2026-10"]),
        (date(2026, 10, 31), 1, ["2026-10"]),
        (date(2026, 10, 30), 1, ["2026-09"]),
        (date(2026, 2, 1), 24, ["2026-01"]),
        (date(2026, 1, 20), 24, []),
        (date(2026, 3, 31), 0, []),
    ],
)
def test_which_months_are_closed(as_of: date, most: int, expected: list[str]) -> None:
    assert demo.months_ended(date(2026, 1, 1), as_of, most) == expected


def test_a_large_county_is_written_in_pieces(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "CHUNK", 60)
    told: list[tuple[str, int, int]] = []
    demo.load(progress=lambda *told_now: told.append(told_now), **SMALL)
    assert [stage for stage, _done, _total in told] == ["people", "people", "months"]
    assert told[-2][1:] == (150, 150)
    assert read(select(func.count(Case.id))) == [(150,)]
