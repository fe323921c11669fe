"""告知单: report cards and discharge sheets — entered, forwarded, accepted, filed, returned, corrected."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from casemgr.api import fields as f
from casemgr.api.operation import Asked, Chapter
from casemgr.api.sending import FORM_BODY, Kept, Outcome, Sending, Versioned, done, form_data, keep
from casemgr.forms.json_schema import from_json
from casemgr.rules.access import Access, Action
from casemgr.services import clock, notice
from casemgr.services.case_view import term
from casemgr.services.errors import Unfit
from casemgr.services.notice import Asked as Form
from casemgr.services.register import purpose_of
from casemgr.terms.notice import NoticeKind, NoticeState
from casemgr.terms.purpose import Purpose

chapter = Chapter("告知单")

STEPS = tuple(notice.STEPS)
UNKNOWN = "这张表中没有这一项。请核对拼写，或去掉这一项。"


class NoticeFilters(f.Strict):
    """Which notices."""

    state = f.Choice(NoticeState, load_default=None)


class NoticeClock(f.Shape):
    """One term: until when, when it was kept, and its rule."""

    label = f.text()
    due_on = f.day()
    done_on = f.day(allow_none=True)
    late = f.flag()
    rule = f.text()
    status = f.text()


class NoticeLine(f.Shape):
    """One notice without a name; ``clock`` is the term that runs now."""

    id = f.key("id")
    kind = f.coded()
    state = f.coded()
    place = f.text()
    happened_on = f.day()
    received_on = f.day()
    clock = f.one(NoticeClock, allow_none=True)
    case = fields.String(attribute="case_id", required=True, allow_none=True)


class NoticeCount(f.Shape):
    """How many notices are in one state."""

    state = f.one(f.Coded)
    count = f.whole()


class Notices(f.Shape):
    """The latest notices within reach, and how many there are of each state."""

    items = f.many(NoticeLine)
    counts = f.many(NoticeCount)


class Notice(f.Shape):
    """One notice without what stands in it; ``steps`` may be taken now."""

    notice = f.one(NoticeLine, attribute="row")
    version = f.whole()
    report_type = f.coded()
    title = f.text()
    clocks = f.many(NoticeClock)
    steps = f.texts()


class NoticeWhy(f.Strict):
    """The purpose of opening; it is written into the audit."""

    purpose = f.Choice(Purpose, required=True)


class NoticeFact(f.Shape):
    """One line of the form in words."""

    label = f.text()
    text = f.text()


class NoticeSame(f.Shape):
    """A file within reach that carries the same identity number."""

    id = f.text()
    file_no = f.text()


class OpenedNotice(f.Shape):
    """All that stands in a notice, opened."""

    id = f.text()
    facts = f.many(NoticeFact)
    reason = f.text()
    same = f.many(NoticeSame)


class NoticeIn(Sending):
    """What came in: 表3 (kind 1) or 表4 (kind 2), ``data`` by the schema of ``/forms/{name}``.

    ``name`` there is ``report_card`` or ``discharge``. ``to`` is a township it is forwarded to at once.
    """

    kind = f.Choice(NoticeKind, required=True)
    received_on = f.Day(required=True)
    to = f.AreaCode(load_default=None)
    data = form_data()


class NoticeStep(Versioned):
    """The next step; forwarding takes ``to``, filing ``case``, returning and correcting ``reason``.

    Correcting a report that has a file on the register takes ``file``: exclude or keep it.
    """

    step = f.OneOf(STEPS, required=True)
    to = f.AreaCode(load_default=None)
    case = f.Id(load_default=None)
    reason = f.Prose(longest=300, load_default="")
    file = f.OneOf((notice.EXCLUDE, notice.KEEP), load_default="")


@chapter.get("/notices", action=Action.NOTICE_READ, query=NoticeFilters, answer=Notices)
def list_(access: Access, asked: Asked) -> dict[str, Any]:
    """辖区内的报告卡和出院信息单，不含姓名，新的在前."""
    counts = notice.counts(access)
    return {
        "items": notice.list_(access, term(NoticeState, asked.query["state"]), clock.today()),
        "counts": [{"state": state, "count": count} for state, count in counts.items()],
    }


@chapter.post(
    "/notices", action=Action.NOTICE_WRITE, body=NoticeIn, answer=Kept, largest=FORM_BODY, refusals=(404,)
)
def enter(access: Access, asked: Asked) -> dict[str, Any]:
    """录入收到的报告卡或出院信息单；同一编号重复发送不产生变化."""
    told = asked.body
    kind = NoticeKind.read(told["kind"])

    def act(key: int) -> Outcome:
        raw, unknown = from_json(notice.begin(kind).form, told["data"])
        if unknown:
            raise Unfit("没有保存。", fields=dict.fromkeys(unknown, UNKNOWN))
        found = notice.enter(access, kind, key, raw, told["received_on"], told["to"], clock.today())
        if isinstance(found, Form):
            return Outcome("unfit", message="没有保存，请改正后再试。", fields=found.problems)
        return done(found, None)

    return keep(access, "notice", None, told, act)


@chapter.get("/notices/{notice_id}", action=Action.NOTICE_READ, answer=Notice)
def read(access: Access, asked: Asked) -> dict[str, Any]:
    """一份告知单的进度、时限和可走的下一步，不含内容."""
    found = notice.get(access, asked.path["notice_id"], clock.today(), "")
    return {
        "row": found.row,
        "version": found.version,
        "report_type": found.report_type,
        "title": found.title,
        "clocks": found.clocks,
        "steps": sorted(found.steps),
    }


@chapter.post("/notices/{notice_id}/reveal", action=Action.NOTICE_READ, body=NoticeWhy, answer=OpenedNotice)
def reveal(access: Access, asked: Asked) -> dict[str, Any]:
    """查看一份告知单的内容；须说明目的，查看留痕."""
    key = asked.path["notice_id"]
    why = purpose_of(str(asked.body["purpose"])).label
    found = notice.get(access, key, clock.today(), why)
    return {
        "id": str(key),
        "facts": [{"label": label, "text": text} for label, text in found.facts],
        "reason": found.reason,
        "same": [{"id": str(case), "file_no": number} for case, number in found.same],
    }


@chapter.post("/notices/{notice_id}/steps", action=Action.NOTICE_WRITE, body=NoticeStep, answer=Kept)
def step(access: Access, asked: Asked) -> dict[str, Any]:
    """告知单的下一步：转基层、接收、归档、退回或更正."""
    told, key = asked.body, asked.path["notice_id"]
    version, today = told["version"], clock.today()

    def act(_key: int) -> Outcome:
        if told["step"] == "forward":
            notice.forward(access, key, version, told["to"], today)
        elif told["step"] == "accept":
            notice.accept(access, key, version, today)
        elif told["step"] == "return":
            notice.give_back(access, key, version, told["reason"], today)
        elif told["step"] == "correct":
            notice.correct(access, key, version, told["reason"], today, told["file"])
        elif told["case"] is None:
            raise Unfit("没有保存。", fields={"case": "请给出要归入的档案。"})
        else:
            notice.file_to(access, key, version, told["case"], today)
        return done(key, told["case"] if told["step"] == "file" else None)

    return keep(
        access, "notice.step", key, told, act,
        version=lambda: notice.get(access, key, clock.today(), "").version,
    )  # fmt: skip
