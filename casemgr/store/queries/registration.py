"""建档查询: what must be known before somebody enters the register."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, select

from casemgr.store.models.area import Unit
from casemgr.store.models.audit import AuditEntry
from casemgr.store.models.register import Case
from casemgr.store.models.sheet import Draft
from casemgr.store.scope import lasting
from casemgr.store.types import Instant
from casemgr.store.work import Work

#: Who registers or corrects a person passes here one after the other (PostgreSQL; see Work.take_turn).
TURN = 7_301_014

_UNITS = lasting(
    select(Unit.id, Unit.code, Unit.name, Unit.area_code)
    .where(Unit.area_code >= bindparam("low"), Unit.area_code < bindparam("high"), Unit.active.is_(True))
    .order_by(Unit.code)
)
_OF_PEOPLE = lasting(
    select(
        Case.id,
        Case.person_id,
        Case.file_no,
        Case.area,
        Case.village,
        Case.birth_year,
        Case.lifecycle,
        Case.registered_on,
    ).where(Case.person_id.in_(bindparam("people", expanding=True)))
)
_LAST_NUMBER = lasting(
    select(func.max(Case.file_no)).where(
        Case.county == bindparam("county"), Case.file_no.like(bindparam("shape"))
    )
)


def units(work: Work, low: int, high: int) -> Sequence[Any]:
    """(id, code, name, area_code) of the units in use whose area lies in ``[low, high)``, by code."""
    return work.rows(_UNITS, low=low, high=high)


def cases_of(work: Work, people: Iterable[int]) -> Sequence[Any]:
    """The files of these people as far as the access reaches."""
    wanted = list(people)
    return work.rows(_OF_PEOPLE, people=wanted) if wanted else ()


_DRAFTS = lasting(
    select(Draft.id, Draft.saved_at)
    .where(Draft.owner == bindparam("owner"), Draft.form == bindparam("form"), Draft.case_id.is_(None))
    .order_by(Draft.saved_at.desc())
)


def drafts(work: Work, owner: int, form: str) -> Sequence[Any]:
    """(id, saved_at) of what this account has typed of a form about somebody without a file, latest first."""
    return work.rows(_DRAFTS, owner=owner, form=form)


def case(work: Work, key: int) -> Case | None:
    """One file within the access."""
    return work.get(Case, key)


def last_number(work: Work, county: int, prefix: str) -> str | None:
    """The highest file number of the county that has the shape ``prefix-00000``."""
    found = work.scalar(_LAST_NUMBER, county=county, shape=f"{prefix}-_____")
    return None if found is None else str(found)


_CHECKED = lasting(
    select(AuditEntry.row_key)
    .where(
        AuditEntry.actor == bindparam("actor", type_=BigInteger),
        AuditEntry.at > bindparam("since", type_=Instant),
        AuditEntry.verb == "search",
        AuditEntry.noun == "Elsewhere",
    )
    .distinct()
)


def checked(work: Work, actor: int, since: datetime) -> set[int]:
    """The marks of the id numbers that an account has asked the county about since an instant."""
    return {row.row_key for row in work.rows(_CHECKED, actor=actor, since=since)}
