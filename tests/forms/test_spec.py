"""表单声明: column letters, sentences and their order."""

from __future__ import annotations

import pytest

from casemgr.forms.spec import Fault, Problem, each_fault, letters, shown
from tests.forms.example import day


@pytest.mark.parametrize(
    ("index", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (45, "AT"), (701, "ZZ"), (702, "AAA")]
)
def test_column_letters(index: int, name: str) -> None:
    assert letters(index) == name


def test_the_most_telling_fault_comes_first() -> None:
    faults = [Fault("range", "b"), Fault("order", "a", ("x",)), Fault("missing", "c", ("c",))]
    assert [fault.code for fault in each_fault(iter(faults))] == ["missing", "order", "range"]


def test_a_problem_without_its_column_names_the_row() -> None:
    assert Problem("随访", 7, "危险性评估", "vc01", "warning", -1, "x").cell == "7"


def test_days_are_written_out() -> None:
    assert shown(day(2026, 3, 5)) == "2026年3月5日"
