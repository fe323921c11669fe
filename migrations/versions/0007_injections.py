"""Long-acting injections: role, number and circumstances of a dose, a county's own labels.

Revision 0007, after 0006, 2026-11-22.
"""

from __future__ import annotations

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
