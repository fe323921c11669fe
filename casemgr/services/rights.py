"""权利申请: what a patient or guardian asks for about the own data; a clock, a decision, a letter.

Care goes on whatever is asked. A correction, an exit and a return are looked at by a second doctor. An exit
ends every view of other departments and locks the rows that name the person: they are kept and not read;
a return opens them again. Whoever received something earlier is told (see :mod:`receiver_change`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from casemgr.reports.form import Letter
from casemgr.rules.access import Access, Action
from casemgr.rules.policy import in_force_on
from casemgr.services import benefit, clock, duplicates, ledger_line, receiver_change, revision
from casemgr.services import letter as letters
from casemgr.services import state as states
from casemgr.services.account_person import refusal
from casemgr.services.case_view import known, term
from casemgr.services.duties import refresh
from casemgr.services.errors import Conflict, Missing, Refused, Unfit
from casemgr.services.register import NOT_THERE as NO_FILE
from casemgr.services.use_case import SAVED_ALREADY, use_case, within
from casemgr.store import identity
from casemgr.store.identity import open_texts
from casemgr.store.models import Case, Identity, RightsRequest
from casemgr.store.queries import register as register_queries
from casemgr.store.queries import rights as queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms import idnumber
from casemgr.terms.account import Role
from casemgr.terms.consent import ConsentAnswer
from casemgr.terms.disclosure import FieldGroup
from casemgr.terms.followup import VisitMode
from casemgr.terms.liaison import ExchangeKind
from casemgr.terms.register import Diagnosis, Ground, Lifecycle, Track
from casemgr.terms.rights import (
    Asker,
    Decision,
    ExitGround,
    NoticeCause,
    RequestKind,
    RequestState,
    ReturnGround,
)
from casemgr.terms.risk import RiskLevel, Stability
from casemgr.terms.rulebook import book
from casemgr.terms.state import ConsentStep

READING, PURPOSE = "办理权利申请", "权利申请答复"
RULE = "REC-RIGHTS-1"
LEAST, LONGEST = 4, 500
CLOSED_SHOWN = timedelta(days=365)
TITLE = "个人信息申请答复书"
SUMMARY = "个人档案摘要"
NOT_THERE = "没有这项申请，或不在您的辖区内。请从“权利申请”页的列表进入。"
ONE_ALONE = (
    "第一名医生没有同意，复核时不能改为同意：退出和恢复登记须两名医生都同意。"
    "请选择不同意并写明意见；情况有变化的，请另行登记一项申请，由两名医生重新办理。"
)
#: The article a request rests on.
ARTICLES = {
    RequestKind.COPY: "MHL-47",
    RequestKind.CORRECTION: "PIPL-46",
    RequestKind.WITHDRAWAL: "PIPL-15",
    RequestKind.EXIT: "PIPL-47",
    RequestKind.EXPLANATION: "PIPL-24",
    RequestKind.RETURN: "MHL-55",
}
#: How each kind may be decided.
DECISIONS = {
    RequestKind.COPY: (Decision.GRANTED, Decision.PARTLY, Decision.REFUSED),
    RequestKind.CORRECTION: (Decision.CORRECTED, Decision.ANNOTATED),
    RequestKind.WITHDRAWAL: (Decision.GRANTED,),
    RequestKind.EXIT: (Decision.GRANTED, Decision.REFUSED),
    RequestKind.EXPLANATION: (Decision.EXPLAINED,),
    RequestKind.RETURN: (Decision.GRANTED, Decision.REFUSED),
}
#: Looked at by another doctor before it holds.
SECOND = frozenset({RequestKind.CORRECTION, RequestKind.EXIT, RequestKind.RETURN})
#: Two doctors have to agree to these.
BY_TWO = frozenset({RequestKind.EXIT, RequestKind.RETURN})
#: What goes on without consent, and the article it rests on; shown beside a withdrawal.
STATUTORY = (
    ("随访、建档、服药和康复指导", "MHL-55"),
    ("病历资料的保存（不少于 30 年）", "MHL-47"),
)
#: Where the file has to stand before an exit for this reason.
STANDS = {
    ExitGround.WRONG_DIAGNOSIS: (Lifecycle.EXCLUDED, "排除"),
    ExitGround.MOVED: (Lifecycle.MOVED_OUT, "迁出"),
    ExitGround.DIED: (Lifecycle.DEAD, "死亡"),
}


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request in the list; nobody is named."""

    key: int
    case_id: int
    file_no: str
    kind: RequestKind
    asker: Asker
    asked_on: date
    due_on: date
    state: RequestState
    days: int
    closed_on: date | None

    @property
    def open(self) -> bool:
        """Whether it waits for somebody."""
        return self.state in (RequestState.OPEN, RequestState.REVIEW)


