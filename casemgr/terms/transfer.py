"""迁移: moving a file between managing units."""

from casemgr.terms.code import Term


class TransferSide(Term):
    """Whose copy of a transfer a row is."""

    SENDER = 1, "迁出方"
    RECEIVER = 2, "迁入方"


class TransferState(Term):
    """迁移状态; until it is accepted the sender stays responsible."""

    ASKED = 1, "待接收"
    ACCEPTED = 2, "已接收"
    DECLINED = 3, "未接收"
    WITHDRAWN = 4, "已撤回"
    COUNTY_ASKED = 5, "已报县级协调"
