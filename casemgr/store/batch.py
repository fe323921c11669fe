"""成批写入: many rows of one table laid down in one statement, sealed and converted on the way.

Same checks and same bytes as row by row, without the cost of an object per row; for the unit of work alone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import insert
from sqlalchemy.engine import Connection, Dialect

from casemgr.store import outgoing
from casemgr.store.types import Plain, Sealed, Secret
from casemgr.store.vault import Place, Vault

#: Small enough to stay in the processor's cache from one pass over the rows to the next.
BATCH = 500
PLAIN_FORM = frozenset({int, bool, type(None)})
Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Insertion:
    """One insert statement for one set of columns; ``order`` is that of its parameters."""

    text: str
    order: tuple[str, ...]
    positional: bool
    constants: tuple[tuple[str, Any], ...]
    sealed: tuple[tuple[int, Place], ...]
    converted: tuple[tuple[int, Convert], ...]
    key: int


@lru_cache(maxsize=256)
def _insertion(model: Any, given: tuple[str, ...], dialect: Dialect) -> _Insertion:
    table = model.__table__
    unknown = [name for name in given if name not in table.c]
    if unknown:
        raise TypeError(f"{model.__name__} has no column {', '.join(unknown)}")
    constants = tuple(
        (column.key, column.default.arg)
        for column in table.c
        if column.key not in given and column.default is not None and column.default.is_scalar
    )
    names = [*given, *(name for name, _ in constants)]
    compiled = insert(table).compile(dialect=dialect, column_keys=names)
    order = tuple(compiled.positiontup or names)
    sealed, converted = [], []
    for index, name in enumerate(order):
        kind = table.c[name].type
        if isinstance(kind, Sealed):
            sealed.append((index, kind.place))
        elif processor := kind.dialect_impl(dialect).bind_processor(dialect):
            converted.append((index, processor))
    key = order.index(getattr(model, "row_key", None) or next(iter(table.primary_key)).key)
    return _Insertion(
        str(compiled), order, bool(compiled.positional), constants, tuple(sealed), tuple(converted), key
    )


def _sealed(vault: Vault, place: Place, keys: Sequence[int], values: Sequence[Any]) -> Iterator[bytes | None]:
    """One column's values sealed for their rows; what was sealed before passes as it is."""
    seal = vault.sealer(place)
    for key, value in zip(keys, values, strict=True):
        if value is None:
            yield None
        elif value.__class__ is Plain:
            yield seal(key, value._text)
        elif isinstance(value, Secret) and value.place == place:
            yield value._sealed
        else:
            raise TypeError(f"{place.table}.{place.column} takes Plain(…) through the unit of work only")


def _parameters(plan: _Insertion, vault: Vault, rows: Sequence[Mapping[str, Any]]) -> list[Sequence[Any]]:
    """The rows as the driver takes them, in the order of the statement."""
    constants = dict(plan.constants)
    width = len(plan.order) - len(constants)
    if any(len(row) != width for row in rows):
        raise TypeError("all rows of a batch have the same columns")
    if constants:
        rows = [{**constants, **row} for row in rows]
    order = plan.order
    other: list[tuple[int, Iterable[Any]]] = []
    for index, place in plan.sealed:
        values = [row[order[index]] for row in rows]
        other.append((index, _sealed(vault, place, [row[order[plan.key]] for row in rows], values)))
    for index, convert in plan.converted:
        values = [row[order[index]] for row in rows]
        # Days, instants, codes and flags in their plain form need nothing.
        if not {value.__class__ for value in values} <= PLAIN_FORM:
            other.append((index, [None if value is None else convert(value) for value in values]))
    parameters: list[Sequence[Any]] = list(map(itemgetter(*order), rows))
    if other:
        lists = [list(values) for values in parameters]
        for index, column in other:
            for changing, value in zip(lists, column, strict=True):
                changing[index] = value
        parameters = [tuple(values) for values in lists]
    return parameters


def write(connection: Connection, vault: Vault, model: type[Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert ``rows``, dicts with the same columns each; Python-side constants of the table are filled in.

    Raises ``LockBroken`` for a row outside the access, ``TypeError`` when the rows differ in their columns,
    name a column that is not there, or bring a readable text for a sealed column; the driver's
    ``IntegrityError`` as it comes.
    """
    plan = _insertion(cast("Hashable", model), tuple(rows[0]), connection.dialect)
    for start in range(0, len(rows), BATCH):
        parameters = _parameters(plan, vault, rows[start : start + BATCH])
        outgoing.check_batch(connection, model.__table__, plan.order, parameters)
        if plan.positional:
            connection.exec_driver_sql(plan.text, parameters)
        else:
            named = [dict(zip(plan.order, values, strict=True)) for values in parameters]
            connection.exec_driver_sql(plan.text, named)
