"""长效针剂登记: one dose with its circumstances, checked before it is kept, put right with a reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from casemgr.forms.cell import days
from casemgr.forms.followup import after_death
from casemgr.rules.access import Action
from casemgr.rules.injection import advise
from casemgr.rules.injection_check import Person, Planned, check
from casemgr.rules.injection_course import Given, Placed, counted, place
from casemgr.rules.injection_label import Label, labels
from casemgr.services import clock, duties, errors, injection_course, product, revision
from casemgr.services.care import facts_of
from casemgr.services.clock import SHANGHAI
from casemgr.services.errors import Conflict, Missing
from casemgr.services.incident import Recorded, kept_before, known_case
from casemgr.services.injection_view import (
    AdviceView,
    advise_course,
    dose_words,
    flag_of,
    live,
    view,
)
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.identity import open_texts
from casemgr.store.models.injection import Dose
from casemgr.store.queries import injection as queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.code import Term
from casemgr.terms.followup import HospitalState
from casemgr.terms.injection import CourseEnd, Level, Place, Reaction, Role, Side, Site
from casemgr.terms.referral import Direction, ReferralState
from casemgr.terms.risk import RiskLevel, Stability

NOT_THERE = "没有找到这一针，或不在您的辖区内。请从患者页重新打开。"
NOT_SAVED = "没有保存，请改正后再试。"
CHANGED = "这条记录在您打开之后被别人改过，您的修改没有保存。请重新打开核对，再改需要改的地方。"
READING = "查阅注射记录"
#: la12: a dose written down later than this many days is asked about; la08: the same dose told twice.
BACKDATED, SAME_DOSE, SAME_SIDE = 3, 2, 3
#: No interval of any label is longer, so no agreed day is further away.
FARTHEST = timedelta(400)
#: How many days back a visit still tells how somebody is.
RECENT = 400
LABELS: Mapping[str, str] = {
    "product": "产品",
    "on": "注射日期",
    "dose_ug": "剂量",
    "partial": "是否完整注射",
    "interval_days": "医嘱间隔天数",
    "role": "针次",
    "role_reason": "改针次的理由",
    "site": "部位",
    "side": "侧别",
    "batch": "批号",
    "cold_checked": "冷链核对",
    "place": "注射地点",
    "given_at": "注射单位",
    "referral_id": "转诊单",
    "reaction": "注射后反应",
    "observed_until": "留观至",
    "next_on": "医师约定的下次日期",
    "clearance": "肌酐清除率",
    "pregnant": "妊娠",
    "tolerated": "口服耐受记录",
    "note": "核对说明",
}
#: Where a flag of the rules is asked.
FIELDS = {
    "V1": "on",
    "V2": "interval_days",
    "V3": "site",
    "V4": "on",
    "V5": "dose_ug",
    "V6": "tolerated",
    "V7": "clearance",
    "V8": "product",
    "V9": "cold_checked",
    "V10": "observed_until",
    "V11": "place",
}


@dataclass(frozen=True, slots=True)
class DoseEntry:
    """What somebody tells about one dose; empty stays empty. ``role`` overrules what the course implies."""

    product: str
    on: date
    dose_ug: int | None = None
    partial: bool | None = None
    interval_days: int | None = None
    role: Role | None = None
    role_reason: str = ""
    site: Site | None = None
    side: Side | None = None
    batch: str = ""
    cold_checked: bool | None = None
    place: Place | None = None
    given_at: str = ""
    referral_id: int | None = None
    reaction: Reaction | None = None
    observed_until: time | None = None
    next_on: date | None = None
    clearance: int | None = None
    pregnant: bool | None = None
    tolerated: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One question at a field, with its weight and where it comes from; it forbids nothing."""

    field: str
    code: str
    level: Level
    text: str
    sources: tuple[str, ...] = ()
    verified: bool = True


@dataclass(frozen=True, slots=True)
class DoseCheck:
    """What is shown before a dose is kept: its role and number, questions by field, and the next dose then.

    ``digest`` stands for what was looked at; a save without it is answered with the check first.
    """

    role: Role | None
    told: bool
    implied: Role | None
    number: int
    questions: tuple[Question, ...]
    advice: AdviceView | None
    digest: str

    def at(self, name: str) -> tuple[Question, ...]:
        """The questions asked at one field."""
        return tuple(one for one in self.questions if one.field == name)


