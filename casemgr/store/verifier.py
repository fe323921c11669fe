"""SQL 核查: reads every statement on its way to the database and refuses one that forgot the area.

A net against forgetting, not the lock itself: it runs under the whole test suite, and in production
where ``CASEMGR_VERIFY_SQL=1`` asks for it. Each distinct text is parsed once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

from casemgr.store.scope import AreaScoped, ForReceiver
from casemgr.store.session import READERS, LockBroken, by_unit_of_work

DIALECTS = {"sqlite": "sqlite", "postgresql": "postgres"}
HARMLESS: tuple[str, ...] = (
    "PRAGMA",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "SET ",
    "SHOW ",
    "CREATE ",
    "DROP ",
)
HARMLESS += ("ALTER ", "GRANT ", "REVOKE ", "ANALYZE", "VACUUM", "SELECT PG_ADVISORY", "SELECT SET_CONFIG")

_free: ContextVar[bool] = ContextVar("casemgr_sql_free", default=False)


@lru_cache(maxsize=1)
def protected() -> frozenset[str]:
    """Names of the tables whose rows belong to an area."""
    return frozenset(str(vars(one)["__tablename__"]) for one in AreaScoped.__subclasses__())


@lru_cache(maxsize=1)
def disclosed() -> frozenset[str]:
    """Names of the tables that other departments may reach, each its own rows."""
    return frozenset(str(vars(one)["__tablename__"]) for one in ForReceiver.__subclasses__())


@contextmanager
def unchecked() -> Iterator[None]:
    """Let statements pass unread: for migrations, and for tests that speak SQL themselves."""
    token = _free.set(True)
    try:
        yield
    finally:
        _free.reset(token)


def _conjuncts(node: Any) -> Iterator[Any]:
    if node is None:
        return
    node = node.unnest() if isinstance(node, exp.Paren) else node
    if isinstance(node, exp.And):
        yield from _conjuncts(node.left)
        yield from _conjuncts(node.right)
    else:
        yield node


def _limits(conditions: list[Any], alias: str) -> set[str]:
    """Which sides of ``alias.area`` the conditions hold: ``low``, ``high``."""
    found: set[str] = set()
    for condition in conditions:
        column = condition.this if isinstance(condition, exp.GTE | exp.LT) else None
        if isinstance(column, exp.Column) and column.name == "area" and column.table in (alias, ""):
            found.add("low" if isinstance(condition, exp.GTE) else "high")
    return found


def _forgotten(select: exp.Select) -> str | None:
    """Name of a protected table this select reads without both limits on its own ``area``."""
    where = select.args.get("where")
    conditions = list(_conjuncts(where.this if where else None))
    start = select.args.get("from_") or select.args.get("from")
    sources: list[tuple[Any, list[Any]]] = [(start.this, [])] if start else []
    for join in select.args.get("joins") or []:
        sources.append((join.this, list(_conjuncts(join.args.get("on")))))
    for source, own in sources:
        if not isinstance(source, exp.Table) or source.name not in protected():
            continue
        if _limits(conditions + own, source.alias_or_name) != {"low", "high"}:
            return str(source.name)
    return None


@lru_cache(maxsize=4_000)
def judge(sql: str, dialect: str, writing: bool) -> str | None:
    """Why ``sql`` may not run, or ``None`` if it may."""
    if sql.lstrip().upper().startswith(HARMLESS):
        return None
    try:
        statements = [one for one in parse(sql, dialect=DIALECTS[dialect]) if one is not None]
    except SqlglotError:
        return "the statement cannot be read"
    if len(statements) != 1:
        return "more than one statement"
    statement = statements[0]
    if isinstance(statement, exp.Insert | exp.Update | exp.Delete):
        table = statement.find(exp.Table)
        if table is not None and table.name in protected() and not writing:
            return f"{table.name} is written outside the unit of work"
        if isinstance(statement, exp.Insert):
            return None if statement.find(exp.Select) is None else "insert from a select"
        return None
    if not isinstance(statement, exp.Select | exp.SetOperation):
        return "an unknown kind of statement"
    for select in statement.find_all(exp.Select):
        forgotten = _forgotten(select)
        if forgotten:
            return f"{forgotten} is read without its area"
    return None


@lru_cache(maxsize=2_000)
def beyond(sql: str, dialect: str) -> str | None:
    """Why a department may not run ``sql``: it touches a closed table, or rows that are not its own."""
    if sql.lstrip().upper().startswith(HARMLESS):
        return None
    for statement in parse(sql, dialect=DIALECTS[dialect]):
        if statement is None:
            continue
        for table in statement.find_all(exp.Table):
            if table.name in protected() - disclosed():
                return f"{table.name} is closed to other departments"
        for select in statement.find_all(exp.Select):
            for name in _sources_of_others(select):
                return f"{name} is read without its receiver"
    return None


def _sources_of_others(select: exp.Select) -> Iterator[str]:
    """Tables of departments that a select reads without saying for whom."""
    where, joins = select.args.get("where"), select.args.get("joins") or []
    said = list(_conjuncts(where.this if where else None))
    said += [one for join in joins for one in _conjuncts(join.args.get("on"))]
    named = {
        (one.this.table, one.this.name)
        for one in said
        if isinstance(one, exp.EQ)
        and isinstance(one.this, exp.Column)
        and not isinstance(one.expression, exp.Column)
    }
    start = select.args.get("from_") or select.args.get("from")
    for source in [start, *joins]:
        table = source.this if source is not None else None
        if isinstance(table, exp.Table) and table.name in disclosed():
            mine = {column for owner, column in named if owner in (table.alias_or_name, "")}
            if not {"receiver", "receiver_area"} <= mine:
                yield str(table.name)


def check(sql: str, dialect: str) -> None:
    """Raise :class:`LockBroken` when ``sql`` reads or writes past the area."""
    if _free.get() or dialect not in DIALECTS:
        return
    fault = judge(sql, dialect, by_unit_of_work())
    if fault:
        raise LockBroken(f"SQL verifier: {fault}")


def watch(engine: Any = Engine) -> None:
    """Read every statement of ``engine`` (by default: of every engine) from now on."""
    if not event.contains(engine, "before_cursor_execute", _read):
        event.listen(engine, "before_cursor_execute", _read)
    if check not in READERS:
        READERS.append(check)


def _read(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
    check(statement, connection.dialect.name)
    if connection.get_execution_options().get("casemgr_receiver") and not _free.get():
        fault = beyond(statement, connection.dialect.name)
        if fault:
            raise LockBroken(f"SQL verifier: {fault}")
