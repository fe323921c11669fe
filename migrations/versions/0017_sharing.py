"""Data requests, benefits and the comparison of lists.

Revision 0017, after 0016, 2026-11-22.
"""

from __future__ import annotations

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
