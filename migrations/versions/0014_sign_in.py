"""Second factors, one-time links and approvals of large exports.

Revision 0014, after 0013, 2026-11-22.
"""

from __future__ import annotations

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
