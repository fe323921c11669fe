"""The worklist's own views and duties of people without a file.

Revision 0005, after 0004, 2026-11-22.
"""

from __future__ import annotations

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
