"""在册档案查询: lists of cases, everything that belongs to one case, and who has read a person's name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, select
from sqlalchemy.orm import aliased

from casemgr.store.models.area import Area, Unit
from casemgr.store.models.audit import AuditEntry, AuditSubject
from casemgr.store.models.checkup import Checkup
from casemgr.store.models.counselling import Counselling
from casemgr.store.models.followup import DrugLine, Visit, VisitText
from casemgr.store.models.injection import Dose
from casemgr.store.models.person import Identity, Person
from casemgr.store.models.register import Case, CaseState, Consent, Supplement
from casemgr.store.models.rehab import RehabSession
from casemgr.store.scope import lasting
from casemgr.store.work import Work

#: Stands for "not assessed" where a filter asks for a class or a level.
UNASSESSED = -1

#: Names of the orders a list may have.
ORDERS = ("file_no", "visit", "registered", "age", "risk", "stability")

Village = aliased(Area)
Township = aliased(Area)
Last = aliased(Visit)


#: More files than this are not found by a part of their number at once.
MOST_BY_PART = 500


def _anywhere(part: str) -> str:
    """The pattern of texts that hold ``part``."""
    return f"%{re.sub('[/%_]', lambda mark: '/' + mark[0], part)}%"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases a list asks for; ``low <= area < high``, empty fields ask for everything.

    ``stability`` and ``risk`` (of the latest visit that reached the person) take :data:`UNASSESSED` too;
    ``nowhere`` asks for those without a village.
    """

    low: int
    high: int
    county: int | None = None
    village: int | None = None
    lifecycle: int | None = None
    diagnosis: int | None = None
    stability: int | None = None
    risk: int | None = None
    file_part: str | None = None
    people: tuple[int, ...] | None = None
    nowhere: bool | None = None

    @property
    def asked(self) -> frozenset[str]:
        """Names of the filters that are set; those of assessments that ask for none end in ``?``."""
        names = [name for name in FILTERS if getattr(self, name) is not None]
        return frozenset(f"{name}?" if getattr(self, name) == UNASSESSED else name for name in names)

    @property
    def values(self) -> dict[str, Any]:
        """The values behind :attr:`asked`."""
        names = [name for name in FILTERS[:-1] if getattr(self, name) not in (None, UNASSESSED)]
        given = {f"w_{name}": getattr(self, name) for name in ("low", "high", *names)}
        if self.file_part is not None:
            given["w_file_part"] = _anywhere(self.file_part)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}


FILTERS = (
    "county", "village", "lifecycle", "diagnosis", "stability", "risk", "file_part", "people", "nowhere",
)  # fmt: skip


def _at_last_visit(column: Any, case: Any = Case) -> Any:
    """A value found at the latest visit that reached the person; one step down the index of (case, day)."""
    return (
        select(column)
        .where(Visit.case_id == case.id, Visit.loss_reason.is_(None))
        .order_by(Visit.on.desc())
        .limit(1)
        .correlate(case)
        .scalar_subquery()
    )


def _conditions(asked: frozenset[str]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Case.area >= bindparam("w_low"), Case.area < bindparam("w_high")]
    for name, column in (
        # Said as an equation, the index that begins with the county gives the order of a whole county.
        ("county", Case.county),
        ("village", Case.village),
        ("lifecycle", Case.lifecycle),
        ("diagnosis", Case.diagnosis),
    ):
        if name in asked:
            found.append(column == bindparam(f"w_{name}"))
    for name, column in (("stability", Visit.stability), ("risk", Visit.risk)):
        if name in asked:
            found.append(_at_last_visit(column) == bindparam(f"w_{name}"))
        elif f"{name}?" in asked:
            found.append(_at_last_visit(column).is_(None))
    if "nowhere" in asked:
        found.append(Case.village.is_(None))
    if "people" in asked:
        found.append(Case.person_id.in_(bindparam("w_people", expanding=True)))
    if "file_part" in asked:
        found.append(Case.file_no.ilike(bindparam("w_file_part"), escape="/"))
    return found


def _order(name: str, down: bool, case: Any = Case) -> list[Any]:
    first: Any = {
        "file_no": lambda: case.file_no,
        "visit": lambda: _at_last_visit(Visit.on, case),
        "registered": lambda: case.registered_on,
        "age": lambda: case.birth_year,
        "risk": lambda: _at_last_visit(Visit.risk, case),
        "stability": lambda: _at_last_visit(Visit.stability, case),
    }[name]()
    if name == "age":
        down = not down  # the oldest have the lowest year
    if name == "file_no":
        return [first.desc() if down else first]
    # Whoever was never seen comes first when the longest waiting come first, on both databases alike.
    unknown_first = name == "visit" and not down
    empty = first.is_(None).desc() if unknown_first else first.is_(None)
    return [empty, first.desc() if down else first, case.file_no]


