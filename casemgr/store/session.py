"""会话: a database session that refuses every road around the locks.

Only ORM selects are read and only the unit of work writes. Text, core statements on tables, bulk
statements, raw connections and the bulk helpers are refused; without a bound access nothing works.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from flask_sqlalchemy.session import Session
from sqlalchemy import Column, event, inspect, select, text
from sqlalchemy.orm import ORMExecuteState
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnClause, TextClause
from sqlalchemy.sql.expression import Select
from sqlalchemy.sql.selectable import CompoundSelect, Join, TableClause

if TYPE_CHECKING:
    from casemgr.rules.access import Access, Action


REACH = text(
    "SELECT set_config('casemgr.low', :low, true), set_config('casemgr.high', :high, true), "
    "set_config('casemgr.receiver', :receiver, true)"
)


#: A select over plain columns with the values of its bound parameters.
Question = tuple[Select[Any], Mapping[str, Any]]


class Reach(NamedTuple):
    """What a connection knows of the access it works for; ``role`` and ``desk`` are another department's."""

    low: int
    high: int
    role: int | None = None
    desk: int | None = None


class LockBroken(RuntimeError):
    """Code tried to walk around a lock; a programming error, never a person's mistake."""


_writing: ContextVar[bool] = ContextVar("casemgr_unit_of_work_writes", default=False)


#: Read every text that goes to the database by another way than the session (columns in bulk).
READERS: list[Callable[[str, str], None]] = []


def by_unit_of_work() -> bool:
    """Whether a statement running now was sent by a flush or by a checked batch."""
    return _writing.get()


@contextmanager
def unit_of_work_writes() -> Iterator[None]:
    """The two checked ways of writing announce themselves here, for the verifier."""
    token = _writing.set(True)
    try:
        yield
    finally:
        _writing.reset(token)


class WorkSession(Session):
    """The one session class; see :func:`casemgr.store.work.open_work` for the way to a working one."""

    access: Access | None = None
    action: Action | None = None
    internal: bool = False
    _opened: Any = None

    def bind_access(self, access: Access, action: Action) -> None:
        """Bind once; a second access needs a second session (no reuse of objects loaded more widely)."""
        if self.access is not None:
            raise LockBroken("an access is already bound to this session")
        self.access = access
        self.action = action

    def bound(self) -> tuple[Access, Action]:
        """The access and action of this session; :class:`LockBroken` when there are none."""
        if self.access is None or self.action is None:
            raise LockBroken("this session has no access bound to it")
        return self.access, self.action

    def _refused(self, *_: Any, **__: Any) -> NoReturn:
        raise LockBroken("writing goes through the unit of work, one object or one checked batch at a time")

    connection = _refused
    bulk_save_objects = _refused
    bulk_insert_mappings = _refused
    bulk_update_mappings = _refused

    def flush(self, objects: Any = None) -> None:
        """Send what is pending, checked by the listeners of scope and audit."""
        with unit_of_work_writes():
            super().flush(objects)

    def get(self, entity: Any, ident: Any, **_: Any) -> Any:
        """The object with this key if it lies inside the access; always asked of the database."""
        keys = inspect(entity).primary_key
        values = ident if isinstance(ident, tuple) else (ident,)
        attributes = [inspect(entity).get_property_by_column(key).class_attribute for key in keys]
        matching = [attribute == value for attribute, value in zip(attributes, values, strict=True)]
        return self.scalars(select(entity).where(*matching)).first()

    def start(self, writes: bool) -> None:
        """Begin the transaction, taking the writer's place at once when ``writes``; for store/ only."""
        access, _action = self.bound()
        options = {
            "casemgr_writes": writes,
            "casemgr_receiver": access.for_receiver,
            "casemgr_reach": Reach(
                access.low, access.high, *((int(access.role), access.desk) if access.for_receiver else ())
            ),
        }
        connection = self._opened = super().connection(execution_options=options)
        if connection.dialect.name == "postgresql":
            connection.execute(REACH, self.reach())

    def reach(self) -> dict[str, str]:
        """What the database is told about this access, for its own row policies."""
        access, _action = self.bound()
        receiver = f"{int(access.role)}:{access.desk}" if access.for_receiver else ""
        return {"low": str(access.low), "high": str(access.high), "receiver": receiver}

    def open_connection(self) -> Any:
        """The connection of the running transaction; for store/ only."""
        return self._opened if self._opened is not None and self.in_transaction() else super().connection()


def _unmapped(element: Any) -> bool:
    return isinstance(element, TableClause | Column) and "parententity" not in element._annotations


def _written(element: Any) -> bool:
    """Whether SQL stands here as it was typed: a piece of text is put beside the limits, not inside them."""
    if isinstance(element, Select):
        return bool(element._prefixes or element._suffixes or element._hints or element._statement_hints)
    if isinstance(element, ColumnClause):
        return element.is_literal and element.name != "*"  # the star of count(*)
    return isinstance(element, TextClause)


#: Selects that have passed already; those built once and asked often are not walked again.
_known: weakref.WeakSet[Any] = weakref.WeakSet()


def check_tables(statement: Any) -> None:
    """Refuse a select that names a table or a table's column directly, or holds SQL as text."""
    if statement in _known:
        return
    for element in visitors.iterate(statement):
        if _written(element):
            raise LockBroken("a select is built from mapped classes, without pieces of SQL")
        named: list[Any] = []
        if isinstance(element, Column):
            named = [element]
        elif isinstance(element, Select):
            named = [*element._raw_columns, *element._from_obj]
        elif isinstance(element, Join):
            named = [element.left, element.right]
        if any(_unmapped(one) for one in named):
            raise LockBroken("tables are read through their mapped classes only")
    _known.add(statement)


@event.listens_for(WorkSession, "do_orm_execute")
def _only_orm_selects(state: ORMExecuteState) -> None:
    state.session.bound()  # type: ignore[attr-defined]
    if state.is_column_load or state.is_relationship_load:
        return
    statement = state.statement
    if not state.is_select or not isinstance(statement, Select | CompoundSelect):
        raise LockBroken("only selects over mapped classes are executed")
    if not state.is_orm_statement:
        raise LockBroken("only selects over mapped classes are executed")
    check_tables(statement)


@event.listens_for(WorkSession, "detached_to_persistent")
def _no_strangers(_session: WorkSession, row: Any) -> None:
    # An object made to look as if it had been loaded would be refreshed and written by its key alone.
    raise LockBroken(f"a {type(row).__name__} enters a unit of work by being read or by being new")


@event.listens_for(WorkSession, "after_begin")
def _needs_access(session: WorkSession, _transaction: Any, _connection: Any) -> None:
    if session.access is None:
        raise LockBroken("this session has no access bound to it")
