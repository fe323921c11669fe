"""样例县: reads the sample workbook straight into frames, so that indicators need no database here."""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

import openpyxl
import polars as pl

from casemgr.indicators.case_period import days
from casemgr.indicators.frames import AREAS, CASES, CHECKUPS, SESSIONS, VISITS, Frames, Schema
from casemgr.terms.area import AreaLevel
from casemgr.terms.code import Term, to_mask
from casemgr.terms.consent import ConsentAnswer
from casemgr.terms.followup import HospitalState, Informant, LossReason, Symptom, VisitMode
from casemgr.terms.medication import Adherence
from casemgr.terms.register import Diagnosis, Lifecycle
from casemgr.terms.rehab import RehabForm
from casemgr.terms.risk import RiskLevel, Stability

DATA = Path(__file__).parent.parent / "data"


@cache
def expected() -> dict[str, dict[str, dict[str, list[int]]]]:
    """Figures of the sample county: month → area → key → [numerator, denominator]."""
    text = (DATA / "county-expected.json").read_text(encoding="utf-8")
    return cast("dict[str, dict[str, dict[str, list[int]]]]", json.loads(text))


@cache
def county() -> Frames:
    """The sample county as frames, everything it holds whatever the day."""
    book = openpyxl.load_workbook(DATA / "county.xlsx", read_only=True)
    sheets = {sheet.title: _records(sheet) for sheet in book}
    book.close()
    cases = {row["档案编号"]: number for number, row in enumerate(sheets["患者"], 1)}
    units = {row["管理单位代码"]: int(row["区划代码"]) for row in reversed(sheets["机构与区划"])}
    return Frames(
        cases=_frame([_case(cases, units, row) for row in sheets["患者"]], CASES),
        visits=_frame([_visit(cases, row) for row in sheets["随访"]], VISITS),
        sessions=_frame([_session(cases, row) for row in sheets["社区康复"]], SESSIONS),
        checkups=_frame(
            [(cases[row["档案编号"]], _day(row["体检日期"])) for row in sheets["健康体检"]], CHECKUPS
        ),
        areas=_frame([_area(row) for row in sheets["机构与区划"]], AREAS),
    )


def _records(sheet: Any) -> list[dict[str, Any]]:
    rows = sheet.iter_rows(values_only=True)
    header = next(rows)
    return [dict(zip(header, row, strict=True)) for row in rows]


def _frame(rows: list[tuple[Any, ...]], schema: Schema) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row")


def _code(kind: type[Term], raw: Any) -> int | None:
    return None if raw in (None, "") else int(kind.read(raw))


def _codes(kind: type[Term], raw: Any) -> int | None:
    return None if not raw else to_mask(int(kind.read(part)) for part in raw.split(","))


def _day(raw: Any) -> int | None:
    if raw is None:
        return None
    return days(raw.date() if isinstance(raw, datetime) else date.fromisoformat(raw))


def _case(cases: dict[str, int], units: dict[str, int], row: dict[str, Any]) -> tuple[Any, ...]:
    state = Lifecycle.read(row["在册状态"])
    return (
        cases[row["档案编号"]],
        units[row["管理单位代码"]],
        int(row["现住地区划代码"]),
        _day(row["建档日期"]),
        0 if state is Lifecycle.ON_REGISTER else int(state),
        _day(row["状态日期"]),
        _code(Diagnosis, row["诊断"]),
        ConsentAnswer.read(row["知情同意"]) is ConsentAnswer.REFUSED,
        row["第三十条第二款第二项"] == "是",
        False,
    )


def _visit(cases: dict[str, int], row: dict[str, Any]) -> tuple[Any, ...]:
    return (
        cases[row["档案编号"]],
        _day(row["随访日期"]),
        _code(VisitMode, row["随访形式"]),
        None if not row["随访对象"] else to_mask([Informant.read(row["随访对象"])]),
        _code(LossReason, row["失访原因"]),
        _code(RiskLevel, row["危险性评估"]),
        _codes(Symptom, row["目前症状"]),
        _code(Stability, row["本次随访分类"]),
        _code(Adherence, row["用药依从性"]),
        _code(HospitalState, row["住院情况"]),
    )


def _session(cases: dict[str, int], row: dict[str, Any]) -> tuple[Any, ...]:
    return (
        cases[row["档案编号"]], _day(row["日期"]), _code(RehabForm, row["服务形式"]), row["时长分钟"],
        row["到场"] == "是",
    )  # fmt: skip


def _area(row: dict[str, Any]) -> tuple[Any, ...]:
    parent = row["上级代码"]
    return (
        int(row["区划代码"]), row["名称"], int(AreaLevel.read(row["级别"])), int(parent) if parent else None,
        row["常住人口"],
    )  # fmt: skip
