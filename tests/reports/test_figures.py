"""月报数据: the same figures have one text, one digest and one code."""

from __future__ import annotations

from dataclasses import replace

import pytest

from casemgr.reports.figures import canonical, code_of, digest_of, read_code
from tests.reports.sample import county


def test_one_person_more_changes_digest_and_code() -> None:
    figures = county()
    first = figures.rates[0]
    altered = replace(figures, rates=(replace(first, numerator=first.numerator + 1), *figures.rates[1:]))
    assert digest_of(figures) == digest_of(county())
    assert digest_of(altered) != digest_of(figures)
    assert code_of(digest_of(altered)) != code_of(digest_of(figures))


def test_the_canonical_text_is_sorted_utf8_without_blanks() -> None:
    text = canonical(county()).decode()
    assert text.startswith('{"figures":{"area":999901000000')
    assert "规范管理率" in text
    assert ", " not in text


def test_the_code_is_the_beginning_of_the_digest() -> None:
    assert code_of("0" * 64) == "0000-0000-0000"
    assert code_of("f" * 64) == "ZZZZ-ZZZZ-ZZZZ"
    assert code_of("84" + "0" * 62) == "GG00-0000-0000"


@pytest.mark.parametrize("typed", ["7k2m-9xwd-40tq", " 7K2M 9XWD 40TQ ", "7k2m9xwd4Otq", "7K2M－9XWD－40TQ"])
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    assert read_code(typed) == "7K2M-9XWD-40TQ"


@pytest.mark.parametrize("typed", ["", "7K2M", "7K2M-9XWD-40T!", "7K2M-9XWD-40TQ0", "核验码"])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert read_code(typed) is None
