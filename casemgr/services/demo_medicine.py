"""示例用药: made-up regimens, handings-out and stock, so that the pages of medicine are not empty."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from typing import Any

from casemgr.rules.access import Action
from casemgr.rules.drug import Drug, listed, match
from casemgr.services.use_case import use_case
from casemgr.store.db import new_keys
from casemgr.store.models import StockLot, StockMove
from casemgr.store.work import Work
from casemgr.terms.medication import Adherence, Fetcher, PayerState, StockMoveKind

Row = dict[str, Any]
REGULAR, IRREGULAR = int(Adherence.REGULAR), int(Adherence.IRREGULAR)
NOT_NEEDED = int(Adherence.NOT_NEEDED)
SETTLED, NONE = int(PayerState.SETTLED), int(PayerState.NONE)
PRESCRIBER = "示例市精神卫生中心医师"
#: For how many days is handed out at once, who fetches it, and the drugs that a township keeps.
DAYS = (28, 28, 30, 56)
FETCHERS = tuple(int(one) for one in (Fetcher.SELF, Fetcher.GUARDIAN, Fetcher.FAMILY, Fetcher.DELIVERED))
KEPT = ("OLAN-5", "RISP-2", "ARIP-10", "QUET-100")
#: Orders reach back so far at most; of so many people the township hands the medicine out itself.
REACH, SHARE = 400, 0.4
MORNING = time(1, 30, tzinfo=UTC)
DAY_MS = 86_400_000


@cache
def _drug(name: str, doses: tuple[int, ...], long_acting: bool) -> Drug | None:
    return match(name, listed().values(), doses, long_acting=long_acting)


class Supplies:
    """Writes the medicine of one county's people, with chances of its own: their lives stay as they are."""

    def __init__(self, as_of: int) -> None:
        self._as_of = as_of
        self._chance = Random(f"medicine/{as_of}").random

    def of(
        self, drugs: Sequence[Row], taking: int, begin: int, area: int, doctor: int
    ) -> tuple[list[Row], list[Row], list[Row]]:
        """(lines of the regimen, handings-out, orders of no medicine) of one person on the register.

        ``drugs`` are the rows of a visit; days are whole numbers since 1970-01-01.
        """
        chance = self._chance
        since = max(begin, self._as_of - REACH)
        at = since * DAY_MS + 5_400_000
        if taking == NOT_NEEDED:
            if chance() < 0.6:
                return [], [], [self._off(since, at, area, doctor)]
            return [], [], []
        if taking not in (REGULAR, IRREGULAR):
            return [], [], []
        hands_out = chance() < SHARE
        lines: list[Row] = []
        fills: list[Row] = []
        for row in drugs:
            doses = tuple(row[part] for part in ("morning_ug", "noon_ug", "evening_ug") if row[part])
            known = _drug(row["name"], doses, row["long_acting"])
            if known is None:
                continue
            lines.append(
                {
                    "area": area,
                    "code": known.code,
                    "ingredient": known.ingredient,
                    "drug_class": int(known.kind),
                    "name": None,
                    "long_acting": known.long_acting,
                    "morning_ug": row["morning_ug"],
                    "noon_ug": row["noon_ug"],
                    "evening_ug": row["evening_ug"],
                    "every_weeks": row["every_weeks"],
                    "dose_ug": row["dose_ug"],
                    "since": since,
                    "prescriber": None,
                    "stopped_on": None,
                    "recorded_at": at,
                    "recorded_by": doctor,
                    "version": 1,
                }
            )
            if hands_out and not known.long_acting and known.strength_ug:
                daily = sum(doses)
                fills += self._fills(known, -(-daily // known.strength_ug), taking, since, area, doctor)
        return lines, fills, []

    def _fills(self, known: Drug, daily: int, taking: int, since: int, area: int, doctor: int) -> list[Row]:
        chance = self._chance
        days = DAYS[int(chance() * len(DAYS))]
        day = max(since, self._as_of - 330 + int(chance() * 30))
        free = known.second_generation and known.free_programme and chance() < 0.5
        found = []
        while day <= self._as_of:
            found.append(
                {
                    "area": area,
                    "code": known.code,
                    "ingredient": known.ingredient,
                    "drug_class": int(known.kind),
                    "on": day,
                    "quantity": daily * days,
                    "days": days,
                    "batch": None,
                    "insurance": SETTLED,
                    "insurance_fen": 60 * daily * days,
                    "assistance": NONE,
                    "free": SETTLED if free else NONE,
                    "free_fen": 40 * daily * days if free else None,
                    "fetcher": FETCHERS[int(chance() * len(FETCHERS))],
                    "counters": None,
                    "recorded_at": day * DAY_MS + 7_200_000,
                    "recorded_by": doctor,
                }
            )
            drawn = chance()
            late = 0 if drawn < 0.75 else int(chance() * 6)
            if taking == IRREGULAR and drawn > 0.55:
                late += int(chance() * 45)
            day += days - int(chance() * 4) + late
        return found

    @staticmethod
    def _off(since: int, at: int, area: int, doctor: int) -> Row:
        return {
            "area": area,
            "since": since,
            "prescriber": PRESCRIBER,
            "reason": None,
            "ended_on": None,
            "recorded_at": at,
            "recorded_by": doctor,
            "version": 1,
        }


@use_case(Action.DEMO_LOAD)
def stock(work: Work, townships: Sequence[tuple[int, int]], as_of: date) -> None:
    """Give each township (area, account of its doctor) a few lots; one of them ends soon, one has ended."""
    lots: list[Row] = []
    moves: list[Row] = []
    for place, (area, doctor) in enumerate(townships):
        chance = Random(f"stock/{as_of}/{place}").random
        came = as_of - timedelta(60 + int(chance() * 40))
        keys = new_keys(2 * len(KEPT))
        for number, code in enumerate(KEPT):
            expires = as_of + timedelta((500, 300, 45, -10)[number])
            quantity = 200 + 20 * int(chance() * 40)
            recorded = {"recorded_at": datetime.combine(came, MORNING), "recorded_by": doctor}
            lots.append(
                {
                    "id": keys[number],
                    "area": area,
                    "code": code,
                    "batch": f"SL{int(chance() * 900_000) + 100_000}",
                    "expires_on": expires,
                    "quantity": quantity,
                    "version": 1,
                    **recorded,
                }
            )
            moves.append(
                {
                    "id": keys[len(KEPT) + number],
                    "area": area,
                    "lot_id": keys[number],
                    "kind": int(StockMoveKind.IN),
                    "on": came,
                    "quantity": quantity,
                    **recorded,
                }
            )
    work.add_many(StockLot, lots, note=False)
    work.add_many(StockMove, moves, note=False)
