"""月结修订: what differs between the closings of a month, person by person, and who signed which of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from casemgr.indicators.catalogue import ANY_KEY, BY_KEY
from casemgr.indicators.editions import Edition
from casemgr.indicators.figure import figure
from casemgr.indicators.period import Period
from casemgr.rules.access import Access, Action
from casemgr.services import area_fact, clock, closing_moment, totals
from casemgr.services import edition as editions
from casemgr.services.account_person import refusal
from casemgr.services.area_fact import UNTOLD
from casemgr.services.closing_moment import Moment
from casemgr.services.errors import Conflict, Missing, Refused, Unfit
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.identity import open_texts
from casemgr.store.models.indicator import ClosingStep, MonthClose
from casemgr.store.queries import area as area_queries
from casemgr.store.queries import area_fact as facts_queries
from casemgr.store.queries import closing as closings
from casemgr.store.queries import indicator as queries
from casemgr.store.queries import revision as revision_queries
from casemgr.store.types import Plain
from casemgr.store.work import CLOSING_TURN, Work
from casemgr.terms.area import AreaLevel, ancestor, level_of, span_of
from casemgr.terms.code import from_mask
from casemgr.terms.indicator import Cause, CloseStep

if TYPE_CHECKING:
    from casemgr.indicators.difference import Differing

READING = "查阅月结退回原因"
MOST_WORDS = 200
NOT_CLOSED = "这个月还没有月结，没有可以比较的数字。请先月结，或改选已月结的月份。"
NOT_HERE = "没有这个区划，或不在您的辖区内。请从首页的列表进入。"
#: What may follow what; nothing has been done with a closing that was just made.
FOLLOWS: dict[CloseStep | None, tuple[CloseStep, ...]] = {
    None: (CloseStep.CHECKED,),
    CloseStep.CHECKED: (CloseStep.APPROVED, CloseStep.REOPENED),
    CloseStep.APPROVED: (CloseStep.ISSUED, CloseStep.REOPENED),
    CloseStep.ISSUED: (CloseStep.REOPENED,),
    CloseStep.REOPENED: (CloseStep.CHECKED,),
}
DRAFT = "草稿"
#: Registers larger than this are not searched for what came in since.
MOST_SEARCHED = 20_000


BOTH_BY_ONE = (
    "核对和审批不能由同一个人完成。两人经手才能及时发现差错。"
    "请由另一位县级人员审批，或请管理员为审批人开通账号。"
)


@dataclass(frozen=True, slots=True)
class FigureChange:
    """One figure in two closings: counts and printed values, and how many people more or fewer.

    ``of_people``: whether the difference is a sum over people, who can then be listed.
    """

    key: str
    name: str
    unit: str
    official: bool
    before: tuple[int, int | None]
    after: tuple[int, int | None]
    value_before: str | None
    value_after: str | None
    numerator: int
    denominator: int
    of_people: bool = True


@dataclass(frozen=True, slots=True)
class FactChange:
    """One yearly fact that two closings rest on with different values, in words; ``figures`` follow from it.

    ``revision`` is the number of the report that the later one rests on, 0 for the resident population,
    which comes with the list of areas.
    """

    area_name: str
    name: str
    before: str
    after: str
    revision: int
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RevisionView:
    """One later closing: its figures that differ, how many people by cause, and since when records count.

    ``facts``: what was reported otherwise for the year, a cause of its own beside those of people.
    """

    revision: int
    since: datetime
    closed_at: datetime
    figures: tuple[FigureChange, ...]
    people: int
    causes: tuple[tuple[Cause, int], ...]
    facts: tuple[FactChange, ...] = ()


@dataclass(frozen=True, slots=True)
class MonthHistory:
    """The closings of one month as one area sees them, newest first; ``revision``: the one that stands."""

    month: str
    area: int
    area_name: str
    revision: int
    revisions: tuple[RevisionView, ...]


@dataclass(frozen=True, slots=True)
class PersonDifference:
    """One person of a list of differences; without a file number when the file has left the area since.

    ``gained`` and ``lost`` name the figures they count for now, and no more; ``entered`` and ``left`` tell
    that they are asked about by more figures, and by fewer. ``numerator`` and ``denominator``: by how much
    they change the figure that was asked about.
    """

    case_id: int
    file_no: str
    area: int
    area_name: str
    causes: tuple[str, ...]
    on: date | None
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    entered: bool
    left: bool
    numerator: int = 0
    denominator: int = 0


@dataclass(frozen=True, slots=True)
class People:
    """A stretch of the people of one difference; ``total`` of all."""

    total: int
    start: int
    people: tuple[PersonDifference, ...]


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of a closing: what, by whom, when; the reason of a re-opening."""

    step: CloseStep
    at: datetime
    by: str
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ClosingView:
    """One closing of a county's month with its steps; ``next``: what may be done with it now."""

    key: int
    revision: int
    edition: str
    closed_at: datetime
    closed_by: str
    state: str
    steps: tuple[StepView, ...]
    next: tuple[CloseStep, ...]


