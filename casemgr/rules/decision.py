"""判定: what a rule answers: a value never comes without its reason and its rule id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a person counts, the ``reason`` with dates, its ``rule``, and what would ``change`` it.

    ``missing`` is how many acts are still needed (0 when counted, ``None`` when nothing the team could do
    changes it any more); ``until`` the last day on which the next of them is in time. An act is a visit, a
    check-up or a session; a verdict never asks for an entry to be graded differently. ``topic`` is the reason
    without anybody's days and numbers, under which people are counted together.
    """

    counted: bool
    reason: str
    rule: str
    change: str = ""
    missing: int | None = None
    until: date | None = None
    topic: str = ""
