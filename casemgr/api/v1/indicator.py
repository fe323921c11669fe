"""指标: figures of a month or of today, the people behind them, and why one person is or is not counted."""

from __future__ import annotations

from typing import Any

from casemgr.api import fields as f
from casemgr.api.operation import Asked, Chapter
from casemgr.rules.access import Access, Action
from casemgr.services import clock, indicator
from casemgr.services.errors import Missing

chapter = Chapter("指标")

PAGE = 200
LONGEST_TREND = 60


class MonthAndArea(f.Strict):
    """A month, and an area if not the caller's own."""

    period = f.Month(required=True)
    area = f.AreaCode(load_default=None)


class AreaOnly(f.Strict):
    """An area if not the caller's own."""

    area = f.AreaCode(load_default=None)


class Behind(f.Strict):
    """One number: area, indicator, part; of a month, or of today when no month is given."""

    area = f.AreaCode(load_default=None)
    key = f.Text(required=True, shortest=1, longest=40)
    part = f.OneOf(indicator.PARTS, load_default="numerator")
    period = f.Month(load_default="")
    page = f.Whole(low=1, high=1_000_000, load_default=1)


class Shortfall(f.Strict):
    """One indicator of one area in one month."""

    period = f.Month(required=True)
    area = f.AreaCode(load_default=None)
    key = f.Text(required=True, shortest=1, longest=40)


class Course(f.Strict):
    """One indicator of one area over the last months that have ended."""

    area = f.AreaCode(load_default=None)
    key = f.Text(required=True, shortest=1, longest=40)
    months = f.Whole(low=1, high=LONGEST_TREND, load_default=indicator.MONTHS)


class MonthOrToday(f.Strict):
    """A month, or today when none is given."""

    period = f.Month(load_default="")


class Figure(f.Shape):
    """One figure; ``value`` has two decimals, empty without a denominator. ``distance`` is in persons."""

    key = f.text()
    name = f.text()
    unit = f.text()
    numerator = f.whole()
    denominator = f.whole(allow_none=True)
    value = f.text(allow_none=True)
    target = f.text(allow_none=True)
    met = f.flag(allow_none=True)
    official = f.flag()
    variant = f.text()
    base_set = f.text()
    rules = f.texts()
    status = f.text()
    distance = f.whole(allow_none=True)


class AreaFigures(f.Shape):
    """The figures of one area."""

    code = f.text()
    name = f.text()
    level = f.whole()
    population = f.whole(allow_none=True)
    indicators = f.many(Figure)


class Computation(f.Shape):
    """The figures of an area and of every area below it down to the township."""

    period = f.text(attribute="period.month")
    as_of = f.day()
    edition = f.text()
    areas = f.many(AreaFigures)


class PersonVerdict(f.Shape):
    """One person behind a number, and why."""

    id = f.key("case_id")
    file_no = f.text()
    area = f.text()
    village = f.text(allow_none=True)
    counted = f.flag(allow_none=True)
    reason = f.text()
    rule = f.text()


class People(f.Shape):
    """The people behind a number; ``total`` is the number."""

    items = f.many(PersonVerdict)
    total = f.whole()
    page = f.whole()
    size = f.whole()


class GapPerson(f.Shape):
    """One person missing to a target; ``missing`` acts are needed (empty: none would help) by ``until``."""

    id = f.key("case_id")
    file_no = f.text()
    area = f.text()
    village = f.text(allow_none=True)
    missing = f.whole(allow_none=True)
    until = f.day(allow_none=True)
    reason = f.text()
    rule = f.text()
    change = f.text()


class Gap(f.Shape):
    """Who is missing to the target of one figure, least missing first."""

    period = f.text(attribute="period.month")
    as_of = f.day()
    area = f.text()
    figure = f.one(Figure)
    items = f.many(GapPerson, attribute="people")


