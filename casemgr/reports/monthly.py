"""月报: arranges the closed figures of one month and one area into the document that is printed."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from casemgr.indicators.catalogue import MEASURES
from casemgr.reports import charts
from casemgr.reports.figures import (
    AreaColumn,
    AreaTable,
    Because,
    Distribution,
    Figures,
    MonthlyFigures,
    Rate,
    Share,
    Shift,
    code_of,
    digest_of,
    grouped,
)
from casemgr.reports.left_out import areas_left_out, compared, duties_left_out, pictured, reasons

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"

#: 表号 of the layout itself; it belongs to this program, not to a national list.
FORM_NUMBER = "月报01表"

#: Rows one picture can hold so that it fits a page; longer tables get several pictures.
ROWS_A_PICTURE = 36
#: Areas below a target that a sentence names; more are only counted.
MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class Seal:
    """How a printed paper is recognised again: number, digest, short code, where to ask, and the mark."""

    digest: str
    code: str
    address: str
    mark: str

    @property
    def groups(self) -> str:
        """The digest in groups of four."""
        return grouped(self.digest, " ")


def mark_of(kind: str, period: str, area: int, revision: int) -> str:
    """The plain mark inside the file that says which report it claims to be: ``monthly/2026-10/…/1``."""
    return f"{kind}/{period}/{area}/{revision}"


def seal_of(figures: Figures, address: str) -> Seal:
    """The seal of a report; ``address`` is where the installation answers questions about it."""
    digest = digest_of(figures)
    mark = mark_of(figures.kind, figures.last_month, figures.area, figures.revision)
    return Seal(digest, code_of(digest), address, mark)


def title_of(figures: MonthlyFigures) -> str:
    """Title on paper and in the file's properties; area and month, no person."""
    return f"{figures.area_name}严重精神障碍管理治疗月报（{month_in_words(figures.period)}）"


def document(figures: MonthlyFigures, address: str) -> str:
    """The whole report as HTML for :func:`casemgr.reports.pdf.printed`; same figures, same text."""
    return environment().get_template("reports/monthly.html").render(context(figures, address))


def context(figures: MonthlyFigures, address: str) -> dict[str, object]:
    """What the templates of a monthly report print."""
    return {
        "figures": figures,
        "seal": seal_of(figures, address),
        "title": title_of(figures),
        "form_number": FORM_NUMBER,
        "span": span_in_words(figures.as_of),
        "as_of": day_in_words(figures.as_of),
        "sentences": summary(figures),
        "pictures": pictures_of(figures),
        "months": figures.months,
        "unverified": any(rate.unverified for rate in figures.official),
        "further": further_readings(figures),
    }


def further_readings(figures: MonthlyFigures) -> str:
    """The readings that a report does not print, by name and variant, in one line."""
    printed = {rate.key for rate in figures.rates}
    named: dict[str, list[str]] = {}
    for measure in MEASURES:
        if measure.further and measure.key not in printed:
            named.setdefault(measure.name, []).append(measure.variant)
    told = (
        f"{name}（{'、'.join(dict.fromkeys(filter(None, variants)))}）" if any(variants) else name
        for name, variants in named.items()
    )
    return "；".join(told)


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates of papers, read once per process."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = shown
    environment.filters["inlaid"] = inlaid
    environment.filters["day"] = day_in_words
    environment.filters["change"] = moved_in_words
    environment.filters["breakable"] = breakable
    environment.filters["stacked"] = stacked
    environment.filters["whole"] = whole
    environment.filters["closed"] = closed
    environment.filters["areas_left_out"] = areas_left_out
    environment.filters["duties_left_out"] = duties_left_out
    environment.filters["reasons"] = reasons
    return environment


def shown(value: object, hidden: bool = False) -> str:
    """A value as printed: ``—`` where there is none, ``＊`` where it is hidden."""
    if hidden:
        return charts.HIDDEN
    return charts.NOTHING if value is None else str(value)


def breakable(text: str) -> Markup:
    """A sentence that may be broken before each bracket: a rate and its fraction need not share a line."""
    return Markup("<wbr>（").join(escape(part) for part in text.split("（"))


#: ``IND-05.MED-LAST``, ``GF2018-7.16``: what a rule or a reading is called.
_NAME = re.compile(r"[A-Z][A-Z0-9]*(?:[-.][A-Z0-9]+)+")


def whole(text: str) -> Markup:
    """A sentence in which no name of a rule or a reading is torn at its hyphen."""
    parts = _NAME.split(text)
    names = _NAME.findall(text)
    words = [escape(parts[0])]
    for name, after in zip(names, parts[1:], strict=True):
        words += [Markup('<span class="kept">{}</span>').format(name), escape(after)]
    return Markup().join(words)


