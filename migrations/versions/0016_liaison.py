"""What other departments may see, what they report and are asked.

Revision 0016, after 0015, 2026-11-22.
"""

from __future__ import annotations

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
