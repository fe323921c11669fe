"""应急处置核对: what one record of an emergency can show to be impossible, incomplete or worth a question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from casemgr.rules.finding import Finding, Weight
from casemgr.terms.emergency import (
    EmergencyCause,
    EmergencyEffect,
    EmergencyGround,
    EmergencyMeasure,
    Whereabouts,
)
from casemgr.terms.risk import RiskLevel


@dataclass(frozen=True, slots=True)
class EmergencyFacts:
    """One emergency; ``risk`` and ``seen_on`` are of the first visit after it, ``visit_due`` its last day."""

    reported_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    causes: frozenset[EmergencyCause]
    measures: frozenset[EmergencyMeasure]
    effect: EmergencyEffect | None
    stay: Whereabouts | None
    in_charge: bool
    consent_on: date | None
    ground: EmergencyGround | None
    seen_on: date | None
    risk: RiskLevel | None
    visit_due: date | None
    now: datetime
    today: date


def check(facts: EmergencyFacts) -> Iterator[Finding]:
    """Findings ev01, ev02, ev03, ev05, ev06 and ev11 of one emergency."""
    yield from _order(facts)
    yield from _ground(facts)
    if facts.ended_at is not None:
        yield from _complete(facts)
    if facts.seen_on is None and facts.visit_due is not None and facts.today > facts.visit_due:
        yield Finding(
            "ev03",
            Weight.LATER,
            "ended_at",
            f"应急处置后应在 {facts.visit_due.isoformat()} 前随访，至今没有随访记录。"
            "请尽快随访，或登记未访到的情况。",
            "GW2017-7.10",
        )
    yield from _level(facts)


def _order(facts: EmergencyFacts) -> Iterator[Finding]:
    if facts.reported_at > facts.now:
        yield Finding(
            "ev02",
            Weight.BLOCKS,
            "reported_at",
            "接报时间晚于现在。还没有发生的事不能登记。请改正时间，或核对这台设备的时钟。",
        )
    named = (
        ("started_at", "到场时间", facts.started_at),
        ("ended_at", "结束时间", facts.ended_at),
    )
    before, label = facts.reported_at, "接报时间"
    for field, name, at in named:
        if at is None:
            continue
        if at < before:
            yield Finding(
                "ev01",
                Weight.BLOCKS,
                field,
                f"{name}早于{label}。先后颠倒的时间无法说明经过。请改正{name}，或改正{label}。",
            )
        elif at > facts.now:
            yield Finding(
                "ev01",
                Weight.BLOCKS,
                field,
                f"{name}晚于现在。请改正时间，或在处置结束后再填写。",
            )
        before, label = at, name
    if facts.consent_on is not None and facts.consent_on > facts.today:
        yield Finding(
            "ev02",
            Weight.BLOCKS,
            "consent_on",
            "知情同意书签署日期晚于今天。还没有签的不能登记。请改正日期，或先清空。",
        )


def _ground(facts: EmergencyFacts) -> Iterator[Finding]:
    if EmergencyMeasure.ADMISSION not in facts.measures:
        return
    if facts.ground is None or (facts.ground is EmergencyGround.CONSENT and facts.consent_on is None):
        yield Finding(
            "ev06",
            Weight.BLOCKS,
            "ground",
            "采取了紧急住院，但没有知情同意书（表11）的签署日期或法律依据。缺少依据的住院不合法。"
            "请补填签署日期，或选择法律依据。",
            "GF2018-4.6",
        )


def _complete(facts: EmergencyFacts) -> Iterator[Finding]:
    missing = {
        "causes": ("处置缘由", not facts.causes),
        "measures": ("处置措施", not facts.measures),
        "effect": ("处置效果", facts.effect is None),
        "stay": ("处置后去向", facts.stay is None),
        "in_charge": ("处置后的负责人", not facts.in_charge),
    }
    for field, (label, empty) in missing.items():
        if empty:
            yield Finding(
                "ev11",
                Weight.BLOCKS,
                field,
                f"没有填写{label}。没有结果、去向和负责人，后续随访就没有着落。"
                f"请填写{label}，或暂不结束处置。",
                "GF2018-10.5",
            )


def _level(facts: EmergencyFacts) -> Iterator[Finding]:
    if facts.risk is None:
        return
    least = (
        RiskLevel.LEVEL_4
        if EmergencyCause.HARM_TO_SELF in facts.causes
        else RiskLevel.LEVEL_3
        if EmergencyCause.HARM_TO_OTHERS in facts.causes
        else None
    )
    if least is not None and facts.risk < least:
        yield Finding(
            "ev05",
            Weight.LATER,
            "causes",
            f"应急处置后的首次随访评为 {facts.risk.label}，低于该类事件一般对应的 {least.label}。"
            "请核对随访的危险性，或在随访备注中写明理由。",
            "GW2017-6.1",
        )
