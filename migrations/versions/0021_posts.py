"""Windows of village doctors and treating hospitals.

A post stands for a receiver where an area would be too wide: its key lies in ``receiver_area`` of the tables that
other departments reach, so that the row policies of 0016 hold for it as they are.

Revision 0021, after 0020, 2026-11-22.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

INSIDE = (
    "area >= (SELECT NULLIF(current_setting('casemgr.low', true), '')::bigint) AND "
    "area < (SELECT NULLIF(current_setting('casemgr.high', true), '')::bigint)"
)
#: Who receives reaches none of these rows.
NOBODY = "(SELECT COALESCE(current_setting('casemgr.receiver', true), '')) = ''"
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "post",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("role", sa.SmallInteger(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("ended_on", sa.Integer(), nullable=True),
        sa.Column("ended_by", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
    )
    op.create_index(op.f("ix_post_place_role"), "post", ["place", "role"])
    op.create_table(
        "post_village",
        sa.Column("post_id", KEY, nullable=False),
        sa.Column("village", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"], ["post.id"], name=op.f("fk_post_village_post_id_post"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("post_id", "village", name=op.f("pk_post_village")),
    )
    op.create_index(op.f("ix_post_village_village"), "post_village", ["village"])
    op.create_table(
        "hospital_care",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("ground", sa.SmallInteger(), nullable=False),
        sa.Column("origin", sa.BigInteger(), nullable=True),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("until", sa.Integer(), nullable=True),
        sa.Column("ended_on", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "area"],
            ["case_file.id", "case_file.area"],
            name=op.f("fk_hospital_care_case_id_area_case_file"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hospital_care")),
    )
    op.create_index(op.f("ix_hospital_care_case_id"), "hospital_care", ["case_id"])
    op.add_column("account", sa.Column("post_id", sa.BigInteger(), nullable=True))
    op.add_column("liaison_report", sa.Column("body", sa.LargeBinary(), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE hospital_care ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE hospital_care FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY by_area ON hospital_care USING ({INSIDE}) WITH CHECK ({INSIDE})")
        op.execute(
            f"CREATE POLICY by_receiver ON hospital_care AS RESTRICTIVE USING ({NOBODY}) WITH CHECK ({NOBODY})"
        )


def downgrade() -> None:
    op.drop_column("liaison_report", "body")
    op.drop_column("account", "post_id")
    op.drop_table("hospital_care")
    op.drop_table("post_village")
    op.drop_table("post")
