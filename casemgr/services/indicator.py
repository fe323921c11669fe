"""指标: figures of an area live or closed, the people behind them, and what would change them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from casemgr.indicators import editions
from casemgr.indicators.catalogue import BY_KEY, PREVALENCE, Measure
from casemgr.indicators.editions import Edition
from casemgr.indicators.figure import AreaFigures, Computation, Counts, Figure, figure, figures
from casemgr.indicators.period import Period
from casemgr.rules import policy as policies
from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.services.errors import Missing, Refused, Unfit
from casemgr.services.use_case import use_case, within
from casemgr.store.queries import area as area_queries
from casemgr.store.queries import indicator as queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, span_of

if TYPE_CHECKING:
    from casemgr.indicators.explain import Explanation
    from casemgr.indicators.judgement import Basis
    from casemgr.services.closing import ClosedCounty

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

PARTS = ("numerator", "denominator", "missing")
MONTHS = 12


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


def _period(when: date | str | int) -> Period:
    return Period.to(when) if isinstance(when, date) else _month(when)


def _edition(work: Work, period: Period) -> Edition:
    try:
        return editions.in_force_on(period.end, within(work).region)
    except LookupError:
        raise _before_all(period) from None


def _before_all(period: Period) -> Refused:
    return Refused(
        f"{period.month} 早于本产品收录的指标口径（自 2017 年起），无法计算。请改选较晚的月份，"
        "或请管理员在口径表中补充当年的口径。"
    )


def _basis(work: Work, period: Period) -> Basis:
    from casemgr.indicators.judgement import Basis  # loads polars, which start-up does without

    try:
        return Basis(period, policies.in_force_on(period.end, within(work).region))
    except LookupError:
        raise _before_all(period) from None


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
    return BY_KEY[found]


def _as_of(period: Period) -> date:
    """The day whose knowledge the figures show: the end of the period, or today while it still runs."""
    return min(period.end, clock.today())


def _computed(work: Work, area: int | None, period: Period) -> Computation:
    from casemgr.indicators.count import roll_up, tally  # loads polars
    from casemgr.services import counting

    edition, basis = _edition(work, period), _basis(work, period)
    low, high = _span(work, area)
    places = counting.areas(work, low, high)
    frames = counting.of_area(work, low, high, period, clock.today())
    tallied = frames.collect(tally(counting.judge(frames, basis)))
    return _computation(period, edition, places.rows(), roll_up(tallied, places))


def _computation(
    period: Period, edition: Edition, places: Iterable[Any], counts: Mapping[int, Counts]
) -> Computation:
    found = tuple(
        AreaFigures(code, name, level, population, figures(counts[code], edition))
        for code, name, level, _parent, population in places
        if code in counts
    )
    return Computation(period, _as_of(period), edition.id, found)


@use_case(Action.INDICATOR_READ)
def compute(work: Work, month: str | int, area: int | None = None) -> Computation:
    """All figures of a month for an area (or the whole access) and every area below down to the townships.

    Raises :class:`Unfit` for what is no month, :class:`Missing` for an area out of reach, :class:`Refused`
    for a month before the first edition. Writes nothing.
    """
    return _computed(work, area, _month(month))


@use_case(Action.INDICATOR_READ)
def live(work: Work, area: int, today: date) -> Computation:
    """All figures of the running year up to ``today``, from the rows as they are now."""
    return _computed(work, area, Period.to(today))


@use_case(Action.INDICATOR_READ)
def explain(work: Work, case_id: int, when: date | str) -> list[Explanation]:
    """Per figure why one person counts, does not, or is not asked about, on a day or in a month.

    Raises :class:`Missing` when there is no such case within the access.
    """
    return _explained(work, case_id, _period(when))


@use_case(Action.INDICATOR_READ)
def explain_file(work: Work, file_no: str, when: date | str) -> list[Explanation]:
    """As :func:`explain`, for the case with a file number; :class:`Unfit` when two counties use it."""
    found = queries.case_numbered(work, file_no)
    if not found:
        raise Missing("没有这个档案编号，或不在您的辖区内。请核对编号，例如 101-00001。")
    if len(found) > 1:
        raise Unfit("有两个县都在使用这个档案编号。请用县级账号查询，或到该县的名单中查看。")
    return _explained(work, found[0], _period(when))


def _explained(work: Work, case_id: int, period: Period) -> list[Explanation]:
    from casemgr.indicators.explain import explain_case, not_yet_registered  # loads polars
    from casemgr.services import counting

    basis = _basis(work, period)
    frames = counting.of_case(work, case_id, period, clock.today())
    if frames.cases.is_empty():
        raise Missing("没有这份档案，或不在您的辖区内。请从名单进入。")
    rows = frames.collect(counting.judge(frames, basis))
    return explain_case(rows, basis) or not_yet_registered(basis)


@use_case(Action.INDICATOR_READ)
def people(work: Work, area: int, key: str, when: date | str, part: str) -> list[PersonVerdict]:
    """The people behind one figure: exactly as many as it says, each with the reason.

    ``part`` is ``numerator``, ``denominator`` or ``missing``. For a day they are judged anew; for a month
    that has been closed they are those of the closing, and who would be judged otherwise today is marked.
    """
    if part not in PARTS:
        raise Unfit("名单只有“分子”“分母”“未计入”三种。")
    period = _period(when)
    measure = _measure(key, _edition(work, period))
    if measure.per_resident and part != "numerator":
        raise Unfit("报告患病率的分母是常住人口，没有名单；请查看分子（在册患者）的名单。")
    low, high = _span(work, area)
    closed_members = (
        None if isinstance(when, date) else _closed_members(work, period, low, high, measure, part)
    )
    told = _told(work, low, high, measure, period, None if closed_members is not None else part)
    if closed_members is None:
        return _with_files(work, told)
    return _with_files(work, _as_closed(told, closed_members, part))


def _told(
    work: Work, low: int, high: int, measure: Measure, period: Period, part: str | None
) -> dict[int, tuple[Mapping[str, Any], Explanation]]:
    """Row and explanation by case, of one part of a figure or of everyone."""
    from casemgr.indicators.count import asked, counted  # loads polars
    from casemgr.indicators.explain import explain_people
    from casemgr.services import counting

    basis = _basis(work, period)
    frames = counting.of_area(work, low, high, period, clock.today())
    rows = counting.judge(frames, basis)
    if part is not None:
        tests = {
            "numerator": counted(measure),
            "denominator": asked(measure),
            "missing": asked(measure) & ~counted(measure),
        }
        rows = rows.filter(tests[part])
    return {row["case"]: (row, one) for row, one in explain_people(frames.collect(rows), measure, basis)}


def _closed_members(
    work: Work, period: Period, low: int, high: int, measure: Measure, part: str
) -> frozenset[int] | None:
    """The cases of one part of a closed figure; nothing when the month was not closed."""
    from casemgr.indicators.packed import unpack  # loads polars

    packed = queries.verdicts(work, period.number, low, high)
    if not packed:
        return None
    return frozenset().union(*(unpack(one).people(measure.key, part) for one in packed))


def _as_closed(
    told: Mapping[int, tuple[Mapping[str, Any], Explanation]], members: frozenset[int], part: str
) -> dict[int, tuple[Mapping[str, Any], Explanation | None]]:
    wanted = {"numerator": (True,), "denominator": (True, False), "missing": (False,)}[part]
    found: dict[int, tuple[Mapping[str, Any], Explanation | None]] = {}
    for case in members:
        row, one = told.get(case, ({}, None))
        found[case] = (row, one if one is not None and one.counted in wanted else None)
    return found


#: Said of a person whom the closing counted otherwise than the rows do now.
SINCE_CHANGED = "月结之后资料有变动，月结时的判定保持不变；重新月结后更新。"


def _with_files(
    work: Work, told: Mapping[int, tuple[Mapping[str, Any], Explanation | None]]
) -> list[PersonVerdict]:
    files = queries.files(work, told)
    found = []
    for case, (row, one) in told.items():
        file = files.get(case)
        found.append(
            PersonVerdict(
                case,
                file.file_no if file else "",
                row["area"] if row else file.area if file else 0,
                row["village"] if row else file.village if file else None,
                one.counted if one else None,
                one.reason if one else SINCE_CHANGED,
                one.rule if one else "",
            )
        )
    return sorted(found, key=lambda one: (one.area, one.file_no, one.case_id))


@use_case(Action.INDICATOR_READ)
def gap(work: Work, month: str | int | date, area: int, key: str) -> Gap:
    """Who is asked about by a figure and does not count, least missing first, with what would help.

    Raises :class:`Unfit` for a figure per resident, whose missing people are not known to anyone.
    """
    from casemgr.indicators.explain import least_missing_first  # loads polars

    period = _period(month)
    edition = _edition(work, period)
    measure = _measure(key, edition)
    if measure.per_resident:
        raise Unfit("报告患病率的差距是尚未发现的患者，没有名单。请从线索排查入手。")
    low, high = _span(work, area)
    told = _told(work, low, high, measure, period, "denominator")
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
    current = _edition(work, Period.to(today))
    keys = [_measure(key, current).key for key in keys]
    ended = today.year * 12 + today.month - 1  # months since year 0, the running one not counted
    numbers = [(index // 12) * 100 + index % 12 + 1 for index in range(ended - months, ended)]
    newest = {
        (row.period, row.key): (row.numerator, row.denominator)
        for row in queries.course(work, area, numbers, keys)
    }
    found = []
    for key in keys:
        points, unit, target = [], "", None
        for number in numbers:
            period = Period.of_month(number)
            edition = _edition(work, period)
            numerator, denominator = newest.get((number, key), (None, None))
            made = figure(BY_KEY[key], numerator or 0, denominator, edition)
            unit, target = made.unit, made.target
            points.append(TrendPoint(period.month, numerator, denominator, made.value))
        found.append(Trend(key, BY_KEY[key].name, unit, target, tuple(points)))
    return found


@use_case(Action.INDICATOR_READ)
def closed(work: Work, month: str | int, area: int) -> Computation | None:
    """The closed figures of a month for an area and every area below; nothing when it was not closed."""
    period = _month(month)
    low, high = _span(work, area)
    revisions = queries.revisions(work, period.number, low, high, PREVALENCE.key)
    if area not in revisions:
        return None
    counts: dict[int, dict[str, tuple[int, int | None]]] = {}
    for row in queries.figures(work, period.number, low, high, set(revisions.values())):
        if row.revision == revisions.get(row.area):
            counts.setdefault(row.area, {})[row.key] = (row.numerator, row.denominator)
    places = area_queries.within(work, low, high, int(AreaLevel.TOWNSHIP))
    return _computation(period, _edition(work, period), places, counts)


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

    edition, basis = _edition(work, period), _basis(work, period)
    done = tuple(close_county(work, code, edition, basis) for code in counties)
    return CloseResult(period.month, period.end, edition.id, done)
