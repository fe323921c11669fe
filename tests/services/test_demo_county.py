"""The made-up counties: their codes, their people and their characters."""

from __future__ import annotations

import pytest

from casemgr.services.demo_county import PREFECTURE, counties, townships_for
from casemgr.terms.area import AreaLevel, ancestor, level_of
from tests.services.county_life import AS_OF, county


def test_the_default_county_has_18_townships_and_about_half_a_million_residents() -> None:
    made = county(2_300, 2026)
    assert len(made.townships) == 18
    assert sum(town.people for town in made.townships) == 2_300
    assert 430_000 < made.population < 520_000
    assert min(town.people for town in made.townships) > 60
    for town in made.townships:
        assert sum(village.population for village in town.villages) == town.population
        assert all(village.population > 0 for village in town.villages)
        assert len({village.name for village in town.villages}) == len(town.villages) >= 4


def test_codes_are_made_up_and_fit_their_levels() -> None:
    made = county(2_300, 2026)
    assert level_of(made.code) is AreaLevel.COUNTY
    codes = [made.code]
    for town in made.townships:
        assert level_of(town.code) is AreaLevel.TOWNSHIP
        assert ancestor(town.code, AreaLevel.COUNTY) == made.code
        assert town.name.startswith("示例")
        codes.append(town.code)
        for village in town.villages:
            assert ancestor(village.code, AreaLevel.TOWNSHIP) == town.code
            assert village.name.startswith("示例")
            codes.append(village.code)
    assert len(set(codes)) == len(codes)
    assert all(str(code).startswith("9999") for code in codes)
    units = [made.unit_code, *(town.unit_code for town in made.townships)]
    assert len(set(units)) == len(units)


def test_townships_differ_on_both_sides_of_the_targets() -> None:
    characters = [town.character for town in county(2_300, 2026).townships]
    assert min(one.lapse for one in characters) < 0.01 < 0.05 < max(one.lapse for one in characters)
    assert min(one.rehab for one in characters) < 0.4 < 0.6 < max(one.rehab for one in characters)
    assert sum(one.unvisited is not None for one in characters) == 1
    assert sum(one.old_form_until > 0 for one in characters) == 1
    assert max(one.phone for one in characters) > 0.35


def test_a_million_people_live_in_several_counties_of_one_prefecture() -> None:
    made = counties(1_000_000, townships_for(1_000_000), 1, AS_OF)
    towns = [town for one in made for town in one.townships]
    assert len(made) == 7
    assert {one.parent for one in made} == {PREFECTURE}
    assert sum(town.people for town in towns) == 1_000_000
    assert len({town.code for town in towns}) == len(towns) == 3_334
    assert [town.index for town in towns] == list(range(len(towns)))
    assert max(town.people for town in towns) < 400


@pytest.mark.parametrize(("people", "townships"), [(5, 6), (5, 0), (100_000, 5_001)])
def test_sizes_no_county_has_are_refused(people: int, townships: int) -> None:
    with pytest.raises(ValueError, match="township"):
        counties(people, townships, 1, AS_OF)


@pytest.mark.parametrize(
    ("people", "expected"), [(5, 5), (300, 18), (2_300, 18), (5_401, 19), (100_000, 334)]
)
def test_how_many_townships_a_register_has(people: int, expected: int) -> None:
    assert townships_for(people) == expected
