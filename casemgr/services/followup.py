"""随访记录: recording one visit (表8), its drafts, failed attempts, and the second look at a lowered level.

For measuring a save: ``record(access, envelope, today)`` with an :class:`Envelope` that holds a fresh ``id``
and ``data`` as a page posts it (texts by key) does all that a save does, duties, audit and seals included.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

from casemgr.forms import form as forms
from casemgr.forms.condition import holds
from casemgr.forms.followup import VisitRow
from casemgr.forms.form import Form
from casemgr.forms.official.followup import of_row
from casemgr.forms.visit_check import Asked
from casemgr.rules.access import Access, Action
from casemgr.rules.counting import Counted
from casemgr.rules.followup import Next
from casemgr.rules.policy import in_force_on
from casemgr.rules.risk import Change, Suggestion, needs_second
from casemgr.services import clock, duties, medicine_visit, revision, visit_rows
from casemgr.services.account_person import refusal
from casemgr.services.errors import Conflict, Missing, Refused, Unfit
from casemgr.services.exchange_rows import VISIT_TEXTS
from casemgr.services.use_case import use_case, within
from casemgr.services.visit_sheet import (
    CURRENT,
    DATES,
    FORM,
    FORMS,
    KINDS,
    NO_SYMPTOMS,
    Judgement,
    Known,
    Raw,
    form_of,
    incident_key,
    judge,
    known,
    unassessed,
    why_key,
)
from casemgr.store import identity
from casemgr.store.db import new_key
from casemgr.store.identity import Opening, Withheld
from casemgr.store.models import DrugLine, Visit, VisitText
from casemgr.store.models.attempt import Attempt
from casemgr.store.models.incident import Incident, LockUp
from casemgr.store.models.sheet import Draft, Sheet
from casemgr.store.models.sheet import Envelope as SentRow
from casemgr.store.queries import followup as queries
from casemgr.store.queries import revision as people
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.attempt import AttemptResult, AttemptWay
from casemgr.terms.followup import Confinement
from casemgr.terms.register import Lifecycle
from casemgr.terms.risk import RiskLevel

PURPOSE = "随访"
NOT_THERE = "没有这份档案，或不在您的辖区内。请核对档案编号，或从患者列表重新进入。"
NO_VISIT = "没有这次随访记录，或不在您的辖区内。请从患者页的随访记录重新进入。"
LONGEST_ID, LONGEST_DEVICE = 40, 60
#: Beyond this the clock of the sender is said to be wrong; the time is kept as it came (tm17).
CLOCK_OFF = timedelta(minutes=10)
#: Answers to questions and what came with the envelope, kept beside the visit under the visit's own key.
ANSWERS = "followup-answers"
GUIDE_PARTS = (
    "name", "morning_ug", "noon_ug", "evening_ug", "times_per_day", "times_per_month", "dose_ug",
)  # fmt: skip
FLAGS = ("evident_symptoms", "serious_reaction", "serious_illness")
ATTEMPT = "attempt"
LONGEST_NOTE = 1_000


class Answer(Enum):
    """What became of an envelope."""

    ACCEPTED = "accepted"
    ALREADY_HERE = "already_here"
    CHANGED = "changed"
    OLDER = "older"
    UNFIT = "unfit"
    REFUSED = "refused"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Envelope:
    """One filled form on its way: ``id`` is made by the sender, ``data`` are texts by key as a page posts.

    When a visit is edited, ``visit_id`` names it and ``expects`` is the version that was shown.
    """

    id: str
    case_id: int
    data: Raw = field(repr=False)
    version: str = CURRENT.version
    filled_at: datetime | None = None
    device: str = ""
    visit_id: int | None = None
    expects: int | None = None
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Both:
    """One field on both sides of a conflict, in words and as typed."""

    key: str
    label: str
    theirs: str = field(repr=False)
    mine: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TwoSides:
    """Somebody else's record of the same visit beside one's own; ``version`` is theirs as it is now."""

    visit_id: int
    version: int
    on: date
    by: str
    at: datetime
    fields: tuple[Both, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to an envelope; ``fields`` says what is wrong by key, ``questions`` what needs a reason."""

    answer: Answer
    case_id: int
    visit_id: int | None = None
    version: int | None = None
    message: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    questions: tuple[Asked, ...] = ()
    later: tuple[Asked, ...] = ()
    next: Next | None = None
    suggestion: Suggestion | None = None
    change: Change = Change.NONE
    clock_off: bool = False
    sides: TwoSides | None = None

    @property
    def kept(self) -> bool:
        """Whether the visit is in the register now as it was sent."""
        return self.answer in (Answer.ACCEPTED, Answer.ALREADY_HERE, Answer.CHANGED)


# --- the form as it is opened --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft of one's own: when it was saved, at which step."""

    saved_at: datetime
    step: int
    version: str


@dataclass(frozen=True, slots=True)
class VisitForm:
    """Everything the page of a visit needs; ``raw`` is what stands in the fields (draft or stored visit).

    ``before`` are the words of the visit before by key, ``repeat`` the texts that «与上次相同» may take over
    (never a judgement). ``today_id`` is a visit of today that is already there. ``ordered``: the drug rows of
    both come from the regimen, ``ordered_more`` of its drugs have no row on the form.
    """

    case_id: int
    person_id: int
    file_no: str
    form: Form
    once: str
    raw: Raw = field(repr=False)
    before: Mapping[str, str] = field(repr=False)
    repeat: Raw = field(repr=False)
    before_on: date | None
    draft: DraftView | None
    visit_id: int | None = None
    expects: int | None = None
    today_id: int | None = None
    ordered: bool = False
    ordered_more: int = 0
    #: Somebody else's note stands there, which the matrix does not tell the caller; it stays as it is.
    note_closed: bool = False


