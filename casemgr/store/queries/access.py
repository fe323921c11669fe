"""授权查询: loosened lines of the matrix, and emergency readings of one file (紧急查看)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import aliased

from casemgr.store.models.access import MatrixLoosening
from casemgr.store.models.account import Account
from casemgr.store.scope import lasting
from casemgr.store.types import Day
from casemgr.store.work import Work
from casemgr.terms.access import LooseningState

_IN_FORCE = lasting(
    select(MatrixLoosening.key, MatrixLoosening.number, MatrixLoosening.valid_from, MatrixLoosening.valid_to)
    .where(
        MatrixLoosening.state == int(LooseningState.APPROVED),
        MatrixLoosening.valid_from <= bindparam("day", type_=Day()),
        MatrixLoosening.valid_to >= bindparam("day", type_=Day()),
    )
    .order_by(MatrixLoosening.id)
)
Decider, Ender = aliased(Account), aliased(Account)
_LOOSENINGS = lasting(
    select(
        MatrixLoosening,
        Account.display.label("proposer"),
        Decider.display.label("decider"),
        Ender.display.label("ender"),
    )
    .outerjoin(Account, Account.id == MatrixLoosening.proposed_by)
    .outerjoin(Decider, Decider.id == MatrixLoosening.decided_by)
    .outerjoin(Ender, Ender.id == MatrixLoosening.ended_by)
    .order_by(MatrixLoosening.id.desc())
)


def in_force(work: Work, day: date) -> Sequence[Any]:
    """(key, number, valid_from, valid_to) of the loosenings that are approved and hold on a day."""
    return work.rows(_IN_FORCE, day=day)


def loosenings(work: Work) -> Sequence[Any]:
    """(MatrixLoosening, proposer, decider, ender) of every loosening, the latest first."""
    return work.rows(_LOOSENINGS)


def overlapping(work: Work, key: str, first: date, last: date) -> bool:
    """Whether a loosening of the same line, waiting or approved, holds on one of these days."""
    return bool(
        work.scalar(
            select(func.count(MatrixLoosening.id)).where(
                MatrixLoosening.key == key,
                MatrixLoosening.state.in_([int(LooseningState.PROPOSED), int(LooseningState.APPROVED)]),
                MatrixLoosening.valid_from <= last,
                MatrixLoosening.valid_to >= first,
            )
        )
    )
