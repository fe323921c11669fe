"""综治例会: what is laid before the meeting of the group: counts in bands, tasks, what was withdrawn.

Nobody is named. Counts of people are given in bands of five, so that two meetings can be subtracted without
showing one person (REC-SMALL-1).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from casemgr.indicators.small_cells import LARGEST
from casemgr.reports.handed import Handed, HandedTable
from casemgr.rules.access import Access, Action
from casemgr.services import clock, giving
from casemgr.services.errors import Unfit
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.identity import open_texts
from casemgr.store.models.sharing import GroupMeeting
from casemgr.store.queries import area as areas
from casemgr.store.queries import sharing as queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.area import AreaLevel

READING = "工作例会"
LONGEST = 600
BAND = LARGEST + 1
#: What is counted, in the order of the sheet; the second says whether it counts people.
COUNTED = {
    "registered": ("在册人数", False),
    "shared": ("符合提供条件的人数", True),
    "new_acts": ("上次会议以来新增案（事）件（起）", True),
    "withdrawn": ("上次会议以来已向公安撤回的人数", True),
    "tasks_open": ("未办结的协查（项）", True),
    "tasks_late": ("其中已过期限（项）", True),
    "tasks_done": ("上次会议以来办结的协查（项）", True),
    "reports": ("上次会议以来部门报送的情况（件）", True),
    "subsidies": ("正在享受监护补助的人数", True),
    "referrals": ("正在社区康复转介或服务中的人数", True),
}


@dataclass(frozen=True, slots=True)
class MeetingView:
    """One meeting with its counts as they are shown to the group."""

    key: int
    on: date
    counts: tuple[tuple[str, str, str], ...]
    agenda: str = field(default="", repr=False)


def band(count: int) -> str:
    """A count of people as the group hears it: nothing smaller than a band of five."""
    if count == 0:
        return "0"
    low = count - count % BAND
    return f"{max(low, 1)}–{low + BAND - 1}"


def shown(counts: dict[str, int], before: dict[str, int] | None) -> tuple[tuple[str, str, str], ...]:
    """(what, now, before) of a meeting, people in bands."""
    found = []
    for name, (label, people) in COUNTED.items():
        words = [
            "—" if given is None or name not in given else band(given[name]) if people else str(given[name])
            for given in (counts, before)
        ]
        found.append((label, words[0], words[1]))
    return tuple(found)


@use_case(Action.SHARING_READ)
def list_(work: Work) -> tuple[MeetingView, ...]:
    """The meetings of the asker's area, latest first."""
    rows = queries.meetings(work, work.access.low)
    agendas = open_texts(work, "GroupMeeting", [(row.id, row.agenda) for row in rows], READING)
    return tuple(
        MeetingView(row.id, row.on, shown(row.counts, older.counts if older else None), agenda)
        for row, older, agenda in zip(rows, [*rows[1:], None], agendas, strict=False)
    )


@use_case(Action.SHARING_READ, writes=False)
def ahead(work: Work, today: date) -> tuple[tuple[str, str, str], ...]:
    """What the next meeting would be shown today."""
    rows = queries.meetings(work, work.access.low)
    before = rows[0] if rows else None
    return shown(_counts(work, before.on if before else None, today), before.counts if before else None)


def _counts(work: Work, since: date | None, today: date) -> dict[str, int]:
    start = since or date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    return {
        **queries.meeting_counts(work, start, today),
        "shared": len(giving.shared_with(work, Role.POLITICAL_LEGAL, today)),
        "withdrawn": queries.ended(work, int(Role.POLICE), start, today),
    }


def begin() -> int:
    """The key of the meeting to be."""
    return new_key()


def hold(access: Access, once: int, agenda: str, today: date) -> None:
    """Keep the counts and the agenda of a meeting of today; a second press changes nothing."""
    agenda = agenda.strip()
    if not 4 <= len(agenda) <= LONGEST:
        raise Unfit(
            "没有保存。",
            fields={"agenda": f"请用 4 到 {LONGEST} 字写明议程，一行一项。请勿写患者姓名和病情。"},
        )
    _hold(access, once, agenda, today)


@use_case(Action.SHARING_WRITE)
def _hold(work: Work, once: int, agenda: str, today: date) -> None:
    rows = queries.meetings(work, work.access.low)
    if any(row.id == once for row in rows):
        return
    if rows and rows[0].on == today:
        raise Unfit("没有保存。", fields={"agenda": "今天已经保存过一次会议材料。请直接打印，或改日再开。"})
    counts = _counts(work, rows[0].on if rows else None, today)
    work.add(
        GroupMeeting(
            id=once,
            area=work.access.low,
            on=today,
            counts=counts,
            agenda=Plain(agenda),
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    work.flush()
    from casemgr.services import group_window  # reports stay out of start-up

    lines = shown(counts, rows[0].counts if rows else None)
    body = {
        "title": f"例会 {today.isoformat()}",
        "columns": ["项目", "本次", "上次"],
        "lines": [*lines, *(("议程", one, "") for one in filter(None, agenda.splitlines()))],
    }
    group_window.lay_out(work, work.access.low, once, body, today)


@use_case(Action.SHARING_WRITE)
def sheet(work: Work, key: int, today: date) -> int | None:
    """Begin to print the sheet of one meeting; the key of the print, ``None`` without such a meeting."""
    rows = queries.meetings(work, work.access.low)
    place = next((at for at, row in enumerate(rows) if row.id == key), None)
    if place is None:
        return None
    row, before = rows[place], rows[place + 1] if place + 1 < len(rows) else None
    (agenda,) = open_texts(work, "GroupMeeting", [(row.id, row.agenda)], READING)
    found = areas.within(work, work.access.low, work.access.low + 1, int(AreaLevel.TOWNSHIP))
    name = next((one.name for one in found if one.code == work.access.low), "")
    giving.enter_totals(work, f"例会-{row.on:%Y%m%d}")
    counts = shown(row.counts, before.counts if before else None)
    lines = tuple((str(at), words, "", "") for at, words in enumerate(filter(None, agenda.splitlines()), 1))
    written = Handed(
        title="精神卫生综合管理小组例会材料",
        number=f"例会-{row.on:%Y%m%d}",
        to="综合管理小组各成员单位",
        facts=(
            ("地区", name),
            ("会议日期", row.on.isoformat()),
            ("上次会议", before.on.isoformat() if before else "无（按本季度统计）"),
        ),
        paragraphs=(),
        tables=(
            HandedTable(
                "议程",
                ("序号", "事项", "结论", "责任单位和期限"),
                lines,
                frozenset({0}),
                written=frozenset({2, 3}),
            ),
            HandedTable(
                "情况",
                ("项目", "本次", "上次"),
                counts,
                frozenset({1, 2}),
                "人数按五人一档，不写具体数；不含姓名、诊断、用药。",
            ),
        ),
        closing=(
            "已撤回的人员，各单位应停止使用原有内容，并销毁已抄录、打印的材料。",
            "本材料只在会议上使用，会后由综治联络员统一收回。",
        ),
        unit=giving.place(work),
        day=today,
        mark=giving.mark(work),
        signatures=("主持人", "记录人"),
    )
    return giving.draw(work, written, 1)
