"""What is archived or destroyed when its time is over.

Revision 0024, after 0023, 2026-11-22.
"""

from __future__ import annotations

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
