"""应办事项: the worklist of a township without names, and the duties of one case."""

from __future__ import annotations

from typing import Any

from casemgr.api import fields as f
from casemgr.api.operation import Asked, Chapter
from casemgr.rules.access import Access, Action
from casemgr.services import clock, worklist
from casemgr.services.worklist import Worklist, WorkQuery
from casemgr.terms.duty import Block, DutyKind

chapter = Chapter("应办事项")


class Filters(f.Strict):
    """Which township, which block, which people; without an area that of the account."""

    area = f.AreaCode(load_default=None)
    block = f.Choice(Block, load_default=None)
    village = f.AreaCode(load_default=None)
    kind = f.Choice(DutyKind, load_default=None)
    mine = f.Flag(load_default=False)
    page = f.Whole(low=1, high=100_000, load_default=1)
    size = f.Size(worklist.SIZES, load_default=50)


class Duty(f.Shape):
    """One duty: until when, under which rule and why; ``days`` left are negative when it is overdue."""

    id = f.key("id")
    kind = f.coded()
    began_on = f.day()
    due_on = f.day()
    planned_on = f.day()
    days = f.whole()
    overdue_days = f.whole()
    rule = f.text()
    status = f.text()
    certain = f.flag()
    reason = f.text()
    urgency = f.coded()
    state = f.coded()
    ended_on = f.day(allow_none=True)


class Row(f.Shape):
    """One person of the worklist, without name: the duty that comes first and all others that are open."""

    id = f.key("case_id")
    file_no = f.text()
    village = f.text(attribute="village_name")
    sex = f.coded()
    age = f.whole(allow_none=True)
    block = f.coded()
    main = f.one(Duty)
    others = f.many(Duty)
    seen_on = f.day(allow_none=True)
    mode = f.coded()
    stability = f.coded()
    risk = f.coded()
    adherence = f.coded()
    tried_on = f.day(allow_none=True)
    tried = f.coded()
    agreed_on = f.day(allow_none=True)


class Apart(f.Shape):
    """A duty about somebody without a file here; one without a block is due later than the list looks."""

    kind = f.coded()
    noun = f.text()
    key = f.key("key")
    due_on = f.day()
    days = f.whole()
    rule = f.text()
    status = f.text()
    reason = f.text()
    block = f.coded()


class Count(f.Shape):
    """How many entries one block has; always equal to the rows and the entries apart that it lists."""

    block = f.coded()
    count = f.whole()


class List(f.Shape):
    """The worklist of a township on a day; ``total`` counts all pages of what was asked for."""

    on = f.day(attribute="today")
    counts = f.many(Count)
    folded = f.many(Count)
    items = f.many(Row, attribute="rows")
    apart = f.many(Apart)
    total = f.whole()
    page = f.whole()
    size = f.whole()


class Duties(f.Shape):
    """Every kept duty of one case, open ones first."""

    items = f.many(Duty)


@chapter.get("/worklist", action=Action.DUTY_READ, query=Filters, answer=List, refusals=(404,))
def list_(access: Access, asked: Asked) -> Worklist:
    """一个乡镇（街道）的待办清单，不含姓名，分页."""
    given = asked.query
    query = WorkQuery(
        area=given["area"],
        block=None if given["block"] is None else Block.read(given["block"]),
        village=given["village"],
        kind=None if given["kind"] is None else DutyKind.read(given["kind"]),
        mine=given["mine"],
        page=given["page"],
        size=given["size"],
    )
    return worklist.worklist(access, query, clock.today())


@chapter.get("/cases/{case_id}/duties", action=Action.DUTY_READ, answer=Duties, refusals=(404,))
def of_case(access: Access, asked: Asked) -> dict[str, Any]:
    """一份档案的应办事项，含已办结的."""
    return {"items": worklist.of_case(access, asked.path["case_id"], clock.today())}
