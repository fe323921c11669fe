"""发文机关: the agency's own name for a county's 公文, written by the county officer with author and date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.services.errors import Missing, Unfit
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.models.report import Agency
from casemgr.store.queries import report as queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, ancestor

LONGEST_TITLE, LONGEST_CODE = 60, 20


@dataclass(frozen=True, slots=True)
class AgencyView:
    """One wording: name of the agency, 机关代字, whether a red letterhead is printed, by whom and when."""

    key: int
    title: str
    code: str
    letterhead: bool
    written_at: datetime
    written_by: str


@use_case(Action.REPORT_READ)
def history(work: Work) -> list[AgencyView]:
    """Every wording of the counties inside the access, the newest first; the first one is in force."""
    return [_view(row, name) for row, name in queries.agencies(work)]


def _view(row: Agency, name: str | None) -> AgencyView:
    return AgencyView(row.id, row.title, row.code, row.letterhead, row.written_at, name or "系统")


def once() -> int:
    """The key of the next row, for the form that will write it."""
    return new_key()


@use_case(Action.REPORT_ISSUE)
def write(work: Work, once: int, title: str, code: str, letterhead: bool) -> None:
    """Write the agency of the county down; papers made from now on carry it, older ones keep theirs.

    ``once`` is the key of the row to be: the same form sent twice writes once. Raises :class:`Unfit` with the
    fields ``title`` and ``code``, :class:`Missing` for an access that is not one county's.
    """
    county = work.access.low
    if ancestor(county, AreaLevel.COUNTY) != county:
        raise Missing("发文机关由县（区）人员填写。请用县级账号登录后再试。")
    title, code = " ".join(title.split()), " ".join(code.split())
    fields = {}
    if not 2 <= len(title) <= LONGEST_TITLE or not title.isprintable():
        fields["title"] = f"发文机关应是 2 至 {LONGEST_TITLE} 个字的规范化简称或全称，如“示例县卫生健康局”。"
    if len(code) > LONGEST_CODE or not code.isprintable():
        fields["code"] = f"机关代字最多 {LONGEST_CODE} 个字，如“示卫精防”；没有可以不填。"
    if fields:
        raise Unfit("有内容没有填对，没有保存。公文按这里的名称印发，请改正后再保存。", fields=fields)
    if queries.agency(work, once) is not None:
        return
    work.add(
        Agency(
            id=once,
            area=county,
            title=title,
            code=code,
            letterhead=letterhead,
            written_at=clock.now(),
            written_by=work.access.actor,
        )
    )
