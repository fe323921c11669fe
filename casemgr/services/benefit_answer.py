"""待遇答复: what the receiver of an application or referral does with it, through the door of departments.

Every row here is there for the asking department alone; it reads no file and learns no more than its sheet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.services.disclosure import lapse
from casemgr.services.errors import Conflict, Missing, Unfit
from casemgr.services.use_case import SAVED_ALREADY, use_case
from casemgr.store.identity import open_texts
from casemgr.store.models.sharing import BenefitClaim
from casemgr.store.queries import benefit as queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.sharing import Benefit, BenefitAnswer, ClaimState

LISTING = "办理待遇申请"
NOT_THERE = "没有找到这一条，或没有提交给您的单位（可能已撤回）。请从首页重新打开。"
LONGEST = 300
#: Which answers a receiver may give in which state.
NEXT = {
    ClaimState.REFERRED: (BenefitAnswer.ACCEPTED, BenefitAnswer.GRANTED, BenefitAnswer.REFUSED),
    ClaimState.ACCEPTED: (BenefitAnswer.GRANTED, BenefitAnswer.REFUSED),
    ClaimState.GRANTED: (BenefitAnswer.REFUSED,),
}
STATES = {
    BenefitAnswer.ACCEPTED: ClaimState.ACCEPTED,
    BenefitAnswer.GRANTED: ClaimState.GRANTED,
    BenefitAnswer.REFUSED: ClaimState.REFUSED,
}
#: What a body of rehabilitation calls the same answers.
REHAB_WORDS = {
    BenefitAnswer.ACCEPTED: "已接收，正在评估",
    BenefitAnswer.GRANTED: "已签协议，开始服务",
    BenefitAnswer.REFUSED: "不接收，或已结束服务",
    BenefitAnswer.SESSION: "报送一次到场服务",
}


@dataclass(frozen=True, slots=True)
class BenefitRow:
    """One application in the list of its receiver: how a list calls the person, and how far it is."""

    id: int
    version: int
    line: int
    alias: str
    benefit: Benefit
    state: ClaimState
    applied_on: date
    decided_on: date | None
    sessions: int
    session_on: date | None
    answers: tuple[tuple[int, str], ...]


def _answers(benefit: Benefit, state: ClaimState) -> tuple[tuple[int, str], ...]:
    possible = list(NEXT.get(state, ()))
    if benefit is Benefit.REHABILITATION and state is ClaimState.GRANTED:
        possible.insert(0, BenefitAnswer.SESSION)
    words = REHAB_WORDS if benefit is Benefit.REHABILITATION else {}
    return tuple((int(one), words.get(one, one.label)) for one in possible)


@use_case(Action.LIAISON_VIEW)
def benefits(work: Work) -> tuple[BenefitRow, ...]:
    """Applications that stand with the asking department; names only as a list calls people."""
    if work.access.role not in {one.receiver for one in Benefit}:
        return ()
    lapse(work, clock.today())
    told = queries.told(work)
    rows = [row for row in queries.own(work) if row.case_id in told]
    lines = [told[row.case_id] for row in rows]
    names = open_texts(work, "Disclosure", [(line.id, line.alias) for line in lines], LISTING)
    return tuple(
        BenefitRow(
            row.id,
            row.version,
            line.id,
            name or "某",
            (benefit := Benefit.read(row.benefit)),
            (state := ClaimState.read(row.state)),
            row.applied_on,
            row.decided_on,
            row.sessions or 0,
            row.session_on,
            _answers(benefit, state),
        )
        for row, line, name in zip(rows, lines, names, strict=True)
    )


@use_case(Action.LIAISON_REPORT)
def decide(
    work: Work, key: int, version: int, choice: BenefitAnswer | None, on: date | None, words: str, today: date
) -> None:
    """Answer an application, or report a session that was attended; the doctor sees it.

    Raises :class:`Missing`, :class:`Conflict` when it was answered meanwhile, :class:`Unfit` by field.
    """
    lapse(work, today)
    row = work.get(BenefitClaim, key)
    if row is None or row.case_id not in queries.told(work):
        raise Missing(NOT_THERE)
    if row.version != version:
        raise Conflict(SAVED_ALREADY)
    benefit, state = Benefit.read(row.benefit), ClaimState.read(row.state)
    wrong: dict[str, str] = {}
    if choice is None or int(choice) not in dict(_answers(benefit, state)):
        wrong["choice"] = "请选择答复。只列出现在可以办理的几项；如已撤回，请从首页刷新核对。"
    if on is None:
        wrong["on"] = "请填写日期。医生据此安排下一步。"
    elif on > today:
        wrong["on"] = "日期晚于今天。尚未发生的不能答复。请改正日期。"
    elif on < row.applied_on:
        wrong["on"] = "日期早于申请日期。请改正日期。"
    if choice is BenefitAnswer.REFUSED and len(words) < 4:
        wrong["words"] = "不通过的，请写明原因，医生要告知本人。只写政策上的原因，不写病情。"
    if len(words) > LONGEST:
        wrong["words"] = f"说明最多 {LONGEST} 字。请只写要点，其余电话告知医生。"
    if wrong or choice is None or on is None:
        raise Unfit("没有保存。", fields=wrong)
    if choice is BenefitAnswer.SESSION:
        row.sessions, row.session_on = (row.sessions or 0) + 1, on
    else:
        row.state = int(STATES[choice])
        if choice is not BenefitAnswer.ACCEPTED:
            row.decided_on = on
    told = REHAB_WORDS[choice] if benefit is Benefit.REHABILITATION else choice.label
    row.answer = Plain(f"{on.isoformat()} {told}" + (f"：{words}" if words else ""))
    row.answered_on, row.seen_on = today, None


def is_receiver(role: Role) -> bool:
    """Whether applications are ever sent to this role."""
    return role in {one.receiver for one in Benefit}
