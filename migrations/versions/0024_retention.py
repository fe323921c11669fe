"""What is archived or destroyed when its time is over; anchors signed by a key that is used once.

Old audit entries may leave their table, and only they: older than three years by the clock of the database,
and covered by a line of ``audit_archive``. Everything else about the frozen tables stays forbidden, on SQLite
also replacing a row by inserting it again. On PostgreSQL the program's role still may not delete; a function
of the owner does it, and asks the same two questions.

Revision 0024, after 0023, 2026-11-22.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TABLES = ("destruction", "retention_hold", "destroyed_file")
INSIDE = (
    "area >= (SELECT NULLIF(current_setting('casemgr.low', true), '')::bigint) AND "
    "area < (SELECT NULLIF(current_setting('casemgr.high', true), '')::bigint)"
)
#: No other department reaches these rows.
NOBODY = "(SELECT COALESCE(current_setting('casemgr.receiver', true), '')) = ''"

FROZEN = {
    "audit_entry": ("seq",),
    "audit_subject": ("seq", "person_id"),
    "audit_anchor": ("seq",),
    "ledger_line": ("id",),
}
#: 1,095 days of milliseconds: younger entries leave the table by no way.
YOUNG = 94_608_000_000
SAID = "audit entries are not changed"
SQLITE_NOW = "(CAST(strftime('%s', 'now') AS INTEGER) * 1000)"
POSTGRES_NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
ARCHIVED = "(SELECT COALESCE(max(through), 0) FROM audit_archive)"


def _key() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _postgres() -> bool:
    return bool(op.get_bind().dialect.name == "postgresql")


def upgrade() -> None:
    op.add_column("audit_anchor", sa.Column("signer", sa.LargeBinary(length=32), nullable=True))
    op.add_column("audit_anchor", sa.Column("following", sa.LargeBinary(length=32), nullable=True))
    op.add_column("audit_anchor", sa.Column("signature", sa.LargeBinary(length=64), nullable=True))
    op.create_table(
        "retention_count",
        sa.Column("id", _key(), autoincrement=False, nullable=False),
        sa.Column("on", sa.Integer(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("due", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("oldest_on", sa.Integer(), nullable=True),
        sa.Column("newest_on", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_count")),
        sa.UniqueConstraint("on", "kind", name=op.f("uq_retention_count_on_kind")),
    )
    op.create_table(
        "destruction",
        sa.Column("id", _key(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("oldest_on", sa.Integer(), nullable=False),
        sa.Column("newest_on", sa.Integer(), nullable=False),
        sa.Column("register", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=True),
        sa.Column("skipped", sa.Integer(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destruction")),
    )
    op.create_index(op.f("ix_destruction_area_state_asked_at"), "destruction", ["area", "state", "asked_at"])
    op.create_table(
        "retention_hold",
        sa.Column("id", _key(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("placed_on", sa.Integer(), nullable=False),
        sa.Column("placed_by", sa.BigInteger(), nullable=False),
        sa.Column("lifted_on", sa.Integer(), nullable=True),
        sa.Column("lifted_by", sa.BigInteger(), nullable=True),
        sa.Column("lifted_because", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_retention_hold_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_hold")),
    )
    op.create_index(op.f("ix_retention_hold_case_id"), "retention_hold", ["case_id"])
    op.create_table(
        "destroyed_file",
        sa.Column("case_id", _key(), autoincrement=False, nullable=False),
        sa.Column("on", sa.Integer(), nullable=False),
        sa.Column("destruction_id", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_destroyed_file_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_destroyed_file")),
    )
    op.create_table(
        "audit_archive",
        sa.Column("through", _key(), autoincrement=False, nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("subjects", sa.Integer(), nullable=False),
        sa.Column("before", sa.LargeBinary(length=32), nullable=False),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("key_ids", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("through", name=op.f("pk_audit_archive")),
    )
    if not _postgres():
        _sqlite_upgrade()
        return
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY by_area ON {table} USING ({INSIDE}) WITH CHECK ({INSIDE})")
        op.execute(
            f"CREATE POLICY by_receiver ON {table} AS RESTRICTIVE USING ({NOBODY}) WITH CHECK ({NOBODY})"
        )
    _postgres_upgrade()


def _refuse(name: str, when: str, table: str, condition: str = "") -> None:
    guard = f"WHEN {condition} " if condition else ""
    op.execute(
        f"CREATE TRIGGER {table}_no_{name} BEFORE {when} ON {table} {guard}"
        f"BEGIN SELECT RAISE(ABORT, '{SAID}'); END"
    )


def _sqlite_upgrade() -> None:
    for name in ("update", "delete"):
        _refuse(name, name.upper(), "audit_archive")
    for table, columns in {**FROZEN, "audit_archive": ("through",)}.items():
        same = " AND ".join(f"{column} = NEW.{column}" for column in columns)
        _refuse("replace", "INSERT", table, f"EXISTS (SELECT 1 FROM {table} WHERE {same})")
    op.execute("DROP TRIGGER audit_entry_no_delete")
    _refuse("delete", "DELETE", "audit_entry", f"OLD.at > {SQLITE_NOW} - {YOUNG} OR OLD.seq > {ARCHIVED}")
    op.execute("DROP TRIGGER audit_subject_no_delete")
    _refuse(
        "delete",
        "DELETE",
        "audit_subject",
        f"OLD.seq > {ARCHIVED} OR EXISTS (SELECT 1 FROM audit_entry WHERE seq = OLD.seq)",
    )


def _postgres_upgrade() -> None:
    op.execute(
        "CREATE FUNCTION audit_archive_frozen() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{SAID}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_archive_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_archive "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_archive_frozen()"
    )
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON audit_archive FROM PUBLIC, CURRENT_USER")
    op.execute("REVOKE DELETE, TRUNCATE ON ledger_line FROM PUBLIC, CURRENT_USER")
    kept = {
        "audit_entry": f"OLD.at > {POSTGRES_NOW} - {YOUNG} OR OLD.seq > {ARCHIVED}",
        "audit_subject": (
            f"OLD.seq > {ARCHIVED} OR EXISTS (SELECT 1 FROM audit_entry WHERE audit_entry.seq = OLD.seq)"
        ),
    }
    for table, condition in kept.items():
        op.execute(f"DROP TRIGGER {table}_frozen ON {table}")
        op.execute(
            f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_frozen()"
        )
        op.execute(
            f"CREATE FUNCTION {table}_kept_frozen() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF {condition} THEN RAISE EXCEPTION '{SAID}'; END IF; RETURN OLD; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_kept_frozen BEFORE DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_kept_frozen()"
        )
    # The right to delete is given and taken back within the one transaction of the function, so that nobody
    # else ever sees it; the triggers above decide row by row.
    op.execute(
        "CREATE FUNCTION cut_what_was_frozen(upto bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER "
        "SET search_path FROM CURRENT AS $$ DECLARE gone bigint; BEGIN "
        "GRANT DELETE ON audit_entry, audit_subject TO CURRENT_USER; "
        "DELETE FROM audit_entry WHERE seq <= upto; GET DIAGNOSTICS gone = ROW_COUNT; "
        "DELETE FROM audit_subject WHERE seq <= upto; "
        "REVOKE DELETE ON audit_entry, audit_subject FROM CURRENT_USER; "
        "RETURN gone; END $$"
    )


def downgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT count(*) FROM audit_archive")).scalar():
        raise RuntimeError("审计记录已经归档，退回这一步会使审计链无法核对，所以没有退回。")
    if _postgres():
        op.execute("DROP FUNCTION cut_what_was_frozen(bigint)")
        for table in ("audit_entry", "audit_subject"):
            op.execute(f"DROP TRIGGER {table}_kept_frozen ON {table}")
            op.execute(f"DROP FUNCTION {table}_kept_frozen()")
            op.execute(f"DROP TRIGGER {table}_frozen ON {table}")
            op.execute(
                f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_frozen()"
            )
        op.execute("GRANT DELETE, TRUNCATE ON ledger_line TO CURRENT_USER")
    else:
        for table in FROZEN:
            op.execute(f"DROP TRIGGER {table}_no_replace")
        for table in ("audit_entry", "audit_subject"):
            op.execute(f"DROP TRIGGER {table}_no_delete")
            _refuse("delete", "DELETE", table)
    op.drop_table("audit_archive")
    if _postgres():
        op.execute("DROP FUNCTION audit_archive_frozen()")
    for name in ("destroyed_file", "retention_hold", "destruction", "retention_count"):
        op.drop_table(name)
    for name in ("signature", "following", "signer"):
        op.drop_column("audit_anchor", name)