@use_case(Action.FOLLOWUP_RECORD)
def open_visit(
    work: Work, case_id: int, today: date, visit_id: int | None = None, with_draft: bool = True
) -> VisitForm:
    """The form for a new visit, or with ``visit_id`` for editing one; a draft is taken up where it was left.

    Raises :class:`Missing` outside the access.
    """
    around = _known(work, case_id, today)
    visit = None if visit_id is None else _visit(work, visit_id, case_id)
    draft = queries.draft(work, work.access.actor, draft_form(visit_id), case_id) if with_draft else None
    kept: dict[str, Any] = {}
    with identity.opening(work, "Visit", PURPOSE) as opened:
        if draft is not None:
            kept = json.loads(opened(draft.id, draft.data) or "{}")
        form = FORMS.get(draft.form_version, CURRENT) if draft is not None else CURRENT
        raw: Raw = kept.get("raw", {})
        if visit is not None and draft is None:
            form = form_of(visit.form_version)
            raw = _stored_raw(work, visit, around.case.file_no, opened)
        previous = next(
            (one for one in around.visits if one.loss_reason is None and one.id != visit_id), None
        )
        before: dict[str, str] = {}
        repeat: dict[str, list[str]] = {}
        if previous is not None:
            values = _told(_values(work, previous, around.case.file_no, opened))
            before = {key: forms.shown(form.field(key), values[key]) for key in form.by_key if key in values}
            repeat = {
                key: texts for key, texts in forms.to_raw(form, values).items() if form.field(key).may_repeat
            }
    ordered = medicine_visit.rows_of(work, around.case, form, today if visit is None else visit.on)
    if ordered is not None:
        before = ordered.over(before) | dict(ordered.before)
        repeat = ordered.over(repeat) | {key: list(texts) for key, texts in ordered.repeat.items()}
    today_id = next((one.id for one in around.visits if one.on == today), None) if visit is None else None
    return VisitForm(
        case_id=case_id,
        person_id=around.case.person_id,
        file_no=around.case.file_no,
        form=form,
        once=kept.get("once") or str(new_key()),
        raw=raw,
        before=before,
        repeat=repeat,
        before_on=previous.on if previous else None,
        draft=DraftView(draft.saved_at, draft.step, draft.form_version) if draft is not None else None,
        visit_id=visit_id,
        expects=kept.get("expects") or (visit.version if visit is not None else None),
        today_id=today_id,
        ordered=ordered is not None,
        ordered_more=ordered.more if ordered is not None else 0,
        note_closed=visit is not None and _keeps_note(work, visit),
    )


def _known(work: Work, case_id: int, today: date) -> Known:
    found = known(work, case_id, today)
    if found is None:
        raise Missing(NOT_THERE)
    return found


def _visit(work: Work, visit_id: int, case_id: int | None = None) -> Visit:
    found = work.get(Visit, visit_id)
    if found is None or (case_id is not None and found.case_id != case_id):
        raise Missing(NO_VISIT)
    return found


