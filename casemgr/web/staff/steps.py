"""接下来: which page serves what is to be done for one person, and the menu of what may be done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType

from flask import current_app, g

from casemgr.rules.access import Action
from casemgr.services.case_view import CaseView
from casemgr.services.event import CaseEvents
from casemgr.services.worklist import DutyView
from casemgr.terms.duty import DutyKind
from casemgr.terms.register import Lifecycle, Management

#: More than this is not offered at once: the worklist has the rest.
OFFERED = 3
#: More warnings than this are not read.
STRIPS = 2

#: Where a duty is done; ``{case}`` is the file, ``{origin}`` the record the duty came from.
PAGE_OF_DUTY: Mapping[DutyKind, str] = MappingProxyType(
    {
        DutyKind.VISIT: "/case/{case}/visit",
        DutyKind.FIRST_VISIT: "/case/{case}/visit",
        DutyKind.DISCHARGE_VISIT: "/case/{case}/visit",
        DutyKind.FACE_VISIT: "/case/{case}/visit",
        DutyKind.RETRY_VISIT: "/case/{case}/visit",
        DutyKind.AWAY_CALL: "/case/{case}/visit",
        DutyKind.EMERGENCY_VISIT: "/case/{case}/visit",
        DutyKind.PSYCHIATRIST: "/case/{case}/visit",
        DutyKind.ASSESSMENT: "/case/{case}/edit",
        DutyKind.CONSENT_ASK: "/case/{case}/consent",
        DutyKind.CONSENT_REASK: "/case/{case}/consent",
        DutyKind.REFER: "/case/{case}/referral",
        DutyKind.TELL_POLICE: "/case/{case}/incident",
        DutyKind.REFERRAL_RESULT: "/referral/{origin}",
        DutyKind.SECOND_OPINION: "/visit/{origin}",
        DutyKind.EMERGENCY_RECORD: "/emergency/{origin}",
        DutyKind.EMERGENCY_UPLOAD: "/emergency/{origin}",
        DutyKind.UNLOCK: "/lock-up/{origin}/release",
        DutyKind.LOST_CONFIRM: "/case/{case}/lost",
        DutyKind.LOST_NOTICE: "/case/{case}/lost",
        DutyKind.LOST_SEARCH: "/case/{case}/attempt",
        DutyKind.DEATH_CONFIRM: "/case/{case}/death",
        DutyKind.TRANSFER_ANSWER: "/transfers",
        DutyKind.TRANSFER_COUNTY: "/transfers",
        DutyKind.CHECKUP: "/case/{case}/checkup/new",
        DutyKind.INJECTION: "/case/{case}/dose/new",
        DutyKind.INJECTION_CLOSING: "/case/{case}/dose/new",
        DutyKind.INJECTION_MISSED: "/case/{case}/dose/new",
        DutyKind.MEDICINE_OUT: "/case/{case}/dispense",
        DutyKind.MONITORING: "/case/{case}/monitoring",
        DutyKind.CRITICAL_VALUE: "/result/{origin}",
    }
)


@dataclass(frozen=True, slots=True)
class Offer:
    """One button of 接下来 with its reason; without ``url`` there is nothing to press."""

    step: DutyView
    url: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu of a person."""

    label: str
    url: str


