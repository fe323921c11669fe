"""危险行为: kinds of dangerous acts; they name acts, never persons."""

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
