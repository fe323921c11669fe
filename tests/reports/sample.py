"""A made-up county's figures, so that the printing rooms can be tested without a database."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from casemgr.reports.figures import (
    AreaCell,
    AreaColumn,
    AreaRow,
    AreaTable,
    Definition,
    Distribution,
    Duty,
    Ground,
    MonthlyFigures,
    Rate,
    Share,
    Trend,
)
from casemgr.reports.monthly import month_labels

TOWNS = (
    "城关镇",
    "河东镇",
    "柳林镇",
    "青石镇",
    "东风街道",
    "红旗街道",
    "长丰镇",
    "白石乡",
    "青山镇",
    "河口镇",
    "石桥镇",
    "龙泉乡",
    "新华街道",
    "马场乡",
    "大王庄镇",
    "南湖街道",
    "北岭乡",
    "双河镇",
)


def percent(numerator: int, denominator: int | None, factor: int = 100) -> str | None:
    if not denominator:
        return None
    value = Decimal(numerator) * factor / Decimal(denominator)
    return str(value.quantize(Decimal("0.01"), ROUND_HALF_UP))


def rate(key: str, name: str, numerator: int, denominator: int, target: str | None, **others: object) -> Rate:
    unit = str(others.pop("unit", "%"))
    value = percent(numerator, denominator, 1000 if unit == "‰" else 100)
    met = None if target is None or value is None else Decimal(value) >= Decimal(target)
    made = Rate(
        key=key,
        name=name,
        unit=unit,
        numerator=numerator,
        denominator=denominator,
        value=value,
        target=target,
        met=met,
        distance=None if met is None else 0 if met else 7,
        official=True,
        variant=key.partition(".")[2],
        base_set="REG-A",
        rules=("IND-03",),
        status="V",
        last_month="86.90",
        last_year="81.25",
    )
    return replace(made, **others)  # type: ignore[arg-type]


RATES = (
    rate("IND-01", "报告患病率", 375, 81216, "4.5", unit="‰", last_month="4.60", last_year=None),
    rate("IND-02.REG-A", "管理率", 368, 375, None),
    rate("IND-03.STD-INT", "规范管理率", 328, 375, "80"),
    rate("IND-05.MED-QUARTER", "规律服药率", 237, 375, "60", status="UNVERIFIED-M", last_month="61.00"),
    rate("IND-06.MED-QUARTER", "精神分裂症服药率", 237, 275, "80", status="UNVERIFIED-M"),
    rate("IND-12.N1", "居家患者社区康复参与率", 141, 365, "50", status="UNVERIFIED-M", last_month="38.63"),
    rate("IND-03.STD-3M", "规范管理率", 344, 375, None, official=False),
    rate("IND-03.STD-4", "规范管理率", 345, 375, None, official=False),
    rate("IND-05.MED-YEAR", "规律服药率", 255, 375, None, official=False, status="UNVERIFIED-M"),
    rate("IND-11", "体检率", 145, 375, None, official=False),
)

COLUMNS = (
    AreaColumn("IND-03.STD-INT", "规范管理率", "%", "80"),
    AreaColumn("IND-05.MED-QUARTER", "规律服药率", "%", "60"),
    AreaColumn("IND-12.N1", "社区康复参与率", "%", "50"),
)


def area_row(name: str, registered: int, counts: tuple[tuple[int, int], ...]) -> AreaRow:
    cells = []
    for column, (numerator, denominator) in zip(COLUMNS, counts, strict=True):
        value = percent(numerator, denominator)
        met = None if value is None or column.target is None else Decimal(value) >= Decimal(column.target)
        cells.append(AreaCell(numerator, denominator, value, met))
    return AreaRow(None, name, registered, tuple(cells))


def towns(count: int) -> AreaTable:
    rows = []
    for index in range(count):
        people = 60 + (index * 37) % 90
        rows.append(
            area_row(
                TOWNS[index % len(TOWNS)],
                people,
                (
                    (people * (74 + index * 5 % 23) // 100, people),
                    (people * (51 + index * 7 % 31) // 100, people),
                    (people * (38 + index * 11 % 29) // 100, people - 2),
                ),
            )
        )
    sums = [
        (
            sum(row.cells[place].numerator or 0 for row in rows),
            sum(row.cells[place].denominator or 0 for row in rows),
        )
        for place in range(3)
    ]
    total = area_row("合计", sum(row.registered or 0 for row in rows), tuple(sums))
    return AreaTable("乡镇（街道）", COLUMNS, tuple(rows), total, protected=False)


def villages() -> AreaTable:
    hidden = AreaCell(None, None, None, None, hidden=True)
    rows = (
        area_row("第1村", 21, ((18, 21), (12, 21), (9, 20))),
        AreaRow(None, "第2村", None, (hidden, hidden, hidden), hidden=True),
        replace(
            area_row("第3村", 9, ((8, 9), (5, 9), (4, 9))),
            cells=(
                area_row("", 9, ((8, 9), (5, 9), (4, 9))).cells[0],
                area_row("", 9, ((8, 9), (5, 9), (4, 9))).cells[1],
                AreaCell(None, 9, None, None, hidden=True),
            ),
        ),
        AreaRow(None, "第4村", None, (hidden, hidden, hidden), hidden=True),
    )
    total = area_row("合计", 40, ((34, 40), (22, 40), (17, 38)))
    return AreaTable("村（社区）", COLUMNS, rows, total, protected=True)


RISK = Distribution(
    "危险性评估",
    "取本年度截至日前最近一次有危险性评估的完整随访；从未评估者列为“未评估”，不推定为0级。",
    375,
    tuple(
        Share(name, count, percent(count, 375))
        for name, count in (
            ("0级", 312),
            ("1级", 35),
            ("2级", 14),
            ("3级", 5),
            ("4级", 1),
            ("5级", 0),
            ("未评估", 8),
        )
    ),
)
CLASSES = Distribution(
    "病情分类",
    "取本年度截至日前最近一次有分类的完整随访。",
    375,
    tuple(
        Share(name, count, percent(count, 375))
        for name, count in (("稳定", 351), ("基本稳定", 14), ("不稳定", 3), ("未分类", 7))
    ),
)
DUTIES = (
    Duty("不稳定", 14, 3, 2, 1, "GF2018-7.16", "待核对"),
    Duty("基本稳定", 31, 14, 11, 2, "GF2018-7.16", "待核对"),
    Duty("稳定", 92, 350, 190, 12, "GW2017-7.12", ""),
    Duty("未分类", 92, 1, 0, 0, "STD-INT", "待核对"),
    Duty("本年尚无完整随访", 92, 4, 1, 2, "STD-INT", "待核对"),
)
GROUNDS = (
    Ground("IND-03", "规范管理率 = 规范管理患者 ÷ 在册患者", ""),
    Ground(
        "STD-INT",
        "规范管理·间隔法：每次间隔不超过前一次分类的上限（稳定92天、基本稳定31天、不稳定14天，未分类按92天）",
        "待核对",
    ),
)
DEFINITIONS = tuple(
    Definition(made.key, made.name, made.variant, "在册患者", GROUNDS) for made in RATES if made.official
)


def county(towns_count: int = 18) -> MonthlyFigures:
    """A county in October 2026."""
    months = month_labels("2026-10")
    return MonthlyFigures(
        number="示例县精防统〔2026〕10号",
        area=999901000000,
        area_name="示例县",
        area_level="县",
        place="全县",
        unit_name="示例县疾病预防控制中心",
        period="2026-10",
        as_of="2026-10-31",
        closed_on="2026-11-01",
        revision=1,
        close_revision=1,
        demo=False,
        edition="DEMO-2020",
        edition_name="全国社会心理服务体系建设试点（2020）",
        policy_digest="ab" * 32,
        population=81216,
        registered=375,
        rates=RATES,
        table=towns(towns_count),
        months=months,
        trends=(
            Trend(
                "IND-03.STD-INT",
                "规范管理率",
                "%",
                "80",
                (
                    None,
                    "81.25",
                    "82.10",
                    "83.30",
                    "84.00",
                    "84.20",
                    "85.10",
                    "85.00",
                    "86.20",
                    "86.40",
                    "86.90",
                    "87.47",
                ),
            ),
            Trend(
                "IND-05.MED-QUARTER",
                "规律服药率",
                "%",
                "60",
                (
                    None,
                    "58.30",
                    "60.00",
                    "60.50",
                    "61.00",
                    "60.70",
                    "61.20",
                    "62.00",
                    "61.80",
                    "61.50",
                    "61.00",
                    "63.20",
                ),
            ),
            Trend(
                "IND-12.N1",
                "居家患者社区康复参与率",
                "%",
                "50",
                (
                    None,
                    "38.63",
                    "5.20",
                    "9.10",
                    "14.30",
                    "19.80",
                    "24.40",
                    "28.90",
                    "31.00",
                    "34.50",
                    "37.00",
                    "38.63",
                ),
            ),
        ),
        risk=RISK,
        classes=CLASSES,
        duties=DUTIES,
        duties_total=Duty("合计", None, 372, 204, 17, "", ""),
        not_agreed=3,
        no_checkup=230,
        definitions=DEFINITIONS,
    )


def township() -> MonthlyFigures:
    """A township of the same county, with hidden small cells."""
    hidden = tuple(
        replace(share, count=None, percent=None, hidden=True) if share.name in {"3级", "4级"} else share
        for share in RISK.shares
    )
    return replace(
        county(4),
        number="示例县精防统〔2026〕10-101号",
        area=999901101000,
        area_name="河东镇",
        area_level="乡镇",
        place="全镇",
        unit_name="河东镇卫生院",
        table=villages(),
        risk=replace(RISK, shares=hidden),
        duties=(),
        duties_total=Duty("合计", None, None, 204, 17, "", ""),
        not_agreed=None,
    )