#: (group, ((label, address, action), …)); what has no page or is not allowed is left out.
MENU = (
    ("转诊与应急", (
        ("转诊", "/case/{case}/referral", Action.EVENT_WRITE),
        ("登记事件或关锁", "/case/{case}/incident", Action.EVENT_WRITE),
        ("请部门协查", "/case/{case}/task", Action.LIAISON_MANAGE),
        ("对外提供台账", "/case/{case}/ledger", Action.LIAISON_MANAGE),
    )),
    ("用药", (
        ("用药医嘱与余药", "/case/{case}/medicine", Action.MEDICINE_READ),
        ("登记发药", "/case/{case}/dispense", Action.MEDICINE_WRITE),
    )),
    ("补记", (
        ("社区康复", "/case/{case}/rehab/new", Action.EVENT_WRITE),
        ("心理疏导", "/case/{case}/counselling/new", Action.EVENT_WRITE),
        ("健康体检", "/case/{case}/checkup/new", Action.EVENT_WRITE),
        ("个人基本信息表（表6）", "/case/{case}/sheet/resident", Action.REGISTER_WRITE),
        ("个人信息补充表（表7）", "/case/{case}/sheet/supplement", Action.REGISTER_WRITE),
        ("应急处置知情同意书（表11）", "/case/{case}/sheet/emergency_consent", Action.REGISTER_WRITE),
        ("检查监测", "/case/{case}/monitoring", Action.MONITORING_WRITE),
        ("长效针剂", "/case/{case}/dose/new", Action.INJECTION_WRITE),
    )),
    ("状态变更", (
        ("知情同意", "/case/{case}/consent", Action.REGISTER_WRITE),
        ("待遇和单独同意", "/case/{case}/consents", Action.SHARING_WRITE),
        ("修改档案", "/case/{case}/edit", Action.REGISTER_WRITE),
        ("变更诊断", "/case/{case}/diagnosis", Action.REGISTER_WRITE),
        ("失访", "/case/{case}/lost", Action.REGISTER_WRITE),
        ("暂停（住院、外出）", "/case/{case}/pause", Action.REGISTER_WRITE),
        ("迁往本县其他乡镇", "/case/{case}/transfer", Action.TRANSFER_WRITE),
        ("迁出本县", "/case/{case}/moved", Action.REGISTER_WRITE),
        ("死亡", "/case/{case}/death", Action.REGISTER_WRITE),
        ("排除", "/case/{case}/exclude", Action.REGISTER_WRITE),
    )),
    ("本人权利", (
        ("权利申请（查阅、更正、撤回、退出）", "/case/{case}/rights", Action.RIGHTS_WRITE),
        ("谁看过我的信息", "/case/{case}/seen", Action.RIGHTS_READ),
    )),
    ("打印", (
        ("转诊摘要", "/case/{case}/summary", Action.FORM_PRINT),
        ("随访服务记录表（表8）", "/case/{case}/print/followup", Action.FORM_PRINT),
    )),
)  # fmt: skip


GONE = (
    ("状态变更", (
        ("恢复在册", "/case/{case}/reopen", Action.REGISTER_WRITE),
        ("修改档案", "/case/{case}/edit", Action.REGISTER_WRITE),
    )),
    MENU[-1],
    ("本人权利", (
        ("权利申请（查阅、更正、撤回、退出）", "/case/{case}/rights", Action.RIGHTS_WRITE),
        ("谁看过我的信息", "/case/{case}/seen", Action.RIGHTS_READ),
    )),
)  # fmt: skip

_ANY = re.compile(r"<any\(([^)]*)\):\w+>")


@cache
def _shapes(app: object) -> frozenset[str]:
    # Which addresses exist is known once the application stands; a place for one of several words is several.
    shapes = set()
    for rule in current_app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        words = _ANY.search(rule.rule)
        for word in words[1].split(",") if words else [""]:
            plain = _ANY.sub(word.strip(), rule.rule)
            shapes.add(re.sub(r"<[^>]*>", "{}", plain))
    return frozenset(shapes)


def there(pattern: str) -> bool:
    """Whether a page of this shape exists, so that nothing leads nowhere."""
    shape = re.sub(r"\{\w+\}|(?<=/print/)\w+", "{}", pattern)
    return shape in _shapes(current_app._get_current_object())  # type: ignore[attr-defined]


def link(pattern: str, case: int, origin: int = 0) -> str:
    """The address of a page of this case, empty if there is no such page."""
    return pattern.format(case=case, origin=origin) if there(pattern) else ""


def offers(case: int, events: CaseEvents, open_: Sequence[DutyView]) -> tuple[Offer, ...]:
    """Up to three things to do next, each with the page that serves it."""
    return tuple(Offer(one, _page_for(case, events, one)) for one in open_[:OFFERED])


