"""证件号码: the arithmetic of the 18-character identity number (GB 11643, check digit ISO 7064 MOD 11-2)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import date

from casemgr.terms.person import Sex

LENGTH = 18
#: Numbers given before 1999: a year of two digits and no check digit.
OLD_LENGTH = 15
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"
#: First two digits of the area part (GB/T 2260); 99 stands for nobody and is left to made-up people.
PROVINCES = frozenset(
    {
        11,
        12,
        13,
        14,
        15,
        21,
        22,
        23,
        31,
        32,
        33,
        34,
        35,
        36,
        37,
        41,
        42,
        43,
        44,
        45,
        46,
        50,
        51,
        52,
        53,
        54,
        61,
        62,
        63,
        64,
        65,
        71,
        81,
        82,
        83,
        91,
    }
)
MADE_UP = "9999"


def normal(text: str) -> str:
    """``text`` with full-width forms folded, blanks removed and a lower-case x raised."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def check_digit(body: str) -> str:
    """The 18th character that belongs to the 17 digits of ``body``."""
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, body, strict=True))
    return CHECK_DIGITS[total % 11]


def has_shape(number: str) -> bool:
    """Whether ``number`` is 17 digits followed by a digit or X."""
    return (
        len(number) == LENGTH
        and number.isascii()
        and number[:17].isdigit()
        and (number[17].isdigit() or number[17] == "X")
    )


def birth_of(number: str) -> date | None:
    """The day of birth inside a well-shaped number; ``None`` if that day does not exist."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def sex_of(number: str) -> Sex:
    """The sex that the 17th digit stands for (odd: male)."""
    return Sex.MALE if int(number[16]) % 2 else Sex.FEMALE


def area_is_known(number: str) -> bool:
    """Whether the number begins with a province that exists, or with the made-up 9999 of demo people."""
    return number.startswith(MADE_UP) or int(number[:2]) in PROVINCES


def fault(number: str) -> str | None:
    """What is wrong with ``number`` (already normal): ``length``, ``date``, ``check``, or ``None``."""
    if not has_shape(number):
        return "length"
    if birth_of(number) is None:
        return "date"
    return None if check_digit(number[:17]) == number[17] else "check"


def from_fifteen(text: str) -> str:
    """The 18-character number that replaced an old one of 15 digits; anything else comes back as it is."""
    if len(text) == OLD_LENGTH and text.isascii() and text.isdigit():
        return _sound(f"{text[:6]}19{text[6:]}")
    return text


def neighbours(number: str) -> Iterator[str]:
    """Every sound number whose first 17 digits differ from ``number`` in one, or in two that changed places.

    Two sound numbers never differ in one digit alone: the check digit catches that. So the check digit of
    each is its own.
    """
    body = number[:17]
    for place, digit in enumerate(body):
        for other in "0123456789":
            if other != digit:
                yield _sound(body[:place] + other + body[place + 1 :])
        after = body[place + 1 : place + 2]
        if after and after != digit:
            yield _sound(body[:place] + after + digit + body[place + 2 :])


def _sound(body: str) -> str:
    return body + check_digit(body)
