"""风险与分类: which class a visit suggests and why, and what a change of the danger level sets going.

A suggestion is shown with its reason; the doctor confirms it or writes down why not. Nothing here overwrites
an entry (REC-6.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from casemgr.terms.code import from_mask
from casemgr.terms.followup import Grade, Insight, Symptom
from casemgr.terms.incident import DangerousAct
from casemgr.terms.risk import RiskLevel, Stability

#: From this level on a person counts as unstable, is referred and is told to the police (GW2017-7.10).
HIGH = RiskLevel.LEVEL_3
#: Symptoms that may stay on in a stable person (REC-7.20, row 6: only residual).
RESIDUAL = frozenset({Symptom.WITHDRAWN})

UNSTABLE, BASIC, STABLE, TABLE = "GW2017-7.10", "GW2017-7.11", "GW2017-7.12", "REC-7.20"


@dataclass(frozen=True, slots=True)
class Observation:
    """What a visit found, as far as the class rests on it; ``None`` is 未评估.

    ``symptoms`` is a mask of :class:`Symptom` (0: none was found), ``functions`` the five social functions.
    The three flags are what the doctor says besides the form: evident symptoms, a serious adverse reaction,
    a serious physical illness.
    """

    risk: int | None = None
    symptoms: int | None = None
    insight: int | None = None
    functions: tuple[int | None, ...] = ()
    evident_symptoms: bool | None = None
    serious_reaction: bool | None = None
    serious_illness: bool | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing was found that a class could rest on."""
        graded = (self.risk, self.symptoms, self.insight, *self.functions)
        flags = (self.evident_symptoms, self.serious_reaction, self.serious_illness)
        return all(one is None for one in graded) and not any(flags)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The proposed class, why, and by which rule; ``row`` of the decision table (0: nothing to go by).

    ``sure`` is false where the table says "anything else": the doctor is asked to look twice.
    """

    stability: Stability | None
    reason: str
    rule: str
    row: int
    sure: bool = True


def suggest(seen: Observation) -> Suggestion:
    """Decision table REC-7.20, from the top down; the first row that fits decides."""
    if seen.empty:
        reason = "危险性、症状、自知力、社会功能都未评估，没有依据提出分类"
        return Suggestion(None, reason, TABLE, 0, sure=False)
    if seen.risk is not None and seen.risk >= HIGH:
        return Suggestion(Stability.UNSTABLE, f"危险性评估{seen.risk}级，3级及以上归入不稳定", UNSTABLE, 1)
    if seen.insight == Insight.ABSENT:
        return Suggestion(Stability.UNSTABLE, "自知力缺失", UNSTABLE, 2)
    if grave := _grave(seen):
        return Suggestion(Stability.UNSTABLE, grave, UNSTABLE, 3)
    if seen.risk is not None and seen.risk > RiskLevel.LEVEL_0:
        return Suggestion(Stability.BASIC, f"危险性评估{seen.risk}级，1–2级归入基本稳定", BASIC, 4)
    if poor := _poor(seen):
        return Suggestion(Stability.BASIC, poor, BASIC, 5)
    if _is_stable(seen):
        left = _symptoms(seen)
        found = "无精神症状" if not left else f"只有残留症状（{'、'.join(one.label for one in left)}）"
        reason = f"危险性0级，{found}，自知力完全，社会功能没有较差的项目"
        return Suggestion(Stability.STABLE, reason, STABLE, 6)
    missing = "、".join(_unassessed(seen))
    reason = f"{missing}未评估，不能判断为稳定" if missing else "不完全符合稳定的条件"
    return Suggestion(Stability.BASIC, f"{reason}，请医生再核对", TABLE, 7, sure=False)


def _symptoms(seen: Observation) -> list[Symptom]:
    return from_mask(Symptom, seen.symptoms)


def _grave(seen: Observation) -> str:
    said = (
        (seen.evident_symptoms, "精神症状明显"),
        (seen.serious_reaction, "有急性或严重药物不良反应"),
        (seen.serious_illness, "有严重躯体疾病"),
    )
    return "，".join(words for flag, words in said if flag)


def _poor(seen: Observation) -> str:
    found = []
    if Grade.POOR in seen.functions:
        found.append("社会功能有一项较差")
    if seen.insight == Insight.PARTIAL:
        found.append("自知力不全")
    if lasting := [one for one in _symptoms(seen) if one not in RESIDUAL]:
        found.append(f"仍有症状（{'、'.join(one.label for one in lasting)}），但不明显")
    return "，".join(found)


def _is_stable(seen: Observation) -> bool:
    return (
        seen.risk == RiskLevel.LEVEL_0
        and seen.symptoms is not None
        and seen.insight == Insight.FULL
        and None not in seen.functions
        and bool(seen.functions)
    )


def _unassessed(seen: Observation) -> list[str]:
    functions = None if None in seen.functions or not seen.functions else 1
    items = (
        (seen.risk, "危险性"),
        (seen.symptoms, "目前症状"),
        (seen.insight, "自知力"),
        (functions, "社会功能"),
    )
    return [name for value, name in items if value is None]


# --- the level against the acts (REC-6.4: ask, never overwrite) -------------------------------------


@dataclass(frozen=True, slots=True)
class Warning_:
    """Something the level does not fit to: a sentence for the doctor, and the rule behind it."""

    id: str
    says: str
    rule: str


#: The level an act of this kind stands for at least.
LEAST: Mapping[DangerousAct, RiskLevel] = {
    DangerousAct.CRIME: RiskLevel.LEVEL_3,
    DangerousAct.SELF_HARM: RiskLevel.LEVEL_4,
    DangerousAct.SUICIDE_ATTEMPT: RiskLevel.LEVEL_4,
}


def warnings(risk: int | None, acts: Mapping[DangerousAct, int | None]) -> tuple[Warning_, ...]:
    """What the counted acts since the last visit say against the level; empty when nothing does."""
    if risk is None:
        return ()
    found = []
    for act, least in LEAST.items():
        if (acts.get(act) or 0) > 0 and risk < least:
            rule = "GW2017-6.2" if least == RiskLevel.LEVEL_4 else "GW2017-6.1"
            says = f"记有{act.label}，而危险性评估为{risk}级；这类行为一般不低于{int(least)}级"
            found.append(Warning_("REC-6.4", says, rule))
    return tuple(found)


# --- a change of the level --------------------------------------------------------------------------


class Change(Enum):
    """How a level lies against the one before."""

    NONE = "none"
    RAISED = "raised"
    LOWERED = "lowered"


def change(before: int | None, now: int | None) -> Change:
    """Whether the level was raised to 3 or more, or lowered from there; an unassessed level changes nothing.

    A first level of 3 or more counts as raised: its duties begin with it.
    """
    if now is None:
        return Change.NONE
    if now >= HIGH:
        return Change.NONE if before is not None and before >= HIGH else Change.RAISED
    return Change.LOWERED if before is not None and before >= HIGH else Change.NONE


def needs_second(before: int | None, now: int | None, once: int | None = None) -> bool:
    """Whether a second person has to look at the level before it counts as agreed (lowered from ≥ 3).

    ``once``: the highest level that the very visit had before it was changed; taking that out altogether
    lowers it as well.
    """
    if once is not None and once >= HIGH and (now is None or now < HIGH):
        return True
    return change(before, now) is Change.LOWERED
