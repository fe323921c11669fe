"""一人一期: one row per case for one period, holding every column the judgements and explanations read."""

from __future__ import annotations

from datetime import date
from typing import TypedDict

import polars as pl

from casemgr.indicators.frames import CASES, CHECKUPS, SESSIONS, VISITS, Frames, fitted
from casemgr.indicators.period import Period, Quarter
from casemgr.rules.policy import Policy
from casemgr.terms.code import to_mask
from casemgr.terms.followup import HospitalState, Informant, VisitMode
from casemgr.terms.medication import Adherence
from casemgr.terms.register import Diagnosis, Lifecycle
from casemgr.terms.rehab import RehabForm
from casemgr.terms.risk import Stability

EPOCH = date(1970, 1, 1).toordinal()

# National codes as plain integers, so that they compare with the narrow columns of the frames.
STABLE, BASIC, UNSTABLE = int(Stability.STABLE), int(Stability.BASIC), int(Stability.UNSTABLE)
REGULAR, IRREGULAR, NONE = int(Adherence.REGULAR), int(Adherence.IRREGULAR), int(Adherence.NONE)
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
    reg_a: bool
    reg_b: bool
    start: int  # s: 1 January or registration
    end: int  # e: D, or the day of death or leaving if earlier
    quarters_required: int
    visits: int  # of the period, complete or not
    complete_visits: int
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
    first, last = days(period.start), days(period.end)
    cases = _cases(fitted(frames.cases, CASES), period, policy)
    known = (
        fitted(frames.visits, VISITS)
        .filter(pl.col("on") <= last)
        .join(cases.select("case", "registered_on", "start"), on="case")
        .filter(pl.col("on") >= pl.col("registered_on"))
        # By day, then by case keeping the days in order: far cheaper than one sort by two columns.
        .sort("on")
        .sort("case", maintain_order=True)
    )
    # Made once, for the three parts that read them.
    visits = frames.collect(known).lazy().set_sorted("case")
    of_period = visits.filter(pl.col("on") >= first)
    parts = (
        _follow_up(of_period, period, policy),
        _medication(of_period, period),
        _all_visits(visits, first),
        _sessions(fitted(frames.sessions, SESSIONS), cases, period, policy),
        _checkups(fitted(frames.checkups, CHECKUPS), period),
    )
    rows = cases
    for part in parts:
        rows = rows.join(part, on="case", how="left")
    # Someone never visited runs into the first limit too; whoever was visited, into that of the last class.
    waited = pl.col("end") - pl.coalesce("last_visit", "start")
    patience = pl.coalesce("last_limit", pl.lit(policy.gap_first.value, pl.Int32))
    waits_too_long = pl.col("gap_days").is_null() & (waited > patience)
    rows = rows.with_columns(
        gap_from=pl.when(waits_too_long).then(pl.coalesce("last_visit", "start")).otherwise("gap_from"),
        gap_to=pl.when(waits_too_long).then("end").otherwise("gap_to"),
        gap_days=pl.when(waits_too_long).then(waited).otherwise("gap_days"),
        gap_limit=pl.when(waits_too_long).then(patience).otherwise("gap_limit"),
        gap_class=pl.when(waits_too_long).then("last_stability").otherwise("gap_class"),
        at_home=pl.col("hospital").is_null() | (pl.col("hospital") != IN_HOSPITAL),
    )
    # Who has no record of a kind has none of them, which is a number; days and codes stay empty.
    return rows.with_columns(pl.col(*_COUNTS, *_MASKS).fill_null(0)).select(*CaseRow.__annotations__)


_COUNTS = (
    "visits",
    "complete_visits",
    "face_visits",
    "adherence_visits",
    "taken_visits",
    "regular_visits",
    "cared_visits",
    "sessions",
    "short_sessions",
    "checkups",
)
_MASKS = ("quarters_seen", "quarters_medicated")


