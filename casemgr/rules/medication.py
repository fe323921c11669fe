"""服药依从性: how many days medicine was at hand (PDC), how much was supplied (MPR), the gaps, and the code.

Days are counted as in the worked examples: a refill of the same drug begins when the earlier one is used up
(carry-over); an injection covers the days to its next due day and carries nothing over; days in hospital
leave the count (mode A) or count as covered (mode B); days under an order of no medication leave it. The
share is compared without rounding. A computed code is a proposal: the doctor decides (REC-ADH-1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from functools import reduce
from operator import and_, or_

from casemgr.rules.injection_course import Given, NoBasis, Placed, Plan, counted, place, plan_after
from casemgr.rules.injection_label import Label, labels
from casemgr.rules.policy import Policy, in_force_on
from casemgr.terms.injection import Role, Status
from casemgr.terms.medication import Adherence

__all__ = [
    "Coverage",
    "DayState",
    "Fill",
    "Gap",
    "HospitalMode",
    "Injected",
    "InjectionDays",
    "Proposal",
    "Role",
    "Span",
    "Stretch",
    "Supply",
    "YearRecord",
    "coverage",
    "each_lasting",
    "lasting",
    "ribbon",
    "suggest",
    "yearly",
]

ONE_DAY = timedelta(1)
PER_CENT = 100
QUARTER_MONTHS = 3
QUARTERS = frozenset(range(1, 5))
#: Rules cited (lists/rulebook.csv): the code suggestion, the way days are counted, the labels of gaps.
SUGGESTING, COUNTING, NAMING = "REC-ADH-1", "REC-ADH-2", "REC-ADH-3"


class HospitalMode(Enum):
    """住院日的算法: left out of both sides, counted as covered, or counted like any other day."""

    LEFT_OUT = "A"
    COVERED = "B"
    IGNORED = "N"


class InjectionDays(Enum):
    """针剂覆盖日的算法: to the due day, to the end of the window (not for oral products), or fixed days."""

    STRICT = "strict"
    LABEL = "label"
    FIXED = "fixed"


class DayState(Enum):
    """一天的用药状况: medicine at hand, none at hand, in hospital, or neither order nor record yet."""

    COVERED = "有药"
    GAP = "无药"
    HOSPITAL = "住院"
    NO_ORDER = "无医嘱或无记录"


@dataclass(frozen=True, slots=True)
class Span:
    """Days from ``first`` to ``last``, both included. ``ValueError`` when it ends before it begins."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("起止日期颠倒")

    @property
    def days(self) -> int:
        """How many days, both ends included."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Fill:
    """One dispensing: the drug, the day, and for how many days it lasts."""

    drug: str
    on: date
    days: int


@dataclass(frozen=True, slots=True)
class Injected:
    """One dose of a long-acting product; without a role it is taken for maintenance.

    ``oral_days``: for how many days oral cover was recorded with it; ``interval`` as prescribed, in days.
    """

    product: str
    on: date
    role: Role | None = None
    oral_days: int = 0
    interval: int | None = None


@dataclass(frozen=True, slots=True)
class Supply:
    """All that is known: what was handed out, what was injected, hospital stays, orders of no medication.

    ``unordered``: days on which there was no order of either kind; nothing is counted on them either.
    """

    fills: tuple[Fill, ...] = ()
    injections: tuple[Injected, ...] = ()
    hospital: tuple[Span, ...] = ()
    no_medication: tuple[Span, ...] = ()
    unordered: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of days without medicine at hand; ``label`` is 短缺, 中断 or 停药 by its length (REC-ADH-3).

    A day in hospital or under an order of no medication ends a run: then the person was cared for otherwise.
    """

    first: date
    last: date
    days: int
    label: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """The count of one period.

    ``covered`` of ``days``; ``supplied`` days over the whole period of ``period_days`` is the MPR, uncapped;
    ``stock_until`` the last day of the medicine handed out (beyond the period, too); ``by_drug`` the covered
    days of each drug; ``without_basis`` the products whose days nobody can count: then ``share`` is ``None``.
    """

    period: Span
    covered: int
    days: int
    gaps: tuple[Gap, ...]
    supplied: int
    stock_until: date | None
    by_drug: Mapping[str, int]
    regular_share: int
    without_basis: tuple[str, ...] = ()
    rule: str = COUNTING

    @property
    def period_days(self) -> int:
        """All days of the period."""
        return self.period.days

    @property
    def share(self) -> float | None:
        """PDC between 0 and 1; ``None`` without days to count or with a product nobody can count."""
        return None if not self.days or self.without_basis else self.covered / self.days

    @property
    def adherent(self) -> bool | None:
        """Whether the share reaches the policy's, compared without rounding."""
        if self.share is None:
            return None
        return self.covered * PER_CENT >= self.regular_share * self.days

    @property
    def mpr(self) -> float:
        """Days supplied over days of the period; may exceed 1."""
        return self.supplied / self.period_days


