"""县级工作簿: which rows are refused and why, header handling, and what one sheet knows of another."""

from __future__ import annotations

from typing import Any

import pytest

from casemgr.forms import followup, register
from casemgr.forms.spec import REFUSALS
from casemgr.forms.workbook import SHEETS, BadWorkbook, Judge
from casemgr.terms.idnumber import check_digit
from tests.forms.example import (
    AREA,
    CASE,
    CHECKUP,
    COUNTY,
    DOSE,
    ELSEWHERE,
    HEADER_OF,
    NUMBER,
    PERSON,
    SESSION,
    SETTING,
    TODAY,
    TOWNSHIP,
    VILLAGE,
    VISIT,
    Shelf,
    cells,
    day,
    judged,
    known,
    problem,
    questions,
    refusals,
)

SECOND_BODY = "99990119800101002"
SECOND = PERSON._replace(
    file_no="101-00002",
    name="王某",
    id_number=SECOND_BODY + check_digit(SECOND_BODY),
    birth_on=day(1980, 1, 1),
    phone="10012345672",
    sex=2,
    onset=known(2009, 2, 1),
)


def with_cell(sheet: Any, row: Any, header: str, cell: Any) -> list[Any]:
    found = cells(sheet, row)
    found[HEADER_OF[sheet.title].index(header)] = cell
    return found


def person(header: str, cell: Any) -> list[tuple[int, str]]:
    return refusals(judged({"患者": [with_cell(register.SHEET, PERSON, header, cell)]})["患者"])


def visit(header: str, cell: Any, shelf: Shelf | None = None) -> list[tuple[int, str]]:
    row = with_cell(followup.SHEET, VISIT, header, cell)
    return refusals(judged({"患者": [PERSON], "随访": [row]}, shelf)["随访"])


def test_a_file_without_fault_is_taken_whole_and_without_question() -> None:
    verdicts = judged(
        {
            "机构与区划": [AREA],
            "患者": [PERSON],
            "随访": [VISIT],
            "长效针剂": [DOSE],
            "社区康复": [SESSION],
            "健康体检": [CHECKUP],
        }
    )
    assert [len(verdict.rows) for verdict in verdicts.values()] == [1] * 6
    assert [problem for verdict in verdicts.values() for problem in verdict.problems] == []
    assert verdicts["患者"].rows == [PERSON]
    assert verdicts["随访"].rows == [VISIT]


@pytest.mark.parametrize("header", ["档案编号", "姓名", "性别", "诊断", "建档日期", "管理单位代码"])
@pytest.mark.parametrize("cell", [None, "  "])
def test_missing_of_a_person(header: str, cell: Any) -> None:
    assert person(header, cell) == [(2, "missing")]


@pytest.mark.parametrize("header", ["出生日期", "证件号码", "知情同意", "在册状态", "初次发病时间"])
def test_what_a_person_may_lack(header: str) -> None:
    assert person(header, None) == []


@pytest.mark.parametrize(
    ("title", "row", "header"),
    [
        ("随访", VISIT, "档案编号"),
        ("随访", VISIT, "随访日期"),
        ("长效针剂", DOSE, "产品代码"),
        ("长效针剂", DOSE, "注射日期"),
        ("社区康复", SESSION, "日期"),
        ("社区康复", SESSION, "服务形式"),
        ("健康体检", CHECKUP, "体检日期"),
    ],
)
def test_missing_of_a_record(title: str, row: Any, header: str) -> None:
    sheet = next(sheet for sheet in SHEETS if sheet.title == title)
    verdict = judged({"患者": [PERSON], title: [with_cell(sheet, row, header, None)]})[title]
    assert refusals(verdict) == [(2, "missing")]


def test_identity_numbers() -> None:
    assert person("证件号码", NUMBER[:-1]) == [(2, "id-check")]
    assert person("证件号码", "９" + NUMBER[1:].lower() + " ") == []
    assert person("证件号码", 9.99901197003050e17) == [(2, "id-damaged")]
    assert person("证件号码", "9.99901E+17") == [(2, "id-damaged")]


