"""待遇与同意: what a person applies for or agrees to, for one receiver and one purpose, and how it goes on.

Being on the register gives nobody the right to pass data to civil affairs, the federation or a body of
rehabilitation: that begins with a signed application (④) or a separate consent (③), covers the fields of that
benefit alone and ends at once when it is withdrawn. Care never depends on it (个人信息保护法 16).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from casemgr.rules.access import Access, Action
from casemgr.rules.calendar import deadline
from casemgr.rules.policy import Parameter, Policy, in_force_on
from casemgr.services import clock, disclosure, impact, receiver_change
from casemgr.services.case_view import term
from casemgr.services.errors import Conflict, Missing, Refused, Unfit
from casemgr.services.register import NOT_THERE
from casemgr.services.use_case import SAVED_ALREADY, use_case
from casemgr.store import identity
from casemgr.store.db import new_key
from casemgr.store.identity import open_texts
from casemgr.store.models import Case
from casemgr.store.models.sharing import BenefitClaim, DutyReview, ShareConsent
from casemgr.store.queries import sharing as queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.area import AreaLevel, ancestor
from casemgr.terms.code import from_mask, to_mask
from casemgr.terms.guardian import Relation
from casemgr.terms.register import Lifecycle
from casemgr.terms.rights import NoticeCause
from casemgr.terms.sharing import (
    FLOW_OF,
    Benefit,
    Capacity,
    ClaimState,
    ConsentGiver,
    ConsentKind,
    GuardianDuty,
    StopReason,
)

READING = "办理待遇和同意"
CHECK_RULE, REFER_RULE, CONSENT_RULE = "REHAB-REF-1", "REHAB-REF-2", "PIPL-23"
#: Claims that are under way.
OPEN_STATES = (
    ClaimState.APPLIED,
    ClaimState.CHECKED,
    ClaimState.REFERRED,
    ClaimState.ACCEPTED,
    ClaimState.GRANTED,
)
MOST_YUAN = 5_000
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Asked:
    """What is applied for or agreed to, as it was typed."""

    benefit: Benefit | None
    giver: ConsentGiver | None
    capacity: Capacity | None
    signed_on: date | None
    until: date | None
    signer: str = field(repr=False)
    purpose: str = field(repr=False)
    guardian: int | None = None
    agreement_on: date | None = None
    monthly: int | None = None
    account: str = field(default="", repr=False)
    needs: str = field(default="", repr=False)
    precautions: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ConsentView:
    """One consent or application of a person; ``live``: it holds today."""

    key: int
    version: int
    kind: ConsentKind
    benefit: Benefit
    giver: ConsentGiver
    capacity: Capacity
    signed_on: date
    until: date | None
    withdrawn_on: date | None
    live: bool
    signer: str = field(repr=False)
    purpose: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReviewView:
    """One quarter's review of the duties of a guardian."""

    quarter: str
    met: tuple[GuardianDuty, ...]
    incident: bool
    passed: bool
    reviewed_on: date


@dataclass(frozen=True, slots=True)
class ClaimView:
    """One benefit of a person and how far it is; ``due_on`` ends the running step (``rule``)."""

    key: int
    version: int
    case_id: int
    file_no: str
    benefit: Benefit
    state: ClaimState
    applied_on: date
    due_on: date | None
    rule: str
    status: str
    late: bool
    decided_on: date | None
    stopped_on: date | None
    stop_reason: StopReason | None
    monthly: int | None
    sessions: int | None
    session_on: date | None
    answered_on: date | None
    unread: bool
    should_stop: StopReason | None
    reviews: tuple[ReviewView, ...] = ()
    answer: str = field(default="", repr=False)

    @property
    def answer_closed(self) -> bool:
        """Whether there is an answer that the matrix does not tell whoever reads this."""
        return isinstance(self.answer, identity.Withheld)


