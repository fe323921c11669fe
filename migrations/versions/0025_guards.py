"""What the database itself refuses to write.

Revision 0025, after 0024, 2026-11-22.
"""

from __future__ import annotations

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
