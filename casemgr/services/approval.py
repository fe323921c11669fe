"""审批: exports of many people and a higher ceiling for one day, asked by one person and allowed by another.

An export is a thing with a purpose, an area, a number of people and an end: up to the number of rule
REC-STOP-1 it needs nobody else, above it a second account of the unit or the county agrees first. The file is
made by whoever asked, kept sealed, handed out at most twice within 24 hours, and then removed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO

from casemgr.rules.access import ROLE_ACTIONS, Access, Action
from casemgr.rules.policy import in_force_on
from casemgr.services import exchange
from casemgr.services.account_person import refusal
from casemgr.services.errors import Conflict, Forbidden, Missing, Refused, Unfit
from casemgr.services.use_case import use_case, within
from casemgr.store import ceiling, sealed_files
from casemgr.store.db import new_key
from casemgr.store.identity import open_texts
from casemgr.store.models.approval import Approval
from casemgr.store.queries import approval as queries
from casemgr.store.queries import revision as revisions
from casemgr.store.types import Plain
from casemgr.store.work import FETCH_TURN, Work
from casemgr.terms.approval import ApprovalState, Wish
from casemgr.terms.area import AreaLevel, level_of, span_of
from casemgr.terms.purpose import Purpose

RULE_EXPORT, RULE_CEILING = "REC-STOP-1", "REC-STOP-2"
VALID = timedelta(hours=24)
FETCHES = 2
SHORTEST_REASON = 4
LONGEST_REASON = 300
FOLDER, KIND = "exports", "xlsx"
WHY = "审批"
GONE = "没有这项申请，或不在您的辖区内。请从列表重新打开。"
#: What an export holds, for whoever decides about it.
CONTENT = "档案、随访、长效针剂、社区康复、健康体检，含姓名、身份证号、电话、住址"


OWN_REQUEST = "自己的申请须由另一个人审批。请联系单位负责人或另一位县级管理员。"


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """One request as pages show it; the texts are opened."""

    key: int
    wish: Wish
    state: ApprovalState
    area: int
    area_name: str
    asked_by: str
    asked_at: datetime
    mine: bool
    purpose: Purpose
    reason: str
    people: int
    decided_by: str
    decided_at: datetime | None
    answer: str
    ends_at: datetime | None
    fetched: int
    is_made: bool
    #: Whether the caller may answer it, and whether its file may still be fetched.
    may_decide: bool
    is_open: bool


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the caller has used up today, and the numbers of the rules."""

    opened: int
    ceiling: int
    most_raise: int
    export_alone: int
    #: Key for the request that a form shown now may make.
    once: int


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file to hand out."""

    content: bytes
    people: int
    left: int


@use_case(Action.IDENTITY_REVEAL)
def numbers(work: Work, now: datetime) -> Numbers:
    """How many people the caller has opened today, and what the rules allow."""
    policy = in_force_on(ceiling.day_of(now), within(work).region)
    opened, most = ceiling.opened_today(work, now)
    return Numbers(opened, most, policy.identity_raise.value, policy.export_alone.value, new_key())


# --- asking ---------------------------------------------------------------------------------------


def _told(purpose: str, reason: str) -> tuple[Purpose, str]:
    """The checked purpose and reason; :class:`Unfit` naming every field that is wrong."""
    fields: dict[str, str] = {}
    why = Purpose.OTHER
    try:
        why = Purpose.read(int(purpose))
    except ValueError:
        fields["purpose"] = "请选择用途。审批人要凭它判断是否必要。"
    reason = reason.strip()
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        fields["reason"] = f"请写明理由（{SHORTEST_REASON}–{LONGEST_REASON} 字），例如“下乡体检前核对名单”。"
    if fields:
        raise Unfit("申请还不完整。", fields=fields)
    return why, reason


@use_case(Action.EXCHANGE_EXPORT, writes=False)
def people_in(work: Work, area: int) -> int:
    """How many people an export of an area would hold; :class:`Missing` outside the access."""
    low, high = _range(work, area)
    return queries.people_in(work, low, high)


def _range(work: Work, area: int) -> tuple[int, int]:
    try:
        inside = level_of(area) >= AreaLevel.COUNTY and area > 0
        low, high = span_of(area)
    except ValueError:
        inside, low, high = False, 0, 0
    if not inside or not (work.access.reaches(low) and work.access.reaches(high - 1)):
        raise Unfit("请选择区划。", fields={"area": "请选择自己辖区内的县（区）或乡镇（街道）。"})
    return low, high


@use_case(Action.EXCHANGE_EXPORT)
def ask_export(work: Work, key: int | None, area: int, purpose: str, reason: str, now: datetime) -> int:
    """Ask for the workbook of an area; its key. Few people need nobody's leave.

    ``key`` was made when the form was shown: a second press with it is answered like the first. The door has
    asked for a fresh proof. Raises :class:`Unfit` naming ``area``, ``purpose`` or ``reason``.
    """
    known = work.get(Approval, key) if key is not None else None
    if known is not None and known.asked_by == work.access.actor:
        return known.id
    low, high = _range(work, area)
    why, reason = _told(purpose, reason)
    people = queries.people_in(work, low, high)
    if not people:
        raise Unfit("没有可导出的人。", fields={"area": "这个区划还没有建档的人，没有可导出的内容。"})
    alone = people <= in_force_on(ceiling.day_of(now), within(work).region).export_alone.value
    made = work.add(
        Approval(
            id=key or new_key(),
            area=low,
            wish=int(Wish.EXPORT),
            asked_by=work.access.actor,
            asked_at=now,
            purpose=int(why),
            reason=Plain(reason),
            people=people,
            state=int(ApprovalState.APPROVED if alone else ApprovalState.WAITING),
            ends_at=now + VALID if alone else None,
            fetched=0,
        )
    )
    return made.id


@use_case(Action.IDENTITY_REVEAL)
def ask_raise(work: Work, people: int, purpose: str, reason: str, now: datetime) -> int:
    """Ask for opening more people today; its key.

    Raises :class:`Unfit` naming ``people``, ``purpose`` or ``reason``, :class:`Conflict` when there is such a
    request for today already.
    """
    policy = in_force_on(ceiling.day_of(now), within(work).region)
    most = policy.identity_raise.value
    fields: dict[str, str] = {}
    if not 1 <= people <= most:
        fields["people"] = f"请填 1 至 {most} 之间的人数。需要更多人的名单时，请改用导出并申请审批。"
    try:
        why, reason = _told(purpose, reason)
    except Unfit as wrong:
        raise Unfit(wrong.message, fields={**fields, **wrong.fields}) from None
    if fields:
        raise Unfit("申请还不完整。", fields=fields)
    day = ceiling.day_of(now)
    work.take_turn(FETCH_TURN)  # two presses make one request
    if queries.open_raise(work, work.access.actor, day) is not None:
        raise Conflict("今天已经申请过，每天只能提高一次。请等待审批，或明天再申请。")
    made = Approval(
        id=new_key(),
        area=work.access.low,
        wish=int(Wish.CEILING),
        asked_by=work.access.actor,
        asked_at=now,
        purpose=int(why),
        reason=Plain(reason),
        people=people,
        on=day,
        state=int(ApprovalState.WAITING),
        fetched=0,
    )
    return work.add(made).id


# --- looking --------------------------------------------------------------------------------------


def _views(work: Work, found: list[tuple[Approval, str | None]], now: datetime) -> tuple[ApprovalView, ...]:
    rows = [row for row, _ in found]
    known = {row.asked_by for row in rows} | {row.decided_by for row in rows if row.decided_by}
    names = revisions.authors(work, sorted(known))
    reasons = open_texts(work, "Approval", [(row.id, row.reason) for row in rows], WHY)
    answered = [row for row in rows if row.answer is not None]
    answers = open_texts(work, "Approval", [(row.id, row.answer) for row in answered], WHY)
    said = dict(zip((row.id for row in answered), answers, strict=True))
    return tuple(
        ApprovalView(
            row.id,
            Wish.read(row.wish),
            ApprovalState.read(row.state),
            row.area,
            name or "",
            names.get(row.asked_by, ""),
            row.asked_at,
            row.asked_by == work.access.actor,
            Purpose.read(row.purpose),
            reason,
            row.people,
            names.get(row.decided_by or 0, ""),
            row.decided_at,
            said.get(row.id, ""),
            row.ends_at,
            row.fetched,
            row.digest is not None,
            row.state == ApprovalState.WAITING
            and row.asked_by != work.access.actor
            and work.access.may(Action.EXPORT_APPROVE),
            _is_open(row, now),
        )
        for (row, name), reason in zip(found, reasons, strict=True)
    )


def _is_open(row: Approval, now: datetime) -> bool:
    return (
        row.wish == Wish.EXPORT
        and row.state == ApprovalState.APPROVED
        and row.ends_at is not None
        and now < row.ends_at
        and row.fetched < FETCHES
    )


@use_case(Action.IDENTITY_REVEAL)
def list_(work: Work, now: datetime) -> tuple[ApprovalView, ...]:
    """The caller's own requests; for whoever may answer them, all inside the access."""
    mine = None if work.access.may(Action.EXPORT_APPROVE) else work.access.actor
    return _views(work, queries.listed(work, mine), now)


