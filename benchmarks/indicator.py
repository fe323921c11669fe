"""指标测速 (P1, P2, P3): counting and closing a month, and the live figures of one township."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from datetime import date
from statistics import median
from typing import Any

from benchmarks.county import AS_OF, MONTH, Aside, County
from benchmarks.row import Row, in_turn

FIRST, LAST = date(2026, 1, 1).toordinal(), date(2026, 10, 31).toordinal()
EPOCH = date(1970, 1, 1).toordinal()
SAVES = 15

#: The interval rule alone, as well as SQL can say it: one window over the visits of each person.
INTERVAL_RULE = """
WITH step AS (
  SELECT v.area, v.case_id,
         v."on" - coalesce(lag(v."on") OVER w, max(:first, c.registered_on))
           > CASE lag(v.stability) OVER w WHEN 1 THEN 14 WHEN 2 THEN 31 ELSE 92 END AS broken,
         lead(v."on") OVER w IS NULL
           AND :last - v."on" > CASE v.stability WHEN 1 THEN 14 WHEN 2 THEN 31 ELSE 92 END AS waits
  FROM visit v JOIN case_file c ON c.id = v.case_id
  WHERE v."on" BETWEEN max(:first, c.registered_on) AND :last AND v.loss_reason IS NULL
    AND (v.risk IS NOT NULL OR v.symptoms > 0)
    AND (c.lifecycle = 1 OR c.lifecycle_on IS NULL OR c.lifecycle_on > :last)
    AND (c.consent IS NULL OR c.consent <> 0 OR c.article30)
  WINDOW w AS (PARTITION BY v.case_id ORDER BY v."on")
), person AS (
  SELECT area, case_id, max(broken OR waits) AS failed FROM step GROUP BY area, case_id
)
SELECT area, sum(NOT failed) FROM person GROUP BY area
"""


def interval_rule(county: County) -> int:
    """Floor of P1: how many people keep the intervals, counted by SQL per township."""
    with county.connect() as bare:
        rows = bare.execute(INTERVAL_RULE, {"first": FIRST - EPOCH, "last": LAST - EPOCH}).fetchall()
    return sum(row[1] for row in rows)


def compute(county: County) -> int:
    """P1: every key of every area."""
    from casemgr.rules.access import Access
    from casemgr.services import indicator

    county.enter()
    found = indicator.compute(Access.system("benchmark"), MONTH)
    return sum(one.figure("IND-03.STD-INT").numerator for one in found.areas if one.level == 3)


def before_close(county: County) -> None:
    """Forget the closing before, so that the next one writes everything."""
    with county.connect() as bare:
        for table in ("closed_verdicts", "closed_figure", "month_close"):
            bare.execute(f"DELETE FROM {table}")


def close(county: County) -> int:
    """P2: the month close from nothing."""
    from casemgr.rules.access import Access
    from casemgr.services import indicator

    county.enter()
    done = indicator.close(Access.system("benchmark"), MONTH)
    return sum(one.people for one in done.counties)


def live(county: County) -> list[Row]:
    """P3: one visit is saved, then the figures of its township are asked for; floor: reading its visits."""
    from casemgr.rules.access import Access, Action, Role
    from casemgr.services import indicator
    from casemgr.store.db import new_key
    from casemgr.store.models import Visit
    from casemgr.store.work import open_work

    town = county.largest_township()
    doctor = Access.over(1, "benchmark", Role.TOWNSHIP_DOCTOR, town)
    system = Access.system("benchmark")
    with county.connect() as bare, county.application():
        cases = _cases_without_visit(bare, town)
        bare.commit()
        saved: list[int] = []

        def save() -> None:
            visit = Visit(
                id=new_key(),
                case_id=cases[len(saved)],
                area=town,
                on=AS_OF,
                form_version=2018,
                mode=2,
                risk=0,
                stability=3,
                adherence=1,
                hospital=0,
                recorded_at=_noon(),
                recorded_by=0,
            )
            with open_work(system, Action.DEMO_LOAD) as work:
                work.add(visit)
            saved.append(int(visit.id))

        waited: list[float] = []

        def figures() -> None:
            start = time.perf_counter()
            indicator.live(doctor, town, AS_OF)
            waited.append(time.perf_counter() - start)

        _save, floor, product = in_turn(
            save, lambda: _visits_of(bare, town), figures, times=SAVES, clock=time.process_time
        )
        bare.execute(f"DELETE FROM visit WHERE id IN ({','.join(map(str, saved))})")
        people = bare.execute("SELECT count(*) FROM case_file WHERE area = ?", (town,)).fetchone()[0]
    return [
        Row(
            "P3",
            "live figures of a township after a saved visit (processor time)",
            "one indexed read of its visits",
            floor,
            product,
            "≤ 50 ms",
            product <= 0.05,
            f"{people} people in it; by the clock {median(waited) * 1000:.0f} ms",
        )
    ]


def _noon() -> Any:
    from casemgr.services import clock

    return clock.now()


def _cases_without_visit(bare: sqlite3.Connection, town: int) -> list[int]:
    """Cases of a township that were not visited on the as-of day."""
    found = bare.execute(
        "SELECT id FROM case_file WHERE area = ? AND id NOT IN"
        ' (SELECT case_id FROM visit WHERE area = ? AND "on" = ?) ORDER BY id LIMIT ?',
        (town, town, AS_OF.toordinal() - EPOCH, SAVES + 1),
    )
    return [row[0] for row in found]


def _visits_of(bare: sqlite3.Connection, town: int) -> int:
    rows = bare.execute(
        'SELECT case_id, "on", mode, informants, loss_reason, risk, symptoms, stability, adherence, hospital'
        ' FROM visit WHERE area = ? AND "on" BETWEEN ? AND ?',
        (town, FIRST - EPOCH, AS_OF.toordinal() - EPOCH),
    ).fetchall()
    return len(rows)


def run(county: County) -> list[Row]:
    """P1, P2 and P3 on one county."""
    here: Callable[[str], str] = lambda name: f"{__name__}:{name}"  # noqa: E731 - shorter than a function
    floor, counted, closed = county.in_turn(here("interval_rule"), here("compute"), here("close"))
    if floor.answer != counted.answer:
        raise AssertionError(f"floor and product disagree: {floor.answer} and {counted.answer} people")
    # Several processors at work on one side only, and others on the machine: processor time is compared.
    ratio, more = counted.cpu / floor.cpu, closed.cpu / counted.cpu
    return [
        Row(
            "P1",
            "all figures and variants of a month (processor time)",
            "the interval rule alone, SQL windows",
            floor.cpu,
            counted.cpu,
            "≤ 1.5 ×, ≤ 2 GB",
            ratio <= 1.5 and counted.peak_mb <= 2048,
            _beside(counted, floor),
        ),
        Row(
            "P2",
            "month close: figures, distributions, verdicts, written (processor time)",
            "P1",
            counted.cpu,
            closed.cpu,
            "≤ 2 ×",
            more <= 2,
            _beside(closed, counted),
        ),
        *live(county),
    ]


def _beside(product: Aside, floor: Aside) -> str:
    return f"by the clock {product.seconds / floor.seconds:.2f} ×, {product.peak_mb} MB"
