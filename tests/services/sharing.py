"""What the tests of sharing have in common: a county with people at risk and others, and two officers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from io import BytesIO
from zipfile import ZipFile

from casemgr.rules.access import Access, Action
from casemgr.services import impact
from casemgr.services.impact import TEXTS, NewNote
from casemgr.store.db import new_key
from casemgr.store.models import Case, DrugLine, Guardian, Incident, Visit, VisitText
from casemgr.store.types import Plain
from casemgr.store.work import open_work
from casemgr.terms.account import Role
from casemgr.terms.idnumber import check_digit
from casemgr.terms.sharing import Flow
from tests.services.people import phone_of as phone_of
from tests.store.register import COUNTY, EAST, OFFICER, SYSTEM, WEST, add_person, open_areas

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SECOND = Access.over(15, "县级第二人", Role.COUNTY_OFFICER, COUNTY)
#: Words that stand in every file and may leave in none, unless they were approved.
DIAGNOSES = ("精神分裂症", "分裂情感", "偏执性", "双相", "癫痫", "发育迟滞")
SECRETS = ("奥氮平", "幻听很重", *DIAGNOSES)
__all__ = ["COUNTY", "EAST", "OFFICER", "SECOND", "SECRETS", "TODAY", "WEST", "name_of", "number_of"]


def number_of(index: int) -> str:
    """An identity number nobody has."""
    birth = f"{1950 + index % 49}{1 + index % 12:02}{1 + index % 28:02}"
    body = f"9999{1 + index // 1000:02}{birth}{index % 1000:03}"
    return body + check_digit(body)


def name_of(index: int) -> str:
    """A name that stands in no template."""
    return "欧阳司徒诸葛皇甫"[2 * (index % 4) : 2 * (index % 4) + 2] + "甲乙丙丁戊己庚辛壬癸"[index % 10]


def people(count: int = 12) -> dict[int, tuple[int, int]]:
    """People by number (person, case): 0–3 of grade 4, 4 with an act, the others without condition ①."""
    units = open_areas()
    found: dict[int, tuple[int, int]] = {}
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for index in range(count):
            area = EAST if index % 2 else WEST
            person, case = add_person(
                work, area, units[area], f"100-{index:05}", name_of(index), number_of(index), phone_of(index)
            )
            found[index] = (person, case)
            visit = new_key()
            work.add(
                Visit(
                    id=visit,
                    case_id=case,
                    area=area,
                    on=date(2026, 10, 8),
                    form_version=2018,
                    risk=4 if index < 4 else 0,
                    stability=3,
                    recorded_at=NOW,
                    recorded_by=11,
                )
            )
            work.flush()
            work.add(VisitText(visit_id=visit, area=area, note=Plain("幻听很重")))
            work.add(DrugLine(id=new_key(), visit_id=visit, area=area, position=1, name=Plain("奥氮平")))
            work.add(
                Guardian(
                    id=new_key(),
                    person_id=person,
                    area=area,
                    relation=1,
                    name=Plain(f"监护{name_of(index)}"),
                    phone=Plain(f"1009{index:07}"),
                )
            )
            if index == 4:
                work.add(
                    Incident(
                        id=new_key(), case_id=case, area=area, on=date(2026, 3, 1), kind=2,
                        note=Plain("幻听很重"), recorded_at=NOW, recorded_by=11,
                    )
                )  # fmt: skip
    return found


def write_notes(*flows: Flow) -> None:
    """Impact notes for these flows (all when none is named)."""
    for flow in flows or tuple(Flow):
        texts = dict.fromkeys(TEXTS, "写明必要性、风险和保护措施")
        impact.write(OFFICER, impact.begin(), NewNote(flow, TODAY, texts), TODAY)


def leave(case: int) -> None:
    """Somebody who has left the register."""
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        row = work.get(Case, case)
        assert row is not None
        row.lifecycle, row.lifecycle_on = 3, date(2026, 5, 1)


def texts_of(workbook: bytes) -> str:
    """Everything readable inside a workbook, every part of it."""
    with ZipFile(BytesIO(workbook)) as parts:
        return "\n".join(parts.read(name).decode("utf-8", "ignore") for name in parts.namelist())
