"""知情同意: whether the person takes part in community management."""

from casemgr.terms.code import Term


class ConsentAnswer(Term):
    """Codes of the paper form: 1 agree, 0 refuse (another program uses 2 for refuse)."""

    AGREED = 1, "同意参加管理", "同意", "是"
    REFUSED = 0, "不同意参加管理", "不同意", "拒绝", "否"


class MeasuresAnswer(Term):
    """对拟采取的措施 (表11, 待核对)."""

    AGREED = 1, "同意采取"
    REFUSED = 0, "不同意采取"
