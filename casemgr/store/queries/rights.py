"""权利申请查询: requests of patients and guardians, and what a decision needs to know of the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from casemgr.store.models.account import Account
from casemgr.store.models.area import Unit
from casemgr.store.models.followup import Visit
from casemgr.store.models.liaison import Disclosure, LedgerLine
from casemgr.store.models.person import Guardian, Identity, Person
from casemgr.store.models.register import Case, CaseState
from casemgr.store.models.rights import ReceiverNotice, RightsRequest
from casemgr.store.models.sharing import ShareConsent
from casemgr.store.models.sheet import Revision
from casemgr.store.scope import with_locked
from casemgr.store.work import Work
from casemgr.terms.liaison import ExchangeKind
from casemgr.terms.register import Lifecycle, Track
from casemgr.terms.rights import NoticeCause, RequestState

HANDED_OUT = tuple(int(one) for one in (ExchangeKind.FILE, ExchangeKind.CALL, ExchangeKind.TASK))
#: Whoever raises notices has its turn, so that two at once do not raise the same, see ``Work.take_turn``.
TURN = 7_301_017
#: Keys asked for in one statement.
ROOM = 500
WAITS = (int(RequestState.OPEN), int(RequestState.REVIEW))
_LISTED = (
    select(RightsRequest, Case.file_no)
    .join(Case, Case.id == RightsRequest.case_id)
    .order_by(RightsRequest.closed_on.is_not(None), RightsRequest.due_on, RightsRequest.id)
)


def listed(work: Work, since: date) -> Sequence[Any]:
    """(request, file number) of all that wait, and of those closed since a day; what is due first on top."""
    wanted = RightsRequest.state.in_(WAITS) | (RightsRequest.closed_on >= since)
    return work.rows(_LISTED.where(wanted))


def of_case(work: Work, case: int) -> list[RightsRequest]:
    """The requests about one file, latest first."""
    rows: list[RightsRequest] = work.entities(
        select(RightsRequest).where(RightsRequest.case_id == case).order_by(RightsRequest.id.desc())
    )
    return rows


def case(work: Work, key: int) -> Any:
    """(Case, name of the managing unit) of one file, ``None`` outside the access."""
    return work.row(
        select(Case, Unit.name.label("unit")).join(Unit, Unit.id == Case.unit_id).where(Case.id == key)
    )


def latest_visit(work: Work, case: int) -> Visit | None:
    """The latest visit that reached the person."""
    found: Visit | None = work.one(
        select(Visit)
        .where(Visit.case_id == case, Visit.loss_reason.is_(None))
        .order_by(Visit.on.desc(), Visit.id.desc())
        .limit(1)
    )
    return found


def open_consents(work: Work, case: int) -> list[ShareConsent]:
    """Consents to sharing that hold."""
    rows: list[ShareConsent] = work.entities(
        select(ShareConsent).where(ShareConsent.case_id == case, ShareConsent.withdrawn_on.is_(None))
    )
    return rows


def receivers(work: Work, case: int) -> int:
    """How many receivers have or had something of this file."""
    return int(work.scalar(select(func.count(Disclosure.id)).where(Disclosure.file_key == case)) or 0)


def naming(work: Work, person: int) -> list[Person | Identity | Guardian]:
    """The rows of a person and those that name them, to be locked."""
    found: list[Person | Identity | Guardian] = work.entities(select(Person).where(Person.id == person))
    found += work.entities(select(Identity).where(Identity.person_id == person))
    return found + work.entities(select(Guardian).where(Guardian.person_id == person))


def is_locked(work: Work, person: int) -> bool:
    """Whether nobody is named by this person's rows any more: they were locked."""
    return not work.scalar(select(func.count(Person.id)).where(Person.id == person))


def accounts(work: Work, keys: Sequence[int]) -> dict[int, str]:
    """Names of accounts by key."""
    rows = work.rows(select(Account.id, Account.display).where(Account.id.in_(list(keys)))) if keys else []
    return {row.id: row.display for row in rows}


def units(work: Work, areas: Sequence[int]) -> dict[int, str]:
    """The names of the units at some areas; of several at one, all."""
    rows = work.rows(
        select(Unit.area_code, Unit.name).where(Unit.area_code.in_(list(areas))).order_by(Unit.name)
    )
    found: dict[int, str] = {}
    for row in rows:
        found[row.area_code] = f"{found[row.area_code]}、{row.name}" if row.area_code in found else row.name
    return found


