"""Editions a county added, the steps of a month close, and what differs between two closings.

Revision 0011, after 0010, 2026-11-22.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = ("closed_difference", "closing_step")
INSIDE = (
    "area >= (SELECT NULLIF(current_setting('casemgr.low', true), '')::bigint) AND "
    "area < (SELECT NULLIF(current_setting('casemgr.high', true), '')::bigint)"
)


def _key() -> sa.Column[int]:
    return sa.Column(
        "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
    )


def upgrade() -> None:
    op.create_table(
        "closed_difference",
        _key(),
        sa.Column("close_id", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("cases_count", sa.Integer(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["close_id"],
            ["month_close.id"],
            name=op.f("fk_closed_difference_close_id_month_close"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closed_difference")),
        sa.UniqueConstraint(
            "area", "period", "revision", name=op.f("uq_closed_difference_area_period_revision")
        ),
    )
    op.create_index(op.f("ix_closed_difference_close_id"), "closed_difference", ["close_id"])
    op.create_table(
        "closing_step",
        _key(),
        sa.Column("close_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["close_id"],
            ["month_close.id"],
            name=op.f("fk_closing_step_close_id_month_close"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closing_step")),
    )
    op.create_index(op.f("ix_closing_step_close_id"), "closing_step", ["close_id"])
    op.create_table(
        "edition_entry",
        _key(),
        sa.Column("county", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("valid_from", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("numbers", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition_entry")),
        sa.UniqueConstraint("county", "valid_from", name=op.f("uq_edition_entry_county_valid_from")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY by_area ON {table} USING ({INSIDE}) WITH CHECK ({INSIDE})")


def downgrade() -> None:
    op.drop_table("edition_entry")
    op.drop_table("closing_step")
    op.drop_table("closed_difference")
