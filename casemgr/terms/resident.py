"""个人基本信息: code lists of the resident file 表6 (待核对: recalled, not compared with the original)."""

from casemgr.terms.code import Term


class Residency(Term):
    """常住类型."""

    REGISTERED = 1, "户籍"
    NOT_REGISTERED = 2, "非户籍"


class EthnicGroup(Term):
    """民族 as the resident file asks for it."""

    HAN = 1, "汉族"
    MINORITY = 99, "少数民族"


class BloodType(Term):
    """血型."""

    A = 1, "A型"
    B = 2, "B型"
    O = 3, "O型"  # noqa: E741 - the blood group
    AB = 4, "AB型"
    UNKNOWN = 5, "不详"


class Rhesus(Term):
    """RH."""

    NEGATIVE = 1, "阴性"
    POSITIVE = 2, "阳性"
    UNKNOWN = 3, "不详"


class Occupation(Term):
    """职业."""

    LEADER = 0, "国家机关、党群组织、企业、事业单位负责人"
    PROFESSIONAL = 1, "专业技术人员"
    CLERK = 2, "办事人员和有关人员"
    SERVICE = 3, "商业、服务业人员"
    FARMING = 4, "农、林、牧、渔、水利业生产人员"
    OPERATOR = 5, "生产、运输设备操作人员及有关人员"
    SOLDIER = 6, "军人"
    OTHER = 7, "不便分类的其他从业人员"
    NONE = 8, "无职业"


class Payment(Term):
    """医疗费用支付方式."""

    URBAN_WORKERS = 1, "城镇职工基本医疗保险"
    URBAN_RESIDENTS = 2, "城镇居民基本医疗保险"
    RURAL = 3, "新型农村合作医疗"
    POVERTY_RELIEF = 4, "贫困救助"
    COMMERCIAL = 5, "商业医疗保险"
    PUBLIC = 6, "全公费"
    PRIVATE = 7, "全自费"
    OTHER = 8, "其他"


class Allergy(Term):
    """药物过敏史."""

    NONE = 1, "无"
    PENICILLIN = 2, "青霉素"
    SULPHONAMIDE = 3, "磺胺"
    STREPTOMYCIN = 4, "链霉素"
    OTHER = 5, "其他"


class Exposure(Term):
    """暴露史."""

    NONE = 1, "无"
    CHEMICAL = 2, "化学品"
    POISON = 3, "毒物"
    RADIATION = 4, "射线"


class PastDisease(Term):
    """既往史·疾病."""

    NONE = 1, "无"
    HYPERTENSION = 2, "高血压"
    DIABETES = 3, "糖尿病"
    CORONARY = 4, "冠心病"
    COPD = 5, "慢性阻塞性肺疾病"
    CANCER = 6, "恶性肿瘤"
    STROKE = 7, "脑卒中"
    MENTAL = 8, "严重精神障碍"
    TUBERCULOSIS = 9, "结核病"
    HEPATITIS = 10, "肝炎"
    OTHER_NOTIFIABLE = 11, "其他法定传染病"
    OCCUPATIONAL = 12, "职业病"
    OTHER = 13, "其他"


class FamilyDisease(Term):
    """家族史."""

    NONE = 1, "无"
    HYPERTENSION = 2, "高血压"
    DIABETES = 3, "糖尿病"
    CORONARY = 4, "冠心病"
    COPD = 5, "慢性阻塞性肺疾病"
    CANCER = 6, "恶性肿瘤"
    STROKE = 7, "脑卒中"
    MENTAL = 8, "严重精神障碍"
    TUBERCULOSIS = 9, "结核病"
    HEPATITIS = 10, "肝炎"
    MALFORMATION = 11, "先天畸形"
    OTHER = 12, "其他"


class Had(Term):
    """无 / 有: operation, injury, transfusion, hereditary disease."""

    NO = 1, "无"
    YES = 2, "有"


class Disability(Term):
    """残疾情况."""

    NONE = 1, "无残疾"
    SIGHT = 2, "视力残疾"
    HEARING = 3, "听力残疾"
    SPEECH = 4, "言语残疾"
    LIMB = 5, "肢体残疾"
    INTELLECT = 6, "智力残疾"
    MENTAL = 7, "精神残疾"
    OTHER = 8, "其他残疾"


class Kitchen(Term):
    """生活环境·厨房排风设施."""

    NONE = 1, "无"
    HOOD = 2, "油烟机"
    FAN = 3, "换气扇"
    CHIMNEY = 4, "烟囱"


class Fuel(Term):
    """生活环境·燃料类型."""

    LIQUEFIED_GAS = 1, "液化气"
    COAL = 2, "煤"
    NATURAL_GAS = 3, "天然气"
    BIOGAS = 4, "沼气"
    WOOD = 5, "柴火"
    OTHER = 6, "其他"


class Water(Term):
    """生活环境·饮水."""

    TAP = 1, "自来水"
    FILTERED = 2, "经净化过滤的水"
    WELL = 3, "井水"
    RIVER = 4, "河湖水"
    POND = 5, "塘水"
    OTHER = 6, "其他"


class Toilet(Term):
    """生活环境·厕所."""

    SANITARY = 1, "卫生厕所"
    PIT = 2, "一格或二格粪池式"
    BUCKET = 3, "马桶"
    OPEN = 4, "露天粪坑"
    SHED = 5, "简易棚厕"


class Livestock(Term):
    """生活环境·禽畜栏."""

    NONE = 1, "无"
    SEPARATE = 2, "单设"
    INDOORS = 3, "室内"
    OUTDOORS = 4, "室外"


class DisabilityCard(Term):
    """领取残疾人证情况 of 表7."""

    NONE = 1, "无"
    SIGHT = 2, "视力"
    HEARING = 3, "听力"
    SPEECH = 4, "言语"
    LIMB = 5, "肢体"
    INTELLECT = 6, "智力"
    MENTAL = 7, "精神"
    MULTIPLE = 8, "多重"
