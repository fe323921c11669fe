"""心理疏导: whom a talk was with and how it took place."""

from casemgr.terms.code import Term


class Counselled(Term):
    """疏导对象; a talk with both is one talk, and counts for each of the two head-counts."""

    PATIENT = 1, "患者本人", "患者"
    FAMILY = 2, "家属"
    BOTH = 3, "患者和家属"


class CounselWay(Term):
    """疏导方式."""

    CLINIC = 1, "门诊面谈"
    HOME = 2, "入户面谈"
    PHONE = 3, "电话"
    GROUP = 4, "小组活动"
    VIDEO = 5, "视频"