def _values(work: Work, visit: Visit, file_no: str, opened: Opening) -> dict[str, Any]:
    """Clean values of the form from a stored visit, texts and drugs included."""
    texts: dict[str, Any] = {}
    own = queries.texts(work, visit.id)
    if own is not None:
        for key, column in VISIT_TEXTS.items():
            texts[key] = opened(visit.id, getattr(own, column), own=visit.recorded_by == work.access.actor)
    guides: dict[str, Any] = {}
    taken = 0
    guided = 0
    for line in queries.lines(work, visit.id):
        name = opened(line.id, line.name) or None
        if line.long_acting:
            prefix = "guide_depot" if line.guidance else "depot"
            told = {"name": name, "weeks": line.every_weeks, "dose_ug": line.dose_ug}
        else:
            taken, guided = (taken, guided + 1) if line.guidance else (taken + 1, guided)
            prefix = f"guide{guided}" if line.guidance else f"drug{taken}"
            told = {"name": name} | {part: getattr(line, part) for part in GUIDE_PARTS[1:]}
        into = guides if line.guidance else texts
        into.update({f"{prefix}_{part}": value for part, value in told.items()})
    known_columns = set(VisitRow._fields)
    row = visit_rows.row_of(visit, file_no, {key: texts[key] for key in texts if key in known_columns})
    values = of_row(row) | {key: value for key, value in guides.items() if value is not None}
    for flag in FLAGS:
        if getattr(visit, flag) is not None:
            values[flag] = getattr(visit, flag)
    if own is not None and own.class_reason is not None:
        values["class_reason"] = opened(visit.id, own.class_reason)
    return values


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values without those that the matrix closes to whoever asks: a form never carries their stand-in."""
    return {key: value for key, value in values.items() if not isinstance(value, Withheld)}


def _stored_raw(work: Work, visit: Visit, file_no: str, opened: Opening) -> dict[str, list[str]]:
    """A stored visit as the texts of its form, with the days of its incidents and the reasons given."""
    values = _told(_values(work, visit, file_no, opened))
    raw = forms.to_raw(form_of(visit.form_version), values)
    if visit.symptoms == 0:
        raw[NO_SYMPTOMS] = ["1"]
    count: dict[int, int] = {}
    for one in queries.incidents(work, visit.case_id, visit.on - timedelta(days=3660)):
        if one.visit_id == visit.id:
            count[one.kind] = count.get(one.kind, 0) + 1
            raw[incident_key(one.kind, count[one.kind])] = [one.on.isoformat()]
    sheet = work.get(Sheet, visit.id)
    if sheet is not None:
        told = json.loads(opened(sheet.id, sheet.data) or "{}")
        raw |= {why_key(check): [text] for check, text in told.get("reasons", {}).items()}
        if told.get("risk_reason"):
            raw["risk_reason"] = [told["risk_reason"]]
    return raw


# --- before saving -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Review:
    """What is said before saving: problems by field, questions, proposed class, next date, what it counts."""

    problems: Mapping[str, str]
    questions: tuple[Asked, ...]
    open: tuple[Asked, ...]
    later: tuple[Asked, ...]
    suggestion: Suggestion
    next: Next | None
    counted: Counted | None
    change: Change
    unassessed: tuple[str, ...]


def _review(judged: Judgement) -> Review:
    return Review(
        judged.problems,
        judged.questions,
        judged.open,
        judged.later,
        judged.suggestion,
        judged.next,
        judged.counted,
        judged.change,
        judged.unassessed,
    )


@use_case(Action.FOLLOWUP_RECORD, writes=False)
def review(
    work: Work,
    case_id: int,
    raw: Raw,
    today: date,
    version: str = CURRENT.version,
    visit_id: int | None = None,
) -> Review:
    """Judge what was typed without keeping it; :class:`Missing` outside the access."""
    around = _known(work, case_id, today)
    visit = None if visit_id is None else _visit(work, visit_id, case_id)
    return _review(_judged(work, around, FORMS.get(version, CURRENT), raw, today, visit))


#: Somebody would write over a note that the matrix does not let them read.
CLOSED_NOTE = (
    "这次随访的备注由原填写人书写，按披露矩阵不向您显示，改写会丢失原来的内容，因此保持原样。"
    "请清空这一栏，把要补充的写在修改理由里；或请原填写人补充。"
)


def _judged(work: Work, around: Known, form: Form, raw: Raw, today: date, visit: Visit | None) -> Judgement:
    judged = judge(work, around, form, raw, today, visit)
    if visit is not None and judged.values.get("note") and _keeps_note(work, visit):
        return replace(judged, problems={**judged.problems, "note": CLOSED_NOTE})
    return judged


# --- saving --------------------------------------------------------------------------------------------


def record(access: Access, envelope: Envelope, today: date, now: datetime | None = None) -> Receipt:
    """Keep one visit, or say why not; sending the same envelope again changes nothing.

    Everything belongs to one unit of work: the visit, its texts and drugs, dated incidents, reasons, what was
    changed, the duties of the case and the audit. Raises :class:`Missing` for a case out of reach.
    """
    instant = now or clock.now()
    try:
        return _record(access, envelope, today, instant)
    except Conflict:
        # Somebody saved the same day in the same moment: the second look finds their record.
        return _record(access, envelope, today, instant)


@use_case(Action.FOLLOWUP_RECORD)
def _record(work: Work, envelope: Envelope, today: date, now: datetime) -> Receipt:
    case_id = envelope.case_id
    if not 0 < len(envelope.id) <= LONGEST_ID:
        return Receipt(
            Answer.REFUSED, case_id, message="信封编号为空或太长，没有保存。请重新打开表单后再填。"
        )
    form = FORMS.get(envelope.version)
    if form is None:
        says = "没有这个版本的随访表，没有保存。请刷新页面后用现行版本填写，或联系管理员。"
        return Receipt(Answer.REFUSED, case_id, message=says)
    around = _known(work, case_id, today)
    digest = _digest(work, envelope)
    off = envelope.filled_at is not None and abs(envelope.filled_at - now) > CLOCK_OFF
    ahead = envelope.filled_at is not None and envelope.filled_at - now > CLOCK_OFF
    sent = queries.envelope(work, work.access.actor, envelope.id)
    visit = None if envelope.visit_id is None else _visit(work, envelope.visit_id, case_id)
    expects = envelope.expects
    if sent is not None:
        if sent.noun != FORM:
            return Receipt(Answer.REFUSED, case_id, message="这个信封编号已用于另一种表，没有保存。")
        visit = work.get(Visit, sent.row_id)
        if visit is None or visit.case_id != case_id:
            return Receipt(Answer.REFUSED, case_id, message="这个信封编号已用于另一份档案，没有保存。")
        if sent.digest in _digests(work, envelope):
            return Receipt(Answer.ALREADY_HERE, case_id, visit.id, visit.version, clock_off=off)
        if sent.filled_at and envelope.filled_at and envelope.filled_at < sent.filled_at:
            return Receipt(Answer.OLDER, case_id, visit.id, visit.version, clock_off=off)
        expects = expects if envelope.visit_id is not None else 1
    judged = _judged(work, around, form, envelope.data, today, visit)
    if judged.row is not None and visit is None:
        # FU-C12: one visit a day; somebody (perhaps oneself) was faster.
        visit = next((one for one in around.visits if one.on == visit_rows.day(judged.row.on)), None)
        if visit is not None:
            sides = _sides(work, visit, around, form, judged)
            if not sides.fields:
                return Receipt(Answer.ALREADY_HERE, case_id, visit.id, visit.version, clock_off=off)
            return Receipt(
                Answer.CONFLICT, case_id, visit.id, visit.version, FU_C12, sides=sides, clock_off=off
            )
    elif visit is not None and visit.version != expects:
        sides = _sides(work, visit, around, form, judged)
        if not sides.fields:
            return Receipt(Answer.ALREADY_HERE, case_id, visit.id, visit.version, clock_off=off)
        return Receipt(Answer.CONFLICT, case_id, visit.id, visit.version, STALE, sides=sides, clock_off=off)
    if not judged.sound:
        return Receipt(
            Answer.UNFIT,
            case_id,
            envelope.visit_id,
            None,
            "内容需要改正或说明理由，没有保存。",
            judged.problems,
            judged.open,
            judged.later,
            judged.next,
            judged.suggestion,
            judged.change,
            clock_off=off,
        )
    if visit is not None and _same_day(around, visit, judged):
        return Receipt(Answer.CONFLICT, case_id, visit.id, visit.version, OTHER_DAY, clock_off=off)
    kept, answer = _keep(work, around, form, envelope, judged, visit, today, now)
    if sent is None:
        work.add(
            SentRow(
                id=new_key(),
                area=around.case.area,
                sent_id=envelope.id,
                form=FORM,
                digest=digest,
                noun=FORM,
                row_id=kept.id,
                filled_at=None if ahead else envelope.filled_at,
                recorded_at=now,
                recorded_by=work.access.actor,
            )
        )
    else:
        sent.digest, sent.filled_at = digest, None if ahead else envelope.filled_at
    for draft in queries.drafts(work, work.access.actor, draft_form(envelope.visit_id), case_id):
        work.remove(draft)
    work.flush()
    duties.refresh(work, [case_id])
    return Receipt(
        answer,
        case_id,
        kept.id,
        kept.version,
        later=judged.later,
        next=judged.next,
        suggestion=judged.suggestion,
        change=judged.change,
        clock_off=off,
    )


UNFIT = "内容需要改正，没有保存。"
FU_C12 = "同一天已有一次随访记录（FU-C12）。一天只计一次，您填的内容没有丢。请逐项选择以哪一边为准后保存。"
STALE = "您打开之后，这次随访已被改动。为避免覆盖，还没有写入，两边内容都在。请逐项选择以哪一边为准后保存。"
OTHER_DAY = "改成的日期已有另一次随访（FU-C12）。一天只计一次。请换一个日期，或到那一次随访中修改。"


def _digest(work: Work, envelope: Envelope) -> bytes:
    return _digests(work, envelope)[0]


def _digests(work: Work, envelope: Envelope) -> list[bytes]:
    """The digest of what was sent under the present key, and under those before it."""
    told = {key: list(texts) for key, texts in sorted(envelope.data.items()) if any(texts)}
    whole = [envelope.id, envelope.version, envelope.case_id, told]
    # Keyed: somebody who only has the database must not be able to try drugs and notes out.
    return list(work.vault.macs("sent", json.dumps(whole, ensure_ascii=False).encode()))


def _same_day(around: Known, visit: Visit, judged: Judgement) -> bool:
    on = visit_rows.day(judged.row.on) if judged.row is not None else None
    return any(one.on == on and one.id != visit.id for one in around.visits)


def _sides(work: Work, visit: Visit, around: Known, form: Form, judged: Judgement) -> TwoSides:
    with identity.opening(work, "Visit", PURPOSE) as opened:
        theirs = _values(work, visit, around.case.file_no, opened)
    fields = tuple(
        Both(
            one.key,
            one.label,
            forms.shown(one, theirs.get(one.key)),
            forms.shown(one, judged.values.get(one.key)),
        )
        for one in form.fields
        if theirs.get(one.key) != judged.values.get(one.key)
        and one.key != "risk_reason"
        and not isinstance(theirs.get(one.key), Withheld)
    )
    last = queries.last_change(work, visit.case_id, visit.id)
    author = last.recorded_by if last is not None else visit.recorded_by
    by = people.authors(work, [author]).get(author, "导入" if author == 0 else "其他人员")
    return TwoSides(visit.id, visit.version, visit.on, by, visit.recorded_at, fields)


def _keeps_note(work: Work, visit: Visit) -> bool:
    """Whether the note of a stored visit is closed to the caller, who then can neither read nor change it."""
    return visit.recorded_by != work.access.actor and identity.closed_to(work, VisitText.note)


def _with_note(judged: Judgement, row: VisitRow, note: Any) -> tuple[Judgement, VisitRow]:
    kept = row._replace(note=note)
    return replace(judged, values={**judged.values, "note": note}, row=kept), kept


def _keep(
    work: Work,
    around: Known,
    form: Form,
    envelope: Envelope,
    judged: Judgement,
    visit: Visit | None,
    today: date,
    now: datetime,
) -> tuple[Visit, Answer]:
    row = judged.row
    if row is None:
        raise LookupError("a sound judgement has its row")
    columns = visit_rows.visit_columns(row)
    columns |= {flag: judged.values.get(flag) for flag in FLAGS}
    columns["suggested"] = judged.suggestion.stability
    columns["suggested_rule"] = judged.suggestion.rule
    if visit is None:
        columns["entered_on"] = today
        kept = Visit(
            id=new_key(),
            area=around.case.area,
            case_id=around.case.id,
            recorded_at=now,
            recorded_by=work.access.actor,
            **columns,
        )
        work.add(kept)
        work.flush()
        answer = Answer.ACCEPTED
    else:
        kept, answer = visit, Answer.CHANGED
        columns["entered_on"] = visit.entered_on
        if visit.risk != row.risk:
            if (visit.risk or 0) >= RiskLevel.LEVEL_3:
                columns["peak_risk"] = max(visit.risk or 0, visit.peak_risk or 0)
            columns |= dict.fromkeys(("confirmed_by", "confirmed_on", "declined_by", "declined_on"))
        with identity.opening(work, "Visit", PURPOSE, unseen=True) as opened:
            before = _values(work, visit, around.case.file_no, opened)
        if _keeps_note(work, visit):
            judged, row = _with_note(judged, row, before.get("note"))
        changes = {
            one.key: (before.get(one.key), judged.values.get(one.key))
            for one in form.fields
            if one.key != "risk_reason"
        }
        for name, value in columns.items():
            if getattr(visit, name) != value:
                setattr(visit, name, value)
        if any(old != new for old, new in changes.values()):
            revision.note(work, "visit", visit, changes, envelope.reason)
            # A change of texts only must be seen by whoever has the form open, too.
            visit.recorded_at = now
        for line in queries.lines(work, visit.id):
            work.remove(line)
        work.flush()
    new = answer is Answer.ACCEPTED
    _keep_texts(work, kept, judged, new)
    lines = visit_rows.drug_values(kept.id, kept.area, row) + _guides(kept, judged.values)
    work.add_many(DrugLine, visit_rows.keyed(lines), note=False)
    _keep_incidents(work, kept, judged, now)
    _keep_answers(work, kept, envelope, judged, now, new)
    _keep_death(work, around, kept, now, new)
    if row.confinement == Confinement.LOCKED and not queries.locked(work, kept.case_id):
        work.add(
            LockUp(
                id=new_key(),
                area=kept.area,
                case_id=kept.case_id,
                known_on=kept.on,
                recorded_at=now,
                recorded_by=work.access.actor,
            )
        )
    return kept, answer


def _keep_texts(work: Work, visit: Visit, judged: Judgement, new: bool) -> None:
    row = judged.row
    values = visit_rows.text_values(row) if row is not None else None
    reason = judged.values.get("class_reason")
    told = dict.fromkeys(visit_rows.TEXT_COLUMNS) | (values or {})
    told["class_reason"] = visit_rows.plain(reason)
    own = None if new else queries.texts(work, visit.id)
    if own is None:
        if any(text is not None for text in told.values()):
            work.add(VisitText(visit_id=visit.id, area=visit.area, **told))
        return
    for column, text in told.items():
        setattr(own, column, text)


def _guides(visit: Visit, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Lines of 用药指导, which the workbook does not carry."""
    made: list[dict[str, Any]] = []
    empty: dict[str, Any] = dict.fromkeys(GUIDE_PARTS)
    base = {"visit_id": visit.id, "area": visit.area, "guidance": True, "every_weeks": None}
    for number in (1, 2, 3):
        parts = {part: values.get(f"guide{number}_{part}") for part in GUIDE_PARTS}
        if any(value is not None for value in parts.values()):
            parts["name"] = Plain(parts["name"] or "")
            made.append({**base, **parts, "position": len(made) + 1, "long_acting": False})
    depot = {part: values.get(f"guide_depot_{part}") for part in ("name", "weeks", "dose_ug")}
    if any(value is not None for value in depot.values()):
        told = {**empty, "name": Plain(depot["name"] or ""), "dose_ug": depot["dose_ug"]}
        made.append(
            {
                **base,
                **told,
                "every_weeks": depot["weeks"],
                "position": len(made) + 1,
                "long_acting": True,
            }
        )
    return made


