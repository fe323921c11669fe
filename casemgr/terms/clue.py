"""线索: states of a clue, the questions of form 表1 and where a clue came from."""

from casemgr.terms.code import Term


class ClueState(Term):
    """线索状态 (REC-2.8); a clue is never counted."""

    NEW = 1, "新线索"
    VERIFIED = 2, "已核实待诊断"
    CONFIRMED = 3, "确诊"
    EXCLUDED = 4, "排除"
    PENDING = 5, "待核查"


class ClueSource(Term):
    """线索来源 (GF2018-2.3, GF2018-2.7)."""

    SURVEY = 1, "入户或人群排查"
    FAMILY = 2, "家属或本人咨询"
    COMMITTEE = 3, "村（居）委会"
    POLICE = 4, "公安"
    CIVIL_AFFAIRS = 5, "民政"
    DISABLED_FEDERATION = 6, "残联"
    INSURANCE = 7, "医保比对"
    HOSPITAL = 8, "医疗机构"
    OTHER = 9, "其他"


class OddSign(Term):
    """表1 精神行为异常识别清单, 2018 edition, nine questions."""

    ADMITTED = 1, "曾在精神科住院治疗"
    LOCKED_UP = 2, "因精神异常被家人关锁"
    IMPULSIVE = 3, "无故冲动、伤人毁物，或无故离家出走"
    ODD_BEHAVIOUR = 4, "行为举止古怪，在公共场合蓬头垢面或赤身裸体"
    SELF_TALK = 5, "经常无故自语自笑，或说一些不合常理的话"
    SUSPICIOUS = 6, "变得疑心大，认为周围人都针对他或迫害他"
    EXCITED = 7, "变得过分兴奋话多、活动多、爱惹事、到处乱跑"
    WITHDRAWN = 8, "变得冷漠孤僻懒散，无法正常学习、工作和生活"
    SUICIDE = 9, "有过自杀行为或自杀企图"
