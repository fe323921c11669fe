"""迁移: a file moves between townships of a county, asked for by one side and answered by the other.

Each side keeps a row of its own and sees nothing else of the other. Until the answer the sender stays
responsible; a receiver sees a name and where it comes from, neither diagnosis nor anything of the file.
Without an answer within the days of GF2018-8.5 the county is asked. The two rows, and the moving itself, are
written by the system over the county after the asker's own right has been checked (docs/decisions/0020).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from casemgr.rules.access import Access, Action
from casemgr.rules.calendar import deadline
from casemgr.rules.policy import in_force_on
from casemgr.services import clock, revision, state
from casemgr.services.duties import refresh
from casemgr.services.errors import Conflict, Missing, Refused, Unfit
from casemgr.services.reach import over_county
from casemgr.services.register import NOT_THERE as NO_CASE
from casemgr.services.use_case import SAVED_ALREADY, use_case
from casemgr.store import identity
from casemgr.store.db import new_keys
from casemgr.store.identity import ID_NUMBER, open_texts
from casemgr.store.models import Case, Transfer
from casemgr.store.queries import area as areas
from casemgr.store.queries import register as register_queries
from casemgr.store.queries import registration as registration_queries
from casemgr.store.queries import state as state_queries
from casemgr.store.queries import transfer as queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms import idnumber
from casemgr.terms.area import AreaLevel, ancestor, level_of, span_of
from casemgr.terms.register import Lifecycle, Track
from casemgr.terms.transfer import TransferSide, TransferState

PURPOSE = "迁移"
NOT_THERE = "没有这项迁移，或不在您的辖区内。请从迁移列表重新进入。"
ANSWERED = "这项迁移已经答复过。请核对页面上的答复。"
MOST = 200
ELSEWHERE, ABROAD = "本县其他乡镇", "外县"
#: Unit of a receiver in another county, which this register does not know.
NO_UNIT = 0


@dataclass(frozen=True, slots=True)
class TransferView:
    """One side of a transfer. ``answers``: it is this side that accepts or declines.

    ``file_no`` and ``case_id`` are filled only where the file itself lies within reach.
    """

    id: int
    version: int
    side: TransferSide
    state: TransferState
    own: str
    other: str
    area: int
    asked_on: date
    due_on: date
    late: bool
    rule: str
    status: str
    asked_by_receiver: bool
    answered_on: date | None
    county_asked_on: date | None
    answers: bool
    file_no: str
    case_id: int | None
    name: str = field(default="", repr=False)
    reason: str = field(default="", repr=False)
    abroad: bool = False

    @property
    def open(self) -> bool:
        """Whether nobody has answered yet."""
        return int(self.state) in queries.OPEN


def _view(row: Any, access: Access, today: date, name: str = "", reason: str = "") -> TransferView:
    one: Transfer = row.Transfer
    parameter = in_force_on(today).transfer_answer
    due: date = deadline(one.asked_on, parameter).on
    side, now = TransferSide.read(one.side), TransferState.read(one.state)
    hidden = one.asked_by_receiver and side is TransferSide.RECEIVER and now is not TransferState.ACCEPTED
    return TransferView(
        id=one.id,
        version=one.version,
        side=side,
        state=now,
        own=row.own or "",
        other=ABROAD if _abroad(one) else ELSEWHERE if hidden else row.other or ELSEWHERE,
        area=one.area,
        asked_on=one.asked_on,
        due_on=due,
        late=int(one.state) in queries.OPEN and due < today,
        rule=parameter.rule,
        status=parameter.status,
        asked_by_receiver=one.asked_by_receiver,
        answered_on=one.answered_on,
        county_asked_on=one.county_asked_on,
        answers=not _abroad(one) and (_answers(one) or _over_both(access)),
        file_no=row.file_no or "",
        case_id=one.file_key if row.file_no else None,
        name=name,
        reason=reason,
        abroad=_abroad(one),
    )


def _abroad(one: Transfer) -> bool:
    """Whether the file goes to another county: nobody there has an account, the answer is entered here."""
    return one.side == TransferSide.SENDER and one.other_unit == NO_UNIT


def _answers(one: Transfer) -> bool:
    """The side that did not ask answers."""
    answering = TransferSide.SENDER if one.asked_by_receiver else TransferSide.RECEIVER
    return one.side == answering


def _over_both(access: Access) -> bool:
    return level_of(access.low) < AreaLevel.TOWNSHIP


@use_case(Action.TRANSFER_READ)
def list_(work: Work, today: date, purpose: str = "") -> list[TransferView]:
    """The transfers of an area, latest first; the county sees each once. Names only for a ``purpose``."""
    rows = [
        row
        for row in queries.latest(work, MOST)
        if not _over_both(work.access) or _answers(row.Transfer) or _abroad(row.Transfer)
    ]
    names = [""] * len(rows)
    if purpose and rows:
        names = open_texts(work, "Transfer", [(r.Transfer.id, r.Transfer.name) for r in rows], purpose)
    return [_view(row, work.access, today, name) for row, name in zip(rows, names, strict=True)]


@use_case(Action.TRANSFER_READ)
def get(work: Work, key: int, today: date, purpose: str = PURPOSE) -> TransferView:
    """One side of a transfer with name and reason, which is written down; :class:`Missing` outside.

    Without a ``purpose`` neither is opened.
    """
    row = queries.one(work, key)
    if row is None:
        raise Missing(NOT_THERE)
    one: Transfer = row.Transfer
    name = reason = ""
    if purpose:
        name, reason = open_texts(work, "Transfer", [(key, one.name), (key, one.reason)], purpose)
    return _view(row, work.access, today, name, reason)


@use_case(Action.TRANSFER_READ)
def targets(work: Work, case_id: int) -> tuple[str, tuple[tuple[int, str], ...]]:
    """(number of the file, townships of its county that it may be sent to); :class:`Missing` outside."""
    case = work.get(Case, case_id)
    if case is None:
        raise Missing(NO_CASE)
    low, high = span_of(case.county)
    served = {row.area_code for row in registration_queries.units(work, low, high)}
    return case.file_no, tuple(
        (row.code, row.name)
        for row in areas.within(work, low, high, int(AreaLevel.TOWNSHIP))
        if row.level == int(AreaLevel.TOWNSHIP) and row.code in served and row.code != case.area
    )


# --- asking ---


@dataclass(frozen=True, slots=True)
class _Asked:
    case: int
    sender: int
    receiver: int
    by_receiver: bool
    name_there: str = field(repr=False)
    name_here: str = field(repr=False)
    reason: str = field(repr=False)


def ask(access: Access, case_id: int, to: int | None, reason: str, today: date) -> int:
    """Ask another township of the county to take a file over; the key of the sender's row.

    Raises :class:`Missing` outside the access, :class:`Refused` for a closed file, :class:`Unfit` with the
    fields that are wrong. Asking twice is asking once.
    """
    asked = _may_ask(access, case_id, to, reason)
    sender, _ = _write_pair(over_county(access, "transfer", asked.sender), asked, access.actor, today)
    return sender


@use_case(Action.TRANSFER_WRITE)
def _may_ask(work: Work, case_id: int, to: int | None, reason: str) -> _Asked:
    case = work.get(Case, case_id)
    if case is None:
        raise Missing(NO_CASE)
    if case.lifecycle != Lifecycle.ON_REGISTER:
        raise Refused("档案已不在册，不能迁移。请先恢复在册，或由对方新建档案。", rule="GF2018-8.5")
    wrong: dict[str, str] = {}
    if to is None or to == case.area or ancestor(to, AreaLevel.COUNTY) != case.county:
        wrong["to"] = "请选择本县的另一个乡镇。迁往外县的，请用“迁出本县”。"
    elif not registration_queries.units(work, *span_of(to)):
        wrong["to"] = "这个乡镇还没有管理单位，无法接收。请联系县级，或选其他乡镇。"
    if not reason:
        wrong["reason"] = "请写明迁移原因和新住址，对方据此联系本人。"
    if wrong or to is None:
        raise Unfit("没有保存，请改正后再试。", fields=wrong)
    opened = identity.reveal(work, [case.person_id], PURPOSE, ("name",), case_id)
    name = opened[case.person_id].name
    work.note("ask", "Transfer", case_key=case_id)
    return _Asked(case_id, case.area, to, False, name, name, reason)


def ask_in(access: Access, id_number: str, name: str, reason: str, today: date) -> int:
    """Ask for the file of somebody who is registered elsewhere in the county; the key of the receiver's row.

    The asker learns neither who holds it nor what is in it. Raises :class:`Refused` when there is none.
    """
    number = idnumber.normal(id_number)
    area = _may_ask_in(access, number)
    return _found_and_asked(
        over_county(access, "transfer", area), number, name, reason, area, access.actor, today
    )


@use_case(Action.TRANSFER_WRITE)
def _may_ask_in(work: Work, number: str) -> int:
    if level_of(work.access.low) is not AreaLevel.TOWNSHIP:
        raise Refused("县级可直接办理迁移。请打开该患者的档案，从“迁移”办理。", rule="GF2018-8.5")
    if idnumber.fault(number) is not None:
        raise Unfit("没有保存。", fields={"id_number": "请先填写正确的证件号码，才能申请转入。"})
    work.note("ask", "Transfer")
    return work.access.low


@use_case(Action.TRANSFER_WRITE)
def _found_and_asked(
    work: Work, number: str, name: str, reason: str, area: int, actor: int, today: date
) -> int:
    found = registration_queries.cases_of(work, identity.find_by_token(work, ID_NUMBER, number))
    held = [row for row in found if row.lifecycle == Lifecycle.ON_REGISTER and row.area != area]
    if not held:
        raise Refused("本县其他乡镇没有这个证件号的在册档案。可以直接登记建档，或核对证件号码。")
    row = held[0]
    opened = identity.reveal(work, [row.person_id], PURPOSE, ("name",), row.id)
    asked = _Asked(row.id, row.area, area, True, opened[row.person_id].name, name or "（未填）", reason)
    return _both_rows(work, asked, actor, today)[1]


@use_case(Action.TRANSFER_WRITE)
def _write_pair(work: Work, asked: _Asked, actor: int, today: date) -> tuple[int, int]:
    return _both_rows(work, asked, actor, today)


def _both_rows(work: Work, asked: _Asked, actor: int, today: date) -> tuple[int, int]:
    """Write the rows of both sides (keys: sender's, receiver's); those that are there already stay."""
    work.take_turn(queries.TURN)
    there = queries.open_of(work, asked.case)
    if there:
        same = len(there) == 2 and there[1].area == asked.receiver
        if not same:
            raise Conflict("这份档案已有一项未答复的迁移。请等对方答复，或先撤回。")
        return there[0].id, there[1].id
    case = work.get(Case, asked.case)
    if case is None or case.area != asked.sender or case.lifecycle != Lifecycle.ON_REGISTER:
        raise Conflict(SAVED_ALREADY)
    unit = registration_queries.units(work, *span_of(asked.receiver))[0].id
    pair, *keys = new_keys(3)
    for key, side, area, other, other_unit, name in (
        (keys[0], TransferSide.SENDER, asked.sender, asked.receiver, unit, asked.name_there),
        (
            keys[1],
            TransferSide.RECEIVER,
            asked.receiver,
            # Whoever asks for a file does not learn where it lies.
            ancestor(asked.sender, AreaLevel.COUNTY) if asked.by_receiver else asked.sender,
            0 if asked.by_receiver else case.unit_id,
            asked.name_here,
        ),
    ):
        work.add(
            Transfer(
                id=key,
                area=area,
                pair=pair,
                side=int(side),
                state=int(TransferState.ASKED),
                file_key=asked.case,
                other_area=other,
                other_unit=other_unit,
                asked_on=today,
                asked_by_receiver=asked.by_receiver,
                name=Plain(name),
                reason=Plain(asked.reason) if asked.reason else None,
                recorded_at=clock.now(),
                recorded_by=actor,
            )
        )
    work.flush()
    refresh(work, [asked.case])
    return keys[0], keys[1]


# --- to another county ---


@use_case(Action.TRANSFER_WRITE)
def send_abroad(work: Work, case_id: int, place: str, reason: str, today: date) -> int:
    """Write down that a file was sent to ``place`` in another county; the key of the row.

    The sender stays responsible until the answer is entered: accepted by closing the file
    (:func:`casemgr.services.state.moved`), declined by :func:`decline`. Sending twice is sending once. Raises
    :class:`Missing`, :class:`Refused` for a closed file, :class:`Conflict` beside another open transfer and
    :class:`Unfit`.
    """
    work.take_turn(queries.TURN)
    case = work.get(Case, case_id)
    if case is None:
        raise Missing(NO_CASE)
    if case.lifecycle != Lifecycle.ON_REGISTER:
        raise Refused("档案已不在册，不能迁出。请先恢复在册。", rule="GF2018-8.5")
    wrong: dict[str, str] = {}
    if not place:
        wrong["receiver"] = "请填写接收机构。没有接收方，这个人就没有人管了（st09）。"
    if not reason:
        wrong["address"] = "请写明新住址和原因，对方据此联系本人。"
    if wrong:
        raise Unfit("没有保存，请改正后再试。", fields=wrong)
    there = queries.open_of(work, case_id)
    if there:
        if len(there) == 1 and _abroad(there[0]):
            return there[0].id
        raise Conflict("这份档案已有一项未答复的迁移。请等对方答复，或先撤回。")
    opened = identity.reveal(work, [case.person_id], PURPOSE, ("name",), case_id)
    pair, key = new_keys(2)
    work.add(
        Transfer(
            id=key,
            area=case.area,
            pair=pair,
            side=int(TransferSide.SENDER),
            state=int(TransferState.ASKED),
            file_key=case_id,
            other_area=NO_UNIT,
            other_unit=NO_UNIT,
            asked_on=today,
            asked_by_receiver=False,
            name=Plain(opened[case.person_id].name),
            reason=Plain(f"{place}\n{reason}"),
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    work.flush()
    refresh(work, [case_id])
    return key


@use_case(Action.TRANSFER_READ)
def papers_abroad(work: Work, key: int) -> tuple[int, str, str, str]:
    """(case, receiver, address and reason, sending unit) of a file on its way to another county.

    Raises :class:`Missing` outside the access, :class:`Refused` for any other transfer or an answered one.
    """
    one = work.get(Transfer, key)
    if one is None:
        raise Missing(NOT_THERE)
    if not _abroad(one) or one.state not in queries.OPEN:
        raise Refused("这项迁移没有要寄送的材料：不是迁往外县，或已经答复。", rule="GF2018-8.5")
    row = register_queries.case(work, one.file_key)
    if row is None:
        raise Missing(NO_CASE)
    (text,) = open_texts(work, "Transfer", [(key, one.reason)], PURPOSE, one.file_key)
    place, _, reason = text.partition("\n")
    return one.file_key, place, reason, row.unit_name


# --- answering ---


@use_case(Action.TRANSFER_WRITE)
def _may_answer(work: Work, key: int, version: int) -> tuple[int, int]:
    """(pair, area of the row) of a transfer that this asker may answer."""
    one = work.get(Transfer, key)
    if one is None:
        raise Missing(NOT_THERE)
    if not _abroad(one) and not _answers(one) and not _over_both(work.access):
        raise Refused("这项迁移由对方答复。不需要了的，可以撤回。", rule="GF2018-8.5")
    if one.version != version or one.state not in queries.OPEN:
        raise Conflict(ANSWERED)
    work.note("answer", "Transfer", row_key=key)
    return one.pair, one.area


def accept(
    access: Access, key: int, version: int, village: int | None, today: date, unit_code: str = ""
) -> int:
    """Accept a transfer: the file belongs to the receiver from now on. The key of the case.

    Raises :class:`Missing`, :class:`Refused`, :class:`Conflict` like every answer, and :class:`Unfit` for a
    village or unit that does not lie in the receiving township.
    """
    pair, area = _may_answer(access, key, version)
    if get(access, key, today, "").abroad:
        raise Refused("迁往外县的，对方接收后请在“迁出本县”登记。登记之前仍由本单位负责。", rule="GF2018-8.5")
    return _move(over_county(access, "transfer", area), pair, village, unit_code, today)


@use_case(Action.TRANSFER_WRITE)
def _move(work: Work, pair: int, village: int | None, unit_code: str, today: date) -> int:
    work.take_turn(queries.TURN)
    sender, receiver = _both(work, pair)
    case = work.get(Case, sender.file_key)
    if case is None or case.area != sender.area or case.lifecycle != Lifecycle.ON_REGISTER:
        raise Refused(
            "对方的档案已有变化（可能已登记死亡或迁出），不能接收。请与对方核对。", rule="GF2018-8.5"
        )
    units = registration_queries.units(work, *span_of(receiver.area))
    unit = next((one for one in units if one.code == unit_code), None if unit_code else units[0])
    if unit is None:
        raise Unfit("没有保存。", fields={"unit_code": "请选择本乡镇的管理单位。"})
    if village is not None and ancestor(village, AreaLevel.TOWNSHIP) != receiver.area:
        raise Unfit("没有保存。", fields={"village": "现住村（社区）应在接收的乡镇内。请改选，或先不选。"})
    names = register_queries.unit_names(work, [case.unit_id, unit.id])
    changes = {"管理单位": (names.get(case.unit_id, ""), names.get(unit.id, ""))}
    running = _since(work, case, today)
    state.enter(work, case, Track.UNIT, unit.id, running, PURPOSE)
    case.village = village
    revision.note(work, "transfer", case, changes, PURPOSE)
    for side in (sender, receiver):
        side.state, side.answered_on = int(TransferState.ACCEPTED), today
        side.version += 1
    receiver.other_area = sender.area
    key, area = case.id, receiver.area
    queries.move(work, case, area)
    work.note("move", "Case", row_key=key, case_key=key)
    refresh(work, [key])
    return key


def _since(work: Work, case: Case, today: date) -> date:
    """Today, or the day the present unit began when that was written down for later."""
    running = state_queries.running(work, case.id, int(Track.UNIT))
    return today if running is None else max(today, running.since)


def _both(work: Work, pair: int) -> tuple[Transfer, Transfer]:
    rows = queries.pair(work, pair)
    if len(rows) != 2 or any(one.state not in queries.OPEN for one in rows):
        raise Conflict(ANSWERED)
    return rows[0], rows[1]


def decline(access: Access, key: int, version: int, reason: str, today: date) -> None:
    """Decline with a reason that the other side reads; the sender stays responsible."""
    pair, area = _may_answer(access, key, version)
    if not reason:
        raise Unfit("没有保存。", fields={"reason": "请写明不接收的理由，对方据此处理。"})
    _close(over_county(access, "transfer", area), pair, TransferState.DECLINED, reason, today)


def withdraw(access: Access, key: int, version: int, today: date) -> None:
    """Take back what one has asked for, as long as nobody has answered."""
    pair, area = _may_withdraw(access, key, version)
    _close(over_county(access, "transfer", area), pair, TransferState.WITHDRAWN, "", today)


@use_case(Action.TRANSFER_WRITE)
def _may_withdraw(work: Work, key: int, version: int) -> tuple[int, int]:
    one = work.get(Transfer, key)
    if one is None:
        raise Missing(NOT_THERE)
    if _answers(one) and not _over_both(work.access):
        raise Refused("这项迁移由对方提出，只有对方能撤回。可以选择不接收并写明理由。", rule="GF2018-8.5")
    if one.version != version or one.state not in queries.OPEN:
        raise Conflict(ANSWERED)
    work.note("withdraw", "Transfer", row_key=key)
    return one.pair, one.area


@use_case(Action.TRANSFER_WRITE)
def _close(work: Work, pair: int, to: TransferState, reason: str, today: date) -> None:
    work.take_turn(queries.TURN)
    rows = queries.pair(work, pair)
    sides = (rows[0],) if len(rows) == 1 and _abroad(rows[0]) else _both(work, pair)
    if any(one.state not in queries.OPEN for one in sides):
        raise Conflict(ANSWERED)
    for side in sides:
        side.state, side.answered_on = int(to), today
        side.version += 1
        if reason:
            side.reason = Plain(reason)
    work.flush()
    refresh(work, [sides[0].file_key])


# --- the county ---


@use_case(Action.TRANSFER_WRITE)
def ask_county(work: Work, today: date) -> int:
    """Bring transfers that nobody answered in time to the county (GF2018-8.5); how many files those are.

    For an access that reaches both sides: a county officer's, or the system's.
    """
    parameter = in_force_on(today).transfer_answer
    files = set()
    for one in queries.waiting(work, today):
        if deadline(one.asked_on, parameter).on < today:
            one.state, one.county_asked_on = int(TransferState.COUNTY_ASKED), today
            files.add(one.file_key)
    work.flush()
    refresh(work, files)
    return len(files)
