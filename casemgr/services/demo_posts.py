"""示例岗位: one village doctor and one hospital with their accounts, so that their windows are not empty."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from casemgr.rules.access import Access, Action
from casemgr.services import account, clock, partner, post, referral
from casemgr.services.errors import Refused
from casemgr.services.referral import ReferralEntry
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.queries import demo as queries
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.liaison import TaskKind
from casemgr.terms.referral import Direction

#: Login, display name, name of the post, role.
POSTS = (
    ("cunyi", "示例村医", "示例村卫生室", Role.VILLAGE_DOCTOR),
    ("yiyuan", "示例医院联络员", "示例市精神卫生中心", Role.HOSPITAL),
)
#: As many people are on their way to the hospital.
SENT = 2
#: A village of about so many people.
FEW = 8


def lay(county: int, township: int, as_of: date, password: str) -> None:
    """The posts, an account each, a task for the village and two referrals to the hospital."""
    access = Access.system("demo-load", county)
    village, cases = _village(access, township)
    for login, display, name, role in POSTS:
        place = township if role is Role.VILLAGE_DOCTOR else county
        key = post.open_(access, new_key(), role, place, name, [village] if place == township else [])
        account.create(
            access, login, display, int(role), place, clock.now(), password, must_change=False, post=key
        )
        if role is Role.VILLAGE_DOCTOR:
            post.settle(access, key)
            _ask(access, cases[:1], as_of)
        else:
            for case in cases[1 : 1 + SENT]:
                entry = ReferralEntry(
                    Direction.UP,
                    as_of - timedelta(days=4),
                    as_of - timedelta(days=3),
                    "示例：近来睡眠差，服药不规律",
                    f"{name}精神科",
                    hospital=key,
                )
                referral.record(access, case, new_key(), entry, as_of)


def _ask(access: Access, cases: Sequence[int], as_of: date) -> None:
    """The township doctor asks the village doctor to look in."""
    for case in cases:
        form = partner.begin_task(access, case, as_of)
        to = next((one for one in form.receivers if one.role is Role.VILLAGE_DOCTOR), None)
        if to is not None:
            partner.ask(
                access, case, form.once, to.key, TaskKind.VISIT, "示例：请看看近来是否按时吃药", as_of
            )


@use_case(Action.DEMO_LOAD, writes=False)
def _village(work: Work, township: int) -> tuple[int, list[int]]:
    """The village of a township that has about as many people as one doctor looks after, and these."""
    found = queries.by_village(work, township)
    if not found:
        raise Refused("示例县没有村，村医窗口无从演示。请换一个空的数据目录再装。")
    best = min(found, key=lambda code: (abs(len(found[code]) - FEW), code))
    return best, found[best]
