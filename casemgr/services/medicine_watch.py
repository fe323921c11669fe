"""药量名单服务: whose medicine will soon be used up in a township, and a county's adherence as counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from casemgr.indicators.small_cells import Hiding, hide, small
from casemgr.rules.access import Action
from casemgr.rules.medication import Span, coverage
from casemgr.rules.policy import Policy, in_force_on
from casemgr.services.errors import Missing
from casemgr.services.medicine import Known, drug_name, known_of, left_of, left_view, months_before
from casemgr.services.medicine_ledger import township_of
from casemgr.services.use_case import use_case, within
from casemgr.store.queries import medicine as queries
from casemgr.store.queries.medicine import Medicine
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, level_of
from casemgr.terms.medication import Adherence

#: How far ahead the list may look, in days.
AHEAD = (7, 14, 30)
LISTED = 500
NOT_HERE = "没有这个区划，或不在您的辖区内。请从药品页重新进入。"


@dataclass(frozen=True, slots=True)
class Ending:
    """One person on the list: the drug that ends first, its last day, days left (0 or less: over by now).

    ``others`` are further drugs of the same person that end as soon.
    """

    case_id: int
    person_id: int
    file_no: str
    village: str
    drug: str
    until: date
    days: int
    others: tuple[str, ...]
    fetched_on: date | None


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """Somebody who has an order for medicine and no handing-out on record; perhaps fetched elsewhere."""

    case_id: int
    person_id: int
    file_no: str
    village: str
    drugs: str


@dataclass(frozen=True, slots=True)
class RunningOut:
    """The list of one township: soon at an end, long without a record, never recorded; whole counts."""

    area: int
    name: str
    ahead: int
    today: date
    soon: tuple[Ending, ...]
    over: tuple[Ending, ...]
    long_over: tuple[Ending, ...]
    unrecorded: tuple[Unrecorded, ...]
    ordered: int
    stopped_after: int
    rule: str
    status: str


@use_case(Action.MEDICINE_READ, writes=False)
def running_out(work: Work, area: int, today: date, ahead: int | None = None) -> RunningOut:
    """Who of a township will soon have used up what was handed out (REC-MED-3); seven statements in all.

    Raises :class:`Missing` for an area that is no township of the access.
    """
    place = township_of(work, area)
    policy = in_force_on(today, within(work).region)
    days = ahead if ahead in AHEAD else policy.medicine_watch.value
    rows = queries.of_area(work, area)
    soon: list[Ending] = []
    over: list[Ending] = []
    long_over: list[Ending] = []
    unrecorded: list[Unrecorded] = []
    ordered = 0
    for person in queries.people(work, area):
        own = rows.get(person.id)
        if own is None or not own.lines:
            continue
        known = known_of(own, today)
        found = left_of(own, known, today)
        if not found or _off(own, today):
            continue
        ordered += 1
        views = [left_view(one, today) for one in found]
        ends = [
            (one.drug, one.until, one.days) for one in views if one.until is not None and one.days is not None
        ]
        if not ends:
            drugs = "、".join(one.drug for one in views)
            unrecorded.append(
                Unrecorded(person.id, person.person_id, person.file_no, person.name or "", drugs)
            )
            continue
        drug, until, left = ends[0]
        if left > days:
            continue
        ending = Ending(
            person.id,
            person.person_id,
            person.file_no,
            person.name or "",
            drug,
            until,
            left,
            tuple(name for name, _, other in ends[1:] if other <= days),
            max((one.on for one in own.fills if one.counters is None), default=None),
        )
        gone = -left >= policy.gap_stopped.value
        (soon if left > 0 else long_over if gone else over).append(ending)
    return RunningOut(
        area,
        place.name,
        days,
        today,
        tuple(sorted(soon, key=lambda one: (one.days, one.file_no))[:LISTED]),
        tuple(sorted(over, key=lambda one: (-one.days, one.file_no))[:LISTED]),
        tuple(sorted(long_over, key=lambda one: (-one.days, one.file_no))[:LISTED]),
        tuple(unrecorded[:LISTED]),
        ordered,
        policy.gap_stopped.value,
        policy.medicine_ahead.rule,
        policy.medicine_ahead.status,
    )


def _off(rows: Medicine, today: date) -> bool:
    return any(one.since <= today and (one.ended_on is None or today < one.ended_on) for one in rows.off)


# --- a county as counts ---------------------------------------------------------------------------

#: What a table counts, in its order; 人数 holds all others.
COLUMNS = (
    ("people", "有记录的人数"),
    ("reached", "有药天数达标"),
    ("short", "未达标"),
    ("regular", "医师记规律"),
    ("irregular", "医师记间断"),
    ("none", "医师记不用药"),
)

#: Columns that add up to the people: by one of them and the people the other is known.
PAIR = (1, 2)


@dataclass(frozen=True, slots=True)
class CountRow:
    """One township or drug; a count is ``None`` where it is hidden because few people stand behind it."""

    label: str
    area: int | None
    counts: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class CountyAdherence:
    """Adherence of a county as counts: by township with its sum, and by drug; nobody is named.

    People are those on the register with days to count in the twelve months up to ``today``.
    """

    area: int
    since: date
    today: date
    share: int
    townships: tuple[CountRow, ...]
    total: tuple[int | None, ...]
    drugs: tuple[CountRow, ...]
    drugs_left_out: int
    hidden: bool


@use_case(Action.MEDICINE_READ, writes=False)
def county(work: Work, area: int, today: date) -> CountyAdherence:
    """Adherence by township and by drug; counts of one to four people are not printed (REC-SMALL-1).

    Raises :class:`Missing` for an area out of reach.
    """
    if not work.access.reaches(area):
        raise Missing(NOT_HERE)
    policy = in_force_on(today, within(work).region)
    since = months_before(today)
    rows = queries.of_area(work, area)
    codes = queries.codes(work, area, since)
    by_area: dict[int, Counter[str]] = {}
    by_drug: dict[str, Counter[str]] = {}
    for person in queries.people(work, area):
        own = rows.get(person.id)
        if own is None or not (own.fills or own.doses):
            continue
        known = known_of(own, today)
        told = _judged(known, since, today, policy)
        if told is None:
            continue
        reached, drugs = told
        code = codes.get(person.id)
        for found in (
            by_area.setdefault(person.area, Counter()),
            *(by_drug.setdefault(one, Counter()) for one in drugs),
        ):
            _count(found, reached, code)
    places = [(one.code, one.name) for one in queries.townships(work, area) if work.access.reaches(one.code)]
    if level_of(area) is AreaLevel.TOWNSHIP:
        places = [one for one in places if one[0] == area]
    table = [_numbers(by_area.get(code, Counter())) for code, _ in places]
    hiding = _hide(table)
    # A drug that hardly anybody takes would name them: such drugs are told as a number of drugs.
    listed = [one for one in by_drug.items() if not small(one[1]["people"])]
    drug_rows = sorted(listed, key=lambda one: -one[1]["people"])
    drug_table = [_numbers(found) for _, found in drug_rows]
    of_drugs = _hide(drug_table)
    return CountyAdherence(
        area,
        since,
        today,
        policy.regular_share.value,
        tuple(
            CountRow(name, code, _shown(hiding, place, table[place]))
            for place, (code, name) in enumerate(places)
        ),
        _total(_sum(table)),
        tuple(
            CountRow(drug_name(name), None, _shown(of_drugs, place, drug_table[place]))
            for place, (name, _) in enumerate(drug_rows)
        ),
        len(by_drug) - len(drug_rows),
        bool(hiding.cells or of_drugs.cells),
    )


def _judged(
    known: Known, since: date, today: date, policy: Policy
) -> tuple[bool | None, frozenset[str]] | None:
    """(whether the share is reached, the drugs), ``None`` for somebody without a day to count."""
    if known.empty or not (known.supply.fills or known.supply.injections):
        return None
    found = coverage(Span(since, today), known.supply, policy=policy)
    if not found.days:
        return None
    return found.adherent, frozenset((*found.by_drug, *found.without_basis))


def _count(found: Counter[str], reached: bool | None, code: int | None) -> None:
    found["people"] += 1
    if reached is not None:
        found["reached" if reached else "short"] += 1
    words = {Adherence.REGULAR: "regular", Adherence.IRREGULAR: "irregular", Adherence.NONE: "none"}
    if code is not None and Adherence.read(code) in words:
        found[words[Adherence.read(code)]] += 1


def _numbers(found: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(found.get(key, 0) for key, _ in COLUMNS)


def _sum(table: Iterable[Sequence[int]]) -> tuple[int, ...]:
    return tuple(sum(column) for column in zip(*table, strict=True)) or (0,) * len(COLUMNS)


def _total(counts: Sequence[int]) -> tuple[int | None, ...]:
    """The sum of all townships, without what few people stand behind."""
    pair = any(small(counts[column]) for column in PAIR)
    return tuple(
        None if small(one) or (pair and column in PAIR) else one for column, one in enumerate(counts)
    )


def _hide(table: Sequence[Sequence[int]]) -> Hiding:
    """Cells not to be printed. Reached and not reached make up the people: one hidden hides the other."""
    hiding = hide(table, (None, 0, 0, 0, 0, 0) if table else ())
    closed = {row for row, column in hiding.cells if column in PAIR}
    closed |= {row for row, counts in enumerate(table) if any(small(counts[column]) for column in PAIR)}
    if len(closed) == 1:
        # One row alone could be found from the sum: the smallest other one is hidden with it.
        others = [row for row, counts in enumerate(table) if row not in closed and counts[0]]
        closed |= {min(others, key=lambda row: table[row][0])} if others else set(range(len(table)))
    return Hiding(hiding.cells | {(row, column) for row in closed for column in PAIR}, hiding.printable)


def _shown(hiding: Hiding, place: int, counts: Sequence[int]) -> tuple[int | None, ...]:
    return tuple(count if hiding.shows(place, column) else None for column, count in enumerate(counts))


@dataclass(frozen=True, slots=True)
class Place:
    """A township whose medicine may be looked at."""

    code: int
    name: str


@use_case(Action.MEDICINE_READ, writes=False)
def places(work: Work) -> tuple[Place, ...]:
    """The townships inside the access."""
    found = queries.townships(work, work.access.low)
    return tuple(Place(one.code, one.name) for one in found if work.access.reaches(one.code))
