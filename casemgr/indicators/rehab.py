"""康复、疏导与体检判定: took part in rehabilitation, was talked with for support, had the check-up."""

from __future__ import annotations

from functools import partial

import polars as pl

from casemgr.indicators.case_period import CaseRow
from casemgr.indicators.judgement import Basis, Judgement
from casemgr.rules.decision import Verdict

#: How many sessions the three readings of 参与 ask for.
SESSIONS = {"N1": 1, "N4": 4, "N12": 12}


def _took_part(row: CaseRow, counted: bool, basis: Basis, *, least: int) -> Verdict:
    done, minutes = row["sessions"], basis.policy.session_minutes.value
    if counted:
        last = basis.on(row["last_session"])
        return Verdict(True, f"本年度有效康复活动 {done} 次，末次 {last}。", "REHAB-SESSION", missing=0)
    reason = f"本年度有效康复活动 {done} 次，少于 {least} 次。"
    if row["short_sessions"]:
        reason += f"另有 {row['short_sessions']} 次未到场或不足 {minutes} 分钟。"
    needed = least - done
    act = f"再参加康复活动 {needed} 次（到场且每次不少于 {minutes} 分钟）"
    topic = "康复活动的次数不足" if done else "没有有效的康复活动"
    return basis.needs(row, reason, "REHAB-SESSION", needed, act, topic=topic)


def _checked(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    if counted:
        return Verdict(True, f"{basis.on(row['checkup_on'])}已体检。", "GW2017-14.1", missing=0)
    reason = f"本年度至{basis.on(basis.period.end)}没有健康体检。"
    act = "健康体检 1 次（须征得患者或监护人同意）"
    return basis.needs(row, reason, "GW2017-14.1", 1, act, topic="本年度没有健康体检")


def _supported(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    if counted:
        reason = f"本年度对患者本人的心理疏导 {row['support']} 次，末次 {basis.on(row['support_on'])}。"
        return Verdict(True, reason, "COUNSEL-1", missing=0)
    reason = f"本年度至{basis.on(basis.period.end)}没有对患者本人的心理疏导记录。"
    return basis.needs(
        row, reason, "COUNSEL-1", 1, "对患者本人心理疏导 1 次", topic="没有对患者的心理疏导记录"
    )


def _family_supported(row: CaseRow, counted: bool, basis: Basis) -> Verdict:
    if counted:
        last = basis.on(row["family_support_on"])
        reason = f"本年度对家属的心理疏导 {row['family_support']} 次，末次 {last}。"
        return Verdict(True, reason, "COUNSEL-1", missing=0)
    reason = f"本年度至{basis.on(basis.period.end)}没有对家属的心理疏导记录。"
    return basis.needs(row, reason, "COUNSEL-1", 1, "对家属心理疏导 1 次", topic="没有对家属的心理疏导记录")


JUDGEMENTS = (
    *(
        Judgement(name, pl.col("sessions") >= least, partial(_took_part, least=least))
        for name, least in SESSIONS.items()
    ),
    Judgement("CHECKED", pl.col("checkups") > 0, _checked),
    Judgement("SUPPORTED", pl.col("support") > 0, _supported),
    Judgement("FAMILY-SUPPORTED", pl.col("family_support") > 0, _family_supported),
)
