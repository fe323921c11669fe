"""长效针剂: places of doses kept in line on entry, correction, import and a county's label; duties follow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Access, Action
from casemgr.services import clock, duties, injection, injection_calendar, injection_course, product
from casemgr.services.errors import Conflict, Missing, Unfit
from casemgr.services.injection import DoseEntry
from casemgr.services.injection_calendar import Group
from casemgr.store.db import new_key
from casemgr.store.models import Dose, Duty
from casemgr.store.work import open_work
from casemgr.terms.duty import DutyKind, DutyState
from casemgr.terms.injection import CourseEnd, Role, Site, Status
from tests.conftest import TODAY
from tests.store.register import DOCTOR_EAST, DOCTOR_WEST, EAST, OFFICER, SYSTEM, add_person, open_areas

DAY = timedelta(1)


@pytest.fixture
def case(app: Flask) -> Iterator[int]:
    """One person of the eastern township."""
    clock.fix(TODAY)
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        _person, key = add_person(work, EAST, units[EAST], "E1", "张一", "999901198001010000")
    yield key
    clock.fix(None)


def entry(on: date, product: str = "PP1M", **told: Any) -> DoseEntry:
    return DoseEntry(product, on, told.pop("dose_ug", 100_000), site=told.pop("site", Site.DELTOID), **told)


def give(case: int, *days: date, product: str = "PP1M", **told: Any) -> list[int]:
    keys = []
    for day in days:
        keys.append(new_key())
        injection.record(DOCTOR_EAST, case, keys[-1], entry(day, product, **told), TODAY)
    return keys


def stored(case: int) -> list[tuple[Any, ...]]:
    """(role, number, start, followed) of the doses of a case, oldest first."""
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        rows = work.entities(select(Dose).where(Dose.case_id == case).order_by(Dose.on))
    return [
        (None if row.role is None else Role(row.role).name, row.number, row.start_on, row.followed_on)
        for row in rows
    ]


def standing(case: int) -> dict[DutyKind, DutyState]:
    with open_work(SYSTEM, Action.DUTY_READ) as work:
        rows = work.rows(
            select(Duty.kind, Duty.state).where(Duty.case_id == case, Duty.kind >= DutyKind.INJECTION)
        )
    return {DutyKind(kind): DutyState(state) for kind, state in rows if state == DutyState.OPEN}


def test_a_dose_gets_its_place_and_moves_those_around_it(case: int) -> None:
    first, second = date(2026, 9, 1), date(2026, 10, 8)
    give(case, first, second)
    assert stored(case) == [("INIT1", 1, first, second), ("REINIT1", 2, first, None)]
    give(case, first + 7 * DAY)  # told later: the second starting dose had been given after all
    assert stored(case) == [
        ("INIT1", 1, first, first + 7 * DAY),
        ("INIT2", 2, first, second),
        ("MAINT", 3, first, None),
    ]
    card = injection.card(DOCTOR_EAST, case, TODAY)
    assert card is not None
    assert card.advice is not None
    assert (card.advice.status, card.advice.closes) == (Status.MISSED_REINIT, date(2026, 11, 15))
    assert standing(case) == {DutyKind.INJECTION_MISSED: DutyState.OPEN}


def test_what_is_saved_is_what_was_looked_at(case: int) -> None:
    give(case, TODAY - 7 * DAY)
    coming = entry(TODAY)
    key = new_key()
    check = injection.look(DOCTOR_EAST, case, coming, key, TODAY)
    assert (check.role, check.number, check.told) == (Role.INIT2, 2, False)
    kept = injection.record(DOCTOR_EAST, case, key, coming, TODAY)
    assert kept.advice is not None
    assert check.advice is not None
    assert (kept.advice.due, kept.advice.opens) == (check.advice.due, check.advice.opens)
    assert injection.record(DOCTOR_EAST, case, key, coming, TODAY).recorded.again
    assert standing(case) == {DutyKind.INJECTION: DutyState.OPEN}


def test_a_role_needs_a_reason_against_the_record_and_stays_told(case: int) -> None:
    give(case, TODAY - 30 * DAY)
    with pytest.raises(Unfit) as wrong:
        injection.record(DOCTOR_EAST, case, new_key(), entry(TODAY, role=Role.MAINT), TODAY)
    assert set(wrong.value.fields) == {"role_reason"}
    key = new_key()
    told = entry(TODAY, role=Role.MAINT, role_reason="外院已完成起始")
    injection.record(DOCTOR_EAST, case, key, told, TODAY)
    assert stored(case)[-1][0] == "MAINT"
    form = injection.form_of(DOCTOR_EAST, key)
    assert (form.raw["role"], form.raw["note"]) == ("3", "针次：外院已完成起始")


def test_a_correction_keeps_the_old_and_moves_the_place(case: int) -> None:
    [key] = give(case, TODAY - 20 * DAY)
    form = injection.form_of(DOCTOR_EAST, key)
    moved = entry(TODAY - 10 * DAY, batch="B-2")
    with pytest.raises(Unfit):
        injection.change(DOCTOR_EAST, key, moved, form.seen, "", TODAY)
    injection.change(DOCTOR_EAST, key, moved, form.seen, "日期抄错", TODAY)
    assert stored(case) == [("INIT1", 1, TODAY - 10 * DAY, None)]
    with pytest.raises(Conflict):
        injection.change(DOCTOR_EAST, key, moved, form.seen, "再改", TODAY)
    with pytest.raises(Missing):
        injection.form_of(DOCTOR_WEST, key)


def test_an_incomplete_dose_is_kept_and_counts_for_nothing(case: int) -> None:
    give(case, TODAY - 40 * DAY)
    give(case, TODAY - 33 * DAY, partial=True)
    assert [one[0] for one in stored(case)] == ["INIT1", None]
    card = injection.card(DOCTOR_EAST, case, TODAY)
    assert card is not None
    assert card.advice is not None
    assert "GEN-PARTIAL" in {one.code for one in card.advice.flags}
    assert card.advice.last_on == TODAY - 40 * DAY


def test_the_end_of_a_course_ends_its_duties(case: int) -> None:
    [key] = give(case, TODAY - 60 * DAY)
    assert DutyKind.INJECTION_MISSED in standing(case)
    with pytest.raises(Unfit):
        injection.stop(DOCTOR_EAST, key, TODAY + DAY, CourseEnd.DOCTOR, TODAY)
    injection.stop(DOCTOR_EAST, key, TODAY - 50 * DAY, CourseEnd.DOCTOR, TODAY)
    assert standing(case) == {}
    injection.resume_course(DOCTOR_EAST, key, TODAY)
    assert DutyKind.INJECTION_MISSED in standing(case)


def test_questions_stand_at_their_fields(case: int) -> None:
    give(case, TODAY - 60 * DAY, TODAY - 53 * DAY, side=None)
    asked = entry(TODAY - 51 * DAY, site=Site.GLUTEAL, dose_ug=60_000)
    found = injection.look(DOCTOR_EAST, case, asked, new_key(), TODAY)
    at = {(one.field, one.code) for one in found.questions}
    assert {("on", "la08"), ("on", "la12"), ("on", "V4"), ("dose_ug", "V5"), ("batch", "la15")} <= at
    with pytest.raises(Unfit) as wrong:
        injection.look(DOCTOR_EAST, case, entry(TODAY - 53 * DAY), new_key(), TODAY)
    assert "已登记过同一产品" in wrong.value.fields["on"]


def test_a_county_label_moves_places_and_duties_at_once(case: int) -> None:
    on = TODAY - 35 * DAY
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add_many(
            Dose,
            [
                {
                    "id": new_key(),
                    "case_id": case,
                    "area": EAST,
                    "product": "HALD",
                    "on": on,
                    "dose_ug": 50_000,
                    "recorded_at": clock.now(),
                    "recorded_by": 1,
                }
            ],
        )
    with open_work(Access.system("test"), Action.JOB_RUN) as work:
        injection_course.fill(work, [case], product.labels_of(work))
        duties.refresh(work, [case])
    assert stored(case) == [("INIT1", 1, on, None)]
    assert DutyKind.INJECTION_CLOSING in standing(case)
    told = product.Typed({"phase.MAINT.late": "3"}, "示例说明书", date(2026, 1, 1), True)
    key = new_key()
    assert product.overlay(OFFICER, "HALD", key, told, TODAY)
    assert not product.overlay(OFFICER, "HALD", key, told, TODAY)
    assert set(standing(case)) == {DutyKind.INJECTION_MISSED}
    card = injection.card(DOCTOR_EAST, case, TODAY)
    assert card is not None
    assert card.advice is not None
    assert card.advice.local == "示例说明书"
    assert product.withdraw(OFFICER, "HALD", new_key())
    assert DutyKind.INJECTION_CLOSING in standing(case)
    assert [one.withdrawn for one in product.product(OFFICER, "HALD").history] == [True, False]


def test_the_calendar_groups_by_urgency_and_opens_names_only_for_a_purpose(case: int) -> None:
    give(case, TODAY - 10 * DAY)
    month = TODAY.replace(day=1)
    found = injection_calendar.calendar(DOCTOR_EAST, None, month, TODAY)
    [(group, [row])] = found.groups
    assert (group, row.file_no, row.name) == (Group.CLOSING, "E1", "")
    marks = {mark.kind for week in found.weeks for cell in week for mark in cell.marks}
    assert marks == {"given", "open", "best", "close"}
    named = injection_calendar.calendar(DOCTOR_EAST, None, month, TODAY, "随访")
    assert named.groups[0][1][0].name == "张一"
    with pytest.raises(Missing):
        injection_calendar.calendar(DOCTOR_WEST, EAST, month, TODAY)


@pytest.mark.parametrize(("text", "month"), [("2026-02", 2), ("2026-13", TODAY.month), ("x", TODAY.month)])
def test_months_in_addresses(text: str, month: int) -> None:
    assert injection_calendar.month_of(text, TODAY).month == month


def test_a_label_that_tells_how_to_treat_says_who_decides(case: int) -> None:
    told = entry(date(2026, 11, 20), "PP1M", tolerated=False, clearance=30)
    found = injection.look(DOCTOR_EAST, case, told, new_key(), TODAY)
    treating = [one for one in found.questions if one.code in ("V6", "V7", "V8")]
    assert {one.code for one in treating} >= {"V6", "V7"}
    assert all("医师" in one.text or "专科" in one.text for one in treating)


def test_an_agreed_day_of_a_mistyped_year_is_refused(case: int) -> None:
    with pytest.raises(Unfit) as wrong:
        give(case, date(2026, 11, 20), next_on=date(2062, 12, 20))
    assert set(wrong.value.fields) == {"next_on"}
