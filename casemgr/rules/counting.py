"""计入: what one visit counts towards, said before it is saved (第几次、计入随访、面访、服药)."""

from __future__ import annotations

from dataclasses import dataclass

from casemgr.terms.code import from_mask
from casemgr.terms.followup import Informant, VisitMode
from casemgr.terms.medication import Adherence

TAKING = frozenset({Adherence.REGULAR, Adherence.IRREGULAR})


@dataclass(frozen=True, slots=True)
class Item:
    """One thing the visit does or does not count towards, with the reason and the rule."""

    name: str
    counted: bool
    reason: str
    rule: str


@dataclass(frozen=True, slots=True)
class Counted:
    """``number`` of the year (0: it does not count as a visit) and what it counts towards."""

    year: int
    number: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What counting asks of a visit; ``complete``: danger level or symptoms were assessed."""

    year: int
    lost: bool
    complete: bool
    registered: bool
    mode: int | None
    informants: int | None
    adherence: int | None


def counted(told: Told, before: int) -> Counted:
    """What the visit counts towards; ``before``: complete visits of the same year on earlier days."""
    if told.lost:
        item = Item("随访次数", False, "填了失访原因或死亡，不作为一次完整随访", "FU-C2")
        return Counted(told.year, 0, (item,))
    if not told.registered:
        item = Item("随访次数", False, "早于建档日期，不计入统计", "SET-MAN")
        return Counted(told.year, 0, (item,))
    if not told.complete:
        item = Item("随访次数", False, "危险性和症状都未评估，不算完整随访", "SET-MAN")
        return Counted(told.year, 0, (item,))
    visit = Item("随访次数", True, f"本年度第 {before + 1} 次完整随访", "GW2017-7.1")
    return Counted(told.year, before + 1, (visit, _face(told), _taking(told)))


def _face(told: Told) -> Item:
    if told.mode is None:
        return Item("面访", False, "随访形式未填", "GF2018-7.4")
    if told.mode == VisitMode.PHONE:
        return Item("面访", False, "电话随访不算面访", "GF2018-7.4")
    if told.informants is not None and Informant.SELF not in from_mask(Informant, told.informants):
        return Item("面访", False, "没有见到患者本人", "GF2018-7.4")
    return Item("面访", True, VisitMode.read(told.mode).label, "GF2018-7.4")


def _taking(told: Told) -> Item:
    if told.adherence is None:
        return Item("服药", False, "用药依从性未填", "MED-YEAR")
    return Item("服药", told.adherence in TAKING, Adherence.read(told.adherence).label, "MED-YEAR")
