"""查询形状: the ways of asking and of writing that walk past a loader criterion elsewhere, one line each.

``READ`` are functions of a session that give rows; what they give is compared with what the same function
gives in a register that holds the own township only. ``WRITE`` are functions of a session and of the keys of
a stranger's rows; afterwards the stranger's rows must be as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import (
    Integer,
    String,
    and_,
    bindparam,
    case,
    cast,
    column,
    delete,
    distinct,
    exists,
    extract,
    false,
    func,
    insert,
    lateral,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    table,
    text,
    true,
    tuple_,
    type_coerce,
    union,
    union_all,
    update,
    values,
)
from sqlalchemy.orm import (
    Bundle,
    aliased,
    defer,
    load_only,
    make_transient_to_detached,
    undefer,
    with_loader_criteria,
)

from casemgr.store.models import Case, Identity, Person, Visit, VisitText
from casemgr.store.types import Plain
from tests.store.register import EAST, NOW, WEST

Read = Callable[[Any], list[Any]]
Write = Callable[[Any, dict[str, int]], None]

C2, V2, P2 = aliased(Case), aliased(Visit), aliased(Person)
CASES, VISITS = Case.__table__, Visit.__table__


def _plain(rows: Any) -> list[Any]:
    """Rows as tuples of plain values, objects by their file number or day, in a steady order."""
    found = []
    for row in rows:
        parts = tuple(row) if hasattr(row, "_fields") or isinstance(row, tuple) else (row,)
        found.append(tuple(getattr(one, "file_no", getattr(one, "area", one)) for one in parts))
    return sorted(found, key=repr)


def asked(statement: Any) -> Read:
    """Execute as it is."""
    return lambda session: _plain(session.execute(statement).all())


def objects(statement: Any) -> Read:
    """Through ``scalars``."""
    return lambda session: _plain(session.scalars(statement).unique().all())


def one(statement: Any) -> Read:
    """Through ``scalar``."""
    return lambda session: [session.scalar(statement)]


_SUB = select(Case).subquery()
_CTE = select(Case.id, Case.file_no).cte("mine")
_ANY = select(Visit.id).where(Visit.case_id == Case.id)
_WINDOW = {"partition_by": Case.sex, "order_by": Case.id}

READ: dict[str, Read] = {
    # --- entities and columns ---
    "entity": objects(select(Case)),
    "two entities": asked(select(Case, Person).join(Person, Person.id == Case.person_id)),
    "column": asked(select(Case.file_no)),
    "column and literal": asked(select(Case.file_no, literal(7))),
    "label": asked(select(Case.file_no.label("area"))),
    "bundle": asked(select(Bundle("b", Case.file_no, Case.sex))),
    "alias": objects(select(C2)),
    "alias column": asked(select(C2.file_no)),
    "flat alias of a join": asked(select(C2.file_no).join(V2, V2.case_id == C2.id)),
    "self join": asked(select(Case.file_no, C2.file_no).join(C2, C2.id != Case.id)),
    "distinct": asked(select(Case.area).distinct()),
    "order and limit": asked(select(Case.file_no).order_by(Case.file_no.desc()).limit(3)),
    "offset": asked(select(Case.file_no).order_by(Case.file_no).offset(1)),
    "load only": objects(select(Case).options(load_only(Case.id))),
    "defer": objects(select(Case).options(defer(Case.file_no))),
    "undefer": objects(select(Case).options(undefer("*"))),
    "populate existing": objects(select(Case).execution_options(populate_existing=True)),
    "a criterion of one's own": objects(
        select(Case).options(with_loader_criteria(Case, Case.id > 0, include_aliases=True))
    ),
    "in pieces": lambda session: _plain(
        session.execute(select(Case.file_no), execution_options={"yield_per": 1}).all()
    ),
    "for update": asked(select(Case.file_no).with_for_update()),
    "false or true": asked(select(Case.file_no).where(or_(false(), true()))),
    "another area by name": asked(select(Case.file_no).where(Case.area == WEST)),
    "another area or mine": asked(select(Case.file_no).where(or_(Case.area == WEST, Case.id > 0))),
    "not mine": asked(select(Case.file_no).where(not_(Case.area == EAST))),
    "in a list": asked(select(Case.file_no).where(Case.file_no.in_(["E1", "W1"]))),
    "tuple in": asked(select(Case.file_no).where(tuple_(Case.sex, Case.area).in_([(1, EAST), (1, WEST)]))),
    "bound parameter": lambda session: _plain(
        session.execute(select(Case.file_no).where(Case.id > bindparam("low")), {"low": 0}).all()
    ),
    # --- joins ---
    "join": asked(select(Case.file_no, Visit.on).join(Visit, Visit.case_id == Case.id)),
    "outer join": asked(select(Case.file_no, Visit.on).outerjoin(Visit, Visit.case_id == Case.id)),
    "full join": asked(select(Case.file_no, Visit.on).join(Visit, Visit.case_id == Case.id, full=True)),
    "join on true": asked(select(Case.file_no, Visit.area).join(Visit, true())),
    "comma": asked(select(Case.file_no, Visit.area).where(Visit.case_id == Case.id)),
    "select from": asked(select(Visit.area).select_from(Case).join(Visit, Visit.case_id == Case.id)),
    "child alone": asked(select(Visit.case_id)),
    "grandchild alone": asked(select(VisitText.area)),
    "parent through child": asked(
        select(Person.id).join(Case, Case.person_id == Person.id).join(Visit, Visit.case_id == Case.id)
    ),
    "alias joined to a table": asked(select(C2.file_no).join(VISITS, VISITS.c.case_id == C2.id)),
    "join of a subquery": asked(select(Visit.area).join(_SUB, _SUB.c.id == Visit.case_id)),
    # --- subqueries ---
    "subquery": asked(select(_SUB.c.file_no)),
    "entity from a subquery": objects(select(aliased(Case, _SUB))),
    "entity from a union": objects(
        select(
            aliased(
                Case,
                union_all(select(Case).where(Case.sex == 1), select(Case).where(Case.sex == 2)).subquery(),
            )
        )
    ),
    "cte": asked(select(_CTE.c.file_no)),
    "recursive cte": asked(
        select(
            (walk := select(Case.id.label("id")).cte("walk", recursive=True))
            .union(select(Visit.case_id).where(Visit.case_id == walk.c.id))
            .c.id
        )
    ),
    "cte joined": asked(select(Visit.area).join(_CTE, _CTE.c.id == Visit.case_id)),
    "scalar subquery": one(select(select(func.count(Case.id)).scalar_subquery())),
    "scalar subquery in where": asked(
        select(Person.id).where(Person.id == select(func.max(Case.person_id)).scalar_subquery())
    ),
    "correlated": asked(
        select(Case.file_no, select(func.count(Visit.id)).where(Visit.case_id == Case.id).scalar_subquery())
    ),
    "in subquery": asked(select(Person.id).where(Person.id.in_(select(Case.person_id)))),
    "not in subquery": asked(
        select(Person.id).where(Person.id.not_in(select(Case.person_id).where(Case.sex == 2)))
    ),
    "exists": asked(select(Case.file_no).where(_ANY.exists())),
    "not exists": asked(select(Case.file_no).where(~_ANY.exists())),
    "exists of a literal": asked(
        select(literal(1)).where(exists(select(literal(1)).where(Case.file_no == "W1")))
    ),
    "exists with where": asked(select(literal(1)).where(exists().where(Case.file_no == "W1"))),
    "exists alone": one(select(exists().where(Case.file_no == "W1"))),
    "exists of a select": one(select(select(Case.id).where(Case.file_no == "W1").exists())),
    "lateral": asked(
        select(Case.file_no, (near := lateral(select(Visit.on).where(Visit.case_id == Case.id))).c.on).join(
            near, true()
        )
    ),
    "union": asked(union(select(Case.file_no), select(Case.file_no))),
    "union all": asked(union_all(select(Case.file_no).where(Case.sex == 1), select(Case.file_no))),
    "intersect": asked(select(Case.file_no).intersect(select(Case.file_no))),
    "except": asked(select(Case.file_no).except_(select(Case.file_no).where(Case.sex == 2))),
    "union with literals": asked(union_all(select(Case.file_no), select(literal("X")))),
    "union in a cte": asked(select(union_all(select(Case.file_no), select(Case.file_no)).cte().c.file_no)),
    # --- counting ---
    "count": one(select(func.count(Case.id))),
    "count from": one(select(func.count()).select_from(Case)),
    "count where": one(select(func.count()).where(Case.id > 0)),
    "count of a join": one(select(func.count()).select_from(Case).join(Visit, Visit.case_id == Case.id)),
    "count of a subquery": one(select(func.count()).select_from(select(Case.id).subquery())),
    "count distinct": one(select(func.count(distinct(Case.area)))),
    "maximum": one(select(func.max(Case.file_no))),
    "minimum and maximum": asked(select(func.min(Case.area), func.max(Case.area))),
    "group": asked(select(Case.area, func.count()).group_by(Case.area)),
    "group of an expression": asked(select(Case.area % 1000, func.count()).group_by(Case.area % 1000)),
    "having": asked(select(Case.area).group_by(Case.area).having(func.count(Case.id) > 0)),
    "sum of a case": one(select(func.sum(case((Case.sex == 1, 1), else_=0)))),
    "filter": asked(select(func.count(Case.id).filter(Case.sex == 1))),
    "over": asked(select(func.count(Case.id).over())),
    "over beside a column": asked(select(Case.file_no, func.count(Case.id).over())),
    "row number": asked(select(func.row_number().over(order_by=Case.id))),
    "rank in parts": asked(select(Case.file_no, func.rank().over(**_WINDOW))),
    "lag": asked(select(func.lag(Case.file_no).over(order_by=Case.id))),
    "within group": asked(select(func.percentile_cont(0.5).within_group(Case.sex))),
    # --- expressions alone ---
    "and": asked(select(and_(Case.id > 0, Case.sex == 1))),
    "or": asked(select(or_(Case.id > 0, Case.sex == 1))),
    "not": asked(select(not_(Case.id > 0))),
    "comparison": asked(select(Case.id > 0)),
    "arithmetic": asked(select(Case.area + 1)),
    "concatenation": asked(select(Case.file_no + "x")),
    "cast": asked(select(cast(Case.area, String))),
    "type coerced": asked(select(type_coerce(Case.area, Integer))),
    "coalesce": asked(select(func.coalesce(Case.village, Case.area))),
    "case": asked(select(case((Case.id > 0, Case.file_no), else_=null()))),
    "length": asked(select(func.length(Case.file_no))),
    "literal where": asked(select(literal(1)).where(Case.id > 0)),
    "extract": asked(select(extract("year", cast(Case.file_no, String)))),
    # --- keys ---
    "get": lambda session: _plain(filter(None, [session.get(Case, key) for key in session.info["keys"]])),
    "get twice": lambda session: _plain(
        filter(None, [session.get(Case, key) for _ in (1, 2) for key in session.info["keys"]])
    ),
    "get one": lambda session: _plain(_got_one(session)),
    "refreshed": lambda session: _plain(_refreshed(session)),
    "expired": lambda session: _plain(_expired(session)),
    "query": lambda session: _plain(session.query(Case).all()),
    "query columns": lambda session: _plain(session.query(Case.file_no).all()),
    "query count": lambda session: [session.query(Case).count()],
    "query get": lambda session: _plain(
        filter(None, [session.query(Case).where(Case.id == key).first() for key in session.info["keys"]])
    ),
    "query exists": lambda session: [
        session.query(session.query(Case).where(Case.file_no == "W1").exists()).scalar()
    ],
    # --- past the mapped classes ---
    "table": asked(select(CASES)),
    "table column": asked(select(CASES.c.file_no)),
    "table count": asked(select(func.count()).select_from(CASES)),
    "table beside an entity": asked(select(Case.file_no, VISITS.c.on).where(VISITS.c.case_id == Case.id)),
    "table in a subquery": asked(select(Case.file_no).where(Case.id.in_(select(VISITS.c.case_id)))),
    "table alias": asked(select(CASES.alias("other").c.file_no)),
    "named table": asked(select(column("file_no")).select_from(table("case_file"))),
    "named table in a subquery": asked(
        select(Case.file_no).where(Case.id.in_(select(column("case_id")).select_from(table("visit"))))
    ),
    "text": asked(text("SELECT file_no FROM case_file")),
    "text with columns": asked(text("SELECT file_no FROM case_file").columns(file_no=String)),
    "entity from text": objects(select(Case).from_statement(text("SELECT * FROM case_file"))),
    "text condition": asked(select(Case.file_no).where(text("1 = 1 OR 1 = 1"))),
    "text order": asked(select(Case.file_no).order_by(text("(SELECT 1)"))),
    "text column": asked(select(text("file_no")).select_from(Case)),
    "literal column": asked(select(literal_column("(SELECT max(file_no) FROM case_file)")).select_from(Case)),
    "literal condition": asked(select(Case.file_no).where(literal_column("1 = 1 OR 1 = 1"))),
    "suffix": asked(select(Case.file_no).suffix_with("UNION ALL SELECT file_no FROM case_file")),
    "prefix": asked(select(Case.file_no).prefix_with("(SELECT max(file_no) FROM case_file), ")),
    "statement hint": asked(
        select(Case.file_no).with_statement_hint("UNION ALL SELECT file_no FROM case_file")
    ),
    "operator typed by hand": asked(select(Case.file_no).where(Case.id.op("> 0 OR 0 <")(Case.id))),
    "function typed by hand": asked(select(Case.file_no).where(getattr(func, "0 = 0 OR abs")(Case.id) > 0)),
    "values": asked(
        select(Case.file_no).join(
            (many := values(column("n", Integer), name="many").data([(1,), (2,)])), many.c.n <= 2
        )
    ),
    "connection": lambda session: _plain(session.connection().execute(select(Case.file_no)).all()),
    "raw cursor": lambda session: _plain(
        session.connection().exec_driver_sql("SELECT file_no FROM case_file").all()
    ),
}


def _got_one(session: Any) -> list[Any]:
    found = []
    for key in session.info["keys"]:
        try:
            found.append(session.get_one(Case, key))
        except Exception as wrong:
            if type(wrong).__name__ != "NoResultFound":
                raise
    return found


def _refreshed(session: Any) -> list[Any]:
    found = session.scalars(select(Case)).all()
    for row in found:
        session.refresh(row)
    return list(found)


def _expired(session: Any) -> list[Any]:
    found = session.scalars(select(Case)).all()
    session.expire_all()
    return [row.file_no for row in found]


def _merged(session: Any, keys: dict[str, int]) -> None:
    session.merge(Case(id=keys["case"], area=EAST, file_no="E9"))


def _detached(model: Any, **told: Any) -> Write:
    def act(session: Any, keys: dict[str, int]) -> None:
        row = model(id=keys["visit" if model is Visit else "case"], area=EAST)
        make_transient_to_detached(row)
        session.add(row)
        for name, value in told.items():
            setattr(row, name, value)
        session.flush()

    return act


def _deleted(session: Any, keys: dict[str, int]) -> None:
    row = Visit(id=keys["visit"], area=EAST)
    make_transient_to_detached(row)
    session.delete(row)
    session.flush()


def _visit(keys: dict[str, int], **told: Any) -> Visit:
    own = {"id": 77, "area": EAST, "case_id": keys["case"], "on": date(2026, 1, 9), "form_version": 2018}
    return Visit(**{**own, "recorded_at": NOW, "recorded_by": 1, **told})


def _added(row: Callable[[dict[str, int]], Any]) -> Write:
    def act(session: Any, keys: dict[str, int]) -> None:
        session.add(row(keys))
        session.flush()

    return act


def _moved(session: Any, keys: dict[str, int]) -> None:
    row = session.scalars(select(Person)).first()
    row.area = WEST
    session.flush()


def _sent(statement: Callable[[dict[str, int]], Any]) -> Write:
    return lambda session, keys: session.execute(statement(keys))


WRITE: dict[str, Write] = {
    "update": _sent(lambda keys: update(Visit).values(risk=5)),
    "update by key": _sent(lambda keys: update(Visit).where(Visit.id == keys["visit"]).values(risk=5)),
    "update of many": lambda session, keys: session.execute(
        update(Visit), [{"id": keys["visit"], "risk": 5}]
    ),
    "update of a table": _sent(lambda keys: update(VISITS).values(risk=5)),
    "update by text": _sent(lambda keys: text("UPDATE visit SET risk = 5")),
    "delete": _sent(lambda keys: delete(Visit)),
    "delete by key": _sent(lambda keys: delete(Visit).where(Visit.id == keys["visit"])),
    "delete by text": _sent(lambda keys: text("DELETE FROM visit")),
    "delete by query": lambda session, keys: session.query(Visit).delete(),
    "update by query": lambda session, keys: session.query(Visit).update({"risk": 5}),
    "insert": _sent(lambda keys: insert(Person).values(id=78, area=WEST)),
    "insert of many": lambda session, keys: session.execute(insert(Person), [{"id": 78, "area": WEST}]),
    "insert from a select": _sent(
        lambda keys: insert(Person).from_select(["id", "area"], select(Case.id + 1, Case.area))
    ),
    "bulk objects": lambda session, keys: session.bulk_save_objects([Person(id=78, area=WEST)]),
    "bulk insert": lambda session, keys: session.bulk_insert_mappings(Person, [{"id": 78, "area": WEST}]),
    "bulk update": lambda session, keys: session.bulk_update_mappings(
        Visit, [{"id": keys["visit"], "risk": 5}]
    ),
    "new in the other area": _added(lambda keys: Person(id=78, area=WEST)),
    "new under a stranger's file": _added(_visit),
    "new under a stranger's file in its area": _added(lambda keys: _visit(keys, area=WEST)),
    "a stranger's identity": _added(
        lambda keys: Identity(person_id=keys["person"], area=EAST, name=Plain("王"), token_key=1)
    ),
    "moved out": _moved,
    "merged over a key": _merged,
    "detached and changed": _detached(Visit, risk=5),
    "detached file taken over": _detached(Case, file_no="E9"),
    "detached and moved here": _detached(Visit, area=EAST, risk=5),
    "detached and deleted": _deleted,
}
