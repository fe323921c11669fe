"""Reports of quarters and years, their layouts, and the agency that issues them.

Revision 0010, after 0009, 2026-11-22.
"""

from __future__ import annotations

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
