"""变动告知: whoever had the old value by paper, file or call hears of a change, however it came in.

A unit of work that changes a record brings its duties in line (:func:`casemgr.services.duties.refresh`), and
:func:`follow` then asks what it replaced. Was that value given to somebody before, on paper, in a file, by
telephone or as a task, and does no window tell them, then one letter is owed to each (REC-RIGHTS-2). What was
given before a file moved to another township lies out of reach of whoever ends or corrects it there; for that
the night looks once more (:func:`follow_all`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from casemgr.rules.access import Access, Action
from casemgr.rules.disclosure import Loosening, knows_person, sight
from casemgr.services import clock, matrix
from casemgr.services.disclosure import conditions_for
from casemgr.services.ledger_line import ELSEWHERE
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.identity import Carrier, carrier, copy_texts
from casemgr.store.models import Case, Disclosure, ReceiverNotice
from casemgr.store.queries import liaison
from casemgr.store.queries import rights as queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.code import from_mask, to_mask
from casemgr.terms.disclosure import Condition, FieldGroup, Level
from casemgr.terms.liaison import Withdrawal
from casemgr.terms.register import Lifecycle
from casemgr.terms.rights import NoticeCause

PURPOSE = "更正、撤回告知函"
#: Offices of the own house: they work at the file itself and are not written to.
OWN_HOUSE = frozenset(
    {Role.SYSTEM, Role.TOWNSHIP_DOCTOR, Role.VILLAGE_DOCTOR, Role.UNIT_HEAD, Role.COUNTY_OFFICER}
)
#: Cases looked at in one transaction by the nightly job.
LOT = 500
#: What each column tells of a person, in the field groups of the matrix.
TELLS: Mapping[str, Mapping[str, FieldGroup]] = MappingProxyType(
    {
        "Identity": {
            "name": FieldGroup.G1,
            "birth_on": FieldGroup.G1,
            "id_number": FieldGroup.G2,
            "phone": FieldGroup.G3,
            "domicile": FieldGroup.G4,
            "residence": FieldGroup.G4,
            "workplace": FieldGroup.G4,
        },
        "Person": {"sex": FieldGroup.G1},
        "Guardian": dict.fromkeys(("name", "phone", "residence", "relation"), FieldGroup.G10),
        "Case": {"village": FieldGroup.G4, "diagnosis": FieldGroup.G5, "icd10": FieldGroup.G5},
        # Of these only what was written down before something was given can have been on it.
        "Visit": {
            "risk": FieldGroup.G8,
            "symptoms": FieldGroup.G6,
            "insight": FieldGroup.G6,
            "adherence": FieldGroup.G7,
            "offence_count": FieldGroup.G9,
            "crime_count": FieldGroup.G9,
        },
        "Incident": {"on": FieldGroup.G9, "kind": FieldGroup.G9},
    }
)
#: Of several visits only the last one is told; of acts all are.
_OF_LAST_VISIT = frozenset({FieldGroup.G6, FieldGroup.G7, FieldGroup.G8})
_TURNS = (int(NoticeCause.LEFT), int(NoticeCause.RETURNED))
_NAME = to_mask([FieldGroup.G1])
_BY_SCREEN = frozenset(Condition) - {Condition.REQUEST}


@dataclass(frozen=True, slots=True)
class Change:
    """A field group of which something was replaced; told by lines of the ledger between two keys."""

    group: FieldGroup
    after: int = 0
    before: int | None = None

    def was_on(self, line: int) -> bool:
        """Whether what was given then can have held the value; keys rise with time."""
        return self.after < line and (self.before is None or line < self.before)


@dataclass(slots=True)
class _Received:
    """What one receiver once got: the last time of the name; the groups of the cause and their last time."""

    named: datetime | None = None
    groups: int = 0
    last: datetime | None = None
    papers: list[tuple[int, Any]] = field(default_factory=list)


def number_of(row: ReceiverNotice) -> str:
    """The number on the letter, by which it is found again."""
    return f"告知-{row.raised_on:%Y%m%d}-{row.id % 10**6:06}"


class _Read:
    """What is known of some files, asked for all of them at once; others wait who would write of the same."""

    def __init__(self, work: Work, cases: Sequence[Case], today: date) -> None:
        work.flush()
        self._work, self._people, self._today = work, [one.person_id for one in cases], today
        files = [one.id for one in cases]
        #: What left otherwise than into a window, by file.
        self.handed = queries.handed_out(work, files)
        for turn in sorted({queries.turn_of(file) for file in self.handed}):
            work.take_turn(turn)
        #: The notices of each file, oldest first, and what was disclosed of it.
        self.notices = queries.notices_of(work, files)
        self.windows = liaison.given_of(work, sorted(self.handed))
        self._held: tuple[Loosening, ...] | None = None
        self._carrier: Carrier | None = None

    def was_before(self, line: Any, until: datetime | None) -> bool:
        """Whether something was given before an instant; without one, before this unit of work began."""
        if until is not None:
            return bool(line.at < until)
        return bool((line.at, line.id) < (self._work.began, self._work.first_key))

    @property
    def held(self) -> tuple[Loosening, ...]:
        """What is loosened today."""
        if self._held is None:
            self._held = matrix.loosened(self._work, self._today)
        return self._held

    def name_of(self, case: Case) -> str:
        """The name as it stands, opened to be copied; empty when nobody can open it."""
        if self._carrier is None:
            self._carrier = carrier(self._work, self._people, PURPOSE)
        opened = self._carrier.open(case.person_id, case.id, ("name",), False)
        return opened[0].name if opened is not None else ""


# --- one file ---


def raise_for(
    work: Work,
    case: Case,
    cause: NoticeCause,
    today: date,
    *,
    changes: Sequence[Change] | None = None,
    receivers: Collection[Role] | None = None,
    before: datetime | None = None,
    since: date | None = None,
    known_as: str | None = None,
    read: _Read | None = None,
) -> int:
    """Have everybody told who received something of a file and does not read it in a window; how many.

    Part of the unit of work that corrects, withdraws or ends, after what is disclosed was brought in line.
    ``changes`` narrows a correction to what was replaced, ``receivers`` to some, ``before`` to what was given
    until then, and ``known_as`` is the name of that time. Nobody is told twice of what they were given once;
    a correction of the whole file (no ``changes``) counts as told when any of it was told ``since``. Of a
    return only those hear who were told of the exit and may know now. ``read``: this file among others.
    """
    read = read or _Read(work, [case], today)
    found = _received(read, case, cause, today, changes, receivers, before)
    notices: dict[tuple[int, int], list[ReceiverNotice]] = {}
    for one in _standing(work, read, case, cause):
        notices.setdefault((one.receiver, one.receiver_area), []).append(one)
    windows: dict[tuple[int, int], list[Disclosure]] = {}
    for line in read.windows.get(case.id, ()):
        windows.setdefault((line.receiver, line.receiver_area), []).append(line)
    names = _Names(work, read, case, known_as)
    raised = 0
    for (receiver, area), got in sorted(found.items()):
        had, role = notices.get((receiver, area), []), Role.read(receiver)
        if any(_window_tells(one, case, cause, got) for one in windows.get((receiver, area), ())):
            continue
        groups = _untold(had, cause, got, changes is None, since)
        if not groups:
            continue
        if cause is NoticeCause.RETURNED and not knows_person(
            role, conditions_for(work, case.id, role, area, today), today, read.held, case.area
        ):
            continue
        _owe(work, read, case, cause, (receiver, area), groups, got, had, names, today)
        raised += 1
    return raised


def _received(
    read: _Read,
    case: Case,
    cause: NoticeCause,
    today: date,
    changes: Sequence[Change] | None,
    receivers: Collection[Role] | None,
    before: datetime | None,
) -> dict[tuple[int, int], _Received]:
    """By receiver what it got of the file before this; whom the cause does not concern is left out."""
    found: dict[tuple[int, int], _Received] = {}
    for row in read.handed.get(case.id, ()):
        role = Role.read(row.receiver)
        if role in OWN_HOUSE and row.receiver_area != ELSEWHERE:
            continue
        if cause is NoticeCause.LEFT and case.lifecycle == Lifecycle.MOVED_OUT and role in OWN_HOUSE:
            continue  # the unit elsewhere that takes the person over goes on with the file
        if (receivers is not None and role not in receivers) or not read.was_before(row, before):
            continue
        got = found.setdefault((row.receiver, row.receiver_area), _Received())
        if row.groups & _NAME:
            got.named = row.at if got.named is None else max(got.named, row.at)
        groups = row.groups
        if changes is not None:
            told = [one.group for one in changes if one.was_on(row.id)]
            asked = Condition.REQUEST in from_mask(Condition, row.conditions or 0)
            told = [one for one in told if asked or not _only_flagged(role, one, today)]
            groups &= to_mask(told)
        if groups:
            got.groups |= groups
            got.last = row.at if got.last is None else max(got.last, row.at)
            got.papers.append((row.id, row.document))
    return {key: got for key, got in found.items() if got.groups}


def _since(had: Iterable[ReceiverNotice], got: _Received) -> list[ReceiverNotice]:
    """Of some notices those written after the receiver got it last."""
    return [one for one in had if got.last is None or one.recorded_at >= got.last]


def _only_flagged(role: Role, group: FieldGroup, today: date) -> bool:
    """Whether a receiver is told no more of a group than that there is something, but by a document."""
    return role not in OWN_HOUSE and sight(role, group, _BY_SCREEN, today).level is Level.FLAG


def _standing(work: Work, read: _Read, case: Case, cause: NoticeCause) -> list[ReceiverNotice]:
    """The notices of a file, oldest first; an exit or return not even printed falls with its contrary."""
    contrary = {NoticeCause.LEFT: NoticeCause.RETURNED, NoticeCause.RETURNED: NoticeCause.LEFT}.get(cause)
    kept = []
    for one in read.notices.get(case.id, ()):
        if one.cause == contrary and one.told_on is None and one.letter_on is None:
            work.remove(one)
        else:
            kept.append(one)
    read.notices[case.id] = kept
    return kept


def _window_tells(line: Disclosure, case: Case, cause: NoticeCause, got: _Received) -> bool:
    """Whether a receiver's own window says it: taken back or corrected there, and not acknowledged yet."""
    ended = line.withdrawal in (Withdrawal.LEFT, Withdrawal.MOVED)
    if cause is NoticeCause.LEFT and line.withdrawn_on is not None and ended:
        return case.lifecycle_on is None or line.withdrawn_on >= case.lifecycle_on
    if line.received_at is not None:
        return False
    corrected = line.corrected_on is not None and (
        cause is not NoticeCause.CORRECTED or not got.groups & ~line.groups
    )
    return line.withdrawn_on is not None or corrected


