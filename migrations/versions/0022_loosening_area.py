"""Where a loosening of the disclosure matrix holds and who signed it; whose accounts and tokens there are.

A loosening from before holds for the whole installation (0), as it was approved.

Revision 0022, after 0021, 2026-11-22.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

NEW = (
    ("matrix_loosening", sa.Column("over", sa.BigInteger(), nullable=False, server_default="0")),
    ("matrix_loosening", sa.Column("approver", sa.String(80), nullable=False, server_default="")),
    ("account", sa.Column("staff_no", sa.String(40), nullable=True)),
    ("account", sa.Column("phone_digest", sa.LargeBinary(32), nullable=True)),
    ("api_token", sa.Column("purpose", sa.String(60), nullable=False, server_default="")),
    ("api_token", sa.Column("made_by", sa.BigInteger(), nullable=True)),
    ("api_token", sa.Column("used_at", sa.BigInteger(), nullable=True)),
)


def upgrade() -> None:
    for table, column in NEW:
        op.add_column(table, column)


def downgrade() -> None:
    for table, column in reversed(NEW):
        op.drop_column(table, column.name)