#: What a list needs of the case itself.
_OF_CASE = (
    Case.id,
    Case.person_id,
    Case.area,
    Case.file_no,
    Case.village,
    Case.sex,
    Case.birth_year,
    Case.diagnosis,
    Case.registered_on,
    Case.lifecycle,
    Case.lifecycle_on,
    Case.management,
)


def _shown(case: Any, *more: Any) -> Any:
    """What a list shows of ``case``: the file, where the person lives, the latest visit that reached them."""
    tried = select(func.max(Visit.on)).where(Visit.case_id == case.id).correlate(case).scalar_subquery()
    return (
        select(
            case.id,
            case.person_id,
            case.file_no,
            case.area,
            Township.name.label("area_name"),
            case.sex,
            case.birth_year,
            Village.name.label("village_name"),
            case.diagnosis,
            case.registered_on,
            case.lifecycle,
            case.lifecycle_on,
            case.management,
            Last.on.label("seen_on"),
            Last.mode,
            Last.stability,
            Last.risk,
            tried.label("tried_on"),
            *more,
        )
        .outerjoin(Township, Township.code == case.area)
        .outerjoin(Village, Village.code == case.village)
        .outerjoin(Last, and_(Last.case_id == case.id, Last.on == _at_last_visit(Visit.on, case)))
    )


# Selects that take parameters are built once: building one anew costs more than running it.


@cache
def _count(asked: frozenset[str]) -> Any:
    return lasting(select(func.count(Case.id)).where(*_conditions(asked)))


@cache
def _page(asked: frozenset[str], order: str, down: bool, counted: bool, named: bool) -> Any:
    # First the few cases of the page, then what is shown of each: nothing is looked up for the others.
    total = [func.count().over().label("total")] if counted else []
    chosen = (
        select(*_OF_CASE, *total)
        .where(*_conditions(asked))
        .order_by(*_order(order, down))
        .limit(bindparam("w_size"))
        .offset(bindparam("w_offset"))
        .subquery()
    )
    of_page = aliased(Case, chosen)
    more = [chosen.c.total] if counted else []
    if not named:
        return lasting(_shown(of_page, *more).order_by(*_order(order, down, of_page)))
    shown = _shown(of_page, *more, Identity.name)
    joined = shown.outerjoin(Identity, Identity.person_id == of_page.person_id)
    return lasting(joined.order_by(*_order(order, down, of_page)))


_BY_IDS = lasting(_shown(Case).where(Case.id.in_(bindparam("cases", expanding=True))))


def count(work: Work, wanted: Wanted) -> int:
    """How many cases a list has."""
    return int(work.scalar(_count(wanted.asked), **wanted.values) or 0)


def page(
    work: Work, wanted: Wanted, order: str, down: bool, size: int, offset: int, *, counted: bool, named: bool
) -> Sequence[Any]:
    """One page of a list in its order: ``size`` rows from ``offset``; see :func:`_shown`.

    ``counted`` adds to each row how many the whole list has (``total``), which is cheap for a township only;
    ``named`` adds the sealed name.
    """
    statement = _page(wanted.asked, order, down, counted, named)
    return work.rows(statement, **wanted.values, w_size=size, w_offset=offset)


def by_ids(work: Work, cases: Sequence[int]) -> Sequence[Any]:
    """What a list shows of each of these cases, in no particular order."""
    return work.rows(_BY_IDS, cases=list(cases)) if cases else ()


_CASE = lasting(
    select(
        Case,
        Person,
        Supplement,
        Unit.name.label("unit_name"),
        Township.name.label("township_name"),
        Village.name.label("village_name"),
    )
    .join(Person, Person.id == Case.person_id)
    .join(Unit, Unit.id == Case.unit_id)
    .outerjoin(Supplement, Supplement.case_id == Case.id)
    .outerjoin(Township, Township.code == Case.area)
    .outerjoin(Village, Village.code == Case.village)
    .where(Case.id == bindparam("case"))
)
_OF: Any = bindparam("case")
_SINCE: Any = bindparam("since")
_VISITS = lasting(select(Visit).where(Visit.case_id == _OF, Visit.on >= _SINCE).order_by(Visit.on.desc()))
_OLDER_VISITS = lasting(
    select(func.count(Visit.id), func.min(Visit.on)).where(Visit.case_id == _OF, Visit.on < _SINCE)
)
_DOSES = lasting(select(Dose).where(Dose.case_id == _OF, Dose.on >= _SINCE).order_by(Dose.on.desc()))
_SESSIONS = lasting(
    select(RehabSession)
    .where(RehabSession.case_id == _OF, RehabSession.on >= _SINCE)
    .order_by(RehabSession.on.desc())
)
_TALKS = lasting(
    select(Counselling)
    .where(Counselling.case_id == _OF, Counselling.on >= _SINCE)
    .order_by(Counselling.on.desc())
)
_CHECKUPS = lasting(select(Checkup).where(Checkup.case_id == _OF).order_by(Checkup.on.desc()))
_STATES = lasting(
    select(CaseState)
    .where(CaseState.case_id == _OF)
    .order_by(CaseState.since.desc(), CaseState.track, CaseState.id.desc())
)
_CONSENTS = lasting(
    select(Consent).where(Consent.case_id == _OF).order_by(Consent.on.desc(), Consent.id.desc())
)
_DRUG_LINES = lasting(
    select(DrugLine)
    .where(DrugLine.visit_id == bindparam("visit"))
    .order_by(DrugLine.guidance, DrugLine.position)
)
_VISIT_TEXTS = lasting(
    select(Visit.on, VisitText)
    .join(VisitText, VisitText.visit_id == Visit.id)
    .where(Visit.case_id == _OF, Visit.on >= _SINCE)
    .order_by(Visit.on.desc())
)


