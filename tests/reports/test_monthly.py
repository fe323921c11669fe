"""月报: the document says what the figures say, and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from casemgr.reports.figures import AreaTable, Change, MonthlyFigures, code_of, digest_of
from casemgr.reports.monthly import (
    change_in_words,
    document,
    headline,
    month_labels,
    months_until,
    seal_of,
    summary,
    title_of,
)
from tests.reports.sample import county, township

ADDRESS = "http://127.0.0.1:8000/reports/verify"


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(figures: MonthlyFigures) -> tuple[str, _Text]:
    parser = _Text()
    parser.feed(document(figures, ADDRESS))
    return re.sub(r"\s+", "", "".join(parser.words)), parser


def test_the_summary_is_plain_sentences_with_the_figures_of_the_table() -> None:
    sentences = summary(county())
    assert sentences[0] == (
        "截至2026年10月31日，全县在册严重精神障碍患者375人，报告患病率4.62‰；在管368人，管理率98.13%。"
    )
    assert "规范管理率87.47%（328/375），达到目标（80%）" in sentences[1]
    assert "居家患者社区康复参与率38.63%（141/365），未达到目标（50%），差7人" in sentences[1]
    assert sentences[2].startswith("与上月相比，规范管理率上升0.57个百分点")
    assert "居家患者社区康复参与率持平" in sentences[2]
    assert sentences[3].startswith("18个乡镇（街道）中，规范管理率达标")
    assert sentences[4] == "按分类随访时限，应访已超期17人，下月到期204人；本年度未做危险性评估8人。"


def test_differences_are_taken_from_the_printed_numbers() -> None:
    assert change_in_words("87.47", "86.90", "%") == "上升0.57个百分点"
    assert change_in_words("4.50", "4.62", "‰") == "下降0.12个千分点"
    assert change_in_words("4.50", "4.5", "‰") == "持平"
    assert change_in_words(None, "4.5", "‰") is None


def test_every_number_of_the_main_table_stands_with_numerator_denominator_and_target() -> None:
    text, _ = read(county())
    for words in ("规范管理率32837587.47%80%达标86.9081.25", "报告患病率375812164.62‰4.5‰达标4.60—"):
        assert words in text
    assert "规律服药率※" in text
    assert "待核对" in text


def test_head_foot_number_digest_and_address_are_there() -> None:
    figures = county()
    text, _ = read(figures)
    digest = digest_of(figures)
    for words in (
        "填报单位：示例县疾病预防控制中心", "表号：月报01表", "制定机关：", "报告期：2026年1月1日—10月31日",
        "计量单位：人、%、‰", "单位负责人：", "统计负责人：", "填表人：", "联系电话：", "报出日期：",
        "（盖章处）", "示例县精防统〔2026〕10号", code_of(digest), ADDRESS, "数据截至2026-10-31",
    ):  # fmt: skip
        assert words in text, words
    assert digest in text.replace("-", "")


def test_a_zero_denominator_is_a_dash_and_never_nought_percent() -> None:
    figures = county()
    empty = replace(figures.rates[2], numerator=0, denominator=0, value=None, met=None, distance=None)
    text, _ = read(replace(figures, rates=(*figures.rates[:2], empty, *figures.rates[3:])))
    assert "规范管理率00—80%—" in text


def test_hidden_cells_are_starred_and_their_areas_are_not_in_the_summary() -> None:
    figures = township()
    text, _ = read(figures)
    assert "2第2村＊＊＊＊＊＊＊＊＊＊" in text
    assert "小数保护" in text
    assert not any("达标" in sentence and "个" in sentence for sentence in summary(figures)[3:])
    assert "各分类中有少于5人者，只列合计" in text


def test_a_table_that_cannot_be_protected_says_so_in_a_sentence() -> None:
    reason = "本镇只有一个村有在册患者，不另列村级表。"
    omitted = AreaTable("村（社区）", (), (), None, protected=True, omitted=reason)
    text, _ = read(replace(township(), table=omitted))
    assert f"表3从略：{reason}" in text
    assert "表3各" not in text


def test_a_second_revision_lists_what_changed() -> None:
    figures = replace(county(), close_revision=2, changes=(Change("规范管理率", "327/375", "328/375"),))
    text, _ = read(figures)
    assert "规范管理率327/375328/375" in text


def test_the_document_has_no_style_no_script_and_names_its_language() -> None:
    _, parser = read(county())
    assert parser.tags[0] == ("html", {"lang": "zh-CN"})
    assert not any(tag in {"script", "style", "link", "form", "iframe"} for tag, _ in parser.tags)
    assert not any("style" in attributes for _, attributes in parser.tags)


def test_area_names_are_escaped() -> None:
    figures = replace(county(), area_name='<img src=x onerror="y">')
    html = document(figures, ADDRESS)
    assert "<img src=x" not in html


def test_the_same_figures_make_the_same_text() -> None:
    assert document(county(), ADDRESS) == document(county(), ADDRESS)


def test_many_townships_are_drawn_in_several_pictures() -> None:
    html = document(county(50), ADDRESS)
    assert html.count('<img alt="各乡镇（街道）规范管理率') == 2
    assert "（实心为达到目标" in html


def test_months_run_backwards_over_the_turn_of_the_year() -> None:
    assert months_until("2026-02", 3) == ["2025-12", "2026-01", "2026-02"]
    assert month_labels("2026-02", 3) == ("25年12月", "26年1月", "2月")


def test_the_headline_is_the_three_rates_of_the_task() -> None:
    assert [rate.key for rate in headline(county())] == ["IND-03.STD-INT", "IND-05.MED-QUARTER", "IND-12.N1"]


def test_the_seal_carries_what_verification_needs() -> None:
    seal = seal_of(township(), ADDRESS)
    assert seal.mark == "monthly/2026-10/999901101000/1"
    assert seal.groups.count(" ") == 15
    assert title_of(township()) == "河东镇严重精神障碍管理治疗月报（2026年10月）"


@pytest.mark.parametrize("values", [(None,) * 12, (None,) * 11 + ("80.00",)])
def test_a_trend_of_one_month_is_a_table_without_a_picture(values: tuple[str | None, ...]) -> None:
    figures = county()
    html = document(replace(figures, trends=(replace(figures.trends[0], values=values),)), ADDRESS)
    assert '指标趋势"' not in html
    assert "表2" in html


def test_made_up_people_are_said_to_be_made_up() -> None:
    assert "演示数据" not in read(county())[0]
    assert "演示数据，均为虚构，不得作为统计资料使用" in read(replace(county(), demo=True))[0]