def _page_for(case: int, events: CaseEvents, step: DutyView) -> str:
    own = {one.id for one in events.referrals}
    if step.kind is DutyKind.REFER or (step.kind is DutyKind.REFERRAL_RESULT and step.origin not in own):
        # The duty comes from a visit: its advice begins the form, where the referral was not written down.
        return f"/case/{case}/referral?visit={step.origin}"
    return link(PAGE_OF_DUTY.get(step.kind, "-"), case, step.origin)


def menu(case: int, lifecycle: Lifecycle) -> tuple[tuple[str, tuple[Entry, ...]], ...]:
    """What may be done for this person, in groups; groups without a page are left out.

    A file that left the register can come back and be printed, nothing else.
    """
    groups = []
    for group, lines in MENU if lifecycle is Lifecycle.ON_REGISTER else GONE:
        entries = tuple(
            Entry(label, url)
            for label, pattern, action in lines
            if g.access.may(action) and (url := link(pattern, case))
        )
        if entries:
            groups.append((group, entries))
    return tuple(groups)


@dataclass(frozen=True, slots=True)
class Quick:
    """The buttons that stand beside the menu; empty addresses are left out."""

    visit: str
    attempt: str
    emergency: str


def quick(case: int) -> Quick:
    """开始随访, 记录联系 and 应急, as far as the pages exist and the role may use them."""

    def where(pattern: str, action: Action) -> str:
        return link(pattern, case) if g.access.may(action) else ""

    return Quick(
        where("/case/{case}/visit", Action.FOLLOWUP_RECORD),
        where("/case/{case}/attempt", Action.FOLLOWUP_RECORD),
        where("/case/{case}/emergency", Action.EVENT_WRITE),
    )


@dataclass(frozen=True, slots=True)
class Strip:
    """One sentence above everything else, with the page that answers it; ``tap``: one press does it."""

    text: str
    tone: str
    url: str = ""
    label: str = ""
    tap: bool = False


def strip(
    case: int, view: CaseView, events: CaseEvents, open_: Sequence[DutyView], today: date
) -> tuple[Strip, ...]:
    """At most two: an emergency, somebody locked up, lost, pausing, not met, or not seen for too long."""
    found = list(_strips(case, view, events, open_, today)) if view.lifecycle is Lifecycle.ON_REGISTER else []
    return tuple(found[:STRIPS])


def _strips(
    case: int, view: CaseView, events: CaseEvents, open_: Sequence[DutyView], today: date
) -> Iterator[Strip]:
    running = events.running
    due = next((one for one in open_ if one.kind is DutyKind.EMERGENCY_VISIT), None)
    if running is not None:
        yield Strip("应急处置进行中", "bad", f"/emergency/{running.id}", "打开")
    elif due is not None:
        tone = "bad" if due.days < 0 else "warn"
        yield Strip(f"近期有应急处置，应在 {due.due_on.isoformat()} 前随访", tone)
    if (locked := events.locked) is not None:
        days = (today - locked.known_on).days
        text = f"{locked.known_on.isoformat()} 得知关锁，已 {days} 天，尚未登记解除"
        yield Strip(text, "bad", f"/lock-up/{locked.id}/release", "登记解除")
    if view.management is Management.LOST:
        since = f"（{view.management_on.isoformat()}）" if view.management_on else ""
        yield Strip(f"已失访{since}，仍在册，继续查找", "warn", f"/case/{case}/found", "已找到", tap=True)
    if events.pause is not None:
        until = f"，到 {events.paused_until.isoformat()}" if events.paused_until else ""
        text = f"暂停按期随访（{events.pause.label}{until}）"
        yield Strip(text, "info", f"/case/{case}/resume", "恢复随访", tap=True)
    if view.unreached is not None and view.unreached.loss is not None:
        yield Strip(
            f"最近一次随访未访到（{view.unreached.on.isoformat()}，{view.unreached.loss.label}）", "warn"
        )
    if view.gaps and view.gaps[-1].open:
        gap = view.gaps[-1]
        yield Strip(f"距上次完整随访已 {gap.days} 天，超过 {gap.limit} 天上限", "warn")
