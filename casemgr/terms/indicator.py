"""指标: units in which an indicator is printed."""

from casemgr.terms.code import Term


class RateUnit(Term):
    """Unit of a rate; ``factor`` turns numerator ÷ denominator into the printed number."""

    PERCENT = 1, "%"
    PER_MILLE = 2, "‰"

    @property
    def factor(self) -> int:
        return 1000 if self is RateUnit.PER_MILLE else 100
