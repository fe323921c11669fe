"""Second factors, one-time codes and approvals of large exports.

Revision 0014, after 0013, 2026-11-22.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INSIDE = (
    "area >= (SELECT NULLIF(current_setting('casemgr.low', true), '')::bigint) AND "
    "area < (SELECT NULLIF(current_setting('casemgr.high', true), '')::bigint)"
)


def _key() -> sa.Column[int]:
    return sa.Column(
        "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
    )


def _account(table: str) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    return (
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f(f"fk_{table}_account_id_account"), ondelete="CASCADE"
        ),
    )


def upgrade() -> None:
    op.add_column("account", sa.Column("factor_at", sa.BigInteger(), nullable=True))
    op.add_column("login_session", sa.Column("confirmed_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "second_factor",
        _key(),
        *_account("second_factor"),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_factor")),
    )
    op.create_index(op.f("ix_second_factor_account_id"), "second_factor", ["account_id"])
    op.create_table(
        "recovery_code",
        _key(),
        *_account("recovery_code"),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_account_id"), "recovery_code", ["account_id"])
    op.create_table(
        "entry_code",
        _key(),
        *_account("entry_code"),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_code")),
    )
    op.create_index(op.f("ix_entry_code_account_id"), "entry_code", ["account_id"])
    op.create_table(
        "approval",
        _key(),
        sa.Column("wish", sa.SmallInteger(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("on", sa.Integer(), nullable=True),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.Column("fetched", sa.SmallInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=True),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    op.create_index(op.f("ix_approval_state_asked_at"), "approval", ["state", "asked_at"])
    op.create_index(op.f("ix_approval_asked_by_on"), "approval", ["asked_by", "on"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE approval ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE approval FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY by_area ON approval USING ({INSIDE}) WITH CHECK ({INSIDE})")
    op.create_table(
        "opened_person",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("on", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mark", sa.LargeBinary(16), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "on", "mark", name=op.f("pk_opened_person")),
    )
    op.create_index(op.f("ix_opened_person_on"), "opened_person", ["on"])


def downgrade() -> None:
    op.drop_table("opened_person")
    op.drop_table("approval")
    op.drop_table("entry_code")
    op.drop_table("recovery_code")
    op.drop_table("second_factor")
    op.drop_column("login_session", "confirmed_at")
    op.drop_column("account", "factor_at")