@dataclass(frozen=True, slots=True)
class RequestView:
    """One request with its texts opened; ``may_review``: whoever looks is the second doctor."""

    line: RequestLine
    version: int
    rule: str
    article: str
    what: str = field(repr=False)
    recorded_by: str
    decision: Decision | None
    ground: ExitGround | ReturnGround | None
    reason: str = field(repr=False)
    decided_on: date | None
    decided_by: str
    review: str = field(repr=False)
    reviewed_on: date | None
    reviewed_by: str
    letter_on: date | None
    may_review: bool
    consent: ConsentAnswer | None
    consents: int
    receivers: int
    lifecycle: Lifecycle
    statutory: str
    locked: bool
    grade: RiskLevel | None
    stability: Stability | None
    assessed_on: date | None
    suggested: Stability | None
    suggested_rule: str

    @property
    def answered(self) -> bool:
        """Whether a letter can be written."""
        return self.line.state is RequestState.CLOSED


@dataclass(frozen=True, slots=True)
class NewRequest:
    """What was asked, by whom and when."""

    kind: RequestKind | None
    asker: Asker | None
    asked_on: date
    what: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """A decision with its reason; ``safe``: the doctor has looked whether reading could harm (⑦)."""

    decision: Decision | None
    reason: str = field(repr=False)
    ground: ExitGround | ReturnGround | None = None
    safe: bool | None = None


def _line(row: RightsRequest, file_no: str, today: date) -> RequestLine:
    return RequestLine(
        row.id,
        row.case_id,
        file_no,
        known(RequestKind, row.kind),
        known(Asker, row.asker),
        row.asked_on,
        row.due_on,
        known(RequestState, row.state),
        (row.due_on - today).days,
        row.closed_on,
    )


@use_case(Action.RIGHTS_READ, writes=False)
def listed(work: Work, today: date) -> tuple[RequestLine, ...]:
    """The requests within reach: those that wait, due first, and those of the last year."""
    return tuple(_line(row, file_no, today) for row, file_no in queries.listed(work, today - CLOSED_SHOWN))


@use_case(Action.RIGHTS_READ, writes=False)
def of_case(work: Work, case_id: int, today: date) -> tuple[RequestLine, ...]:
    """The requests about one file, latest first."""
    found = queries.case(work, case_id)
    if found is None:
        raise Missing(NO_FILE)
    return tuple(_line(row, found.Case.file_no, today) for row in queries.of_case(work, case_id))


# --- taking down ----------------------------------------------------------------------------------


def _words(text: str, wrong: dict[str, str], name: str, example: str) -> str:
    text = text.strip()
    if not LEAST <= len(text) <= LONGEST:
        wrong[name] = f"请写 {LEAST} 到 {LONGEST} 字，如“{example}”。"
    return text


def _settle(wrong: dict[str, str]) -> None:
    if wrong:
        raise Unfit("没有保存，请改正后再试。", fields=wrong)


