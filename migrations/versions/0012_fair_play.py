"""Patterns in records that their author is asked about.

Revision 0012, after 0011, 2026-11-22.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INSIDE = (
    "area >= (SELECT NULLIF(current_setting('casemgr.low', true), '')::bigint) AND "
    "area < (SELECT NULLIF(current_setting('casemgr.high', true), '')::bigint)"
)


def upgrade() -> None:
    op.create_table(
        "pattern_question",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("author", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("asked_on", sa.Integer(), nullable=False),
        sa.Column("open_on", sa.Integer(), nullable=False),
        sa.Column("answered_on", sa.Integer(), nullable=True),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pattern_question")),
        sa.UniqueConstraint(
            "area", "period", "kind", "author", name=op.f("uq_pattern_question_area_period_kind_author")
        ),
    )
    op.create_index(op.f("ix_pattern_question_period"), "pattern_question", ["period"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE pattern_question ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE pattern_question FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY by_area ON pattern_question USING ({INSIDE}) WITH CHECK ({INSIDE})")


def downgrade() -> None:
    op.drop_table("pattern_question")
