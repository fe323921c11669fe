"""Figures out of the database: computed, closed, explained, and the people behind them."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.app import create_app
from casemgr.indicators.catalogue import BY_KEY, MEASURES
from casemgr.indicators.packed import unpack
from casemgr.rules.access import Access, Action, Role
from casemgr.services import clock, indicator
from casemgr.services.errors import Forbidden, Missing, Refused, Unfit
from casemgr.store import facts
from casemgr.store.db import db, new_key
from casemgr.store.models import (
    Area,
    Case,
    CaseState,
    ClosedFigure,
    ClosedVerdicts,
    Consent,
    Incident,
    MonthClose,
    Person,
    Unit,
    Visit,
)
from casemgr.store.work import open_work
from casemgr.terms.incident import DangerousAct
from casemgr.terms.register import Management, Track
from tests.conftest import make_config
from tests.indicators.county import county, expected
from tests.services.county import FILLED, NOW, SYSTEM, file_no, lay_down

COUNTY, TOWN, OTHER = 999901000000, 999901101000, 999901102000
OFFICER = Access.over(1, "县级", Role.COUNTY_OFFICER, COUNTY)
DOCTOR = Access.over(2, "镇医生", Role.TOWNSHIP_DOCTOR, TOWN)
ADMINISTRATOR = Access.over(3, "管理员", Role.ADMINISTRATOR, COUNTY)
MONTHS = ("2025-12", "2026-03", "2026-10")


@pytest.fixture(scope="module")
def filled(template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[int, int]]:
    """An instance that holds the sample county, made once; the number of a person → key of the case."""
    folder = tmp_path_factory.mktemp("filled") / "instance"
    shutil.copytree(template, folder)
    (folder / "keyring.json").chmod(0o600)
    with create_app(make_config(folder), doors=()).app_context():
        keys = lay_down()
        db.engine.dispose()
    return folder, keys


@pytest.fixture
def keys(filled: tuple[Path, dict[int, int]], tmp_path: Path) -> Iterator[dict[int, int]]:
    """An application of its own on a copy of the sample county."""
    folder = tmp_path / "county"
    shutil.copytree(filled[0], folder)
    (folder / "keyring.json").chmod(0o600)
    config = make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY="2026-11-21")
    with create_app(config, doors=()).app_context():
        yield filled[1]
        db.engine.dispose()
    clock.fix(None)


def counts(found: indicator.Computation) -> dict[str, dict[str, list[int | None]]]:
    return {
        str(area.code): {
            one.key: [one.numerator, one.denominator] for one in area.indicators if not one.further
        }
        for area in found.areas
    }


@pytest.mark.parametrize("bulk", [False, True])
def test_every_figure_of_the_sample_county_from_the_database(
    keys: dict[int, int], bulk: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "BULK", 0 if bulk else 10_000)
    for month in MONTHS:
        assert counts(indicator.compute(OFFICER, month)) == expected()[month]


def test_a_doctor_sees_the_own_township_and_nothing_else(keys: dict[int, int]) -> None:
    found = indicator.compute(DOCTOR, "2026-10")
    assert counts(found) == {str(TOWN): expected()["2026-10"][str(TOWN)]}
    with pytest.raises(Missing):
        indicator.compute(DOCTOR, "2026-10", OTHER)
    with pytest.raises(Missing):
        indicator.people(DOCTOR, COUNTY, "IND-03", "2026-10", "missing")
    with pytest.raises(Forbidden):
        indicator.close(DOCTOR, "2026-10")
    with pytest.raises(Forbidden):
        indicator.compute(ADMINISTRATOR, "2026-10")


def test_what_a_computation_says_about_itself(keys: dict[int, int]) -> None:
    found = indicator.compute(OFFICER, "2026-10", TOWN)
    assert (found.period.month, found.as_of, found.edition) == ("2026-10", date(2026, 10, 31), "CN-2020")
    assert [area.code for area in found.areas] == [TOWN]
    area = found.areas[0]
    assert (area.name, area.level, area.population) == ("河东镇", 4, 18780)
    one = area.figure("IND-03.STD-INT")
    assert (one.target, one.official, one.unit) == ("80.00", True, "%")
    assert not area.figure("IND-03.STD-4").official


def test_the_running_month_is_counted_and_none_that_has_not_begun(keys: dict[int, int]) -> None:
    found = indicator.compute(OFFICER, "2026-11")
    assert (found.period.month, found.as_of) == ("2026-11", date(2026, 11, 21))
    for asked in (
        lambda: indicator.compute(OFFICER, "2026-12"),
        lambda: indicator.gap(OFFICER, 202612, COUNTY, "IND-03"),
        lambda: indicator.people(OFFICER, COUNTY, "IND-03", "2027-01", "missing"),
    ):
        with pytest.raises(Unfit, match=r"还没有开始.*请改用 2026-11 或更早的月份.*实时数据"):
            asked()


@pytest.mark.parametrize("month", ["2026-13", "10月", ""])
def test_what_is_no_month_is_said(keys: dict[int, int], month: str) -> None:
    with pytest.raises(Unfit, match="2026-10"):
        indicator.compute(OFFICER, month)


def test_areas_and_months_that_cannot_be_counted(keys: dict[int, int]) -> None:
    with pytest.raises(Missing):
        indicator.compute(OFFICER, "2026-10", 999901999000)
    with pytest.raises(Unfit, match="乡镇"):
        indicator.compute(OFFICER, "2026-10", 999901101200)
    with pytest.raises(Refused, match="2017"):
        indicator.compute(OFFICER, "2016-10")


def test_live_figures_follow_a_saved_visit(keys: dict[int, int]) -> None:
    day = date(2026, 11, 21)
    silent = next(
        one.case_id
        for one in indicator.people(DOCTOR, TOWN, "IND-02", day, "missing")
        if "没有随访" in one.reason
    )
    before = indicator.live(DOCTOR, TOWN, day).area(TOWN).figure("IND-02.REG-A").numerator
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add(Visit(id=new_key(), case_id=silent, area=TOWN, on=day, form_version=2018, risk=0, **FILLED))
    assert indicator.live(DOCTOR, TOWN, day).area(TOWN).figure("IND-02.REG-A").numerator == before + 1


@pytest.mark.parametrize("part", ["numerator", "denominator", "missing"])
def test_a_number_opens_exactly_that_many_people(keys: dict[int, int], part: str) -> None:
    figures = indicator.compute(OFFICER, "2026-10").area(COUNTY)
    for measure in MEASURES[::4]:
        if measure.per_resident and part != "numerator":
            continue
        one = figures.figure(measure.key)
        found = indicator.people(OFFICER, COUNTY, measure.key, date(2026, 10, 31), part)
        whole = {"numerator": one.numerator, "denominator": one.denominator}
        assert len(found) == whole.get(part, (one.denominator or 0) - one.numerator)
        assert all(person.reason and person.file_no for person in found)
        assert {person.counted for person in found} <= (
            {True, False} if part == "denominator" else {part == "numerator"}
        )


def test_the_people_behind_a_rate_per_resident_are_the_registered(keys: dict[int, int]) -> None:
    with pytest.raises(Unfit, match="常住人口"):
        indicator.people(OFFICER, COUNTY, "IND-01", "2026-10", "denominator")
    with pytest.raises(Unfit, match="尚未发现"):
        indicator.gap(OFFICER, "2026-10", COUNTY, "IND-01")
    with pytest.raises(Missing):
        indicator.people(OFFICER, COUNTY, "IND-99", "2026-10", "numerator")
    with pytest.raises(Unfit, match="分子"):
        indicator.people(OFFICER, COUNTY, "IND-02", "2026-10", "all")


def test_a_person_is_explained_within_reach_only(keys: dict[int, int]) -> None:
    people = indicator.people(OFFICER, TOWN, "IND-03", date(2026, 10, 31), "missing")
    found = {one.key: one for one in indicator.explain(DOCTOR, people[0].case_id, "2026-10")}
    assert found.keys() == BY_KEY.keys()
    assert found["IND-03.STD-INT"].reason == people[0].reason
    by_file = indicator.explain_file(OFFICER, people[0].file_no, "2026-10")
    assert {one.key: one for one in by_file} == found
    elsewhere = indicator.people(OFFICER, OTHER, "IND-03", date(2026, 10, 31), "missing")[0]
    with pytest.raises(Missing):
        indicator.explain(DOCTOR, elsewhere.case_id, "2026-10")
    with pytest.raises(Missing):
        indicator.explain_file(DOCTOR, elsewhere.file_no, "2026-10")


def test_explanations_of_everyone_add_up_to_the_figures(keys: dict[int, int]) -> None:
    verdicts: Counter[tuple[str, bool | None]] = Counter()
    of_town = [one["case"] for one in county().cases.iter_rows(named=True) if one["area"] == TOWN]
    for number in of_town[:25]:
        for one in indicator.explain(DOCTOR, keys[number], date(2026, 10, 31)):
            verdicts[one.key, one.counted] += 1
    chosen = {keys[number] for number in of_town[:25]}
    for key in ("IND-03.STD-INT", "IND-05.MED-QUARTER", "IND-12.N1"):
        counting = indicator.people(DOCTOR, TOWN, key, date(2026, 10, 31), "numerator")
        assert verdicts[key, True] == len(chosen & {one.case_id for one in counting})


def test_who_was_registered_later_is_told_so(keys: dict[int, int]) -> None:
    number = next(one["case"] for one in county().cases.iter_rows(named=True) if one["registered_on"] > 20500)
    found = indicator.explain(OFFICER, keys[number], "2025-12")
    assert {one.counted for one in found} == {None}
    assert "建档日期晚于统计截止日" in found[0].reason


def test_the_gap_is_whoever_does_not_count_least_missing_first(keys: dict[int, int]) -> None:
    found = indicator.gap(OFFICER, "2026-10", COUNTY, "IND-12")
    numerator, denominator = expected()["2026-10"][str(COUNTY)]["IND-12.N1"]
    assert found.figure.key == "IND-12.N1"
    assert (found.figure.numerator, found.figure.denominator) == (numerator, denominator)
    assert len(found.people) == denominator - numerator
    missing = [one.missing for one in found.people]
    assert missing == sorted(missing, key=lambda one: (one is None, one))
    assert found.figure.distance == 32  # half of 396 people, less 166
    assert found.people[0].change.startswith("12月31日前")


# --- as known on a day --------------------------------------------------------------------------------


def test_unit_diagnosis_and_life_cycle_are_those_of_the_day(keys: dict[int, int]) -> None:
    """Somebody of another township today belonged to the first one in October, with another diagnosis."""
    plain = counts(indicator.compute(OFFICER, "2026-10"))
    number = next(
        one["case"]
        for one in county().cases.iter_rows(named=True)
        if one["area"] == TOWN and one["diagnosis"] == 1 and one["exit"] == 0 and one["registered_on"] < 20400
    )
    moved = date(2026, 11, 10)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        units = {row.area_code: row.id for row in work.rows(select(Unit.id, Unit.area_code))}
        case = work.get(Case, keys[number])
        assert case is not None
        person = case.person_id
        owner = work.get(Person, person)
        assert owner is not None
        owner.area = OTHER
        work.flush()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        case = work.get(Case, keys[number])
        assert case is not None
        assert case.area == OTHER
        case.unit_id, case.diagnosis, case.lifecycle, case.lifecycle_on = units[OTHER], 4, 2, moved
        for track, value in ((Track.UNIT, units[TOWN]), (Track.DIAGNOSIS, 1), (Track.LIFECYCLE, 1)):
            work.add(
                CaseState(
                    id=new_key(), case_id=case.id, area=OTHER, track=int(track), value=value,
                    since=date(2020, 1, 1), until=moved, recorded_at=NOW,
                )
            )  # fmt: skip
    assert counts(indicator.compute(OFFICER, "2026-10")) == plain
    assert counts(indicator.compute(OFFICER, "2026-10", TOWN)) == {str(TOWN): plain[str(TOWN)]}
    assert counts(indicator.compute(OFFICER, "2026-10", OTHER)) == {str(OTHER): plain[str(OTHER)]}
    today = counts(indicator.live(OFFICER, COUNTY, date(2026, 11, 21)))
    registered = [today[str(area)]["IND-02.REG-A"][1] for area in (TOWN, OTHER)]
    before = [plain[str(area)]["IND-02.REG-A"][1] for area in (TOWN, OTHER)]
    assert registered[0] == (before[0] or 0) - 1
    of_other = Access.over(4, "另一镇医生", Role.TOWNSHIP_DOCTOR, OTHER)
    explained = {one.key: one for one in indicator.explain(of_other, keys[number], "2026-10")}
    assert explained["IND-06.MED-QUARTER"].counted is not None


def test_an_answer_given_after_the_day_is_not_known_on_it(keys: dict[int, int]) -> None:
    counting = indicator.people(OFFICER, COUNTY, "IND-02", date(2026, 10, 31), "numerator")[0]
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        case = work.get(Case, counting.case_id)
        assert case is not None
        case.consent, case.consent_on = 0, date(2026, 11, 5)
        for answer, on in ((1, date(2020, 5, 5)), (0, date(2026, 11, 5))):
            work.add(
                Consent(id=new_key(), case_id=case.id, area=case.area, answer=answer, on=on, recorded_at=NOW)
            )
    october = {one.key: one for one in indicator.explain(OFFICER, counting.case_id, "2026-10")}
    assert october["IND-02.REG-A"].counted
    now = {one.key: one for one in indicator.explain(OFFICER, counting.case_id, date(2026, 11, 21))}
    assert now["IND-02.REG-A"].counted is False


@pytest.mark.parametrize(("later", "home"), [(None, None), (0, False)])
def test_a_stay_in_hospital_of_last_year_counts_until_something_else_is_told(
    keys: dict[int, int], later: int | None, home: bool | None
) -> None:
    silent = next(
        one for one in indicator.people(OFFICER, COUNTY, "IND-02", date(2026, 10, 31), "missing")
        if "没有随访" in one.reason
    )  # fmt: skip
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for on, state in ((date(2025, 12, 30), 1), (date(2025, 12, 31), later)):
            work.add(
                Visit(id=new_key(), case_id=silent.case_id, area=silent.area, on=on, form_version=2018,
                      hospital=state, **FILLED)
            )  # fmt: skip
    found = {one.key: one for one in indicator.explain(OFFICER, silent.case_id, date(2026, 10, 31))}
    assert found["IND-12.N1"].counted is home


# --- month close --------------------------------------------------------------------------------------


def test_a_closed_month_keeps_the_figures_and_the_verdicts(keys: dict[int, int]) -> None:
    done = indicator.close(OFFICER, "2026-10")
    assert [(one.code, one.revision, one.written) for one in done.counties] == [(COUNTY, 1, True)]
    for access, area in ((OFFICER, COUNTY), (DOCTOR, TOWN)):
        found = indicator.closed(access, "2026-10", area)
        assert found is not None
        assert counts(found) == counts(indicator.compute(access, "2026-10", area))
        assert found.edition == "CN-2020"
    with open_work(SYSTEM, Action.INDICATOR_READ) as work:
        close = work.one(select(MonthClose))
        assert (close.period, close.as_of, close.area, close.closed_by) == (
            202610,
            date(2026, 10, 31),
            COUNTY,
            1,
        )
        assert len(close.policy_digest) == len(close.figures_digest) == 64
        packed = work.rows(select(ClosedVerdicts.area, ClosedVerdicts.packed))
        keys_kept = {row.key for row in work.rows(select(ClosedFigure.key).distinct())}
    assert {"DIST.RISK.NONE", "DUTY.VISIT.REFUSED", *BY_KEY} <= keys_kept
    numerator, denominator = expected()["2026-10"][str(COUNTY)]["IND-05.MED-QUARTER"]
    verdicts = [unpack(row.packed) for row in packed]
    assert sum(len(one.people("IND-05.MED-QUARTER", "numerator")) for one in verdicts) == numerator
    assert sum(len(one.people("IND-05.MED-QUARTER", "denominator")) for one in verdicts) == denominator


def test_closing_again_writes_only_what_differs(keys: dict[int, int]) -> None:
    indicator.close(OFFICER, "2026-10")
    again = indicator.close(OFFICER, "2026-10")
    assert not again.written
    assert again.counties[0].revision == 1
    frozen = indicator.closed(OFFICER, "2026-10", COUNTY)
    missing = indicator.people(OFFICER, COUNTY, "IND-02", "2026-10", "missing")
    late = next(one for one in missing if "没有随访" in one.reason)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add(
            Visit(id=new_key(), case_id=late.case_id, area=late.area, on=date(2026, 10, 2), form_version=2018,
                  risk=0, **FILLED)
        )  # fmt: skip
    assert indicator.closed(OFFICER, "2026-10", COUNTY) == frozen
    still = {one.case_id: one for one in indicator.people(OFFICER, COUNTY, "IND-02", "2026-10", "missing")}
    assert still.keys() == {one.case_id for one in missing}
    assert still[late.case_id].reason == f"月结时：本年度没有随访。{indicator.SINCE_CHANGED}"
    assert late.case_id not in {
        one.case_id for one in indicator.people(OFFICER, COUNTY, "IND-02", date(2026, 10, 31), "missing")
    }
    revised = indicator.close(OFFICER, "2026-10")
    assert [(one.revision, one.written) for one in revised.counties] == [(2, True)]
    assert revised.counties[0].changes > 0
    now = indicator.closed(OFFICER, "2026-10", COUNTY)
    assert frozen is not None
    assert now is not None
    before, after = (one.area(COUNTY).figure("IND-02.REG-A").numerator for one in (frozen, now))
    assert after == before + 1


def test_a_month_that_runs_is_not_closed_and_a_county_is_needed(keys: dict[int, int]) -> None:
    with pytest.raises(Refused, match="还没有结束"):
        indicator.close(OFFICER, "2026-11")
    assert indicator.closed(OFFICER, "2026-09", COUNTY) is None


def test_closing_without_any_county_is_refused(app: Flask) -> None:
    with pytest.raises(Refused, match="没有县"):
        indicator.close(OFFICER, "2026-10")


def test_the_system_closes_every_county(keys: dict[int, int]) -> None:
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        work.add(Area(code=999902000000, name="另一县", level=3, parent=None, population=None))
    done = indicator.close(SYSTEM, "2026-09")
    assert [(one.code, one.people > 0) for one in done.counties] == [(COUNTY, True), (999902000000, False)]


def test_a_trend_shows_the_closed_months_and_leaves_the_others_empty(keys: dict[int, int]) -> None:
    for month in ("2026-08", "2026-10"):
        indicator.close(OFFICER, month)
    found = indicator.trend(DOCTOR, TOWN, ["IND-03.STD-INT", "IND-01"])
    assert [one.key for one in found] == ["IND-03.STD-INT", "IND-01"]
    points = {point.month: point for point in found[0].points}
    assert list(points) == [f"2025-{month}" for month in (11, 12)] + [
        f"2026-{month:02}" for month in range(1, 11)
    ]
    assert [month for month, point in points.items() if point.value is not None] == ["2026-08", "2026-10"]
    one = indicator.compute(DOCTOR, "2026-10", TOWN).area(TOWN).figure("IND-03.STD-INT")
    last = points["2026-10"]
    assert (last.numerator, last.denominator, last.value) == (one.numerator, one.denominator, one.value)
    assert found[0].target == "80.00"


def test_files_are_named(keys: dict[int, int]) -> None:
    found = indicator.people(OFFICER, COUNTY, "IND-02", date(2026, 10, 31), "denominator")
    assert {one.file_no for one in found} <= {file_no(number) for number in keys}


@pytest.mark.parametrize("bulk", [False, True])
def test_the_same_figures_on_postgresql(
    postgres_app: Flask, bulk: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_down()
    monkeypatch.setattr(facts, "BULK", 0 if bulk else 10_000)
    assert counts(indicator.compute(OFFICER, "2026-10")) == expected()["2026-10"]
    assert counts(indicator.compute(DOCTOR, "2025-12")) == {str(TOWN): expected()["2025-12"][str(TOWN)]}
    assert indicator.close(OFFICER, "2026-10").written
    assert not indicator.close(OFFICER, "2026-10").written


@pytest.mark.parametrize("bulk", [False, True])
def test_offences_and_lost_people_as_known_on_the_day(
    keys: dict[int, int], bulk: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "BULK", 0 if bulk else 10_000)
    registered = expected()["2026-10"][str(COUNTY)]["IND-02.REG-A"][1]
    people = indicator.people(OFFICER, COUNTY, "IND-02.REG-A", date(2026, 10, 31), "numerator")
    # One lost in June and found in November; one lost since November; one lost since May.
    found, lately, lost = (one.case_id for one in people[:3])
    with open_work(SYSTEM, Action.EXCHANGE_IMPORT) as work:
        for case_id, since, until in (
            (found, date(2026, 6, 1), date(2026, 11, 5)),
            (lately, date(2026, 11, 2), None),
            (lost, date(2026, 5, 4), None),
        ):
            case = work.get(Case, case_id)
            assert case is not None
            value = Management.LOST
            work.add(
                CaseState(
                    id=new_key(), case_id=case_id, area=case.area, track=int(Track.MANAGEMENT), since=since,
                    until=until, value=int(value), recorded_at=NOW,
                )
            )  # fmt: skip
            case.management, case.management_on = (
                (int(value), since) if until is None else (int(Management.MANAGED), until)
            )
        own = select(Visit).where(Visit.on >= date(2026, 1, 1))
        visit = work.entities(own.where(Visit.case_id == found))[0]
        visit.crime_count, visit.disturbance_count = 1, None
        other = work.entities(own.where(Visit.case_id == lost))[0]
        other.crime_count, other.offence_count, other.disturbance_count = 0, None, 2
        case = work.get(Case, lately)
        assert case is not None
        work.add(
            Incident(
                id=new_key(), case_id=lately, area=case.area, on=date(2026, 10, 30),
                kind=int(DangerousAct.OFFENCE), recorded_at=NOW, recorded_by=0,
            )
        )  # fmt: skip
    then = indicator.compute(OFFICER, "2026-10").area(COUNTY)
    assert (then.figure("IND-15").numerator, then.figure("IND-15").denominator) == (2, registered)
    assert (then.figure("IND-13").numerator, then.figure("IND-13").denominator) == (2, registered)
    now = indicator.live(OFFICER, COUNTY, date(2026, 11, 21)).area(COUNTY)
    assert now.figure("IND-15").numerator == 2
    told = {one.key: one for one in indicator.explain(OFFICER, lost, date(2026, 10, 31))}
    assert told["IND-15"].counted
    assert not told["IND-13"].counted
