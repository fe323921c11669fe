"""月报内容: gathers the closed figures of one area and month into what a report prints; counts nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from casemgr.indicators.catalogue import ANY_KEY
from casemgr.indicators.editions import BESIDE, Edition
from casemgr.indicators.figure import Counts, Figure, figure
from casemgr.indicators.figure import figures as rated
from casemgr.indicators.small_cells import hide
from casemgr.reports.figures import (
    AreaCell,
    AreaColumn,
    AreaRow,
    AreaTable,
    Change,
    Definition,
    Distribution,
    Duty,
    Earlier,
    Figures,
    FormFigures,
    Ground,
    MonthlyFigures,
    PeriodFigures,
    Rate,
    Share,
    Trend,
)
from casemgr.reports.monthly import month_in_words, month_labels, months_until
from casemgr.rules.policy import Policy
from casemgr.services import edition as editions
from casemgr.services import hiding, issue_difference
from casemgr.services.clock import SHANGHAI
from casemgr.services.errors import Missing, Refused, Unfit
from casemgr.services.hiding import CLASS, DUTY, NEVER, NONE, REFUSED, REGISTERED, RISK, Closed, hides_figure
from casemgr.services.use_case import within
from casemgr.store.models.indicator import MonthClose
from casemgr.store.queries import area as area_queries
from casemgr.store.queries import report as queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, ancestor, span_of
from casemgr.terms.report import ReportKind
from casemgr.terms.risk import RiskLevel, Stability
from casemgr.terms.rulebook import rule

MONTHS = 12
CHECKED = "IND-11"
#: The families of indicators that are set beside the areas, drawn and named first.
HEADLINE = ("IND-03", "IND-05", "IND-12")
ELSEWHERE = "居住地在辖区外或未登记到村"
#: How the text calls the whole of an area, by the last character of its name.
WHOLE = {"县": "全县", "区": "全区", "市": "全市", "旗": "全旗", "镇": "全镇", "乡": "全乡"}


@dataclass(frozen=True, slots=True)
class Place:
    """The area reported on: its level, the areas right below it, and the county's name before numbers."""

    code: int
    name: str
    level: AreaLevel
    below: tuple[tuple[int, str], ...]
    prefix: str


@dataclass(frozen=True, slots=True)
class _Month:
    """One closing with the figures of the areas that were asked for."""

    close: MonthClose
    areas: Mapping[int, Closed]


def month_number(month: str) -> int:
    """``2026-10`` → 202610; :class:`Unfit` if it is no month."""
    year, _, number = month.partition("-")
    digits = len(month) == 7 and (year + number).isascii() and (year + number).isdigit()
    if digits and 1 <= int(number) <= 12 and int(year) >= 2000:
        return int(year) * 100 + int(number)
    raise Unfit("月份应写成 2026-10 这样。", fields={"period": "月份应写成 2026-10 这样。"})


def month_text(number: int) -> str:
    """202610 → ``2026-10``."""
    return f"{number // 100:04d}-{number % 100:02d}"


