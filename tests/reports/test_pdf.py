"""打印: the finished file — same bytes, tagged, no way out, nothing personal, every page marked."""

from __future__ import annotations

import logging
import struct
import zlib
from base64 import b64encode
from functools import cache
from io import BytesIO

import pytest
from pypdf import PdfReader

from casemgr.reports.figures import code_of, digest_of
from casemgr.reports.marks import claim_of
from casemgr.reports.monthly import document
from tests.reports.sample import county, township

pdf = pytest.importorskip("casemgr.reports.pdf", reason="WeasyPrint finds no Pango here", exc_type=OSError)

ADDRESS = "http://127.0.0.1:8000/reports/verify"


@pytest.fixture(scope="module")
def paper() -> tuple[bytes, PdfReader]:
    made = pdf.printed(document(township(), ADDRESS))
    assert made.missing == ()
    return made.content, PdfReader(BytesIO(made.content))


def texts(reader: PdfReader) -> list[str]:
    return ["".join(page.extract_text().split()) for page in reader.pages]


def test_the_same_figures_give_the_same_bytes_whatever_was_printed_before(
    paper: tuple[bytes, PdfReader],
) -> None:
    pdf.printed('<html lang="zh-CN"><title>t</title><body>另一份文件</body></html>')
    assert pdf.printed(document(township(), ADDRESS)).content == paper[0]


def test_the_file_is_tagged_titled_and_in_chinese(paper: tuple[bytes, PdfReader]) -> None:
    reader = paper[1]
    catalogue = reader.trailer["/Root"]
    assert catalogue["/Lang"] == "zh-CN"
    assert catalogue["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in catalogue
    assert reader.metadata is not None
    assert reader.metadata.title == "河东镇严重精神障碍管理治疗月报（2026年10月）"
    assert reader.metadata["/CreationDate"].startswith("D:20261101")
    assert not reader.attachments


def test_every_page_carries_number_day_digest_code_and_address(paper: tuple[bytes, PdfReader]) -> None:
    digest = digest_of(township())
    marks = ("示例县精防统〔2026〕10-101号", "2026-10-31", code_of(digest), ADDRESS, digest)
    for number, text in enumerate(texts(paper[1]), 1):
        assert [words for words in marks if words not in text] == []
        assert f"—{number}—" in text


def test_the_embedded_font_is_ours(paper: tuple[bytes, PdfReader]) -> None:
    fonts = {
        str(font.get_object()["/BaseFont"])
        for page in paper[1].pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert fonts
    assert all("CaseMgr" in font for font in fonts)


def test_the_file_says_which_report_it_claims_to_be(paper: tuple[bytes, PdfReader]) -> None:
    claim = claim_of(paper[0])
    assert claim is not None
    assert (claim.kind, claim.period, claim.area, claim.revision) == ("monthly", "2026-10", 999901101000, 1)
    assert claim.code == code_of(digest_of(township()))


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\nstream\n\x00\x01endstream", b"PK\x03\x04", b"x" * 1000])
def test_a_foreign_file_claims_nothing(content: bytes) -> None:
    assert claim_of(content) is None


def test_long_tables_repeat_their_heads() -> None:
    made = pdf.printed(document(county(30), ADDRESS))
    pages = texts(PdfReader(BytesIO(made.content)))
    assert sum("序号乡镇（街道）" in text for text in pages) == 2


@cache
def huge_picture() -> str:
    """A picture of 900,000,000 points that is well formed, some kilobytes long and gigabytes in memory."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    squeezed = zlib.compressobj(9)
    line = b"\0" * (30_000 // 8 + 1)
    body = b"".join(squeezed.compress(line) for _ in range(30_000)) + squeezed.flush()
    head = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    whole = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    return "data:image/png;base64," + b64encode(whole).decode()


@pytest.mark.parametrize(
    "part",
    [
        '<img src="http://127.0.0.1:9/x.png">',
        '<img src="file:///etc/passwd">',
        '<link rel="stylesheet" href="https://example.org/x.css">',
        '<link rel="attachment" href="file:///etc/hostname">',
        '<style>@import url("http://127.0.0.1:9/x.css");</style>',
        '<p style="background: url(ftp://127.0.0.1/x)">x</p>',
        '<svg width="9" height="9"><image href="http://127.0.0.1:9/x.png" width="9" height="9"/></svg>',
        '<img src="https://assets.invalid/../config.py">',
        '<img src="https://assets.invalid/css/missing.svg">',
        '<img src="data:image/svg+xml,<svg xmlns=%22http://www.w3.org/2000/svg%22 width=%221000000%22/>">',
        '<img src="HUGE">',
        '<p style="background: url(HUGE)">x</p>',
        '<svg width="9" height="9"><image href="HUGE" width="9" height="9"/></svg>',
        '<img src="DRESSED">',  # the same picture under the address of a drawing
        '<svg width="9" height="9"><image href="DRESSED" width="9" height="9"/></svg>',
    ],
)
def test_nothing_from_outside_gets_in(part: str) -> None:
    huge = huge_picture()
    part = part.replace("HUGE", huge).replace("DRESSED", huge.replace("image/png", "image/svg+xml"))
    with pytest.raises(ValueError, match="outside"):
        pdf.printed(f'<html lang="zh-CN"><title>t</title><body>{part}</body></html>')


def test_a_missing_glyph_is_reported_and_kept_from_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        made = pdf.printed('<html lang="zh-CN"><title>t</title><body>王\U000f0000某</body></html>')
    assert made.missing == ("\U000f0000",)
    assert not caplog.records
