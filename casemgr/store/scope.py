"""锁一·辖区: rows outside the access neither leave nor enter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import BigInteger, Boolean, SmallInteger, bindparam, event, false, inspect, select
from sqlalchemy.orm import Mapped, ORMExecuteState, declared_attr, mapped_column, with_loader_criteria
from sqlalchemy.orm.interfaces import ORMOption
from sqlalchemy.sql import visitors

from casemgr.store.session import LockBroken, WorkSession

if TYPE_CHECKING:
    from casemgr.rules.access import Access

S = TypeVar("S")


class AreaScoped:
    """Mixin of every row about a person or an area's figures; ``area`` is the managing unit's area code."""

    @declared_attr
    def area(cls) -> Mapped[int]:
        return mapped_column(BigInteger, nullable=False)


class Lockable:
    """Mixin of rows that name a person: once the person has left the register they are kept and not read."""

    locked: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), nullable=False)


class ForReceiver:
    """Mixin of the rows that another department may reach: those of its own role and area, and no others.

    For a village doctor or a hospital ``receiver_area`` holds the key of the post.
    """

    @declared_attr
    def receiver(cls) -> Mapped[int]:
        return mapped_column(SmallInteger, nullable=False)

    @declared_attr
    def receiver_area(cls) -> Mapped[int]:
        return mapped_column(BigInteger, nullable=False)


def for_receiver(role: int, desk: int) -> ORMOption:
    """The further criteria of an access that works for another department or a post."""
    return with_loader_criteria(
        ForReceiver,
        lambda cls: (cls.receiver == role) & (cls.receiver_area == desk),
        include_aliases=True,
        track_closure_variables=True,
        propagate_to_loaders=True,
    )


_touched: WeakKeyDictionary[Any, tuple[bool, bool]] = WeakKeyDictionary()


def touches(statement: Any) -> tuple[bool, bool]:
    """Whether a select touches rows of an area at all, and whether one of them is closed to departments."""
    found = _touched.get(statement)
    if found is None:
        classes = {one for one in map(_mapped, visitors.iterate(statement)) if one is not None}
        scoped = {one for one in classes if issubclass(one, AreaScoped)}
        found = bool(scoped), any(not issubclass(one, ForReceiver) for one in scoped)
        _touched[statement] = found
    return found


def _mapped(element: Any) -> Any:
    entity = getattr(element, "_annotations", {}).get("parententity")
    return getattr(getattr(entity, "mapper", None), "class_", None)


def _in_area(low: int, high: int) -> ORMOption:
    """The loader criterion of the area."""
    return with_loader_criteria(
        AreaScoped,
        lambda cls: (cls.area >= low) & (cls.area < high),
        include_aliases=True,
        track_closure_variables=True,
        propagate_to_loaders=True,
    )


def criteria(low: int, high: int) -> tuple[ORMOption, ...]:
    """The loader criteria that keep ``low <= area < high`` and leave out what is locked.

    They close over plain numbers only.
    """
    return (
        _in_area(low, high),
        with_loader_criteria(
            Lockable, lambda cls: cls.locked.is_(False), include_aliases=True, propagate_to_loaders=True
        ),
    )


#: Selects with this option may also find what is locked, in a unit of work that decides about it.
LOCKED_TOO = "casemgr_locked_too"
#: The only use in which somebody is let back; see :mod:`casemgr.services.rights`.
UNLOCKS = "rights:write"


def with_locked(statement: Any) -> Any:
    """A select that also finds what is locked, where the action of the unit of work may decide about it."""
    return statement.execution_options(**{LOCKED_TOO: True})


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
    return statement.options(*criteria(low, high))


@event.listens_for(WorkSession, "do_orm_execute")
def _limit(state: ORMExecuteState) -> None:
    access, action = state.session.bound()  # type: ignore[attr-defined]
    if state.is_column_load:
        return
    if state.execution_options.get(LOCKED_TOO):
        if access.for_receiver or action.code != UNLOCKS:
            raise LockBroken("what is locked is read by nobody but whoever decides about it")
        state.statement = state.statement.options(_in_area(access.low, access.high))
        return
    if access.for_receiver:
        if touches(state.statement)[1]:
            raise LockBroken("another department reads what is there for it and nothing else")
        own = for_receiver(int(access.role), access.desk)
        state.statement = state.statement.options(*criteria(access.low, access.high), own)
        return
    if state.is_relationship_load:
        return  # the criteria of the parent statement are propagated to its loaders
    if state.statement in _lasting:
        state.statement = _limited(state.statement, access.low, access.high)
    else:
        state.statement = state.statement.options(*criteria(access.low, access.high))


def check_area(session: WorkSession, area: Any, what: str) -> None:
    """Raise unless ``area`` lies inside the session's access."""
    access = session.access
    if access is None or not isinstance(area, int) or not access.reaches(area):
        raise LockBroken(f"a {what} row would be written outside the area of this access")


def check_batch(session: WorkSession, model: type[Any], rows: Iterable[Mapping[str, Any]]) -> None:
    """The same check for every row of a batch."""
    if issubclass(model, AreaScoped):
        access = session.access
        if access is not None and access.for_receiver:
            raise LockBroken("another department writes one row at a time")
        if access is None or not all(access.low <= row["area"] < access.high for row in rows):
            raise LockBroken(f"a {model.__name__} row would be written outside the area of this access")


def _is_its_own(access: Access, row: Any) -> bool:
    """Whether a row is there for the department of this access, now and as it was loaded."""
    if not isinstance(row, ForReceiver):
        return False
    states = inspect(row).attrs
    moved = [*states.receiver.history.deleted, *states.receiver_area.history.deleted]
    return not moved and (row.receiver, row.receiver_area) == (int(access.role), access.desk)


@event.listens_for(WorkSession, "before_flush")
def _guard_writes(session: WorkSession, _context: Any, _objects: Any) -> None:
    access = session.access
    if access is None:
        raise LockBroken("this session has no access bound to it")
    for group in (session.new, session.dirty, session.deleted):
        for row in group:
            if isinstance(row, AreaScoped):
                if access.for_receiver and not _is_its_own(access, row):
                    raise LockBroken(f"a {type(row).__name__} row is not for this department")
                check_area(session, row.area, type(row).__name__)
                for old in inspect(row).attrs.area.history.deleted:
                    check_area(session, old, type(row).__name__)
