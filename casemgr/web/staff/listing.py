"""名单: what every list of people shares: reading the address and opening names by a recorded reveal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from flask import g

from casemgr.services import clock
from casemgr.services.register import UNASSESSED, CaseQuery, CaseRow, Page
from casemgr.terms.code import Term
from casemgr.terms.purpose import Purpose
from casemgr.terms.register import Diagnosis, Lifecycle
from casemgr.terms.risk import RiskLevel, Stability

Kind = TypeVar("Kind", bound=Term)

#: Choices of the filters; "未评估" is a choice of its own, because nothing is not a class.
NOT_ASSESSED = (UNASSESSED, "未评估")
CHOICES = {
    "lifecycle": Lifecycle.choices(),
    "diagnosis": Diagnosis.choices(),
    "stability": [*Stability.choices(), NOT_ASSESSED],
    "risk": [*RiskLevel.choices(), NOT_ASSESSED],
}
PURPOSES = Purpose.choices()
ALL = "all"


@dataclass(frozen=True, slots=True)
class Names:
    """Whether this session shows names on lists, why and until when."""

    until: datetime | None = None
    purpose: str = ""

    @property
    def open(self) -> bool:
        return self.until is not None


def whole(text: str | None, least: int = 0) -> int | None:
    """A whole number written in ASCII digits, ``None`` for anything else or less than ``least``."""
    text = (text or "").strip()
    negative = text.startswith("-")
    digits = text[1:] if negative else text
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 19):
        return None
    number = -int(digits) if negative else int(digits)
    return number if least <= number < 2**63 else None


def _code(kind: type[Kind], text: str | None) -> Kind | None:
    number = whole(text)
    return next((one for one in kind if int(one) == number), None)


def _level(kind: type[Kind], text: str | None) -> int | None:
    number = whole(text, UNASSESSED)
    return number if number == UNASSESSED else _code(kind, text)


def query_of(values: Mapping[str, str], **fixed: object) -> CaseQuery:
    """What the address (or a form) asks for; words nobody knows are left out rather than refused.

    Without a choice of 在册状态 a list shows those on the register.
    """
    lifecycle = values.get("lifecycle", "")
    given = {
        "area": whole(values.get("area")),
        "village": whole(values.get("village")),
        "lifecycle": None if lifecycle == ALL else _code(Lifecycle, lifecycle) or Lifecycle.ON_REGISTER,
        "diagnosis": _code(Diagnosis, values.get("diagnosis")),
        "stability": _level(Stability, values.get("stability")),
        "risk": _level(RiskLevel, values.get("risk")),
        "order": values.get("order", "file_no"),
        "down": values.get("down") == "1",
        "page": whole(values.get("go"), 1) or whole(values.get("page"), 1) or 1,
        "size": whole(values.get("size"), 1) or 50,
    }
    return CaseQuery(**{**given, **fixed})  # type: ignore[arg-type]


def as_words(query: CaseQuery) -> dict[str, str]:
    """The filters of a query as an address or hidden fields carry them; never what was typed to search."""
    lifecycle = ALL if query.lifecycle is None else str(int(query.lifecycle))
    given = {
        "area": query.area,
        "village": query.village,
        "lifecycle": None if query.lifecycle is Lifecycle.ON_REGISTER else lifecycle,
        "diagnosis": query.diagnosis,
        "stability": query.stability,
        "risk": query.risk,
        "order": None if query.order == "file_no" else query.order,
        "down": "1" if query.down else None,
    }
    return {
        name: value if isinstance(value, str) else str(int(value))
        for name, value in given.items()
        if value is not None
    }


def names() -> Names:
    """The present state of the switch; each list made while it is on opens its names and is recorded."""
    until = g.person.names_until
    if until is None or until <= clock.now():
        return Names()
    return Names(until, g.person.names_purpose)


def shown(query: CaseQuery, found: Page[CaseRow]) -> dict[str, object]:
    """What every template with a list of people needs."""
    return {
        "query": query,
        "found": found,
        "names": names(),
        "given": as_words(query),
        "choices": CHOICES,
        "purposes": PURPOSES,
    }
