"""依据: every rule id the product may cite, with its wording, how far it was verified, and its source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from casemgr.terms.lists import lines

#: From surest to least sure: read in the text itself, read at second hand, our own advice, general knowledge.
STATUSES = ("V", "V2", "REC", "UNVERIFIED-H", "UNVERIFIED-M", "UNVERIFIED-L")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: ``wording`` is ours, ``status`` one of :data:`STATUSES`, ``source`` where it was read."""

    id: str
    wording: str
    status: str
    source: str

    @property
    def unverified(self) -> bool:
        """Whether the rule is shown as 待核对 wherever it is shown."""
        return self.status.startswith("UNVERIFIED")

    @property
    def mark(self) -> str:
        """The words that go beside the rule: 待核对, 产品建议, or nothing."""
        if self.unverified:
            return "待核对"
        return "产品建议" if self.status == "REC" else ""


@cache
def book() -> dict[str, Rule]:
    """All rules by id."""
    return {
        line["rule_id"]: Rule(line["rule_id"], line["wording"], line["status"], line["source"])
        for line in lines("rulebook")
    }


def rule(rule_id: str) -> Rule:
    """The rule with this id; ``KeyError`` when the rule book does not know it."""
    return book()[rule_id]


def least_sure(rule_ids: Iterable[str]) -> str:
    """The status of the least sure of several rules: a figure is as sure as its weakest ground."""
    return max((rule(one).status for one in rule_ids), key=STATUSES.index)