def _untold(
    had: Sequence[ReceiverNotice], cause: NoticeCause, got: _Received, whole: bool, since: date | None
) -> int:
    """The groups of which a receiver was not told since it got them last, as a mask."""
    turns = [one for one in had if one.cause in _TURNS]
    if cause is NoticeCause.RETURNED:
        return got.groups if turns and turns[-1].cause == NoticeCause.LEFT else 0
    if cause is NoticeCause.LEFT:
        if turns and turns[-1].cause == NoticeCause.LEFT and _since(turns[-1:], got):
            return 0
        return got.groups
    ended = [one for one in _since(turns, got) if one.cause == NoticeCause.LEFT and one.told_on is not None]
    if cause is NoticeCause.CORRECTED and ended:
        return 0  # told to destroy it: nothing is left to correct, and a letter would tell of the return
    later = [one for one in _since(had, got) if one.cause == cause]
    if whole:
        told = any(one.groups == got.groups or (since and one.raised_on >= since) for one in later)
        return 0 if told else got.groups
    covered = 0
    for one in later:
        covered |= one.groups
    return got.groups & ~covered


class _Names:
    """What a letter may call a person: as the receiver knows them, and nothing who never had the name."""

    def __init__(self, work: Work, read: _Read, case: Case, known_as: str | None) -> None:
        self._work, self._read, self._case, self._name = work, read, case, known_as

    def known_to(self, got: _Received, had: Sequence[ReceiverNotice]) -> tuple[str, list[str]]:
        """(name, numbers of earlier letters): after the name itself was corrected, the one given then."""
        named = got.named
        if named is None:
            return "", []
        corrected = [
            one
            for one in had
            if one.cause == NoticeCause.CORRECTED and one.groups & _NAME and one.recorded_at >= named
        ]
        if corrected:
            one = corrected[-1]
            text = copy_texts(self._work, "ReceiverNotice", [(one.id, one.called)], PURPOSE, self._case.id)
            return text[0], [number_of(one)]
        return self._present(), []

    def _present(self) -> str:
        """The name before this unit of work, which the receivers know; empty when nobody can open it."""
        if self._name is None:
            person, case = self._case.person_id, self._case.id
            former = self._work.former_name(person)
            if former is not None:
                self._name = copy_texts(self._work, "Identity", [(person, former)], PURPOSE, case)[0]
            else:
                self._name = self._read.name_of(self._case)
        return self._name


