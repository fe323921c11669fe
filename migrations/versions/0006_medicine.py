"""Medicine: the county's drug lines, regimens, orders of no medicine, dispensing and stock.

Revision 0006, after 0005, 2026-11-22.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

#: In the order in which they are made; those with an area get the row policy.
SCOPED = ("regimen_line", "no_medicine", "dispensing", "stock_lot", "stock_move")
INDEXES = (
    ("drug_entry", ["county", "code", "recorded_at"]),
    ("regimen_line", ["case_id", "since"]),
    ("regimen_line", ["area", "stopped_on"]),
    ("no_medicine", ["case_id", "since"]),
    ("dispensing", ["case_id", "on"]),
    ("dispensing", ["area", "on"]),
    ("stock_move", ["lot_id", "on"]),
)
INSIDE = (
    "area >= (SELECT NULLIF(current_setting('casemgr.low', true), '')::bigint) AND "
    "area < (SELECT NULLIF(current_setting('casemgr.high', true), '')::bigint)"
)


def _key() -> sa.Column:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, autoincrement=False, nullable=False)


def _told(name: str, kind: sa.types.TypeEngine) -> sa.Column:
    return sa.Column(name, kind, nullable=False)


def _empty(name: str, kind: sa.types.TypeEngine) -> sa.Column:
    return sa.Column(name, kind, nullable=True)


def _recorded() -> list[sa.Column]:
    return [_told("recorded_at", sa.BigInteger()), _told("recorded_by", sa.BigInteger())]


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
        "drug_entry",
        _key(),
        _told("county", sa.BigInteger()),
        _told("code", sa.String(length=24)),
        _told("title", sa.String(length=60)),
        _told("ingredient", sa.String(length=40)),
        _empty("strength_ug", sa.Integer()),
        _told("unit", sa.String(length=8)),
        _told("drug_class", sa.SmallInteger()),
        _told("second_generation", sa.Boolean()),
        _told("long_acting", sa.Boolean()),
        _told("free_programme", sa.Boolean()),
        _empty("product", sa.String(length=24)),
        _told("active", sa.Boolean()),
        _told("source", sa.String(length=120)),
        *_recorded(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drug_entry")),
    )
    op.create_table(
        "regimen_line",
        _key(),
        _told("case_id", sa.BigInteger()),
        _empty("code", sa.String(length=24)),
        _empty("ingredient", sa.String(length=40)),
        _empty("drug_class", sa.SmallInteger()),
        _empty("name", sa.LargeBinary()),
        _told("long_acting", sa.Boolean()),
        _empty("morning_ug", sa.Integer()),
        _empty("noon_ug", sa.Integer()),
        _empty("evening_ug", sa.Integer()),
        _empty("every_weeks", sa.SmallInteger()),
        _empty("dose_ug", sa.Integer()),
        _told("since", sa.Integer()),
        _empty("prescriber", sa.LargeBinary()),
        _empty("stopped_on", sa.Integer()),
        _empty("stop_reason", sa.SmallInteger()),
        _empty("stop_note", sa.LargeBinary()),
        _empty("replaces", sa.BigInteger()),
        _empty("visit_id", sa.BigInteger()),
        *_recorded(),
        _empty("stopped_by", sa.BigInteger()),
        _told("version", sa.SmallInteger()),
        _told("area", sa.BigInteger()),
        _of_case("regimen_line"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regimen_line")),
    )
    op.create_table(
        "no_medicine",
        _key(),
        _told("case_id", sa.BigInteger()),
        _told("since", sa.Integer()),
        _told("prescriber", sa.LargeBinary()),
        _empty("reason", sa.LargeBinary()),
        _empty("ended_on", sa.Integer()),
        *_recorded(),
        _empty("ended_by", sa.BigInteger()),
        _told("version", sa.SmallInteger()),
        _told("area", sa.BigInteger()),
        _of_case("no_medicine"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_no_medicine")),
    )
    op.create_table(
        "dispensing",
        _key(),
        _told("case_id", sa.BigInteger()),
        _empty("line_id", sa.BigInteger()),
        _told("code", sa.String(length=24)),
        _told("ingredient", sa.String(length=40)),
        _told("drug_class", sa.SmallInteger()),
        _told("on", sa.Integer()),
        _told("quantity", sa.Integer()),
        _told("days", sa.SmallInteger()),
        _empty("batch", sa.String(length=40)),
        _empty("lot_id", sa.BigInteger()),
        _told("insurance", sa.SmallInteger()),
        _empty("insurance_fen", sa.Integer()),
        _told("assistance", sa.SmallInteger()),
        _empty("assistance_fen", sa.Integer()),
        _told("free", sa.SmallInteger()),
        _empty("free_fen", sa.Integer()),
        _empty("own_fen", sa.Integer()),
        _empty("fetcher", sa.SmallInteger()),
        _empty("reason", sa.LargeBinary()),
        _empty("counters", sa.BigInteger()),
        *_recorded(),
        _told("area", sa.BigInteger()),
        _of_case("dispensing"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispensing")),
        sa.UniqueConstraint("counters", name=op.f("uq_dispensing_counters")),
    )
    op.create_table(
        "stock_lot",
        _key(),
        _told("code", sa.String(length=24)),
        _told("batch", sa.String(length=40)),
        _told("expires_on", sa.Integer()),
        _told("quantity", sa.Integer()),
        *_recorded(),
        _told("version", sa.SmallInteger()),
        _told("area", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_lot")),
        sa.UniqueConstraint("id", "area", name=op.f("uq_stock_lot_id_area")),
        sa.UniqueConstraint("area", "code", "batch", name=op.f("uq_stock_lot_area_code_batch")),
    )
    op.create_table(
        "stock_move",
        _key(),
        _told("lot_id", sa.BigInteger()),
        _told("kind", sa.SmallInteger()),
        _told("on", sa.Integer()),
        _told("quantity", sa.Integer()),
        _empty("dispensing_id", sa.BigInteger()),
        _empty("reason", sa.LargeBinary()),
        *_recorded(),
        _told("area", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["lot_id", "area"],
            ["stock_lot.id", "stock_lot.area"],
            name=op.f("fk_stock_move_lot_id_area_stock_lot"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_move")),
    )
    for table, columns in INDEXES:
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns, unique=False)
    if op.get_bind().dialect.name == "postgresql":
        for table in SCOPED:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY by_area ON {table} USING ({INSIDE}) WITH CHECK ({INSIDE})")


def downgrade() -> None:
    for table, columns in reversed(INDEXES):
        op.drop_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table_name=table)
    for table in reversed(SCOPED):
        op.drop_table(table)
    op.drop_table("drug_entry")
