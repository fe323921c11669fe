"""Shapes of select that pass beside a loader criterion elsewhere: here each is limited or refused."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import (
    Row,
    and_,
    case,
    column,
    distinct,
    exists,
    func,
    literal,
    literal_column,
    select,
    table,
    text,
    union_all,
)
from sqlalchemy.orm import Bundle, aliased, make_transient_to_detached

from casemgr.rules.access import Access, Action
from casemgr.store.models import Case, Visit
from casemgr.store.session import LockBroken
from casemgr.store.verifier import unchecked
from casemgr.store.work import open_work
from tests.store.register import (
    ADMINISTRATOR,
    DOCTOR_EAST,
    EAST,
    NOW,
    SYSTEM,
    WEST,
    add_person,
    add_visit,
    open_areas,
)

OTHER = aliased(Case)
#: What the doctor of one township (two of four people) sees.
LIMITED: dict[str, tuple[Any, list[Any]]] = {
    "case": (select(case((Case.id > 0, 1), else_=0)), [1, 1]),
    "exists in where": (select(literal(1)).where(exists(select(literal(1)).where(Case.file_no == "W1"))), []),
    "literal": (select(literal(1)).where(Case.id > 0), [1, 1]),
    "scalar subquery": (select(select(func.count(Case.id)).scalar_subquery()), [2]),
    "distinct": (select(func.count(distinct(Case.id))), [2]),
    "bundle": (select(Bundle("b", Case.file_no)), [("E1",), ("E2",)]),
    "alias join": (select(OTHER.file_no).join(Visit, Visit.case_id == OTHER.id), ["E1", "E2"]),
    "outer join": (select(Case.file_no).outerjoin(Visit, Visit.case_id == Case.id), ["E1", "E2"]),
    "star": (select(func.count()).select_from(Case), [2]),
    "union in a subquery": (
        select(union_all(select(Case.file_no), select(Case.file_no)).subquery()),
        ["E1", "E1", "E2", "E2"],
    ),
    "maximum": (select(func.max(Case.file_no)), ["E2"]),
    "correlated": (
        select(select(func.count(Visit.id)).where(Visit.case_id == Case.id).scalar_subquery()).select_from(
            Case
        ),
        [1, 1],
    ),
    "entity from a subquery": (select(aliased(Case, select(Case).subquery()).file_no), ["E1", "E2"]),
}
REFUSED = {
    "over": select(func.count(Case.id).over()),
    "row number": select(func.row_number().over(order_by=Case.id)),
    "filter": select(func.count(Case.id).filter(Case.sex == 1)),
    "and": select(and_(Case.id > 0, Case.sex == 1)),
    "exists": select(exists().where(Case.id > 0)),
    "text column": select(literal_column("name")).select_from(table("identity")),
    "core subquery": select(Case.id).where(
        Case.id.in_(select(column("case_id")).select_from(table("visit")))
    ),
    "within group": select(func.percentile_cont(0.5).within_group(Case.id)),
    # Text stands beside the limits, not inside them: each of these read the other township.
    "text condition": select(Case.file_no).where(text("1 = 1 OR 1 = 1")),
    "text order": select(Case.file_no).order_by(text("(SELECT 1)")),
    "literal column": select(literal_column("(SELECT max(file_no) FROM case_file)")).select_from(Case),
    "literal condition": select(Case.file_no).where(literal_column("1 = 1 OR 1 = 1")),
    "text beside a column": select(Case.id, text("(SELECT max(file_no) FROM case_file)")),
    "hint": select(Case.file_no).with_statement_hint("UNION ALL SELECT file_no FROM case_file"),
    "suffix": select(Case.file_no).suffix_with("UNION ALL SELECT file_no FROM case_file"),
    "prefix": select(Case.file_no).prefix_with("(SELECT max(file_no) FROM case_file), "),
    "text in a subquery": select(select(Case.file_no).where(text("1 = 1 OR 1 = 1")).subquery()),
}


@pytest.fixture
def four_people(both: Flask) -> None:
    """Two people in each township."""
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for file_no in ("E1", "E2", "W1", "W2"):
            area = EAST if file_no.startswith("E") else WEST
            _person, key = add_person(work, area, units[area], file_no, "张一")
            add_visit(work, area, key, NOW.date())


def values(access: Access, statement: Any) -> list[Any]:
    # Without the verifier: these are tests of the lock, not of the net beneath it.
    with unchecked(), open_work(access, Action.CASE_LIST) as work:
        found = [row[0] for row in work.rows(statement)]
        return sorted(tuple(one) if isinstance(one, Row) else one for one in found)


@pytest.mark.usefixtures("four_people")
def test_each_shape_is_limited_to_the_area() -> None:
    for name, (statement, expected) in LIMITED.items():
        assert values(DOCTOR_EAST, statement) == expected, name
        assert values(ADMINISTRATOR, statement) in ([], [0], [None]), name


@pytest.mark.usefixtures("four_people")
def test_each_shape_that_would_pass_beside_is_refused() -> None:
    for name, statement in REFUSED.items():
        with pytest.raises(LockBroken):
            pytest.fail(f"{name}: {values(DOCTOR_EAST, statement)}")


@pytest.mark.usefixtures("four_people")
def test_an_object_made_to_look_loaded_does_not_come_in() -> None:
    """It would be read and written by its key alone, past the limits of the area."""
    with unchecked(), open_work(SYSTEM, Action.CASE_LIST) as work:
        visit, case_id = work.row(
            select(Visit.id, Visit.case_id).join(Case, Case.id == Visit.case_id).where(Case.file_no == "W1")
        )
    for foreign in (Visit(id=visit, area=EAST, risk=5), Case(id=case_id, area=EAST)):
        make_transient_to_detached(foreign)
        with pytest.raises(LockBroken), unchecked(), open_work(DOCTOR_EAST, Action.CASE_READ) as work:
            work.add(foreign)
        with pytest.raises(LockBroken), unchecked(), open_work(DOCTOR_EAST, Action.CASE_READ) as work:
            work.remove(foreign)
