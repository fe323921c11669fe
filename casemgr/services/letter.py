"""公函: letters about one person as PDF, drawn, kept and fetched like the official forms."""

from __future__ import annotations

from datetime import date

from casemgr.reports import form as papers
from casemgr.rules.access import Access, Action
from casemgr.services import clock, ledger_line, printing, state, transfer
from casemgr.services.errors import Missing
from casemgr.services.ledger_line import Evidence
from casemgr.services.register import NOT_THERE
from casemgr.services.use_case import use_case, within
from casemgr.store import identity
from casemgr.store.queries import register as register_queries
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.disclosure import FieldGroup
from casemgr.terms.liaison import ExchangeKind
from casemgr.terms.rulebook import book

LOST_TITLE = "失访告知书"
LOST_RULE = "GF2018-8.3"
PRIVATE = "以上内容涉及个人隐私，请妥善保管，不得扩散。"


#: Where rules stand, by the first part of their name; other offices do not know our names of rules.
DOCUMENTS = {"GF2018": "《严重精神障碍管理治疗工作规范（2018年版）》"}


def basis(rule: str) -> str:
    """The document a letter rests on, and whether the wording of the rule was verified."""
    known, document = book().get(rule), DOCUMENTS[rule.partition("-")[0]]
    unsure = known is None or known.status.startswith("UNVERIFIED")
    return f"依据{document}" + ("（条文待核对）" if unsure else "")


def article(rule: str) -> str:
    """The article a letter to somebody outside rests on, by the name of its law."""
    return f"依据{book()[rule].source}"


def in_words(day: date | None) -> str:
    """A day as a letter writes it."""
    return "（无记录）" if day is None else f"{day.year}年{day.month}月{day.day}日"


def lost(access: Access, case_id: int, to: str, today: date) -> int:
    """Begin to print a notice about somebody lost for one receiver; the key of the print.

    Raises what :func:`casemgr.services.state.letter` raises.
    """
    told = state.letter(access, case_id, to, today)
    why = f"（{told.why}）" if told.why else ""
    opening = (
        f"我单位的一名服务对象自{in_words(told.lost_on)}起失访{why}，"
        + (f"最近一次访到是在{in_words(told.seen_on)}" if told.seen_on else "没有访到过的记录")
        + "。现将有关情况告知如下：",
    )
    closing, by = (told.asks + PRIVATE,), basis(LOST_RULE)
    written = papers.Letter(LOST_TITLE, told.to, opening, told.facts, closing, told.unit, today, by)
    return begin(access, written)


TRANSFER_TITLE, TRANSFER_RULE = "患者管理迁移函", "GF2018-8.5"
#: What a receiver needs to find the person; everything else stands in the workbook beside the letter.
CONTACT = ("name", "id_number", "phone", "residence")


def transfer_abroad(access: Access, key: int, today: date) -> int:
    """Begin to print the letter to the county that is to receive a file; the key of the print.

    Raises what :func:`casemgr.services.transfer.papers_abroad` raises.
    """
    case_id, place, reason, unit = transfer.papers_abroad(access, key)
    facts = (*_contact(access, case_id, place), ("新住址和原因", reason))
    opening = (
        "我单位管理的下列患者已迁往贵地居住，现将管理关系和档案材料移交贵单位，请予接收并安排首次随访。",
    )
    closing = (
        "随函附该患者的档案材料（电子工作簿一份）。在收到贵单位答复之前，仍由我单位负责随访管理。",
        f"请在 5 个工作日内答复是否接收。{PRIVATE}",
    )
    by = basis(TRANSFER_RULE)
    return begin(access, papers.Letter(TRANSFER_TITLE, place, opening, facts, closing, unit, today, by))


@use_case(Action.FORM_PRINT)
def _contact(work: Work, case_id: int, place: str) -> tuple[tuple[str, str], ...]:
    row = register_queries.case(work, case_id)
    if row is None:
        raise Missing(NOT_THERE)
    person = row.Case.person_id
    opened = identity.reveal(work, [person], TRANSFER_TITLE, CONTACT, case_id)[person]
    work.note("print", "Letter", row_key=case_id, case_key=case_id, fields="transfer", purpose=TRANSFER_TITLE)
    ledger_line.enter(
        work,
        kind=ExchangeKind.FILE,
        receiver=Role.COUNTY_OFFICER,
        place=ledger_line.ELSEWHERE,
        people={case_id: row.Case.area},
        groups=[one for one in FieldGroup if one is not FieldGroup.G14],
        ground="严重精神障碍管理治疗工作规范（2018）迁移管理；精神卫生法第55条",
        document=f"{TRANSFER_TITLE} {place}",
        evidence=Evidence(on=clock.today()),
    )
    return tuple((state.FIELD_LABELS[name], getattr(opened, name) or "不详") for name in CONTACT)


@use_case(Action.FORM_PRINT)
def begin(work: Work, written: papers.Letter) -> int:
    """Lay a letter down to be drawn; the key of the print. What is in it was opened and noted before."""
    return printing.put(work, papers.letter(written, within(work).demo), written.title, 1)
