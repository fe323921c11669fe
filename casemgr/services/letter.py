"""公函: letters about one person as PDF, drawn, kept and fetched like the official forms."""

from __future__ import annotations

from datetime import date

from casemgr.reports import form as papers
from casemgr.rules.access import Access, Action
from casemgr.services import printing, state
from casemgr.services.use_case import use_case, within
from casemgr.store.work import Work
from casemgr.terms.rulebook import book

LOST_TITLE = "失访告知书"
LOST_RULE = "GF2018-8.3"
PRIVATE = "以上内容涉及个人隐私，请妥善保管，不得扩散。"


def basis(rule: str) -> str:
    """The rule a letter rests on, and whether its wording was verified."""
    known = book().get(rule)
    return f"依据 {rule}" + ("（待核对）" if known is None or known.status.startswith("UNVERIFIED") else "")


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
        f"我单位的一名服务对象自 {in_words(told.lost_on)}起失访{why}，最近一次访到日期为"
        f" {in_words(told.seen_on)}。现将有关情况告知如下：",
    )
    closing, by = (told.asks + PRIVATE,), basis(LOST_RULE)
    written = papers.Letter(LOST_TITLE, told.to, opening, told.facts, closing, told.unit, today, by)
    return begin(access, written)


@use_case(Action.FORM_PRINT)
def begin(work: Work, written: papers.Letter) -> int:
    """Lay a letter down to be drawn; the key of the print. What is in it was opened and noted before."""
    return printing.put(work, papers.letter(written, within(work).demo), written.title, 1)
