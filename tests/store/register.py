"""A small register for the tests of the store: two townships of one county, people with sealed names."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import select

from casemgr.rules.access import Access, Action, Role
from casemgr.store.db import new_key
from casemgr.store.identity import ID_NUMBER, PHONE
from casemgr.store.models import Area, Case, Identity, Person, Unit, Visit
from casemgr.store.types import Plain
from casemgr.store.work import Work, open_work

COUNTY, EAST, WEST = 999901000000, 999901100000, 999901101000
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

DOCTOR_EAST = Access.over(11, "东镇医生", Role.TOWNSHIP_DOCTOR, EAST)
DOCTOR_WEST = Access.over(12, "西镇医生", Role.TOWNSHIP_DOCTOR, WEST)
OFFICER = Access.over(13, "县级", Role.COUNTY_OFFICER, COUNTY)
ADMINISTRATOR = Access.over(14, "管理员", Role.ADMINISTRATOR, COUNTY)
SYSTEM = Access.system("test")


def open_areas() -> dict[int, int]:
    """Two townships and their units; returns area → unit id."""
    units: dict[int, int] = {}
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        for code, name, level, parent in (
            (COUNTY, "示例县", 3, None),
            (EAST, "东镇", 4, COUNTY),
            (WEST, "西镇", 4, COUNTY),
        ):
            work.add(Area(code=code, name=name, level=level, parent=parent, population=10_000))
            work.flush()
            unit = work.add(Unit(id=new_key(), code=f"U{code}", name=name + "卫生院", area_code=code))
            units[code] = unit.id
    return units


def units() -> dict[int, int]:
    """The units of :func:`open_areas`, area → unit id."""
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        return {row.area_code: row.id for row in work.rows(select(Unit.area_code, Unit.id))}


def add_person(
    work: Work, area: int, unit: int, file_no: str, name: str, id_number: str = "", phone: str = ""
) -> tuple[int, int]:
    """One person with a case; returns (person id, case id)."""
    person, case = new_key(), new_key()
    work.add(Person(id=person, area=area, sex=1, birth_year=1980))
    work.flush()
    work.add(
        Identity(
            person_id=person,
            area=area,
            name=Plain(name),
            id_number=Plain(id_number) if id_number else None,
            phone=Plain(phone) if phone else None,
            id_token=work.vault.token(ID_NUMBER, id_number) if id_number else None,
            phone_token=work.vault.token(PHONE, phone) if phone else None,
            token_key=work.vault.active_id,
        )
    )
    work.add(
        Case(
            id=case,
            person_id=person,
            area=area,
            county=COUNTY,
            file_no=file_no,
            unit_id=unit,
            diagnosis=1,
            sex=1,
            birth_year=1980,
            registered_on=date(2020, 1, 1),
            created_at=NOW,
        )
    )
    work.flush()
    return person, case


def add_visit(work: Work, area: int, case: int, on: date) -> int:
    """One coded visit."""
    visit = new_key()
    work.add(
        Visit(
            id=visit,
            area=area,
            case_id=case,
            on=on,
            form_version=2018,
            risk=0,
            stability=3,
            adherence=1,
            recorded_at=NOW,
            recorded_by=11,
        )
    )
    return visit
