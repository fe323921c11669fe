"""待办清单页: whom to see today and why, with one-tap outcomes; and the supervisor's view of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import area as areas
from casemgr.services import audit, clock, glass, question, saved_filter, supervision, worklist
from casemgr.services.errors import Problem, Unfit
from casemgr.services.saved_filter import View
from casemgr.services.worklist import Apart, DutyView, WorkQuery, WorkRow
from casemgr.terms.area import AreaLevel, level_of
from casemgr.terms.attempt import AttemptResult
from casemgr.terms.duty import Block, DutyKind
from casemgr.web import guard
from casemgr.web.staff import listing, steps
from casemgr.web.staff.case import AREA, KEY
from casemgr.web.staff.typed import Typed
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("work", __name__)

#: Names of the blocks in addresses.
BLOCKS: Mapping[str, Block] = {
    "today": Block.TODAY,
    "week": Block.WEEK,
    "late": Block.LATE,
    "lost": Block.LOST,
    "told": Block.TOLD,
}
BLOCK_WORDS = {block: word for word, block in BLOCKS.items()}
#: Pages of the records that duties without a file come from.
PLACES = {
    "clue": "/clues/{key}",
    "notice": "/notices/{key}",
    "transfer": "/transfers/{key}",
    "report": "/partners/report/{key}",
    "task": "/partners/task/{key}",
    "rights": "/rights/{key}",
    "told": "/rights/told/{key}",
    "benefit": "/benefits/{key}",
}
#: What somebody must be allowed to read before a link leads there.
READS = {
    "clue": Action.CLUE_READ,
    "notice": Action.NOTICE_READ,
    "transfer": Action.TRANSFER_READ,
    "report": Action.LIAISON_MANAGE,
    "task": Action.LIAISON_MANAGE,
    "rights": Action.RIGHTS_READ,
    "told": Action.RIGHTS_READ,
    "benefit": Action.SHARING_READ,
}
NO_ONE = "nobody"
LABELS = {"on": "日期", "label": "筛选的名称", "note": "备注"}
#: What an address may ask for; with none of it the list begins as the account has chosen.
ASKED = ("block", "village", "kind", "mine", "page", "size", "all", "near")


def _kind(text: str | None) -> DutyKind | None:
    number = listing.whole(text)
    return next((one for one in DutyKind if int(one) == number), None)


def _query(township: int, values: Mapping[str, str]) -> WorkQuery:
    return WorkQuery(
        area=township,
        block=BLOCKS.get(values.get("block", "")),
        village=listing.whole(values.get("village")),
        kind=_kind(values.get("kind")),
        mine=values.get("mine") == "1",
        page=listing.whole(values.get("page"), 1) or 1,
        size=listing.whole(values.get("size"), 1) or 50,
        begin=not any(name in values for name in ASKED),
    )


def _given(query: WorkQuery | View) -> dict[str, str]:
    """The filters as an address carries them."""
    found = {
        "block": BLOCK_WORDS[query.block] if query.block is not None else "",
        "village": "" if query.village is None else str(query.village),
        "kind": "" if query.kind is None else str(int(query.kind)),
        "mine": "1" if query.mine else "",
    }
    return {name: value for name, value in found.items() if value}


def _link(address: str, given: Mapping[str, str], bare: str, changes: Mapping[str, object]) -> str:
    """The address of this list with some filters changed; an empty one is taken away.

    ``bare`` is what asks for everything, where the list begins with a view of its own.
    """
    kept = {name: value for name, value in {**given, **changes}.items() if value != ""}
    return f"{address}?{urlencode(kept)}" if kept else bare


def _steps() -> Callable[[WorkRow, DutyView], str]:
    """Tells the page on which a duty is done, empty when there is none and for who does no duties."""
    if not g.access.may(Action.FOLLOWUP_RECORD):
        return lambda _row, _duty: ""
    there = {kind: place for kind, place in steps.PAGE_OF_DUTY.items() if steps.there(place)}
    if DutyKind.REFER in there:
        there[DutyKind.REFER] = "/case/{case}/referral?visit={origin}"

    def step_of(row: WorkRow, duty: DutyView) -> str:
        return there.get(duty.kind, "").format(case=row.case_id, origin=duty.origin)

    return step_of


def _place(one: Apart) -> str:
    pattern, action = PLACES[one.noun], READS.get(one.noun)
    reads = action is None or g.access.may(action)
    return pattern.format(key=one.key) if reads and steps.there(pattern) else ""


@pages.get("/work", defaults={"code": None})
@pages.get(f"/work/<{AREA}:code>")
@guard.guard(Action.DUTY_READ)
def page(code: int | None) -> str:
    """The list of one township; a county begins with the townships."""
    place = g.access.low if code is None else code
    if level_of(place) is not AreaLevel.TOWNSHIP:
        return _overview(place)
    return _list(place, request.args, request.full_path.rstrip("?"))


def _list(
    place: int, values: Mapping[str, str], here: str, typed: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The list under the filters in ``values``; ``typed`` fills the forms again that were refused."""
    query, today = _query(place, values), clock.today()
    names = listing.names()
    found = worklist.worklist(g.access, query, today, names.purpose)
    query = found.query
    given = _given(query)
    own = place == g.access.low
    address = "/work" if own else f"/work/{place}"
    bare = f"{address}?all=1" if any(one.first for one in found.views) else address
    near = listing.whole(values.get("near"))
    return render_template(
        "work/list.html",
        work=found,
        query=query,
        given=given,
        address=address,
        bare=bare,
        link=partial(_link, address, given, bare),
        back=_link(address, given, bare, {"near": "~"})[:-1],
        views=[(one, _link(address, _given(one), bare, {}), _given(one) == given) for one in found.views],
        names_views=g.access.may(Action.FILTER_WRITE),
        own=own,
        place_name=g.person.area_name if own else areas.get(g.access, place).name,
        names=names,
        purposes=listing.PURPOSES,
        words=BLOCK_WORDS,
        results=AttemptResult.choices(),
        step_of=_steps(),
        place_of=_place,
        visit=steps.there("/case/{case}/visit") and g.access.may(Action.FOLLOWUP_RECORD),
        attempt=steps.there("/case/{case}/attempt") and g.access.may(Action.FOLLOWUP_RECORD),
        reach=g.access.may(Action.IDENTITY_REVEAL),
        assigns=g.access.may(Action.DUTY_ASSIGN),
        near=next((one for one in found.villages if one[0] == near), None),
        here=here,
        typed=typed,
        ticked=frozenset(_ticked()) if typed else frozenset(),
        today=today,
        glass_waiting=glass.waiting(g.access) if own and g.access.may(Action.GLASS_REVIEW) else None,
    )


