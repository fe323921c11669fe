"""日常测速 (P4, P8): the worklist of a township with opened names, saving a visit, keeping duties in line."""

from __future__ import annotations

import re
import time
from datetime import date, timedelta
from statistics import median
from typing import Any

from benchmarks.county import AS_OF, County
from benchmarks.pages import LOGINS, ROWS, TIMES, _client, _made, _statements, _system, bare_page
from benchmarks.row import Row, in_turn, processor

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
    bare_one = bare_page(county, area)
    floor, product = in_turn(bare_one, lambda: _made(doctor.get("/work?size=50")), times=TIMES)
    cpu = processor(bare_one, lambda: _made(doctor.get("/work?size=50")), TIMES)
    asked = _statements(lambda: doctor.get("/work?size=50"))
    clock.fix(AS_OF)
    return Row("P4", f"worklist of a township, {shown} rows, names opened and recorded",
               f"a bare Flask page: one indexed query, {ROWS} rows", floor, product, "≤ 3 ×",
               product <= 3 * floor, f"{asked} statements, however many rows; {cpu}")  # fmt: skip


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


#: A stable visit as the page posts it.
STEADY = {
    "on": AS_OF.isoformat(), "mode": "2", "informants": "1", "risk": "0", "acts": "7", "confinement": "1",
    "hospital": "0", "no_symptoms": "1", "insight": "1", "sleep": "1", "diet": "1", "self_care": "1",
    "housework": "1", "work": "1", "study": "1", "contact": "1", "serious_illness": "否", "laboratory": "1",
    "adherence": "1", "adverse_reaction": "1", "outcome": "2", "drug1_name": "利培酮片",
    "drug1_evening_ug": "2", "referral_advised": "1", "referred": "1", "rehab_measures": "1",
    "stability": "3", "next_on": (AS_OF + timedelta(91)).isoformat(), "doctor": "测速",
}  # fmt: skip
SAVES = 15


def save(county: County) -> Row:
    """P8: one visit with its checks, texts, drugs, duties and audit, beside inserting the same bare row."""
    from casemgr.rules.access import Access, Role
    from casemgr.services import followup
    from casemgr.services.followup import Answer, Envelope
    from casemgr.store.db import new_key

    town = county.largest_township()
    doctor = Access.over(1, "benchmark", Role.TOWNSHIP_DOCTOR, town)
    kept: list[int] = []
    with county.connect() as bare:
        bare.execute("PRAGMA foreign_keys = ON")
        bare.execute("PRAGMA synchronous = FULL")
        cases = iter(
            row[0]
            for row in bare.execute(
                "SELECT id FROM case_file WHERE area = ? AND lifecycle = 1 AND consent = 1 AND id NOT IN"
                ' (SELECT case_id FROM visit WHERE area = ? AND "on" = ?) ORDER BY id',
                (town, town, AS_OF.toordinal() - date(1970, 1, 1).toordinal()),
            ).fetchall()
        )
        bare.commit()
        taken: list[int] = []

        def whole() -> None:
            # Somebody about whom a question is asked first is left to the next.
            for case in cases:
                taken.append(case)
                sent = Envelope(f"benchmark-{new_key()}", case, {key: [one] for key, one in STEADY.items()})
                start, begun = time.perf_counter(), time.process_time()
                answer = followup.record(doctor, sent, AS_OF)
                if answer.answer is Answer.ACCEPTED:
                    spent.append(time.perf_counter() - start)
                    cpu.append(time.process_time() - begun)
                    return
            raise RuntimeError("no visit of this township could be saved")

        spent: list[float] = []
        cpu: list[float] = []

        def plain() -> None:
            names = [row[1] for row in bare.execute("PRAGMA table_info(visit)")]
            row = dict(zip(names, bare.execute("SELECT * FROM visit LIMIT 1").fetchone(), strict=True))
            row |= {"id": new_key(), "on": -len(kept) - 1}
            columns = ", ".join(f'"{name}"' for name in row)
            start = time.perf_counter()
            bare.execute(
                f"INSERT INTO visit ({columns}) VALUES ({', '.join('?' * len(row))})", [*row.values()]
            )
            bare.commit()
            floors.append(time.perf_counter() - start)
            kept.append(row["id"])

        floors: list[float] = []
        in_turn(plain, whole, times=SAVES)
        bare.execute(f"DELETE FROM visit WHERE id IN ({', '.join(map(str, kept))})")
        today = AS_OF.toordinal() - date(1970, 1, 1).toordinal()
        marks = ", ".join(map(str, taken))
        bare.execute(f'DELETE FROM visit WHERE "on" = {today} AND case_id IN ({marks})')
    floor, product = median(floors), median(spent)
    return Row("P8", "a visit saved: checks, seals, duties, audit", "bare insert and commit of the same row",
               floor, product, "≤ 150 ms, ≤ 12 ×", product <= min(0.15, 12 * floor),
               f"processor time {median(cpu) * 1000:.1f} ms")  # fmt: skip


def run(county: County) -> list[Row]:
    """The worklist, the saving and the refresh on one county."""
    from casemgr.app import create_app
    from casemgr.store.db import db
    from config import from_env

    app = create_app(from_env(county.environ), doors=("web",))
    with app.app_context():
        found = [worklist(county, app), save(county), *refresh(county)]
        db.engine.dispose()
    return found
