"""提供理由: why one kind of receiver may be told of one file, as the records say it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from casemgr.rules.policy import Policy
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.disclosure import Condition, FieldGroup
from casemgr.terms.liaison import Reason


@dataclass(frozen=True, slots=True)
class Claim:
    """Why a kind of receiver may be told of one file: the conditions of the matrix with their evidence.

    ``origin`` is the record they come from, ``area`` narrows it to receivers of one area, ``until`` ends it.
    ``facts`` are what only this claim knows, as (field group, label, value); the matrix decides on them too.
    ``groups`` are all the field groups that are asked for (``None``: whatever the matrix gives).
    """

    case: int
    role: Role
    conditions: frozenset[Condition]
    reason: Reason
    on: date | None
    grade: int | None = None
    origin: int | None = None
    until: date | None = None
    area: int | None = None
    facts: tuple[tuple[FieldGroup, str, str], ...] = ()
    groups: frozenset[FieldGroup] | None = None


#: Tells the claims of some files from their records, with a constant number of statements.
Source = Callable[[Work, Sequence[int], date, Policy], Iterable[Claim]]
