"""随访行: how one visit of form 表8 (:class:`VisitRow`) becomes the rows of the register.

One mapping for the workbook and for what is recorded on a page, so that both keep the same visit alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from operator import attrgetter
from typing import Any

from casemgr.forms.cell import Partial, day_of, days
from casemgr.forms.followup import VisitRow, acts_mask
from casemgr.forms.known import Latest
from casemgr.rules import followup
from casemgr.rules.monitoring import kinds_taken
from casemgr.rules.policy import Policy
from casemgr.services.exchange_rows import DRUG_PARTS, VISIT_TEXTS, drugs_of
from casemgr.store.db import new_keys
from casemgr.store.queries import exchange as queries
from casemgr.store.types import Plain

#: Columns that the table and the workbook have under the same name.
SAME = (*queries.VISIT_CODES, *queries.VISIT_DAYS)
#: Columns of the table of texts, in the order of :data:`VISIT_TEXTS`.
TEXT_COLUMNS = tuple(VISIT_TEXTS.values())

_same = attrgetter(*SAME)
_texts = attrgetter(*VISIT_TEXTS)


def latest_by(policy: Policy) -> Latest:
    """The last day allowed for the next visit (FU-C11) as forms ask for it: that of its duty."""

    @cache
    def latest(stability: int, on: int, before: int | None, in_hospital: bool) -> int:
        return days(
            followup.latest_allowed(stability, day_of(on), (before,), policy, in_hospital=in_hospital)
        )

    return latest


def visit_values(row: VisitRow) -> dict[str, Any]:
    """Columns of the visit for a bulk insert; days as days since 1970."""
    return {
        "on": row.on,
        "acts": acts_mask(row),
        "watch": watch_of(row),
        **dict(zip(SAME, _same(row), strict=True)),
        **partial("discharged", row.discharged),
    }


def watch_of(row: VisitRow) -> int | None:
    """The kinds of watched drugs that a visit names."""
    return kinds_taken((row.drug1_name, row.drug2_name, row.drug3_name), row.depot_name)


def visit_columns(row: VisitRow) -> dict[str, Any]:
    """The same as attributes of a :class:`Visit`; days as dates."""
    values = visit_values(row)
    for name in ("on", "discharged_on", *queries.VISIT_DAYS):
        values[name] = day(values[name])
    return values


def text_values(row: VisitRow) -> dict[str, Plain | None] | None:
    """Columns of the visit's texts, ``None`` when none of them is filled."""
    values = _texts(row)
    if all(text is None for text in values):
        return None
    return {name: plain(value) for name, value in zip(TEXT_COLUMNS, values, strict=True)}


def drug_values(visit: int, area: int, row: VisitRow) -> list[dict[str, Any]]:
    """The drug lines of a visit, without keys."""
    made: list[dict[str, Any]] = []
    base = {"visit_id": visit, "area": area, "guidance": False, "every_weeks": None}
    for values in drugs_of(row):
        line = dict(zip(DRUG_PARTS, values, strict=True))
        line["name"] = Plain(line["name"] or "")
        made.append({**base, **line, "position": len(made) + 1, "long_acting": False})
    if row.depot_name is not None or row.depot_weeks is not None or row.depot_dose_ug is not None:
        empty = dict.fromkeys(DRUG_PARTS)
        made.append(
            {
                **base,
                **empty,
                "name": Plain(row.depot_name or ""),
                "every_weeks": row.depot_weeks,
                "dose_ug": row.depot_dose_ug,
                "position": len(made) + 1,
                "long_acting": True,
            }
        )
    return made


def keyed(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same rows, each with a key of its own."""
    for key, row in zip(new_keys(len(made)), made, strict=True):
        row["id"] = key
    return made


def plain(text: str | None) -> Plain | None:
    """A text to be sealed, nothing for nothing."""
    return None if text is None else Plain(text)


def day(number: int | None) -> date | None:
    """The day of a number of days since 1970."""
    return None if number is None else day_of(number)


def partial(name: str, value: Partial | None) -> dict[str, int | None]:
    """The two columns of a date known to the year, month or day."""
    first, precision = value or (None, None)
    return {f"{name}_on": first, f"{name}_precision": precision}


def row_of(visit: Any, file_no: str, texts: Mapping[str, str | None] | None = None) -> VisitRow:
    """A visit of the register as the row it came from; without ``texts`` its texts and drugs stay empty."""
    found: dict[str, Any] = dict.fromkeys(VisitRow._fields)
    for name in queries.VISIT_CODES:
        found[name] = getattr(visit, name)
    for name in ("on", *queries.VISIT_DAYS):
        value = getattr(visit, name)
        found[name] = None if value is None else days(value)
    if visit.discharged_on is not None:
        found["discharged"] = Partial(days(visit.discharged_on), visit.discharged_precision or 3)
    found["file_no"] = file_no
    found.update(texts or {})
    return VisitRow(**found)