@dataclass(frozen=True, slots=True)
class OfCase:
    """Everything of one person that this module keeps."""

    case_id: int
    file_no: str
    on_register: bool
    consents: tuple[ConsentView, ...]
    claims: tuple[ClaimView, ...]
    guardians: tuple[tuple[int, str], ...]
    proposed: tuple[tuple[Benefit, str], ...]


def begin() -> int:
    """The key of the consent to be."""
    return new_key()


def quarter_of(day: date) -> int:
    """The quarter of a day as 20264."""
    return day.year * 10 + (day.month + 2) // 3


def quarter_in_words(quarter: int) -> str:
    """``2026年第4季度``."""
    return f"{quarter // 10}年第{quarter % 10}季度"


# --- applying and agreeing ---


def faults(asked: Asked, today: date) -> dict[str, str]:
    """What is wrong with an application, by field."""
    wrong: dict[str, str] = {}
    if asked.benefit is None:
        wrong["benefit"] = "请选择申请或同意的是哪一项。每一项、每一个接收方须分别签字。"
    if asked.giver is None:
        wrong["giver"] = "请选择由谁签字。"
    if asked.capacity is None:
        wrong["capacity"] = "请选择行为能力依据。在册不等于没有行为能力，有能力的由本人签字。"
    elif asked.giver is ConsentGiver.GUARDIAN and asked.capacity is Capacity.CAPABLE:
        wrong["giver"] = "患者有能力的须由本人签字。请改为本人签字，或写明不能辨认本事项的医学或法院依据。"
    elif asked.giver is ConsentGiver.PATIENT and asked.capacity is not Capacity.CAPABLE:
        wrong["giver"] = "没有能力辨认本事项的由监护人签字。请改为监护人，或改正行为能力依据。"
    if asked.signed_on is None:
        wrong.setdefault("signed_on", "请填写签字日期。没有签字的书面材料，不能向接收方提供。")
    elif asked.signed_on > today:
        wrong["signed_on"] = "签字日期晚于今天。尚未签字的不能登记。请改正日期。"
    if asked.until is not None and asked.until < max(today, asked.signed_on or today):
        wrong["until"] = "有效期在今天之前已经结束。请改正日期，或留空（到撤回为止）。"
    if not asked.signer:
        wrong["signer"] = "请填写签字人姓名，与书面材料一致。"
    if not asked.purpose:
        wrong["purpose"] = "请写明用途，与书面材料一致。用途之外不提供。"
    if asked.benefit is Benefit.SUBSIDY:
        wrong |= _subsidy_faults(asked, today)
    if asked.benefit is Benefit.REHABILITATION and not asked.needs:
        wrong["needs"] = "请写明康复需求和评估要点，康复机构据此接收。不写诊断全称和药名。"
    return wrong


def _subsidy_faults(asked: Asked, today: date) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if asked.guardian is None:
        wrong["guardian"] = "监护补助发给监护人，请选择是哪一位。没有登记监护人的，请先在档案中登记。"
    if asked.agreement_on is None:
        wrong["agreement_on"] = "请填写监护协议的签订日期。没有协议的不能申请。"
    elif asked.agreement_on > today:
        wrong["agreement_on"] = "协议日期晚于今天。请改正日期。"
    if asked.monthly is None or not 0 < asked.monthly <= MOST_YUAN:
        wrong["monthly"] = f"请填写每月金额（1–{MOST_YUAN} 元整数）。各地标准不同，没有默认值。"
    if not asked.account:
        wrong["account"] = "请填写监护人的收款账号。账号加密保存，只印在发放清单上。"
    return wrong


def apply(access: Access, once: int, case_id: int, asked: Asked, today: date) -> None:
    """Register a signed application or consent; a second press changes nothing.

    Raises :class:`Unfit` by field, :class:`Refused` while the flow has no impact note or the file is closed,
    :class:`Missing` outside the access.
    """
    wrong = faults(asked, today)
    if wrong:
        raise Unfit("没有保存，请改正后再试。", fields=wrong)
    _apply(access, once, case_id, asked, today)


