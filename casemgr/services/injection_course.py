"""针次存储: the place of every stored dose in its course (role, number, start, followed), kept in line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from casemgr.forms.cell import day_of
from casemgr.rules.injection_course import Given, Placed, Settled, settle
from casemgr.rules.injection_label import Label
from casemgr.store.queries import injection as queries
from casemgr.store.work import Work
from casemgr.terms.injection import Role, Site

LabelsOf = Callable[[int], Mapping[str, Label]]
_ROLES = {int(one): one for one in Role}
_SITES = {int(one): one for one in Site}


def given(row: Any) -> Given:
    """A stored dose as the rules see it; a role counts as entered only where somebody told it."""
    told = _ROLES.get(row.role) if row.role_told else None
    site = _SITES.get(row.site)
    return Given(row.on, told, row.dose_ug, site, row.ordinal, not row.partial, row.interval_days)


def placed(row: Any) -> Placed | None:
    """A stored dose with its place, ``None`` for one that is no injection or has none yet."""
    role = _ROLES.get(row.role)
    if role is None or row.partial:
        return None
    return Placed(
        given(row),
        role,
        not row.role_told,
        row.number or 1,
        row.start_on,
        row.aside or 0,
        row.cover_days or 0,
        row.cover_until,
    )


def values(one: Settled) -> dict[str, Any]:
    """The columns of a place."""
    return {
        "role": None if one.role is None else int(one.role),
        "number": one.number,
        "start_on": one.start_on,
        "aside": one.aside,
        "cover_days": one.cover_days,
        "cover_until": one.cover_until,
        "followed_on": one.followed_on,
    }


def _course_of(row: Any) -> tuple[int, str]:
    return row.case_id, row.product


def settle_cases(work: Work, cases: Iterable[int], labels_of: LabelsOf) -> None:
    """Work out the places of all doses of these cases and write down those that are new or different."""
    changes: dict[int, dict[str, Any]] = {}
    rows = sorted(queries.courses(work, cases), key=lambda row: (*_course_of(row), row.on, row.id))
    for (_case, product), course in groupby(rows, key=_course_of):
        doses = list(course)
        label = labels_of(doses[0].area).get(product)
        for row, one in zip(doses, settle(label, [given(row) for row in doses]), strict=True):
            told = values(one)
            if row.role_told and row.role is not None:
                told["role"] = row.role
            if any(getattr(row, name) != value for name, value in told.items()):
                changes[row.id] = told
    if not changes:
        return
    for key, dose in queries.to_change(work, changes).items():
        for name, value in changes[key].items():
            setattr(dose, name, value)
    work.flush()


def place_new(work: Work, rows: Sequence[dict[str, Any]], labels_of: LabelsOf) -> set[int]:
    """Fill in the places of doses about to be written (dicts of column values with keys, changed in place).

    Returns the cases that have other doses already: their courses must be settled as a whole afterwards,
    by :func:`settle_cases`. A first import costs one statement for each lot of cases.
    """
    stored = {row.case_id for row in queries.courses(work, {row["case_id"] for row in rows})}
    ordered = sorted(rows, key=lambda row: (row["case_id"], row["product"], row["on"], row.get("id", 0)))
    for (_case, product), course in groupby(ordered, key=lambda row: (row["case_id"], row["product"])):
        doses = list(course)
        label = labels_of(doses[0]["area"]).get(product)
        for row, one in zip(doses, settle(label, [_given_of(row) for row in doses]), strict=True):
            row |= values(one)
    return stored & {row["case_id"] for row in rows}


def _given_of(row: Mapping[str, Any]) -> Given:
    site, on = row.get("site"), row["on"]
    return Given(
        on if isinstance(on, date) else day_of(on),
        None,
        row.get("dose_ug"),
        None if site is None else _SITES.get(int(site)),
        row.get("ordinal"),
        not row.get("partial"),
        row.get("interval_days"),
    )


def fill(work: Work, cases: Iterable[int], labels_of: LabelsOf) -> None:
    """Work out the places that were never worked out, as after a step up from an older release."""
    if missing := queries.unplaced(work, cases):
        settle_cases(work, missing, labels_of)
