"""The township of the story: eleven people on the register in October 2026 and one whom nobody knows yet.

``python -m tests.pages.story FOLDER`` serves it like ``tests.pages.serve``; its day is moved by
``/story/day/2026-10-12``, which does what the night does, and a month is closed by ``/story/close/2026-10``.
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask
from waitress.server import create_server

from casemgr.app import create_app
from casemgr.rules.access import Access, Action
from casemgr.services import account, clock, duties, indicator, state
from casemgr.store.db import new_key
from casemgr.store.identity import ID_NUMBER, PHONE
from casemgr.store.models import (
    Area,
    Attempt,
    Case,
    CaseState,
    Consent,
    Guardian,
    Identity,
    Person,
    Supplement,
    Visit,
)
from casemgr.store.types import Plain
from casemgr.store.work import Work, open_work
from casemgr.terms.attempt import AttemptResult, AttemptWay
from casemgr.terms.register import Pause
from casemgr.web.guard import personal
from tests.conftest import make_config
from tests.services.people import VILLAGE, number_of, phone_of
from tests.staff import open_accounts, quick_hasher
from tests.store.register import COUNTY, DOCTOR_EAST, EAST, OFFICER, SYSTEM, open_areas

FIRST_DAY = date(2026, 10, 9)
LONG_AGO = datetime(2020, 1, 3, 8, 0, tzinfo=UTC)
STEADY = {"risk": 0, "stability": 3, "adherence": 1, "hospital": 0, "symptoms": 0, "insight": 1, "mode": 2}
BASIC = {**STEADY, "risk": 1, "stability": 2}
UNSTABLE = {**STEADY, "risk": 3, "stability": 1, "symptoms": 1 << 1, "insight": 3, "adherence": 2}

#: File number, name, and the visits before the story begins.
PEOPLE: tuple[tuple[str, str, tuple[tuple[date, dict[str, Any]], ...]], ...] = (
    ("S01", "赵稳定", ((date(2026, 4, 12), STEADY), (date(2026, 7, 10), STEADY))),
    ("S02", "钱波动", ((date(2026, 7, 8), STEADY), (date(2026, 10, 8), UNSTABLE))),
    ("S03", "孙迁居", ((date(2026, 6, 20), STEADY), (date(2026, 9, 15), STEADY))),
    ("S04", "李病故", ((date(2026, 4, 20), STEADY), (date(2026, 7, 20), STEADY))),
    ("S05", "周寻回", ((date(2026, 2, 20), STEADY), (date(2026, 5, 20), STEADY))),
    ("S06", "吴不愿", ((date(2026, 5, 4), STEADY), (date(2026, 8, 1), STEADY))),
    ("S08", "王平安", ((date(2026, 6, 5), STEADY), (date(2026, 9, 1), STEADY))),
    ("S09", "冯基本", ((date(2026, 7, 6), STEADY), (date(2026, 10, 1), BASIC))),
    ("S10", "陈如常", ((date(2026, 5, 12), STEADY), (date(2026, 8, 10), STEADY))),
    ("S11", "褚住院", ((date(2026, 6, 22), STEADY), (date(2026, 9, 20), BASIC))),
    ("S12", "卫康复", ((date(2026, 6, 22), STEADY), (date(2026, 9, 20), STEADY))),
)
#: Whom the story meets by a clue.
NEW_NUMBER, NEW_NAME = number_of(77), "郑新来"


def person(work: Work, unit: int, index: int, file_no: str, name: str) -> int:
    person, case = new_key(), new_key()
    number, phone = number_of(index), phone_of(index)
    work.add(Person(id=person, area=EAST, sex=1 + index % 2, birth_year=1960 + index, document_kind=1))
    work.flush()
    work.add(
        Identity(
            person_id=person,
            area=EAST,
            name=Plain(name),
            id_number=Plain(number),
            phone=Plain(phone),
            residence=Plain("第1村"),
            id_token=work.vault.token(ID_NUMBER, number),
            phone_token=work.vault.token(PHONE, phone),
            token_key=work.vault.active_id,
        )
    )
    work.add(
        Guardian(
            id=new_key(), person_id=person, area=EAST, relation=5, name=Plain("家属"), phone=Plain(phone)
        )
    )
    work.add(
        Case(
            id=case,
            person_id=person,
            area=EAST,
            county=COUNTY,
            file_no=file_no,
            unit_id=unit,
            village=VILLAGE,
            sex=1 + index % 2,
            birth_year=1960 + index,
            diagnosis=1,
            registered_on=date(2020, 1, 2),
            ground=2,
            consent=1,
            consent_on=date(2020, 1, 2),
            management=1,
            management_on=date(2020, 1, 2),
            created_at=LONG_AGO,
        )
    )
    work.flush()
    work.add(Supplement(case_id=case, area=EAST, economy=2))
    work.add(
        Consent(id=new_key(), case_id=case, area=EAST, answer=1, on=date(2020, 1, 2), recorded_at=LONG_AGO)
    )
    for track in (1, 2):
        work.add(
            CaseState(
                id=new_key(),
                case_id=case,
                area=EAST,
                track=track,
                value=1,
                since=date(2020, 1, 2),
                recorded_at=LONG_AGO,
            )
        )
    return case


def furnish() -> None:
    """Fill an empty, migrated register with the township of the story."""
    units = open_areas()
    open_accounts()
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        work.add(Area(code=VILLAGE, name="第1村", level=5, parent=EAST, population=900))
    cases: dict[str, int] = {}
    with open_work(SYSTEM, Action.EXCHANGE_IMPORT) as work:
        for index, (file_no, name, visits) in enumerate(PEOPLE, 1):
            case = person(work, units[EAST], index, file_no, name)
            for on, found in ((date(2026, 1, 20), STEADY), *visits):
                work.add(
                    Visit(
                        id=new_key(),
                        area=EAST,
                        case_id=case,
                        on=on,
                        form_version=2018,
                        informants=2,
                        entered_on=on,
                        recorded_at=datetime(on.year, on.month, on.day, 9, tzinfo=UTC),
                        recorded_by=11,
                        **found,
                    )
                )
            if file_no == "S05":
                for day in (date(2026, 9, 7), date(2026, 9, 22)):
                    work.add(
                        Attempt(
                            id=new_key(),
                            area=EAST,
                            case_id=case,
                            on=day,
                            way=int(AttemptWay.HOME),
                            result=int(AttemptResult.NOT_REACHED),
                            undone=False,
                            recorded_at=datetime(day.year, day.month, day.day, 9, tzinfo=UTC),
                            recorded_by=11,
                        )
                    )
            cases[file_no] = case
    stay = (Pause.IN_HOSPITAL, date(2026, 11, 30), "示例市精神卫生中心")
    state.pause(DOCTOR_EAST, cases["S11"], 1, *stay, FIRST_DAY, date(2026, 9, 21))
    night()


def night() -> None:
    """What is done at night: every duty brought in line with the day that begins."""
    assert sum(duties.refresh_all(Access.system("night")))


story = Blueprint("story", __name__)


@story.get("/story/day/<day>")
@personal
def day(day: str) -> str:
    """Move to another morning."""
    clock.fix(date.fromisoformat(day))
    night()
    return day


@story.get("/story/close/<month>")
@personal
def close(month: str) -> str:
    """Close a month."""
    indicator.close(OFFICER, month)
    return month


def make(folder: Path) -> Flask:
    """The application over the township of the story."""
    account._hasher = quick_hasher()
    config = make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=FIRST_DAY.isoformat())
    app = create_app(config, ("web",))
    app.register_blueprint(story)
    with app.app_context():
        furnish()
    return app


def main() -> None:
    """Serve until ended."""
    server = create_server(make(Path(sys.argv[1])), host="127.0.0.1", port=0, threads=4)
    print(server.effective_port, flush=True)
    server.run()


if __name__ == "__main__":
    main()
