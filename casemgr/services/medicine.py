"""用药服务: the regimen of one person, orders of no medicine, and how many days medicine was at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any

from casemgr.rules import dispensing, drug, regimen
from casemgr.rules.access import Action
from casemgr.rules.dispensing import Entitlement
from casemgr.rules.drug import Drug
from casemgr.rules.medication import (
    Coverage,
    DayState,
    Fill,
    Gap,
    HospitalMode,
    Injected,
    Proposal,
    Role,
    Span,
    Stretch,
    Supply,
    coverage,
    ribbon,
    suggest,
)
from casemgr.rules.monitoring import kinds_prescribed
from casemgr.rules.policy import Policy, in_force_on
from casemgr.rules.regimen import Left, Ordered
from casemgr.services import clock, duties, revision
from casemgr.services.errors import Conflict, Missing, Unfit
from casemgr.services.incident import Recorded, kept_before, known_case, not_after_death
from casemgr.services.medicine_drug import catalogue
from casemgr.services.use_case import use_case, within
from casemgr.store.db import new_key
from casemgr.store.identity import open_texts
from casemgr.store.models.medicine import NoMedicine, RegimenLine
from casemgr.store.queries import medicine as queries
from casemgr.store.queries.medicine import Medicine
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.injection import products
from casemgr.terms.medication import Adherence, DrugClass, Fetcher, PayerState, StopReason

READING = "查阅用药"
ONE_DAY = timedelta(1)
#: Months of the ribbon, the present one included.
MONTHS = 12
NO_LINE = "没有这条用药，或不在您的辖区内。请从患者的用药页重新打开。"
NO_ORDER = "没有这条医嘱，或不在您的辖区内。请从患者的用药页重新打开。"
ENDED_ALREADY = "这条用药已经停用，没有改动。请回到用药页核对，如需恢复请新增一条。"
LEDGER_SHOWN = 60
TENTH = Decimal("0.1")


# --- what is counted ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """The medicine of one person as rules take it: ``kinds`` are the classes that are counted."""

    supply: Supply
    lines: tuple[Ordered, ...]
    kinds: frozenset[DrugClass]
    drugs: frozenset[str]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to count from."""
        return not (self.lines or self.supply.fills or self.supply.injections or self.supply.no_medication)


def effective(fills: Sequence[Any]) -> list[Any]:
    """The entries of a ledger that stand: neither taken back nor taking one back."""
    gone = {one.counters for one in fills if one.counters is not None}
    return [one for one in fills if one.counters is None and one.id not in gone]


def known_of(rows: Medicine, until: date) -> Known:
    """What a person's rows say up to ``until``: the main class alone is counted, see rules.drug.counted.

    This one function is asked by the page, the lists and the interface, so that their figures agree.
    """
    fills = [one for one in effective(rows.fills) if one.on <= until]
    doses = [one for one in rows.doses if one.on <= until and not one.partial]
    classes = {one.drug_class for one in (*fills, *rows.lines) if one.drug_class is not None}
    if doses:
        classes.add(DrugClass.ANTIPSYCHOTIC)
    kinds = drug.counted(classes)
    lines = tuple(
        Ordered(one.ingredient, one.since, one.stopped_on)
        for one in rows.lines
        if one.ingredient
        and one.drug_class in kinds
        and (one.stopped_on is None or one.stopped_on > one.since)
    )
    kept = [one for one in fills if one.drug_class in kinds]
    found = regimen.supply(
        fills=[Fill(one.ingredient, one.on, one.days) for one in kept],
        injections=[
            Injected(
                one.product, one.on, None if one.role is None else Role.read(one.role), 0, one.interval_days
            )
            for one in doses
        ],
        hospital=[
            Span(one.since, max(one.since, min(one.until or until, until)))
            for one in rows.wards
            if one.since <= until
        ],
        lines=lines,
        no_medicine=[(one.since, one.ended_on) for one in rows.off],
        until=until,
    )
    return Known(found, lines, kinds, frozenset(one.ingredient for one in kept))