def closed(title: str) -> Markup:
    """A title whose period in brackets at the end is never torn: ``月报（2026年10月）``."""
    words, mark, period = title.rpartition("（")
    return Markup('{}<span class="closed">{}{}</span>').format(words, mark, period)


def stacked(month: str) -> Markup:
    """``26年1月`` on two lines, the year above the month."""
    year, mark, rest = month.rpartition("年")
    return Markup("{}年<br>{}").format(year, rest) if mark else escape(month)


def inlaid(picture: charts.Picture) -> Markup:
    """A chart as an image inside the document; its title is what a reader hears.

    WeasyPrint would compute styles for every stroke of an inline drawing; an image it only draws.
    """
    title = picture[picture.index("<title>") + 7 : picture.index("</title>")]
    packed = b64encode(picture.encode()).decode()
    # Nothing here is raw: the title was escaped when the chart was drawn, the rest is base64.
    return Markup(f'<img alt="{title}" src="data:image/svg+xml;base64,{packed}">')  # noqa: S704


# --- words ---------------------------------------------------------------------------------------


def month_in_words(period: str) -> str:
    """``2026-10`` → ``2026年10月``."""
    year, month = period.split("-")
    return f"{year}年{int(month)}月"


def day_in_words(iso: str) -> str:
    """``2026-10-31`` → ``2026年10月31日``."""
    day = date.fromisoformat(iso)
    return f"{day.year}年{day.month}月{day.day}日"


def span_in_words(as_of: str) -> str:
    """The reporting period: from 1 January to the as-of day (ISO)."""
    day = date.fromisoformat(as_of)
    return f"{day.year}年1月1日—{day.month}月{day.day}日"


def change_in_words(now: str | None, before: str | None, unit: str) -> str | None:
    """``上升0.33个百分点`` from two printed rates; ``None`` when one of them is missing."""
    if now is None or before is None:
        return None
    difference = Decimal(now) - Decimal(before)
    points = "个百分点" if unit == "%" else "个千分点"
    if difference == 0:
        return "持平"
    return f"{'上升' if difference > 0 else '下降'}{abs(difference)}{points}"


def signed(number: int) -> str:
    """``+3``, ``−2`` or ``0``."""
    return f"+{number}" if number > 0 else f"−{-number}" if number else "0"


def moved_in_words(one: Because | Shift) -> str:
    """``+3/+2``: by how much numerator and denominator changed."""
    return f"{signed(one.numerator)}/{signed(one.denominator)}"


def _aim(rate: Rate) -> str:
    """How a rate stands to its target, as a half-sentence."""
    if rate.value is None or rate.target is None or rate.met is None:
        return ""
    if rate.met:
        return f"，达到目标（{rate.target}{rate.unit}）"
    missing = f"，差{rate.distance}人" if rate.distance else ""
    return f"，未达到目标（{rate.target}{rate.unit}）{missing}"


def headline(figures: MonthlyFigures) -> list[Rate]:
    """The rates that are drawn, set beside the areas and named first: 规范管理, 规律服药, 社区康复."""
    wanted = ("IND-03", "IND-05", "IND-12")
    return [rate for family in wanted for rate in figures.official if rate.key.startswith(family)][:3]


def summary(figures: MonthlyFigures) -> list[str]:
    """The month in plain sentences, each from the figures printed below it."""
    return [
        sentence
        for sentence in (
            _standing(figures),
            _main_rates(figures),
            _compared(figures),
            _areas(figures),
            _duties(figures),
        )
        if sentence
    ]


def _standing(figures: MonthlyFigures) -> str:
    text = f"截至{day_in_words(figures.as_of)}，{figures.place}在册严重精神障碍患者{figures.registered}人"
    prevalence = next((rate for rate in figures.rates if rate.key == "IND-01"), None)
    if prevalence is not None and prevalence.value is not None:
        text += f"，报告患病率{prevalence.value}‰"
    managed = next((rate for rate in figures.rates if rate.key == "IND-02.REG-A"), None)
    if managed is not None and managed.value is not None:
        text += f"；在管{managed.numerator}人，管理率{managed.value}%"
    return text + "。"


def _main_rates(figures: MonthlyFigures) -> str:
    told = [
        f"{rate.name}{rate.value}{rate.unit}（{rate.numerator}/{rate.denominator}）{_aim(rate)}"
        for rate in headline(figures)
        if rate.value is not None
    ]
    return "；".join(told) + "。" if told else ""


