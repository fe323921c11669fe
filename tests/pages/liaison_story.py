"""The township of two liaison officers: three people on the register in October 2026, both doors on one host.

``python -m tests.pages.liaison_story FOLDER`` serves it like ``tests.pages.serve``; the day is moved by
``/liaison-story/day/2026-10-12``, and ``/liaison-story/visit/901-00000/1`` writes a visit with this level.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest
from flask import Blueprint, Flask
from sqlalchemy import select
from waitress.server import create_server

from casemgr.app import create_app, mount_liaison
from casemgr.rules.access import Action
from casemgr.services import account, clock, disclosure, duties, impact
from casemgr.store.db import new_key
from casemgr.store.models import Case
from casemgr.store.work import open_work
from casemgr.terms.sharing import Flow
from casemgr.web.guard import personal
from tests.conftest import make_config
from tests.services import liaison as made
from tests.services import people
from tests.staff import open_accounts, quick_hasher
from tests.store.register import EAST, OFFICER, SYSTEM, open_areas

FIRST_DAY = date(2026, 10, 9)
#: File numbers: whose danger level the story lowers again, who applies for aid, who is nobody's business.
UNSTEADY, APPLICANT, QUIET = (f"9{index:02}-{EAST % 100000}" for index in (1, 2, 3))
#: A visit that has nothing to tell but its danger level.
CALM = {name: value for name, value in people.STEADY.items() if name != "risk"}
story = Blueprint("liaison_story", __name__)


@story.get("/liaison-story/day/<day>")
@personal
def move(day: str) -> str:
    """Another day has come; what the night does is done."""
    clock.fix(date.fromisoformat(day))
    for _ in duties.refresh_all(SYSTEM):
        pass
    for _ in disclosure.refresh_all(SYSTEM):
        pass
    return day


@story.get("/liaison-story/visit/<file_no>/<int:risk>")
@personal
def visit(file_no: str, risk: int) -> str:
    """A visit of today with this danger level."""
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        case = int(work.scalar(select(Case.id).where(Case.file_no == file_no)))
    made.visit(case, EAST, clock.today(), risk, **CALM)
    return file_no


def furnish() -> None:
    """Fill an empty, migrated register with the three people and everybody's accounts."""
    units = open_areas()
    open_accounts()
    with pytest.MonkeyPatch.context() as patch:
        made.open_departments(patch)
    texts = dict.fromkeys(impact.TEXTS, "演示：仅为测试而写的影响评估")
    impact.write(OFFICER, new_key(), impact.NewNote(Flow.CIVIL_AFFAIRS, FIRST_DAY, texts), FIRST_DAY)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        cases = [
            made.add(work, EAST, units[EAST], index, name)
            for index, name in ((1, "钱波动"), (2, "王平安"), (3, "冯如常"))
        ]
    for case, risk in zip(cases, (3, 0, 1), strict=True):
        made.visit(case, EAST, date(2026, 10, 8), risk, **CALM)


def make(folder: Path) -> Flask:
    """The staff door with the door of other departments beside it."""
    account._hasher = quick_hasher()
    config = make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=FIRST_DAY.isoformat())
    app = create_app(config, ("web",))
    app.register_blueprint(story)
    with app.app_context():
        furnish()
    mount_liaison(app, create_app(config, ("liaison",)))
    return app


def main() -> None:
    """Serve until ended."""
    server = create_server(make(Path(sys.argv[1])), host="127.0.0.1", port=0, threads=4)
    print(server.effective_port, flush=True)
    server.run()


if __name__ == "__main__":
    main()
