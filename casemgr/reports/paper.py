"""纸面: one door for every report to become a page: its title, and its HTML as 统计表 or as 公文."""

from __future__ import annotations

from dataclasses import dataclass

from casemgr.reports import monthly
from casemgr.reports.figures import Figures, FormFigures, MonthlyFigures, PeriodFigures
from casemgr.reports.monthly import (
    change_in_words,
    environment,
    headline,
    month_in_words,
    pictures_of,
    seal_of,
    span_in_words,
)

FORM_NUMBERS = {"quarterly": "季报01表", "yearly": "年报01表"}
HEADINGS = {
    "monthly": "严重精神障碍管理治疗月报",
    "quarterly": "严重精神障碍管理治疗季报",
    "yearly": "严重精神障碍管理治疗年报",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """What a 公文 carries besides the figures: agency, 机关代字, a red head or none, day of issue (ISO)."""

    agency: str
    mark: str
    letterhead: bool
    dated: str


def period_in_words(figures: Figures) -> str:
    """``2026年10月``, ``2026年第3季度`` or ``2025年``."""
    if isinstance(figures, MonthlyFigures):
        return month_in_words(figures.period)
    if "-Q" in figures.period:
        year, quarter = figures.period.split("-Q")
        return f"{year}年第{quarter}季度"
    return month_in_words(figures.period) if "-" in figures.period else f"{figures.period}年"


def heading_of(figures: Figures) -> str:
    """The title on paper without the period."""
    name = figures.form_name if isinstance(figures, FormFigures) else HEADINGS[figures.kind]
    return f"{figures.area_name}{name}"


def title_of(figures: Figures) -> str:
    """Title on paper and in the file's properties; area and period, no person."""
    return f"{heading_of(figures)}（{period_in_words(figures)}）"


def document(figures: Figures, address: str, letter: Letter | None = None) -> str:
    """The whole report as HTML for :func:`casemgr.reports.pdf.printed`; with a ``letter`` as 公文."""
    rates, tables, whole = _templates(figures)
    words = _context(figures, address)
    if letter is None:
        return environment().get_template(whole).render(words)
    title = title_of(figures)
    words |= {
        "letter": letter,
        "heading_lines": (f"{figures.area_name}{period_in_words(figures)}", *_subject(figures)),
        "annex": title,
        "rates_template": rates,
        "tables_template": tables,
    }
    return environment().get_template("reports/official.html").render(words)


def _templates(figures: Figures) -> tuple[str, str, str]:
    if isinstance(figures, MonthlyFigures):
        return "reports/rates_monthly.html", "reports/tables_monthly.html", "reports/monthly.html"
    if isinstance(figures, PeriodFigures):
        return "reports/rates_period.html", "reports/tables_period.html", "reports/period.html"
    return "", "reports/tables_form.html", "reports/form.html"


def _subject(figures: Figures) -> tuple[str, ...]:
    if isinstance(figures, FormFigures):
        return figures.form_name, "报送说明"
    return ("严重精神障碍管理治疗工作情况",)


def _context(figures: Figures, address: str) -> dict[str, object]:
    if isinstance(figures, MonthlyFigures):
        return monthly.context(figures, address)
    words: dict[str, object] = {
        "figures": figures,
        "seal": seal_of(figures, address),
        "title": title_of(figures),
        "heading": heading_of(figures),
        "period": period_in_words(figures),
        "span": span_in_words(figures.as_of),
        "sentences": sentences_of(figures),
    }
    if isinstance(figures, FormFigures):
        return words
    return words | {
        "month": figures.month,
        "form_number": FORM_NUMBERS[figures.kind],
        "quarterly": figures.kind == "quarterly",
        "pictures": pictures_of(figures.month),
        "late": late_in_words(figures),
        "unverified": any(rate.unverified for rate in figures.month.official),
        "further": monthly.further_readings(figures.month),
    }


def sentences_of(figures: Figures) -> list[str]:
    """What the figures say, in sentences made of the printed figures only."""
    if isinstance(figures, MonthlyFigures):
        return monthly.summary(figures)
    if isinstance(figures, FormFigures):
        asked = sum(line.asked for block in figures.blocks for line in block.lines)
        return [
            f"{figures.form_number}《{figures.form_name}》由本系统按月结数据填写卫生健康部门掌握的各项，"
            f"另有{asked}项由有关部门填写后加盖公章。"
        ]
    found = monthly.summary(figures.month)
    told = [
        f"{rate.name}{change}"
        for rate in headline(figures.month)
        if (change := change_in_words(rate.value, figures.before_of(rate.key), rate.unit))
    ]
    if told and figures.kind == "quarterly":
        found.append(f"与{figures.before_name}相比，{'，'.join(told)}。")
    return found


def late_in_words(figures: PeriodFigures) -> str:
    """One sentence on what was entered after the months of the period were closed first."""
    again = [one for one in figures.closings if one.revisions > 1]
    missing = sum(not one.revisions for one in figures.closings)
    text = (
        f"本期{len(again)}个月在首次月结后重新月结过，"
        f"首版与最新版相比有{sum(one.figures_changed for one in again)}个数不同。"
        if again
        else "本期各月首次月结后没有重新月结，报表所列即首次月结的数。"
    )
    if missing:
        text += f"有{missing}个月未月结，未列入各月进展。"
    return text
