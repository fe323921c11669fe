"""指标: units in which an indicator is printed, why closed figures differ, and the steps of a month close."""

from casemgr.terms.code import Term


class RateUnit(Term):
    """Unit of a rate; ``factor`` turns numerator ÷ denominator into the printed number."""

    PERCENT = 1, "%"
    PER_MILLE = 2, "‰"
    PER_HUNDRED_THOUSAND = 3, "人/10万"

    @property
    def factor(self) -> int:
        return {RateUnit.PERCENT: 100, RateUnit.PER_MILLE: 1000}.get(self, 100_000)


class Cause(Term):
    """修订原因: why a person is counted otherwise in a later closing of the same month."""

    LATE_ENTRY = 1, "补录记录"
    CORRECTION = 2, "更正"
    DEATH = 3, "补报死亡"
    LEFT = 4, "迁出或排除"
    TRANSFER = 5, "管理单位变动"
    REGISTERED = 6, "补建档案"
    CONSENT = 7, "知情同意变动"
    RULE = 8, "口径或参数变动"


#: Causes that are about the person and not about a record, and what they are called together on paper.
LEAVING = (Cause.DEATH, Cause.LEFT, Cause.CONSENT)
LEFT = "死亡、迁出、排除或知情同意变动"


class CloseStep(Term):
    """月结流程: what somebody has done with the figures of a closed month."""

    CHECKED = 1, "已核对"
    APPROVED = 2, "已审批"
    ISSUED = 3, "已签发"
    REOPENED = 4, "已退回重开"
