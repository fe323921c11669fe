"""危险行为: kinds of dangerous acts, what was done about them, how a release from lock-up was verified."""

from casemgr.terms.code import Term


class DangerousAct(Term):
    """危险行为."""

    DISTURBANCE = 1, "轻度滋事"
    OFFENCE = 2, "肇事"
    CRIME = 3, "肇祸"
    OTHER_HARM = 4, "其他危害行为"
    SELF_HARM = 5, "自伤"
    SUICIDE_ATTEMPT = 6, "自杀未遂"
    NONE = 7, "无"

    @property
    def to_self(self) -> bool:
        """Whether the act harms the person alone: family, hospital and crisis help come first."""
        return self in (DangerousAct.SELF_HARM, DangerousAct.SUICIDE_ATTEMPT)


class IncidentMeasure(Term):
    """已采取的措施 after a dangerous act."""

    FAMILY = 1, "已通知监护人或家属"
    HOSPITAL = 2, "已送医或陪同就诊"
    PSYCHIATRIST = 3, "已联系精神科医师"
    CRISIS_HELP = 4, "已告知心理援助热线等求助渠道"
    MEANS = 5, "已请家属收好药品、刀具等危险物品"
    COMMITTEE = 6, "已通知村（居）委会或关爱帮扶小组"
    POLICE = 7, "已通报公安派出所"
    COUNTY = 8, "已报县级"
    OTHER = 9, "其他措施"


class ReleaseProof(Term):
    """How it was verified that a person is no longer locked up (解除关锁核实方式)."""

    SEEN = 1, "上门亲眼所见"
    VIDEO = 2, "视频查看"
    COMMITTEE = 3, "村（居）委会证实"
    HOSPITAL = 4, "已入院，医院证实"
    OTHER = 9, "其他"
