"""长效针剂: where a course stands on a day, what the label says about it, and how sure that is.

It never gives an order: every guidance leaves the decision to the doctor, names its sources and is shown as
待核对 where a figure is not verified. For an unknown product, a product that is not enabled or a missing
interval the answer is «暂无依据，请按说明书».
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from casemgr.rules.injection_check import before_change, milligrams, recorded
from casemgr.rules.injection_course import (
    HOME_PROFILE,
    Flag,
    Given,
    NoBasis,
    Placed,
    Plan,
    counted,
    drifts,
    flag,
    place,
    plan_after,
)
from casemgr.rules.injection_label import Ground, Label, Row, generic, labels
from casemgr.terms.injection import Level, Role, Site, Status

__all__ = [
    "Advice",
    "Flag",
    "Given",
    "Level",
    "Move",
    "Role",
    "Site",
    "Status",
    "Step",
    "advise",
    "move",
    "resume",
    "stand",
]

CONFIRM = "请由医师确认"
NOTHING = Ground((), False)
#: How many of the last doses an answer rests on: the last one, and the one before for the rhythm.
TAIL = 2
#: Codes under which there is no figure to go by.
NO_BASIS = frozenset({"GEN-PRODUCT", "GEN-DISABLED", "GEN-INTERVAL", "GEN-DOCTOR"})


@dataclass(frozen=True, slots=True)
class Step:
    """One dose of a re-start as the label counts it; ``dose_ug`` ``None`` when the doctor chooses it."""

    dose_ug: int | None
    site: Site | None


@dataclass(frozen=True, slots=True)
class Advice:
    """The answer for one course on one day.

    ``rule`` is the code of the row or of the words shown; ``oral_cover_until`` the last day of the oral cover
    that the label asks for with the latest start or re-start; ``remind_on`` the doctor's own date if there is
    one, else the due day (the computed date stays in ``due``).
    """

    label: Label | None
    status: Status
    rule: str
    as_of: date
    last: Placed | None = None
    plan: Plan | None = None
    row: Row | None = None
    flags: tuple[Flag, ...] = ()
    oral_cover_until: date | None = None
    remind_on: date | None = None

    @property
    def due(self) -> date | None:
        """The best day of the next dose."""
        return self.plan.due if self.plan else None

    @property
    def window_open(self) -> date | None:
        """The first day on which the next dose may be given."""
        return self.plan.opens if self.plan else None

    @property
    def window_close(self) -> date | None:
        """The last day of the window."""
        return self.plan.closes if self.plan else None

    @property
    def elapsed(self) -> int | None:
        """Whole days since the last dose."""
        return (self.as_of - self.last.dose.on).days if self.last else None

    @property
    def days_to_due(self) -> int | None:
        """Whole days to the due day, negative when it is past."""
        return (self.plan.due - self.as_of).days if self.plan else None

    @property
    def past_due_in_window(self) -> bool:
        """Whether the due day is past and the window still open."""
        return bool(self.status is Status.IN_WINDOW and self.plan and self.as_of > self.plan.due)

    @property
    def without_basis(self) -> bool:
        """Whether the answer is 暂无依据，请按说明书."""
        return self.rule in NO_BASIS

    @property
    def ground(self) -> Ground:
        """Where the answer comes from, and whether that was verified."""
        if self.row:
            return self.row.ground
        if self.plan:
            return self.plan.phase.ground
        if self.status is Status.NOT_STARTED and self.label and self.label.tolerance:
            return self.label.tolerance.ground
        if self.rule == "GEN-INTERVAL" and self.label:
            return self.label.interval_ground
        return NOTHING

    @property
    def sources(self) -> tuple[str, ...]:
        """The keys of the sources (``sources`` of the product list)."""
        return self.ground.sources

    @property
    def verified(self) -> bool:
        """Whether the figure behind the answer was verified; otherwise it is shown as 待核对."""
        return self.ground.verified

    @property
    def steps(self) -> tuple[Step, ...]:
        """The doses that the row names, worked out from the last dose where it is known."""
        return tuple(_steps(self.row, self.last.dose.dose_ug if self.last else None)) if self.row else ()

    @property
    def guidance(self) -> str:
        """What the label says, in words, with the request to confirm and the sources."""
        if self.row:
            text = self.row.text
            if known := [one.dose_ug for one in self.steps if one.dose_ug is not None]:
                text += f"（本例依次 {' / '.join(map(milligrams, known))} mg）"
        else:
            text = generic().get(self.rule) or generic()["IN_WINDOW"]
        if self.status is Status.NOT_STARTED and self.label and self.label.tolerance:
            text += f"；{self.label.tolerance.text}"
        named = [one for one in self.sources if one != "UNVERIFIED"]
        mark = "" if self.verified else "，待核对"
        return f"{text}。{CONFIRM}（来源：{'、'.join(named) or '无'}{mark}）"

    @property
    def reason(self) -> str:
        """Why the status is what it is, with the days counted."""
        if self.last is None or self.plan is None:
            return generic()[self.rule]
        given = f"上一针{self.last.dose.on.isoformat()}（{self.last.role.label}），已过{self.elapsed}天"
        window = f"应打日{self.plan.due.isoformat()}"
        if self.plan.has_window or self.plan.phase.opens_on_day is not None:
            window += f"，窗口{self.plan.opens.isoformat()}至{self.plan.closes.isoformat()}"
        else:
            window += "，没有查到容许窗口"
        if self.status in {Status.NOT_YET_DUE, Status.DUE_SOON}:
            window += f"，{self.plan.soon.isoformat()}起提醒（提前天数为产品约定，待核对）"
        notes = (self.plan.phase.note, self.label.note if self.label else "")
        return "；".join([given, window, *filter(None, notes)])


def advise(
    product: str | Label,
    doses: Iterable[Given],
    as_of: date,
    *,
    profile: str = HOME_PROFILE,
    interval: int | None = None,
    live: bool = True,
    include_disabled: bool = False,
    born: date | None = None,
    stopped_on: date | None = None,
    doctor_date: date | None = None,
) -> Advice:
    """Where the course of one product stands on ``as_of`` (lai_rules 3).

    ``product`` is a code of the list or a label in its place; ``interval`` the prescribed days where the
    prescriber sets them. ``live``: a dose after ``as_of`` is an error; looking back, later ones are left out.
    ``include_disabled`` answers for a product without a local label too, and says so by a flag: never use it
    for a person.
    """
    label = product if isinstance(product, Label) else labels().get(product)
    if label is None:
        return Advice(None, Status.DATA_ERROR, "GEN-PRODUCT", as_of)
    if not label.enabled and not include_disabled:
        return Advice(label, Status.DATA_ERROR, "GEN-DISABLED", as_of)
    records = list(doses)
    known = counted(records)
    flags = [] if label.enabled else [flag("GEN-DISABLED", Level.WARN, NOTHING)]
    if len(records) > len(known) and not all(one.complete for one in records):
        flags.append(flag("GEN-PARTIAL", Level.WARN))
    if known and known[-1].on > as_of:
        if live:
            flags.append(flag("GEN-DATE", Level.ERROR))
            return Advice(label, Status.DATA_ERROR, "GEN-DATE", as_of, flags=tuple(flags))
        known = [one for one in known if one.on <= as_of]
    if known and born is not None and known[0].on < born:
        flags.append(flag("GEN-DATE", Level.ERROR))
        return Advice(label, Status.DATA_ERROR, "GEN-DATE", as_of, flags=tuple(flags))
    if stopped_on is not None and stopped_on <= as_of and not (known and known[-1].on > stopped_on):
        return Advice(label, Status.STOPPED, "GEN-STOP", as_of, flags=tuple(flags))
    if not known:
        return Advice(
            label, Status.NOT_STARTED, "GEN-START", as_of, flags=tuple(flags), remind_on=doctor_date
        )
    course = list(place(label, known, interval, profile))
    return _of_course(label, course[-TAIL:], as_of, interval, profile, flags, doctor_date)


def resume(
    label: Label,
    tail: Sequence[Placed],
    as_of: date,
    *,
    interval: int | None = None,
    profile: str = HOME_PROFILE,
    stopped_on: date | None = None,
    doctor_date: date | None = None,
    partial: bool = False,
) -> Advice:
    """The answer of :func:`advise` for today from the last doses as they are stored, not from all of them.

    ``tail`` are the last two doses of the course with role, number and the rest of their place (one if there
    is only one); ``partial``: some record of the course is no whole injection.
    """
    if not label.enabled:
        return Advice(label, Status.DATA_ERROR, "GEN-DISABLED", as_of)
    flags = [flag("GEN-PARTIAL", Level.WARN)] if partial else []
    if tail and tail[-1].dose.on > as_of:
        flags.append(flag("GEN-DATE", Level.ERROR))
        return Advice(label, Status.DATA_ERROR, "GEN-DATE", as_of, flags=tuple(flags))
    if stopped_on is not None and stopped_on <= as_of and not (tail and tail[-1].dose.on > stopped_on):
        return Advice(label, Status.STOPPED, "GEN-STOP", as_of, flags=tuple(flags))
    if not tail:
        return Advice(
            label, Status.NOT_STARTED, "GEN-START", as_of, flags=tuple(flags), remind_on=doctor_date
        )
    return _of_course(label, tail[-TAIL:], as_of, interval, profile, flags, doctor_date)


def _of_course(
    label: Label,
    tail: Sequence[Placed],
    as_of: date,
    interval: int | None,
    profile: str,
    flags: list[Flag],
    doctor_date: date | None,
) -> Advice:
    """The answer from the last doses of a course, at least one."""
    last = tail[-1]
    flags += recorded(label, last)
    try:
        plan = plan_after(label, last, interval, profile)
    except NoBasis as none:
        code = str(none)
        flags.append(flag(code, Level.ERROR))
        return Advice(label, Status.DATA_ERROR, code, as_of, last, flags=tuple(flags))
    if drifts(tail):
        flags.append(flag("GEN-DRIFT", Level.WARN, plan.phase.ground))
    cover = last.cover_until
    if cover is not None:
        flags.append(_cover_flag(label, cover, as_of))
    status, rule, row = _standing(plan, as_of)
    return Advice(label, status, rule, as_of, last, plan, row, tuple(flags), cover, doctor_date or plan.due)


def stand(
    label: Label,
    last: Placed,
    as_of: date,
    interval: int | None = None,
    profile: str = HOME_PROFILE,
) -> Advice:
    """The same answer from the last dose alone (role, start and number known), for lists of many people.

    Flags and oral cover are left to :func:`advise`, which reads the whole course.
    """
    if not label.enabled:
        return Advice(label, Status.DATA_ERROR, "GEN-DISABLED", as_of)
    if last.dose.on > as_of:
        return Advice(label, Status.DATA_ERROR, "GEN-DATE", as_of)
    try:
        plan = plan_after(label, last, interval, profile)
    except NoBasis as none:
        return Advice(label, Status.DATA_ERROR, str(none), as_of, last)
    status, rule, row = _standing(plan, as_of)
    return Advice(label, status, rule, as_of, last, plan, row, remind_on=plan.due)


def _standing(plan: Plan, as_of: date) -> tuple[Status, str, Row | None]:
    """Status, code and row of a plan on a day."""
    if as_of < plan.opens:
        return (Status.DUE_SOON if as_of >= plan.soon else Status.NOT_YET_DUE), "GEN-WAIT", None
    row = plan.row_on(as_of)
    if row is None:
        return Status.IN_WINDOW, plan.phase.code, None
    return row.status, row.id, row


def _cover_flag(label: Label, until: date, as_of: date) -> Flag:
    state = "还在进行" if until >= as_of else "已结束"
    return Flag("ORAL-COVER", Level.INFO, f"口服覆盖到{until.isoformat()}（{state}）", label.cover_ground)


def _steps(row: Row, dose_ug: int | None) -> Iterator[Step]:
    if row.doses_ug:
        yield from (Step(one, row.site) for one in row.doses_ug)
    elif row.by_dose_ug:
        known = row.by_dose_ug.get(dose_ug) if dose_ug is not None else None
        first = known[:-1] if known else (None, None)
        yield from (Step(one, row.site) for one in first)
        yield Step(known[-1] if known else None, None)
    elif row.same:
        used = row.instead_ug.get(dose_ug, dose_ug) if dose_ug is not None else None
        yield from (Step(used, row.site) for _ in range(row.same))
        if row.then_same:
            yield Step(dose_ug, None)


@dataclass(frozen=True, slots=True)
class Move:
    """A change from one product to another: on which day, in which role, with which doses (µg), and why."""

    on: date | None
    opens: date | None
    closes: date | None
    role: Role | None
    doses_ug: tuple[int, int] | None
    rule: str
    guidance: str
    ground: Ground
    flags: tuple[Flag, ...] = ()


def move(
    origin: str, target: str | Label, doses: Iterable[Given], as_of: date, interval: int | None = None
) -> Move:
    """How a course of ``origin`` goes over to ``target`` (lai_rules 1.7, 1.8; V6).

    ``doses_ug`` is ``None`` where the list has no equivalent of the last dose.
    """
    label = target if isinstance(target, Label) else labels().get(target)
    change = next((one for one in label.changes if one.origin == origin), None) if label else None
    known = counted(one for one in doses if one.on <= as_of)
    standing = advise(origin, known, as_of, interval=interval)
    if change is None or label is None or standing.due is None or not label.enabled:
        code = "GEN-DISABLED" if label and not label.enabled else "GEN-DOCTOR"
        return Move(None, None, None, None, None, code, f"{generic()[code]}。{CONFIRM}", NOTHING)
    last = known[-1].dose_ug
    fitting = change.doses_ug.get(last) if last is not None else None
    text = change.text
    if fitting:
        text += f"；本例相当于{'–'.join(dict.fromkeys(map(milligrams, fitting)))} mg"
    text += f"。{CONFIRM}（来源：{'、'.join(change.ground.sources)}）"
    return Move(
        standing.due,
        standing.due - timedelta(change.early),
        standing.due + timedelta(change.late),
        change.role,
        fitting,
        f"SWITCH-{origin}-{label.id}",
        text,
        change.ground,
        tuple(before_change(change, known, standing.due)),
    )
