"""月结与月报: close a month for every county, then issue the reports of the county and of each township."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from casemgr.rules.access import Access
from casemgr.services import area
from casemgr.services.area import AreaView
from casemgr.services.errors import Problem
from casemgr.services.job import Outcome, Run, describe
from casemgr.terms.area import AreaLevel, ancestor

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
    from casemgr.services import indicator, report  # polars and WeasyPrint stay out of start-up

    total = sum(2 + len(townships) for _county, townships in counties)
    done = closed = issued = 0
    failures: list[str] = []
    for county, townships in counties:
        access = run.claim.job.access(run.claim.job.name, county.code)
        run.step(done, total)
        if not _tried(failures, county.name, "月结", partial(indicator.close, access, run.period)):
            done += 2 + len(townships)
            continue
        closed += 1
        done += 1
        for place in (county, *townships):
            run.step(done, total)
            issued += _tried(
                failures, place.name, "月报", partial(report.issue, access, run.period, place.code)
            )
            done += 1
    run.step(total, total)
    text = f"{run.period} 月结：{closed} 个县（区）已结账，月报 {issued} 份。"
    if not failures:
        return Outcome(text)
    more = f"等 {len(failures)} 处" if len(failures) > NAMED else ""
    return Outcome(f"{text}未完成：{'；'.join(failures[:NAMED])}{more}。", ok=False, again=True)
