"""健康体检: results of the yearly check-up."""

from casemgr.terms.code import Term


class TestResult(Term):
    """Result of a laboratory item or of the ECG."""

    __test__ = False

    NORMAL = 1, "正常"
    ABNORMAL = 2, "异常"
    NOT_DONE = 3, "未查", "未做"
