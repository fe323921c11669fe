"""随访判断: what was typed on 表8, read and held against all that is known around it; writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from casemgr.forms import form as forms
from casemgr.forms import visit_check
from casemgr.forms.cell import Unfit as Unreadable
from casemgr.forms.cell import day_of, days, read_date
from casemgr.forms.followup import VisitRow
from casemgr.forms.form import Form
from casemgr.forms.known import CaseFacts
from casemgr.forms.official.followup import FOLLOWUP_2017, FOLLOWUP_2018, to_row
from casemgr.forms.visit_check import ABOUT_CLASS, Around, Asked
from casemgr.rules import counting, followup
from casemgr.rules.counting import Counted, Told
from casemgr.rules.followup import Next
from casemgr.rules.policy import Policy, in_force_on
from casemgr.rules.risk import Change, Observation, Suggestion, change, suggest
from casemgr.services import medicine_visit, visit_rows
from casemgr.services.use_case import within
from casemgr.store.models import Visit
from casemgr.store.queries import followup as queries
from casemgr.store.work import Work
from casemgr.terms.attempt import AttemptResult
from casemgr.terms.consent import ConsentAnswer
from casemgr.terms.followup import FormVersion, HospitalState
from casemgr.terms.incident import DangerousAct
from casemgr.terms.medication import Adherence
from casemgr.terms.register import Lifecycle
from casemgr.terms.risk import Stability

Raw = Mapping[str, Sequence[str]]

FORM = "followup"
FORMS: Mapping[str, Form] = {one.version: one for one in (FOLLOWUP_2018, FOLLOWUP_2017)}
CURRENT = FOLLOWUP_2018

#: Typed beside the printed form: no symptom at all, and the days of the incidents that were counted.
NO_SYMPTOMS = "no_symptoms"
DATES = 2
ANSWERED = frozenset({AttemptResult.AGREED, AttemptResult.LATER, AttemptResult.REFUSED, AttemptResult.AWAY})
#: How far two incident records of one kind may be apart in origin before a visit tells them twice.
KINDS = tuple(kind for kind in DangerousAct if kind is not DangerousAct.NONE)
UNREADABLE_DAY = "“{0}发生日期”无法识别。日期用于与应急、转诊核对。请按 2026-03-05 的样子填写，或先清空。"
LATER_DAY = "“{0}发生日期”晚于随访日期。这次随访之后的事应记在下次。请改正日期，或到患者页单独登记事件。"


def incident_key(kind: int, number: int) -> str:
    """Name of the field for the day of the n-th incident of a kind."""
    return f"incident_{int(kind)}_{number}"


def why_key(check: str) -> str:
    """Name of the field for the reason that answers a question."""
    return f"why_{check}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One visit as read and judged.

    ``problems`` by field block the saving; ``questions`` need a reason (those still without one are
    ``open``), ``later`` are asked later. ``next`` is the latest day allowed for the chosen class, or for the
    suggested one while none is chosen. ``incidents`` are (kind, day).
    """

    values: Mapping[str, Any]
    row: VisitRow | None
    problems: Mapping[str, str]
    questions: tuple[Asked, ...]
    open: tuple[Asked, ...]
    later: tuple[Asked, ...]
    reasons: Mapping[str, str] = field(repr=False)
    suggestion: Suggestion = field(default_factory=lambda: suggest(Observation()))
    next: Next | None = None
    counted: Counted | None = None
    change: Change = Change.NONE
    incidents: tuple[tuple[int, date], ...] = ()
    unassessed: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether the visit can be kept."""
        return not self.problems and not self.open and self.row is not None


@dataclass(frozen=True, slots=True)
class Known:
    """The rows of the register around one visit."""

    case: Any
    visits: Sequence[Visit]
    policy: Policy


def known(work: Work, case_id: int, today: date) -> Known | None:
    """What the register has around a visit of this case; ``None`` outside the access."""
    case = queries.case(work, case_id)
    if case is None:
        return None
    return Known(case, queries.visits(work, case_id), in_force_on(today, within(work).region))


def version_of(form: Form) -> int:
    """The code of the layout: 2017 or 2018."""
    return int(FormVersion.read(form.version.partition(".")[0]))


def form_of(version: int | str) -> Form:
    """The form of a layout, by its version or by the code kept with a visit."""
    if isinstance(version, str):
        return FORMS[version]
    return next(one for one in FORMS.values() if version_of(one) == version)


def judge(
    work: Work,
    around: Known,
    form: Form,
    raw: Raw,
    today: date,
    visit: Visit | None = None,
) -> Judgement:
    """Read what was typed and say everything that is to be said about it; ``visit``: the one being edited."""
    filled = forms.read(form, raw, today)
    problems = dict(filled.problems)
    values = dict(filled.values)
    no_symptoms = bool(_first(raw, NO_SYMPTOMS))
    if no_symptoms and "symptoms" not in values:
        values["symptoms"] = 0
    incidents = _incidents(raw, values, problems)
    case = around.case
    if "on" not in values:
        return Judgement(values, None, problems, (), (), (), {})
    others = [one for one in around.visits if visit is None or one.id != visit.id]
    on = day_of(values["on"])
    earlier = tuple(one for one in others if one.on < on and one.loss_reason is None)
    row = to_row(values, case.file_no, version_of(form))
    suggestion = suggest(_observed(values))
    history = tuple(one.stability for one in earlier)
    in_hospital = values.get("hospital") == HospitalState.NOW

    def following(stability: int | None) -> Next:
        return followup.next_visit(stability, on, history, around.policy, in_hospital=in_hospital)

    told = replace(
        _around(work, around, row, others, earlier, incidents, today, visit),
        gaps={
            int(Stability.STABLE): around.policy.gap_stable.value,
            int(Stability.BASIC): around.policy.gap_basic.value,
            int(Stability.UNSTABLE): around.policy.gap_unstable.value,
        },
        suggested=suggestion.stability,
        class_reason=bool(values.get("class_reason")),
        no_symptoms=no_symptoms and bool(values.get("symptoms")),
    )
    asked = [*visit_check.findings(row, told), *_supply(work, case, values, on, earlier)]
    reasons = _reasons(raw, values, asked)
    for one in asked:
        if one.level == visit_check.BLOCKS:
            problems.setdefault(one.field, f"{one.says}（{one.id}）")
    questions = tuple(one for one in asked if one.level == visit_check.REASON)
    chosen = values.get("stability") or suggestion.stability
    complete = values.get("risk") is not None or bool(values.get("symptoms"))
    lost = row.loss_reason is not None or row.died_on is not None
    return Judgement(
        values=values,
        row=row,
        problems=problems,
        questions=questions,
        open=tuple(one for one in questions if not reasons.get(one.id)),
        later=tuple(one for one in asked if one.level == visit_check.LATER),
        reasons=reasons,
        suggestion=suggestion,
        next=None if lost else following(chosen),
        counted=counting.counted(
            Told(on.year, lost, complete, on >= case.registered_on, row.mode, row.informants, row.adherence),
            sum(_complete(one) for one in others if one.on.year == on.year and one.on < on),
        ),
        change=Change.NONE if lost else change(_level(earlier), row.risk),
        incidents=incidents,
        unassessed=unassessed(filled.unassessed, values),
    )


def _supply(
    work: Work, case: Any, values: Mapping[str, Any], on: date, earlier: Sequence[Visit]
) -> tuple[Asked, ...]:
    """md06: 规律 beside records that say otherwise is asked about later, never held against anybody."""
    if values.get("adherence") != Adherence.REGULAR or not earlier:
        return ()
    found = medicine_visit.since_visit(work, case.id, earlier[0].on, on)
    computed = found.proposal.computed if found is not None else None
    if found is None or computed in (None, Adherence.REGULAR):
        return ()
    told = f"按发药和注射记录，{found.proposal.reason}。"
    says = told + "请问问是否在别处取药、家里是否还有余药，并补记或更正。"
    return (Asked("md06", visit_check.LATER, "adherence", says, found.proposal.rule),)


def unassessed(keys: Sequence[str], values: Mapping[str, Any]) -> tuple[str, ...]:
    """Which expected items are really 未评估: where no symptom was found, none can be evident."""
    answered = {"symptoms", "evident_symptoms"} if values.get("symptoms") == 0 else set()
    return tuple(key for key in keys if key not in answered)


def _first(raw: Raw, key: str) -> str:
    return next((text.strip() for text in raw.get(key, ()) if text.strip()), "")


def _complete(visit: Visit) -> bool:
    return visit.loss_reason is None and (visit.risk is not None or bool(visit.symptoms))


def _level(earlier: Sequence[Visit]) -> int | None:
    return next((one.risk for one in earlier if one.risk is not None), None)


def _observed(values: Mapping[str, Any]) -> Observation:
    functions = tuple(values.get(key) for key in ("self_care", "housework", "work", "study", "contact"))
    return Observation(
        values.get("risk"),
        values.get("symptoms"),
        values.get("insight"),
        functions,
        values.get("evident_symptoms"),
        values.get("serious_reaction"),
        values.get("serious_illness"),
    )


def _incidents(raw: Raw, values: Mapping[str, Any], problems: dict[str, str]) -> tuple[tuple[int, date], ...]:
    """(kind, day) of the dated incidents; a day that cannot be read or lies after the visit is a problem."""
    found: list[tuple[int, date]] = []
    chosen = values.get("acts") or 0
    for kind in KINDS:
        if not chosen >> int(kind) & 1:
            continue  # what stands in a field nobody sees any more is not told
        for number in range(1, DATES + 1):
            text = _first(raw, incident_key(kind, number))
            if not text:
                continue
            try:
                read = read_date(text)
            except Unreadable:
                read = None
            if read is None or read.precision != 3:
                problems["acts"] = UNREADABLE_DAY.format(kind.label)
            elif "on" in values and read.first > values["on"]:
                problems["acts"] = LATER_DAY.format(kind.label)
            elif (int(kind), day_of(read.first)) not in found:
                found.append((int(kind), day_of(read.first)))
    return tuple(found)


def _reasons(raw: Raw, values: Mapping[str, Any], asked: Sequence[Asked]) -> dict[str, str]:
    found = {}
    for one in asked:
        text = _first(raw, why_key(one.id))
        if not text and one.id in ABOUT_CLASS:
            text = values.get("class_reason") or ""
        if text:
            found[one.id] = text
    return found


def _around(
    work: Work,
    around: Known,
    row: VisitRow,
    others: Sequence[Visit],
    earlier: Sequence[Visit],
    incidents: Sequence[tuple[int, date]],
    today: date,
    visit: Visit | None,
) -> Around:
    case, on = around.case, day_of(row.on)
    since = earlier[0].on if earlier else case.registered_on
    tries = queries.attempts(work, case.id, since)
    stored = queries.incidents(work, case.id, min(since, on - timedelta(days=366)))
    own = visit.id if visit is not None else 0
    dated: dict[int, int] = {}
    for kind, _ in incidents:
        dated[kind] = dated.get(kind, 0) + 1
    for one in stored:
        if since <= one.on <= on and one.visit_id in (None, own):
            dated[one.kind] = dated.get(one.kind, 0) + 1
    twice = tuple(
        days(day)
        for kind, day in incidents
        for one in stored
        if one.kind == kind and one.on == day and one.visit_id not in (None, own)
    )
    moved = visit is not None and (visit.on.year, visit.on.month) != (on.year, on.month)
    closed = ""
    if moved and visit is not None:
        months = [day for day in (visit.on, on) if queries.closed(work, case.id, day)]
        closed = "、".join(f"{day.year}年{day.month}月" for day in months)
    left = case.lifecycle in (Lifecycle.MOVED_OUT, Lifecycle.EXCLUDED)
    other_seen = [one.on for one in others if one.loss_reason is None]
    return Around(
        case=CaseFacts(
            area=case.area,
            registered_on=days(case.registered_on),
            birth_year=case.birth_year,
            died_on=_number(case.lifecycle_on) if case.lifecycle == Lifecycle.DEAD else None,
            left_on=_number(case.lifecycle_on) if left else None,
            refused=case.consent == ConsentAnswer.REFUSED and not case.article30,
            key=case.id,
        ),
        latest=visit_rows.latest_by(around.policy),
        today=days(today),
        # What was entered long ago is not entered late because it is put right today.
        entered=days(today if visit is None else visit.entered_on or on),
        earlier=tuple(visit_rows.row_of(one, case.file_no) for one in earlier),
        last_seen=days(max(other_seen)) if other_seen else None,
        failed=frozenset(
            days(one.on) for one in tries if one.result == AttemptResult.NOT_REACHED and one.on <= on
        ),
        answered=max((days(one.on) for one in tries if one.result in ANSWERED), default=None),
        dated=dated,
        told_twice=twice,
        closed=closed,
        birth_year=case.birth_year,
    )


def _number(day: date | None) -> int | None:
    return None if day is None else days(day)