@use_case(Action.IDENTITY_REVEAL)
def get(work: Work, key: int, now: datetime) -> ApprovalView:
    """One request; :class:`Missing` for those of others, unless the caller may answer them."""
    found = queries.one(work, key)
    if found is None or not (
        found[0].asked_by == work.access.actor or work.access.may(Action.EXPORT_APPROVE)
    ):
        raise Missing(GONE)
    return _views(work, [found], now)[0]


@use_case(Action.IDENTITY_REVEAL, writes=False)
def has_decider(work: Work, key: int) -> bool:
    """Whether anybody besides who asked could answer a request."""
    found = queries.one(work, key)
    if found is None:
        raise Missing(GONE)
    roles = [int(role) for role, actions in ROLE_ACTIONS.items() if Action.EXPORT_APPROVE in actions]
    return queries.deciders(work, roles, found[0].area, found[0].asked_by) > 0


# --- answering ------------------------------------------------------------------------------------


@use_case(Action.EXPORT_APPROVE)
def decide(work: Work, key: int, agree: bool, answer: str, now: datetime) -> None:
    """Say yes or no to somebody else's request; the door has asked for a fresh proof.

    Raises :class:`Missing`, :class:`Refused` for the own request, :class:`Conflict` when it is answered or
    its day is over, :class:`Unfit` naming ``answer`` when a refusal gives no reason.
    """
    work.take_turn(FETCH_TURN)  # of two who decide at once, the second finds it decided
    found = queries.one(work, key)
    if found is None:
        raise Missing(GONE)
    row = found[0]
    if words := refusal(work, row.asked_by, OWN_REQUEST):
        raise Refused(words, rule=RULE_EXPORT)
    if row.state != ApprovalState.WAITING:
        raise Conflict("这项申请已经处理过或已被撤回。请核对现在的状态。")
    if row.wish == Wish.CEILING and row.on != ceiling.day_of(now):
        raise Conflict("这项申请只对提出的当天有效，现在已过期。如仍需要，请对方重新申请。")
    answer = answer.strip()[:LONGEST_REASON]
    if not agree and len(answer) < SHORTEST_REASON:
        raise Unfit("请写明理由。", fields={"answer": "不同意时请写明理由，让对方知道怎样改。"})
    row.state = int(ApprovalState.APPROVED if agree else ApprovalState.REFUSED)
    row.decided_by, row.decided_at = work.access.actor, now
    row.answer = Plain(answer) if answer else None
    if agree and row.wish == Wish.EXPORT:
        row.ends_at = now + VALID
    work.note("approve" if agree else "refuse", "Approval", row_key=key, count=row.people)


