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
    union_all,
)
from sqlalchemy.orm import Bundle, aliased

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
    "literal column": (select(literal_column("count(*)")).select_from(Case), [2]),
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
