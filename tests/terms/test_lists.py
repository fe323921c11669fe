"""Dated lines and their holes."""

from __future__ import annotations

from datetime import date

import pytest

from casemgr.terms.lists import holes_and_overlaps, in_force, lines


def line(first: str, last: str = "", thing: str = "a") -> dict[str, str]:
    return {"thing": thing, "valid_from": first, "valid_to": last}


@pytest.mark.parametrize(
    ("day", "holds"),
    [
        (date(2019, 12, 31), False),
        (date(2020, 1, 1), True),
        (date(2020, 6, 30), True),
        (date(2020, 7, 1), False),
    ],
)
def test_a_line_holds_on_both_its_ends(day: date, holds: bool) -> None:
    assert in_force(line("2020-01-01", "2020-06-30"), day) is holds


@pytest.mark.parametrize(
    ("dated", "fault"),
    [
        ([line("2020-01-01")], ""),
        ([line("2020-01-01", "2020-06-30"), line("2020-07-01")], ""),
        ([line("2020-01-01"), line("2020-07-01", thing="b")], ""),
        ([line("2020-01-01", "2020-06-29"), line("2020-07-01")], "hole"),
        ([line("2020-01-01", "2020-07-01"), line("2020-07-01")], "overlap"),
        ([line("2020-01-01"), line("2020-07-01")], "overlap"),
        ([line("2020-01-01"), line("2020-01-01")], "twice"),
        ([line("2020-01-01", "2019-01-01")], "ends before"),
    ],
)
def test_holes_and_overlaps_are_found(dated: list[dict[str, str]], fault: str) -> None:
    found = holes_and_overlaps(dated, "thing")
    assert fault in " ".join(found)
    assert bool(found) is bool(fault)


def test_a_list_is_read_as_mappings() -> None:
    assert {"rule_id", "wording", "status", "source"} == set(lines("rulebook")[0])
