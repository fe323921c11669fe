"""服药: adherence to medication and adverse reactions."""

from casemgr.terms.code import Term


class Adherence(Term):
    """用药依从性."""

    REGULAR = 1, "按医嘱规律用药", "规律用药", "规律"
    IRREGULAR = 2, "间断用药", "间断"
    NONE = 3, "不用药"
    NOT_NEEDED = 4, "医嘱勿需用药", "医嘱无需用药"
