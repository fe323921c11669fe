"""未建档事项: duties that follow from no visit — clues, notices, moves, what departments say and are told.

They follow from their records whenever somebody looks, by the same rules as the duties of a case, and count
wherever duties are counted. Once a file is there, its own duties take over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from casemgr.rules.duty import (
    Due,
    of_clue,
    of_notice,
    of_partner,
    of_receiver,
    of_rehab,
    of_rights,
    of_transfer,
)
from casemgr.rules.facts import (
    ClueFact,
    NoticeDueFact,
    NoticeFact,
    PartnerFact,
    RehabFact,
    RightsFact,
    TransferFact,
)
from casemgr.rules.policy import Policy
from casemgr.store.course import local_day
from casemgr.store.queries import duty as queries
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.area import AreaLevel, ancestor
from casemgr.terms.notice import NoticeState
from casemgr.terms.register import Lifecycle

ONE_DAY = timedelta(1)
#: Nothing ended so late: asks for what is open alone.
NEVER = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Unfiled:
    """One duty without a file: whose it is, where the person lives if that is known, and of which record."""

    due: Due
    noun: str
    area: int
    village: int | None = None
    village_name: str = ""


def unfiled(
    work: Work, low: int, high: int, policy: Policy, today: date, since: date = NEVER
) -> Iterator[Unfiled]:
    """The duties of a range of areas that belong to no file: the open ones, and what ended from ``since`` on.

    The one reading function behind the worklist, its counters and the supervisor's view. A notice that a
    township returned waits at its county.
    """
    found = queries.waiting(work, low, high, since)
    clues, notices, transfers, reports, answers, requests, to_tell, rehab = found
    for area, village, name, created_at, *facts in clues:
        for due in of_clue(ClueFact(*facts)._replace(filed_on=local_day(created_at)), policy):
            yield Unfiled(due, "clue", area, village, name or "")
    for area, *facts in notices:
        told = NoticeFact(*facts)
        holder = ancestor(area, AreaLevel.COUNTY) if told.state == NoticeState.RETURNED else area
        if low <= holder < high:
            for due in of_notice(told, policy):
                yield Unfiled(due, "notice", holder)
    for area, *facts in transfers:
        for due in of_transfer(TransferFact(*facts), policy, today):
            yield Unfiled(due, "transfer", area)
    for rows, noun, task in ((reports, "report", False), (answers, "task", True)):
        for area, receiver, key, came_on, urgent, ended_on in rows:
            whom = Role.read(receiver).label.removesuffix("联络员")
            for due in of_partner(PartnerFact(key, task, came_on, bool(urgent), whom, ended_on), policy):
                yield Unfiled(due, noun, area)
    for area, *facts in requests:
        for due in of_rights(RightsFact(*facts), policy):
            yield Unfiled(due, "rights", area)
    for area, *facts in to_tell:
        for due in of_receiver(NoticeDueFact(*facts), policy):
            yield Unfiled(due, "told", area)
    for area, until, lifecycle, left_on, stopped_on, key, *days in rehab:
        ends = [stopped_on, left_on if lifecycle != Lifecycle.ON_REGISTER else None]
        ends.append(until + ONE_DAY if until is not None and until < today else None)
        over = min((one for one in ends if one is not None), default=None)
        for due in of_rehab(RehabFact(key, days[0], days[1], days[2], over), policy):
            yield Unfiled(due, "benefit", area)
