"""注射核对: what to look at before a dose is given or when it is written down (V3–V11)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from casemgr.rules.calendar import months_after
from casemgr.rules.injection_course import (
    HOME_PROFILE,
    Flag,
    Given,
    NoBasis,
    Placed,
    counted,
    flag,
    place,
    plan_after,
)
from casemgr.rules.injection_label import (
    MICROGRAMS,
    Change,
    Ground,
    Label,
    Notice,
    checks,
    people_notices,
)
from casemgr.terms.injection import Level, Role, Site


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of the person; ``None`` is 未评估 and raises nothing that rests on it.

    ``clearance`` is creatinine clearance in mL/min; ``tolerated`` the molecules with a tolerability record
    (``None``: nobody looked); ``refer`` the reasons of the consensus for a referral that hold today.
    """

    born: date | None = None
    pregnant: bool | None = None
    clearance: int | None = None
    tolerated: frozenset[str] | None = None
    refer: tuple[str, ...] = ()

    def age(self, day: date) -> int | None:
        """Full years on ``day``; ``None`` without a date of birth."""
        if self.born is None:
            return None
        return day.year - self.born.year - ((day.month, day.day) < (self.born.month, self.born.day))


@dataclass(frozen=True, slots=True)
class Planned:
    """A dose somebody thinks of giving. ``origin`` and ``before``: the product it follows and its doses."""

    on: date
    role: Role | None = None
    dose_ug: int | None = None
    site: Site | None = None
    cold_recorded: bool | None = None
    origin: str = ""
    before: tuple[Given, ...] = ()


def check(
    label: Label,
    planned: Planned,
    doses: Sequence[Given] = (),
    person: Person | None = None,
    interval: int | None = None,
    profile: str = HOME_PROFILE,
) -> tuple[Flag, ...]:
    """All flags of a planned dose, in the order of their numbers; ``doses`` are those of this product."""
    who = person or Person()
    course = list(place(label, counted(doses), interval, profile))
    as_given = Given(planned.on, planned.role, planned.dose_ug, planned.site)
    coming = list(place(label, [*counted(doses), as_given], interval, profile))[-1]
    found = [*_of_birth(planned.on, who), *recorded(label, coming)]
    if course:
        found += _early(label, course[-1], planned.on, interval, profile)
    found += _prerequisites(label, planned, not course, who)
    found += (_noticed(one) for one in (*label.notices, *people_notices()) if _concerns(one, who, planned.on))
    found += _handling(label, planned)
    if who.refer:
        found.append(_worded("V11", None, reasons="、".join(who.refer)))
    return tuple(sorted(found, key=lambda one: one.code.partition("V")[2].rjust(len("V11"))))


def recorded(label: Label, placed: Placed) -> Iterator[Flag]:
    """What a written-down dose shows by itself: V3 site, V5 strength; only against verified figures."""
    site, dose = placed.dose.site, placed.dose.dose_ug
    at_start = placed.role in label.start_roles
    wanted = label.start_sites if at_start else label.sites
    ground = label.start_ground if at_start else label.sites_ground
    if site is not None and wanted and ground.verified and site not in wanted:
        names = "或".join(one.label for one in sorted(wanted))
        yield _worded("V3", ground, site=site.label, wanted=names)
    if dose is None:
        return
    if label.maximum_ug is not None and dose > label.maximum_ug:
        shown = {"dose": milligrams(dose), "most": milligrams(label.maximum_ug)}
        yield _worded("V5-MAX", label.maximum_ground, **shown)
    elif (
        label.strengths_ug and label.strengths_ground.verified and dose not in _strengths(label, placed.role)
    ):
        yield _worded("V5", label.strengths_ground, dose=milligrams(dose))


def milligrams(micrograms: int) -> str:
    """A dose as people write it: 37.5, 100."""
    return f"{micrograms / MICROGRAMS:g}"


def _strengths(label: Label, role: Role) -> frozenset[int]:
    """The strengths that may be given in a role: where another product does the re-start, also its doses."""
    if role not in {Role.REINIT1, Role.REINIT2, Role.PP1M_LAST}:
        return label.strengths_ug
    rows = (row for phase in label.phases for _, group in phase.rows for row in group)
    steps = {dose for row in rows for doses in row.by_dose_ug.values() for dose in doses}
    return label.strengths_ug | steps


def _of_birth(on: date, who: Person) -> Iterator[Flag]:
    if who.born is not None and on < who.born:
        yield Flag("V1", Level.ERROR, flag("GEN-DATE", Level.ERROR).text, Ground((), True))


def _early(label: Label, last: Placed, on: date, interval: int | None, profile: str) -> Iterator[Flag]:
    try:
        plan = plan_after(label, last, interval, profile)
    except NoBasis as none:
        if str(none) == "GEN-INTERVAL":
            yield Flag("V2", Level.ERROR, flag("GEN-INTERVAL", Level.ERROR).text, label.interval_ground)
        return
    if on >= plan.opens:
        return
    if plan.phase.opens_on_day is not None:
        opened = {"open": plan.opens.isoformat(), "day": str(plan.phase.opens_on_day)}
        yield _worded("V4-STOP", plan.phase.ground, **opened)
    else:
        yield _worded("V4", plan.phase.ground, open=plan.opens.isoformat())


def _prerequisites(label: Label, planned: Planned, first: bool, who: Person) -> Iterator[Flag]:
    wanted = label.tolerance
    if first and not planned.before and wanted and not wanted.molecules & (who.tolerated or frozenset()):
        yield _worded("V6-TOLERANCE", wanted.ground, text=wanted.text)
    change = next((one for one in label.changes if one.origin == planned.origin), None)
    if first and change is not None:
        yield from before_change(change, planned.before, planned.on)


def before_change(change: Change, doses: Sequence[Given], on: date) -> Iterator[Flag]:
    """V6 of a change between products: how long the first was used, and whether its last doses are alike."""
    known = counted(doses)
    if change.least_months and (not known or months_after(known[0].on, change.least_months) > on):
        yield _worded("V6-MONTHS", change.ground, months=str(change.least_months))
    if change.same_last:
        last = [one.dose_ug for one in known[-change.same_last :]]
        if len(last) < change.same_last or None in last or len(set(last)) > 1:
            yield _worded("V6-SAME", change.ground)


def _concerns(notice: Notice, who: Person, on: date) -> bool:
    limits, age = notice.limits, who.age(on)
    if "pregnant" in limits:
        return who.pregnant is True
    if "under_age" in limits:
        return age is not None and age < limits["under_age"]
    if "over_age" in limits:
        return age is not None and age > limits["over_age"]
    return who.clearance is not None and limits.get("crcl_from", 0) <= who.clearance < limits["crcl_below"]


def _noticed(notice: Notice) -> Flag:
    code = notice.code if notice.code.startswith("V") else "V8"
    return Flag(code, notice.level, notice.text, notice.ground)


def _handling(label: Label, planned: Planned) -> Iterator[Flag]:
    if label.cold_chain and not planned.cold_recorded:
        yield _worded("V9", label.cold_ground)
    if label.observe_minutes:
        yield _worded("V10", label.observe_ground, minutes=str(label.observe_minutes))


def _worded(code: str, ground: Ground | None, **blanks: str) -> Flag:
    words = checks()[code]
    return Flag(code.partition("-")[0], words.level, words.text.format(**blanks), ground or words.ground)
