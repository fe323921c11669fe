"""常用筛选: views of a township's worklist that an account has named, and the one its list begins with."""

from __future__ import annotations

import re
from dataclasses import dataclass

from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.services.case_view import term
from casemgr.services.errors import Missing, Unfit
from casemgr.services.use_case import use_case
from casemgr.store import identity
from casemgr.store.db import new_key
from casemgr.store.models import SavedFilter
from casemgr.store.queries import duty as queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, level_of
from casemgr.terms.duty import Block, DutyKind

MOST, LONGEST = 12, 20
#: So many digits in a row may be a telephone or an identity number.
NUMBER = re.compile(r"[0-9]{6}")
NOT_THERE = "没有这个常用筛选，或已经删除。请刷新待办清单后再试。"


@dataclass(frozen=True, slots=True)
class View:
    """One named view; ``first``: the list begins with it."""

    id: int
    label: str
    block: Block | None
    village: int | None
    kind: DutyKind | None
    mine: bool
    first: bool


def of_account(work: Work, area: int) -> tuple[View, ...]:
    """The views of this account for one township, by name; part of the unit of work that shows the list."""
    return tuple(
        View(
            one.id,
            one.label,
            term(Block, one.block),
            one.village,
            term(DutyKind, one.kind),
            one.mine,
            one.first,
        )
        for one in queries.views(work, work.access.actor, area)
    )


@use_case(Action.FILTER_WRITE)
def save(
    work: Work,
    area: int,
    label: str,
    *,
    block: Block | None = None,
    village: int | None = None,
    kind: DutyKind | None = None,
    mine: bool = False,
    first: bool = False,
) -> int:
    """Name a view of a township's list; the same name again replaces what it stood for. Answers its key.

    Raises :class:`Unfit` for a name that is empty, too long, or that of a person, and :class:`Missing` for an
    area that is no township of the access.
    """
    if level_of(area) is not AreaLevel.TOWNSHIP or not work.access.reaches(area):
        raise Missing("待办清单按乡镇（街道）列出。请先选择一个乡镇。")
    told = " ".join(label.split())
    known = queries.saved(work, work.access.actor, area)
    there = next((one for one in known if one.label == told), None)
    wrong = _fault(work, area, told, there is None and len(known) >= MOST)
    if block is None and village is None and kind is None and not mine:
        wrong = "还没有选择筛选条件，存下来与“全部”相同。请先筛选，再保存；或直接用“全部”。"
    if wrong:
        raise Unfit("没有保存筛选。", fields={"label": wrong})
    if first:
        for one in known:
            one.first = False
        work.flush()
    if there is None:
        there = work.add(
            SavedFilter(
                id=new_key(),
                area=area,
                owner=work.access.actor,
                label=told,
                first=first,
                mine=mine,
                recorded_at=clock.now(),
            )
        )
    there.block = None if block is None else int(block)
    there.village = village
    there.kind = None if kind is None else int(kind)
    there.mine, there.first = mine, first
    return int(there.id)


def _fault(work: Work, area: int, name: str, full: bool) -> str:
    """What is wrong with a name, empty when nothing is."""
    if not name:
        return "请给这个筛选起个名字。没有名字，以后找不到它。请填写，如“东片逾期”。"
    if len(name) > LONGEST:
        return f"名称最多 {LONGEST} 个字，列表里放不下更长的。请缩短，或分成两个筛选。"
    if NUMBER.search(name):
        return "名称里有一长串数字，可能是电话或证件号码，会显示给旁边的人。请去掉数字，或换个名称。"
    if identity.is_named(work, area, name):
        return "名称里有本乡镇患者的姓名，会显示给旁边的人。请换成村名或事项名，或直接在患者列表查找。"
    if full:
        return f"已有 {MOST} 个常用筛选，再多就不好找了。请先删除不用的，或用已有的名称替换。"
    return ""


def _own(work: Work, key: int) -> SavedFilter:
    found = work.get(SavedFilter, key)
    if found is None or found.owner != work.access.actor:
        raise Missing(NOT_THERE)
    return found


@use_case(Action.FILTER_WRITE)
def remove(work: Work, key: int) -> int:
    """Delete one of one's own views; answers its township."""
    found = _own(work, key)
    work.remove(found)
    return int(found.area)


@use_case(Action.FILTER_WRITE)
def begin_with(work: Work, key: int, first: bool) -> int:
    """Let the list begin with this view, or with everything again; answers its township."""
    found = _own(work, key)
    for one in queries.saved(work, work.access.actor, found.area):
        one.first = first and one.id == key
    return int(found.area)
