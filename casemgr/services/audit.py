"""审计: verify the chain, anchor its head outside the database."""

from __future__ import annotations

from casemgr.rules.access import Action
from casemgr.services.use_case import use_case
from casemgr.store import audit
from casemgr.store.audit import Verdict
from casemgr.store.queries import audit as queries
from casemgr.store.work import Work


@use_case(Action.AUDIT_VERIFY)
def verify(work: Work) -> Verdict:
    """Walk the whole chain and compare it with the anchors written outside the database."""
    last = audit.newest(work.session)  # what is added while this walks belongs to the next walk
    verdict = audit.verify(queries.all_entries(work, last), work.vault, queries.all_subjects(work, last))
    if verdict.broken is None:
        for seq, mac in queries.anchors(work):
            if queries.mac_of(work, seq) != mac:
                return Verdict(verdict.count, seq, "与锚点不符")
    return verdict


@use_case(Action.AUDIT_VERIFY, writes=True)
def anchor(work: Work) -> int:
    """Write the head of the chain down once more, in the anchor table and in a file; returns its number."""
    return queries.anchor(work)
