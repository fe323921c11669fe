"""The register in full: open questions, pauses, allergies and numbers not to be called, contacts, a log of clues.

Revision 0004, after 0003, 2026-11-22.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = ("question", "pause_spell")
INSIDE = (
    "area >= (SELECT NULLIF(current_setting('casemgr.low', true), '')::bigint) AND "
    "area < (SELECT NULLIF(current_setting('casemgr.high', true), '')::bigint)"
)
SUPPLEMENT = (
    ("discharged_on", sa.Integer),
    ("discharged_precision", sa.SmallInteger),
    ("document_ask_on", sa.Integer),
    ("poverty_seen_on", sa.Integer),
    ("residency", sa.SmallInteger),
    ("allergies", sa.SmallInteger),
    ("allergy_other", sa.LargeBinary),
    ("no_contact", sa.SmallInteger),
    ("no_contact_note", sa.LargeBinary),
)


def _key() -> sa.Column:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, autoincrement=False, nullable=False)


def _of_case(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["case_id", "area"],
        ["case_file.id", "case_file.area"],
        name=op.f(f"fk_{table}_case_id_area_case_file"),
        onupdate="CASCADE",
        ondelete="CASCADE",
    )


def upgrade() -> None:
    op.create_table(
        "question",
        _key(),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("weight", sa.SmallInteger(), nullable=False),
        sa.Column("facts", sa.LargeBinary(length=32), nullable=False),
        sa.Column("says", sa.LargeBinary(), nullable=False),
        sa.Column("asked_on", sa.Integer(), nullable=False),
        sa.Column("answered_on", sa.Integer(), nullable=True),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("ended_on", sa.Integer(), nullable=True),
        sa.Column("area", sa.BigInteger(), nullable=False),
        _of_case("question"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
        sa.UniqueConstraint("case_id", "code", "facts", name=op.f("uq_question_case_id_code_facts")),
    )
    op.create_index(
        op.f("ix_question_area_ended_on_answered_on"),
        "question",
        ["area", "ended_on", "answered_on"],
        unique=False,
    )
    op.create_table(
        "pause_spell",
        _key(),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("planned_until", sa.Integer(), nullable=True),
        sa.Column("ended_on", sa.Integer(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        _of_case("pause_spell"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pause_spell")),
    )
    op.create_index(op.f("ix_pause_spell_case_id_since"), "pause_spell", ["case_id", "since"], unique=False)
    op.create_table(
        "contact_line",
        _key(),
        sa.Column("region", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_line")),
    )
    op.create_index(op.f("ix_contact_line_region_kind"), "contact_line", ["region", "kind"], unique=False)
    for name, kind in SUPPLEMENT:
        op.add_column("supplement", sa.Column(name, kind(), nullable=True))
    op.add_column("clue", sa.Column("log", sa.LargeBinary(), nullable=True))
    op.add_column("visit", sa.Column("declined_by", sa.BigInteger(), nullable=True))
    op.add_column("visit", sa.Column("declined_on", sa.Integer(), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY by_area ON {table} USING ({INSIDE}) WITH CHECK ({INSIDE})")


def downgrade() -> None:
    op.drop_column("visit", "declined_on")
    op.drop_column("visit", "declined_by")
    op.drop_column("clue", "log")
    for name, _kind in reversed(SUPPLEMENT):
        op.drop_column("supplement", name)
    op.drop_index(op.f("ix_contact_line_region_kind"), table_name="contact_line")
    op.drop_table("contact_line")
    op.drop_index(op.f("ix_pause_spell_case_id_since"), table_name="pause_spell")
    op.drop_table("pause_spell")
    op.drop_index(op.f("ix_question_area_ended_on_answered_on"), table_name="question")
    op.drop_table("question")
