"""用药查询: regimens, orders of no medicine, dispensing, stock, and what counting days needs beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import aliased

from casemgr.store.models.account import Account
from casemgr.store.models.area import Area
from casemgr.store.models.followup import DrugLine, Visit
from casemgr.store.models.injection import Dose
from casemgr.store.models.medicine import (
    Dispensing,
    DrugEntry,
    NoMedicine,
    RegimenLine,
    StockLot,
    StockMove,
)
from casemgr.store.models.register import Case, CaseState, PauseSpell
from casemgr.store.scope import lasting
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, ancestor, span_of
from casemgr.terms.register import Lifecycle, Management, Pause, Track

_CASE: Any = bindparam("case")
_LOW: Any = bindparam("low")
_HIGH: Any = bindparam("high")
_SINCE: Any = bindparam("since")

#: What a county has said about drugs, oldest first, with who said it.
_ENTRIES = select(DrugEntry).where(DrugEntry.county == bindparam("county")).order_by(DrugEntry.recorded_at)
_AUTHORS = select(Account.id, Account.display).where(Account.id.in_(bindparam("accounts", expanding=True)))

_LINES = (
    RegimenLine.case_id,
    RegimenLine.id,
    RegimenLine.code,
    RegimenLine.ingredient,
    RegimenLine.drug_class,
    RegimenLine.long_acting,
    RegimenLine.since,
    RegimenLine.stopped_on,
)
_OFF = (NoMedicine.case_id, NoMedicine.id, NoMedicine.since, NoMedicine.ended_on)
_FILLS = (
    Dispensing.case_id,
    Dispensing.id,
    Dispensing.code,
    Dispensing.ingredient,
    Dispensing.drug_class,
    Dispensing.on,
    Dispensing.days,
    Dispensing.counters,
)
_DOSES = (Dose.case_id, Dose.product, Dose.on, Dose.role, Dose.interval_days, Dose.partial)
_STAYS = (CaseState.case_id, CaseState.since, CaseState.until)
_ON_WARD = (CaseState.track == int(Track.MANAGEMENT), CaseState.value == int(Management.IN_HOSPITAL))
#: A stay is also told as the reason why visits pause.
_SPELLS = (PauseSpell.case_id, PauseSpell.since, PauseSpell.ended_on.label("until"))
_IN_WARD = (PauseSpell.kind == int(Pause.IN_HOSPITAL),)

#: (name, columns, conditions, order) of what belongs to the medicine of a case.
_PARTS: tuple[tuple[str, tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]], ...] = (
    ("lines", _LINES, (), (RegimenLine.since, RegimenLine.id)),
    ("off", _OFF, (), (NoMedicine.since, NoMedicine.id)),
    ("fills", _FILLS, (), (Dispensing.on, Dispensing.id)),
    ("doses", _DOSES, (), (Dose.on,)),
    ("stays", _STAYS, _ON_WARD, (CaseState.since,)),
    ("spells", _SPELLS, _IN_WARD, (PauseSpell.since,)),
)


def _statement(columns: tuple[Any, ...], where: tuple[Any, ...], order: tuple[Any, ...]) -> Any:
    return lasting(select(*columns).where(*where).order_by(*order))


_OF_CASE = {
    name: _statement(columns, (columns[0] == _CASE, *where), order) for name, columns, where, order in _PARTS
}


def _area(column: Any) -> Any:
    return column.class_.area


_OF_AREA = {
    name: _statement(columns, (_area(columns[0]) >= _LOW, _area(columns[0]) < _HIGH, *where), order)
    for name, columns, where, order in _PARTS
}


@dataclass(slots=True)
class Medicine:
    """The rows of one case that its medicine is counted from, oldest first."""

    lines: list[Any] = field(default_factory=list)
    off: list[Any] = field(default_factory=list)
    fills: list[Any] = field(default_factory=list)
    doses: list[Any] = field(default_factory=list)
    stays: list[Any] = field(default_factory=list)
    spells: list[Any] = field(default_factory=list)

    @property
    def wards(self) -> list[Any]:
        """Stays in hospital, whichever way they were told."""
        return [*self.stays, *self.spells]


def of_case(work: Work, case_id: int) -> Medicine:
    """The medicine of one case inside the access."""
    return Medicine(
        **{name: list(work.rows(statement, case=case_id)) for name, statement in _OF_CASE.items()}
    )


def of_area(work: Work, area: int) -> dict[int, Medicine]:
    """The medicine of all cases of an area, by case; six statements however many they are."""
    low, high = span_of(area)
    found: dict[int, Medicine] = defaultdict(Medicine)
    for name, statement in _OF_AREA.items():
        for row in work.rows(statement, low=low, high=high):
            getattr(found[row[0]], name).append(row)
    return found


# --- one case -------------------------------------------------------------------------------------

_ALL_LINES = lasting(
    select(RegimenLine).where(RegimenLine.case_id == _CASE).order_by(RegimenLine.since, RegimenLine.id)
)
_ALL_OFF = lasting(
    select(NoMedicine).where(NoMedicine.case_id == _CASE).order_by(NoMedicine.since, NoMedicine.id)
)
_LEDGER = lasting(
    select(Dispensing)
    .where(Dispensing.case_id == _CASE)
    .order_by(Dispensing.on.desc(), Dispensing.id.desc())
    .limit(bindparam("most"))
)
_COUNTER = lasting(select(Dispensing.id).where(Dispensing.counters == bindparam("entry")))
_LATEST_VISIT = lasting(
    select(Visit.id, Visit.on, Visit.adherence, Visit.form_version)
    .where(Visit.case_id == _CASE, Visit.loss_reason.is_(None))
    .order_by(Visit.on.desc())
    .limit(1)
)
_VISITS = lasting(
    select(Visit.id, Visit.on, Visit.adherence)
    .where(Visit.case_id == _CASE, Visit.loss_reason.is_(None))
    .order_by(Visit.on.desc())
    .limit(bindparam("most"))
)
_DRUG_ROWS = lasting(
    select(DrugLine)
    .where(DrugLine.visit_id == bindparam("visit"), DrugLine.guidance.is_(False))
    .order_by(DrugLine.position)
)


def lines(work: Work, case_id: int) -> list[RegimenLine]:
    """Every line of a regimen, stopped ones too, oldest first."""
    return work.entities(_ALL_LINES, case=case_id)


def off_orders(work: Work, case_id: int) -> list[NoMedicine]:
    """Every order of no medicine, oldest first."""
    return work.entities(_ALL_OFF, case=case_id)


def ledger(work: Work, case_id: int, most: int) -> list[Dispensing]:
    """The latest entries of a person's ledger with their counter-entries, latest first."""
    return work.entities(_LEDGER, case=case_id, most=most)


