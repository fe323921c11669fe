"""就绪: whether database, migrations and key ring fit together; asked before work is sent to a process."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from casemgr.store.db import db
from casemgr.store.vault import CannotOpen, Locked, Place
from casemgr.store.work import installation

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"
CANARY = Place("readiness", "canary")


@cache
def _migrations() -> tuple[frozenset[str], frozenset[str]]:
    """(all revision ids, those another migration builds on)."""
    revisions: set[str] = set()
    built_on: set[str] = set()
    for path in MIGRATIONS.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        revisions.update(re.findall(r'^revision(?:: str)? = "(\w+)"', source, re.MULTILINE))
        built_on.update(re.findall(r'^down_revision[^=]*= "(\w+)"', source, re.MULTILINE))
    return frozenset(revisions), frozenset(built_on)


def known_migrations() -> frozenset[str]:
    """Every revision id this program can bring to the newest."""
    return _migrations()[0]


def newest_migration() -> str:
    """Revision id no other migration builds on."""
    revisions, built_on = _migrations()
    return ",".join(sorted(revisions - built_on))


def database() -> bool:
    """Whether the database answers and its tables are those of this program."""
    try:
        with db.engine.connect().execution_options(casemgr_writes=False) as connection:
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except SQLAlchemyError:
        return False
    return str(found) == newest_migration()


def lock() -> str:
    """Why the installation is locked; an empty text when it is not."""
    try:
        installation()
    except Locked as wrong:
        return str(wrong)
    return ""


def keys() -> bool:
    """Whether the ring belongs to the database and its active key seals and opens a value."""
    try:
        vault = installation().vault
        return vault.open(CANARY, 1, vault.seal(CANARY, 1, "canary")) == "canary"
    except (CannotOpen, Locked):
        return False
