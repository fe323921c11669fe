"""Made-up people: valid in form, impossible in fact, and different from one another."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from casemgr.services.demo_people import Numbers
from casemgr.terms import idnumber
from casemgr.terms.person import Sex
from casemgr.terms.register import Diagnosis
from tests.services.county_life import AS_OF, Life, day, default_county, lives


@pytest.fixture(scope="module")
def people() -> tuple[Life, ...]:
    return default_county()


def test_identity_numbers_are_sound_and_belong_to_nobody(people: tuple[Life, ...]) -> None:
    numbers = [life.facts.identity["id_number"] for life in people]
    given = [number for number in numbers if number]
    assert len(given) > 0.98 * len(numbers)
    assert len(set(given)) == len(given)
    for life in people:
        number = life.facts.identity["id_number"]
        if number:
            assert idnumber.fault(number) is None
            assert number.startswith(idnumber.MADE_UP)
            assert int(number[:2]) not in idnumber.PROVINCES
            assert idnumber.birth_of(number) == date.fromisoformat(life.facts.identity["birth_on"])
            assert idnumber.sex_of(number) == life.facts.person["sex"]


def test_every_phone_begins_with_100(people: tuple[Life, ...]) -> None:
    phones = [life.facts.identity["phone"] for life in people]
    phones += [life.facts.guardian["phone"] for life in people if life.facts.guardian]
    given = [phone for phone in phones if phone]
    assert len(given) > 3_500
    assert all(len(phone) == 11 and phone.isdigit() and phone.startswith("100") for phone in given)


def test_addresses_and_places_name_themselves_as_examples(people: tuple[Life, ...]) -> None:
    for life in people:
        for field in ("residence", "domicile", "workplace"):
            text = life.facts.identity[field]
            assert text is None or text.startswith("示例"), text
        guardian = life.facts.guardian
        assert guardian is None or guardian["residence"] in (None, life.facts.identity["residence"])


def test_names_have_rare_characters_dots_and_enough_variety(people: tuple[Life, ...]) -> None:
    names = [life.facts.identity["name"] for life in people]
    assert all(2 <= len(name) <= 9 for name in names)
    assert any("·" in name for name in names)
    assert any(set(name) & set("䶮㛃喆堃") for name in names)
    assert Counter(names).most_common(1)[0][1] < 8


def test_the_past_of_a_file_is_in_order(people: tuple[Life, ...]) -> None:
    for life in people:
        case, more = life.facts.case, life.facts.supplement
        birth = day(date.fromisoformat(life.facts.identity["birth_on"]))
        assert (
            birth + 5 * 365 < more["onset_on"] <= more["diagnosed_on"] <= case["registered_on"] <= day(AS_OF)
        )
        treated = more["treated_on"]
        assert treated is None or more["onset_on"] <= treated <= case["registered_on"]
        assert (
            case["birth_year"]
            == life.facts.person["birth_year"]
            == date.fromordinal(birth + date(1970, 1, 1).toordinal()).year
        )


def test_the_mix_of_people_is_that_of_a_county(people: tuple[Life, ...]) -> None:
    count = len(people)
    diagnoses = Counter(life.facts.case["diagnosis"] for life in people)
    assert diagnoses[Diagnosis.SCHIZOPHRENIA] / count == pytest.approx(0.74, abs=0.03)
    assert diagnoses[Diagnosis.RETARDATION] / count == pytest.approx(0.10, abs=0.02)
    assert diagnoses[Diagnosis.BIPOLAR] / count == pytest.approx(0.08, abs=0.02)
    assert set(diagnoses) == {int(one) for one in Diagnosis}
    men = sum(life.facts.person["sex"] == Sex.MALE for life in people)
    assert men / count == pytest.approx(0.51, abs=0.03)
    rural = sum(life.facts.person["household"] == 2 for life in people)
    assert rural / count == pytest.approx(0.72, abs=0.03)
    grown = sum(1960 < life.facts.case["birth_year"] <= 2008 for life in people)
    assert 0.6 < grown / count < 0.85
    assert all(
        life.facts.case["article30"]
        for life in people
        if life.facts.case["diagnosis"] == Diagnosis.ARTICLE_30
    )


def test_some_of_the_form_stays_unassessed(people: tuple[Life, ...]) -> None:
    for field in ("education", "marriage", "employment"):
        assert 0 < sum(life.facts.person[field] is None for life in people) < 0.05 * len(people)
    for field in ("economy", "care_team", "treated_on"):
        assert 0 < sum(life.facts.supplement[field] is None for life in people) < 0.15 * len(people)


def test_the_same_seed_gives_the_same_people_and_another_seed_others() -> None:
    first, again, other = (list(lives(60, seed)) for seed in (5, 5, 6))
    assert [life.facts for life in first] == [life.facts for life in again]
    assert [life.course for life in first] == [life.course for life in again]
    assert [life.facts.identity for life in first] != [life.facts.identity for life in other]


def test_more_people_of_one_day_than_numbers_exist_are_refused() -> None:
    numbers = Numbers(1)
    birth = date(1980, 2, 29)
    given = {numbers.id_number("999902", birth, int(Sex.MALE)) for _ in range(500)}
    assert len(given) == 500
    with pytest.raises(ValueError, match="one day"):
        numbers.id_number("999902", birth, int(Sex.MALE))
    assert numbers.id_number("999902", birth + timedelta(1), int(Sex.MALE)) not in given
