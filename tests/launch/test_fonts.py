"""字体: the committed print fonts have the characters of names and reports, and their licence beside them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

FONTS = Path(__file__).resolve().parents[2] / "static" / "fonts"
CSS = FONTS.parent / "css" / "fonts.css"
STYLES = ("Regular", "Bold")
RARE_NAMES = "䶮㛃𬀩堃喆犇镕赟翀𫍯𬱖𪾢"
SIGNS = "‰%≥≤±×÷−–—…·“”‘’、，。；：？！（）《》〈〉【】〔〕①⑩⑳Ⅰ℃№§■□▲△▼▽●○◆◇★☆✓←↑→↓↗↘─│┌┐└┘├┤┬┴┼ǖǘǚǜāáǎà"


@cache
def characters(style: str) -> frozenset[int]:
    with TTFont(FONTS / f"CaseMgrSans-{style}.otf") as font:
        return frozenset(font.getBestCmap())


def lacking(text: str, style: str) -> str:
    return "".join(character for character in text if ord(character) not in characters(style))


@pytest.mark.parametrize("style", STYLES)
def test_rare_names_and_signs_can_be_printed(style: str) -> None:
    assert lacking(RARE_NAMES, style) == ""
    assert lacking(SIGNS, style) == ""
    assert lacking((FONTS / "name-characters.txt").read_text(encoding="utf-8").replace("\n", ""), style) == ""


@pytest.mark.parametrize(("style", "encoding"), [("Regular", "gbk"), ("Bold", "gb2312")])
def test_whole_character_sets_can_be_printed(style: str, encoding: str) -> None:
    hanzi = (chr(point) for point in range(0x4E00, 0x9FA6))
    text = "".join(each for each in hanzi if each.encode(encoding, errors="ignore"))
    assert len(text) > 6700
    assert lacking(text, style) == ""


def test_every_word_of_the_program_can_be_printed() -> None:
    """Nothing a template, term or list says may come out as an empty box."""
    root = FONTS.parents[1]
    sources = [*(root / "templates").rglob("*.html"), *(root / "casemgr" / "terms").rglob("*.py")]
    said = set("".join(path.read_text(encoding="utf-8") for path in sources))
    assert lacking("".join(sorted(each for each in said if "⺀" <= each <= "鿿")), "Regular") == ""


@pytest.mark.parametrize("style", STYLES)
def test_the_name_is_our_own_and_the_licence_stays_inside(style: str) -> None:
    with TTFont(FONTS / f"CaseMgrSans-{style}.otf") as font:
        names = {entry.nameID: str(entry) for entry in font["name"].names}
        assert font["CFF "].cff.fontNames == [f"CaseMgrSans-{style}"]
    assert names[1] == "CaseMgr Sans"
    assert names[2] == style
    assert not any("Source" in names.get(key, "") for key in (1, 3, 4, 6, 16, 17)), "Adobe reserves that name"
    assert "Adobe" in names[0]
    assert "SIL Open Font License" in names[13]
    assert names[14].endswith("/OFL")


def test_the_licence_lies_beside_the_fonts() -> None:
    text = (FONTS / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in text
    assert "Reserved Font Name 'Source'" in text


def test_the_style_sheet_finds_both_files() -> None:
    targets = [(CSS.parent / found).resolve() for found in re.findall(r'url\("([^"]+)"\)', CSS.read_text())]
    assert sorted(targets) == sorted(FONTS / f"CaseMgrSans-{style}.otf" for style in STYLES)
    assert all(target.is_file() for target in targets)


def test_no_screen_page_loads_the_print_fonts() -> None:
    for path in (FONTS.parents[1] / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "CaseMgrSans-" not in text
        if "reports" not in path.parts:
            assert "fonts.css" not in text, path.name
