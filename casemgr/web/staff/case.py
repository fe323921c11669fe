"""患者页: the list of people, the people behind a number, and the page of one person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from flask import Blueprint, g, render_template, request

from casemgr.rules.access import Action
from casemgr.services import (
    area,
    caution,
    clock,
    event,
    gap,
    indicator,
    injection,
    ledger,
    medicine,
    monitoring,
    question,
    register,
    revision,
    worklist,
)
from casemgr.services import summary as sheet
from casemgr.services.errors import Unfit
from casemgr.services.event import OpenedEventText, Reached
from casemgr.services.register import OpenedIdentity
from casemgr.terms.area import AreaLevel, level_of
from casemgr.terms.duty import DutyState
from casemgr.terms.injection import CourseEnd
from casemgr.web import guard
from casemgr.web.staff import course, listing, notes, ribbon, steps

pages = Blueprint("case", __name__)

#: Numbers as addresses carry them; what no database can hold is no page.
KEY = "int(max=9223372036854775807)"
AREA = "int(max=999999999999)"


@pages.get("/cases")
@guard.guard(Action.CASE_LIST)
def list_() -> str:
    """Everybody within reach, by filters that may stand in an address; what is typed is searched by POST."""
    query = listing.query_of(request.args)
    found = register.cases(g.access, query, clock.today(), listing.names().purpose)
    return render_template(
        "case/list.html", areas=area_choices(), text="", fields={}, **listing.shown(query, found)
    )


def area_choices() -> list[tuple[int, str]]:
    """The townships a county's officer may narrow a list to; nothing to choose for a township's doctor."""
    if level_of(g.access.low) is AreaLevel.TOWNSHIP:
        return []
    tree = area.tree(g.access, AreaLevel.TOWNSHIP)
    return [(one.code, one.name) for one in tree if one.level is AreaLevel.TOWNSHIP]


@pages.get(f"/people/<{AREA}:area>/<key>/<part>")
@guard.guard(Action.CASE_LIST)
def people(area: int, key: str, part: str) -> str:
    """The people behind one number: exactly as many rows as the number says, each with a reason."""
    month = request.args.get("month", "")
    query = listing.query_of(
        request.args,
        area=area,
        key=key,
        part=part,
        month=month,
        because=request.args.get("because", "")[:8],
        lifecycle=None,
    )
    behind = register.behind(g.access, query, clock.today(), listing.names().purpose)
    return render_template(
        "case/people.html", behind=behind, month=month, **listing.shown(query, behind.page)
    )


@pages.get(f"/gap/<{AREA}:area>/<key>")
@guard.guard(Action.CASE_LIST)
def gaps(area: int, key: str) -> str:
    """Who is missing to a target and what would help, least missing first or village by village."""
    month = request.args.get("month", "")
    village = listing.whole(request.args.get("village"))
    by_village = request.args.get("order") == "village"
    size = listing.whole(request.args.get("size"), 1)
    names = listing.names()
    found = gap.of_area(
        g.access,
        area,
        key,
        month or clock.today(),
        clock.today(),
        village=village,
        by_village=by_village,
        number=min(listing.whole(request.args.get("page"), 1) or 1, 10**6),
        size=size if size in register.SIZES else 50,
        purpose=names.purpose,
    )
    return render_template(
        "case/gap.html",
        found=found,
        month=month,
        village=village,
        by_village=by_village,
        names=names,
        purposes=listing.PURPOSES,
    )


@pages.get(f"/case/<{KEY}:key>")
@guard.guard(Action.CASE_READ)
def page(key: int) -> str:
    """One person; names only while this session shows names, the identity closed."""
    return _page(key)


@pages.post(f"/case/<{KEY}:key>")
@guard.guard(Action.IDENTITY_REVEAL)
def identity(key: int) -> str | tuple[str, int]:
    """The same page with the identity opened for the purpose chosen; closed again on the next look."""
    purpose = request.form.get("purpose", "")
    try:
        opened = register.reveal_identity(g.access, key, purpose, clock.today())
    except Unfit as wrong:
        return _page(key, wrong=wrong.fields.get("purpose", wrong.message)), wrong.status
    return _page(key, opened, texts=event.texts(g.access, key, register.purpose_of(purpose).label))


@pages.post(f"/case/<{KEY}:key>/reach")
@guard.guard(Action.IDENTITY_REVEAL)
def reach(key: int) -> str:
    """The same page with one telephone number opened for calling; recorded as 随访."""
    who = "guardian" if request.form.get("who") == "guardian" else "self"
    return _page(key, reached=event.numbers(g.access, key, who))


def shown(key: int, unanswered: Mapping[str, str]) -> str:
    """The page again, with what is missing in the answer to one of its questions."""
    return _page(key, unanswered=unanswered)


def _page(
    key: int,
    opened: OpenedIdentity | None = None,
    wrong: str = "",
    reached: Reached | None = None,
    texts: tuple[OpenedEventText, ...] = (),
    unanswered: Mapping[str, str] = MappingProxyType({}),
) -> str:
    today = clock.today()
    view = register.case(g.access, key, today)
    events = event.of_case(g.access, key, today)
    until = g.person.names_until
    name = ""
    if opened is not None:
        name = opened.person.name
    elif until is not None and until > clock.now():
        name = register.reveal_names(g.access, [view.person_id], g.person.names_purpose).get(
            view.person_id, ""
        )
    writes = g.access.may(Action.EVENT_WRITE)
    watches = g.access.may(Action.MONITORING_READ)
    kept = worklist.of_case(g.access, key, today) if g.access.may(Action.DUTY_READ) else ()
    waiting = sorted(
        (one for one in kept if one.state is DutyState.OPEN), key=lambda one: (one.urgency, one.due_on)
    )
    dosage = medicine.card(g.access, key, today) if g.access.may(Action.MEDICINE_READ) else None
    return render_template(
        "case/page.html",
        view=view,
        events=events,
        offers=steps.offers(key, events, waiting) if writes else (),
        waiting=len(waiting),
        menu=steps.menu(key, view.lifecycle),
        edits=writes,
        quick=steps.quick(key),
        strip=steps.strip(key, view, events, waiting, today),
        told=notes.told(view, events, opened, texts, request.values.get("kind", "")),
        kinds=notes.KINDS,
        kind=request.values.get("kind", ""),
        explained=indicator.explain(g.access, key, today, further=False),
        course=course.of(view, events),
        injection=injection.card(g.access, key, today) if view.doses else None,
        injection_ends=CourseEnd.choices(),
        today=today,
        watch=monitoring.card(g.access, key, today) if watches else None,
        medicine_card=dosage,
        given=ledger.card(g.access, key) if events.given and g.access.may(Action.LIAISON_MANAGE) else None,
        medicine_strip=ribbon.of(dosage.adherence) if dosage is not None and dosage.adherence else None,
        readings=register.readings(g.access, key) if g.access.may(Action.AUDIT_READ) else None,
        name=name,
        opened=opened,
        reached=reached,
        wrong=wrong,
        questions=question.of_case(g.access, key, today),
        unanswered=unanswered,
        caution=caution.of_case(g.access, key),
        purposes=listing.PURPOSES,
    )


@pages.get(f"/case/<{KEY}:key>/changes")
@guard.guard(Action.CASE_READ)
def changes(key: int) -> str:
    """What was changed in one file, field by field; identifying values stay closed."""
    view = register.case(g.access, key, clock.today())
    return render_template(
        "case/changes.html",
        view=view,
        changes=revision.of_case(g.access, key),
        holds=g.access.may(Action.RETENTION_READ),
    )


@pages.get(f"/case/<{KEY}:key>/summary")
@guard.guard(Action.FORM_PRINT)
def summary_page(key: int) -> str:
    """What the sheet holds and that opening it is written down."""
    view = register.case(g.access, key, clock.today())
    return render_template("case/summary.html", view=view, opened=None)


@pages.post(f"/case/<{KEY}:key>/summary")
@guard.guard(Action.FORM_PRINT)
def summary(key: int) -> str:
    """The sheet that goes with a referral, opened for printing."""
    today = clock.today()
    view = register.case(g.access, key, today)
    year_ago = date(today.year - 1, today.month, 1)
    return render_template(
        "case/summary.html",
        view=view,
        opened=sheet.opened(g.access, key),
        events=event.of_case(g.access, key, today),
        recent=[one for one in view.visits if one.on >= year_ago][:8],
    )
