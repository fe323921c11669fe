"""小组材料: what the office of the group (综治) sees in its window — totals, members' tasks, meeting sheets.

Everything is written out for it; nobody is named. Totals are those printed in the latest monthly report of
its own area, with exactly the cells that the report hides. Tasks say which member owes an answer by when, and
neither about whom nor what is asked. A sheet of a meeting holds the bands that were laid before it.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from casemgr.rules.access import Action
from casemgr.services import clock, report
from casemgr.services.partner import named
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.identity import open_texts
from casemgr.store.models import GroupSheet
from casemgr.store.queries import liaison as queries
from casemgr.store.queries import report as reports
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.area import span_of
from casemgr.terms.liaison import PaperKind, TaskAnswer
from casemgr.terms.report import ReportKind

READING = "小组材料"
HIDDEN = "人数少，不写"
#: A sheet is a title and lines of (what, how much); both are printed as they are.
Body = dict[str, Any]


@use_case(Action.JOB_RUN)
def write_out(work: Work, today: date) -> int:
    """Bring the totals and the tasks of every group office in line; how many sheets were written anew.

    A statement when no office has an account; a few for each that has one.
    """
    written = 0
    for to, live in queries.staffed(work, today).items():
        if to.role is not Role.POLITICAL_LEGAL or not live:
            continue
        totals = _totals(work, to.area)
        if totals is not None:
            written += _put(work, to.area, PaperKind.TOTALS, totals, today, None)
        written += _put(work, to.area, PaperKind.TASKS, _tasks(work, to.area), today, None)
    return written


def lay_out(work: Work, area: int, meeting: int, body: Body, today: date) -> None:
    """Write the sheet of a meeting out for every office of the group within its area."""
    low, high = span_of(area)
    for to, live in queries.staffed(work, today).items():
        if to.role is Role.POLITICAL_LEGAL and live and low <= to.area < high:
            _put(work, to.area, PaperKind.MEETING, body, today, meeting)


def _put(work: Work, area: int, kind: PaperKind, body: Body, today: date, origin: int | None) -> int:
    text = json.dumps(body, ensure_ascii=False)
    old = queries.group_sheet(work, int(Role.POLITICAL_LEGAL), area, int(kind), origin)
    if old is None:
        work.add(
            GroupSheet(
                id=new_key(),
                area=area,
                receiver=int(Role.POLITICAL_LEGAL),
                receiver_area=area,
                kind=int(kind),
                on=today,
                origin=origin,
                body=Plain(text),
                recorded_at=clock.now(),
            )
        )
        return 1
    if open_texts(work, "GroupSheet", [(old.id, old.body)], READING)[0] == text:
        return 0
    old.body, old.on, old.seen_at, old.recorded_at = Plain(text), today, None, clock.now()
    return 1


def _totals(work: Work, area: int) -> Body | None:
    """What the latest monthly report of the area prints; ``None`` where none was issued."""
    row = reports.latest(work, int(ReportKind.MONTHLY), area)
    figures: Any = None if row is None else report.frozen(work, row)
    if figures is None:
        return None
    lines = [("在册人数（人）", str(figures.registered))]
    for one in figures.risk.shares:
        lines.append((f"危险性评估 {one.name}（人）", HIDDEN if one.hidden else str(one.count)))
    for rate in figures.rates:
        if rate.official:
            value = HIDDEN if rate.hidden else "—" if rate.value is None else f"{rate.value} {rate.unit}"
            lines.append((rate.name, value))
    title = f"{figures.area_name} {figures.period} 汇总（月报 {figures.number}）"
    return {"title": title, "columns": ["项目", "数值"], "lines": lines}


def _tasks(work: Work, area: int) -> Body:
    """Which member owes an answer by when, and which have come; nothing of what was asked."""
    low, high = span_of(area)
    rows = queries.tasks_within(work, low, high)
    names = queries.area_names(work, [one.receiver_area for one in rows])
    lines = []
    for one in rows:
        answer = None if one.answer is None else TaskAnswer.read(one.answer)
        state = f"已答复：{answer.label}" if answer is not None else "待答复"
        member = named(Role.read(one.receiver), names.get(one.receiver_area, ""))
        lines.append((member, one.asked_on.isoformat(), one.due_on.isoformat(), state))
    return {"title": "成员单位协查进展", "columns": ["成员单位", "提出", "期限", "进展"], "lines": lines}