def _compared(figures: MonthlyFigures) -> str:
    halves = []
    for words, which in (("与上月相比", "last_month"), ("与去年同期相比", "last_year")):
        told = [
            f"{rate.name}{change}"
            for rate in headline(figures)
            if (change := change_in_words(rate.value, getattr(rate, which), rate.unit))
        ]
        if told:
            halves.append(f"{words}，{'，'.join(told)}")
    return "；".join(halves) + "。" if halves else ""


def _areas(figures: MonthlyFigures) -> str:
    """How many areas reach each target, and which do not; said only where no small cell is hidden."""
    table = figures.table
    if table.omitted or table.protected or not table.rows:
        return ""
    told = []
    for place, column in enumerate(table.columns):
        judged = [(row.name, row.cells[place].met) for row in table.rows if row.cells[place].met is not None]
        if column.target is None or not judged:
            continue
        told.append(_reached(column, [name for name, met in judged if not met], len(judged)))
    return f"{len(table.rows)}个{table.level}中，{'；'.join(told)}。" if told else ""


def _reached(column: AreaColumn, missing: Sequence[str], judged: int) -> str:
    """How many areas reach one target; those that do not by name, where they are a few among others."""
    if judged > 1 and len(missing) in (0, judged):
        return f"{column.name}均{'未' if missing else ''}达标"
    text = f"{column.name}达标{judged - len(missing)}个"
    if 0 < len(missing) <= MOST_NAMED:
        text += f"（未达标：{'、'.join(missing)}）"
    return text


def _duties(figures: MonthlyFigures) -> str:
    total = figures.duties_total
    text = f"按分类随访时限，应访已超期{total.overdue}人，下月到期{total.coming}人"
    missing = next((share for share in figures.risk.shares if share.name == "未评估"), None)
    if missing is not None and not missing.hidden:
        text += f"；本年度未做危险性评估{missing.count}人"
    return text + "。"


# --- pictures ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pictures:
    """The charts of a report."""

    trend: charts.Picture | None
    areas: tuple[charts.Picture, ...]
    risk: charts.Picture | None
    classes: charts.Picture | None


def pictures_of(figures: MonthlyFigures) -> Pictures:
    """Every chart of a month's figures."""
    return Pictures(
        trend=_trend(figures),
        areas=_area_pictures(figures.table),
        risk=_shares(figures.risk),
        classes=_shares(figures.classes),
    )


def _trend(figures: MonthlyFigures) -> charts.Picture | None:
    lines = [line for line in figures.trends if line.unit == "%"]
    if not any(sum(value is not None for value in line.values) > 1 for line in lines):
        return None
    return charts.trend(
        f"{figures.area_name}近{len(figures.months)}个月主要指标趋势",
        figures.months,
        [charts.Series(line.name, line.values) for line in lines],
        unit="%",
        height=205,
    )


def _area_pictures(table: AreaTable) -> tuple[charts.Picture, ...]:
    if not pictured(table):
        return ()
    rows = table.rows
    pictures = []
    count = -(-len(rows) // ROWS_A_PICTURE)
    size = -(-len(rows) // count)
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        columns = [
            charts.Panel(
                column.name,
                tuple(charts.HIDDEN if row.cells[place].hidden else row.cells[place].value for row in part),
                column.unit,
                column.target,
                top=100.0 if column.unit == "%" else None,
            )
            for place, column in enumerate(table.columns)
        ]
        heading = f"各{table.level}{'、'.join(column.name for column in table.columns)}"
        pictures.append(charts.panels(heading, [row.name for row in part], columns))
    return tuple(pictures)


def _shares(distribution: Distribution) -> charts.Picture | None:
    if not compared(distribution):
        return None
    return charts.distribution(
        f"{distribution.name}分布", [_part(share) for share in distribution.shares], width=330
    )


def _part(share: Share) -> charts.Part:
    if share.hidden or share.count is None:
        return charts.Part(share.name, None, charts.HIDDEN)
    percent = f"（{share.percent}%）" if share.percent is not None else ""
    return charts.Part(share.name, share.count, f"{share.count}人{percent}")


def month_labels(last: str, count: int = 12) -> tuple[str, ...]:
    """Labels of ``count`` months ending with ``last`` (``YYYY-MM``): the year is told where it begins."""
    months = months_until(last, count)
    return tuple(
        f"{month[2:4]}年{int(month[5:])}月" if index == 0 or month[5:] == "01" else f"{int(month[5:])}月"
        for index, month in enumerate(months)
    )


def months_until(last: str, count: int = 12) -> Sequence[str]:
    """``count`` months as ``YYYY-MM`` in order, the last one being ``last``."""
    year, month = map(int, last.split("-"))
    place = year * 12 + month - 1
    return [f"{at // 12:04d}-{at % 12 + 1:02d}" for at in range(place - count + 1, place + 1)]