def turn_of(file: int) -> int:
    """The number of the turn in which notices of a file are written, so that two writers see each other's.

    A few hundred turns for all files: a large import takes no more locks than a server has room for.
    """
    return TURN * 1_000 + file % 256


def _in_lots(files: Sequence[int]) -> Iterator[list[int]]:
    return (list(files[start : start + ROOM]) for start in range(0, len(files), ROOM))


def cases(work: Work, files: Sequence[int]) -> list[Case]:
    """These files within the access, in the order of their keys."""
    return [
        row
        for lot in _in_lots(sorted(files))
        for row in work.entities(select(Case).where(Case.id.in_(lot)).order_by(Case.id))
    ]


def handed_out(work: Work, files: Sequence[int]) -> dict[int, list[Any]]:
    """What of the ledger of these files left otherwise than into a window: on paper, by telephone, as a task.

    Lines by file, oldest first; a file of which nothing left is not there.
    """
    found: dict[int, list[Any]] = {}
    for lot in _in_lots(files):
        for row in work.rows(
            select(
                LedgerLine.file_key,
                LedgerLine.id,
                LedgerLine.receiver,
                LedgerLine.receiver_area,
                LedgerLine.groups,
                LedgerLine.at,
                LedgerLine.conditions,
                LedgerLine.document,
            )
            .where(LedgerLine.file_key.in_(lot), LedgerLine.kind.in_(HANDED_OUT))
            .order_by(LedgerLine.id)
        ):
            found.setdefault(row.file_key, []).append(row)
    return found


def handed_files(work: Work, files: Sequence[int]) -> set[int]:
    """Of these files those of which something left otherwise than into a window."""
    return {
        key
        for lot in _in_lots(files)
        for (key,) in work.rows(
            select(LedgerLine.file_key)
            .where(LedgerLine.file_key.in_(lot), LedgerLine.kind.in_(HANDED_OUT))
            .distinct()
        )
    }


def noticed_files(work: Work, files: Sequence[int]) -> set[int]:
    """Of these files those about which somebody was or is to be written to."""
    return {
        key
        for lot in _in_lots(files)
        for (key,) in work.rows(
            select(ReceiverNotice.case_id).where(ReceiverNotice.case_id.in_(lot)).distinct()
        )
    }


def files_of(work: Work, files: Sequence[int], people: Sequence[int]) -> dict[int, int]:
    """Which of these files belong to one of these people: person → file."""
    asked = set(people)
    return {
        row.person_id: row.id
        for lot in _in_lots(files)
        for row in work.rows(select(Case.id, Case.person_id).where(Case.id.in_(lot)))
        if row.person_id in asked
    }


def visits_of(work: Work, files: Sequence[int]) -> dict[int, dict[int, tuple[date, bool]]]:
    """The visits of these files: by file and key the day, and whether the danger level was assessed."""
    found: dict[int, dict[int, tuple[date, bool]]] = {}
    for lot in _in_lots(files):
        for row in work.rows(
            select(Visit.case_id, Visit.id, Visit.on, Visit.risk.is_not(None).label("assessed")).where(
                Visit.case_id.in_(lot)
            )
        ):
            found.setdefault(row.case_id, {})[row.id] = (row.on, bool(row.assessed))
    return found


def turned_at(work: Work, files: Sequence[int]) -> dict[int, datetime]:
    """When these files were written down as what they are now, on or off the register."""
    return {
        row.case_id: row.recorded_at
        for lot in _in_lots(files)
        for row in work.rows(
            select(CaseState.case_id, CaseState.recorded_at)
            .where(
                CaseState.case_id.in_(lot),
                CaseState.track == int(Track.LIFECYCLE),
                CaseState.until.is_(None),
            )
            .order_by(CaseState.since, CaseState.id)
        )
    }


