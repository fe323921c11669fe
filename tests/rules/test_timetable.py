"""Slots of a timetable: business dates of Shanghai, the end of a month, silence refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from casemgr.rules.timetable import SHANGHAI, When, past_month

MONTHLY = When(minutes=(0,), hours=(2,), days=(1,))
OFTEN = When(minutes=(0, 10, 20, 30, 40, 50))


def shanghai(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)


def test_the_first_of_the_month_is_a_day_of_shanghai() -> None:
    slots = MONTHLY.between(shanghai(2026, 9, 25), shanghai(2026, 11, 1, 2))
    assert slots == [shanghai(2026, 10, 1, 2), shanghai(2026, 11, 1, 2)]
    assert slots[0] == datetime(2026, 9, 30, 18, tzinfo=UTC)
    assert [past_month(slot) for slot in slots] == ["2026-09", "2026-10"]
    assert past_month(shanghai(2027, 1, 1, 2)) == "2026-12"


def test_the_beginning_is_left_out_and_the_end_is_in() -> None:
    at = shanghai(2026, 11, 1, 2)
    assert MONTHLY.between(at, at + timedelta(days=3)) == []
    assert MONTHLY.between(at - timedelta(seconds=1), at) == [at]


def test_latest_and_next() -> None:
    now = shanghai(2026, 3, 5, 9, 37)
    assert OFTEN.latest(now) == shanghai(2026, 3, 5, 9, 30)
    assert OFTEN.after(now) == shanghai(2026, 3, 5, 9, 40)
    assert OFTEN.latest(shanghai(2026, 3, 5, 9, 30)) == shanghai(2026, 3, 5, 9, 30)
    assert OFTEN.after(shanghai(2026, 3, 5, 23, 50)) == shanghai(2026, 3, 6)
    assert MONTHLY.latest(now) == shanghai(2026, 3, 1, 2)
    assert MONTHLY.after(now) == shanghai(2026, 4, 1, 2)
    assert MONTHLY.latest(shanghai(2026, 3, 1, 1, 59)) == shanghai(2026, 2, 1, 2)


def test_words() -> None:
    assert MONTHLY.words == "每月 1 日 02:00"
    assert OFTEN.words == "每 10 分钟"
    assert When(minutes=(5,)).words == "每小时第 5 分"
    assert When(minutes=(15,), hours=(3,)).words == "每天 03:15"


@pytest.mark.parametrize("parts", [
    {"minutes": ()}, {"minutes": (60,)}, {"minutes": (0,), "hours": (24,)}, {"minutes": (0,), "days": (29,)},
    {"minutes": (0,), "hours": ()},
])  # fmt: skip
def test_a_timetable_that_would_be_silent_is_refused(parts: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="1–28"):
        When(**parts)
