"""Views of the worklist that an account has named.

Revision 0005, after 0004, 2026-11-22.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLE = "saved_filter"
INSIDE = (
    "area >= (SELECT NULLIF(current_setting('casemgr.low', true), '')::bigint) AND "
    "area < (SELECT NULLIF(current_setting('casemgr.high', true), '')::bigint)"
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("owner", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.String(length=20), nullable=False),
        sa.Column("block", sa.SmallInteger(), nullable=True),
        sa.Column("village", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.SmallInteger(), nullable=True),
        sa.Column("mine", sa.Boolean(), nullable=False),
        sa.Column("first", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
        sa.UniqueConstraint("owner", "area", "label", name=op.f("uq_saved_filter_owner_area_label")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY by_area ON {TABLE} USING ({INSIDE}) WITH CHECK ({INSIDE})")


def downgrade() -> None:
    op.drop_table(TABLE)
