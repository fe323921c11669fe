"""机关自备字体: an agency's own 仿宋 sets its 公文; without it, and for what it lacks, ours does."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from casemgr.reports.own_fonts import UnfitFont, licence_bits, own_fonts
from casemgr.reports.paper import Letter, document
from tests.reports.sample import township

pdf = pytest.importorskip("casemgr.reports.pdf", reason="WeasyPrint finds no Pango here", exc_type=OSError)

LETTER = Letter("示例县卫生健康局", "示卫", False, "2026-11-01")


def font(characters: str, bits: int) -> bytes:
    """A small font of squares, called Own, with these characters and these licence bits."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for corner in ((900, 0), (900, 800), (100, 800)):
        pen.lineTo(corner)
    pen.closePath()
    square = pen.glyph()
    names = [".notdef", *(f"uni{ord(one):04X}" for one in characters)]
    made = FontBuilder(1000, isTTF=True)
    made.setupGlyphOrder(names)
    made.setupCharacterMap({ord(one): name for one, name in zip(characters, names[1:], strict=True)})
    made.setupGlyf(dict.fromkeys(names, square))
    made.setupHorizontalMetrics(dict.fromkeys(names, (1000, 100)))
    made.setupHorizontalHeader(ascent=880, descent=-120)
    made.setupNameTable({"familyName": "Own", "styleName": "Regular", "psName": "Own"})
    made.setupOS2(fsType=bits)
    made.setupPost()
    target = BytesIO()
    made.font.save(target)
    return target.getvalue()


def fonts_of(content: bytes) -> set[str]:
    return {
        str(one.get_object()["/BaseFont"]).rpartition("+")[2]
        for page in PdfReader(BytesIO(content)).pages
        for one in page["/Resources"]["/Font"].values()
    }


def test_a_letter_is_set_in_the_agencys_font_and_a_table_never(tmp_path: Path) -> None:
    (tmp_path / "fangsong.ttf").write_bytes(font("截至年月日一二", 0))
    text = document(township(), "A", LETTER)
    plain = pdf.printed(text).content
    own = pdf.printed(text, fonts=tmp_path)
    assert own.missing == ()
    assert not any("Agency" in name for name in fonts_of(plain))
    assert any("Agency" in name for name in fonts_of(own.content))
    # What the small font lacks comes from ours.
    assert any("CaseMgr" in name for name in fonts_of(own.content))
    assert pdf.printed(text).content == plain
    assert not any(
        "Own" in name for name in fonts_of(pdf.printed(document(township(), "A"), fonts=tmp_path).content)
    )


def test_a_font_that_may_not_be_embedded_or_is_none_is_refused_with_a_way_out(tmp_path: Path) -> None:
    assert own_fonts(tmp_path) == {}
    file = tmp_path / "xiaobiaosong.ttf"
    file.write_bytes(font("一", 2))
    with pytest.raises(UnfitFont, match=r"不允许嵌入.*或删除它"):
        own_fonts(tmp_path)
    file.write_bytes(font("一", 8))
    assert own_fonts(tmp_path) == {"Agency XiaoBiaoSong": file}
    for broken in (b"", b"ttcf" + bytes(40), b"OTTO\0\5", font("一", 0)[:40]):
        file.write_bytes(broken)
        assert licence_bits(broken) is None
        with pytest.raises(UnfitFont, match="不是 TrueType 或 OpenType"):
            own_fonts(tmp_path)
