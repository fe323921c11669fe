"""应急处置: causes, measures, steps, whereabouts and result of an emergency (表12), and whom to call."""

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


class EmergencyStep(Term):
    """处置步骤 on the screen of a running emergency, ticked with their time."""

    SAFE = 1, "已问清地点、人数和现场是否安全"
    HOSPITAL = 2, "已联系精神专科医院或应急医疗处置组"
    FAMILY = 3, "已联系监护人或家属"
    COMMITTEE = 4, "已联系村（居）委会"
    POLICE = 5, "已联系公安派出所"
    ARRIVED = 6, "已到达现场"
    CONSENT = 7, "已向家属说明并签署知情同意书（表11）"
    HANDED_OVER = 8, "已送医或完成交接"


class EmergencyGround(Term):
    """采取住院或约束措施的依据."""

    CONSENT = 1, "监护人或家属签署应急处置知情同意书（表11）"
    ARTICLE_28 = 2, "精神卫生法第二十八条（发生伤害自身、危害他人安全的行为或有此危险）"
    ARTICLE_30 = 3, "精神卫生法第三十条第二款"


class Whereabouts(Term):
    """处置后去向."""

    HOME = 1, "在家，由监护人看护"
    OBSERVATION = 2, "医疗机构留观"
    HOSPITAL = 3, "住院"
    POLICE = 4, "公安机关"
    OTHER = 9, "其他"


class ContactKind(Term):
    """应急联系单位 of ``lists/contacts.csv``."""

    POLICE = 1, "派出所"
    HOSPITAL = 2, "精神专科医院"
    COMMITTEE = 3, "村（居）委会"
    COUNTY = 4, "县级精防机构"
    AMBULANCE = 5, "急救"
    POLICE_LINE = 6, "报警"
    CRISIS = 7, "心理援助"
    CLINIC = 8, "社区精防医生"
