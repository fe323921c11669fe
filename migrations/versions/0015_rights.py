"""Questions about reading, and what a person asks for about the own data.

Anchors form a chain of their own with a keyed digest; the anchor table is added to and never changed. A
sealed file (``locked``) opens no name any more.

Revision 0015, after 0014, 2026-11-22.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INSIDE = (
    "area >= (SELECT NULLIF(current_setting('casemgr.low', true), '')::bigint) AND "
    "area < (SELECT NULLIF(current_setting('casemgr.high', true), '')::bigint)"
)
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FROZEN = ("audit_entry", "audit_subject", "audit_anchor")


def _forbid_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'audit entries are not changed'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_frozen() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit entries are not changed'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_frozen()"
    )


def _allow_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{verb}")
        return
    op.execute(f"DROP TRIGGER {table}_frozen ON {table}")
    op.execute(f"DROP FUNCTION {table}_frozen()")


def _by_area(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY by_area ON {table} USING ({INSIDE}) WITH CHECK ({INSIDE})")


def upgrade() -> None:
    op.add_column("audit_anchor", sa.Column("previous", sa.LargeBinary(length=32), nullable=True))
    op.add_column("audit_anchor", sa.Column("seal", sa.LargeBinary(length=32), nullable=True))
    op.add_column("audit_anchor", sa.Column("key_id", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_audit_entry_at"), "audit_entry", ["at"])
    _forbid_changes("audit_anchor")
    for name in ("person", "identity", "guardian"):
        op.add_column(name, sa.Column("locked", sa.Boolean(), server_default=sa.false(), nullable=False))
    if op.get_bind().dialect.name == "postgresql":
        # The program's own role loses what a trigger forbids as well; an owner could still give it back.
        for name in FROZEN:
            op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {name} FROM PUBLIC, CURRENT_USER")
    op.create_table(
        "misuse_question",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.SmallInteger(), nullable=False),
        sa.Column("on", sa.Integer(), nullable=False),
        sa.Column("case_key", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("asked_on", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Integer(), nullable=False),
        sa.Column("answered_on", sa.Integer(), nullable=True),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("verdict", sa.SmallInteger(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_misuse_question")),
        sa.UniqueConstraint(
            "account", "kind", "on", "case_key", name=op.f("uq_misuse_question_account_kind_on_case_key")
        ),
    )
    op.create_index(op.f("ix_misuse_question_area_answered_on"), "misuse_question", ["area", "answered_on"])
    _by_area("misuse_question")
    op.create_table(
        "staff_home",
        sa.Column("account", KEY, autoincrement=False, nullable=False),
        sa.Column("village", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_staff_home")),
    )
    _by_area("staff_home")
    op.create_table(
        "rights_request",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("asker", sa.SmallInteger(), nullable=False),
        sa.Column("asked_on", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Integer(), nullable=False),
        sa.Column("what", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.SmallInteger(), nullable=True),
        sa.Column("ground", sa.SmallInteger(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("decided_on", sa.Integer(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("review", sa.LargeBinary(), nullable=True),
        sa.Column("reviewed_on", sa.Integer(), nullable=True),
        sa.Column("reviewed_by", sa.BigInteger(), nullable=True),
        sa.Column("closed_on", sa.Integer(), nullable=True),
        sa.Column("letter_on", sa.Integer(), nullable=True),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_rights_request_case_id_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights_request")),
    )
    op.create_index(op.f("ix_rights_request_area_state_due_on"), "rights_request", ["area", "state", "due_on"])
    op.create_index(op.f("ix_rights_request_case_id"), "rights_request", ["case_id"])
    _by_area("rights_request")


def downgrade() -> None:
    op.drop_table("rights_request")
    op.drop_table("staff_home")
    op.drop_table("misuse_question")
    if op.get_bind().dialect.name == "postgresql":
        for name in FROZEN:
            op.execute(f"GRANT UPDATE, DELETE, TRUNCATE ON {name} TO CURRENT_USER")
    for name in ("guardian", "identity", "person"):
        op.drop_column(name, "locked")
    _allow_changes("audit_anchor")
    op.drop_index(op.f("ix_audit_entry_at"), "audit_entry")
    for name in ("key_id", "seal", "previous"):
        op.drop_column("audit_anchor", name)
