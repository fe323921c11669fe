"""查看目的: why somebody opens names; written into every audit entry about it."""

from casemgr.terms.code import Term


class Purpose(Term):
    """查看目的."""

    FOLLOW_UP = 1, "随访"
    CHECK = 2, "核对"
    REFERRAL = 3, "转介"
    SUPERVISION = 4, "督导"
    OTHER = 9, "其他"