def _period(month: str) -> Period:
    try:
        return Period.of_month(month)
    except ValueError:
        sentence = "月份应写成 2026-10 这样。"
        raise Unfit(sentence, fields={"period": sentence}) from None


def _edition(work: Work, period: Period, area: int) -> Edition:
    try:
        return editions.edition_on(work, period.end, area)
    except LookupError:
        raise editions.before_all(period.month) from None


def _place(work: Work, area: int) -> tuple[str, int, int]:
    """Name and range of a county or township within the access."""
    low, high = span_of(area)
    rows = area_queries.within(work, area, area + 1, int(AreaLevel.TOWNSHIP))
    if not rows or not (work.access.low <= low and high <= work.access.high):
        raise Missing(NOT_HERE)
    return rows[0].name, low, high


@use_case(Action.INDICATOR_READ)
def of_month(work: Work, month: str, area: int) -> MonthHistory:
    """What the later closings of a month changed in one county or township.

    Raises :class:`Missing` for an area out of reach and a month that was not closed, :class:`Unfit` for what
    is no month.
    """
    period = _period(month)
    name, low, high = _place(work, area)
    edition = _edition(work, period, area)
    counted: dict[int, dict[str, tuple[int, int | None]]] = {}
    for row in closings.figures_of_area(work, period.number, area):
        counted.setdefault(row.revision, {})[row.key] = (row.numerator, row.denominator)
    if not counted:
        raise Missing(NOT_CLOSED)
    told = _by_revision(closings.differences(work, period.number, low, high))
    revisions = sorted(counted, reverse=True)
    closes = {one.revision: one for one in closings.closings(work, period.number, _county(work, area))}
    moments = {one.revision: one.closed_at for one in closes.values()}
    names = {row.code: row.name for row in area_queries.within(work, low, high, int(AreaLevel.TOWNSHIP))}
    residents: dict[int, dict[int, int | None]] = {}
    for row in closings.figures_below(work, period.number, low, high, totals.RESIDENTS):
        residents.setdefault(row.revision, {})[row.area] = row.denominator
    found = []
    for revision, before in pairwise(revisions):
        parts = told.get(revision, [])
        causes: Counter[Cause] = Counter()
        people: set[int] = set()
        for _, part in parts:
            for one in part.people:
                if one.case not in people:
                    causes.update(from_mask(Cause, one.causes))
                people.add(one.case)
        changes = tuple(_changes(counted[before], counted[revision], edition))
        facts = (
            *_populations(residents.get(before, {}), residents.get(revision, {}), names),
            *(
                _facts(work, closes[before], closes[revision], names)
                if before in closes and revision in closes
                else ()
            ),
        )
        # Without people: what was reported for the year, or entered late without changing a verdict.
        since, closed_at = (
            (parts[0][0].since, parts[0][0].closed_at)
            if parts
            else (moments.get(before), moments.get(revision))
        )
        if since is None or closed_at is None or not (parts or changes or facts):
            continue
        found.append(
            RevisionView(
                revision,
                since,
                closed_at,
                changes,
                len(people),
                tuple(sorted(causes.items(), key=lambda pair: (-pair[1], int(pair[0])))),
                facts,
            )
        )
    return MonthHistory(period.month, area, name, revisions[0], tuple(found))


def _facts(work: Work, before: MonthClose, after: MonthClose, names: dict[int, str]) -> Iterable[FactChange]:
    """The yearly facts of the areas in reach that two closings of a county rest on otherwise."""
    was, now = area_fact.of_close(work, before), area_fact.of_close(work, after)
    for place in sorted(was.keys() | now.keys()):
        area, key = place
        old, new = was.get(place), now.get(place)
        if area in names and (old and old.value) != (new and new.value):
            yield FactChange(
                names[area],
                key.label,
                area_fact.in_words(key, old.value if old else None),
                area_fact.in_words(key, new.value if new else None),
                new.revision if new else 0,
                tuple(ANY_KEY[one].name for one, rests in totals.RESTS_ON.items() if key in rests),
            )


def _populations(
    before: dict[int, int | None], after: dict[int, int | None], names: dict[int, str]
) -> Iterable[FactChange]:
    """The resident populations of the areas in reach, where two closings divide by different ones."""
    for area in sorted(before.keys() & after.keys() & names.keys()):
        old, new = before[area], after[area]
        if old != new:
            yield FactChange(
                names[area],
                "常住人口",
                UNTOLD if old is None else f"{old} 人",
                UNTOLD if new is None else f"{new} 人",
                0,
                (ANY_KEY[totals.RESIDENTS].name,),
            )


