"""单元格: every spelling of the contract, and what is no spelling."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casemgr.forms import cell
from casemgr.forms.cell import DAY, MONTH, YEAR, Partial, Unfit, days
from casemgr.terms.followup import Grade, HospitalState, Informant, Symptom
from casemgr.terms.risk import RiskLevel, Stability

FIFTH = days(date(2026, 3, 5))


@pytest.mark.parametrize(
    "raw",
    [
        f"\x01{FIFTH}",
        "2026-03-05",
        "2026/3/5",
        "2026年3月5日",
        "20260305",
        20260305,
        20260305.0,
        " ２０２６－０３－０５ ",
        "2026.3.5",
        "2026-03-05 00:00:00",
        "2026-03-05T08:30",
        "2026年03月05日\u3000",
    ],
)
def test_spellings_of_a_day(raw: Any) -> None:
    assert cell.FullDay().read(raw) == FIFTH
    assert cell.PartialDay().read(raw) == Partial(FIFTH, DAY)


@pytest.mark.parametrize(
    ("raw", "year", "month", "precision"),
    [
        ("2019年", 2019, 1, YEAR),
        ("2019", 2019, 1, YEAR),
        (2019, 2019, 1, YEAR),
        ("2019-05", 2019, 5, MONTH),
        ("2019年5月", 2019, 5, MONTH),
        ("2019/5", 2019, 5, MONTH),
        (f"\x01{days(date(2019, 5, 1))}m", 2019, 5, MONTH),
        (f"\x01{days(date(2019, 1, 1))}y", 2019, 1, YEAR),
    ],
)
def test_dates_known_to_the_year_or_month(raw: Any, year: int, month: int, precision: int) -> None:
    assert cell.PartialDay().read(raw) == Partial(days(date(year, month, 1)), precision)


@pytest.mark.parametrize(
    "raw", ["2019年", "2019-05", "待定", "2026-02-30", "26-03-05", 46086, "2026-13-01", "1-2-3"]
)
def test_what_is_no_day(raw: Any) -> None:
    with pytest.raises(Unfit) as unfit:
        cell.FullDay().read(raw)
    assert unfit.value.code == "code"


@pytest.mark.parametrize("raw", ["2026-02-30", "11月31日", 46086, "0019年", "2301-01-01", "不详"])
def test_what_is_no_partial_date(raw: Any) -> None:
    with pytest.raises(Unfit):
        cell.PartialDay().read(raw)


def test_a_partial_date_spans_its_days() -> None:
    assert Partial(days(date(2020, 1, 1)), YEAR).last == days(date(2020, 12, 31))
    assert Partial(days(date(2020, 2, 1)), MONTH).last == days(date(2020, 2, 29))
    assert Partial(days(date(2020, 12, 1)), MONTH).last == days(date(2020, 12, 31))
    assert Partial(FIFTH, DAY).last == FIFTH


@given(st.dates(date(1900, 3, 1), date(2199, 12, 31)), st.sampled_from([YEAR, MONTH, DAY]))
def test_a_partial_date_survives_writing_and_reading(when: date, precision: int) -> None:
    first = (
        when.replace(month=1, day=1)
        if precision == YEAR
        else when.replace(day=1)
        if precision == MONTH
        else when
    )
    value = Partial(days(first), precision)
    written = cell.PartialDay().write(value)
    raw = f"\x01{int(written)}" if isinstance(written, cell.ExcelDay) else written
    assert cell.PartialDay().read(raw) == value  # type: ignore[arg-type]


@pytest.mark.parametrize("raw", ["稳定", "3", 3, 3.0, "３", " 稳 定 ", "病情稳定"])
def test_a_label_or_its_code(raw: Any) -> None:
    assert cell.Code(Stability).read(raw) == Stability.STABLE


def test_a_label_with_a_comma_is_one_label() -> None:
    assert cell.Code(HospitalState).read("曾住院,现未住院") == HospitalState.EARLIER
    assert cell.Code(HospitalState).read("曾住院，现未住院") == HospitalState.EARLIER


def test_a_code_left_out_of_the_list_is_refused() -> None:
    assert cell.Code(Grade).read("此项不适用") == Grade.NOT_APPLICABLE
    with pytest.raises(Unfit):
        cell.Code(Grade, without=frozenset({9})).read("此项不适用")


@pytest.mark.parametrize(
    ("raw", "code"), [("9", "range"), (6, "range"), ("6级", "range"), ("-1", "range"), ("高", "code")]
)
def test_a_level_beyond_the_grades_is_out_of_range_a_word_is_none(raw: Any, code: str) -> None:
    with pytest.raises(Unfit) as unfit:
        cell.Level(RiskLevel).read(raw)
    assert unfit.value.code == code
    assert cell.Level(RiskLevel).read("5级") == 5


@pytest.mark.parametrize(
    "raw",
    [
        "幻觉,孤僻懒散",
        "幻觉，孤僻懒散",
        "幻觉、孤僻懒散",
        "幻觉;孤僻懒散",
        "1,11",
        "1|11",
        "孤僻懒散/幻觉",
        "幻觉,,孤僻懒散,",
    ],
)
def test_several_entries(raw: str) -> None:
    assert cell.Codes(Symptom).read(raw) == (1 << 1 | 1 << 11)


def test_a_label_that_holds_the_separator() -> None:
    kind = cell.Codes(Informant)
    assert kind.read("患者家属、监护人") == 1 << 2
    assert kind.read("患者本人、患者家属、监护人") == (1 << 1 | 1 << 2)
    assert kind.read(kind.write(1 << 1 | 1 << 2 | 1 << 3) or "") == (1 << 1 | 1 << 2 | 1 << 3)
    with pytest.raises(Unfit):
        kind.read("患者本人,邻居")


@given(st.sets(st.sampled_from(list(Symptom)), min_size=1))
def test_several_entries_survive_writing_and_reading(symptoms: set[Symptom]) -> None:
    mask = sum(1 << symptom for symptom in symptoms)
    assert cell.Codes(Symptom).read(cell.Codes(Symptom).write(mask) or "") == mask


@pytest.mark.parametrize(
    ("raw", "value"), [("是", True), ("否", False), ("有", True), ("无", False), ("TRUE", True)]
)
def test_yes_and_no(raw: str, value: bool) -> None:
    assert cell.Flag().read(raw) is value


@pytest.mark.parametrize("raw", [1, 0, "1", "2", "也许"])
def test_a_digit_is_neither_yes_nor_no(raw: Any) -> None:
    with pytest.raises(Unfit):
        cell.Flag().read(raw)


@pytest.mark.parametrize(
    ("raw", "value"), [(37.5, 37_500), ("37.5", 37_500), ("３７．５", 37_500), ("100mg", 100_000), (0.001, 1)]
)
def test_amounts_in_thousandths(raw: Any, value: int) -> None:
    assert cell.Amount("mg").read(raw) == value
    assert cell.Amount("mg").read(cell.Amount("mg").write(value) or 0) == value


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (-5, "range"),
        (0, "range"),
        (0.0001, "range"),
        (9e9, "range"),
        ("很多", "code"),
        ("NaN", "code"),
        ("1e", "code"),
    ],
)
def test_amounts_that_cannot_be(raw: Any, code: str) -> None:
    with pytest.raises(Unfit) as unfit:
        cell.Amount("mg", zero=False).read(raw)
    assert unfit.value.code == code


def test_zero_is_an_amount_where_a_part_of_the_day_may_be_without() -> None:
    assert cell.Amount("mg").read(0) == 0


@pytest.mark.parametrize(
    ("raw", "code"), [(-1, "range"), (1.5, "range"), (40_000, "range"), ("两次", "code")]
)
def test_counts_that_cannot_be(raw: Any, code: str) -> None:
    with pytest.raises(Unfit) as unfit:
        cell.Whole().read(raw)
    assert unfit.value.code == code


@pytest.mark.parametrize(
    "raw", [9.99902197e17, 999901197005058573, "9.99902E+17", "9.99902e17", f"\x01{FIFTH}"]
)
def test_a_damaged_id_number(raw: Any) -> None:
    with pytest.raises(Unfit) as unfit:
        cell.DocumentNumber().read(raw)
    assert unfit.value.code == "id-damaged"


def test_an_id_number_is_mended() -> None:
    assert cell.DocumentNumber().read(" 99990119700505857ｘ ") == "99990119700505857X"


@pytest.mark.parametrize("raw", ['=HYPERLINK("x")', "+86", "-无", "@cmd|' /C calc'!A0"])
def test_a_cell_that_begins_like_a_formula_is_text(raw: str) -> None:
    assert cell.Text().read(raw) == raw
    assert cell.Text().write(raw) == raw


def test_blanks_around_a_text_go_those_within_stay() -> None:
    assert cell.Text().read("\u3000 武 嘉杰\t") == "武 嘉杰"
    assert cell.Text().read("   ") is None
    assert cell.Text().read("\U0002017f䶮") == "\U0002017f䶮"


def test_a_text_has_its_limit() -> None:
    with pytest.raises(Unfit) as unfit:
        cell.Mark(5).read("123456")
    assert unfit.value.code == "range"


@pytest.mark.parametrize("raw", ["999901100000", 999901100000, 999901100000.0, "９９９９０１１０００００"])
def test_area_codes(raw: Any) -> None:
    assert cell.AreaCode().read(raw) == 999901100000


@pytest.mark.parametrize("raw", ["9999011", "东镇", "09990110000０", 1])
def test_what_is_no_area_code(raw: Any) -> None:
    with pytest.raises(Unfit) as unfit:
        cell.AreaCode().read(raw)
    assert unfit.value.code == "unknown-area"


def test_blood_pressure() -> None:
    assert cell.Pressure().read("１２０／８０") == (120, 80)
    assert cell.Pressure().write((120, 80)) == "120/80"
    with pytest.raises(Unfit):
        cell.Pressure().read("120")
