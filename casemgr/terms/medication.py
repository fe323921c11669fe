"""服药: adherence to medication, classes of drugs, how a regimen ends, who pays and who fetches."""

from casemgr.terms.code import Term


class Adherence(Term):
    """用药依从性."""

    REGULAR = 1, "按医嘱规律用药", "规律用药", "规律"
    IRREGULAR = 2, "间断用药", "间断"
    NONE = 3, "不用药"
    NOT_NEEDED = 4, "医嘱勿需用药", "医嘱无需用药"


class DrugClass(Term):
    """药品类别."""

    ANTIPSYCHOTIC = 1, "抗精神病药"
    MOOD = 2, "心境稳定剂"
    ANTIDEPRESSANT = 3, "抗抑郁药"
    ANTIEPILEPTIC = 4, "抗癫痫药"
    SEDATIVE = 5, "抗焦虑与镇静催眠药"
    SIDE_EFFECT = 6, "处理不良反应的药"
    OTHER = 9, "其他"


class StopReason(Term):
    """停用原因."""

    CHANGED = 1, "医师调整用药"
    PHYSICIAN = 2, "医师停药"
    REACTION = 3, "不良反应"
    OWN_WILL = 4, "患者或家属不愿继续"
    SUPPLY = 5, "药品供应不上"
    MISTAKE = 6, "录入有误"
    OTHER = 9, "其他"


class Fetcher(Term):
    """取药人."""

    SELF = 1, "本人"
    GUARDIAN = 2, "监护人"
    FAMILY = 3, "其他家属"
    DELIVERED = 4, "送药上门"
    VILLAGE = 5, "村（社区）人员代取"
    OTHER = 9, "其他"


class Payer(Term):
    """付费方, in the order in which they are charged."""

    INSURANCE = 1, "医保"
    ASSISTANCE = 2, "医疗救助"
    FREE = 3, "免费二代药"
    OWN = 4, "自付"


class PayerState(Term):
    """一方是否已结."""

    OPEN = 1, "未结"
    SETTLED = 2, "已结"
    NONE = 3, "不适用"


class StockMoveKind(Term):
    """库存变动."""

    IN = 1, "入库"
    OUT = 2, "发药"
    WRITE_OFF = 3, "报损"
    BACK = 4, "冲正退回"
