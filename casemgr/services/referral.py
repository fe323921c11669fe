"""双向转诊登记: one referral from the advice until the person is back, step by step with days and notes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from casemgr.rules import referral as rules
from casemgr.rules.access import Action
from casemgr.services import clock, duties, hospital_care, revision
from casemgr.services.errors import Missing, Refused, Unfit
from casemgr.services.finding import weigh
from casemgr.services.incident import NOT_THERE, Recorded, kept_before, known_case, not_after_death
from casemgr.services.use_case import use_case
from casemgr.store.identity import open_texts
from casemgr.store.models.followup import Visit, VisitText
from casemgr.store.models.referral import Referral
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.followup import YesNo
from casemgr.terms.post import CareGround
from casemgr.terms.referral import Direction, ReferralState

READING = "查阅转诊"


@dataclass(frozen=True, slots=True)
class ReferralEntry:
    """What somebody tells about a new referral; ``sent_on`` empty: advised only, not yet sent."""

    direction: Direction
    advised_on: date
    sent_on: date | None
    reason: str
    target: str
    visit_id: int | None = None
    #: The post of the hospital, where it has a window of its own.
    hospital: int | None = None


@dataclass(frozen=True, slots=True)
class ReferralStep:
    """One step on the way: what happened, when, and a note (the result when treated or back)."""

    to: ReferralState
    on: date
    note: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class ReferralView:
    """One referral as its page shows it; texts are opened by the page and written down as read."""

    id: int
    case_id: int
    file_no: str
    direction: Direction
    state: ReferralState
    advised_on: date
    sent_on: date | None
    answered_on: date | None
    result_on: date | None
    back_on: date | None
    next: tuple[ReferralState, ...]
    sheet_id: int | None
    visit_id: int | None
    version: int
    reason: str = ""
    target: str = ""
    result: str = ""

    @property
    def last_on(self) -> date:
        """Day of the latest step."""
        days = (self.advised_on, self.sent_on, self.answered_on, self.result_on, self.back_on)
        return max(one for one in days if one is not None)


@dataclass(frozen=True, slots=True)
class VisitAdvice:
    """What a visit of this case says about a referral, to begin the form with."""

    visit_id: int
    on: date
    sent: bool
    reason: str
    target: str


@use_case(Action.EVENT_WRITE)
def advice(work: Work, case_id: int, visit_id: int) -> VisitAdvice | None:
    """The referral that a visit advises (建议转诊, 已转诊 of 表8); ``None`` if it advises none."""
    known_case(work, case_id)
    visit = work.get(Visit, visit_id)
    if visit is None or visit.case_id != case_id or YesNo.YES not in (visit.referral_advised, visit.referred):
        return None
    text = work.get(VisitText, visit_id)
    reason = target = ""
    if text is not None:
        reason, target = open_texts(
            work,
            "VisitText",
            [(visit_id, text.referral_reason), (visit_id, text.referral_to)],
            READING,
            case_id,
        )
    return VisitAdvice(visit_id, visit.on, visit.referred == YesNo.YES, reason, target)


@use_case(Action.EVENT_WRITE)
def record(work: Work, case_id: int, once: int, entry: ReferralEntry, today: date) -> Recorded:
    """Begin a referral; :class:`Unfit` by field for days that cannot be (ev01, ev02) or what is missing."""
    row = known_case(work, case_id)
    if kept_before(work, Referral, once, case_id) is not None:
        return Recorded(once, case_id, again=True)
    fields = {}
    if not entry.reason:
        fields["reason"] = "请写明转诊原因，接诊机构据此判断。"
    if not entry.target:
        fields["target"] = "请写明机构和科室，两周内要向它了解结果。"
    if entry.advised_on > today:
        fields["advised_on"] = "建议日期晚于今天。请改正日期。（ev02）"
    if entry.sent_on is not None and not entry.advised_on <= entry.sent_on <= today:
        fields["sent_on"] = "转出日期应在建议日期与今天之间；还没有转出请留空。（ev01）"
    if entry.direction is Direction.DOWN and entry.sent_on is None:
        fields.setdefault("sent_on", "下转是医院已经转回社区的，请填医院转出的日期。")
    if entry.hospital is not None and (
        entry.direction is not Direction.UP or not hospital_care.is_hospital(work, row.area, entry.hospital)
    ):
        fields["hospital"] = "只有上转到已开通窗口的医院时才选。请改选，或留空。"
    if fields:
        raise Unfit("没有保存。", fields=fields)
    name, label = ("advised_on", "建议日期") if entry.sent_on is None else ("sent_on", "转出日期")
    not_after_death(row, entry.sent_on or entry.advised_on, name, label)
    visit = work.get(Visit, entry.visit_id) if entry.visit_id else None
    state = ReferralState.ADVISED if entry.sent_on is None else ReferralState.SENT
    work.add(
        Referral(
            id=once,
            area=row.area,
            case_id=case_id,
            direction=int(entry.direction),
            state=int(state),
            advised_on=entry.advised_on,
            sent_on=entry.sent_on,
            reason=Plain(entry.reason),
            target=Plain(entry.target),
            visit_id=visit.id if visit is not None and visit.case_id == case_id else None,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    work.flush()
    if entry.hospital is not None:
        since = entry.sent_on or entry.advised_on
        hospital_care.add(work, row.area, case_id, entry.hospital, CareGround.REFERRAL, since, once)
        work.flush()
    duties.refresh(work, [case_id])
    return Recorded(once, case_id, again=False)


@use_case(Action.EVENT_WRITE)
def view(work: Work, referral_id: int, purpose: str = READING) -> ReferralView:
    """One referral with its texts, none without a ``purpose``; :class:`Missing` outside the access."""
    row = work.get(Referral, referral_id)
    if row is None:
        raise Missing("没有找到这次转诊，或不在您的辖区内。请从患者页重新打开。")
    case = known_case(work, row.case_id)
    if not purpose:
        return _view(row, case.file_no)
    reason, target, result = open_texts(
        work,
        "Referral",
        [(row.id, row.reason), (row.id, row.target), (row.id, row.result)],
        purpose,
        row.case_id,
    )
    return _view(row, case.file_no, reason, target, result)


def _view(row: Referral, file_no: str, reason: str = "", target: str = "", result: str = "") -> ReferralView:
    direction, state = Direction.read(row.direction), ReferralState.read(row.state)
    return ReferralView(
        row.id,
        row.case_id,
        file_no,
        direction,
        state,
        row.advised_on,
        row.sent_on,
        row.answered_on,
        row.result_on,
        row.back_on,
        rules.steps(direction, state),
        row.sheet_id,
        row.visit_id,
        row.version,
        reason,
        target,
        result,
    )


@use_case(Action.EVENT_WRITE)
def step(work: Work, referral_id: int, given: ReferralStep, today: date) -> Recorded:
    """Take a referral one step on; the change is kept, and the duties follow it.

    A step already taken is answered like the first. Raises :class:`Refused` for a step out of turn,
    :class:`Unfit` for days that cannot be, or a result without words.
    """
    row = work.get(Referral, referral_id)
    if row is None:
        raise Missing(NOT_THERE)
    return take(work, row, given, today)


def take(work: Work, row: Referral, given: ReferralStep, today: date) -> Recorded:
    """The same within a unit of work that the step follows from."""
    state = ReferralState.read(row.state)
    if given.to is state:
        return Recorded(row.id, row.case_id, again=True)
    if given.to not in rules.steps(Direction.read(row.direction), state):
        raise Refused(
            f"这次转诊目前是“{state.label}”，不能改为“{given.to.label}”。可能另一位同事刚刚更新过。"
            "请核对下方的经过，再选择一步；确有错误时另登记一次转诊。"
        )
    weigh(rules.check_step(given.to, given.on, _view(row, "").last_on, today), "")
    if given.to in (ReferralState.DONE, ReferralState.BACK) and not given.note and row.result is None:
        raise Unfit(
            "没有保存。",
            fields={"note": "请写明诊治结果：诊断、用药有无调整、是否住院、回社区后注意什么。"},
        )
    if given.to in (ReferralState.DECLINED, ReferralState.CANCELLED) and not given.note:
        raise Unfit("没有保存。", fields={"note": "请写明原因，便于另行安排。"})
    changes: dict[str, tuple[revision.Value, revision.Value]] = {"转诊状态": (state.label, given.to.label)}
    column = DAY_OF_STEP.get(given.to)
    if column is not None:
        changes[f"{given.to.label}日期"] = (getattr(row, column), given.on)
        setattr(row, column, given.on)
    if given.to is ReferralState.BACK and row.result_on is None:
        row.result_on = given.on
    if given.to is ReferralState.SENT:
        row.answered_on = None
    row.state = int(given.to)
    if given.note:
        earlier = open_texts(work, "Referral", [(row.id, row.result)], READING, row.case_id)[0]
        said = f"{given.on.isoformat()} {given.to.label}：{given.note}"
        row.result = Plain(f"{earlier}\n{said}" if earlier else said)
    revision.note(work, "referral", row, changes)
    work.flush()
    duties.refresh(work, [row.case_id])
    return Recorded(row.id, row.case_id, again=False)


#: Which day each step writes.
DAY_OF_STEP = {
    ReferralState.SENT: "sent_on",
    ReferralState.ACCEPTED: "answered_on",
    ReferralState.DECLINED: "answered_on",
    ReferralState.DONE: "result_on",
    ReferralState.BACK: "back_on",
}
