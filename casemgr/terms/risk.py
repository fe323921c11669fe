"""危险性评估与病情分类: danger level 0–5 and the follow-up class."""

from casemgr.terms.code import Term


class RiskLevel(Term):
    """危险性评估."""

    LEVEL_0 = 0, "0级"
    LEVEL_1 = 1, "1级"
    LEVEL_2 = 2, "2级"
    LEVEL_3 = 3, "3级"
    LEVEL_4 = 4, "4级"
    LEVEL_5 = 5, "5级"

    @property
    def wording(self) -> str:
        """What the level stands for, in our own words; a choice is never shown without it (GW2017-6.1)."""
        return _WORDINGS[int(self)]

    @property
    def note(self) -> str:
        """Where the line to the neighbouring levels runs, empty when there is nothing to say."""
        return _NOTES.get(int(self), "")


class Stability(Term):
    """本次随访分类."""

    UNSTABLE = 1, "不稳定", "病情不稳定"
    BASIC = 2, "基本稳定", "病情基本稳定"
    STABLE = 3, "稳定", "病情稳定"


_WORDINGS = (
    "没有1–5级的任何行为",
    "口头威胁、喊叫，没有打砸",
    "有打砸，但只在家里、只对财物，经劝说能停下",
    "明显打砸，不分场合，对财物，经劝说不能停下",
    "持续打砸，不分场合，对财物或对人，经劝说不能停下；自伤、自杀也在此级",
    "持管制性危险武器对人施暴，或有纵火、爆炸等行为，不论在家还是在公共场所",
)
_NOTES = {
    2: "三条须同时满足：只在家里、只对财物、劝得住",
    4: "自伤、自杀未遂属4级，不属5级",
}
