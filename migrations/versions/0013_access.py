"""Grants, their validity and review, and what was loosened.

An account that was there before counts as confirmed on the day of this step, so that nobody is locked out by it.

Revision 0013, after 0012, 2026-11-22.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSIDE = (
    "area >= (SELECT NULLIF(current_setting('casemgr.low', true), '')::bigint) AND "
    "area < (SELECT NULLIF(current_setting('casemgr.high', true), '')::bigint)"
)
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DAYS = ("valid_from", "valid_until", "certified_on", "left_on")


def upgrade() -> None:
    for name in DAYS:
        op.add_column("account", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("account", sa.Column("certified_by", sa.BigInteger(), nullable=True))
    op.add_column("login_session", sa.Column("glass_until", sa.BigInteger(), nullable=True))
    today = (datetime.now(UTC).date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days
    account = sa.table("account", sa.column("certified_on", sa.Integer()))
    op.execute(account.update().values(certified_on=today))
    op.create_table(
        "glass",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("reader_area", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.SmallInteger(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("looks", sa.SmallInteger(), nullable=False),
        sa.Column("due_on", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.SmallInteger(), nullable=True),
        sa.Column("verdict_words", sa.LargeBinary(), nullable=True),
        sa.Column("reviewed_at", sa.BigInteger(), nullable=True),
        sa.Column("reviewed_by", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_glass_case_id_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_glass")),
    )
    op.create_index(op.f("ix_glass_case_id"), "glass", ["case_id"])
    op.create_index(op.f("ix_glass_account_ends_at"), "glass", ["account", "ends_at"])
    op.create_index(op.f("ix_glass_area_verdict"), "glass", ["area", "verdict"])
    op.create_table(
        "matrix_loosening",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("key", sa.String(12), nullable=False),
        sa.Column("number", sa.String(80), nullable=False),
        sa.Column("impact", sa.String(1000), nullable=False),
        sa.Column("valid_from", sa.Integer(), nullable=False),
        sa.Column("valid_to", sa.Integer(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matrix_loosening")),
    )
    op.create_index(op.f("ix_matrix_loosening_state_valid_to"), "matrix_loosening", ["state", "valid_to"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE glass ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE glass FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY by_area ON glass USING ({INSIDE}) WITH CHECK ({INSIDE})")


def downgrade() -> None:
    op.drop_table("matrix_loosening")
    op.drop_table("glass")
    op.drop_column("login_session", "glass_until")
    for name in ("certified_by", *reversed(DAYS)):
        op.drop_column("account", name)
