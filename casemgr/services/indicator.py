"""指标: figures of an area live or closed, the people behind them, and what would change them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any
from zlib import crc32

from casemgr.indicators.catalogue import ANY_KEY, BY_KEY, PREVALENCE, REPORTED, Measure
from casemgr.indicators.editions import Edition
from casemgr.indicators.figure import AreaFigures, Computation, Counts, Figure, figure, read_by, readings
from casemgr.indicators.interval import wilson
from casemgr.indicators.period import Period
from casemgr.rules.access import Action
from casemgr.services import area_fact, clock, totals
from casemgr.services import edition as editions
from casemgr.services.errors import Missing, Refused, Unfit
from casemgr.services.use_case import use_case
from casemgr.store.queries import area as area_queries
from casemgr.store.queries import indicator as queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, ancestor, level_of, span_of

if TYPE_CHECKING:
    import polars as pl

    from casemgr.indicators.explain import Explanation
    from casemgr.indicators.judgement import Basis
    from casemgr.indicators.packed import Verdicts
    from casemgr.indicators.topic import Reasons
    from casemgr.services.closing import ClosedCounty
    from casemgr.store.models.indicator import MonthClose

__all__ = [
    "AreaFigures",
    "CloseResult",
    "Computation",
    "Figure",
    "Gap",
    "GapPerson",
    "PersonVerdict",
    "Trend",
]

#: Part of a list that a figure itself does not have: those on the register it does not ask about.
UNASKED = "unasked"
REGISTERED = "IND-02.REG-A"
PARTS = ("numerator", "denominator", "missing", UNASKED)
MONTHS = 12
#: More people than these are not explained one by one within a request.
MOST_EXPLAINED = 20_000
#: More people than these are not even counted by the reasons that were kept.
MOST_UNPACKED = 200_000
TOO_MANY = "辖区人数太多，不能逐人汇总原因。请先选择一个县（区）或乡镇（街道）。"
#: Surveys of several counties are not added up.
AWARENESS = "IND-18"
NO_PEOPLE = (
    "这项指标按记录数或填报数计算，没有人员名单。录入及时率请看记录清单；"
    "填报的数请看“年度情况”页的出处和修改记录。"
)


@dataclass(frozen=True, slots=True)
class PersonVerdict:
    """One person behind a figure: whether they count, why, and by which rule; no identity."""

    case_id: int
    file_no: str
    area: int
    village: int | None
    counted: bool | None
    reason: str
    rule: str
    topic: str = ""


@dataclass(frozen=True, slots=True)
class GapPerson:
    """One person missing to a target: how many acts are missing (empty: none would help), until when."""

    case_id: int
    file_no: str
    area: int
    village: int | None
    missing: int | None
    until: date | None
    reason: str
    rule: str
    change: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Who is missing to the target of one figure of one area, least missing first."""

    period: Period
    as_of: date
    area: int
    figure: Figure
    people: tuple[GapPerson, ...]


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One month of a trend; empty where the month was not closed."""

    month: str
    numerator: int | None
    denominator: int | None
    value: str | None


@dataclass(frozen=True, slots=True)
class Trend:
    """One figure of one area over the months, oldest first."""

    key: str
    name: str
    unit: str
    target: str | None
    points: tuple[TrendPoint, ...]


def interval(numerator: int, denominator: int) -> tuple[float, float] | None:
    """The 95 % interval (Wilson) of a share in percent; nothing where there is nobody to ask about."""
    return wilson(numerator, denominator)


@dataclass(frozen=True, slots=True)
class CloseResult:
    """What closing a month did, county by county."""

    period: str
    as_of: date
    edition: str
    counties: tuple[ClosedCounty, ...]

    @property
    def written(self) -> bool:
        """Whether anything was written at all."""
        return any(one.written for one in self.counties)


def _month(month: str | int) -> Period:
    try:
        return Period.of_month(month)
    except ValueError:
        sentence = "月份应写成 2026-10 这样。"
        raise Unfit(sentence, fields={"period": sentence}) from None


def _begun(month: str | int) -> Period:
    """A month that has begun: of a later one there are no records, and its figures would be no forecast."""
    period, today = _month(month), clock.today()
    if period.number > today.year * 100 + today.month:
        sentence = (
            f"{period.month} 还没有开始（今天是 {today.isoformat()}），没有那个月的记录。"
            "现在计算只会把今天的数字标成以后的月份，还会把没到期的随访算成缺少。"
            f"请改用 {today:%Y-%m} 或更早的月份；要看今年到今天的进度，请打开首页的实时数据。"
        )
        raise Unfit(sentence, fields={"period": sentence})
    return period


def _period(when: date | str | int) -> Period:
    return Period.to(when) if isinstance(when, date) else _begun(when)


def _edition(work: Work, period: Period, area: int | None = None) -> Edition:
    try:
        return editions.edition_on(work, period.end, area)
    except LookupError:
        raise editions.before_all(period.month) from None


def _basis(work: Work, period: Period, edition: Edition) -> Basis:
    from casemgr.indicators.judgement import Basis  # loads polars, which start-up does without

    try:
        return Basis(period, editions.numbers_under(work, edition, period.end))
    except LookupError:
        raise editions.before_all(period.month) from None


def _span(work: Work, area: int | None) -> tuple[int, int]:
    """The half-open range of an area (the whole access without one); :class:`Missing` outside the access."""
    if area is None:
        return work.access.low, work.access.high
    low, high = span_of(area)
    if not (work.access.low <= low and high <= work.access.high):
        raise Missing("没有这个区划，或不在您的辖区内。请从首页的列表进入。")
    rows = area_queries.within(work, area, area + 1, int(AreaLevel.VILLAGE))
    if not rows:
        raise Missing("没有这个区划，或不在您的辖区内。请从首页的列表进入。")
    if rows[0].level == int(AreaLevel.VILLAGE):
        raise Unfit("指标按管理单位统计，只到乡镇（街道）。请选择所属的乡镇，再按村查看名单。")
    return low, high


def _measure(key: str, edition: Edition) -> Measure:
    found = edition.key_of(key)
    if found is None:
        raise Missing("没有这个指标。请从指标列表中选择，例如 IND-03 或 IND-03.STD-INT。")
    return ANY_KEY[found]


def _of_people(key: str, edition: Edition) -> Measure:
    """The figure with a key, if it is made of people; :class:`Unfit` for one of records or of reports."""
    measure = _measure(key, edition)
    if measure.key not in BY_KEY:
        raise Unfit(NO_PEOPLE)
    return measure


def _as_of(period: Period) -> date:
    """The day whose knowledge the figures show: the end of the period, or today while it still runs."""
    return min(period.end, clock.today())


def _computed(work: Work, area: int | None, period: Period, under: str = "") -> Computation:
    from casemgr.indicators.count import roll_up, tally  # loads polars
    from casemgr.services import counting

    low, high = _span(work, area)
    edition = editions.named(work, area, under) if under else _edition(work, period, area)
    basis = _basis(work, period, edition)
    places = counting.areas(work, low, high)
    frames = counting.of_area(work, low, high, period, clock.today())
    tallied = frames.collect(tally(counting.judge(frames, basis)))
    counted = roll_up(tallied, places)
    others = totals.counts(work, low, high, period, places.rows(), counted)
    merged = {code: {**own, **others[code]} for code, own in counted.items()}
    return _computation(period, edition, places.rows(), merged)


def _computation(
    period: Period, edition: Edition, places: Iterable[Any], counts: Mapping[int, Counts]
) -> Computation:
    known = readings(edition)
    found = tuple(
        AreaFigures(code, name, level, population, read_by(known, counts[code]))
        for code, name, level, _parent, population in places
        if code in counts
    )
    return Computation(period, _as_of(period), edition.id, found)


@use_case(Action.INDICATOR_READ)
def compute(work: Work, month: str | int, area: int | None = None, edition: str = "") -> Computation:
    """All figures of a month for an area (or the whole access) and every area below down to the townships.

    ``edition``: the id of another edition than the one in force then, whose definitions and numbers are
    taken instead. Raises :class:`Unfit` for what is no month and for one that has not begun, :class:`Missing`
    for an area out of reach, :class:`Refused` for a month before the first edition. Writes nothing.
    """
    return _computed(work, area, _begun(month), edition)


@use_case(Action.INDICATOR_READ)
def live(work: Work, area: int, today: date) -> Computation:
    """All figures of the running year up to ``today``, from the rows as they are now."""
    return _computed(work, area, Period.to(today))


@use_case(Action.CASE_LIST)
def explain(work: Work, case_id: int, when: date | str, further: bool = True) -> list[Explanation]:
    """Per figure why one person counts, does not, or is not asked about, on a day or in a month.

    Without ``further`` only of the usual and the official readings. Raises :class:`Missing` when there is no
    such case within the access.
    """
    return _explained(work, case_id, _period(when), further)


@use_case(Action.CASE_LIST)
def explain_file(work: Work, file_no: str, when: date | str) -> list[Explanation]:
    """As :func:`explain`, for the case with a file number; :class:`Unfit` when two counties use it."""
    found = queries.case_numbered(work, file_no)
    if not found:
        raise Missing("没有这个档案编号，或不在您的辖区内。请核对编号，例如 101-00001。")
    if len(found) > 1:
        raise Unfit("有两个县都在使用这个档案编号。请用县级账号查询，或到该县的名单中查看。")
    return _explained(work, found[0], _period(when))


def _explained(work: Work, case_id: int, period: Period, further: bool = True) -> list[Explanation]:
    from casemgr.indicators.explain import explain_case, not_yet_registered  # loads polars
    from casemgr.services import counting

    edition = _edition(work, period, _home(work, case_id))
    basis = _basis(work, period, edition)
    frames = counting.of_case(work, case_id, period, clock.today())
    if frames.cases.is_empty():
        raise Missing("没有这份档案，或不在您的辖区内。请从名单进入。")
    rows = frames.collect(counting.judge(frames, basis))
    wanted = [one for key, one in BY_KEY.items() if further or not one.further or key in edition.official]
    return explain_case(rows, basis, wanted) or not_yet_registered(basis)


def _home(work: Work, case_id: int) -> int | None:
    """The area of a case; the whole access where it is not within reach."""
    found = queries.files(work, [case_id])
    return found[case_id].area if case_id in found else None


@dataclass(frozen=True, slots=True)
class Behind:
    """The people behind one figure: how many there are, and those of the stretch that was asked for.

    ``because`` is the reason they were chosen by, in words.
    """

    total: int
    people: tuple[PersonVerdict, ...]
    because: str = ""


@use_case(Action.CASE_LIST)
def people(work: Work, area: int, key: str, when: date | str, part: str) -> list[PersonVerdict]:
    """The people behind one figure: exactly as many as it says, each with the reason.

    ``part`` is ``numerator``, ``denominator``, ``missing``, or ``unasked`` for those on the register whom the
    figure does not ask about. For a day they are judged anew; for a month that has been closed they are those
    of the closing, and who would be judged otherwise today is marked.
    """
    return list(_behind(work, area, key, when, part, None, 0, None).people)


@dataclass(frozen=True, slots=True)
class ReasonCounts:
    """People by reason, most first. ``kept``: the reasons of the closing, which nothing changes any more.

    Else they are those of the records as they are now: of a month that was not closed, or closed before
    reasons were kept.
    """

    counts: tuple[tuple[str, int], ...]
    kept: bool


@use_case(Action.INDICATOR_READ)
def reasons(work: Work, area: int, key: str, when: date | str, part: str) -> ReasonCounts:
    """How many people do not count (``missing``), or are not asked about (``unasked``), by reason.

    Nobody is named, and no reason tells anybody's day. Raises what :func:`people` raises, and
    :class:`Refused` for more people than can be gone through while somebody waits.
    """
    low, high = _span(work, area)
    people = sum(count for _, count in queries.registered(work, low, high))
    if people > MOST_UNPACKED:
        raise Refused(TOO_MANY)
    period = _period(when)
    closed = None if isinstance(when, date) else _packs(work, period, area)
    if closed is not None and all(own is not None for _, own in closed):
        measure = _of_people(key, _edition(work, period, area))
        found = Counter(one.topic for one in _members(closed, measure, part).values())
    else:
        if people > MOST_EXPLAINED:
            raise Refused(TOO_MANY)
        found = Counter(one.topic for one in _behind(work, area, key, when, part, None, 0, None).people)
    counts = tuple(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
    return ReasonCounts(counts, closed is not None and all(own is not None for _, own in closed))


@use_case(Action.INDICATOR_READ)
def reasons_below(
    work: Work, area: int, key: str, when: date | str, part: str
) -> dict[int, Mapping[str, int]]:
    """As :func:`reasons`, township by township: township → reason → people."""
    low, high = _span(work, area)
    people = sum(count for _, count in queries.registered(work, low, high))
    if people > MOST_UNPACKED:
        raise Refused(TOO_MANY)
    period = _period(when)
    packs = None if isinstance(when, date) else _packs_below(work, period, area)
    if packs is not None and all(own is not None for _, own in packs.values()):
        measure = _of_people(key, _edition(work, period, area))
        return {
            code: Counter(one.topic for one in _members([pack], measure, part).values())
            for code, pack in packs.items()
        }
    if people > MOST_EXPLAINED:
        raise Refused(TOO_MANY)
    found: dict[int, Counter[str]] = {}
    for one in _behind(work, area, key, when, part, None, 0, None).people:
        found.setdefault(ancestor(one.area, AreaLevel.TOWNSHIP), Counter())[one.topic] += 1
    return dict(found)


@use_case(Action.CASE_LIST)
def behind(
    work: Work,
    area: int,
    key: str,
    when: date | str,
    part: str,
    *,
    village: int | None = None,
    because: str = "",
    start: int = 0,
    size: int | None = None,
) -> Behind:
    """As :func:`people`, but only ``size`` of them from ``start`` on, all counted; ``village`` 0: no village.

    ``because``: only those of one reason, by its :func:`reason_code`. A start past the last of them gives the
    last stretch, so that a page that has gone still shows people.
    """
    return _behind(work, area, key, when, part, village, start, size, because)


def reason_code(topic: str) -> str:
    """How a reason is called in an address."""
    return f"{crc32(topic.encode()):08x}"


def _behind(
    work: Work,
    area: int,
    key: str,
    when: date | str,
    part: str,
    village: int | None,
    start: int,
    size: int | None,
    because: str = "",
) -> Behind:
    from casemgr.indicators.explain import explain_people  # loads polars

    if part not in PARTS:
        raise Unfit("名单只有“分子”“分母”“未计入”三种。")
    period = _period(when)
    edition = _edition(work, period, area)
    measure = _of_people(key, edition)
    if measure.per_resident and part != "numerator":
        raise Unfit("报告患病率的分母是常住人口，没有名单；请查看分子（在册患者）的名单。")
    low, high = _span(work, area)
    basis = _basis(work, period, edition)
    packs = None if isinstance(when, date) else _packs(work, period, area)
    members = None if packs is None else _members(packs, measure, part)
    judged = _judged(work, low, high, period, basis, part=part if members is None else None, of=measure)
    places = {row[0]: row[1:] for row in judged.select("case", "area", "village").iter_rows()}
    kept = packs is not None and all(own is not None for _, own in packs)
    of_reason = ""
    if because and kept and members is not None:
        members = {case: one for case, one in members.items() if reason_code(one.topic) == because}
        of_reason = next((one.topic for one in members.values()), "")
    elif because:
        if len(places) > MOST_EXPLAINED:
            raise Refused(TOO_MANY)
        told = {row["case"]: one for row, one in explain_people(judged, measure, basis)}
        every = places if members is None else members
        topics = {case: _said(None if members is None else members[case], told.get(case)) for case in every}
        chosen = [case for case, one in topics.items() if reason_code(one.topic) == because]
        of_reason = topics[chosen[0]].topic if chosen else ""
        if members is None:
            places = {case: places[case] for case in chosen}
        else:
            members = {case: members[case] for case in chosen}
    ordered = _in_order(work, places if members is None else members, places, village, (low, high))
    if size is not None and start >= len(ordered):
        start = max(0, len(ordered) - 1) // size * size
    shown = ordered[start : None if size is None else start + size]
    of_shown = judged.filter(judged["case"].is_in([one.case_id for one in shown]))
    told = {row["case"]: one for row, one in explain_people(of_shown, measure, basis)}
    found = []
    for one in shown:
        said = _said(None if members is None else members[one.case_id], told.get(one.case_id))
        found.append(replace(one, counted=said.counted, reason=said.reason, rule=said.rule, topic=said.topic))
    return Behind(len(ordered), tuple(found), of_reason)


@dataclass(frozen=True, slots=True)
class _Frozen:
    """How a closing judged somebody; ``topic`` is empty when it counts, or was not kept."""

    counted: bool | None
    topic: str


@dataclass(frozen=True, slots=True)
class _Said:
    counted: bool | None
    reason: str
    rule: str
    topic: str


def _said(frozen: _Frozen | None, now: Explanation | None) -> _Said:
    """What is said of one person: today's words where the closing says the same, else that they differ."""
    if now is not None and (
        frozen is None or (now.counted == frozen.counted and (not frozen.topic or now.topic == frozen.topic))
    ):
        return _Said(now.counted, now.reason, now.rule, now.topic)
    if frozen is None:
        return _Said(None, SINCE_CHANGED, "", CHANGED)
    if frozen.topic:
        return _Said(frozen.counted, f"月结时：{frozen.topic}。{SINCE_CHANGED}", "", frozen.topic)
    return _Said(frozen.counted, SINCE_CHANGED, "", "" if frozen.counted else CHANGED)


