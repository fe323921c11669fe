"""What a closed month keeps of its reasons and of a city's yearly facts.

Revision 0020, after 0019, 2026-11-22.
"""

from __future__ import annotations

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
