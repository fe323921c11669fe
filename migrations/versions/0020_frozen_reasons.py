"""What a closed month keeps of its reasons and of the yearly facts it rests on; editions taken back.

Revision 0020, after 0019, 2026-11-22.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ONE_A_DAY = "uq_edition_entry_county_valid_from"
STANDING = sa.text("withdrawn_at IS NULL")


def upgrade() -> None:
    op.add_column("closed_verdicts", sa.Column("reasons", sa.LargeBinary(), nullable=True))
    op.add_column("month_close", sa.Column("facts", sa.LargeBinary(), nullable=True))
    _rebuild_editions(
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_by", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_because", sa.String(length=200), nullable=True),
    )
    op.create_index(
        ONE_A_DAY,
        "edition_entry",
        ["county", "valid_from"],
        unique=True,
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )


def downgrade() -> None:
    op.drop_index(ONE_A_DAY, "edition_entry")
    # Two of one day stand nowhere any more; those taken back never held.
    op.execute(sa.text("DELETE FROM edition_entry WHERE withdrawn_at IS NOT NULL"))
    _rebuild_editions(sa.UniqueConstraint("county", "valid_from", name=op.f(ONE_A_DAY)))
    op.drop_column("month_close", "facts")
    op.drop_column("closed_verdicts", "reasons")


def _rebuild_editions(*more: sa.Column[object] | sa.UniqueConstraint) -> None:
    """The table with other columns or limits: SQLite changes none in place; a county has a handful of rows."""
    names = (
        "id, county, code, title, source, valid_from, lines, numbers, recorded_at, recorded_by"  # as of 0011
    )
    kept = [
        dict(row._mapping) for row in op.get_bind().execute(sa.text(f"SELECT {names} FROM edition_entry"))
    ]
    op.drop_table("edition_entry")
    made = op.create_table(
        "edition_entry",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("county", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("valid_from", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("numbers", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        *more,
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition_entry")),
    )
    if kept:
        op.bulk_insert(made, kept)
