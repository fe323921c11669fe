"""Windows of village doctors and treating hospitals.

Revision 0021, after 0020, 2026-11-22.
"""

from __future__ import annotations

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
