"""状态变更: how a death was verified, and what was answered when consent was asked for."""

from casemgr.terms.code import Term


class DeathProof(Term):
    """死亡核实方式; what was only told by telephone waits to be verified (st16)."""

    HOME = 1, "入户核实"
    DOCUMENT = 2, "查看死亡证明或户籍注销证明"
    COMMITTEE = 3, "村（居）委会当面证实"
    HOSPITAL = 4, "医疗机构出具证明"
    TOLD = 9, "电话告知，尚未核实"


class ConsentStep(Term):
    """征求意见的结果 (GF2018-4.1, 4.2, 4.3)."""

    AGREE = 1, "同意参加管理"
    REFUSE = 2, "不同意参加管理"
    WITHDRAW = 3, "撤回同意"
    INFORMED = 4, "属于第三十条第二款第二项，已告知"
