"""示例查询: what a register holds before the demo county is laid into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from casemgr.store.models.account import Account
from casemgr.store.models.area import Area
from casemgr.store.models.register import Case
from casemgr.store.work import Work
from casemgr.terms.consent import ConsentAnswer
from casemgr.terms.register import Lifecycle, Management


@dataclass(frozen=True, slots=True)
class Holdings:
    """Whether there is any file, anything outside the made-up areas, anything in the demo's own range."""

    files: bool
    real: bool
    demo: bool


def holdings(work: Work, made_up: tuple[int, int], own: tuple[int, int]) -> Holdings:
    """Look at files and areas; both ranges are half-open ranges of area codes."""

    def any_of(column: Any, *conditions: Any) -> bool:
        return work.row(select(column).where(*conditions).limit(1)) is not None

    return Holdings(
        files=any_of(Case.id),
        real=any_of(Case.id, or_(Case.area < made_up[0], Case.area >= made_up[1]))
        or any_of(Area.code, or_(Area.code < made_up[0], Area.code >= made_up[1])),
        demo=any_of(Area.code, Area.code >= own[0], Area.code < own[1]),
    )


def untouched(work: Work, logins: Sequence[str]) -> set[str]:
    """Those of the logins whose account is active and still as it was made (password included)."""
    found = work.rows(
        select(Account.login).where(Account.login.in_(logins), Account.active.is_(True), Account.version == 1)
    )
    return {row.login for row in found}


def by_village(work: Work, township: int) -> dict[int, list[int]]:
    """Managed files of a township by village, oldest first."""
    rows = work.rows(
        select(Case.village, Case.id)
        .where(
            Case.area == township,
            Case.village.is_not(None),
            Case.lifecycle == int(Lifecycle.ON_REGISTER),
            Case.management == int(Management.MANAGED),
            Case.consent == int(ConsentAnswer.AGREED),
        )
        .order_by(Case.id)
    )
    found: dict[int, list[int]] = {}
    for row in rows:
        found.setdefault(row.village, []).append(row.id)
    return found