def _keep_incidents(work: Work, visit: Visit, judged: Judgement, now: datetime) -> None:
    """One dated incident for each day told with the visit (vc17); what was written elsewhere stays."""
    stored = queries.incidents(work, visit.case_id, visit.on - timedelta(days=3660))
    there = {(one.kind, one.on) for one in stored}
    told = set(judged.incidents)
    for one in stored:
        bare = one.note is None and one.done is None and one.police_told_on is None
        if one.visit_id == visit.id and bare and (one.kind, one.on) not in told:
            work.remove(one)
    for kind, on in judged.incidents:
        if (kind, on) not in there:
            work.add(
                Incident(
                    id=new_key(),
                    area=visit.area,
                    case_id=visit.case_id,
                    on=on,
                    kind=kind,
                    visit_id=visit.id,
                    recorded_at=now,
                    recorded_by=work.access.actor,
                )
            )


def _keep_death(work: Work, around: Known, visit: Visit, now: datetime, new: bool) -> None:
    """A death told at a visit is to be confirmed by a person; it closes nothing by itself (FU-C3).

    It stands among the contacts as 死亡待核实, under the key of the visit, and begins the duty of confirming.
    """
    told = None if new else work.get(Attempt, visit.id)
    if told is not None:
        told.undone, told.on = visit.died_on is None, visit.on
    elif visit.died_on is not None and around.case.lifecycle != Lifecycle.DEAD:
        work.add(
            Attempt(
                id=visit.id,
                area=visit.area,
                case_id=visit.case_id,
                on=visit.on,
                result=int(AttemptResult.DEATH_TOLD),
                undone=False,
                recorded_at=now,
                recorded_by=work.access.actor,
            )
        )