def months_before(today: date, months: int = MONTHS) -> date:
    """The first day of the months that the ribbon shows."""
    number = today.year * 12 + today.month - months
    return date(number // 12, number % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class MonthDays:
    """One month of the table under the ribbon, in days."""

    month: date
    covered: int
    gap: int
    hospital: int
    no_order: int


@dataclass(frozen=True, slots=True)
class AdherenceView:
    """Twelve months of one person: the counting (mode A), the same with hospital days covered (mode B).

    ``stretches`` and ``months`` are that same counting by day and by month; ``by_drug`` are (name, covered
    days); ``events`` is what ``flask medication coverage`` takes, and gives the same figures for.
    """

    period: Span
    counted: Coverage
    with_hospital: Coverage
    stretches: tuple[Stretch, ...]
    months: tuple[MonthDays, ...]
    by_drug: tuple[tuple[str, int], ...]
    without_basis: tuple[str, ...]
    events: Mapping[str, Any]

    @property
    def percent(self) -> str | None:
        """The share with one decimal, half up; ``None`` where there is nothing to count."""
        return percent(self.counted)

    @property
    def percent_with_hospital(self) -> str | None:
        """The same for mode B."""
        return percent(self.with_hospital)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Runs of days without medicine, oldest first."""
        return self.counted.gaps


def percent(found: Coverage) -> str | None:
    """A share as 94.4; ``None`` without days to count or a product nobody can count."""
    if found.share is None:
        return None
    return str((Decimal(found.covered * 100) / Decimal(found.days)).quantize(TENTH, ROUND_HALF_UP))


def adherence_of(known: Known, today: date, policy: Policy, file_no: str = "") -> AdherenceView | None:
    """The twelve months up to ``today``; ``None`` for somebody of whom nothing is known."""
    if known.empty:
        return None
    period = Span(months_before(today), today)
    counted, stretches = ribbon(period, known.supply, policy=policy)
    return AdherenceView(
        period,
        counted,
        coverage(period, known.supply, hospital=HospitalMode.COVERED, policy=policy),
        stretches,
        _by_month(stretches),
        tuple((drug_name(one), days) for one, days in counted.by_drug.items()),
        tuple(drug_name(one) for one in counted.without_basis),
        events_of(known.supply, period, file_no),
    )


def drug_name(ingredient: str) -> str:
    """The Chinese name of a substance or of a long-acting product."""
    if ingredient in products():
        return products()[ingredient].name
    return next((one.name for one in drug.listed().values() if one.ingredient == ingredient), ingredient)


def _by_month(stretches: Sequence[Stretch]) -> tuple[MonthDays, ...]:
    found: dict[date, dict[DayState, int]] = {}
    for one in stretches:
        day = one.first
        while day <= one.last:
            month = day.replace(day=1)
            end = (month + timedelta(31)).replace(day=1) - ONE_DAY
            last = min(one.last, end)
            own = found.setdefault(month, {})
            own[one.state] = own.get(one.state, 0) + (last - day).days + 1
            day = last + ONE_DAY
    return tuple(
        MonthDays(
            month,
            own.get(DayState.COVERED, 0),
            own.get(DayState.GAP, 0),
            own.get(DayState.HOSPITAL, 0),
            own.get(DayState.NO_ORDER, 0),
        )
        for month, own in sorted(found.items())
    )


def events_of(supply: Supply, period: Span, name: str) -> dict[str, Any]:
    """One person's medicine as an event list of ``flask medication coverage``; names nobody."""
    begin = min((period.first, *(one.on for one in supply.fills), *(one.on for one in supply.injections)))

    def spans(found: Sequence[Span]) -> list[list[str]]:
        return [
            [max(one.first, begin).isoformat(), one.last.isoformat()] for one in found if one.last >= begin
        ]

    def lai(one: Injected) -> dict[str, Any]:
        told: dict[str, Any] = {"type": "lai", "product": one.product, "date": one.on.isoformat()}
        if one.role is not None:
            told["role"] = one.role.name
        if one.interval:
            told["interval"] = one.interval
        return told

    fills = [
        {"type": "fill", "drug": one.drug, "date": one.on.isoformat(), "days": one.days}
        for one in supply.fills
    ]
    return {
        "id": name,
        "period": [period.first.isoformat(), period.last.isoformat()],
        "events": [*fills, *(lai(one) for one in supply.injections)],
        "hospital": spans(supply.hospital),
        "no_medication": spans(supply.no_medication),
        "unordered": spans(supply.unordered),
    }


# --- the page of one person -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineView:
    """One line of a regimen; ``name`` with strength as people read it, doses in micrograms."""

    id: int
    name: str
    code: str
    kind: DrugClass | None
    long_acting: bool
    morning_ug: int | None
    noon_ug: int | None
    evening_ug: int | None
    every_weeks: int | None
    dose_ug: int | None
    since: date
    stopped_on: date | None
    stop_reason: StopReason | None
    stop_note: str
    prescriber: str
    from_visit: int | None
    replaces: int | None
    version: int

    def holds(self, day: date) -> bool:
        """Whether it is taken on a day."""
        return self.since <= day and (self.stopped_on is None or day < self.stopped_on)

    @property
    def daily_ug(self) -> int | None:
        """Micrograms a day, ``None`` for a long-acting drug or an empty dose."""
        parts = [one for one in (self.morning_ug, self.noon_ug, self.evening_ug) if one]
        return sum(parts) or None

    @property
    def dose(self) -> str:
        """The dose in words: 早 5、晚 10 mg, or 每 4 周 100 mg."""
        if self.long_acting:
            weeks = f"每 {self.every_weeks} 周" if self.every_weeks else "间隔未填"
            return f"{weeks} {self.dose_ug / drug.UG:g} mg" if self.dose_ug is not None else weeks
        parts = (("早", self.morning_ug), ("中", self.noon_ug), ("晚", self.evening_ug))
        told = [f"{label} {ug / drug.UG:g}" for label, ug in parts if ug]
        return "、".join(told) + " mg" if told else "剂量未填"


@dataclass(frozen=True, slots=True)
class OffView:
    """One order of no medicine; open when ``ended_on`` is empty."""

    id: int
    since: date
    ended_on: date | None
    prescriber: str
    reason: str


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry of the ledger; ``taken_back``: another entry counters it, ``counters``: it counters one.

    Payers as (who, state, fen).
    """

    id: int
    on: date
    drug: str
    unit: str
    quantity: int
    days: int
    batch: str
    payers: tuple[tuple[str, PayerState | None, int | None], ...]
    fetcher: Fetcher | None
    reason: str
    by: str
    taken_back: bool
    counters: bool


@dataclass(frozen=True, slots=True)
class LeftView:
    """How long a drug still lasts by the records: ``days`` left with today, ``None`` if never handed out."""

    drug: str
    until: date | None
    days: int | None


@dataclass(frozen=True, slots=True)
class Suggested:
    """What the records of one period propose, beside the doctor's own code of the visit at its end."""

    on: date
    since: date
    proposal: Proposal
    code: Adherence | None = None

    @property
    def differs(self) -> bool:
        """Whether the doctor decided otherwise than the figures."""
        return None not in (self.code, self.proposal.computed) and self.code != self.proposal.computed


@dataclass(frozen=True, slots=True)
class MedicinePage:
    """Everything the medicine page of one person shows; latest first where there are days."""

    case_id: int
    person_id: int
    file_no: str
    area: int
    on_register: bool
    current: tuple[LineView, ...]
    stopped: tuple[LineView, ...]
    off: tuple[OffView, ...]
    ledger: tuple[EntryView, ...]
    left: tuple[LeftView, ...]
    right: Entitlement
    adherence: AdherenceView | None
    suggestions: tuple[Suggested, ...]
    today: date

    @property
    def off_now(self) -> OffView | None:
        """The order of no medicine that holds today."""
        return next(
            (
                one
                for one in self.off
                if one.since <= self.today and (one.ended_on is None or self.today < one.ended_on)
            ),
            None,
        )


def line_views(
    rows: Sequence[RegimenLine], drugs: Mapping[str, Drug], names: Mapping[int, tuple[str, str, str]]
) -> list[LineView]:
    """Rows of a regimen as the page shows them; ``names`` are the opened texts by row."""
    found = []
    for one in rows:
        own, prescriber, note = names.get(one.id, ("", "", ""))
        known = drugs.get(one.code or "")
        found.append(
            LineView(
                one.id,
                known.label if known is not None else own or "未写药名",
                one.code or "",
                None if one.drug_class is None else DrugClass.read(one.drug_class),
                one.long_acting,
                one.morning_ug,
                one.noon_ug,
                one.evening_ug,
                one.every_weeks,
                one.dose_ug,
                one.since,
                one.stopped_on,
                None if one.stop_reason is None else StopReason.read(one.stop_reason),
                note,
                prescriber,
                one.visit_id,
                one.replaces,
                one.version,
            )
        )
    return found


def open_lines(work: Work, rows: Sequence[RegimenLine], case_id: int) -> dict[int, tuple[str, str, str]]:
    """The sealed texts of lines by row: name, prescriber, note; one audit entry for all."""
    filled = [
        (one.id, value, place)
        for one in rows
        for place, value in enumerate((one.name, one.prescriber, one.stop_note))
        if value is not None
    ]
    texts = open_texts(work, "RegimenLine", [one[:2] for one in filled], READING, case_id)
    found: dict[int, list[str]] = {}
    for (key, _, place), text in zip(filled, texts, strict=True):
        found.setdefault(key, ["", "", ""])[place] = text
    return {key: (told[0], told[1], told[2]) for key, told in found.items()}


@use_case(Action.MEDICINE_READ)
def page(work: Work, case_id: int, today: date) -> MedicinePage:
    """The medicine of one person; what is sealed is opened under one audit entry each.

    Raises :class:`Missing` outside the access.
    """
    case = known_case(work, case_id)
    drugs = catalogue(work, case.area)
    rows = queries.lines(work, case_id)
    views = line_views(rows, drugs, open_lines(work, rows, case_id))
    counted = queries.of_case(work, case_id)
    known = known_of(counted, today)
    policy = in_force_on(today, within(work).region)
    return MedicinePage(
        case_id,
        case.person_id,
        case.file_no,
        case.area,
        case.lifecycle == 1,
        tuple(one for one in views if one.stopped_on is None or one.stopped_on > today),
        tuple(
            sorted(
                (one for one in views if one.stopped_on is not None and one.stopped_on <= today),
                key=lambda one: one.stopped_on or one.since,
                reverse=True,
            )
        ),
        _off_views(work, case_id),
        _ledger(work, case_id, drugs),
        tuple(left_view(one, today) for one in left_of(counted, known, today)),
        dispensing.entitlement(case.lifecycle, case.lifecycle_on, case.registered_on, today),
        adherence_of(known, today, policy, case.file_no),
        _suggestions(work, case_id, counted, today, policy),
        today,
    )


def left_of(rows: Medicine, known: Known, today: date) -> tuple[Left, ...]:
    """Until when each drug by mouth that is ordered today lasts, whatever its class."""
    lines = [
        Ordered(one.ingredient, one.since, one.stopped_on)
        for one in rows.lines
        if one.ingredient and not one.long_acting
    ]
    whole = regimen.supply(
        fills=[Fill(one.ingredient, one.on, one.days) for one in effective(rows.fills) if one.on <= today],
        injections=(),
        hospital=known.supply.hospital,
        lines=lines,
        no_medicine=[(one.since, one.ended_on) for one in rows.off],
        until=today,
    )
    return regimen.left(lines, whole, today)


def left_view(one: Left, today: date) -> LeftView:
    """The same in words and days."""
    return LeftView(drug_name(one.drug), one.until, one.days(today))


def _off_views(work: Work, case_id: int) -> tuple[OffView, ...]:
    rows = queries.off_orders(work, case_id)
    by = open_texts(work, "NoMedicine", [(one.id, one.prescriber) for one in rows], READING, case_id)
    filled = [one for one in rows if one.reason is not None]
    told = open_texts(work, "NoMedicine", [(one.id, one.reason) for one in filled], READING, case_id)
    why = {one.id: text for one, text in zip(filled, told, strict=True)}
    return tuple(
        OffView(one.id, one.since, one.ended_on, prescriber, why.get(one.id, ""))
        for one, prescriber in reversed(list(zip(rows, by, strict=True)))
    )


def _ledger(work: Work, case_id: int, drugs: Mapping[str, Drug]) -> tuple[EntryView, ...]:
    rows = queries.ledger(work, case_id, LEDGER_SHOWN)
    gone = {one.counters for one in rows if one.counters is not None}
    names = queries.authors(work, sorted({one.recorded_by for one in rows}))
    filled = [one for one in rows if one.reason is not None]
    told = open_texts(work, "Dispensing", [(one.id, one.reason) for one in filled], READING, case_id)
    why = {one.id: text for one, text in zip(filled, told, strict=True)}
    found = []
    for one in rows:
        known = drugs.get(one.code)
        payers = (
            ("医保", PayerState.read(one.insurance), one.insurance_fen),
            ("医疗救助", PayerState.read(one.assistance), one.assistance_fen),
            ("免费二代药", PayerState.read(one.free), one.free_fen),
            ("自付", None, one.own_fen),
        )
        found.append(
            EntryView(
                one.id,
                one.on,
                known.label if known is not None else one.code,
                known.unit if known is not None else "",
                one.quantity,
                one.days,
                one.batch or "",
                payers,
                None if one.fetcher is None else Fetcher.read(one.fetcher),
                why.get(one.id, ""),
                names.get(one.recorded_by, "系统" if one.recorded_by == 0 else ""),
                one.id in gone,
                one.counters is not None,
            )
        )
    return tuple(found)


# --- the suggestion -------------------------------------------------------------------------------

UNRECORDED = "还没有发药或注射的记录，无法推算，可能在别处取药"
#: How many visits the page sets beside what the records propose.
VISITS_SHOWN = 6


def suggestion(known: Known, since: date, on: date, policy: Policy) -> Suggested | None:
    """What the records from ``since`` to ``on`` propose (REC-ADH-1); ``None`` where nothing is recorded."""
    if known.empty or since > on:
        return None
    begin = regimen.first_event(known.supply.fills, known.supply.injections)
    if begin is None and not known.supply.no_medication:
        return Suggested(on, since, Proposal(None, None, UNRECORDED))
    # What somebody had before the records begin nobody knows.
    since = max(since, min(begin or since, on))
    period = Span(since, on)
    ordered = any(
        one.since <= on and (one.stopped_on is None or one.stopped_on > since) for one in known.lines
    )
    proposal = suggest(period, known.supply, ordered=ordered, as_ordered=None, policy=policy)
    return Suggested(on, since, proposal)


def _suggestions(
    work: Work, case_id: int, rows: Medicine, today: date, policy: Policy
) -> tuple[Suggested, ...]:
    """The latest visits, each with what the records between it and the one before it propose."""
    visits = queries.visits(work, case_id, VISITS_SHOWN + 1)
    found = []
    for visit, before in pairwise(visits):
        one = suggestion(known_of(rows, visit.on), before.on, visit.on, policy)
        if one is not None:
            code = None if visit.adherence is None else Adherence.read(visit.adherence)
            found.append(Suggested(one.on, one.since, one.proposal, code))
    return tuple(found)


# --- the regimen ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineForm:
    """One line about to be written; doses in micrograms. Without a ``code`` the ``name`` alone is kept."""

    since: date
    code: str = ""
    name: str = ""
    long_acting: bool = False
    morning_ug: int | None = None
    noon_ug: int | None = None
    evening_ug: int | None = None
    every_weeks: int | None = None
    dose_ug: int | None = None
    prescriber: str = ""


@dataclass(frozen=True, slots=True)
class RegimenForm:
    """An empty form for medicine: the key of the row to be, and the drugs there are."""

    once: int
    case_id: int
    file_no: str
    registered_on: date
    drugs: tuple[Drug, ...]
    line: LineView | None = None


@use_case(Action.MEDICINE_WRITE, writes=False)
def begin(work: Work, case_id: int) -> RegimenForm:
    """A form for a new line or order; :class:`Missing` outside the access."""
    case = known_case(work, case_id)
    return _form(work, case)


def _form(work: Work, case: Any, line: LineView | None = None) -> RegimenForm:
    drugs = sorted(
        (one for one in catalogue(work, case.area).values() if one.active),
        key=lambda one: (one.kind, one.name, one.strength_ug or 0),
    )
    return RegimenForm(new_key(), case.id, case.file_no, case.registered_on, tuple(drugs), line)


@use_case(Action.MEDICINE_WRITE)
def begin_change(work: Work, line_id: int) -> RegimenForm:
    """A form for changing or stopping one line; :class:`Missing` outside the access."""
    row = _line(work, line_id)
    case = known_case(work, row.case_id)
    (view,) = line_views([row], catalogue(work, case.area), open_lines(work, [row], case.id))
    return _form(work, case, view)


def _line(work: Work, line_id: int) -> RegimenLine:
    row = work.get(RegimenLine, line_id)
    if row is None:
        raise Missing(NO_LINE)
    return row


def _checked(
    form: LineForm, drugs: Mapping[str, Drug], today: date, kept: str = ""
) -> tuple[Drug | None, dict[str, str]]:
    wrong: dict[str, str] = {}
    known = drugs.get(form.code) if form.code else None
    if form.code and (known is None or not (known.active or form.code == kept)):
        wrong["code"] = "药品目录里没有这个药，或已停用。请从列表重新选择，或改填目录外药名。"
    if not form.code and not form.name:
        wrong["code"] = "请选择药品。目录里没有的，请在“目录外药名”写明。"
    if form.since > today:
        wrong["since"] = "开始日期晚于今天（md20）。覆盖天数按这一天起算。请改正日期，或到当天再登记。"
    long_acting = known.long_acting if known is not None else form.long_acting
    if long_acting and not form.every_weeks:
        wrong["every_weeks"] = "长效药请填每几周一次，下次应打日由它推算。请补填，或改选口服药。"
    if not long_acting and not any((form.morning_ug, form.noon_ug, form.evening_ug)):
        wrong["morning_mg"] = "请至少填早、中、晚中的一次剂量，天数由剂量推算。请补填，或核对药品。"
    return known, wrong


def add(
    work: Work,
    case: Any,
    key: int,
    form: LineForm,
    known: Drug | None,
    *,
    replaces: int | None = None,
    visit_id: int | None = None,
) -> RegimenLine:
    """Write one line; the caller has checked it."""
    long_acting = known.long_acting if known is not None else form.long_acting
    row = RegimenLine(
        id=key,
        area=case.area,
        case_id=case.id,
        code=known.code if known is not None else None,
        ingredient=known.ingredient if known is not None else None,
        drug_class=int(known.kind) if known is not None else None,
        name=Plain(form.name) if known is None else None,
        long_acting=long_acting,
        morning_ug=None if long_acting else form.morning_ug,
        noon_ug=None if long_acting else form.noon_ug,
        evening_ug=None if long_acting else form.evening_ug,
        every_weeks=form.every_weeks if long_acting else None,
        dose_ug=form.dose_ug if long_acting else None,
        since=form.since,
        prescriber=Plain(form.prescriber) if form.prescriber else None,
        replaces=replaces,
        visit_id=visit_id,
        watch=kinds_prescribed(
            known.name if known is not None else form.name,
            known.ingredient if known is not None else "",
            second_generation=known is not None and known.second_generation,
            long_acting=long_acting,
        ),
        # Tests are asked for from the day on which the drug became known.
        recorded_at=clock.moment(),
        recorded_by=work.access.actor,
    )
    work.add(row)
    return row


@use_case(Action.MEDICINE_WRITE)
def add_line(work: Work, case_id: int, once: int, form: LineForm, today: date) -> Recorded:
    """Order a drug; a second press changes nothing. Raises :class:`Unfit` by field."""
    case = known_case(work, case_id)
    if kept_before(work, RegimenLine, once, case_id) is not None:
        return Recorded(once, case_id, again=True)
    not_after_death(case, form.since, "since", "开始日期")
    drugs = catalogue(work, case.area)
    known, wrong = _checked(form, drugs, today)
    substance = drug.substance(known.name if known is not None else form.name)
    for one in line_views(
        rows := [one for one in queries.lines(work, case_id) if one.stopped_on is None],
        drugs,
        open_lines(work, rows, case_id),
    ):
        name = drugs[one.code].name if one.code in drugs else one.name
        if drug.substance(name) == substance and "code" not in wrong:
            wrong["code"] = "这个药正在用（md11），没有再加一条。改剂量请在原来那条点“调整”，或先停用原来的。"
    if says := off_order_on(work, case_id, form.since):
        wrong["since"] = says
    if wrong:
        raise Unfit("没有保存，请改正后再试。", fields=wrong)
    add(work, case, once, form, known)
    work.flush()
    duties.refresh(work, [case_id])
    return Recorded(once, case_id, again=False)


def off_order_on(work: Work, case_id: int, since: date) -> str:
    """The sentence for a drug ordered against an order of no medicine (md01), empty where there is none."""
    for one in queries.off_orders(work, case_id):
        if one.ended_on is None or one.ended_on > since:
            return (
                f"{one.since.isoformat()} 起有“勿需用药”的医嘱，和用药矛盾（md01）。"
                "请先在用药页结束那条医嘱，或改正开始日期。"
            )
    return ""


@dataclass(frozen=True, slots=True)
class Stop:
    """How a line ends: the first day without it, why, who decided."""

    on: date
    reason: StopReason
    note: str = ""
    prescriber: str = ""


def stop(work: Work, row: RegimenLine, told: Stop) -> None:
    """End one line, kept with its reason; the caller has checked it."""
    row.stopped_on, row.stop_reason = told.on, int(told.reason)
    row.stopped_by = work.access.actor
    row.stop_note = Plain(told.note) if told.note else None
    changes: dict[str, tuple[revision.Value, revision.Value]] = {
        "停用日期": (None, told.on),
        "停用原因": ("", told.reason.label),
    }
    if told.prescriber:
        changes["决定停用的医师"] = ("", told.prescriber)
    revision.note(work, "regimen_line", row, changes, told.note)


def _check_stop(row: RegimenLine, told: Stop, today: date) -> None:
    wrong: dict[str, str] = {}
    if told.on > today:
        wrong["stopped_on"] = "停用日期晚于今天。请改正日期，或到当天再登记。"
    elif told.on < row.since:
        wrong["stopped_on"] = f"停用日期早于开始日期 {row.since.isoformat()}（md20）。请改正其中一个。"
    if told.reason is StopReason.PHYSICIAN and not told.prescriber:
        wrong["prescriber"] = "请写明是哪位医师决定停药（md14）。没有医师的决定，请改选其他原因。"
    if told.reason is StopReason.OTHER and not told.note:
        wrong["note"] = "原因选了“其他”，请写明是什么。"
    if wrong:
        raise Unfit("没有保存，请改正后再试。", fields=wrong)


@use_case(Action.MEDICINE_WRITE)
def stop_line(work: Work, line_id: int, told: Stop, today: date) -> Recorded:
    """Stop one drug with day and reason; nothing is deleted. Raises :class:`Unfit` by field."""
    row = _line(work, line_id)
    if row.stopped_on is not None:
        return Recorded(row.id, row.case_id, again=True)
    _check_stop(row, told, today)
    stop(work, row, told)
    work.flush()
    duties.refresh(work, [row.case_id])
    return Recorded(row.id, row.case_id, again=False)


@use_case(Action.MEDICINE_WRITE)
def change_line(work: Work, line_id: int, once: int, form: LineForm, note: str, today: date) -> Recorded:
    """Another dose or drug from a day on: the line stops and a new one begins on the same day, in one step.

    Raises :class:`Unfit` by field, :class:`Conflict` for a line that has been stopped meanwhile.
    """
    row = _line(work, line_id)
    case = known_case(work, row.case_id)
    if kept_before(work, RegimenLine, once, row.case_id) is not None:
        return Recorded(once, row.case_id, again=True)
    if row.stopped_on is not None:
        raise Conflict(ENDED_ALREADY)
    not_after_death(case, form.since, "since", "调整日期")
    known, wrong = _checked(form, catalogue(work, case.area), today, row.code or "")
    if form.since < row.since:
        wrong["since"] = (
            f"调整日期早于原来的开始日期 {row.since.isoformat()}（md20）。请改正日期，或停用原来那条。"
        )
    if not wrong and _alike(row, form, known):
        wrong["code"] = "和原来的一样，没有需要调整的内容。请改剂量或药品，或返回。"
    if wrong:
        raise Unfit("没有保存，请改正后再试。", fields=wrong)
    stop(work, row, Stop(form.since, StopReason.CHANGED, note, form.prescriber))
    add(work, case, once, form, known, replaces=row.id)
    work.flush()
    duties.refresh(work, [row.case_id])
    return Recorded(once, row.case_id, again=False)


def _alike(row: RegimenLine, form: LineForm, known: Drug | None) -> bool:
    if (row.code or None) != (known.code if known is not None else None) or known is None:
        return False
    if row.long_acting:
        return (row.every_weeks, row.dose_ug) == (form.every_weeks, form.dose_ug)
    return (row.morning_ug or 0, row.noon_ug or 0, row.evening_ug or 0) == (
        form.morning_ug or 0,
        form.noon_ug or 0,
        form.evening_ug or 0,
    )


# --- 医嘱勿需用药 ------------------------------------------------------------------------------------


@use_case(Action.MEDICINE_WRITE)
def order_off(
    work: Work, case_id: int, once: int, since: date, prescriber: str, reason: str, today: date
) -> Recorded:
    """Write down a doctor's order that no medicine is needed, from a day on.

    Drugs that are still ordered stand against it (md01): they are stopped first, by a person.
    """
    case = known_case(work, case_id)
    if kept_before(work, NoMedicine, once, case_id) is not None:
        return Recorded(once, case_id, again=True)
    not_after_death(case, since, "since", "开始日期")
    wrong: dict[str, str] = {}
    if since > today:
        wrong["since"] = "开始日期晚于今天。请改正日期，或到当天再登记。"
    if not prescriber:
        wrong["prescriber"] = "请写明下这条医嘱的医师：勿需用药须有医师的医嘱。没有医嘱的，请不要登记。"
    if any(one.stopped_on is None or one.stopped_on > since for one in queries.lines(work, case_id)):
        wrong["since"] = "还有正在用的药，和“勿需用药”矛盾（md01）。请先逐条停用并写明原因，或核对开始日期。"
    if any(one.ended_on is None or one.ended_on > since for one in queries.off_orders(work, case_id)):
        wrong["since"] = "这段时间已有“勿需用药”的医嘱，不需要重复登记。请改正日期，或返回。"
    if wrong:
        raise Unfit("没有保存，请改正后再试。", fields=wrong)
    work.add(
        NoMedicine(
            id=once,
            area=case.area,
            case_id=case_id,
            since=since,
            prescriber=Plain(prescriber),
            reason=Plain(reason) if reason else None,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    work.flush()
    duties.refresh(work, [case_id])
    return Recorded(once, case_id, again=False)


@use_case(Action.MEDICINE_WRITE)
def end_off(work: Work, order_id: int, on: date, today: date) -> Recorded:
    """End an order of no medicine; ``on`` is the first day on which it no longer holds."""
    row = work.get(NoMedicine, order_id)
    if row is None:
        raise Missing(NO_ORDER)
    if row.ended_on is not None:
        return Recorded(row.id, row.case_id, again=True)
    if not row.since < on <= today:
        raise Unfit(
            "没有保存。",
            fields={"ended_on": f"结束日期应在 {row.since.isoformat()} 之后、不晚于今天。请改正日期。"},
        )
    row.ended_on, row.ended_by = on, work.access.actor
    revision.note(work, "no_medicine", row, {"勿需用药至": (None, on)})
    work.flush()
    duties.refresh(work, [row.case_id])
    return Recorded(row.id, row.case_id, again=False)


@use_case(Action.MEDICINE_READ, writes=False)
def case_of_order(work: Work, order_id: int) -> int:
    """The file an order of no medicine belongs to; :class:`Missing` outside the access."""
    row = work.get(NoMedicine, order_id)
    if row is None:
        raise Missing(NO_ORDER)
    return row.case_id


# --- the card of the person page ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MedicineCard:
    """The short form for the person page: codes and days only, no sealed text opened."""

    lines: tuple[tuple[str, str], ...]
    off_since: date | None
    left: tuple[LeftView, ...]
    adherence: AdherenceView | None
    changed_at: datetime | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing has been written down yet."""
        return not self.lines and self.off_since is None and self.adherence is None


@use_case(Action.CASE_READ, writes=False)
def card(work: Work, case_id: int, today: date) -> MedicineCard:
    """What the person page shows of somebody's medicine; empty where nothing is known."""
    rows = queries.of_case(work, case_id)
    known = known_of(rows, today)
    if known.empty and not rows.lines:
        return MedicineCard((), None, (), None)
    case = known_case(work, case_id)
    lines = [one for one in queries.lines(work, case_id) if one.stopped_on is None] if rows.lines else []
    views = line_views(lines, catalogue(work, case.area), {})
    off = next(
        (
            one.since
            for one in rows.off
            if one.since <= today and (one.ended_on is None or today < one.ended_on)
        ),
        None,
    )
    return MedicineCard(
        tuple((one.name if one.code else "目录外药品", one.dose) for one in views),
        off,
        tuple(left_view(one, today) for one in left_of(rows, known, today)),
        adherence_of(known, today, in_force_on(today, within(work).region)),
    )


# --- without texts, for the interface --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """One entry of the ledger without its reason; ``counters``: the entry that it takes back."""

    id: int
    code: str
    drug: str
    on: date
    days: int
    counters: int | None
    stands: bool


@dataclass(frozen=True, slots=True)
class MedicineFacts:
    """The medicine of one person as codes and days; nothing that is sealed."""

    case_id: int
    lines: tuple[LineView, ...]
    off: tuple[tuple[date, date | None], ...]
    entries: tuple[EntryFacts, ...]
    left: tuple[LeftView, ...]
    right: Entitlement
    adherence: AdherenceView | None


@use_case(Action.MEDICINE_READ, writes=False)
def facts(work: Work, case_id: int, today: date) -> MedicineFacts:
    """What the page of one person shows, without any text; :class:`Missing` outside the access."""
    case = known_case(work, case_id)
    drugs = catalogue(work, case.area)
    rows = queries.of_case(work, case_id)
    known = known_of(rows, today)
    stand = {one.id for one in effective(rows.fills)}
    return MedicineFacts(
        case_id,
        tuple(line_views(queries.lines(work, case_id), drugs, {})),
        tuple((one.since, one.ended_on) for one in rows.off),
        tuple(
            EntryFacts(
                one.id,
                one.code,
                drugs[one.code].label if one.code in drugs else one.code,
                one.on,
                one.days,
                one.counters,
                one.id in stand,
            )
            for one in rows.fills
        ),
        tuple(left_view(one, today) for one in left_of(rows, known, today)),
        dispensing.entitlement(case.lifecycle, case.lifecycle_on, case.registered_on, today),
        adherence_of(known, today, in_force_on(today, within(work).region), case.file_no),
    )
