"""用药样例: one person, lines, handings-out, stays and injections for the tests of medicine."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from casemgr.rules.access import Access, Action
from casemgr.services import medicine, medicine_ledger
from casemgr.services.medicine import LineForm
from casemgr.services.medicine_ledger import Handed
from casemgr.store.db import new_key
from casemgr.store.models import CaseState
from casemgr.store.models.injection import Dose
from casemgr.store.work import open_work
from casemgr.terms.medication import PayerState
from casemgr.terms.register import Management, Track
from tests.conftest import TODAY
from tests.store.register import DOCTOR_EAST, EAST, NOW, SYSTEM, add_person, open_areas

DOCTOR = DOCTOR_EAST
LINE = LineForm(date(2026, 6, 1), "OLAN-5", morning_ug=5_000, evening_ug=10_000)
PAID = {
    "insurance": PayerState.SETTLED,
    "assistance": PayerState.NONE,
    "free": PayerState.NONE,
    "insurance_fen": 3_000,
}


def one_case(areas: dict[int, int] | None = None, area: int = EAST, file_no: str = "900-00001") -> int:
    """One person with a file."""
    units = areas or open_areas()
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        _, key = add_person(work, area, units[area], file_no, "王小明", phone="10000000001")
    return key


def line(case: int, who: Access = DOCTOR, **given: object) -> int:
    """One more line of the regimen; its key."""
    once = medicine.begin(who, case).once
    return medicine.add_line(who, case, once, replace(LINE, **given), TODAY).id  # type: ignore[arg-type]


def give(
    case: int,
    on: date,
    days: int,
    code: str = "OLAN-5",
    quantity: int | None = None,
    who: Access = DOCTOR,
    **given: object,
) -> int:
    """One handing-out, paid by insurance; its key."""
    once = medicine_ledger.begin(who, case, TODAY).once
    told = Handed(on, code, quantity if quantity is not None else 3 * days, days, **{**PAID, **given})  # type: ignore[arg-type]
    return medicine_ledger.dispense(who, case, once, told, TODAY).id


def ended_stay(case: int, since: date, until: date) -> None:
    """A stay in hospital that is over."""
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for value, first, last in (
            (Management.IN_HOSPITAL, since, until),
            (Management.MANAGED, until, None),
        ):
            work.add(
                CaseState(
                    id=new_key(),
                    area=EAST,
                    case_id=case,
                    track=int(Track.MANAGEMENT),
                    value=int(value),
                    since=first,
                    until=last,
                    recorded_at=NOW,
                )
            )


def injected(case: int, product: str, *on: date) -> None:
    """Long-acting injections on these days."""
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for day in on:
            work.add(
                Dose(
                    id=new_key(),
                    area=EAST,
                    case_id=case,
                    product=product,
                    on=day,
                    dose_ug=100_000,
                    recorded_at=NOW,
                    recorded_by=11,
                )
            )
