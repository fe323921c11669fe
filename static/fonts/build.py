"""字体: makes the printed pages' fonts, CaseMgr Sans Regular and Bold, out of Noto Sans CJK SC 2.004.

Only whoever changes the set of characters runs this; the two results are committed. On Debian 12 or 13:

    apt-get install --no-install-recommends fonts-noto-cjk
    .venv/bin/python static/fonts/build.py

Sets: Regular = GBK, CJK Extension A and the whole 通用规范汉字表; Bold = GB 2312 and the same table.
name-characters.txt holds level 3 of the table (made for names and places) and what else of it GB 2312 lacks:
the characters that people's names most often miss elsewhere (䶮, 㛃, 𬀩 …). Both faces have the signs that
reports use. A character that only Regular has is taken from Regular within bold text, too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

HERE = Path(__file__).resolve().parent
FAMILY = "CaseMgr Sans"
POSTSCRIPT = "CaseMgrSans"
SIMPLIFIED = "Noto Sans CJK SC"

# Latin with pinyin tone marks, Greek, general punctuation, super- and subscripts, letterlike signs, fractions
# and Roman numerals, arrows, mathematics, circled numbers, boxes, blocks and shapes, ticks, CJK punctuation,
# bopomofo, enclosed and squared CJK (㈠ ㎎ ㎏), vertical and small forms, full-width forms.
SIGNS = (
    (0x20, 0x7E), (0xA0, 0x17F), (0x1CD, 0x1DC), (0x370, 0x3FF), (0x2000, 0x206F), (0x2070, 0x20BF),
    (0x2100, 0x23FF), (0x2460, 0x27BF), (0x3000, 0x303F), (0x3105, 0x312F), (0x3200, 0x33FF),
    (0xFE10, 0xFE6F), (0xFF00, 0xFFEF),
)  # fmt: skip
EXTENSION_A = (0x3400, 0x4DBF)


def span(*spans: tuple[int, int]) -> Iterator[int]:
    """Every code point of the given closed spans."""
    for first, last in spans:
        yield from range(first, last + 1)


def coded_in(encoding: str) -> set[int]:
    """Code points that a two-byte Chinese encoding can write."""
    found = set()
    for high in range(0x81, 0xFF):
        for low in range(0x40, 0xFF):
            text = bytes((high, low)).decode(encoding, errors="ignore")
            if len(text) == 1 and ord(text) > 0x7F:
                found.add(ord(text))
    return found


def name_characters() -> set[int]:
    """Level 3 of 通用规范汉字表, and what else of that table GB 2312 lacks."""
    text = (HERE / "name-characters.txt").read_text(encoding="utf-8")
    return {ord(character) for character in text if not character.isspace()}


def simplified(collection: Path) -> TTFont:
    """The face for simplified Chinese in a Noto CJK collection."""
    for font in TTCollection(str(collection), lazy=True).fonts:
        if font["name"].getDebugName(1) == SIMPLIFIED:
            font.recalcTimestamp = False  # the same input gives the same bytes
            return font
    raise SystemExit(f"{collection} holds no face called {SIMPLIFIED}")


def cut(font: TTFont, wanted: set[int]) -> None:
    """Keep the wanted characters; all name entries stay, the licence is among them."""
    options = Options()
    options.name_IDs = ["*"]
    options.name_languages = ["*"]
    options.hinting = False  # paper has no pixels: a quarter smaller
    options.layout_features = ["ccmp", "kern", "liga", "palt", "halt"]
    options.notdef_outline = True
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=wanted & set(font.getBestCmap()))
    subsetter.subset(font)


def rename(font: TTFont, style: str) -> None:
    """Give the face its own name; copyright (0), trademark (7), makers and licence (13, 14) stay."""
    full = FAMILY if style == "Regular" else f"{FAMILY} {style}"
    names = {1: FAMILY, 2: style, 3: f"casemgr;{POSTSCRIPT}-{style}", 4: full, 6: f"{POSTSCRIPT}-{style}"}
    table = font["name"]
    table.names = [entry for entry in table.names if entry.nameID not in (1, 2, 3, 4, 6, 16, 17)]
    for key, text in names.items():
        table.setName(text, key, 3, 1, 0x409)
    outlines = font["CFF "].cff
    outlines.fontNames = [f"{POSTSCRIPT}-{style}"]
    outlines[0].FullName = full
    outlines[0].FamilyName = FAMILY


def main() -> int:
    """Write the two fonts beside this file."""
    parser = argparse.ArgumentParser(description="Build CaseMgr Sans from Noto Sans CJK SC.")
    parser.add_argument("--source", type=Path, default=Path("/usr/share/fonts/opentype/noto"))
    source = parser.parse_args().source
    everywhere = set(span(*SIGNS)) | name_characters()
    faces = {
        "Regular": everywhere | coded_in("gbk") | set(span(EXTENSION_A)),
        "Bold": everywhere | coded_in("gb2312"),
    }
    for style, wanted in faces.items():
        font = simplified(source / f"NotoSansCJK-{style}.ttc")
        cut(font, wanted)
        rename(font, style)
        target = HERE / f"{POSTSCRIPT}-{style}.otf"
        font.save(target)
        print(f"{target.name}: {len(font.getBestCmap())} characters, {target.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