@use_case(Action.SHARING_WRITE)
def _apply(work: Work, once: int, case_id: int, asked: Asked, today: date) -> None:
    case = _case(work, case_id)
    if work.get(ShareConsent, once) is not None:
        return
    benefit = asked.benefit
    if benefit is None or asked.giver is None or asked.capacity is None or asked.signed_on is None:
        raise Unfit("没有保存，请补填后再试。")
    if case.lifecycle != Lifecycle.ON_REGISTER:
        raise Refused(
            "档案已结束，不能再申请待遇。请先核对在册状态；已发放的待遇请办理停止。", rule="REC-8.7"
        )
    impact.require(work, FLOW_OF[benefit.receiver])
    running = [one for one in queries.claims(work, case_id) if one.benefit == benefit]
    ends = {one.id: one.until for one in queries.consents(work, case_id)}
    for one in running:
        last = ends.get(one.consent_id)
        if one.state in OPEN_STATES and last is not None and last < today:
            _end(one, StopReason.ENDED, today)
    if any(one.state in OPEN_STATES for one in running):
        raise Unfit(
            "没有保存。",
            fields={"benefit": "这一项正在办理或正在享受，不重复申请。请在下面的进度中继续，或先办理停止。"},
        )
    if asked.guardian is not None and asked.guardian not in {
        one.id for one in queries.guardians(work, case.person_id)
    }:
        raise Unfit("没有保存。", fields={"guardian": "没有这位监护人。请从列表中选择。"})
    kind = benefit.kind
    now, actor = clock.now(), work.access.actor
    work.add(
        ShareConsent(
            id=once,
            case_id=case_id,
            area=case.area,
            kind=int(kind),
            benefit=int(benefit),
            receiver=int(benefit.receiver),
            giver=int(asked.giver),
            capacity=int(asked.capacity),
            signed_on=asked.signed_on,
            until=asked.until,
            signer=Plain(asked.signer),
            purpose=Plain(asked.purpose),
            recorded_at=now,
            recorded_by=actor,
        )
    )
    subsidy = benefit is Benefit.SUBSIDY
    # Rehabilitation is checked and referred step by step; the others go to the receiver as they are signed.
    state = ClaimState.APPLIED if benefit is Benefit.REHABILITATION else ClaimState.REFERRED
    work.add(
        BenefitClaim(
            id=new_key(),
            case_id=case_id,
            area=case.area,
            receiver=int(benefit.receiver),
            receiver_area=ancestor(case.area, AreaLevel.COUNTY),
            consent_id=once,
            benefit=int(benefit),
            state=int(state),
            applied_on=asked.signed_on,
            referred_on=today if state is ClaimState.REFERRED else None,
            guardian_id=asked.guardian if subsidy else None,
            monthly=asked.monthly if subsidy else None,
            agreement_on=asked.agreement_on if subsidy else None,
            account=Plain(asked.account) if subsidy and asked.account else None,
            needs=Plain(asked.needs) if asked.needs else None,
            precautions=Plain(asked.precautions) if asked.precautions else None,
            recorded_at=now,
            recorded_by=actor,
        )
    )
    work.flush()
    disclosure.refresh(work, [case_id])


def _case(work: Work, case_id: int) -> Case:
    case = work.get(Case, case_id)
    if case is None:
        raise Missing(NOT_THERE)
    return case


@use_case(Action.SHARING_WRITE)
def withdraw(work: Work, case_id: int, key: int, today: date) -> bool:
    """Withdraw a consent or application: what the receiver sees ends with this transaction, care goes on.

    ``False`` when it was withdrawn before. Raises :class:`Missing` outside the access.
    """
    row = work.get(ShareConsent, key)
    if row is None or row.case_id != case_id:
        raise Missing(NOT_THERE)
    if row.withdrawn_on is not None:
        return False
    revoke(work, [row], today)
    work.flush()
    disclosure.refresh(work, [case_id])
    # The window says it at once; who had a list or a call gets a letter.
    told = {Role.read(row.receiver)}
    receiver_change.raise_for(work, _case(work, case_id), NoticeCause.WITHDRAWN, today, receivers=told)
    return True