def added_since(access: Access, month: str, area: int) -> bool:
    """Whether something of a closed month came in after its newest closing, which it does not change.

    Of a township, a county or a city; the county's moment of closing is asked for the township. Says no where
    the month was not closed, and of a very large register, which is not searched. Raises :class:`Missing` for
    an area out of reach.
    """
    period = _period(month)
    moments = closing_moment.of_area(period.number, area)
    return _added(access, period, area, moments) if moments else False


@use_case(Action.INDICATOR_READ)
def _added(work: Work, period: Period, area: int, moments: dict[int, Moment]) -> bool:
    _, low, high = _place(work, area)
    if sum(count for _, count in queries.registered(work, low, high)) > MOST_SEARCHED:
        return False
    for county, moment in moments.items():
        first, end = span_of(county)
        first, end = max(low, first), min(high, end)
        if closings.added(work, first, end, period.start, moment.as_of, moment.at):
            return True
        facts = facts_queries.of_year(work, moment.as_of.year, first, end)
        if any(row.recorded_at > moment.at for row in facts):
            return True
    return False


def _by_revision(rows: Iterable[Any]) -> dict[int, list[tuple[Any, Any]]]:
    from casemgr.indicators.difference import unpack  # loads polars

    found: dict[int, list[tuple[Any, Any]]] = {}
    for row in rows:
        found.setdefault(row.revision, []).append((row, unpack(row.packed)))
    return found


def _changes(
    before: dict[str, tuple[int, int | None]], after: dict[str, tuple[int, int | None]], edition: Edition
) -> Iterable[FigureChange]:
    for key in [key for key in ANY_KEY if key in before and key in after and before[key] != after[key]]:
        measure = ANY_KEY[key]
        was, now = figure(measure, *before[key], edition), figure(measure, *after[key], edition)
        yield FigureChange(
            key,
            measure.name,
            now.unit,
            now.official,
            before[key],
            after[key],
            was.value,
            now.value,
            after[key][0] - before[key][0],
            (after[key][1] or 0) - (before[key][1] or 0),
            key in BY_KEY,
        )


@use_case(Action.CASE_LIST)
def people(
    work: Work,
    month: str,
    area: int,
    revision: int,
    *,
    key: str = "",
    cause: Cause | None = None,
    start: int = 0,
    size: int = 50,
) -> People:
    """Whom one closing counts otherwise than the one before: all, or those of one figure or one cause.

    Raises :class:`Missing` for an area out of reach, a revision or a figure that is not there.
    """
    period = _period(month)
    _, low, high = _place(work, area)
    if key and key not in BY_KEY:
        raise Missing("没有这个指标。请从修订说明的列表中选择。")
    parts = _by_revision(closings.differences(work, period.number, low, high)).get(revision)
    if parts is None:
        raise Missing("没有这一版的修订说明。请从列表中选择。")
    chosen: list[tuple[int, Sequence[str], Differing]] = []
    for row, part in parts:
        bit = 1 << part.keys.index(key) if key in part.keys else 0
        for one in part.people:
            touched = one.into | one.out | one.asked | one.unasked
            if (not key or touched & bit) and (cause is None or one.causes >> int(cause) & 1):
                chosen.append((row.area, part.keys, one))
    files = queries.files(work, {one.case for _, _, one in chosen})
    chosen.sort(
        key=lambda entry: (
            entry[0],
            files[entry[2].case].file_no if entry[2].case in files else "~",
            entry[2].case,
        )
    )
    if start >= len(chosen):
        start = max(0, len(chosen) - 1) // size * size
    names = {row.code: row.name for row in area_queries.within(work, low, high, int(AreaLevel.TOWNSHIP))}
    edition = _edition(work, period, area)
    shown = tuple(
        _person(one, place, names.get(place, ""), files.get(one.case), keys, edition, key)
        for place, keys, one in chosen[start : start + size]
    )
    return People(len(chosen), start, shown)


def _person(
    one: Differing,
    area: int,
    name: str,
    file: Any,
    keys: Sequence[str],
    edition: Edition,
    of: str,
) -> PersonDifference:
    from casemgr.indicators.case_period import day
    from casemgr.indicators.difference import keys_of

    def named(mask: int) -> tuple[str, ...]:
        return tuple(
            f"{BY_KEY[key].name}（{key}）"
            for key in keys_of(mask, keys)
            if key in BY_KEY and (key in edition.official or not BY_KEY[key].further)
        )

    bit = 1 << keys.index(of) if of in keys else 0
    return PersonDifference(
        one.case,
        file.file_no if file else "",
        area,
        name,
        tuple(cause.label for cause in from_mask(Cause, one.causes)),
        None if one.on is None else day(one.on),
        named(one.into),
        named(one.out),
        bool(one.asked),
        bool(one.unasked),
        bool(one.into & bit) - bool(one.out & bit),
        bool(one.asked & bit) - bool(one.unasked & bit),
    )


