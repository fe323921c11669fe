"""时刻表: when a job is due, as instants computed from business dates in Asia/Shanghai.

A timetable says nothing about what has already run; that is asked of the database, so a clock that jumps or a
process that slept never loses or repeats a slot.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: Every month has its 28th; a job on the 31st would be silent in February.
LAST_SAFE_DAY = 28
#: How far :meth:`When.latest` and :meth:`When.after` look: longer than the longest month.
HORIZON = 62


@dataclass(frozen=True, slots=True)
class When:
    """The days of the month (none named: every day), hours and minutes at which a job is due."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...] = tuple(range(24))
    days: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        fits = (
            all(0 <= minute < 60 for minute in self.minutes)
            and bool(self.minutes)
            and all(0 <= hour < 24 for hour in self.hours)
            and bool(self.hours)
            and all(1 <= day <= LAST_SAFE_DAY for day in self.days)
        )
        if not fits:
            raise ValueError("minutes 0–59, hours 0–23, days of the month 1–28")

    @property
    def words(self) -> str:
        """The timetable in Chinese, as a page shows it: ``每月 1 日 02:00``, ``每 10 分钟``."""
        if not self.days and len(self.hours) == 24:
            often = len(self.minutes) > 1
            return f"每 {60 // len(self.minutes)} 分钟" if often else f"每小时第 {self.minutes[0]} 分"
        times = "、".join(f"{hour:02d}:{minute:02d}" for hour in self.hours for minute in self.minutes)
        days = f"每月 {'、'.join(str(day) for day in self.days)} 日" if self.days else "每天"
        return f"{days} {times}"

    def _on(self, day: date) -> Iterator[datetime]:
        if self.days and day.day not in self.days:
            return
        for hour in sorted(self.hours):
            for minute in sorted(self.minutes):
                yield datetime.combine(day, time(hour, minute), SHANGHAI).astimezone(UTC)

    def between(self, since: datetime, until: datetime) -> list[datetime]:
        """The slots ``since < slot <= until`` as aware UTC instants, oldest first."""
        day, last = since.astimezone(SHANGHAI).date(), until.astimezone(SHANGHAI).date()
        found: list[datetime] = []
        while day <= last:
            found += [slot for slot in self._on(day) if since < slot <= until]
            day += timedelta(days=1)
        return found

    def latest(self, until: datetime) -> datetime:
        """The newest slot that is not after ``until``."""
        day = until.astimezone(SHANGHAI).date()
        for back in range(HORIZON):
            slots = [slot for slot in self._on(day - timedelta(days=back)) if slot <= until]
            if slots:
                return slots[-1]
        raise AssertionError("a timetable has a slot in every month")

    def after(self, since: datetime) -> datetime:
        """The first slot after ``since``."""
        day = since.astimezone(SHANGHAI).date()
        for ahead in range(HORIZON):
            for slot in self._on(day + timedelta(days=ahead)):
                if slot > since:
                    return slot
        raise AssertionError("a timetable has a slot in every month")


def past_month(slot: datetime) -> str:
    """The calendar month before the one ``slot`` lies in, ``2026-10``: what a job on the 1st deals with."""
    last = slot.astimezone(SHANGHAI).date().replace(day=1) - timedelta(days=1)
    return f"{last:%Y-%m}"
