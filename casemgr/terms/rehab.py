"""康复: the nine service forms of community rehabilitation and where they are given."""

from casemgr.terms.code import Term


class RehabForm(Term):
    """服务形式 of 精神障碍社区康复服务."""

    MEDICATION_TRAINING = 1, "服药训练"
    RELAPSE_PREVENTION = 2, "预防复发训练"
    PHYSICAL_HEALTH = 3, "躯体管理训练"
    LIFE_SKILLS = 4, "生活技能训练"
    SOCIAL_SKILLS = 5, "社交能力训练"
    VOCATIONAL = 6, "职业康复训练"
    PSYCHOTHERAPY = 7, "心理治疗和康复"
    PEER_SUPPORT = 8, "同伴支持"
    FAMILY_SUPPORT = 9, "家庭支持"


class RehabPlace(Term):
    """场所."""

    HOME = 1, "居家"
    CENTRE = 2, "康复机构"
    COMMUNITY = 3, "社区"
    HOSPITAL = 4, "医院"
    REMOTE = 5, "远程"
    OTHER = 9, "其他"
