"""导入越权: a workbook writes nothing that whoever brings it could not write otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.forms.area import AreaRow
from casemgr.rules.access import Access, Action, Role
from casemgr.services import exchange
from casemgr.services.exchange import ImportResult
from casemgr.store.models import Area, AuditEntry, Case, Unit, Visit
from casemgr.store.work import open_work
from casemgr.terms.idnumber import check_digit
from tests.conftest import TODAY
from tests.forms.example import AREA, COUNTY, ELSEWHERE, PERSON, TOWNSHIP, VISIT, day
from tests.services.workbooks import AREAS, COUNTY_ROW, WHOLE, Here, workbook

SYSTEM = Access.system("test")
OFFICER = Access.over(13, "县级", Role.COUNTY_OFFICER, COUNTY)
EAST = Access.over(11, "东镇医生", Role.TOWNSHIP_DOCTOR, TOWNSHIP)
WEST = Access.over(12, "西镇医生", Role.TOWNSHIP_DOCTOR, ELSEWHERE)
PREFECTURE = AreaRow(999900000000, "示例市", 2, None, 900_000, 2025, None, None)
NEXT_COUNTY = AreaRow(999903000000, "邻县", 3, PREFECTURE.code, 40_000, 2025, "N0", "邻县疾控中心")
NEXT_TOWN = AreaRow(999903100000, "邻镇", 4, NEXT_COUNTY.code, 9_000, 2025, "N1", "邻镇卫生院")
OTHER_NUMBER = "99990119800101002" + check_digit("99990119800101002")


def bring(access: Access, rows: dict[str, list[Any]], **options: Any) -> ImportResult:
    return exchange.import_file(access, workbook(rows), TODAY, **options)


def names() -> dict[str, str]:
    with open_work(SYSTEM, Action.AREA_READ) as work:
        units = {row.code: row.name for row in work.rows(select(Unit.code, Unit.name))}
        return units | {str(row.code): row.name for row in work.rows(select(Area.code, Area.name))}


@pytest.fixture(autouse=True)
def _register(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "Source", Here)
    bring(SYSTEM, WHOLE | {"机构与区划": [PREFECTURE, *AREAS, NEXT_COUNTY, NEXT_TOWN]})


@pytest.mark.parametrize(
    ("access", "row"),
    [
        # A row that is right in itself carries a wrong name for a unit of somebody else.
        (EAST, COUNTY_ROW._replace(unit_code="U2", unit_name="冒名卫生院")),
        (EAST, AREA._replace(unit_name="改名卫生院")),
        (EAST, AREA._replace(name="改名镇")),
        (EAST, AREA._replace(population=1)),
        (EAST, COUNTY_ROW._replace(unit_code="NEW", unit_name="新单位")),
        (OFFICER, PREFECTURE._replace(unit_code="N1", unit_name="冒名卫生院")),
        (OFFICER, NEXT_TOWN._replace(unit_code="A0", unit_name="冒名卫生院")),
        (OFFICER, PREFECTURE._replace(unit_code="A0", unit_name="冒名单位")),
        (OFFICER, PREFECTURE._replace(name="改名市")),
        (OFFICER, PREFECTURE._replace(population=1)),
        (OFFICER, NEXT_COUNTY._replace(name="改名县")),
        (OFFICER, NEXT_TOWN._replace(code=999903101000, name="新镇", unit_code=None, unit_name=None)),
    ],
)
def test_areas_and_units_of_others_stay_as_they_are(access: Access, row: AreaRow) -> None:
    before = names()
    result = bring(access, {"机构与区划": [row]})
    assert result.refused == 1
    assert names() == before


def test_a_county_still_keeps_its_own_areas_and_units() -> None:
    village = AreaRow(999901101201, "第2村", 5, ELSEWHERE, 900, 2025, None, None)
    told = [PREFECTURE, AREA._replace(name="城东镇", unit_name="城东镇卫生院"), village]
    assert bring(OFFICER, {"机构与区划": told}).refused == 0
    assert (names()["U1"], names()[str(TOWNSHIP)]) == ("城东镇卫生院", "城东镇")


def test_a_file_number_of_another_township_is_one_refused_row() -> None:
    """It is unique in the county: found before writing, the other rows of the file are not lost with it."""
    mine = PERSON._replace(unit_code="U2", village=None, id_number=OTHER_NUMBER, birth_on=day(1980, 1, 1))
    result = bring(WEST, {"患者": [mine, mine._replace(file_no="101-00009")]})
    assert [(one.code, one.row) for one in result.problems if one.level == "refused"] == [
        ("duplicate-person", 2)
    ]
    assert "其他单位" in result.problems[0].message
    assert result.sheets["患者"].accepted == 1


def test_a_case_of_another_township_is_neither_taken_over_nor_written_to() -> None:
    rows = {
        "患者": [PERSON._replace(unit_code="U2", name="改名"), PERSON._replace(name="改名")],
        "随访": [VISIT._replace(risk=5), VISIT._replace(on=VISIT.on + 1)],
    }
    assert bring(WEST, rows).refused == 4
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        assert work.entities(select(Case.area)) == [TOWNSHIP]
        assert [tuple(row) for row in work.rows(select(Visit.risk))] == [(VISIT.risk,)]


def test_a_doctor_gives_no_case_away() -> None:
    """Only who reaches both townships moves a person from one to the other."""
    assert bring(EAST, {"患者": [PERSON._replace(unit_code="U2")]}).refused == 1
    assert bring(OFFICER, {"患者": [PERSON._replace(unit_code="U2")]}).refused == 0


def test_numbers_asked_by_a_preview_are_written_down_like_a_search() -> None:
    """A workbook of guessed numbers tells which of them are registered."""
    bring(EAST, {"患者": [PERSON._replace(file_no="101-00009")]}, dry_run=True)
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        told = [
            (row.verb, row.fields, row.count)
            for row in work.entities(select(AuditEntry).where(AuditEntry.actor == EAST.actor))
        ]
    assert ("search", "id_number", 1) in told
