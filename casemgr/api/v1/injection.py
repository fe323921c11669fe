"""长效针剂: where the courses of a township or of one person stand, a dose given, the data of products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casemgr.api import fields as f
from casemgr.api.operation import Asked, Chapter
from casemgr.api.sending import Finding, Kept, Outcome, Sending, keep
from casemgr.rules.access import Access, Action
from casemgr.services import clock, injection, injection_calendar, product
from casemgr.services.errors import Missing
from casemgr.services.injection import DoseEntry, InjectionCard
from casemgr.terms.injection import Place, Reaction, Role, Side, Site

chapter = Chapter("长效针剂")

MISSING = "这份档案没有长效针剂记录。"


class Flag(f.Shape):
    """Something to look at; it forbids nothing."""

    code = f.text()
    level = f.coded()
    text = f.text()
    sources = f.texts()
    verified = f.flag()


class Advice(f.Shape):
    """Where a course stands and what the label says; never an order. ``verified`` false is 待核对."""

    product = f.text()
    name = f.text()
    status = f.coded()
    rule = f.text()
    last_on = f.day(allow_none=True)
    last_role = f.text()
    number = f.whole()
    elapsed = f.whole(allow_none=True)
    due = f.day(allow_none=True)
    window_open = f.day(attribute="opens", allow_none=True)
    window_close = f.day(attribute="closes", allow_none=True)
    remind_on = f.day(allow_none=True)
    guidance = f.text()
    sources = f.texts()
    verified = f.flag()
    local = f.text()
    flags = f.many(Flag)
    cover_until = f.day(allow_none=True)
    without_basis = f.flag()


class DoseOut(f.Shape):
    """One dose with its place in the course; ``told``: the role was entered, otherwise inferred."""

    id = f.key("id")
    on = f.day()
    product = f.text()
    dose = f.text()
    role = f.text()
    told = f.flag()
    number = f.whole(allow_none=True)
    site = f.text()
    side = f.text()
    batch = f.text()
    place = f.text()
    reaction = f.text()
    incomplete = f.flag(attribute="partial")
    cold_checked = f.flag(allow_none=True)
    observed_until = f.text()
    followed_on = f.day(allow_none=True)
    stopped_on = f.day(allow_none=True)


class Card(f.Shape):
    """The injections of one person; ``advice`` is about the course that runs."""

    id = f.key("case_id")
    advice = f.one(Advice, allow_none=True)
    stopped_on = f.day(allow_none=True)
    stop_reason = f.text()
    doses = f.many(DoseOut)


class CourseOut(f.Shape):
    """One person of a township with the course that runs, without name."""

    id = f.key("case_id")
    file_no = f.text()
    village = f.text()
    group = f.text(attribute="group.label")
    advice = f.one(Advice)


class Courses(f.Shape):
    """Everybody with injections in a township, most pressing first."""

    on = f.day(attribute="today")
    items = f.many(CourseOut)


class Township(f.Strict):
    """Which township; without one that of the account."""

    area = f.AreaCode(load_default=None)


class FigureOut(f.Shape):
    """One figure of a product with where it was read."""

    key = f.text()
    group = f.text()
    name = f.text()
    unit = f.text()
    value = f.text()
    sources = f.texts()
    verified = f.flag()


class ProductOut(f.Shape):
    """One product as it holds for the county of the account."""

    id = f.text()
    name = f.text()
    enabled = f.flag()
    figures = f.many(FigureOut)


class Products(f.Shape):
    """All products of the list."""

    items = f.many(ProductOut)


class DoseIn(Sending):
    """One dose; an empty role is inferred from the course."""

    product = f.Text(required=True, shortest=1, longest=24)
    on = f.Day(required=True)
    dose_ug = f.Whole(low=1, high=10_000_000, load_default=None, allow_none=True)
    incomplete = f.Flag(load_default=False)
    interval_days = f.Whole(low=1, high=400, load_default=None, allow_none=True)
    role = f.Choice(Role, load_default=None)
    role_reason = f.Text(longest=200, load_default="")
    site = f.Choice(Site, load_default=None)
    side = f.Choice(Side, load_default=None)
    batch = f.Text(longest=40, load_default="")
    cold_checked = f.Flag(load_default=None, allow_none=True)
    place = f.Choice(Place, load_default=None)
    given_at = f.Text(longest=100, load_default="")
    referral = f.Id(load_default=None, allow_none=True)
    reaction = f.Choice(Reaction, load_default=None)
    observed_until = f.Text(longest=5, load_default="")
    next_on = f.Day(load_default=None, allow_none=True)
    note = f.Prose(longest=500, load_default="")


@chapter.get("/injections", action=Action.INJECTION_READ, query=Township, answer=Courses, refusals=(404,))
def list_(access: Access, asked: Asked) -> dict[str, Any]:
    """一个乡镇（街道）的长效针剂：窗口、即将关闭、已错过；不含姓名."""
    today = clock.today()
    found = injection_calendar.calendar(access, asked.query["area"], today.replace(day=1), today)
    return {"today": today, "items": [one for _, rows in found.groups for one in rows]}


@chapter.get("/products", action=Action.INJECTION_READ, answer=Products)
def products(access: Access, _asked: Asked) -> dict[str, Any]:
    """长效针剂产品数据：每个数字及其出处、是否核对；含本县录入的."""
    return {"items": product.list_(access)}


@chapter.get("/cases/{case_id}/injections", action=Action.INJECTION_READ, answer=Card, refusals=(404,))
def of_case(access: Access, asked: Asked) -> InjectionCard:
    """一份档案的长效针剂：现在到哪一步、说明书怎么说、历次注射；不含文字说明."""
    found = injection.card(access, asked.path["case_id"], clock.today())
    if found is None:
        raise Missing(MISSING)
    return found


def _code(kind: Any, value: int | None) -> Any:
    return None if value is None else kind.read(value)


@chapter.post("/cases/{case_id}/injections", action=Action.INJECTION_WRITE, body=DoseIn, answer=Kept)
def record(access: Access, asked: Asked) -> dict[str, Any]:
    """登记一针；针次按记录推断，值得核对的写在 later 里，不阻止保存."""
    told, case, today = asked.body, asked.path["case_id"], clock.today()

    def act(key: int) -> Outcome:
        entry = _entry(told)
        questions = injection.look(access, case, entry, key, today).questions
        kept = injection.record(access, case, key, entry, today).recorded
        later = tuple(Finding(one.code, "Q", one.field, one.text) for one in questions)
        return Outcome("already_here" if kept.again else "accepted", key, case, later=later)

    return keep(access, "dose", case, told, act, case=case)


def _entry(told: Mapping[str, Any]) -> DoseEntry:
    observed = told["observed_until"]
    return DoseEntry(
        told["product"],
        told["on"],
        told["dose_ug"],
        told["incomplete"],
        told["interval_days"],
        _code(Role, told["role"]),
        told["role_reason"],
        _code(Site, told["site"]),
        _code(Side, told["side"]),
        told["batch"],
        told["cold_checked"],
        _code(Place, told["place"]),
        told["given_at"],
        told["referral"],
        _code(Reaction, told["reaction"]),
        injection.clock_time(observed) if observed else None,
        told["next_on"],
        note=told["note"],
    )
