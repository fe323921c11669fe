"""重新加密: bring every sealed value and every token under the active key while everybody goes on working.

Read a few rows, seal them anew outside any transaction that writes, and lay them down only where the bytes
are still the ones that were read (compare and swap): what somebody writes meanwhile stays, and is under the
newest key anyway. How far a table has come is written in the same transaction, so that it may end any time.

The audit stays as it is: its digests cover the sealed bytes, and a chain that is written anew proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    LargeBinary,
    and_,
    bindparam,
    func,
    or_,
    select,
    text,
    type_coerce,
    update,
)

from casemgr.store import audit_archive
from casemgr.store.db import Base
from casemgr.store.identity import ID_NUMBER, PHONE
from casemgr.store.models.audit import AuditEntry
from casemgr.store.models.keys import ResealProgress
from casemgr.store.session import unit_of_work_writes
from casemgr.store.types import Sealed
from casemgr.store.vault import CannotOpen, Place, Vault
from casemgr.store.work import Work

#: Rows that one transaction lays down; few, because everybody else waits for it.
BATCH = 50
#: Tokens that are worked out again: column, the sealed column it is the token of, and its place.
TOKENS: dict[str, tuple[tuple[str, str, Place], ...]] = {
    "clue": (("id_token", "id_number", ID_NUMBER),),
    "identity": (("id_token", "id_number", ID_NUMBER), ("phone_token", "phone", PHONE)),
    "notice": (("id_token", "id_number", ID_NUMBER),),
}


@dataclass(frozen=True, slots=True)
class Holding:
    """One table with sealed columns: its key column, where each value belongs, its tokens."""

    name: str
    table: Any
    key: str
    sealed: tuple[tuple[str, Place], ...]
    tokens: tuple[tuple[str, str, Place], ...]


@dataclass(frozen=True, slots=True)
class Stale:
    """Rows under an older key as they were read, up to the key ``last``; ``end``: there are no more."""

    rows: tuple[dict[str, Any], ...]
    last: int
    end: bool


@cache
def holdings() -> tuple[Holding, ...]:
    """Every table that holds sealed values, but the audit."""
    found = []
    registry: Any = Base.registry
    for mapper in registry.mappers:
        if mapper.class_ is AuditEntry:
            continue
        table: Any = mapper.local_table
        sealed = tuple((one.key, one.type.place) for one in table.c if isinstance(one.type, Sealed))
        if sealed:
            key = str(getattr(mapper.class_, "row_key", "id"))
            found.append(Holding(table.name, table, key, sealed, TOKENS.get(table.name, ())))
    return tuple(sorted(found, key=lambda one: one.name))


def _stale(holding: Holding, vault: Vault) -> Any:
    """The condition of rows that hold anything under another key or in another cipher."""
    sealed = [type_coerce(holding.table.c[name], LargeBinary) for name, _ in holding.sealed]
    old = [and_(one.is_not(None), func.substr(one, 1, len(vault.head)) != vault.head) for one in sealed]
    if holding.tokens:
        tokens = or_(*(holding.table.c[name].is_not(None) for name, _, _ in holding.tokens))
        old.append(and_(tokens, holding.table.c.token_key != vault.active_id))
    return or_(*old)


def _everywhere(holding: Holding, work: Work) -> list[Any]:
    """The limits every statement on rows of an area carries; those of this access are wide open."""
    if "area" not in holding.table.c:
        return []
    return [holding.table.c.area >= work.access.low, holding.table.c.area < work.access.high]


def read(work: Work, holding: Holding, after: int) -> Stale:
    """The next rows with a key greater than ``after`` that are not under the active key."""
    key = holding.table.c[holding.key]
    names = [name for name, _ in holding.sealed] + [name for name, _, _ in holding.tokens]
    columns = [type_coerce(holding.table.c[name], LargeBinary).label(name) for name in names]
    limits = [key > after, *_everywhere(holding, work), _stale(holding, work.vault)]
    statement = select(key.label("row_key"), *columns).where(*limits).order_by(key).limit(BATCH)
    found = [dict(row._mapping) for row in work.session.open_connection().execute(statement)]
    return Stale(tuple(found), found[-1]["row_key"] if found else after, len(found) < BATCH)


def anew(vault: Vault, holding: Holding, row: dict[str, Any]) -> dict[str, bytes]:
    """The columns of a row that change, under the active key; :class:`CannotOpen` for damaged values."""
    key, changed, plain = row["row_key"], {}, {}
    for name, place in holding.sealed:
        value = row[name]
        if value is None:
            continue
        payload = plain[name] = vault.open_bytes(place, key, bytes(value))
        if bytes(value[: len(vault.head)]) != vault.head:
            changed[name] = vault.seal_bytes(place, key, payload)
    for name, source, place in holding.tokens:
        if row[name] is not None and source in plain:
            normal = plain[source][1:].decode()
            if bytes(row[name]) not in vault.tokens(place, normal):
                raise CannotOpen(f"{holding.name}.{name}")
            changed[name] = vault.token(place, normal)
    return changed


def lay_down(work: Work, holding: Holding, made: Sequence[tuple[dict[str, Any], dict[str, bytes]]]) -> int:
    """Write (row as read, columns anew) where the row is still the same; how many were written.

    Rows that somebody else is writing just now are passed over, so that nobody waits and nothing deadlocks.
    """
    connection, table = work.session.open_connection(), holding.table
    key = table.c[holding.key]
    wanted = [row["row_key"] for row, _ in made]
    written = 0
    with unit_of_work_writes():
        free = set(wanted)
        if work.dialect == "postgresql":
            mine = select(key).where(key.in_(wanted), *_everywhere(holding, work))
            free = set(connection.execute(mine.with_for_update(key_share=True, skip_locked=True)).scalars())
        for row, changed in made:
            if row["row_key"] not in free or not changed:
                continue
            values: dict[str, Any] = {"w_row": row["row_key"]}
            if "area" in table.c:
                values |= {"w_low": work.access.low, "w_high": work.access.high}
            for name, value in changed.items():
                values["w_new_" + name], values["w_old_" + name] = value, row[name]
            if holding.tokens:
                values["w_key"] = work.vault.active_id
            written += connection.execute(_swap(holding, tuple(changed)), values).rowcount
    return written


@lru_cache(maxsize=2_000)
def _swap(holding: Holding, changed: tuple[str, ...]) -> Any:
    """The statement that changes these columns of one row, only where nobody wrote since they were read.

    Each sealing makes different bytes, so the bytes say whether anybody did.
    """
    table = holding.table
    where = [table.c[holding.key] == bindparam("w_row", type_=BigInteger)]
    if "area" in table.c:
        low, high = bindparam("w_low", type_=BigInteger), bindparam("w_high", type_=BigInteger)
        where += [table.c.area >= low, table.c.area < high]
    raw: dict[Any, Any] = {}
    for name in changed:
        old = bindparam("w_old_" + name, type_=LargeBinary)
        where.append(type_coerce(table.c[name], LargeBinary) == old)
        raw[table.c[name]] = bindparam("w_new_" + name, type_=LargeBinary)
    if holding.tokens:
        raw[table.c.token_key] = bindparam("w_key", type_=Integer)
    return update(table).where(*where).values(raw)


def count(work: Work, holding: Holding) -> int:
    """How many rows of a table hold anything that is not under the active key."""
    key = holding.table.c[holding.key]
    limits = [*_everywhere(holding, work), _stale(holding, work.vault)]
    return int(work.session.open_connection().execute(select(func.count(key)).where(*limits)).scalar() or 0)


def by_key(work: Work) -> dict[int, int]:
    """How many sealed values there are under each key, the audit with its own."""
    found: dict[int, int] = {}
    connection = work.session.open_connection()
    for holding in holdings():
        for name, _ in holding.sealed:
            value = type_coerce(holding.table.c[name], LargeBinary)
            head = func.substr(value, 1, 6)
            limits = [value.is_not(None), *_everywhere(holding, work)]
            for start, number in connection.execute(select(head, func.count()).where(*limits).group_by(head)):
                key_id = int.from_bytes(bytes(start)[2:6], "big")
                found[key_id] = found.get(key_id, 0) + number
    return found


def samples(work: Work, holding: Holding, name: str) -> list[tuple[int, bytes]]:
    """(row, sealed bytes) of one column, one value under each key it holds."""
    value, key = type_coerce(holding.table.c[name], LargeBinary), holding.table.c[holding.key]
    limits = [value.is_not(None), *_everywhere(holding, work)]
    one = select(func.min(key)).where(*limits).group_by(func.substr(value, 1, 6))
    connection = work.session.open_connection()
    rows = list(connection.execute(one).scalars())
    found = connection.execute(select(key, value).where(key.in_(rows), *_everywhere(holding, work)))
    return [(row[0], bytes(row[1])) for row in found]


def entries_by_key(work: Work) -> dict[int, int]:
    """How many audit entries were made with each key, those in archives among them."""
    counted = func.count(AuditEntry.seq).label("entries")
    statement = select(AuditEntry.key_id, counted).group_by(AuditEntry.key_id)
    found = audit_archive.key_ids(work)
    for row in work.rows(statement):
        found[row.key_id] = found.get(row.key_id, 0) + row.entries
    return found


def progress(work: Work, holding: Holding) -> ResealProgress | None:
    """How far a table has come on the way to the active key."""
    found = work.get(ResealProgress, holding.name)
    return found if found is not None and found.key_id == work.vault.active_id else None


def note(work: Work, holding: Holding, last: int, resealed: int, finished: bool) -> None:
    """Write down how far a table has come."""
    found = work.get(ResealProgress, holding.name)
    if found is None:
        found = work.add(ResealProgress(table_name=holding.name))
    found.key_id, found.last_key, found.finished = work.vault.active_id, last, finished
    found.resealed, found.at = resealed, datetime.now(UTC)


def all_progress(work: Work) -> list[ResealProgress]:
    """How far every table has come, by name."""
    return work.entities(select(ResealProgress).order_by(ResealProgress.table_name))


def older_writers(work: Work, since: datetime) -> int:
    """Transactions begun before ``since`` that may still write with an older key.

    On SQLite whoever writes is alone: having had a turn oneself is enough.
    """
    if work.dialect != "postgresql":
        return 0
    statement = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start < :since"
    )
    return int(work.session.open_connection().execute(statement, {"since": since}).scalar() or 0)