def _judged(
    work: Work, low: int, high: int, period: Period, basis: Basis, *, part: str | None, of: Measure
) -> pl.DataFrame:
    """The judged rows of one part of a figure, or of everyone."""
    from casemgr.indicators.count import asked, counted  # loads polars
    from casemgr.services import counting

    frames = counting.of_area(work, low, high, period, clock.today())
    rows = counting.judge(frames, basis)
    if part is not None:
        tests = {
            "numerator": counted(of),
            "denominator": asked(of),
            "missing": asked(of) & ~counted(of),
            "unasked": asked(BY_KEY[REGISTERED]) & ~asked(of),
        }
        rows = rows.filter(tests[part])
    return frames.collect(rows)


def _in_order(
    work: Work,
    cases: Iterable[int],
    places: Mapping[int, tuple[int, int | None]],
    village: int | None,
    span: tuple[int, int],
) -> list[PersonVerdict]:
    """The people of a list by township and file number, not yet told why.

    Who lives outside of the area belongs to those without a village of it.
    """
    files = queries.files(work, cases)
    found = []
    for case in cases:
        file = files.get(case)
        area, lives = places.get(case) or ((file.area, file.village) if file else (0, None))
        own = lives if lives is not None and span[0] <= lives < span[1] else 0
        if village is None or own == village:
            number = file.file_no if file else ""
            found.append(PersonVerdict(case, number, area, lives, None, "", ""))
    return sorted(found, key=lambda one: (one.area, one.file_no, one.case_id))


