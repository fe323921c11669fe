"""谁看过我的信息: for the person concerned, by unit, role, purpose, day and kind of data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from casemgr.reports.form import Letter
from casemgr.rules.access import Access, Action
from casemgr.rules.timetable import SHANGHAI
from casemgr.services import letter as letters
from casemgr.services.case_view import known
from casemgr.services.errors import Missing
from casemgr.services.ledger import place_of
from casemgr.services.register import NOT_THERE, field_word
from casemgr.services.use_case import use_case
from casemgr.store.models.audit import AuditEntry
from casemgr.store.queries import audit as log
from casemgr.store.queries import liaison, rights
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.area import AreaLevel, ancestor
from casemgr.terms.code import from_mask
from casemgr.terms.disclosure import FieldGroup
from casemgr.terms.liaison import ExchangeKind

TITLE = "谁看过我的信息"
#: What is opened, in words that need no explanation; any other noun is 其他记录.
NOUNS = {
    "Identity": "姓名等身份信息",
    "Guardian": "监护人信息",
    "Case": "档案内容",
    "Visit": "随访记录",
    "VisitText": "随访记录",
    "DrugLine": "用药",
    "RegimenLine": "用药",
    "Dispensing": "用药",
    "Incident": "事件记录",
    "Emergency": "应急处置记录",
    "Referral": "转诊记录",
    "LabResult": "检查结果",
    "Supplement": "补充信息",
    "Question": "档案核对",
    "CaseState": "状态变更记录",
    "Summary": "转诊摘要",
    "Letter": "函件",
    "Form": "打印的表单",
    "Workbook": "导出的档案",
    "AuditEntry": "本清单",
    "Glass": "紧急查看的档案",
    "RightsRequest": "本人的申请",
}
VERBS = {"print": "打印", "export": "导出"}
#: What was done without a purpose being asked is part of looking after the person.
USUAL = "日常服务"
BROKEN_GLASS = "紧急查看"


@dataclass(frozen=True, slots=True)
class SeenLine:
    """Who looked: on one day, for one purpose, ``count`` times."""

    on: date
    unit: str
    role: str
    purpose: str
    what: str
    count: int


@dataclass(frozen=True, slots=True)
class GivenLine:
    """What another department received."""

    on: date
    receiver: str
    step: str
    what: str
    ground: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything about one person: lookings-in of the health side, and what others received."""

    case_id: int
    file_no: str
    unit: str
    since: date | None
    lines: tuple[SeenLine, ...]
    given: tuple[GivenLine, ...]


@use_case(Action.RIGHTS_READ)
def of_case(work: Work, case_id: int) -> Seen:
    """Who has seen a person's data, latest first; :class:`Missing` outside the access. That it was asked for
    is written down."""
    found = rights.case(work, case_id)
    if found is None:
        raise Missing(NOT_THERE)
    work.note("read", "AuditEntry", row_key=case_id, case_key=case_id)
    entries = log.of_person(work, found.Case.person_id, [case_id])
    own = [one for one in entries if one.outcome == "done"]
    names = rights.units(work, sorted({one.reach for one in own} | {_county(one.reach) for one in own}))
    groups: dict[tuple[date, str, str, str], set[str]] = {}
    requests: dict[tuple[date, str, str, str], set[str]] = {}
    for one in own:
        role = known(Role, one.role)
        day = one.at.astimezone(SHANGHAI).date()
        key = (day, _unit(one, role, names), _role(one, role), _purpose(one))
        groups.setdefault(key, set()).add(_what(one))
        requests.setdefault(key, set()).add(one.request or str(one.seq))
    lines = tuple(
        SeenLine(*key, "、".join(sorted(what)), len(requests[key]))
        for key, what in sorted(groups.items(), key=lambda pair: pair[0][0], reverse=True)
    )
    since = log.oldest(work)
    return Seen(
        case_id,
        found.Case.file_no,
        found.unit,
        None if since is None else since.astimezone(SHANGHAI).date(),
        lines,
        _given(work, case_id),
    )


def _county(reach: int) -> int:
    return ancestor(reach, AreaLevel.COUNTY) if reach else 0


def _unit(entry: AuditEntry, role: Role, names: dict[int, str]) -> str:
    if role is Role.SYSTEM and not entry.reach:
        return "本系统"
    return names.get(entry.reach) or names.get(_county(entry.reach)) or "其他单位"


def _role(entry: AuditEntry, role: Role) -> str:
    if role is not Role.SYSTEM:
        return role.label
    # A step that needs the county's reach is done by the system in the name of somebody.
    return "自动核对" if not entry.actor else "工作人员"


def _purpose(entry: AuditEntry) -> str:
    if entry.action == Action.GLASS_BREAK.code or BROKEN_GLASS in entry.purpose:
        return entry.purpose if BROKEN_GLASS in entry.purpose else BROKEN_GLASS
    return entry.purpose or USUAL


def _what(entry: AuditEntry) -> str:
    if entry.verb in VERBS:
        return VERBS[entry.verb] + NOUNS.get(entry.noun, "其他记录").removeprefix(VERBS[entry.verb]).lstrip(
            "的"
        )
    if entry.noun == "Identity" and entry.fields:
        return "、".join(dict.fromkeys(field_word(name) for name in entry.fields.split(",")))
    return NOUNS.get(entry.noun, "其他记录")


def _given(work: Work, case_id: int) -> tuple[GivenLine, ...]:
    """What other departments received: the lines of the ledger about this file."""
    rows = liaison.ledger_of(work, case_id)
    places = liaison.area_names(work, {row.LedgerLine.receiver_area for row in rows})
    return tuple(
        GivenLine(
            row.LedgerLine.at.astimezone(SHANGHAI).date(),
            f"{place_of(row.LedgerLine.receiver_area, places)}"
            f"{known(Role, row.LedgerLine.receiver).label.removesuffix('联络员')}",
            known(ExchangeKind, row.LedgerLine.kind).label,
            "、".join(one.label for one in from_mask(FieldGroup, row.LedgerLine.groups)),
            row.LedgerLine.ground,
        )
        for row in rows
    )


def begin(access: Access, case_id: int, today: date) -> int:
    """Begin to print the list for the person concerned; the key of the print.

    It names nobody, neither the person nor who looked, so that it may lie on a desk.
    """
    found: Seen = of_case(access, case_id)
    facts = [
        (
            one.on.isoformat(),
            f"{one.unit} {one.role}；目的：{one.purpose}；内容：{one.what}"
            + (f"；{one.count} 次" if one.count > 1 else ""),
        )
        for one in found.lines
    ]
    facts += [
        (one.on.isoformat(), f"{one.receiver}：{one.step}；内容：{one.what}；依据：{one.ground}")
        for one in found.given
    ]
    since = "" if found.since is None else f"（自 {found.since.isoformat()} 起有记录）"
    written = Letter(
        TITLE,
        f"档案编号 {found.file_no}",
        (f"以下是系统记录的查看和提供情况{since}，按日期从近到远排列，共 {len(facts)} 项。",),
        tuple(facts) or (("—", "没有记录"),),
        ("对其中任何一项有疑问的，可以向我单位询问，我单位会核实并答复。",),
        found.unit,
        today,
        letters.article("PIPL-45"),
    )
    _note_print(access, case_id)
    made: int = letters.begin(access, written)
    return made


@use_case(Action.RIGHTS_WRITE)
def _note_print(work: Work, case_id: int) -> None:
    work.note("print", "AuditEntry", row_key=case_id, case_key=case_id, purpose=TITLE)
