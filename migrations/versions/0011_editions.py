"""Editions a county added, the steps of a month close, and what differs between two closings.

Revision 0011, after 0010, 2026-11-22.
"""

from __future__ import annotations

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