def _owe(
    work: Work,
    read: _Read,
    case: Case,
    cause: NoticeCause,
    to: tuple[int, int],
    groups: int,
    got: _Received,
    had: Sequence[ReceiverNotice],
    names: _Names,
    today: date,
) -> None:
    """Write one notice down; a correction joins another one that waits and was not printed yet."""
    papers = [text for text in copy_texts(work, "LedgerLine", got.papers, PURPOSE, case.id) if text]
    given_on = (got.last or work.began).astimezone(clock.SHANGHAI).date()
    waiting = [one for one in had if one.cause == cause and one.told_on is None and one.letter_on is None]
    if cause is NoticeCause.CORRECTED and waiting:
        row = waiting[-1]
        if row.called is None:  # the name may have been given after what the letter began with
            name, earlier = names.known_to(got, had)
            row.called, papers = Plain(name) if name else None, [*papers, *earlier]
        before = copy_texts(work, "ReceiverNotice", [(row.id, row.documents)], PURPOSE, case.id)[0]
        papers = [*before.splitlines(), *papers]
        row.groups, row.given_on = row.groups | groups, max(row.given_on, given_on)
        row.documents = Plain("\n".join(dict.fromkeys(papers))) if papers else None
        row.recorded_at = clock.now()
        return
    name, earlier = names.known_to(got, had)
    papers += earlier
    row = work.add(
        ReceiverNotice(
            id=new_key(),
            area=case.area,
            case_id=case.id,
            cause=int(cause),
            receiver=to[0],
            receiver_area=to[1],
            groups=groups,
            given_on=given_on,
            called=Plain(name) if name else None,
            documents=Plain("\n".join(dict.fromkeys(papers))) if papers else None,
            raised_on=today,
            recorded_at=clock.now(),
        )
    )
    read.notices.setdefault(case.id, []).append(row)


