"""对外提供台账: what was given to whom of whom, on which ground, until when, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from casemgr.rules.access import Action
from casemgr.rules.disclosure import sights
from casemgr.services import clock, ledger_line, matrix
from casemgr.services.disclosure import conditions_for
from casemgr.services.errors import Missing, Unfit
from casemgr.services.ledger_line import Evidence
from casemgr.services.partner import named, receivers_of
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.models import Disclosure, LedgerLine
from casemgr.store.queries import liaison as queries
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.code import from_mask
from casemgr.terms.disclosure import Condition, FieldGroup
from casemgr.terms.liaison import ExchangeKind, Reason, TaskKind, Withdrawal

NO_FILE = "没有找到这份档案，或不在您的辖区内。请从名单重新打开。"
NO_LINE = "没有找到这一条记录，或它由对方在窗口签收。请从台账重新打开。"
NO_RECEIVER = "没有这个接收单位，或不在您的辖区内。请从台账重新打开。"
MOST, LONGEST = 300, 200
#: What is not acknowledged in a window: its receipt is written down by whoever gave it.
ON_PAPER = (ExchangeKind.FILE, ExchangeKind.CALL, ExchangeKind.NOTIFIED)
#: The ground of what was told although the matrix did not let it out.
BEYOND = "披露矩阵以外，见登记的文书或缘由"


@dataclass(frozen=True, slots=True)
class Given:
    """One line of what a receiver has or had of one file."""

    id: int
    case_id: int
    file_no: str
    receiver: str
    reason: Reason
    grade: int | None
    evidence_on: date | None
    groups: tuple[str, ...]
    conditions: tuple[str, ...]
    ground: str
    since: date
    until: date | None
    corrected_on: date | None
    withdrawn_on: date | None
    withdrawal: Withdrawal | None
    seen_at: datetime | None
    received_at: datetime | None

    over: bool = False

    @property
    def open(self) -> bool:
        return self.withdrawn_on is None and not self.over

    @property
    def waits(self) -> str:
        """Which receipt is still missing, in words; empty when there is none to wait for."""
        if self.received_at is not None:
            return ""
        if self.withdrawn_on is not None:
            return "撤回待签收"
        return "更正待签收" if self.corrected_on is not None else "待签收"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the ledger: what happened when, by whom, with which fields, on which ground."""

    at: datetime
    kind: ExchangeKind
    who: str
    receiver: str
    file_no: str
    case_id: int | None
    groups: tuple[str, ...]
    ground: str
    count: int
    id: int = 0
    conditions: tuple[str, ...] = ()
    reason: Reason | None = None
    grade: int | None = None
    evidence_on: date | None = None
    until: date | None = None
    received_at: datetime | None = None

    @property
    def waits(self) -> bool:
        """Whether it left on paper or by telephone, and nobody has written down that it arrived."""
        return self.kind in ON_PAPER and self.received_at is None


@dataclass(frozen=True, slots=True)
class OfCase:
    """Everything given of one person."""

    case_id: int
    file_no: str
    given: tuple[Given, ...]
    entries: tuple[Entry, ...]
    tasks: tuple[tuple[int, TaskKind, date, bool], ...]
    reports: int


@dataclass(frozen=True, slots=True)
class Card:
    """What the page of a person says of it: how many receive something now, whether ever, open tasks."""

    case_id: int
    open: int
    ever: int
    tasks: int


@dataclass(frozen=True, slots=True)
class Receiver:
    """One receiver in the ledger with its counts."""

    role: Role
    area: int
    label: str
    open: int
    unseen: int
    unreceived: int
    withdrawn: int
    withdrawn_unreceived: int


@dataclass(frozen=True, slots=True)
class OfReceiver:
    """Everything one receiver has and had."""

    label: str
    given: tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """The ledger of an area: its receivers, and what happened lately."""

    receivers: tuple[Receiver, ...]
    entries: tuple[Entry, ...]


def _groups(mask: int) -> tuple[str, ...]:
    return tuple(one.label for one in from_mask(FieldGroup, mask))


def _given(one: Disclosure, file_no: str, names: dict[int, str]) -> Given:
    return Given(
        one.id,
        one.file_key,
        file_no,
        named(Role.read(one.receiver), names.get(one.receiver_area, "")),
        Reason.read(one.reason),
        one.grade,
        one.evidence_on,
        _groups(one.groups),
        tuple(each.label for each in from_mask(Condition, one.conditions)),
        one.ground,
        one.valid_from,
        one.valid_until,
        one.corrected_on,
        one.withdrawn_on,
        None if one.withdrawal is None else Withdrawal.read(one.withdrawal),
        one.seen_at,
        one.received_at,
        one.withdrawn_on is None and one.valid_until is not None and one.valid_until < clock.today(),
    )


