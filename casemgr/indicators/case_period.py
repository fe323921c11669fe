"""一人一期: one row per case for one period, holding every column the judgements and explanations read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TypedDict

import polars as pl

from casemgr.indicators.frames import (
    CASES,
    CHECKUPS,
    OFFENCES,
    SESSIONS,
    TALKS,
    VISITS,
    Frames,
    fitted,
)
from casemgr.indicators.period import Period, Quarter
from casemgr.rules.policy import Policy
from casemgr.terms.code import to_mask
from casemgr.terms.counselling import Counselled
from casemgr.terms.followup import HospitalState, Informant, VisitMode
from casemgr.terms.medication import Adherence
from casemgr.terms.register import Diagnosis, Lifecycle
from casemgr.terms.rehab import RehabForm
from casemgr.terms.risk import Stability

Expressions = list[pl.Expr]

EPOCH = date(1970, 1, 1).toordinal()

# National codes as plain integers, so that they compare with the narrow columns of the frames.
STABLE, BASIC, UNSTABLE = int(Stability.STABLE), int(Stability.BASIC), int(Stability.UNSTABLE)
REGULAR, IRREGULAR, NONE = int(Adherence.REGULAR), int(Adherence.IRREGULAR), int(Adherence.NONE)
NOT_NEEDED = int(Adherence.NOT_NEEDED)
IN_HOSPITAL = int(HospitalState.NOW)
FACE_TO_FACE = (int(VisitMode.CLINIC), int(VisitMode.HOME))
THE_PERSON = to_mask([Informant.SELF])


class CaseRow(TypedDict):
    """The columns of :func:`case_periods`; days are days since 1970, masks have one bit per quarter."""

    case: int
    area: int
    village: int | None
    registered_on: int
    exit: int
    exited_on: int | None
    refused: bool  # 不同意, and not 第三十条第二款第二项
    schizophrenia: bool
    bipolar: bool
    lost: bool
    reg_a: bool
    reg_b: bool
    start: int  # s: 1 January or registration
    end: int  # e: D, or the day of death or leaving if earlier
    quarters_required: int
    visits: int  # of the period, complete or not
    complete_visits: int
    risk_visits: int  # complete ones with a danger level
    classed_visits: int  # complete ones with a class, as the next
    stable_visits: int
    visits_due: int  # by STD-4
    visits_due_share: int  # by STD-PRO
    first_visit: int | None  # complete ones only, as the next four
    last_visit: int | None
    last_limit: int | None
    last_stability: int | None
    quarters_seen: int
    gap_from: int | None  # the first interval that was too long; empty when all were kept
    gap_to: int | None
    gap_days: int | None
    gap_limit: int | None
    gap_class: int | None  # class found at its beginning, empty when it began without a visit
    last_class: int | None  # of the last complete visit that has one
    last_class_on: int | None
    last_risk: int | None  # of the last complete visit that has one
    face_visits: int
    adherence_visits: int
    taken_visits: int
    regular_visits: int
    exempt_visits: int  # 医嘱勿需用药
    first_not_regular: int | None
    first_not_regular_on: int | None
    last_adherence: int | None
    last_adherence_on: int | None
    cared_visits: int  # in hospital, regular or irregular
    lapse: int | None  # first 间断 or 不用药
    lapse_on: int | None
    quarters_medicated: int  # with a visit in hospital or regular
    at_home: bool
    hospital_on: int | None
    sessions: int
    short_sessions: int  # in the period, but not counting
    last_session: int | None
    checkups: int
    checkup_on: int | None
    offences: int  # records of 肇事 or 肇祸
    offence_on: int | None
    support: int  # talks with the person, sessions of 心理治疗和康复 among them, as the next
    support_on: int | None
    family_support: int  # talks with the family, sessions of 家庭支持 among them, as the next
    family_support_on: int | None


def days(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - EPOCH


def day(number: int) -> date:
    """Inverse of :func:`days`."""
    return date.fromordinal(number + EPOCH)


def case_periods(frames: Frames, period: Period, policy: Policy) -> pl.LazyFrame:
    """One :class:`CaseRow` per case registered by the end of the period, in no order.

    The same columns serve one person and a million; who asks for few of them pays for few. Records dated
    after the period are left out here.
    """
    by = _columns_by(period, policy)
    cases = fitted(frames.cases, CASES).filter(by.registered).with_columns(by.placed).with_columns(by.due)
    registered = cases.select("case", "registered_on", "start")
    known = (
        fitted(frames.visits, VISITS)
        .filter(by.by_then)
        .join(registered, on="case")
        .filter(SINCE_REGISTERED)
        # By day, then by case keeping the days in order: far cheaper than one sort by two columns.
        .sort("on")
        .sort("case", maintain_order=True)
    )
    # Made once, for the three parts that read them.
    visits = frames.collect(known).lazy().set_sorted("case")
    of_period = visits.filter(by.since_start)
    complete = of_period.filter(COMPLETE).with_columns(by.limit).with_columns(by.steps)
    spoken = of_period.filter(REACHED).with_columns(by.medicine)
    sessions = (
        fitted(frames.sessions, SESSIONS)
        .filter(by.within)
        .join(registered, on="case")
        .filter(SINCE_REGISTERED)
        .with_columns(by.held)
    )
    parts = (
        complete.group_by("case").agg(FOLLOW_UP),
        spoken.group_by("case").agg(MEDICATION),
        visits.group_by("case").agg(by.all_visits),
        sessions.group_by("case").agg(ATTENDANCE),
        fitted(frames.checkups, CHECKUPS).filter(by.within).group_by("case").agg(CHECKED),
        fitted(frames.offences, OFFENCES).filter(by.within).group_by("case").agg(OFFENDED),
        _supported(sessions, _talks(frames, by, registered)).group_by("case").agg(SUPPORTED),
    )
    rows = cases
    for part in parts:
        rows = rows.join(part, on="case", how="left")
    # Who has no record of a kind has none of them, which is a number; days and codes stay empty.
    return rows.with_columns(by.waited).with_columns(NONE_IS_ZERO).select(*CaseRow.__annotations__)


_COUNTS = (
    "visits",
    "complete_visits",
    "risk_visits",
    "classed_visits",
    "stable_visits",
    "face_visits",
    "adherence_visits",
    "taken_visits",
    "regular_visits",
    "exempt_visits",
    "cared_visits",
    "sessions",
    "short_sessions",
    "checkups",
    "offences",
    "support",
    "family_support",
)
_MASKS = ("quarters_seen", "quarters_medicated")
NONE_IS_ZERO = pl.col(*_COUNTS, *_MASKS).fill_null(0)


@dataclass(frozen=True, slots=True)
class _Columns:
    """The expressions of one period under one policy; making them takes longer than judging one person."""

    registered: pl.Expr
    by_then: pl.Expr
    since_start: pl.Expr
    within: pl.Expr
    placed: Expressions
    due: Expressions
    limit: Expressions
    steps: Expressions
    medicine: Expressions
    held: Expressions
    all_visits: Expressions
    waited: Expressions


@lru_cache(maxsize=64)
def _columns_by(period: Period, policy: Policy) -> _Columns:
    first, last = days(period.start), days(period.end)
    return _Columns(
        registered=pl.col("registered_on") <= last,
        by_then=pl.col("on") <= last,
        since_start=pl.col("on") >= first,
        within=pl.col("on").is_between(first, last),
        placed=_placed(first, last),
        due=_due(period, policy),
        limit=[_limit(policy).alias("limit")],
        steps=_steps(period, policy),
        medicine=_medicine(period),
        held=[_held(policy).alias("held")],
        all_visits=_all_visits(first),
        waited=_waited(policy),
    )


def _named(**expressions: pl.Expr) -> Expressions:
    return [expression.alias(name) for name, expression in expressions.items()]


def _placed(first: int, last: int) -> Expressions:
    """Where a case stands: on the register or gone, and its own stretch s to e of the period."""
    gone = (pl.col("exit") != 0) & pl.col("exited_on").is_not_null() & (pl.col("exited_on") <= last)
    died_in_period = gone & (pl.col("exit") == int(Lifecycle.DEAD)) & (pl.col("exited_on") >= first)
    return _named(
        refused=pl.col("refused") & ~pl.col("article30"),
        schizophrenia=pl.col("diagnosis") == int(Diagnosis.SCHIZOPHRENIA),
        bipolar=pl.col("diagnosis") == int(Diagnosis.BIPOLAR),
        reg_a=~gone,
        reg_b=~gone | died_in_period,
        start=pl.max_horizontal(pl.lit(first, pl.Int32), "registered_on"),
        end=pl.when(gone).then("exited_on").otherwise(pl.lit(last, pl.Int32)),
    )


def _due(period: Period, policy: Policy) -> Expressions:
    """What the counting judgements ask for by the end of the period."""
    months = _month(pl.col("end")) - _month(pl.col("start")) + 1
    share = months // policy.months_per_visit.value
    return _named(
        quarters_required=_required(period.quarters),
        visits_due=pl.lit(period.end.month // policy.months_per_visit.value, pl.Int32),
        visits_due_share=pl.max_horizontal(pl.lit(policy.visits_least.value, pl.Int32), share),
    )


def _waited(policy: Policy) -> Expressions:
    """The last stretch too: who was never visited runs into the first limit, others into their class's."""
    waited = pl.col("end") - pl.coalesce("last_visit", "start")
    patience = pl.coalesce("last_limit", pl.lit(policy.gap_first.value, pl.Int32))
    too_long = pl.col("gap_days").is_null() & (waited > patience)
    return _named(
        gap_from=pl.when(too_long).then(pl.coalesce("last_visit", "start")).otherwise("gap_from"),
        gap_to=pl.when(too_long).then("end").otherwise("gap_to"),
        gap_days=pl.when(too_long).then(waited).otherwise("gap_days"),
        gap_limit=pl.when(too_long).then(patience).otherwise("gap_limit"),
        gap_class=pl.when(too_long).then("last_stability").otherwise("gap_class"),
        at_home=pl.col("hospital").is_null() | (pl.col("hospital") != IN_HOSPITAL),
    )


