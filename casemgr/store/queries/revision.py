"""改动查询: the changes written down about one case, and who made them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from casemgr.store.models.account import Account
from casemgr.store.models.sheet import Revision
from casemgr.store.scope import lasting
from casemgr.store.work import Work

_OF_CASE = lasting(
    select(Revision)
    .where(Revision.case_id == bindparam("case"))
    .order_by(Revision.recorded_at.desc(), Revision.id.desc())
    .limit(bindparam("most"))
)
_NAMES = select(Account.id, Account.display).where(Account.id.in_(bindparam("accounts", expanding=True)))


def of_case(work: Work, case: int, most: int) -> list[Revision]:
    """The latest changes of one case within the access, latest first."""
    return work.entities(_OF_CASE, case=case, most=most)


def authors(work: Work, accounts: Sequence[int]) -> dict[int, str]:
    """Names of staff accounts by key."""
    rows: Sequence[Any] = work.rows(_NAMES, accounts=list(accounts)) if accounts else ()
    return {row.id: row.display for row in rows}