def coverage(
    period: Span,
    supply: Supply,
    *,
    hospital: HospitalMode = HospitalMode.LEFT_OUT,
    injections: InjectionDays = InjectionDays.STRICT,
    carry: bool = True,
    every_drug: bool = False,
    policy: Policy | None = None,
) -> Coverage:
    """Count one period (REC-ADH-2). ``every_drug``: a day counts only if each drug that occurs is at hand.

    ``carry`` false lets refills overlap instead of following each other. Raises ``LookupError`` for a period
    that ended before there was a policy.
    """
    numbers = policy or in_force_on(period.last)
    return _count(period, supply, hospital, injections, carry, every_drug).figures(numbers)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days in a row that stand alike, both ends included."""

    first: date
    last: date
    state: DayState

    @property
    def days(self) -> int:
        """How many days, both ends included."""
        return (self.last - self.first).days + 1


def ribbon(
    period: Span,
    supply: Supply,
    *,
    hospital: HospitalMode = HospitalMode.LEFT_OUT,
    injections: InjectionDays = InjectionDays.STRICT,
    policy: Policy | None = None,
) -> tuple[Coverage, tuple[Stretch, ...]]:
    """The count of one period and how each of its days stands, from one and the same counting.

    With hospital days left out (mode A) the days 有药 of the stretches are ``covered`` and 有药 with 无药
    are ``days``.
    """
    numbers = policy or in_force_on(period.last)
    counted = _count(period, supply, hospital, injections, True, False)
    return counted.figures(numbers), tuple(counted.stretches())


def each_lasting(supply: Supply) -> Iterator[tuple[Fill, date]]:
    """Each handing-out with the last day that its drug was then at hand, refills one after the other."""
    base = min((one.on.toordinal() for one in supply.fills), default=0)
    unused = _bits((*supply.hospital, *supply.no_medication, *supply.unordered), base)
    for fill, _covered, after in _shelf(supply.fills, unused, base, carry=True):
        yield fill, date.fromordinal(base + after - 1)


def lasting(supply: Supply) -> dict[str, date]:
    """For each drug handed out the last day it is at hand (REC-ADH-2)."""
    return {fill.drug: last for fill, last in each_lasting(supply)}


@dataclass(frozen=True, slots=True)
class _Days:
    """Days as bits of whole numbers, counted from ``base``: some hundred days of one person at once."""

    period: Span
    base: int
    ward: int
    off: int
    at_hand: Mapping[str, int]
    medicine: int
    counting: int
    supplied: int
    stock_until: date | None
    without_basis: tuple[str, ...]

    def figures(self, numbers: Policy) -> Coverage:
        return Coverage(
            period=self.period,
            covered=(self.medicine & self.counting).bit_count(),
            days=self.counting.bit_count(),
            gaps=tuple(
                Gap(first, last, (last - first).days + 1, _gap_label((last - first).days + 1, numbers))
                for first, last in _runs(self.counting & ~self.medicine, self.base)
            ),
            supplied=self.supplied,
            stock_until=self.stock_until,
            by_drug={drug: (found & self.counting).bit_count() for drug, found in self.at_hand.items()},
            regular_share=numbers.regular_share.value,
            without_basis=self.without_basis,
        )

    def stretches(self) -> Iterator[Stretch]:
        """The whole period in order; an order of no medicine goes before a stay, a stay before the rest."""
        whole = _bits((self.period,), self.base)
        rest = whole & ~self.off & ~self.ward
        states = (
            (DayState.NO_ORDER, whole & self.off),
            (DayState.HOSPITAL, whole & self.ward & ~self.off),
            (DayState.COVERED, rest & self.medicine),
            (DayState.GAP, rest & ~self.medicine),
        )
        found = [(first, last, state) for state, bits in states for first, last in _runs(bits, self.base)]
        for first, last, state in sorted(found, key=lambda one: one[0]):
            yield Stretch(first, last, state)


def _count(
    period: Span,
    supply: Supply,
    hospital: HospitalMode,
    injections: InjectionDays,
    carry: bool,
    every_drug: bool,
) -> _Days:
    begins = (*(one.on for one in supply.fills), *(one.on for one in supply.injections))
    base = min((period.first, *begins)).toordinal()
    ward = _bits(supply.hospital, base) if hospital is not HospitalMode.IGNORED else 0
    off = _bits((*supply.no_medication, *supply.unordered), base)
    at_hand = _oral(supply.fills, ward | off, base, carry=carry)
    last = max((found.bit_length() for found in at_hand.values()), default=0)
    supplied = sum(one.days for one in supply.fills if period.first <= one.on <= period.last)
    unknown = []
    for product in dict.fromkeys(one.product for one in supply.injections):
        course = [one for one in supply.injections if one.product == product]
        try:
            spans = list(_injected(labels()[product], course, injections))
        except (NoBasis, KeyError):
            unknown.append(product)
            continue
        at_hand[product] = at_hand.get(product, 0) | _bits(spans, base)
        supplied += sum(one.days for one in spans if period.first <= one.first <= period.last)
    counting = _bits((period,), base) & ~off
    if hospital is HospitalMode.LEFT_OUT:
        counting &= ~ward
    if every_drug:
        medicine = reduce(and_, at_hand.values()) if at_hand else 0
    else:
        medicine = reduce(or_, at_hand.values(), 0)
    if hospital is HospitalMode.COVERED:
        medicine |= ward
    return _Days(
        period,
        base,
        ward,
        off,
        at_hand,
        medicine,
        counting,
        supplied,
        date.fromordinal(base + last - 1) if last else None,
        tuple(unknown),
    )


def _bits(spans: Iterable[Span], base: int) -> int:
    """The days of some spans, bit 0 being the day ``base``; what lies before it is cut off."""
    found = 0
    for span in spans:
        first, last = max(span.first.toordinal() - base, 0), span.last.toordinal() - base
        if last >= first:
            found |= ((1 << (last - first + 1)) - 1) << first
    return found


def _runs(bits: int, base: int) -> Iterator[tuple[date, date]]:
    """First and last day of each run of days set, oldest first."""
    first = base
    while bits:
        skipped = (bits & -bits).bit_length() - 1
        bits >>= skipped
        first += skipped
        length = (~bits & (bits + 1)).bit_length() - 1
        yield date.fromordinal(first), date.fromordinal(first + length - 1)
        bits >>= length
        first += length


def _shelf(fills: Iterable[Fill], unused: int, base: int, *, carry: bool) -> Iterator[tuple[Fill, int, int]]:
    """Each handing-out, the days it is used on and the day after them; on ``unused`` days the stock stays."""
    free: dict[str, int] = {}
    for fill in sorted(fills, key=lambda one: (one.on, one.drug)):
        on = fill.on.toordinal() - base
        day = max(on, free.get(fill.drug, on)) if carry else on
        covered = ((1 << fill.days) - 1) << day
        if covered & unused:
            covered, left = 0, fill.days
            while left > 0:
                if not unused >> day & 1:
                    covered |= 1 << day
                    left -= 1
                day += 1
        else:
            day += fill.days
        free[fill.drug] = day
        yield fill, covered, day


def _oral(fills: Iterable[Fill], unused: int, base: int, *, carry: bool) -> dict[str, int]:
    """The days on which each drug is at hand."""
    at_hand: dict[str, int] = {}
    for fill, covered, _after in _shelf(fills, unused, base, carry=carry):
        at_hand[fill.drug] = at_hand.get(fill.drug, 0) | covered
    return at_hand


def _placed(label: Label, course: Sequence[Injected]) -> Iterator[tuple[Placed, Plan, Injected]]:
    """Each dose with its plan. Raises :class:`NoBasis` when the list has no figure for it."""
    if not label.enabled:
        raise NoBasis("GEN-DISABLED")
    by_day = {one.on: one for one in reversed(course)}
    interval = next((one.interval for one in reversed(course) if one.interval), None)
    doses = counted(Given(one.on, one.role or Role.MAINT) for one in course)
    for placed in place(label, doses, interval):
        own = by_day[placed.dose.on]
        yield placed, plan_after(label, placed, own.interval or interval), own


def _injected(label: Label, course: Sequence[Injected], way: InjectionDays) -> Iterator[Span]:
    """The days that each dose covers; oral cover that was recorded comes as a span of its own."""
    held_back: date | None = None
    for placed, plan, own in _placed(label, course):
        first, last = placed.dose.on, plan.due - ONE_DAY
        if way is InjectionDays.LABEL and plan.has_window and not label.oral:
            last = plan.closes
        elif way is InjectionDays.FIXED and label.fixed_days is not None:
            last = first + timedelta(label.fixed_days) - ONE_DAY
        if placed.role is Role.INIT1 and label.lag_days:
            held_back = first + timedelta(label.lag_days)
            if own.oral_days:
                yield Span(first, first + timedelta(min(own.oral_days, label.lag_days)) - ONE_DAY)
        if held_back is not None:
            first = max(first, held_back)
        if first <= last:
            yield Span(first, last)


def _gap_label(days: int, numbers: Policy) -> str:
    if days >= numbers.gap_stopped.value:
        return "停药"
    return "中断" if days >= numbers.gap_interrupted.value else "短缺"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the computed figures propose beside what was told: ``code`` is empty where the two differ.

    ``computed`` rests on the figures alone; the status of the rule is UNVERIFIED (待核对).
    """

    code: Adherence | None
    computed: Adherence | None
    reason: str
    rule: str = SUGGESTING


