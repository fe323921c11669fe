"""从略: a table that would be nothing but hidden counts is a sentence, on paper and in the workbook."""

from __future__ import annotations

import re
from dataclasses import replace

from casemgr.reports.figures import AreaCell, AreaRow, Because, Duty, Earlier, MonthlyFigures, Shift
from casemgr.reports.left_out import FEW, areas_left_out, compared, duties_left_out, pictured, reasons
from casemgr.reports.monthly import document, pictures_of
from casemgr.reports.tables import Table, tables_of
from casemgr.terms.indicator import LEFT
from tests.reports.sample import DUTIES, RISK, county, township, villages

DARK = AreaCell(None, None, None, None, hidden=True)
NOWHERE = "http://127.0.0.1:8000/reports/verify"


def all_hidden() -> MonthlyFigures:
    """A township of which no village shows anything."""
    rows = tuple(AreaRow(row.code, row.name, None, (DARK,) * 3, hidden=True) for row in villages().rows)
    return replace(township(), table=replace(villages(), rows=rows))


def duties(*shown: tuple[int | None, int | None, int | None]) -> tuple[Duty, ...]:
    """The five classes with (people, coming, overdue)."""
    return tuple(
        replace(duty, people=people, coming=coming, overdue=overdue)
        for duty, (people, coming, overdue) in zip(DUTIES, shown, strict=True)
    )


def words(figures: MonthlyFigures) -> str:
    return re.sub(r"<[^>]*>|\s", "", document(figures, NOWHERE))


def table(figures: MonthlyFigures, name: str) -> Table:
    return next(one for one in tables_of(figures) if one.name == name)


def test_villages_that_show_nothing_are_one_sentence_with_the_reason() -> None:
    figures = all_hidden()
    told = areas_left_out(figures.table)
    assert told.startswith(
        "4个村（社区）的各项数字都为1至4，或可由合计和其他报表推算出1至4（REC-SMALL-1，待核对）"
    )
    assert "不表示零" in told
    text = words(figures)
    assert f"表3从略：{told}" in text
    assert "第2村" not in text
    assert table(figures, "分村（社区）情况").rows == ((told,),)


def test_a_table_that_shows_any_number_is_printed_as_a_table() -> None:
    table_of = all_hidden().table
    for one in (
        replace(table_of.rows[0], registered=21, hidden=False),
        replace(table_of.rows[0], cells=(DARK, DARK, AreaCell(None, 20, None, None, hidden=True))),
    ):
        assert areas_left_out(replace(table_of, rows=(one, *table_of.rows[1:]))) == ""
    assert areas_left_out(county().table) == areas_left_out(township().table) == ""


def test_a_picture_of_which_less_than_half_would_be_drawn_is_left_out() -> None:
    assert pictured(county().table)
    assert not pictured(all_hidden().table)
    # Two villages of four show a rate, and the one of them not all.
    assert not pictured(township().table)
    assert pictures_of(township()).areas == ()
    assert "图2危险性评估" in words(township())
    assert compared(RISK)
    one = tuple(replace(share, count=None, hidden=True) for share in RISK.shares[:6])
    bare = replace(county(), risk=replace(RISK, shares=(*one, RISK.shares[6])))
    assert pictures_of(bare).risk is None
    text = words(bare)
    assert "图3危险性评估" not in text
    assert "图3病情分类" in text
    assert "表4危险性评估" in text


def test_duties_that_no_class_shows_are_their_sums_and_the_limits_of_the_classes() -> None:
    hidden = (None, None, None)
    figures = replace(county(), duties=duties(hidden, hidden, (350, None, None), (0, 0, 0), hidden))
    told = duties_left_out(figures)
    assert "只列合计：应访372人，下月到期204人，已超期17人。" in told
    assert "不稳定14天（GF2018-7.16，待核对）、" in told
    assert "稳定92天（GW2017-7.12）、" in told
    assert "350" not in told
    text = words(figures)
    assert f"表6从略：{told}" in text
    assert "末次分类" not in text
    assert table(figures, "随访任务").rows == ((told,),)
    # What the sum of people would tell stays untold.
    total = replace(figures.duties_total, people=None)
    assert "应访" not in duties_left_out(replace(figures, duties_total=total)).partition("合计：")[2][:6]


def test_duties_are_a_table_where_a_class_shows_some_or_nothing_is_hidden() -> None:
    hidden = (None, None, None)
    for shown in ((350, None, 12), (350, 190, None)):
        assert duties_left_out(replace(county(), duties=duties(hidden, hidden, shown, hidden, hidden))) == ""
    assert duties_left_out(county()) == ""
    assert duties_left_out(replace(county(), duties=duties(*[(0, 0, 0)] * 5))) == ""
    assert duties_left_out(township()) == ""


def shift(*causes: Because) -> Shift:
    moved = (sum(one.numerator for one in causes), sum(one.denominator for one in causes))
    return Shift("2026年9月", "管理率", "80/120", f"{80 + moved[0]}/{120 + moved[1]}", *moved, causes)


LATE, DEAD = Because("补录记录", 6, 0), Because(LEFT, -1, -1)
BOTH, FEW_LATE = Because(f"更正、{LEFT}", 3, 0), Because("补录记录", 2, 0)


def test_causes_of_a_few_people_are_one_line_and_still_add_up() -> None:
    for protected in (True, False):
        # One death is told nowhere; six late entries are.
        assert reasons(shift(LATE, DEAD), protected) == (LATE, Because(FEW, -1, -1))
        assert reasons(shift(LATE), protected) == (LATE,)
        assert reasons(shift(DEAD), protected) == (Because(FEW, -1, -1),)
        assert reasons(shift(LATE, DEAD, BOTH), protected) == (LATE, Because(FEW, 2, -1))
        # Those that make up for each other need no line.
        assert reasons(shift(LATE, DEAD, Because(f"更正、{LEFT}", 1, 1)), protected) == (LATE,)
        # A denominator of a few people says as much as a numerator.
        assert reasons(shift(Because(LEFT, -7, -3)), protected) == (Because(FEW, -7, -3),)
    # Two late entries are about records: the county is told, a township's paper hides them.
    assert reasons(shift(FEW_LATE, DEAD), False) == (FEW_LATE, Because(FEW, -1, -1))
    assert reasons(shift(FEW_LATE, DEAD), True) == (Because(FEW, 1, -1),)


def test_paper_and_workbook_tell_the_same_causes() -> None:
    told = Earlier("示例县精防统〔2026〕9号", (shift(LATE, DEAD),))
    for figures in (replace(county(), earlier=told), replace(township(), earlier=told)):
        text = words(figures)
        assert LEFT not in text
        assert f"补录记录+6/0；{FEW}−1/−1" in text
        rows = table(figures, "与上一版签发的差异").rows
        assert [row[4:] for row in rows] == [("合计", 5, -1), ("补录记录", 6, 0), (FEW, -1, -1)]
