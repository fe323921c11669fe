"""打印查询: whose forms are printed, and what was filled in before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from casemgr.store.models.checkup import Checkup
from casemgr.store.models.followup import Visit
from casemgr.store.models.referral import Referral
from casemgr.store.models.register import Case
from casemgr.store.models.sheet import Sheet
from casemgr.store.work import Work
from casemgr.terms.register import Lifecycle


def of_village(work: Work, village: int, limit: int) -> list[int]:
    """Cases on the register who live in a village, by file number."""
    statement = (
        select(Case.id)
        .where(Case.village == village, Case.lifecycle == int(Lifecycle.ON_REGISTER))
        .order_by(Case.file_no)
        .limit(limit)
    )
    return [row.id for row in work.rows(statement)]


def villages(work: Work) -> list[int]:
    """Villages in which somebody on the register lives."""
    on_register = Case.lifecycle == int(Lifecycle.ON_REGISTER)
    found = (
        select(Case.village).where(Case.village.is_not(None), on_register).distinct().order_by(Case.village)
    )
    return [row.village for row in work.rows(found)]


def sheets(work: Work, case: int, form: str, limit: int) -> Sequence[Any]:
    """(id, version, day) of the filled forms of one kind of a case, latest first."""
    return work.rows(
        select(Sheet.id, Sheet.form_version, Sheet.filled_on)
        .where(Sheet.case_id == case, Sheet.form == form)
        .order_by(Sheet.id.desc())
        .limit(limit)
    )


def referrals(work: Work, case: int, limit: int) -> list[Referral]:
    """Referrals of a case, latest first."""
    statement = select(Referral).where(Referral.case_id == case).order_by(Referral.advised_on.desc())
    return work.entities(statement.limit(limit))


def checkups(work: Work, case: int, limit: int) -> list[Checkup]:
    """Check-ups of a case, latest first."""
    return work.entities(
        select(Checkup).where(Checkup.case_id == case).order_by(Checkup.on.desc()).limit(limit)
    )


def sheet(work: Work, key: int, case: int, form: str) -> Any:
    """(id, version, data) of one filled form of a case; ``None`` if it is not there."""
    return work.row(
        select(Sheet.id, Sheet.form_version, Sheet.data).where(
            Sheet.id == key, Sheet.case_id == case, Sheet.form == form
        )
    )


def visits(work: Work, case: int, limit: int) -> Sequence[Any]:
    """(id, day, version of the form) of the visits of a case, latest first."""
    return work.rows(
        select(Visit.id, Visit.on, Visit.form_version)
        .where(Visit.case_id == case)
        .order_by(Visit.on.desc())
        .limit(limit)
    )


def reached(work: Work, persons: Sequence[int]) -> set[int]:
    """Who of these people has a file within the access."""
    found: set[int] = set()
    for start in range(0, len(persons), 500):
        chunk = list(persons[start : start + 500])
        rows = work.rows(select(Case.person_id).where(Case.person_id.in_(chunk)).distinct())
        found |= {row.person_id for row in rows}
    return found
