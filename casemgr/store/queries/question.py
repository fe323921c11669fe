"""待核对查询: the questions of files, and what must be known around a file to ask them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, func, select

from casemgr.store.models.area import Area
from casemgr.store.models.attempt import Attempt
from casemgr.store.models.followup import Visit
from casemgr.store.models.incident import Incident
from casemgr.store.models.person import Identity
from casemgr.store.models.question import Question
from casemgr.store.models.register import Case, Supplement
from casemgr.store.models.rehab import RehabSession
from casemgr.store.scope import lasting
from casemgr.store.work import Work
from casemgr.terms.register import Lifecycle

_KEYS: Any = bindparam("keys", expanding=True)
_OPEN = (Question.ended_on.is_(None), Question.answered_on.is_(None))
#: How many values one statement names.
MOST = 500

_STORED = lasting(select(Question).where(Question.case_id.in_(_KEYS)))
_OF_CASE = lasting(
    select(Question)
    .where(Question.case_id == bindparam("case"), *_OPEN)
    .order_by(Question.weight, Question.asked_on, Question.code)
)
_ANSWERED = lasting(
    select(func.count(Question.id)).where(
        Question.case_id == bindparam("case"), Question.ended_on.is_(None), Question.answered_on.is_not(None)
    )
)
_DETAILS = lasting(select(Supplement).where(Supplement.case_id.in_(_KEYS)))


def _at_last_visit(column: Any) -> Any:
    return (
        select(column)
        .where(Visit.case_id == Case.id, Visit.loss_reason.is_(None), column.is_not(None))
        .order_by(Visit.on.desc())
        .limit(1)
        .correlate(Case)
        .scalar_subquery()
    )


_SEEN = lasting(
    select(
        Case.id,
        Case.lifecycle,
        _at_last_visit(Visit.risk).label("risk"),
        _at_last_visit(Visit.on).label("on"),
        _at_last_visit(Visit.work).label("work"),
        _at_last_visit(Visit.rehab_measures).label("measures"),
    ).where(Case.id.in_(_KEYS))
)
_ATTEMPTS = lasting(
    select(Attempt.case_id, Attempt.on, Attempt.way, Attempt.result)
    .where(Attempt.case_id.in_(_KEYS), Attempt.undone.is_(False))
    .order_by(Attempt.on, Attempt.id)
)
_INCIDENTS = lasting(select(Incident.case_id, Incident.on, Incident.kind).where(Incident.case_id.in_(_KEYS)))
_ON = Case.lifecycle == int(Lifecycle.ON_REGISTER)
_SHARED = lasting(
    select(Identity.phone_token, func.count(Case.id).label("count"))
    .join(Case, Case.person_id == Identity.person_id)
    .where(Identity.phone_token.in_(_KEYS), _ON)
    .group_by(Identity.phone_token)
)
_HOMES = lasting(
    select(Identity.phone_token, Identity.person_id, Identity.residence)
    .join(Case, Case.person_id == Identity.person_id)
    .where(Identity.phone_token.in_(_KEYS), _ON)
)
_CALLED = lasting(
    select(Identity.phone_token, Case.id, Case.person_id, _at_last_visit(Visit.risk).label("risk"))
    .join(Case, Case.person_id == Identity.person_id)
    .where(Identity.phone_token.in_(_KEYS), _ON)
)
_HOLDERS = (
    select(
        Identity.id_token, Identity.person_id, Case.id, Case.area, Case.county, Case.file_no, Case.lifecycle
    )
    .join(Case, Case.person_id == Identity.person_id)
    .where(Identity.id_token.is_not(None))
)
_HOLDERS_OF = lasting(_HOLDERS.where(Identity.id_token.in_(_KEYS)))
_NAMES = lasting(select(Identity.person_id, Identity.name).where(Identity.person_id.in_(_KEYS)))
_PLACES = lasting(select(Area.code, Area.name).where(Area.code.in_(_KEYS)))


def _parts(keys: Iterable[Any]) -> Iterable[list[Any]]:
    wanted = list(keys)
    for start in range(0, len(wanted), MOST):
        yield wanted[start : start + MOST]


def _all(work: Work, statement: Any, keys: Iterable[Any]) -> list[Any]:
    return [row for part in _parts(keys) for row in work.rows(statement, keys=part)]


def stored(work: Work, cases: Iterable[int]) -> list[Question]:
    """Every question that was ever asked about these cases."""
    return [row for part in _parts(cases) for row in work.entities(_STORED, keys=part)]


def of_case(work: Work, case: int) -> list[Question]:
    """The open questions of one case."""
    return work.entities(_OF_CASE, case=case)


def answered_count(work: Work, case: int) -> int:
    """How many answers of one case hold."""
    return int(work.scalar(_ANSWERED, case=case) or 0)


def details(work: Work, cases: Iterable[int]) -> dict[int, Supplement]:
    """The supplements of these cases."""
    return {row.case_id: row for part in _parts(cases) for row in work.entities(_DETAILS, keys=part)}


def seen(work: Work, cases: Iterable[int]) -> dict[int, Any]:
    """(lifecycle, latest level, latest day reached) of these cases."""
    return {row.id: row for row in _all(work, _SEEN, cases)}


_TRAINED = lasting(
    select(RehabSession.case_id)
    .where(
        RehabSession.case_id.in_(_KEYS),
        RehabSession.on >= bindparam("since"),
        RehabSession.attended.is_not(False),
    )
    .distinct()
)


def trained_since(work: Work, cases: Iterable[int], since: date) -> set[int]:
    """Which of these people came to a session of rehabilitation since a day."""
    return {row[0] for part in _parts(cases) for row in work.rows(_TRAINED, keys=part, since=since)}


def attempts(work: Work, cases: Iterable[int]) -> list[Any]:
    """(case_id, on, way, result) of the attempts of these cases, oldest first."""
    return _all(work, _ATTEMPTS, cases)


def incidents(work: Work, cases: Iterable[int]) -> list[Any]:
    """(case_id, on, kind) of the incidents of these cases."""
    return _all(work, _INCIDENTS, cases)


def sharers(work: Work, tokens: Iterable[bytes]) -> dict[bytes, int]:
    """How many people on the register have each of these telephones."""
    return {bytes(row.phone_token): row.count for row in _all(work, _SHARED, tokens)}


def homes(work: Work, tokens: Iterable[bytes]) -> list[Any]:
    """(phone_token, person_id, sealed residence) of the people on the register with these telephones."""
    return _all(work, _HOMES, tokens)


def called(work: Work, tokens: Iterable[bytes]) -> list[Any]:
    """(phone_token, case, person, latest level) of the people on the register with these telephones."""
    return _all(work, _CALLED, tokens)


def holders(work: Work, tokens: Iterable[bytes]) -> list[Any]:
    """(id_token, person_id, id, area, county, file_no, lifecycle) of the files with these numbers."""
    return _all(work, _HOLDERS_OF, tokens)


def all_holders(work: Work) -> list[Any]:
    """The same of every file within the access."""
    return list(work.rows(_HOLDERS))


def names(work: Work, people: Iterable[int]) -> list[Any]:
    """(person_id, sealed name)."""
    return _all(work, _NAMES, people)


def places(work: Work, codes: Iterable[int]) -> dict[int, str]:
    """Names of areas by code."""
    return {row.code: row.name for row in _all(work, _PLACES, codes)}


# --- lists ---


@cache
def _listed(by_code: bool, counted: bool) -> Any:
    first = func.min(Question.asked_on)
    columns = [Question.case_id, first.label("asked_on"), func.count(Question.id).label("count")]
    found = select(*columns).where(
        Question.area >= bindparam("low"), Question.area < bindparam("high"), *_OPEN
    )
    if by_code:
        found = found.where(Question.code == bindparam("code"))
    found = found.group_by(Question.case_id)
    if counted:
        return lasting(select(func.count()).select_from(found.subquery()))
    return lasting(
        found.order_by(first, Question.case_id).limit(bindparam("size")).offset(bindparam("offset"))
    )


_CODES = lasting(
    select(Question.case_id, Question.code, Question.asked_on)
    .where(Question.case_id.in_(_KEYS), *_OPEN)
    .order_by(Question.weight, Question.code)
)
_PER_CODE = lasting(
    select(Question.code, func.count(Question.case_id.distinct()).label("people"))
    .where(Question.area >= bindparam("low"), Question.area < bindparam("high"), *_OPEN)
    .group_by(Question.code)
    .order_by(Question.code)
)
_PER_AREA = lasting(
    select(
        Question.area,
        func.count(Question.case_id.distinct()).label("people"),
        func.min(Question.asked_on).label("asked_on"),
    )
    .where(Question.area >= bindparam("low"), Question.area < bindparam("high"), *_OPEN)
    .group_by(Question.area)
)
_ANSWERS = lasting(
    select(
        Question.code,
        func.count(Question.id).label("asked"),
        func.count(Question.answered_on).label("answered"),
    )
    .where(Question.area >= bindparam("low"), Question.area < bindparam("high"))
    .group_by(Question.code)
)
_CASE_KEYS = lasting(
    select(Case.id)
    .where(and_(Case.area >= bindparam("low"), Case.area < bindparam("high")), Case.id > bindparam("after"))
    .order_by(Case.id)
    .limit(bindparam("size"))
)


def count(work: Work, low: int, high: int, code: str = "") -> int:
    """How many people of an area have open questions, or one of this check."""
    given = {"code": code} if code else {}
    return int(work.scalar(_listed(bool(code), True), low=low, high=high, **given) or 0)


def page(work: Work, low: int, high: int, code: str, size: int, offset: int) -> Sequence[Any]:
    """(case_id, first day asked, how many) of people with open questions, longest waiting first."""
    given = {"code": code} if code else {}
    return work.rows(_listed(bool(code), False), low=low, high=high, size=size, offset=offset, **given)


def codes(work: Work, cases: Iterable[int]) -> list[Any]:
    """(case_id, code, asked_on) of the open questions of these cases."""
    return _all(work, _CODES, cases)


def per_code(work: Work, low: int, high: int) -> Sequence[Any]:
    """(code, people) of the open questions of an area."""
    return work.rows(_PER_CODE, low=low, high=high)


def per_area(work: Work, low: int, high: int) -> Sequence[Any]:
    """(area, people, first day asked) of the open questions within a range."""
    return work.rows(_PER_AREA, low=low, high=high)


def case_keys(work: Work, low: int, high: int, after: int, size: int) -> list[int]:
    """The next ``size`` keys of cases of a range after one."""
    return [row[0] for row in work.rows(_CASE_KEYS, low=low, high=high, after=after, size=size)]