# --- views with a name ---------------------------------------------------------------------------


@pages.post(f"/work/<{AREA}:code>/views")
@guard.guard(Action.FILTER_WRITE)
def save_view(code: int) -> Response | tuple[str, int]:
    """Give what is shown a name."""
    values = request.form
    try:
        saved_filter.save(
            g.access,
            code,
            values.get("label", "")[:200],
            block=BLOCKS.get(values.get("block", "")),
            village=listing.whole(values.get("village")),
            kind=_kind(values.get("kind")),
            mine=values.get("mine") == "1",
            first=values.get("first") == "1",
        )
    except REFUSALS as wrong:
        return _refused(wrong)
    flash("已保存常用筛选。", "good")
    return redirect(_back(), 303)


@pages.post(f"/work/views/<{KEY}:key>")
@guard.guard(Action.FILTER_WRITE)
def change_view(key: int) -> Response:
    """Delete one of one's own views, or let the list begin with it, or no longer."""
    if request.form.get("do") == "remove":
        code = saved_filter.remove(g.access, key)
        flash("已删除常用筛选，清单中的事项不受影响。", "good")
    else:
        first = request.form.get("do") == "first"
        code = saved_filter.begin_with(g.access, key, first)
        flash("以后打开待办先显示这个筛选。" if first else "以后打开待办先显示全部。", "good")
    own = code == g.access.low
    return redirect(f"{url_for('work.page') if own else url_for('work.page', code=code)}?all=1", 303)


# --- batches --------------------------------------------------------------------------------------


def _ticked() -> list[int]:
    found = (listing.whole(text) for text in request.form.getlist("case")[:500])
    return [one for one in found if one is not None and one < 2**63]


def _back() -> str:
    return guard.safe_next(request.form.get("back")) or url_for("work.page")


def _account(name: str) -> int | None:
    text = request.form.get(name, "")
    number = listing.whole(text)
    if text != NO_ONE and (number is None or number >= 2**63):
        raise Unfit(
            "没有分派。", fields={name: "还没有选择人员，不知道交给谁。请从列表中选择一位，或选“不指定”。"}
        )
    return None if text == NO_ONE else number


def _refused(wrong: Problem, key: int = 0) -> tuple[str, int]:
    """The list from which something was asked, with what was ticked and typed; else the error page."""
    parts = urlsplit(_back())
    try:
        endpoint, named = current_app.url_map.bind("").match(parts.path)
    except HTTPException:
        raise wrong from None
    place = named.get("code") or g.access.low
    if endpoint != "work.page" or level_of(place) is not AreaLevel.TOWNSHIP:
        raise wrong
    sentence = "".join(wrong.fields.values()) or wrong.message
    by_field(type(wrong)(sentence, rule=wrong.rule))
    typed = {**request.form.to_dict(), "duty": str(key)}
    return _list(place, dict(parse_qsl(parts.query)), parts.geturl(), typed), wrong.status


