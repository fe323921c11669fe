"""报告卡与出院信息单: what a hospital tells the register, and how far it has come."""

from casemgr.terms.code import Term


class NoticeKind(Term):
    """What was told."""

    ONSET = 1, "发病报告卡"
    DISCHARGE = 2, "出院信息单"


class NoticeState(Term):
    """How far a notice has come."""

    RECEIVED = 1, "县级已收到"
    FORWARDED = 2, "已转基层"
    ACCEPTED = 3, "基层已接收"
    REGISTERED = 4, "已建档或已入档"
    RETURNED = 5, "已退回"
    CORRECTED = 6, "已更正排除"


class ReportType(Term):
    """报告类型 (MH01.01.049)."""

    ARTICLE_30 = 1, "发病报告（第三十条第二款第二项）"
    SIX_DIAGNOSES = 2, "六类病种登记"
