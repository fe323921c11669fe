"""保存期限查询: what may be over its term, files with their holds, and the lists of what was destroyed.

The selects here ask for few rows too many rather than one too few; ``rules/retention.is_over`` judges each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import exists, or_, select

from casemgr.store.models.clue import Clue
from casemgr.store.models.liaison import Disclosure, LiaisonReport, LiaisonTask
from casemgr.store.models.misuse import MisuseQuestion
from casemgr.store.models.notice import Notice
from casemgr.store.models.register import Case
from casemgr.store.models.retention import DestroyedFile, Destruction, RetentionCount, RetentionHold
from casemgr.store.models.rights import RightsRequest
from casemgr.store.models.sharing import ComparisonQuestion, DataRequest, ListComparison, RequestPerson
from casemgr.store.models.sheet import Draft, Envelope, Sheet
from casemgr.store.models.sign_in import EntryCode
from casemgr.store.work import Work
from casemgr.terms.clue import ClueState
from casemgr.terms.register import Lifecycle
from casemgr.terms.retention import Kept
from casemgr.terms.rights import RequestState
from casemgr.terms.sharing import RequestState as CallState

#: How many keys one statement names.
KEYS = 500
#: A batch of rows that is looked at in one unit of work.
BATCH = 200


@dataclass(frozen=True, slots=True)
class Aged:
    """One row that may be over its term: from when it counts, whether something holds it back."""

    row: Any
    began: date | datetime
    held: bool = False


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(1), time(), UTC)


def _keyed(work: Work, model: Any, began: Any, after: int, *where: Any) -> list[Aged]:
    wanted = select(model).where(model.id > after, began.is_not(None), *where).order_by(model.id).limit(BATCH)
    return [Aged(row, getattr(row, began.key)) for row in work.entities(wanted)]


def _holds(work: Work, found: list[Aged], case_of: Callable[[Any], Sequence[int]]) -> list[Aged]:
    cases = sorted({case for one in found for case in case_of(one.row)})
    held = held_cases(work, cases)
    return [Aged(one.row, one.began, not held.isdisjoint(case_of(one.row))) for one in found]


def _case_of(row: Any) -> Sequence[int]:
    return () if row.case_id is None else (row.case_id,)


def _withdrawn(work: Work, until: date, after: int) -> list[Aged]:
    ended = or_(Disclosure.withdrawn_on <= until, Disclosure.valid_until <= until)
    left = or_(Disclosure.sheet.is_not(None), Disclosure.alias.is_not(None))
    wanted = select(Disclosure).where(Disclosure.id > after, ended, left).order_by(Disclosure.id).limit(BATCH)
    rows = work.entities(wanted)
    return [Aged(row, min(filter(None, (row.withdrawn_on, row.valid_until)))) for row in rows]


def _tasks(work: Work, until: date, after: int) -> list[Aged]:
    left = LiaisonTask.body.is_not(None)
    return _keyed(work, LiaisonTask, LiaisonTask.closed_on, after, LiaisonTask.closed_on <= until, left)


def _reports(work: Work, until: date, after: int) -> list[Aged]:
    nobody = LiaisonReport.file_key.is_(None)
    return _keyed(
        work, LiaisonReport, LiaisonReport.answered_on, after, LiaisonReport.answered_on <= until, nobody
    )


def _clues(work: Work, until: date, after: int) -> list[Aged]:
    out = Clue.state == int(ClueState.EXCLUDED)
    return _keyed(work, Clue, Clue.decided_on, after, Clue.decided_on <= until, out, Clue.case_id.is_(None))


def _notices(work: Work, until: date, after: int) -> list[Aged]:
    return _keyed(work, Notice, Notice.ended_on, after, Notice.ended_on <= until, Notice.case_id.is_(None))


def _comparisons(work: Work, until: date, after: int) -> list[Aged]:
    found = _keyed(work, ListComparison, ListComparison.on, after, ListComparison.on <= until)
    questions = questions_of(work, [one.row.id for one in found])
    held = held_cases(work, sorted({q.case_id for many in questions.values() for q in many if q.case_id}))
    return [
        Aged(
            one.row,
            one.began,
            any(q.answered_on is None or q.case_id in held for q in questions.get(one.row.id, [])),
        )
        for one in found
    ]


def questions_of(work: Work, comparisons: Sequence[int]) -> dict[int, list[Any]]:
    """The questions of these comparisons."""
    found: dict[int, list[Any]] = {}
    wanted = select(ComparisonQuestion).where(ComparisonQuestion.comparison_id.in_(list(comparisons)))
    for row in work.entities(wanted) if comparisons else ():
        found.setdefault(row.comparison_id, []).append(row)
    return found


def _calls(work: Work, until: date, after: int) -> list[Aged]:
    ended = DataRequest.state.in_((int(CallState.REFUSED), int(CallState.RELEASED)))
    somebody = exists(select(RequestPerson.id).where(RequestPerson.request_id == DataRequest.id))
    wanted = (
        select(DataRequest)
        .where(DataRequest.id > after, ended, DataRequest.decided_on <= until, ~somebody)
        .order_by(DataRequest.id)
        .limit(BATCH)
    )
    rows = work.entities(wanted)
    return [Aged(row, max(filter(None, (row.decided_on, row.released_on)))) for row in rows]


def _drafts(work: Work, until: date, after: int) -> list[Aged]:
    found = _keyed(work, Draft, Draft.saved_at, after, Draft.saved_at < _end_of(until))
    return _holds(work, found, _case_of)


def _envelopes(work: Work, until: date, after: int) -> list[Aged]:
    return _keyed(work, Envelope, Envelope.recorded_at, after, Envelope.recorded_at < _end_of(until))


def _codes(work: Work, until: date, after: int) -> list[Aged]:
    return _keyed(work, EntryCode, EntryCode.ends_at, after, EntryCode.ends_at < _end_of(until))


def _questions(work: Work, until: date, after: int) -> list[Aged]:
    return _keyed(
        work, MisuseQuestion, MisuseQuestion.answered_on, after, MisuseQuestion.answered_on <= until
    )


#: Where the rows of a kind that ends by itself are found: rows that may be over, in the order of their keys.
SOURCES: Mapping[Kept, tuple[Callable[[Work, date, int], list[Aged]], ...]] = {
    Kept.WITHDRAWN: (_withdrawn, _tasks),
    Kept.REPORT: (_reports,),
    Kept.CLUE: (_clues,),
    Kept.NOTICE: (_notices,),
    Kept.COMPARISON: (_comparisons,),
    Kept.REQUEST: (_calls,),
    Kept.DRAFT: (_drafts,),
    Kept.ENVELOPE: (_envelopes,),
    Kept.CODE: (_codes,),
    Kept.MISUSE: (_questions,),
}


def remove(work: Work, row: Any) -> None:
    """Destroy one row with what hangs on it; of a copy for a department only the copy."""
    if isinstance(row, Disclosure):
        row.sheet = row.alias = None
    elif isinstance(row, LiaisonTask):
        row.body = None
    else:
        if isinstance(row, ListComparison):
            for question in questions_of(work, [row.id]).get(row.id, []):
                work.remove(question)
        if isinstance(row, Notice) and row.sheet_id is not None:
            sheet = work.get(Sheet, row.sheet_id)
            if sheet is not None and sheet.case_id is None:
                work.remove(sheet)
        work.remove(row)


# --- files ----------------------------------------------------------------------------------------


def held_cases(work: Work, cases: Sequence[int]) -> set[int]:
    """Those of these files whose destruction is held back, or about which somebody has an open request."""
    found: set[int] = set()
    for start in range(0, len(cases), KEYS):
        part = list(cases[start : start + KEYS])
        hold = select(RetentionHold.case_id).where(
            RetentionHold.case_id.in_(part), RetentionHold.lifted_on.is_(None)
        )
        running = (int(RequestState.OPEN), int(RequestState.REVIEW))
        asked = select(RightsRequest.case_id).where(
            RightsRequest.case_id.in_(part), RightsRequest.state.in_(running)
        )
        found |= {row.case_id for row in [*work.rows(hold), *work.rows(asked)]}
    return found


_FILE = (Case.id, Case.person_id, Case.area, Case.file_no, Case.lifecycle, Case.lifecycle_on)


def ended_files(work: Work, until: date) -> list[Any]:
    """Every file of the people of whom one ended by ``until``: the ended ones and any others."""
    ended = select(Case.person_id).where(
        Case.lifecycle != int(Lifecycle.ON_REGISTER), Case.lifecycle_on <= until
    )
    people = sorted({row.person_id for row in work.rows(ended)})
    found: list[Any] = []
    for start in range(0, len(people), KEYS):
        part = people[start : start + KEYS]
        found += work.rows(select(*_FILE).where(Case.person_id.in_(part)).order_by(Case.file_no))
    return found


def destroyed(work: Work, cases: Sequence[int]) -> dict[int, date]:
    """When the medical part of these files went."""
    found: dict[int, date] = {}
    for start in range(0, len(cases), KEYS):
        part = list(cases[start : start + KEYS])
        wanted = select(DestroyedFile.case_id, DestroyedFile.on).where(DestroyedFile.case_id.in_(part))
        found |= {row.case_id: row.on for row in work.rows(wanted)}
    return found


def destroyed_by(work: Work, until: date) -> list[Any]:
    """Every file of the people whose medical part went by ``until``."""
    people = select(Case.person_id).join(
        DestroyedFile, (DestroyedFile.case_id == Case.id) & (DestroyedFile.area == Case.area)
    ).where(DestroyedFile.on <= until)  # fmt: skip
    keys = sorted({row.person_id for row in work.rows(people)})
    found: list[Any] = []
    for start in range(0, len(keys), KEYS):
        part = keys[start : start + KEYS]
        found += work.rows(select(*_FILE).where(Case.person_id.in_(part)).order_by(Case.file_no))
    return found


# --- lists ----------------------------------------------------------------------------------------


def lists(work: Work, most: int = 50) -> list[Destruction]:
    """The newest lists of destruction inside the access."""
    return work.entities(select(Destruction).order_by(Destruction.asked_at.desc()).limit(most))


def open_list(work: Work, area: int, kind: Kept, state: int) -> Destruction | None:
    """A list of this kind and area that waits to be decided."""
    found: Destruction | None = work.one(
        select(Destruction).where(
            Destruction.area == area, Destruction.kind == int(kind), Destruction.state == state
        )
    )
    return found


def counts(work: Work) -> list[Any]:
    """The counts of the newest night, and of the night before, for each kind."""
    newest = work.one(select(RetentionCount.on).order_by(RetentionCount.on.desc()).limit(1))
    if newest is None:
        return []
    return work.entities(select(RetentionCount).where(RetentionCount.on == newest))


def destroyed_so_far(work: Work) -> dict[int, int]:
    """How many records of each kind went by themselves so far."""
    found: dict[int, int] = {}
    for row in work.rows(select(RetentionCount.kind, RetentionCount.done)):
        found[row.kind] = found.get(row.kind, 0) + row.done
    return found


def of_day(work: Work, on: date, kind: Kept) -> RetentionCount | None:
    """The count of one kind on one day."""
    found: RetentionCount | None = work.one(
        select(RetentionCount).where(RetentionCount.on == on, RetentionCount.kind == int(kind))
    )
    return found


def holds(work: Work, case: int) -> list[RetentionHold]:
    """Every hold of a file, the newest first."""
    return work.entities(
        select(RetentionHold).where(RetentionHold.case_id == case).order_by(RetentionHold.id.desc())
    )


def open_holds(work: Work) -> list[Any]:
    """Every open hold inside the access with the number of its file."""
    wanted = (
        select(RetentionHold.case_id, RetentionHold.placed_on, Case.file_no)
        .join(Case, (Case.id == RetentionHold.case_id) & (Case.area == RetentionHold.area))
        .where(RetentionHold.lifted_on.is_(None))
        .order_by(RetentionHold.placed_on)
    )
    return list(work.rows(wanted))
