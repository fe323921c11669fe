"""数据库: the database object, its base class, keys made in code and the settings of each connection."""

from __future__ import annotations

import itertools
import os
import sqlite3
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData, event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase

from casemgr.store.session import WorkSession

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Declarative base; plain on purpose, mapped dataclasses do not work with Flask-SQLAlchemy here."""

    metadata = MetaData(naming_convention=NAMES)


# Even the session the extension offers is a WorkSession: without an access it refuses to work.
db = SQLAlchemy(model_class=Base, session_options={"class_": WorkSession}, disable_autonaming=True)

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model

_counter = itertools.count(int.from_bytes(os.urandom(2), "big"))
_lock = threading.Lock()
_last = 0


def new_key() -> int:
    """A 63-bit key, rising with time (milliseconds ‖ 21-bit counter), unique within the process."""
    global _last
    with _lock:
        key = (time.time_ns() // 1_000_000 << 21) | (next(_counter) & 0x1FFFFF)
        _last = key = max(key, _last + 1)
    return key


def new_keys(count: int) -> range:
    """``count`` keys in a row, for bulk work; reserves them against :func:`new_key`."""
    global _last
    with _lock:
        # The random offset keeps two processes that begin in the same millisecond apart.
        offset = int.from_bytes(os.urandom(2), "big") << 4
        start = max((time.time_ns() // 1_000_000 << 21) + offset, _last + 1)
        _last = start + count
    return range(start, start + count)


_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
    "busy_timeout=15000",
    "trusted_schema=OFF",
    "cell_size_check=ON",
    "temp_store=MEMORY",
    # No mmap_size: together with cell_size_check every look at a page would check all its cells again,
    # which makes reads eight times slower.
    "cache_size=-65536",
)


def prepare(engine: Engine) -> None:
    """Set each new connection up: SQLite in manual transaction mode with durable, tidy pragmas."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "do_connect")
    def _own(_dialect: Any, _record: Any, arguments: list[Any], _named: Any) -> None:
        path = str(arguments[0])
        if path != ":memory:" and not os.path.exists(path):
            # Made here, for this user alone: SQLite would ask the umask, and its journals follow the file.
            with suppress(OSError):
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # A reader that turns writer later can fail at once, so who may write says so at the start.
        writes = connection.get_execution_options().get("casemgr_writes", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
