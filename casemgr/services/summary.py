"""转诊摘要: one page about one person to go with a referral; opening it is a recorded print."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from casemgr.rules import referral as rules
from casemgr.rules.access import Action
from casemgr.services.case_view import known, term
from casemgr.services.incident import known_case
from casemgr.services.use_case import use_case
from casemgr.store.identity import Revealed, open_texts, reveal, reveal_guardians
from casemgr.store.queries import event as queries
from casemgr.store.work import Work
from casemgr.terms.guardian import Relation
from casemgr.terms.purpose import Purpose
from casemgr.terms.referral import Direction, ReferralState

#: What the receiving doctor needs to know who it is, and no more.
WANTED = ("name", "id_number", "phone")


@dataclass(frozen=True, slots=True)
class GuardianLine:
    """Whom the receiving doctor may call."""

    relation: str
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class OpenedSummary:
    """What is opened for the sheet: who it is, whom to call, and the referral it goes with."""

    person: Revealed = field(repr=False)
    guardians: tuple[GuardianLine, ...] = field(repr=False)
    direction: Direction | None = None
    advised_on: date | None = None
    reason: str = field(default="", repr=False)
    target: str = field(default="", repr=False)


@use_case(Action.FORM_PRINT)
def opened(work: Work, case_id: int) -> OpenedSummary:
    """Open what the sheet names, with the purpose 转介, and write the print down.

    Raises :class:`~casemgr.services.errors.Missing` outside the access.
    """
    case = known_case(work, case_id)
    why = Purpose.REFERRAL.label
    person = reveal(work, [case.person_id], why, WANTED, case_id).get(
        case.person_id, Revealed(case.person_id)
    )
    guardians = tuple(
        GuardianLine(
            relation.label if (relation := term(Relation, one.relation)) is not None else "关系未填",
            one.name,
            one.phone,
        )
        for one in reveal_guardians(work, [case.person_id], why, case_id)
    )
    work.note("print", "Summary", case_key=case_id, purpose=why, subjects=(case.person_id,))
    going = next(
        (
            one
            for one in queries.referrals(work, case_id)
            if known(ReferralState, one.state) not in rules.CLOSED
        ),
        None,
    )
    if going is None:
        return OpenedSummary(person, guardians)
    reason, target = open_texts(
        work, "Referral", [(going.id, going.reason), (going.id, going.target)], why, case_id
    )
    return OpenedSummary(
        person, guardians, known(Direction, going.direction), going.advised_on, reason, target
    )
