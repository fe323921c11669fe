"""日常测速 (P4): the worklist of a township with opened names, and keeping duties in line."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from benchmarks.county import AS_OF, County
from benchmarks.pages import LOGINS, ROWS, TIMES, _client, _made, _statements, _system, bare_page
from benchmarks.row import Row, in_turn

#: A township left alone so long has more than a page of people to see.
ALONE = timedelta(70)
#: People whose duties are brought in line at a time, as after an import.
PEOPLE = 2_300


def worklist(county: County, app: Any) -> Row:
    """P4: fifty people of the worklist, names opened and recorded, in a register of any size."""
    from casemgr.services import clock

    doctor = _client(app, LOGINS["doctor"])
    clock.fix(AS_OF + ALONE)
    first = _made(doctor.get("/work?size=50")).get_data(as_text=True)
    assert "姓名显示中" in first
    shown = len(re.findall(r'class="who"', first))
    person = re.search(r'href="/case/(\d+)"', first)
    assert person is not None
    with county.connect() as bare:
        area = bare.execute("SELECT area FROM case_file WHERE id = ?", (person[1],)).fetchone()[0]
    floor, product = in_turn(bare_page(county, area), lambda: _made(doctor.get("/work?size=50")), times=TIMES)
    asked = _statements(lambda: doctor.get("/work?size=50"))
    clock.fix(AS_OF)
    return Row("P4", f"worklist of a township, {shown} rows, names opened and recorded",
               f"a bare Flask page: one indexed query, {ROWS} rows", floor, product, "≤ 3 ×",
               product <= 3 * floor, f"{asked} statements, however many rows")  # fmt: skip


def refresh(county: County) -> list[Row]:
    """What follows a save (one case) and an import or the night (many): duties told anew and compared."""
    from sqlalchemy import select

    from casemgr.rules.access import Action
    from casemgr.services import duties
    from casemgr.store.models import Case
    from casemgr.store.work import open_work

    with open_work(_system(), Action.JOB_RUN) as work:
        keys = list(work.entities(select(Case.id).order_by(Case.id).limit(PEOPLE)))

    def bare() -> int:
        with open_work(_system(), Action.JOB_RUN) as work:
            return len(work.rows(select(Case.id).where(Case.id == keys[0])))

    def one() -> None:
        with open_work(_system(), Action.JOB_RUN) as work:
            duties.refresh(work, keys[:1])

    def many() -> None:
        with open_work(_system(), Action.JOB_RUN) as work:
            duties.refresh(work, keys)

    nothing, single = in_turn(bare, one, times=TIMES)
    (all_,) = in_turn(many)
    return [
        Row("P8", "duties of one case after a save", "an empty unit of work", nothing, single, "≤ 30 ms",
            single <= 0.03, f"{_statements(one)} statements"),
        Row("P8", f"duties of {len(keys):,} people told anew and compared", "-", None, all_, "≤ 5 s",
            all_ <= 5, "constant statements for each 2,000"),
    ]  # fmt: skip


def run(county: County) -> list[Row]:
    """The worklist and the refresh on one county."""
    from casemgr.app import create_app
    from casemgr.store.db import db
    from config import from_env

    app = create_app(from_env(county.environ), doors=("web",))
    with app.app_context():
        found = [worklist(county, app), *refresh(county)]
        db.engine.dispose()
    return found
