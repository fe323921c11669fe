"""Counting of 肇事 and 肇祸, and the danger level a visit had before it was changed.

Revision 0009, after 0008, 2026-11-22.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OFFENCE = sa.text("offence_count IS NOT NULL OR crime_count IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_visit_offence",
        "visit",
        ["area", "on", "case_id", "offence_count", "crime_count"],
        sqlite_where=OFFENCE,
        postgresql_where=OFFENCE,
    )
    op.create_index(op.f("ix_incident_area_on"), "incident", ["area", "on"])
    op.add_column("visit", sa.Column("peak_risk", sa.SmallInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("visit", "peak_risk")
    op.drop_index(op.f("ix_incident_area_on"), table_name="incident")
    op.drop_index("ix_visit_offence", table_name="visit")
