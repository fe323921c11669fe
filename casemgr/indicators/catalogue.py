"""指标目录: every figure the product computes, by key: its people, its judgement and its grounds."""

from __future__ import annotations

from dataclasses import dataclass

from casemgr.terms.area import AreaLevel
from casemgr.terms.indicator import RateUnit
from casemgr.terms.rulebook import least_sure


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: ``judgement`` of the people of ``base``; per resident instead when ``per_resident``.

    ``base`` names a set of :mod:`casemgr.indicators.sets`, ``judgement`` one of
    :mod:`casemgr.indicators.count`; both by id, so that this list stays readable without polars.
    ``further``: beside the figures that other programs rely on; commands give it only when asked to.
    ``level``: the lowest areas it is made for.
    """

    key: str
    name: str
    variant: str
    base: str
    judgement: str
    cites: tuple[str, ...]
    unit: RateUnit = RateUnit.PERCENT
    per_resident: bool = False
    further: bool = False
    level: AreaLevel = AreaLevel.TOWNSHIP

    @property
    def indicator(self) -> str:
        """The id of the indicator this is a variant of, ``IND-03``."""
        return self.key.partition(".")[0]

    @property
    def status(self) -> str:
        """How sure the definition is: the status of its least sure ground."""
        return least_sure(self.cites)


_INTERVAL = "STD-INT GW2017-7.10 GW2017-7.11 GW2017-7.12 GF2018-7.16"

#: Key, name, variant, base set, judgement, and the rules cited besides the indicator's own.
_RATES = (
    ("IND-02.REG-A", "管理率", "REG-A", "REG-A", "MAN", "SET-MAN SET-REG-A"),
    ("IND-02.REG-B", "管理率", "REG-B", "REG-B", "MAN", "SET-MAN SET-REG-B"),
    ("IND-03.STD-INT", "规范管理率", "STD-INT", "REG-A", "STD-INT", f"SET-REG-A {_INTERVAL}"),
    ("IND-03.STD-3M", "规范管理率", "STD-3M", "REG-A", "STD-3M", "SET-REG-A STD-3M"),
    ("IND-03.STD-4", "规范管理率", "STD-4", "REG-A", "STD-4", "SET-REG-A STD-4 GW2017-7.1"),
    ("IND-03.STD-PRO", "规范管理率", "STD-PRO", "REG-A", "STD-PRO", "SET-REG-A STD-PRO GW2017-7.1"),
    ("IND-03.STD-GW", "规范管理率", "STD-GW", "REG-A", "STD-GW", f"SET-REG-A STD-GW GW2017-6.3 {_INTERVAL}"),
    ("IND-03.STD-INT.REG-B", "规范管理率", "STD-INT", "REG-B", "STD-INT", f"SET-REG-B {_INTERVAL}"),
    ("IND-04.MED-YEAR", "服药率", "MED-YEAR", "REG-A", "MED-YEAR-TAKING", "SET-REG-A MED-YEAR"),
    ("IND-04.MED-QUARTER", "服药率", "MED-QUARTER", "REG-A", "MED-QUARTER-TAKING", "SET-REG-A MED-QUARTER"),
    ("IND-04.MED-LAST", "服药率", "MED-LAST", "REG-A", "MED-LAST-TAKING", "SET-REG-A MED-LAST"),
    (
        "IND-04.MED-YEAR.DEN-MAN",
        "服药率",
        "MED-YEAR",
        "REG-A-MAN",
        "MED-YEAR-TAKING",
        "SET-REG-A SET-MAN MED-YEAR",
    ),
    ("IND-05.MED-YEAR", "规律服药率", "MED-YEAR", "REG-A", "MED-YEAR-REGULAR", "SET-REG-A MED-YEAR"),
    ("IND-05.MED-LAST", "规律服药率", "MED-LAST", "REG-A", "MED-LAST-REGULAR", "SET-REG-A MED-LAST"),
    (
        "IND-05.MED-QUARTER",
        "规律服药率",
        "MED-QUARTER",
        "REG-A",
        "MED-QUARTER-REGULAR",
        "SET-REG-A MED-QUARTER",
    ),
    (
        "IND-05.MED-QUARTER.DEN-MAN",
        "规律服药率",
        "MED-QUARTER",
        "REG-A-MAN",
        "MED-QUARTER-REGULAR",
        "SET-REG-A SET-MAN MED-QUARTER",
    ),
    ("IND-05.MED-ALL4", "规律服药率", "MED-ALL4", "REG-A", "MED-YEAR-AS-ORDERED", "SET-REG-A MED-ALL4"),
    (
        "IND-05.MED-YEAR.DEN-MAN",
        "规律服药率",
        "MED-YEAR",
        "REG-A-MAN",
        "MED-YEAR-REGULAR",
        "SET-REG-A SET-MAN MED-YEAR",
    ),
    (
        "IND-05.MED-YEAR.EX4",
        "规律服药率",
        "MED-YEAR",
        "REG-A-TREATABLE",
        "MED-YEAR-REGULAR",
        "SET-REG-A MED-YEAR MED-EX4",
    ),
    (
        "IND-06.MED-YEAR",
        "精神分裂症服药率",
        "MED-YEAR",
        "REG-A-SCHIZO",
        "MED-YEAR-TAKING",
        "SET-REG-A MED-YEAR",
    ),
    (
        "IND-06.MED-QUARTER",
        "精神分裂症服药率",
        "MED-QUARTER",
        "REG-A-SCHIZO",
        "MED-QUARTER-TAKING",
        "SET-REG-A MED-QUARTER",
    ),
    (
        "IND-07.MED-YEAR",
        "精神分裂症规律服药率",
        "MED-YEAR",
        "REG-A-SCHIZO",
        "MED-YEAR-REGULAR",
        "SET-REG-A MED-YEAR",
    ),
    (
        "IND-07.MED-QUARTER",
        "精神分裂症规律服药率",
        "MED-QUARTER",
        "REG-A-SCHIZO",
        "MED-QUARTER-REGULAR",
        "SET-REG-A MED-QUARTER",
    ),
    ("IND-08.LAST", "治疗率", "LAST", "REG-A", "MED-LAST-TAKING", "SET-REG-A MED-LAST"),
    (
        "IND-08.SCHIZO.LAST",
        "精神分裂症治疗率",
        "LAST",
        "REG-A-SCHIZO",
        "MED-LAST-TAKING",
        "SET-REG-A MED-LAST",
    ),
    ("IND-09.LAST", "病情稳定率", "LAST", "REG-A-CLASSED", "LAST-STABLE", "SET-REG-A STA-LAST"),
    ("IND-09.STA-2011", "病情稳定率", "STA-2011", "REG-A", "LAST-STABLE", "SET-REG-A STA-2011"),
    ("IND-09.STA-2016", "病情稳定率", "STA-2016", "REG-A-CLASSED", "ALWAYS-STABLE", "SET-REG-A STA-2016"),
    (
        "IND-09.STA-2020",
        "病情稳定率",
        "STA-2020",
        "REG-A-CLASSED",
        "LAST-STABLE-OR-BASIC",
        "SET-REG-A STA-2020",
    ),
    ("IND-10", "面访率", "", "REG-A", "FACE", "SET-REG-A SET-MAN FU-C10"),
    ("IND-11", "体检率", "", "REG-A", "CHECKED", "SET-REG-A GW2017-14.1"),
    ("IND-12.N1", "居家患者社区康复参与率", "N1", "REG-A-HOME", "N1", "SET-REG-A REHAB-SESSION"),
    ("IND-12.N4", "居家患者社区康复参与率", "N4", "REG-A-HOME", "N4", "SET-REG-A REHAB-SESSION"),
    ("IND-12.N12", "居家患者社区康复参与率", "N12", "REG-A-HOME", "N12", "SET-REG-A REHAB-SESSION"),
    ("IND-13", "肇事肇祸率", "", "REG-A", "OFFENCE", "SET-REG-A"),
    (
        "IND-14.TAKING",
        "双相（情感）障碍服药率",
        "MED-YEAR",
        "REG-A-BIPOLAR",
        "MED-YEAR-TAKING",
        "SET-REG-A MED-YEAR",
    ),
    (
        "IND-14.REGULAR",
        "双相（情感）障碍规律服药率",
        "MED-YEAR",
        "REG-A-BIPOLAR",
        "MED-YEAR-REGULAR",
        "SET-REG-A MED-YEAR",
    ),
    ("IND-15", "失访率", "", "REG-A", "LOST", "SET-REG-A"),
    ("IND-19.PATIENT", "居家患者心理疏导率", "PATIENT", "REG-A-HOME", "SUPPORTED", "SET-REG-A COUNSEL-1"),
    (
        "IND-19.FAMILY",
        "居家患者家属心理疏导率",
        "FAMILY",
        "REG-A-HOME",
        "FAMILY-SUPPORTED",
        "SET-REG-A COUNSEL-1",
    ),
)

#: Readings that stand beside those, for years and places that went by them.
_FURTHER = frozenset(
    {
        "IND-03.STD-GW",
        "IND-04.MED-LAST",
        "IND-04.MED-YEAR.DEN-MAN",
        "IND-05.MED-ALL4",
        "IND-05.MED-YEAR.DEN-MAN",
        "IND-05.MED-YEAR.EX4",
        "IND-06.MED-YEAR",
        "IND-07.MED-QUARTER",
        "IND-07.MED-YEAR",
        "IND-09.STA-2011",
        "IND-09.STA-2016",
        "IND-09.STA-2020",
        "IND-13",
        "IND-14.REGULAR",
        "IND-14.TAKING",
        "IND-15",
        "IND-19.FAMILY",
        "IND-19.PATIENT",
    }
)

PREVALENCE = Measure(
    "IND-01", "报告患病率", "", "REG-A", "REGISTERED", ("IND-01", "SET-REG-A"), RateUnit.PER_MILLE, True
)

PREVALENCE_WITH_DEATHS = Measure(
    "IND-01.REG-B",
    "报告患病率",
    "REG-B",
    "REG-B",
    "REGISTERED",
    ("IND-01", "SET-REG-B"),
    RateUnit.PER_MILLE,
    True,
    further=True,
)

MEASURES: tuple[Measure, ...] = (
    PREVALENCE,
    PREVALENCE_WITH_DEATHS,
    *(
        Measure(
            key,
            name,
            variant,
            base,
            judgement,
            (key.partition(".")[0], *cites.split()),
            further=key in _FURTHER,
        )
        for key, name, variant, base, judgement, cites in _RATES
    ),
)

BY_KEY = {measure.key: measure for measure in MEASURES}

#: What the base of a figure is when it is made of records, or of what areas report, instead of people.
RECORDS, REPORTED = "RECORDS", "REPORTED"


def _total(
    key: str,
    name: str,
    base: str,
    cites: str,
    *,
    variant: str = "",
    unit: RateUnit = RateUnit.PERCENT,
    level: AreaLevel = AreaLevel.COUNTY,
) -> Measure:
    indicator = key.partition(".")[0]
    return Measure(key, name, variant, base, "", (indicator, *cites.split()), unit, False, True, level)


_ENTRY = "FB2013-3.4 GF2018-5.2"
_EMERGENCY = "GF2018-10.5 GF2018-10.6"
#: Figures that are no sum over judged people, in the order in which they stand behind those.
TOTALS: tuple[Measure, ...] = (
    _total(
        "IND-16",
        "信息录入及时率",
        RECORDS,
        f"REC-ENTRY-1 {_ENTRY} {_EMERGENCY}",
        level=AreaLevel.TOWNSHIP,
    ),
    _total(
        "IND-16.VISIT",
        "随访录入及时率",
        RECORDS,
        "REC-ENTRY-1",
        variant="VISIT",
        level=AreaLevel.TOWNSHIP,
    ),
    _total(
        "IND-16.FILE",
        "报告与建档录入及时率",
        RECORDS,
        _ENTRY,
        variant="FILE",
        level=AreaLevel.TOWNSHIP,
    ),
    _total(
        "IND-16.EMERGENCY",
        "应急处置记录及时率",
        RECORDS,
        _EMERGENCY,
        variant="EMERGENCY",
        level=AreaLevel.TOWNSHIP,
    ),
    _total("IND-17", "信息系统覆盖率", REPORTED, "", level=AreaLevel.PREFECTURE),
    _total("IND-18", "精神卫生知识知晓率", REPORTED, ""),
    _total("IND-20", "每10万人口精神科执业（助理）医师数", REPORTED, "", unit=RateUnit.PER_HUNDRED_THOUSAND),
    _total("IND-21", "精神卫生综合管理小组覆盖率", REPORTED, ""),
    _total("IND-22", "开展社区康复县（区）的居家患者接受服务率", REPORTED, "REHAB-SESSION"),
    _total("IND-23", "登记康复对象接受规范服务率", REPORTED, ""),
    _total("IND-24", "开展社区康复服务的县（区）比例", REPORTED, "", level=AreaLevel.PREFECTURE),
)
#: Every figure there is, those of people first.
FIGURES: tuple[Measure, ...] = (*MEASURES, *TOTALS)
ANY_KEY = {measure.key: measure for measure in FIGURES}