def _keep_answers(
    work: Work, visit: Visit, envelope: Envelope, judged: Judgement, now: datetime, new: bool
) -> None:
    """The reasons given to questions, and what is asked later, sealed beside the visit."""
    told = {
        "reasons": dict(judged.reasons),
        "later": [one.id for one in judged.later],
        "risk_reason": judged.values.get("risk_reason") or "",
        "device": envelope.device[:LONGEST_DEVICE],
        "filled_at": envelope.filled_at.isoformat() if envelope.filled_at else "",
    }
    if not any(told.values()):
        return
    data = Plain(json.dumps(told, ensure_ascii=False))
    sheet = None if new else work.get(Sheet, visit.id)
    if sheet is not None:
        sheet.data = data
        return
    work.add(
        Sheet(
            id=visit.id,
            area=visit.area,
            case_id=visit.case_id,
            form=ANSWERS,
            form_version=envelope.version,
            filled_on=visit.on,
            data=data,
            recorded_at=now,
            recorded_by=work.access.actor,
        )
    )


def merge(access: Access, envelope: Envelope, mine: frozenset[str], today: date) -> Envelope:
    """One side chosen for each field of a conflict: the own one for ``mine``, what is stored for all others.

    The envelope names the stored visit, the version that was shown and the whole own side; the answer is to
    be recorded like any other.
    """
    return replace(envelope, data=_merged(access, envelope, mine, today))


@use_case(Action.FOLLOWUP_RECORD)
def _merged(work: Work, envelope: Envelope, mine: frozenset[str], today: date) -> dict[str, list[str]]:
    visit = _visit(work, envelope.visit_id or 0, envelope.case_id)
    around = _known(work, envelope.case_id, today)
    form = FORMS.get(envelope.version, CURRENT)
    with identity.opening(work, "Visit", PURPOSE) as opened:
        theirs = _stored_raw(work, visit, around.case.file_no, opened)
    told = {key: list(texts) for key, texts in envelope.data.items()}
    beside = {NO_SYMPTOMS: "symptoms", "risk_reason": "risk"}
    for kind in KINDS:
        beside |= {incident_key(kind, number): "acts" for number in range(1, DATES + 1)}
    merged = {key: texts for key, texts in theirs.items() if beside.get(key, key) not in mine}
    for key, texts in told.items():
        if beside.get(key, key) in mine or key.startswith("why_"):
            merged[key] = texts
    return {
        key: merged[key] for key in merged if key in form.by_key or key in beside or key.startswith("why_")
    }


# --- drafts --------------------------------------------------------------------------------------------


