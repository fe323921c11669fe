"""基础人群: the sets that rates are taken of, each written once, with the words for who stands outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from casemgr.indicators.case_period import CaseRow
from casemgr.indicators.judgement import Basis
from casemgr.terms.register import Lifecycle

REGISTERED = pl.col("reg_a")
REGISTERED_WITH_DEATHS = pl.col("reg_b")
CLASSED = pl.col("last_class").is_not_null()
#: Whose every note on medicine of the year is 医嘱勿需用药.
EXEMPT = (pl.col("exempt_visits") > 0) & (pl.col("exempt_visits") == pl.col("adherence_visits"))
MANAGED = ~pl.col("refused") & (pl.col("complete_visits") > 0)


@dataclass(frozen=True, slots=True)
class BaseSet:
    """A denominator: ``test`` over the columns of a case, ``outside`` says why a row is not in it.

    ``beside`` says it of everybody on the register who is not, without days.
    """

    id: str
    name: str
    test: pl.Expr
    outside: Callable[[CaseRow, Basis], str]
    rules: tuple[str, ...]
    beside: str = ""


def _left(row: CaseRow, basis: Basis) -> str:
    how = Lifecycle.read(row["exit"]).label
    return f"已于{basis.on(row['exited_on'])}{how}，不在册。"


def _not_schizophrenia(row: CaseRow, basis: Basis) -> str:
    return "诊断不是精神分裂症，不在本指标范围内。" if row["reg_a"] else _left(row, basis)


def _not_bipolar(row: CaseRow, basis: Basis) -> str:
    return "诊断不是双相（情感）障碍，不在本指标范围内。" if row["reg_a"] else _left(row, basis)


def _needs_none(row: CaseRow, basis: Basis) -> str:
    reason = "本年度的用药记录都是“医嘱勿需用药”，按本口径不计入分母。"
    return reason if row["reg_a"] else _left(row, basis)


def _not_managed(row: CaseRow, basis: Basis) -> str:
    return "不属在管患者，不在本指标分母内。" if row["reg_a"] else _left(row, basis)


def _no_class(row: CaseRow, basis: Basis) -> str:
    return "本年度的完整随访都没有填随访分类，不在本指标分母内。" if row["reg_a"] else _left(row, basis)


def _not_home(row: CaseRow, basis: Basis) -> str:
    if not row["reg_a"]:
        return _left(row, basis)
    return f"{basis.on(row['hospital_on'])}随访记录为“目前正在住院”，不是居家患者。"


SETS = {
    one.id: one
    for one in (
        BaseSet("REG-A", "在册患者", REGISTERED, _left, ("SET-REG-A",)),
        BaseSet("REG-B", "在册患者（含当年死亡）", REGISTERED_WITH_DEATHS, _left, ("SET-REG-B",)),
        BaseSet(
            "REG-A-MAN",
            "在册在管患者",
            REGISTERED & MANAGED,
            _not_managed,
            ("SET-REG-A", "SET-MAN"),
            "不是在管患者",
        ),
        BaseSet(
            "REG-A-SCHIZO",
            "在册精神分裂症患者",
            REGISTERED & pl.col("schizophrenia"),
            _not_schizophrenia,
            ("SET-REG-A",),
            "诊断不是精神分裂症",
        ),
        BaseSet(
            "REG-A-BIPOLAR",
            "在册双相（情感）障碍患者",
            REGISTERED & pl.col("bipolar"),
            _not_bipolar,
            ("SET-REG-A",),
            "诊断不是双相（情感）障碍",
        ),
        BaseSet(
            "REG-A-TREATABLE",
            "在册患者（不含全年医嘱勿需用药者）",
            REGISTERED & ~EXEMPT,
            _needs_none,
            ("SET-REG-A", "MED-EX4"),
            "本年度的用药记录都是“医嘱勿需用药”",
        ),
        BaseSet(
            "REG-A-CLASSED",
            "有随访分类的在册患者",
            REGISTERED & CLASSED,
            _no_class,
            ("SET-REG-A",),
            "未评估：没有填随访分类",
        ),
        BaseSet(
            "REG-A-HOME",
            "居家在册患者",
            REGISTERED & pl.col("at_home"),
            _not_home,
            ("SET-REG-A",),
            "正在住院",
        ),
    )
}