def suggest(
    period: Span,
    supply: Supply,
    *,
    ordered: bool,
    as_ordered: bool | None,
    policy: Policy | None = None,
) -> Proposal:
    """The code that one visit's period suggests (REC-ADH-1), first match wins.

    ``period`` runs from the last visit to this one; ``ordered``: there is an order for medicine;
    ``as_ordered`` what patient or guardian say (``None``: not asked). Injections count to the end of their
    window here, since a dose inside its window is as ordered; oral medicine is counted strictly.
    """
    numbers = policy or in_force_on(period.last)
    base = period.first.toordinal()
    if not _bits((period,), base) & ~_bits(supply.no_medication, base):
        return Proposal(Adherence.NOT_NEEDED, Adherence.NOT_NEEDED, "整个时段都有“勿需用药”的医嘱")
    if not ordered and not supply.fills and not supply.injections:
        return Proposal(None, None, "没有用药医嘱，也没有“勿需用药”的医嘱，请先核对")
    found = coverage(period, supply, injections=InjectionDays.LABEL, policy=numbers)
    if found.without_basis:
        return Proposal(
            None, None, f"暂无依据，请按说明书：{'、'.join(found.without_basis)}的覆盖天数无法计算"
        )
    if not found.days:
        return Proposal(None, None, "整个时段都在住院，没有可以计算的天数")
    computed, reason = _computed(found, _worst(period, supply), numbers)
    if as_ordered is None and computed is Adherence.REGULAR:
        return Proposal(None, computed, f"{reason}；没有询问是否按医嘱服药")
    if as_ordered is not None and as_ordered is not (computed is Adherence.REGULAR):
        told = "自述按医嘱服药" if as_ordered else "自述没有按医嘱服药"
        return Proposal(None, computed, f"{reason}；{told}，两者不一致，请医师判断")
    return Proposal(computed, computed, reason)


