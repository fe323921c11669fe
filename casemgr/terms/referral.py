"""转诊: direction and state of a referral (表10)."""

from casemgr.terms.code import Term


class Direction(Term):
    """转诊方向."""

    UP = 1, "上转"
    DOWN = 2, "下转"


class ReferralState(Term):
    """转诊状态."""

    ADVISED = 1, "已建议"
    SENT = 2, "已转出"
    ACCEPTED = 3, "对方已接收"
    DECLINED = 4, "对方未接收"
    DONE = 5, "已诊治"
    BACK = 6, "已转回"
    CANCELLED = 7, "已取消"