def revoke(work: Work, consents: Sequence[ShareConsent], today: date) -> None:
    """End consents and every benefit that rests on them, within the same unit of work.

    The caller brings what is disclosed of the file in line afterwards.
    """
    for row in consents:
        row.withdrawn_on, row.withdrawn_by = today, work.access.actor
        for claim in queries.claims_of(work, row.id):
            if claim.state in OPEN_STATES:
                _end(claim, StopReason.WITHDRAWN, today)


@use_case(Action.JOB_RUN)
def end_run_out(work: Work, today: date) -> int:
    """End the benefits whose signature ran out before today (期满); how many.

    Nothing waits for this: views, lists and files look at the end of the signature themselves.
    """
    found = queries.run_out(work, [int(one) for one in OPEN_STATES], today)
    for claim in found:
        _end(claim, StopReason.ENDED, today)
    return len(found)


def _end(claim: BenefitClaim, reason: StopReason, today: date) -> None:
    claim.state, claim.stopped_on, claim.stop_reason = int(ClaimState.STOPPED), today, int(reason)


# --- how it goes on ---


def _claim(work: Work, key: int, version: int) -> BenefitClaim:
    row = work.get(BenefitClaim, key)
    if row is None:
        raise Missing(NOT_THERE)
    if row.version != version:
        raise Conflict(SAVED_ALREADY)
    return row


def _holds(work: Work, claim: BenefitClaim, today: date) -> None:
    """Let nothing go on whose signature is withdrawn or over; :class:`Refused` with the ways out."""
    consent = work.get(ShareConsent, claim.consent_id)
    if consent is None or consent.withdrawn_on is not None:
        raise Refused("申请或同意已撤回，不能继续办理。本人再次愿意的，请重新签字登记。", rule=CONSENT_RULE)
    if consent.until is not None and consent.until < today:
        raise Refused(
            f"申请或同意已于 {consent.until.isoformat()} 到期，接收方已看不到内容，不能继续办理。"
            "本人愿意继续的，请重新签字登记；不再继续的，办理停止。",
            rule=CONSENT_RULE,
        )


@use_case(Action.SHARING_WRITE)
def step(work: Work, key: int, version: int, to: ClaimState | None, today: date) -> int:
    """The next step on this side: checked and registered, then referred (社区康复); the case.

    With the referral the body of rehabilitation sees the sheet. Raises :class:`Refused` for another step.
    """
    row = _claim(work, key, version)
    _holds(work, row, today)
    if row.state == ClaimState.APPLIED and to is ClaimState.CHECKED:
        row.state, row.checked_on = int(to), today
    elif row.state == ClaimState.CHECKED and to is ClaimState.REFERRED:
        row.state, row.referred_on = int(to), today
    else:
        raise Refused("这一步不能接在现在的进度之后。请按顺序先核对登记、再转介。", rule=REFER_RULE)
    work.flush()
    disclosure.refresh(work, [row.case_id])
    return row.case_id


@use_case(Action.SHARING_WRITE)
def stop(work: Work, key: int, version: int, reason: StopReason | None, today: date) -> int:
    """Stop a benefit; the consent it rests on ends with it. The case."""
    row = _claim(work, key, version)
    if reason is None or reason is StopReason.WITHDRAWN:
        raise Unfit("没有保存。", fields={"reason": "请选择停止原因；本人撤回同意的，请用“撤回”。"})
    if row.state not in OPEN_STATES:
        raise Refused("这一项已经结束，不再改动。请核对办理进度。", rule="REC-SUBSIDY-1")
    _end(row, reason, today)
    work.flush()
    disclosure.refresh(work, [row.case_id])
    return row.case_id


