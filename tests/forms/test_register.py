"""患者: every cross-check of a person fires, and stays silent at the near miss."""

from __future__ import annotations

from typing import Any

import pytest

from casemgr.forms import register
from casemgr.forms.cell import MONTH, YEAR, Partial
from casemgr.forms.register import PersonAround, PersonRow
from tests.forms.example import ELSEWHERE, PERSON, TODAY, TOWNSHIP, day, known

AROUND = PersonAround(TODAY, TOWNSHIP)
OTHER_ID = "999901195512120027"
CHILD = {"birth_on": day(2012, 3, 5), "id_number": None, "document_kind": 9}

#: check → (change that fires, change that just does not)
CASES: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {
    "id03": [
        (
            {"id_number": "999901190503050010", "birth_on": None},
            {"id_number": "999901190703050010", "birth_on": None},
        )
    ],
    "id04": [({"birth_on": day(1970, 3, 6)}, {"birth_on": None}), ({"birth_on": day(1971, 3, 5)}, {})],
    "id05": [({"sex": 2}, {"sex": 9})],
    "id06": [({"id_number": "990001197003050012"}, {"id_number": "110101197003050012"})],
    "id10": [
        ({"id_number": None}, {"id_number": None, "document_kind": 9}),
        ({"document_kind": 2, "id_number": "护照"}, {"document_kind": 2, "id_number": "E12345678"}),
        (
            {"document_kind": 3, "id_number": "G1234567"},
            {"document_kind": 3, "id_number": "810000199003070010"},
        ),
        ({"document_kind": 9}, {"document_kind": 8, "id_number": "X1"}),
    ],
    "id14": [({"name": "张三2"}, {"name": "阿依古丽·买买提"}), ({"name": "无名氏"}, {"name": "吴名"})],
    "id15": [
        ({"phone": "1380013800"}, {"phone": "13800138001"}),
        ({"guardian_phone": "12345"}, {"guardian_phone": "0512-65123456"}),
    ],
    "id18": [
        ({"phone": "13800000000"}, {"phone": "13812340567"}),
        ({"phone": "11111111111"}, {"phone": "10011111111"}),
    ],
    "id20": [({"guardian_name": "张某"}, {"guardian_name": "张某某"})],
    "id21": [
        ({"guardian_name": None, "past_confinement": 2}, {"guardian_name": None, "past_confinement": 3}),
        ({**CHILD, "guardian_name": None}, {"guardian_name": None}),
    ],
    "id22": [
        ({**CHILD, "relation": 2, "marriage": 1}, {**CHILD, "relation": 5}),
        ({**CHILD, "relation": 1}, {"relation": 1}),
    ],
    "id23": [
        ({"domicile": None}, {"domicile": "示例县东镇第1村"}),
        ({"domicile": "示例县"}, {"domicile": "示例县南关街道"}),
    ],
    "id24": [({"village": ELSEWHERE + 200}, {"village": TOWNSHIP + 207})],
    "id26": [
        ({**CHILD, "marriage": 2}, {**CHILD, "marriage": 1}),
        ({"employment": 6, "birth_on": day(1990, 1, 1)}, {"employment": 6, "birth_on": day(1986, 1, 1)}),
        ({**CHILD, "marriage": 1, "education": 2}, {**CHILD, "marriage": 1, "education": 7}),
    ],
    "rg01": [
        ({"treated": known(2009, 1, 31)}, {"treated": known(2009, 2, 1)}),
        ({"treated": Partial(day(2008, 1, 1), YEAR)}, {"treated": Partial(day(2009, 1, 1), YEAR)}),
        ({"treated": known(2026, 11, 22)}, {"treated": known(2026, 11, 21)}),
        ({"diagnosed": known(1969, 1, 1), "onset": None}, {"diagnosed": known(1970, 3, 5), "onset": None}),
        ({"registered_on": day(1970, 3, 4)}, {"registered_on": day(2010, 5, 1)}),
    ],
    "rg02": [({"diagnosed": known(2020, 1, 7)}, {"diagnosed": known(2020, 1, 6)})],
    "rg03": [
        ({"onset": known(1980, 3, 4)}, {"onset": known(1980, 3, 5)}),
        ({"onset": known(1975, 3, 4), "diagnosis": 4}, {"onset": known(1975, 3, 5), "diagnosis": 4}),
        ({"onset": known(1971, 3, 5), "diagnosis": 2}, {"onset": known(1971, 3, 5), "diagnosis": 6}),
    ],
    "rg04": [({"diagnosis": 7}, {"diagnosis": 7, "article30": True})],
    "rg05": [
        ({"icd10": "F25.9"}, {"icd10": "f20.0"}),
        ({"diagnosis": 4, "icd10": "F32.0"}, {"diagnosis": 4, "icd10": "F30.1"}),
        ({"diagnosis": 6, "icd10": "F20.9"}, {"diagnosis": 6, "icd10": "F79.1"}),
    ],
    "rg06": [
        (
            {"diagnosis": 5, "icd10": "G40.9"},
            {"diagnosis": 5, "icd10": "F06.8"},
        ),
        (
            {"diagnosis": 6, "icd10": "F71.0"},
            {"diagnosis": 6, "icd10": "F71.1"},
        ),
    ],
    "rg18": [
        (
            {"past_treatment": 1, "treated": PERSON.treated, "admissions_count": 0},
            {"past_treatment": 2, "treated": PERSON.treated, "admissions_count": 0},
        ),
    ],
    "rg07": [({"diagnosed_at": "东镇卫生院"}, {"diagnosed_at": "示例市第四人民医院"})],
    "rg08": [({"onset": known(1988, 1, 1)}, {"onset": known(1990, 1, 1)})],
    "rg10": [
        ({"consent": None}, {"consent": 0}),
        ({"consent_on": None}, {}),
        ({"consent_on": day(2026, 11, 22)}, {"consent_on": day(2026, 11, 21)}),
    ],
    "rg21": [({"past_acts": None}, {"past_acts": 1 << 5}), ({"past_confinement": None}, {})],
    "FU-C1": [({"past_acts": 1 << 7 | 1 << 1}, {"past_acts": 1 << 1 | 1 << 5})],
    "st01": [
        ({"lifecycle": 3}, {"lifecycle": 3, "lifecycle_on": day(2024, 1, 1)}),
        (
            {"lifecycle": 2, "lifecycle_on": day(2024, 1, 1)},
            {"lifecycle": 2, "lifecycle_on": day(2024, 1, 1), "death_cause": 1},
        ),
        ({"death_cause": 1}, {}),
    ],
    "st02": [
        (
            {"lifecycle": 3, "lifecycle_on": day(2026, 11, 22)},
            {"lifecycle": 3, "lifecycle_on": day(2026, 11, 21)},
        ),
        (
            {"lifecycle": 3, "lifecycle_on": day(2020, 1, 5)},
            {"lifecycle": 3, "lifecycle_on": day(2020, 1, 6)},
        ),
        (
            {"lifecycle": 3, "lifecycle_on": day(2021, 1, 1), "onset": known(2021, 1, 2)},
            {"lifecycle": 3, "lifecycle_on": day(2021, 1, 2), "onset": known(2021, 1, 2)},
        ),
    ],
    "ex08": [({"residence": "东\ufffd镇"}, {"residence": "东镇囗字巷"})],
}