def _cases(cases: pl.LazyFrame, period: Period, policy: Policy) -> pl.LazyFrame:
    first, last = days(period.start), days(period.end)
    gone = (pl.col("exit") != 0) & pl.col("exited_on").is_not_null() & (pl.col("exited_on") <= last)
    died_in_period = gone & (pl.col("exit") == int(Lifecycle.DEAD)) & (pl.col("exited_on") >= first)
    placed = cases.filter(pl.col("registered_on") <= last).with_columns(
        refused=pl.col("refused") & ~pl.col("article30"),
        schizophrenia=pl.col("diagnosis") == int(Diagnosis.SCHIZOPHRENIA),
        reg_a=~gone,
        reg_b=~gone | died_in_period,
        start=pl.max_horizontal(pl.lit(first, pl.Int32), "registered_on"),
        end=pl.when(gone).then("exited_on").otherwise(pl.lit(last, pl.Int32)),
    )
    months = _month(pl.col("end")) - _month(pl.col("start")) + 1
    share = months // policy.months_per_visit.value
    return placed.with_columns(
        quarters_required=_required(period.quarters),
        visits_due=pl.lit(period.end.month // policy.months_per_visit.value, pl.Int32),
        visits_due_share=pl.max_horizontal(pl.lit(policy.visits_least.value, pl.Int32), share),
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


def _follow_up(visits: pl.LazyFrame, period: Period, policy: Policy) -> pl.LazyFrame:
    assessed = pl.col("risk").is_not_null() | (pl.col("symptoms").fill_null(0) > 0)
    complete = visits.filter(pl.col("loss_reason").is_null() & assessed)
    again = (pl.col("case") == pl.col("case").shift(1)).fill_null(False)
    seen_themselves = (pl.col("informants").fill_null(0) == 0) | (pl.col("informants") & THE_PERSON != 0)
    steps = complete.with_columns(limit=_limit(policy)).with_columns(
        since=pl.when(again).then(pl.col("on").shift(1)).otherwise("start"),
        allowed=pl.when(again)
        .then(pl.col("limit").shift(1))
        .otherwise(pl.lit(policy.gap_first.value, pl.Int32)),
        class_before=pl.when(again).then(pl.col("stability").shift(1)),
        quarter=_quarter_bit(period.quarters),
        face=pl.col("mode").is_in(FACE_TO_FACE) & seen_themselves,
    )
    too_long = (pl.col("on") - pl.col("since")) > pl.col("allowed")
    classed = pl.col("stability").is_not_null()
    return steps.group_by("case").agg(
        complete_visits=pl.len(),
        first_visit=pl.col("on").first(),
        last_visit=pl.col("on").last(),
        last_limit=pl.col("limit").last(),
        last_stability=pl.col("stability").last(),
        quarters_seen=pl.col("quarter").bitwise_or(),
        gap_from=pl.col("since").filter(too_long).first(),
        gap_to=pl.col("on").filter(too_long).first(),
        gap_days=(pl.col("on") - pl.col("since")).filter(too_long).first(),
        gap_limit=pl.col("allowed").filter(too_long).first(),
        gap_class=pl.col("class_before").filter(too_long).first(),
        last_class=pl.col("stability").filter(classed).last(),
        last_class_on=pl.col("on").filter(classed).last(),
        last_risk=pl.col("risk").filter(pl.col("risk").is_not_null()).last(),
        face_visits=pl.col("face").sum(),
    )


def _medication(visits: pl.LazyFrame, period: Period) -> pl.LazyFrame:
    """Adherence as far as it was recorded; visits with a 失访原因 are left out of every judgement."""
    in_hospital = (pl.col("hospital") == IN_HOSPITAL).fill_null(False)
    coded = pl.col("adherence").is_not_null()
    spoken = visits.filter(pl.col("loss_reason").is_null()).with_columns(
        regular=(pl.col("adherence") == REGULAR).fill_null(False),
        irregular=(pl.col("adherence") == IRREGULAR).fill_null(False),
        lapsed=pl.col("adherence").is_in((IRREGULAR, NONE)).fill_null(False),
        in_hospital=in_hospital,
        quarter=_quarter_bit(period.quarters),
    )
    not_regular = coded & ~pl.col("regular")
    cared = pl.col("in_hospital") | pl.col("regular")
    return spoken.group_by("case").agg(
        adherence_visits=coded.sum(),
        taken_visits=(pl.col("regular") | pl.col("irregular")).sum(),
        regular_visits=pl.col("regular").sum(),
        first_not_regular=pl.col("adherence").filter(not_regular).first(),
        first_not_regular_on=pl.col("on").filter(not_regular).first(),
        last_adherence=pl.col("adherence").filter(coded).last(),
        last_adherence_on=pl.col("on").filter(coded).last(),
        cared_visits=(cared | pl.col("irregular")).sum(),
        lapse=pl.col("adherence").filter(pl.col("lapsed")).first(),
        lapse_on=pl.col("on").filter(pl.col("lapsed")).first(),
        quarters_medicated=pl.when(cared).then(pl.col("quarter")).otherwise(pl.lit(0, pl.Int8)).bitwise_or(),
    )


def _all_visits(visits: pl.LazyFrame, first: int) -> pl.LazyFrame:
    """Visits of the period, complete or not, and the latest 住院情况 of any year."""
    told = pl.col("hospital").is_not_null()
    return visits.group_by("case").agg(
        visits=(pl.col("on") >= first).sum(),
        hospital=pl.col("hospital").filter(told).last(),
        hospital_on=pl.col("on").filter(told).last(),
    )


def _sessions(sessions: pl.LazyFrame, cases: pl.LazyFrame, period: Period, policy: Policy) -> pl.LazyFrame:
    of_period = (
        sessions.filter(pl.col("on").is_between(days(period.start), days(period.end)))
        .join(cases.select("case", "registered_on"), on="case")
        .filter(pl.col("on") >= pl.col("registered_on"))
    )
    forms = [int(form) for form in RehabForm]
    held = (
        pl.col("attended").fill_null(False)
        & (pl.col("minutes").fill_null(0) >= policy.session_minutes.value)
        & pl.col("form").is_in(forms).fill_null(False)
    )
    return (
        of_period.with_columns(held=held)
        .group_by("case")
        .agg(
            sessions=pl.col("held").sum(),
            short_sessions=(~pl.col("held")).sum(),
            last_session=pl.col("on").filter("held").max(),
        )
    )


def _checkups(checkups: pl.LazyFrame, period: Period) -> pl.LazyFrame:
    of_period = checkups.filter(pl.col("on").is_between(days(period.start), days(period.end)))
    return of_period.group_by("case").agg(checkups=pl.len(), checkup_on=pl.col("on").max())
