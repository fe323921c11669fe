"""月结与月报: close a month for every county, then issue the reports of the county and of each township."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from casemgr.rules.access import Access
from casemgr.services import area
from casemgr.services.area import AreaView
from casemgr.services.errors import Problem
from casemgr.services.fault import describe
from casemgr.services.job import Abandoned, Outcome, Overdue, Run, Stopping
from casemgr.terms.area import AreaLevel, ancestor
from casemgr.terms.report import ReportKind

#: More names than this do not fit into the sentence of a run.
NAMED = 8


def _tried(failures: list[str], name: str, what: str, act: Callable[[], object]) -> bool:
    """Do one part; a part that fails is named in ``failures`` and does not stop the others."""
    try:
        act()
    except Problem as problem:
        failures.append(f"{name}（{what}：{problem.message}）")
    except Exception as wrong:
        failures.append(f"{name}（{what}：{describe(wrong, f'month end, {what}')}）")
    else:
        return True
    return False


def _counties(access: Access) -> list[tuple[AreaView, Sequence[AreaView]]]:
    """Every county inside the access with its townships."""
    reached = area.tree(access, AreaLevel.TOWNSHIP)
    townships = [one for one in reached if one.level is AreaLevel.TOWNSHIP]
    return [
        (county, [one for one in townships if ancestor(one.code, AreaLevel.COUNTY) == county.code])
        for county in reached
        if county.level is AreaLevel.COUNTY
    ]


def close_month(run: Run) -> Outcome:
    """Close ``run.period`` county by county and issue the monthly PDFs of the county and all its townships.

    An area that fails is named in the outcome; the others go on. Doing it again changes nothing where the
    figures are the same.
    """
    counties = _counties(run.access)
    if not counties:
        return Outcome("还没有县（区），没有可以月结的数据。请先导入“机构与区划”。")
    from casemgr.services import indicator  # polars stays out of start-up

    total = sum(2 + len(townships) for _county, townships in counties)
    done = closed = issued = 0
    failures: list[str] = []
    for county, townships in counties:
        access = run.claim.job.access(run.claim.job.name, county.code)
        run.step(done, total)
        if _tried(failures, county.name, "月结", partial(indicator.close, access, run.period)):
            closed += 1
            issued += _issue(run, access, (county, *townships), (done + 1, total), failures)
        done += 2 + len(townships)
    run.step(total, total)
    text = f"{run.period} 月结：{closed} 个县（区）已结账，月报 {issued} 份。"
    if not failures:
        return Outcome(text)
    more = f"等 {len(failures)} 处" if len(failures) > NAMED else ""
    return Outcome(f"{text}未完成：{'；'.join(failures[:NAMED])}{more}。", ok=False, again=True)


def issue_reports(run: Run) -> Outcome:
    """Issue the reports of ``run.period``, a month that is closed, for every county and township in reach.

    Reports that stand already with the same figures stay as they are; so this also mends lost files.
    """
    failures: list[str] = []
    issued = 0
    counties = _counties(run.access)
    total = sum(1 + len(townships) for _county, townships in counties)
    done = 0
    for county, townships in counties:
        access = run.claim.job.access(run.claim.job.name, county.code)
        issued += _issue(run, access, (county, *townships), (done, total), failures)
        done += 1 + len(townships)
    run.step(total, total)
    text = f"{run.period} 月报 {issued} 份。"
    if not failures:
        return Outcome(text)
    more = f"等 {len(failures)} 处" if len(failures) > NAMED else ""
    return Outcome(f"{text}未完成：{'；'.join(failures[:NAMED])}{more}。", ok=False, again=True)


def kinds_due(period: str) -> tuple[ReportKind, ...]:
    """Which reports besides the monthly one end with this month: of the quarter, of the year, 表14."""
    month = int(period[5:])
    if month == 12:
        return (ReportKind.QUARTERLY, ReportKind.YEARLY, ReportKind.STATISTICS)
    return (ReportKind.QUARTERLY,) if month % 3 == 0 else ()


def issue_periods(run: Run) -> Outcome:
    """Issue what ends with ``run.period``: quarterly reports, in December also the year's and 表14."""
    kinds = kinds_due(run.period)
    if not kinds:
        return Outcome(f"{run.period} 不是季末，没有要出的季报、年报。")
    return _issue_kinds(run, kinds)


def issue_exchange(run: Run) -> Outcome:
    """Issue 表9 of ``run.period`` for every county and township in reach."""
    return _issue_kinds(run, (ReportKind.EXCHANGE,))


def _issue_kinds(run: Run, kinds: Sequence[ReportKind]) -> Outcome:
    failures: list[str] = []
    counts = dict.fromkeys(kinds, 0)
    wanted = [
        (county, kind, (county,) if kind is ReportKind.STATISTICS else (county, *townships))
        for county, townships in _counties(run.access)
        for kind in kinds
    ]
    total, done = sum(len(places) for _county, _kind, places in wanted), 0
    for county, kind, places in wanted:
        access = run.claim.job.access(run.claim.job.name, county.code)
        counts[kind] += _issue(run, access, places, (done, total), failures, kind)
        done += len(places)
    run.step(total, total)
    text = f"{run.period}：{'、'.join(f'{kind.label} {count} 份' for kind, count in counts.items())}。"
    if not failures:
        return Outcome(text)
    more = f"等 {len(failures)} 处" if len(failures) > NAMED else ""
    return Outcome(f"{text}未完成：{'；'.join(failures[:NAMED])}{more}。", ok=False, again=True)


def _issue(
    run: Run,
    access: Access,
    places: Sequence[AreaView],
    progress: tuple[int, int],
    failures: list[str],
    kind: ReportKind = ReportKind.MONTHLY,
) -> int:
    """Issue the reports of ``places``; how many there are now. What fails is named in ``failures``."""
    from casemgr.services import report  # WeasyPrint's templates stay out of start-up

    done, total = progress
    names = {place.code: place.name for place in places}
    issued = 0

    def step(number: int, _of: int) -> None:
        run.step(done + number, total)

    try:
        for code, result in report.issue_many(access, run.period, list(names), step, kind):
            name = names.pop(code)
            if isinstance(result, Problem):
                failures.append(f"{name}（{kind.label}：{result.message}）")
            else:
                issued += 1
    except (Stopping, Overdue, Abandoned):
        raise
    except Exception as wrong:
        # The presses broke down: none of those that have not come out will.
        sentence = describe(wrong, f"month end, {kind.label}")
        failures.append(f"{'、'.join(names.values())}（{kind.label}：{sentence}）")
    return issued
