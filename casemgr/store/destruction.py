"""销毁: the rows of whole files go, table by table, and are counted; for the one service that may ask for it.

What a file consists of is read from the tables themselves: every table with a ``case_id`` belongs to the
medical part unless it proves why and to whom something was given (:data:`COVER`). So a new table is destroyed
with the file it belongs to without anybody remembering it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, inspect, select

from casemgr.store import models
from casemgr.store.models.person import Guardian, Identity, Person
from casemgr.store.models.register import Case
from casemgr.store.scope import check_area
from casemgr.store.session import unit_of_work_writes
from casemgr.store.types import EPOCH, Day, Instant
from casemgr.store.work import Work

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: Kept as long as the file is proved by them: consents, requests, what was given to whom, who was let look.
COVER = frozenset(
    {
        "BenefitClaim",
        "CaseState",
        "ComparisonQuestion",
        "Consent",
        "DestroyedFile",
        "DutyReview",
        "Glass",
        "ReceiverNotice",
        "RequestPerson",
        "RetentionHold",
        "RightsRequest",
        "ShareConsent",
    }
)
#: Not entries into the record: what the machine derives, who asked or looked, what was given, what is held.
NOT_ENTRIES = frozenset(
    {
        "ComparisonQuestion",
        "DestroyedFile",
        "Duty",
        "Glass",
        "Question",
        "ReceiverNotice",
        "RequestPerson",
        "RetentionHold",
        "RightsRequest",
    }
)
OF_PERSON = (Identity, Guardian)
#: How many keys one statement names.
KEYS = 500


@cache
def tables_of_case() -> tuple[type[Any], ...]:
    """Every table whose rows belong to one file."""
    found = (getattr(models, name) for name in models.__all__)
    return tuple(one for one in found if "case_id" in one.__table__.c)


@cache
def tables_by_key() -> tuple[type[Any], ...]:
    """Tables tied to a file by its key alone; they go with the cover. The ledger stays: it names nobody."""
    found = (getattr(models, name) for name in models.__all__)
    return tuple(one for one in found if "file_key" in one.__table__.c and one is not models.LedgerLine)


@cache
def tables_of_visit() -> tuple[type[Any], ...]:
    """Tables whose rows belong to one visit; they would go with it, but uncounted."""
    found = (getattr(models, name) for name in models.__all__)
    return tuple(one for one in found if "visit_id" in one.__table__.c and "case_id" not in one.__table__.c)


@cache
def medical() -> tuple[type[Any], ...]:
    """The tables of the medical part."""
    return tuple(one for one in tables_of_case() if one.__name__ not in COVER)


@cache
def _days_of(model: type[Any]) -> tuple[Any, ...]:
    return tuple(
        attribute.class_attribute
        for attribute in inspect(model).column_attrs
        if isinstance(attribute.columns[0].type, Day | Instant)
    )


def day_of_key(key: int) -> date:
    """The day on which a key was made; keys rise with time."""
    at = datetime.fromtimestamp((key >> 21) / 1000, UTC)
    return at.astimezone(SHANGHAI).date()


def _as_day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).date()
    return value if isinstance(value, date) else None


def last_days(work: Work, cases: Sequence[int]) -> dict[int, date]:
    """The last day of every file: the newest key, day or instant of any entry into it, in any table.

    A day in the future (the next visit, a term) counts too: it can only keep a file longer.
    """
    found: dict[int, date] = dict.fromkeys(cases, EPOCH)
    for start in range(0, len(cases), KEYS):
        part = list(cases[start : start + KEYS])
        everything: list[Any] = [one for one in tables_of_case() if one.__name__ not in NOT_ENTRIES]
        everything.append(Case)
        for model in everything:
            of = model.id if model is Case else model.case_id
            key = inspect(model).primary_key[0]
            newest = [func.max(inspect(model).get_property_by_column(key).class_attribute)]
            newest += [func.max(column) for column in _days_of(model)]
            for row in work.rows(select(of, *newest).where(of.in_(part)).group_by(of)):
                case, newest_key, *rest = tuple(row)
                days = [_as_day(value) for value in rest]
                if newest_key != case:
                    days.append(day_of_key(int(newest_key)))
                found[case] = max(found[case], *(day for day in days if day is not None), EPOCH)
        for case in part:
            found[case] = max(found[case], day_of_key(case))
    return found


def with_entries(work: Work, cases: Sequence[int]) -> set[int]:
    """Those of these files that have an entry in their medical part."""
    found: set[int] = set()
    for start in range(0, len(cases), KEYS):
        part = list(cases[start : start + KEYS])
        for model in (one for one in medical() if one.__name__ not in NOT_ENTRIES):
            wanted = select(model.case_id).where(model.case_id.in_(part)).distinct()
            found |= {row.case_id for row in work.rows(wanted)}
    return found


def _gone(work: Work, model: type[Any], column: Any, keys: Sequence[int]) -> int:
    count = 0
    connection = work.session.open_connection()
    for start in range(0, len(keys), KEYS):
        statement = delete(model.__table__).where(column.in_(list(keys[start : start + KEYS])))
        with unit_of_work_writes():
            count += connection.execute(statement).rowcount
    return count


def _gone_with_visits(work: Work, model: type[Any], cases: Sequence[int]) -> int:
    count = 0
    connection, visit = work.session.open_connection(), models.Visit.__table__
    for start in range(0, len(cases), KEYS):
        part = list(cases[start : start + KEYS])
        of = select(visit.c.id).where(visit.c.case_id.in_(part))
        with unit_of_work_writes():
            found = connection.execute(delete(model.__table__).where(model.__table__.c.visit_id.in_(of)))
        count += found.rowcount
    return count


def _told(work: Work, gone: Iterator[tuple[type[Any], int]], purpose: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for model, count in gone:
        if count:
            counts[model.__tablename__] = counts.get(model.__tablename__, 0) + count
            work.note("destroy", model.__name__, count=count, purpose=purpose)
    return counts


def destroy_medical(work: Work, area: int, cases: Sequence[int], purpose: str) -> dict[str, int]:
    """Destroy the medical part of these files of one area; rows by table. Each table is an audit entry.

    Whoever calls has asked :func:`casemgr.rules.retention.is_over` about each of them.
    """
    check_area(work.session, area, "file")
    work.flush()

    def gone() -> Iterator[tuple[type[Any], int]]:
        for model in tables_of_visit():
            yield model, _gone_with_visits(work, model, cases)
        for model in medical():
            yield model, _gone(work, model, model.__table__.c.case_id, cases)

    return _told(work, gone(), purpose)


def destroy_cover(work: Work, area: int, person: int, cases: Sequence[int], purpose: str) -> dict[str, int]:
    """Destroy what is left of one person: consents, copies for departments, identity, the files themselves.

    Rows that are locked, and that no reading finds any more, go as well.
    """
    check_area(work.session, area, "person")
    work.flush()

    def gone() -> Iterator[tuple[type[Any], int]]:
        for model in (one for one in tables_of_case() if one is not Case):
            yield model, _gone(work, model, model.__table__.c.case_id, cases)
        for model in tables_by_key():
            yield model, _gone(work, model, model.__table__.c.file_key, cases)
        for model in OF_PERSON:
            yield model, _gone(work, model, model.__table__.c.person_id, [person])
        yield Case, _gone(work, Case, Case.__table__.c.id, cases)
        yield Person, _gone(work, Person, Person.__table__.c.id, [person])

    return _told(work, gone(), purpose)
