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


class Stability(Term):
    """本次随访分类."""

    UNSTABLE = 1, "不稳定", "病情不稳定"
    BASIC = 2, "基本稳定", "病情基本稳定"
    STABLE = 3, "稳定", "病情稳定"
