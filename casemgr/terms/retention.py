"""保存期限用语: kinds of records with a term of their own, what happens at its end, and how far a list is."""

from __future__ import annotations

from casemgr.terms.code import Term


class Kept(Term):
    """保存类别: one line of ``lists/retention.csv`` each."""

    MEDICAL = 1, "病历资料"
    COVER = 2, "同意书与档案封面"
    AUDIT = 3, "审计记录"
    LEDGER = 4, "对外提供台账、影响评估"
    GRAVE = 5, "紧急查看、导出审批"
    WITHDRAWN = 6, "已撤回的对外提供内容"
    REPORT = 7, "未对应到档案的部门报送"
    CLUE = 8, "已排除的线索"
    NOTICE = 9, "未建档的报告卡、出院信息单"
    COMPARISON = 10, "名单比对结果"
    REQUEST = 11, "对象档案已销毁的资料调取"
    DRAFT = 12, "草稿"
    ENVELOPE = 13, "防重复提交的信封"
    CODE = 14, "一次性代码"
    MISUSE = 15, "查阅核对问答"
    SESSION = 16, "登录会话、登录失败计数"
    TOKEN = 17, "过期令牌"
    UPLOAD = 18, "导入原件"
    PRINT = 19, "打印件"
    EXPORT = 20, "导出文件"
    HOTLINE = 21, "心理援助热线记录"


class AtEnd(Term):
    """到期处理: what may be done when a term is over."""

    KEEP = 0, "保留"
    DESTROY = 1, "到期自动销毁"
    TIDY = 2, "随用随清"
    ARCHIVE = 3, "密封归档"
    APPROVED = 4, "经审批销毁"
    NONE = 5, "本系统不保存"


class DestructionState(Term):
    """销毁清册的状态."""

    PROPOSED = 1, "待另一账号审批"
    DONE = 2, "已销毁"
    REFUSED = 3, "不同意"
    WITHDRAWN = 4, "已撤回"
