"""修订: whom two closings of one month count otherwise; keys and bits only, the same sums as the figures."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from casemgr.indicators.packed import Verdicts

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Differing:
    """One person of one township: per mask a bit for each of ``keys`` of the :class:`Differences`.

    ``into`` and ``out``: newly counted, counted no more; ``asked`` and ``unasked``: newly in the
    denominator, in it no more. ``causes`` is a mask of :class:`~casemgr.terms.indicator.Cause`, ``on`` the
    latest day of the records that were entered since, as days since 1970, empty when there is none.
    """

    case: int
    into: int
    out: int
    asked: int
    unasked: int
    causes: int = 0
    on: int | None = None


@dataclass(frozen=True, slots=True)
class Differences:
    """The people of one township whom a closing counts otherwise than the one before."""

    keys: tuple[str, ...]
    people: tuple[Differing, ...]

    def change(self, key: str) -> tuple[int, int]:
        """By how much numerator and denominator of a figure differ: the sum over the people."""
        bit = 1 << self.keys.index(key)
        return (
            sum(bool(one.into & bit) - bool(one.out & bit) for one in self.people),
            sum(bool(one.asked & bit) - bool(one.unasked & bit) for one in self.people),
        )


def between(before: Verdicts | None, after: Verdicts | None) -> Differences:
    """Whom ``after`` counts otherwise than ``before``, by the figures that both know; empty packs: nobody."""
    old_keys = before.keys if before is not None else ()
    new_keys = after.keys if after is not None else ()
    keys = tuple(key for key in new_keys if key in old_keys) if before and after else (*old_keys, *new_keys)
    was, now = _masks(before, keys), _masks(after, keys)
    found = []
    for case in sorted(was.keys() | now.keys()):
        asked_then, counted_then = was.get(case, (0, 0))
        asked_now, counted_now = now.get(case, (0, 0))
        if (asked_then, counted_then) != (asked_now, counted_now):
            found.append(
                Differing(
                    case,
                    counted_now & ~counted_then,
                    counted_then & ~counted_now,
                    asked_now & ~asked_then,
                    asked_then & ~asked_now,
                )
            )
    return Differences(keys, tuple(found))


def _masks(verdicts: Verdicts | None, keys: Sequence[str]) -> dict[int, tuple[int, int]]:
    """Per case the two masks, with the bits in the order of ``keys``."""
    if verdicts is None:
        return {}
    places = [verdicts.keys.index(key) for key in keys]
    if places == list(range(len(verdicts.keys))):
        return {
            case: (asked, counted)
            for case, asked, counted in zip(verdicts.cases, verdicts.asked, verdicts.counted, strict=True)
        }

    def ordered(mask: int) -> int:
        return sum((mask >> place & 1) << bit for bit, place in enumerate(places))

    return {
        case: (ordered(asked), ordered(counted))
        for case, asked, counted in zip(verdicts.cases, verdicts.asked, verdicts.counted, strict=True)
    }


def pack(found: Differences) -> bytes:
    """The differences of one township as bytes; the same differences give the same bytes."""
    rows = [[one.case, one.into, one.out, one.asked, one.unasked, one.causes, one.on] for one in found.people]
    return zlib.compress(json.dumps({"format": FORMAT, "keys": found.keys, "people": rows}).encode())


def unpack(packed: bytes) -> Differences:
    """What :func:`pack` has packed; ``ValueError`` if it was something else."""
    try:
        found = json.loads(zlib.decompress(packed))
        if found["format"] != FORMAT:
            raise ValueError("another format")
        return Differences(tuple(found["keys"]), tuple(Differing(*row) for row in found["people"]))
    except (zlib.error, ValueError, KeyError, TypeError) as wrong:
        raise ValueError("these are no packed differences") from wrong


def keys_of(mask: int, keys: Iterable[str]) -> tuple[str, ...]:
    """The keys whose bits are set in a mask."""
    return tuple(key for bit, key in enumerate(keys) if mask >> bit & 1)
