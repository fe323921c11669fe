"""置信区间: how far a rate of few people can be trusted (Wilson, 95 %)."""

from __future__ import annotations

from math import sqrt

#: Two-sided 95 %.
Z = 1.959963984540054


def wilson(numerator: int, denominator: int) -> tuple[float, float] | None:
    """The 95 % interval of a share, both ends in percent; nothing where there is nobody to ask about.

    Raises ``ValueError`` for a numerator that is no part of its denominator.
    """
    if not 0 <= numerator <= denominator:
        raise ValueError("no share")
    if not denominator:
        return None
    share, square = numerator / denominator, Z * Z
    middle = (share + square / (2 * denominator)) / (1 + square / denominator)
    half = Z / (1 + square / denominator)
    half *= sqrt(share * (1 - share) / denominator + square / (4 * denominator * denominator))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    # The ends that are exact are said exactly.
    return (0.0 if numerator == 0 else low * 100, 100.0 if numerator == denominator else high * 100)
