"""岗位: posts of village doctors and hospitals, their villages and accounts, as the county keeps them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from casemgr.rules.access import POSTS, Access, Action
from casemgr.services import account, clock, disclosure
from casemgr.services.account import NewSecret, hashed_of, new_password, normal_login
from casemgr.services.errors import Conflict, Missing, Refused, Unfit
from casemgr.services.use_case import SAVED_ALREADY, use_case
from casemgr.store.db import new_key
from casemgr.store.models.account import Account
from casemgr.store.models.post import Post, PostVillage
from casemgr.store.queries import account as accounts
from casemgr.store.queries import area as areas
from casemgr.store.queries import post as queries
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.area import AreaLevel, ancestor, level_of, span_of

NOT_THERE = "没有这个岗位，或不在您的辖区内。请返回岗位列表刷新。"
NO_ACCOUNT = "这个岗位没有这个账号。请返回岗位页刷新。"
NO_ROLE = "请选择村医或收治医院。村医按村看患者，医院按收治看患者；其他部门的账号请系统管理员在“账号”中建立。"
LONGEST = 40


@dataclass(frozen=True, slots=True)
class PostAccount:
    """One account of a post: who, until when, whether it opens anything today."""

    key: int
    login: str
    display: str
    active: bool
    usable: bool
    valid_from: date | None
    valid_until: date | None
    last_day: date | None


@dataclass(frozen=True, slots=True)
class PostView:
    """One post; ``people`` is how many sheets it has now."""

    id: int
    role: Role
    place: int
    place_name: str
    name: str
    villages: tuple[tuple[int, str], ...]
    accounts: tuple[PostAccount, ...]
    people: int
    ended_on: date | None
    version: int


@dataclass(frozen=True, slots=True)
class PostForm:
    """What a new post needs: its key to be, townships with their villages."""

    once: int
    townships: tuple[tuple[int, str], ...]
    villages: tuple[tuple[int, int, str], ...]


@use_case(Action.POST_MANAGE, writes=False)
def begin(work: Work) -> PostForm:
    """An empty form with the townships within reach, and (township, village, name) of their villages."""
    rows = areas.within(work, work.access.low, work.access.high, int(AreaLevel.VILLAGE))
    towns = tuple((int(row.code), row.name) for row in rows if row.level == AreaLevel.TOWNSHIP)
    return PostForm(
        new_key(),
        towns,
        tuple(
            (ancestor(int(row.code), AreaLevel.TOWNSHIP), int(row.code), row.name)
            for row in rows
            if row.level == AreaLevel.VILLAGE
        ),
    )


def _view(
    work: Work, one: Post, place: str, known: Sequence[tuple[int, str]], who: Sequence[Account]
) -> PostView:
    found = []
    for each in who:
        use = account.use_of(work, each)
        found.append(
            PostAccount(
                each.id,
                each.login,
                each.display,
                each.active,
                use.usable,
                each.valid_from,
                each.valid_until,
                use.last_day,
            )
        )
    return PostView(
        one.id,
        Role.read(one.role),
        one.place,
        place,
        one.name,
        tuple(known),
        tuple(found),
        len(queries.disclosed_to(work, one.id)),
        one.ended_on,
        one.version,
    )


@use_case(Action.POST_MANAGE, writes=False)
def list_(work: Work) -> tuple[PostView, ...]:
    """The posts within reach, open ones first."""
    rows = queries.within(work, work.access.low, work.access.high)
    keys = [row.Post.id for row in rows]
    known, who = queries.villages(work, keys), queries.accounts(work, keys)
    return tuple(
        _view(work, row.Post, row.place_name or "", known.get(row.Post.id, ()), who.get(row.Post.id, ()))
        for row in rows
    )


def _found(work: Work, key: int) -> Post:
    one = work.get(Post, key)
    if one is None or not work.access.reaches(one.place):
        raise Missing(NOT_THERE)
    return one


@use_case(Action.POST_MANAGE, writes=False)
def get(work: Work, key: int) -> PostView:
    """One post; :class:`Missing` outside the access."""
    one = _found(work, key)
    names = {
        row.code: row.name for row in areas.within(work, one.place, one.place + 1, int(AreaLevel.TOWNSHIP))
    }
    return _view(
        work,
        one,
        names.get(one.place, ""),
        queries.villages(work, [key]).get(key, ()),
        queries.accounts(work, [key]).get(key, ()),
    )


def _checked(
    work: Work, role: Role, place: int | None, name: str, villages: Sequence[int]
) -> tuple[str, set[int]]:
    wrong: dict[str, str] = {}
    name = unicodedata.normalize("NFKC", name).strip()
    if not 2 <= len(name) <= LONGEST or not name.isprintable():
        wrong["name"] = (
            f"岗位名称应是 2 至 {LONGEST} 个字，如“某某村卫生室”“某某医院精神科”。各处按这个名称显示。"
        )
    chosen: set[int] = set()
    if role is Role.VILLAGE_DOCTOR:
        if place is None or not work.access.reaches(place) or level_of(place) is not AreaLevel.TOWNSHIP:
            wrong["place"] = "请选择乡镇（街道）。村医岗位属于一个乡镇；跨乡镇的分别建岗位。"
        else:
            low, high = span_of(place)
            there = {
                int(row.code)
                for row in areas.within(work, low, high, int(AreaLevel.VILLAGE))
                if row.level == AreaLevel.VILLAGE
            }
            chosen = set(villages)
            if not chosen:
                wrong["villages"] = "请选择这个岗位负责的村（社区），至少一个。没有选择的村，村医看不到。"
            elif chosen - there:
                wrong["villages"] = "选择的村（社区）不在这个乡镇里。请只选本乡镇的村，或改选乡镇。"
    if wrong:
        raise Unfit("没有保存。", fields=wrong)
    return name, chosen


@use_case(Action.POST_MANAGE)
def open_(
    work: Work, once: int, role: Role | None, place: int | None, name: str, villages: Sequence[int]
) -> int:
    """Open a post; its key. The same form sent twice opens one.

    Raises :class:`Unfit` naming ``role``, ``place``, ``name`` or ``villages``.
    """
    if role not in POSTS:
        raise Unfit("没有保存。", fields={"role": NO_ROLE})
    there = work.get(Post, once)
    if there is not None:
        return _found(work, once).id
    if role is Role.HOSPITAL:
        place = ancestor(work.access.low, AreaLevel.COUNTY)
    name, chosen = _checked(work, role, place, name, villages)
    work.add(
        Post(
            id=once,
            role=int(role),
            place=place,
            name=name,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    work.flush()
    for code in sorted(chosen):
        work.add(PostVillage(post_id=once, village=code))
    return once


@use_case(Action.POST_MANAGE)
def change(work: Work, key: int, version: int, name: str, villages: Sequence[int]) -> None:
    """Change what a post is called and its villages; who lives in a village left out is withdrawn at once."""
    one = _found(work, key)
    if one.ended_on is not None:
        raise Refused("岗位已撤销，不能再改。需要时请新建岗位。")
    if one.version != version:
        raise Conflict(SAVED_ALREADY)
    one.name, chosen = _checked(work, Role.read(one.role), one.place, name, villages)
    # A change of villages alone must be seen by whoever has the form open, too.
    one.recorded_at, one.recorded_by = clock.now(), work.access.actor
    rows = {row.village: row for row in queries.village_rows(work, key)}
    for code in rows.keys() - chosen:
        work.remove(rows[code])
    for code in sorted(chosen - rows.keys()):
        work.add(PostVillage(post_id=key, village=code))
    work.flush()
    _bring_in_line(work, key, rows.keys() ^ chosen)


@use_case(Action.POST_MANAGE)
def end(work: Work, key: int, version: int) -> bool:
    """Close a post: its accounts end, everything it had is withdrawn. ``False``: closed before."""
    one = _found(work, key)
    if one.ended_on is not None:
        return False
    if one.version != version:
        raise Conflict(SAVED_ALREADY)
    one.ended_on, one.ended_by = clock.today(), work.access.actor
    for each in queries.accounts(work, [key]).get(key, ()):
        if each.active:
            _close(work, each)
    work.flush()
    _bring_in_line(work, key, ())
    return True


def _bring_in_line(work: Work, key: int, villages: Sequence[int] | set[int]) -> None:
    """What a post has is brought in line with its villages."""
    disclosure.refresh(work, {*queries.of_villages(work, sorted(villages)), *queries.disclosed_to(work, key)})


@use_case(Action.POST_MANAGE)
def settle(work: Work, key: int) -> None:
    """Bring what a post has in line now; for whoever opened its account another way."""
    _bring_in_line(work, _found(work, key).id, [c for c, _name in queries.villages(work, [key]).get(key, ())])


# --- accounts ---


def open_account(
    access: Access, key: int, login: str, display: str, first: date | None, last: date | None, now: datetime
) -> NewSecret:
    """An account for a post, with days; its first password is shown once and has to be changed.

    Raises :class:`Unfit` naming ``login``, ``display``, ``valid_until``, :class:`Conflict` for a login that
    is taken, :class:`Missing` outside the access.
    """
    secret = new_password()
    login = normal_login(login)
    made: int = _open_account(access, key, login, display, hashed_of(secret), first, last, now)
    return NewSecret(made, login, secret)


@use_case(Action.POST_MANAGE)
def _open_account(
    work: Work,
    key: int,
    login: str,
    display: str,
    hashed: str,
    first: date | None,
    last: date | None,
    now: datetime,
) -> int:
    one = _found(work, key)
    if one.ended_on is not None:
        raise Refused("岗位已撤销，不能再建账号。需要时请新建岗位。")
    wrong = "截止日期早于启用日期，账号将一天也不能用。请改正其中一个，或清空截止日期。"
    if first is not None and last is not None and last < first:
        raise Unfit("账号信息需要改正。", fields={"valid_until": wrong})
    made = account.add(work, login, display, one.role, one.place, hashed, True, now, key)
    made.valid_from, made.valid_until = first, last
    work.flush()
    _bring_in_line(work, key, [code for code, _name in queries.villages(work, [key]).get(key, ())])
    return made.id


def _close(work: Work, one: Account) -> None:
    one.active, one.left_on = False, clock.today()
    accounts.end_everything(work, one.id)


@use_case(Action.POST_MANAGE)
def leave(work: Work, key: int, who: int) -> bool:
    """Somebody gave up the post: the account ends now, its records stay. ``False``: it had ended before."""
    _found(work, key)
    one = next((each for each in queries.accounts(work, [key]).get(key, ()) if each.id == who), None)
    if one is None:
        raise Missing(NO_ACCOUNT)
    if not one.active:
        return False
    _close(work, one)
    return True
