"""锁一·写出核对: what a flush sends is read once more as a statement, whatever checked the objects before.

The guard of :mod:`casemgr.store.scope` looks at objects; this one knows none. A row that is inserted must
carry an area of the access, a row that is changed may carry no other, and what is changed or deleted by its
key is found inside the access only, so that a stranger's row is not there for the statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Delete, Insert, Update, event
from sqlalchemy.engine import Connection, Engine

from casemgr.store.scope import AreaScoped, ForReceiver
from casemgr.store.session import LockBroken, Reach


@lru_cache(maxsize=1)
def _tables() -> Mapping[Any, bool]:
    """Tables whose rows belong to an area; whether other departments may reach them, each its own rows."""
    return {
        vars(one)["__table__"]: issubclass(one, ForReceiver)
        for one in AreaScoped.__subclasses__()
        if "__table__" in vars(one)
    }


def _check(row: Mapping[str, Any], reach: Reach, what: str, new: bool) -> None:
    """Raise unless what a row carries lies inside the access."""
    area = row.get("area") if new or "area" in row else reach.low
    if not isinstance(area, int) or not reach.low <= area < reach.high:
        raise LockBroken(f"a {what} row carries an area outside this access")
    if reach.role is None:
        return
    for name, own in (("receiver", reach.role), ("receiver_area", reach.desk)):
        if (new or name in row) and row.get(name) != own:
            raise LockBroken(f"a {what} row is not for this department")


_limited: WeakKeyDictionary[Any, dict[Reach, Any]] = WeakKeyDictionary()


def _inside(statement: Any, reach: Reach) -> Any:
    """The same statement for rows inside the access only; the mappers send the same ones again and again."""
    kept = _limited.setdefault(statement, {})
    if reach not in kept:
        columns = statement.table.c
        limits = [columns.area >= reach.low, columns.area < reach.high]
        if reach.role is not None:
            limits += [columns.receiver == reach.role, columns.receiver_area == reach.desk]
        kept[reach] = statement.where(*limits)
    return kept[reach]


def check_batch(
    connection: Connection, table: Any, names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Read the rows of a batch, values in the order of ``names``, which goes to the driver past the events.

    Raises ``LockBroken`` for a row outside the access of the transaction.
    """
    reach: Reach | None = connection.get_execution_options().get("casemgr_reach")
    departments = _tables().get(table)
    if reach is None or departments is None:
        return
    if reach.role is not None and not departments:
        raise LockBroken(f"{table.name} is closed to other departments")
    carried = [place for place, name in enumerate(names) if name in ("area", "receiver", "receiver_area")]
    for row in rows:
        _check({names[place]: row[place] for place in carried}, reach, table.name, new=True)


def watch(engine: Engine) -> None:
    """Read every statement that ``engine`` is to send from now on."""
    if not event.contains(engine, "before_execute", _outgoing):
        event.listen(engine, "before_execute", _outgoing, retval=True)


def _outgoing(
    _connection: Connection,
    statement: Any,
    many: Sequence[Mapping[str, Any]],
    one: Mapping[str, Any],
    options: Mapping[str, Any],
) -> tuple[Any, Any, Any]:
    if not isinstance(statement, Insert | Update | Delete):
        return statement, many, one
    reach: Reach | None = options.get("casemgr_reach")
    table: Any = statement.table
    departments = _tables().get(table)
    if reach is None or departments is None:
        return statement, many, one
    what = table.name
    if reach.role is not None and not departments:
        raise LockBroken(f"{what} is closed to other departments")
    if isinstance(statement, Delete):
        return _inside(statement, reach), many, one
    if table.c.area in (statement._values or ()):
        raise LockBroken(f"the area of a {what} row is written as a plain number")
    new = isinstance(statement, Insert)
    for row in many or ([one] if one or new else []):
        _check(row, reach, what, new)
    return (statement if new else _inside(statement, reach)), many, one
