"""列式读取: an ORM select as a polars frame, with the same scope as every other read."""

from __future__ import annotations

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
    limited = statement.options(scope.criteria(access.low, access.high))
    names = [str(column.key) for column in statement.selected_columns]
    kinds = [column.type for column in statement.selected_columns]
    if any(isinstance(kind, Sealed) for kind in kinds):
        raise LockBroken("sealed columns are not read as columns")
    engine = session.get_bind()
    compiled = limited.compile(engine, compile_kwargs={"literal_binds": True})
    sql = str(compiled)
    if bulk:
        for read in READERS:
            read(sql, engine.dialect.name)
        data = _through_adbc(engine, sql, session.reach())
        data.columns = names
    else:
        # The compiled text is run on the session's own transaction; types are applied in the frame, so the
        # driver's own tuples are enough.
        rows = session.open_connection().exec_driver_sql(sql).cursor.fetchall()
        sqlite = engine.dialect.name == "sqlite"
        schema = {
            name: pl.Int8 if sqlite and isinstance(kind, Boolean) else _dtype(kind) or pl.String
            for name, kind in zip(names, kinds, strict=True)
        }
        data = pl.DataFrame(rows, schema=schema, orient="row")
    casts = [
        pl.col(name).cast(wanted)
        for name, kind in zip(names, kinds, strict=True)
        if (wanted := _dtype(kind)) is not None and data.schema[name] != wanted
    ]
    return data.with_columns(casts) if casts else data


def _through_adbc(engine: Any, sql: str, reach: dict[str, str]) -> pl.DataFrame:
    url = engine.url
    if url.get_backend_name() == "sqlite":
        import adbc_driver_sqlite.dbapi as driver  # heavy, and only counties are read this way

        connection = driver.connect(f"file:{url.database}?mode=ro")
    else:
        import adbc_driver_postgresql.dbapi as driver  # type: ignore[no-redef]

        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = driver.connect(plain)
    try:
        with connection.cursor() as cursor:
            if url.get_backend_name() != "sqlite":
                # The row policies of the database need to know the area on this connection too.
                low, high = int(reach["low"]), int(reach["high"])
                cursor.execute(f"SET LOCAL casemgr.low = '{low}'")
                cursor.execute(f"SET LOCAL casemgr.high = '{high}'")
            cursor.execute(sql)
            return pl.DataFrame(cursor.fetch_polars())
    finally:
        connection.close()