def collect(
    work: Work, month: str, area: int, revision: int, papers: Sequence[Figures] = ()
) -> MonthlyFigures:
    """The figures of the report of ``month`` for a county or township, for its issue number ``revision``.

    ``papers`` are the figures of those that are out already, oldest first: what they hide stays hidden.

    Everything comes from the newest closing of the month and earlier closings; small cells are hidden here
    (REC-SMALL-1): those of villages, and what no paper of the county and its townships prints. Raises
    :class:`Missing` for an unknown area, :class:`Unfit` for a bad month or level, :class:`Refused` when the
    month is not closed.
    """
    number = month_number(month)
    place = place_of(work, area)
    wanted = [month_number(one) for one in months_until(month, MONTHS + 1)]
    closings = closings_of(work, wanted, area)
    if number not in closings:
        raise Refused(
            f"{month_in_words(month)}还没有月结，没有可以印出的数据（报表只取月结数据，以免同一个数前后不一）。"
            f"请在“任务”页运行“月结与月报”，或由系统管理员执行 flask indicator close --period {month}。"
        )
    close = closings[number]
    below = span_of(area) if place.level is AreaLevel.COUNTY else (area, area + 1)
    now = _Month(close, by_area(work, close.id, *below))
    earlier = {
        period: by_area(work, one.id, area, area + 1).get(area, {})
        for period, one in closings.items()
        if period != number
    }
    own = now.areas.get(area)
    if own is None or f"{RISK}.{NONE}" not in own:
        raise Refused(
            f"{month_in_words(month)}的月结里没有{place.name}的完整数据（可能是月结之后才建立的区划）。"
            "请重新月结后再出月报。"
        )
    edition = editions.edition_on(work, close.as_of, area)
    # Those of the year and the month before come first: what they hide stays hidden in this one.
    hidden = frozenset().union(
        *(
            hiding.of_close(work, closings[one], area, edition).get(area, frozenset())
            for one in (wanted[0], wanted[-2], number)
            if one in closings
        )
    )
    opened = hiding.open_keys(edition)
    rates = _rates(own, earlier, wanted, edition, hidden)
    headline = _headline(edition)
    protected = place.level is AreaLevel.TOWNSHIP
    risk, classes = _risk(own, hidden, papers), _classes(own, hidden, papers)
    duties, total, refused = _duties(own, editions.numbers_under(work, edition, close.as_of), hidden)
    registered = own[REGISTERED][1] or 0
    checked = own.get(CHECKED) if not hides_figure(CHECKED, hidden, opened) else None
    return MonthlyFigures(
        number=number_of(place.prefix, number, place.level, area, revision),
        area=area,
        area_name=place.name,
        area_level=place.level.label,
        place=WHOLE.get(place.name[-1:], "本辖区"),
        unit_name=queries.unit_name(work, area) or place.name,
        period=month,
        as_of=close.as_of.isoformat(),
        closed_on=close.closed_at.astimezone(SHANGHAI).date().isoformat(),
        revision=revision,
        close_revision=close.revision,
        demo=within(work).demo,
        edition=edition.id,
        edition_name=edition.title,
        policy_digest=close.policy_digest,
        population=own["IND-01"][1] if "IND-01" in own else None,
        registered=registered,
        rates=rates,
        table=_villages(work, now, place, headline, edition, own, papers)
        if protected
        else _townships(now, place, headline, edition),
        months=month_labels(month, MONTHS),
        trends=_trends(own, earlier, wanted[1:], headline, edition),
        risk=risk,
        classes=classes,
        duties=duties,
        duties_total=total,
        not_agreed=refused,
        no_checkup=registered - checked[0] if checked else None,
        definitions=_definitions(edition),
        changes=_changes(work, close, area, own, edition),
        earlier=_earlier(work, month, area, revision, papers, close.revision, rates),
    )


def number_of(
    prefix: str,
    period: int,
    level: AreaLevel,
    area: int,
    revision: int,
    kind: ReportKind = ReportKind.MONTHLY,
) -> str:
    """报表编号 made of county, kind, month, township and issue, so that nobody has to count.

    ``示例县精防统〔2026〕10号`` for the county, ``…10-101号`` for the township whose code ends in 101000;
    ``季3``, ``年``, ``换10`` and ``表14`` in place of the month for the other kinds.
    """
    month = period % 100
    which = {
        ReportKind.MONTHLY: str(month),
        ReportKind.QUARTERLY: f"季{month // 3}",
        ReportKind.YEARLY: "年",
        ReportKind.EXCHANGE: f"换{month}",
        ReportKind.STATISTICS: "表14",
    }[kind]
    part = f"-{area // 1000 % 1000:03d}" if level is AreaLevel.TOWNSHIP else ""
    again = f"（修订{revision - 1}）" if revision > 1 else ""
    return f"{prefix}精防统〔{period // 100}〕{which}{part}号{again}"


# --- where ----------------------------------------------------------------------------------------


def place_of(work: Work, area: int) -> Place:
    """The county or township ``area``; :class:`Missing` if there is none, :class:`Unfit` at another level."""
    rows = {row[0]: row for row in area_queries.within(work, *span_of(area), int(AreaLevel.VILLAGE))}
    if area not in rows or not work.access.reaches(area):
        raise Missing("没有这个区划，或不在您的辖区内。请从报表页的列表中选择。")
    level = AreaLevel.read(rows[area][2])
    if level not in (AreaLevel.COUNTY, AreaLevel.TOWNSHIP):
        raise Unfit(
            "月报只按县（区）和乡镇（街道）出。请选择县（区）或乡镇（街道）的区划代码。",
            fields={"area": "请选择县（区）或乡镇（街道）。"},
        )
    next_level = AreaLevel.TOWNSHIP if level is AreaLevel.COUNTY else AreaLevel.VILLAGE
    below = tuple((row[0], row[1]) for row in rows.values() if row[2] == next_level and row[0] != area)
    return Place(area, rows[area][1], level, below, _prefix(work, area))


