"""查阅核对查询: questions about readings, and what the day's log says of whom and by which account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from casemgr.store.models.account import Account
from casemgr.store.models.audit import AuditEntry
from casemgr.store.models.misuse import MisuseQuestion, StaffHome
from casemgr.store.models.register import Case
from casemgr.store.work import Work


def accounts(work: Work, keys: Sequence[int]) -> dict[int, Account]:
    """Accounts by key."""
    rows: list[Account] = work.entities(select(Account).where(Account.id.in_(list(keys)))) if keys else []
    return {row.id: row for row in rows}


def homes(work: Work, keys: Sequence[int]) -> dict[int, int]:
    """The village that the holder of an account lives in, as far as it was written down."""
    rows = work.rows(select(StaffHome.account, StaffHome.village).where(StaffHome.account.in_(list(keys))))
    return {row.account: row.village for row in rows}


def cases(work: Work, keys: Sequence[int]) -> dict[int, Any]:
    """(id, person_id, village, file_no, area) of cases by key."""
    found: dict[int, Any] = {}
    columns = (Case.id, Case.person_id, Case.village, Case.file_no, Case.area)
    for start in range(0, len(keys), 500):
        for row in work.rows(select(*columns).where(Case.id.in_(list(keys[start : start + 500])))):
            found[row.id] = row
    return found


def case_of_people(work: Work, people: Sequence[int]) -> dict[int, int]:
    """The newest case of each person."""
    found: dict[int, int] = {}
    for start in range(0, len(people), 500):
        chunk = list(people[start : start + 500])
        rows = work.rows(select(Case.person_id, Case.id).where(Case.person_id.in_(chunk)).order_by(Case.id))
        found |= {row.person_id: row.id for row in rows}
    return found


def written(work: Work, verbs: Sequence[str], since: datetime, until: datetime) -> set[tuple[int, int]]:
    """(account, case) of everything that people have written on a file in a stretch of time."""
    rows = work.rows(
        select(AuditEntry.actor, AuditEntry.case_key)
        .where(
            AuditEntry.at >= since,
            AuditEntry.at < until,
            AuditEntry.actor != 0,
            AuditEntry.case_key.is_not(None),
            AuditEntry.verb.in_(list(verbs)),
        )
        .distinct()
    )
    return {(row.actor, row.case_key) for row in rows}


def account_changes(work: Work, since: datetime) -> dict[int, datetime]:
    """When the role, the area or the activity of an account was last changed, since an instant."""
    rows = work.rows(
        select(AuditEntry.row_key, AuditEntry.at, AuditEntry.fields)
        .where(AuditEntry.at >= since, AuditEntry.noun == "Account", AuditEntry.verb == "change")
        .order_by(AuditEntry.seq)
    )
    return {
        row.row_key: row.at for row in rows if {"role", "area_code", "active"} & set(row.fields.split(","))
    }


def known(work: Work, days: Sequence[date]) -> set[tuple[int, int, date, int]]:
    """(account, kind, day, case) of the questions that were put about some days."""
    rows = work.entities(select(MisuseQuestion).where(MisuseQuestion.on.in_(list(days))))
    return {(row.account, row.kind, row.on, row.case_key) for row in rows}


def questions(work: Work, since: date) -> list[MisuseQuestion]:
    """The questions within reach: the open ones, and those asked since a day; open and oldest first."""
    rows: list[MisuseQuestion] = work.entities(
        select(MisuseQuestion)
        .where(MisuseQuestion.answered_on.is_(None) | (MisuseQuestion.asked_on >= since))
        .order_by(MisuseQuestion.answered_on.is_not(None), MisuseQuestion.asked_on, MisuseQuestion.id)
    )
    return rows


def question(work: Work, key: int) -> MisuseQuestion | None:
    """One question within reach."""
    return work.get(MisuseQuestion, key)


def heads(work: Work, role: int) -> dict[int, set[int]]:
    """Active accounts of a role by their area."""
    found: dict[int, set[int]] = {}
    for row in work.rows(select(Account.id, Account.area_code).where(Account.role == role, Account.active)):
        if row.area_code is not None:
            found.setdefault(row.area_code, set()).add(row.id)
    return found


def staff(work: Work, low: int, high: int) -> list[Account]:
    """Active accounts that belong to a stretch of areas, by name."""
    rows: list[Account] = work.entities(
        select(Account)
        .where(Account.area_code >= low, Account.area_code < high, Account.active)
        .order_by(Account.area_code, Account.display)
    )
    return rows