def _month(of: pl.Expr) -> pl.Expr:
    return of.cast(pl.Date).dt.month().cast(pl.Int32)


def _required(quarters: tuple[Quarter, ...]) -> pl.Expr:
    """Mask of the quarters that have ended by e and on whose first day the case was registered."""
    return pl.sum_horizontal(
        pl.when((pl.col("registered_on") <= days(one.first)) & (days(one.last) <= pl.col("end")))
        .then(pl.lit(one.bit, pl.Int8))
        .otherwise(pl.lit(0, pl.Int8))
        for one in quarters
    ).cast(pl.Int8)


def _quarter_bit(quarters: tuple[Quarter, ...]) -> pl.Expr:
    bit = pl.lit(quarters[0].bit, pl.Int8)
    for one in quarters[1:]:
        bit = pl.when(pl.col("on") >= days(one.first)).then(pl.lit(one.bit, pl.Int8)).otherwise(bit)
    return bit


def _limit(policy: Policy) -> pl.Expr:
    """Days that may pass after a visit, by the class found at it."""
    return (
        pl.when(pl.col("stability") == STABLE).then(pl.lit(policy.gap_stable.value, pl.Int32))
        .when(pl.col("stability") == BASIC).then(pl.lit(policy.gap_basic.value, pl.Int32))
        .when(pl.col("stability") == UNSTABLE).then(pl.lit(policy.gap_unstable.value, pl.Int32))
        .otherwise(pl.lit(policy.gap_unclassified.value, pl.Int32))
    )  # fmt: skip