def _packs(work: Work, period: Period, area: int) -> list[tuple[Verdicts, Reasons | None]] | None:
    """As :func:`_packs_below`, of all its townships together."""
    found = _packs_below(work, period, area)
    return None if found is None else list(found.values())


def _packs_below(work: Work, period: Period, area: int) -> dict[int, tuple[Verdicts, Reasons | None]] | None:
    """The verdicts of the closing that stands, with their reasons where they were kept; nothing without one.

    Of a city only where all of its counties have closed, as its figures. A township that has lost all its
    people since an earlier closing has none in this one.
    """
    from casemgr.indicators import topic  # loads polars
    from casemgr.indicators.packed import unpack  # loads polars

    low, high = _span(work, area)
    newest = queries.revisions(work, period.number, low, high, PREVALENCE.key)
    above = [] if area in newest else _counties_below(work, area)
    if area not in newest and not (above and all(one in newest for one in above)):
        return None
    return {
        row.area: (unpack(row.packed), None if row.reasons is None else topic.unpack(row.reasons))
        for row in queries.verdicts(work, period.number, low, high)
        if row.revision == newest.get(row.area)
    }


def _members(
    packs: Iterable[tuple[Verdicts, Reasons | None]], measure: Measure, part: str
) -> dict[int, _Frozen]:
    """The cases of one part of a closed figure with how they were judged."""
    from casemgr.indicators.topic import unasked  # loads polars

    found: dict[int, _Frozen] = {}
    for verdicts, own in packs:
        if measure.key not in verdicts.keys:
            continue
        if part == UNASKED:
            beside = unasked(verdicts, measure.key, REGISTERED)
            found |= {case: _Frozen(None, topic) for case, topic in beside.items()}
            continue
        told = own.missing(verdicts, measure.key) if own is not None else {}
        counted = verdicts.people(measure.key, "numerator")
        found |= {
            case: _Frozen(case in counted, told.get(case, "")) for case in verdicts.people(measure.key, part)
        }
    return found