def _prefix(work: Work, area: int) -> str:
    """Name of the county, with its prefecture where the register knows one (many towns have a 鼓楼区)."""
    named = {}
    for level in (AreaLevel.PREFECTURE, AreaLevel.COUNTY):
        code = ancestor(area, level)
        rows = area_queries.within(work, code, code + 1, int(AreaLevel.VILLAGE))
        named[level] = str(rows[0][1]) if rows and rows[0][2] == level else ""
    return "".join(named.values())


# --- closed figures -------------------------------------------------------------------------------


def closings_of(work: Work, periods: Sequence[int], area: int) -> dict[int, MonthClose]:
    """Month → newest closing that covers ``area``."""
    roots = {ancestor(area, level) for level in AreaLevel}
    return {close.period: close for close in queries.closes(work, periods, roots)}


def by_area(work: Work, close_id: int, low: int, high: int) -> dict[int, Closed]:
    """Area → all figures of one closing, for the areas in ``[low, high)``."""
    found: dict[int, dict[str, tuple[int, int | None]]] = {}
    for _close, area, key, numerator, denominator in queries.figures(work, [close_id], low, high):
        found.setdefault(area, {})[key] = (numerator, denominator)
    return dict(found)


def _counts(closed: Closed) -> Counts:
    return {key: counts for key, counts in closed.items() if key in ANY_KEY}


def _headline(edition: Edition) -> tuple[str, ...]:
    official = [key for family in HEADLINE for key in edition.official if ANY_KEY[key].indicator == family]
    rest = [key for key in edition.official if key not in official and ANY_KEY[key].unit.label == "%"]
    return tuple((official + rest)[:3])


def value_of(closed: Closed | None, key: str, edition: Edition) -> str | None:
    """The rate as it is printed, nothing where the month was not closed or there is nobody to ask about."""
    if not closed or key not in closed:
        return None
    return figure(ANY_KEY[key], *closed[key], edition).value


def _rates(
    own: Closed,
    earlier: Mapping[int, Closed],
    wanted: Sequence[int],
    edition: Edition,
    hidden: Collection[str],
) -> tuple[Rate, ...]:
    last_month, last_year = earlier.get(wanted[-2]), earlier.get(wanted[0])
    opened = hiding.open_keys(edition)
    return tuple(
        _rate(one, last_month, last_year, edition, hides_figure(one.key, hidden, opened), hidden)
        for one in rated(_counts(own), edition)
        # Further readings stand on the page of definitions by name only.
        if one.official or not one.further or one.key in BESIDE
    )


def _rate(
    one: Figure,
    last_month: Closed | None,
    last_year: Closed | None,
    edition: Edition,
    away: bool,
    hidden: Collection[str],
) -> Rate:
    # The people behind a rate are told where nobody can take them for few of a kind.
    whole = None if away and hiding.hides_people(one.key, hidden) else one.denominator
    return Rate(
        key=one.key,
        name=one.name,
        unit=one.unit,
        numerator=None if away else one.numerator,
        denominator=whole,
        value=None if away else one.value,
        target=_short(one.target),
        met=one.met,
        distance=None if away else one.distance,
        # 管理率 has no target, but says how many of the registered are under care at all.
        official=one.official or one.key == REGISTERED,
        variant=one.variant,
        base_set=one.base_set,
        rules=one.rules,
        status=one.status,
        last_month=None if away else value_of(last_month, one.key, edition),
        last_year=None if away else value_of(last_year, one.key, edition),
        hidden=away,
    )


def _short(target: str | None) -> str | None:
    """``80.00`` → ``80``: targets are printed as their documents write them."""
    return target.rstrip("0").rstrip(".") if target is not None and "." in target else target


def _trends(
    own: Closed, earlier: Mapping[int, Closed], months: Sequence[int], keys: Sequence[str], edition: Edition
) -> tuple[Trend, ...]:
    made = []
    for key in keys:
        target = edition.targets.get(key)
        shown = figure(ANY_KEY[key], 0, 1, edition)
        values = [value_of(earlier.get(month), key, edition) for month in months[:-1]]
        values.append(value_of(own, key, edition))
        made.append(
            Trend(key, shown.name, shown.unit, _short(shown.target) if target else None, tuple(values))
        )
    return tuple(made)


