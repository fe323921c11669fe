"""Open the register: areas, accounts, people, cases, visits, figures, reports, jobs, audit.

Revision 0001, after nothing, 2026-11-21.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _forbid_changes(table: str) -> None:
    """Audit rows are added and never touched again; the database itself sees to that."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'audit entries are not changed'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_frozen() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit entries are not changed'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_frozen()"
    )


def _allow_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{verb}")
        return
    op.execute(f"DROP TRIGGER {table}_frozen ON {table}")
    op.execute(f"DROP FUNCTION {table}_frozen()")


def upgrade() -> None:
    op.create_table(
        "area",
        sa.Column("code", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("parent", sa.BigInteger(), nullable=True),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("population_year", sa.SmallInteger(), nullable=True),
        sa.ForeignKeyConstraint(["parent"], ["area.code"], name=op.f("fk_area_parent_area")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_area")),
    )
    with op.batch_alter_table("area", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_area_parent"), ["parent"], unique=False)

    op.create_table(
        "audit_anchor",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_anchor")),
    )
    op.create_table(
        "audit_entry",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.BigInteger(), nullable=False),
        sa.Column("actor_label", sa.String(length=60), nullable=False),
        sa.Column("role", sa.SmallInteger(), nullable=False),
        sa.Column("reach", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("verb", sa.String(length=16), nullable=False),
        sa.Column("noun", sa.String(length=40), nullable=False),
        sa.Column("row_key", sa.BigInteger(), nullable=True),
        sa.Column("case_key", sa.BigInteger(), nullable=True),
        sa.Column("fields", sa.String(length=800), nullable=False),
        sa.Column("purpose", sa.String(length=80), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("request", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("previous", sa.LargeBinary(length=32), nullable=False),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_actor_at"), ["actor", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_case_key"), ["case_key"], unique=False)

    op.create_table(
        "audit_subject",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("seq", "person_id", name=op.f("pk_audit_subject")),
    )
    with op.batch_alter_table("audit_subject", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_subject_person_id"), ["person_id"], unique=False)

    op.create_table(
        "import_run",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("file_digest", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("problems", sa.LargeBinary(), nullable=True),
        sa.Column("message", sa.String(length=400), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_table(
        "job_run",
        sa.Column("job", sa.String(length=40), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("reach", sa.BigInteger(), nullable=True),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("job", "due", name=op.f("pk_job_run")),
        sa.UniqueConstraint("id", name=op.f("uq_job_run_id")),
    )
    with op.batch_alter_table("job_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_run_state_due"), ["state", "due"], unique=False)

    op.create_table(
        "login_attempt",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("login_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("source_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempt")),
    )
    with op.batch_alter_table("login_attempt", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_login_attempt_login_digest_at"), ["login_digest", "at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_login_attempt_source_digest_at"), ["source_digest", "at"], unique=False
        )

    op.create_table(
        "month_close",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.Column("as_of", sa.Integer(), nullable=False),
        sa.Column("edition", sa.String(length=40), nullable=False),
        sa.Column("policy_digest", sa.String(length=64), nullable=False),
        sa.Column("figures_digest", sa.String(length=64), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_by", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_month_close")),
        sa.UniqueConstraint("area", "period", "revision", name=op.f("uq_month_close_area_period_revision")),
    )
    op.create_table(
        "person",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("sex", sa.SmallInteger(), nullable=True),
        sa.Column("birth_year", sa.SmallInteger(), nullable=True),
        sa.Column("document_kind", sa.SmallInteger(), nullable=True),
        sa.Column("ethnicity", sa.SmallInteger(), nullable=True),
        sa.Column("household", sa.SmallInteger(), nullable=True),
        sa.Column("education", sa.SmallInteger(), nullable=True),
        sa.Column("marriage", sa.SmallInteger(), nullable=True),
        sa.Column("employment", sa.SmallInteger(), nullable=True),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("id", "area", name=op.f("uq_person_id_area")),
    )
    op.create_table(
        "report",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.Column("as_of", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("figures_digest", sa.String(length=64), nullable=False),
        sa.Column("file_digest", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("issued_by", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint(
            "area", "kind", "period", "revision", name=op.f("uq_report_area_kind_period_revision")
        ),
        sa.UniqueConstraint("number", name=op.f("uq_report_number")),
    )
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_code"), ["code"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_file_digest"), ["file_digest"], unique=False)

    op.create_table(
        "account",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("login", sa.String(length=40), nullable=False),
        sa.Column("display", sa.String(length=40), nullable=False),
        sa.Column("role", sa.SmallInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("large_view", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["area_code"], ["area.code"], name=op.f("fk_account_area_code_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("login", name=op.f("uq_account_login")),
    )
    op.create_table(
        "closed_figure",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("close_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("numerator", sa.Integer(), nullable=False),
        sa.Column("denominator", sa.Integer(), nullable=True),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["close_id"],
            ["month_close.id"],
            name=op.f("fk_closed_figure_close_id_month_close"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closed_figure")),
        sa.UniqueConstraint(
            "area", "period", "key", "revision", name=op.f("uq_closed_figure_area_period_key_revision")
        ),
    )
    with op.batch_alter_table("closed_figure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_closed_figure_close_id"), ["close_id"], unique=False)

    op.create_table(
        "closed_verdicts",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("close_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.Column("cases_count", sa.Integer(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["close_id"],
            ["month_close.id"],
            name=op.f("fk_closed_verdicts_close_id_month_close"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closed_verdicts")),
        sa.UniqueConstraint(
            "area", "period", "revision", name=op.f("uq_closed_verdicts_area_period_revision")
        ),
    )
    with op.batch_alter_table("closed_verdicts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_closed_verdicts_close_id"), ["close_id"], unique=False)

    op.create_table(
        "guardian",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("relation", sa.SmallInteger(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("residence", sa.LargeBinary(), nullable=True),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id", "area"],
            ["person.id", "person.area"],
            name=op.f("fk_guardian_person_id_area_person"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guardian")),
    )
    with op.batch_alter_table("guardian", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_guardian_person_id"), ["person_id"], unique=False)

    op.create_table(
        "identity",
        sa.Column(
            "person_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("id_number", sa.LargeBinary(), nullable=True),
        sa.Column("birth_on", sa.LargeBinary(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("domicile", sa.LargeBinary(), nullable=True),
        sa.Column("residence", sa.LargeBinary(), nullable=True),
        sa.Column("workplace", sa.LargeBinary(), nullable=True),
        sa.Column("id_token", sa.LargeBinary(length=16), nullable=True),
        sa.Column("phone_token", sa.LargeBinary(length=16), nullable=True),
        sa.Column("token_key", sa.Integer(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id", "area"],
            ["person.id", "person.area"],
            name=op.f("fk_identity_person_id_area_person"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_identity")),
    )
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_area"), ["area"], unique=False)
        batch_op.create_index(batch_op.f("ix_identity_id_token"), ["id_token"], unique=False)
        batch_op.create_index(batch_op.f("ix_identity_phone_token"), ["phone_token"], unique=False)

    op.create_table(
        "unit",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["area_code"], ["area.code"], name=op.f("fk_unit_area_code_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("code", name=op.f("uq_unit_code")),
    )
    op.create_table(
        "api_token",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_api_token_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_token_digest")),
    )
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_token_account_id"), ["account_id"], unique=False)

    op.create_table(
        "case_file",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("county", sa.BigInteger(), nullable=False),
        sa.Column("file_no", sa.String(length=24), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("village", sa.BigInteger(), nullable=True),
        sa.Column("sex", sa.SmallInteger(), nullable=True),
        sa.Column("birth_year", sa.SmallInteger(), nullable=True),
        sa.Column("diagnosis", sa.SmallInteger(), nullable=False),
        sa.Column("icd10", sa.String(length=10), nullable=True),
        sa.Column("registered_on", sa.Integer(), nullable=False),
        sa.Column("ground", sa.SmallInteger(), nullable=True),
        sa.Column("article30", sa.Boolean(), nullable=False),
        sa.Column("consent", sa.SmallInteger(), nullable=True),
        sa.Column("consent_on", sa.Integer(), nullable=True),
        sa.Column("lifecycle", sa.SmallInteger(), nullable=False),
        sa.Column("lifecycle_on", sa.Integer(), nullable=True),
        sa.Column("death_cause", sa.SmallInteger(), nullable=True),
        sa.Column("management", sa.SmallInteger(), nullable=True),
        sa.Column("management_on", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id", "area"],
            ["person.id", "person.area"],
            name=op.f("fk_case_file_person_id_area_person"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_case_file_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_file")),
        sa.UniqueConstraint("county", "file_no", name=op.f("uq_case_file_county_file_no")),
        sa.UniqueConstraint("id", "area", name=op.f("uq_case_file_id_area")),
    )
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_file_area_file_no"), ["area", "file_no"], unique=False)
        batch_op.create_index(
            "ix_case_file_list", ["county", "lifecycle", "file_no", "area"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_case_file_person_id"), ["person_id"], unique=False)

    op.create_table(
        "login_session",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=120), nullable=False),
        sa.Column("names_until", sa.BigInteger(), nullable=True),
        sa.Column("names_purpose", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_login_session_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_login_session_digest")),
    )
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_session_account_id"), ["account_id"], unique=False)

    op.create_table(
        "case_state",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("track", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("until", sa.Integer(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_case_state_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_state")),
    )
    with op.batch_alter_table("case_state", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_case_state_case_id_track_since"), ["case_id", "track", "since"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_case_state_until"), ["until"], unique=False)

    op.create_table(
        "checkup",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Integer(), nullable=False),
        sa.Column("systolic", sa.SmallInteger(), nullable=True),
        sa.Column("diastolic", sa.SmallInteger(), nullable=True),
        sa.Column("weight_g", sa.Integer(), nullable=True),
        sa.Column("blood_count", sa.SmallInteger(), nullable=True),
        sa.Column("transaminase", sa.SmallInteger(), nullable=True),
        sa.Column("glucose", sa.SmallInteger(), nullable=True),
        sa.Column("ecg", sa.SmallInteger(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_checkup_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkup")),
    )
    with op.batch_alter_table("checkup", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_checkup_area_on_case_id"), ["area", "on", "case_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_checkup_case_id_on"), ["case_id", "on"], unique=False)

    op.create_table(
        "consent",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.SmallInteger(), nullable=False),
        sa.Column("on", sa.Integer(), nullable=True),
        sa.Column("signer", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_consent_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_case_id"), ["case_id"], unique=False)

    op.create_table(
        "dose",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("product", sa.String(length=24), nullable=False),
        sa.Column("on", sa.Integer(), nullable=False),
        sa.Column("dose_ug", sa.Integer(), nullable=True),
        sa.Column("ordinal", sa.SmallInteger(), nullable=True),
        sa.Column("site", sa.SmallInteger(), nullable=True),
        sa.Column("batch", sa.String(length=40), nullable=True),
        sa.Column("given_at", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_dose_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dose")),
    )
    with op.batch_alter_table("dose", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dose_area_on"), ["area", "on"], unique=False)
        batch_op.create_index(batch_op.f("ix_dose_case_id_on"), ["case_id", "on"], unique=False)

    op.create_table(
        "rehab_session",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Integer(), nullable=False),
        sa.Column("form", sa.SmallInteger(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=True),
        sa.Column("minutes", sa.SmallInteger(), nullable=True),
        sa.Column("attended", sa.Boolean(), nullable=True),
        sa.Column("provider", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_rehab_session_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehab_session")),
    )
    with op.batch_alter_table("rehab_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rehab_session_case_id_on"), ["case_id", "on"], unique=False)
        batch_op.create_index(
            "ix_rehab_session_counting",
            ["area", "on", "case_id", "form", "minutes", "attended"],
            unique=False,
        )

    op.create_table(
        "supplement",
        sa.Column(
            "case_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("diagnosed_at", sa.LargeBinary(), nullable=True),
        sa.Column("diagnosed_on", sa.Integer(), nullable=True),
        sa.Column("diagnosed_precision", sa.SmallInteger(), nullable=True),
        sa.Column("onset_on", sa.Integer(), nullable=True),
        sa.Column("onset_precision", sa.SmallInteger(), nullable=True),
        sa.Column("treated_on", sa.Integer(), nullable=True),
        sa.Column("treated_precision", sa.SmallInteger(), nullable=True),
        sa.Column("admissions_count", sa.SmallInteger(), nullable=True),
        sa.Column("past_symptoms", sa.SmallInteger(), nullable=True),
        sa.Column("past_confinement", sa.SmallInteger(), nullable=True),
        sa.Column("past_acts", sa.SmallInteger(), nullable=True),
        sa.Column("past_treatment", sa.SmallInteger(), nullable=True),
        sa.Column("economy", sa.SmallInteger(), nullable=True),
        sa.Column("subsidised", sa.Boolean(), nullable=True),
        sa.Column("disability_grade", sa.SmallInteger(), nullable=True),
        sa.Column("care_team", sa.Boolean(), nullable=True),
        sa.Column("family_doctor", sa.Boolean(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_supplement_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_supplement")),
    )
    op.create_table(
        "visit",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Integer(), nullable=False),
        sa.Column("form_version", sa.SmallInteger(), nullable=False),
        sa.Column("mode", sa.SmallInteger(), nullable=True),
        sa.Column("informants", sa.SmallInteger(), nullable=True),
        sa.Column("loss_reason", sa.SmallInteger(), nullable=True),
        sa.Column("died_on", sa.Integer(), nullable=True),
        sa.Column("death_cause", sa.SmallInteger(), nullable=True),
        sa.Column("death_disease", sa.SmallInteger(), nullable=True),
        sa.Column("risk", sa.SmallInteger(), nullable=True),
        sa.Column("symptoms", sa.SmallInteger(), nullable=True),
        sa.Column("insight", sa.SmallInteger(), nullable=True),
        sa.Column("sleep", sa.SmallInteger(), nullable=True),
        sa.Column("diet", sa.SmallInteger(), nullable=True),
        sa.Column("self_care", sa.SmallInteger(), nullable=True),
        sa.Column("housework", sa.SmallInteger(), nullable=True),
        sa.Column("work", sa.SmallInteger(), nullable=True),
        sa.Column("study", sa.SmallInteger(), nullable=True),
        sa.Column("contact", sa.SmallInteger(), nullable=True),
        sa.Column("acts", sa.SmallInteger(), nullable=True),
        sa.Column("disturbance_count", sa.SmallInteger(), nullable=True),
        sa.Column("offence_count", sa.SmallInteger(), nullable=True),
        sa.Column("crime_count", sa.SmallInteger(), nullable=True),
        sa.Column("other_harm_count", sa.SmallInteger(), nullable=True),
        sa.Column("self_harm_count", sa.SmallInteger(), nullable=True),
        sa.Column("suicide_attempt_count", sa.SmallInteger(), nullable=True),
        sa.Column("confinement", sa.SmallInteger(), nullable=True),
        sa.Column("hospital", sa.SmallInteger(), nullable=True),
        sa.Column("discharged_on", sa.Integer(), nullable=True),
        sa.Column("discharged_precision", sa.SmallInteger(), nullable=True),
        sa.Column("laboratory", sa.SmallInteger(), nullable=True),
        sa.Column("adherence", sa.SmallInteger(), nullable=True),
        sa.Column("adverse_reaction", sa.SmallInteger(), nullable=True),
        sa.Column("outcome", sa.SmallInteger(), nullable=True),
        sa.Column("referral_advised", sa.SmallInteger(), nullable=True),
        sa.Column("referred", sa.SmallInteger(), nullable=True),
        sa.Column("rehab_measures", sa.SmallInteger(), nullable=True),
        sa.Column("stability", sa.SmallInteger(), nullable=True),
        sa.Column("next_on", sa.Integer(), nullable=True),
        sa.Column("entered_on", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_visit_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        sa.UniqueConstraint("case_id", "on", name=op.f("uq_visit_case_id_on")),
        sa.UniqueConstraint("id", "area", name=op.f("uq_visit_id_area")),
    )
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.create_index(
            "ix_visit_counting",
            [
                "area",
                "on",
                "case_id",
                "mode",
                "informants",
                "loss_reason",
                "risk",
                "symptoms",
                "stability",
                "adherence",
                "hospital",
            ],
            unique=False,
        )
        batch_op.create_index("ix_visit_in_hospital", ["hospital", "area", "on", "case_id"], unique=False)

    op.create_table(
        "drug_line",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("guidance", sa.Boolean(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("long_acting", sa.Boolean(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("morning_ug", sa.Integer(), nullable=True),
        sa.Column("noon_ug", sa.Integer(), nullable=True),
        sa.Column("evening_ug", sa.Integer(), nullable=True),
        sa.Column("times_per_day", sa.SmallInteger(), nullable=True),
        sa.Column("times_per_month", sa.SmallInteger(), nullable=True),
        sa.Column("every_weeks", sa.SmallInteger(), nullable=True),
        sa.Column("dose_ug", sa.Integer(), nullable=True),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["visit_id", "area"],
            ["visit.id", "visit.area"],
            name=op.f("fk_drug_line_visit_id_area_visit"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drug_line")),
    )
    with op.batch_alter_table("drug_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_drug_line_visit_id"), ["visit_id"], unique=False)

    op.create_table(
        "visit_text",
        sa.Column(
            "visit_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("symptoms_other", sa.LargeBinary(), nullable=True),
        sa.Column("laboratory", sa.LargeBinary(), nullable=True),
        sa.Column("adverse_reaction", sa.LargeBinary(), nullable=True),
        sa.Column("referral_reason", sa.LargeBinary(), nullable=True),
        sa.Column("referral_to", sa.LargeBinary(), nullable=True),
        sa.Column("referral_contact", sa.LargeBinary(), nullable=True),
        sa.Column("measures_other", sa.LargeBinary(), nullable=True),
        sa.Column("doctor", sa.LargeBinary(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["visit_id", "area"],
            ["visit.id", "visit.area"],
            name=op.f("fk_visit_text_visit_id_area_visit"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_visit_text")),
    )
    _forbid_changes("audit_entry")
    _forbid_changes("audit_subject")


def downgrade() -> None:
    _allow_changes("audit_entry")
    _allow_changes("audit_subject")
    op.drop_table("visit_text")
    with op.batch_alter_table("drug_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_drug_line_visit_id"))

    op.drop_table("drug_line")
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.drop_index("ix_visit_in_hospital")
        batch_op.drop_index("ix_visit_counting")

    op.drop_table("visit")
    op.drop_table("supplement")
    with op.batch_alter_table("rehab_session", schema=None) as batch_op:
        batch_op.drop_index("ix_rehab_session_counting")
        batch_op.drop_index(batch_op.f("ix_rehab_session_case_id_on"))

    op.drop_table("rehab_session")
    with op.batch_alter_table("dose", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dose_case_id_on"))
        batch_op.drop_index(batch_op.f("ix_dose_area_on"))

    op.drop_table("dose")
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consent_case_id"))

    op.drop_table("consent")
    with op.batch_alter_table("checkup", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_checkup_case_id_on"))
        batch_op.drop_index(batch_op.f("ix_checkup_area_on_case_id"))

    op.drop_table("checkup")
    with op.batch_alter_table("case_state", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_state_until"))
        batch_op.drop_index(batch_op.f("ix_case_state_case_id_track_since"))

    op.drop_table("case_state")
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_session_account_id"))

    op.drop_table("login_session")
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_file_person_id"))
        batch_op.drop_index("ix_case_file_list")
        batch_op.drop_index(batch_op.f("ix_case_file_area_file_no"))

    op.drop_table("case_file")
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_token_account_id"))

    op.drop_table("api_token")
    op.drop_table("unit")
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_phone_token"))
        batch_op.drop_index(batch_op.f("ix_identity_id_token"))
        batch_op.drop_index(batch_op.f("ix_identity_area"))

    op.drop_table("identity")
    with op.batch_alter_table("guardian", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_guardian_person_id"))

    op.drop_table("guardian")
    with op.batch_alter_table("closed_verdicts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_closed_verdicts_close_id"))

    op.drop_table("closed_verdicts")
    with op.batch_alter_table("closed_figure", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_closed_figure_close_id"))

    op.drop_table("closed_figure")
    op.drop_table("account")
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_file_digest"))
        batch_op.drop_index(batch_op.f("ix_report_code"))

    op.drop_table("report")
    op.drop_table("person")
    op.drop_table("month_close")
    with op.batch_alter_table("login_attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_attempt_source_digest_at"))
        batch_op.drop_index(batch_op.f("ix_login_attempt_login_digest_at"))

    op.drop_table("login_attempt")
    with op.batch_alter_table("job_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_run_state_due"))

    op.drop_table("job_run")
    op.drop_table("import_run")
    with op.batch_alter_table("audit_subject", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_subject_person_id"))

    op.drop_table("audit_subject")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entry_case_key"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_actor_at"))

    op.drop_table("audit_entry")
    op.drop_table("audit_anchor")
    with op.batch_alter_table("area", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_area_parent"))

    op.drop_table("area")
