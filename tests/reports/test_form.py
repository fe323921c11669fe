"""Official forms on paper: every item is there, one sheet front and back, a new sheet for everybody."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from pypdf import PdfReader

from casemgr.forms.cell import Amount, Code, Codes, Flag, FullDay, Partial, PartialDay, Whole
from casemgr.forms.form import Field, Form, Moment, read
from casemgr.forms.registry import FORMS, form_named
from casemgr.reports.form import Letter, Paper, document, letter, listed, paper
from casemgr.terms.code import to_mask

pdf = pytest.importorskip("casemgr.reports.pdf", reason="WeasyPrint finds no Pango here", exc_type=OSError)

DAY = date(2026, 11, 21)
EVERY = [form for versions in FORMS.values() for form in versions]


HEAD = [("姓名", ""), ("编号", "")]


def blank(form: Form) -> str:
    return document([laid_out(form, {})], DAY)


def words(content: bytes) -> list[str]:
    return ["".join((page.extract_text() or "").split()) for page in PdfReader(BytesIO(content)).pages]


BEHIND = ("_text", "_other", "_count")


@pytest.mark.parametrize("form", EVERY, ids=lambda form: f"{form.name}-{form.version}")
def test_every_item_and_option_has_its_place(form: Form) -> None:
    empty = laid_out(form, {})
    text = "".join(blank(form).replace("&nbsp;", "").split())
    for each in form.fields:
        if not each.printed:
            assert laid_out(form, {each.key: value_of(each)}) == empty, each.key
            continue
        assert laid_out(form, {each.key: value_of(each)}) != empty, each.key
        if form.paper == "list" or each.key.startswith(("drug", "guide")):
            continue
        if not each.key.endswith(BEHIND):
            assert "".join(each.label.removeprefix(each.group).split()) in text, each.label
        if len(each.choices) <= 15:
            assert all("".join(label.split()) in text for _, label in each.choices), each.label


def laid_out(form: Form, values: dict[str, Any]) -> Paper:
    return listed(form, [values]) if form.paper == "list" else paper(form, values, HEAD)


def value_of(each: Field) -> Any:
    kind = each.kind
    value: Any = "甲"
    if isinstance(kind, Codes):
        value = to_mask([each.choices[-1][0]])
    elif isinstance(kind, Code):
        value = each.choices[-1][0]
    elif isinstance(kind, PartialDay):
        value = Partial(20_000, 2)
    elif isinstance(kind, Flag):
        value = True
    elif isinstance(kind, FullDay | Moment | Whole | Amount):
        value = 20_000
    return value


def test_the_largest_forms_fit_one_sheet() -> None:
    """All of them in one document: each begins on the front, so an odd page, and has at most two pages."""
    forms = [form_named(name) for name in ("followup", "report_card", "discharge", "resident", "supplement")]
    made = pdf.printed(document([paper(form, {}) for form in forms], DAY))
    pages = words(made.content)
    assert made.missing == ()
    starts = [
        index for index, text in enumerate(pages) for form in forms if f"{form.table}{form.title}" in text
    ]
    assert len(starts) == len(forms)
    assert all(index % 2 == 0 for index in starts)
    assert all(after - before == 2 for before, after in pairwise(starts))
    assert len(pages) - starts[-1] <= 2


def test_notes_share_a_page_with_what_they_are_about() -> None:
    for form in (form_named("clue"), form_named("supplement", "2017.1")):
        (only,) = words(pdf.printed(blank(form)).content)
        assert "填写：" in only


def test_an_option_is_not_torn_unless_it_is_long() -> None:
    html = document([paper(form_named("followup"), {})], DAY)
    assert '<span class="option short">7&nbsp;伤人毁物' in html
    long = "很" * 40
    filled = paper(form_named("followup"), {"symptoms": to_mask([12]), "symptoms_other": long})
    cells = [cell for band in filled.bands for row in band.rows for cell in row.cells]
    [other] = [one for cell in cells for one in cell.options if any(long in b.value for b in one.blanks)]
    assert not other.short


def test_what_was_filled_in_stands_there_and_nothing_else() -> None:
    form = form_named("followup")
    typed = {
        "on": ["2026-11-20"],
        "mode": ["2"],
        "risk": ["4"],
        "acts": ["5"],
        "self_harm_count": ["2"],
        "hospital": ["2"],
        "discharged": ["2026-10"],
        "drug1_name": ["利培酮片"],
        "drug1_evening_ug": ["2.5"],
    }
    html = document(
        [paper(form, read(form, typed, DAY).values, [("姓名", "陈测试"), ("编号", "001-00001")])], DAY
    )
    assert html.count("option chosen") == 4
    assert '<i class="box">4</i>' in html
    for text in ("2026年11月20日", "2026年10月", "利培酮片", "2.5", "陈测试"):
        assert f">{text}<" in html
    assert "陈测试" not in html[: html.index("<body>")]
    assert document([paper(form, {})], DAY).count("chosen") == 0


def test_a_village_in_one_file_and_a_rare_character_is_drawn() -> None:
    form = form_named("followup")
    people = [
        paper(form, {}, [("姓名", name), ("编号", f"001-0000{number}")])
        for number, name in enumerate("堃喆犇", 1)
    ]
    made = pdf.printed(document(people, DAY))
    assert made.missing == ()
    pages = words(made.content)
    assert len(pages) >= 5
    assert [text.count("001-0000") for text in pages[::2]] == [1, 1, 1]


def test_what_people_typed_is_no_markup() -> None:
    html = document([paper(form_named("consent"), {"name": "<b>甲</b>"})], DAY)
    assert "<b>甲" not in html


def test_a_list_has_a_line_for_everybody_and_room_for_more() -> None:
    form = form_named("clue")
    html = document([listed(form, [{"name": "陈测试", "signs": 2 + 512}])], DAY)
    assert ">1、9<" in html and ">陈测试<" in html
    assert html.count("<tr>") == 1 + 14


def test_papers_of_the_same_body_are_the_same_pages_however_they_are_laid_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    form = form_named("followup")
    people = ("赵试验", "阿卜杜热合曼·买买提", "钱试验")
    text = document(
        [paper(form, {}, (("姓名", name), ("编号", f"100-{one}"))) for one, name in enumerate(people)], DAY
    )
    together = pdf.printed(text)
    assert together.pages == 6
    monkeypatch.setattr(pdf, "_laid_out", pdf._rendered)
    assert pdf.printed(text).content == together.content


def test_a_head_that_takes_more_room_is_laid_out_with_its_own_body(monkeypatch: pytest.MonkeyPatch) -> None:
    form = form_named("followup")
    text = document([paper(form, {}, (("姓名", name),)) for name in ("赵试验", "很" * 70)], DAY)
    together = pdf.printed(text)
    monkeypatch.setattr(pdf, "_laid_out", pdf._rendered)
    assert pdf.printed(text).content == together.content


def test_a_letter_is_one_page_titled_by_its_kind() -> None:
    facts = (("姓名", "<b>赵试验</b>"),)
    told = Letter("失访告知书", "公安派出所", ("如下：",), facts, ("请协助。",), "东镇卫生院", DAY, "依据 X")
    made = pdf.printed(letter(told))
    [page] = PdfReader(BytesIO(made.content)).pages
    words = page.extract_text().replace(" ", "")
    assert "公安派出所：" in words and "<b>赵试验</b>" in words and "签收人" in words
    assert made.missing == ()
