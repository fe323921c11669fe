"""授权: the words of grants that last for a time — loosened lines of the matrix, 紧急查看."""

from casemgr.terms.code import Term


class GlassReason(Term):
    """紧急查看的原因."""

    DANGER = 1, "正在发生或即将发生的伤人、自伤"
    MISSING = 2, "走失、失联，正在寻找"
    TREATMENT = 3, "急诊、抢救需要了解病情和用药"
    OTHER = 9, "其他紧急情况"


class GlassVerdict(Term):
    """复核结论."""

    JUSTIFIED = 1, "情况属实，确有必要"
    NOT_JUSTIFIED = 2, "不应查看"
    FOLLOW_UP = 3, "需要进一步了解"


class LooseningState(Term):
    """放宽的状态."""

    PROPOSED = 1, "待批准"
    APPROVED = 2, "已批准"
    REFUSED = 3, "未批准"
    ENDED = 4, "已终止"