@use_case(Action.SHARING_WRITE)
def seen(work: Work, key: int, version: int, today: date) -> int:
    """The doctor has read what the receiver answered; the case."""
    row = _claim(work, key, version)
    if identity.closed_to(work, BenefitClaim.answer):
        raise Refused(
            "答复的内容按披露矩阵不向您的岗位显示，没有看过就不能标为已阅。请由管理该患者的基层医生标记；"
            "确需查看的，请安全管理员提出放宽，批准后再看。"
        )
    row.seen_on = today
    return row.case_id


@use_case(Action.SHARING_WRITE)
def review(
    work: Work,
    key: int,
    met: Sequence[GuardianDuty],
    incident: bool | None,
    note: str,
    today: date,
) -> int:
    """Review the duties of a guardian for the quarter of today; passed only with every duty met and no
    incident. The case. Raises :class:`Conflict` when the quarter was reviewed already.
    """
    row = work.get(BenefitClaim, key)
    if row is None or row.benefit != Benefit.SUBSIDY:
        raise Missing(NOT_THERE)
    if row.state != ClaimState.GRANTED:
        raise Refused("补助还没有通过或已经停止，没有要审核的职责。请先核对进度。", rule="REC-SUBSIDY-1")
    _holds(work, row, today)
    if incident is None:
        raise Unfit("没有保存。", fields={"incident": "请选择本季度有没有案（事）件。没有默认答案。"})
    quarter = quarter_of(today)
    if any(one.claim_id == key and one.quarter == quarter for one in queries.reviews(work, row.case_id)):
        raise Conflict("本季度已经审核过，不能改动。如审核有误，请在下一季度审核时更正并说明。")
    work.add(
        DutyReview(
            id=new_key(),
            case_id=row.case_id,
            area=row.area,
            claim_id=key,
            quarter=quarter,
            met=to_mask(met),
            incident=incident,
            passed=not incident and set(met) == set(GuardianDuty),
            reviewed_on=today,
            note=Plain(note) if note else None,
            recorded_by=work.access.actor,
        )
    )
    return row.case_id


# --- looking ---


def _due(row: BenefitClaim, policy: Policy) -> tuple[date, Parameter] | None:
    """The end of the running term of a referral to rehabilitation."""
    if row.benefit != Benefit.REHABILITATION:
        return None
    if row.state == ClaimState.APPLIED:
        return deadline(row.applied_on, policy.rehab_check).on, policy.rehab_check
    if row.state == ClaimState.CHECKED and row.checked_on is not None:
        return deadline(row.checked_on, policy.rehab_refer).on, policy.rehab_refer
    return None


def _view(
    row: Any,
    file_no: str,
    lifecycle: int,
    today: date,
    answer: str = "",
    reviews: Sequence[DutyReview] = (),
    until: date | None = None,
) -> ClaimView:
    due = _due(row, in_force_on(today))
    state = ClaimState.read(row.state)
    gone = {int(Lifecycle.DEAD): StopReason.DIED, int(Lifecycle.MOVED_OUT): StopReason.MOVED}
    ended = gone.get(lifecycle, StopReason.OTHER) if lifecycle != Lifecycle.ON_REGISTER else None
    if ended is None and until is not None and until < today:
        ended = StopReason.ENDED
    return ClaimView(
        key=row.id,
        version=row.version,
        case_id=row.case_id,
        file_no=file_no,
        benefit=Benefit.read(row.benefit),
        state=state,
        applied_on=row.applied_on,
        due_on=due[0] if due else None,
        rule=due[1].rule if due else "",
        status=due[1].status if due else "",
        late=due is not None and due[0] < today,
        decided_on=row.decided_on,
        stopped_on=row.stopped_on,
        stop_reason=term(StopReason, row.stop_reason),
        monthly=row.monthly,
        sessions=row.sessions,
        session_on=row.session_on,
        answered_on=row.answered_on,
        unread=row.answered_on is not None and row.seen_on is None,
        should_stop=ended if state in OPEN_STATES else None,
        reviews=tuple(
            ReviewView(
                quarter_in_words(one.quarter),
                tuple(from_mask(GuardianDuty, one.met)),
                one.incident,
                one.passed,
                one.reviewed_on,
            )
            for one in reviews
            if one.claim_id == row.id
        ),
        answer=answer,
    )


