"""报表: kinds and states of reports."""

from casemgr.terms.code import Term


class ReportKind(Term):
    """报表种类."""

    MONTHLY = 1, "月报"
