"""Laboratory results of people on medicine that must be watched.

Revision 0008, after 0007, 2026-11-22.
"""

from __future__ import annotations

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
