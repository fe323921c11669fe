"""统计表内容: what 表9 信息交换表 and 表14 年度统计报表 print of one closing; blanks where others know.

Only the programme's own counts are filled in. Staff, funds, screening and what other departments count is not
kept here, so those lines are printed empty, to be written by hand; a zero is never put in their place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from casemgr.indicators.catalogue import BY_KEY
from casemgr.indicators.editions import Edition
from casemgr.indicators.small_cells import hide, small
from casemgr.reports.figures import Figures, FormBlock, FormFigures, FormLine, MonthlyFigures
from casemgr.services import edition as editions
from casemgr.services import monthly
from casemgr.services.errors import Unfit
from casemgr.services.monthly import (
    CLASS,
    DUTY,
    NEVER,
    NONE,
    REFUSED,
    REGISTERED,
    RISK,
    Closed,
    hidden_shares,
)
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel
from casemgr.terms.report import ReportKind
from casemgr.terms.risk import RiskLevel, Stability

FORM_NUMBERS = {ReportKind.EXCHANGE: "表9", ReportKind.STATISTICS: "表14"}
FORM_NAMES = {
    ReportKind.EXCHANGE: "严重精神障碍患者信息交换表",
    ReportKind.STATISTICS: "严重精神障碍管理治疗工作年度统计报表",
}
HEALTH = "卫生健康部门（本系统月结数据）"
DEATHS = "DEATHS"
WITH_DEATHS = "IND-02.REG-B"
#: What the other departments write into 表9 (GF2018: each gives its own counts; the exact items are 待核对).
OTHERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("公安部门", "派出所", ("列管人数（人）", "本期新发现疑似人数（人）", "本期肇事肇祸案（事）件（起）")),
    ("民政部门", "民政办", ("享受最低生活保障人数（人）", "特困供养人数（人）", "本期救助人次（人次）")),
    ("残联组织", "残联办", ("持精神残疾人证人数（人）", "本期新办证人数（人）", "接受康复服务人数（人）")),
    ("政法部门", "综治中心", ("关爱帮扶小组数（个）", "监护补助应发人数（人）", "监护补助实发人数（人）")),
)
YEARLY_ASKED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "工作人员",
        "精防机构、医疗机构",
        (
            "精神专科医院精神科执业（助理）医师（人）",
            "综合医院精神科执业（助理）医师（人）",
            "精神科注册护士（人）",
            "县级精防机构专（兼）职人员（人）",
            "乡镇卫生院、社区卫生服务中心精防人员（人）",
        ),
    ),
    ("筛查与诊断", "精防机构", ("线索筛查人数（人）", "精神科医师复核人数（人）", "本年新确诊人数（人）")),
    (
        "工作经费",
        "卫生健康、财政部门",
        ("中央财政（万元）", "省级财政（万元）", "市级财政（万元）", "县级财政（万元）"),
    ),
    ("监护补助", "政法、财政部门", ("应发人数（人）", "实发人数（人）", "发放金额（万元）")),
)

#: Figure of a line → number of people; nothing where the month was closed without it.
Read = Callable[[Closed], int | None]


def collect(
    work: Work,
    kind: ReportKind,
    period: str,
    month: str,
    area: int,
    revision: int,
    papers: Sequence[Figures] = (),
) -> FormFigures:
    """The figures of 表9 (month) or 表14 (year, counties only) for issue number ``revision``.

    Raises what :func:`casemgr.services.monthly.collect` raises, and :class:`Unfit` for 表14 of a township.
    """
    base = monthly.collect(work, month, area, revision, papers)
    place = monthly.place_of(work, area)
    number = monthly.month_number(month)
    if kind is ReportKind.STATISTICS and place.level is not AreaLevel.COUNTY:
        sentence = "表14 由县（区）填报。请选择县（区）的区划代码；乡镇（街道）请出年报或表9。"
        raise Unfit(sentence, fields={"area": sentence})
    close = monthly.closings_of(work, [number], area)[number]
    own = monthly.by_area(work, close.id, area, area + 1)[area]
    edition = editions.edition_on(work, close.as_of, area)
    protected = kind is ReportKind.EXCHANGE
    lines = _lines(own, edition)
    blocks = [
        FormBlock(name, HEALTH, _kept(name, part, own, base, papers) if protected else part)
        for name, part in lines
    ]
    asked = OTHERS if kind is ReportKind.EXCHANGE else YEARLY_ASKED
    blocks += [
        FormBlock(name, filler, tuple(_blank(one) for one in wanted)) for name, filler, wanted in asked
    ]
    return FormFigures(
        kind=kind.slug,
        number=monthly.number_of(place.prefix, number, place.level, area, revision, kind),
        form_number=FORM_NUMBERS[kind],
        form_name=FORM_NAMES[kind],
        area=area,
        area_name=base.area_name,
        unit_name=base.unit_name,
        period=period,
        last_month=month,
        as_of=base.as_of,
        closed_on=base.closed_on,
        revision=revision,
        close_revision=base.close_revision,
        demo=base.demo,
        edition=base.edition,
        edition_name=base.edition_name,
        protected=protected,
        blocks=tuple(blocks),
        rates=base.official if kind is ReportKind.STATISTICS else (),
        notes=_notes(kind, base, blocks),
    )


def _notes(kind: ReportKind, base: MonthlyFigures, blocks: Sequence[FormBlock]) -> tuple[str, ...]:
    found = [
        f"各数为本年1月1日至{base.as_of}的情况，取自月结数据（第{base.close_revision}版），只有人数，没有任何个人信息。",
        "空格由所列部门填写，本系统不掌握的不代填，也不以零代替。",
        f"{FORM_NUMBERS[kind]}的栏目按《严重精神障碍管理治疗工作规范（2018年版）》可查到的部分编排，原表样待核对。",
    ]
    if any(line.hidden for block in blocks for line in block.lines):
        found.append(
            "“＊”为小数保护：人数为1至4，或可由相邻各数推算出1至4的，不印出（REC-SMALL-1，产品建议）；不表示零。"
        )
    return tuple(found)


def _blank(name: str) -> FormLine:
    return FormLine(name, None, "", asked=True)


# --- the programme's own lines ------------------------------------------------------------------------


def _numerator(key: str) -> Read:
    return lambda own: own[key][0] if key in own else None


def _denominator(key: str) -> Read:
    return lambda own: own[key][1] if key in own else None


def _deaths(own: Closed) -> int | None:
    with_deaths, without = _denominator(WITH_DEATHS)(own), _denominator(REGISTERED)(own)
    return None if with_deaths is None or without is None else with_deaths - without


def _late(own: Closed) -> int | None:
    codes = (*(str(int(one)) for one in Stability), NONE, NEVER)
    return sum(own[f"{DUTY}.{code}.LATE"][0] for code in codes if f"{DUTY}.{code}.LATE" in own)


def _named(edition: Edition, family: str, first: str) -> str:
    """The official variant of a family, else ``first``."""
    return next((key for key in edition.official if BY_KEY[key].indicator == family), first)


def _lines(own: Closed, edition: Edition) -> list[tuple[str, tuple[FormLine, ...]]]:
    standard = _named(edition, "IND-03", "IND-03.STD-INT")
    taking = _named(edition, "IND-04", "IND-04.MED-YEAR")
    regular = _named(edition, "IND-05", "IND-05.MED-YEAR")
    rehab = _named(edition, "IND-12", "IND-12.N1")
    schizo = _named(edition, "IND-06", "IND-06.MED-QUARTER")
    people: list[tuple[str, Read, str, bool]] = [
        ("在册患者（人）", _denominator(REGISTERED), REGISTERED, False),
        ("精神分裂症患者（人）", _denominator(schizo), schizo, True),
        ("双相（情感）障碍患者（人）", _denominator("IND-14.TAKING"), "IND-14.TAKING", True),
        ("居家患者（人）", _denominator(rehab), rehab, True),
        ("不同意参加管理（人）", _numerator(REFUSED), REFUSED, True),
        ("失访（人）", _numerator("IND-15"), "IND-15", True),
        ("本年死亡（人）", _deaths, DEATHS, False),
    ]
    service: list[tuple[str, Read, str, bool]] = [
        ("在管患者（人）", _numerator(REGISTERED), REGISTERED, False),
        ("规范管理患者（人）", _numerator(standard), standard, True),
        ("服药患者（人）", _numerator(taking), taking, False),
        ("规律服药患者（人）", _numerator(regular), regular, True),
        ("面访患者（人）", _numerator("IND-10"), "IND-10", False),
        ("健康体检患者（人）", _numerator("IND-11"), "IND-11", False),
        ("参加社区康复的居家患者（人）", _numerator(rehab), rehab, False),
        ("随访已超期（人）", _late, f"{DUTY}.LATE", False),
        ("有肇事肇祸行为（人）", _numerator("IND-13"), "IND-13", False),
    ]
    risk: list[tuple[str, Read, str, bool]] = [
        (f"{level.label}（人）", _numerator(f"{RISK}.{int(level)}"), f"{RISK}.{int(level)}", False)
        for level in RiskLevel
    ]
    risk.append(("未评估（人）", _numerator(f"{RISK}.{NONE}"), f"{RISK}.{NONE}", False))
    order = (Stability.STABLE, Stability.BASIC, Stability.UNSTABLE)
    classes: list[tuple[str, Read, str, bool]] = [
        (f"{one.label}（人）", _numerator(f"{CLASS}.{int(one)}"), f"{CLASS}.{int(one)}", False)
        for one in order
    ]
    classes.append(("未分类（人）", _numerator(f"{CLASS}.{NONE}"), f"{CLASS}.{NONE}", False))
    parts = (("患者", people), ("管理服务", service), ("危险性评估", risk), ("病情分类", classes))
    return [
        (name, tuple(FormLine(said, read(own), key, inner=inner) for said, read, key, inner in part))
        for name, part in parts
    ]


# --- small counts -------------------------------------------------------------------------------------


def _kept(
    name: str,
    lines: tuple[FormLine, ...],
    own: Closed,
    base: MonthlyFigures,
    papers: Sequence[Figures],
) -> tuple[FormLine, ...]:
    """The lines of one block with small counts taken out, and what would give them away (REC-SMALL-1)."""
    registered = _denominator(REGISTERED)(own) or 0
    if small(registered):
        return tuple(_hidden(line) for line in lines)
    distribution = next((one for one in (base.risk, base.classes) if one.name == name), None)
    if distribution is None:
        return _parts(lines, registered)
    if base.table.protected:
        # A township's own report hides the same lines, so that two papers never tell more than one.
        return tuple(
            _hidden(line) if share.hidden else line
            for line, share in zip(lines, distribution.shares, strict=True)
        )
    return _partition(lines, hidden_shares(papers, name))


def _hidden(line: FormLine) -> FormLine:
    return FormLine(line.name, None, line.key, hidden=True, inner=line.inner)


def _partition(lines: tuple[FormLine, ...], before: frozenset[str]) -> tuple[FormLine, ...]:
    """Lines that add up to the register; the line of those not assessed says nothing about anybody."""
    last = len(lines) - 1
    hiding = hide(
        [[line.count or 0] for line in lines],
        open_rows=[last],
        zeros_known=False,
        before=[(place, 0) for place, line in enumerate(lines) if line.name.removesuffix("（人）") in before],
    )
    if not hiding.printable:
        return tuple(_hidden(line) if place != last else line for place, line in enumerate(lines))
    return tuple(line if hiding.shows(place, 0) else _hidden(line) for place, line in enumerate(lines))


def _parts(lines: tuple[FormLine, ...], registered: int) -> tuple[FormLine, ...]:
    """Lines that each count some of those on the register: neither they nor the rest may be small.

    An inner line counts some of the line before it that is not inner; what is left of that may not be
    small either.
    """
    kept: list[FormLine] = []
    outer = registered
    for line in lines:
        count = line.count
        if count is None:
            kept.append(line)
            continue
        # 本年死亡 lies beside the register, not inside it.
        wholes = () if line.key == DEATHS else (registered, outer) if line.inner else (registered,)
        shown = not small(count) and not any(small(whole - count) for whole in wholes)
        kept.append(line if shown else _hidden(line))
        if not line.inner and line.key != DEATHS:
            outer = count
    return tuple(kept)
