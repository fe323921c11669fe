"""待遇和同意页: what a person applies for or agrees to, how it goes on, and taking it back in two clicks."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import benefit, clock
from casemgr.services.benefit import Asked
from casemgr.terms.sharing import (
    Benefit,
    Capacity,
    ClaimState,
    ConsentGiver,
    GuardianDuty,
    StopReason,
)
from casemgr.web import guard
from casemgr.web.staff import listing
from casemgr.web.staff.typed import Typed, kept
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("benefit", __name__)

KEY = "int(max=9223372036854775807)"
LABELS = {
    "benefit": "申请或同意的事项",
    "giver": "由谁签字",
    "capacity": "行为能力依据",
    "signed_on": "签字日期",
    "until": "有效期至",
    "signer": "签字人姓名",
    "purpose": "用途",
    "guardian": "领取补助的监护人",
    "agreement_on": "监护协议日期",
    "monthly": "每月金额（元）",
    "account": "收款账号",
    "needs": "康复需求和评估要点",
    "precautions": "接待注意事项",
    "reason": "停止原因",
    "incident": "本季度有无案（事）件",
}
#: Codes among them, by their lists.
CHOICES = {
    "reason": StopReason,
    "met": GuardianDuty,
    "benefit": Benefit,
    "giver": ConsentGiver,
    "capacity": Capacity,
}
TONES = {
    ClaimState.APPLIED: "warn",
    ClaimState.CHECKED: "warn",
    ClaimState.REFERRED: "info",
    ClaimState.ACCEPTED: "info",
    ClaimState.GRANTED: "good",
    ClaimState.REFUSED: "",
    ClaimState.STOPPED: "",
}
STOPS = tuple((code, label) for code, label in StopReason.choices() if code != StopReason.WITHDRAWN)


@pages.get("/benefits")
@guard.guard(Action.SHARING_READ)
def list_() -> str:
    """Benefits under way: answers nobody has read, then what is due."""
    return render_template("benefit/list.html", rows=benefit.under_way(g.access, clock.today()), tones=TONES)


@pages.get(f"/case/<{KEY}:key>/consents")
@guard.guard(Action.SHARING_READ)
def page(key: int) -> str:
    """Consents and benefits of one person, and the form for the next."""
    return _page(key, {"once": benefit.begin()}, {})


@pages.get(f"/case/<{KEY}:key>/benefits")
@guard.guard(Action.SHARING_READ)
def of_case(key: int) -> Response:
    """The same page at its benefits."""
    return redirect(url_for("benefit.page", key=key, _anchor="h-claims"), 303)


def _page(key: int, given: dict[str, object], fields: dict[str, str]) -> str:
    return render_template(
        "benefit/case.html",
        view=benefit.of_case(g.access, key, clock.today()),
        given=given,
        fields=fields,
        labels=LABELS,
        tones=TONES,
        stops=STOPS,
        quarter=benefit.quarter_in_words(benefit.quarter_of(clock.today())),
        benefits=[(int(one), f"{one.label}（{one.receiver.label}）") for one in Benefit],
        givers=ConsentGiver.choices(),
        capacities=Capacity.choices(),
        duties=GuardianDuty.choices(),
        check=benefit.CHECK_RULE,
        consent_rule=benefit.CONSENT_RULE,
    )


@pages.post(f"/case/<{KEY}:key>/consents")
@guard.guard(Action.SHARING_WRITE)
def apply(key: int) -> Response | tuple[str, int]:
    """Register a signed application or consent."""
    typed = Typed(request.form)
    once = typed.key("once")
    asked = Asked(
        benefit=typed.code(Benefit, "benefit", LABELS["benefit"]),
        giver=typed.code(ConsentGiver, "giver", LABELS["giver"]),
        capacity=typed.code(Capacity, "capacity", LABELS["capacity"]),
        signed_on=typed.day("signed_on", LABELS["signed_on"]),
        until=typed.day("until", LABELS["until"]),
        signer=typed.text("signer", LABELS["signer"], longest=40),
        purpose=typed.text("purpose", LABELS["purpose"], longest=200),
        guardian=listing.whole(request.form.get("guardian"), 1),
        agreement_on=typed.day("agreement_on", LABELS["agreement_on"]),
        monthly=typed.whole("monthly", LABELS["monthly"], 1, benefit.MOST_YUAN),
        account=typed.text("account", LABELS["account"], longest=40),
        needs=typed.text("needs", LABELS["needs"], longest=300),
        precautions=typed.text("precautions", LABELS["precautions"], longest=200),
    )
    given = kept(request.form)
    if typed.wrong:
        return _page(key, given, {**benefit.faults(asked, clock.today()), **typed.wrong}), 422
    try:
        benefit.apply(g.access, once, key, asked, clock.today())
    except REFUSALS as wrong:
        return _page(key, given, by_field(wrong)), wrong.status
    flash("已登记。只向这一个接收方提供这一项所需的内容，随时可以撤回。", "good")
    return redirect(url_for("benefit.page", key=key), 303)


@pages.post(f"/case/<{KEY}:key>/consents/<{KEY}:consent>/withdraw")
@guard.guard(Action.SHARING_WRITE)
def withdraw(key: int, consent: int) -> Response:
    """Withdraw: what the receiver sees ends at once."""
    done = benefit.withdraw(g.access, key, consent, clock.today())
    flash(
        "已撤回，接收方从现在起看不到任何内容。随访和服务不受影响。" if done else "此前已经撤回，没有改动。",
        "good",
    )
    return redirect(url_for("benefit.page", key=key), 303)


@pages.get(f"/benefits/<{KEY}:key>")
@guard.guard(Action.SHARING_READ)
def one(key: int) -> Response:
    """One benefit, where its steps are taken: at its person."""
    return redirect(url_for("benefit.page", key=benefit.case_of(g.access, key), _anchor="h-claims"), 303)


@pages.post(f"/benefits/<{KEY}:key>")
@guard.guard(Action.SHARING_WRITE)
def change(key: int) -> Response | tuple[str, int]:
    """The next step of one benefit: checked, referred, read, reviewed or stopped."""
    typed = Typed(request.form)
    act, version = request.form.get("act", ""), listing.whole(request.form.get("version"), 1) or 0
    case, today = listing.whole(request.form.get("case"), 1) or 0, clock.today()
    try:
        if act == "seen":
            benefit.seen(g.access, key, version, today)
            flash("已标记为已阅。", "good")
        elif act == "stop":
            benefit.stop(g.access, key, version, typed.code(StopReason, "reason", LABELS["reason"]), today)
            flash("已停止，接收方从现在起看不到这一项的内容。", "good")
        elif act == "review":
            duties, note = typed.codes(GuardianDuty, "met"), typed.text("note", "说明", longest=200)
            typed.settle()
            benefit.review(g.access, key, duties, typed.flag("incident"), note, today)
            flash("已保存本季度审核。", "good")
        else:
            to = ClaimState.CHECKED if act == "check" else ClaimState.REFERRED
            benefit.step(g.access, key, version, to, today)
            flash("已核对登记。" if act == "check" else "已转介，康复机构可以看到转介内容。", "good")
    except REFUSALS as wrong:
        given = kept(request.form, ("met",)) | {"once": benefit.begin(), "mine": key}
        return _page(case, given, by_field(wrong)), wrong.status
    return redirect(url_for("benefit.page", key=case), 303)
