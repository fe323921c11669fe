"""Data requests, benefits and the comparison of lists.

Revision 0017, after 0016, 2026-11-22.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLES = (
    "share_consent",
    "benefit_claim",
    "duty_review",
    "list_comparison",
    "comparison_question",
    "data_request",
    "request_person",
    "impact_note",
    "group_meeting",
)
#: Notes about a flow concern nobody and are read by every doctor of the county.
OPEN = ("impact_note",)
#: Rows that the receiver who decides on them reaches; all others are closed to other departments.
FOR_RECEIVERS = ("benefit_claim",)
INSIDE = (
    "area >= (SELECT NULLIF(current_setting('casemgr.low', true), '')::bigint) AND "
    "area < (SELECT NULLIF(current_setting('casemgr.high', true), '')::bigint)"
)
ASKED_FOR = "(SELECT COALESCE(current_setting('casemgr.receiver', true), ''))"
NOBODY = f"{ASKED_FOR} = ''"
ITS_OWN = f"({NOBODY} OR receiver::text || ':' || receiver_area::text = {ASKED_FOR})"


def _key() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


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
        "share_consent",
        sa.Column("id", _key(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("benefit", sa.SmallInteger(), nullable=False),
        sa.Column("receiver", sa.SmallInteger(), nullable=False),
        sa.Column("giver", sa.SmallInteger(), nullable=False),
        sa.Column("capacity", sa.SmallInteger(), nullable=False),
        sa.Column("signed_on", sa.Integer(), nullable=False),
        sa.Column("until", sa.Integer(), nullable=True),
        sa.Column("signer", sa.LargeBinary(), nullable=True),
        sa.Column("purpose", sa.LargeBinary(), nullable=True),
        sa.Column("withdrawn_on", sa.Integer(), nullable=True),
        sa.Column("withdrawn_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        _of_case("share_consent"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_consent")),
    )
    op.create_index(op.f("ix_share_consent_area_receiver"), "share_consent", ["area", "receiver"])
    op.create_index(op.f("ix_share_consent_case_id"), "share_consent", ["case_id"])
    op.create_table(
        "benefit_claim",
        sa.Column("id", _key(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("consent_id", sa.BigInteger(), nullable=False),
        sa.Column("benefit", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("applied_on", sa.Integer(), nullable=False),
        sa.Column("checked_on", sa.Integer(), nullable=True),
        sa.Column("referred_on", sa.Integer(), nullable=True),
        sa.Column("decided_on", sa.Integer(), nullable=True),
        sa.Column("stopped_on", sa.Integer(), nullable=True),
        sa.Column("stop_reason", sa.SmallInteger(), nullable=True),
        sa.Column("guardian_id", sa.BigInteger(), nullable=True),
        sa.Column("monthly", sa.Integer(), nullable=True),
        sa.Column("account", sa.LargeBinary(), nullable=True),
        sa.Column("agreement_on", sa.Integer(), nullable=True),
        sa.Column("needs", sa.LargeBinary(), nullable=True),
        sa.Column("precautions", sa.LargeBinary(), nullable=True),
        sa.Column("answered_on", sa.Integer(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("sessions", sa.SmallInteger(), nullable=True),
        sa.Column("session_on", sa.Integer(), nullable=True),
        sa.Column("seen_on", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("receiver", sa.SmallInteger(), nullable=False),
        sa.Column("receiver_area", sa.BigInteger(), nullable=False),
        _of_case("benefit_claim"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_benefit_claim")),
    )
    op.create_index(
        op.f("ix_benefit_claim_area_benefit_state"), "benefit_claim", ["area", "benefit", "state"]
    )
    op.create_index(op.f("ix_benefit_claim_case_id"), "benefit_claim", ["case_id"])
    op.create_index(
        op.f("ix_benefit_claim_receiver"), "benefit_claim", ["area", "receiver", "receiver_area", "state"]
    )
    op.create_table(
        "duty_review",
        sa.Column("id", _key(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("quarter", sa.Integer(), nullable=False),
        sa.Column("met", sa.SmallInteger(), nullable=False),
        sa.Column("incident", sa.Boolean(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("reviewed_on", sa.Integer(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        _of_case("duty_review"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_review")),
        sa.UniqueConstraint("claim_id", "quarter", name=op.f("uq_duty_review_claim_id_quarter")),
    )
    op.create_index(op.f("ix_duty_review_case_id"), "duty_review", ["case_id"])
    op.create_table(
        "list_comparison",
        sa.Column("id", _key(), autoincrement=False, nullable=False),
        sa.Column("party", sa.SmallInteger(), nullable=False),
        sa.Column("on", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("verdicts", sa.LargeBinary(), nullable=True),
        sa.Column("file_digest", sa.String(length=64), nullable=False),
        sa.Column("returned_at", sa.BigInteger(), nullable=True),
        sa.Column("returned_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_comparison")),
    )
    op.create_index(op.f("ix_list_comparison_area_on"), "list_comparison", ["area", "on"])
    op.create_table(
        "comparison_question",
        sa.Column("id", _key(), autoincrement=False, nullable=False),
        sa.Column("comparison_id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("row", sa.Integer(), nullable=True),
        sa.Column("finding", sa.SmallInteger(), nullable=False),
        sa.Column("answered_on", sa.Integer(), nullable=True),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("area", sa.BigInteger(), nullable=False),
        _of_case("comparison_question"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comparison_question")),
    )
    op.create_index(op.f("ix_comparison_question_case_id"), "comparison_question", ["case_id"])
    op.create_index(op.f("ix_comparison_question_comparison_id"), "comparison_question", ["comparison_id"])
    op.create_table(
        "data_request",
        sa.Column("id", _key(), autoincrement=False, nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("requester", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("authority", sa.LargeBinary(), nullable=True),
        sa.Column("ground", sa.LargeBinary(), nullable=True),
        sa.Column("purpose", sa.LargeBinary(), nullable=True),
        sa.Column("received_on", sa.Integer(), nullable=False),
        sa.Column("asked_fields", sa.Integer(), nullable=False),
        sa.Column("fields", sa.Integer(), nullable=True),
        sa.Column("decided_on", sa.Integer(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("refusal", sa.LargeBinary(), nullable=True),
        sa.Column("released_on", sa.Integer(), nullable=True),
        sa.Column("released_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_request")),
        sa.UniqueConstraint("area", "number", name=op.f("uq_data_request_area_number")),
    )
    op.create_index(op.f("ix_data_request_area_state"), "data_request", ["area", "state"])
    op.create_table(
        "request_person",
        sa.Column("id", _key(), autoincrement=False, nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        _of_case("request_person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_person")),
        sa.UniqueConstraint("request_id", "case_id", name=op.f("uq_request_person_request_id_case_id")),
    )
    op.create_index(op.f("ix_request_person_case_id"), "request_person", ["case_id"])
    op.create_table(
        "impact_note",
        sa.Column("id", _key(), autoincrement=False, nullable=False),
        sa.Column("county", sa.BigInteger(), nullable=False),
        sa.Column("flow", sa.SmallInteger(), nullable=False),
        sa.Column("written_on", sa.Integer(), nullable=False),
        sa.Column("keep_until", sa.Integer(), nullable=False),
        sa.Column("receiver", sa.LargeBinary(), nullable=True),
        sa.Column("what", sa.LargeBinary(), nullable=True),
        sa.Column("necessity", sa.LargeBinary(), nullable=True),
        sa.Column("risk", sa.LargeBinary(), nullable=True),
        sa.Column("measures", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_impact_note")),
    )
    op.create_index(op.f("ix_impact_note_county_flow"), "impact_note", ["county", "flow"])
    op.create_table(
        "group_meeting",
        sa.Column("id", _key(), autoincrement=False, nullable=False),
        sa.Column("on", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("agenda", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_meeting")),
        sa.UniqueConstraint("area", "on", name=op.f("uq_group_meeting_area_on")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in sorted(set(TABLES) - set(OPEN)):
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY by_area ON {table} USING ({INSIDE}) WITH CHECK ({INSIDE})")
            kept = ITS_OWN if table in FOR_RECEIVERS else NOBODY
            op.execute(
                f"CREATE POLICY by_receiver ON {table} AS RESTRICTIVE USING ({kept}) WITH CHECK ({kept})"
            )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