@dataclass(frozen=True, slots=True)
class ReferralChoice:
    """A referral slip that a dose given in hospital may belong to."""

    id: int
    label: str


@dataclass(frozen=True, slots=True)
class LastDose:
    """What was recorded last time, shown grey beside the fields."""

    id: int
    product: str
    name: str
    on: date
    dose: str
    site: str
    side: str
    batch: str
    interval_days: int | None


@dataclass(frozen=True, slots=True)
class DoseForm:
    """A form: empty with the key of the row to be, or a kept dose to be put right."""

    case_id: int
    file_no: str
    once: int
    products: tuple[tuple[str, str], ...]
    referrals: tuple[ReferralChoice, ...]
    last: LastDose | None
    raw: Mapping[str, str] = field(default_factory=dict, repr=False)
    seen: str = ""
    implied: Role | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A dose that was kept, and where the course stands now."""

    recorded: Recorded
    advice: AdviceView | None


@dataclass(frozen=True, slots=True)
class DoseView:
    """One dose on the person page."""

    id: int
    on: date
    product: str
    name: str
    dose: str
    role: str
    told: bool
    number: int | None
    ordinal: int | None
    site: str
    side: str
    batch: str
    place: str
    reaction: str
    partial: bool
    cold_checked: bool | None
    observed_until: str
    referral_id: int | None
    followed_on: date | None
    stopped_on: date | None


@dataclass(frozen=True, slots=True)
class Ended:
    """A course that runs no more: stopped by the doctor, or replaced by another product."""

    name: str
    last_on: date
    why: str


@dataclass(frozen=True, slots=True)
class InjectionCard:
    """长效针剂 of one person: where the running course stands, its doses, courses that ended."""

    case_id: int
    advice: AdviceView | None
    stopped_on: date | None
    stop_reason: str
    last_id: int | None
    doses: tuple[DoseView, ...]
    ended: tuple[Ended, ...]
    note: str = ""


# --- the card of a person -------------------------------------------------------------------------


def _label(kind: type[Term], value: int | None) -> str:
    return next((one.label for one in kind if int(one) == value), "")


@use_case(Action.INJECTION_READ, writes=False)
def card(work: Work, case_id: int, today: date) -> InjectionCard | None:
    """The card of one person, ``None`` for whoever has no injection; a constant number of statements."""
    rows = list(reversed(queries.doses(work, case_id)))
    if not rows:
        return None
    held = product.labels_of(work)(rows[0].area)
    return card_of(case_id, rows, held, today)


def card_of(case_id: int, rows: Sequence[Dose], held: Mapping[str, Label], today: date) -> InjectionCard:
    """The card from all doses of a case, oldest first."""
    past = [row for row in rows if row.on <= today]
    ends = [row for row in past if row.followed_on is None or row.followed_on > today]
    running, replaced = live([row for row in ends if row.role is not None])
    advice = advise_course(held, list(past), running.product, today) if running is not None else None
    ended = tuple(Ended(_name(held, row.product), row.on, _why_ended(row)) for row in reversed(replaced))
    return InjectionCard(
        case_id,
        view(advice, running.product) if advice is not None and running is not None else None,
        running.stopped_on if running is not None else None,
        _label(CourseEnd, running.stop_reason) if running is not None else "",
        running.id if running is not None else None,
        tuple(_dose_view(row, held) for row in reversed(rows)),
        ended,
    )


def _why_ended(row: Any) -> str:
    if row.stopped_on is not None:
        return f"{row.stopped_on.isoformat()} 停用（{_label(CourseEnd, row.stop_reason) or '原因未填'}）"
    return "已换用另一产品"


def _name(held: Mapping[str, Label], code: str) -> str:
    label = held.get(code)
    return label.name if label is not None else code


def _dose_view(row: Dose, held: Mapping[str, Label]) -> DoseView:
    observed = row.observed_until
    return DoseView(
        row.id,
        row.on,
        row.product,
        _name(held, row.product),
        dose_words(row.dose_ug),
        _label(Role, row.role),
        bool(row.role_told),
        row.number,
        row.ordinal,
        _label(Site, row.site),
        _label(Side, row.side),
        row.batch or "",
        _label(Place, row.place),
        _label(Reaction, row.reaction),
        bool(row.partial),
        row.cold_checked,
        observed.astimezone(SHANGHAI).strftime("%H:%M") if observed is not None else "",
        row.referral_id,
        row.followed_on,
        row.stopped_on,
    )


# --- the form -------------------------------------------------------------------------------------


def _choices(held: Mapping[str, Label]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (one.id, one.name if one.enabled else f"{one.name}（未启用，按说明书）") for one in held.values()
    )


def _form(
    work: Work, case: Any, once: int, raw: Mapping[str, str], seen: str, implied: Role | None
) -> DoseForm:
    held = product.labels_of(work)(case.area)
    rows = [row for row in queries.doses(work, case.id) if row.id != once]
    slips = tuple(
        ReferralChoice(
            row.id,
            f"{row.advised_on.isoformat()} {_label(Direction, row.direction)} "
            f"{_label(ReferralState, row.state)}",
        )
        for row in queries.referrals(work, case.id)
    )
    last = rows[0] if rows else None
    return DoseForm(
        case.id,
        case.file_no,
        once,
        _choices(held),
        slips,
        None
        if last is None
        else LastDose(
            last.id,
            last.product,
            _name(held, last.product),
            last.on,
            dose_words(last.dose_ug),
            _label(Site, last.site),
            _label(Side, last.side),
            last.batch or "",
            last.interval_days,
        ),
        raw,
        seen,
        implied,
    )


@use_case(Action.INJECTION_WRITE, writes=False)
def begin(work: Work, case_id: int, once: int | None = None) -> DoseForm:
    """An empty form; :class:`Missing` outside the access."""
    case = known_case(work, case_id)
    return _form(work, case, once or new_key(), {}, "", None)


@use_case(Action.INJECTION_WRITE)
def form_of(work: Work, dose_id: int) -> DoseForm:
    """A kept dose to be put right; that its texts were read is written down."""
    row = _dose(work, dose_id)
    case = known_case(work, row.case_id)
    raw = _raw(work, row)
    return _form(work, case, row.id, raw, _digest(raw), None)


def _dose(work: Work, dose_id: int) -> Dose:
    row = work.get(Dose, dose_id)
    if row is None:
        raise Missing(NOT_THERE)
    return row


def _digest(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _raw(work: Work, row: Dose) -> dict[str, str]:
    """A stored dose as the texts a page would post."""
    sealed = [(row.id, row.given_at)]
    given_at = open_texts(work, "Dose", sealed, READING, row.case_id)[0]
    note = open_texts(work, "Dose", [(row.id, row.note)], READING, row.case_id)[0]
    observed = row.observed_until
    return {
        "product": row.product,
        "on": row.on.isoformat(),
        "dose_ug": "" if row.dose_ug is None else f"{Decimal(row.dose_ug) / 1000:f}",
        "partial": _flag(row.partial),
        "interval_days": _text(row.interval_days),
        "role": _text(row.role) if row.role_told else "",
        "site": _text(row.site),
        "side": _text(row.side),
        "batch": row.batch or "",
        "cold_checked": _flag(row.cold_checked),
        "place": _text(row.place),
        "given_at": given_at or "",
        "referral_id": _text(row.referral_id),
        "reaction": _text(row.reaction),
        "observed_until": observed.astimezone(SHANGHAI).strftime("%H:%M") if observed is not None else "",
        "next_on": row.next_on.isoformat() if row.next_on else "",
        "note": note or "",
    }


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _flag(value: bool | None) -> str:
    return "" if value is None else "1" if value else "0"


# --- checking -------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Looked:
    """One entry beside what is known of the case."""

    entry: DoseEntry
    label: Label
    others: list[Dose]
    placed: Placed | None
    implied: Role | None
    questions: list[Question]


def _given(entry: DoseEntry) -> Given:
    return Given(
        entry.on,
        entry.role,
        entry.dose_ug,
        entry.site,
        None,
        not entry.partial,
        entry.interval_days,
    )


def _look(
    work: Work, case: Any, entry: DoseEntry, key: int, today: date, kept_role: int | None = None
) -> _Looked:
    """Refuse what cannot be; ask what is unusual."""
    held = product.labels_of(work)(case.area)
    label = held.get(entry.product)
    wrong: dict[str, str] = {}
    if label is None:
        raise errors.Unfit(NOT_SAVED, fields={"product": "产品表里没有这个产品。请从列表中选择。"})
    others = [row for row in reversed(queries.doses(work, case.id)) if row.id != key]
    own = [row for row in others if row.product == entry.product]
    if entry.on > today:
        wrong["on"] = "注射日期晚于今天。注射只能登记已经发生的。请改正日期，或到那一天再登记。"
    for fault in after_death(days(entry.on), LABELS["on"], facts_of(case)):
        wrong["on"] = fault.sentence
    if case.birth_year is not None and entry.on.year < case.birth_year:
        wrong["on"] = "注射日期早于出生年份。请核对日期，或核对档案的出生日期。"
    if any(row.on == entry.on and row.role is not None for row in own) and not entry.partial:
        wrong["on"] = (
            "这一天已登记过同一产品的一针，再登记会算成两针。"
            "请打开已有的那一针更正，或核对日期；确有一针没打完的，请在“是否完整注射”中注明。"
        )
    if entry.next_on is not None and entry.next_on <= entry.on:
        wrong["next_on"] = "约定的下次日期应晚于这一针。请改正，或清空。"
    elif entry.next_on is not None and entry.next_on - entry.on > FARTHEST:
        wrong["next_on"] = (
            f"约定的下次日期离这一针超过 {FARTHEST.days} 天，没有这样长的间隔。请核对年份，或清空。"
        )
    slips = {row.id for row in queries.referrals(work, case.id)}
    if entry.referral_id is not None and entry.referral_id not in slips:
        wrong["referral_id"] = "没有这张转诊单。请重新选择，或先登记转诊。"
    before = [injection_course.given(row) for row in own]
    placed, implied = _placed(label, before, entry)
    told_before = kept_role is not None and kept_role == entry.role
    contradicts = entry.role is not None and implied is not None and entry.role is not implied
    if contradicts and entry.role and implied and not entry.role_reason and not told_before:
        wrong["role_reason"] = (
            f"按记录推断这一针是“{implied.label}”，您选的是“{entry.role.label}”。针次决定下一针的日期。"
            "请写明理由，或改回“按推断”。"
        )
    if wrong:
        raise errors.Unfit(NOT_SAVED, fields=wrong)
    questions = list(_questions(work, case, entry, label, others, before, today))
    return _Looked(entry, label, others, placed, implied, questions)


def _placed(label: Label, before: Sequence[Given], entry: DoseEntry) -> tuple[Placed | None, Role | None]:
    """The entry in its course, and the role that the course alone would give it."""
    if entry.partial:
        return None, None
    own = _given(entry)

    def of(one: Given) -> Placed | None:
        course = place(label, counted([*before, one]))
        return next((each for each in course if each.dose.on == one.on), None)

    alone = of(own._replace(role=None))
    return of(own), alone.role if alone else None


def _questions(
    work: Work,
    case: Any,
    entry: DoseEntry,
    label: Label,
    others: Sequence[Dose],
    before: Sequence[Given],
    today: date,
) -> list[Question]:
    found: list[Question] = []

    def ask(name: str, code: str, text: str, level: Level = Level.WARN) -> None:
        found.append(Question(name, code, level, text))

    if not label.enabled:
        ask(
            "product",
            "la01",
            "暂无依据，请按说明书：该产品在本县录入说明书之前，系统只登记、不推算下次日期。",
        )
    seen = queries.visits(work, case.id, entry.on - timedelta(RECENT))
    person = Person(
        born=None if case.birth_year is None else date(case.birth_year, 12, 31),
        pregnant=entry.pregnant,
        clearance=entry.clearance,
        tolerated=frozenset({label.molecule, *(label.tolerance.molecules if label.tolerance else ())})
        if entry.tolerated
        else None,
        refer=tuple(_refer(seen)),
    )
    earlier = [one for one in before if one.on < entry.on]
    origin = next(
        (row.product for row in reversed(others) if row.product != entry.product and row.on < entry.on), ""
    )
    of_origin = tuple(
        injection_course.given(row) for row in others if row.product == origin and row.on < entry.on
    )
    planned = Planned(entry.on, entry.role, entry.dose_ug, entry.site, entry.cold_checked, origin, of_origin)
    for one in check(label, planned, earlier, person, entry.interval_days):
        shown = flag_of(one)
        name = "product" if one.code == "V6" and "耐受" not in one.text else FIELDS.get(one.code, "on")
        found.append(Question(name, shown.code, shown.level, shown.text, shown.sources, shown.verified))
    for name, code, text in _records(entry, others, seen, label, today):
        ask(name, code, text)
    if entry.dose_ug is None or entry.site is None:
        missing = "和".join(
            word for word, value in (("剂量", entry.dose_ug), ("部位", entry.site)) if value is None
        )
        ask(
            "dose_ug",
            "la07",
            f"没有填写{missing}。下一针的时间和剂量都要靠它判断。请补填，或向注射单位核实后再补。",
        )
    if not entry.batch:
        ask("batch", "la15", "没有填写批号。出现不良反应或召回时需要批号。请补填，或向注射单位核实后再补。")
    return found


def _records(
    entry: DoseEntry, others: Sequence[Dose], seen: Sequence[Any], label: Label, today: date
) -> list[tuple[str, str, str]]:
    """Questions that follow from other records: la05, la08, la09, la12, la13."""
    found = []
    if (today - entry.on).days > BACKDATED:
        found.append(
            (
                "on",
                "la12",
                f"注射日期在 {(today - entry.on).days} 天前，属于补记。请核对日期；确是补记的，请保留。",
            )
        )
    near = [
        row
        for row in others
        if row.product == entry.product and row.on != entry.on and abs((row.on - entry.on).days) <= SAME_DOSE
    ]
    if near:
        found.append(
            (
                "on",
                "la08",
                f"{near[-1].on.isoformat()} 已登记过同一产品"
                f"（{_label(Place, near[-1].place) or '地点未填'}）。"
                "可能是医院和社区各登记了同一针。请核对；如是同一针，请不要保存，到那一针上更正。",
            )
        )
    if entry.side is not None and entry.site is not None:
        past = [row for row in others if row.on < entry.on and row.site == entry.site][-(SAME_SIDE - 1) :]
        if len(past) == SAME_SIDE - 1 and all(row.side == entry.side for row in past):
            found.append(
                (
                    "side",
                    "la05",
                    f"连续第 {SAME_SIDE} 针打在{entry.side.label}{entry.site.label}。"
                    "同一侧反复注射容易硬结。请核对侧别，下一针可考虑换侧。",
                )
            )
    stay = next(
        (
            one
            for one in seen
            if one.hospital == HospitalState.NOW and abs((one.on - entry.on).days) <= SAME_DOSE
        ),
        None,
    )
    if stay is not None and entry.place in (None, Place.TOWNSHIP, Place.HOME):
        found.append(
            (
                "place",
                "la09",
                f"{stay.on.isoformat()} 的随访记着正在住院，这一针却登记在社区。"
                "请核对注射地点，或核对住院情况。",
            )
        )
    if label.observe_minutes and entry.observed_until is None:
        found.append(
            (
                "observed_until",
                "la13",
                f"说明书要求注射后留观 {label.observe_minutes} 分钟，没有填写留观至何时。请补填，或核对。",
            )
        )
    return found


def _refer(seen: Sequence[Any]) -> list[str]:
    """Reasons of the consensus for a referral that the latest visit tells (V11)."""
    if not seen:
        return []
    last = seen[-1]
    found = []
    if last.stability == Stability.UNSTABLE:
        found.append("最近随访病情不稳定")
    if last.risk is not None and last.risk >= RiskLevel.LEVEL_3:
        found.append(f"危险性评估 {last.risk} 级")
    return found


def _checked(looked: _Looked, held: Mapping[str, Label], today: date) -> DoseCheck:
    entry = looked.entry
    placed = looked.placed
    advice = _after(looked, held, today)
    return DoseCheck(
        placed.role if placed else None,
        entry.role is not None,
        looked.implied,
        placed.number if placed else 0,
        tuple(looked.questions),
        advice,
        _digest({one.name: getattr(entry, one.name) for one in fields(entry)}),
    )


def _after(looked: _Looked, held: Mapping[str, Label], today: date) -> AdviceView | None:
    """Where the course would stand with this dose."""
    label = looked.label
    given = [injection_course.given(row) for row in looked.others if row.product == looked.entry.product]
    from_all = counted([*given, _given(looked.entry)])
    if not from_all:
        return None
    # The whole history: what is not stored yet has no place.
    found = advise(label, from_all, today, doctor_date=looked.entry.next_on)
    return view(found, label.id)


@use_case(Action.INJECTION_WRITE, writes=False)
def look(work: Work, case_id: int, entry: DoseEntry, key: int, today: date) -> DoseCheck:
    """What to look at before this dose is kept; :class:`Unfit` by field for what cannot be."""
    case = known_case(work, case_id)
    looked = _look(work, case, entry, key, today)
    return _checked(looked, product.labels_of(work)(case.area), today)


def clock_time(text: str) -> time:
    """A time of day as 10:30; :class:`~casemgr.services.errors.Unfit` for anything else."""
    try:
        return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        sentence = "留观至应写成 10:30 这样的时间。请改正，或清空。"
        raise errors.Unfit(NOT_SAVED, fields={"observed_until": sentence}) from None


# --- keeping --------------------------------------------------------------------------------------


def _assign(row: Dose, entry: DoseEntry, told: Role | None) -> None:
    row.product = entry.product
    row.on = entry.on
    row.dose_ug = entry.dose_ug
    row.partial = entry.partial
    row.interval_days = entry.interval_days
    row.site = None if entry.site is None else int(entry.site)
    row.side = None if entry.side is None else int(entry.side)
    row.batch = entry.batch or None
    row.cold_checked = entry.cold_checked
    row.place = None if entry.place is None else int(entry.place)
    row.given_at = Plain(entry.given_at) if entry.given_at else None
    row.referral_id = entry.referral_id
    row.reaction = None if entry.reaction is None else int(entry.reaction)
    row.observed_until = (
        None
        if entry.observed_until is None
        else datetime.combine(entry.on, entry.observed_until, SHANGHAI).astimezone(UTC)
    )
    row.next_on = entry.next_on
    row.role_told = told is not None
    if told is not None:
        row.role = int(told)
    words = [
        f"针次：{entry.role_reason}" if entry.role_reason else "",
        f"肌酐清除率 {entry.clearance} mL/min" if entry.clearance is not None else "",
        "" if entry.pregnant is None else "妊娠" if entry.pregnant else "未妊娠",
        "" if entry.tolerated is None else "有口服耐受记录" if entry.tolerated else "没有口服耐受记录",
        entry.note,
    ]
    note = "；".join(filter(None, words))
    row.note = Plain(note) if note else None


def _follow(work: Work, case: Any, today: date) -> InjectionCard:
    """Settle the courses of a case and its duties after a dose was written; the card as it is now."""
    work.flush()
    labels_of = product.labels_of(work)
    injection_course.settle_cases(work, [case.id], labels_of)
    duties.refresh(work, [case.id])
    rows = list(reversed(queries.doses(work, case.id)))
    return card_of(case.id, rows, labels_of(case.area), today)


@use_case(Action.INJECTION_WRITE)
def record(work: Work, case_id: int, once: int, entry: DoseEntry, today: date) -> Kept:
    """Keep one dose once; its place in the course, the doses around it and the duties follow at once.

    Raises :class:`~casemgr.services.errors.Unfit` by field.
    """
    case = known_case(work, case_id)
    if kept_before(work, Dose, once, case_id) is not None:
        return Kept(Recorded(once, case_id, again=True), None)
    _look(work, case, entry, once, today)
    row = Dose(
        id=once,
        area=case.area,
        case_id=case_id,
        recorded_at=clock.now(),
        recorded_by=work.access.actor,
    )
    _assign(row, entry, entry.role)
    work.add(row)
    return Kept(Recorded(once, case_id, again=False), _follow(work, case, today).advice)


@use_case(Action.INJECTION_WRITE)
def change(work: Work, dose_id: int, entry: DoseEntry, seen: str, reason: str, today: date) -> Kept:
    """Put a kept dose right: old and new values stay with the reason, nothing is deleted.

    Raises :class:`Conflict` if somebody changed it after it was shown, :class:`Unfit` by field.
    """
    row = _dose(work, dose_id)
    case = known_case(work, row.case_id)
    before = _raw(work, row)
    if seen != _digest(before):
        raise Conflict(CHANGED)
    if not reason:
        raise errors.Unfit(NOT_SAVED, fields={"reason": "请写明更正的原因，便于日后核对。"})
    _look(work, case, entry, dose_id, today, row.role if row.role_told else None)
    old = {LABELS[name]: _in_words(name, text, row) for name, text in before.items()}
    _assign(row, entry, entry.role)
    work.flush()
    after = _raw(work, row)
    changes: dict[str, tuple[revision.Value, revision.Value]] = {
        LABELS[name]: (old[LABELS[name]], _in_words(name, text, row)) for name, text in after.items()
    }
    revision.note(work, "dose", row, changes, reason)
    return Kept(Recorded(row.id, row.case_id, again=False), _follow(work, case, today).advice)


_TERMS: Mapping[str, type[Term]] = {
    "role": Role,
    "site": Site,
    "side": Side,
    "place": Place,
    "reaction": Reaction,
}


def _in_words(name: str, text: str, _row: Dose) -> str:
    """A posted text as people read it."""
    if not text:
        return "按推断" if name == "role" else ""
    if name in _TERMS:
        return _label(_TERMS[name], int(text))
    if name in {"cold_checked"}:
        return "已核对" if text == "1" else "未核对"
    if name == "partial":
        return "没有打完" if text == "1" else "完整"
    if name == "product":
        return _name(labels(), text)
    return f"{text} mg" if name == "dose_ug" else text


@use_case(Action.INJECTION_WRITE)
def stop(work: Work, dose_id: int, on: date, reason: CourseEnd, today: date) -> Kept:
    """Write down that the doctor ended the course of this dose; a later dose begins it again."""
    row = _dose(work, dose_id)
    case = known_case(work, row.case_id)
    if on > today or on < row.on:
        raise errors.Unfit(NOT_SAVED, fields={"stopped_on": "停用日期应在末次注射与今天之间。请核对日期。"})
    if row.followed_on is not None:
        raise errors.Unfit(
            NOT_SAVED, fields={"stopped_on": "这一针之后还有注射，不是末次。请在末次注射上登记停用。"}
        )
    before = (row.stopped_on, _label(CourseEnd, row.stop_reason))
    row.stopped_on, row.stop_reason = on, int(reason)
    revision.note(
        work, "dose", row, {"停用日期": (before[0], on), "停用原因": (before[1], reason.label)}, reason.label
    )
    return Kept(Recorded(row.id, row.case_id, again=False), _follow(work, case, today).advice)


@use_case(Action.INJECTION_WRITE)
def resume_course(work: Work, dose_id: int, today: date) -> Kept:
    """Take a stop back that was written down by mistake; old and new values are kept."""
    row = _dose(work, dose_id)
    case = known_case(work, row.case_id)
    if row.stopped_on is not None:
        changes: dict[str, tuple[revision.Value, revision.Value]] = {"停用日期": (row.stopped_on, None)}
        revision.note(work, "dose", row, changes, "撤销停用")
        row.stopped_on, row.stop_reason = None, None
    return Kept(Recorded(row.id, row.case_id, again=False), _follow(work, case, today).advice)
