"""待遇查询 for its receiver: applications that stand with one department, and the lines it has."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from casemgr.store.models.liaison import Disclosure
from casemgr.store.models.sharing import BenefitClaim
from casemgr.store.scope import lasting
from casemgr.store.work import Work
from casemgr.terms.sharing import ClaimState

#: Applications that are to be answered, or whose service goes on.
_STATES = tuple(int(one) for one in (ClaimState.REFERRED, ClaimState.ACCEPTED, ClaimState.GRANTED))
_OWN: Any = lasting(
    select(BenefitClaim)
    .where(BenefitClaim.state.in_(_STATES))
    .order_by(BenefitClaim.state, BenefitClaim.applied_on, BenefitClaim.id)
    .limit(300)
)
_LINES: Any = lasting(select(Disclosure).where(Disclosure.withdrawn_on.is_(None)))


def own(work: Work) -> list[BenefitClaim]:
    """Applications of the asking department."""
    return work.entities(_OWN)


def told(work: Work) -> dict[int, Disclosure]:
    """What the asking department sees now, by file."""
    return {one.file_key: one for one in work.entities(_LINES)}
