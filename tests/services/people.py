"""People with whole files for the tests of lists and pages: villages, two years of visits and the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from casemgr.rules.access import Action
from casemgr.store.db import new_key
from casemgr.store.identity import ID_NUMBER, PHONE
from casemgr.store.models import (
    Area,
    Case,
    CaseState,
    Checkup,
    Consent,
    Dose,
    DrugLine,
    Guardian,
    Identity,
    Person,
    RehabSession,
    Supplement,
    Visit,
    VisitText,
)
from casemgr.store.types import Plain
from casemgr.store.work import Work, open_work
from casemgr.terms.idnumber import check_digit
from tests.store.register import COUNTY, EAST, SYSTEM, WEST

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
VILLAGE = EAST + 201
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴", ("小明", "丽", "建国", "秀英", "伟", "芳", "敏", "静", "强", "磊")
#: The person whose file has everything, and two whose names stand out.
WHOLE, RARE, WESTERN = "900-00001", "900-00002", "901-00001"


@dataclass(frozen=True)
class Made:
    """What :func:`furnish` made: keys of person and case by file number."""

    people: dict[str, int]
    cases: dict[str, int]


def number_of(index: int) -> str:
    """An identity number nobody has: area 9999, valid date and check digit."""
    body = f"999901{1950 + index % 50}{1 + index % 12:02}{1 + index % 28:02}{index:03}"
    return body + check_digit(body)


def phone_of(index: int) -> str:
    """A telephone number nobody has."""
    return f"100{index:08}"


def add(
    work: Work, area: int, unit: int, file_no: str, index: int, name: str, **case: Any
) -> tuple[int, int]:
    """One person with identity and case; returns (person, case)."""
    person, key = new_key(), new_key()
    work.add(
        Person(id=person, area=area, sex=1 + index % 2, birth_year=1950 + index % 50, ethnicity=1, marriage=1)
    )
    work.flush()
    number, phone = number_of(index), phone_of(index)
    work.add(
        Identity(
            person_id=person,
            area=area,
            name=Plain(name),
            id_number=Plain(number),
            phone=Plain(phone),
            residence=Plain(f"示例县东镇第1村{index}号"),
            id_token=work.vault.token(ID_NUMBER, number),
            phone_token=work.vault.token(PHONE, phone),
            token_key=work.vault.active_id,
        )
    )
    given = {
        "village": VILLAGE if area == EAST else None,
        "diagnosis": 1 + index % 6,
        "registered_on": date(2020, 1, 1),
        "lifecycle": 1,
        **case,
    }
    work.add(
        Case(
            id=key,
            person_id=person,
            area=area,
            county=COUNTY,
            file_no=file_no,
            unit_id=unit,
            sex=1 + index % 2,
            birth_year=1950 + index % 50,
            consent=1,
            consent_on=date(2020, 1, 1),
            created_at=NOW,
            **given,
        )
    )
    work.flush()
    return person, key


def visit(work: Work, area: int, case: int, on: date, **given: Any) -> int:
    """One visit; clinical fields are empty unless given."""
    key = new_key()
    values = {"form_version": 2018, "mode": 2, "recorded_at": NOW, "recorded_by": 11, **given}
    work.add(Visit(id=key, area=area, case_id=case, on=on, **values))
    return key


STEADY = {"risk": 0, "stability": 3, "adherence": 1, "hospital": 0, "symptoms": 0}


def _whole_file(work: Work, area: int, case: int, person: int) -> None:
    """Two years of everything: a long gap, a stay in hospital, injections, sessions, a missed visit."""
    days = (
        (date(2025, 1, 10), {**STEADY, "mode": 1}),
        (date(2025, 4, 5), {**STEADY, "mode": 2}),
        (date(2025, 9, 20), {**STEADY, "mode": 3, "stability": 2, "risk": 1}),
        (
            date(2025, 10, 12),
            {**STEADY, "mode": 2, "stability": 1, "risk": 3, "adherence": 2, "offence_count": 1},
        ),
        (date(2025, 10, 24), {**STEADY, "mode": 1, "hospital": 1, "stability": 1, "risk": 4}),
        (
            date(2025, 12, 3),
            {
                **STEADY,
                "mode": 2,
                "hospital": 2,
                "discharged_on": date(2025, 11, 28),
                "discharged_precision": 3,
                "stability": 2,
                "risk": 1,
            },
        ),
        (date(2026, 1, 2), {**STEADY, "mode": 2}),
        (date(2026, 4, 1), {**STEADY, "mode": 1, "informants": 6}),
        (date(2026, 6, 28), {"mode": 3}),
        (date(2026, 7, 3), {**STEADY, "mode": 2, "symptoms": 1 << 3}),
        (date(2026, 9, 25), {**STEADY, "mode": 2}),
        (date(2026, 11, 15), {"mode": 2, "loss_reason": 4}),
    )
    last = 0
    for on, given in days:
        key = visit(work, area, case, on, next_on=on + timedelta(days=90), **given)
        last = key if "loss_reason" not in given else last
    work.flush()
    work.add(VisitText(visit_id=last, area=area, doctor=Plain("东镇乙"), note=Plain("家属称近来睡眠好转")))
    work.add(
        DrugLine(
            id=new_key(),
            area=area,
            visit_id=last,
            position=1,
            name=Plain("奥氮平片"),
            morning_ug=5_000,
            evening_ug=10_000,
        )
    )
    work.add(
        DrugLine(
            id=new_key(),
            area=area,
            visit_id=last,
            position=2,
            long_acting=True,
            every_weeks=4,
            name=Plain("棕榈酸帕利哌酮注射液"),
            dose_ug=100_000,
        )
    )
    for month in range(1, 11):
        work.add(
            Dose(
                id=new_key(),
                area=area,
                case_id=case,
                product="PP1M",
                on=date(2026, month, 6),
                dose_ug=100_000,
                ordinal=month,
                site=1,
                recorded_at=NOW,
                recorded_by=11,
            )
        )
    for month in (3, 5, 6, 8):
        work.add(
            RehabSession(
                id=new_key(),
                area=area,
                case_id=case,
                on=date(2026, month, 18),
                form=4,
                place=3,
                minutes=45,
                attended=month != 5,
                recorded_at=NOW,
                recorded_by=11,
            )
        )
    work.add(
        Checkup(
            id=new_key(),
            area=area,
            case_id=case,
            on=date(2026, 5, 12),
            systolic=128,
            diastolic=82,
            weight_g=63_500,
            blood_count=1,
            transaminase=2,
            recorded_at=NOW,
            recorded_by=11,
        )
    )
    work.add(
        Supplement(
            case_id=case,
            area=area,
            diagnosed_on=date(2012, 5, 1),
            diagnosed_precision=2,
            onset_on=date(2010, 1, 1),
            onset_precision=1,
            admissions_count=2,
            subsidised=True,
            economy=1,
            diagnosed_at=Plain("示例市精神卫生中心"),
        )
    )
    work.add(Consent(id=new_key(), area=area, case_id=case, answer=1, on=date(2020, 1, 1), recorded_at=NOW))
    work.add(
        CaseState(
            id=new_key(), area=area, case_id=case, track=1, value=1, since=date(2020, 1, 1), recorded_at=NOW
        )
    )
    work.add(
        Guardian(
            id=new_key(),
            person_id=person,
            area=area,
            relation=5,
            name=Plain("李大山"),
            phone=Plain("10099990000"),
        )
    )


def furnish(units: dict[int, int], count: int = 60) -> Made:
    """``count`` people in EAST with the whole file of ``WHOLE``, and three in WEST; the areas must exist."""
    people: dict[str, int] = {}
    cases: dict[str, int] = {}
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        work.add(Area(code=VILLAGE, name="第1村", level=5, parent=EAST, population=900))
    with open_work(SYSTEM, Action.EXCHANGE_IMPORT) as work:
        for index in range(1, count + 1):
            file_no = f"900-{index:05}"
            name = SURNAMES[index % 10] + GIVEN[index // 10 % 10]
            if file_no == RARE:
                name = "䶮明轩"
            people[file_no], cases[file_no] = add(work, EAST, units[EAST], file_no, index, name)
            if file_no == WHOLE:
                _whole_file(work, EAST, cases[file_no], people[file_no])
            elif index % 5:
                stability = (3, 3, 2, 1)[index % 4]
                level = {3: 0, 2: 1, 1: 3}[stability]
                for back in (20 + index, 110 + index, 200 + index):
                    visit(
                        work,
                        EAST,
                        cases[file_no],
                        TODAY - timedelta(days=back),
                        **{**STEADY, "stability": stability, "risk": level},
                    )
        for index in range(1, 4):
            file_no = f"901-{index:05}"
            people[file_no], cases[file_no] = add(
                work,
                WEST,
                units[WEST],
                file_no,
                500 + index,
                "王西" + GIVEN[index],
                **({"lifecycle": 2, "lifecycle_on": date(2026, 5, 1)} if index == 3 else {}),
            )
    return Made(people, cases)
