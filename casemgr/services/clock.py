"""时钟: the only reader of today; business days are days in Asia/Shanghai."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

_fixed: date | None = None


def fix(day: date | None) -> None:
    """Stand still on ``day`` (demonstrations and tests), or run again with ``None``."""
    global _fixed
    _fixed = day


def today() -> date:
    """Today's business day."""
    return _fixed or datetime.now(SHANGHAI).date()


def now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)


def moment() -> datetime:
    """This instant on today's business day: where the day stands still, the time of day goes on."""
    at = now()
    if _fixed is None:
        return at
    return datetime.combine(_fixed, at.astimezone(SHANGHAI).timetz()).astimezone(UTC)