@use_case(Action.IDENTITY_REVEAL)
def withdraw(work: Work, key: int) -> None:
    """Take an own request back that nobody has answered."""
    work.take_turn(FETCH_TURN)
    row = _own(work, key)
    if row.state != ApprovalState.WAITING:
        raise Conflict("这项申请已经处理过，不能撤回。")
    row.state = int(ApprovalState.WITHDRAWN)


def _own(work: Work, key: int) -> Approval:
    found = queries.one(work, key)
    if found is None or found[0].asked_by != work.access.actor:
        raise Missing(GONE)
    return found[0]


# --- the file -------------------------------------------------------------------------------------


@use_case(Action.EXCHANGE_EXPORT)
def _begin(work: Work, key: int, now: datetime) -> tuple[int, bool, bool]:
    """(area, whether a second person allowed it, whether the file is there) of an own open request."""
    row = _own(work, key)
    if not _is_open(row, now):
        raise Forbidden(_why_closed(row, now))
    low, high = span_of(row.area)
    if row.digest is None and queries.people_in(work, low, high) > row.people:
        raise Conflict("申请之后又有人建档，人数已超过审批的人数，没有导出。请重新申请。")
    return row.area, row.decided_by is not None, row.digest is not None


def _why_closed(row: Approval, now: datetime) -> str:
    if row.state == ApprovalState.WAITING:
        return "这项导出还没有经第二人审批，不能下载。请等待审批，或缩小范围后重新申请。"
    if row.fetched >= FETCHES:
        return f"这份文件已经下载过 {FETCHES} 次，不能再下载。如仍需要，请重新申请。"
    return "这项导出没有被同意，或已超过 24 小时的有效期。如仍需要，请重新申请。"


