"""部门联络: what passes between the health side and another department, and how far it has come."""

from casemgr.terms.code import Term


class ExchangeKind(Term):
    """One line of the ledger (对外提供记录): what happened with what was disclosed."""

    OPENED = 1, "开始提供"
    VIEWED = 2, "查看"
    RECEIVED = 3, "签收"
    CORRECTED = 4, "更正"
    WITHDRAWN = 5, "撤回"
    FILE = 6, "文件"
    CALL = 7, "电话或书面"
    TASK = 8, "协查"
    NOTIFIED = 9, "告知更正或撤回"
    LEFT = 10, "退出登记，档案封存"
    RETURNED = 11, "恢复登记，档案启封"


class Reason(Term):
    """What it was that met a condition of the matrix."""

    GRADE = 1, "危险性评估3级及以上"
    INCIDENT = 2, "有案（事）件记录"
    LOST = 3, "依地方规定上报的失访"
    BENEFIT = 4, "本人申请该项待遇"
    CONSENT = 5, "本人单独同意"
    VILLAGE = 6, "本村管理的患者"
    CARE = 7, "转诊、送医或住院到本院"
    AFTER = 8, "出院后随访期内"


class Withdrawal(Term):
    """Why something is no longer disclosed."""

    ENDED = 1, "情形已不存在"
    LEFT = 2, "已不在册"
    MOVED = 3, "已转出本辖区"
    REVOKED = 4, "本人撤回同意或申请"
    RULE = 5, "提供规则已变更"
    EXPIRED = 6, "有效期已满"
    BY_HAND = 7, "人工撤回"
    NO_ONE = 8, "接收单位已无联络员"


class TaskKind(Term):
    """协查事项: what the health side asks a partner to do."""

    AT_HOME = 1, "请核实是否在家"
    FIND = 2, "请协助查找"
    REACH_GUARDIAN = 3, "请协助联系监护人"
    GO_ALONG = 4, "请陪同上门"
    VISIT = 5, "请上门看望"
    MEDICINE = 6, "请提醒服药或送药"
    FEEDBACK = 7, "请反馈诊治情况"
    OTHER = 9, "其他"


class TaskAnswer(Term):
    """What the partner answers."""

    YES = 1, "是"
    NO = 2, "否"
    OTHER = 3, "见说明"


class ReportKind(Term):
    """What a partner reports to the health side."""

    INCIDENT = 1, "案（事）件"
    MISSING = 2, "走失或失去联系"
    OTHER = 9, "其他情况"
    SEEN = 21, "上门所见"
    TAKEN_IN = 31, "已接诊"
    ADMITTED = 32, "已收住院"
    DISCHARGED = 33, "出院通知"
    CLINIC = 34, "门诊复诊完成"
    ABSENT = 35, "未到诊"


#: What any window may report; the others come from a village doctor or from a hospital.
GENERAL = (ReportKind.INCIDENT, ReportKind.MISSING, ReportKind.OTHER)
#: What a hospital tells about somebody in its care.
OF_HOSPITAL = (
    ReportKind.TAKEN_IN,
    ReportKind.ADMITTED,
    ReportKind.DISCHARGED,
    ReportKind.CLINIC,
    ReportKind.ABSENT,
)


class ReportState(Term):
    """How far a report has come; this is all its reporter sees of it."""

    SENT = 1, "已报送"
    TAKEN = 2, "卫生已接收"
    ANSWERED = 3, "已答复"


class ReportAnswer(Term):
    """How the health side answers a report; says nothing of anybody's health."""

    FOLLOWED = 1, "已核实，已按规定处理"
    NOT_OURS = 2, "经核实，不属本辖区服务对象"
    NOT_SO = 3, "经核实，情况不实"
    NEEDS_MORE = 4, "信息不足，请补充"
    ACCEPTED = 5, "已采纳"
    DECLINED = 6, "未采纳"


#: How a report of another department is answered; what a post tells is accepted or declined.
TO_DEPARTMENTS = (
    ReportAnswer.FOLLOWED,
    ReportAnswer.NOT_OURS,
    ReportAnswer.NOT_SO,
    ReportAnswer.NEEDS_MORE,
)


class PaperKind(Term):
    """小组材料: what lies in the window of the group's office."""

    TOTALS = 1, "汇总"
    TASKS = 2, "成员单位协查进展"
    MEETING = 3, "例会材料"
