"""Yearly facts of an area that no register knows.

Revision 0019, after 0018, 2026-11-22.
"""

from __future__ import annotations

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
