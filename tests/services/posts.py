"""Village posts and hospitals over two townships, for the tests of what a post sees and tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from casemgr.rules.access import Access, Action, Role
from casemgr.services import account, post
from casemgr.store.db import new_key
from casemgr.store.models import Area
from casemgr.store.work import open_work
from tests.services import people
from tests.services.liaison import add, open_departments, settle
from tests.staff import NOW, PASSWORD
from tests.store.register import COUNTY, EAST, OFFICER, SYSTEM, WEST, open_areas

TODAY = people.TODAY
ONE, TWO, FAR = EAST + 201, EAST + 202, WEST + 201


@dataclass
class World:
    """Two villages of the east and one of the west, a person in each; posts and their accesses by login."""

    one: int
    two: int
    far: int
    posts: dict[str, int]
    accesses: dict[str, Access]
    keys: dict[str, int]


def open_world(monkeypatch: pytest.MonkeyPatch, there: dict[int, int] | None = None) -> World:
    """Posts over each village and two hospitals, an account each; people are settled.

    ``there`` are the units of townships that are open already.
    """
    units = there or open_areas()
    accesses = open_departments(monkeypatch)
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        for code, parent in ((ONE, EAST), (TWO, EAST), (FAR, WEST)):
            work.add(Area(code=code, name=f"第{code % 1000}村", level=5, parent=parent, population=900))
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        one = add(work, EAST, units[EAST], 1, "王小明", village=ONE)
        two = add(work, EAST, units[EAST], 2, "李丽", village=TWO)
        far = add(work, WEST, units[WEST], 3, "张建国", village=FAR)
    posts, keys = {}, {}
    for login, role, place, villages in (
        ("cunone", Role.VILLAGE_DOCTOR, EAST, [ONE]),
        ("cuntwo", Role.VILLAGE_DOCTOR, EAST, [TWO]),
        ("cunfar", Role.VILLAGE_DOCTOR, WEST, [FAR]),
        ("yuan", Role.HOSPITAL, None, []),
        ("other", Role.HOSPITAL, None, []),
    ):
        key = post.open_(OFFICER, new_key(), role, place, f"{login}岗位", villages)
        area = place or COUNTY
        made = account.create(
            SYSTEM, login, f"{login}某", int(role), area, NOW, PASSWORD, must_change=False, post=key
        )
        posts[login], keys[login] = key, made.account
        accesses[login] = Access.over(made.account, login, role, area, post=key)
    settle(one, two, far)
    return World(one, two, far, posts, accesses, keys)


def days(count: int) -> date:
    """So many days before today."""
    return TODAY - timedelta(days=count)
