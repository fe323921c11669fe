"""用药监测: results kept once with their unit; tests become duties; critical values wait for an answer."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Action
from casemgr.services import duties, monitoring, revision
from casemgr.services.errors import Conflict, Forbidden, Missing, Unfit
from casemgr.services.monitoring import Correction, Line, Sheet
from casemgr.store.db import new_key
from casemgr.store.models import Case, DrugLine, Duty, LabResult, RegimenLine, Visit
from casemgr.store.types import Plain, Secret
from casemgr.store.work import open_work
from casemgr.terms.code import to_mask
from casemgr.terms.duty import DutyKind, DutyState, Urgency
from casemgr.terms.monitoring import Knowledge, Phase, ResultFinding, ResultOrigin, ValueStep, WatchedDrug
from casemgr.terms.register import Pause
from tests.conftest import TODAY
from tests.services import day as days
from tests.services.people import NOW
from tests.store.register import ADMINISTRATOR, DOCTOR_EAST, DOCTOR_WEST, EAST, SYSTEM, open_areas

CLOZAPINE = to_mask([WatchedDrug.CLOZAPINE, WatchedDrug.SECOND_GENERATION])
BLOOD, LITHIUM = 1, 2


@pytest.fixture
def case(app: Flask) -> int:
    """Somebody long on the register without any drug that is watched."""
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        return days.person(work, units, "watched", None)


def prescribe(case: int, kinds: int, since: date, stopped_on: date | None = None) -> None:
    """One line of the regimen, written down on the day it began."""
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add(
            RegimenLine(
                id=new_key(),
                area=EAST,
                case_id=case,
                code="CLOZ-25",
                long_acting=False,
                since=since,
                stopped_on=stopped_on,
                watch=kinds,
                recorded_at=NOW - (TODAY - since),
                recorded_by=11,
            )
        )
        duties.refresh(work, [case])


def seen(case: int, on: date, watch: int | None, *, own: bool = True) -> None:
    """A visit that names drugs of these kinds."""
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add(
            Visit(
                id=new_key(),
                area=EAST,
                case_id=case,
                on=on,
                form_version=2018,
                mode=2,
                risk=0,
                stability=3,
                watch=watch,
                suggested=3 if own else None,
                recorded_at=NOW,
                recorded_by=11,
            )
        )
        duties.refresh(work, [case])


def sheet(on: date, *lines: Line, note: str = "") -> Sheet:
    return Sheet(on, ResultOrigin.TAKEN_OVER, lines, "县医院检验科", note)


def enter(case: int, on: date, *lines: Line, once: int | None = None, note: str = "") -> monitoring.Kept:
    return monitoring.record(DOCTOR_EAST, case, once or new_key(), sheet(on, *lines, note=note), TODAY)


def count(value: str, unit: str = "10⁹/L") -> Line:
    return Line("wbc", value, unit, "3.5-9.5")


def kept(case: int, kind: DutyKind) -> list[Duty]:
    with open_work(SYSTEM, Action.DUTY_READ) as work:
        return work.entities(
            select(Duty).where(Duty.case_id == case, Duty.kind == int(kind)).order_by(Duty.due_on, Duty.id)
        )


def open_tests(case: int) -> dict[str, date]:
    found = kept(case, DutyKind.MONITORING)
    return {one.because.partition("（")[0]: one.due_on for one in found if one.state == DutyState.OPEN}


def test_a_result_keeps_its_number_readable_and_its_words_sealed(case: int) -> None:
    saved = enter(case, TODAY, count("4200", "/µL"), Line("neutrophils", "2.1", "10^9/L"))
    assert (saved.count, saved.again, saved.critical) == (2, False, ())
    with open_work(DOCTOR_EAST, Action.MONITORING_READ) as work:
        row = work.get(LabResult, saved.ids[0])
        assert row is not None
        assert (row.value, row.low, row.high, row.source) == (4200, 4, 10, 2)
        assert isinstance(row.laboratory, Secret)
        assert isinstance(row.written, Secret)
    view = monitoring.result(DOCTOR_EAST, saved.ids[0])
    assert (view.shown, view.written, view.laboratory) == ("4.2", "4200 /µL（3.5-9.5）", "县医院检验科")


@pytest.mark.parametrize(
    ("line", "field", "says"),
    [
        (Line("wbc", "4.2", ""), "unit-wbc", "没有写单位"),
        (Line("wbc", "4.2", "个"), "unit-wbc", "不认识白细胞的这个单位"),
        (Line("prolactin", "400", "mIU/L"), "unit-prolactin", "不能换算"),
        (Line("wbc", "4200", "10⁹/L"), "value-wbc", "单位选错"),
        (Line("wbc", "四点二", "10⁹/L"), "value-wbc", "数字"),
        (Line("wbc", "-1", "10⁹/L"), "value-wbc", "数字"),
        (Line("wbc", "4.2", "10⁹/L", "9.5-3.5"), "range-wbc", "下限大于上限"),
        (Line("wbc", "4.2", "10⁹/L", "大约正常"), "range-wbc", "3.5-9.5"),
        (Line("wbc", "", "10⁹/L", "3.5-9.5"), "value-wbc", "补填数值"),
        (Line("clotting", "12", ""), "value-clotting", "只选择结论"),
        (Line("nothing", "4", "x"), "lines", "不在检验项目表中"),
    ],
)
def test_what_is_unclear_is_asked_and_never_guessed(case: int, line: Line, field: str, says: str) -> None:
    with pytest.raises(Unfit) as wrong:
        enter(case, TODAY, line)
    assert says in wrong.value.fields[field]
    assert kept(case, DutyKind.MONITORING) == []


def test_impossible_days_and_pairs_are_refused(case: int) -> None:
    for on, says in ((TODAY + timedelta(1), "晚于今天"), (date(1979, 1, 1), "早于出生")):
        with pytest.raises(Unfit) as wrong:
            enter(case, on, count("4"))
        assert says in wrong.value.fields["on"]
    with pytest.raises(Unfit) as wrong:
        enter(case, TODAY, count("4"), Line("neutrophils", "60", "10⁹/L"))
    assert "百分数" in wrong.value.fields["value-neutrophils"]
    with pytest.raises(Unfit) as wrong:
        enter(case, TODAY, Line("systolic", "80", "mmHg"), Line("diastolic", "120", "mmHg"))
    assert "填反" in wrong.value.fields["value-diastolic"]
    with pytest.raises(Unfit) as wrong:
        enter(case, TODAY, Line("wbc", unit="10⁹/L"))
    assert "没有填写任何结果" in wrong.value.fields["lines"]


def test_a_second_press_and_a_second_report_write_nothing_twice(case: int) -> None:
    once = new_key()
    assert not enter(case, TODAY, count("4"), once=once).again
    assert enter(case, TODAY, count("4"), once=once).again
    with pytest.raises(Unfit) as wrong:
        enter(case, TODAY, count("4.0"))
    assert "同一张报告" in wrong.value.fields["value-wbc"]
    assert enter(case, TODAY, count("4.0"), note="当天复查").count == 1
    with pytest.raises(Missing):
        monitoring.record(DOCTOR_WEST, case, new_key(), sheet(TODAY, count("4")), TODAY)
    with pytest.raises(Forbidden):
        monitoring.view(ADMINISTRATOR, case, TODAY)


def test_whoever_takes_nothing_that_is_watched_has_no_duty_and_no_card(case: int) -> None:
    assert monitoring.card(DOCTOR_EAST, case, TODAY) is None
    seen(case, date(2026, 11, 1), 0)
    assert monitoring.card(DOCTOR_EAST, case, TODAY) is None
    assert kept(case, DutyKind.MONITORING) == []


def test_counts_of_clozapine_follow_the_regimen(case: int) -> None:
    """M-CLO-LOCAL: weekly; the day of the beginning asks for the first count."""
    prescribe(case, CLOZAPINE, date(2026, 11, 1))
    assert open_tests(case)["白细胞及分类计数"] == date(2026, 11, 1)
    assert open_tests(case)["体重、血压、空腹血糖、血脂、腰围"] == date(2026, 11, 1)
    enter(case, date(2026, 11, 1), count("6"))
    assert open_tests(case)["白细胞及分类计数"] == date(2026, 11, 8)
    enter(case, date(2026, 11, 15), count("5"))
    ended = [one for one in kept(case, DutyKind.MONITORING) if one.state != DutyState.OPEN]
    assert [(one.due_on, one.ended_on, one.state, one.rule) for one in ended] == [
        (date(2026, 11, 1), date(2026, 11, 1), DutyState.DONE, "M-CLO-LOCAL"),
        (date(2026, 11, 8), date(2026, 11, 15), DutyState.LATE, "M-CLO-LOCAL"),
    ]
    view = monitoring.view(DOCTOR_EAST, case, TODAY)
    assert [(one.drug, one.how) for one in view.drugs] == [
        (WatchedDrug.CLOZAPINE, Knowledge.REGIMEN),
        (WatchedDrug.SECOND_GENERATION, Knowledge.REGIMEN),
    ]
    assert {one.check.item for one in view.due} >= {"weight"}
    assert "产品约定" in next(one.check.source for one in view.checks if one.check.item == "wbc")


def test_beyond_the_longest_interval_it_is_urgent(case: int) -> None:
    """CLO4 under M-CLO-LOCAL: more than 35 days after month three."""
    prescribe(case, CLOZAPINE, date(2026, 1, 1))
    enter(case, date(2026, 10, 1), count("6"))
    [duty] = [
        one
        for one in kept(case, DutyKind.MONITORING)
        if one.because.startswith("白细胞") and not one.ended_on
    ]
    assert (duty.due_on, duty.urgency) == (date(2026, 10, 29), Urgency.HIGH)
    assert "超过最长间隔" in duty.because


def test_a_visit_tells_of_a_drug_where_there_is_no_regimen(case: int) -> None:
    seen(case, date(2026, 5, 1), CLOZAPINE, own=False)
    assert kept(case, DutyKind.MONITORING) == []
    view = monitoring.card(DOCTOR_EAST, case, TODAY)
    assert view is not None
    assert "开始日期没有记录" in view.asks
    seen(case, date(2026, 11, 18), CLOZAPINE)
    assert open_tests(case) == {"白细胞及分类计数": date(2026, 11, 25)}
    monitoring.state_drug(DOCTOR_EAST, case, WatchedDrug.CLOZAPINE, date(2026, 11, 10), None, None, TODAY)
    assert open_tests(case)["白细胞及分类计数"] <= date(2026, 11, 25)
    changes = revision.of_case(DOCTOR_EAST, case)
    assert changes[0].what == "监测用药"
    seen(case, date(2026, 11, 20), 0)
    states = {one.state for one in kept(case, DutyKind.MONITORING)}
    assert DutyState.OPEN not in states


def test_a_regimen_that_ended_asks_for_nothing(case: int) -> None:
    prescribe(case, CLOZAPINE, date(2026, 9, 1), date(2026, 11, 1))
    assert open_tests(case) == {}
    assert {one.state for one in kept(case, DutyKind.MONITORING)} == {DutyState.VOID}


def test_lithium_asks_by_its_phase(case: int) -> None:
    """M-LI-CN1: a level every week while it is adjusted, monthly later."""
    seen(case, date(2026, 11, 1), to_mask([WatchedDrug.LITHIUM]))
    enter(case, date(2026, 11, 5), Line("lithium_level", "0.8", "mEq/L"))
    assert open_tests(case)["血锂浓度"] == date(2026, 12, 5)
    stated = (WatchedDrug.LITHIUM, date(2026, 11, 1), None, Phase.TREATMENT, TODAY)
    monitoring.state_drug(DOCTOR_EAST, case, *stated)
    assert open_tests(case)["血锂浓度"] == date(2026, 11, 12)
    with pytest.raises(Unfit) as wrong:
        monitoring.state_drug(
            DOCTOR_EAST, case, WatchedDrug.CLOZAPINE, TODAY + timedelta(1), None, Phase.TREATMENT, TODAY
        )
    assert set(wrong.value.fields) == {"since", "phase"}


def test_a_critical_value_waits_until_somebody_says_what_was_done(case: int) -> None:
    """CLO5, M-CLO-US2: neutrophils 0.9."""
    prescribe(case, CLOZAPINE, date(2026, 11, 1))
    saved = enter(case, TODAY, count("3.2"), Line("neutrophils", "0.9", "10⁹/L"))
    assert saved.critical == ("中性粒细胞",)
    [duty] = kept(case, DutyKind.CRITICAL_VALUE)
    assert (duty.state, duty.urgency, duty.rule, duty.due_on) == (
        DutyState.OPEN,
        Urgency.NOW,
        "M-CLO-US2",
        TODAY,
    )
    assert "停用" in duty.because
    assert open_tests(case)["白细胞及分类计数"] == TODAY + timedelta(1)  # every day, says the source
    view = monitoring.view(DOCTOR_EAST, case, TODAY)
    [card] = view.open
    assert card.alerts[0].source
    assert card.alerts[0].dated == "2022"
    with pytest.raises(Unfit) as wrong:
        monitoring.handle(DOCTOR_EAST, card.id, (), TODAY - timedelta(1), "", TODAY)
    assert set(wrong.value.fields) == {"steps", "on"}
    with pytest.raises(Unfit) as wrong:
        monitoring.handle(DOCTOR_EAST, card.id, (ValueStep.OTHER,), TODAY, "", TODAY)
    assert set(wrong.value.fields) == {"note"}
    done = (ValueStep.SPECIALIST, ValueStep.CHANGED)
    assert not monitoring.handle(DOCTOR_EAST, card.id, done, TODAY, "电话请示", TODAY).again
    assert monitoring.handle(DOCTOR_EAST, card.id, done, TODAY, "电话请示", TODAY).again
    [duty] = kept(case, DutyKind.CRITICAL_VALUE)
    assert (duty.state, duty.ended_on) == (DutyState.DONE, TODAY)
    assert monitoring.view(DOCTOR_EAST, case, TODAY).open == ()
    assert monitoring.result(DOCTOR_EAST, card.id).handling == "电话请示"
    # Corrected to another critical value, it is answered anew.
    version = monitoring.result(DOCTOR_EAST, card.id).version
    told = Correction(TODAY, Line("neutrophils", "0.4", "10⁹/L"), ResultOrigin.OWN, "抄错")
    assert monitoring.correct(DOCTOR_EAST, card.id, version, told, TODAY).critical == ("中性粒细胞",)
    [duty] = kept(case, DutyKind.CRITICAL_VALUE)
    assert duty.state == DutyState.OPEN


def test_a_value_is_critical_only_with_its_drug(case: int) -> None:
    enter(case, TODAY, Line("neutrophils", "0.9", "10⁹/L"))
    assert kept(case, DutyKind.CRITICAL_VALUE) == []
    view = monitoring.card(DOCTOR_EAST, case, TODAY)
    assert view is not None
    assert view.drugs == view.open == ()


def test_a_correction_keeps_what_was_there(case: int) -> None:
    prescribe(case, CLOZAPINE, date(2026, 11, 1))
    saved = enter(case, date(2026, 11, 20), count("6.5"))
    told = Correction(date(2026, 11, 19), count("5.6"), ResultOrigin.OWN, "抄错小数点")
    monitoring.correct(DOCTOR_EAST, saved.ids[0], 1, told, TODAY)
    assert monitoring.result(DOCTOR_EAST, saved.ids[0]).shown == "5.6"
    change = revision.of_case(DOCTOR_EAST, case)[0]
    assert change.reason == "抄错小数点"
    assert {(one.old, one.new) for one in change.changes} >= {("6.5 10⁹/L", "5.6 10⁹/L")}
    with pytest.raises(Conflict):
        monitoring.correct(DOCTOR_EAST, saved.ids[0], 1, told, TODAY)
    with pytest.raises(Unfit) as wrong:
        monitoring.correct(
            DOCTOR_EAST, saved.ids[0], 2, Correction(TODAY, Line("wbc"), told.source, ""), TODAY
        )
    assert set(wrong.value.fields) == {"reason", "value-wbc"}
    before = open_tests(case)["白细胞及分类计数"]
    gone = Correction(date(2026, 11, 19), Line("wbc"), ResultOrigin.OWN, "别人的报告", void=True)
    monitoring.correct(DOCTOR_EAST, saved.ids[0], 2, gone, TODAY)
    assert open_tests(case)["白细胞及分类计数"] < before
    assert monitoring.result(DOCTOR_EAST, saved.ids[0]).void
    assert monitoring.view(DOCTOR_EAST, case, TODAY).series == ()


def test_weight_is_compared_with_the_beginning(case: int) -> None:
    """MET4, MET5: above 7 % and 5 %."""
    prescribe(case, to_mask([WatchedDrug.SECOND_GENERATION]), date(2026, 8, 1))
    enter(case, date(2026, 8, 1), Line("weight", "120", "斤"))
    enter(case, date(2026, 11, 20), Line("weight", "64.3", "kg"), Line("qtc", finding=ResultFinding.NORMAL))
    view = monitoring.view(DOCTOR_EAST, case, TODAY)
    assert [one.rule for one in view.notes] == ["M-MET-GAIN7", "M-MET-GAIN"]
    weight = next(one for one in view.series if one.test.key == "weight")
    assert [one.shown for one in weight.drawn] == ["60", "64.3"]


def test_in_hospital_nothing_is_asked_here(case: int) -> None:
    prescribe(case, CLOZAPINE, date(2026, 11, 1))

    def pause(kind: Pause | None) -> None:
        with open_work(SYSTEM, Action.DEMO_LOAD) as work:
            row = work.get(Case, case)
            assert row is not None
            row.pause = None if kind is None else int(kind)
            work.flush()
            duties.refresh(work, [case])

    before = open_tests(case)
    pause(Pause.IN_HOSPITAL)
    assert open_tests(case) == {}
    pause(None)
    assert open_tests(case) == before


def test_one_answer_serves_the_values_of_one_report(case: int) -> None:
    prescribe(case, CLOZAPINE, date(2026, 11, 1))
    saved = enter(case, TODAY, count("2.6"), Line("neutrophils", "0.9", "10⁹/L"))
    assert len(saved.critical) == len(kept(case, DutyKind.CRITICAL_VALUE)) == 2
    assert monitoring.result(DOCTOR_EAST, saved.ids[0]).together == ("中性粒细胞",)
    assert monitoring.handle(DOCTOR_EAST, saved.ids[0], (ValueStep.SPECIALIST,), TODAY, "", TODAY).count == 2
    assert {one.state for one in kept(case, DutyKind.CRITICAL_VALUE)} == {DutyState.DONE}


def test_an_old_value_taken_over_with_a_newer_one_asks_for_nothing(case: int) -> None:
    prescribe(case, CLOZAPINE, date(2026, 6, 1))
    enter(case, date(2026, 11, 20), count("5"))
    enter(case, date(2026, 7, 1), count("2.5"))
    assert kept(case, DutyKind.CRITICAL_VALUE) == []


def test_results_stay_within_their_area_on_both_databases(both: Flask) -> None:
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        key = days.person(work, units, "both", None)
    prescribe(key, CLOZAPINE, date(2026, 11, 1))
    saved = enter(key, TODAY, count("2.6"))
    view = monitoring.card(DOCTOR_EAST, key, TODAY)
    assert view is not None
    assert [one.id for one in view.open] == list(saved.ids)
    for ask in (monitoring.view, monitoring.card):
        with pytest.raises(Missing) if ask is monitoring.view else nullcontext():
            assert ask(DOCTOR_WEST, key, TODAY) is None
    with pytest.raises(Missing):
        monitoring.result(DOCTOR_WEST, saved.ids[0])


def test_visits_from_before_are_looked_at_once(case: int) -> None:
    seen(case, date(2026, 11, 1), None)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        visit = work.one(select(Visit).where(Visit.case_id == case))
        for position, name in enumerate(("氯氮平片", ""), 1):
            work.add(
                DrugLine(id=new_key(), area=EAST, visit_id=visit.id, position=position, name=Plain(name))
            )
    assert list(monitoring.look_back(SYSTEM, TODAY)) == [1]
    assert list(monitoring.look_back(SYSTEM, TODAY)) == []
    view = monitoring.card(DOCTOR_EAST, case, TODAY)
    assert view is not None
    assert [one.drug for one in view.drugs] == [WatchedDrug.CLOZAPINE, WatchedDrug.SECOND_GENERATION]


def test_a_regimen_without_the_drug_goes_before_an_older_visit_with_it(case: int) -> None:
    seen(case, date(2026, 9, 1), CLOZAPINE)
    assert open_tests(case)
    prescribe(case, 0, date(2026, 10, 1))
    assert open_tests(case) == {}
