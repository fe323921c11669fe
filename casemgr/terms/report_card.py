"""报告卡与出院信息单: code lists of forms 表3 and 表4 that no other form has, and the answers of 表1."""

from casemgr.terms.code import Term


class PatientSource(Term):
    """患者来源(报告部门)."""

    OUTPATIENT = 1, "门诊部"
    INPATIENT = 2, "住院部"


class ReportReason(Term):
    """报告类型 of a report card."""

    ONSET = 1, "发病报告"
    SIX_DISORDERS = 2, "六类病种登记"


class FamilyHistory(Term):
    """两系三代精神疾病家族史 (codes 待核对)."""

    YES = 1, "有"
    NO = 2, "无"
    UNKNOWN = 3, "不详"


class BroughtBy(Term):
    """送诊主体 (list 待核对)."""

    SELF = 1, "本人"
    FAMILY = 2, "家属"
    POLICE = 3, "公安"
    OTHER = 4, "其他"


class SignAnswer(Term):
    """Answer to one question of 表1."""

    YES = 1, "有"
    NO = 0, "没有", "无"


class OlderSign(Term):
    """精神行为异常识别清单, the older edition of eleven questions."""

    ADMITTED = 1, "曾在精神科住院治疗"
    LOCKED_UP = 2, "因精神异常被关锁"
    NONSENSE = 3, "说话颠三倒四，说一些别人听不懂或不合常理的话"
    RIOTING = 4, "无故吵闹、砸东西、打人（不是因为喝醉酒）"
    SELF_TALK = 5, "经常自语自笑或表情呆滞"
    ODD_BEHAVIOUR = 6, "在公共场合行为举止古怪"
    SUSPICIOUS = 7, "疑心大，怀疑有人跟踪、议论或加害"
    TALKATIVE = 8, "过分话多、活动多、到处乱跑"
    COLD = 9, "过分冷淡、动作迟缓、整天卧床"
    SUICIDE = 10, "有过自杀、自伤行为"
    SECLUDED = 11, "待在家中，不上学、不上班，不与人来往"
