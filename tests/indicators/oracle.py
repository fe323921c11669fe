"""对照: the definitions once more, person by person in plain Python, for comparing with the columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import polars as pl

from casemgr.indicators.case_period import days
from casemgr.indicators.frames import Frames
from casemgr.indicators.period import Period

LIMITS = {3: 92, 2: 31, 1: 14, None: 92}
Row = dict[str, Any]


class Person:
    """One person over one period, as the definitions speak of them."""

    def __init__(self, case: Row, facts: Frames, period: Period) -> None:
        self.case, self.first, self.last = case, days(period.start), days(period.end)
        self.period = period
        visits = self._of(facts.visits)
        self.ever = [one for one in visits if one["on"] >= case["registered_on"]]
        self.seen = [one for one in self.ever if one["on"] >= self.first]
        self.complete = [
            one
            for one in self.seen
            if one["loss_reason"] is None and (one["risk"] is not None or one["symptoms"])
        ]
        self.told = [one for one in self.seen if one["loss_reason"] is None]
        self.held = [
            one
            for one in self._of(facts.sessions)
            if one["on"] >= max(self.first, case["registered_on"])
            and one["attended"]
            and (one["minutes"] or 0) >= 30
            and one["form"] in range(1, 10)
        ]
        self.checked = [one for one in self._of(facts.checkups) if one["on"] >= self.first]
        self.offended = [one for one in self._of(facts.offences) if one["on"] >= self.first]
        spoken = [
            one["subject"]
            for one in self._of(facts.talks)
            if one["on"] >= max(self.first, case["registered_on"])
        ]
        forms = [one["form"] for one in self.held]
        self.supported = bool({1, 3} & {*spoken}) or 7 in forms
        self.family_supported = bool({2, 3} & {*spoken}) or 9 in forms
        left = case["exit"] != 0 and case["exited_on"] is not None and case["exited_on"] <= self.last
        self.reg_a = not left
        self.reg_b = not left or (case["exit"] == 2 and case["exited_on"] >= self.first)
        self.start = max(self.first, case["registered_on"])
        self.end = case["exited_on"] if left else self.last
        self.managed = bool(self.complete) and not (case["refused"] and not case["article30"])

    def _of(self, frame: pl.DataFrame) -> list[Row]:
        rows = frame.filter((pl.col("case") == self.case["case"]) & (pl.col("on") <= self.last))
        return sorted(rows.rows(named=True), key=lambda one: int(one["on"]))

    def required(self) -> Iterator[tuple[int, int]]:
        """First and last day of every quarter that had to have a visit."""
        for quarter in self.period.quarters:
            first, last = days(quarter.first), days(quarter.last)
            if last <= self.end and self.case["registered_on"] <= first:
                yield first, last

    def intervals(self) -> bool:
        """STD-INT."""
        before, limit = self.start, 92
        for one in self.complete:
            if one["on"] - before > limit:
                return False
            before, limit = one["on"], LIMITS[one["stability"]]
        return self.managed and self.end - before <= limit

    def every_quarter(self, visits: list[Row]) -> bool:
        """Every required quarter has one of the visits."""
        return all(any(a <= one["on"] <= b for one in visits) for a, b in self.required())

    def by_share(self) -> bool:
        """STD-PRO."""
        start, end = (
            date.fromordinal(number + date(1970, 1, 1).toordinal()) for number in (self.start, self.end)
        )
        months = (end.year - start.year) * 12 + end.month - start.month + 1
        return self.managed and len(self.complete) >= max(1, months // 3)

    @property
    def codes(self) -> list[int]:
        return [one["adherence"] for one in self.told if one["adherence"] is not None]

    @property
    def cared(self) -> list[Row]:
        return [one for one in self.told if one["hospital"] == 1 or one["adherence"] == 1]

    @property
    def regular_by_quarter(self) -> bool:
        lapsed = any(code in (2, 3) for code in self.codes)
        return not lapsed and self.every_quarter(self.cared) and bool(self.cared)

    @property
    def classes(self) -> list[int]:
        return [one["stability"] for one in self.complete if one["stability"] is not None]

    @property
    def last_class(self) -> int | None:
        return next(
            (one["stability"] for one in reversed(self.complete) if one["stability"] is not None), None
        )

    @property
    def at_home(self) -> bool:
        told = [one["hospital"] for one in self.ever if one["hospital"] is not None]
        return not told or told[-1] != 1

    @property
    def face(self) -> bool:
        return self.managed and any(
            one["mode"] in (1, 2) and (not one["informants"] or one["informants"] & 2)
            for one in self.complete
        )


def _taking(one: Person) -> bool:
    return any(visit["hospital"] == 1 or visit["adherence"] in (1, 2) for visit in one.told)


def _schizo(one: Person) -> bool:
    return one.reg_a and one.case["diagnosis"] == 1


def _bipolar(one: Person) -> bool:
    return one.reg_a and one.case["diagnosis"] == 4


def _managed(one: Person) -> bool:
    return one.reg_a and one.managed


def _classed(one: Person) -> bool:
    return one.reg_a and bool(one.classes)


A: Callable[[Person], bool] = lambda one: one.reg_a  # noqa: E731
B: Callable[[Person], bool] = lambda one: one.reg_b  # noqa: E731
Judged = tuple[Callable[[Person], bool], Callable[[Person], bool]]

#: Key → who is asked about, and who counts.
DEFINITIONS: dict[str, Judged] = {
    "IND-01": (A, A),
    "IND-02.REG-A": (A, lambda one: one.managed),
    "IND-02.REG-B": (B, lambda one: one.managed),
    "IND-03.STD-INT": (A, Person.intervals),
    "IND-03.STD-3M": (A, lambda one: one.managed and one.every_quarter(one.complete)),
    "IND-03.STD-4": (A, lambda one: one.managed and len(one.complete) >= one.period.end.month // 3),
    "IND-03.STD-PRO": (A, Person.by_share),
    "IND-03.STD-INT.REG-B": (B, Person.intervals),
    "IND-04.MED-YEAR": (A, lambda one: any(code in (1, 2) for code in one.codes)),
    "IND-04.MED-QUARTER": (A, _taking),
    "IND-05.MED-YEAR": (A, lambda one: set(one.codes) == {1}),
    "IND-05.MED-LAST": (A, lambda one: one.codes[-1:] == [1]),
    "IND-05.MED-QUARTER": (A, lambda one: one.regular_by_quarter),
    "IND-05.MED-QUARTER.DEN-MAN": (lambda one: one.reg_a and one.managed, lambda one: one.regular_by_quarter),
    "IND-06.MED-QUARTER": (_schizo, _taking),
    "IND-08.LAST": (A, lambda one: one.codes[-1:] in ([1], [2])),
    "IND-08.SCHIZO.LAST": (_schizo, lambda one: one.codes[-1:] in ([1], [2])),
    "IND-09.LAST": (lambda one: one.reg_a and one.last_class is not None, lambda one: one.last_class == 3),
    "IND-10": (A, lambda one: one.face),
    "IND-11": (A, lambda one: bool(one.checked)),
    "IND-12.N1": (lambda one: one.reg_a and one.at_home, lambda one: len(one.held) >= 1),
    "IND-12.N4": (lambda one: one.reg_a and one.at_home, lambda one: len(one.held) >= 4),
    "IND-01.REG-B": (B, B),
    "IND-03.STD-GW": (
        A,
        lambda one: one.intervals() and all(visit["risk"] is not None for visit in one.complete),
    ),
    "IND-04.MED-LAST": (A, lambda one: one.codes[-1:] in ([1], [2])),
    "IND-04.MED-YEAR.DEN-MAN": (_managed, lambda one: any(code in (1, 2) for code in one.codes)),
    "IND-05.MED-ALL4": (A, lambda one: bool(one.codes) and set(one.codes) <= {1, 4}),
    "IND-05.MED-YEAR.DEN-MAN": (_managed, lambda one: set(one.codes) == {1}),
    "IND-05.MED-YEAR.EX4": (
        lambda one: one.reg_a and set(one.codes) != {4},
        lambda one: set(one.codes) == {1},
    ),
    "IND-06.MED-YEAR": (_schizo, lambda one: any(code in (1, 2) for code in one.codes)),
    "IND-07.MED-YEAR": (_schizo, lambda one: set(one.codes) == {1}),
    "IND-07.MED-QUARTER": (_schizo, lambda one: one.regular_by_quarter),
    "IND-09.STA-2011": (A, lambda one: one.last_class == 3),
    "IND-09.STA-2016": (_classed, lambda one: set(one.classes) == {3}),
    "IND-09.STA-2020": (_classed, lambda one: one.last_class in (2, 3)),
    "IND-13": (A, lambda one: bool(one.offended)),
    "IND-14.TAKING": (_bipolar, lambda one: any(code in (1, 2) for code in one.codes)),
    "IND-14.REGULAR": (_bipolar, lambda one: set(one.codes) == {1}),
    "IND-15": (A, lambda one: bool(one.case["lost"])),
    "IND-19.PATIENT": (lambda one: one.reg_a and one.at_home, lambda one: one.supported),
    "IND-19.FAMILY": (lambda one: one.reg_a and one.at_home, lambda one: one.family_supported),
    "IND-12.N12": (lambda one: one.reg_a and one.at_home, lambda one: len(one.held) >= 12),
}


def verdicts(facts: Frames, period: Period) -> dict[int, dict[str, bool | None]]:
    """Per case and key whether it counts; empty when it is not asked about."""
    found: dict[int, dict[str, bool | None]] = {}
    for case in facts.cases.filter(pl.col("registered_on") <= days(period.end)).rows(named=True):
        one = Person(case, facts, period)
        found[case["case"]] = {
            key: counts(one) if asked(one) else None for key, (asked, counts) in DEFINITIONS.items()
        }
    return found
