"""A small township on one day for the tests of duties and the worklist: everybody stands in a known block."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from casemgr.rules.access import Action
from casemgr.services import duties
from casemgr.store.db import new_key
from casemgr.store.models import Area, Case, CaseState, Supplement
from casemgr.store.work import Work, open_work
from casemgr.terms.register import Management, Track
from tests.services.people import NOW, visit
from tests.store.register import EAST, SYSTEM, WEST, add_person

TODAY = date(2026, 11, 21)
NEAR, FAR = EAST + 201, EAST + 202
GIVEN = {"risk": 0, "stability": 3, "adherence": 1, "hospital": 0, "mode": 2}


@dataclass(frozen=True)
class Day:
    """Keys of the cases by what is to be done for them."""

    cases: dict[str, int]

    def __getitem__(self, name: str) -> int:
        return self.cases[name]


#: (name, village, day of the last visit, what was found): whoever is due when is in the name.
PEOPLE: tuple[tuple[str, int | None, date, dict[str, int]], ...] = (
    ("today", NEAR, date(2026, 8, 21), {}),
    ("week", NEAR, date(2026, 8, 25), {}),
    ("late", NEAR, date(2026, 8, 1), {}),
    ("later", FAR, date(2026, 5, 1), {}),
    ("unstable", FAR, date(2026, 11, 1), {"stability": 1, "referral_advised": 2}),
    ("police", FAR, date(2026, 11, 18), {"stability": 1, "risk": 3, "referral_advised": 2}),
    ("year", None, date(2025, 6, 1), {}),
    ("fine", NEAR, date(2026, 11, 10), {}),
)


def person(work: Work, units: dict[int, int], name: str, village: int | None, area: int = EAST) -> int:
    """Somebody long on the register, with a supplement and consent."""
    _, key = add_person(work, area, units[area], f"900-{name}", f"人{name}", phone="10000000001")
    case = work.get(Case, key)
    assert case is not None
    case.village, case.consent, case.management = village, 1, int(Management.MANAGED)
    case.consent_on = case.management_on = case.registered_on
    work.add(Supplement(case_id=key, area=area))
    work.flush()
    return key


def furnish(units: dict[int, int]) -> Day:
    """The people of :data:`PEOPLE`, one who is lost, and one of the other township."""
    cases: dict[str, int] = {}
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for code, name in ((NEAR, "近村"), (FAR, "远村")):
            work.add(Area(code=code, name=name, level=5, parent=EAST, population=1_000))
        work.flush()
        for name, village, on, found in PEOPLE:
            cases[name] = person(work, units, name, village)
            visit(work, EAST, cases[name], on, **{**GIVEN, **found})
        lost = cases["lost"] = person(work, units, "lost", NEAR)
        visit(work, EAST, lost, date(2026, 3, 1), **GIVEN)
        case = work.get(Case, lost)
        assert case is not None
        case.management, case.management_on = int(Management.LOST), date(2026, 7, 1)
        work.add(
            CaseState(
                id=new_key(),
                case_id=lost,
                area=EAST,
                track=int(Track.MANAGEMENT),
                value=int(Management.LOST),
                since=date(2026, 7, 1),
                recorded_at=NOW,
            )
        )
        cases["west"] = person(work, units, "west", None, WEST)
        visit(work, WEST, cases["west"], date(2026, 8, 1), **GIVEN)
        duties.refresh(work, cases.values())
    return Day(cases)
