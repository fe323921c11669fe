"""发药与库存服务: what was handed out and who pays, counter-entries, and the stock of a township by lot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from casemgr.rules import dispensing as rules
from casemgr.rules.access import Action
from casemgr.rules.dispensing import Entitlement, Handing
from casemgr.rules.drug import Drug
from casemgr.services import clock, duties
from casemgr.services.errors import Conflict, Missing, Unfit
from casemgr.services.finding import weigh
from casemgr.services.incident import Recorded, kept_before, known_case, not_after_death
from casemgr.services.medicine import (
    READING,
    LeftView,
    LineView,
    known_of,
    left_of,
    left_view,
    line_views,
)
from casemgr.services.medicine_drug import catalogue
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key, new_keys
from casemgr.store.identity import open_texts
from casemgr.store.models.area import Area
from casemgr.store.models.medicine import Dispensing, StockLot, StockMove
from casemgr.store.queries import medicine as queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, level_of
from casemgr.terms.medication import Fetcher, Payer, PayerState, StockMoveKind
from casemgr.terms.register import Lifecycle

NO_ENTRY = "没有这条发药记录，或不在您的辖区内。请从患者的用药页重新打开。"
NO_TOWNSHIP = "没有这个乡镇（街道），或不在您的辖区内。请从药品页重新进入。"
NO_LOT = "没有这个批次，或不在您的辖区内。请从库存页重新打开。"
MOST_DAYS, MOST_UNITS, MOST_FEN = 366, 100_000, 100_000_000
MOVES_SHOWN = 60
#: Lots that end within so many days are marked.
SOON = timedelta(90)


# --- handing out ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LotView:
    """One lot of a township's stock; ``quantity`` in units of the drug."""

    id: int
    code: str
    drug: str
    unit: str
    batch: str
    expires_on: date
    quantity: int
    expired: bool
    soon: bool


@dataclass(frozen=True, slots=True)
class DispenseForm:
    """A form for handing out: what is ordered, what there is, what is left, and the right to free drugs."""

    once: int
    case_id: int
    file_no: str
    current: tuple[LineView, ...]
    drugs: tuple[Drug, ...]
    lots: tuple[LotView, ...]
    left: tuple[LeftView, ...]
    right: Entitlement


@dataclass(frozen=True, slots=True)
class Handed:
    """What was handed out as somebody tells it; amounts in fen, empty means not written down."""

    on: date
    code: str
    quantity: int
    days: int
    batch: str = ""
    lot: int | None = None
    insurance: PayerState = PayerState.OPEN
    insurance_fen: int | None = None
    assistance: PayerState = PayerState.OPEN
    assistance_fen: int | None = None
    free: PayerState = PayerState.OPEN
    free_fen: int | None = None
    own_fen: int | None = None
    fetcher: Fetcher | None = None
    reason: str = ""


@use_case(Action.MEDICINE_WRITE)
def begin(work: Work, case_id: int, today: date) -> DispenseForm:
    """A form for handing out; :class:`Missing` outside the access."""
    case = known_case(work, case_id)
    drugs = catalogue(work, case.area)
    rows = [one for one in queries.lines(work, case_id) if one.stopped_on is None and not one.long_acting]
    counted = queries.of_case(work, case_id)
    known = known_of(counted, today)
    return DispenseForm(
        new_key(),
        case_id,
        case.file_no,
        tuple(line_views([one for one in rows if one.code], drugs, {})),
        tuple(
            sorted(
                (one for one in drugs.values() if one.active and not one.long_acting),
                key=lambda one: (one.kind, one.name, one.strength_ug or 0),
            )
        ),
        tuple(one for one in _lots(work, case.area, drugs, today) if one.quantity > 0),
        tuple(left_view(one, today) for one in left_of(counted, known, today)),
        rules.entitlement(case.lifecycle, case.lifecycle_on, case.registered_on, today),
    )


def _lots(work: Work, township: int, drugs: dict[str, Drug], today: date) -> list[LotView]:
    found = []
    for one in queries.lots(work, township):
        known = drugs.get(one.code)
        found.append(
            LotView(
                one.id,
                one.code,
                known.label if known is not None else one.code,
                known.unit if known is not None else "",
                one.batch,
                one.expires_on,
                one.quantity,
                one.expires_on < today,
                today <= one.expires_on <= today + SOON,
            )
        )
    return found