def test_the_later_of_two_people_with_one_number() -> None:
    twin = SECOND._replace(id_number=NUMBER)
    assert refusals(judged({"患者": [PERSON, twin]})["患者"]) == [(3, "duplicate-person")]
    assert refusals(judged({"患者": [PERSON, SECOND]})["患者"]) == []
    gone = PERSON._replace(lifecycle=3, lifecycle_on=day(2024, 1, 1))
    assert refusals(judged({"患者": [gone, twin]})["患者"]) == []
    assert refusals(judged({"患者": [twin, gone]})["患者"]) == []


def test_a_refused_row_holds_no_number() -> None:
    wrong = PERSON._replace(registered_on=TODAY + 1)
    assert refusals(judged({"患者": [wrong, SECOND._replace(id_number=NUMBER)]})["患者"]) == [(2, "future")]


def test_the_register_may_hold_the_number() -> None:
    assert refusals(judged({"患者": [PERSON]}, Shelf(holders={NUMBER: "109-00009"}))["患者"]) == [
        (2, "duplicate-person")
    ]
    assert refusals(judged({"患者": [PERSON]}, Shelf(holders={NUMBER: PERSON.file_no}))["患者"]) == []


def test_the_file_itself_may_close_the_other_case() -> None:
    other = PERSON._replace(file_no="109-00009", lifecycle=3, lifecycle_on=day(2024, 1, 1))
    shelf = Shelf(holders={NUMBER: "109-00009"}, cases={"109-00009": CASE})
    assert refusals(judged({"患者": [other, PERSON]}, shelf)["患者"]) == []
    assert refusals(judged({"患者": [PERSON, other]}, shelf)["患者"]) == [(2, "duplicate-person")]


def test_the_same_file_number_twice() -> None:
    verdict = judged({"患者": [PERSON, SECOND._replace(file_no=PERSON.file_no)]})["患者"]
    assert refusals(verdict) == [(3, "duplicate-person")]
    assert problem(verdict, "duplicate-person").column == "档案编号"


def test_a_second_visit_on_one_day() -> None:
    again = VISIT._replace(mode=1)
    assert refusals(judged({"患者": [PERSON], "随访": [VISIT, again]})["随访"]) == [(3, "duplicate-visit")]
    assert (
        refusals(judged({"患者": [PERSON], "随访": [VISIT, again._replace(on=VISIT.on + 1)]})["随访"]) == []
    )


def test_a_refused_visit_takes_no_day() -> None:
    wrong = with_cell(followup.SHEET, VISIT, "危险性评估", 9)
    assert refusals(judged({"患者": [PERSON], "随访": [wrong, VISIT]})["随访"]) == [(2, "range")]


@pytest.mark.parametrize("header", ["出生日期", "初次发病时间", "确诊日期", "建档日期"])
def test_future_of_a_person(header: str) -> None:
    row = with_cell(register.SHEET, PERSON._replace(id_number=None), header, f"\x01{TODAY + 1}")
    assert (2, "future") in refusals(judged({"患者": [row]})["患者"])


def test_today_is_not_the_future() -> None:
    assert person("建档日期", f"\x01{TODAY}") == []
    assert person("知情同意时间", f"\x01{TODAY + 1}") == []


@pytest.mark.parametrize(
    ("title", "row"), [("随访", VISIT), ("长效针剂", DOSE), ("社区康复", SESSION), ("健康体检", CHECKUP)]
)
def test_future_of_a_record(title: str, row: Any) -> None:
    def code(on: int) -> list[tuple[int, str]]:
        return refusals(judged({"患者": [PERSON], title: [row._replace(on=on)]})[title])

    assert code(TODAY + 1) == [(2, "future")]
    assert code(TODAY) == []


