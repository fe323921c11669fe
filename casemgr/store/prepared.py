"""常问语句: the finished text of a select that is built once, so that asking again costs only its answer.

The text is made by the same machinery as every other select, limits of the area included; only the numbers of
the area and the parameters are filled in anew. It goes to the database through the session's own transaction
and is seen by whoever watches statements.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy.engine import Dialect
from sqlalchemy.sql.expression import Select

from casemgr.store import scope
from casemgr.store.session import WorkSession, check_tables

#: Stand in the text for the area of whoever asks; no area has such a number.
LOW, HIGH = -7_301_011, -7_301_012
LISTS = (list, tuple, set, frozenset)
#: Longer lists are asked the usual way.
LONGEST = 100
#: Texts that are kept; one for each select and number of values in a list.
MOST = 2_000

Process = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Ready:
    """One finished text: its parameters in order, who fills them, and how its rows are read."""

    sql: str
    #: Names in the order of the text, empty where the database takes parameters by name.
    order: tuple[str, ...]
    #: What is the same each time.
    fixed: Mapping[str, Any]
    #: Names that stand for the lower and the upper end of the area.
    low: tuple[str, ...]
    high: tuple[str, ...]
    #: (name in the text, parameter, place in its list or ``None``, how the value is made ready).
    given: tuple[tuple[str, str, int | None, Process | None], ...]
    row: Any
    #: (place, how the value is made a value of ours) of the columns that need it.
    read: tuple[tuple[int, Process], ...]


_kept: OrderedDict[Any, Ready | None] = OrderedDict()
_lock = threading.Lock()


def rows(session: WorkSession, statement: Any, values: Mapping[str, Any]) -> list[Any] | None:
    """All rows of a lasting select over columns, as named tuples; ``None``: it is asked the usual way."""
    found = _ask(session, statement, values)
    return None if found is None else _made(*found)


def raw(session: WorkSession, statement: Any, values: Mapping[str, Any]) -> list[Any] | None:
    """The values of the same rows one after the other as the driver has them, not yet ours."""
    found = _ask(session, statement, values, flat)
    return None if found is None else found[1]


def flat(cursor: Any) -> list[Any]:
    """All values of all rows in one list: a tuple kept for each row costs more than the row."""
    return list(chain.from_iterable(cursor))


def _ask(
    session: WorkSession,
    statement: Any,
    values: Mapping[str, Any],
    fetch: Callable[[Any], list[Any]] = lambda cursor: list(cursor.fetchall()),
) -> tuple[Ready, list[Any]] | None:
    access, _action = session.bound()
    if access.for_receiver and scope.touches(statement)[0]:
        return None  # what another department asks is limited twice, the usual way
    lengths = tuple((name, len(value)) for name, value in values.items() if isinstance(value, LISTS))
    if any(not 0 < length <= LONGEST for _, length in lengths):
        return None  # an empty list has a text of its own, and a long one is not worth keeping
    connection = session.open_connection()
    key = (statement, connection.dialect.name, lengths)
    try:
        ready = _kept[key]
    except KeyError:
        ready = _keep(key, statement, connection.dialect, values)
    if ready is None:
        return None
    filled = dict(ready.fixed)
    for name in ready.low:
        filled[name] = access.low
    for name in ready.high:
        filled[name] = access.high
    listed = {name: list(values[name]) for name, _ in lengths}
    for name, parameter, place, process in ready.given:
        value = values[parameter] if place is None else listed[parameter][place]
        filled[name] = value if process is None or value is None else process(value)
    told: Any = tuple(filled[name] for name in ready.order) if ready.order else filled
    result = connection.exec_driver_sql(ready.sql, told)
    found = fetch(result.cursor)
    result.close()
    return ready, found


def _made(ready: Ready, found: Sequence[Any]) -> list[Any]:
    make, read = ready.row._make, ready.read
    if not read:
        return [make(row) for row in found]
    made = []
    for row in found:
        cells = list(row)
        for place, process in read:
            cells[place] = process(cells[place])
        made.append(make(cells))
    return made


def _keep(key: Any, statement: Any, dialect: Dialect, values: Mapping[str, Any]) -> Ready | None:
    ready = _prepare(statement, dialect, values)
    with _lock:
        _kept[key] = ready
        while len(_kept) > MOST:
            _kept.popitem(last=False)
    return ready


def _prepare(statement: Any, dialect: Dialect, values: Mapping[str, Any]) -> Ready | None:
    """The finished text of a select; ``None`` for one that loads objects."""
    if not isinstance(statement, Select):
        return None
    described = statement.column_descriptions
    if any(one["expr"] is one.get("entity") for one in described):
        return None
    check_tables(statement)
    compiled = statement.options(*scope.criteria(LOW, HIGH)).compile(dialect=dialect)
    fixed: dict[str, Any] = {}
    low: list[str] = []
    high: list[str] = []
    given: list[tuple[str, str, int | None, Process | None]] = []
    # Raises for a parameter that was not given.
    state = compiled.construct_expanded_state(dict(values))
    expansion = state.parameter_expansion or {}
    for name, bound in compiled.binds.items():
        process = bound.type.dialect_impl(dialect).bind_processor(dialect)
        expanded = expansion.get(name)
        value = bound.effective_value
        if value in (LOW, HIGH) and bound.key not in values:
            (low if value == LOW else high).append(name)
        elif bound.key in values:
            if expanded is None:
                given.append((name, bound.key, None, process))
            else:
                given += [(one, bound.key, place, process) for place, one in enumerate(expanded)]
        elif expanded is None:
            fixed[name] = value if process is None or value is None else process(value)
        else:
            parts = value if process is None else [process(one) for one in value or ()]
            fixed |= zip(expanded, parts or (), strict=True)
    columns = statement.selected_columns
    read = []
    for place, column in enumerate(columns):
        back = column.type.dialect_impl(dialect).result_processor(dialect, None)
        if back is not None:
            read.append((place, back))
    names = [str(one["name"]) for one in described]
    return Ready(
        state.statement,
        tuple(state.positiontup or ()) if compiled.positional else (),
        fixed,
        tuple(low),
        tuple(high),
        tuple(given),
        namedtuple("Row", names, rename=True),
        tuple(read),
    )