@use_case(Action.EXCHANGE_EXPORT)
def _keep(work: Work, key: int, content: bytes) -> None:
    row = _own(work, key)
    sealed_files.put(work, FOLDER, key, KIND, content)
    row.digest = hashlib.sha256(content).digest()


def check(access: Access, key: int, now: datetime) -> None:
    """Raise like :func:`make` when the file of a request cannot be made now."""
    _begin(access, key, now)


def make(access: Access, key: int, now: datetime) -> None:
    """Make the file of an open request, once; nothing happens when it is there.

    Raises :class:`Missing`, :class:`Forbidden` when it is not open, :class:`Conflict` when there are more
    people now than were asked for.
    """
    area, allowed, made = _begin(access, key, now)
    if made:
        return
    out = BytesIO()
    exchange.export(access, area, out, allowed=allowed)
    _keep(access, key, out.getvalue())


@use_case(Action.EXCHANGE_EXPORT)
def fetch(work: Work, key: int, now: datetime) -> ExportFile:
    """Hand the file out to whoever asked for it, once more; raises like :func:`make`."""
    work.take_turn(FETCH_TURN)  # two presses at once are both counted
    row = _own(work, key)
    if not _is_open(row, now):
        raise Forbidden(_why_closed(row, now))
    content = sealed_files.take(work, FOLDER, key, KIND)
    if content is None or row.digest is None:
        raise Conflict("文件还没有生成，或已经清理。请先生成文件。")
    if hashlib.sha256(content).digest() != row.digest:
        raise Conflict("保存的文件与生成时不一致，没有下载。请重新申请，并告知系统管理员。")
    row.fetched += 1
    work.note("download", "Approval", row_key=key, count=row.people, purpose=Purpose.read(row.purpose).label)
    return ExportFile(content, row.people, FETCHES - row.fetched)


@use_case(Action.JOB_RUN)
def forget_old(work: Work, now: datetime) -> int:
    """Remove files whose time is over, and the counts of past days, a batch at a time."""
    rows = queries.past_files(work, now)
    for row in rows:
        sealed_files.remove(work, FOLDER, row.id, KIND)
        row.digest = None
    counts = queries.past_counts(work, ceiling.day_of(now))
    for one in counts:
        work.remove(one)
    return len(rows) + len(counts)
