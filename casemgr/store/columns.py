"""列式读取: an ORM select as a polars frame, with the same scope as every other read."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from io import BytesIO
from os import cpu_count
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from weakref import WeakKeyDictionary

import polars as pl
from sqlalchemy import Boolean, Integer, SmallInteger
from sqlalchemy.sql.expression import Select

from casemgr.store import prepared, scope
from casemgr.store.apart import LENGTH_BYTES
from casemgr.store.session import READERS, LockBroken, Question, WorkSession, check_tables
from casemgr.store.types import Day, Key, Sealed

Schema = dict[str, Any]
#: The text of a select and the types of its columns.
Asked = tuple[str, Schema]


def _type(kind: Any) -> Any:
    if isinstance(kind, Day):
        return pl.Int32
    if isinstance(kind, Boolean):
        return pl.Boolean
    if isinstance(kind, SmallInteger):
        return pl.Int16
    return pl.Int64 if isinstance(kind, Key | Integer) else pl.String


def frames(session: WorkSession, questions: Sequence[Question], *, bulk: bool) -> list[pl.DataFrame]:
    """The rows of each of ``questions`` (an ORM select over plain columns, its values) as a frame.

    Days come as Int32 epoch days, codes as Int16, booleans as booleans. With ``bulk`` the rows are read
    through ADBC on connections of their own, as many at a time as there are processors, so they are those
    committed before; otherwise through the session's own transaction.
    """
    if session.access is None:
        raise LockBroken("this session has no access bound to it")
    if session.access.for_receiver:
        raise LockBroken("another department reads no columns of many people")
    if not bulk:
        return [_in_rows(session, select, values, _schema(select)) for select, values in questions]
    asked = [_asked(session, select, _schema(select), values) for select, values in questions]
    if session.get_bind().dialect.name == "sqlite":
        return _apart(str(session.get_bind().engine.url.database), asked)
    reach = session.reach()
    return _side_by_side(partial(_through_adbc, session.get_bind(), reach), asked)


#: Types of the columns of a select; those of one that is built once are looked up once.
_schemas: WeakKeyDictionary[Any, Schema] = WeakKeyDictionary()


def _schema(statement: Select[Any]) -> Schema:
    """The types of a select's columns by name; :class:`LockBroken` when it is not to be read so."""
    if not isinstance(statement, Select):
        raise LockBroken("only selects over mapped classes are read as columns")
    known = _schemas.get(statement)
    if known is not None:
        return known
    check_tables(statement)
    if any(isinstance(column.type, Sealed) for column in statement.selected_columns):
        raise LockBroken("sealed columns are not read as columns")
    found = {str(column.key): _type(column.type) for column in statement.selected_columns}
    _schemas[statement] = found
    return found


def _in_rows(
    session: WorkSession, statement: Select[Any], values: Mapping[str, Any], schema: Schema
) -> pl.DataFrame:
    # The session's own way: its area, its transaction, its compiled statements. Types are applied in the
    # frame, so the driver's own values are taken before they become objects.
    told = prepared.raw(session, statement, values) if scope.is_lasting(statement) else None
    if told is None:
        told = prepared.flat(session.execute(statement, dict(values)).raw.cursor)  # type: ignore[attr-defined]
    flags = [name for name, kind in schema.items() if kind is pl.Boolean]
    if session.get_bind().dialect.name != "sqlite":
        flags = []  # only SQLite keeps booleans as numbers
    plain = schema | dict.fromkeys(flags, pl.Int8)
    columns = [told[place :: len(schema)] for place in range(len(schema))]
    data = pl.DataFrame(columns if told else None, schema=plain, orient="col")
    return data.with_columns(pl.col(flags).cast(pl.Boolean)) if flags else data


def _asked(session: WorkSession, statement: Select[Any], schema: Schema, values: Mapping[str, Any]) -> Asked:
    """The text of the statement, limited to the area of the session and shown to those who watch."""
    access = session.access
    assert access is not None  # noqa: S101 - checked before
    engine = session.get_bind()
    limited = statement.params(**values).options(*scope.criteria(access.low, access.high))
    sql = str(limited.compile(engine, compile_kwargs={"literal_binds": True}))
    for read in READERS:
        read(sql, engine.dialect.name)
    return sql, schema


def _side_by_side(read: Callable[[Asked], pl.DataFrame], asked: Sequence[Asked]) -> list[pl.DataFrame]:
    with ThreadPoolExecutor(max_workers=_lanes(asked)) as lanes:
        return list(lanes.map(read, asked))


def _lanes(asked: Sequence[Asked]) -> int:
    return max(1, min(len(asked), cpu_count() or 1))


def _through_adbc(engine: Any, reach: dict[str, str], asked: Asked) -> pl.DataFrame:
    import adbc_driver_postgresql.dbapi as driver  # heavy, and only counties are read this way

    sql, schema = asked
    plain = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = driver.connect(plain)
    try:
        with connection.cursor() as cursor:
            # The row policies of the database need to know the area on this connection too.
            low, high = int(reach["low"]), int(reach["high"])
            cursor.execute(f"SET LOCAL casemgr.low = '{low}'")
            cursor.execute(f"SET LOCAL casemgr.high = '{high}'")
            cursor.execute(sql)
            data = pl.DataFrame(cursor.fetch_polars())
            data.columns = list(schema)
            return data.select(pl.col(name).cast(kind) for name, kind in schema.items())
    finally:
        connection.close()


#: A process that only reads columns needs no setting and no secret of this installation.
ENVIRONMENT = {"LC_ALL": "C.UTF-8"}


class _Reader:
    """A second process that reads: the column driver must not open a file that this one has locked."""

    def __init__(self, database: str) -> None:
        program = Path(__file__).with_name("apart.py")
        self._process = subprocess.Popen(  # noqa: S603 - our own program with our own database
            [sys.executable, "-I", str(program), database],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=ENVIRONMENT,
        )

    def read(self, asked: Asked) -> pl.DataFrame:
        """The rows of one select; the process says nothing about what went wrong, it might quote values."""
        sql, schema = asked
        process = self._process
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101
        line = json.dumps({"select": sql, "types": [str(kind) for kind in schema.values()]})
        with suppress(BrokenPipeError):
            process.stdin.write(line.encode() + b"\n")
            process.stdin.flush()
        length = process.stdout.read(LENGTH_BYTES)
        if len(length) < LENGTH_BYTES:
            raise RuntimeError("the columns could not be read")
        data = pl.read_ipc_stream(BytesIO(process.stdout.read(int.from_bytes(length, "big"))))
        data.columns = list(schema)
        return data

    def close(self) -> None:
        """Let the process end and wait for it."""
        self._process.communicate()


def _apart(database: str, asked: Sequence[Asked]) -> list[pl.DataFrame]:
    """The rows read by processes of their own, each taking the next select when it has finished one."""
    readers = [_Reader(database) for _ in range(_lanes(asked))]
    free: SimpleQueue[_Reader] = SimpleQueue()
    for reader in readers:
        free.put(reader)

    def read(one: Asked) -> pl.DataFrame:
        reader = free.get()
        try:
            return reader.read(one)
        finally:
            free.put(reader)

    try:
        return _side_by_side(read, asked)
    finally:
        for reader in readers:
            reader.close()