def _changes(work: Work, close: MonthClose, area: int, own: Closed, edition: Edition) -> tuple[Change, ...]:
    """What this closing changed against the one before it, in the official figures."""
    if close.revision < 2:
        return ()
    before = next(
        (
            one
            for one in queries.closes(work, [close.period], [close.area])
            if one.revision == close.revision - 1
        ),
        None,
    )
    if before is None:
        return ()
    old = by_area(work, before.id, area, area + 1).get(area, {})
    found = []
    for key in (REGISTERED, *edition.official):
        if key in old and key in own and old[key] != own[key]:
            name = ANY_KEY[key].name
            found.append(Change(name, fraction(old[key]), fraction(own[key])))
    return tuple(found)


def _earlier(
    work: Work,
    month: str,
    area: int,
    revision: int,
    papers: Sequence[Figures],
    closing: int,
    rates: Sequence[Rate],
) -> Earlier | None:
    """What the issue before this one printed otherwise in its main figures, by cause."""
    before = issue_difference.issue_before(papers, ReportKind.MONTHLY.slug, month, revision)
    if not isinstance(before, MonthlyFigures):
        return None
    now = {rate.key: (rate.numerator, rate.denominator) for rate in rates if rate.official}
    return issue_difference.of_month(work, before, closing, area, now)


def fraction(counts: tuple[int, int | None]) -> str:
    """``12/15`` as differences are printed."""
    return f"{counts[0]}/{'—' if counts[1] is None else counts[1]}"


# --- tables by area -------------------------------------------------------------------------------


def _columns(keys: Sequence[str], edition: Edition) -> tuple[AreaColumn, ...]:
    made = []
    for key in keys:
        shown = figure(ANY_KEY[key], 0, 1, edition)
        made.append(AreaColumn(key, shown.name.removeprefix("居家患者"), shown.unit, _short(shown.target)))
    return tuple(made)


def _cell(key: str, counts: tuple[int, int | None], edition: Edition) -> AreaCell:
    one = figure(ANY_KEY[key], *counts, edition)
    return AreaCell(one.numerator, one.denominator, one.value, one.met)


def _row(code: int | None, name: str, closed: Closed, keys: Sequence[str], edition: Edition) -> AreaRow:
    cells = tuple(_cell(key, closed[key], edition) for key in keys)
    return AreaRow(code, name, closed[REGISTERED][1], cells)


def _townships(now: _Month, place: Place, keys: Sequence[str], edition: Edition) -> AreaTable:
    rows = tuple(
        _row(code, name, now.areas[code], keys, edition) for code, name in place.below if code in now.areas
    )
    total = _row(None, "合计", now.areas[place.code], keys, edition)
    return AreaTable("乡镇（街道）", _columns(keys, edition), rows, total, protected=False)


def _villages(
    work: Work,
    now: _Month,
    place: Place,
    keys: Sequence[str],
    edition: Edition,
    own: Closed,
    papers: Sequence[Figures],
) -> AreaTable:
    """The villages of a township, from the verdicts stored at the close, small cells hidden (REC-SMALL-1)."""
    from casemgr.indicators.packed import unpack  # loads polars, which only a report by village needs

    level, columns = "村（社区）", _columns(keys, edition)
    packed = queries.verdicts(work, now.close.id, place.code)
    found = unpack(packed).by_village() if packed is not None else {}
    empty = dict.fromkeys((REGISTERED, *keys), (0, 0))
    known = {code for code, _name in place.below}
    rows: list[tuple[int | None, str, Closed]] = [
        (code, name, found.get(code, empty)) for code, name in place.below
    ]
    strangers = [counts for code, counts in found.items() if code not in known]
    if any(counts[REGISTERED][1] for counts in strangers):
        summed = {
            key: (sum(one[key][0] for one in strangers), sum(one[key][1] for one in strangers))
            for key in (REGISTERED, *keys)
        }
        rows.append((None, ELSEWHERE, summed))
    total = _row(None, "合计", own, keys, edition)
    hidden = _hidden(rows, keys, edition, papers) if len(rows) > 1 else None
    if not place.below:
        reason = f"{place.name}没有登记村（社区），不另列村级表。"
        return AreaTable(level, columns, (), None, protected=True, omitted=reason)
    if hidden is None:
        reason = f"{place.name}的在册患者只涉及一个村（社区），或人数分布使小数保护无法实现，不另列村级表。"
        return AreaTable(level, columns, (), None, protected=True, omitted=reason)
    return AreaTable(level, columns, hidden, total, protected=True)


