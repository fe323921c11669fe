"""发药与库存: payers in order, counter-entries instead of deletions, stock that agrees with its moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from casemgr.rules.access import Action
from casemgr.services import medicine, medicine_drug, medicine_ledger, medicine_watch, worklist
from casemgr.services.errors import Conflict, Forbidden, Missing, Unfit
from casemgr.services.medicine import Stop
from casemgr.services.medicine_drug import DrugForm
from casemgr.store.db import new_key
from casemgr.store.models import Case, Dispensing, Duty, StockLot, StockMove
from casemgr.store.work import open_work
from casemgr.terms.duty import DutyKind, DutyState
from casemgr.terms.medication import DrugClass, PayerState, StopReason
from casemgr.terms.register import Lifecycle
from tests.conftest import TODAY
from tests.services.medicine import DOCTOR, LINE, give, line, one_case
from tests.store.register import DOCTOR_WEST, EAST, OFFICER, SYSTEM, WEST, units

FREE = {"insurance": PayerState.SETTLED, "assistance": PayerState.NONE, "free": PayerState.SETTLED}


@pytest.fixture
def case(app: Flask) -> int:
    return one_case()


def rows(model: type) -> list:
    with open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
        return work.entities(select(model).order_by(model.id))


def lot(batch: str = "A1", quantity: int = 100, code: str = "OLAN-5", until: date = date(2027, 6, 30)) -> int:
    once = medicine_ledger.stock(DOCTOR, EAST, TODAY).once
    medicine_ledger.receive(DOCTOR, EAST, once, code, batch, until, quantity, TODAY, TODAY)
    assert not medicine_ledger.receive(DOCTOR, EAST, once, code, batch, until, quantity, TODAY, TODAY)
    return next(one.id for one in rows(StockLot) if one.batch == batch)


def balanced() -> bool:
    """Whether every lot holds the sum of its moves."""
    with open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
        sums = dict(
            tuple(row)
            for row in work.rows(
                select(StockMove.lot_id, func.sum(StockMove.quantity)).group_by(StockMove.lot_id)
            )
        )
        return all(sums.get(one.id, 0) == one.quantity for one in work.entities(select(StockLot)))


def refused(case: int, **given: object) -> dict[str, str]:
    with pytest.raises(Unfit) as wrong:
        give(case, TODAY, 28, **given)
    return wrong.value.fields


def test_a_later_payer_waits_for_an_earlier_one_unless_a_reason_is_given(case: int) -> None:
    early = {"insurance": PayerState.OPEN, "assistance": PayerState.NONE, "free": PayerState.SETTLED}
    fields = refused(case, **early)
    assert "REC-MED-1" in fields["free"]
    assert "reason" in fields
    assert rows(Dispensing) == []
    give(case, TODAY, 28, **early, reason="医保结算系统停机，当日补结")
    give(case, TODAY, 28, **FREE)
    first, second = rows(Dispensing)
    assert str(first.reason) == "●●●"
    assert second.reason is None
    (told,) = [one.reason for one in medicine.page(DOCTOR, case, TODAY).ledger if one.reason]
    assert told == "医保结算系统停机，当日补结"


def test_nothing_is_ordered_or_handed_out_after_a_registered_death(case: int) -> None:
    order = line(case, code="PERP-4")
    died = date(2026, 10, 1)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        dead = work.get(Case, case)
        dead.lifecycle, dead.lifecycle_on = int(Lifecycle.DEAD), died
    assert "tm03" in refused(case)["on"]
    give(case, died, 28)
    later = replace(LINE, since=died + timedelta(1))
    for call in (
        lambda once: medicine.add_line(DOCTOR, case, once, later, TODAY),
        lambda once: medicine.change_line(DOCTOR, order, once, later, "", TODAY),
        lambda once: medicine.order_off(DOCTOR, case, once, later.since, "王医师", "", TODAY),
    ):
        with pytest.raises(Unfit) as wrong:
            call(new_key())
        assert "tm03" in wrong.value.fields["since"]


def test_only_people_on_the_register_and_listed_second_generation_drugs_are_free(case: int) -> None:
    assert "md15" in refused(case, **FREE, code="PERP-4")["free"]
    assert "md15" in refused(case, **FREE, code="CLOZ-25")["free"]
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.get(Case, case).lifecycle = int(Lifecycle.MOVED_OUT)
        work.get(Case, case).lifecycle_on = TODAY - timedelta(5)
    assert "md15" in refused(case, **FREE)["free"]
    give(case, TODAY - timedelta(10), 28, **FREE)


def test_handing_out_is_kept_once_and_taken_back_by_a_counter_entry(case: int) -> None:
    key = lot()
    line(case)
    entry = give(case, TODAY, 28, lot=key)
    assert rows(StockLot)[0].quantity == 16
    with pytest.raises(Unfit):
        medicine_ledger.counter(DOCTOR, entry, entry + 1, "", TODAY)
    form = medicine_ledger.begin_counter(DOCTOR, entry)
    medicine_ledger.counter(DOCTOR, entry, form.once, "登记错人", TODAY)
    assert medicine_ledger.counter(DOCTOR, entry, form.once, "登记错人", TODAY).again
    with pytest.raises(Conflict):
        medicine_ledger.counter(DOCTOR, entry, form.once + 1, "再来", TODAY)
    with pytest.raises(Conflict):
        medicine_ledger.begin_counter(DOCTOR, form.once)
    there, back = rows(Dispensing)
    assert (there.quantity, back.quantity, back.days, back.counters) == (84, -84, -28, there.id)
    assert back.insurance_fen == -3_000
    assert rows(StockLot)[0].quantity == 100
    assert balanced()
    page = medicine.page(DOCTOR, case, TODAY)
    assert page.left[0].until is None
    assert [one.taken_back for one in page.ledger] == [False, True]


def test_stock_goes_below_zero_only_with_a_reason_and_expired_lots_never(case: int) -> None:
    key = lot(quantity=50)
    assert "md17" in refused(case, lot=key)["quantity"]
    give(case, TODAY, 28, lot=key, reason="到货未及入库")
    assert rows(StockLot)[0].quantity == -34
    old = lot("B2", until=TODAY)
    with pytest.raises(Unfit) as wrong:
        other = medicine_ledger.begin(DOCTOR, case, TODAY + timedelta(3)).once
        told = medicine_ledger.Handed(TODAY + timedelta(1), "OLAN-5", 28, 28, lot=old)
        medicine_ledger.dispense(DOCTOR, case, other, told, TODAY + timedelta(3))
    assert "md17" in wrong.value.fields["lot"]
    assert "lot" in refused(case, lot=old, code="RISP-2")
    with pytest.raises(Unfit):
        medicine_ledger.write_off(DOCTOR, old, 5, 101, "破损", TODAY)
    with pytest.raises(Unfit):
        medicine_ledger.write_off(DOCTOR, old, 5, 1, "", TODAY)
    assert medicine_ledger.write_off(DOCTOR, old, 5, 40, "破损", TODAY) == (EAST, True)
    assert medicine_ledger.write_off(DOCTOR, old, 5, 40, "破损", TODAY) == (EAST, False)
    assert balanced()


def test_a_lot_has_one_expiry_and_belongs_to_one_township(case: int) -> None:
    key = lot()
    once = medicine_ledger.stock(DOCTOR, EAST, TODAY).once
    with pytest.raises(Unfit) as wrong:
        medicine_ledger.receive(DOCTOR, EAST, once, "OLAN-5", "A1", date(2028, 1, 1), 10, TODAY, TODAY)
    assert "2027-06-30" in wrong.value.fields["expires_on"]
    with pytest.raises(Missing):
        medicine_ledger.stock(DOCTOR_WEST, EAST, TODAY)
    with pytest.raises(Missing):
        medicine_ledger.write_off(DOCTOR_WEST, key, 9, 1, "破损", TODAY)
    other = one_case(units(), WEST, "900-00002")
    with pytest.raises(Missing):
        give(other, TODAY, 28)


# --- the catalogue ---------------------------------------------------------------------------------


def test_a_county_adds_and_disables_drugs_with_author_and_date(case: int) -> None:
    own = DrugForm("OLAN-2.5", "奥氮平片", "片", DrugClass.ANTIPSYCHOTIC, 2_500, True, True, "本县目录1号")
    once = medicine_drug.begin_drug(OFFICER)
    assert medicine_drug.save_drug(OFFICER, once, own)
    assert not medicine_drug.save_drug(OFFICER, once, own)
    with pytest.raises(Conflict):
        medicine_drug.save_drug(OFFICER, once + 1, own)
    with pytest.raises(Forbidden):
        medicine_drug.save_drug(DOCTOR, once + 2, own)
    found = {one.code: one for one in medicine_drug.drugs(DOCTOR)}
    assert found["OLAN-2.5"].ingredient == "olanzapine"
    assert found["OLAN-2.5"].changed_at is not None
    medicine_drug.switch_drug(OFFICER, "RISP-1", active=False)
    assert "code" in refused(case, code="RISP-1")
    medicine_drug.switch_drug(OFFICER, "RISP-1", active=True)
    give(case, TODAY, 28, code="RISP-1")
    with pytest.raises(Unfit):
        medicine_drug.switch_drug(OFFICER, "PERP-4", free_programme=True)
    medicine_drug.switch_drug(OFFICER, "CLOZ-25", free_programme=True)
    give(case, TODAY, 28, code="CLOZ-25", **FREE)


# --- who runs out ----------------------------------------------------------------------------------


def test_who_runs_out_is_told_by_days_left_and_the_unrecorded_stand_apart(case: int) -> None:
    line(case)
    areas = units()
    many = [case, *(one_case(areas, file_no=f"900-0001{number}") for number in range(4))]
    for other in many[1:]:
        line(other)
    give(many[0], TODAY - timedelta(25), 28)
    give(many[1], TODAY - timedelta(30), 28)
    give(many[2], TODAY - timedelta(100), 28)
    give(many[3], TODAY, 60)
    found = medicine_watch.running_out(DOCTOR, EAST, TODAY)
    assert [(one.case_id, one.days) for one in found.soon] == [(many[0], 3)]
    assert [(one.case_id, one.days) for one in found.over] == [(many[1], -2)]
    assert [one.case_id for one in found.long_over] == [many[2]]
    assert [one.case_id for one in found.unrecorded] == [many[4]]
    assert found.ordered == 5
    assert medicine_watch.running_out(DOCTOR, EAST, TODAY, 7).soon == found.soon
    with pytest.raises(Missing):
        medicine_watch.running_out(DOCTOR_WEST, EAST, TODAY)


def test_the_list_asks_the_same_number_of_questions_however_long_it_is(case: int, app: Flask) -> None:
    from sqlalchemy import event

    from casemgr.store.db import db

    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))

    def count() -> int:
        asked.clear()
        medicine_watch.running_out(DOCTOR, EAST, TODAY)
        return len([one for one in asked if one.startswith("SELECT")])

    line(case)
    give(case, TODAY - timedelta(25), 28)
    few = count()
    areas = units()
    for number in range(5):
        other = one_case(areas, file_no=f"900-0002{number}")
        line(other)
        give(other, TODAY - timedelta(20), 28)
    assert count() == few


def duties(case: int) -> list[Duty]:
    return [one for one in rows(Duty) if one.case_id == case and one.kind == DutyKind.MEDICINE_OUT]


def test_medicine_that_ends_is_a_duty_until_the_next_handing_out(case: int) -> None:
    key = line(case)
    give(case, TODAY - timedelta(25), 28)
    (due,) = duties(case)
    assert (due.due_on, due.state, due.rule) == (TODAY + timedelta(2), DutyState.OPEN, "REC-MED-3")
    (view,) = [one for one in worklist.of_case(DOCTOR, case, TODAY) if one.kind is DutyKind.MEDICINE_OUT]
    assert view.state is DutyState.OPEN
    give(case, TODAY, 28)
    before, after = duties(case)
    assert (before.state, before.ended_on) == (DutyState.DONE, TODAY)
    assert (after.state, after.due_on) == (DutyState.OPEN, TODAY + timedelta(30))
    medicine.stop_line(DOCTOR, key, Stop(TODAY, StopReason.REACTION), TODAY)
    assert [one.state for one in duties(case)] == [DutyState.DONE, DutyState.VOID]


def test_an_early_refill_is_no_duty_done_and_a_late_one_is_late(case: int) -> None:
    line(case, since=TODAY - timedelta(200))
    for ago in (130, 115, 60):
        give(case, TODAY - timedelta(ago), 28)
    kept = [(one.due_on, DutyState.read(one.state)) for one in duties(case)]
    day = TODAY - timedelta(130)
    # 28 + 28 days last to day 55; the third comes on day 70, 15 days late, and ends 33 days ago.
    assert kept[-2:] == [
        (day + timedelta(55), DutyState.LATE),
        (TODAY - timedelta(33), DutyState.MISSED),
    ]


def test_a_county_is_told_counts_and_few_people_are_hidden(case: int) -> None:
    areas = units()
    line(case)
    give(case, TODAY - timedelta(25), 28)
    for number in range(13):
        other = one_case(areas, EAST if number < 7 else WEST, f"900-0003{number:02}")
        line(other, OFFICER)
        give(other, date(2026, 6, 1), 174 if number else 20, who=OFFICER)
    found = medicine_watch.county(OFFICER, OFFICER.low, TODAY)
    east = next(one for one in found.townships if one.area == EAST)
    assert east.counts[0] == 8
    assert found.total[0] == 14
    assert all(one is None or not 1 <= one <= 4 for row in found.townships for one in row.counts)
    assert all(one is None or not 1 <= one <= 4 for row in found.drugs for one in row.counts)
    assert found.hidden


def test_who_reached_and_who_did_not_are_hidden_together() -> None:
    for table in (
        [(45, 43, 2, 40, 4, 0), (61, 56, 5, 51, 6, 3), (49, 45, 4, 46, 2, 0)],
        [(8, 7, 1, 8, 0, 0)],
    ):
        hiding = medicine_watch._hide(table)
        for row, counts in enumerate(table):
            shown = [hiding.shows(row, column) for column in (1, 2)]
            assert shown[0] == shown[1]
            if any(1 <= counts[column] <= 4 for column in (1, 2)):
                assert shown == [False, False]
        closed = [row for row in range(len(table)) if not hiding.shows(row, 1)]
        assert len(closed) != 1 or len(table) == 1


def test_ledger_lists_and_counts_on_both_databases(both: Flask) -> None:
    case = one_case()
    key = lot()
    line(case)
    entry = give(case, TODAY - timedelta(25), 28, lot=key)
    found = medicine_watch.running_out(DOCTOR, EAST, TODAY)
    assert [(one.case_id, one.days) for one in found.soon] == [(case, 3)]
    assert medicine_watch.county(OFFICER, OFFICER.low, TODAY).total[3:] == (0, 0, 0)
    form = medicine_ledger.begin_counter(DOCTOR, entry)
    medicine_ledger.counter(DOCTOR, entry, form.once, "登记错人", TODAY)
    assert balanced()
    assert medicine.page(DOCTOR, case, TODAY).left[0].until is None
