"""转诊: referrals up and back, step by step."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from casemgr.api import fields as f
from casemgr.api.operation import Asked, Chapter
from casemgr.api.sending import Kept, Outcome, Sending, done, keep
from casemgr.rules.access import Access, Action
from casemgr.services import clock, referral
from casemgr.services.referral import ReferralEntry, ReferralStep, ReferralView
from casemgr.services.register import purpose_of
from casemgr.terms.purpose import Purpose
from casemgr.terms.referral import Direction, ReferralState

chapter = Chapter("转诊")


class Referral(f.Shape):
    """One referral without its texts; ``next`` are the steps that may follow."""

    id = f.key("id")
    case = f.key("case_id")
    file_no = f.text()
    direction = f.coded()
    state = f.coded()
    advised_on = f.day()
    sent_on = f.day(allow_none=True)
    answered_on = f.day(allow_none=True)
    result_on = f.day(allow_none=True)
    back_on = f.day(allow_none=True)
    next = f.many(f.Coded)
    visit = fields.String(attribute="visit_id", required=True, allow_none=True)


class ReferralWhy(f.Strict):
    """The purpose of opening; it is written into the audit."""

    purpose = f.Choice(Purpose, required=True)


class OpenedReferral(f.Shape):
    """Why, where to, and what came of it, opened."""

    id = f.key("id")
    reason = f.text()
    target = f.text()
    result = f.text()


class ReferralIn(Sending):
    """A new referral; without ``sent_on`` it is advised only. ``visit`` is the visit that advised it."""

    direction = f.Choice(Direction, required=True)
    advised_on = f.Day(required=True)
    sent_on = f.Day(load_default=None)
    reason = f.Prose(required=True, longest=1000)
    target = f.Text(required=True, longest=200)
    visit = f.Id(load_default=None)


class ReferralStepIn(Sending):
    """One step on the way; a step out of turn is refused, so it needs no version."""

    to = f.Choice(ReferralState, required=True)
    on = f.Day(required=True)
    note = f.Prose(longest=1000, load_default="")


@chapter.post("/cases/{case_id}/referrals", action=Action.EVENT_WRITE, body=ReferralIn, answer=Kept)
def record(access: Access, asked: Asked) -> dict[str, Any]:
    """登记一次转诊：上转，或医院转回社区."""
    told, case = asked.body, asked.path["case_id"]
    entry = ReferralEntry(
        Direction.read(told["direction"]),
        told["advised_on"],
        told["sent_on"],
        told["reason"],
        told["target"].strip(),
        told["visit"],
    )

    def act(key: int) -> Outcome:
        kept = referral.record(access, case, key, entry, clock.today())
        return done(kept.id, case, again=kept.again)

    return keep(access, "referral", case, told, act, case=case)


@chapter.get("/referrals/{referral_id}", action=Action.EVENT_WRITE, answer=Referral)
def read(access: Access, asked: Asked) -> ReferralView:
    """一次转诊的进度和可走的下一步，不含文字."""
    return referral.view(access, asked.path["referral_id"], "")


@chapter.post(
    "/referrals/{referral_id}/reveal", action=Action.EVENT_WRITE, body=ReferralWhy, answer=OpenedReferral
)
def reveal(access: Access, asked: Asked) -> ReferralView:
    """查看转诊的原因、机构和结果；须说明目的，查看留痕."""
    why = purpose_of(str(asked.body["purpose"])).label
    return referral.view(access, asked.path["referral_id"], why)


@chapter.post("/referrals/{referral_id}/steps", action=Action.EVENT_WRITE, body=ReferralStepIn, answer=Kept)
def step(access: Access, asked: Asked) -> dict[str, Any]:
    """转诊的下一步：转出、接收、未接收、已诊治、转回或取消."""
    told, key = asked.body, asked.path["referral_id"]
    taken = ReferralStep(ReferralState.read(told["to"]), told["on"], told["note"])

    def act(_key: int) -> Outcome:
        kept = referral.step(access, key, taken, clock.today())
        return done(key, kept.case_id, again=kept.again)

    return keep(access, "referral.step", key, told, act)