@use_case(Action.RIGHTS_WRITE)
def add(work: Work, once: int, case_id: int, told: NewRequest, today: date) -> int:
    """Take a request down under the key ``once``; a second press changes nothing. Returns its key.

    The clock runs from the day it was asked (REC-RIGHTS-1). Raises :class:`Unfit` for what is missing,
    :class:`Missing` for a file outside the access.
    """
    there = work.get(RightsRequest, once)
    if there is not None:
        return there.id
    found = queries.case(work, case_id)
    if found is None:
        raise Missing(NO_FILE)
    wrong: dict[str, str] = {}
    if told.kind is None:
        wrong["kind"] = "请选择申请事项。"
    if told.asker is None:
        wrong["asker"] = "请选择申请人。"
    elif (told.kind is RequestKind.RETURN) is not queries.is_locked(work, found.Case.person_id):
        wrong["kind"] = (
            "档案没有封存，不需要恢复登记。请核对档案编号，或改选其他事项。"
            if told.kind is RequestKind.RETURN
            else "档案已退出登记并封存，只存不用。需要使用的，请先办理“恢复登记”。"
        )
    if told.asked_on > today:
        wrong["asked_on"] = "日期晚于今天。请改正日期。"
    what = _words(told.what, wrong, "what", "要求复印 2026 年的随访记录")
    if wrong or told.kind is None or told.asker is None:
        _settle(wrong)
        raise Unfit("没有保存，请补填后再试。")
    policy = in_force_on(today, within(work).region)
    work.add(
        RightsRequest(
            id=once,
            case_id=case_id,
            area=found.Case.area,
            kind=int(told.kind),
            asker=int(told.asker),
            asked_on=told.asked_on,
            due_on=told.asked_on + timedelta(days=policy.rights_answer.value),
            what=Plain(what),
            state=int(RequestState.OPEN),
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    return once


# --- looking and deciding -------------------------------------------------------------------------


def _ground(kind: RequestKind, code: int | None) -> ExitGround | ReturnGround | None:
    """The ground of an exit or of a return; both lie in one column."""
    return term(ReturnGround, code) if kind is RequestKind.RETURN else term(ExitGround, code)


@use_case(Action.RIGHTS_READ, writes=False)
def kind_of(work: Work, key: int) -> RequestKind:
    """What one request asks for; :class:`Missing` outside the access."""
    return known(RequestKind, _row(work, key).kind)


@use_case(Action.RIGHTS_READ, writes=False)
def kinds_of(work: Work, case_id: int) -> tuple[RequestKind, ...]:
    """What may be asked about a file: of one that is sealed, to be let back and nothing else."""
    found = queries.case(work, case_id)
    if found is None:
        raise Missing(NO_FILE)
    if queries.is_locked(work, found.Case.person_id):
        return (RequestKind.RETURN,)
    return tuple(one for one in RequestKind if one is not RequestKind.RETURN)


def _row(work: Work, key: int) -> RightsRequest:
    row = work.get(RightsRequest, key)
    if row is None:
        raise Missing(NOT_THERE)
    return row


def _statutory(case: Case) -> str:
    """Why a file stands on a law and not on consent, in words; empty when it stands on consent."""
    if case.article30:
        return "属于精神卫生法第三十条第二款第二项情形，依法登记管理"
    if case.ground in (int(Ground.STATUTORY), int(Ground.PRIMARY_CARE)):
        return f"入册依据为“{known(Ground, case.ground).label}”，不以同意为前提"
    return ""


@use_case(Action.RIGHTS_READ)
def view(work: Work, key: int, today: date) -> RequestView:
    """One request with what a decision needs to know; its texts are opened, which is written down."""
    row = _row(work, key)
    found = queries.case(work, row.case_id)
    if found is None:
        raise Missing(NOT_THERE)
    case: Case = found.Case
    texts = open_texts(
        work,
        "RightsRequest",
        [(row.id, row.what), (row.id, row.reason), (row.id, row.review)],
        READING,
        row.case_id,
    )
    who = queries.accounts(
        work, [one for one in (row.recorded_by, row.decided_by, row.reviewed_by) if one is not None]
    )
    kind = known(RequestKind, row.kind)
    visit = queries.latest_visit(work, row.case_id) if kind is RequestKind.EXPLANATION else None
    return RequestView(
        line=_line(row, case.file_no, today),
        version=row.version,
        rule=RULE,
        article=ARTICLES[kind],
        what=texts[0],
        recorded_by=who.get(row.recorded_by, ""),
        decision=term(Decision, row.decision),
        ground=_ground(kind, row.ground),
        reason=texts[1],
        decided_on=row.decided_on,
        decided_by=who.get(row.decided_by or 0, ""),
        review=texts[2],
        reviewed_on=row.reviewed_on,
        reviewed_by=who.get(row.reviewed_by or 0, ""),
        letter_on=row.letter_on,
        may_review=row.state == RequestState.REVIEW and row.decided_by != work.access.actor,
        consent=term(ConsentAnswer, case.consent),
        consents=len(queries.open_consents(work, case.id)),
        receivers=queries.receivers(work, case.id),
        lifecycle=known(Lifecycle, case.lifecycle),
        statutory=_statutory(case),
        locked=queries.is_locked(work, case.person_id),
        grade=term(RiskLevel, visit.risk) if visit else None,
        stability=term(Stability, visit.stability) if visit else None,
        assessed_on=visit.on if visit else None,
        suggested=term(Stability, visit.suggested) if visit else None,
        suggested_rule=(visit.suggested_rule or "") if visit else "",
    )


@use_case(Action.RIGHTS_WRITE)
def decide(work: Work, key: int, version: int, told: Told, today: date) -> RequestState:
    """Decide on a request, with the reason that the letter gives; the state it has then.

    A correction and an exit wait for a second doctor. A withdrawal takes effect at once: the consent to
    being managed and every consent to sharing end today. Raises :class:`Unfit` for what is missing,
    :class:`Refused` for an exit whose ground does not hold, :class:`Conflict` after another's decision.
    """
    row = _row(work, key)
    if row.version != version or row.state != RequestState.OPEN:
        raise Conflict(SAVED_ALREADY)
    kind = known(RequestKind, row.kind)
    wrong: dict[str, str] = {}
    if told.decision not in DECISIONS[kind]:
        wrong["decision"] = "请选择办理结果。"
    reason = _words(told.reason, wrong, "reason", "已核对原始记录，随访日期确有误")
    if kind is RequestKind.COPY and told.decision is Decision.GRANTED and told.safe is not True:
        wrong["safe"] = "请由医生判断：查阅是否可能对治疗产生不利影响。可能的，请改选部分同意或不同意。"
    case = work.get(Case, row.case_id)
    if case is None:
        raise Missing(NOT_THERE)
    if told.decision is Decision.GRANTED:
        _not_done_by_another(work, case, kind)
    if kind is RequestKind.EXIT and told.decision is Decision.GRANTED:
        if told.ground is None:
            wrong["ground"] = "请选择退出登记的理由。"
        else:
            _may_leave(case, ExitGround.read(told.ground))
    if kind is RequestKind.RETURN and told.decision is Decision.GRANTED:
        if told.ground is None:
            wrong["ground"] = "请选择恢复登记的理由。"
        else:
            _may_return(case, told.ground)
    if wrong or told.decision is None:
        _settle(wrong)
        raise Unfit("没有保存，请补填后再试。")
    row.decision, row.reason = int(told.decision), Plain(reason)
    row.ground = int(told.ground) if told.ground is not None and kind in BY_TWO else None
    row.decided_on, row.decided_by = today, work.access.actor
    if kind in SECOND:
        row.state = int(RequestState.REVIEW)
        return RequestState.REVIEW
    if kind is RequestKind.WITHDRAWAL:
        _withdraw(work, case, reason, today)
    row.state, row.closed_on = int(RequestState.CLOSED), today
    return RequestState.CLOSED


def _not_done_by_another(work: Work, case: Case, kind: RequestKind) -> None:
    """Of two requests for the same thing the second finds it done; granting it would do it twice."""
    if kind in BY_TWO and queries.is_locked(work, case.person_id) is (kind is RequestKind.EXIT):
        done = "退出登记并封存" if kind is RequestKind.EXIT else "恢复登记"
        raise Refused(
            f"档案已按另一件申请{done}，没有再办一次。请撤销这件重复的申请，或选择不同意并写明已办理。",
            rule=RULE,
        )


def _may_leave(case: Case, ground: ExitGround) -> None:
    stands = STANDS.get(ground)
    if stands is not None and case.lifecycle != stands[0]:
        raise Refused(
            f"档案还没有登记“{stands[1]}”，不能以这个理由退出。请先在档案的“状态变更”中登记，或改选理由。",
            rule="PIPL-47",
        )
    if ground is ExitGround.NO_GROUND and (why := _statutory(case)):
        raise Refused(f"{why}。请改选理由，或选择不同意并说明。", rule="PIPL-47")


def _withdraw(work: Work, case: Case, reason: str, today: date) -> None:
    """End every consent from today on; what was done before stays, and care goes on (PIPL-15)."""
    ended = queries.open_consents(work, case.id)
    benefit.revoke(work, ended, today)
    if case.consent == ConsentAnswer.AGREED and case.lifecycle == Lifecycle.ON_REGISTER:
        answer = states.Answer(
            ConsentStep.WITHDRAW, max(today, case.consent_on or today), "本人或监护人", reason
        )
        states.consented(work, case, answer)
    refresh(work, [case.id])
    receivers = {Role.read(one.receiver) for one in ended}
    if receivers:
        receiver_change.raise_for(work, case, NoticeCause.WITHDRAWN, today, receivers=receivers)


def review(access: Access, key: int, version: int, told: Told, today: date) -> None:
    """Look at a colleague's decision and settle it; nobody reviews the own one.

    An exit or a return takes two who agree: what the first did not grant is not granted here
    (:class:`Refused`). An exit that is granted ends every view of other departments and locks the rows that
    name the person; a return opens them again, unless the person has another file by now.
    """
    if told.decision is Decision.GRANTED and (sealed := _sealed_number(access, key)) is not None:
        number, case_id = sealed
        if number and duplicates.held_in_county(access, number, case_id):
            raise Refused(
                "该证件号已在本县另一份档案中在册，没有恢复。一人两档会使人数重复计算。"
                "请在那份档案中继续管理；需要旧档案内容的，凭档案编号向县级精防机构申请。",
                rule="id11",
            )
    _review(access, key, version, told, today)


@use_case(Action.RIGHTS_WRITE)
def _sealed_number(work: Work, key: int) -> tuple[str, int] | None:
    """(id number in normal form, case) of somebody who asks to be let back; ``None`` for other requests."""
    row = _row(work, key)
    if row.kind != RequestKind.RETURN or row.state != RequestState.REVIEW:
        return None
    case = work.get(Case, row.case_id)
    if case is None:
        raise Missing(NOT_THERE)
    kept = [one for one in queries.kept(work, case.person_id) if isinstance(one, Identity)]
    texts = open_texts(
        work, "Identity", [(one.person_id, one.id_number) for one in kept], duplicates.PURPOSE, case.id
    )
    return next((idnumber.normal(one) for one in texts if one), ""), int(case.id)


@use_case(Action.RIGHTS_WRITE)
def _review(work: Work, key: int, version: int, told: Told, today: date) -> None:
    row = _row(work, key)
    if row.version != version or row.state != RequestState.REVIEW:
        raise Conflict(SAVED_ALREADY)
    own = "应由另一名医生复核，不能复核自己的意见。请同事登录后办理。"
    if words := refusal(work, row.decided_by, own):
        raise Refused(words, rule=RULE)
    kind = known(RequestKind, row.kind)
    if kind in BY_TWO and told.decision is Decision.GRANTED and row.decision != Decision.GRANTED:
        raise Refused(ONE_ALONE, rule=RULE)
    wrong: dict[str, str] = {}
    allowed = (Decision.CORRECTED, Decision.ANNOTATED) if kind is RequestKind.CORRECTION else DECISIONS[kind]
    if told.decision not in allowed:
        wrong["decision"] = "请选择复核的结论。"
    text = _words(told.reason, wrong, "reason", "同意，原始记录已核对")
    if wrong or told.decision is None:
        raise Unfit("没有保存，请改正后再试。", fields=wrong)
    case = work.get(Case, row.case_id)
    if case is None:
        raise Missing(NOT_THERE)
    if told.decision is Decision.GRANTED:
        _not_done_by_another(work, case, kind)
    row.decision, row.review = int(told.decision), Plain(text)
    row.reviewed_on, row.reviewed_by = today, work.access.actor
    row.state, row.closed_on = int(RequestState.CLOSED), today
    if kind is RequestKind.EXIT:
        if told.decision is Decision.GRANTED and row.ground is not None:
            _leave(work, case, known(ExitGround, row.ground), today)
        return
    if kind is RequestKind.RETURN:
        if told.decision is Decision.GRANTED and row.ground is not None:
            _let_back(work, case, known(Asker, row.asker), known(ReturnGround, row.ground), text, today)
        return
    asked = open_texts(work, "RightsRequest", [(row.id, row.what)], READING, case.id)[0]
    revision.note(work, "case", case, {"本人意见": ("", asked)}, told.decision.label)
    # What was corrected reaches everybody who had the old value: in their window, or by a letter.
    refresh(work, [case.id])
    if told.decision is Decision.CORRECTED:
        receiver_change.raise_for(work, case, NoticeCause.CORRECTED, today, since=row.asked_on)


def _leave(work: Work, case: Case, ground: ExitGround, today: date) -> None:
    _may_leave(case, ground)
    if case.lifecycle == Lifecycle.ON_REGISTER:
        states.enter(work, case, Track.LIFECYCLE, int(Lifecycle.EXCLUDED), today, ground.label)
    refresh(work, [case.id])  # other departments lose what they have
    receiver_change.raise_for(work, case, NoticeCause.LEFT, today)
    for one in queries.naming(work, case.person_id):
        one.locked = True
    work.note("lock", "Identity", row_key=case.person_id, case_key=case.id, fields="locked")
    _entered(work, case, ExchangeKind.LEFT, "PIPL-47", f"退出登记：{ground.label}", today)


def _may_return(case: Case, ground: ExitGround | ReturnGround) -> None:
    """Nobody comes back from death, unless that was written down by mistake."""
    if case.lifecycle == Lifecycle.DEAD and ground is not ReturnGround.MISTAKE:
        raise Refused(
            "档案登记为死亡，不能以这个理由恢复。确认登记有误的，请选“退出登记有误”并写明依据。",
            rule="PIPL-47",
        )


def _let_back(work: Work, case: Case, asker: Asker, ground: ReturnGround, reason: str, today: date) -> None:
    """The file as it was: readable, on the register, its duties and disclosures as its records say."""
    for one in queries.kept(work, case.person_id):
        one.locked = False
    work.flush()
    work.note("unlock", "Identity", row_key=case.person_id, case_key=case.id, fields="locked")
    states.returned(work, case, today, f"恢复登记：{ground.label}；{reason}")
    if ground is ReturnGround.AGREED:
        told = states.Answer(ConsentStep.AGREE, max(today, case.consent_on or today), asker.label, reason)
        states.consented(work, case, told)
    elif ground is ReturnGround.STATUTORY and not case.article30:
        case.article30 = True
        states.article30_changed(work, case, today, ground.label)
    refresh(work, [case.id])
    _entered(work, case, ExchangeKind.RETURNED, "MHL-55", f"恢复登记：{ground.label}", today)
    receiver_change.raise_for(work, case, NoticeCause.RETURNED, today)


def _entered(work: Work, case: Case, kind: ExchangeKind, rule: str, document: str, today: date) -> None:
    """That a file was sealed or opened again stands in the ledger, in the hands of its unit."""
    ledger_line.enter(
        work,
        kind=kind,
        receiver=Role.TOWNSHIP_DOCTOR,
        place=case.area,
        people={case.id: case.area},
        groups=[one for one in FieldGroup if one is not FieldGroup.G14],
        ground=book()[rule].source,
        document=document,
        evidence=ledger_line.Evidence(on=today),
    )


@use_case(Action.RIGHTS_WRITE)
def cancel(work: Work, key: int, version: int, today: date) -> None:
    """The applicant takes the request back."""
    row = _row(work, key)
    if row.version != version or row.state not in (RequestState.OPEN, RequestState.REVIEW):
        raise Conflict(SAVED_ALREADY)
    row.state, row.closed_on = int(RequestState.CANCELLED), today


# --- on paper -------------------------------------------------------------------------------------


def letter(access: Access, key: int, today: date) -> int:
    """Begin to print the answer; the key of the print. :class:`Refused` before there is one."""
    made: int = letters.begin(access, _letter(access, key, today))
    return made


@use_case(Action.RIGHTS_WRITE)
def _letter(work: Work, key: int, today: date) -> Letter:
    row = _row(work, key)
    found = queries.case(work, row.case_id)
    if row.state != RequestState.CLOSED or row.decision is None or found is None:
        raise Refused("这项申请还没有办结，不能出具答复书。请先作出决定；需要复核的，请同事复核。", rule=RULE)
    case: Case = found.Case
    kind, asker = known(RequestKind, row.kind), known(Asker, row.asker)
    name = _name(work, case)
    what, reason, review_ = open_texts(
        work,
        "RightsRequest",
        [(row.id, row.what), (row.id, row.reason), (row.id, row.review)],
        PURPOSE,
        case.id,
    )
    facts = [
        ("申请事项", kind.label),
        ("申请内容", what),
        ("申请日期", letters.in_words(row.asked_on)),
        ("办理结果", known(Decision, row.decision).label.removesuffix("，说明理由")),
    ]
    if row.ground is not None:
        ground = _ground(kind, row.ground)
        facts.append(("理由类别", ground.label if ground is not None else ""))
    facts.append(("理由", reason))
    if review_:
        facts.append(("复核意见", review_))
    closing = [
        *_closing(kind, known(Decision, row.decision)),
        "对答复有异议的，可以向我单位提出，或向上级卫生健康部门反映。",
    ]
    row.letter_on = today
    work.note("print", "Letter", row_key=row.id, case_key=case.id, fields="rights", purpose=PURPOSE)
    to = name if asker is Asker.SELF else f"{name}的监护人"
    opening = ("您提出的个人信息申请已经办结，现答复如下：",)
    by = letters.article(ARTICLES[kind])
    return Letter(TITLE, to or "申请人", opening, tuple(facts), tuple(closing), found.unit, today, by)


def _name(work: Work, case: Case) -> str:
    opened = identity.reveal(work, [case.person_id], PURPOSE, ("name",), case.id).get(case.person_id)
    return opened.name if opened is not None else ""


def _closing(kind: RequestKind, decision: Decision) -> tuple[str, ...]:
    if kind is RequestKind.WITHDRAWAL:
        goes_on = "；".join(f"{what}（{book()[rule].source}）" for what, rule in STATUTORY)
        return (
            "撤回自答复之日起生效，不影响此前已经进行的活动。原来的服务照常提供，不因撤回而减少。",
            f"下列事项依法进行，不以同意为前提：{goes_on}。",
        )
    if kind is RequestKind.EXIT and decision is Decision.GRANTED:
        return (
            "登记已经结束，其他部门不再能看到有关信息；曾经收到的单位会接到停止使用的告知。"
            "档案依法封存保存，只存不用；需要时仍可随时就诊，也可以申请恢复登记。",
        )
    if kind is RequestKind.RETURN:
        if decision is Decision.GRANTED:
            return (
                "档案从今天起启封，继续按规定随访和服务。符合法定条件的内容会重新提供给有关部门，"
                "您可以随时查看“谁看过我的信息”。",
            )
        return ("档案继续封存，只存不用。需要就诊、咨询的，随时可以来我单位。",)
    if kind is RequestKind.COPY and decision is Decision.REFUSED:
        return ("医生判断现在查阅可能对治疗产生不利影响。情况变化后可以再次申请。",)
    if kind is RequestKind.CORRECTION:
        return ("更正后的内容会通知曾经收到原内容的单位；没有更正的，您的意见已附在档案中。",)
    if kind is RequestKind.EXPLANATION:
        return ("等级由医生当面评估后确定，系统只提示参考意见，不作决定。您可以要求另一名医生再次评估。",)
    return ("随函可附档案摘要、复印件，以及“谁看过我的信息”清单。",)


def summary(access: Access, key: int, today: date) -> int:
    """Begin to print the plain-language summary of a request that was granted; the key of the print."""
    made: int = letters.begin(access, _summary(access, key, today))
    return made


@use_case(Action.RIGHTS_WRITE)
def _summary(work: Work, key: int, today: date) -> Letter:
    row = _row(work, key)
    granted = row.decision in (Decision.GRANTED, Decision.PARTLY) and row.kind == RequestKind.COPY
    found = register_queries.case(work, row.case_id)
    if not granted or row.state != RequestState.CLOSED or found is None:
        raise Refused("医生还没有同意查阅、复制，不能打印摘要。请先作出决定。", rule="MHL-47")
    case: Case = found.Case
    visits = register_queries.visits(work, case.id, today - timedelta(days=366))
    seen = next((one for one in visits if one.loss_reason is None), None)
    drugs = register_queries.drug_lines(work, seen.id) if seen else []
    named = open_texts(work, "DrugLine", [(one.id, one.name) for one in drugs], PURPOSE, case.id)
    facts = [
        ("登记日期", letters.in_words(case.registered_on)),
        ("管理单位", found.unit_name),
        ("诊断", known(Diagnosis, case.diagnosis).label),
        ("现在的状态", known(Lifecycle, case.lifecycle).label),
        ("最近一次随访", letters.in_words(seen.on if seen else None)),
        ("当时的评估", _assessment(seen)),
        ("当时的用药", "、".join(named) or "（无记录）"),
        ("一年内的随访", "；".join(_visit(one) for one in visits[:12]) or "（无记录）"),
    ]
    if row.decision == Decision.PARTLY:
        reason = open_texts(work, "RightsRequest", [(row.id, row.reason)], PURPOSE, case.id)[0]
        facts = [*(one for one in facts if one[0] != "当时的评估"), ("没有提供的内容", reason)]
    work.note("print", "Summary", row_key=row.id, case_key=case.id, purpose=PURPOSE)
    opening = ("下面是您在我单位登记的主要内容。看不明白的地方，请随时问医生。",)
    closing = ("您可以要求更正不准确的内容，也可以要求查看“谁看过我的信息”清单。",)
    by = letters.article("MHL-47")
    return Letter(
        SUMMARY, _name(work, case) or "申请人", opening, tuple(facts), closing, found.unit_name, today, by
    )


def _assessment(visit: object) -> str:
    stability = term(Stability, getattr(visit, "stability", None))
    return f"病情{stability.label}" if stability is not None else "（未评估）"


def _visit(visit: object) -> str:
    mode = term(VisitMode, getattr(visit, "mode", None))
    return f"{letters.in_words(getattr(visit, 'on', None))}{mode.label if mode is not None else ''}"
