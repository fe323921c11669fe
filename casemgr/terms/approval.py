"""审批: what a second person is asked to allow, and what became of it."""

from casemgr.terms.code import Term


class Wish(Term):
    """请求内容."""

    EXPORT = 1, "导出名单"
    CEILING = 2, "当日查看上限"


class ApprovalState(Term):
    """审批状态."""

    WAITING = 1, "待审批"
    APPROVED = 2, "已同意"
    REFUSED = 3, "不同意"
    WITHDRAWN = 4, "已撤回"
