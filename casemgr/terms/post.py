"""岗位: what village doctors and hospitals tell, in words they use (村医、收治医院)."""

from casemgr.terms.code import Term


class CareGround(Term):
    """收治关系: on what it rests that a hospital knows somebody."""

    REFERRAL = 1, "转诊到本院"
    EMERGENCY = 2, "应急送医到本院"
    ADMISSION = 3, "在本院住院"
    AFTER = 4, "出院后随访期"


class Spirits(Term):
    """精神状态, as a neighbour would say it; no symptom, no grade."""

    USUAL = 1, "和平常一样"
    WORSE = 2, "比平常差（睡不好、不爱说话、爱发脾气等）"
    STRANGE = 3, "明显不对（自言自语、说话听不懂、乱跑乱动等）"
    UNSEEN = 9, "没有见到本人"


class Taking(Term):
    """服药, as far as somebody can see."""

    REGULAR = 1, "按时吃"
    IRREGULAR = 2, "有时漏"
    STOPPED = 3, "没有吃"
    UNKNOWN = 9, "不清楚"


class Danger(Term):
    """危险征兆 that are told at once."""

    THREAT = 1, "说要打人、伤人，或拿刀具等"
    VIOLENT = 2, "打人、砸东西、放火等"
    SUICIDE = 3, "说不想活，或伤害自己"
    LOCKED = 4, "被锁、被绑"
    OTHER = 9, "其他让人担心的情况"


class Stay(Term):
    """在哪里."""

    HOME = 1, "在家"
    AWAY = 2, "外出（打工、走亲戚等）"
    HOSPITAL = 3, "住院"
    MISSING = 4, "找不到人"
    DEAD = 5, "听说已去世"
