"""岗位查询: posts with their villages and accounts, whose files they concern, what a sheet tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from casemgr.store.models.account import Account
from casemgr.store.models.area import Area
from casemgr.store.models.post import Post, PostVillage
from casemgr.store.scope import lasting
from casemgr.store.work import Work

# --- the posts themselves ---

_OPEN_AT = lasting(
    select(Post).where(
        Post.id == bindparam("post"),
        Post.role == bindparam("role"),
        Post.place == bindparam("place"),
        Post.ended_on.is_(None),
    )
)
_WITHIN = lasting(
    select(Post, Area.name.label("place_name"))
    .outerjoin(Area, Area.code == Post.place)
    .where(Post.place >= bindparam("low"), Post.place < bindparam("high"))
    .order_by(Post.ended_on.is_not(None), Post.role, Post.place, Post.name)
)
_VILLAGES = lasting(
    select(PostVillage.post_id, PostVillage.village, Area.name)
    .outerjoin(Area, Area.code == PostVillage.village)
    .where(PostVillage.post_id.in_(bindparam("posts", expanding=True)))
    .order_by(PostVillage.village)
)
_VILLAGE_ROWS = lasting(select(PostVillage).where(PostVillage.post_id == bindparam("post")))
_ACCOUNTS = lasting(
    select(Account)
    .where(Account.post_id.in_(bindparam("posts", expanding=True)))
    .order_by(Account.active.desc(), Account.display)
)


def open_at(work: Work, post: int, role: int, place: int) -> Post | None:
    """The open post of this role and place with this key."""
    found: list[Post] = work.entities(_OPEN_AT, post=post, role=role, place=place)
    return found[0] if found else None


def within(work: Work, low: int, high: int) -> Sequence[Any]:
    """(Post, name of its place) of a range of areas, open ones first."""
    return work.rows(_WITHIN, low=low, high=high)


def villages(work: Work, posts: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
    """(code, name) of the villages of each post."""
    found: dict[int, list[tuple[int, str]]] = {}
    for row in work.rows(_VILLAGES, posts=list(posts)) if posts else ():
        found.setdefault(row.post_id, []).append((row.village, row.name or ""))
    return found


def village_rows(work: Work, post: int) -> list[PostVillage]:
    """The rows of the villages of one post, to be changed."""
    return work.entities(_VILLAGE_ROWS, post=post)


def accounts(work: Work, posts: Sequence[int]) -> dict[int, list[Account]]:
    """The accounts of each post, open ones first."""
    found: dict[int, list[Account]] = {}
    for one in work.entities(_ACCOUNTS, posts=list(posts)) if posts else ():
        found.setdefault(one.post_id or 0, []).append(one)
    return found
