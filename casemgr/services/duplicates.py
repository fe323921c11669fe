"""查重: whether somebody who is being typed in may be registered already (features 5.1, id11 and id12).

Looked up by the token of the id number, by name and day of birth, and by pinyin initials within a village; no
index over names exists, so names are opened within the asker's own area. Beyond it only one thing is said:
that this id number is registered in another township of the county — neither who nor where. Because that
answer would tell whoever tries numbers whether somebody is registered at all, each number that is asked about
counts, and there is an end to it for the day (REC-STOP-3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from casemgr.forms.cell import read_date
from casemgr.rules.access import Access, Action
from casemgr.rules.policy import in_force_on
from casemgr.services import clock
from casemgr.services.reach import is_narrow, over_county
from casemgr.services.use_case import use_case, within
from casemgr.store import identity
from casemgr.store.identity import ID_NUMBER, TooMany
from casemgr.store.queries import registration as queries
from casemgr.store.vault import Place
from casemgr.store.work import Work
from casemgr.terms import idnumber
from casemgr.terms.register import Lifecycle

PURPOSE = "查重"
RULE = "REC-STOP-3"
ELSEWHERE, WITHIN = Place("search", "elsewhere"), timedelta(hours=24)
#: What is said instead of an answer.
STOPPED = (
    "今天核对的证件号码已到上限，没有再核对是否在其他乡镇建档，因此没有保存，防止用试号码的办法打听某人是否在册。"
    "请核对号码后明天再保存，或请县级精防机构代为建档；已填的内容都在。（REC-STOP-3）"
)
MOST = 8
SAME_NUMBER = "证件号码相同"
SAME_NAME = "姓名、出生日期相同"
ALIKE = "姓名拼音首字母相同、同村（社区）"


@dataclass(frozen=True, slots=True)
class Near:
    """One file that may be the same person; ``same_number``: the id number itself is the same."""

    case_id: int
    file_no: str
    why: str
    same_number: bool
    lifecycle: Lifecycle
    registered_on: date

    @property
    def blocks(self) -> bool:
        """One number, one active file (id11)."""
        return self.same_number and self.lifecycle is Lifecycle.ON_REGISTER


@dataclass(frozen=True, slots=True)
class Found:
    """What may be the same person. ``elsewhere``: the number is registered in another township of the county.

    ``searched`` is false when the area holds too many names to be opened at once; ``stopped``: so many
    numbers were asked about today that this one was not.
    """

    near: tuple[Near, ...] = ()
    elsewhere: bool = False
    searched: bool = True
    stopped: bool = False


def look(
    access: Access,
    name: str,
    id_number: str,
    birth_on: str,
    village: int | None,
    without: int | None = None,
) -> Found:
    """Files that may belong to this person; ``without`` is the case that is being edited itself.

    ``id_number`` as typed, ``birth_on`` as 2019-05-20; whatever is empty is not looked for.
    """
    number = idnumber.normal(id_number)
    sound = bool(number) and idnumber.fault(number) is None
    found = _near(access, name.strip(), number, birth_on.strip(), village, without)
    held_here = any(one.same_number for one in found.near)
    if not sound or held_here or not is_narrow(access):
        return found
    if not _counted(access, number):
        return replace(found, stopped=True)
    return replace(found, elsewhere=held_in_county(access, number, without))


@use_case(Action.CASE_SEARCH)
def _counted(work: Work, number: str) -> bool:
    """Write down that the county is asked about a number; ``False`` when there were too many others today.

    The audit keeps a keyed mark of the number, so that the same form saved again counts nothing.
    """
    marks = [int.from_bytes(token[:7]) for token in work.vault.tokens(ELSEWHERE, number)]
    known = queries.checked(work, work.access.actor, clock.now() - WITHIN)
    most = in_force_on(clock.today(), within(work).region).duplicate_checks.value
    mark = next((one for one in marks if one in known), marks[0])  # keys may have been turned meanwhile
    if mark not in known and len(known) >= most:
        work.note("refuse", "Elsewhere", outcome="ceiling", purpose=PURPOSE)
        return False
    work.note("search", "Elsewhere", row_key=mark, fields="id_number", purpose=PURPOSE)
    return True


@use_case(Action.CASE_SEARCH)
def _near(
    work: Work, name: str, number: str, birth_on: str, village: int | None, without: int | None
) -> Found:
    by_number = set(identity.find_by_token(work, ID_NUMBER, number)) if number else set()
    searched, alike = True, {}
    if len(name) > 1 and (birth_on or village):
        try:
            alike = identity.find_alike(work, name)
        except TooMany:
            searched = False
    same_birth = _same_birth(work, [person for person, same in alike.items() if same], birth_on)
    found: dict[int, Near] = {}
    for row in queries.cases_of(work, by_number | set(alike)):
        if row.id == without:
            continue
        if row.person_id in by_number:
            why = SAME_NUMBER
        elif row.person_id in same_birth:
            why = SAME_NAME
        elif village is not None and row.village == village:
            why = ALIKE
        else:
            continue
        found[row.id] = Near(
            row.id, row.file_no, why, why is SAME_NUMBER, Lifecycle.read(row.lifecycle), row.registered_on
        )
    order = (SAME_NUMBER, SAME_NAME, ALIKE)
    ranked = sorted(found.values(), key=lambda one: (order.index(one.why), one.file_no))
    return Found(tuple(ranked[:MOST]), searched=searched)


def _same_birth(work: Work, people: list[int], birth_on: str) -> set[int]:
    asked = read_date(birth_on) if birth_on else None
    if not people or asked is None:
        return set()
    opened = identity.reveal(work, people, PURPOSE, ("birth_on",))
    return {
        person
        for person, one in opened.items()
        if (known := read_date(one.birth_on) if one.birth_on else None) is not None
        and known.first == asked.first
    }


def holder_within(work: Work, number: str) -> bool:
    """Whether somebody within this access is on the register with this id number (normal form)."""
    rows = queries.cases_of(work, identity.find_by_token(work, ID_NUMBER, number))
    return any(row.lifecycle == Lifecycle.ON_REGISTER for row in rows)


def held_in_county(asker: Access, number: str, without: int | None = None) -> bool:
    """Whether somebody else in the asker's county is on the register with this id number (normal form).

    Nothing but yes or no comes back: not who, not where. That it was asked is written down.
    """
    if not asker.may(Action.CASE_SEARCH):
        return False
    return _held(over_county(asker, "duplicate-warning"), number, without)


@use_case(Action.CASE_SEARCH)
def _held(work: Work, number: str, without: int | None) -> bool:
    rows = queries.cases_of(work, identity.find_by_token(work, ID_NUMBER, number))
    return any(row.lifecycle == Lifecycle.ON_REGISTER and row.id != without for row in rows)
