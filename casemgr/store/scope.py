"""锁一·辖区: rows outside the access neither leave nor enter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import BigInteger, bindparam, event, inspect, select
from sqlalchemy.orm import Mapped, ORMExecuteState, declared_attr, mapped_column, with_loader_criteria
from sqlalchemy.orm.interfaces import ORMOption

from casemgr.store.session import LockBroken, WorkSession

S = TypeVar("S")


class AreaScoped:
    """Mixin of every row about a person or an area's figures; ``area`` is the managing unit's area code."""

    @declared_attr
    def area(cls) -> Mapped[int]:
        return mapped_column(BigInteger, nullable=False)


def criteria(low: int, high: int) -> ORMOption:
    """The loader criteria that keep ``low <= area < high``; closes over plain numbers only."""
    return with_loader_criteria(
        AreaScoped,
        lambda cls: (cls.area >= low) & (cls.area < high),
        include_aliases=True,
        track_closure_variables=True,
        propagate_to_loaders=True,
    )


_lasting: set[Any] = set()


def lasting(statement: S) -> S:
    """Say that a select is built once for the life of the process and asked again and again.

    Its limited form is then kept for each area, with the text made of it: building both anew for every
    question costs more than most answers. Never for a select that holds a value of somebody's question.
    """
    _lasting.add(statement)
    return statement


@lru_cache(maxsize=1_000)
def as_columns(statement: Any) -> Any:
    """A lasting select over one mapped class as one over its columns, for rows that are only read."""
    entity = statement.column_descriptions[0]["entity"]
    columns = [getattr(entity, one.key) for one in inspect(entity).mapper.column_attrs]
    return lasting(statement.with_only_columns(*columns, maintain_column_froms=True))


@lru_cache(maxsize=200)
def by_key(model: Any) -> Any:
    """The select that finds one object of a mapped class, its key in the parameters ``key_0``, ``key_1`` …"""
    keys = [inspect(model).get_property_by_column(one).class_attribute for one in inspect(model).primary_key]
    named = [one == bindparam(f"key_{number}", type_=one.type) for number, one in enumerate(keys)]
    return lasting(select(model).where(*named))


def is_lasting(statement: Any) -> bool:
    """Whether a select was said to be asked again and again."""
    return statement in _lasting


@lru_cache(maxsize=20_000)
def _limited(statement: Any, low: int, high: int) -> Any:
    return statement.options(criteria(low, high))


@event.listens_for(WorkSession, "do_orm_execute")
def _limit(state: ORMExecuteState) -> None:
    access, _action = state.session.bound()  # type: ignore[attr-defined]
    if state.is_column_load:
        return
    if state.is_relationship_load:
        return  # the criteria of the parent statement are propagated to its loaders
    if state.statement in _lasting:
        state.statement = _limited(state.statement, access.low, access.high)
    else:
        state.statement = state.statement.options(criteria(access.low, access.high))


def check_area(session: WorkSession, area: Any, what: str) -> None:
    """Raise unless ``area`` lies inside the session's access."""
    access = session.access
    if access is None or not isinstance(area, int) or not access.reaches(area):
        raise LockBroken(f"a {what} row would be written outside the area of this access")


def check_batch(session: WorkSession, model: type[Any], rows: Iterable[Mapping[str, Any]]) -> None:
    """The same check for every row of a batch."""
    if issubclass(model, AreaScoped):
        access = session.access
        if access is None or not all(access.low <= row["area"] < access.high for row in rows):
            raise LockBroken(f"a {model.__name__} row would be written outside the area of this access")


@event.listens_for(WorkSession, "before_flush")
def _guard_writes(session: WorkSession, _context: Any, _objects: Any) -> None:
    if session.access is None:
        raise LockBroken("this session has no access bound to it")
    for group in (session.new, session.dirty, session.deleted):
        for row in group:
            if isinstance(row, AreaScoped):
                check_area(session, row.area, type(row).__name__)
                for old in inspect(row).attrs.area.history.deleted:
                    check_area(session, old, type(row).__name__)