def _entry(
    line: LedgerLine,
    who: str | None,
    file_no: str,
    names: dict[int, str],
    receipts: Mapping[int, datetime],
) -> Entry:
    return Entry(
        line.at,
        ExchangeKind.read(line.kind),
        who or "系统按规则",
        named(Role.read(line.receiver), place_of(line.receiver_area, names)),
        file_no,
        line.file_key,
        _groups(line.groups),
        line.ground,
        line.count,
        line.id,
        tuple(each.label for each in from_mask(Condition, line.conditions or 0)),
        None if line.reason is None else Reason.read(line.reason),
        line.grade,
        line.evidence_on,
        line.until,
        receipts.get(line.id),
    )


def place_of(area: int, names: Mapping[int, str]) -> str:
    """Where a receiver sits; what lies in no area of this register is another county."""
    return "外县（区）" if area == ledger_line.ELSEWHERE else names.get(area, "")


def _receipts(lines: Iterable[LedgerLine]) -> dict[int, datetime]:
    """When each line that left on paper was acknowledged, as far as these lines tell."""
    return {one.answers: one.at for one in lines if one.answers is not None}


@use_case(Action.LIAISON_MANAGE, writes=False)
def card(work: Work, case_id: int) -> Card | None:
    """How much is given of one person now; ``None`` where nothing ever was."""
    found = queries.present(work, case_id)
    if found is None or not (found.ever or found.tasks):
        return None
    return Card(case_id, found.open, found.ever, found.tasks)


@use_case(Action.LIAISON_MANAGE, writes=False)
def of_case(work: Work, case_id: int) -> OfCase:
    """Everything given of one person, latest first; :class:`Missing` outside the access."""
    case = queries.case(work, case_id)
    if case is None:
        raise Missing(NO_FILE)
    given, lines = queries.given(work, case_id), queries.ledger_of(work, case_id)
    receipts = _receipts(row.LedgerLine for row in lines)
    names = queries.area_names(
        work, [one.receiver_area for one in given] + [row.LedgerLine.receiver_area for row in lines]
    )
    return OfCase(
        case_id,
        case.file_no,
        tuple(_given(one, case.file_no, names) for one in given),
        tuple(_entry(row.LedgerLine, row.who, case.file_no, names, receipts) for row in lines),
        tuple(
            (one.id, TaskKind.read(one.kind), one.asked_on, one.closed_on is None)
            for one in queries.tasks_of(work, case_id)
        ),
        len(queries.reports_of(work, case_id)),
    )


@dataclass(frozen=True, slots=True)
class CallForm:
    """What was told by telephone or on paper, about to be written down; ``emergency`` opens more groups."""

    once: int
    case_id: int
    file_no: str
    receivers: tuple[tuple[str, str], ...]
    groups: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """What somebody tells of a call: to whom, which groups, on which document, whether there was danger."""

    receiver: str
    groups: frozenset[int]
    emergency: bool
    document: str = field(default="", repr=False)


@use_case(Action.LIAISON_MANAGE, writes=False)
def begin_call(work: Work, case_id: int) -> CallForm:
    """An empty form; :class:`Missing` outside the access."""
    case = queries.case(work, case_id)
    if case is None:
        raise Missing(NO_FILE)
    known = receivers_of(work, case.area, case_id)
    groups = tuple((int(one), one.label) for one in FieldGroup if one is not FieldGroup.G14)
    return CallForm(new_key(), case_id, case.file_no, tuple((one.key, one.label) for one in known), groups)