SINCE_REGISTERED = pl.col("on") >= pl.col("registered_on")
REACHED = pl.col("loss_reason").is_null()
COMPLETE = REACHED & (pl.col("risk").is_not_null() | (pl.col("symptoms").fill_null(0) > 0))


def _steps(period: Period, policy: Policy) -> Expressions:
    """Each complete visit beside the one before it: since when, how long was allowed, which quarter."""
    again = (pl.col("case") == pl.col("case").shift(1)).fill_null(False)
    seen_themselves = (pl.col("informants").fill_null(0) == 0) | (pl.col("informants") & THE_PERSON != 0)
    first_limit = pl.lit(policy.gap_first.value, pl.Int32)
    return _named(
        since=pl.when(again).then(pl.col("on").shift(1)).otherwise("start"),
        allowed=pl.when(again).then(pl.col("limit").shift(1)).otherwise(first_limit),
        class_before=pl.when(again).then(pl.col("stability").shift(1)),
        quarter=_quarter_bit(period.quarters),
        face=pl.col("mode").is_in(FACE_TO_FACE) & seen_themselves,
    )


_TOO_LONG = (pl.col("on") - pl.col("since")) > pl.col("allowed")
_CLASSED = pl.col("stability").is_not_null()
FOLLOW_UP = _named(
    complete_visits=pl.len(),
    first_visit=pl.col("on").first(),
    last_visit=pl.col("on").last(),
    last_limit=pl.col("limit").last(),
    last_stability=pl.col("stability").last(),
    quarters_seen=pl.col("quarter").bitwise_or(),
    gap_from=pl.col("since").filter(_TOO_LONG).first(),
    gap_to=pl.col("on").filter(_TOO_LONG).first(),
    gap_days=(pl.col("on") - pl.col("since")).filter(_TOO_LONG).first(),
    gap_limit=pl.col("allowed").filter(_TOO_LONG).first(),
    gap_class=pl.col("class_before").filter(_TOO_LONG).first(),
    last_class=pl.col("stability").filter(_CLASSED).last(),
    last_class_on=pl.col("on").filter(_CLASSED).last(),
    last_risk=pl.col("risk").filter(pl.col("risk").is_not_null()).last(),
    risk_visits=pl.col("risk").is_not_null().sum(),
    classed_visits=_CLASSED.sum(),
    stable_visits=(pl.col("stability") == STABLE).sum(),
    face_visits=pl.col("face").sum(),
)


