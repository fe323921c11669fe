"""Grants, their validity and review, and what was loosened.

Revision 0013, after 0012, 2026-11-22.
"""

from __future__ import annotations

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
