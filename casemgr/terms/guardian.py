"""监护人: relation of the guardian to the patient (待核对)."""

from casemgr.terms.code import Term


class Relation(Term):
    """与患者关系."""

    SPOUSE = 1, "配偶"
    SON = 2, "子", "儿子"
    DAUGHTER = 3, "女", "女儿"
    GRANDCHILD = 4, "孙子女"
    PARENT = 5, "父母", "父亲", "母亲"
    GRANDPARENT = 6, "祖父母"
    SIBLING = 7, "兄弟姐妹"
    OTHER = 8, "其他"
    COMMITTEE = 9, "村(居)委会"
    CIVIL_AFFAIRS = 10, "民政部门"