def fired(changes: dict[str, Any]) -> set[str]:
    row = PERSON._replace(**changes)
    return {check.id for check in register.SHEET.checks if check.test(row, AROUND) is not None}


def test_the_example_raises_no_question() -> None:
    assert fired({}) == set()


@pytest.mark.parametrize(
    ("check", "fires"), [(key, pair[0]) for key, pairs in CASES.items() for pair in pairs]
)
def test_it_fires(check: str, fires: dict[str, Any]) -> None:
    assert check in fired(fires)


@pytest.mark.parametrize(
    ("check", "near"), [(key, pair[1]) for key, pairs in CASES.items() for pair in pairs]
)
def test_it_is_silent_at_the_near_miss(check: str, near: dict[str, Any]) -> None:
    assert check not in fired(near)


def test_every_check_has_both_tests() -> None:
    assert {check.id for check in register.SHEET.checks} == set(CASES)


def faults(changes: dict[str, Any]) -> list[str]:
    return [fault.code for fault in register.faults(PERSON._replace(**changes))]


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"id_number": "99990119700505857"}, ["id-check"]),
        ({"id_number": "99990119700505857", "document_kind": 2}, []),
        ({"id_number": "999901197005058570"}, ["id-check"]),
        ({"id_number": "999901197013450017"}, ["id-check"]),
        ({"onset": known(1970, 3, 4)}, ["order"]),
        ({"onset": known(1970, 3, 5)}, []),
        ({"onset": Partial(day(1970, 1, 1), YEAR)}, []),
        ({"onset": Partial(day(1970, 2, 1), MONTH)}, ["order"]),
        ({"diagnosed": known(2009, 1, 31)}, ["order"]),
        ({"diagnosed": known(2009, 2, 1)}, []),
        ({"diagnosed": Partial(day(2009, 1, 1), YEAR)}, []),
        ({"diagnosed": Partial(day(2008, 1, 1), YEAR)}, ["order"]),
    ],
)
def test_what_cannot_be_true_of_a_person(changes: dict[str, Any], codes: list[str]) -> None:
    assert faults(changes) == codes


@pytest.mark.parametrize("number", ["1", "二", "9999٣", "x" * 40, "999901199001O17005", "1999-01-01"])
def test_a_number_without_the_shape_of_one_is_said_to_be_wrong_and_asked_nothing(number: str) -> None:
    """Birth, sex and province cannot be read from it; that must not break what is said."""
    assert not {"id03", "id04", "id05", "id06"} & fired({"id_number": number, "document_kind": None})
    assert "id-check" in faults({"id_number": number, "document_kind": None})


def across(*rows: PersonRow) -> list[tuple[int, str]]:
    return [(number, check[0]) for number, check, _ in register.across(enumerate(rows, 2))]


def test_same_name_and_birth_day_is_asked() -> None:
    assert across(PERSON, PERSON._replace(file_no="2", phone=None)) == [(3, "id12")]
    assert across(PERSON, PERSON._replace(file_no="2", birth_on=day(1970, 3, 6), phone=None)) == []


def test_a_phone_of_more_than_three_is_asked() -> None:
    people = [PERSON._replace(file_no=str(number), name=f"张{chr(0x4E00 + number)}") for number in range(4)]
    assert across(*people) == [(2, "id16"), (3, "id16"), (4, "id16"), (5, "id16")]
    assert across(*people[:3]) == []


def test_ages_are_completed_years() -> None:
    assert register.age(day(2000, 2, 29), day(2018, 2, 28)) == 17
    assert register.age(day(2000, 2, 29), day(2018, 3, 1)) == 18