@pages.post("/work/batch")
@guard.guard(Action.DUTY_ASSIGN)
def batch() -> Response | tuple[str, int]:
    """Remind of the ticked people on a day, or give them to somebody."""
    cases = _ticked()
    try:
        if not cases:
            raise Unfit("还没有勾选患者。请先勾选，再点“提醒”或“分派”。")
        if request.form.get("do") == "assign":
            count = worklist.assign(g.access, cases, _account("account"))
            flash(f"已分派 {count} 人的应办事项。", "good")
        else:
            typed = Typed(request.form)
            on = typed.day("on", "提醒日期")
            typed.settle()
            if on is None:
                raise Unfit("没有设置提醒。", fields={"on": "还没有填写提醒日期。请选择日期，或不设提醒。"})
            count = worklist.remind(g.access, cases, on, clock.today())
            flash(f"已为 {count} 人设置 {on.isoformat()} 提醒。", "good")
    except REFUSALS as wrong:
        return _refused(wrong)
    return redirect(_back(), 303)


@pages.post("/work/sheet")
@guard.guard(Action.DUTY_READ)
def sheet() -> str:
    """The ticked people on one sheet of paper, for a trip through the villages."""
    township = listing.whole(request.form.get("area")) or g.access.low
    names = listing.names()
    rows = worklist.chosen(g.access, township, _ticked(), clock.today(), names.purpose)
    return render_template(
        "work/sheet.html",
        rows=rows,
        names=names,
        place=areas.get(g.access, township),
        today=clock.today(),
        anchor=audit.on_paper(g.access),
    )


@pages.post(f"/duty/<{KEY}:key>/settle")
@guard.guard(Action.FOLLOWUP_RECORD)
def settle(key: int) -> Response | tuple[str, int]:
    """Say that something was done that no other record tells."""
    typed = Typed(request.form)
    try:
        on = typed.day("on", "办理日期")
        typed.settle()
        worklist.settle(g.access, key, on or clock.today(), clock.today())
    except REFUSALS as wrong:
        return _refused(wrong, key)
    flash("已记为办结。", "good")
    return redirect(_back(), 303)


# --- supervisors ----------------------------------------------------------------------------------


def _overview(place: int) -> str:
    today = clock.today()
    return render_template(
        "work/overview.html",
        place=areas.get(g.access, place),
        rows=supervision.townships(g.access, place, today),
        asked={one.code: one for one in question.per_township(g.access, place)},
        today=today,
        first=date(today.year, 1, 1),
    )


@pages.get(f"/work/<{AREA}:code>/staff")
@guard.guard(Action.DUTY_READ)
def staff(code: int) -> str:
    """Who holds how many duties of a township; stand-ins and handing over."""
    return _staff(code, {}, {})


def _staff(code: int, given: Mapping[str, str], fields: Mapping[str, str]) -> str:
    today = clock.today()
    return render_template(
        "work/staff.html",
        place=areas.get(g.access, code),
        team=supervision.team(g.access, code, today),
        given=given,
        fields=fields,
        today=today,
        first=date(today.year, 1, 1),
        nobody=NO_ONE,
        assigns=g.access.may(Action.DUTY_ASSIGN),
    )


def _answer(code: int, wrong: Problem) -> tuple[str, int]:
    given: dict[str, Any] = {name: request.form.get(name, "") for name in request.form if name != "csrf"}
    return _staff(code, given, by_field(wrong)), wrong.status


@pages.post(f"/work/<{AREA}:code>/hand-over")
@guard.guard(Action.DUTY_ASSIGN)
def hand_over(code: int) -> Response | tuple[str, int]:
    """All open duties of one account go to another."""
    try:
        count = worklist.hand_over(g.access, code, _account("giver"), _account("taker"))
    except REFUSALS as wrong:
        return _answer(code, wrong)
    flash(f"已交接 {count} 项应办事项。" if count else "没有需要交接的应办事项。", "good")
    return redirect(url_for("work.staff", code=code), 303)


@pages.post(f"/work/<{AREA}:code>/stand-in")
@guard.guard(Action.DUTY_ASSIGN)
def stand_in(code: int) -> Response | tuple[str, int]:
    """Somebody takes over the duties of somebody absent, from a day to a day."""
    typed = Typed(request.form)
    try:
        since, until = typed.day("since", "开始日期"), typed.day("until", "结束日期")
        typed.settle()
        supervision.stand_in(
            g.access, code, _account("absent"), _account("instead"), since, until, clock.today()
        )
    except REFUSALS as wrong:
        return _answer(code, wrong)
    flash("已登记代班。", "good")
    return redirect(url_for("work.staff", code=code), 303)


@pages.post(f"/stand-in/<{KEY}:key>/end")
@guard.guard(Action.DUTY_ASSIGN)
def end_stand_in(key: int) -> Response:
    """The absent one is back."""
    code = supervision.end_stand_in(g.access, key, clock.today())
    flash("代班已结束。", "good")
    return redirect(url_for("work.staff", code=code), 303)