def draft_form(visit_id: int | None) -> str:
    """Under which name a draft is kept: one for a new visit, one for each visit that is edited."""
    return FORM if visit_id is None else f"{FORM}-{visit_id}"


@use_case(Action.DRAFT_WRITE)
def save_draft(
    work: Work,
    case_id: int,
    raw: Raw,
    step: int,
    once: str,
    version: str = CURRENT.version,
    visit_id: int | None = None,
    expects: int | None = None,
    now: datetime | None = None,
) -> datetime | None:
    """Keep what was typed so far; answers when, ``None`` when there is nothing worth keeping.

    One draft for each owner, form and case; it keeps the form version it was begun with. A draft of a visit
    that has been saved meanwhile is not kept: the back button brings no ghost.
    """
    instant = now or clock.now()
    case = queries.case(work, case_id)
    if case is None:
        raise Missing(NOT_THERE)
    told = {key: [text for text in texts if text] for key, texts in raw.items()}
    told = {key: texts for key, texts in told.items() if texts}
    actor = work.access.actor
    if not told or (visit_id is None and queries.envelope(work, actor, once) is not None):
        return None
    data = Plain(json.dumps({"raw": told, "once": once, "expects": expects}, ensure_ascii=False))
    found = queries.draft(work, actor, draft_form(visit_id), case_id)
    if found is not None:
        found.data, found.step, found.saved_at, found.version = data, step, instant, found.version + 1
        return instant
    work.add(
        Draft(
            id=new_key(),
            area=case.area,
            case_id=case_id,
            owner=actor,
            form=draft_form(visit_id),
            form_version=version if version in FORMS else CURRENT.version,
            step=step,
            data=data,
            begun_at=instant,
            saved_at=instant,
        )
    )
    return instant


@use_case(Action.DRAFT_WRITE)
def drop_draft(work: Work, case_id: int, visit_id: int | None = None) -> bool:
    """Throw one's own draft away; answers whether there was one. :class:`Missing` outside the access."""
    if queries.case(work, case_id) is None:
        raise Missing(NOT_THERE)
    found = queries.drafts(work, work.access.actor, draft_form(visit_id), case_id)
    for one in found:
        work.remove(one)
    return bool(found)


# --- attempts ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CaseBrief:
    """The case an attempt is about."""

    case_id: int
    person_id: int
    file_no: str


@use_case(Action.FOLLOWUP_RECORD, writes=False)
def case_of(work: Work, case_id: int) -> CaseBrief:
    """What a short form needs of a case; :class:`Missing` outside the access."""
    row = queries.case(work, case_id)
    if row is None:
        raise Missing(NOT_THERE)
    return CaseBrief(row.id, row.person_id, row.file_no)


@use_case(Action.FOLLOWUP_RECORD, writes=False)
def case_of_visit(work: Work, visit_id: int) -> int:
    """The case a visit belongs to; :class:`Missing` outside the access."""
    return _visit(work, visit_id).case_id


