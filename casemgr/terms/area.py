"""区划机构: levels of areas and the arithmetic of 12-digit area codes."""

from casemgr.terms.code import Term


class AreaLevel(Term):
    """级别."""

    PROVINCE = 1, "省"
    PREFECTURE = 2, "市"
    COUNTY = 3, "县", "区", "县级"
    TOWNSHIP = 4, "乡镇", "街道", "乡", "镇"
    VILLAGE = 5, "村", "社区", "居", "村居"


CODE_LENGTH = 12
SIGNIFICANT = {
    AreaLevel.PROVINCE: 2,
    AreaLevel.PREFECTURE: 4,
    AreaLevel.COUNTY: 6,
    AreaLevel.TOWNSHIP: 9,
    AreaLevel.VILLAGE: 12,
}


def level_of(code: int) -> AreaLevel:
    """Level that a 12-digit code stands for, read from its trailing zeros."""
    text = f"{code:0{CODE_LENGTH}d}"
    for level, digits in SIGNIFICANT.items():
        if set(text[digits:]) <= {"0"}:
            return level
    return AreaLevel.VILLAGE


def span_of(code: int) -> tuple[int, int]:
    """Half-open range ``[low, high)`` of all codes in the subtree of ``code``."""
    width = 10 ** (CODE_LENGTH - SIGNIFICANT[level_of(code)])
    return code, code + width


def ancestor(code: int, level: AreaLevel) -> int:
    """The code of the area of ``level`` that holds ``code``."""
    width: int = 10 ** (CODE_LENGTH - SIGNIFICANT[level])
    return code - code % width
