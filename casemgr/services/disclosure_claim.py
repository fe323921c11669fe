"""提供理由: why one kind of receiver may be told of one file, as the records say it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from casemgr.rules.policy import Policy
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.disclosure import Condition, FieldGroup
from casemgr.terms.liaison import Reason


@dataclass(frozen=True, slots=True)
class SealedText:
    """One free text of a claim as it lies sealed: ``words`` has the place where it is put in."""

    group: FieldGroup
    label: str
    noun: str
    key: int
    value: Any
    words: str = "{}"


@dataclass(frozen=True, slots=True)
class Claim:
    """Why a kind of receiver may be told of one file: the conditions of the matrix with their evidence.

    ``origin`` is the record they come from, ``area`` narrows it to receivers of one area, ``until`` ends it.
    ``facts`` are what only this claim knows, as (field group, label, value); the matrix decides on them too,
    but for those without a group, which say when to come and whom to call. ``texts`` are the same, still
    sealed: they are opened when the sheet is written.
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
    facts: tuple[tuple[FieldGroup | None, str, str], ...] = ()
    texts: tuple[SealedText, ...] = ()
    groups: frozenset[FieldGroup] | None = None


#: Tells the claims of some files from their records, with a constant number of statements.
Source = Callable[[Work, Sequence[int], date, Policy], Iterable[Claim]]
