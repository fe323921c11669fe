"""权利申请: what a patient or guardian may ask for about the own data, and how it may be answered."""

from casemgr.terms.code import Term


class RequestKind(Term):
    """申请事项."""

    COPY = 1, "查阅、复制档案"
    CORRECTION = 2, "更正、补充"
    WITHDRAWAL = 3, "撤回同意"
    EXIT = 4, "退出登记"
    EXPLANATION = 5, "对评定等级的疑问"
    RETURN = 6, "恢复登记"


class Asker(Term):
    """申请人."""

    SELF = 1, "本人"
    GUARDIAN = 2, "监护人"


class RequestState(Term):
    """办理状态."""

    OPEN = 1, "待办理"
    REVIEW = 2, "待另一名医生复核"
    CLOSED = 3, "已办结"
    CANCELLED = 4, "申请人撤回"


class Decision(Term):
    """办理结果."""

    GRANTED = 1, "同意"
    PARTLY = 2, "部分同意"
    REFUSED = 3, "不同意，说明理由"
    CORRECTED = 4, "已更正"
    ANNOTATED = 5, "不更正，已附注本人意见"
    EXPLAINED = 6, "已由医生说明"


class ExitGround(Term):
    """退出登记的理由."""

    RECOVERED = 1, "复核后病情痊愈，结束管理"
    WRONG_DIAGNOSIS = 2, "诊断有误，已排除"
    MOVED = 3, "已迁出，由迁入地管理"
    DIED = 4, "已死亡"
    NO_GROUND = 5, "撤回同意，且没有其他法定依据"


class ReturnGround(Term):
    """恢复登记的理由; the numbers go on after those of an exit, they lie in one column."""

    AGREED = 11, "本人或监护人同意重新登记管理"
    STATUTORY = 12, "出现依法须登记的情形（精神卫生法第三十条第二款第二项）"
    MISTAKE = 13, "退出登记有误"


class NoticeCause(Term):
    """告知事由: why somebody who received something earlier is told."""

    CORRECTED = 1, "内容已更正"
    WITHDRAWN = 2, "本人已撤回同意或申请"
    LEFT = 3, "已退出登记"
    RETURNED = 4, "已恢复登记"
