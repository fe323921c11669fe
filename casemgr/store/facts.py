"""事实: rows as the columns that judgements read, as known on one day; codes and keys, never identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import func, select

from casemgr.store.models.area import Unit
from casemgr.store.models.checkup import Checkup
from casemgr.store.models.followup import Visit
from casemgr.store.models.register import Case, CaseState, Consent
from casemgr.store.models.rehab import RehabSession
from casemgr.store.types import to_days
from casemgr.store.work import Work
from casemgr.terms.consent import ConsentAnswer
from casemgr.terms.followup import HospitalState
from casemgr.terms.register import Lifecycle, Track

#: From so many people on, columns are read through ADBC; below, starting the reader costs more than it saves.
BULK = 20_000
#: How many keys one statement names.
KEYS = 5_000


@dataclass(frozen=True, slots=True)
class People:
    """Whose records are read: all of some ``areas``, and some more by ``keys``; ``bulk`` says how."""

    areas: tuple[int, ...]
    keys: tuple[int, ...] = ()
    bulk: bool = False


def one(case_id: int) -> People:
    """A single person."""
    return People((), (case_id,))


def of_area(work: Work, low: int, high: int) -> People:
    """Everyone whose managing unit lies in the half-open range of area codes today."""
    statement = select(Case.area, func.count()).where(Case.area >= low, Case.area < high).group_by(Case.area)
    found: list[Any] = [tuple(row) for row in work.rows(statement)]
    return People(tuple(area for area, _ in found), (), sum(count for _, count in found) > BULK)


def _read(
    work: Work, people: People, columns: Sequence[Any], area: Any, key: Any, *conditions: Any
) -> pl.DataFrame:
    """The rows of ``people`` for some columns of one table."""
    parts = []
    if people.areas or not people.keys:
        # Named areas instead of a range: the index then also skips the days that are not asked for.
        statement = select(*columns).where(area.in_(people.areas or (-1,)), *conditions)
        parts.append(work.frame(statement, bulk=people.bulk))
    for start in range(0, len(people.keys), KEYS):
        chosen = people.keys[start : start + KEYS]
        parts.append(work.frame(select(*columns).where(key.in_(chosen), *conditions)))
    return pl.concat(parts)


def cases(
    work: Work, people: People, on: date, low: int, high: int, *, past: bool
) -> tuple[People, pl.DataFrame]:
    """The cases whose managing unit on the day lay in ``[low, high)``, and whose records to read for them.

    Life cycle, diagnosis and managing unit are those of the day. With ``past`` the dated histories are
    consulted; for today they need not be.
    """
    now = _cases(work, people)
    if not past:
        return people, _as_known(now)
    states = _states(work, people, on)
    if not states.is_empty():
        came_from = _units_then(work, states)
        elsewhere = came_from.filter(pl.col("area").is_between(low, high, closed="left"))
        strangers = elsewhere.join(now, on="case", how="anti")["case"].to_list()
        if strangers and people.areas:
            more = People((), tuple(strangers))
            now = pl.concat([now, _cases(work, more)]).unique("case")
            states = pl.concat([states, _states(work, more, on)]).unique(["case", "track"])
            people = replace(people, keys=(*people.keys, *strangers))
        now = _as_of_then(now, states, came_from)
        now = now.filter(pl.col("area").is_between(low, high, closed="left"))
    return people, _as_known(_consent_then(work, on, now))


def _cases(work: Work, people: People) -> pl.DataFrame:
    columns = (
        Case.id.label("case"),
        Case.area,
        Case.village,
        Case.registered_on,
        Case.lifecycle,
        Case.lifecycle_on,
        Case.diagnosis,
        Case.consent,
        Case.consent_on,
        Case.article30,
    )
    return _read(work, people, columns, Case.area, Case.id)


def _as_known(now: pl.DataFrame) -> pl.DataFrame:
    left = pl.col("lifecycle") != int(Lifecycle.ON_REGISTER)
    return now.select(
        "case",
        "area",
        "village",
        "registered_on",
        exit=pl.when(left).then("lifecycle").otherwise(0),
        exited_on=pl.when(left).then("lifecycle_on"),
        diagnosis="diagnosis",
        refused=(pl.col("consent") == int(ConsentAnswer.REFUSED)).fill_null(False),
        article30="article30",
    )


def _states(work: Work, people: People, on: date) -> pl.DataFrame:
    """States that held on the day and have ended since."""
    columns = (CaseState.case_id.label("case"), CaseState.track, CaseState.value, CaseState.since)
    tracks = [int(one) for one in (Track.LIFECYCLE, Track.UNIT, Track.DIAGNOSIS)]
    conditions = (CaseState.since <= on, CaseState.until > on, CaseState.track.in_(tracks))
    if people.areas or not people.keys:
        # Of the whole access, not of the areas alone: who has moved since belongs to another area now.
        return work.frame(select(*columns).where(*conditions), bulk=people.bulk)
    return _read(work, people, columns, CaseState.area, CaseState.case_id, *conditions)


def _units_then(work: Work, states: pl.DataFrame) -> pl.DataFrame:
    """(case, area) by the managing unit of then, for those who had another one."""
    moved = states.filter(pl.col("track") == int(Track.UNIT))
    if moved.is_empty():
        return moved.select("case", area="value")
    units = work.frame(select(Unit.id.label("value"), Unit.area_code.label("area")))
    return moved.join(units, on="value").select("case", "area")


def _as_of_then(now: pl.DataFrame, states: pl.DataFrame, came_from: pl.DataFrame) -> pl.DataFrame:
    def then(track: Track, **names: str) -> pl.DataFrame:
        of_track = states.filter(pl.col("track") == int(track))
        return of_track.select("case", **{new: pl.col(old) for old, new in names.items()})

    known = (
        now.join(came_from.rename({"area": "area_then"}), on="case", how="left")
        .join(then(Track.DIAGNOSIS, value="diagnosis_then"), on="case", how="left")
        .join(then(Track.LIFECYCLE, value="lifecycle_then", since="since_then"), on="case", how="left")
    )
    changed = pl.col("lifecycle_then").is_not_null()
    return known.with_columns(
        area=pl.coalesce("area_then", "area"),
        diagnosis=pl.coalesce("diagnosis_then", "diagnosis"),
        lifecycle=pl.coalesce("lifecycle_then", "lifecycle"),
        lifecycle_on=pl.when(changed).then("since_then").otherwise("lifecycle_on"),
    ).select(now.columns)


def _consent_then(work: Work, on: date, now: pl.DataFrame) -> pl.DataFrame:
    """``consent`` as answered by the day: an answer given later is not yet known then."""
    later = now.filter(pl.col("consent_on") > to_days(on))
    if later.is_empty():
        return now
    columns = (Consent.case_id.label("case"), Consent.answer, Consent.on)
    asked = People((), tuple(later["case"].to_list()))
    told = _read(work, asked, columns, Consent.area, Consent.case_id, Consent.on <= on)
    before = told.sort("on").group_by("case", maintain_order=True).agg(pl.col("answer").last())
    known = now.join(before, on="case", how="left")
    asked_later = pl.col("consent_on") > to_days(on)
    return known.with_columns(consent=pl.when(asked_later).then("answer").otherwise("consent")).select(
        now.columns
    )


_VISIT = (
    Visit.case_id.label("case"),
    Visit.on,
    Visit.mode,
    Visit.informants,
    Visit.loss_reason,
    Visit.risk,
    Visit.symptoms,
    Visit.stability,
    Visit.adherence,
    Visit.hospital,
)


def visits(work: Work, people: People, first: date, last: date) -> pl.DataFrame:
    """Follow-ups from ``first`` to ``last``; of earlier ones those needed to know who is in hospital still.

    Whoever was asked about hospital within the days needs no earlier record, and who never was in hospital
    neither; so few cases are left to look at.
    """
    within = _read(work, people, _VISIT, Visit.area, Visit.case_id, Visit.on.between(first, last))
    inside = (Visit.case_id.label("case"), Visit.on)
    before = (Visit.hospital == int(HospitalState.NOW), Visit.on < first)
    once = _read(work, people, inside, Visit.area, Visit.case_id, *before)
    if once.is_empty():
        return within
    told = within.lazy().filter(pl.col("hospital").is_not_null())
    silent = once.lazy().join(told, on="case", how="anti").select(pl.col("case").unique())
    them = People((), tuple(silent.collect(engine="in-memory")["case"].to_list()))
    if not them.keys:
        return within
    earlier = (Visit.on < first, Visit.hospital.is_not(None))
    return pl.concat([within, _read(work, them, _VISIT, Visit.area, Visit.case_id, *earlier)])


def sessions(work: Work, people: People, first: date, last: date) -> pl.DataFrame:
    """Sessions of community rehabilitation from ``first`` to ``last``."""
    columns = (
        RehabSession.case_id.label("case"),
        RehabSession.on,
        RehabSession.form,
        RehabSession.minutes,
        RehabSession.attended,
    )
    days = RehabSession.on.between(first, last)
    return _read(work, people, columns, RehabSession.area, RehabSession.case_id, days)


def checkups(work: Work, people: People, first: date, last: date) -> pl.DataFrame:
    """Check-ups from ``first`` to ``last``."""
    columns = (Checkup.case_id.label("case"), Checkup.on)
    return _read(work, people, columns, Checkup.area, Checkup.case_id, Checkup.on.between(first, last))
