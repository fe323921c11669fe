"""查阅核对: what in the log of readings is worth a question, and what may be answered."""

from casemgr.terms.code import Term


class Unusual(Term):
    """查阅情形; each may have a good reason, which is why it is asked."""

    OWN_NAME = 1, "查阅了与本人同姓的服务对象，之后没有业务记录"
    OWN_VILLAGE = 2, "查阅了与本人同村（社区）的服务对象，之后没有业务记录"
    OUT_OF_REACH = 3, "多次打开辖区或权限以外的内容"
    AT_NIGHT = 4, "夜间多次查阅身份信息"
    MANY_AN_HOUR = 5, "一小时内逐人查阅较多"
    AGAIN_AND_AGAIN = 6, "反复查阅同一人，没有业务记录"
    AFTER_LEAVING = 7, "调离或变更角色之后仍以原权限查阅"
    MANY_PAPERS = 8, "一天内打印、导出较多"
    MANY_CHECKS = 10, "一天内核对多个证件号码是否已建档"


class MisuseVerdict(Term):
    """核对结果."""

    JUSTIFIED = 1, "属于工作需要"
    NOT_JUSTIFIED = 2, "没有工作需要"
    TALK_HELD = 3, "已当面了解并提醒"