def test_order_and_after_death() -> None:
    assert person("初次发病时间", "1969年") == [(2, "order")]
    assert person("初次发病时间", "1970年") == []
    assert visit("末次出院时间", "2026-03-06") == [(2, "order")]
    assert visit("末次出院时间", "2026-03") == []
    dead = PERSON._replace(lifecycle=2, lifecycle_on=day(2026, 3, 4), death_cause=1)
    for title, row, refused in (
        ("随访", VISIT, True),
        ("长效针剂", DOSE, True),
        ("社区康复", SESSION, True),
        ("健康体检", CHECKUP, False),
    ):
        expected = [(2, "after-death")] if refused else []
        assert refusals(judged({"患者": [dead], title: [row]})[title]) == expected
        alive_then = dead._replace(lifecycle_on=row.on)
        assert refusals(judged({"患者": [alive_then], title: [row]})[title]) == []


def test_a_death_in_the_register_counts_until_the_file_says_otherwise() -> None:
    shelf = Shelf(cases={PERSON.file_no: CaseDead})
    assert refusals(judged({"随访": [VISIT]}, shelf)["随访"]) == [(2, "after-death")]
    untold = PERSON._replace(lifecycle=None)
    assert refusals(judged({"患者": [untold], "随访": [VISIT]}, shelf)["随访"]) == [(2, "after-death")]
    assert refusals(judged({"患者": [PERSON], "随访": [VISIT]}, shelf)["随访"]) == []


CaseDead = type(CASE)(
    area=TOWNSHIP, registered_on=CASE.registered_on, died_on=day(2026, 1, 1), key=7, birth_year=1970
)


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("诊断", "感冒"),
        ("在册状态", "未知状态"),
        ("性别", "中"),
        ("建档日期", "2026-02-30"),
        ("监护补助", "1"),
    ],
)
def test_code_of_a_person(header: str, cell: Any) -> None:
    assert person(header, cell) == [(2, "code")]


@pytest.mark.parametrize(
    ("header", "cell", "code"),
    [
        ("用药依从性", "偶尔", "code"),
        ("用药依从性", "间断", None),
        ("危险性评估", 6, "range"),
        ("危险性评估", "5", None),
        ("肇事次数", -1, "range"),
        ("肇事次数", 0, None),
        ("长效药每次mg", 0, "range"),
        ("药物1早mg", 0, None),
    ],
)
def test_code_and_range_of_a_visit(header: str, cell: Any, code: str | None) -> None:
    assert visit(header, cell) == ([(2, code)] if code else [])


def test_unknown_case_unit_and_area() -> None:
    assert visit("档案编号", "123-99999") == [(2, "unknown-case")]
    assert person("管理单位代码", "U9") == [(2, "unknown-unit")]
    assert person("现住地区划代码", 999977100200) == [(2, "unknown-area")]
    assert person("现住地区划代码", "东镇") == [(2, "unknown-area")]
    assert person("现住地区划代码", VILLAGE) == []


def test_a_record_of_a_refused_person_has_no_case_unless_the_register_has_it() -> None:
    wrong = with_cell(register.SHEET, PERSON, "诊断", "感冒")
    assert refusals(judged({"患者": [wrong], "随访": [VISIT]})["随访"]) == [(2, "unknown-case")]
    shelf = Shelf(cases={PERSON.file_no: CASE})
    assert refusals(judged({"患者": [wrong], "随访": [VISIT]}, shelf)["随访"]) == []


def test_outside_the_own_township() -> None:
    shelf = Shelf(reach=(TOWNSHIP, TOWNSHIP + 1000), writes_areas=False)
    verdict = judged({"患者": [PERSON, SECOND._replace(unit_code="U2", village=ELSEWHERE)]}, shelf)["患者"]
    assert refusals(verdict) == [(3, "unknown-unit")]
    assert "辖区" in problem(verdict, "unknown-unit").message


