"""Keys in several generations and how far resealing has come.

Revision 0018, after 0017, 2026-11-22.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "key_generation",
        sa.Column("key_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.String(length=8), nullable=False),
        sa.Column("suite", sa.String(length=8), nullable=False),
        sa.Column("activated_at", sa.BigInteger(), nullable=True),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_key_generation")),
    )
    op.create_table(
        "reseal_progress",
        sa.Column("table_name", sa.String(length=60), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("last_key", KEY, nullable=False),
        sa.Column("resealed", sa.Integer(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("table_name", name=op.f("pk_reseal_progress")),
    )


def downgrade() -> None:
    op.drop_table("reseal_progress")
    op.drop_table("key_generation")