# --- the steps of a closing -----------------------------------------------------------------------------


@use_case(Action.INDICATOR_CLOSE)
def steps(work: Work, month: str, area: int) -> tuple[ClosingView, ...]:
    """The closings of a county's month, newest first, with who did what to each.

    ``area`` is the county or one of its townships. Empty when the month was not closed.
    """
    period = _period(month)
    found = closings.closings(work, period.number, _county(work, area))
    done = closings.steps(work, [one.id for one in found])
    reasons = dict(
        zip(
            (one.id for one in done if one.reason is not None),
            open_texts(
                work,
                "ClosingStep",
                [(one.id, one.reason) for one in done if one.reason is not None],
                READING,
            ),
            strict=True,
        )
    )
    authors = revision_queries.authors(
        work, sorted({one.closed_by for one in found} | {s.recorded_by for s in done})
    )
    views = []
    for place, one in enumerate(found):
        own = tuple(
            StepView(
                CloseStep.read(step.step),
                step.recorded_at,
                authors.get(step.recorded_by, ""),
                reasons.get(step.id, ""),
            )
            for step in done
            if step.close_id == one.id
        )
        last = own[-1].step if own else None
        views.append(
            ClosingView(
                one.id,
                one.revision,
                one.edition,
                one.closed_at,
                authors.get(one.closed_by, "系统"),
                DRAFT if last in (None, CloseStep.REOPENED) else last.label,
                own,
                FOLLOWS[last] if place == 0 else (),
            )
        )
    return tuple(views)


@use_case(Action.REPORT_VERIFY)
def _signed(work: Work, period: int, county: int) -> str:
    found = closings.closings(work, period, county)
    if not found:
        return ""
    last = closings.latest_step(work, found[0].id)
    return DRAFT if last in (None, CloseStep.REOPENED) else CloseStep.read(last).label


def signed(month: str, area: int) -> str:
    """How far the county of ``area`` has signed the newest closing of a month; empty when it has none.

    Whoever holds a paper may know this, so the register is asked as a whole and only the word comes back.
    """
    return _signed(Access.system("report-signature"), _period(month).number, ancestor(area, AreaLevel.COUNTY))


def _county(work: Work, area: int) -> int:
    _place(work, area)
    if level_of(area) is AreaLevel.TOWNSHIP:
        return ancestor(area, AreaLevel.COUNTY)
    return area


@use_case(Action.INDICATOR_CLOSE)
def step(work: Work, close_id: int, to: CloseStep, revision: int, reason: str = "") -> None:
    """Do the next step of the newest closing of a month; ``revision`` is the one that was looked at.

    Raises :class:`Missing` for a closing out of reach, :class:`Conflict` when a newer one was made or the
    step was done meanwhile, :class:`Refused` when one account would both check and approve, :class:`Unfit`
    for a re-opening without a reason.
    """
    close = work.get(MonthClose, close_id)
    if close is None:
        raise Missing("没有这次月结，或不在您的辖区内。请从首页的列表进入。")
    # Two presses, or a press and a new closing, one after the other: each sees what the other did.
    work.take_turn(CLOSING_TURN)
    newest = queries.latest_close(work, close.period, close.area)
    if newest is None or newest.id != close.id or close.revision != revision:
        raise Conflict("这个月已有更新的一版。按旧数字签署会与新数字不符。请核对新的一版再签署。")
    done = closings.steps(work, [close.id])
    last = CloseStep.read(done[-1].step) if done else None
    if to not in FOLLOWS[last]:
        raise Conflict(f"这一版现在是“{last.label if last else DRAFT}”，已不能做这一步。请看现在的进度。")
    reason = reason.strip()
    if to is CloseStep.REOPENED and not reason:
        sentence = "请写明退回的原因。退回后原来的签署不再有效，经手人要知道为什么。"
        raise Unfit("没有退回，请写明原因。", fields={"reason": sentence})
    if len(reason) > MOST_WORDS:
        raise Unfit("没有保存。", fields={"reason": f"原因最多 {MOST_WORDS} 字。请写得短一些。"})
    if to is CloseStep.APPROVED and (words := refusal(work, done[-1].recorded_by, BOTH_BY_ONE)):
        raise Refused(words)
    work.add(
        ClosingStep(
            id=new_key(),
            area=close.area,
            close_id=close.id,
            step=int(to),
            reason=Plain(reason) if reason else None,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
