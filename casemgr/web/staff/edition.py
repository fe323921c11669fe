"""口径页: the editions of an area, two of them side by side, and a county's new one with its effect."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, edition, edition_effect, indicator
from casemgr.services.edition import Draft, Line
from casemgr.services.edition_effect import Effect
from casemgr.services.errors import Refused, Unfit
from casemgr.web import guard
from casemgr.web.staff import listing
from casemgr.web.staff.typed import Typed
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("edition", __name__)

LABELS = {"title": "名称", "source": "依据", "month": "生效月份", "lines": "正式指标", "known": "比照的月份"}


def _area() -> int:
    return listing.whole(request.args.get("area"), 1) or int(g.access.low)


def _labels() -> dict[str, str]:
    named = {one.key: one.name for one in edition.measures()}
    labels = {f"number-{name}": label for name, label in edition.NUMBER_LABELS.items()}
    for key, name in named.items():
        labels |= {f"target-{key}": f"{name} 目标", f"decimals-{key}": f"{name} 小数位数"}
    return labels | LABELS


@pages.get("/editions")
@guard.guard(Action.INDICATOR_READ)
def list_() -> str:
    """Every edition that has held or will hold here, and the numbers of counting in force."""
    return _list(_area(), 0, "", {})


def _list(area: int, key: int, typed: str, fields: dict[str, str]) -> str:
    today = clock.today()
    return render_template(
        "edition/list.html",
        area=area,
        withdrawn=edition.taken_back(g.access, area),
        key=key,
        typed=typed,
        fields=fields,
        labels={"because": "撤回的原因"},
        views=edition.of_area(g.access, area, today),
        numbers=edition.numbers(g.access, area, today),
        measures={one.key: one for one in edition.measures()},
        may_add=g.access.may(Action.INDICATOR_CLOSE),
        last_month=_last_month(),
    )


@pages.post("/editions")
@guard.guard(Action.INDICATOR_CLOSE)
def withdraw() -> Response | tuple[str, int]:
    """Take back an edition that is not yet in force; pressed twice, the second press is told."""
    form = request.form
    area = listing.whole(form.get("area"), 1) or int(g.access.low)
    key, because = listing.whole(form.get("key"), 1) or 0, form.get("because", "")
    try:
        code = edition.withdraw(g.access, key, because, clock.today())
    except REFUSALS as wrong:
        return _list(area, key, because, by_field(wrong)), wrong.status
    flash(f"已撤回口径 {code}。它没有生效过，各项数字仍按前一版统计。", "good")
    return redirect(url_for("edition.list_", area=area), 303)


def _last_month() -> str:
    return f"{clock.today().replace(day=1) - timedelta(days=1):%Y-%m}"


@pages.get("/editions/compare")
@guard.guard(Action.INDICATOR_READ)
def compare() -> str | tuple[str, int]:
    """One month under two editions."""
    area, today = _area(), clock.today()
    views = edition.of_area(g.access, area, today)
    offered = edition.choices(views)
    codes = [one.id for one in offered]
    current = next((one.edition.id for one in views if one.current), codes[0])
    before = request.args.get("before", current)
    after = request.args.get("after", next((one for one in codes if one != before), before))
    month = request.args.get("month", "") or _last_month()
    fields: dict[str, str] = {}
    effect: Effect | None = None
    if before in codes and after in codes:
        try:
            effect = edition_effect.compare(g.access, area, month, before, after)
        except Unfit as wrong:
            fields = dict(wrong.fields)
        except Refused as wrong:
            fields = {"month": wrong.message}
    page = render_template(
        "edition/compare.html",
        area=area,
        offered=offered,
        before=before,
        after=after,
        month=month,
        effect=effect,
        closed=indicator.closed(g.access, month, area) if effect else None,
        fields=fields,
        labels={"month": "月份"},
    )
    return (page, 422) if fields else page


@pages.get("/editions/new")
@guard.guard(Action.INDICATOR_CLOSE)
def new() -> str:
    """The form of a new edition, as empty as it can be: what is official now is shown beside."""
    return _form(MultiDict({"once": str(edition.begin()), "known": _last_month()}), {}, None)


def _form(given: MultiDict[str, str], fields: dict[str, str], effect: Effect | None) -> str:
    area = listing.whole(given.get("area"), 1) or _area()
    today = clock.today()
    current = next(one for one in edition.of_area(g.access, area, today) if one.current)
    return render_template(
        "edition/new.html",
        area=area,
        given=given,
        chosen=set(given.getlist("lines")),
        fields=fields,
        labels=_labels(),
        effect=effect,
        measures=edition.measures(),
        numbers=edition.numbers(g.access, area, today),
        current=current.edition,
    )


def _decimals(text: str | None) -> int:
    """The printed decimals chosen; something that is no choice becomes one that is refused."""
    found = 2 if text is None else listing.whole(text)
    return -1 if found is None else found


@pages.post("/editions/new")
@guard.guard(Action.INDICATOR_CLOSE)
def add() -> Response | tuple[str, int] | str:
    """Show what the edition would change, or lay it down."""
    form = request.form
    area = listing.whole(form.get("area"), 1) or int(g.access.low)
    known = {one.key for one in edition.measures()}
    draft = Draft(
        form.get("title", ""),
        form.get("source", ""),
        form.get("month", ""),
        tuple(
            Line(key, _decimals(form.get(f"decimals-{key}")), form.get(f"target-{key}", ""))
            for key in dict.fromkeys(form.getlist("lines"))
            if key in known
        ),
        {name: form.get(f"number-{name}", "") for name in edition.NUMBER_LABELS},
    )
    try:
        once = Typed(form).key("once")
        if form.get("act") != "save":
            effect = edition_effect.preview(g.access, area, draft, form.get("known", "") or _last_month())
            return _form(form, {}, effect)
        code = edition.add(g.access, area, draft, once)
    except REFUSALS as wrong:
        fields = {("known" if name == "period" else name): said for name, said in by_field(wrong).items()}
        return _form(form, fields, None), wrong.status
    flash(f"已保存口径 {code}。从生效月份起，各项数字按它统计；已冻结的月份不变。", "good")
    return redirect(url_for("edition.list_", area=area), 303)