@use_case(Action.MEDICINE_WRITE)
def dispense(work: Work, case_id: int, once: int, told: Handed, today: date) -> Recorded:
    """Keep one handing-out and take it from the lot, if one is named; a second press changes nothing.

    Raises :class:`Unfit` by field for what is impossible (md15, md17) or needs a reason (REC-MED-1, md17).
    """
    case = known_case(work, case_id)
    if kept_before(work, Dispensing, once, case_id) is not None:
        return Recorded(once, case_id, again=True)
    not_after_death(case, told.on, "on", "发药日期")
    drugs = catalogue(work, case.area)
    drug = drugs.get(told.code)
    if drug is None or not drug.active:
        raise Unfit(
            "没有保存。",
            fields={"code": "药品目录里没有这个药，或已停用。请重新选择，或请县级在目录中添加。"},
        )
    _check_size(told)
    lot = None if told.lot is None else work.get(StockLot, told.lot)
    if told.lot is not None and (lot is None or lot.area != case.area):
        raise Unfit("没有保存。", fields={"lot": NO_LOT})
    counted = queries.of_case(work, case_id)
    line = next(
        (
            one
            for one in queries.lines(work, case_id)
            if one.ingredient == drug.ingredient and one.since <= told.on and not one.stopped_on
        ),
        None,
    )
    right = rules.entitlement(case.lifecycle, case.lifecycle_on, case.registered_on, told.on)
    later = weigh(
        rules.check(
            Handing(
                drug,
                told.on,
                today,
                told.quantity,
                told.days,
                {
                    Payer.INSURANCE: told.insurance,
                    Payer.ASSISTANCE: told.assistance,
                    Payer.FREE: told.free,
                },
                right,
                any(
                    one.since <= told.on and (one.until is None or told.on < one.until)
                    for one in counted.wards
                ),
                case.lifecycle == Lifecycle.ON_REGISTER or right.entitled,
                _need(line, drug, told.days),
                lot.quantity if lot is not None else None,
                lot.expires_on if lot is not None else None,
                lot.code if lot is not None else None,
            )
        ),
        told.reason,
    )
    work.add(
        Dispensing(
            id=once,
            area=case.area,
            case_id=case_id,
            line_id=line.id if line is not None else None,
            code=drug.code,
            ingredient=drug.ingredient,
            drug_class=int(drug.kind),
            on=told.on,
            quantity=told.quantity,
            days=told.days,
            batch=lot.batch if lot is not None else told.batch or None,
            lot_id=lot.id if lot is not None else None,
            insurance=int(told.insurance),
            insurance_fen=told.insurance_fen,
            assistance=int(told.assistance),
            assistance_fen=told.assistance_fen,
            free=int(told.free),
            free_fen=told.free_fen,
            own_fen=told.own_fen,
            fetcher=None if told.fetcher is None else int(told.fetcher),
            reason=Plain(told.reason) if told.reason else None,
            counters=None,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    if lot is not None:
        _move(work, lot, new_key(), StockMoveKind.OUT, told.on, -told.quantity, told.reason, once)
    work.flush()
    duties.refresh(work, [case_id])
    return Recorded(once, case_id, again=False, later=later)


def _check_size(told: Handed) -> None:
    wrong: dict[str, str] = {}
    if not 1 <= told.quantity <= MOST_UNITS:
        wrong["quantity"] = f"数量应为 1–{MOST_UNITS}。请改正；要收回已发的药，请在记录上点“冲正”。"
    if not 1 <= told.days <= MOST_DAYS:
        wrong["days"] = f"可用天数应为 1–{MOST_DAYS}，余药按它推算。请改正，或按数量和剂量重新计算。"
    amounts = (told.insurance_fen, told.assistance_fen, told.free_fen, told.own_fen)
    names = ("insurance_yuan", "assistance_yuan", "free_yuan", "own_yuan")
    for name, fen in zip(names, amounts, strict=True):
        if fen is not None and not 0 <= fen <= MOST_FEN:
            wrong[name] = "金额超出范围。请改正，或清空。"
    if wrong:
        raise Unfit("没有保存，请改正后再试。", fields=wrong)


def _need(line: Any, drug: Drug, days: int) -> int | None:
    """Units that the order asks for in some days, rounded up."""
    if line is None or not drug.strength_ug:
        return None
    daily = sum(one or 0 for one in (line.morning_ug, line.noon_ug, line.evening_ug))
    return -(-daily * days // drug.strength_ug) if daily else None


def _move(
    work: Work,
    lot: StockLot,
    key: int,
    kind: StockMoveKind,
    on: date,
    quantity: int,
    reason: str,
    dispensing: int | None = None,
) -> None:
    lot.quantity += quantity
    work.add(
        StockMove(
            id=key,
            area=lot.area,
            lot_id=lot.id,
            kind=int(kind),
            on=on,
            quantity=quantity,
            dispensing_id=dispensing,
            reason=Plain(reason) if reason else None,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )


# --- taking back ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CounterForm:
    """One entry about to be taken back."""

    once: int
    id: int
    case_id: int
    file_no: str
    on: date
    drug: str
    quantity: int
    unit: str
    days: int
    from_stock: bool


@use_case(Action.MEDICINE_WRITE, writes=False)
def begin_counter(work: Work, entry_id: int) -> CounterForm:
    """The entry that would be taken back; :class:`Conflict` when that has been done already."""
    row = _entry(work, entry_id)
    case = known_case(work, row.case_id)
    _refuse_twice(work, row)
    known = catalogue(work, case.area).get(row.code)
    return CounterForm(
        new_key(),
        row.id,
        row.case_id,
        case.file_no,
        row.on,
        known.label if known is not None else row.code,
        row.quantity,
        known.unit if known is not None else "",
        row.days,
        row.lot_id is not None,
    )


def _entry(work: Work, entry_id: int) -> Dispensing:
    row = work.get(Dispensing, entry_id)
    if row is None:
        raise Missing(NO_ENTRY)
    return row


def _refuse_twice(work: Work, row: Dispensing) -> None:
    if row.counters is not None:
        raise Conflict("这条本身就是冲正记录，不能再冲正。请回到用药页，需要时重新登记发药。")
    if queries.counter_of(work, row.id) is not None:
        raise Conflict("这条记录已经冲正过，没有再写。请回到用药页核对，需要时重新登记发药。")


@use_case(Action.MEDICINE_WRITE)
def counter(work: Work, entry_id: int, once: int, reason: str, today: date) -> Recorded:
    """Take one entry back by a counter-entry with a reason; the entry itself stays as it was written."""
    row = _entry(work, entry_id)
    before = kept_before(work, Dispensing, once, row.case_id)
    if before is not None:
        return Recorded(once, row.case_id, again=True)
    _refuse_twice(work, row)
    if not reason:
        raise Unfit("没有保存。", fields={"reason": "请写明为什么冲正，例如“数量登记错，应为28片”。"})
    work.add(
        Dispensing(
            id=once,
            area=row.area,
            case_id=row.case_id,
            line_id=row.line_id,
            code=row.code,
            ingredient=row.ingredient,
            drug_class=row.drug_class,
            on=today,
            quantity=-row.quantity,
            days=-row.days,
            batch=row.batch,
            lot_id=row.lot_id,
            insurance=row.insurance,
            insurance_fen=_minus(row.insurance_fen),
            assistance=row.assistance,
            assistance_fen=_minus(row.assistance_fen),
            free=row.free,
            free_fen=_minus(row.free_fen),
            own_fen=_minus(row.own_fen),
            fetcher=None,
            reason=Plain(reason),
            counters=row.id,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    lot = None if row.lot_id is None else work.get(StockLot, row.lot_id)
    if lot is not None:
        # A person who has moved on: the other township's stock is out of reach and stays as it is.
        _move(work, lot, new_key(), StockMoveKind.BACK, today, row.quantity, reason, once)
    work.flush()
    duties.refresh(work, [row.case_id])
    return Recorded(once, row.case_id, again=False)


def _minus(fen: int | None) -> int | None:
    return None if fen is None else -fen


# --- stock ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MoveView:
    """One line of the stock's ledger."""

    id: int
    on: date
    kind: StockMoveKind
    drug: str
    unit: str
    batch: str
    quantity: int
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class StockPage:
    """The stock of one township: lots, the latest moves, and the drugs that may come in.

    ``once`` is the key of a delivery to be, ``keys`` one for each lot that may be written off.
    """

    once: int
    keys: tuple[int, ...]
    area: int
    name: str
    lots: tuple[LotView, ...]
    moves: tuple[MoveView, ...]
    drugs: tuple[Drug, ...]


def township_of(work: Work, area: int) -> Area:
    """A township inside the access; :class:`Missing` for anything else."""
    if level_of(area) is not AreaLevel.TOWNSHIP or not work.access.reaches(area):
        raise Missing(NO_TOWNSHIP)
    found = work.get(Area, area)
    if found is None:
        raise Missing(NO_TOWNSHIP)
    return found


@use_case(Action.MEDICINE_READ)
def stock(work: Work, area: int, today: date) -> StockPage:
    """What a township has, by lot and expiry, and how it came and went."""
    place = township_of(work, area)
    drugs = catalogue(work, area)
    lots = _lots(work, area, drugs, today)
    by_id = {one.id: one for one in lots}
    rows = queries.moves(work, area, MOVES_SHOWN)
    filled = [one for one in rows if one.reason is not None]
    told = open_texts(work, "StockMove", [(one.id, one.reason) for one in filled], READING)
    why = {one.id: text for one, text in zip(filled, told, strict=True)}
    names = queries.authors(work, sorted({one.recorded_by for one in rows}))
    return StockPage(
        new_key(),
        tuple(new_keys(len(lots))),
        area,
        place.name,
        tuple(lots),
        tuple(
            MoveView(
                one.id,
                one.on,
                StockMoveKind.read(one.kind),
                by_id[one.lot_id].drug,
                by_id[one.lot_id].unit,
                by_id[one.lot_id].batch,
                one.quantity,
                why.get(one.id, ""),
                names.get(one.recorded_by, "系统" if one.recorded_by == 0 else ""),
            )
            for one in rows
        ),
        tuple(
            sorted(
                (one for one in drugs.values() if one.active),
                key=lambda one: (one.kind, one.name, one.strength_ug or 0),
            )
        ),
    )


@use_case(Action.MEDICINE_WRITE)
def receive(
    work: Work,
    area: int,
    once: int,
    code: str,
    batch: str,
    expires_on: date,
    quantity: int,
    on: date,
    today: date,
) -> bool:
    """Take a delivery into the stock; ``False`` if this press had been kept before.

    Raises :class:`Unfit` by field: md17 for a lot that has expired or has another expiry on record.
    """
    township_of(work, area)
    if work.get(StockMove, once) is not None:
        return False
    wrong: dict[str, str] = {}
    known = catalogue(work, area).get(code)
    if known is None or not known.active:
        wrong["code"] = "药品目录里没有这个药，或已停用。请重新选择，或请县级在目录中添加。"
    if not batch:
        wrong["batch"] = "请填批号，出现质量问题时按它追溯。包装上印在有效期旁边。"
    if not 1 <= quantity <= MOST_UNITS:
        wrong["quantity"] = f"数量应为 1–{MOST_UNITS}。请改正；减少库存请用“报损”。"
    if on > today:
        wrong["on"] = "入库日期晚于今天。请改正日期，或到当天再登记。"
    if expires_on < on:
        wrong["expires_on"] = "有效期早于入库日期（md17），过期药不能入库。请核对包装，或退回供货方。"
    lot = queries.lot(work, area, code, batch)
    if lot is not None and lot.expires_on != expires_on:
        wrong["expires_on"] = (
            f"同一批号此前登记的有效期是 {lot.expires_on.isoformat()}。请核对包装，或在批号后加后缀另立一批。"
        )
    if wrong:
        raise Unfit("没有保存，请改正后再试。", fields=wrong)
    if lot is None:
        lot = work.add(
            StockLot(
                id=new_key(),
                area=area,
                code=code,
                batch=batch,
                expires_on=expires_on,
                quantity=0,
                recorded_at=clock.now(),
                recorded_by=work.access.actor,
            )
        )
        work.flush()
    _move(work, lot, once, StockMoveKind.IN, on, quantity, "")
    work.flush()
    return True


@use_case(Action.MEDICINE_WRITE)
def write_off(
    work: Work, lot_id: int, once: int, quantity: int, reason: str, today: date
) -> tuple[int, bool]:
    """Take units out of a lot without handing them to anybody; answers (township, whether it was written).

    Raises :class:`Unfit` by field when there are not so many, or no reason is given.
    """
    lot = work.get(StockLot, lot_id)
    if lot is None:
        raise Missing(NO_LOT)
    if work.get(StockMove, once) is not None:
        return lot.area, False
    wrong: dict[str, str] = {}
    if not 1 <= quantity <= max(lot.quantity, 0):
        wrong["quantity"] = (
            f"这一批账面有 {lot.quantity}，报损数量应在 1 与它之间。请改正，或先核对入库记录。"
        )
    if not reason:
        wrong["reason"] = "请写明报损的原因，例如“过期”“包装破损”。"
    if wrong:
        raise Unfit("没有保存，请改正后再试。", fields=wrong)
    _move(work, lot, once, StockMoveKind.WRITE_OFF, today, -quantity, reason)
    work.flush()
    return lot.area, True


@use_case(Action.MEDICINE_READ, writes=False)
def area_of_lot(work: Work, lot_id: int) -> int:
    """The township a lot belongs to; :class:`Missing` outside the access."""
    lot = work.get(StockLot, lot_id)
    if lot is None:
        raise Missing(NO_LOT)
    return lot.area
