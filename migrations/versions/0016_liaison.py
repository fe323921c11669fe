"""What other departments may see, what they report and are asked.

Whoever works for another department reaches these four tables and no other row about a person: the database
itself is told for whom it is asked (``casemgr.receiver``) and keeps everything else from them.

Revision 0016, after 0015, 2026-11-22.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

INSIDE = (
    "area >= (SELECT NULLIF(current_setting('casemgr.low', true), '')::bigint) AND "
    "area < (SELECT NULLIF(current_setting('casemgr.high', true), '')::bigint)"
)
ASKED_FOR = "(SELECT COALESCE(current_setting('casemgr.receiver', true), ''))"
NOBODY = f"{ASKED_FOR} = ''"
ITS_OWN = f"({NOBODY} OR receiver::text || ':' || receiver_area::text = {ASKED_FOR})"
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FIXED = (
    "id", "file_key", "disclosure_id", "kind", "at", "actor", "groups", "conditions", "ground", "count", "area",
    "receiver", "receiver_area",
)  # fmt: skip
TABLES = ("disclosure", "ledger_line", "liaison_task", "liaison_report")


def _receiver() -> tuple[sa.Column[int], ...]:
    return (
        sa.Column("receiver", sa.SmallInteger(), nullable=False),
        sa.Column("receiver_area", sa.BigInteger(), nullable=False),
    )


def upgrade() -> None:
    op.create_table(
        "disclosure",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("file_key", sa.BigInteger(), nullable=False),
        sa.Column("conditions", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.SmallInteger(), nullable=False),
        sa.Column("ground", sa.String(240), nullable=False),
        sa.Column("grade", sa.SmallInteger(), nullable=True),
        sa.Column("evidence_on", sa.Integer(), nullable=True),
        sa.Column("origin", sa.BigInteger(), nullable=True),
        sa.Column("groups", sa.Integer(), nullable=False),
        sa.Column("village", sa.BigInteger(), nullable=True),
        sa.Column("alias", sa.LargeBinary(), nullable=True),
        sa.Column("sheet", sa.LargeBinary(), nullable=True),
        sa.Column("source", sa.LargeBinary(32), nullable=True),
        sa.Column("valid_from", sa.Integer(), nullable=False),
        sa.Column("valid_until", sa.Integer(), nullable=True),
        sa.Column("withdrawn_on", sa.Integer(), nullable=True),
        sa.Column("withdrawal", sa.SmallInteger(), nullable=True),
        sa.Column("corrected_on", sa.Integer(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=True),
        sa.Column("received_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        *_receiver(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure")),
    )
    op.create_index(op.f("ix_disclosure_file_key"), "disclosure", ["file_key"])
    op.create_index(
        "ix_disclosure_receiver", "disclosure", ["area", "receiver", "receiver_area", "withdrawn_on"]
    )
    op.create_table(
        "ledger_line",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("file_key", sa.BigInteger(), nullable=True),
        sa.Column("disclosure_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.BigInteger(), nullable=False),
        sa.Column("groups", sa.Integer(), nullable=False),
        sa.Column("conditions", sa.SmallInteger(), nullable=True),
        sa.Column("ground", sa.String(240), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        *_receiver(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_line")),
    )
    op.create_index(op.f("ix_ledger_line_file_key_at"), "ledger_line", ["file_key", "at"])
    op.create_index("ix_ledger_line_receiver", "ledger_line", ["area", "receiver", "receiver_area", "at"])
    op.create_table(
        "liaison_task",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("file_key", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("question", sa.LargeBinary(), nullable=True),
        sa.Column("asked_on", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.SmallInteger(), nullable=True),
        sa.Column("reply", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_on", sa.Integer(), nullable=True),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("closed_on", sa.Integer(), nullable=True),
        sa.Column("closed_by", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        *_receiver(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_liaison_task")),
    )
    op.create_index(op.f("ix_liaison_task_file_key"), "liaison_task", ["file_key"])
    op.create_index(
        "ix_liaison_task_receiver", "liaison_task", ["area", "receiver", "receiver_area", "closed_on"]
    )
    op.create_table(
        "liaison_report",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("happened_on", sa.Integer(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=True),
        sa.Column("place", sa.LargeBinary(), nullable=True),
        sa.Column("told", sa.LargeBinary(), nullable=False),
        sa.Column("contact", sa.LargeBinary(), nullable=True),
        sa.Column("file_key", sa.BigInteger(), nullable=True),
        sa.Column("disclosure_id", sa.BigInteger(), nullable=True),
        sa.Column("reported_at", sa.BigInteger(), nullable=False),
        sa.Column("reported_on", sa.Integer(), nullable=False),
        sa.Column("reported_by", sa.BigInteger(), nullable=False),
        sa.Column("taken_on", sa.Integer(), nullable=True),
        sa.Column("answer", sa.SmallInteger(), nullable=True),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("answered_on", sa.Integer(), nullable=True),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        *_receiver(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_liaison_report")),
    )
    op.create_index(op.f("ix_liaison_report_file_key"), "liaison_report", ["file_key"])
    op.create_index(
        "ix_liaison_report_receiver", "liaison_report", ["area", "receiver", "receiver_area", "state"]
    )
    _freeze_ledger()
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY by_area ON {table} USING ({INSIDE}) WITH CHECK ({INSIDE})")
        for table in _scoped():
            kept = ITS_OWN if table in TABLES else NOBODY
            op.execute(
                f"CREATE POLICY by_receiver ON {table} AS RESTRICTIVE USING ({kept}) WITH CHECK ({kept})"
            )


def _scoped() -> list[str]:
    """Every table whose rows belong to an area, as the database knows them now."""
    found = op.get_bind().execute(
        sa.text(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relrowsecurity AND n.nspname = current_schema() ORDER BY c.relname"
        )
    )
    return [str(row[0]) for row in found]


def _freeze_ledger() -> None:
    """Lines of the ledger are added and never changed; only a sealed number may be sealed anew."""
    kept = ", ".join(FIXED)
    if op.get_bind().dialect.name == "sqlite":
        for name, verb in (("update", f"UPDATE OF {kept}"), ("delete", "DELETE")):
            op.execute(
                f"CREATE TRIGGER ledger_line_no_{name} BEFORE {verb} ON ledger_line "
                "BEGIN SELECT RAISE(ABORT, 'ledger lines are not changed'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION ledger_line_frozen() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'ledger lines are not changed'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER ledger_line_frozen BEFORE UPDATE OF {kept} OR DELETE OR TRUNCATE ON ledger_line "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_line_frozen()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in _scoped():
            op.execute(f"DROP POLICY IF EXISTS by_receiver ON {table}")
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION ledger_line_frozen()")
