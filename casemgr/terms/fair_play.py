"""规律性核对: patterns in the records of a month that their author is asked to explain."""

from casemgr.terms.code import Term


class Pattern(Term):
    """记录规律; each may have a good reason, which is why it is asked and not charged."""

    COPIED = 1, "多数随访与上次完全相同"
    LEVEL_ZERO = 2, "危险性全部为0级"
    LAST_DAYS = 3, "随访集中在月末"
    SAME_MINUTE = 4, "同一分钟录入多份"
