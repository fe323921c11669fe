"""报告卡与出院信息单: what a hospital told, on its way to the primary-care doctor."""

from __future__ import annotations

from datetime import date

from casemgr.rules.access import Action
from casemgr.services.errors import Conflict, Missing
from casemgr.services.use_case import use_case
from casemgr.store.models import Case, Notice
from casemgr.store.work import Work
from casemgr.terms.notice import NoticeState

NOT_THERE = "没有这份告知单，或不在您的辖区内。请从列表重新进入。"


@use_case(Action.NOTICE_READ)
def known(work: Work, key: int) -> dict[str, str]:
    """What a notice knows, as texts of the registration form."""
    found = work.get(Notice, key)
    if found is None:
        raise Missing(NOT_THERE)
    return {}


def register(work: Work, key: int, case: Case, today: date) -> None:
    """Tie a notice to the file it has become."""
    found = work.get(Notice, key)
    if found is None:
        raise Missing(NOT_THERE)
    if found.case_id is not None:
        raise Conflict("这份告知单已经建档。")
    found.case_id, found.state, found.ended_on = case.id, int(NoticeState.REGISTERED), today
