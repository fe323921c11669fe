"""双生区: the same row of every table in several areas, all of one key, made from the models alone.

Every table gets one row for each area, and all rows of an area carry the same key: whichever table a page
looks into, the key of the area finds a row. So routes and tables that come later are covered unasked.
Every sealed or free text is a mark of its own, which says whose it is and which column it stood in.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Boolean, Column, LargeBinary, String, Table, inspect
from sqlalchemy import types as sqltypes

from casemgr.rules.access import Action
from casemgr.store.db import Model
from casemgr.store.identity import ID_NUMBER, PHONE
from casemgr.store.types import Day, Instant, Key, Plain, Sealed
from casemgr.store.work import Taken, Work, open_work
from casemgr.terms.account import Role
from casemgr.terms.area import AreaLevel, ancestor
from casemgr.terms.idnumber import check_digit
from tests.store.register import SYSTEM

CITY, COUNTY, EAST, WEST = 999900000000, 999901000000, 999901100000, 999901101000
OTHER_COUNTY, OTHER_TOWN = 999903000000, 999903100000
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
DAY = date(2026, 11, 2)
#: A key that no row has, as long as the others.
ABSENT = 4_222_222_222_222_222_222


#: What stands behind every mark; a browser test puts markup there.
TAIL = ""


@dataclass(frozen=True)
class Twin:
    """One area with one row of everything; ``key`` is the key of each of them."""

    name: str
    area: int
    key: int
    letter: str

    def mark(self, table: str, column: str) -> str:
        """The text that stands in this column, and nowhere else."""
        return f"窃{self.letter}·{table}·{column}{TAIL}"

    @property
    def id_number(self) -> str:
        body = f"9999011985060{1 + self.key % 9}7{100 + self.key % 900:03}"[:17]
        return body + check_digit(body)

    @property
    def phone(self) -> str:
        return f"100{self.key % 10**8:08}"

    @property
    def guardian_phone(self) -> str:
        """The telephone of everybody but the person."""
        return f"101{self.key % 10**8:08}"

    @property
    def file_no(self) -> str:
        return f"档{self.letter}-{self.key % 10_000}"

    @property
    def prefix(self) -> str:
        """What every mark of this area begins with."""
        return f"窃{self.letter}·"


TWINS = {
    "own": Twin("own", EAST, 4_100_000_000_000_000_017, "甲"),
    "sibling": Twin("sibling", WEST, 4_100_000_000_000_000_023, "乙"),
    "other": Twin("other", OTHER_TOWN, 4_100_000_000_000_000_031, "丙"),
}
AREAS = (
    (CITY, "示例市", 2, None),
    (COUNTY, "示例县", 3, CITY),
    (EAST, "东镇", 4, COUNTY),
    (WEST, "西镇", 4, COUNTY),
    (OTHER_COUNTY, "邻县", 3, CITY),
    (OTHER_TOWN, "邻镇", 4, OTHER_COUNTY),
    (EAST + 201, "第1村", 5, EAST),
)
#: Tables that are not one row for each area: the frame itself, the chain, and what only sessions need.
APART = frozenset(
    {"area", "unit", "account", "audit_entry", "audit_anchor", "audit_archive", "audit_subject"}
    | {"login_session"}
    | {"login_attempt", "api_token", "alembic_version"}
    # What a county has decided about figures and labels; nobody's row, and its texts are whole documents.
    | {"edition_entry", "product_label"}
    # The ring of keys, which a made-up row would lock.
    | {"key_generation", "reseal_progress"}
)  # fmt: skip
#: Values that a model alone does not tell: codes that must fit another column, shapes inside sealed texts.
FITTING: dict[str, Any] = {
    "case_state.value": 1,
    # What a sheet shows has to be given by the matrix still: grade 3 and more.
    "disclosure.conditions": 2,
    "visit.form_version": 2018,
    "clue.form_version": 2018,
    "sheet.form": "supplement",
    "draft.form": "followup",
    "comparison_question.finding": 2,
    "list_comparison.verdicts": "[]",
    "list_comparison.party": int(Role.POLICE),
    "destruction.kind": 1,
    "destruction.register": "[]",
    "destruction.state": 1,
    "dose.product": "PP1M",
    "dose.dose_ug": 100_000,
    "product_label.product": "PP1M",
    "month_close.period": 202610,
    "report.period": 202610,
    "import_run.state": "ready",
    "import_run.problems": "[]",
    "emergency.steps": "[]",
    "clue.log": "[]",
    "visit.risk": 3,
    "visit.stability": 2,
    "visit.mode": 2,
    "transfer.side": 1,
    "identity.birth_on": "1985-06-01",
    "job_run.job": "close-month",
    "job_run.result": "{}",
    "job_run.state": "done",
    "lab_result.written": "5.0",
    "question.facts": b"0" * 32,
    "post.role": int(Role.VILLAGE_DOCTOR),
}


def tables() -> list[Table]:
    """Every table in the order of its references, besides those apart."""
    return [one for one in Model.metadata.sorted_tables if one.name not in APART]


def models() -> dict[str, type[Any]]:
    """Mapped classes by the name of their table."""
    return {one.local_table.name: one.class_ for one in Model.registry.mappers}  # type: ignore[attr-defined]


def _text(twin: Twin, column: Column[Any]) -> str:
    if column.name == "id_number":
        return twin.id_number
    if column.name == "phone":
        return twin.phone if column.table.name == "identity" else twin.guardian_phone
    if column.name == "changes":
        mark = twin.mark(column.table.name, column.name)
        return json.dumps({"note": [mark, mark]}, ensure_ascii=False)
    if column.name in ("sheet", "body"):
        parts = [1] if column.name == "sheet" else []
        return json.dumps([[*parts, "姓名", twin.mark(column.table.name, column.name)]], ensure_ascii=False)
    if column.name in ("data", "detail", "problems"):
        return json.dumps({"note": twin.mark(column.table.name, column.name)}, ensure_ascii=False)
    return twin.mark(column.table.name, column.name)


def _plain(twin: Twin, column: Column[Any]) -> Any:
    """A value that fits the type of an open column."""
    kind = column.type
    if isinstance(kind, Day):
        return DAY
    if isinstance(kind, Instant):
        return NOW
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, JSON):
        return {}
    if isinstance(kind, LargeBinary):
        return f"{twin.letter}{column.table.name}".encode().ljust(32, b"0")[:32]
    if isinstance(kind, String):
        words = f"{twin.letter}{column.name}"
        return words[: kind.length or 40]
    if isinstance(kind, sqltypes.SmallInteger):
        return 1
    return twin.key if isinstance(kind, sqltypes.BigInteger) else 1


def _value(twin: Twin, work: Work, column: Column[Any]) -> Any:
    table, name = column.table.name, column.name
    if f"{table}.{name}" in FITTING:
        told = FITTING[f"{table}.{name}"]
        return Plain(told) if isinstance(column.type, Sealed) else told
    if name in ("area", "other_area", "reach", "receiver_area") or (table, name) == ("post", "place"):
        return twin.area
    if name == "receiver" and not isinstance(column.type, Sealed):
        return int(Role.POLICE)
    if name == "county":
        return ancestor(twin.area, AreaLevel.COUNTY)
    if column.foreign_keys:
        referred = next(iter(column.foreign_keys)).column.table.name
        return twin.area if referred == "area" else twin.key
    if name == "id" or (column.primary_key and isinstance(column.type, Key)):
        return twin.key
    if column.primary_key and isinstance(column.type, Instant):
        return NOW - timedelta(minutes=twin.key % 100)
    if isinstance(column.type, Sealed):
        return Plain(_text(twin, column))
    if name in ("id_token", "phone_token"):
        place, text = (ID_NUMBER, twin.id_number) if name == "id_token" else (PHONE, twin.phone)
        return work.vault.token(place, text)
    if name == "token_key":
        return work.vault.active_id
    if name == "file_no":
        return twin.file_no
    if name in ("row_id", "file_key", "pair"):
        return twin.key
    if name == "version":
        return 1
    return None if column.nullable else _plain(twin, column)


def row_of(twin: Twin, work: Work, table: Table) -> dict[str, Any]:
    """Values for one row of ``table`` in the area of ``twin``; what may be empty and is open stays empty."""
    names = {one.columns[0].key: one.key for one in inspect(models()[table.name]).column_attrs}
    return {names[column.key]: _value(twin, work, column) for column in table.columns}


def settle() -> None:
    """Lay the rows of every table down."""
    from casemgr.store.models import Account, Area, Unit

    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        for code, name, level, parent in AREAS:
            work.add(Area(code=code, name=name, level=level, parent=parent, population=10_000))
            work.flush()
        for twin in TWINS.values():
            work.add(
                Unit(id=twin.key, code=f"U{twin.area}", name=f"{twin.letter}卫生院", area_code=twin.area)
            )
            work.flush()
            told = {
                **row_of(twin, work, Account.__table__),
                "login": f"twin-{twin.name}",
                "area_code": twin.area,
            }
            work.add(Account(**told))
    for table in tables():
        for twin in TWINS.values():
            if twin.name == "sibling" and "area" not in table.columns:
                continue  # a row of the county, which own and sibling share
            try:
                with open_work(SYSTEM, Action.DEMO_LOAD) as work:
                    work.add(models()[table.name](**row_of(twin, work, table)))
            except Taken as wrong:
                # Rows that hang on an account come with the accounts; rows about people must be there.
                if "area" in table.columns:
                    raise LookupError(f"{table.name}: tell FITTING a value that fits") from wrong
