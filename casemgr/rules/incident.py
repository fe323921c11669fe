"""危险行为核对: what one record of a dangerous act can show to be impossible or worth a question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from casemgr.rules.finding import Finding, Weight
from casemgr.terms.incident import DangerousAct, IncidentMeasure
from casemgr.terms.risk import RiskLevel

#: The danger level that an act speaks for at least (GW2017-6.1, REC-6.4); the doctor decides.
SPEAKS_FOR: Mapping[DangerousAct, RiskLevel] = MappingProxyType(
    {
        DangerousAct.CRIME: RiskLevel.LEVEL_3,
        DangerousAct.SELF_HARM: RiskLevel.LEVEL_4,
        DangerousAct.SUICIDE_ATTEMPT: RiskLevel.LEVEL_4,
    }
)
#: From this level on the police are told of harm to others (GF2018-10.3).
POLICE_FROM = RiskLevel.LEVEL_3


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """One dangerous act and what is known around it; ``risk`` is that of the first visit from then on."""

    on: date
    kind: DangerousAct
    done: frozenset[IncidentMeasure]
    others_hurt: bool | None
    police_told_on: date | None
    risk: RiskLevel | None
    birth_year: int | None
    registered_on: date
    ended_on: date | None
    today: date


def check(facts: IncidentFacts) -> Iterator[Finding]:
    """Findings ev02, ev05 and ev10 of one dangerous act, and whether the police were told (GF2018-10.3)."""
    yield from _days(facts)
    yield from _level(facts)
    if facts.others_hurt and IncidentMeasure.COUNTY not in facts.done:
        yield Finding(
            "ev10",
            Weight.LATER,
            "done",
            "有他人受伤或死亡，但没有记录已报县级。这类事件应当日报告。请报告后补勾“已报县级”，"
            "或在备注中写明由谁报告。",
        )
    if must_tell_police(facts.kind, facts.risk) and IncidentMeasure.POLICE not in facts.done:
        yield Finding(
            "GF2018-10.3",
            Weight.LATER,
            "done",
            "危险性达到 3 级且涉及他人，应通报公安派出所，目前没有记录。请通报后补勾并填日期，"
            "或核对危险性评估。",
            "GF2018-10.3",
        )


def must_tell_police(kind: DangerousAct, risk: RiskLevel | None) -> bool:
    """Whether the police are to be told: harm to others and level 3 or more; never for self-harm alone."""
    if kind.to_self or kind is DangerousAct.NONE:
        return False
    return risk is not None and risk >= POLICE_FROM


def _days(facts: IncidentFacts) -> Iterator[Finding]:
    if facts.on > facts.today:
        yield Finding(
            "ev02",
            Weight.BLOCKS,
            "on",
            "发生日期晚于今天。还没有发生的事不能登记。请改正日期，或等发生后再登记。",
        )
    elif facts.birth_year is not None and facts.on.year < facts.birth_year:
        yield Finding(
            "ev02",
            Weight.BLOCKS,
            "on",
            f"发生日期早于出生年份（{facts.birth_year} 年）。两者必有一误。请改正发生日期，或核对出生日期。",
        )
    elif facts.on < facts.registered_on:
        yield Finding(
            "ev02",
            Weight.REASON,
            "on",
            f"发生日期早于建档日期（{facts.registered_on.isoformat()}），将作为既往史保存。"
            "请改正日期，或写明理由后保存。",
        )
    if facts.ended_on is not None and facts.on > facts.ended_on:
        yield Finding(
            "tm03",
            Weight.BLOCKS,
            "on",
            f"发生日期晚于死亡日期（{facts.ended_on.isoformat()}）。两者必有一个有误。"
            "请改正发生日期，或更正死亡日期。",
        )
    told = facts.police_told_on
    if told is not None and (told < facts.on or told > facts.today):
        yield Finding(
            "ev01",
            Weight.BLOCKS,
            "police_told_on",
            "通报公安的日期应不早于发生日期，也不晚于今天。时间颠倒的记录无法说明经过。"
            "请改正通报日期，或改正发生日期。",
        )


def _level(facts: IncidentFacts) -> Iterator[Finding]:
    least = SPEAKS_FOR.get(facts.kind)
    if least is not None and facts.risk is not None and facts.risk < least:
        yield Finding(
            "ev05",
            Weight.REASON,
            "kind",
            f"此后的随访评为 {facts.risk.label}，而“{facts.kind.label}”一般对应 {least.label} 及以上。"
            "评估偏低会使随访间隔过长。请核对后改正随访的危险性，或写明理由。",
            "GW2017-6.1",
        )
