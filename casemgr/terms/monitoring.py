"""用药监测: which drugs are watched, where a result comes from, what it found, what was done about it."""

from casemgr.terms.code import Term


class WatchedDrug(Term):
    """Kinds of drugs whose tests are watched; a drug may be of several kinds (氯氮平 is two of them)."""

    CLOZAPINE = 1, "氯氮平"
    LITHIUM = 2, "碳酸锂"
    VALPROATE = 3, "丙戊酸盐"
    SECOND_GENERATION = 4, "第二代抗精神病药"
    LONG_ACTING = 5, "长效针剂"

    @property
    def key(self) -> str:
        """The word that the lists use for it."""
        return self.name.lower()


class Phase(Term):
    """Phases of a treatment whose tests have intervals of their own (碳酸锂)."""

    TREATMENT = 1, "治疗期"
    MAINTENANCE = 2, "维持期"


class Knowledge(Term):
    """How a drug of a person became known."""

    VISIT = 1, "随访记录"
    REGIMEN = 2, "处方"
    STATED = 3, "医生补填"


class ResultOrigin(Term):
    """Where a result comes from."""

    OWN = 1, "本单位检查"
    TAKEN_OVER = 2, "抄录其他机构报告"


class ResultFinding(Term):
    """What a test without a number found, or how the report judges it."""

    NORMAL = 1, "未见异常"
    ABNORMAL = 2, "异常"


class ValueStep(Term):
    """What was done about a value that asks for a specialist."""

    SPECIALIST = 1, "已联系专科医师"
    REFERRED = 2, "已转诊"
    RETEST = 3, "已安排复查"
    FAMILY = 4, "已告知本人和家属"
    CHANGED = 5, "专科医师已停药或调整"
    ERROR = 6, "核对后为检验或录入差错"
    OTHER = 9, "其他"
