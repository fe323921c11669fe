"""The published national series: from the raw counts the printed percentages follow, by our own catalogue.

Counts and percentages are those of the yearly reports of the national information system (Chinese Journal of
Psychiatry), 2015–2018 and 2020. Which people a rate is taken of is what the catalogue says of each key.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest

from casemgr.indicators.case_period import days
from casemgr.indicators.catalogue import ANY_KEY, BY_KEY
from casemgr.indicators.count import judged, roll_up, tally
from casemgr.indicators.editions import Edition, in_force_on
from casemgr.indicators.figure import figure, figures
from casemgr.indicators.frames import AREAS, CASES, CHECKUPS, SESSIONS, VISITS, Frames
from casemgr.indicators.period import Period
from casemgr.rules import policy
from casemgr.terms.area import AreaLevel
from tests.indicators.people import COUNTY, TOWNSHIP

#: Raw counts: 在册, 在管, 规范管理, 服药, 规律服药, 稳定, 有分类.
RAW = {
    2015: (4_921_505, 4_252_022, 2_211_835, 2_071_111, 1_293_133, 2_547_824, 4_155_963),
    2016: (5_401_150, 4_873_977, 3_665_720, 2_528_143, 1_594_562, 3_265_761, 4_754_801),
    2017: (5_806_352, 5_380_249, 4_346_103, 4_035_323, 2_012_074, 3_924_101, 5_231_235),
    2018: (5_994_054, 5_688_164, 4_956_545, 4_873_322, 2_504_323, 4_426_558, 5_492_261),
    2020: (6_430_587, 6_116_599, 5_724_019, 5_648_162, 4_426_498, 5_277_746, 5_474_881),
}
#: As printed: 管理率, 规范管理率, 服药率, 规律服药率, 稳定率.
PRINTED = {
    2015: ("86.40", "44.94", "48.71", "30.41", "61.31"),
    2016: ("90.24", "67.87", "51.87", "32.72", "68.68"),
    2017: ("92.66", "74.85", "69.50", "34.65", "75.01"),
    2018: ("94.90", "82.69", "81.30", "41.78", "80.60"),
    2020: ("95.12", "89.01", "87.83", "68.84", "96.40"),
}
#: What the reports of 2015 and 2016 divided by, and those since: the same numerators, other people.
OF_MANAGED = (
    "IND-02.REG-A",
    "IND-03.STD-3M",
    "IND-04.MED-YEAR.DEN-MAN",
    "IND-05.MED-YEAR.DEN-MAN",
    "IND-09.STA-2016",
)
OF_REGISTERED = ("IND-02.REG-A", "IND-03.STD-3M", "IND-04.MED-YEAR", "IND-05.MED-YEAR", "IND-09.STA-2016")
FAMILIES = ("IND-02", "IND-03", "IND-04", "IND-05", "IND-09")


def edition_of(year: int) -> Edition:
    """The definitions of the report of a year: the denominator of 服药 was switched in 2017."""
    national = in_force_on(date(2026, 1, 1))
    official = OF_MANAGED if year < 2017 else OF_REGISTERED
    return replace(national, id=f"NATIONAL-{year}", official=official, decimals={}, targets={})


def counts_of(year: int) -> dict[str, tuple[int, int | None]]:
    """The raw counts under every key they belong to; the people asked about are the key's own base set."""
    registered, managed, standard, taking, regular, stable, classed = RAW[year]
    numerators = {"MAN": managed, "STD-3M": standard, "MED-YEAR-TAKING": taking}
    numerators |= {"MED-YEAR-REGULAR": regular, "ALWAYS-STABLE": stable}
    asked = {"REG-A": registered, "REG-A-MAN": managed, "REG-A-CLASSED": classed}
    return {
        key: (numerators[one.judgement], asked[one.base])
        for key, one in BY_KEY.items()
        if one.judgement in numerators and one.base in asked
    }


def official_values(year: int, edition: Edition) -> dict[str, str | None]:
    return {one.key: one.value for one in figures(counts_of(year), edition) if one.official}


@pytest.mark.parametrize("year", RAW)
def test_the_printed_percentages_follow_from_the_raw_counts(year: int) -> None:
    edition = edition_of(year)
    found = official_values(year, edition)
    assert [found[edition.key_of(family) or ""] for family in FAMILIES] == list(PRINTED[year])


def test_the_rise_printed_for_2017_is_that_over_the_other_denominator() -> None:
    """The report of 2017 names a rise of 22.69 points; over the rate printed in 2016 it would be 17.63."""
    as_printed = {year: official_values(year, edition_of(year)) for year in (2016, 2017)}
    key = edition_of(2017).key_of("IND-04")
    assert key == "IND-04.MED-YEAR"
    now = Decimal(as_printed[2017][key] or 0)
    then = Decimal(as_printed[2016]["IND-04.MED-YEAR.DEN-MAN"] or 0)
    # The month of the year before under the edition of this year, as two editions are compared.
    recomputed = Decimal(official_values(2016, edition_of(2017))[key] or 0)
    assert (now - then, now - recomputed) == (Decimal("17.63"), Decimal("22.69"))
    assert recomputed == Decimal("46.81")


def test_counties_that_used_the_system() -> None:
    one = figure(ANY_KEY["IND-17"], 2_774, 2_854, edition_of(2015))
    assert (one.value, one.unit) == ("97.20", "%")


# --- the same switch with people ------------------------------------------------------------------------

#: One person for so many.
SCALE = 1_000


def population(year: int) -> Frames:
    """A register of the published proportions, one person for a thousand, judged by the real judgements."""
    registered, managed, _standard, taking, regular, _stable, _classed = (one / SCALE for one in RAW[year])
    cases, visits = [], []
    for number in range(1, round(registered) + 1):
        cases.append((number, TOWNSHIP, None, days(date(2010, 1, 1)), 0, None, 1, False, False, False))
        if number > managed:
            continue
        codes = [1, 1] if number <= regular else [1, 2] if number <= taking else [3, 3]
        for quarter, code in enumerate(codes):
            on = days(date(year, 2, 1) + timedelta(91 * quarter))
            visits.append((number, on, 2, None, None, 0, None, 3, code, None))
    areas = [
        (COUNTY, "示例县", int(AreaLevel.COUNTY), None, None),
        (TOWNSHIP, "示例镇", int(AreaLevel.TOWNSHIP), COUNTY, None),
    ]
    return Frames(
        pl.DataFrame(cases, schema=CASES, orient="row"),
        pl.DataFrame(visits, schema=VISITS, orient="row"),
        pl.DataFrame(schema=SESSIONS),
        pl.DataFrame(schema=CHECKUPS),
        pl.DataFrame(areas, schema=AREAS, orient="row"),
    )


@pytest.mark.parametrize("year", [2016, 2017])
def test_judged_people_give_the_printed_rates_under_the_edition_of_their_year(year: int) -> None:
    facts, period = population(year), Period.of_month(f"{year}-12")
    rows = judged(facts, period, policy.in_force_on(date(2017, 12, 31)))
    edition = edition_of(year)
    found = figures(roll_up(tally(rows).collect(), facts.areas)[COUNTY], edition)
    official = {one.key: Decimal(one.value or 0) for one in found if one.official}
    for family, place in (("IND-02", 0), ("IND-04", 2), ("IND-05", 3)):
        printed = Decimal(PRINTED[year][place])
        assert abs(official[edition.key_of(family) or ""] - printed) <= Decimal("0.03"), family