def _consent_view(row: ShareConsent, signer: str, purpose: str, today: date) -> ConsentView:
    live = row.withdrawn_on is None and (row.until is None or row.until >= today)
    return ConsentView(
        row.id,
        row.version,
        ConsentKind.read(row.kind),
        Benefit.read(row.benefit),
        ConsentGiver.read(row.giver),
        Capacity.read(row.capacity),
        row.signed_on,
        row.until,
        row.withdrawn_on,
        live,
        signer,
        purpose,
    )


@use_case(Action.SHARING_READ)
def of_case(work: Work, case_id: int, today: date) -> OfCase:
    """Consents and benefits of one person; what is opened of it is written down. :class:`Missing` outside."""
    case = _case(work, case_id)
    consents, claims = queries.consents(work, case_id), queries.claims(work, case_id)
    signed = open_texts(
        work,
        "ShareConsent",
        [(one.id, value) for one in consents for value in (one.signer, one.purpose)],
        READING,
        case_id,
    )
    answers = open_texts(work, "BenefitClaim", [(one.id, one.answer) for one in claims], READING, case_id)
    reviews = queries.reviews(work, case_id)
    known = identity.reveal_guardians(work, [case.person_id], READING, case_id)
    open_now = {one.benefit for one in claims if one.state in OPEN_STATES}
    ends = {one.id: one.until for one in consents}
    return OfCase(
        case_id,
        case.file_no,
        case.lifecycle == Lifecycle.ON_REGISTER,
        tuple(
            _consent_view(one, signed[2 * place], signed[2 * place + 1], today)
            for place, one in enumerate(consents)
        ),
        tuple(
            _view(one, case.file_no, case.lifecycle, today, answer, reviews, ends.get(one.consent_id))
            for one, answer in zip(claims, answers, strict=True)
        ),
        tuple((one.guardian_id, f"{one.name or '未填姓名'}（{_relation(one.relation)}）") for one in known),
        tuple(_proposed(work, case_id, bool(known), open_now, today)),
    )


def _relation(code: int | None) -> str:
    return Relation.read(code).label if code is not None else "关系未填"


def _proposed(
    work: Work, case_id: int, guardian: bool, running: set[int], today: date
) -> Iterator[tuple[Benefit, str]]:
    """Benefits a person may be missing, each with its reason; a proposal, never an application."""
    policy = in_force_on(today)
    at_risk = next(iter(disclosure.at_risk(work, [case_id], today, policy)), None) is not None
    for benefit in Benefit:
        if int(benefit) in running:
            continue
        if benefit is not Benefit.SUBSIDY:
            yield benefit, "本人愿意时可以申请"
        elif at_risk:
            yield benefit, "等级 3 级及以上或有案（事）件" + ("" if guardian else "；还没有登记监护人")


@use_case(Action.SHARING_READ, writes=False)
def case_of(work: Work, key: int) -> int:
    """The case of one benefit; :class:`Missing` outside the access."""
    row = work.get(BenefitClaim, key)
    if row is None:
        raise Missing(NOT_THERE)
    return int(row.case_id)


@use_case(Action.SHARING_READ, writes=False)
def under_way(work: Work, today: date) -> tuple[ClaimView, ...]:
    """Every benefit under way within reach: answers nobody has read first, then what is due."""
    found = [
        _view(row.BenefitClaim, row.file_no, row.lifecycle, today, until=row.until)
        for row in queries.running(work, [int(one) for one in (*OPEN_STATES, ClaimState.REFUSED)])
    ]
    shown = [one for one in found if one.state in OPEN_STATES or one.unread]
    return tuple(
        sorted(
            shown,
            key=lambda one: (not one.unread, one.should_stop is None, one.due_on or date.max, one.file_no),
        )
    )
