"""文件检查: what is no workbook, what is a trap, and what is neither."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from casemgr.forms import archive
from casemgr.forms.archive import CFB, ENCRYPTED, MIB, Refusal

SAMPLE = Path(__file__).parents[1] / "data" / "county-dirty.xlsx"
PLAIN = {
    "[Content_Types].xml": b"<Types/>",
    "xl/workbook.xml": b"<workbook/>",
    "xl/worksheets/sheet1.xml": b"<s/>",
}


def packed(parts: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return out.getvalue()


def refusal(data: bytes) -> Refusal:
    with pytest.raises(Refusal) as refused:
        archive.inspect(data)
    assert refused.value.message.endswith("。")
    return refused.value


def test_the_sample_passes_and_its_rows_are_estimated() -> None:
    assert archive.inspect(SAMPLE.read_bytes()).rows == 846


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"name,age\n", "not-excel"),
        (b"<html><table/></html>", "not-excel"),
        (b"PK\x03\x04 and nothing behind it", "damaged"),
        (CFB + bytes(512), "old-excel"),
        (CFB + bytes(512) + ENCRYPTED + bytes(64), "encrypted"),
        (packed({"word/document.xml": b"<w/>"}), "not-excel"),
        (packed({"readme.txt": b"hello"}), "not-excel"),
    ],
)
def test_what_is_no_workbook(data: bytes, code: str) -> None:
    assert refusal(data).code == code


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"xl/vbaProject.bin": b"x"}, "macros"),
        ({"xl/embeddings/oleObject1.bin": b"x"}, "macros"),
        ({"xl/externalLinks/externalLink1.xml": b"<x/>"}, "macros"),
        ({"xl/activeX/activeX1.xml": b"<x/>"}, "macros"),
        ({"../evil.xml": b"<x/>"}, "unsafe"),
        ({"/etc/evil.xml": b"<x/>"}, "unsafe"),
        ({"C:evil.xml": b"<x/>"}, "unsafe"),
        ({"XL/Workbook.xml": b"<x/>"}, "unsafe"),
        ({"xl/styles.xml": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x/>'}, "unsafe"),
        ({"xl/styles.xml": b" " * 300_000 + b"<!ENTITY a 'b'>"}, "unsafe"),
        ({"xl/styles.xml": "<x/>".encode("utf-16")}, "unsafe"),
        ({"xl/styles.xml": b'<?xml version="1.0" encoding="UTF-7"?><x/>'}, "unsafe"),
        ({f"docProps/{number}.xml": b"<x/>" for number in range(300)}, "unsafe"),
        ({"xl/sharedStrings.xml": b"<si/>" * MIB}, "bomb"),
    ],
)
def test_traps(more: dict[str, bytes], code: str) -> None:
    assert refusal(packed(PLAIN | more)).code == code


@pytest.mark.parametrize(
    "more",
    [
        {"xl/styles.xml": b'<?xml version="1.0" encoding="UTF-8"?><x>&lt;!ENTITY</x>'},
        {"xl/media/image1.png": b"<!DOCTYPE"},
        {"xl/theme/theme1.xml": b"<x>..</x>"},
        {f"docProps/{number}.xml": b"<x/>" for number in range(297)},
        {"xl/sharedStrings.xml": b"<si/>" * 150_000},
    ],
)
def test_near_misses_pass(more: dict[str, bytes]) -> None:
    archive.inspect(packed(PLAIN | more))


def test_a_part_of_a_declaration_on_each_side_of_a_piece() -> None:
    start = b"<x>" + b" " * (archive.PIECE - 7) + b"<!DOCTYPE y>"
    assert refusal(packed(PLAIN | {"xl/styles.xml": start})).code == "unsafe"


def test_size_is_counted_while_inflating_whatever_the_file_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "LARGEST_PARTS", 1000)
    data = packed(PLAIN | {"xl/sharedStrings.xml": bytes(range(1, 60)) * 100}, method=zipfile.ZIP_STORED)
    assert refusal(data).code == "bomb"
    # Sheets are streamed and have a room of their own.
    archive.inspect(packed(PLAIN | {"xl/worksheets/sheet2.xml": b"<row/>" * 1000}))


def test_a_forged_size_is_not_believed() -> None:
    data = bytearray(packed(PLAIN | {"xl/sharedStrings.xml": b"<si/>" * MIB}))
    place = data.rindex(b"PK\x01\x02", 0, data.rindex(b"xl/sharedStrings.xml"))
    data[place + 24 : place + 28] = (1000).to_bytes(4, "little")
    assert refusal(bytes(data)).code in ("damaged", "bomb")


def test_an_encrypted_member() -> None:
    data = bytearray(packed(PLAIN))
    place = data.rindex(b"PK\x01\x02")
    data[place + 8] |= 1
    assert refusal(bytes(data)).code == "encrypted"


def test_a_link_is_no_part() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name, content in PLAIN.items():
            target.writestr(name, content)
        link = zipfile.ZipInfo("xl/styles.xml")
        link.external_attr = 0o120777 << 16
        target.writestr(link, "/etc/passwd")
    assert refusal(out.getvalue()).code == "unsafe"


@pytest.mark.parametrize(
    ("size", "fits"), [(1, True), (64 * MIB, True), (64 * MIB + 1, False), (300 * MIB, False)]
)
def test_size_alone(size: int, fits: bool) -> None:
    check: Callable[[int], None] = archive.check_size
    if fits:
        check(size)
    else:
        with pytest.raises(Refusal) as refused:
            check(size)
        assert "乡镇" in refused.value.message


def test_damage_inside_a_part() -> None:
    data = bytearray(SAMPLE.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 64] = bytes(64)
    assert refusal(bytes(data)).code == "damaged"
