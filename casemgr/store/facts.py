"""事实: rows as the columns that judgements read, as known on one day; codes and keys, never identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from os import cpu_count
from typing import Any

import polars as pl
from sqlalchemy import BigInteger, bindparam, func, select

from casemgr.store.models.area import Unit
from casemgr.store.models.checkup import Checkup
from casemgr.store.models.counselling import Counselling
from casemgr.store.models.followup import Visit
from casemgr.store.models.incident import Incident
from casemgr.store.models.register import Case, CaseState, Consent
from casemgr.store.models.rehab import RehabSession
from casemgr.store.scope import lasting
from casemgr.store.session import Question
from casemgr.store.types import Day, to_days
from casemgr.store.work import Work
from casemgr.terms.consent import ConsentAnswer
from casemgr.terms.followup import HospitalState
from casemgr.terms.incident import DangerousAct
from casemgr.terms.register import Lifecycle, Management, Track

#: From so many people on, columns are read through ADBC; for fewer, starting the reader takes longer.
BULK = 20_000
#: The visits of so many people are read at a time.
LOT = 100_000
#: How many keys one statement names.
KEYS = 5_000


@dataclass(frozen=True, slots=True)
class People:
    """Whose records are read: all of some ``areas``, or those with ``keys``; ``count``: how many they are."""

    areas: tuple[int, ...]
    keys: tuple[int, ...] = ()
    count: int = 0

    @property
    def bulk(self) -> bool:
        """Whether they are so many that they are read in columns."""
        return self.count > BULK

    def parts(self, count: int) -> list[People]:
        """The same people in at most ``count`` lots, to be read side by side."""
        size = -(-len(self.areas) // count) or 1
        lots = [self.areas[at : at + size] for at in range(0, len(self.areas), size)]
        return [People(lot) for lot in lots] or [self]


class Table:
    """Columns of one table as two selects built once: the rows of some areas, and those of some cases."""

    def __init__(self, columns: Sequence[Any], area: Any, key: Any, *where: Any) -> None:
        plain = select(*columns).where(*where)
        # Named areas instead of a range: the index then also skips the days that are not asked for.
        self._by_area = lasting(plain.where(area.in_(bindparam("areas", expanding=True))))
        self._by_key = lasting(plain.where(key.in_(bindparam("keys", expanding=True))))

    def of(self, people: People, days: Mapping[str, Any]) -> list[Question]:
        """What is asked to read the rows of ``people`` on the ``days`` that the table is limited to."""
        if people.keys:
            chunks = [people.keys[at : at + KEYS] for at in range(0, len(people.keys), KEYS)]
            return [(self._by_key, {**days, "keys": chunk}) for chunk in chunks]
        return [(self._by_area, {**days, "areas": people.areas or (-1,)})]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about some people on a day, one frame per kind of record."""

    cases: pl.DataFrame
    visits: pl.DataFrame
    sessions: pl.DataFrame
    checkups: pl.DataFrame
    offences: pl.DataFrame
    talks: pl.DataFrame


def one(case_id: int) -> People:
    """A single person."""
    return People((), (case_id,))


def of_area(work: Work, low: int, high: int) -> People:
    """Everyone whose managing unit lies in the half-open range of area codes today."""
    found: list[Any] = [tuple(row) for row in work.rows(_COUNTED, low=low, high=high)]
    return People(tuple(area for area, _ in found), (), sum(count for _, count in found))


_COUNTED = lasting(
    select(Case.area, func.count())
    .where(
        Case.area >= bindparam("low", type_=BigInteger),
        Case.area < bindparam("high", type_=BigInteger),
    )
    .group_by(Case.area)
)


def known(work: Work, people: People, first: date, last: date, low: int, high: int, *, past: bool) -> Known:
    """What is known on ``last`` about the people whose managing unit then lay in ``[low, high)``.

    Records are those from ``first`` to ``last``, and earlier stays in hospital that may not have ended. Life
    cycle, diagnosis, consent and managing unit are those of the day; with ``past`` the dated histories are
    consulted for that, for today they need not be.
    """
    found = _read(work, people, _TABLES, first=first, last=last)
    if past:
        found = _as_of(work, people, found, first, last, low, high)
    visits = pl.concat([found["visits"], _earlier(work, found, first)])
    offences = pl.concat([found["told_offences"], found["incidents"]])
    return Known(
        _shaped(found["cases"]), visits, found["sessions"], found["checkups"], offences, found["talks"]
    )


