"""影响评估: the note to be written before anything personal flows to another side (个人信息保护法 55、56).

The window of the police shows nobody either before its note is there: who was to be seen is written out then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from casemgr.rules.access import Access, Action
from casemgr.rules.calendar import deadline
from casemgr.rules.policy import in_force_on
from casemgr.services import clock, disclosure
from casemgr.services.errors import Forbidden, Refused, Unfit
from casemgr.services.reach import over_county
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.identity import open_texts
from casemgr.store.models.sharing import ImpactNote
from casemgr.store.queries import sharing as queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, ancestor, level_of
from casemgr.terms.sharing import Flow

RULE = "PIPL-56"
READING = "查阅影响评估"
LONGEST, SHORTEST = 500, 6
TEXTS = {
    "receiver": "接收方",
    "what": "提供哪些内容",
    "necessity": "为什么必要",
    "risk": "对个人的影响和风险",
    "measures": "保护措施",
}
ONLY_COUNTY = "这一页由县级办理。请把材料交给县级管理员，或用县级账号登录。"


@dataclass(frozen=True, slots=True)
class NewNote:
    """What is written down before a flow is switched on."""

    flow: Flow | None
    written_on: date | None
    texts: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoteView:
    """One impact note as the page shows it."""

    key: int
    flow: Flow
    written_on: date
    keep_until: date
    by: str
    texts: tuple[tuple[str, str], ...] = field(repr=False)


def county_of(work: Work) -> int:
    """The county whose officer asks; :class:`Forbidden` for anybody who does not reach a whole county."""
    if level_of(work.access.low) is not AreaLevel.COUNTY:
        raise Forbidden(ONLY_COUNTY)
    return work.access.low


def require(work: Work, flow: Flow) -> None:
    """Let nothing pass for which no impact note was written; :class:`Refused` with the two ways out."""
    if int(flow) not in queries.flows_noted(work, ancestor(work.access.low, AreaLevel.COUNTY)):
        raise Refused(
            f"“{flow.label}”还没有影响评估，不能启用。向其他单位提供个人信息前须先评估必要性和风险（{RULE}）。"
            "请先在“影响评估”页写好评估，或暂不提供。",
            rule=RULE,
        )


@use_case(Action.SHARING_READ, writes=False)
def missing(work: Work) -> tuple[Flow, ...]:
    """Flows that are not switched on, because nobody has written a note."""
    known = queries.flows_noted(work, ancestor(work.access.low, AreaLevel.COUNTY))
    return tuple(flow for flow in Flow if int(flow) not in known)


@use_case(Action.SHARING_READ)
def list_(work: Work) -> tuple[NoteView, ...]:
    """All notes, latest first; reading them is written down."""
    rows = queries.notes(work, county_of(work))
    texts = open_texts(
        work,
        "ImpactNote",
        [(row.ImpactNote.id, getattr(row.ImpactNote, name)) for row in rows for name in TEXTS],
        READING,
    )
    lots = [texts[at : at + len(TEXTS)] for at in range(0, len(texts), len(TEXTS))]
    return tuple(
        NoteView(
            row.ImpactNote.id,
            Flow.read(row.ImpactNote.flow),
            row.ImpactNote.written_on,
            row.ImpactNote.keep_until,
            row.display or "系统",
            tuple(zip(TEXTS.values(), own, strict=True)),
        )
        for row, own in zip(rows, lots, strict=True)
    )


def begin() -> int:
    """The key of the note to be."""
    return new_key()


def write(access: Access, once: int, told: NewNote, today: date) -> None:
    """Write a note; a second press of the same form changes nothing. Raises :class:`Unfit` by field."""
    wrong = _faults(told, today)
    if wrong or told.flow is None or told.written_on is None:
        raise Unfit("评估没有保存，请改正后再试。", fields=wrong)
    _write(access, once, told.flow, told.written_on, told.texts, today)
    if told.flow is Flow.POLICE_WINDOW:  # what waited for the note is written out now
        sum(disclosure.refresh_all(over_county(access, "impact-note")))


def _faults(told: NewNote, today: date) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if told.flow is None:
        wrong["flow"] = "请选择评估的是哪一项提供。每一项须分别评估。"
    if told.written_on is None:
        wrong.setdefault("written_on", "请填写评估日期。")
    elif told.written_on > today:
        wrong["written_on"] = "评估日期晚于今天。评估须在提供之前完成。请改正日期。"
    for name, label in TEXTS.items():
        length = len(told.texts.get(name, ""))
        if not SHORTEST <= length <= LONGEST:
            wrong[name] = f"请用 {SHORTEST} 到 {LONGEST} 字写明{label}，现在是 {length} 字。请勿写患者姓名。"
    return wrong


@use_case(Action.SHARING_WRITE)
def _write(work: Work, once: int, flow: Flow, on: date, texts: dict[str, str], today: date) -> None:
    county = county_of(work)
    if work.get(ImpactNote, once) is not None:
        return
    work.add(
        ImpactNote(
            id=once,
            county=county,
            flow=int(flow),
            written_on=on,
            keep_until=deadline(on, in_force_on(today).impact_kept).on,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
            **{name: Plain(texts[name]) for name in TEXTS},
        )
    )
