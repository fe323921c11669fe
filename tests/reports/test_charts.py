"""图: drawn on the server, fit for a strict CSP and for black-and-white paper."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from casemgr.reports import charts
from casemgr.reports.charts import HIDDEN, Panel, Part, Picture, Series

SVG = "{http://www.w3.org/2000/svg}"
TOWNS = ("城关镇", "河东镇", "一个名字特别特别长的街道办事处")


def every_chart() -> list[Picture]:
    return [
        charts.bars("柱形", TOWNS, ["80.00", None, "12.50"], unit="%", target="60"),
        charts.grouped_bars("组", TOWNS, [Series("甲", ("1", "2", "3")), Series("乙", ("4", HIDDEN, "6"))]),
        charts.panels("并列", TOWNS, [Panel("规范", ("87.47", "51.00", HIDDEN), target="80", top=100)]),
        charts.trend("趋势", ("1月", "2月", "3月"), [Series("规范", (None, "80.00", "81.50"))]),
        charts.sparkline("小图", [None, "3.20", "3.10", HIDDEN]),
        charts.sparkline("空", [None, None]),
        charts.distribution("分布", [Part("0级", 30, "30人"), Part("3级", None, HIDDEN)]),
    ]


@pytest.mark.parametrize("picture", every_chart(), ids=lambda picture: re.search("chart-[a-z]+", picture)[0])
def test_every_chart_is_sound_svg_that_a_strict_policy_lets_pass(picture: Picture) -> None:
    root = ElementTree.fromstring(picture)  # noqa: S314  # our own text
    for node in root.iter():
        assert not {"style", "id", "href", "onload"} & set(node.attrib)
        assert node.tag.removeprefix(SVG) not in {"style", "script", "image", "use", "foreignObject"}
    assert root[0].tag == SVG + "title"
    assert root[0].text
    assert root[1].tag == SVG + "desc"
    assert root.attrib["role"] == "img"
    assert "nan" not in picture
    assert "inf" not in picture


def test_the_printed_number_is_the_given_text_and_the_description_holds_every_value() -> None:
    picture = charts.bars("规范管理率", TOWNS[:2], ["87.47", None], unit="%")
    assert ">87.47</text>" in picture
    assert "城关镇 87.47%，河东镇 —" in picture


def test_gaps_and_hidden_counts_are_marked_and_never_drawn() -> None:
    parts = [Part("0级", 3, "3人"), Part("4级", None, HIDDEN), Part("5级", 0, "0人")]
    picture = charts.distribution("危险性", parts)
    assert picture.count("<rect") == 1
    assert HIDDEN in picture
    assert "—" in charts.bars("空", ["甲"], [None])


def test_series_stay_apart_without_colour() -> None:
    lines = charts.trend("趋势", ("1月", "2月"), [Series(name, ("1", "2")) for name in "甲乙丙"], unit="%")
    dashes = re.findall(r'<polyline[^>]*?(stroke-dasharray="[^"]+")?/>', lines)
    assert len(set(dashes)) == 3
    bars = charts.grouped_bars("分组", ("一",), [Series(name, ("10",)) for name in "甲乙丙丁"])
    assert {f"tone-{tone}" for tone in range(4)} <= set(re.findall(r"tone-\d", bars))


def test_a_bar_below_its_target_is_hatched_and_one_above_is_solid() -> None:
    picture = charts.panels("并列", ("甲", "乙"), [Panel("规范", ("79.99", "80.00"), target="80", top=100)])
    assert picture.count("tone-1") == 1
    assert picture.count("tone-0") == 1


def test_names_and_titles_cannot_break_out_of_the_picture() -> None:
    picture = charts.bars('<script>"&', ["<b>&'\""], ["1"])
    ElementTree.fromstring(picture)  # noqa: S314  # our own text
    assert "<script>" not in picture
    assert "<b>" not in picture


def test_a_template_prints_a_picture_as_it_is() -> None:
    picture = charts.bars("图", ["甲"], ["1"])
    assert picture.__html__() == picture


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 100, [0, 20, 40, 60, 80, 100]),
        (0, 4.6, [0, 1, 2, 3, 4, 5]),
        (61, 84, [60, 65, 70, 75, 80, 85]),
        (0, 0, None),
    ],
)
def test_scales_have_round_lines_that_hold_all_values(
    low: float, high: float, expected: list[float] | None
) -> None:
    lines = charts.scale_of(low, high)
    assert lines[0] <= low <= high <= lines[-1]
    if expected is not None:
        assert lines == expected


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one value"):
        charts.bars("图", ["甲", "乙"], ["1"])
    with pytest.raises(ValueError, match="one value"):
        charts.trend("图", ["甲"], [Series("一", ())])
    with pytest.raises(ValueError, match="one value"):
        charts.panels("图", ["甲"], [Panel("一", ())])