def _worst(period: Span, supply: Supply) -> Status:
    """The worst status that an injection reached inside the period, the day of the next dose included.

    逾期 counts on the last day only: a late dose that came is seen in the gaps.
    """
    worst = Status.NOT_STARTED
    for product in dict.fromkeys(one.product for one in supply.injections):
        label = labels()[product]
        course = list(_placed(label, [one for one in supply.injections if one.product == product]))
        ends = [placed.dose.on for placed, _, _ in course[1:]]
        for (_, plan, _), end in zip(course, [*ends, None], strict=True):
            if end is not None and end < period.first:
                continue
            day = period.last if end is None or end > period.last else end
            status = plan.status_on(day)
            if status is Status.OVERDUE and day == end:
                continue
            worst = max(worst, status)
    return worst


def _computed(found: Coverage, worst: Status, numbers: Policy) -> tuple[Adherence, str]:
    days = f"{found.days}天中有药{found.covered}天"
    if found.covered == 0:
        return Adherence.NONE, f"{days}，有医嘱而没有用药"
    longest = max((one.days for one in found.gaps), default=0)
    if not found.adherent:
        return Adherence.IRREGULAR, f"{days}，不足{numbers.regular_share.value}%"
    if longest >= numbers.gap_interrupted.value:
        return Adherence.IRREGULAR, f"{days}，最长连续{longest}天无药"
    if worst >= Status.OVERDUE:
        return Adherence.IRREGULAR, f"{days}，针剂{worst.label}"
    return Adherence.REGULAR, f"{days}，没有{numbers.gap_interrupted.value}天以上的空档"


@dataclass(frozen=True, slots=True)
class YearRecord:
    """One follow-up record of the year: the code, or being in hospital."""

    on: date
    code: Adherence | None = None
    in_hospital: bool = False


def yearly(records: Iterable[YearRecord]) -> tuple[bool, bool]:
    """(用药患者, 规律用药患者) of one calendar year, as the national system counts (MED-QUARTER).

    勿需用药 neither breaks the rule nor fills a quarter. Records of several years are a ``ValueError``.
    """
    known = list(records)
    if len({one.on.year for one in known}) > 1:
        raise ValueError("只能计算一个年度")
    using = {Adherence.REGULAR, Adherence.IRREGULAR}
    taking = any(one.in_hospital or one.code in using for one in known)
    broken = any(one.code in {Adherence.IRREGULAR, Adherence.NONE} for one in known)
    filled = {
        (one.on.month - 1) // QUARTER_MONTHS + 1
        for one in known
        if one.in_hospital or one.code is Adherence.REGULAR
    }
    return taking, not broken and filled == QUARTERS
