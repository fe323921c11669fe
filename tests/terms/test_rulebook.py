"""The rule book."""

from __future__ import annotations

import pytest

from casemgr.terms.lists import lines
from casemgr.terms.rulebook import STATUSES, book, least_sure, rule


def test_every_rule_is_there_once_with_words_and_a_known_status() -> None:
    assert len(book()) == len(lines("rulebook"))
    for one in book().values():
        assert one.wording
        assert one.source
        assert one.status in STATUSES


@pytest.mark.parametrize(
    ("rule_id", "mark"), [("GW2017-7.1", ""), ("STD-INT", "待核对"), ("REC-6.4", "产品建议"), ("FU-C4", "")]
)
def test_what_was_not_verified_says_so(rule_id: str, mark: str) -> None:
    assert rule(rule_id).mark == mark


def test_a_figure_is_as_sure_as_its_weakest_ground() -> None:
    assert least_sure(["GW2017-7.1", "IND-03"]) == "V"
    assert least_sure(["GW2017-7.1", "STD-INT", "IND-08"]) == "UNVERIFIED-H"


def test_an_unknown_rule_is_an_error() -> None:
    with pytest.raises(KeyError):
        rule("GW2017-99")
