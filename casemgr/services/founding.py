"""建库: how an empty register comes to its first accounts, and its first officer to a county.

An officer belongs to a county, and counties come with the first workbook. So the officer made on an empty
register has no area: as long as there is no area at all, this officer reaches everything there is (nothing),
and the first workbook, which must hold exactly one county, settles where the officer belongs.
"""

from __future__ import annotations

from casemgr.rules.access import Access, Role
from casemgr.services.errors import Unfit
from casemgr.store.models import Account
from casemgr.store.queries import area as areas
from casemgr.store.queries.account import AccountFacts
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, span_of

EVERYTHING = (0, 10**12)


def reach_of(work: Work, account: Account | AccountFacts, request: str = "") -> Access:
    """The access of an account; wide only for an officer without area on a register without areas."""
    role = Role.read(account.role)
    if role is Role.COUNTY_OFFICER and account.area_code is None and areas.none_yet(work):
        return Access(account.id, account.login, role, *EVERYTHING, request)
    return Access.over(account.id, account.login, role, account.area_code, request, account.post_id or 0)


def founding(access: Access) -> bool:
    """Whether this is the access of an officer who still belongs to no county."""
    return access.role is Role.COUNTY_OFFICER and (access.low, access.high) == EVERYTHING


def settle(work: Work) -> None:
    """After the first workbook: the officer, and the import itself, belong to the county it brought.

    Raises :class:`Unfit` unless the workbook held exactly one county; then nothing of it is kept.
    """
    if not founding(work.access):
        return
    work.flush()
    above = areas.within(work, *EVERYTHING, int(AreaLevel.COUNTY))
    counties = [row for row in above if row.level == AreaLevel.COUNTY]
    if len(counties) != 1:
        words = (
            f"首次导入的工作簿应当恰好包含一个县（区），现在有 {len(counties)} 个。您的账号将归属该县。"
            "请在“机构与区划”中只保留本县，或请系统管理员先为每个县分别建账号。"
        )
        raise Unfit(words, fields={"file": words})
    code = int(counties[0].code)
    account = work.get(Account, work.access.actor)
    if account is not None and account.area_code is None:
        account.area_code = code
    low, _high = span_of(code)
    for run in areas.runs_without_county(work):
        run.area = low
    work.flush()
