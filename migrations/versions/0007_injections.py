"""Long-acting injections: role, number and circumstances of a dose, a county's own labels.

Revision 0007, after 0006, 2026-11-22.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


#: What a dose keeps of its place in the course and of how it was given.
COLUMNS: tuple[tuple[str, sa.types.TypeEngine[object]], ...] = (
    ("side", sa.SmallInteger()),
    ("interval_days", sa.SmallInteger()),
    ("partial", sa.Boolean()),
    ("role", sa.SmallInteger()),
    ("role_told", sa.Boolean()),
    ("number", sa.SmallInteger()),
    ("start_on", sa.Integer()),
    ("aside", sa.SmallInteger()),
    ("cover_days", sa.SmallInteger()),
    ("cover_until", sa.Integer()),
    ("followed_on", sa.Integer()),
    ("cold_checked", sa.Boolean()),
    ("reaction", sa.SmallInteger()),
    ("observed_until", sa.BigInteger()),
    ("place", sa.SmallInteger()),
    ("referral_id", sa.BigInteger()),
    ("next_on", sa.Integer()),
    ("stopped_on", sa.Integer()),
    ("stop_reason", sa.SmallInteger()),
    ("note", sa.LargeBinary()),
)


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column("dose", sa.Column(name, kind, nullable=True))
    op.create_table(
        "product_label",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("county", sa.BigInteger(), nullable=False),
        sa.Column("product", sa.String(length=24), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("labelled_on", sa.Integer(), nullable=False),
        sa.Column("checked", sa.Boolean(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_label")),
    )
    op.create_index(
        op.f("ix_product_label_county_product"), "product_label", ["county", "product"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_product_label_county_product"), table_name="product_label")
    op.drop_table("product_label")
    for name, _kind in reversed(COLUMNS):
        op.drop_column("dose", name)
