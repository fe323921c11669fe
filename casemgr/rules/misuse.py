"""查阅核对 (REC-MIS-1 … 8, 10): what in one day's log of readings is worth a question; no names, no texts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from casemgr.rules.policy import Policy
from casemgr.terms.misuse import Unusual

RULES = {one: f"REC-MIS-{int(one)}" for one in Unusual}
MINUTES = 60
#: What an act of the log counts as.
LOOK, REFUSED, PAPER, CHECK = 1, 2, 3, 4


class Look(NamedTuple):
    """One act of the log, without anybody's name.

    ``account`` did it at ``minute`` of the local day. ``case`` is the one file it opened, 0 when it opened a
    list or none. ``people``: how many it opened. ``alike``: the one who was opened bears the account holder's
    surname; ``near``: lives in the village that the holder lives in. ``worked``: the account wrote something
    on that file on this day or within the days after it. ``past``: made with a role or an area that the
    account had lost by then.
    """

    entry: int
    account: int
    minute: int
    kind: int
    case: int = 0
    people: int = 0
    alike: bool = False
    near: bool = False
    worked: bool = False
    past: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """One question: ``counted`` acts of an account that are unusual so, the first being ``entry``."""

    account: int
    kind: Unusual
    case: int
    counted: int
    entry: int


def questions(day: Iterable[Look], before: Iterable[Look], policy: Policy) -> list[Found]:
    """What to ask about one day; ``before`` are the looks of the days before that still count as repeats."""
    by_account: dict[int, list[Look]] = defaultdict(list)
    for look in day:
        by_account[look.account].append(look)
    earlier: dict[int, list[Look]] = defaultdict(list)
    for look in before:
        earlier[look.account].append(look)
    return [
        found
        for account, own in sorted(by_account.items())
        for found in _of_account(account, own, earlier[account], policy)
    ]


def _of_account(
    account: int, own: Sequence[Look], earlier: Sequence[Look], policy: Policy
) -> Iterator[Found]:
    looks = [one for one in own if one.kind == LOOK]
    single = [one for one in looks if one.case]
    for kind, chosen in (
        (Unusual.OWN_NAME, [one for one in single if one.alike and not one.worked]),
        (Unusual.OWN_VILLAGE, [one for one in single if one.near and not one.worked and not one.alike]),
    ):
        for case, counted in sorted(Counter(one.case for one in chosen).items()):
            yield Found(account, kind, case, counted, _first(one for one in chosen if one.case == case))
    yield from _many(account, Unusual.OUT_OF_REACH, [one for one in own if one.kind == REFUSED],
                     policy.misuse_refusals.value)  # fmt: skip
    night = [one for one in looks if _at_night(one.minute, policy)]
    yield from _many(account, Unusual.AT_NIGHT, night, policy.misuse_night_looks.value)
    yield from _busiest_hour(account, single, policy)
    again = Counter(one.case for one in (*earlier, *single) if one.case and one.kind == LOOK)
    worked = {one.case for one in (*earlier, *single) if one.worked}
    for case in sorted({one.case for one in single} - worked):
        if again[case] >= policy.misuse_repeats.value:
            entry = _first(one for one in single if one.case == case)
            yield Found(account, Unusual.AGAIN_AND_AGAIN, case, again[case], entry)
    yield from _many(account, Unusual.AFTER_LEAVING, [one for one in looks if one.past], 1)
    papers = [one for one in own if one.kind == PAPER]
    on_paper = sum(one.people for one in papers)
    if len(papers) >= policy.misuse_papers.value or on_paper > policy.misuse_paper_people.value:
        yield Found(account, Unusual.MANY_PAPERS, 0, len(papers), _first(papers))
    checks = [one for one in own if one.kind == CHECK]
    yield from _many(account, Unusual.MANY_CHECKS, checks, policy.misuse_checks.value)


def _first(looks: Iterable[Look]) -> int:
    return min(one.entry for one in looks)


def _many(account: int, kind: Unusual, looks: Sequence[Look], least: int) -> Iterator[Found]:
    if len(looks) >= least:
        yield Found(account, kind, 0, len(looks), _first(looks))


def _at_night(minute: int, policy: Policy) -> bool:
    hour = minute // MINUTES
    return not policy.misuse_night_until.value <= hour < policy.misuse_night_from.value


def _busiest_hour(account: int, single: Sequence[Look], policy: Policy) -> Iterator[Found]:
    """The most files opened one by one within any sixty minutes."""
    ordered = sorted(single, key=lambda one: one.minute)
    most: tuple[int, int] = (0, 0)
    for start, first in enumerate(ordered):
        files = set()
        for one in ordered[start:]:
            if one.minute >= first.minute + MINUTES:
                break
            files.add(one.case)
        most = max(most, (len(files), -first.entry))
    if most[0] >= policy.misuse_hour.value:
        yield Found(account, Unusual.MANY_AN_HOUR, 0, most[0], -most[1])
