"""随访: the coded fields of the follow-up form 表8 (2017 and 2018 layouts)."""

from casemgr.terms.code import Term


class VisitMode(Term):
    """本次随访形式."""

    CLINIC = 1, "门诊"
    HOME = 2, "家庭访视", "家访"
    PHONE = 3, "电话"


class Informant(Term):
    """本次随访对象 (2018 layout, may hold several)."""

    SELF = 1, "患者本人"
    FAMILY = 2, "患者家属、监护人", "患者家属", "监护人"
    OTHER = 3, "其他知情人"


class LossReason(Term):
    """若失访,原因."""

    AWAY_FOR_WORK = 1, "外出务工", "外出打工"
    MOVED = 2, "迁居他处"
    MISSING = 3, "走失"
    NOT_MET_3_TIMES = 4, "连续3次未访到"
    OTHER = 5, "其他"


class DeathCause(Term):
    """死亡原因."""

    BODILY_DISEASE = 1, "躯体疾病"
    SUICIDE = 2, "自杀"
    HOMICIDE = 3, "他杀"
    ACCIDENT = 4, "意外"
    COMPLICATION = 5, "精神疾病相关并发症"
    OTHER = 6, "其他"


class BodilyDisease(Term):
    """躯体疾病 behind a death, sub-codes of 死亡原因 1."""

    INFECTION = 1, "传染病和寄生虫病"
    TUMOUR = 2, "肿瘤"
    HEART = 3, "心脏病"
    CEREBROVASCULAR = 4, "脑血管病"
    RESPIRATORY = 5, "呼吸系统疾病"
    DIGESTIVE = 6, "消化系统疾病"
    OTHER = 7, "其他疾病"
    UNKNOWN = 8, "不详"


class Symptom(Term):
    """目前症状 and 既往主要症状."""

    HALLUCINATION = 1, "幻觉"
    COMMUNICATION = 2, "交流困难"
    SUSPICION = 3, "猜疑"
    MOODY = 4, "喜怒无常"
    ODD = 5, "行为怪异"
    EXCITED = 6, "兴奋话多"
    DESTRUCTIVE = 7, "伤人毁物"
    PESSIMISTIC = 8, "悲观厌世"
    WANDERING = 9, "无故外走"
    SELF_TALK = 10, "自语自笑"
    WITHDRAWN = 11, "孤僻懒散"
    OTHER = 12, "其他"


class Insight(Term):
    """自知力."""

    FULL = 1, "自知力完全", "完全"
    PARTIAL = 2, "自知力不全", "不全"
    ABSENT = 3, "自知力缺失", "缺失"


class Grade(Term):
    """良好 / 一般 / 较差, for sleep, diet and the social functions."""

    GOOD = 1, "良好"
    FAIR = 2, "一般"
    POOR = 3, "较差"
    NOT_APPLICABLE = 9, "此项不适用", "不适用"


class Confinement(Term):
    """关锁情况."""

    NONE = 1, "无关锁"
    LOCKED = 2, "关锁"
    RELEASED = 3, "关锁已解除"


class HospitalState(Term):
    """两次随访期间住院情况."""

    NEVER = 0, "未住院"
    NOW = 1, "目前正在住院"
    EARLIER = 2, "曾住院,现未住院", "曾住院，现未住院"


class Present(Term):
    """无 / 有 (实验室检查), as coded on the form."""

    NO = 1, "无"
    YES = 2, "有"
    NOT_APPLICABLE = 9, "此项不适用", "不适用"


class YesNo(Term):
    """否 / 是 as coded on the form."""

    NO = 1, "否"
    YES = 2, "是"


class Outcome(Term):
    """治疗效果."""

    CURED = 1, "痊愈", "临床痊愈"
    BETTER = 2, "好转"
    UNCHANGED = 3, "无变化"
    WORSE = 4, "加重"
    NOT_APPLICABLE = 9, "此项不适用", "不适用"


class RehabMeasure(Term):
    """康复措施."""

    DAILY_LIVING = 1, "生活劳动能力"
    VOCATIONAL = 2, "职业训练"
    STUDY = 3, "学习能力"
    SOCIAL = 4, "社会交往"
    OTHER = 5, "其他"


class FormVersion(Term):
    """表8 layout a visit was written on."""

    V2017 = 2017, "2017年版"
    V2018 = 2018, "2018年版"