def counter_of(work: Work, entry: int) -> int | None:
    """The entry that takes another one back."""
    found = work.scalar(_COUNTER, entry=entry)
    return None if found is None else int(found)


def latest_visit(work: Work, case_id: int) -> Any:
    """(id, on, adherence, form_version) of the latest visit that reached the person."""
    return work.row(_LATEST_VISIT, case=case_id)


def visits(work: Work, case_id: int, most: int) -> Sequence[Any]:
    """(id, on, adherence) of the latest visits that reached the person, latest first."""
    return work.rows(_VISITS, case=case_id, most=most)


def drug_rows(work: Work, visit_id: int) -> list[DrugLine]:
    """The drugs taken that a visit wrote down, without what was advised."""
    return work.entities(_DRUG_ROWS, visit=visit_id)


# --- the catalogue ---------------------------------------------------------------------------------


def entries(work: Work, county: int) -> list[DrugEntry]:
    """What a county has said about drugs, oldest first."""
    return work.entities(_ENTRIES, county=county)


def authors(work: Work, accounts: Sequence[int]) -> dict[int, str]:
    """Names of staff accounts by key."""
    rows: Sequence[Any] = work.rows(_AUTHORS, accounts=list(accounts)) if accounts else ()
    return {row.id: row.display for row in rows}


# --- stock -----------------------------------------------------------------------------------------

_LOTS = lasting(
    select(StockLot)
    .where(StockLot.area == bindparam("township"))
    .order_by(StockLot.code, StockLot.expires_on, StockLot.id)
)
_LOT = lasting(
    select(StockLot).where(
        StockLot.area == bindparam("township"),
        StockLot.code == bindparam("code"),
        StockLot.batch == bindparam("batch"),
    )
)
_MOVES = lasting(
    select(StockMove)
    .where(StockMove.area == bindparam("township"))
    .order_by(StockMove.on.desc(), StockMove.id.desc())
    .limit(bindparam("most"))
)


def lots(work: Work, township: int) -> list[StockLot]:
    """Every lot of a township, by drug and expiry."""
    return work.entities(_LOTS, township=township)


def lot(work: Work, township: int, code: str, batch: str) -> StockLot | None:
    """One lot by its drug and number."""
    found: StockLot | None = work.one(_LOT, township=township, code=code, batch=batch)
    return found


def moves(work: Work, township: int, most: int) -> list[StockMove]:
    """The latest moves of a township's stock, latest first."""
    return work.entities(_MOVES, township=township, most=most)


# --- many people -----------------------------------------------------------------------------------

_PEOPLE = lasting(
    select(Case.id, Case.area, Case.person_id, Case.file_no, Area.name)
    .outerjoin(Area, Area.code == Case.village)
    .where(Case.area >= _LOW, Case.area < _HIGH, Case.lifecycle == int(Lifecycle.ON_REGISTER))
    .order_by(Case.file_no)
)
_TOWNSHIPS = (
    select(Area.code, Area.name)
    .where(Area.code >= _LOW, Area.code < _HIGH, Area.level == int(AreaLevel.TOWNSHIP))
    .order_by(Area.code)
)
_Later = aliased(Visit)
_TOLD = (Visit.on >= _SINCE, Visit.loss_reason.is_(None), Visit.adherence.is_not(None))
_CODES = lasting(
    select(Visit.case_id, Visit.adherence)
    .join(Case, Case.id == Visit.case_id)
    .where(
        Visit.area >= _LOW,
        Visit.area < _HIGH,
        *_TOLD,
        Case.lifecycle == int(Lifecycle.ON_REGISTER),
        ~exists().where(
            _Later.case_id == Visit.case_id,
            _Later.on > Visit.on,
            _Later.loss_reason.is_(None),
            _Later.adherence.is_not(None),
        ),
    )
)


def people(work: Work, area: int) -> Sequence[Any]:
    """(id, area, person_id, file_no, village's name) of everybody on the register of an area."""
    low, high = span_of(area)
    return work.rows(_PEOPLE, low=low, high=high)


def townships(work: Work, county: int) -> Sequence[Any]:
    """(code, name) of the townships of a county."""
    low, high = span_of(ancestor(county, AreaLevel.COUNTY))
    return work.rows(_TOWNSHIPS, low=low, high=high)


def codes(work: Work, area: int, since: date) -> dict[int, int]:
    """The doctor's latest code since a day, by case on the register."""
    low, high = span_of(area)
    rows: Sequence[Any] = work.rows(_CODES, low=low, high=high, since=since)
    return {row.case_id: row.adherence for row in rows}