@use_case(Action.LIAISON_MANAGE)
def record_call(work: Work, case_id: int, once: int, call: Call, today: date) -> bool:
    """Write down what was told by telephone or on paper; ``False`` for a second press of the button.

    What the matrix did not let out is written down too, it has happened; but only with a word on why. Raises
    :class:`Unfit` naming ``receiver``, ``groups`` or ``document``.
    """
    case = queries.case(work, case_id)
    if case is None:
        raise Missing(NO_FILE)
    if work.get(LedgerLine, once) is not None:
        return False
    wrong: dict[str, str] = {}
    to = next((one for one in receivers_of(work, case.area, case_id) if one.key == call.receiver), None)
    if to is None:
        wrong["receiver"] = "请选择告诉了哪个部门。没有列出的单位凭文书调取，在“资料调取”中办理。"
    groups = [one for one in FieldGroup if int(one) in call.groups]
    if not groups:
        wrong["groups"] = "请勾选告诉了哪些信息。台账要写明范围；没有告诉个人信息的，不需要登记。"
    if len(call.document) > LONGEST:
        wrong["document"] = f"最多 {LONGEST} 字。请只写文书号或通话的时间、对方和缘由。"
    conditions: frozenset[Condition] = frozenset()
    ground = ""
    if to is not None and groups:
        conditions = conditions_for(work, case_id, to.role, to.area, today)
        if call.emergency:
            conditions |= {Condition.EMERGENCY}
        seen = sights(to.role, conditions, today, matrix.loosened(work, today), case.area)
        beyond = [one.label for one in groups if one not in seen]
        ground = next((seen[one].ground for one in groups if one in seen), BEYOND)
        if beyond and not call.document:
            wrong["document"] = (
                f"披露矩阵现在不允许告诉这个部门：{'、'.join(beyond)}。已经告诉的，请写明文书号或缘由；"
                "没有告诉的，请去掉勾选。"
            )
    if wrong or to is None:
        raise Unfit("没有保存。", fields=wrong)
    why = ledger_line.at_risk(work, [case_id], today).get(case_id, Evidence(on=today))
    if call.emergency:
        why = replace(why, until=today + ledger_line.ONE_DAY)
    ledger_line.enter(
        work,
        kind=ExchangeKind.CALL,
        receiver=to.role,
        place=to.area,
        people={case_id: case.area},
        groups=groups,
        conditions=conditions,
        ground=ground,
        document=call.document,
        evidence=why,
        once=once,
    )
    return True


@use_case(Action.LIAISON_MANAGE)
def receipt(work: Work, case_id: int, line: int) -> bool:
    """Write down that what left on paper or by telephone has arrived; ``False`` when it was before.

    :class:`Missing` for a line of another file, or one that is acknowledged in a window.
    """
    found = work.get(LedgerLine, line)
    if found is None or found.file_key != case_id or found.kind not in ON_PAPER:
        raise Missing(NO_LINE)
    if queries.receipt_of(work, case_id, line):
        return False
    work.add(
        LedgerLine(
            id=new_key(),
            area=found.area,
            receiver=found.receiver,
            receiver_area=found.receiver_area,
            file_key=case_id,
            disclosure_id=None,
            kind=int(ExchangeKind.RECEIVED),
            at=clock.now(),
            actor=work.access.actor,
            groups=found.groups,
            conditions=found.conditions,
            ground=found.ground,
            count=1,
            answers=line,
        )
    )
    return True


@use_case(Action.LIAISON_MANAGE, writes=False)
def overview(work: Work) -> Overview:
    """The receivers within reach with their counts, and the latest lines of the ledger."""
    counts: dict[tuple[Role, int], dict[bool, tuple[int, int, int]]] = {}
    low, high = work.access.low, work.access.high
    inside: set[int] = set()
    for to in queries.receivers(work):
        if low <= to.area < high or to.area <= low:
            counts[to.role, to.desk] = {}
        if low <= to.area < high:
            inside.add(to.desk)
    for row in queries.counted(work):
        counts.setdefault((Role.read(row.receiver), row.receiver_area), {})[bool(row.open)] = (
            row.count,
            row.received,
            row.seen,
        )
    lines = queries.latest_lines(work, MOST)
    names = queries.area_names(
        work, [area for _role, area in counts] + [row.LedgerLine.receiver_area for row in lines]
    )
    receivers = []
    for (role, area), found in sorted(counts.items()):
        if area not in inside and not found:
            continue
        open_, received, seen = found.get(True, (0, 0, 0))
        gone, gone_received, _seen = found.get(False, (0, 0, 0))
        receivers.append(
            Receiver(
                role,
                area,
                named(role, names.get(area, "")),
                open_,
                open_ - seen,
                open_ - received,
                gone,
                gone - gone_received,
            )
        )
    receipts = _receipts(row.LedgerLine for row in lines)
    entries = tuple(_entry(row.LedgerLine, row.who, row.file_no or "", names, receipts) for row in lines)
    return Overview(tuple(receivers), entries)


@use_case(Action.LIAISON_MANAGE, writes=False)
def of_receiver(work: Work, role: Role, area: int) -> OfReceiver:
    """What one receiver has and had within reach; :class:`Missing` for a receiver that never had anything."""
    rows = queries.of_receiver(work, int(role), area, MOST)
    if not rows and (role, area) not in {one[:2] for one in queries.receivers(work)}:
        raise Missing(NO_RECEIVER)
    names = queries.area_names(work, [area])
    return OfReceiver(
        named(role, names.get(area, "")),
        tuple(_given(row.Disclosure, row.file_no or "", names) for row in rows),
    )
