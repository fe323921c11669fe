"""Rows by area: on PostgreSQL the database itself keeps every row of a person inside the area asked for.

The program sets ``casemgr.low`` and ``casemgr.high`` at the start of every transaction. Where they are not
set, no row is seen and none is written. A superuser passes by these policies, so the program must not
sign in as one. SQLite has nothing of the kind.

Revision 0002, after 0001, 2026-11-21.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    "person", "identity", "guardian", "case_file", "case_state", "consent", "supplement", "visit", "visit_text",
    "drug_line", "dose", "rehab_session", "checkup", "closed_figure", "closed_verdicts", "month_close", "report",
    "import_run",
)
INSIDE = (
    "area >= (SELECT NULLIF(current_setting('casemgr.low', true), '')::bigint) AND "
    "area < (SELECT NULLIF(current_setting('casemgr.high', true), '')::bigint)"
)


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY by_area ON {table} USING ({INSIDE}) WITH CHECK ({INSIDE})")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in TABLES:
        op.execute(f"DROP POLICY by_area ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