def _hidden(
    rows: Sequence[tuple[int | None, str, Closed]],
    keys: Sequence[str],
    edition: Edition,
    papers: Sequence[Figures],
) -> tuple[AreaRow, ...] | None:
    """The rows with small cells taken out; ``None`` when the table cannot be protected."""
    counts, within_column, place_of = _grid(rows, keys)
    found = hide(counts, within_column, complements=True, before=_hidden_before(papers, rows, place_of))
    if not found.printable:
        return None
    made = []
    for number, (code, name, closed) in enumerate(rows):
        cells = []
        for key in keys:
            numerator, denominator = place_of[key]
            bare = _cell(key, closed[key], edition)
            whole = bare.denominator if found.shows(number, denominator) else None
            if found.shows(number, numerator) and found.shows(number, denominator):
                cells.append(bare)
            else:
                cells.append(AreaCell(None, whole, None, None, hidden=True))
        shown = found.shows(number, 0)
        registered = closed[REGISTERED][1] if shown else None
        made.append(AreaRow(code, name, registered, tuple(cells), hidden=not shown))
    return tuple(made)


def _hidden_before(
    papers: Sequence[Figures],
    rows: Sequence[tuple[int | None, str, Closed]],
    places: Mapping[str, tuple[int, int]],
) -> set[tuple[int, int]]:
    """The cells of the grid of :func:`_grid` that papers which are out already hide."""
    numbers = {code: number for number, (code, _name, _closed) in enumerate(rows)}
    found: set[tuple[int, int]] = set()
    for month in _months_of(papers):
        if not month.table.protected or month.table.omitted:
            continue
        for row in month.table.rows:
            number = numbers.get(row.code)
            if number is None:
                continue
            if row.hidden:
                found.add((number, 0))
            for column, cell in zip(month.table.columns, row.cells, strict=True):
                numerator, denominator = places.get(column.key, (0, 0))
                if cell.hidden and numerator:
                    found.add((number, numerator))
                    if cell.denominator is None:
                        found.add((number, denominator))
    return found


def _months_of(papers: Sequence[Figures]) -> list[MonthlyFigures]:
    """The monthly figures of the papers that have some."""
    found = []
    for paper in papers:
        if isinstance(paper, PeriodFigures):
            found.append(paper.month)
        elif isinstance(paper, MonthlyFigures):
            found.append(paper)
    return found


def hidden_shares(papers: Sequence[Figures], name: str) -> frozenset[str]:
    """The lines of the distribution ``name`` that papers which are out already hide."""
    found: set[str] = set()
    for month in _months_of(papers):
        for one in (month.risk, month.classes):
            if one.name == name:
                found.update(share.name for share in one.shares if share.hidden)
    for paper in papers:
        if isinstance(paper, FormFigures):
            for block in paper.blocks:
                if block.name == name:
                    found.update(line.name.removesuffix("（人）") for line in block.lines if line.hidden)
    return frozenset(found)


def _grid(
    rows: Sequence[tuple[int | None, str, Closed]], keys: Sequence[str]
) -> tuple[list[list[int]], list[int | None], dict[str, tuple[int, int]]]:
    """Counts per row, the column that holds each column's people, and per key its two columns."""
    counts = [[closed[REGISTERED][1] or 0] for _code, _name, closed in rows]
    inside: list[int | None] = [None]
    places: dict[str, tuple[int, int]] = {}
    for key in keys:
        denominator = 0
        if ANY_KEY[key].base != "REG-A":
            denominator = len(inside)
            inside.append(0)
            for line, (_code, _name, closed) in zip(counts, rows, strict=True):
                line.append(closed[key][1] or 0)
        places[key] = (len(inside), denominator)
        inside.append(denominator)
        for line, (_code, _name, closed) in zip(counts, rows, strict=True):
            line.append(closed[key][0])
    return counts, inside, places


# --- distributions and duties ---------------------------------------------------------------------


