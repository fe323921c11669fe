"""保密和接触承诺: what an account of a department has to read and promise before it sees anybody.

The text has an edition; a new one, and a year after the last, is read anew (REC-LIA-6). It says what is never
told here, how to behave safely, and what follows from passing things on.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from casemgr.rules.access import POSTS, RECEIVERS, Action, Role
from casemgr.rules.policy import in_force_on
from casemgr.services import clock
from casemgr.services.errors import Unfit
from casemgr.services.use_case import use_case, within
from casemgr.store.db import new_key
from casemgr.store.models import LiaisonPledge
from casemgr.store.queries import liaison as queries
from casemgr.store.work import Work

#: Of the text that is read; a change of what is promised gets the next number.
EDITION = 1
#: What has to be ticked, one by one; none is ticked beforehand.
PROMISES = {
    "use": "只为本岗位履行职责查看和使用，不转告、不拍照、不转发，不用于其他目的。",
    "manner": "已读接触须知：表明身份、保持距离、不争辩、不围观，有危险先疏散并联系 120 和医生。",
    "stop": "看到“已撤回”后立即停止使用，销毁抄录、打印的材料，并签收。",
}

UNREAD = "请读过后逐项勾选。没有承诺的账号不能查看个人信息；不同意的，请联系县级精防机构。"


def is_asked(role: Role) -> bool:
    """Whether accounts of this role promise; who treats people does so by profession."""
    return role in RECEIVERS - POSTS


@use_case(Action.LIAISON_VIEW, writes=False)
def has_promised(work: Work, today: date) -> bool:
    """Whether the asking account has promised this edition, not longer ago than the rule allows."""
    days = in_force_on(today, within(work).region).pledge_days.value
    return queries.pledged(work, work.access.actor, EDITION, today - timedelta(days))


@use_case(Action.LIAISON_REPORT)
def promise(work: Work, ticked: Collection[str], today: date) -> None:
    """Write down that the account has read and promised; :class:`Unfit` unless each point was ticked.

    Of whom no promise is asked none is kept, whatever page they send it from.
    """
    if missing := [name for name in PROMISES if name not in ticked]:
        raise Unfit(
            "没有保存。",
            fields=dict.fromkeys(missing, UNREAD),
        )
    days = in_force_on(today, within(work).region).pledge_days.value
    access = work.access
    if not is_asked(access.role) or queries.pledged(work, access.actor, EDITION, today - timedelta(days)):
        return
    work.add(
        LiaisonPledge(
            id=new_key(),
            area=access.low,
            receiver=int(access.role),
            receiver_area=access.low,
            account=access.actor,
            edition=EDITION,
            on=today,
            at=clock.now(),
        )
    )
