"""服药判定: 服药 and 规律服药 over the year, at the last visit and by quarter; 病情稳定 at the last class."""

from __future__ import annotations

import polars as pl

from casemgr.indicators.case_period import BASIC, IRREGULAR, REGULAR, STABLE, CaseRow
from casemgr.indicators.followup import quarters_missing
from casemgr.indicators.judgement import Basis, Judgement
from casemgr.rules.decision import Verdict
from casemgr.terms.medication import Adherence
from casemgr.terms.risk import Stability

REALITY = "实际服药情况"
NOTHING_TOLD = "本年度没有填写用药依从性的随访。"
UNTOLD = "未评估：没有填写用药依从性"


def _found(code: int | None, on: int | None, basis: Basis) -> str:
    return f"{basis.on(on)}随访记录为“{Adherence.read(code).label}”"


def _had(code: int | None) -> str:
    return f"有的随访记录为“{Adherence.read(code).label}”"


def _taking_in_year(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    if counted:
        reason = f"本年度有 {row['taken_visits']} 次随访记录为规律或间断用药。"
        return Verdict(True, reason, "MED-YEAR", missing=0)
    reason = "本年度随访记录均为“不用药”或“医嘱勿需用药”。" if row["adherence_visits"] else NOTHING_TOLD
    return basis.depends(row, reason, "MED-YEAR", REALITY, reason.rstrip("。"))


def _regular_in_year(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    if counted:
        reason = f"本年度 {row['adherence_visits']} 次用药记录均为“按医嘱规律用药”。"
        return Verdict(True, reason, "MED-YEAR", missing=0)
    if not row["adherence_visits"]:
        return basis.depends(row, NOTHING_TOLD, "MED-YEAR", REALITY, UNTOLD)
    found = _found(row["first_not_regular"], row["first_not_regular_on"], basis)
    return basis.final(f"{found}，不是每次都规律。", "MED-YEAR", _had(row["first_not_regular"]))


def _as_ordered_in_year(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    if counted:
        reason = f"本年度 {row['adherence_visits']} 次用药记录均为“按医嘱规律用药”或“医嘱勿需用药”。"
        return Verdict(True, reason, "MED-ALL4", missing=0)
    if not row["adherence_visits"]:
        return basis.depends(row, NOTHING_TOLD, "MED-ALL4", REALITY, UNTOLD)
    found = _found(row["lapse"], row["lapse_on"], basis)
    return basis.final(f"{found}。", "MED-ALL4", _had(row["lapse"]))


def _at_last_visit(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    if row["last_adherence"] is None:
        return basis.depends(row, NOTHING_TOLD, "MED-LAST", REALITY, UNTOLD)
    reason = f"末次{_found(row['last_adherence'], row['last_adherence_on'], basis)}。"
    if counted:
        return Verdict(True, reason, "MED-LAST", missing=0)
    topic = f"末次随访记录为“{Adherence.read(row['last_adherence']).label}”"
    return basis.depends(row, reason, "MED-LAST", REALITY, topic)


def _taking_by_quarter(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    if counted:
        reason = f"本年度有 {row['cared_visits']} 次随访记录为规律、间断用药或正在住院。"
        return Verdict(True, reason, "MED-QUARTER", missing=0)
    reason = "本年度没有规律用药、间断用药或正在住院的随访记录。"
    return basis.depends(row, reason, "MED-QUARTER", REALITY, reason.rstrip("。"))


def _regular_by_quarter(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    if counted:
        reason = "应随访的每个季度都有规律用药（或正在住院）的记录，且没有间断或不用药。"
        return Verdict(True, reason, "MED-QUARTER", missing=0)
    if row["lapse"] is not None:
        found = _found(row["lapse"], row["lapse_on"], basis)
        return basis.final(f"{found}。", "MED-QUARTER", _had(row["lapse"]))
    missing = quarters_missing(row, row["quarters_medicated"], basis)
    if missing:
        reason = f"{missing}没有规律用药（或正在住院）的随访记录。"
        return basis.final(reason, "MED-QUARTER", "有的季度没有规律用药的随访记录")
    reason = "本年度还没有规律用药（或正在住院）的随访记录。"
    return basis.depends(row, reason, "MED-QUARTER", REALITY, "还没有规律用药的随访记录")


def _stable_at_last(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    if row["last_class"] is None:
        reason = "本年度的完整随访都没有填随访分类。"
        return basis.depends(row, reason, "STA-LAST", "实际病情", "未评估：没有填随访分类")
    found = Stability.read(row["last_class"])
    reason = f"{basis.on(row['last_class_on'])}随访分类为“{found.label}”。"
    if counted:
        return Verdict(True, reason, "STA-LAST", missing=0)
    return basis.depends(row, reason, "STA-LAST", "实际病情", f"末次随访分类为“{found.label}”")


def _stable_all_year(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    if counted:
        reason = f"本年度 {row['classed_visits']} 次有分类的完整随访均为“稳定”。"
        return Verdict(True, reason, "STA-2016", missing=0)
    others = row["classed_visits"] - row["stable_visits"]
    reason = f"本年度有 {others} 次完整随访的分类不是“稳定”。"
    return basis.final(reason, "STA-2016", "有的随访分类不是“稳定”")


_REQUIRED = pl.col("quarters_required")
_LAST = pl.col("last_adherence")
_MEDICATED = pl.col("quarters_medicated")

JUDGEMENTS = (
    Judgement("MED-YEAR-TAKING", pl.col("taken_visits") > 0, _taking_in_year),
    Judgement(
        "MED-YEAR-REGULAR",
        (pl.col("adherence_visits") > 0) & (pl.col("regular_visits") == pl.col("adherence_visits")),
        _regular_in_year,
    ),
    Judgement(
        "MED-YEAR-AS-ORDERED",
        (pl.col("adherence_visits") > 0)
        & (pl.col("regular_visits") + pl.col("exempt_visits") == pl.col("adherence_visits")),
        _as_ordered_in_year,
    ),
    Judgement("MED-LAST-TAKING", _LAST.is_in((REGULAR, IRREGULAR)).fill_null(False), _at_last_visit),
    Judgement("MED-LAST-REGULAR", (_LAST == REGULAR).fill_null(False), _at_last_visit),
    Judgement("MED-QUARTER-TAKING", pl.col("cared_visits") > 0, _taking_by_quarter),
    Judgement(
        "MED-QUARTER-REGULAR",
        pl.col("lapse").is_null() & (_MEDICATED & _REQUIRED == _REQUIRED) & (_MEDICATED != 0),
        _regular_by_quarter,
    ),
    Judgement("LAST-STABLE", (pl.col("last_class") == STABLE).fill_null(False), _stable_at_last),
    Judgement(
        "LAST-STABLE-OR-BASIC",
        pl.col("last_class").is_in((STABLE, BASIC)).fill_null(False),
        _stable_at_last,
    ),
    Judgement(
        "ALWAYS-STABLE",
        (pl.col("classed_visits") > 0) & (pl.col("stable_visits") == pl.col("classed_visits")),
        _stable_all_year,
    ),
)
