"""网页门: opens the Chinese pages on an application and refuses to start if one of them is unguarded."""

from __future__ import annotations

from flask import Blueprint, Flask, request
from flask.sessions import SecureCookieSessionInterface
from werkzeug.routing import IntegerConverter, ValidationError

from casemgr.web import csrf, errors, filters, guard, headers, health, login, shell, unsaved, uploads, veil
from casemgr.web.staff import (
    account,
    approval,
    audit,
    benefit,
    care,
    case,
    certification,
    closing,
    clue,
    comparison,
    contact,
    county,
    data_request,
    edition,
    emergency,
    exchange,
    fact,
    factor,
    filled,
    form,
    glass,
    group_meeting,
    help,
    home,
    hospital,
    impact,
    incident,
    injection,
    job,
    leaving,
    ledger,
    matrix,
    medicine,
    misuse,
    monitoring,
    notice,
    partner,
    pattern,
    post,
    question,
    rate,
    referral,
    registration,
    report,
    retention,
    rights,
    search,
    sharing,
    sheet,
    state,
    subsidy,
    township,
    transfer,
    visit,
    work,
)

#: Every blueprint of the staff pages; a new noun adds its ``pages`` here.
PAGES: tuple[Blueprint, ...] = (
    login.pages,
    home.pages,
    work.pages,
    county.pages,
    rate.pages,
    fact.pages,
    edition.pages,
    closing.pages,
    township.pages,
    case.pages,
    monitoring.pages,
    care.pages,
    injection.pages,
    emergency.pages,
    incident.pages,
    referral.pages,
    visit.pages,
    search.pages,
    veil.pages,
    clue.pages,
    registration.pages,
    question.pages,
    sheet.pages,
    filled.pages,
    contact.pages,
    state.pages,
    transfer.pages,
    rights.pages,
    retention.pages,
    leaving.pages,
    notice.pages,
    pattern.pages,
    sharing.pages,
    benefit.pages,
    subsidy.pages,
    group_meeting.pages,
    comparison.pages,
    data_request.pages,
    impact.pages,
    misuse.pages,
    audit.pages,
    medicine.pages,
    partner.pages,
    post.pages,
    hospital.pages,
    ledger.pages,
    account.pages,
    certification.pages,
    matrix.pages,
    glass.pages,
    factor.pages,
    exchange.pages,
    approval.pages,
    report.pages,
    form.pages,
    job.pages,
    help.pages,
)


class MessageCookie(SecureCookieSessionInterface):
    """Flask's own cookie, which here carries the message for the next page and nothing else."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


class RowKey(IntegerConverter):
    """A number in an address that a database can hold; any other leads nowhere instead of into a fault."""

    regex = r"[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        number = int(value)
        if number >= 2**63:
            raise ValidationError
        return number


def open_on(app: Flask) -> None:
    """Register the pages on ``app``; raises :class:`~casemgr.web.guard.Unguarded` if one has no guard."""
    app.config.update(
        SESSION_COOKIE_NAME="casemgr-flash",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_PATH="/",
        TEMPLATES_AUTO_RELOAD=app.debug,
    )
    app.session_interface = MessageCookie()
    app.url_map.converters["int"] = RowKey
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.request_class = uploads.MemoryRequest
    health.install(app)
    guard.install(app)
    veil.install(app)
    csrf.install(app)
    errors.install(app)
    filters.install(app)
    shell.install(app)
    unsaved.install(app)
    for pages in PAGES:
        app.register_blueprint(pages)
    headers.install(app)
    if open_pages := guard.unguarded(app):
        raise guard.Unguarded("these pages have no guard: " + ", ".join(open_pages))
