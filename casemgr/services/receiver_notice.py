"""告知接收方: whoever once received something of a person is told when it was corrected, withdrawn or ended.

A department with a window reads it there. Everybody who had it on paper, by telephone or as a task gets a
letter: each is a duty with a term (REC-RIGHTS-2), raised by :mod:`casemgr.services.receiver_change`, however
the change came in. The name that the letter needs is kept sealed from the act that raised the notice until it
was sent, because after an exit nobody can open it; then it is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from casemgr.reports.form import Letter
from casemgr.rules.access import Access, Action
from casemgr.rules.calendar import deadline
from casemgr.rules.policy import in_force_on
from casemgr.services import ledger_line
from casemgr.services import letter as letters
from casemgr.services.case_view import known
from casemgr.services.errors import Conflict, Missing, Refused
from casemgr.services.ledger import place_of
from casemgr.services.ledger_line import Evidence
from casemgr.services.partner import named
from casemgr.services.receiver_change import PURPOSE, number_of
from casemgr.services.use_case import SAVED_ALREADY, use_case, within
from casemgr.store.identity import open_texts
from casemgr.store.models import ReceiverNotice
from casemgr.store.queries import liaison
from casemgr.store.queries import rights as queries
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.code import from_mask
from casemgr.terms.disclosure import FieldGroup
from casemgr.terms.liaison import ExchangeKind
from casemgr.terms.rights import NoticeCause

READING = "告知曾接收的部门"
RULE = "REC-RIGHTS-2"
TITLE = "个人信息更正、撤回告知函"
NOT_THERE = "没有这项告知，或不在您的辖区内。请从“权利申请”页的列表进入。"
SHOWN = timedelta(days=365)
#: The article a letter rests on, and what it asks for.
BASIS = {
    NoticeCause.CORRECTED: "PIPL-46",
    NoticeCause.WITHDRAWN: "PIPL-15",
    NoticeCause.LEFT: "PIPL-47",
    NoticeCause.RETURNED: "MHL-55",
}
STOP = "请自收到之日起停止使用原有内容，并销毁已抄录、打印、另存的材料；依法必须保存的，只存不用。"
ASKS = {
    NoticeCause.CORRECTED: "请停止使用原有内容，并在贵单位的记录中注明。需要更正后内容的，请重新来文。",
    NoticeCause.WITHDRAWN: STOP,
    NoticeCause.LEFT: STOP,
    NoticeCause.RETURNED: "此前“已退出登记”的告知不再适用。需要有关内容的，请按规定重新提出。",
}


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One receiver to be told; nobody is named."""

    key: int
    case_id: int
    file_no: str
    receiver: str
    cause: NoticeCause
    groups: tuple[str, ...]
    given_on: date
    raised_on: date
    due_on: date
    letter_on: date | None
    told_on: date | None
    days: int

    @property
    def open(self) -> bool:
        """Whether somebody still has to be told."""
        return self.told_on is None


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One notice with the papers by which it was given then."""

    line: NoticeLine
    version: int
    asks: str
    rule: str
    article: str
    documents: tuple[str, ...] = field(repr=False)


def _line(work: Work, row: ReceiverNotice, file_no: str, names: Mapping[int, str], today: date) -> NoticeLine:
    due = deadline(row.raised_on, in_force_on(today, within(work).region).receiver_notice).on
    return NoticeLine(
        row.id,
        row.case_id,
        file_no,
        named(Role.read(row.receiver), place_of(row.receiver_area, names)),
        known(NoticeCause, row.cause),
        tuple(one.label for one in from_mask(FieldGroup, row.groups)),
        row.given_on,
        row.raised_on,
        due,
        row.letter_on,
        row.told_on,
        (due - today).days,
    )


def _lines(work: Work, rows: Iterable[tuple[ReceiverNotice, str]], today: date) -> tuple[NoticeLine, ...]:
    listed = list(rows)
    names = liaison.area_names(work, {row.receiver_area for row, _ in listed})
    return tuple(_line(work, row, file_no, names, today) for row, file_no in listed)


@use_case(Action.RIGHTS_READ, writes=False)
def listed(work: Work, today: date) -> tuple[NoticeLine, ...]:
    """Who is to be told within reach, due first, and who was told in the last year."""
    return _lines(work, queries.notices(work, today - SHOWN), today)


def _row(work: Work, key: int) -> ReceiverNotice:
    row = work.get(ReceiverNotice, key)
    if row is None:
        raise Missing(NOT_THERE)
    return row


@use_case(Action.RIGHTS_READ)
def view(work: Work, key: int, today: date) -> NoticeView:
    """One notice with the papers it refers to, which are opened and written down; the name is not."""
    row = _row(work, key)
    (line,) = _lines(work, [(row, queries.file_no(work, row.case_id))], today)
    (papers,) = open_texts(work, "ReceiverNotice", [(row.id, row.documents)], READING, row.case_id)
    return NoticeView(
        line, row.version, ASKS[line.cause], RULE, BASIS[line.cause], tuple(filter(None, papers.splitlines()))
    )


def letter(access: Access, key: int, today: date) -> int:
    """Begin to print the letter to one receiver; the key of the print. :class:`Refused` once it was told."""
    made: int = letters.begin(access, _letter(access, key, today))
    return made


@use_case(Action.RIGHTS_WRITE)
def _letter(work: Work, key: int, today: date) -> Letter:
    row = _row(work, key)
    found = queries.case(work, row.case_id)
    if found is None:
        raise Missing(NOT_THERE)
    if row.told_on is not None:
        raise Refused(
            "这个部门已经告知，姓名已从告知中清除，不能再打印。留存的告知函以纸质件为准；"
            "确需再发的，请依登记的文书号另行函告。",
            rule=RULE,
        )
    (line,) = _lines(work, [(row, found.Case.file_no)], today)
    called, papers = open_texts(
        work, "ReceiverNotice", [(row.id, row.called), (row.id, row.documents)], PURPOSE, row.case_id
    )
    row.letter_on = today
    work.note("print", "Letter", row_key=row.id, case_key=row.case_id, fields="notice", purpose=PURPOSE)
    facts = [
        ("涉及人员", called or "见原提供文书"),
        ("原提供日期", letters.in_words(row.given_on)),
        ("原提供文书", papers.replace("\n", "；") or "（电话或当面告知）"),
        ("有更正的内容" if line.cause is NoticeCause.CORRECTED else "原提供内容", "；".join(line.groups)),
        ("告知事由", line.cause.label),
        ("告知编号", number_of(row)),
    ]
    opening = ("我单位曾向贵单位提供下列人员的有关内容，现有变化，特此告知：",)
    closing = (
        ASKS[line.cause],
        "请签收后将一份退回我单位。本函只为停止使用原有内容，不得另作他用，不得扩散。",
    )
    by = letters.article(BASIS[line.cause])
    to = line.receiver.replace(" ", "") + ("（或原文书所载机关）" if papers else "")
    return Letter(TITLE, to, opening, tuple(facts), closing, found.unit, today, by)


@use_case(Action.RIGHTS_WRITE)
def tell(work: Work, key: int, version: int, today: date) -> bool:
    """Write down that the receiver was told: a line of the ledger, and the name is gone. ``False``: before.

    Raises :class:`Refused` before the letter was printed, :class:`Conflict` when it was changed meanwhile.
    """
    row = _row(work, key)
    if row.told_on is not None:
        return False
    if row.version != version:
        raise Conflict(SAVED_ALREADY)
    if row.letter_on is None:
        raise Refused(
            "还没有打印告知函，不能登记为已告知。对方要凭函停用原有内容。请先打印送达；不需要告知的，请联系县级核对。",
            rule=RULE,
        )
    row.told_on, row.told_by, row.called = today, work.access.actor, None
    ledger_line.enter(
        work,
        kind=ExchangeKind.NOTIFIED,
        receiver=Role.read(row.receiver),
        place=row.receiver_area,
        people={row.case_id: row.area},
        groups=from_mask(FieldGroup, row.groups),
        ground=letters.article(BASIS[known(NoticeCause, row.cause)]).removeprefix("依据"),
        document=f"{TITLE} {number_of(row)}",
        evidence=Evidence(on=row.raised_on),
    )
    return True
