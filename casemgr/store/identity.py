"""身份信息: the only place where sealed values are opened, each time with an audit entry (查看身份)."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import BigInteger, LargeBinary, bindparam, func, select, type_coerce

from casemgr.rules.access import COVERED_NUMBERS, Action
from casemgr.rules.disclosure import closed_columns, covered
from casemgr.store import ceiling
from casemgr.store.models.audit import AuditEntry
from casemgr.store.models.person import Guardian, Identity
from casemgr.store.queries import access as grants
from casemgr.store.scope import lasting
from casemgr.store.session import LockBroken
from casemgr.store.types import Instant, Secret
from casemgr.store.vault import Place
from casemgr.store.work import Work

NAME = Place("identity", "name")
ID_NUMBER = Place("identity", "id_number")
PHONE = Place("identity", "phone")
#: More names than this are not searched at once; the page asks for a township instead.
SEARCH_LIMIT = 50_000


#: Searches that open sealed values, for one account within this time; more is not how people look for people.
SEARCHES, SEARCHES_WITHIN = 60, timedelta(minutes=10)


class TooMany(Exception):
    """The area holds more names than are searched at once."""


class TooOften(Exception):
    """This account has searched by opening sealed values too often within the last minutes."""


@dataclass(frozen=True, slots=True)
class Revealed:
    """Opened identity of one person; lives as long as the page that asked for it."""

    person_id: int
    name: str = ""
    id_number: str = ""
    birth_on: str = ""
    phone: str = ""
    domicile: str = ""
    residence: str = ""
    workplace: str = ""


@dataclass(frozen=True, slots=True)
class RevealedGuardian:
    """Opened guardian of one person."""

    guardian_id: int
    person_id: int
    relation: int | None
    name: str = ""
    phone: str = ""
    residence: str = ""


ALL_FIELDS = tuple(field.name for field in fields(Revealed) if field.name != "person_id")


class Withheld(str):
    """What stands in place of a text that the disclosure matrix does not tell whoever asked for it."""

    __slots__ = ()


WITHHELD = Withheld("（按披露矩阵不显示）")


def closed_places(work: Work) -> frozenset[Place]:
    """The sealed columns that the matrix closes to this access, loosenings in force considered."""
    if work.closed is None:
        access, day = work.access, work.day or ceiling.day_of(datetime.now(UTC))
        names = closed_columns(access.role, day)
        if names:
            names = closed_columns(access.role, day, grants.in_force(work, day), access.low)
        work.closed = frozenset(Place(*name.split(".")) for name in names)
    return work.closed


def closed_to(work: Work, column: Any) -> bool:
    """Whether the matrix closes a mapped sealed column to this access."""
    return column.type.place in closed_places(work)


def _open(work: Work, row: int, value: Any, *, own: bool = False) -> str:
    if not isinstance(value, Secret):
        return ""
    if not own and value.place in closed_places(work):
        return WITHHELD
    return work.vault.open(value.place, row, value._sealed)


def _may(work: Work, purpose: str) -> None:
    if not purpose:
        raise LockBroken("a reveal names its purpose")
    if not work.access.may(Action.IDENTITY_REVEAL):
        raise LockBroken("this role does not open names")


@cache
def _columns(wanted: tuple[str, ...]) -> Any:
    columns = [getattr(Identity, name) for name in wanted]
    named = Identity.person_id.in_(bindparam("people", expanding=True))
    return lasting(select(Identity.person_id, *columns).where(named))


def reveal(
    work: Work,
    people: Sequence[int],
    purpose: str,
    wanted: Sequence[str] = ("name",),
    case: int | None = None,
    *,
    urgent: bool = False,
) -> dict[int, Revealed]:
    """Open the named fields of these people, as far as they lie inside the access.

    Writes one audit entry that holds who asked, why, which fields and (sealed) which people. People
    outside the area are simply absent from the answer. Raises ``CeilingReached`` when the caller would have
    opened too many different people today, unless it is ``urgent``; some roles see id numbers covered.
    """
    _may(work, purpose)
    found: dict[int, Revealed] = {}
    rows = [
        row
        for start in range(0, len(people), 500)
        for row in work.rows(_columns(tuple(wanted)), people=list(people[start : start + 500]))
    ]
    ceiling.count(work, (row[0] for row in rows), urgent=urgent)
    for row in rows:
        person, values = row[0], tuple(row)[1:]
        opened = {name: _open(work, person, value) for name, value in zip(wanted, values, strict=True)}
        if work.access.role in COVERED_NUMBERS and "id_number" in opened:
            opened["id_number"] = covered(opened["id_number"], "id")
        found[person] = Revealed(person, **opened)
    work.note(
        "reveal",
        "Identity",
        fields=",".join(wanted),
        purpose=purpose,
        count=len(found),
        case_key=case,
        subjects=tuple(sorted(found)),
    )
    return found


def reveal_names(
    work: Work, sealed: Sequence[tuple[int, Any]], purpose: str, due: Container[int] = ()
) -> dict[int, str]:
    """Open names that a list has read together with its rows, given as (person, Secret); one audit entry.

    ``due`` are people whom the day's work is about: in the caller's own township their names count nothing.
    Raises ``CeilingReached`` like :func:`reveal`.
    """
    _may(work, purpose)
    own = due if ceiling.is_day_work(work) else ()
    ceiling.count(work, (person for person, _ in sealed if person not in own))
    known = ((person, value._sealed) for person, value in sealed if isinstance(value, Secret))
    found = dict(work.vault.open_many(NAME, known))
    work.note(
        "reveal", "Identity", fields="name", purpose=purpose, count=len(found), subjects=tuple(sorted(found))
    )
    return found


def reveal_guardians(
    work: Work, people: Sequence[int], purpose: str, case: int | None = None, *, urgent: bool = False
) -> list[RevealedGuardian]:
    """Open the guardians of these people, with one audit entry; counts the people like :func:`reveal`."""
    _may(work, purpose)
    rows = [
        row
        for start in range(0, len(people), 500)
        for row in work.entities(
            select(Guardian).where(Guardian.person_id.in_(list(people[start : start + 500])))
        )
    ]
    ceiling.count(work, (row.person_id for row in rows), urgent=urgent)
    found = [
        RevealedGuardian(
            row.id,
            row.person_id,
            row.relation,
            _open(work, row.id, row.name),
            _open(work, row.id, row.phone),
            _open(work, row.id, row.residence),
        )
        for row in rows
    ]
    work.note(
        "reveal",
        "Guardian",
        fields="name,phone,residence",
        purpose=purpose,
        count=len(found),
        case_key=case,
        subjects=tuple(sorted({one.person_id for one in found})),
    )
    return found


def open_texts(
    work: Work,
    noun: str,
    values: Iterable[tuple[int, Any]],
    purpose: str,
    case: int | None = None,
    own: Container[int] = (),
) -> list[str]:
    """Open free texts (notes, reasons, drug names) given as (row id, Secret); one audit entry.

    What the matrix closes to the caller comes as :data:`WITHHELD`, but for rows the caller wrote (``own``).
    """
    if not purpose:
        raise LockBroken("a reveal names its purpose")
    opened = [_open(work, row, value, own=row in own) for row, value in values]
    if opened:
        work.note("reveal", noun, purpose=purpose, count=len(opened), case_key=case)
    return opened


class Opening:
    """Opens sealed values one after the other, for comparing or handing out whole rows.

    Counts them, and keeps which columns they came from: those of other tables with their table's name. What
    the matrix closes to the caller comes as :data:`WITHHELD`, unless nobody is shown it (``unseen``).
    """

    def __init__(self, work: Work, *, unseen: bool = False) -> None:
        self._work = work
        self._unseen = unseen
        self.count = 0
        self._places: set[Place] = set()

    @property
    def fields(self) -> str:
        """The columns that were opened, for the audit."""
        names = (
            one.column if one.table == Identity.__tablename__ else f"{one.table}.{one.column}"
            for one in self._places
        )
        return ",".join(sorted(names))

    def __call__(self, row: int, value: Any, *, own: bool = False) -> str | None:
        """The text of a sealed value of this row, ``None`` for an empty one; ``own``: the caller wrote it."""
        if value is None:
            return None
        self.count += 1
        if isinstance(value, Secret):
            self._places.add(value.place)
        return _open(self._work, row, value, own=own or self._unseen)

    def column(self, column: Any, rows: Sequence[int], values: Sequence[bytes | None]) -> list[str | None]:
        """Texts of one sealed column, given keys of rows and sealed bytes side by side; ``None`` stays."""
        if column.type.place in closed_places(self._work) and not self._unseen:
            return [None if value is None else WITHHELD for value in values]
        filled = [(row, bytes(value)) for row, value in zip(rows, values, strict=True) if value is not None]
        self.count += len(filled)
        self._places.add(column.type.place)
        opened = self._work.vault.open_many(column.type.place, filled)
        return [None if value is None else next(opened)[1] for value in values]


@contextmanager
def opening(
    work: Work,
    noun: str,
    purpose: str,
    subjects: Iterable[int] = (),
    *,
    allowed: bool = False,
    unseen: bool = False,
) -> Iterator[Opening]:
    """Open many values of a noun under one audit entry, written when the block ends.

    ``subjects`` are the people whose identity leaves the house by it; comparing with a file names none. They
    count like those of :func:`reveal`, unless a second person has ``allowed`` exactly this. ``unseen``: the
    program compares or keeps the texts, and shows none of them.
    """
    _may(work, purpose)
    opened = Opening(work, unseen=unseen)
    yield opened
    if not allowed:
        ceiling.count(work, subjects)
    if opened.count:
        work.note(
            "reveal",
            noun,
            fields=opened.fields,
            purpose=purpose,
            count=opened.count,
            subjects=tuple(sorted(subjects)),
        )


def normal_name(text: str) -> str:
    """A name for comparing: folded, without blanks, every middle dot alike; rare characters stay."""
    if text.isalpha() and unicodedata.is_normalized("NFKC", text):
        return text.lower()  # nearly every name: letters only, and none of them in a second form
    folded = unicodedata.normalize("NFKC", text)
    for dot in "•‧∙・":
        folded = folded.replace(dot, "·")
    return "".join(folded.split()).lower()


def spelled(name: str) -> str:
    """A name in pinyin, without tones and blanks."""
    from pypinyin import lazy_pinyin  # 0.3 s, and only a new password is compared with it

    return "".join(lazy_pinyin(name))


@lru_cache(maxsize=30_000)
def _initials_of(character: str) -> frozenset[str]:
    from pypinyin import Style, pinyin  # 0.3 s, and only a search by initials needs it

    if character.isascii():
        return frozenset(character.lower())
    readings = pinyin(character, style=Style.FIRST_LETTER, heteronym=True, errors="ignore")
    return frozenset(letter[:1] for letter in readings[0]) if readings else frozenset()


def matches(name: str, asked: str) -> bool:
    """Whether ``asked`` (normal form) is a part of ``name`` or begins its pinyin initials."""
    if asked in name:
        return True
    if not (asked.isascii() and asked.isalpha()) or len(asked) > len(name.replace("·", "")):
        return False
    characters = name.replace("·", "")
    return all(
        letter in _initials_of(character) for letter, character in zip(asked, characters, strict=False)
    )


_SEARCHES = lasting(
    select(func.count(AuditEntry.seq)).where(
        AuditEntry.actor == bindparam("actor", type_=BigInteger),
        AuditEntry.at > bindparam("since", type_=Instant),
        AuditEntry.verb == "search",
        AuditEntry.action == Action.CASE_SEARCH.code,
        AuditEntry.fields.not_in((ID_NUMBER.column, PHONE.column)),
    )
)

_SEALED_OF = lasting(
    select(Identity.person_id, type_coerce(Identity.name, LargeBinary)).where(
        Identity.area == bindparam("area", type_=BigInteger)
    )
)


def _names(work: Work) -> Iterator[tuple[int, str]]:
    return _opened(work, Identity.name)


def _opened(work: Work, column: Any) -> Iterator[tuple[int, str]]:
    """(person, text) of one sealed column inside the access; :class:`TooMany` above the limit."""
    value = type_coerce(column, LargeBinary)
    statement = select(Identity.person_id, value).where(column.is_not(None)).limit(SEARCH_LIMIT + 1)
    rows: Sequence[Any] = work.rows(statement)
    if len(rows) > SEARCH_LIMIT:
        raise TooMany
    return work.vault.open_many(column.type.place, rows)


def _asked_for(work: Work, field: str, asked: str) -> str:
    """What the audit keeps of a search: the keyed token of the question, never its words.

    Two equal questions can be seen to be equal; and whoever has a suspicion can try it with the keys.
    """
    return work.vault.token(Place("search", field), asked).hex()


def not_too_often(work: Work) -> None:
    """Raise :class:`TooOften` when this actor has opened names by searching too many times just now."""
    if not work.access.actor:
        return  # jobs ask for whole registers, and nobody can press them
    since = datetime.now(UTC) - SEARCHES_WITHIN
    if work.scalar(_SEARCHES, actor=work.access.actor, since=since) >= SEARCHES:
        raise TooOften


def find_by_name(work: Work, text: str) -> list[int]:
    """People inside the access whose name holds ``text``, or whose pinyin initials begin with it.

    Opens every sealed name of the area in memory; raises :class:`TooMany` above the limit. The audit keeps
    the token of the asked text, never the text.
    """
    asked = normal_name(text)
    found = []
    if asked.isascii() and asked.isalpha():
        found = [person for person, name in _names(work) if matches(normal_name(name), asked)]
    elif asked:
        found = [person for person, name in _names(work) if asked in normal_name(name)]
    work.note("search", "Identity", fields="name", count=len(found), detail=_asked_for(work, "name", asked))
    return found


def find_by_end(work: Work, end: str) -> list[int]:
    """People inside the access whose id number or telephone ends with ``end`` (capitals, four characters).

    There is no token of an end: a county has fewer ends than people, so a token would say who shares one.
    Opens the sealed numbers of the area in memory; raises :class:`TooMany` above the limit.
    """
    asked = end.upper()
    found = {
        person
        for column in (Identity.id_number, Identity.phone)
        for person, number in _opened(work, column)
        if number.upper().endswith(asked)
    }
    told = _asked_for(work, "end", asked)
    work.note("search", "Identity", fields="id_number,phone", count=len(found), detail=told)
    return sorted(found)


def find_by_address(work: Work, text: str) -> list[int]:
    """People inside the access whose residence or domicile holds ``text``; as :func:`find_by_name`."""
    asked = normal_name(text)
    found = {
        person
        for column in (Identity.residence, Identity.domicile)
        for person, address in (_opened(work, column) if asked else ())
        if asked in normal_name(address)
    }
    told = _asked_for(work, "address", asked)
    work.note("search", "Identity", fields="residence,domicile", count=len(found), detail=told)
    return sorted(found)


def find_alike(work: Work, text: str) -> dict[int, bool]:
    """People inside the access with the very name ``text`` (``True``), or with its pinyin initials.

    Opens every sealed name of the area in memory; raises :class:`TooMany` above the limit. The audit keeps
    the token of the asked text, never the text.
    """
    asked = normal_name(text)
    found = {}
    if len(asked) > 1:
        for person, name in _names(work):
            known = normal_name(name)
            if known == asked:
                found[person] = True
            elif same_initials(known, asked):
                found[person] = False
    work.note("search", "Identity", fields="name", count=len(found), detail=_asked_for(work, "name", asked))
    return found


def is_named(work: Work, area: int, text: str) -> bool:
    """Whether a text holds the name of somebody of one area; opens the names of the area to compare.

    The audit keeps the token of the asked text, never the text.
    """
    asked = normal_name(text)
    rows: Sequence[Any] = work.rows(_SEALED_OF, area=area)
    known = (normal_name(name) for _, name in work.vault.open_many(NAME, rows))
    found = sum(len(name) > 1 and name in asked for name in known)
    work.note("search", "Identity", fields="name", count=found, detail=_asked_for(work, "name", asked))
    return found > 0


def same_initials(name: str, other: str) -> bool:
    """Whether two names (normal form) are as long and may be written with the same pinyin initials."""
    if len(name) != len(other):
        return False
    return all(
        one == two or not _initials_of(one).isdisjoint(_initials_of(two))
        for one, two in zip(name, other, strict=True)
    )


def find_by_token(work: Work, place: Place, normal: str) -> list[int]:
    """People inside the access with this id number or phone (normal form), by keyed token."""
    column = Identity.id_token if place == ID_NUMBER else Identity.phone_token
    tokens = work.vault.tokens(place, normal)
    found = list(work.entities(select(Identity.person_id).where(column.in_(tokens))))
    told = _asked_for(work, place.column, normal)
    work.note("search", "Identity", fields=place.column, count=len(found), detail=told)
    return found


_SEALED_OF_PERSON = lasting(
    select(
        Identity.person_id,
        *(type_coerce(getattr(Identity, name), LargeBinary).label(name) for name in ALL_FIELDS),
    ).where(Identity.person_id.in_(bindparam("people", expanding=True)))
)
_GUARDIANS_OF = lasting(
    select(
        Guardian.person_id,
        Guardian.id,
        Guardian.relation,
        *(
            type_coerce(getattr(Guardian, name), LargeBinary).label(name)
            for name in ("name", "phone", "residence")
        ),
    )
    .where(Guardian.person_id.in_(bindparam("people", expanding=True)))
    .order_by(Guardian.id)
)


@dataclass(slots=True)
class Carrier:
    """What lies sealed of some people, for a copy to somebody who may have it; shows nothing by itself."""

    work: Work
    purpose: str
    identities: dict[int, Any]
    guardians: dict[int, list[Any]]

    def print_of(self, person: int) -> bytes:
        """A digest of everything as it lies sealed: another one says that something was written anew."""
        row = self.identities.get(person)
        parts: list[Any] = list(row) if row is not None else []
        for guardian in self.guardians.get(person, ()):
            parts += list(guardian)
        return hashlib.sha256(repr(parts).encode()).digest()

    def open(
        self, person: int, case: int, wanted: Sequence[str], guardian: bool
    ) -> tuple[Revealed, list[RevealedGuardian]] | None:
        """The wanted values, opened for the copy with an audit entry; ``None`` if the person is not there."""
        row = self.identities.get(person)
        if row is None:
            return None
        texts = {name: self._text(Place("identity", name), person, getattr(row, name)) for name in wanted}
        guardians = [
            RevealedGuardian(
                one.id,
                person,
                one.relation,
                *(
                    self._text(Place("guardian", name), one.id, getattr(one, name))
                    for name in ("name", "phone", "residence")
                ),
            )
            for one in (self.guardians.get(person, ()) if guardian else ())
        ]
        self.work.note(
            "copy",
            "Identity",
            fields=",".join([*wanted, *(["guardian"] if guardian else [])]),
            purpose=self.purpose,
            case_key=case,
            subjects=(person,),
        )
        return Revealed(person, **texts), guardians

    def _text(self, place: Place, row: int, value: Any) -> str:
        return "" if value is None else self.work.vault.open(place, row, bytes(value))


def carrier(work: Work, people: Sequence[int], purpose: str) -> Carrier:
    """Ready to copy what stands of these people into what a rule lets out; nobody is shown anything by it.

    Not bound to the right of reading names: whose record changes the rule's outcome need not hold it.
    """
    if not purpose:
        raise LockBroken("a copy names its purpose")
    wanted = list(people)
    found: dict[int, list[Any]] = {}
    for row in work.rows(_GUARDIANS_OF, people=wanted):
        found.setdefault(row[0], []).append(row)
    identities = {row[0]: row for row in work.rows(_SEALED_OF_PERSON, people=wanted)}
    return Carrier(work, purpose, identities, found)


def mark_of(values: Iterable[Any]) -> bytes:
    """A digest of free texts as they lie sealed: another one says that one of them was written anew."""
    return hashlib.sha256(
        repr([one._sealed if isinstance(one, Secret) else None for one in values]).encode()
    ).digest()


def copy_texts(
    work: Work, noun: str, values: Iterable[tuple[int, Any]], purpose: str, case: int
) -> list[str]:
    """Free texts opened for a copy to somebody who may have them; one audit entry, and nobody sees them."""
    if not purpose:
        raise LockBroken("a copy names its purpose")
    opened = [
        work.vault.open(value.place, row, value._sealed) if isinstance(value, Secret) else ""
        for row, value in values
    ]
    if opened:
        work.note("copy", noun, purpose=purpose, count=len(opened), case_key=case)
    return opened
