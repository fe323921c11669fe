"""已知: what is known around a row while it is judged — the register as it stands, and the file so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from casemgr.terms.injection import Product

#: The last day allowed for the visit after one, in days since 1970: from its class, its day, the class of the
#: visit before (``None``: none, or not assessed) and whether the person is in hospital.
Latest = Callable[[int, int, int | None, bool], int]


class KnownArea(NamedTuple):
    """An area as the register has it."""

    name: str
    level: int
    parent: int | None
    population: int | None
    population_year: int | None


class KnownUnit(NamedTuple):
    """A managing unit; ``area`` is the highest area it serves."""

    key: int
    area: int
    name: str


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What other sheets ask about a case; dates in days since 1970, ``row`` is 0 for one of the register."""

    area: int
    registered_on: int
    birth: int | None = None
    birth_year: int | None = None
    died_on: int | None = None
    left_on: int | None = None
    refused: bool = False
    key: int | None = None
    row: int = 0


class Register(Protocol):
    """The register within the asker's reach."""

    @property
    def areas(self) -> Mapping[int, KnownArea]:
        """All areas by code."""

    @property
    def units(self) -> Mapping[str, KnownUnit]:
        """All managing units by code."""

    def cases(self, counties: frozenset[int]) -> Mapping[str, CaseFacts]:
        """Cases of these counties by file number; of all within reach when the file names no county."""

    @property
    def writes_areas(self) -> bool:
        """Whether the asker may add or change areas and units."""

    def reaches(self, area: int) -> bool:
        """Whether rows of this area may be written."""

    def holders(self, numbers: Sequence[str]) -> Mapping[str, str]:
        """File number of the active case that holds each of these identity numbers."""

    def taken(self, file_nos: Sequence[str]) -> frozenset[str]:
        """Those of these file numbers that the county uses outside the asker's reach."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What the judging of a file depends on besides the file; days since 1970."""

    today: int
    latest: Latest
    products: Mapping[str, Product]
