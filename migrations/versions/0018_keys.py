"""Keys in several generations and how far resealing has come.

Revision 0018, after 0017, 2026-11-22.
"""

from __future__ import annotations

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
