"""证件号码: check digit, date and sex of the 18-character number."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casemgr.terms import idnumber
from casemgr.terms.person import Sex

GOOD = "99990119700505857X"
BODIES = st.builds(
    lambda area, birth, order: f"9999{area:02d}{birth:%Y%m%d}{order:03d}",
    st.integers(0, 99),
    st.dates(date(1900, 1, 1), date(2026, 12, 31)),
    st.integers(0, 999),
)


def whole(body: str) -> str:
    return body + idnumber.check_digit(body)


@given(BODIES)
def test_a_made_number_has_no_fault(body: str) -> None:
    assert idnumber.fault(whole(body)) is None


@given(BODIES, st.integers(0, 16), st.integers(1, 9))
def test_any_single_wrong_digit_is_noticed(body: str, place: int, shift: int) -> None:
    number = whole(body)
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert idnumber.fault(wrong) is not None


@given(BODIES, st.integers(0, 15))
def test_any_two_neighbours_swapped_are_noticed(body: str, place: int) -> None:
    number = whole(body)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert swapped == number or idnumber.fault(swapped) is not None


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (whole("99990119700505857"), None),
        (whole("99990119700505857")[:17], "length"),
        ("9999011970050585712", "length"),
        ("9999011970O5058571", "length"),
        (whole("99990119701345001"), "date"),
        (whole("99990119700230001"), "date"),
        ("999901197005058570", "check"),
    ],
)
def test_faults(number: str, fault: str | None) -> None:
    assert idnumber.fault(number) == fault


def test_what_a_number_tells() -> None:
    number = whole("99990119700505857")
    assert idnumber.birth_of(number) == date(1970, 5, 5)
    assert idnumber.sex_of(number) is Sex.MALE
    assert idnumber.sex_of(whole("99990119700505858")) is Sex.FEMALE


def test_full_width_blanks_and_a_small_x_are_mended() -> None:
    assert idnumber.normal(" ９９９９０１１９７００５０５８５７ｘ\u3000") == "99990119700505857X"


def test_provinces() -> None:
    assert idnumber.area_is_known("110101199003070000")
    assert idnumber.area_is_known("999901199003070000")
    assert not idnumber.area_is_known("990101199003070000")
    assert not idnumber.area_is_known("160101199003070000")