# --- every road ---


def follow(work: Work, files: Iterable[int]) -> int:
    """Have told whoever received what this unit of work has replaced in some files; how many notices.

    Called after every write that touches a file. Without anything replaced that a paper can have told it
    asks the database nothing.
    """
    keys = set(files)
    turned, changed, people = _replaced(work)
    turned &= keys
    if work.access.for_receiver or not (turned or changed or people):
        return 0
    if people:
        for person, file in queries.files_of(work, sorted(keys), sorted(people)).items():
            changed.setdefault(file, {}).update(people[person])
    concerned = turned | (changed.keys() & keys)
    # One that ended or came back is looked at though nothing in reach was given: letters of the night wait.
    given = queries.handed_files(work, sorted(concerned)) | queries.noticed_files(work, sorted(turned))
    if not given:
        return 0
    today, raised = clock.today(), 0
    cases = queries.cases(work, sorted(given))
    read = _Read(work, cases, today)
    visits = _visits(work, {case.id: changed.get(case.id, {}).keys() for case in cases})
    for case in cases:
        if case.id in turned:
            back = case.lifecycle == Lifecycle.ON_REGISTER
            cause = NoticeCause.RETURNED if back else NoticeCause.LEFT
            raised += raise_for(work, case, cause, today, read=read)
        if case.lifecycle == Lifecycle.ON_REGISTER and case.id in changed:
            spans = [span for one in changed[case.id] for span in _spans(visits.get(case.id, {}), *one)]
            raised += raise_for(work, case, NoticeCause.CORRECTED, today, changes=spans, read=read)
    work.flush()
    return raised


#: (noun, key of the row, group): one thing that was replaced.
_One = tuple[str, int, FieldGroup]


def _replaced(work: Work) -> tuple[set[int], dict[int, dict[_One, _One]], dict[int, dict[_One, _One]]]:
    """(files that ended or came back, what was replaced by file, what was replaced by person)."""
    turned: set[int] = set()
    by_file: dict[int, dict[_One, _One]] = {}
    by_person: dict[int, dict[_One, _One]] = {}
    for one in work.replaced():
        if one.noun == "Case" and one.case_key is not None and "lifecycle" in one.fields:
            turned.add(one.case_key)
        tells = TELLS.get(one.noun)
        if tells is None:
            continue
        for group in {tells[name] for name in one.fields & tells.keys()}:
            what = (one.noun, one.row_key or 0, group)
            if one.case_key is not None:
                by_file.setdefault(one.case_key, {})[what] = what
            elif one.person_key is not None:
                by_person.setdefault(one.person_key, {})[what] = what
    return turned, by_file, by_person


