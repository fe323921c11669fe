"""第二因素查询: secrets, recovery codes and one-time codes of accounts."""

from __future__ import annotations

from sqlalchemy import select

from casemgr.store.models.sign_in import EntryCode, RecoveryCode, SecondFactor
from casemgr.store.work import Work


def factors_of(work: Work, account: int) -> list[SecondFactor]:
    """The secrets of one account, in force or being set up, latest first."""
    asked = select(SecondFactor).where(SecondFactor.account_id == account)
    return work.entities(asked.order_by(SecondFactor.made_at.desc(), SecondFactor.id.desc()))


def recovery_of(work: Work, account: int) -> list[RecoveryCode]:
    """The recovery codes of one account, used ones too."""
    return work.entities(select(RecoveryCode).where(RecoveryCode.account_id == account))


def entries_of(work: Work, account: int) -> list[EntryCode]:
    """The one-time codes of one account, latest first."""
    asked = select(EntryCode).where(EntryCode.account_id == account)
    return work.entities(asked.order_by(EntryCode.made_at.desc(), EntryCode.id.desc()))