def test_the_first_reason_names_the_row_and_the_others_are_told() -> None:
    row = with_cell(followup.SHEET, VISIT._replace(discharged=known(2026, 3, 9)), "肇事次数", -1)
    verdict = judged({"患者": [PERSON], "随访": [row]})["随访"]
    assert refusals(verdict) == [(2, "order")]
    assert "肇事次数：超出范围" in problem(verdict, "order").message
    places = sorted(HEADER_OF["随访"].index(name) for name in ("末次出院时间", "肇事次数"))
    assert problem(verdict, "order").places == tuple(places)


def test_a_problem_names_its_cell() -> None:
    verdict = judged({"患者": [PERSON], "随访": [with_cell(followup.SHEET, VISIT, "用药依从性", "偶尔")]})[
        "随访"
    ]
    found = problem(verdict, "code")
    assert (found.cell, found.row, found.column) == ("AB2", 2, "用药依从性")
    assert found.message.startswith("“用药依从性”的内容无法识别")


def test_every_code_of_the_contract_has_a_sentence_with_two_ways_out() -> None:
    assert list(REFUSALS) == [
        "missing",
        "id-check",
        "id-damaged",
        "duplicate-person",
        "duplicate-visit",
        "future",
        "order",
        "code",
        "unknown-case",
        "unknown-unit",
        "unknown-area",
        "after-death",
        "range",
    ]
    for sentence in [*REFUSALS.values(), *(check.says for sheet in SHEETS for check in sheet.checks)]:
        assert sentence.endswith("。")
        assert "请" in sentence
        assert "！" not in sentence
        assert any(way in sentence.partition("请")[2] for way in ("或", "；", "时，")), sentence


def test_a_refused_row_raises_no_question() -> None:
    row = with_cell(followup.SHEET, VISIT._replace(risk=3), "用药依从性", "偶尔")
    verdict = judged({"患者": [PERSON], "随访": [row]})["随访"]
    assert questions(verdict) == []


# --- areas and units ---


def area_rows(*rows: Any, shelf: Shelf | None = None) -> list[tuple[int, str]]:
    return refusals(judged({"机构与区划": list(rows)}, shelf)["机构与区划"])


NEW = AREA._replace(code=999901105000, name="新镇", unit_code="U5", unit_name="新镇卫生院")


def test_a_parent_may_stand_below_its_children() -> None:
    village = AREA._replace(code=999901105200, name="新村", level=5, parent=NEW.code, unit_code="U5")
    assert area_rows(village, NEW) == []
    assert area_rows(village) == [(2, "unknown-area")]
    nowhere = NEW._replace(parent=999977000000)
    assert area_rows(village, nowhere) == [(3, "unknown-area"), (2, "unknown-area")]


def test_people_of_a_new_unit() -> None:
    row = PERSON._replace(unit_code="U5", village=NEW.code)
    assert refusals(judged({"机构与区划": [NEW], "患者": [row]})["患者"]) == []


def test_one_area_told_twice() -> None:
    assert area_rows(NEW, NEW) == []
    assert area_rows(NEW, NEW._replace(name="别的镇")) == [(3, "unknown-area")]


def test_who_may_not_write_areas_may_still_bring_them_unchanged() -> None:
    shelf = Shelf(reach=(TOWNSHIP, TOWNSHIP + 1000), writes_areas=False)
    county = AREA._replace(
        code=COUNTY, name="示例县", level=3, parent=None, population=50_000, unit_code=None
    )
    assert area_rows(county, AREA, shelf=shelf) == []
    assert area_rows(AREA._replace(population=1), shelf=shelf) == [(2, "unknown-area")]
    assert area_rows(AREA._replace(unit_code="U7"), shelf=shelf) == [(2, "unknown-unit")]