def left_after_handing(work: Work, own: Sequence[int], elsewhere: int, after: int, size: int) -> list[int]:
    """Files that are closed, of which something left before, and about whose end nobody was written to yet.

    ``own`` are roles of the own house, which count as receivers only ``elsewhere``; in order of their keys.
    An end that was taken back since, or that was told before something was given, is another one.
    """
    back = aliased(ReceiverNotice)
    returned = (
        select(back.id)
        .where(
            back.case_id == ReceiverNotice.case_id,
            back.cause == int(NoticeCause.RETURNED),
            back.receiver == ReceiverNotice.receiver,
            back.receiver_area == ReceiverNotice.receiver_area,
            back.id > ReceiverNotice.id,
        )
        .exists()
    )
    told = (
        select(ReceiverNotice.id)
        .where(
            ReceiverNotice.case_id == LedgerLine.file_key,
            ReceiverNotice.cause == int(NoticeCause.LEFT),
            ReceiverNotice.receiver == LedgerLine.receiver,
            ReceiverNotice.receiver_area == LedgerLine.receiver_area,
            ReceiverNotice.recorded_at >= LedgerLine.at,
            ~returned,
        )
        .exists()
    )
    given = (
        select(LedgerLine.id)
        .where(
            LedgerLine.file_key == Case.id,
            LedgerLine.kind.in_(HANDED_OUT),
            LedgerLine.receiver.not_in(list(own)) | (LedgerLine.receiver_area == elsewhere),
            ~told,
        )
        .exists()
    )
    return list(
        work.entities(
            select(Case.id)
            .where(Case.lifecycle != int(Lifecycle.ON_REGISTER), Case.id > after, given)
            .order_by(Case.id)
            .limit(size)
        )
    )


def corrected_after_moving(
    work: Work,
    own: Sequence[int],
    elsewhere: int,
    nouns: Sequence[str],
    since: datetime,
    after: int,
    size: int,
) -> list[int]:
    """Files on the register that were corrected since, and of which another area has given something."""
    given = (
        select(LedgerLine.id)
        .where(
            LedgerLine.file_key == Case.id,
            LedgerLine.area != Case.area,
            LedgerLine.kind.in_(HANDED_OUT),
            LedgerLine.receiver.not_in(list(own)) | (LedgerLine.receiver_area == elsewhere),
        )
        .exists()
    )
    changed = (
        select(Revision.id)
        .where(Revision.case_id == Case.id, Revision.recorded_at >= since, Revision.noun.in_(list(nouns)))
        .exists()
    )
    return list(
        work.entities(
            select(Case.id)
            .where(Case.lifecycle == int(Lifecycle.ON_REGISTER), Case.id > after, changed, given)
            .order_by(Case.id)
            .limit(size)
        )
    )


def corrections(
    work: Work, files: Sequence[int], nouns: Sequence[str], since: datetime
) -> dict[int, list[Revision]]:
    """What was written down of changes to these files since: by file, oldest first."""
    found: dict[int, list[Revision]] = {}
    for lot in _in_lots(files):
        for row in work.entities(
            select(Revision)
            .where(Revision.case_id.in_(lot), Revision.recorded_at >= since, Revision.noun.in_(list(nouns)))
            .order_by(Revision.id)
        ):
            found.setdefault(row.case_id, []).append(row)
    return found


def notices_of(work: Work, files: Sequence[int]) -> dict[int, list[ReceiverNotice]]:
    """The notices about these files: by file, oldest first."""
    found: dict[int, list[ReceiverNotice]] = {}
    for lot in _in_lots(files):
        for row in work.entities(
            select(ReceiverNotice).where(ReceiverNotice.case_id.in_(lot)).order_by(ReceiverNotice.id)
        ):
            found.setdefault(row.case_id, []).append(row)
    return found


def notices(work: Work, since: date) -> Sequence[Any]:
    """(notice, file number) of all that wait, and of those told since a day; the oldest first."""
    wanted = ReceiverNotice.told_on.is_(None) | (ReceiverNotice.told_on >= since)
    return work.rows(
        select(ReceiverNotice, Case.file_no)
        .join(Case, Case.id == ReceiverNotice.case_id)
        .where(wanted)
        .order_by(ReceiverNotice.told_on.is_not(None), ReceiverNotice.raised_on, ReceiverNotice.id)
    )


def file_no(work: Work, case: int) -> str:
    """The file number of a case within the access, empty outside."""
    return str(work.scalar(select(Case.file_no).where(Case.id == case)) or "")


def kept(work: Work, person: int) -> list[Person | Identity | Guardian]:
    """The rows of a person who has left and those that name them, locked as they are.

    Found by nobody but a unit of work that lets somebody back (see :func:`casemgr.store.scope.with_locked`).
    """
    found: list[Person | Identity | Guardian] = work.entities(
        with_locked(select(Person).where(Person.id == person))
    )
    found += work.entities(with_locked(select(Identity).where(Identity.person_id == person)))
    return found + work.entities(with_locked(select(Guardian).where(Guardian.person_id == person)))