def _distribution(
    name: str, note: str, lines: Sequence[tuple[str, str, int]], hidden: Collection[str]
) -> Distribution:
    """Lines of name, key and people; those that are hidden without their number."""
    total = sum(count for _name, _key, count in lines)
    shares = tuple(
        Share(line, None, None, hidden=True) if key in hidden else Share(line, count, _percent(count, total))
        for line, key, count in lines
    )
    if any(share.hidden for share in shares):
        note += "“＊”为小数保护（人数少或为防推算而隐去），不表示零。"
    return Distribution(name, note, total, shares)


def _percent(count: int, total: int) -> str | None:
    if not total:
        return None
    hundredths = (count * 20_000 + total) // (2 * total)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _risk(own: Closed, hidden: Collection[str], papers: Sequence[Figures]) -> Distribution:
    keys = [(level.label, f"{RISK}.{int(level)}") for level in RiskLevel]
    lines = [(name, key, own[key][0]) for name, key in (*keys, ("未评估", f"{RISK}.{NONE}"))]
    note = "取本年度截至日前最近一次有危险性评估的完整随访；没有的列为“未评估”，不推定为0级。"
    return _distribution("危险性评估", note, lines, _with_papers(lines, hidden, papers, "危险性评估"))


def _classes(own: Closed, hidden: Collection[str], papers: Sequence[Figures]) -> Distribution:
    order = (Stability.STABLE, Stability.BASIC, Stability.UNSTABLE)
    keys = [(one.label, f"{CLASS}.{int(one)}") for one in order]
    lines = [(name, key, own[key][0]) for name, key in (*keys, ("未分类", f"{CLASS}.{NONE}"))]
    note = "取本年度截至日前最近一次有分类的完整随访；没有的列为“未分类”，不推定为稳定。"
    return _distribution("病情分类", note, lines, _with_papers(lines, hidden, papers, "病情分类"))


def _with_papers(
    lines: Sequence[tuple[str, str, int]], hidden: Collection[str], papers: Sequence[Figures], name: str
) -> set[str]:
    """What is hidden of the closing, and what papers that came before this rule hid of the same area."""
    before = hidden_shares(papers, name)
    return {key for line, key, _count in lines if key in hidden or line in before}


def _duties(
    own: Closed, limits: Policy, hidden: Collection[str]
) -> tuple[tuple[Duty, ...], Duty, int | None]:
    kinds = (
        ("不稳定", str(int(Stability.UNSTABLE)), limits.gap_unstable),
        ("基本稳定", str(int(Stability.BASIC)), limits.gap_basic),
        ("稳定", str(int(Stability.STABLE)), limits.gap_stable),
        ("未分类", NONE, limits.gap_unclassified),
        ("本年尚无完整随访", NEVER, limits.gap_first),
    )

    def shown(key: str) -> int | None:
        return None if key in hidden else own[key][0]

    duties = tuple(
        Duty(
            name,
            limit.value,
            shown(f"{DUTY}.{code}.ALL"),
            shown(f"{DUTY}.{code}.NEXT"),
            shown(f"{DUTY}.{code}.LATE"),
            limit.rule,
            "待核对" if limit.status.startswith("UNVERIFIED") else rule(limit.rule).mark,
        )
        for name, code, limit in kinds
    )
    people, coming, overdue = (
        sum(own[f"{DUTY}.{code}.{which}"][0] for _name, code, _limit in kinds)
        for which in ("ALL", "NEXT", "LATE")
    )
    refused = shown(REFUSED)
    # The number who refused would follow from that of those who accept.
    total = Duty("合计", None, people if refused is not None else None, coming, overdue, "", "")
    return duties, total, refused


# --- definitions ----------------------------------------------------------------------------------


def _definitions(edition: Edition) -> tuple[Definition, ...]:
    from casemgr.indicators.sets import SETS  # loads polars; the names of the base sets stand there

    wanted = {REGISTERED, *edition.official}
    made = []
    told: set[str] = set()
    for one in (measure for key, measure in ANY_KEY.items() if key in wanted):
        grounds = [rule(cited) for cited in one.cites]
        if one.key in edition.targets:
            grounds.append(rule(edition.targets[one.key].rule))
        people = "常住人口" if one.per_resident else SETS[one.base].name
        written = tuple(Ground(new.id, new.wording, new.mark) for new in grounds if new.id not in told)
        again = tuple(old.id for old in grounds if old.id in told)
        told.update(ground.id for ground in grounds)
        made.append(Definition(one.key, one.name, one.variant, people, written, again))
    return tuple(made)
