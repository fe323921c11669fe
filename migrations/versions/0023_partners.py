"""What partners, consents and rights requests still keep.

An approval of a data request ends with its release or its last day; every line of the ledger carries its
evidence; the group office has sheets of its own, an account its pledge, and who has to be told its notice.

Revision 0023, after 0022, 2026-11-22.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

INSIDE = (
    "area >= (SELECT NULLIF(current_setting('casemgr.low', true), '')::bigint) AND "
    "area < (SELECT NULLIF(current_setting('casemgr.high', true), '')::bigint)"
)
ASKED_FOR = "(SELECT COALESCE(current_setting('casemgr.receiver', true), ''))"
NOBODY = f"{ASKED_FOR} = ''"
ITS_OWN = f"({NOBODY} OR receiver::text || ':' || receiver_area::text = {ASKED_FOR})"
#: What the ledger says of its evidence is fixed like everything else in it.
EVIDENCE = ("reason", "grade", "evidence_on", "until", "answers")
TABLES = {"group_sheet": ITS_OWN, "liaison_pledge": ITS_OWN, "receiver_notice": NOBODY}


def _key() -> Any:
    return sa.Column(
        "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
    )


def _receiver() -> tuple[sa.Column[int], ...]:
    return (
        sa.Column("receiver", sa.SmallInteger(), nullable=False),
        sa.Column("receiver_area", sa.BigInteger(), nullable=False),
    )


def upgrade() -> None:
    op.add_column("data_request", sa.Column("until", sa.Integer(), nullable=True))
    op.add_column(
        "data_request", sa.Column("releases", sa.SmallInteger(), server_default="0", nullable=False)
    )
    op.add_column("data_request", sa.Column("again", sa.LargeBinary(), nullable=True))
    op.add_column("data_request", sa.Column("again_on", sa.Integer(), nullable=True))
    op.add_column("data_request", sa.Column("again_by", sa.BigInteger(), nullable=True))
    op.add_column("ledger_line", sa.Column("reason", sa.SmallInteger(), nullable=True))
    op.add_column("ledger_line", sa.Column("grade", sa.SmallInteger(), nullable=True))
    op.add_column("ledger_line", sa.Column("evidence_on", sa.Integer(), nullable=True))
    op.add_column("ledger_line", sa.Column("until", sa.Integer(), nullable=True))
    op.add_column("ledger_line", sa.Column("answers", sa.BigInteger(), nullable=True))
    op.create_table(
        "group_sheet",
        _key(),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("on", sa.Integer(), nullable=False),
        sa.Column("origin", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=True),
        sa.Column("received_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        *_receiver(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_sheet")),
    )
    op.create_index(
        "ix_group_sheet_receiver", "group_sheet", ["area", "receiver", "receiver_area", "kind", "on"]
    )
    op.create_table(
        "liaison_pledge",
        _key(),
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("edition", sa.SmallInteger(), nullable=False),
        sa.Column("on", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        *_receiver(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_liaison_pledge")),
    )
    op.create_index(op.f("ix_liaison_pledge_area_account_on"), "liaison_pledge", ["area", "account", "on"])
    op.create_table(
        "receiver_notice",
        _key(),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.SmallInteger(), nullable=False),
        sa.Column("receiver", sa.SmallInteger(), nullable=False),
        sa.Column("receiver_area", sa.BigInteger(), nullable=False),
        sa.Column("groups", sa.Integer(), nullable=False),
        sa.Column("given_on", sa.Integer(), nullable=False),
        sa.Column("called", sa.LargeBinary(), nullable=True),
        sa.Column("documents", sa.LargeBinary(), nullable=True),
        sa.Column("raised_on", sa.Integer(), nullable=False),
        sa.Column("letter_on", sa.Integer(), nullable=True),
        sa.Column("told_on", sa.Integer(), nullable=True),
        sa.Column("told_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_receiver_notice_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receiver_notice")),
    )
    op.create_index(op.f("ix_receiver_notice_area_told_on"), "receiver_notice", ["area", "told_on"])
    op.create_index(op.f("ix_receiver_notice_case_id"), "receiver_notice", ["case_id"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER ledger_line_no_other_evidence BEFORE UPDATE "
            f"OF {', '.join(EVIDENCE)} ON ledger_line BEGIN "
            "SELECT RAISE(ABORT, 'ledger lines are not changed'); END"
        )
        return
    op.execute(
        f"CREATE TRIGGER ledger_line_evidence BEFORE UPDATE OF {', '.join(EVIDENCE)} ON ledger_line "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_line_frozen()"
    )
    for table, kept in TABLES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY by_area ON {table} USING ({INSIDE}) WITH CHECK ({INSIDE})")
        op.execute(f"CREATE POLICY by_receiver ON {table} AS RESTRICTIVE USING ({kept}) WITH CHECK ({kept})")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER ledger_line_no_other_evidence")
    else:
        op.execute("DROP TRIGGER ledger_line_evidence ON ledger_line")
    for name in reversed(EVIDENCE):
        op.drop_column("ledger_line", name)
    for name in ("again_by", "again_on", "again", "releases", "until"):
        op.drop_column("data_request", name)