#: The visits of a file: day, and whether it assessed the danger level, by key.
_Visits = Mapping[int, tuple[date, bool]]


def _visits(work: Work, files: Mapping[int, Iterable[_One]]) -> Mapping[int, _Visits]:
    """The visits of those files of which something is replaced that only the last visit tells."""
    wanted = [
        file
        for file, replaced in files.items()
        if any(noun == "Visit" and group in _OF_LAST_VISIT for noun, _row, group in replaced)
    ]
    return queries.visits_of(work, wanted) if wanted else {}


def _spans(visits: _Visits, noun: str, row: int, group: FieldGroup) -> Iterator[Change]:
    """Between which keys a line of the ledger can have told one thing that was replaced."""
    if noun not in ("Visit", "Incident"):
        yield Change(group)
    elif group not in _OF_LAST_VISIT:
        yield Change(group, row)
    else:
        on = visits[row][0] if row in visits else None
        later = sorted(key for key, (day, assessed) in visits.items() if assessed and on and day > on)
        if not later or later[0] > row:  # else a later one was there already, and this one was never told
            yield Change(group, row, later[0] if later else None)


# --- at night ---


@use_case(Action.JOB_RUN)
def _follow_lot(work: Work, after: int, today: date) -> tuple[int, int, int]:
    """(how many files, the last of them, how many notices)."""
    own = [int(one) for one in OWN_HOUSE]
    keys = queries.left_after_handing(work, own, ELSEWHERE, after, LOT)
    cases = queries.cases(work, keys)
    read, ended = _Read(work, cases, today), queries.turned_at(work, keys)
    raised = sum(
        raise_for(work, case, NoticeCause.LEFT, today, before=ended.get(case.id), read=read) for case in cases
    )
    return len(keys), keys[-1] if keys else after, raised


#: How far back the night looks for corrections of files that moved.
LOOKED_BACK = timedelta(days=31)
#: What a column of the workbook is in :data:`TELLS`, by noun of the revision.
_COLUMNS: Mapping[str, Mapping[str, FieldGroup]] = MappingProxyType(
    {
        "case": {
            **TELLS["Identity"],
            **TELLS["Person"],
            **TELLS["Case"],
            **{f"guardian_{name}": group for name, group in TELLS["Guardian"].items()},
            "relation": FieldGroup.G10,
        },
        "visit": TELLS["Visit"],
        "incident": TELLS["Incident"],
    }
)
_TABLES = {"visit": "Visit", "incident": "Incident"}


@use_case(Action.JOB_RUN)
def _moved_lot(work: Work, after: int, today: date) -> tuple[int, int, int]:
    """The same for corrections of files that moved, by what was written down of each."""
    own = [int(one) for one in OWN_HOUSE]
    since = clock.now() - LOOKED_BACK
    keys = queries.corrected_after_moving(work, own, ELSEWHERE, tuple(_COLUMNS), since, after, LOT)
    raised = 0
    cases = queries.cases(work, keys)
    read = _Read(work, cases, today)
    written = queries.corrections(work, keys, tuple(_COLUMNS), since)
    visits = queries.visits_of(work, keys)
    for case in cases:
        rows = written.get(case.id, [])
        texts = copy_texts(work, "Revision", [(row.id, row.changes) for row in rows], PURPOSE, case.id)
        told = [json.loads(text) for text in texts]
        for place, (row, changes) in enumerate(zip(rows, told, strict=True)):
            columns = _COLUMNS[row.noun]
            stood = {name for name, (old, _) in changes.items() if old not in (None, "")}
            groups = {columns[name] for name in stood & columns.keys()}
            noun = _TABLES.get(row.noun, "")
            known = visits.get(case.id, {})
            spans = [span for group in groups for span in _spans(known, noun, row.row_id, group)]
            former = (one["name"][0] for one in told[place:] if "name" in one)
            if spans:
                raised += raise_for(
                    work,
                    case,
                    NoticeCause.CORRECTED,
                    today,
                    changes=spans,
                    before=row.recorded_at,
                    known_as=next(former, None),
                    read=read,
                )
    return len(keys), keys[-1] if keys else after, raised


def follow_all(access: Access, today: date) -> Iterator[int]:
    """Have told of the end or correction of a file whoever received something and was not yet; by lot."""
    for lot in (_follow_lot, _moved_lot):
        count, last = LOT, 0
        while count == LOT:
            count, last, raised = lot(access, last, today)
            yield raised
