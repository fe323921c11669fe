"""Which sessions and check-ups count, and what is said about it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.indicators.people import frames, person, told

END = date(2026, 10, 31)


def session(on: date = date(2026, 5, 1), **known: Any) -> dict[str, Any]:
    return {"case": 1, "on": on, "form": 4, "minutes": 30, "attended": True} | known


@pytest.mark.parametrize(
    ("one", "counts"),
    [
        (session(), True),
        (session(minutes=29), False),
        (session(minutes=None), False),
        (session(attended=False), False),
        (session(attended=None), False),
        (session(form=9), True),
        (session(form=10), False),
        (session(date(2026, 1, 1)), True),
        (session(date(2025, 12, 31)), False),
        (session(date(2026, 11, 1)), False),
    ],
)
def test_a_session_counts_when_it_was_long_enough_attended_and_of_a_known_form(
    one: dict[str, Any], counts: bool
) -> None:
    assert told(frames([person()], sessions=[one]), END)["IND-12.N1"].counted is counts


def test_a_session_before_registration_does_not_count() -> None:
    who = [person(registered_on=date(2026, 5, 2))]
    assert not told(frames(who, sessions=[session()]), END)["IND-12.N1"].counted


def test_what_is_missing_to_four_sessions() -> None:
    held = [session(date(2026, 5, day)) for day in (1, 2)]
    one = told(frames([person()], sessions=[*held, session(minutes=10)]), END)["IND-12.N4"]
    assert one.reason == "本年度有效康复活动 2 次，少于 4 次。另有 1 次未到场或不足 30 分钟。"
    assert one.change == "12月31日前再参加康复活动 2 次（到场且每次不少于 30 分钟）即计入。"
    assert (one.missing, one.until) == (2, date(2026, 12, 31))


def test_a_check_up_of_the_year() -> None:
    for on, counts in ((date(2026, 1, 1), True), (date(2025, 12, 31), False), (date(2026, 11, 1), False)):
        one = told(frames([person()], checkups=[{"case": 1, "on": on}]), END)["IND-11"]
        assert one.counted is counts
    assert one.change == "12月31日前健康体检 1 次（须征得患者或监护人同意）即计入。"
    assert one.rule == "GW2017-14.1"


def talk(subject: int, on: date = date(2026, 5, 1)) -> dict[str, Any]:
    return {"case": 1, "on": on, "subject": subject}


@pytest.mark.parametrize(
    ("talks", "sessions", "patient", "family"),
    [
        ([talk(1)], [], True, False),
        ([talk(2)], [], False, True),
        ([talk(3)], [], True, True),
        ([talk(3, date(2025, 12, 31))], [], False, False),
        # A session of 心理治疗和康复 is support of the person, one of 家庭支持 of the family.
        ([], [session(form=7)], True, False),
        ([], [session(form=9)], False, True),
        ([], [session(form=7, attended=False), session(form=9, minutes=20), session(form=4)], False, False),
    ],
)
def test_support_of_the_person_and_of_the_family_are_two_counts(
    talks: list[dict[str, Any]], sessions: list[dict[str, Any]], patient: bool, family: bool
) -> None:
    found = told(frames([person()], [], sessions, talks=talks), END)
    assert found["IND-19.PATIENT"].counted is patient
    assert found["IND-19.FAMILY"].counted is family
    assert found["IND-19.FAMILY"].missing == (0 if family else 1)
    # Talks are no community rehabilitation: the two ratios are never mixed.
    assert found["IND-12.N1"].counted is any(one["attended"] and one["minutes"] >= 30 for one in sessions)
