"""Questions about reading, and what a person asks for about the own data.

Revision 0015, after 0014, 2026-11-22.
"""

from __future__ import annotations

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
