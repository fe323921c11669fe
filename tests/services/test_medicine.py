"""用药医嘱: dated lines that are stopped and never deleted, and figures that come from one counting."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from casemgr.cli.medication import group
from casemgr.rules.access import Action
from casemgr.rules.medication import DayState
from casemgr.services import medicine, revision
from casemgr.services.errors import Conflict, Forbidden, Missing, Unfit
from casemgr.services.medicine import Stop
from casemgr.store.models import NoMedicine, RegimenLine
from casemgr.store.work import open_work
from casemgr.terms.medication import StopReason
from tests.conftest import TODAY
from tests.services.medicine import (
    DOCTOR,
    LINE,
    ended_stay,
    give,
    injected,
    line,
    one_case,
)
from tests.store.register import ADMINISTRATOR, DOCTOR_WEST, EAST, SYSTEM, add_visit


@pytest.fixture
def case(app: Flask) -> int:
    """One person of the eastern township, registered long ago."""
    return one_case()


def rows(model: type) -> list:
    with open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
        return work.entities(select(model).order_by(model.id))


def test_a_line_is_kept_once_and_says_who_ordered_it(case: int) -> None:
    form = medicine.begin(DOCTOR, case)
    assert any(one.code == "OLAN-5" for one in form.drugs)
    told = replace(LINE, prescriber="市精神卫生中心 李医师")
    first = medicine.add_line(DOCTOR, case, form.once, told, TODAY)
    again = medicine.add_line(DOCTOR, case, form.once, told, TODAY)
    assert (first.again, again.again, len(rows(RegimenLine))) == (False, True, 1)
    page = medicine.page(DOCTOR, case, TODAY)
    (only,) = page.current
    assert (only.name, only.dose, only.prescriber) == (
        "奥氮平片 5 mg",
        "早 5、晚 10 mg",
        "市精神卫生中心 李医师",
    )
    assert str(rows(RegimenLine)[0].prescriber) == "●●●"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"code": "NONE-1"}, "code"),
        ({"code": "", "name": ""}, "code"),
        ({"since": TODAY + timedelta(1)}, "since"),
        ({"morning_ug": None, "evening_ug": None}, "morning_mg"),
        ({"code": "PP1M", "every_weeks": None}, "every_weeks"),
    ],
)
def test_what_cannot_be_is_refused_by_field(case: int, wrong: dict, field: str) -> None:
    with pytest.raises(Unfit) as refused:
        line(case, **wrong)
    assert field in refused.value.fields
    assert rows(RegimenLine) == []


def test_the_same_substance_is_not_ordered_twice(case: int) -> None:
    line(case)
    with pytest.raises(Unfit, match="没有保存") as refused:
        line(case, code="", name="奥氮平口崩片")
    assert "md11" in refused.value.fields["code"]


def test_a_change_stops_the_old_line_and_begins_a_new_one_on_the_same_day(case: int) -> None:
    old = line(case)
    form = medicine.begin_change(DOCTOR, old)
    new = replace(LINE, since=date(2026, 10, 1), evening_ug=15_000)
    medicine.change_line(DOCTOR, old, form.once, new, "睡眠差", TODAY)
    medicine.change_line(DOCTOR, old, form.once, new, "睡眠差", TODAY)
    before, after = rows(RegimenLine)
    assert (before.stopped_on, before.stop_reason) == (date(2026, 10, 1), int(StopReason.CHANGED))
    assert (after.since, after.replaces, after.evening_ug) == (date(2026, 10, 1), old, 15_000)
    with pytest.raises(Conflict):
        medicine.change_line(DOCTOR, old, form.once + 1, new, "", TODAY)
    told = revision.of_case(DOCTOR, case)
    assert any("停用日期" in [one.label for one in change.changes] for change in told)


def test_a_line_is_stopped_with_day_and_reason_and_stays(case: int) -> None:
    key = line(case)
    with pytest.raises(Unfit) as refused:
        medicine.stop_line(DOCTOR, key, Stop(TODAY, StopReason.PHYSICIAN), TODAY)
    assert "md14" in refused.value.fields["prescriber"]
    with pytest.raises(Unfit):
        medicine.stop_line(DOCTOR, key, Stop(date(2019, 1, 1), StopReason.REACTION), TODAY)
    medicine.stop_line(DOCTOR, key, Stop(TODAY, StopReason.REACTION, "手抖明显"), TODAY)
    assert medicine.stop_line(DOCTOR, key, Stop(TODAY, StopReason.REACTION), TODAY).again
    page = medicine.page(DOCTOR, case, TODAY)
    assert page.current == ()
    assert (page.stopped[0].stop_reason, page.stopped[0].stop_note) == (StopReason.REACTION, "手抖明显")


def test_no_medicine_needed_is_an_order_of_its_own_and_excludes_drugs(case: int) -> None:
    key = line(case)
    once = medicine.begin(DOCTOR, case).once
    with pytest.raises(Unfit, match="没有保存") as refused:
        medicine.order_off(DOCTOR, case, once, TODAY, "", "", TODAY)
    assert set(refused.value.fields) == {"since", "prescriber"}
    medicine.stop_line(DOCTOR, key, Stop(date(2026, 11, 1), StopReason.REACTION), TODAY)
    medicine.order_off(DOCTOR, case, once, date(2026, 11, 1), "李医师", "病情缓解", TODAY)
    assert medicine.order_off(DOCTOR, case, once, date(2026, 11, 1), "李医师", "", TODAY).again
    page = medicine.page(DOCTOR, case, TODAY)
    assert page.off_now is not None
    assert (page.off_now.prescriber, page.off_now.reason) == ("李医师", "病情缓解")
    with pytest.raises(Unfit) as refused:
        line(case, since=date(2026, 11, 5))
    assert "md01" in refused.value.fields["since"]
    medicine.end_off(DOCTOR, page.off_now.id, date(2026, 11, 10), TODAY)
    line(case, since=date(2026, 11, 10))
    assert rows(NoMedicine)[0].ended_on == date(2026, 11, 10)


def test_only_the_own_area_and_the_right_role(case: int) -> None:
    key = line(case)
    with pytest.raises(Missing):
        medicine.page(DOCTOR_WEST, case, TODAY)
    with pytest.raises(Missing):
        medicine.stop_line(DOCTOR_WEST, key, Stop(TODAY, StopReason.REACTION), TODAY)
    with pytest.raises(Forbidden):
        medicine.page(ADMINISTRATOR, case, TODAY)


# --- the counting ---------------------------------------------------------------------------------


@pytest.fixture
def busy(case: int) -> int:
    """Somebody with a gap, a stay in hospital, an injection and a time without order."""
    line(case, since=date(2026, 1, 5))
    for on, days in ((date(2026, 1, 5), 60), (date(2026, 3, 20), 90), (date(2026, 8, 1), 60)):
        give(case, on, days)
    ended_stay(case, date(2026, 4, 10), date(2026, 4, 30))
    injected(case, "PP1M", date(2026, 9, 20), date(2026, 10, 20))
    return case


def test_the_ribbon_the_table_and_the_figures_are_one_counting(busy: int) -> None:
    found = medicine.page(DOCTOR, busy, TODAY).adherence
    assert found is not None
    by_state = dict.fromkeys(DayState, 0)
    for one in found.stretches:
        by_state[one.state] += one.days
    assert sum(by_state.values()) == found.period.days
    assert by_state[DayState.COVERED] == found.counted.covered
    assert by_state[DayState.COVERED] + by_state[DayState.GAP] == found.counted.days
    assert by_state[DayState.GAP] == sum(one.days for one in found.gaps)
    assert by_state[DayState.HOSPITAL] == 21
    assert sum(one.covered for one in found.months) == found.counted.covered
    assert sum(one.gap for one in found.months) == by_state[DayState.GAP]
    assert sum(one.no_order for one in found.months) == by_state[DayState.NO_ORDER] == 35
    assert len(found.months) == 12
    assert medicine.card(DOCTOR, busy, TODAY).adherence == replace(found, events=found.events | {"id": ""})


def test_the_command_gives_the_figures_of_the_page(busy: int, tmp_path: Path) -> None:
    found = medicine.page(DOCTOR, busy, TODAY).adherence
    assert found is not None
    path = tmp_path / "events.json"
    path.write_text(json.dumps(found.events), encoding="utf-8")
    ran = CliRunner().invoke(group, ["coverage", "--events", str(path), "--json"])
    (told,) = json.loads(ran.output)
    assert (told["covered"], told["days"]) == (found.counted.covered, found.counted.days)
    assert told["gaps"] == [[one.first.isoformat(), one.last.isoformat()] for one in found.gaps]
    assert told["mode_b"] == [found.with_hospital.covered, found.with_hospital.days]
    assert told["mpr"] == f"{found.counted.supplied}/{found.counted.period_days}"
    assert found.percent is not None and told["pdc"].startswith(found.percent.split(".")[0])


def test_medicine_for_side_effects_covers_nothing(case: int) -> None:
    line(case, since=date(2026, 9, 1))
    line(case, since=date(2026, 9, 1), code="TRIH-2", morning_ug=2_000, evening_ug=None)
    give(case, date(2026, 9, 1), 60, code="TRIH-2")
    found = medicine.page(DOCTOR, case, TODAY).adherence
    assert found is not None
    assert (found.counted.covered, found.counted.days) == (0, 0)
    give(case, date(2026, 10, 1), 30)
    found = medicine.page(DOCTOR, case, TODAY).adherence
    assert found is not None
    assert (found.counted.covered, found.counted.days) == (30, 52)


def test_nothing_is_proposed_before_the_records_begin(case: int) -> None:
    line(case, since=date(2026, 3, 1))
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for month in (3, 6, 9):
            add_visit(work, EAST, case, date(2026, month, 1))
    page = medicine.page(DOCTOR, case, TODAY)
    assert [one.proposal.computed for one in page.suggestions] == [None, None]
    assert "无法推算" in page.suggestions[0].proposal.reason
    assert page.adherence is not None
    assert page.adherence.percent is None
    give(case, date(2026, 8, 1), 40)
    (after, before) = medicine.page(DOCTOR, case, TODAY).suggestions
    assert (after.since, before.proposal.computed) == (date(2026, 8, 1), None)
    assert after.proposal.computed is not None
    assert after.proposal.computed.label == "按医嘱规律用药"


def test_the_suggestion_stands_beside_the_code_and_never_replaces_it(case: int) -> None:
    line(case, since=date(2026, 6, 1))
    give(case, date(2026, 6, 1), 60)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        add_visit(work, EAST, case, date(2026, 6, 1))
        add_visit(work, EAST, case, date(2026, 9, 1))
    (told,) = medicine.page(DOCTOR, case, TODAY).suggestions
    assert (told.since, told.on) == (date(2026, 6, 1), date(2026, 9, 1))
    assert told.code is not None and told.code.label == "按医嘱规律用药"
    assert told.proposal.computed is not None and told.proposal.computed.label == "间断用药"
    assert told.differs
    assert told.proposal.rule == "REC-ADH-1"


def test_nothing_is_counted_where_nothing_is_known(case: int) -> None:
    page = medicine.page(DOCTOR, case, TODAY)
    assert page.adherence is None
    assert page.suggestions == ()
    assert medicine.card(DOCTOR, case, TODAY).empty
