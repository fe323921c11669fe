"""核对: what a check found in one record — its id, how much it weighs, and one sentence with the way out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Weight(Enum):
    """How much a finding weighs: it blocks, asks for a reason, or asks later."""

    BLOCKS = "B"
    REASON = "C"
    LATER = "Q"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: ``field`` is where it belongs, ``says`` what is wrong, why it matters and the ways out."""

    id: str
    weight: Weight
    field: str
    says: str
    rule: str = ""
