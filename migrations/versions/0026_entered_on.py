"""The day of entry among the columns that counting reads from the index alone.

Revision 0026, after 0025, 2026-11-22.
"""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

NAME = "ix_visit_counting"
READ = [
    "area", "on", "case_id", "mode", "informants", "loss_reason",
    "risk", "symptoms", "stability", "adherence", "hospital",
]  # fmt: skip


def upgrade() -> None:
    op.drop_index(NAME, table_name="visit")
    op.create_index(NAME, "visit", [*READ, "entered_on"])


def downgrade() -> None:
    op.drop_index(NAME, table_name="visit")
    op.create_index(NAME, "visit", READ)
