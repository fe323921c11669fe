"""发药规则: in which order payers are charged, who is entitled, and what one handing-out is asked about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from casemgr.rules.drug import Drug
from casemgr.rules.finding import Finding, Weight
from casemgr.terms.medication import Payer, PayerState
from casemgr.terms.register import Lifecycle

PAYING, ENTITLED = "REC-MED-1", "REC-MED-2"
#: Payers in the order in which they are charged (REC-MED-1); 自付 comes beside them.
ORDER = (Payer.INSURANCE, Payer.ASSISTANCE, Payer.FREE)
FIELDS = {Payer.INSURANCE: "insurance", Payer.ASSISTANCE: "assistance", Payer.FREE: "free"}
#: More than so many times what the order needs is asked about (md07).
TOO_MUCH = 2


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Whether somebody has a right to free second-generation drugs on a day, and why (REC-MED-2)."""

    entitled: bool
    because: str
    rule: str = ENTITLED


def entitlement(lifecycle: int, left_on: date | None, registered_on: date, on: date) -> Entitlement:
    """Everybody on the register is entitled, from the day of registration until the day of leaving it."""
    if on < registered_on:
        return Entitlement(False, "这一天还没有建档")
    if lifecycle != Lifecycle.ON_REGISTER and (left_on is None or on > left_on):
        return Entitlement(False, "这一天已不在册")
    return Entitlement(True, "在册患者")


def charged_too_early(states: Mapping[Payer, PayerState]) -> tuple[Payer, Payer] | None:
    """(the payer charged, the earlier one still open), ``None`` when the order was kept (REC-MED-1)."""
    for place, payer in enumerate(ORDER):
        if states.get(payer, PayerState.OPEN) is not PayerState.SETTLED:
            continue
        for earlier in ORDER[:place]:
            if states.get(earlier, PayerState.OPEN) is PayerState.OPEN:
                return payer, earlier
    return None


@dataclass(frozen=True, slots=True)
class Handing:
    """One handing-out with what is known around it.

    ``need`` is how many units the order asks for in ``days`` (``None`` without an order that says so),
    ``in_stock`` what the chosen lot holds, ``expires_on`` its last day; both empty without a lot.
    """

    drug: Drug
    on: date
    today: date
    quantity: int
    days: int
    states: Mapping[Payer, PayerState]
    right: Entitlement
    in_hospital: bool = False
    registered: bool = True
    need: int | None = None
    in_stock: int | None = None
    expires_on: date | None = None
    lot_drug: str | None = None


def check(one: Handing) -> Iterator[Finding]:
    """What is impossible, what needs a reason, and what is asked later about one handing-out."""
    if one.on > one.today:
        yield Finding(
            "tm01", Weight.BLOCKS, "on", "发药日期晚于今天。药量按这一天起算。请改正日期，或到当天再登记。"
        )
    if one.drug.long_acting and one.drug.product:
        yield Finding(
            "la11",
            Weight.BLOCKS,
            "code",
            "长效针剂按“注射”登记，不在这里发药。两处都记会算两次。请改选口服药，或到长效针剂登记。",
        )
    if one.states.get(Payer.FREE) is PayerState.SETTLED:
        if not one.right.entitled:
            yield Finding(
                "md15",
                Weight.BLOCKS,
                "free",
                f"{one.right.because}，不能记免费二代药。请核对日期和在册状态，或改选其他付费方。",
                ENTITLED,
            )
        elif not (one.drug.second_generation and one.drug.free_programme):
            yield Finding(
                "md15",
                Weight.BLOCKS,
                "free",
                "这个药不在本地免费二代药目录里。请改选其他付费方，或请县级在药品目录中核对。",
                ENTITLED,
            )
    if (broken := charged_too_early(one.states)) is not None:
        charged, still_open = broken
        yield Finding(
            PAYING,
            Weight.REASON,
            FIELDS[charged],
            f"{still_open.label}还没有结，已经记了{charged.label}。付费按顺序，便于核销。"
            f"请先填{still_open.label}，或写明例外的理由。",
            PAYING,
        )
    yield from _stock(one)
    yield from _later(one)


def _stock(one: Handing) -> Iterator[Finding]:
    if one.lot_drug is not None and one.lot_drug != one.drug.code:
        yield Finding(
            "md17", Weight.BLOCKS, "lot", "选的批次不是这个药。请重新选择批次，或留空表示不从本院库存发。"
        )
        return
    if one.expires_on is not None and one.on > one.expires_on:
        yield Finding(
            "md17",
            Weight.BLOCKS,
            "lot",
            f"这一批到 {one.expires_on.isoformat()} 已过有效期。请换一个批次，或先在库存里报损。",
        )
    if one.in_stock is not None and one.quantity > one.in_stock:
        yield Finding(
            "md17",
            Weight.REASON,
            "quantity",
            f"这一批账面只剩 {one.in_stock}，发出后为负数。请核对数量或先登记入库，确已发出的请写明理由。",
        )


def _later(one: Handing) -> Iterator[Finding]:
    if one.need is not None and one.quantity > TOO_MUCH * one.need:
        yield Finding(
            "md07",
            Weight.LATER,
            "quantity",
            f"数量多于 {one.days} 天所需的 {TOO_MUCH} 倍，请核对数量与天数。",
        )
    if not one.registered or one.in_hospital:
        where = "住院" if one.in_hospital else "已不在册"
        yield Finding("md08", Weight.LATER, "on", f"这一天{where}，请核对是否为家属代取。")
