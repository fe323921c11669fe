"""Patterns in records that their author is asked about.

Revision 0012, after 0011, 2026-11-22.
"""

from __future__ import annotations

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
