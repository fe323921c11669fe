"""工作日历: working days with public holidays and make-up days (调休), and months as people count them.

The official lists come from a library; ``lists/holidays.csv`` adds a year it does not know yet, or puts
one day right. For a year that neither knows, Monday to Friday count and every term in it is marked
待核对 (REC-3.10).
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache

from chinese_calendar.constants import holidays, workdays

from casemgr.rules.policy import Parameter
from casemgr.terms.duty import Calendar
from casemgr.terms.lists import lines

REST, WORK = "休", "班"
ONE_DAY = timedelta(1)
DECEMBER = 12
SHORTEST_MONTH = 28
#: Monday is 0; from here on the week has its end.
SATURDAY = 5
UNITS = {
    "天": Calendar.CALENDAR,
    "月": Calendar.CALENDAR,
    "工作日": Calendar.WORKING,
    "小时": Calendar.HOURS,
}


@cache
def _listed() -> dict[date, bool]:
    """Days that are not what their weekday says, with whether they are worked; our own list comes last."""
    found = dict.fromkeys(holidays, False) | dict.fromkeys(workdays, True)
    return found | {date.fromisoformat(line["day"]): line["kind"] == WORK for line in lines("holidays")}


@cache
def _years() -> frozenset[int]:
    return frozenset(day.year for day in _listed())


def is_known(day: date) -> bool:
    """Whether the official list of the year of ``day`` is there."""
    return day.year in _years()


def is_working_day(day: date) -> bool:
    """Whether ``day`` is worked: by the official list, else Monday to Friday."""
    listed = _listed().get(day)
    return day.weekday() < SATURDAY if listed is None else listed


@lru_cache(maxsize=20_000)
def working_days_after(day: date, n: int) -> date:
    """The ``n``-th working day after ``day`` (day 0), at whose end the term ends (REC-3.10).

    With ``n`` 0 that is ``day`` itself, worked or not.
    """
    while n > 0:
        day += ONE_DAY
        n -= is_working_day(day)
    return day


@lru_cache(maxsize=20_000)
def months_after(day: date, n: int) -> date:
    """The same day ``n`` months later, or the last of that month when it has no such day (REC-7.20)."""
    months = day.year * DECEMBER + day.month - 1 + n
    year, month = months // DECEMBER, months % DECEMBER + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of a term: its last day, how it was counted and from which number."""

    on: date
    calendar: Calendar
    rule: str


def deadline(day: date, parameter: Parameter) -> Deadline:
    """The last day of the term that a number of the policy gives, counted from ``day`` (day 0)."""
    calendar = UNITS[parameter.unit]
    if parameter.unit == "月":
        return Deadline(months_after(day, parameter.value), calendar, parameter.rule)
    if calendar is Calendar.WORKING:
        return Deadline(working_days_after(day, parameter.value), calendar, parameter.rule)
    return Deadline(day + timedelta(parameter.value), calendar, parameter.rule)


def least_days(parameter: Parameter) -> int:
    """So many calendar days a term of the policy has at least, whatever day it is counted from."""
    return parameter.value * SHORTEST_MONTH if parameter.unit == "月" else parameter.value


def is_certain(first: date, last: date, calendar: Calendar) -> bool:
    """Whether a term between two days was counted with official lists alone; others are shown as 待核对."""
    return calendar is not Calendar.WORKING or (is_known(first) and is_known(last))