def test_units_are_renamed_by_who_keeps_them() -> None:
    renamed = AREA._replace(unit_name="东镇中心卫生院")
    assert area_rows(renamed) == []
    doctor = Shelf(reach=(TOWNSHIP, TOWNSHIP + 1000), writes_areas=False)
    assert area_rows(renamed, shelf=doctor) == [(2, "unknown-unit")]
    far = Shelf(reach=(ELSEWHERE, ELSEWHERE + 1000))
    assert area_rows(renamed, shelf=far) == [(2, "unknown-unit")]
    assert area_rows(AREA, shelf=far) == []


def test_a_unit_is_opened_within_reach() -> None:
    shelf = Shelf(reach=(ELSEWHERE, ELSEWHERE + 1000))
    assert area_rows(AREA._replace(unit_code="U8"), shelf=shelf) == [(2, "unknown-unit")]
    own = AREA._replace(code=ELSEWHERE, name="西镇", unit_code="U8")
    assert area_rows(own, shelf=shelf) == []


def test_a_file_number_that_another_township_uses() -> None:
    shelf = Shelf(taken=frozenset({PERSON.file_no}))
    assert refusals(judged({"患者": [PERSON, SECOND]}, shelf)["患者"]) == [(2, "duplicate-person")]


def test_an_officer_writes_within_reach() -> None:
    shelf = Shelf(reach=(COUNTY, COUNTY + 10**6))
    assert area_rows(NEW, shelf=shelf) == []
    far = NEW._replace(code=999902105000, parent=None, unit_code=None)
    assert area_rows(far, shelf=shelf) == [(2, "unknown-area")]


def test_a_unit_does_not_wander_to_another_township() -> None:
    assert area_rows(AREA._replace(code=ELSEWHERE, name="西镇", unit_code="U1")) == [(2, "unknown-unit")]


# --- headers ---


def begun(header: list[Any]) -> Judge:
    judge = Judge(Shelf(cases={PERSON.file_no: CASE}), SETTING)
    for sheet in SHEETS[:2]:
        judge.begin(sheet, HEADER_OF[sheet.title])
        judge.finish()
    judge.begin(followup.SHEET, header)
    return judge


def test_columns_in_any_order_and_unknown_ones_reported() -> None:
    header = ["心情", "随访日期", None, " 档案编号 ", "本次随访形式"]
    judge = begun(header)
    judge.take([(2, ["好", "2026/3/5", "x", "101-00001", "家访"])])
    verdict = judge.finish()
    assert verdict.rows[0].mode == 2
    assert verdict.present == {"file_no", "on", "mode"}
    unknown = problem(verdict, "unknown-column")
    assert (unknown.row, unknown.column, unknown.level, unknown.cell) == (1, "心情", "warning", "A1")


def test_the_two_columns_of_the_refused_rows_are_not_reported() -> None:
    judge = begun(["档案编号", "随访日期", "行状态", "原因"])
    judge.take([(2, ["101-00001", "2026/3/5", "未导入", "…"])])
    assert "unknown-column" not in [found.code for found in judge.finish().problems]


def test_short_rows_are_rows() -> None:
    judge = begun(["档案编号", "随访日期", "随访形式"])
    judge.take([(2, ["101-00001", "2026/3/5"])])
    assert judge.finish().rows[0].mode is None


@pytest.mark.parametrize(
    ("header", "word"),
    [
        (["随访日期"], "缺少列：档案编号"),
        ([], "档案编号、随访日期"),
        (["档案编号", "随访日期", "随访日期"], "出现了两次"),
    ],
)
def test_a_header_that_cannot_be_used(header: list[Any], word: str) -> None:
    with pytest.raises(BadWorkbook) as bad:
        begun(header)
    assert bad.value.code == "header"
    assert word in bad.value.message


def test_columns_are_declared_in_the_order_of_the_row() -> None:
    for sheet in SHEETS:
        assert tuple(column.key for column in sheet.columns) == sheet.row._fields
        headers = [column.header for column in sheet.columns]
        assert len(set(headers)) == len(headers)
        for check in sheet.checks:
            assert check.column in headers, check.id
