"""待遇查询 for its receiver: applications that stand with one department, and whether they are still told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, bindparam, func, select

from casemgr.store.models.liaison import Disclosure
from casemgr.store.models.sharing import BenefitClaim
from casemgr.store.scope import lasting
from casemgr.store.work import Work
from casemgr.terms.sharing import ClaimState

#: Applications that are to be answered, or whose service goes on.
_STATES = tuple(int(one) for one in (ClaimState.REFERRED, ClaimState.ACCEPTED, ClaimState.GRANTED))
_OWN: Any = lasting(
    select(
        BenefitClaim.id,
        BenefitClaim.version,
        BenefitClaim.benefit,
        BenefitClaim.state,
        BenefitClaim.applied_on,
        BenefitClaim.decided_on,
        BenefitClaim.sessions,
        BenefitClaim.session_on,
        Disclosure.id.label("line"),
        Disclosure.alias,
    )
    .join(
        Disclosure,
        and_(
            Disclosure.file_key == BenefitClaim.case_id,
            Disclosure.receiver == BenefitClaim.receiver,
            Disclosure.receiver_area == BenefitClaim.receiver_area,
            Disclosure.withdrawn_on.is_(None),
        ),
    )
    .where(BenefitClaim.state.in_(_STATES))
    .order_by(BenefitClaim.state, BenefitClaim.applied_on, BenefitClaim.id)
    .limit(300)
)
_TOLD: Any = lasting(
    select(func.count(Disclosure.id))
    .join(BenefitClaim, BenefitClaim.case_id == Disclosure.file_key)
    .where(BenefitClaim.consent_id == bindparam("consent"), Disclosure.withdrawn_on.is_(None))
)


def own(work: Work) -> Sequence[Any]:
    """Applications of the asking department with the line under which it sees the person."""
    return work.rows(_OWN)


def is_told(work: Work, consent: int) -> bool:
    """Whether the asking department may still see the person of an application."""
    return bool(work.scalar(_TOLD, consent=consent))
