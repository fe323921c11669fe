"""审计页: entries by account and key with filters, the last verdict about the chain, its anchors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from casemgr.rules.access import Action
from casemgr.services import audit, audit_view, clock
from casemgr.services.audit_view import GROUPS, AuditQuery
from casemgr.web import guard
from casemgr.web.staff import listing
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("audit", __name__)

#: Days that are shown when none are asked for.
USUAL = timedelta(days=6)


def _day(text: str | None, otherwise: date) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return otherwise


def _query() -> AuditQuery:
    today = clock.today()
    until = _day(request.args.get("until"), today)
    since = _day(request.args.get("since"), until - USUAL)
    group = request.args.get("group", "")
    return AuditQuery(
        min(since, until),
        until,
        group if group in GROUPS else "",
        listing.whole(request.args.get("account")),
        listing.whole(request.args.get("before"), 1) or 0,
    )


@pages.get("/audit")
@guard.guard(Action.AUDIT_LIST)
def page() -> str:
    """A page of entries, latest first, with filters; how the chain stood, and the anchors."""
    return _page()


def _page(verdict: audit.Verdict | None = None, fields: Mapping[str, str] | None = None) -> str:
    query = _query()
    return render_template(
        "audit/page.html",
        query=query,
        shown=audit_view.browse(g.access, query),
        groups=[(key, words) for key, (words, _) in GROUPS.items()],
        keys=audit.public_keys(g.access),
        archives=audit_view.archived(g.access),
        verbs=audit_view.VERBS,
        verdict=verdict,
        fields=fields or {},
        pasted=request.form.get("anchors", ""),
    )


@pages.post("/audit/verify")
@guard.guard(Action.AUDIT_VERIFY)
def verify() -> str | tuple[str, int]:
    """Walk the chain now, together with anchors that were kept elsewhere and pasted in."""
    pasted = request.form.get("anchors", "").splitlines()
    try:
        return _page(audit.verify(g.access, pasted if any(line.strip() for line in pasted) else None))
    except REFUSALS as wrong:
        return _page(fields=by_field(wrong)), wrong.status


@pages.get("/audit/anchors")
@guard.guard(Action.AUDIT_LIST)
def anchors() -> Response:
    """All anchors as lines, for keeping somewhere else."""
    name = f"anchors-{clock.today().isoformat()}.jsonl"
    answer = Response(audit_view.anchor_lines(g.access), mimetype="application/x-ndjson")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@pages.post("/audit/anchor")
@guard.guard(Action.AUDIT_VERIFY)
def anchor() -> Answer:
    """Anchor the head of the chain now instead of within ten minutes."""
    flash(f"审计链已锚定到第 {audit.anchor(g.access)} 条。", "good")
    return redirect(url_for("audit.page"), 303)
