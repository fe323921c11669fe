"""Two townships, a few people and a police post for the tests of what other departments see."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from casemgr.rules.access import Access, Action, Role
from casemgr.services import account, duties, pledge
from casemgr.store.db import new_key
from casemgr.store.models import Guardian, ImpactNote, Incident, LiaisonPledge
from casemgr.store.types import Plain
from casemgr.store.work import Work, open_work
from casemgr.terms.sharing import Flow
from tests.services import people
from tests.staff import NOW, PASSWORD, quick_hasher
from tests.store.register import COUNTY, EAST, SYSTEM, WEST, open_areas

TODAY = people.TODAY
POST_EAST = Access.over(0, "东所", Role.POLICE, EAST)
#: (login, display, role, area) of the departments of the small register.
DEPARTMENTS = (
    ("eastpost", "东镇派出所", Role.POLICE, EAST),
    ("westpost", "西镇派出所", Role.POLICE, WEST),
    ("aid", "县民政", Role.CIVIL_AFFAIRS, COUNTY),
    ("fed", "县残联", Role.DISABLED_FEDERATION, COUNTY),
    ("office", "东镇综治", Role.POLITICAL_LEGAL, EAST),
)


def open_departments(monkeypatch: pytest.MonkeyPatch) -> dict[str, Access]:
    """An account for each department; their accesses by login."""
    monkeypatch.setattr(account, "_hasher", quick_hasher())
    found = {}
    for login, display, role, area in DEPARTMENTS:
        key = account.create(
            SYSTEM, login, display, int(role), area, NOW, PASSWORD, must_change=False
        ).account
        found[login] = Access.over(key, login, role, area)
        promised(key, role, area)
    noted()
    return found


def promised(account_key: int, role: Role, area: int) -> None:
    """An account has read how to act and promised it."""
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add(
            LiaisonPledge(
                id=new_key(), area=area, receiver=int(role), receiver_area=area, account=account_key,
                edition=pledge.EDITION, on=TODAY, at=NOW,
            )
        )  # fmt: skip


def noted(flow: Flow = Flow.POLICE_WINDOW) -> None:
    """The county has assessed the impact of a flow."""
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add(
            ImpactNote(
                id=new_key(), county=COUNTY, flow=int(flow), written_on=TODAY, keep_until=date(2030, 1, 1),
                recorded_at=NOW, recorded_by=1,
            )
        )  # fmt: skip


def add(work: Work, area: int, unit: int, index: int, name: str, **given: Any) -> int:
    """One person on the register with a guardian; the case."""
    person, case = people.add(work, area, unit, f"9{index:02}-{area % 100000}", index, name, **given)
    work.add(
        Guardian(
            id=new_key(),
            area=area,
            person_id=person,
            relation=5,
            name=Plain(f"{name[0]}父"),
            phone=Plain(people.phone_of(index + 500)),
        )
    )
    return case


def visit(case: int, area: int, on: date, risk: int | None, **given: Any) -> int:
    """One visit with a danger level; what follows from it is brought in line."""
    with open_work(SYSTEM, Action.FOLLOWUP_RECORD) as work:
        key = people.visit(work, area, case, on, risk=risk, **given)
        duties.refresh(work, [case])
    return key


def incident(case: int, area: int, on: date, kind: int) -> int:
    """One dangerous act; what follows from it is brought in line."""
    key = new_key()
    with open_work(SYSTEM, Action.EVENT_WRITE) as work:
        work.add(Incident(id=key, area=area, case_id=case, on=on, kind=kind, recorded_at=NOW, recorded_by=11))
        duties.refresh(work, [case])
    return key


def settle(*cases: int) -> None:
    """Bring everything that follows from the records of some cases in line."""
    with open_work(SYSTEM, Action.FOLLOWUP_RECORD) as work:
        duties.refresh(work, cases)


__all__ = ["COUNTY", "EAST", "POST_EAST", "SYSTEM", "TODAY", "WEST", "add", "open_areas", "open_departments"]
