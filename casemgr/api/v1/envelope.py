"""信封: a visit or an attempt posted by a phone or another system; sending twice changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from casemgr.api import fields as f
from casemgr.api.operation import Asked, Chapter
from casemgr.api.sending import Question, refuse_marks
from casemgr.forms.json_schema import from_json
from casemgr.rules.access import Access, Action
from casemgr.services import clock, followup
from casemgr.services.followup import LONGEST_DEVICE, LONGEST_ID, Answer, Envelope, Receipt
from casemgr.services.visit_sheet import CURRENT, DATES, FORMS, NO_SYMPTOMS, incident_key, why_key
from casemgr.terms.incident import DangerousAct

chapter = Chapter("随访")

VISIT, ATTEMPT = "followup", "attempt"
REASONS = 40


class DatedAct(f.Strict):
    """The day of one counted act; ``kind`` as in 危险行为 of 表8."""

    kind = f.Choice(DangerousAct, required=True)
    on = f.Day(required=True)


class Sent(f.Strict):
    """One filled form on its way; ``data`` by the schema of ``/forms/{form}`` in that version.

    ``visit`` and ``expects`` (the version that was shown) are given when a visit is edited. ``symptoms`` as
    an empty list means that none was found; left out it is 未评估. ``reasons`` answers questions by their id.
    """

    id = f.Text(required=True, shortest=1, longest=LONGEST_ID)
    form = f.OneOf((VISIT, ATTEMPT), required=True)
    version = f.Text(longest=16, load_default=CURRENT.version)
    case = f.Id(required=True)
    visit = f.Id(load_default=None, allow_none=True)
    expects = f.Whole(low=1, high=32_767, load_default=None, allow_none=True)
    filled_at = fields.AwareDateTime(
        format="iso",
        load_default=None,
        allow_none=True,
        error_messages={
            "invalid": "时间应写成 2026-11-21T09:30:00+08:00 这样。",
            "invalid_awareness": "时间应带时区。",
        },
    )
    device = f.Text(longest=LONGEST_DEVICE, load_default="")
    data = fields.Dict(
        keys=fields.String(),
        required=True,
        error_messages={"required": f.REQUIRED, "null": f.EMPTY, "invalid": "应为一个 JSON 对象。"},
    )
    incidents = fields.List(fields.Nested(DatedAct), load_default=list)
    reasons = fields.Dict(
        keys=fields.String(),
        values=f.Text(longest=200),
        load_default=dict,
        error_messages={"invalid": "应为一个 JSON 对象。"},
    )
    reason = f.Text(longest=200, load_default="")


class Side(f.Shape):
    """One field on both sides of a conflict, in words."""

    key = f.text()
    label = f.text()
    theirs = f.text()
    mine = f.text()


class Sides(f.Shape):
    """What somebody else has kept of the same visit, beside what was sent; ``version`` is theirs."""

    visit = f.key("visit_id")
    version = f.whole()
    on = f.day()
    by = f.text()
    fields_ = f.many(Side, data_key="fields", attribute="fields")


class Proposed(f.Shape):
    """The class that the decision table suggests."""

    stability = f.coded()
    reason = f.text()
    rule = f.text()


class VisitKept(f.Shape):
    """The answer: accepted, already_here, changed, older, unfit, refused or conflict."""

    id = f.text()
    answer = f.text(metadata={"enum": [one.value for one in Answer]})
    case = f.key("case")
    visit = fields.String(required=True, allow_none=True, metadata={"pattern": "^[0-9]{1,19}$"})
    version = f.whole(allow_none=True)
    message = f.text()
    fields_ = f.Words(required=True, data_key="fields", attribute="fields")
    questions = f.many(Question)
    later = f.many(Question)
    next_on = f.day(allow_none=True)
    suggestion = f.one(Proposed, allow_none=True)
    change = f.text(metadata={"enum": ["none", "raised", "lowered"]})
    clock_off = f.flag()
    sides = f.one(Sides, allow_none=True)


@chapter.post("/envelopes", action=Action.FOLLOWUP_RECORD, body=Sent, answer=VisitKept, refusals=(404, 409))
def post(access: Access, asked: Asked) -> dict[str, Any]:
    """收下一张填好的随访表或一次联系记录；同一信封重复发送不产生变化."""
    told = asked.body
    refuse_marks(told["data"])
    if told["form"] == ATTEMPT:
        return _attempt(access, told)
    form = FORMS.get(told["version"], CURRENT)
    raw, unknown = from_json(form, told["data"])
    if told["data"].get("symptoms") == []:
        raw[NO_SYMPTOMS] = ["1"]
    count: dict[int, int] = {}
    for one in told["incidents"]:
        count[one["kind"]] = min(count.get(one["kind"], 0) + 1, DATES)
        raw[incident_key(one["kind"], count[one["kind"]])] = [one["on"].isoformat()]
    for check, text in list(told["reasons"].items())[:REASONS]:
        raw[why_key(check)] = [text]
    if unknown:
        wrong = dict.fromkeys(unknown, "这个版本的表中没有这一项。请核对版本，或去掉这一项。")
        return _kept(told["id"], Receipt(Answer.UNFIT, told["case"], message=followup.UNFIT, fields=wrong))
    envelope = Envelope(
        id=told["id"],
        case_id=told["case"],
        data=raw,
        version=told["version"],
        filled_at=told["filled_at"],
        device=told["device"],
        visit_id=told["visit"],
        expects=told["expects"],
        reason=told["reason"],
    )
    return _kept(told["id"], followup.record(access, envelope, clock.today(), clock.now()))


def _attempt(access: Access, told: Mapping[str, Any]) -> dict[str, Any]:
    odd = [key for key, value in told["data"].items() if isinstance(value, bool | list | dict | float)]
    if odd:
        wrong = dict.fromkeys(odd, "应为文字或整数。请改正，或去掉这一项。")
        return _kept(told["id"], Receipt(Answer.UNFIT, told["case"], message=followup.UNFIT, fields=wrong))
    data = {key: "" if value is None else str(value) for key, value in told["data"].items()}
    envelope = Envelope(
        id=told["id"],
        case_id=told["case"],
        data={key: [text] for key, text in data.items()},
        filled_at=told["filled_at"],
    )
    return _kept(told["id"], followup.record_attempt(access, envelope, clock.today(), clock.now()))


def _kept(id: str, receipt: Receipt) -> dict[str, Any]:
    return {
        "id": id,
        "answer": receipt.answer.value,
        "case": str(receipt.case_id),
        "visit": None if receipt.visit_id is None else str(receipt.visit_id),
        "version": receipt.version,
        "message": receipt.message,
        "fields": dict(receipt.fields),
        "questions": receipt.questions,
        "later": receipt.later,
        "next_on": receipt.next.on if receipt.next is not None else None,
        "suggestion": receipt.suggestion,
        "change": receipt.change.value,
        "clock_off": receipt.clock_off,
        "sides": receipt.sides,
    }


class DraftIn(f.Strict):
    """What was typed so far, as texts by key."""

    data = fields.Dict(
        keys=fields.String(),
        values=fields.List(f.Prose(longest=4_000)),
        required=True,
        error_messages={"required": f.REQUIRED, "null": f.EMPTY, "invalid": "应为一个 JSON 对象。"},
    )
    step = f.Whole(low=1, high=7, load_default=1)
    id = f.Text(required=True, shortest=1, longest=LONGEST_ID)
    version = f.OneOf(tuple(FORMS), load_default=CURRENT.version)


class DraftOut(f.Shape):
    """One's own draft; ``id`` is the envelope it will become."""

    id = f.text()
    version = f.text()
    step = f.whole()
    saved_at = f.moment()
    data = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)


class Drafts(f.Shape):
    """None or one."""

    items = f.many(DraftOut)


@chapter.get("/cases/{case_id}/draft", action=Action.FOLLOWUP_RECORD, answer=Drafts)
def draft(access: Access, asked: Asked) -> dict[str, Any]:
    """本人在这份档案上未写完的随访草稿."""
    return _draft(access, asked.path["case_id"])


@chapter.post("/cases/{case_id}/draft", action=Action.DRAFT_WRITE, body=DraftIn, answer=Drafts)
def keep_draft(access: Access, asked: Asked) -> dict[str, Any]:
    """存下未写完的随访草稿；每人每份档案一份."""
    told = asked.body
    case = asked.path["case_id"]
    refuse_marks(told["data"])
    followup.save_draft(access, case, told["data"], told["step"], told["id"], told["version"])
    return _draft(access, case)


def _draft(access: Access, case: int) -> dict[str, Any]:
    form = followup.open_visit(access, case, clock.today())
    if form.draft is None:
        return {"items": []}
    kept = {
        "id": form.once,
        "version": form.form.version,
        "step": form.draft.step,
        "saved_at": form.draft.saved_at,
        "data": {key: list(texts) for key, texts in form.raw.items()},
    }
    return {"items": [kept]}
