"""统计表内容: what 表9 信息交换表 and 表14 年度统计报表 print of one closing; blanks where others know.

Only the programme's own counts are filled in. Staff, funds, screening and what other departments count is not
kept here, so those lines are printed empty, to be written by hand; a zero is never put in their place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from casemgr.indicators.catalogue import ANY_KEY, BY_KEY
from casemgr.indicators.editions import Edition
from casemgr.reports.figures import Figures, FormBlock, FormFigures, FormLine, MonthlyFigures
from casemgr.services import edition as editions
from casemgr.services import hiding, monthly
from casemgr.services.errors import Unfit
from casemgr.services.hiding import (
    BIPOLAR,
    CLASS,
    DEATHS,
    DUTY,
    HOME,
    LOST,
    NEVER,
    NONE,
    OFFENCE,
    REFUSED,
    REGISTERED,
    RISK,
    SCHIZOPHRENIA,
    WITH_DEATHS,
    Closed,
    hides_figure,
)
from casemgr.services.monthly import hidden_shares
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

    What no paper of the closing prints is hidden here as well (REC-SMALL-1). Raises what
    :func:`casemgr.services.monthly.collect` raises, and :class:`Unfit` for 表14 of a township.
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
    hidden = hiding.of_close(work, close, area, edition).get(area, frozenset())
    opened = hiding.open_keys(edition)
    blocks = [
        FormBlock(
            name, HEALTH, tuple(_kept(line, hidden, opened, hidden_shares(papers, name)) for line in part)
        )
        for name, part in _lines(own, edition, place.level)
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
        protected=True,
        blocks=tuple(blocks),
        # 表9 is an exchange of counts; the rates belong to the year.
        rates=(*base.official, *base.beside) if kind is ReportKind.STATISTICS else (),
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
            "“＊”为小数保护：人数为1至4，或可由县、乡各种报表推算出1至4的，各种报表都不印出（REC-SMALL-1，产品建议）；不表示零。"
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


#: What a line says, its number, the key under which it may be hidden, whether it is part of the one above.
Line = tuple[str, Read, str, bool]


def _lines(own: Closed, edition: Edition, level: AreaLevel) -> list[tuple[str, tuple[FormLine, ...]]]:
    standard = _named(edition, "IND-03", "IND-03.STD-INT")
    taking = _named(edition, "IND-04", "IND-04.MED-YEAR")
    regular = _named(edition, "IND-05", "IND-05.MED-YEAR")
    rehab = _named(edition, "IND-12", "IND-12.N1")
    schizo = _named(edition, "IND-06", "IND-06.MED-QUARTER")
    people: list[Line] = [
        ("在册患者（人）", _denominator(REGISTERED), REGISTERED, False),
        ("精神分裂症患者（人）", _denominator(schizo), SCHIZOPHRENIA, True),
        ("双相（情感）障碍患者（人）", _denominator("IND-14.TAKING"), BIPOLAR, True),
        ("居家患者（人）", _denominator(rehab), HOME, True),
        ("不同意参加管理（人）", _numerator(REFUSED), REFUSED, True),
        ("失访（人）", _numerator(LOST), LOST, True),
        ("本年死亡（人）", _deaths, DEATHS, False),
    ]
    service: list[Line] = [
        ("在管患者（人）", _numerator(REGISTERED), REGISTERED, False),
        ("规范管理患者（人）", _numerator(standard), standard, True),
        ("服药患者（人）", _numerator(taking), taking, False),
        ("规律服药患者（人）", _numerator(regular), regular, True),
        ("面访患者（人）", _numerator("IND-10"), "IND-10", False),
        ("健康体检患者（人）", _numerator("IND-11"), "IND-11", False),
        ("参加社区康复的居家患者（人）", _numerator(rehab), rehab, False),
        ("接受心理疏导的居家患者（人）", _numerator("IND-19.PATIENT"), "IND-19.PATIENT", False),
        ("家属接受心理疏导的居家患者（人）", _numerator("IND-19.FAMILY"), "IND-19.FAMILY", False),
        ("随访已超期（人）", _late, f"{DUTY}.LATE", False),
        ("有肇事肇祸行为（人）", _numerator(OFFENCE), OFFENCE, False),
    ]
    risk: list[Line] = [
        (f"{one.label}（人）", _numerator(f"{RISK}.{int(one)}"), f"{RISK}.{int(one)}", False)
        for one in RiskLevel
    ]
    risk.append(("未评估（人）", _numerator(f"{RISK}.{NONE}"), f"{RISK}.{NONE}", False))
    order = (Stability.STABLE, Stability.BASIC, Stability.UNSTABLE)
    classes: list[Line] = [
        (f"{one.label}（人）", _numerator(f"{CLASS}.{int(one)}"), f"{CLASS}.{int(one)}", False)
        for one in order
    ]
    classes.append(("未分类（人）", _numerator(f"{CLASS}.{NONE}"), f"{CLASS}.{NONE}", False))
    beside: list[Line] = [
        ("应录入的记录（条）", _denominator("IND-16"), "IND-16", False),
        ("按时录入（条）", _numerator("IND-16"), "IND-16", True),
    ]
    if level is AreaLevel.COUNTY:
        beside += [line for key, words in REPORTED for line in _reported(own, key, *words)]
    parts = (
        ("患者", people),
        ("管理服务", service),
        ("危险性评估", risk),
        ("病情分类", classes),
        ("录入与工作条件", beside),
    )
    return [
        (name, tuple(FormLine(said, read(own), key, inner=inner) for said, read, key, inner in part))
        for name, part in parts
    ]


#: What a county reports once a year: the words of the whole, empty where it is not told, and of the part.
REPORTED: tuple[tuple[str, tuple[str, str]], ...] = (
    ("IND-20", ("", "精神科执业（助理）医师（人）")),
    ("IND-21", ("乡镇（街道）（个）", "建有精神卫生综合管理小组（个）")),
    ("IND-22", ("开展社区康复县（区）的居家患者（人）", "接受康复服务（人）")),
    ("IND-23", ("民政登记的康复对象（人）", "接受规范康复服务（人）")),
    ("IND-18", ("精神卫生知识知晓率调查（人）", "知晓（人）")),
)


def _reported(own: Closed, key: str, whole: str, part: str) -> list[Line]:
    """The lines of a figure that a county reports; without a number where it reported none."""
    told = key in own and own[key][1] is not None
    found: list[Line] = [(whole, _denominator(key), key, False)] if whole else []
    return [*found, (part, _numerator(key) if told else _untold, key, bool(whole))]


def _untold(_own: Closed) -> int | None:
    return None


# --- small counts -------------------------------------------------------------------------------------


def _kept(
    line: FormLine, hidden: Collection[str], opened: Collection[str], before: Collection[str]
) -> FormLine:
    """The line as every paper of the closing has it: with its number, hidden, or to be filled in by hand.

    ``before``: names of lines that papers which came before this rule hid.
    """
    if line.count is None:
        return replace(line, asked=True)
    figure = line.key in ANY_KEY and hides_figure(line.key, hidden, opened)
    if figure or line.key in hidden or line.name.removesuffix("（人）") in before:
        return replace(line, count=None, hidden=True)
    return line
