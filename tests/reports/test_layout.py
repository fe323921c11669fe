"""版面: what may stand alone on a page and what may not, and which face a character is set in."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from pypdf import PdfReader

from casemgr.reports import handed, paper
from casemgr.reports.figures import Course as Line
from casemgr.reports.figures import PeriodFigures, Point
from casemgr.reports.form import Letter, letter
from casemgr.reports.monthly import document, whole
from tests.reports.sample import RATES, county, township

pdf = pytest.importorskip("casemgr.reports.pdf", reason="WeasyPrint finds no Pango here", exc_type=OSError)

NOWHERE = "http://127.0.0.1:8000/reports/verify"
ROWS = 9


def pages(html: str) -> list[str]:
    made = PdfReader(BytesIO(pdf.printed(html).content))
    return ["".join(page.extract_text().split()) for page in made.pages]


def block(number: int, fill: int) -> str:
    """A page that is filled with ``fill`` lines before a table, its note and who signs it."""
    lines = "<p class='text'>字</p>" * fill
    rows = "".join(f"<tr><th>行{row}</th><td>{number}</td></tr>" for row in range(1, ROWS + 1))
    return (
        f"<h2 class='page'>第{number}节</h2>{lines}<table class='grid'><caption>题</caption>"
        f"<thead><tr><th>表头</th><th>数</th></tr></thead><tbody>{rows}</tbody></table>"
        "<p class='note'>注：一。</p><p class='note'>核验：二。</p><div class='sign'><p>签名</p></div>"
    )


def test_neither_a_row_nor_a_note_nor_a_signature_stands_alone_wherever_the_page_ends() -> None:
    html = "".join(block(number, fill) for number, fill in enumerate(range(17, 39), 1))
    found = pages(f'<html lang="zh-CN"><title>t</title><body>{html}</body></html>')
    split = 0
    for text in found:
        rows = text.count("行")
        if "节" not in text:
            # What comes over from the page before: its head again, three rows at least, what belongs to them.
            assert "表头" in text
            assert rows >= 3
            split += rows < ROWS
        assert rows == 0 or ("表头" in text and rows >= 3), text
        assert not {"注：", "核验：", "签名"} & {text[:2], text[:3]}
        assert ("注：" in text) == ("核验：" in text) == ("签名" in text) == (f"行{ROWS}" in text)
    assert split > 2


def test_no_page_of_a_report_is_empty_but_for_notes() -> None:
    # As many further readings as make the last table end near the foot of a page.
    for further in (8, 17):
        others = tuple(replace(RATES[6], key=f"IND-03.STD-{place}") for place in range(further))
        found = pages(document(replace(township(), rates=(*RATES[:6], *others)), NOWHERE))
        assert all("签名" in text or text.count("%") > 2 or "附表1" in text for text in found)
        assert "附表2" in found[-1] or found[-1].count("IND-03.STD-") >= 3
        assert "单位负责人" in found[0]


@pytest.mark.parametrize("wide", [False, True])
def test_lists_handed_out_carry_the_same_marks_on_each_page_and_no_signature_alone(wide: bool) -> None:
    mark = "某单位某人2026-11-22"
    for count in (22, 31):
        rows = tuple((str(number), f"项{number}号") for number in range(1, count + 1))
        table = handed.HandedTable("清单", ("序号", "项目"), rows, frozenset({0}))
        sheet = handed.Handed(
            "提供单", "一号", "某单位", (("事由", "某事"),), ("正文。",), (table,), ("结语。",), "某单位",
            date(2026, 11, 22), mark, landscape=wide,
        )  # fmt: skip
        found = pages(handed.document(sheet))
        # The foot carries the mark once more.
        assert {text.count(mark) for text in found} == {(4 if wide else 6) + 1}
        assert "经办人" in found[-1]
        assert "结语" in found[-1]
        assert all("序号" in text and text.count("项") - text.count("项目") >= 3 for text in found)


def faces(html: str) -> set[str]:
    """The font programs of a document, without the mark of the subset."""
    reader = PdfReader(BytesIO(pdf.printed(html).content))
    return {
        str(font.get_object()["/BaseFont"]).rpartition("+")[2]
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()
    }


def test_a_character_that_only_the_regular_face_has_is_set_in_it_also_in_bold_text() -> None:
    page = '<html lang="zh-CN"><title>{0}</title><body><h1>{0}</h1></body></html>'
    assert faces(page.format("乡")) == {"CaseMgr-Sans", "CaseMgr-Sans-Bold"}
    # The number of the page is regular. Held for the bold face, the sign would be drawn as another.
    assert faces(page.format("䂖")) == {"CaseMgr-Sans"}
    made = PdfReader(BytesIO(pdf.printed(page.format("䂖乡&amp;镇")).content))
    assert made.pages[0].extract_text().startswith("䂖乡&镇")
    assert made.metadata is not None
    assert made.metadata.title == "䂖乡&镇"


def test_papers_without_rare_characters_are_left_as_they_are() -> None:
    text = document(county(), NOWHERE)
    assert pdf._thinned(text) is text
    assert (
        pdf._thinned('<p title="䂖">䂖䂖&lt;</p>') == '<p title="䂖"><span class="thin">䂖䂖</span>&lt;</p>'
    )


def edges(html: str, kind: str = "TableBox") -> list[tuple[float, float]]:
    """(right edge, edge of the type area) of every table, or other boxes, in pixels."""
    found = []
    for page in pdf._rendered(html).pages:
        box = page._page_box
        edge = box.content_box_x() + box.width
        found += [
            (one.border_box_x() + one.border_width(), edge)
            for one in box.descendants()
            if type(one).__name__ == kind
        ]
    return found


def test_no_table_sticks_out_of_the_type_area_of_a_quarterly_paper() -> None:
    month = county(4)
    points = (Point(123456, 234567, "52.63"),) * 3
    course = tuple(Line(one.key, one.name, one.unit, points) for one in month.official)
    quarter = PeriodFigures(
        "quarterly", "2026-Q3", month, "上季末", (), ("7月", "8月", "9月"), course, (), ()
    )  # fmt: skip
    written = paper.Letter("示例县卫生健康局", "示卫精防", True, "2026-11-22")
    for text in (paper.document(quarter, NOWHERE), paper.document(quarter, NOWHERE, written)):
        found = edges(text)
        assert len(found) > 6
        assert all(right <= edge + 1 for right, edge in found)
    # The annex counts from one as well.
    assert text.index("一、主要指标") < text.index("二、各月进展")


@pytest.mark.parametrize("length", [3, 15, 16, 26, 40])
def test_the_agency_stands_above_the_day_and_inside_the_type_area(length: int) -> None:
    text = paper.document(township(), NOWHERE, paper.Letter("示" * length, "", False, "2026-11-22"))
    (signed,) = re.findall(r'<div class="signed">.*?</div></div>', text, re.DOTALL)
    page = f'<html lang="zh-CN"><title>t</title><body class="official"><section class="letter">{signed}'
    found = edges(f"{page}</section></body></html>", "TextBox")
    assert len(found) >= 2
    assert all(right <= edge + 1 for right, edge in found)


def test_no_name_of_a_rule_and_no_number_is_torn() -> None:
    assert whole("见IND-05.MED-LAST、<GF2018-7.16>。") == (
        '见<span class="kept">IND-05.MED-LAST</span>、&lt;<span class="kept">GF2018-7.16</span>&gt;。'
    )
    assert whole("没有 A-") == "没有 A-"
    assert handed.unbroken("3级（2026-10-12）<b>") == ('3级<span class="kept">（2026-10-12）</span>&lt;b&gt;')
    assert handed.unbroken("十二号楼501室") == "十二号楼501室"


def test_a_letter_of_many_lines_counts_its_pages_and_ends_with_lines_above_the_signature() -> None:
    told = (
        "示例镇卫生院 精防医生；目的：随访；内容：姓名、证件号码、出生日期、电话、户籍地址、住址、监护人信息",
    )
    for count in (13, 16):
        facts = tuple((f"第{number}项", *told) for number in range(count))
        found = pages(
            letter(
                Letter("清单", "某人", ("如下：",), facts, ("结语。",), "某院", date(2026, 11, 22), "依据")
            )
        )
        assert all(f"第{at}页共{len(found)}页" in text for at, text in enumerate(found, 1))
        assert len(found) > 1
        assert found[-1].count("项示例镇") >= 3
        assert "结语" in found[-1] and "签收人" in found[-1]
