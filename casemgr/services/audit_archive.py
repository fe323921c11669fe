"""审计归档: entries older than their term leave the table for a sealed file; the chain goes on over it."""

from __future__ import annotations

from datetime import date, timedelta

from casemgr.rules.access import Access, Action
from casemgr.rules.retention import is_over
from casemgr.services import clock
from casemgr.services.errors import Conflict
from casemgr.services.use_case import use_case
from casemgr.store import audit
from casemgr.store import audit_archive as archives
from casemgr.store.queries import audit as queries
from casemgr.store.work import Work
from casemgr.terms.retention import Kept

#: What the database itself asks for, whatever the list of terms says; a day more than there.
FLOOR = timedelta(days=1_096)
BROKEN = "审计链在第 {} 条断开（{}），没有归档：断开的部分是证据，须原样保留。请先核查。"


@use_case(Action.RETENTION_RUN)
def _batch(work: Work, today: date) -> int:
    now = clock.now()
    before = archives.rows(work)
    seq, mac = (before[-1].through, bytes(before[-1].mac)) if before else (0, audit.NOTHING)
    entries = []
    for entry in queries.oldest_entries(work, seq, archives.MOST):
        day = entry.at.astimezone(clock.SHANGHAI).date()
        if not is_over(Kept.AUDIT, day, today) or now - entry.at < FLOOR:
            break
        entries.append(entry)
    if not entries:
        return 0
    subjects = list(queries.subjects_between(work, seq, entries[-1].seq))
    found = audit.verify(iter(entries), work.vault, iter(subjects), seq, mac)
    if found.broken is not None:
        raise Conflict(BROKEN.format(found.broken, found.reason))
    first, last, count = entries[0].seq, entries[-1].seq, len(entries)
    archives.put_away(work, entries, subjects, now)
    work.note(
        "archive", "AuditEntry", row_key=last, count=count, fields=f"{first}-{last}", purpose="保存期满"
    )
    return count


def archive(access: Access, today: date) -> int:
    """Put away every entry over its term, a file at a time; how many.

    A part that does not verify is left where it is: raises :class:`Conflict` naming its first entry.
    """
    count = 0
    while moved := _batch(access, today):
        count += moved
    return count
