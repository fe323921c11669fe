"""检验项目: units are converted only by the factors of the list; whatever else is written is asked about."""

from __future__ import annotations

from decimal import Decimal

import pytest

from casemgr.rules.laboratory import SCALE, Unclear, by_key, normal_unit, range_of, shown, value_of
from casemgr.rules.laboratory import tests as every
from casemgr.terms.lists import lines
from casemgr.terms.rulebook import STATUSES


@pytest.mark.parametrize(
    ("test", "text", "unit", "value"),
    [
        ("wbc", "4.2", "10⁹/L", 4_200),
        ("wbc", "4.2", "×10^9/l", 4_200),
        ("wbc", "４.２", "10^9/L", 4_200),
        ("wbc", "4200", "/µL", 4_200),
        ("wbc", "4200", "/ul", 4_200),
        ("lithium_level", "0.8", "mEq/L", 800),
        ("valproate_level", "500", "μmol/L", 72_105),
        ("glucose", "126", "mg/dL", 6_994),
        ("weight", "120", "斤", 60_000),
        ("systolic", "16", "kPa", 120_010),
        ("creatinine", "1.0", "mg/dL", 88_400),
        ("prolactin", "28.3", "ug/L", 28_300),
    ],
)
def test_values(test: str, text: str, unit: str, value: int) -> None:
    assert value_of(by_key()[test], text, unit) == value


@pytest.mark.parametrize(
    ("test", "text", "unit", "says"),
    [
        ("wbc", "4.2", "", "没有写单位"),
        ("wbc", "4.2", "g/dL", "不认识"),
        ("prolactin", "600", "mIU/L", "不认识"),
        ("wbc", "4200", "10⁹/L", "单位选错"),
        ("wbc", "4,2", "10⁹/L", "数字"),
        ("wbc", "<0.5", "10⁹/L", "数字"),
        ("wbc", "1e3", "10⁹/L", "数字"),
        ("wbc", "", "10⁹/L", "数字"),
        ("wbc", "4.2345", "10⁹/L", "小数"),
        ("clotting", "12", "s", "只选择结论"),
    ],
)
def test_what_is_asked(test: str, text: str, unit: str, says: str) -> None:
    with pytest.raises(Unclear, match=says):
        value_of(by_key()[test], text, unit)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", (None, None)),
        ("3.5-9.5", (3_500, 9_500)),
        ("3.5～9.5", (3_500, 9_500)),
        ("<10", (None, 10_000)),
        ("≥1.8", (1_800, None)),
    ],
)
def test_ranges(text: str, found: tuple[int | None, int | None]) -> None:
    assert range_of(by_key()["wbc"], text, "10⁹/L") == found


def test_ranges_are_converted_with_their_value() -> None:
    assert range_of(by_key()["glucose"], "70-110", "mg/dL") == (3_886, 6_106)
    for wrong in ("3.5", "9-3", "1.2.3-4", "正常", "0-99999999", "<9999999999999999999999999999"):
        with pytest.raises(Unclear):
            range_of(by_key()["wbc"], wrong, "10⁹/L")


def test_numbers_are_shown_as_people_write_them() -> None:
    assert [shown(one) for one in (0, 900, 4_200, 60_000, 100_000, 64_305)] == [
        "0",
        "0.9",
        "4.2",
        "60",
        "100",
        "64.305",
    ]


def test_the_lists_are_whole() -> None:
    assert len({one.code for one in every()}) == len({one.key for one in every()}) == len(every())
    items = {(line["drug"] if line["item"] == "level" else "", line["item"]) for line in lines("monitoring")}
    assert items <= {(one.drug, one.item) for one in every()}, "every test asked for can be entered"
    alerts = {(line["drug"], line["item"]) for line in lines("critical_values")} - {
        ("second_generation", "weight_gain")
    }
    for drug, item in alerts:
        assert any(one.alert == item and one.drug in ("", drug) for one in every()), (drug, item)
    for line in lines("critical_values"):
        known = [one for one in every() if one.alert == line["item"] and one.drug in ("", line["drug"])]
        assert all(one.unit == line["unit"] for one in known), line["item"]
    for line in lines("laboratory_units"):
        assert Decimal(line["factor"]) > 0
        assert line["source"]
        assert line["test"] in by_key()
    for one in every():
        assert not one.unit or one.units[0] == one.unit
        assert len({normal_unit(unit) for unit in one.units}) >= bool(one.unit)
        if one.least is not None and one.most is not None:
            assert 0 <= one.least < one.most
            assert one.most * SCALE < 2**31
    assert all(line["status"] in STATUSES for line in (*lines("laboratory"), *lines("watched_drugs")))
