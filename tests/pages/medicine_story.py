"""Three people and one year of medicine: an injection begun in hospital, clozapine, olanzapine.

``python -m tests.pages.medicine_story FOLDER`` serves them; the day is moved like that of
``tests.pages.story``, and ``/medicine-story/visit/<file>/<code>/<hospital>`` is a visit of that day with the
doctor's own codes for 用药依从性 and 住院情况.
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path

from flask import Blueprint, Flask
from sqlalchemy import select
from waitress.server import create_server

from casemgr.app import create_app
from casemgr.rules.access import Action
from casemgr.services import account, clock, duties
from casemgr.store.db import new_key
from casemgr.store.models import Area, Case, Visit
from casemgr.store.work import Work, open_work
from casemgr.web.guard import personal
from tests.conftest import make_config
from tests.pages.story import STEADY, night, person, story
from tests.services.people import VILLAGE
from tests.staff import open_accounts, quick_hasher
from tests.store.register import EAST, SYSTEM, open_areas

FIRST_DAY = date(2026, 1, 5)
INJECTED, CLOZAPINE, OLANZAPINE = "M01", "M02", "M03"
PEOPLE = ((INJECTED, "赵针剂"), (CLOZAPINE, "钱血象"), (OLANZAPINE, "孙口服"))

year = Blueprint("medicine_story", __name__)


def seen(work: Work, case: int, on: date, adherence: int, hospital: int) -> None:
    """One visit on form 表8 as the doctor found somebody who is well."""
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
            **{**STEADY, "adherence": adherence, "hospital": hospital},
        )
    )


@year.get("/medicine-story/visit/<file_no>/<int:code>/<int:hospital>")
@personal
def visit(file_no: str, code: int, hospital: int) -> str:
    """Write down what the doctor judged today; 0 for nothing."""
    with open_work(SYSTEM, Action.EXCHANGE_IMPORT) as work:
        case = int(work.scalar(select(Case.id).where(Case.file_no == file_no)))
        seen(work, case, clock.today(), code, hospital)
        work.flush()
        duties.refresh(work, [case])
    return file_no


def furnish() -> None:
    """Fill an empty, migrated register with the three people, each seen at the end of the year before."""
    units = open_areas()
    open_accounts()
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        work.add(Area(code=VILLAGE, name="第1村", level=5, parent=EAST, population=900))
    with open_work(SYSTEM, Action.EXCHANGE_IMPORT) as work:
        for index, (file_no, name) in enumerate(PEOPLE, 1):
            case = person(work, units[EAST], index, file_no, name)
            seen(work, case, date(2025, 12, 20), 1, 0)
    night()


def make(folder: Path) -> Flask:
    """The application over the township of the story."""
    account._hasher = quick_hasher()
    config = make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=FIRST_DAY.isoformat())
    app = create_app(config, ("web",))
    app.register_blueprint(story)
    app.register_blueprint(year)
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
