"""心理疏导: what is asked about one talk of support; entered by hand, not part of the county workbook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from casemgr.forms.cell import Code, FullDay, Mark, Whole, Word
from casemgr.forms.followup import after_death
from casemgr.forms.known import CaseFacts
from casemgr.forms.spec import Column, Fault, Sheet, shown
from casemgr.terms.counselling import Counselled, CounselWay


class TalkRow(NamedTuple):
    """One talk of support."""

    file_no: str
    on: int
    subject: int
    way: int
    minutes: int | None
    provider: str | None


SHEET: Sheet[TalkRow, CaseFacts] = Sheet(
    "心理疏导",
    "counselling",
    (
        Column("file_no", "档案编号", Mark(), required=True),
        Column("on", "日期", FullDay(), required=True, past=True),
        Column("subject", "疏导对象", Code(Counselled), required=True),
        Column("way", "方式", Code(CounselWay), required=True),
        Column("minutes", "时长分钟", Whole()),
        Column("provider", "疏导人或机构", Word()),
    ),
    TalkRow,
)
check = SHEET.check


def faults(row: TalkRow, case: CaseFacts) -> Iterator[Fault]:
    """A talk with the person cannot follow the death; one with the family can."""
    if row.subject != Counselled.FAMILY:
        yield from after_death(row.on, "日期", case)


@check(
    "tm02",
    "日期",
    "疏导早于建档日期（{0}），不计入心理疏导率。请改正其中一个日期；如为建档前的疏导，请保留。",
)
def _after_registration(row: TalkRow, case: CaseFacts) -> tuple[object, ...] | None:
    return (shown(case.registered_on),) if row.on < case.registered_on else None
