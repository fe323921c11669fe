"""审计查阅: what the audit administrator sees — entries by account and key, the last verdict, the anchors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from casemgr.rules.access import Action
from casemgr.rules.timetable import SHANGHAI
from casemgr.services.case_view import known
from casemgr.services.use_case import use_case
from casemgr.store import audit_archive as archives
from casemgr.store import sealed_files
from casemgr.store.audit import Anchor
from casemgr.store.queries import audit as queries
from casemgr.store.queries import job as jobs
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.job import RunState

WALK = "audit-verify"
FINISHED = (RunState.DONE.value, RunState.FAILED.value)
PAGE = 100
#: Without an anchor for this long, while entries were written, something is wrong.
SILENCE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """What the auditor asks for: ``group`` is one of :data:`GROUPS`; the page begins below ``before``."""

    since: date
    until: date
    group: str = ""
    account: int | None = None
    before: int = 0


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry as the auditor sees it: accounts by key and label, rows by key, nobody by name."""

    seq: int
    at: datetime
    account: int
    label: str
    role: Role
    reach: int
    action: str
    verb: str
    noun: str
    row_key: int | None
    case_key: int | None
    fields: str
    purpose: str
    count: int
    outcome: str
    request: str


@dataclass(frozen=True, slots=True)
class AnchorView:
    """One anchor: the entry it stands for, when, and the first characters of its seal to compare on paper."""

    seq: int
    at: datetime
    mark: str


@dataclass(frozen=True, slots=True)
class ArchiveView:
    """One archive: which entries, from when to when, and whether its file is here."""

    first: int
    through: int
    first_at: datetime
    last_at: datetime
    here: bool


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the audit, how the chain stood when it was last walked, and its anchors."""

    entries: tuple[EntryView, ...]
    more: bool
    checked_at: datetime | None
    checked: str
    sound: bool | None
    anchors: tuple[AnchorView, ...]
    silent: bool
    oldest: datetime | None
    installation: str


#: What entries can be filtered by, and the verbs of each.
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "reveal": ("查看身份、内容", ("reveal", "read", "allow")),
    "search": ("检索", ("search",)),
    "paper": ("打印、导出、下载", ("print", "export", "download")),
    "refuse": ("被拒绝", ("refuse",)),
    "change": (
        "新增、修改、删除",
        ("create", "change", "remove", "import", "move", "lock", "archive", "destroy"),
    ),
}


#: Verbs in words; any other stands as it is.
VERBS = {
    "reveal": "打开",
    "read": "查看",
    "search": "检索",
    "print": "打印",
    "export": "导出",
    "download": "下载",
    "refuse": "拒绝",
    "create": "新增",
    "change": "修改",
    "remove": "删除",
    "import": "导入",
    "allow": "显示姓名",
    "end": "结束显示",
    "settle": "办结",
    "assign": "分派",
    "remind": "提醒",
    "run": "运行",
    "move": "迁移",
    "lock": "封存",
    "copy": "对外提供",
    "confirm": "再次确认",
    "ask": "申请",
    "answer": "答复",
    "withdraw": "撤回",
    "break": "紧急查看",
    "approve": "同意",
    "enter": "用一次性代码设密码",
    "use": "使用恢复码",
    "drill": "演练",
    "prepare": "准备密钥",
    "restore": "恢复备份",
    "retire": "停用密钥",
    "archive": "归档",
    "destroy": "到期销毁",
    "rotate": "更换密钥",
    "rewrap": "重新封装密钥",
}


@use_case(Action.AUDIT_LIST)
def browse(work: Work, query: AuditQuery) -> AuditPage:
    """A page of entries, latest first; that somebody looked is an entry itself.

    Pseudonymous on purpose: who reads the audit sees accounts and keys, and no name of a patient.
    """
    verbs = GROUPS[query.group][1] if query.group in GROUPS else ()
    since = datetime.combine(query.since, time(), SHANGHAI)
    until = datetime.combine(query.until, time(), SHANGHAI) + timedelta(days=1)
    rows = queries.page(work, verbs, query.account, since, until, query.before, PAGE + 1)
    run = jobs.newest(work, WALK, FINISHED)
    anchors = queries.recent_anchors(work, 10)
    head = queries.head(work)
    anchored = anchors[0].at if anchors else None
    silent = head is not None and (anchored is None or head.at - anchored > SILENCE)
    work.note("read", "AuditEntry", count=min(len(rows), PAGE), fields=query.group)
    return AuditPage(
        entries=tuple(_entry(row) for row in rows[:PAGE]),
        more=len(rows) > PAGE,
        checked_at=run.finished_at if run is not None else None,
        checked=run.result if run is not None else "",
        sound=None if run is None else run.state == RunState.DONE.value,
        anchors=tuple(AnchorView(row.seq, row.at, bytes(row.seal or row.mac).hex()[:16]) for row in anchors),
        silent=silent,
        oldest=queries.oldest(work),
        installation=queries.installation_id(work),
    )


def _entry(row: Any) -> EntryView:
    return EntryView(
        row.seq,
        row.at,
        row.actor,
        row.actor_label,
        known(Role, row.role),
        row.reach,
        row.action,
        row.verb,
        row.noun,
        row.row_key,
        row.case_key,
        row.fields,
        row.purpose,
        row.count,
        row.outcome,
        row.request,
    )


@use_case(Action.AUDIT_LIST, writes=False)
def anchor_lines(work: Work) -> str:
    """Every anchor known here, a line each, for keeping somewhere else."""
    seen: dict[tuple[int, bytes], Anchor] = {(one.seq, one.seal): one for one in queries.anchors(work)}
    return "".join(f"{one.line()}\n" for _, one in sorted(seen.items()))


@use_case(Action.AUDIT_LIST, writes=False)
def archived(work: Work) -> tuple[ArchiveView, ...]:
    """Every archive of the chain, the oldest first."""
    return tuple(
        ArchiveView(
            row.first,
            row.through,
            row.first_at,
            row.last_at,
            sealed_files.exists(work, archives.FOLDER, row.through, archives.KIND),
        )
        for row in archives.rows(work)
    )
