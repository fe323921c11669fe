"""The doctor's day: duties, attempts, clues, notices, filled forms, drafts, incidents, emergencies, referrals, transfers.

Revision 0003, after 0002, 2026-11-22.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = (
    "envelope",
    "stand_in",
    "transfer",
    "attempt",
    "clue",
    "draft",
    "duty",
    "emergency",
    "incident",
    "lock_up",
    "notice",
    "referral",
    "revision",
    "sheet",
)
INSIDE = (
    "area >= (SELECT NULLIF(current_setting('casemgr.low', true), '')::bigint) AND "
    "area < (SELECT NULLIF(current_setting('casemgr.high', true), '')::bigint)"
)


def upgrade() -> None:
    op.create_table(
        "envelope",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("sent_id", sa.String(length=40), nullable=False),
        sa.Column("form", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("noun", sa.String(length=24), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("filled_at", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_envelope")),
        sa.UniqueConstraint("recorded_by", "sent_id", name=op.f("uq_envelope_recorded_by_sent_id")),
    )
    op.create_table(
        "stand_in",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("absent", sa.BigInteger(), nullable=False),
        sa.Column("instead", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("until", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stand_in")),
    )
    op.create_index(op.f("ix_stand_in_area_until"), "stand_in", ["area", "until"], unique=False)
    op.create_table(
        "transfer",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("pair", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("file_key", sa.BigInteger(), nullable=False),
        sa.Column("other_area", sa.BigInteger(), nullable=False),
        sa.Column("other_unit", sa.BigInteger(), nullable=False),
        sa.Column("asked_on", sa.Integer(), nullable=False),
        sa.Column("asked_by_receiver", sa.Boolean(), nullable=False),
        sa.Column("answered_on", sa.Integer(), nullable=True),
        sa.Column("county_asked_on", sa.Integer(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer")),
        sa.UniqueConstraint("pair", "side", name=op.f("uq_transfer_pair_side")),
    )
    op.create_index(op.f("ix_transfer_area_state"), "transfer", ["area", "state"], unique=False)
    op.create_index(op.f("ix_transfer_file_key"), "transfer", ["file_key"], unique=False)
    op.create_table(
        "attempt",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Integer(), nullable=False),
        sa.Column("way", sa.SmallInteger(), nullable=True),
        sa.Column("result", sa.SmallInteger(), nullable=False),
        sa.Column("next_on", sa.Integer(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_attempt_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index(op.f("ix_attempt_area_on"), "attempt", ["area", "on"], unique=False)
    op.create_index(op.f("ix_attempt_case_id_on"), "attempt", ["case_id", "on"], unique=False)
    op.create_table(
        "clue",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("village", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.SmallInteger(), nullable=True),
        sa.Column("found_on", sa.Integer(), nullable=False),
        sa.Column("form_version", sa.SmallInteger(), nullable=False),
        sa.Column("signs", sa.SmallInteger(), nullable=True),
        sa.Column("sex", sa.SmallInteger(), nullable=True),
        sa.Column("birth_year", sa.SmallInteger(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("id_number", sa.LargeBinary(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("residence", sa.LargeBinary(), nullable=True),
        sa.Column("informant", sa.LargeBinary(), nullable=True),
        sa.Column("surveyor", sa.LargeBinary(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("id_token", sa.LargeBinary(length=16), nullable=True),
        sa.Column("token_key", sa.Integer(), nullable=True),
        sa.Column("verified_on", sa.Integer(), nullable=True),
        sa.Column("review_on", sa.Integer(), nullable=True),
        sa.Column("decided_on", sa.Integer(), nullable=True),
        sa.Column("diagnosis", sa.SmallInteger(), nullable=True),
        sa.Column("decided_by", sa.LargeBinary(), nullable=True),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_clue_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clue")),
    )
    op.create_index(op.f("ix_clue_area_state_found_on"), "clue", ["area", "state", "found_on"], unique=False)
    op.create_index(op.f("ix_clue_id_token"), "clue", ["id_token"], unique=False)
    op.create_table(
        "draft",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.BigInteger(), nullable=False),
        sa.Column("form", sa.String(length=32), nullable=False),
        sa.Column("form_version", sa.String(length=16), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_draft_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
    )
    op.create_index(op.f("ix_draft_case_id"), "draft", ["case_id"], unique=False)
    op.create_index(op.f("ix_draft_owner_form_case_id"), "draft", ["owner", "form", "case_id"], unique=False)
    op.create_table(
        "duty",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("origin", sa.BigInteger(), nullable=False),
        sa.Column("began_on", sa.Integer(), nullable=False),
        sa.Column("opens_on", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("calendar", sa.SmallInteger(), nullable=False),
        sa.Column("rule", sa.String(length=24), nullable=False),
        sa.Column("because", sa.String(length=120), nullable=False),
        sa.Column("urgency", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("ended_on", sa.Integer(), nullable=True),
        sa.Column("remind_on", sa.Integer(), nullable=True),
        sa.Column("assignee", sa.BigInteger(), nullable=True),
        sa.Column("settled_on", sa.Integer(), nullable=True),
        sa.Column("settled_by", sa.BigInteger(), nullable=True),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_duty_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
        sa.UniqueConstraint("case_id", "kind", "origin", name=op.f("uq_duty_case_id_kind_origin")),
    )
    op.create_index("ix_duty_worklist", "duty", ["area", "state", "due_on", "case_id"], unique=False)
    op.create_table(
        "emergency",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("reported_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("causes", sa.SmallInteger(), nullable=True),
        sa.Column("measures", sa.SmallInteger(), nullable=True),
        sa.Column("effect", sa.SmallInteger(), nullable=True),
        sa.Column("consent_on", sa.Integer(), nullable=True),
        sa.Column("ground", sa.SmallInteger(), nullable=True),
        sa.Column("stay", sa.SmallInteger(), nullable=True),
        sa.Column("recorded_on", sa.Integer(), nullable=True),
        sa.Column("uploaded_on", sa.Integer(), nullable=True),
        sa.Column("sheet_id", sa.BigInteger(), nullable=True),
        sa.Column("in_charge", sa.LargeBinary(), nullable=True),
        sa.Column("steps", sa.LargeBinary(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_emergency_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency")),
    )
    op.create_index(
        op.f("ix_emergency_case_id_reported_at"), "emergency", ["case_id", "reported_at"], unique=False
    )
    op.create_table(
        "incident",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Integer(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.SmallInteger(), nullable=True),
        sa.Column("police_told_on", sa.Integer(), nullable=True),
        sa.Column("others_hurt", sa.Boolean(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_incident_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    op.create_index(op.f("ix_incident_case_id_on"), "incident", ["case_id", "on"], unique=False)
    op.create_table(
        "lock_up",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("known_on", sa.Integer(), nullable=False),
        sa.Column("released_on", sa.Integer(), nullable=True),
        sa.Column("verified", sa.SmallInteger(), nullable=True),
        sa.Column("plan", sa.LargeBinary(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_lock_up_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lock_up")),
    )
    op.create_index(op.f("ix_lock_up_case_id_known_on"), "lock_up", ["case_id", "known_on"], unique=False)
    op.create_table(
        "notice",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("report_type", sa.SmallInteger(), nullable=True),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("id_number", sa.LargeBinary(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("hospital", sa.LargeBinary(), nullable=True),
        sa.Column("id_token", sa.LargeBinary(length=16), nullable=True),
        sa.Column("token_key", sa.Integer(), nullable=True),
        sa.Column("happened_on", sa.Integer(), nullable=False),
        sa.Column("received_on", sa.Integer(), nullable=False),
        sa.Column("forwarded_on", sa.Integer(), nullable=True),
        sa.Column("accepted_on", sa.Integer(), nullable=True),
        sa.Column("ended_on", sa.Integer(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("sheet_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_notice_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index(
        op.f("ix_notice_area_state_received_on"), "notice", ["area", "state", "received_on"], unique=False
    )
    op.create_index(op.f("ix_notice_case_id"), "notice", ["case_id"], unique=False)
    op.create_index(op.f("ix_notice_id_token"), "notice", ["id_token"], unique=False)
    op.create_table(
        "referral",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("advised_on", sa.Integer(), nullable=False),
        sa.Column("sent_on", sa.Integer(), nullable=True),
        sa.Column("answered_on", sa.Integer(), nullable=True),
        sa.Column("result_on", sa.Integer(), nullable=True),
        sa.Column("back_on", sa.Integer(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("target", sa.LargeBinary(), nullable=True),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("sheet_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_referral_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
    )
    op.create_index(
        op.f("ix_referral_case_id_advised_on"), "referral", ["case_id", "advised_on"], unique=False
    )
    op.create_table(
        "revision",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("noun", sa.String(length=24), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("changes", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_revision_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
    )
    op.create_index(
        op.f("ix_revision_case_id_recorded_at"), "revision", ["case_id", "recorded_at"], unique=False
    )
    op.create_table(
        "sheet",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("form", sa.String(length=32), nullable=False),
        sa.Column("form_version", sa.String(length=16), nullable=False),
        sa.Column("filled_on", sa.Integer(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_sheet_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet")),
    )
    op.create_index(op.f("ix_sheet_case_id_form"), "sheet", ["case_id", "form"], unique=False)
    op.add_column("case_file", sa.Column("death_disease", sa.SmallInteger(), nullable=True))
    op.add_column("case_file", sa.Column("pause", sa.SmallInteger(), nullable=True))
    op.add_column("case_file", sa.Column("paused_until", sa.Integer(), nullable=True))
    op.add_column("visit", sa.Column("evident_symptoms", sa.Boolean(), nullable=True))
    op.add_column("visit", sa.Column("serious_reaction", sa.Boolean(), nullable=True))
    op.add_column("visit", sa.Column("serious_illness", sa.Boolean(), nullable=True))
    op.add_column("visit", sa.Column("suggested", sa.SmallInteger(), nullable=True))
    op.add_column("visit", sa.Column("suggested_rule", sa.String(length=24), nullable=True))
    op.add_column("visit", sa.Column("confirmed_by", sa.BigInteger(), nullable=True))
    op.add_column("visit", sa.Column("confirmed_on", sa.Integer(), nullable=True))
    op.add_column("visit_text", sa.Column("class_reason", sa.LargeBinary(), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY by_area ON {table} USING ({INSIDE}) WITH CHECK ({INSIDE})")


def downgrade() -> None:
    op.drop_column("visit_text", "class_reason")
    op.drop_column("visit", "confirmed_on")
    op.drop_column("visit", "confirmed_by")
    op.drop_column("visit", "suggested_rule")
    op.drop_column("visit", "suggested")
    op.drop_column("visit", "serious_illness")
    op.drop_column("visit", "serious_reaction")
    op.drop_column("visit", "evident_symptoms")
    op.drop_column("case_file", "paused_until")
    op.drop_column("case_file", "pause")
    op.drop_column("case_file", "death_disease")
    op.drop_index(op.f("ix_sheet_case_id_form"), table_name="sheet")
    op.drop_table("sheet")
    op.drop_index(op.f("ix_revision_case_id_recorded_at"), table_name="revision")
    op.drop_table("revision")
    op.drop_index(op.f("ix_referral_case_id_advised_on"), table_name="referral")
    op.drop_table("referral")
    op.drop_index(op.f("ix_notice_id_token"), table_name="notice")
    op.drop_index(op.f("ix_notice_case_id"), table_name="notice")
    op.drop_index(op.f("ix_notice_area_state_received_on"), table_name="notice")
    op.drop_table("notice")
    op.drop_index(op.f("ix_lock_up_case_id_known_on"), table_name="lock_up")
    op.drop_table("lock_up")
    op.drop_index(op.f("ix_incident_case_id_on"), table_name="incident")
    op.drop_table("incident")
    op.drop_index(op.f("ix_emergency_case_id_reported_at"), table_name="emergency")
    op.drop_table("emergency")
    op.drop_index("ix_duty_worklist", table_name="duty")
    op.drop_table("duty")
    op.drop_index(op.f("ix_draft_owner_form_case_id"), table_name="draft")
    op.drop_index(op.f("ix_draft_case_id"), table_name="draft")
    op.drop_table("draft")
    op.drop_index(op.f("ix_clue_id_token"), table_name="clue")
    op.drop_index(op.f("ix_clue_area_state_found_on"), table_name="clue")
    op.drop_table("clue")
    op.drop_index(op.f("ix_attempt_case_id_on"), table_name="attempt")
    op.drop_index(op.f("ix_attempt_area_on"), table_name="attempt")
    op.drop_table("attempt")
    op.drop_index(op.f("ix_transfer_file_key"), table_name="transfer")
    op.drop_index(op.f("ix_transfer_area_state"), table_name="transfer")
    op.drop_table("transfer")
    op.drop_index(op.f("ix_stand_in_area_until"), table_name="stand_in")
    op.drop_table("stand_in")
    op.drop_table("envelope")
