"""随访判定: 在册, 在管, the four ways to call a person 规范管理, and 面访."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

import polars as pl

from casemgr.indicators.case_period import CaseRow, day
from casemgr.indicators.judgement import Basis, Judgement
from casemgr.indicators.sets import MANAGED, REGISTERED_WITH_DEATHS
from casemgr.rules.decision import Verdict
from casemgr.terms.risk import Stability

RULE_OF_CLASS = {
    int(Stability.STABLE): "GW2017-7.12",
    int(Stability.BASIC): "GW2017-7.11",
    int(Stability.UNSTABLE): "GW2017-7.10",
}
MONTHS = 12
#: Of figures that are the better the fewer count.
WISHED_FOR = "不计入是期望的结果，无需处理。"


def _registered(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    return Verdict(counted, f"{basis.on(row['registered_on'])}建档，在册。", "SET-REG-A", missing=0)


def _managed(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    if counted:
        reason = f"本年度完整随访 {row['complete_visits']} 次，首次 {basis.on(row['first_visit'])}。"
        return Verdict(True, reason, "SET-MAN", missing=0)
    if row["refused"]:
        reason, topic = "不同意参加社区管理，且不属第三十条第二款第二项情形。", "不同意参加社区管理"
        if basis.year_is_over or basis.gone(row):
            return basis.final(reason, "GF2018-4.3", topic)
        change = "每年再征询一次；签署知情同意书并有完整随访后计入。"
        return Verdict(False, reason, "GF2018-4.3", change, None, basis.period.year_end, topic)
    if row["visits"]:
        reason = f"本年度有 {row['visits']} 次随访，但都是失访记录，或危险性评估与目前症状均未填。"
        topic = "有随访，但都是失访记录或没有填完整"
    else:
        reason = f"本年度至{basis.on(basis.period.end)}没有随访。"
        topic = "本年度没有随访"
    return basis.needs(row, reason, "SET-MAN", 1, "完整随访 1 次", topic=topic)


def _class_name(code: int | None) -> str:
    return Stability.read(code).label if code is not None else "未分类"


def _gap(row: CaseRow, basis: Basis) -> Verdict:
    """The first interval that was too long, in words."""
    visited = row["gap_from"] in (row["first_visit"], row["last_visit"]) or row["gap_from"] != row["start"]
    begin = "" if visited else "建档日" if row["start"] == row["registered_on"] else "年初"
    at_end = row["gap_to"] == row["end"] and row["last_visit"] != row["end"]
    finish = "" if not at_end else "（离册之日）" if basis.gone(row) else "（截止日）"
    last_found = f"（上次分类：{_class_name(row['gap_class'])}）" if visited else ""
    return basis.final(
        f"{begin}{basis.on(row['gap_from'])} → {basis.on(row['gap_to'])}{finish}相隔 {row['gap_days']} 天，"
        f"超过 {row['gap_limit']} 天上限{last_found}。",
        RULE_OF_CLASS.get(row["gap_class"] or 0, "STD-INT"),
        f"两次随访的间隔超过上限（上次分类：{_class_name(row['gap_class'])}）"
        if visited
        else "年初或建档后的首次随访过晚",
    )


def _intervals(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    if counted:
        found, limit = _class_name(row["last_stability"]), row["last_limit"] or 0
        reason = f"本年度完整随访 {row['complete_visits']} 次，每次间隔都不超过前一次分类的上限。"
        rule = RULE_OF_CLASS.get(row["last_stability"] or 0, "STD-INT")
        if basis.year_is_over or basis.gone(row):
            return Verdict(True, reason, rule, missing=0)
        due = basis.after(row["last_visit"] or row["start"], limit)
        keep = f"下次随访不晚于{basis.on(due)}（末次{found}，{limit} 天内），否则不再计入。"
        return Verdict(True, reason, rule, keep, 0, due)
    if row["refused"]:
        return _managed(row, False, basis)
    if row["gap_days"] is not None:
        return _gap(row, basis)
    verdict = _managed(row, False, basis)
    if verdict.missing is None:
        return verdict
    until = basis.after(row["start"], basis.policy.gap_first.value)
    return basis.needs(row, verdict.reason, "STD-INT", 1, "完整随访 1 次", until, verdict.topic)


def quarters_missing(row: CaseRow, seen: int, basis: Basis) -> str:
    """The required quarters whose bit is not in ``seen``, in words; empty when none is missing."""
    lacking = [one for one in basis.period.quarters if row["quarters_required"] & one.bit & ~seen]
    return "、".join(f"第{one.number}季度（{basis.on(one.first)}—{basis.on(one.last)}）" for one in lacking)


def _every_quarter(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    current = next((one for one in basis.period.quarters if one.last > basis.period.end), None)
    if counted:
        reason = f"应随访的每个季度都有完整随访，共 {row['complete_visits']} 次。"
        if current is None or basis.gone(row) or row["quarters_seen"] & current.bit:
            return Verdict(True, reason, "STD-3M", missing=0)
        keep = f"{basis.on(current.last)}前再随访 1 次，否则不再计入。"
        return Verdict(True, reason, "STD-3M", keep, 0, current.last)
    if row["refused"]:
        return _managed(row, False, basis)
    missing = quarters_missing(row, row["quarters_seen"], basis)
    if missing:
        return basis.final(f"{missing}没有完整随访。", "STD-3M", "有的季度没有完整随访")
    verdict = _managed(row, False, basis)
    last = current.last if current else None
    return basis.needs(row, verdict.reason, "STD-3M", 1, "完整随访 1 次", last, verdict.topic)


def _by_number(row: CaseRow, counted: bool, basis: Basis, due: int, first_month: int, rule: str) -> Verdict:
    """Visits against a number that grows with the months: ``due`` on D, counted from ``first_month``."""
    count = row["complete_visits"]
    if counted:
        return Verdict(True, f"本年度完整随访 {count} 次，达到应有的 {due} 次。", rule, missing=0)
    if row["refused"] or not count:
        verdict = _managed(row, False, basis)
        if verdict.missing is None:
            return verdict
        reason, topic = verdict.reason, verdict.topic
    else:
        reason, topic = f"本年度完整随访 {count} 次，少于应有的 {due} 次。", "完整随访的次数不足"
    # A visit made tomorrow is judged by tomorrow's number, and in time until that number rises again.
    per_visit = basis.policy.months_per_visit.value
    tomorrow = min(basis.period.end + timedelta(days=1), basis.period.year_end)
    due_then = max(due, (tomorrow.month - first_month + 1) // per_visit)
    last_month = min(first_month - 2 + (due_then + 1) * per_visit, MONTHS)
    year = basis.period.end.year
    until = date(year, last_month, monthrange(year, last_month)[1])
    needed = max(due_then - count, 1)
    return basis.needs(row, reason, rule, needed, f"再完整随访 {needed} 次", until, topic)


def _four_a_year(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    return _by_number(row, counted, basis, row["visits_due"], 1, "STD-4")


def _share_of_months(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    return _by_number(row, counted, basis, row["visits_due_share"], day(row["start"]).month, "STD-PRO")


def _as_required(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    if counted:
        reason = f"按分类按期随访，{row['complete_visits']} 次完整随访都评估了危险性。"
        return Verdict(True, reason, "STD-GW", missing=0)
    unassessed = row["complete_visits"] - row["risk_visits"]
    if row["gap_days"] is None and unassessed and not row["refused"]:
        return basis.final(f"有 {unassessed} 次随访没有评估危险性。", "GW2017-6.3", "有的随访没有评估危险性")
    return _intervals(row, False, basis)


def _offence(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    if counted:
        return Verdict(True, f"{basis.on(row['offence_on'])}的记录中有肇事或肇祸。", "IND-13", missing=0)
    reason = f"本年度至{basis.on(basis.period.end)}没有肇事、肇祸记录。"
    return Verdict(False, reason, "IND-13", WISHED_FOR, topic="没有肇事、肇祸记录（期望的结果）")


def _lost(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    if counted:
        return Verdict(True, f"{basis.on(basis.period.end)}的管理状态为失访。", "IND-15", missing=0)
    reason = f"{basis.on(basis.period.end)}的管理状态不是失访。"
    return Verdict(False, reason, "IND-15", WISHED_FOR, topic="没有失访（期望的结果）")


def _face_to_face(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    if counted:
        return Verdict(True, f"本年度面访 {row['face_visits']} 次。", "IND-10", missing=0)
    verdict = _managed(row, False, basis)
    act = "门诊或家庭访视见到患者本人并完整记录 1 次"
    if row["refused"]:
        return verdict
    if not row["complete_visits"]:
        return basis.needs(row, verdict.reason, "IND-10", 1, act, topic=verdict.topic)
    reason = f"本年度完整随访 {row['complete_visits']} 次，但都是电话，或没有见到患者本人。"
    return basis.needs(row, reason, "FU-C10", 1, act, topic="只有电话随访，或没有见到患者本人")


_REQUIRED = pl.col("quarters_required")

JUDGEMENTS = (
    Judgement("REGISTERED", REGISTERED_WITH_DEATHS, _registered),
    Judgement("MAN", MANAGED, _managed),
    Judgement("STD-INT", MANAGED & pl.col("gap_days").is_null(), _intervals),
    Judgement("STD-3M", MANAGED & ((pl.col("quarters_seen") & _REQUIRED) == _REQUIRED), _every_quarter),
    Judgement("STD-4", MANAGED & (pl.col("complete_visits") >= pl.col("visits_due")), _four_a_year),
    Judgement(
        "STD-PRO", MANAGED & (pl.col("complete_visits") >= pl.col("visits_due_share")), _share_of_months
    ),
    Judgement(
        "STD-GW",
        MANAGED & pl.col("gap_days").is_null() & (pl.col("risk_visits") == pl.col("complete_visits")),
        _as_required,
    ),
    Judgement("OFFENCE", pl.col("offences") > 0, _offence),
    Judgement("LOST", pl.col("lost"), _lost),
    Judgement("FACE", MANAGED & (pl.col("face_visits") > 0), _face_to_face),
)
