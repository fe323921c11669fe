"""长效针剂: injection sites; the products themselves are data (lists/lai_products.json)."""

from casemgr.terms.code import Term


class Site(Term):
    """注射部位."""

    DELTOID = 1, "三角肌"
    GLUTEAL = 2, "臀肌"
    OTHER = 9, "其他"