def _medicine(period: Period) -> Expressions:
    """Adherence as far as it was recorded; visits with a 失访原因 are left out of every judgement."""
    return _named(
        regular=(pl.col("adherence") == REGULAR).fill_null(False),
        irregular=(pl.col("adherence") == IRREGULAR).fill_null(False),
        lapsed=pl.col("adherence").is_in((IRREGULAR, NONE)).fill_null(False),
        exempt=(pl.col("adherence") == NOT_NEEDED).fill_null(False),
        in_hospital=(pl.col("hospital") == IN_HOSPITAL).fill_null(False),
        quarter=_quarter_bit(period.quarters),
    )


_CODED = pl.col("adherence").is_not_null()
_NOT_REGULAR = _CODED & ~pl.col("regular")
_CARED = pl.col("in_hospital") | pl.col("regular")
MEDICATION = _named(
    adherence_visits=_CODED.sum(),
    taken_visits=(pl.col("regular") | pl.col("irregular")).sum(),
    regular_visits=pl.col("regular").sum(),
    exempt_visits=pl.col("exempt").sum(),
    first_not_regular=pl.col("adherence").filter(_NOT_REGULAR).first(),
    first_not_regular_on=pl.col("on").filter(_NOT_REGULAR).first(),
    last_adherence=pl.col("adherence").filter(_CODED).last(),
    last_adherence_on=pl.col("on").filter(_CODED).last(),
    cared_visits=(_CARED | pl.col("irregular")).sum(),
    lapse=pl.col("adherence").filter(pl.col("lapsed")).first(),
    lapse_on=pl.col("on").filter(pl.col("lapsed")).first(),
    quarters_medicated=pl.when(_CARED).then(pl.col("quarter")).otherwise(pl.lit(0, pl.Int8)).bitwise_or(),
)


def _all_visits(first: int) -> Expressions:
    """Visits of the period, complete or not, and the latest 住院情况 of any year."""
    told = pl.col("hospital").is_not_null()
    return _named(
        visits=(pl.col("on") >= first).sum(),
        hospital=pl.col("hospital").filter(told).last(),
        hospital_on=pl.col("on").filter(told).last(),
    )


def _held(policy: Policy) -> pl.Expr:
    forms = [int(form) for form in RehabForm]
    return (
        pl.col("attended").fill_null(False)
        & (pl.col("minutes").fill_null(0) >= policy.session_minutes.value)
        & pl.col("form").is_in(forms).fill_null(False)
    )


ATTENDANCE = _named(
    sessions=pl.col("held").sum(),
    short_sessions=(~pl.col("held")).sum(),
    last_session=pl.col("on").filter("held").max(),
)
OFFENDED = _named(offences=pl.len(), offence_on=pl.col("on").max())
CHECKED = _named(checkups=pl.len(), checkup_on=pl.col("on").max())


def _talks(frames: Frames, by: _Columns, registered: pl.LazyFrame) -> pl.LazyFrame:
    """Talks of the period since registration, as the sessions are."""
    within = fitted(frames.talks, TALKS).filter(by.within)
    return within.join(registered, on="case").filter(SINCE_REGISTERED)


def _supported(sessions: pl.LazyFrame, talks: pl.LazyFrame) -> pl.LazyFrame:
    """One row per act of support (case, on, of_person, of_family): talks, and sessions that are as much."""
    psychotherapy, for_family = int(RehabForm.PSYCHOTHERAPY), int(RehabForm.FAMILY_SUPPORT)
    held = sessions.filter("held").select(
        "case",
        "on",
        of_person=pl.col("form") == psychotherapy,
        of_family=pl.col("form") == for_family,
    )
    told = talks.select(
        "case",
        "on",
        of_person=pl.col("subject").is_in((int(Counselled.PATIENT), int(Counselled.BOTH))),
        of_family=pl.col("subject").is_in((int(Counselled.FAMILY), int(Counselled.BOTH))),
    )
    return pl.concat([held, told]).filter(pl.col("of_person") | pl.col("of_family"))


SUPPORTED = _named(
    support=pl.col("of_person").sum(),
    support_on=pl.col("on").filter("of_person").max(),
    family_support=pl.col("of_family").sum(),
    family_support_on=pl.col("on").filter("of_family").max(),
)
