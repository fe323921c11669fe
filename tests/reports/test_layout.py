"""版面: what may stand alone on a page and what may not, and which face a character is set in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from pypdf import PdfReader

from casemgr.reports import handed
from casemgr.reports.monthly import document
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
