"""Counting reads the day of entry from its index, and offences from an index of offences alone.

Revision 0025, after 0024, 2026-11-22.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

NAME = "ix_visit_counting"
READ = [
    "area", "on", "case_id", "mode", "informants", "loss_reason",
    "risk", "symptoms", "stability", "adherence", "hospital",
]  # fmt: skip


OFFENCE = "ix_visit_offence"
TOLD = ["area", "on", "case_id", "offence_count", "crime_count"]


def _of_offences(condition: str) -> None:
    where = sa.text(condition)
    op.drop_index(OFFENCE, table_name="visit")
    op.create_index(OFFENCE, "visit", TOLD, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    op.drop_index(NAME, table_name="visit")
    op.create_index(NAME, "visit", [*READ, "entered_on"])
    # Most visits say 0, which is not empty: the index held nearly all of them.
    _of_offences("offence_count > 0 OR crime_count > 0")


def downgrade() -> None:
    _of_offences("offence_count IS NOT NULL OR crime_count IS NOT NULL")
    op.drop_index(NAME, table_name="visit")
    op.create_index(NAME, "visit", READ)