#: Said of a person whom the closing counted otherwise than the rows do now.
CHANGED = "月结之后资料有变动"
SINCE_CHANGED = "月结之后资料有变动，月结时的判定保持不变；重新月结后更新。"


@use_case(Action.CASE_LIST)
def gap(work: Work, month: str | int | date, area: int, key: str) -> Gap:
    """Who is asked about by a figure and does not count, least missing first, with what would help.

    Raises :class:`Unfit` for a figure per resident, whose missing people are not known to anyone.
    """
    from casemgr.indicators.explain import explain_people, least_missing_first  # loads polars

    period = _period(month)
    edition = _edition(work, period, area)
    measure = _of_people(key, edition)
    if measure.per_resident:
        raise Unfit("报告患病率的差距是尚未发现的患者，没有名单。请从线索排查入手。")
    low, high = _span(work, area)
    basis = _basis(work, period, edition)
    rows = _judged(work, low, high, period, basis, part="denominator", of=measure)
    told = {row["case"]: (row, one) for row, one in explain_people(rows, measure, basis)}
    counted = sum(one.counted is True for _, one in told.values())
    missing = {case: pair for case, pair in told.items() if not pair[1].counted}
    files = queries.files(work, missing)
    found = sorted(
        ((case, *pair) for case, pair in missing.items()),
        key=lambda entry: (least_missing_first(entry[2]), files[entry[0]].file_no),
    )
    people = tuple(
        GapPerson(
            case,
            files[case].file_no,
            row["area"],
            row["village"],
            one.missing,
            one.until,
            one.reason,
            one.rule,
            one.change,
        )
        for case, row, one in found
    )
    return Gap(period, _as_of(period), area, figure(measure, counted, len(told), edition), people)