class TrendPoint(f.Shape):
    """One month; empty where it was not closed."""

    month = f.text()
    numerator = f.whole(allow_none=True)
    denominator = f.whole(allow_none=True)
    value = f.text(allow_none=True)


class Trend(f.Shape):
    """Closed figures over the months, oldest first."""

    key = f.text()
    name = f.text()
    unit = f.text()
    target = f.text(allow_none=True)
    points = f.many(TrendPoint)


class Explanation(f.Shape):
    """Whether and why one person counts for one indicator, and what would change it."""

    key = f.text()
    name = f.text()
    counted = f.flag(allow_none=True)
    reason = f.text()
    rule = f.text()
    change = f.text()
    status = f.text()
    missing = f.whole(allow_none=True)
    until = f.day(allow_none=True)


class Explanations(f.Shape):
    """All indicators for one person."""

    items = f.many(Explanation)
    total = f.whole()


def _area(access: Access, asked: Asked) -> int:
    return access.low if asked.query["area"] is None else int(asked.query["area"])


@chapter.get(
    "/indicators/computed",
    action=Action.INDICATOR_READ,
    query=MonthAndArea,
    answer=Computation,
    refusals=(404,),
)
def computed(access: Access, asked: Asked) -> Any:
    """一个月的全部指标与口径，按现有记录现算，不保存."""
    return indicator.compute(access, asked.query["period"], _area(access, asked))


@chapter.get(
    "/indicators/closed",
    action=Action.INDICATOR_READ,
    query=MonthAndArea,
    answer=Computation,
    refusals=(404,),
)
def closed(access: Access, asked: Asked) -> Any:
    """一个月已经结账的指标."""
    found = indicator.closed(access, asked.query["period"], _area(access, asked))
    if found is None:
        raise Missing("这个月还没有结账。请等到下月 1 日自动月结，或由县级人员手动月结。")
    return found


@chapter.get(
    "/indicators/live", action=Action.INDICATOR_READ, query=AreaOnly, answer=Computation, refusals=(404,)
)
def live(access: Access, asked: Asked) -> Any:
    """截至今天的指标."""
    return indicator.live(access, _area(access, asked), clock.today())


@chapter.get("/indicators/people", action=Action.CASE_LIST, query=Behind, answer=People, refusals=(404,))
def people(access: Access, asked: Asked) -> dict[str, Any]:
    """一个数字背后的人，不含姓名，人数与数字相等，分页."""
    day = asked.query["period"] or clock.today()
    page, of = asked.query["page"], _area(access, asked)
    start = (page - 1) * PAGE
    found = indicator.behind(access, of, asked.query["key"], day, asked.query["part"], start=start, size=PAGE)
    # A page past the end is empty here; only for eyes the last page is shown instead.
    shown = found.people if start < found.total else ()
    return {"items": shown, "total": found.total, "page": page, "size": PAGE}


@chapter.get("/indicators/gap", action=Action.CASE_LIST, query=Shortfall, answer=Gap, refusals=(404,))
def gap(access: Access, asked: Asked) -> Any:
    """离目标还差的人，差得最少的在前，不含姓名."""
    return indicator.gap(access, asked.query["period"], _area(access, asked), asked.query["key"])


@chapter.get("/indicators/trend", action=Action.INDICATOR_READ, query=Course, answer=Trend, refusals=(404,))
def trend(access: Access, asked: Asked) -> Any:
    """一个指标最近若干个月的结账数."""
    key = asked.query["key"]
    return indicator.trend(access, _area(access, asked), [key], asked.query["months"])[0]


@chapter.get("/cases/{case_id}/indicators", action=Action.CASE_LIST, query=MonthOrToday, answer=Explanations)
def explain(access: Access, asked: Asked) -> dict[str, Any]:
    """一份档案在各指标中是否计入，以及原因."""
    found = indicator.explain(access, asked.path["case_id"], asked.query["period"] or clock.today())
    return {"items": found, "total": len(found)}