def case(work: Work, key: int) -> Any:
    """(Case, Person, Supplement or None, names of unit, township, village) of one case; ``None`` outside."""
    return work.row(_CASE, case=key)


def visits(work: Work, key: int, since: date) -> list[Visit]:
    """Visits of one case from ``since`` on, latest first."""
    return work.facts(_VISITS, case=key, since=since)


def older_visits(work: Work, key: int, before: date) -> Any:
    """(how many, first day) of the visits before ``before``."""
    return work.row(_OLDER_VISITS, case=key, since=before)


def drug_lines(work: Work, visit: int) -> list[DrugLine]:
    """Medicines written down at one visit, in the order of the form."""
    return work.facts(_DRUG_LINES, visit=visit)


def visit_texts(work: Work, key: int, since: date) -> Sequence[Any]:
    """(day, VisitText) of the visits of one case from ``since`` on that have free texts, latest first."""
    return work.rows(_VISIT_TEXTS, case=key, since=since)


def doses(work: Work, key: int, since: date) -> list[Dose]:
    """Long-acting injections of one case from ``since`` on, latest first."""
    return work.facts(_DOSES, case=key, since=since)


def talks(work: Work, key: int, since: date) -> list[Counselling]:
    """Talks of support of one case from ``since`` on, latest first."""
    return work.facts(_TALKS, case=key, since=since)


def sessions(work: Work, key: int, since: date) -> list[RehabSession]:
    """Rehabilitation sessions of one case from ``since`` on, latest first."""
    return work.facts(_SESSIONS, case=key, since=since)


def checkups(work: Work, key: int) -> list[Checkup]:
    """All check-ups of one case, latest first."""
    return work.facts(_CHECKUPS, case=key)


def states(work: Work, key: int) -> list[CaseState]:
    """The dated states of one case, latest first."""
    return work.facts(_STATES, case=key)


def consents(work: Work, key: int) -> list[Consent]:
    """The answers about 知情同意 of one case, latest first."""
    return work.facts(_CONSENTS, case=key)


_PERSON_OF = lasting(select(Case.person_id).where(Case.id == _OF))
_UNITS = lasting(select(Unit.id, Unit.name).where(Unit.id.in_(bindparam("keys", expanding=True))))
_READINGS = lasting(
    select(AuditEntry)
    .join(AuditSubject, AuditSubject.seq == AuditEntry.seq)
    .where(AuditSubject.person_id == bindparam("person"))
    .order_by(AuditEntry.seq.desc())
    .limit(bindparam("most"))
)


def person_of(work: Work, key: int) -> int | None:
    """The person of a case inside the access, ``None`` otherwise."""
    found = work.scalar(_PERSON_OF, case=key)
    return None if found is None else int(found)


def unit_names(work: Work, keys: Sequence[int]) -> dict[int, str]:
    """Names of managing units by key."""
    return {row.id: row.name for row in work.rows(_UNITS, keys=list(keys))} if keys else {}


def readings(work: Work, person: int, limit: int) -> list[AuditEntry]:
    """The latest acts in which this person's identity was opened, latest first."""
    return work.facts(_READINGS, person=person, most=limit)


_VILLAGES = lasting(
    select(Case.village, Village.name, func.count(Case.id).label("registered"))
    .outerjoin(Village, Village.code == Case.village)
    .where(
        Case.area >= bindparam("low"), Case.area < bindparam("high"), Case.lifecycle == bindparam("lifecycle")
    )
    .group_by(Case.village, Village.name)
    .order_by(Case.village.is_(None), Case.village)
)


def village_counts(work: Work, low: int, high: int, lifecycle: int) -> Sequence[Any]:
    """(village, its name, cases of this life cycle) of an area; those without a village last."""
    return work.rows(_VILLAGES, low=low, high=high, lifecycle=lifecycle)


def people_with_file_part(work: Work, part: str) -> list[int]:
    """People inside the access whose file number holds ``part``, at most :data:`MOST_BY_PART`."""
    holds = Case.file_no.ilike(_anywhere(part), escape="/")
    return work.entities(select(Case.person_id).where(holds).order_by(Case.id).limit(MOST_BY_PART))
