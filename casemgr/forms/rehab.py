"""社区康复: the sheet of rehabilitation sessions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from casemgr.forms.cell import Code, Flag, FullDay, Mark, Whole, Word
from casemgr.forms.followup import after_death
from casemgr.forms.known import CaseFacts
from casemgr.forms.spec import Column, Fault, Sheet, shown
from casemgr.terms.rehab import RehabForm, RehabPlace


class SessionRow(NamedTuple):
    """One session as the workbook has it."""

    file_no: str
    on: int
    form: int
    place: int | None
    minutes: int | None
    provider: str | None
    attended: bool | None


SHEET: Sheet[SessionRow, CaseFacts] = Sheet(
    "社区康复",
    "session",
    (
        Column("file_no", "档案编号", Mark(), required=True),
        Column("on", "日期", FullDay(), required=True, past=True),
        Column("form", "服务形式", Code(RehabForm), required=True),
        Column("place", "场所", Code(RehabPlace)),
        Column("minutes", "时长分钟", Whole()),
        Column("provider", "服务机构", Word()),
        Column("attended", "到场", Flag()),
    ),
    SessionRow,
)
check = SHEET.check

DAY_MINUTES = 24 * 60


def faults(row: SessionRow, case: CaseFacts) -> Iterator[Fault]:
    """What cannot be true of a session of this case (contract: after-death)."""
    yield from after_death(row.on, "日期", case)


@check(
    "tm02",
    "日期",
    "服务早于建档日期（{0}），不计入参与率。请改正其中一个日期；如为建档前的服务，请保留。",
)
def _after_registration(row: SessionRow, case: CaseFacts) -> tuple[object, ...] | None:
    return (shown(case.registered_on),) if row.on < case.registered_on else None


@check(
    "tm04",
    "日期",
    "患者已于{0}迁出或排除，此后仍有康复服务。状态与记录矛盾。请更正患者状态，或核对这次服务属于哪位患者。",
)
def _case_was_open(row: SessionRow, case: CaseFacts) -> tuple[object, ...] | None:
    return (shown(case.left_on),) if case.left_on is not None and row.on > case.left_on else None


@check(
    "sv07",
    "时长分钟",
    "{0}。没有到场和时长就不计入参与率。请补填或改正，或在核实前保留。",
)
def _attendance_is_told(row: SessionRow, _: CaseFacts) -> tuple[object, ...] | None:
    if row.attended is None:
        return ("没有填写是否到场",)
    if row.attended and row.minutes is None:
        return ("没有填写时长",)
    return ("时长超过一天",) if row.minutes is not None and row.minutes > DAY_MINUTES else None