@use_case(Action.FOLLOWUP_RECORD, writes=False)
def new_once(work: Work) -> int:
    """The key of a row to be, for the hidden field of a form."""
    return new_key()


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt that was kept; ``again``: it had been kept before."""

    attempt_id: int
    case_id: int
    result: AttemptResult
    again: bool = False


@use_case(Action.FOLLOWUP_RECORD)
def attempt(
    work: Work,
    case_id: int,
    once: int,
    result: int,
    way: int | None,
    next_on: date | None,
    note: str,
    today: date,
) -> Tried:
    """Keep one attempt to reach somebody (未访到、改期…); it is no visit and counts as none.

    ``once`` is the key of the row to be. Raises :class:`Unfit` for an unknown result or a next day that has
    passed, :class:`Missing` outside the access.
    """
    case = queries.case(work, case_id)
    if case is None:
        raise Missing(NOT_THERE)
    there = work.get(Attempt, once)
    if there is not None:
        if there.case_id != case_id:
            raise Conflict("这张表单属于另一份档案，没有保存。请回到患者页重新打开。")
        return Tried(there.id, case_id, AttemptResult.read(there.result), again=True)
    wrong: dict[str, str] = {}
    try:
        kind = AttemptResult.read(result)
    except ValueError:
        kind = AttemptResult.OTHER
        wrong["result"] = "请选择这次联系的结果。没有结果就不知道下一步。请选择其中一项，或返回不记。"
    try:
        told_way = None if way is None else int(AttemptWay.read(way))
    except ValueError:
        told_way = None
        wrong["way"] = "联系方式无法识别。请从列出的方式中选择，或不选。"
    if next_on is not None and next_on < today:
        wrong["next_on"] = "下次联系日期已经过去。过去的日期不会再提醒。请改为今天以后，或先清空。"
    if wrong:
        raise Unfit("没有保存。", fields=wrong)
    work.add(
        Attempt(
            id=once,
            area=case.area,
            case_id=case_id,
            on=today,
            way=told_way,
            result=int(kind),
            next_on=next_on,
            note=visit_rows.plain(note.strip() or None),
            undone=False,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    work.flush()
    duties.refresh(work, [case_id])
    return Tried(once, case_id, kind)


def record_attempt(access: Access, envelope: Envelope, today: date, now: datetime) -> Receipt:
    """Keep one attempt sent as an envelope; its data holds ``result``, ``way``, ``next_on`` and ``note``."""
    told = {key: _one(envelope.data, key) for key in ("result", "way", "next_on", "note")}
    wrong: dict[str, str] = {}
    unknown = sorted(set(envelope.data) - set(told))
    wrong |= dict.fromkeys(unknown, "联系记录中没有这一项。请去掉，或核对拼写。")
    next_on = None
    if told["next_on"]:
        try:
            next_on = date.fromisoformat(told["next_on"])
        except ValueError:
            wrong["next_on"] = "日期应写成 2026-11-28 这样。请改正，或去掉这一项。"
    codes: dict[str, int | None] = {}
    for key in ("result", "way"):
        text = told[key]
        known_code = text.isascii() and text.isdigit() and len(text) < 3
        codes[key] = int(text) if known_code else None if not text else -1
    if wrong:
        return Receipt(Answer.UNFIT, envelope.case_id, message=UNFIT, fields=wrong)
    if len(told["note"]) > LONGEST_NOTE:
        fields = {"note": f"备注最多 {LONGEST_NOTE} 个字。请缩短，或另写在随访记录中。"}
        return Receipt(Answer.UNFIT, envelope.case_id, message=UNFIT, fields=fields)
    once = _sent_before(access, envelope)
    if isinstance(once, Receipt):
        return once
    try:
        attempt(
            access, envelope.case_id, once, codes["result"] or 0, codes["way"], next_on, told["note"], today
        )
    except Unfit as unfit:
        return Receipt(Answer.UNFIT, envelope.case_id, message=unfit.message, fields=unfit.fields)
    _mark_sent(access, envelope, once, now)
    return Receipt(Answer.ACCEPTED, envelope.case_id)


def _one(raw: Raw, key: str) -> str:
    return next((text.strip() for text in raw.get(key, ()) if text.strip()), "")


@use_case(Action.FOLLOWUP_RECORD, writes=False)
def _sent_before(work: Work, envelope: Envelope) -> int | Receipt:
    """The key of the row to be (always the same for one sender and id), or what was answered before."""
    actor = work.access.actor
    sent = queries.envelope(work, actor, envelope.id)
    if sent is None:
        named = hashlib.sha256(f"{actor}|{envelope.id}".encode()).digest()
        return int.from_bytes(named[:8], "big") >> 1 | 1
    if sent.noun != ATTEMPT:
        return Receipt(Answer.REFUSED, envelope.case_id, message="这个信封编号已用于另一种表，没有保存。")
    if sent.digest in _digests(work, envelope):
        return Receipt(Answer.ALREADY_HERE, envelope.case_id)
    says = "这个信封编号已用于另一次联系，没有保存。请用新的编号重发，或先撤销原来的一次。"
    return Receipt(Answer.REFUSED, envelope.case_id, message=says)


@use_case(Action.FOLLOWUP_RECORD)
def _mark_sent(work: Work, envelope: Envelope, once: int, now: datetime) -> None:
    case = queries.case(work, envelope.case_id)
    if case is None:
        raise Missing(NOT_THERE)
    work.add(
        SentRow(
            id=new_key(),
            area=case.area,
            sent_id=envelope.id,
            form=ATTEMPT,
            digest=_digest(work, envelope),
            noun=ATTEMPT,
            row_id=once,
            filled_at=envelope.filled_at,
            recorded_at=now,
            recorded_by=work.access.actor,
        )
    )


@use_case(Action.FOLLOWUP_RECORD)
def undo_attempt(work: Work, attempt_id: int) -> int:
    """Take one's own attempt of this session back; the row stays and is flagged. Answers its case.

    Raises :class:`Missing` for somebody else's, :class:`Refused` when it is too old.
    """
    found = work.get(Attempt, attempt_id)
    if found is None or found.recorded_by != work.access.actor:
        raise Missing("没有找到这次联系记录，或不是您记的。请在患者页的联系记录中核对。")
    limit = in_force_on(clock.today(), within(work).region).undo_hours
    if clock.now() - found.recorded_at > timedelta(hours=limit.value):
        raise Refused(
            f"这次联系记录已超过 {limit.value} 小时，不能再撤销，没有改动。"
            "请在患者页另记一次，或在备注中说明。",
            rule=limit.rule,
        )
    if not found.undone:
        found.undone = True
        work.flush()
        duties.refresh(work, [found.case_id])
    return found.case_id


# --- one visit, read -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VisitSection:
    """A part of the form with what was filled in, as (label, words), and the labels left empty."""

    title: str
    filled: tuple[tuple[str, str], ...] = field(repr=False)
    empty: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VisitView:
    """One visit with all its fields; ``reasons`` are the written answers to questions, by check."""

    id: int
    case_id: int
    person_id: int
    file_no: str
    on: date
    form_version: str
    version: int
    sections: tuple[VisitSection, ...] = field(repr=False)
    incidents: tuple[tuple[str, date], ...]
    risk: RiskLevel | None
    suggested: str
    suggested_rule: str
    stability: str
    reasons: tuple[tuple[str, str], ...] = field(repr=False)
    later: tuple[str, ...]
    recorded_by: str
    recorded_at: datetime
    entered_on: date | None
    next_on: date | None
    own: bool
    high: bool
    dead: bool
    to_confirm: bool
    before_risk: RiskLevel | None
    confirmed_by: str
    confirmed_on: date | None
    declined_by: str = ""
    declined_on: date | None = None


@use_case(Action.FOLLOWUP_RECORD)
def read_visit(work: Work, visit_id: int, today: date) -> VisitView:
    """Everything about one visit; that its texts were read is written down. :class:`Missing` outside."""
    visit = _visit(work, visit_id)
    around = _known(work, visit.case_id, today)
    form = form_of(visit.form_version)
    with identity.opening(work, "Visit", PURPOSE) as opened:
        values = _values(work, visit, around.case.file_no, opened)
        sheet = work.get(Sheet, visit.id)
        told = json.loads(opened(sheet.id, sheet.data) or "{}") if sheet is not None else {}
    if told.get("risk_reason"):
        values["risk_reason"] = told["risk_reason"]
    dated = queries.incidents(work, visit.case_id, visit.on - timedelta(days=3660))
    level = _level_before(around, visit)
    involved = (visit.recorded_by, visit.confirmed_by, visit.declined_by)
    names = people.authors(work, [one for one in involved if one])
    stability = values.get("stability")
    to_confirm = visit.confirmed_on is None and needs_second(level, visit.risk, visit.peak_risk)
    author = _author_of_level(work, visit) if to_confirm else visit.recorded_by
    work.note("read", "Visit", row_key=visit.id, case_key=visit.case_id)
    return VisitView(
        id=visit.id,
        case_id=visit.case_id,
        person_id=around.case.person_id,
        file_no=around.case.file_no,
        on=visit.on,
        form_version=form.version,
        version=visit.version,
        sections=tuple(_section(one, values) for one in form.sections),
        incidents=tuple(
            (next(kind.label for kind in KINDS if int(kind) == one.kind), one.on)
            for one in dated
            if one.visit_id == visit.id
        ),
        risk=None if visit.risk is None else RiskLevel.read(visit.risk),
        suggested=forms.shown(form.field("stability"), visit.suggested),
        suggested_rule=visit.suggested_rule or "",
        stability=forms.shown(form.field("stability"), stability),
        reasons=tuple(told.get("reasons", {}).items()),
        later=tuple(told.get("later", ())),
        recorded_by=names.get(visit.recorded_by, "导入" if visit.recorded_by == 0 else "其他人员"),
        recorded_at=visit.recorded_at,
        entered_on=visit.entered_on,
        next_on=visit.next_on,
        own=author == work.access.actor,
        high=visit.risk is not None and visit.risk >= RiskLevel.LEVEL_3,
        dead=visit.died_on is not None,
        to_confirm=to_confirm,
        before_risk=None if level is None and visit.peak_risk is None else _level(level, visit.peak_risk),
        confirmed_by=names.get(visit.confirmed_by or 0, ""),
        confirmed_on=visit.confirmed_on,
        declined_by=names.get(visit.declined_by or 0, ""),
        declined_on=visit.declined_on,
    )


def _author_of_level(work: Work, visit: Visit) -> int:
    """Who gave this visit the level it has: whoever changed it last, else whoever wrote the visit."""
    changes = queries.changes(work, visit.case_id, visit.id)
    with identity.opening(work, "Revision", PURPOSE) as opened:
        for one in changes:
            if "risk" in json.loads(opened(one.id, one.changes) or "{}"):
                return one.recorded_by
    return visit.recorded_by


def _level(before: int | None, once: int | None) -> RiskLevel:
    """The level that was lowered: that of the visit before or the one this visit had, the higher one."""
    return RiskLevel.read(max(one for one in (before, once) if one is not None))


def _level_before(around: Known, visit: Visit) -> int | None:
    earlier = (one for one in around.visits if one.on < visit.on and one.loss_reason is None)
    return next((one.risk for one in earlier if one.risk is not None), None)


def _section(section: forms.Section, values: Mapping[str, Any]) -> VisitSection:
    asked = [one for one in section.fields if forms.is_asked(one, values)]
    filled = tuple((one.label, forms.shown(one, values[one.key])) for one in asked if one.key in values)
    missing = [one.key for one in asked if one.key not in values and holds(one.expected, values)]
    left = set(unassessed(missing, values))
    empty = tuple(one.label for one in asked if one.key in left)
    return VisitSection(section.title, tuple((label, text or "无") for label, text in filled), empty)


# --- the second look -----------------------------------------------------------------------------------


@use_case(Action.FOLLOWUP_CONFIRM)
def confirm(work: Work, visit_id: int, today: date) -> int:
    """Agree, as a second person, that the danger level was lowered from 3 or more; answers the case.

    Raises :class:`Refused` for whoever gave the level, by writing the visit or changing it since, and
    :class:`Unfit` when nothing is to be agreed.
    """
    visit = _visit(work, visit_id)
    if visit.confirmed_on is not None:
        return visit.case_id
    _second_person(work, visit, today)
    visit.confirmed_by, visit.confirmed_on = work.access.actor, today
    visit.declined_by = visit.declined_on = None
    work.flush()
    duties.refresh(work, [visit.case_id])
    return visit.case_id


@use_case(Action.FOLLOWUP_CONFIRM)
def decline(work: Work, visit_id: int, reason: str, today: date) -> int:
    """Say, as a second person, that the lowered danger level is not agreed; answers the case.

    The duty stays open until the level is changed or agreed after all. Raises as :func:`confirm`, and
    :class:`Unfit` without a reason.
    """
    visit = _visit(work, visit_id)
    if visit.confirmed_on is not None:
        raise Refused("这次下调已经复核同意，没有改动。如情况有变，请记一次新的随访，或修改这次随访。")
    _second_person(work, visit, today)
    if not reason:
        words = "请写明不同意下调的理由。填写医生要据此修改。请补写，或同意下调。"
        raise Unfit("没有保存。", fields={"reason": words})
    if visit.declined_on is not None and visit.declined_by == work.access.actor:
        return visit.case_id  # a second press
    visit.declined_by, visit.declined_on = work.access.actor, today
    revision.note(work, "visit", visit, {"危险性下调复核": ("", "不同意")}, reason)
    return visit.case_id


def _second_person(work: Work, visit: Visit, today: date) -> None:
    """Refuse whoever gave the level, and a visit that lowered none."""
    around = _known(work, visit.case_id, today)
    if not needs_second(_level_before(around, visit), visit.risk, visit.peak_risk):
        raise Unfit("这次随访没有从3级及以上下调，不需要复核。请核对随访日期，或从患者页重新进入。")
    own = "下调危险性等级须由填写人以外的另一位医生复核。请同事登录后复核，或请县级人员复核。"
    if words := refusal(work, _author_of_level(work, visit), own):
        raise Refused(words, rule="GW2017-6.3")


__all__ = [
    "DATES",
    "Answer",
    "Both",
    "CaseBrief",
    "DraftView",
    "Envelope",
    "Receipt",
    "Review",
    "Tried",
    "TwoSides",
    "VisitForm",
    "VisitSection",
    "VisitView",
    "attempt",
    "case_of",
    "case_of_visit",
    "confirm",
    "decline",
    "drop_draft",
    "merge",
    "new_once",
    "open_visit",
    "read_visit",
    "record",
    "record_attempt",
    "review",
    "save_draft",
    "undo_attempt",
]
