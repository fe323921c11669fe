"""Forms as Excel sheets: written, filled, read again through the same reading as a page."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from casemgr.forms.form import Form, read
from casemgr.forms.registry import FORMS, form_named
from casemgr.forms.sheet import DATA, GUIDE, LISTS, read_sheet, template
from casemgr.forms.workbook import BadWorkbook

TODAY = date(2026, 11, 21)
EVERY = [form for versions in FORMS.values() for form in versions]


def filled(form: Form, *lines: dict[str, Any]) -> bytes:
    book = openpyxl.load_workbook(BytesIO(template(form)))
    page = book[DATA]
    place = {cell.value: cell.column for cell in page[1]}
    for number, line in enumerate(lines, 2):
        for label, value in line.items():
            page.cell(number, place[label]).value = value
    out = BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("form", EVERY, ids=lambda form: f"{form.name}-{form.version}")
def test_every_form_has_a_sheet_with_its_columns_and_lists(form: Form) -> None:
    book = openpyxl.load_workbook(BytesIO(template(form)))
    assert book.sheetnames == [GUIDE, DATA, LISTS]
    header = [cell.value for cell in book[DATA][1]]
    own = ["档案编号"] if all(each.label != "档案编号" for each in form.fields) else []
    assert header == own + [each.label for each in form.fields]
    assert len(set(header)) == len(header)
    assert book[DATA].max_row == 1
    rules = book[DATA].data_validations.dataValidation
    coded = [each for each in form.fields if each.widget in ("radio", "select")]
    assert len(rules) == len(coded)
    guide = "".join(str(cell.value) for row in book[GUIDE].iter_rows() for cell in row)
    assert all(each.label in guide for each in form.fields)


def test_labels_codes_dates_and_numbers_are_read() -> None:
    form = form_named("followup")
    line = {
        "档案编号": "001-00001",
        "随访日期": date(2026, 11, 20),
        "本次随访形式": "家庭访视",
        "危险性评估": 0,
        "目前症状": "幻觉，猜疑",
        "自知力": "2",
        "末次出院时间": "2026-10",
        "两次随访期间住院情况": "曾住院,现未住院",
        "药物1名称": "利培酮",
        "药物1晚": 2.5,
        "本次随访分类": "基本稳定",
        "下次随访日期": "2026-12-04",
        "精神症状是否明显": "否",
    }
    found, lines = read_sheet(filled(form, line), TODAY, "followup")
    assert found is form
    assert (lines[0].row, lines[0].file_no, dict(lines[0].filled.problems)) == (2, "001-00001", {})
    typed = {
        "on": ["2026-11-20"],
        "mode": ["2"],
        "risk": ["0"],
        "symptoms": ["1", "3"],
        "insight": ["2"],
        "hospital": ["2"],
        "discharged": ["2026-10"],
        "drug1_name": ["利培酮"],
        "drug1_evening_ug": ["2.5"],
        "stability": ["2"],
        "next_on": ["2026-12-04"],
        "evident_symptoms": ["否"],
    }
    assert lines[0].filled.values == read(form, typed, TODAY).values


def test_the_same_conditions_hold_in_a_sheet() -> None:
    form = form_named("followup")
    line = {
        "随访日期": "2026-11-20",
        "本次随访形式": "电话",
        "目前症状": "其他",
        "若失访，原因": "走失",
        "躯体疾病": "肿瘤",
    }
    problems = read_sheet(filled(form, line), TODAY)[1][0].filled.problems
    assert set(problems) == {"symptoms_other", "death_disease"}


def test_an_id_number_that_became_a_number_is_not_taken() -> None:
    form = form_named("resident")
    card = form_named("report_card")
    assert read_sheet(filled(form, {"姓名": "陈测试"}), TODAY)[1][0].filled.values == {"name": "陈测试"}
    wrong = read_sheet(filled(card, {"患者姓名": "陈测试", "证件号码": 999901199001010017}), TODAY)[1][0]
    assert "末几位已丢失" in wrong.filled.problems["id_number"]


def test_a_sheet_written_from_values_is_read_as_the_same_values() -> None:
    form = form_named("emergency")
    typed = {
        "name": ["陈测试"],
        "started_at": ["2026-11-20T09:30"],
        "causes": ["1", "3"],
        "loss": ["350.5"],
        "on": ["2026-11-20"],
    }
    values = read(form, typed, TODAY).values
    line = read_sheet(template(form, [("001-00001", values)]), TODAY)[1][0]
    assert line.filled.values == values


def test_other_files_are_refused_with_a_sentence() -> None:
    with pytest.raises(BadWorkbook) as other:
        read_sheet(template(form_named("consent")), TODAY, "followup")
    assert "与所选的表单不同" in other.value.message
    book = openpyxl.load_workbook(BytesIO(template(form_named("consent"))))
    book[GUIDE]["B1"] = "nothing"
    out = BytesIO()
    book.save(out)
    with pytest.raises(BadWorkbook) as altered:
        read_sheet(out.getvalue(), TODAY)
    assert "标识被改动" in altered.value.message
    with pytest.raises(BadWorkbook):
        read_sheet(b"PK\x03\x04 nothing", TODAY)
