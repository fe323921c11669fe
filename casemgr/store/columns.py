"""列式读取: an ORM select as a polars frame, with the same scope as every other read."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Boolean, Integer, SmallInteger
from sqlalchemy.sql.expression import Select

from casemgr.store import scope
from casemgr.store.session import READERS, LockBroken, WorkSession, check_tables
from casemgr.store.types import Day, Key, Sealed


def _dtype(kind: Any) -> Any:
    if isinstance(kind, Day):
        return pl.Int32
    if isinstance(kind, Boolean):
        return pl.Boolean
    if isinstance(kind, SmallInteger):
        return pl.Int16
    if isinstance(kind, Key):
        return pl.Int64
    if isinstance(kind, Integer):
        return pl.Int64
    return None


def frame(session: WorkSession, statement: Select[Any], *, bulk: bool) -> pl.DataFrame:
    """The rows of ``statement`` (an ORM select over plain columns) as a frame.

    Days come as Int32 epoch days, codes as Int16, booleans as booleans. With ``bulk`` the rows are read
    through ADBC on a connection of their own, so they are those committed before; otherwise through
    the session's own transaction.
    """
    if not isinstance(statement, Select):
        raise LockBroken("only selects over mapped classes are read as columns")
    check_tables(statement)
    access = session.access
    if access is None:
        raise LockBroken("this session has no access bound to it")
    names = [str(column.key) for column in statement.selected_columns]
    kinds = [column.type for column in statement.selected_columns]
    if any(isinstance(kind, Sealed) for kind in kinds):
        raise LockBroken("sealed columns are not read as columns")
    if bulk:
        engine = session.get_bind()
        limited = statement.options(scope.criteria(access.low, access.high))
        sql = str(limited.compile(engine, compile_kwargs={"literal_binds": True}))
        for read in READERS:
            read(sql, engine.dialect.name)
        data = _in_columns(engine, sql, session.reach())
        data.columns = names
    else:
        # The session's own way: its area, its transaction, its compiled statements. Types are applied in the
        # frame, so the driver's own tuples are taken before they become objects.
        rows = session.execute(statement).raw.cursor.fetchall()  # type: ignore[attr-defined]
        sqlite = session.get_bind().dialect.name == "sqlite"
        schema = {
            name: pl.Int8 if sqlite and isinstance(kind, Boolean) else _dtype(kind) or pl.String
            for name, kind in zip(names, kinds, strict=True)
        }
        data = pl.DataFrame(list(zip(*rows, strict=True)) or None, schema=schema, orient="col")
    casts = [
        pl.col(name).cast(wanted)
        for name, kind in zip(names, kinds, strict=True)
        if (wanted := _dtype(kind)) is not None and data.schema[name] != wanted
    ]
    return data.with_columns(casts) if casts else data


def _in_columns(engine: Any, sql: str, reach: dict[str, str]) -> pl.DataFrame:
    url = engine.url
    if url.get_backend_name() == "sqlite":
        return _apart(str(url.database), sql)
    import adbc_driver_postgresql.dbapi as driver  # heavy, and only counties are read this way

    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = driver.connect(plain)
    try:
        with connection.cursor() as cursor:
            # The row policies of the database need to know the area on this connection too.
            low, high = int(reach["low"]), int(reach["high"])
            cursor.execute(f"SET LOCAL casemgr.low = '{low}'")
            cursor.execute(f"SET LOCAL casemgr.high = '{high}'")
            cursor.execute(sql)
            return pl.DataFrame(cursor.fetch_polars())
    finally:
        connection.close()


def _apart(database: str, sql: str) -> pl.DataFrame:
    """The rows read by a second process: the column driver must not open a file that this one has locked."""
    program = Path(__file__).with_name("apart.py")
    read = subprocess.run(  # noqa: S603 - our own program with our own database
        [sys.executable, "-I", str(program), database], input=sql.encode(), capture_output=True, check=False
    )
    if read.returncode:
        raise RuntimeError("the columns could not be read")  # what the other process said may quote values
    return pl.read_ipc_stream(BytesIO(read.stdout))