@use_case(Action.INDICATOR_READ)
def trend(work: Work, area: int, keys: Sequence[str], months: int = MONTHS) -> list[Trend]:
    """Closed figures of one area over the last ``months`` months that have ended, oldest first.

    Raises :class:`Missing` for an area out of reach and for a key that is no figure.
    """
    _span(work, area)
    today = clock.today()
    current = _edition(work, Period.to(today), area)
    keys = [_measure(key, current).key for key in keys]
    ended = today.year * 12 + today.month - 1  # months since year 0, the running one not counted
    numbers = [(index // 12) * 100 + index % 12 + 1 for index in range(ended - months, ended)]
    newest = _course(work, area, numbers, keys)
    found = []
    for key in keys:
        points, unit, target = [], "", None
        for number in numbers:
            period = Period.of_month(number)
            edition = _edition(work, period, area)
            numerator, denominator = newest.get((number, key), (None, None))
            made = figure(ANY_KEY[key], numerator or 0, denominator, edition)
            unit, target = made.unit, made.target
            points.append(TrendPoint(period.month, numerator, denominator, made.value))
        found.append(Trend(key, ANY_KEY[key].name, unit, target, tuple(points)))
    return found


def _course(
    work: Work, area: int, numbers: Sequence[int], keys: Sequence[str]
) -> dict[tuple[int, str], tuple[int, int | None]]:
    """Month and key → closed counts of an area, of a city those of its counties where all of them closed."""
    areas = _counties_below(work, area) or [area]
    reported = [key for key in keys if ANY_KEY[key].base == REPORTED] if areas != [area] else []
    newest: dict[tuple[int, str], dict[int, tuple[int, int | None]]] = {}
    for row in queries.course(work, areas, numbers, keys):
        newest.setdefault((row.period, row.key), {})[row.area] = (row.numerator, row.denominator)
    found = {
        place: _summed([{place[1]: pair} for pair in told.values()]).get(place[1], (0, None))
        for place, told in newest.items()
        if len(told) == len(areas)
    }
    for number in numbers if reported else ():
        # What is reported in a city is more than the sum of its counties' figures.
        month = _closed(work, Period.of_month(number), area)
        if month is not None:
            own = {one.key: one for one in month.area(area).indicators}
            found |= {
                (number, key): (own[key].numerator, own[key].denominator) for key in reported if key in own
            }
    return found


@use_case(Action.INDICATOR_READ)
def closed(work: Work, month: str | int, area: int) -> Computation | None:
    """The closed figures of a month for an area and every area below; nothing when it was not closed."""
    return _closed(work, _month(month), area)


def _closed(work: Work, period: Period, area: int) -> Computation | None:
    low, high = _span(work, area)
    revisions = queries.revisions(work, period.number, low, high, PREVALENCE.key)
    above = [] if area in revisions else _counties_below(work, area)
    if area not in revisions and not (above and all(one in revisions for one in above)):
        return None
    counts: dict[int, dict[str, tuple[int, int | None]]] = {}
    for row in queries.figures(work, period.number, low, high, set(revisions.values())):
        if row.revision == revisions.get(row.area):
            counts.setdefault(row.area, {})[row.key] = (row.numerator, row.denominator)
    closes = queries.latest_closes(work, period.number, low, high)
    if above:
        facts = {place: one for close in closes for place, one in area_fact.of_close(work, close).items()}
        told = totals.of_city(area, counts, area_fact.values(facts))
        counts[area] = _summed([counts[one] for one in above]) | dict(told)
    places = area_queries.within(work, low, high, int(AreaLevel.TOWNSHIP))
    return _computation(period, _edition_closed(work, period, area, closes), places, counts)


def _edition_closed(work: Work, period: Period, area: int, closes: Sequence[MonthClose]) -> Edition:
    """The edition that a closing was made under; of several counties, and below one, that of the month."""
    if len(closes) == 1 and closes[0].area == area:
        try:
            return editions.named(work, area, closes[0].edition, period.end)
        except Missing:
            pass  # the lists know it no longer; what holds for the month now is the nearest there is
    return _edition(work, period, area)


def _counties_below(work: Work, area: int) -> list[int]:
    """The counties of a city or province; none for an area that is closed itself."""
    if level_of(area) >= AreaLevel.COUNTY:
        return []
    return list(queries.counties(work, *span_of(area), int(AreaLevel.COUNTY)))


def _summed(parts: Sequence[Counts]) -> dict[str, tuple[int, int | None]]:
    """The closed figures of several counties as those of the city; without one that a county lacks."""
    found: dict[str, tuple[int, int | None]] = {}
    for key in parts[0]:
        pairs = [one[key] for one in parts if key in one]
        if key in ANY_KEY and len(pairs) == len(parts) and key != AWARENESS:
            whole = [pair[1] for pair in pairs]
            total = None if None in whole else sum(one or 0 for one in whole)
            found[key] = (sum(pair[0] for pair in pairs), total)
    return found


# --- month close ------------------------------------------------------------------------------------


@use_case(Action.INDICATOR_CLOSE)
def close(work: Work, month: str | int) -> CloseResult:
    """Close a month for every county of the access: figures, distributions and the verdict on every person.

    A county whose figures, verdicts, edition and numbers are those of its last closing is left alone, else it
    gets the next revision. Raises :class:`Refused` for a month that has not ended or when there is no county.
    """
    period = _month(month)
    if period.end >= clock.today():
        raise Refused(
            f"{period.month} 还没有结束，现在月结会漏掉月底前的记录。请在次月 1 日以后再月结；"
            "要看当前进度，请打开首页的实时数据。"
        )
    counties = queries.counties(work, work.access.low, work.access.high, int(AreaLevel.COUNTY))
    if not counties:
        raise Refused("辖区内没有县（区），无法月结。请先导入“机构与区划”，或改用县级账号。")
    from casemgr.services.closing import close_county  # loads polars

    under = {code: _edition(work, period, code) for code in counties}
    done = tuple(close_county(work, code, one, _basis(work, period, one)) for code, one in under.items())
    return CloseResult(period.month, period.end, under[counties[0]].id, done)
