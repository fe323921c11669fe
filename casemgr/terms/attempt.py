"""联系记录: attempts to reach a person and what came of them; not a visit."""

from casemgr.terms.code import Term


class AttemptWay(Term):
    """How somebody tried."""

    PHONE = 1, "电话"
    HOME = 2, "上门"
    RELATIVE = 3, "联系家属"
    COMMITTEE = 4, "通过村（居）委会"
    OTHER = 9, "其他"


class AttemptResult(Term):
    """一键结果 of the worklist."""

    AGREED = 1, "已约定日期"
    LATER = 2, "改期提醒"
    NOT_REACHED = 3, "未接通"
    REFUSED = 4, "拒绝"
    AWAY = 5, "外出"
    IN_HOSPITAL = 6, "住院"
    DEATH_TOLD = 7, "死亡待核实"
    OTHER = 8, "其他"
