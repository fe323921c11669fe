"""在册档案: diagnosis, life cycle of a file, management state and the ground of registration."""

from casemgr.terms.code import Term


class Diagnosis(Term):
    """诊断类别; 1–6 are the six managed disorders, 7 only under 第三十条第二款第二项."""

    SCHIZOPHRENIA = 1, "精神分裂症"
    SCHIZOAFFECTIVE = 2, "分裂情感性障碍"
    PARANOID = 3, "偏执性精神病", "偏执性精神障碍"
    BIPOLAR = 4, "双相(情感)障碍", "双相障碍", "双相情感障碍"
    EPILEPTIC = 5, "癫痫所致精神障碍"
    RETARDATION = 6, "精神发育迟滞伴发精神障碍"
    ARTICLE_30 = 7, "其他(第三十条第二款第二项)", "其他"


class Lifecycle(Term):
    """在册状态: where the file stands; kept apart from whether the person is managed."""

    ON_REGISTER = 1, "在册"
    DEAD = 2, "死亡"
    MOVED_OUT = 3, "迁出"
    EXCLUDED = 4, "排除", "误诊", "排除诊断"


class Management(Term):
    """管理状态; a managed person may be lost for a while without leaving the register."""

    MANAGED = 1, "在管"
    REFUSED = 2, "非在管(拒绝)", "拒绝"
    LOST = 3, "失访"
    IN_HOSPITAL = 4, "住院"


class Pause(Term):
    """暂停按期随访: why visits follow a plan of their own for a while."""

    IN_HOSPITAL = 1, "住院"
    AWAY = 2, "外出"


class Ground(Term):
    """入册依据."""

    STATUTORY = 1, "法定报告"
    CONSENT = 2, "知情同意"
    PRIMARY_CARE = 3, "基本公共卫生服务"


class Track(Term):
    """Which dated history a state entry belongs to (状态轨)."""

    LIFECYCLE = 1, "在册状态"
    MANAGEMENT = 2, "管理状态"
    UNIT = 3, "管理单位"
    DIAGNOSIS = 4, "诊断"


class DisabilityGrade(Term):
    """精神残疾等级 (待核对)."""

    ONE = 1, "一级", "1级"
    TWO = 2, "二级", "2级"
    THREE = 3, "三级", "3级"
    FOUR = 4, "四级", "4级"


class PastTreatment(Term):
    """既往治疗情况·门诊."""

    NONE = 1, "未治"
    IRREGULAR = 2, "间断门诊治疗"
    CONTINUOUS = 3, "连续门诊治疗"
