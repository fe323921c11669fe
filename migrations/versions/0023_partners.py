"""What partners, consents and rights requests still keep.

Revision 0023, after 0022, 2026-11-22.
"""

from __future__ import annotations

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
