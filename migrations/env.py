"""迁移环境: runs migrations on the database of the current application."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy.types import TypeDecorator

import casemgr.store.models  # noqa: F401 - registers all tables
from casemgr.store.db import db


def _plain_types(kind: str, item: Any, _autogen: Any) -> str | bool:
    """Write columns down with their database types: a migration imports nothing of the program."""
    if kind == "type" and isinstance(item, TypeDecorator):
        name = type(item).__name__
        if name == "Key":
            return 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")'
        return f"sa.{type(item.impl_instance).__name__}()"
    return False


def _same_type(_context: Any, _inspected: Any, _metadata: Any, found: Any, wanted: Any) -> bool | None:
    return False if isinstance(wanted, TypeDecorator) else None


def run() -> None:
    """Run the asked-for migrations in one transaction."""
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_as_batch=True,
            render_item=_plain_types,
            compare_type=_same_type,
            transaction_per_migration=False,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
