"""账号复核: the yearly confirmation of accounts, their days, and what happens when somebody leaves (离岗)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from casemgr.rules.access import Access, Action
from casemgr.services import account, clock, glass
from casemgr.services.account import AccountView
from casemgr.services.account_person import refusal
from casemgr.services.errors import Conflict, Forbidden, Missing, Refused, Unfit
from casemgr.services.use_case import use_case
from casemgr.store.models.account import Account
from casemgr.store.queries import account as queries
from casemgr.store.work import Work
from casemgr.terms.account import Role

OWN = "不能复核自己的账号，也不能更改自己的有效期。请由另一位管理员操作。"
BY_SECURITY = "账号复核由安全管理员进行；本系统已有在用的安全管理员账号，请由其操作。"


@dataclass(frozen=True, slots=True)
class Certified:
    """One account on the list of confirmations; ``by`` is who confirmed it last, ``own`` the reader's own."""

    account: AccountView
    by: str
    own: bool


def _by_key(work: Work, key: int) -> Account:
    found = queries.by_id(work, key)
    if found is None:
        raise Missing("没有这个账号，可能已被删除。请返回账号列表刷新。")
    return found


@use_case(Action.ACCOUNT_CERTIFY, writes=False)
def list_(work: Work) -> tuple[Certified, ...]:
    """Every account that is open, the one that ends first on top; then those that are closed."""
    everybody = queries.everybody(work)
    names = {one.id: one.display for one, _name, _seen in everybody}
    found = [
        Certified(
            account.view_of(work, one, name, seen),
            names.get(one.certified_by or 0, ""),
            one.id == work.access.actor,
        )
        for one, name, seen in everybody
    ]
    return tuple(sorted(found, key=lambda one: (not one.account.active, one.account.use.last_day)))


@use_case(Action.ACCOUNT_CERTIFY)
def certify(work: Work, key: int) -> AccountView:
    """Confirm that an account is still needed: another year begins today.

    Raises :class:`Refused` for the own account, and for a system administrator's attempt while there is a
    security administrator whose task it is; :class:`Missing` for an account that is not there.
    """
    found = _by_key(work, key)
    if words := refusal(work, key, OWN):
        raise Refused(words)
    if work.access.role is Role.ADMINISTRATOR and _security_is_there(work, key):
        raise Forbidden(BY_SECURITY)
    if not found.active:
        raise Refused("这个账号已停用，不需要复核。确需使用的，请系统管理员先启用。")
    found.certified_on, found.certified_by = clock.today(), work.access.actor
    return account.view_of(work, found, queries.area_name(work, found.area_code), None)


def _security_is_there(work: Work, besides: int) -> bool:
    """Whether a security administrator other than the account in question can do it."""
    return any(
        one.role == Role.SECURITY_ADMINISTRATOR and one.id != besides and account.use_of(work, one).usable
        for one, _name, _seen in queries.everybody(work)
    )


@use_case(Action.ACCOUNT_MANAGE)
def set_term(work: Work, key: int, first: date | None, last: date | None, version: int) -> None:
    """Bound an account by days, both included; outside them its sessions and tokens end at once.

    Raises :class:`Unfit` naming ``valid_until``, :class:`Refused` for the own account, :class:`Conflict` when
    somebody else changed the account meanwhile.
    """
    found = _by_key(work, key)
    if words := refusal(work, key, OWN):
        raise Refused(words)
    if found.version != version:
        raise Conflict("这个账号刚刚被别人改过，为避免覆盖，没有保存。请核对现在的内容再改。")
    if first is not None and last is not None and last < first:
        words = "截止日期早于启用日期，账号将一天也不能用。请改正其中一个，或清空截止日期。"
        raise Unfit("有效期需要改正。", fields={"valid_until": words})
    found.valid_from, found.valid_until = first, last
    if not account.use_of(work, found).usable:
        queries.end_everything(work, found.id)


def leave(access: Access, key: int) -> None:
    """Somebody gave up the post: sessions, tokens and emergency readings end now; every record stays.

    Raises :class:`Refused` for the own account and for the last administrator.
    """
    _leave(access, key)
    glass.end_of(access, key)


@use_case(Action.ACCOUNT_MANAGE)
def _leave(work: Work, key: int) -> None:
    found = _by_key(work, key)
    if key == work.access.actor:
        raise Refused("不能为自己的账号办理离岗。请由另一位系统管理员办理。")
    if found.role == Role.ADMINISTRATOR:
        account.keep_one_administrator(work, found)
    found.active, found.left_on = False, clock.today()
    queries.end_everything(work, found.id)
