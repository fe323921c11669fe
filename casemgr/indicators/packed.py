"""判定存档: the verdicts on the people of one township, packed at the month close; keys and bits only."""

from __future__ import annotations

import json
import sys
import zlib
from array import array
from dataclasses import dataclass

import polars as pl

from casemgr.indicators import count
from casemgr.indicators.catalogue import MEASURES

FORMAT = 1
#: Quick rather than small: a county of a million is packed within the month close.
EFFORT = 1


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Who was asked about and who counted: per case two masks whose bit ``i`` belongs to ``keys[i]``."""

    keys: tuple[str, ...]
    cases: tuple[int, ...]
    villages: tuple[int, ...]  # 0 where the village is not known
    asked: tuple[int, ...]
    counted: tuple[int, ...]

    def people(self, key: str, part: str) -> frozenset[int]:
        """Cases of the ``numerator``, of the ``denominator`` or those ``missing`` between the two."""
        bit = 1 << self.keys.index(key)
        masks = {
            "numerator": self.counted,
            "denominator": self.asked,
            "missing": tuple(a & ~c for a, c in zip(self.asked, self.counted, strict=True)),
        }[part]
        return frozenset(case for case, mask in zip(self.cases, masks, strict=True) if mask & bit)

    def by_village(self) -> dict[int, dict[str, tuple[int, int]]]:
        """Counted and asked about per village (0: not known) and key."""
        found: dict[int, dict[str, tuple[int, int]]] = {}
        for village, asked, counted in zip(self.villages, self.asked, self.counted, strict=True):
            tally = found.setdefault(village, dict.fromkeys(self.keys, (0, 0)))
            for place, key in enumerate(self.keys):
                numerator, denominator = tally[key]
                tally[key] = (numerator + (counted >> place & 1), denominator + (asked >> place & 1))
        return found


def masks(rows: pl.LazyFrame, *more: pl.Expr) -> pl.LazyFrame:
    """Per judged case its area, village and the two masks, in the order of area and case key.

    ``more``: further columns to take along.
    """
    return (
        rows.select(
            "area",
            "case",
            pl.col("village").fill_null(0),
            *more,
            asked=pl.sum_horizontal(count.asked(one) * (1 << place) for place, one in enumerate(MEASURES)),
            counted=pl.sum_horizontal(
                count.counted(one) * (1 << place) for place, one in enumerate(MEASURES)
            ),
        )
        .filter(pl.col("asked") != 0)
        .sort("case")
        .sort("area", maintain_order=True)
    )


def pack(rows: pl.DataFrame) -> bytes:
    """The rows of :func:`masks` of one township as bytes; the same rows give the same bytes."""
    header = json.dumps({"format": FORMAT, "keys": [one.key for one in MEASURES]}).encode()
    columns = [array("q", rows[name].to_list()) for name in ("case", "village", "asked", "counted")]
    if sys.byteorder == "big":
        for column in columns:
            column.byteswap()
    body = b"".join(column.tobytes() for column in columns)
    return zlib.compress(len(header).to_bytes(4, "little") + header + body, EFFORT)


def unpack(packed: bytes) -> Verdicts:
    """What :func:`pack` has packed; ``ValueError`` if it was something else."""
    try:
        plain = zlib.decompress(packed)
        start = 4 + int.from_bytes(plain[:4], "little")
        header = json.loads(plain[4:start])
        numbers = array("q", plain[start:])
    except (zlib.error, ValueError) as wrong:
        raise ValueError("these are no packed verdicts") from wrong
    if header.get("format") != FORMAT or len(numbers) % 4:
        raise ValueError("these are no packed verdicts")
    if sys.byteorder == "big":
        numbers.byteswap()
    size = len(numbers) // 4
    case, village, asked, counted = (tuple(numbers[part * size : (part + 1) * size]) for part in range(4))
    return Verdicts(tuple(header["keys"]), case, village, asked, counted)