def _read(work: Work, people: People, tables: Mapping[str, Table], **days: date) -> dict[str, pl.DataFrame]:
    """The rows of ``people`` in each of the tables; the visits of many people in several lots."""
    names: list[str] = []
    questions: list[Question] = []
    for name, table in tables.items():
        # One lot for each processor at least; no lot so large that reading it takes much memory.
        count = max(cpu_count() or 1, people.count // LOT)
        lots = people.parts(count) if people.bulk and name == "visits" else [people]
        for lot in lots:
            asked = table.of(lot, days)
            names += [name] * len(asked)
            questions += asked
    parts: dict[str, list[pl.DataFrame]] = {name: [] for name in tables}
    for name, frame in zip(names, work.frames(questions, bulk=people.bulk), strict=True):
        parts[name].append(frame)
    return {name: frames[0] if len(frames) == 1 else pl.concat(frames) for name, frames in parts.items()}


_CASE = (
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
    Case.management,
    Case.management_on,
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
_SESSION = (
    RehabSession.case_id.label("case"),
    RehabSession.on,
    RehabSession.form,
    RehabSession.minutes,
    RehabSession.attended,
)


_FIRST, _LAST = bindparam("first", type_=Day()), bindparam("last", type_=Day())
_TABLES = {
    "visits": Table(_VISIT, Visit.area, Visit.case_id, Visit.on.between(_FIRST, _LAST)),
    "cases": Table(_CASE, Case.area, Case.id),
    "sessions": Table(
        _SESSION, RehabSession.area, RehabSession.case_id, RehabSession.on.between(_FIRST, _LAST)
    ),
    "checkups": Table(
        (Checkup.case_id.label("case"), Checkup.on),
        Checkup.area,
        Checkup.case_id,
        Checkup.on.between(_FIRST, _LAST),
    ),
    "talks": Table(
        (Counselling.case_id.label("case"), Counselling.on, Counselling.subject),
        Counselling.area,
        Counselling.case_id,
        Counselling.on.between(_FIRST, _LAST),
    ),
    "told_offences": Table(
        (Visit.case_id.label("case"), Visit.on),
        Visit.area,
        Visit.case_id,
        Visit.on.between(_FIRST, _LAST),
        Visit.tells_offence(),
    ),
    "incidents": Table(
        (Incident.case_id.label("case"), Incident.on),
        Incident.area,
        Incident.case_id,
        Incident.on.between(_FIRST, _LAST),
        Incident.kind.in_([int(DangerousAct.OFFENCE), int(DangerousAct.CRIME)]),
    ),
    "stays": Table(
        (Visit.case_id.label("case"),),
        Visit.area,
        Visit.case_id,
        Visit.hospital == int(HospitalState.NOW),
        Visit.on < _FIRST,
    ),
}
_EARLIER = {
    "visits": Table(_VISIT, Visit.area, Visit.case_id, Visit.on < _FIRST, Visit.hospital.is_not(None))
}
_ANSWERS = {
    "answers": Table(
        (Consent.case_id.label("case"), Consent.answer, Consent.on),
        Consent.area,
        Consent.case_id,
        Consent.on <= _LAST,
    )
}


def _earlier(work: Work, found: Mapping[str, pl.DataFrame], first: date) -> pl.DataFrame:
    """What was told about hospital before ``first``, where it matters.

    Whoever was asked since needs no earlier record, and who never was in hospital neither; so few are left.
    """
    within, stays = found["visits"], found["stays"]
    if stays.is_empty():
        return within.clear()
    told = within.lazy().filter(pl.col("hospital").is_not_null())
    silent = stays.lazy().join(told, on="case", how="anti").select(pl.col("case").unique())
    keys = tuple(silent.collect(engine="in-memory")["case"].to_list())
    if not keys:
        return within.clear()
    return _read(work, People((), keys), _EARLIER, first=first)["visits"]


def _shaped(now: pl.DataFrame) -> pl.DataFrame:
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
        lost=(pl.col("management") == int(Management.LOST)).fill_null(False),
    )


# --- as known on an earlier day -------------------------------------------------------------------------


def _as_of(
    work: Work,
    people: People,
    found: dict[str, pl.DataFrame],
    first: date,
    last: date,
    low: int,
    high: int,
) -> dict[str, pl.DataFrame]:
    """The frames as they were on the day, for those who belonged to ``[low, high)`` then."""
    states = _states(work, people, last)
    if not states.is_empty():
        came_from = _units_then(work, states)
        elsewhere = came_from.filter(pl.col("area").is_between(low, high, closed="left"))
        strangers = tuple(elsewhere.join(found["cases"], on="case", how="anti")["case"].to_list())
        if strangers and not people.keys:
            more = _read(work, People((), strangers), _TABLES, first=first, last=last)
            found = {name: pl.concat([frame, more[name]]) for name, frame in found.items()}
        cases = _as_of_then(found["cases"], states, came_from)
        found["cases"] = cases.filter(pl.col("area").is_between(low, high, closed="left"))
    # A state entered since then is not yet known; the one that it ended stands in the history.
    later = pl.col("management_on") > to_days(last)
    now = found["cases"].with_columns(management=pl.when(later).then(None).otherwise("management"))
    found["cases"] = _managed_then(_consent_then(work, last, now), states)
    return found


def _states(work: Work, people: People, on: date) -> pl.DataFrame:
    """States that held on the day and have ended since.

    Of the whole access rather than of the areas alone: who has moved since belongs to another area now.
    """
    statement = select(
        CaseState.case_id.label("case"), CaseState.track, CaseState.value, CaseState.since
    ).where(
        CaseState.since <= on,
        CaseState.until > on,
        CaseState.track.in_(
            [int(one) for one in (Track.LIFECYCLE, Track.MANAGEMENT, Track.UNIT, Track.DIAGNOSIS)]
        ),
    )
    if people.keys:
        statement = statement.where(CaseState.case_id.in_(people.keys))
    # One state per track: should two overlap, the later one holds and nobody is counted twice.
    found = work.frame(statement).sort("since")
    return found.unique(["case", "track"], keep="last", maintain_order=True)


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
        return of_track.select("case", **names)

    known_then = (
        now.join(came_from.rename({"area": "area_then"}), on="case", how="left")
        .join(then(Track.DIAGNOSIS, diagnosis_then="value"), on="case", how="left")
        .join(then(Track.LIFECYCLE, lifecycle_then="value", since_then="since"), on="case", how="left")
    )
    changed = pl.col("lifecycle_then").is_not_null()
    return known_then.with_columns(
        area=pl.coalesce("area_then", "area"),
        diagnosis=pl.coalesce("diagnosis_then", "diagnosis"),
        lifecycle=pl.coalesce("lifecycle_then", "lifecycle"),
        lifecycle_on=pl.when(changed).then("since_then").otherwise("lifecycle_on"),
    ).select(now.columns)


def _managed_then(now: pl.DataFrame, states: pl.DataFrame) -> pl.DataFrame:
    """``management`` as it was on the day, by the state that has ended since."""
    ended = states.filter(pl.col("track") == int(Track.MANAGEMENT)).select("case", then="value")
    return (
        now.join(ended, on="case", how="left")
        .with_columns(management=pl.coalesce("then", "management"))
        .select(now.columns)
    )


def _consent_then(work: Work, on: date, now: pl.DataFrame) -> pl.DataFrame:
    """``consent`` as answered by the day: an answer given later is not yet known then."""
    later = now.filter(pl.col("consent_on") > to_days(on))
    if later.is_empty():
        return now
    told = _read(work, People((), tuple(later["case"].to_list())), _ANSWERS, last=on)["answers"]
    before = told.sort("on").group_by("case", maintain_order=True).agg(pl.col("answer").last())
    asked_later = pl.col("consent_on") > to_days(on)
    return (
        now.join(before, on="case", how="left")
        .with_columns(consent=pl.when(asked_later).then("answer").otherwise("consent"))
        .select(now.columns)
    )
