"""Packed verdicts give back what was packed."""

from __future__ import annotations

import zlib

import polars as pl
import pytest

from casemgr.indicators.catalogue import MEASURES
from casemgr.indicators.count import asked, counted, judged
from casemgr.indicators.packed import masks, pack, unpack
from casemgr.indicators.period import Period
from casemgr.rules import policy
from tests.indicators.county import county, expected

PERIOD = Period.of_month("2026-10")


def test_packed_verdicts_are_the_verdicts() -> None:
    rows = judged(county(), PERIOD, policy.in_force_on(PERIOD.end))
    plain = rows.collect()
    known = unpack(pack(masks(rows).collect()))
    for measure in MEASURES:
        for part, test in (("numerator", counted(measure)), ("denominator", asked(measure))):
            assert known.people(measure.key, part) == set(plain.filter(test)["case"].to_list())
        missing = plain.filter(asked(measure) & ~counted(measure))
        assert known.people(measure.key, "missing") == set(missing["case"].to_list())


def test_villages_add_up_to_their_township() -> None:
    code = 999901101000
    rows = masks(judged(county(), PERIOD, policy.in_force_on(PERIOD.end))).collect()
    villages = unpack(pack(rows.filter(pl.col("area") == code))).by_village()
    assert len(villages) > 1
    for measure in MEASURES:
        if measure.further:
            continue
        numerator, denominator = expected()["2026-10"][str(code)][measure.key]
        assert sum(found[measure.key][0] for found in villages.values()) == numerator
        if not measure.per_resident:
            assert sum(found[measure.key][1] for found in villages.values()) == denominator


def test_the_same_rows_give_the_same_bytes_and_nobody_is_possible() -> None:
    rows = masks(judged(county(), PERIOD, policy.in_force_on(PERIOD.end))).collect()
    assert pack(rows) == pack(rows.clone())
    assert unpack(pack(rows.clear())).cases == ()


@pytest.mark.parametrize(
    "broken", [b"", b"nothing", zlib.compress(b"\x02\x00\x00\x00{}"), zlib.compress(b"\xff\xff\xff\xff")]
)
def test_other_bytes_are_refused(broken: bytes) -> None:
    with pytest.raises(ValueError, match="no packed verdicts"):
        unpack(broken)
