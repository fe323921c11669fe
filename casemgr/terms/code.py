"""编码: the shape of every coded term, a national code together with its Chinese label."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from enum import IntEnum
from typing import Self, TypeVar


def normal(text: str) -> str:
    """``text`` as people mean it: full-width forms folded, blanks removed, brackets made alike."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(folded.split()).replace("（", "(").replace("）", ")")


class Term(IntEnum):
    """One entry of a national code list; ``int(term)`` is the code, ``term.label`` the form's own wording.

    Further spellings seen in real files may be given after the label and are accepted by :meth:`read`.
    """

    label: str
    spellings: tuple[str, ...]

    def __new__(cls, code: int, label: str, *spellings: str) -> Self:
        member = int.__new__(cls, code)
        member._value_ = code
        member.label = label
        member.spellings = spellings
        return member

    @classmethod
    def read(cls, raw: object) -> Self:
        """The term that ``raw`` (label, spelling or code) names; ``ValueError`` if there is none."""
        if isinstance(raw, cls):
            return raw
        if isinstance(raw, bool):
            raw = int(raw)
        if isinstance(raw, float) and raw.is_integer():
            raw = int(raw)
        if isinstance(raw, int):
            return cls._of(raw)
        text = normal(str(raw))
        for member in cls:
            if text == normal(member.label) or any(text == normal(other) for other in member.spellings):
                return member
        if text.isascii() and text.isdigit():
            return cls._of(int(text))
        raise ValueError(text)

    @classmethod
    def _of(cls, code: int) -> Self:
        for member in cls:
            if member._value_ == code:
                return member
        raise ValueError(code)

    @classmethod
    def choices(cls) -> list[tuple[int, str]]:
        """(code, label) pairs in the order of the form."""
        return [(int(member), member.label) for member in cls]


_T = TypeVar("_T", bound=Term)


def to_mask(terms: Iterable[int]) -> int:
    """A set of codes as one integer, bit ``code`` set; codes must lie in 0..31."""
    mask = 0
    for term in terms:
        mask |= 1 << int(term)
    return mask


def from_mask(kind: type[_T], mask: int | None) -> list[_T]:
    """The terms of ``kind`` whose bits are set in ``mask``; an unknown (None) set is empty."""
    return [member for member in kind if mask is not None and mask >> int(member) & 1]
