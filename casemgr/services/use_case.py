"""用例: permission, transaction, scope and audit around every function that people or jobs call."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from casemgr.rules.access import Access, Action
from casemgr.services import clock
from casemgr.services.errors import Conflict, Forbidden, Missing, TooManyPeople, Unavailable
from casemgr.store.ceiling import CeilingReached
from casemgr.store.vault import Locked
from casemgr.store.work import Taken, Work, open_work

P = ParamSpec("P")
R = TypeVar("R")

#: Every use case by its dotted name, for the tests of doors and permissions.
CATALOGUE: dict[str, Action] = {}

#: Called after each use case; the web door counts here, so a page without one can be noticed.
LISTENERS: list[Callable[[Action], None]] = []


#: The rule of the daily ceiling of people opened.
RULE = "REC-STOP-2"
SAVED_ALREADY = "同一条记录刚刚已被保存，为避免覆盖，这一次没有写入。请核对现在的内容，再决定是否修改。"


#: What somebody asks for about one person; asking for one who is out of reach is written down.
ABOUT_ONE = frozenset({Action.CASE_READ, Action.IDENTITY_REVEAL, Action.EVENT_WRITE, Action.FORM_PRINT})


def note_refusal(access: Access, action: Action, outcome: str = "refused") -> None:
    """Write a refused attempt down, in a transaction of its own."""
    with open_work(access, action, "refused", writes=True) as work:
        work.note("refuse", "UseCase", outcome=outcome)


def _stop(access: Access, action: Action, reached: CeilingReached) -> TooManyPeople:
    """The refusal for somebody who would open too many people today, after writing the attempt down."""
    with open_work(access, action, "ceiling", writes=True) as work:
        work.note("refuse", "Identity", outcome="ceiling", count=reached.opened)
    return TooManyPeople(
        f"每个账号每天最多查看 {reached.ceiling} 人的身份信息，以防名单成批外泄。"
        f"您今天已查看 {reached.opened} 人，再打开这些人就会超过，所以没有打开。"
        "已查看过的人今天仍可打开，隐藏姓名后列表也照常可用。"
        "确有需要，请说明理由，申请当日提高。",
        rule=RULE,
    )


def use_case(
    action: Action, *, writes: bool | None = None
) -> Callable[[Callable[Concatenate[Work, P], R]], Callable[Concatenate[Access, P], R]]:
    """Make ``f(work, …)`` into a use case called as ``f(access, …)``.

    Raises :class:`Forbidden` (after writing the attempt down) if the role may not do ``action``, and
    :class:`Unavailable` while the keys of the installation cannot be used.
    """

    def decorate(
        function: Callable[Concatenate[Work, P], R],
    ) -> Callable[Concatenate[Access, P], R]:
        name = f"{function.__module__.rsplit('.', 1)[-1]}.{function.__name__}"
        CATALOGUE[name] = action

        @wraps(function)
        def run(access: Access, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if not access.may(action):
                note_refusal(access, action)
                raise Forbidden("您的角色不能进行这项操作。如确有需要，请联系本单位管理员调整权限。")
            try:
                with open_work(access, action, writes=writes) as work:
                    work.day = clock.today()
                    answer = function(work, *args, **kwargs)
            except CeilingReached as reached:
                raise _stop(access, action, reached) from None
            except Taken:
                raise Conflict(SAVED_ALREADY) from None
            except Locked as wrong:
                raise Unavailable(str(wrong)) from None
            except Missing:
                if action in ABOUT_ONE and access.actor:
                    note_refusal(access, action, "missing")
                raise
            for listener in LISTENERS:
                listener(action)
            return answer

        run.__dict__["use_case"] = action
        return run

    return decorate


def within(work: Work) -> Any:
    """The installation a unit of work belongs to (folder, region, demo)."""
    return work._home
