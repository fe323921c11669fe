"""备份与恢复: one sealed file of everything but the keys, and back into an empty installation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from casemgr import __version__
from casemgr.rules.access import Access, Action
from casemgr.services import audit
from casemgr.services.errors import Refused
from casemgr.services.use_case import use_case, within
from casemgr.store import backup, readiness
from casemgr.store.backup import BadBackup, Manifest, Unpacked
from casemgr.store.queries import account as accounts
from casemgr.store.vault import Vault
from casemgr.store.work import Work

NOT_EMPTY = (
    "这里已经有登记库，没有恢复任何内容：恢复会盖掉现有的记录。"
    "请另设一个空的 CASEMGR_INSTANCE（和空的数据库）再恢复，或先把现有的登记库备份并移走。"
)
NOT_ALONE = (
    "登记库是空的，但文件夹里还有 {1} 个同名文件（{0}），没有恢复任何内容：恢复会盖掉它们。"
    "其中的审计锚点能说明备份之后缺了哪些记录。请把它们移到别处保存，再恢复。"
)


@dataclass(frozen=True, slots=True)
class BackupView:
    """What a backup holds: when and by which version it was made, rows, files, newest audit entry."""

    made_at: str
    version: str
    schema: str
    rows: int
    files: int
    audit_seq: int
    size: int = 0
    sessions_ended: int = 0
    tokens_revoked: int = 0
    #: Anchors kept elsewhere are newer than the backup: what was entered after it is missing.
    behind: bool = False


def _view(manifest: Manifest) -> BackupView:
    return BackupView(
        manifest.made_at,
        manifest.version,
        manifest.schema,
        sum(manifest.rows.values()),
        len(manifest.files),
        manifest.seq,
    )


def create(access: Access, out: Path, now: datetime) -> BackupView:
    """Write an encrypted backup to ``out`` while everybody goes on working.

    Raises :class:`Refused` with a sentence when it cannot be made; nothing is left behind then.
    """
    instance, ring, vault = _home(access)
    try:
        made = backup.create(out, instance, ring, vault, __version__, now.isoformat(timespec="seconds"))
    except BadBackup as wrong:
        raise Refused(str(wrong)) from None
    _note(access, "backup", sum(made.rows.values()), f"seq={made.seq}")
    shown = _view(made)
    return BackupView(
        shown.made_at,
        shown.version,
        shown.schema,
        shown.rows,
        shown.files,
        shown.audit_seq,
        out.stat().st_size,
    )


@use_case(Action.BACKUP_MANAGE, writes=False)
def _home(work: Work) -> tuple[Path, Path, Vault]:
    home = within(work)
    return home.instance, home.keys.path, work.vault


@use_case(Action.BACKUP_MANAGE)
def _note(work: Work, verb: str, count: int, fields: str) -> None:
    work.note(verb, "Installation", count=count, fields=fields)


def check(access: Access, source: Path) -> BackupView:
    """Open a backup and compare every part of it with its manifest; nothing is restored."""
    instance, _, vault = _home(access)
    unpacked = _unpacked(source, instance, vault)
    unpacked.forget()
    return _view(unpacked.manifest)


def _unpacked(source: Path, instance: Path, vault: Vault) -> Unpacked:
    try:
        return backup.unpack(source, instance, vault, set(readiness.known_migrations()))
    except BadBackup as wrong:
        raise Refused(str(wrong)) from None


def restore(access: Access, source: Path, upgrade: Callable[[], None]) -> BackupView:
    """Bring a backup back into an empty installation, up to date, with nobody signed in.

    ``upgrade`` brings the tables to the newest migration. Raises :class:`Refused` with a sentence, and leaves
    the installation as empty as it was, when anything at all is not as it must be.
    """
    instance, _, vault = _home(access)
    if not backup.is_empty():
        raise Refused(NOT_EMPTY)
    unpacked = _unpacked(source, instance, vault)
    if there := backup.in_the_way(unpacked.manifest, instance):
        unpacked.forget()
        raise Refused(NOT_ALONE.format("、".join(there[:5]), len(there)))
    try:
        backup.place(unpacked, instance)
        upgrade()
        verdict = audit.verify(access)
        # A backup is older than the newest anchor outside, if there is one; that is no fault of the chain.
        behind = verdict.reason == audit.EARLIER
        if verdict.broken is not None and not behind:
            raise BadBackup(
                f"备份里的审计链在第 {verdict.broken} 条断开（{verdict.reason}），没有恢复任何内容。"
                "请改用另一份备份，并把这份交给安全管理员。"
            )
        ended, revoked = _nobody_in(access, unpacked.manifest.seq)
    except BadBackup as wrong:
        backup.take_away(unpacked, instance)
        raise Refused(str(wrong)) from None
    except BaseException:
        backup.take_away(unpacked, instance)
        raise
    finally:
        unpacked.forget()
    shown = _view(unpacked.manifest)
    return BackupView(
        shown.made_at,
        shown.version,
        shown.schema,
        shown.rows,
        shown.files,
        shown.audit_seq,
        source.stat().st_size,
        ended,
        revoked,
        behind,
    )


@use_case(Action.BACKUP_MANAGE)
def _nobody_in(work: Work, seq: int) -> tuple[int, int]:
    """End every session and revoke every token: what was revoked after the backup must not live again."""
    sessions = accounts.all_sessions(work)
    for session in sessions:
        work.remove(session)
    tokens = accounts.living_tokens(work)
    for token in tokens:
        token.revoked = True
    work.note("restore", "Installation", fields=f"seq={seq}", count=len(sessions))
    return len(sessions), len(tokens)
