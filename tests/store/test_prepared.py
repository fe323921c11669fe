"""The finished text of a lasting select answers as the session does: same rows, same limits."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import aliased

from casemgr.rules.access import Access, Action
from casemgr.store import prepared, scope
from casemgr.store.models import Case, Identity, Visit
from casemgr.store.scope import lasting
from casemgr.store.session import LockBroken
from casemgr.store.types import Secret
from casemgr.store.work import open_work
from tests.services.test_register import statements
from tests.store.register import (
    DOCTOR_EAST,
    DOCTOR_WEST,
    EAST,
    SYSTEM,
    WEST,
    add_person,
    add_visit,
    open_areas,
)

Other: Any = aliased(Visit)
_KEYS: Any = bindparam("keys", expanding=True)
DAY = date(2026, 3, 1)

PLAIN = lasting(
    select(Case.id, Case.area, Case.registered_on, Case.created_at, Case.article30, Visit.on)
    .outerjoin(Visit, Visit.case_id == Case.id)
    .order_by(Case.id)
)
LISTED = lasting(
    select(Visit.case_id, Visit.on)
    .join(Case, Case.id == Visit.case_id)
    .where(Visit.case_id.in_(_KEYS), Case.lifecycle.in_([1, 2, 3]))
)
NESTED = lasting(
    select(
        Case.id,
        select(func.count())
        .select_from(Visit)
        .where(Visit.case_id == Case.id)
        .scalar_subquery()
        .label("seen"),
        exists().where(Other.area == WEST).label("elsewhere"),
    ).order_by(Case.id)
)
SEALED = lasting(select(Identity.person_id, Identity.name))
SINCE = lasting(select(Visit.id, Visit.area).where(Visit.on >= bindparam("since")))
WHOLE = lasting(select(Case).order_by(Case.id))


@pytest.fixture
def cases(both: Flask) -> dict[int, int]:
    units = open_areas()
    made = {}
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for area in (EAST, WEST):
            _, made[area] = add_person(work, area, units[area], f"1-{area}", "某人", phone="10000000001")
            add_visit(work, area, made[area], DAY)
    return made


def usual(access: Access, statement: Any, **values: Any) -> list[tuple[Any, ...]]:
    with open_work(access, Action.CASE_LIST) as work:
        return [tuple(row) for row in work.session.execute(statement, values or None).all()]


def quick(access: Access, statement: Any, **values: Any) -> list[Any]:
    with open_work(access, Action.CASE_LIST) as work:
        found = prepared.rows(work.session, statement, values)
        assert found is not None
        return found


@pytest.mark.parametrize("access", [DOCTOR_EAST, DOCTOR_WEST, SYSTEM], ids=["east", "west", "all"])
def test_the_same_rows_for_whoever_asks(cases: dict[int, int], access: Access) -> None:
    """One text serves every area: each asker gets the rows of the own one, inside subqueries too."""
    for _ in range(2):
        for statement, values in (
            (PLAIN, {}),
            (NESTED, {}),
            (LISTED, {"keys": list(cases.values())}),
            (SINCE, {"since": DAY}),
        ):
            found = quick(access, statement, **values)
            assert sorted(found) == sorted(usual(access, statement, **values))
            assert len(found) == (2 if access is SYSTEM else 1)
    (row,) = quick(DOCTOR_EAST, PLAIN)
    assert (row.id, row.area, row.on) == (cases[EAST], EAST, DAY)
    assert type(row.registered_on) is date and type(row.created_at) is datetime and row.article30 is False
    assert [row.elsewhere for row in quick(DOCTOR_EAST, NESTED)] == [False]
    assert [row.elsewhere for row in quick(DOCTOR_WEST, NESTED)] == [True]


def test_sealed_values_stay_sealed(cases: dict[int, int]) -> None:
    (row,) = quick(DOCTOR_EAST, SEALED)
    assert isinstance(row.name, Secret)
    assert "某人" not in repr(row)


def test_what_has_no_finished_text_is_asked_as_ever(cases: dict[int, int]) -> None:
    with open_work(DOCTOR_EAST, Action.CASE_LIST) as work:
        assert prepared.rows(work.session, WHOLE, {}) is None
        assert prepared.rows(work.session, LISTED, {"keys": []}) is None
        assert [one.id for one in work.entities(WHOLE)] == [cases[EAST]]
        assert list(work.rows(LISTED, keys=[])) == []
        assert work.row(WHOLE) is not None and work.row(LISTED, keys=[]) is None


def test_a_missing_parameter_is_no_empty_one(cases: dict[int, int]) -> None:
    with open_work(DOCTOR_EAST, Action.CASE_LIST) as work:
        with pytest.raises(Exception, match="since"):
            prepared.rows(work.session, SINCE, {})
        assert len(work.rows(SINCE, since=DAY)) == 1
        with pytest.raises(KeyError):
            prepared.rows(work.session, SINCE, {})


def test_it_is_asked_inside_the_unit_of_work_and_seen(cases: dict[int, int]) -> None:
    with open_work(DOCTOR_EAST, Action.FOLLOWUP_RECORD) as work:
        add_visit(work, EAST, cases[EAST], date(2026, 4, 1))
        work.flush()
        with statements() as sent:
            assert len(quick_rows := work.rows(SINCE, since=DAY)) == 2
        assert len(sent) == 1 and "area" in sent[0]
        assert {row.area for row in quick_rows} == {EAST}


def test_no_access_no_rows(cases: dict[int, int]) -> None:
    from casemgr.store.db import db

    with pytest.raises(LockBroken):
        prepared.rows(db.session(), PLAIN, {})  # type: ignore[arg-type]


def test_every_select_of_the_product_that_lasts_is_limited(cases: dict[int, int]) -> None:
    """Each finished text names both ends of the area for every table of an area it reads."""
    from casemgr.store.db import db

    asked = 0
    for statement in list(scope._lasting):
        tables = {one for one in statement.get_final_froms() for one in getattr(one, "_from_objects", [one])}
        scoped = [one for one in tables if "area" in getattr(one, "c", {}) and one.name != "area"]
        described = statement.column_descriptions
        if not scoped or any(one["expr"] is one.get("entity") for one in described):
            continue
        compiled = statement.options(*scope.criteria(prepared.LOW, prepared.HIGH)).compile(
            dialect=db.engine.dialect
        )
        limits = [bound.effective_value for bound in compiled.binds.values()]
        assert limits.count(prepared.LOW) >= 1 and limits.count(prepared.HIGH) >= 1, str(statement)
        asked += 1
    assert asked > 40
