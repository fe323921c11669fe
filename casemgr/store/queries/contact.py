"""联系单位查询: the numbers of institutions that a county wrote down, with who did it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased

from casemgr.store.models.account import Account
from casemgr.store.models.contact import ContactLine
from casemgr.store.scope import lasting
from casemgr.store.work import Work

Ender = aliased(Account)
_RUNNING = lasting(
    select(ContactLine)
    .where(ContactLine.ended_at.is_(None))
    .order_by(ContactLine.region, ContactLine.kind, ContactLine.id)
)
_ALL = lasting(
    select(ContactLine, Account.display.label("by"), Ender.display.label("ended_by"))
    .outerjoin(Account, Account.id == ContactLine.recorded_by)
    .outerjoin(Ender, Ender.id == ContactLine.ended_by)
    .where(ContactLine.region.like(bindparam("region")))
    .order_by(ContactLine.ended_at.is_not(None), ContactLine.region, ContactLine.kind, ContactLine.id.desc())
    .limit(bindparam("most"))
)


def running(work: Work) -> list[ContactLine]:
    """Every line that has not ended."""
    return work.entities(_RUNNING)


def all_of(work: Work, region: str, most: int) -> Sequence[Any]:
    """(ContactLine, who wrote it, who ended it) of a region and those within, running ones first."""
    return work.rows(_ALL, region=f"{region}%", most=most)
