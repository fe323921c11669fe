"""应急处置: causes, measures and result of an emergency (表12)."""

from casemgr.terms.code import Term


class EmergencyCause(Term):
    """处置缘由 (GF2018-10.1; list 待核对)."""

    HARM_TO_SELF = 1, "有伤害自身的行为或危险"
    HARM_TO_OTHERS = 2, "有危害公共安全或他人安全的行为或危险"
    RELAPSE = 3, "病情复发且精神状况明显恶化"
    DRUG_REACTION = 4, "与精神疾病药物相关的急性不良反应"
    OTHER = 5, "其他"


class EmergencyMeasure(Term):
    """主要处置措施."""

    ON_SITE = 1, "现场临时性处置"
    OBSERVATION = 2, "门/急诊留观"
    ADMISSION = 3, "紧急住院"
    CONSULTATION = 4, "会诊"
    OTHER = 5, "其他"


class EmergencyEffect(Term):
    """处置效果 (待核对)."""

    GOOD = 1, "有效"
    PARTLY = 2, "部分有效"
    NONE = 3, "无效"


class EmergencyPerson(Term):
    """处置对象来源 (待核对)."""

    REGISTERED = 1, "本地常住居民（已建档）"
    UNREGISTERED = 2, "本地非在册"
    FROM_ELSEWHERE = 3, "流动或外地"
    UNKNOWN = 4, "身份不明"
