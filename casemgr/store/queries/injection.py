"""长效针剂查询: doses with their place in the course, and what counties have laid over product labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import bindparam, or_, select

from casemgr.store.models.area import Area
from casemgr.store.models.followup import Visit
from casemgr.store.models.injection import Dose, ProductLabel
from casemgr.store.models.person import Guardian
from casemgr.store.models.referral import Referral
from casemgr.store.models.register import Case
from casemgr.store.scope import lasting
from casemgr.store.work import Work
from casemgr.terms.register import Lifecycle

#: How many cases or doses one statement names.
KEYS = 2_000

_KEYS: Any = bindparam("keys", expanding=True)
_CASE: Any = bindparam("case")
#: The columns that tell where a dose stands in its course, see :data:`PLACE`.
PLACE = ("role", "number", "start_on", "aside", "cover_days", "cover_until", "followed_on")
_COURSE = (
    Dose.id,
    Dose.case_id,
    Dose.area,
    Dose.product,
    Dose.on,
    Dose.dose_ug,
    Dose.site,
    Dose.ordinal,
    Dose.interval_days,
    Dose.partial,
    Dose.role_told,
    *(getattr(Dose, name) for name in PLACE),
    Dose.next_on,
    Dose.stopped_on,
    Dose.stop_reason,
    Dose.side,
    Dose.place,
)
_OF_CASES = lasting(select(*_COURSE).where(Dose.case_id.in_(_KEYS)).order_by(Dose.case_id, Dose.on, Dose.id))
_UNPLACED = lasting(
    select(Dose.case_id)
    .where(Dose.case_id.in_(_KEYS), Dose.role.is_(None), Dose.followed_on.is_(None))
    .distinct()
)
_TO_CHANGE = lasting(select(Dose).where(Dose.id.in_(_KEYS)))
_DOSES = lasting(select(Dose).where(Dose.case_id == _CASE).order_by(Dose.on.desc(), Dose.id.desc()))
_LABELS = lasting(select(ProductLabel).order_by(ProductLabel.recorded_at, ProductLabel.id))
_CASES_OF_PRODUCT = lasting(
    select(Dose.case_id).where(Dose.product == bindparam("product")).distinct().order_by(Dose.case_id)
)
_REFERRALS = lasting(
    select(Referral.id, Referral.advised_on, Referral.direction, Referral.state)
    .where(Referral.case_id == _CASE)
    .order_by(Referral.advised_on.desc(), Referral.id.desc())
    .limit(20)
)
_VISITS = lasting(
    select(Visit.on, Visit.hospital, Visit.stability, Visit.risk)
    .where(Visit.case_id == _CASE, Visit.on >= bindparam("since"), Visit.loss_reason.is_(None))
    .order_by(Visit.on)
)
#: Of whoever is on the register of an area: the last dose of each course.
_LAST = lasting(
    select(
        *_COURSE,
        Case.file_no,
        Case.person_id,
        Case.village,
        Area.name.label("village_name"),
    )
    .join(Case, Case.id == Dose.case_id)
    .outerjoin(Area, Area.code == Case.village)
    .where(
        Dose.area >= bindparam("low"),
        Dose.area < bindparam("high"),
        Dose.followed_on.is_(None),
        Case.lifecycle == int(Lifecycle.ON_REGISTER),
    )
    .order_by(Case.file_no, Dose.on)
)
_GIVEN = lasting(
    select(Dose.on, Dose.case_id, Case.file_no)
    .join(Case, Case.id == Dose.case_id)
    .where(
        Dose.area >= bindparam("low"),
        Dose.area < bindparam("high"),
        Dose.on >= bindparam("first"),
        Dose.on <= bindparam("last"),
        or_(Dose.partial.is_(None), Dose.partial.is_(False)),
    )
    .order_by(Dose.on, Case.file_no)
)


def _lots(keys: Iterable[int]) -> Iterator[list[int]]:
    chosen = sorted(set(keys))
    for start in range(0, len(chosen), KEYS):
        yield chosen[start : start + KEYS]


def courses(work: Work, cases: Iterable[int]) -> Iterator[Any]:
    """The doses of these cases with their places, case by case in order of time."""
    for lot in _lots(cases):
        yield from work.rows(_OF_CASES, keys=lot)


def unplaced(work: Work, cases: Iterable[int]) -> list[int]:
    """Those of these cases that have a dose whose place was never worked out."""
    return [int(row[0]) for lot in _lots(cases) for row in work.rows(_UNPLACED, keys=lot)]


def to_change(work: Work, keys: Iterable[int]) -> dict[int, Dose]:
    """The doses with these keys, by key."""
    return {one.id: one for lot in _lots(keys) for one in work.entities(_TO_CHANGE, keys=lot)}


def doses(work: Work, case_id: int) -> list[Dose]:
    """All doses of a case, latest first."""
    return work.entities(_DOSES, case=case_id)


def labels(work: Work) -> list[ProductLabel]:
    """Everything that counties have laid over labels, oldest first."""
    return work.entities(_LABELS)


def cases_of_product(work: Work, product: str) -> list[int]:
    """The cases inside the access that ever had a product."""
    return [int(row[0]) for row in work.rows(_CASES_OF_PRODUCT, product=product)]


def referrals(work: Work, case_id: int) -> Sequence[Any]:
    """(key, advised on, direction, state) of the latest referrals of a case."""
    return work.rows(_REFERRALS, case=case_id)


def visits(work: Work, case_id: int, since: date) -> Sequence[Any]:
    """(on, hospital, stability, risk) of the visits of a case that reached somebody, oldest first."""
    return work.rows(_VISITS, case=case_id, since=since)


def last_doses(work: Work, low: int, high: int) -> Sequence[Any]:
    """The last dose of every course of the people on the register of an area, with their file."""
    return work.rows(_LAST, low=low, high=high)


def given(work: Work, low: int, high: int, first: date, last: date) -> Sequence[Any]:
    """(day, case, file number) of the doses given in a stretch of days."""
    return work.rows(_GIVEN, low=low, high=high, first=first, last=last)


# --- candidates -----------------------------------------------------------------------------------

_SEEN = lasting(
    select(
        Visit.case_id,
        Visit.on,
        Visit.adherence,
        Visit.risk,
        Visit.disturbance_count,
        Visit.offence_count,
        Visit.crime_count,
        Visit.other_harm_count,
        Visit.acts,
    )
    .join(Case, Case.id == Visit.case_id)
    .where(
        Visit.area >= bindparam("low"),
        Visit.area < bindparam("high"),
        Visit.on >= bindparam("since"),
        Visit.loss_reason.is_(None),
        Case.lifecycle == int(Lifecycle.ON_REGISTER),
    )
    .order_by(Visit.case_id, Visit.on.desc(), Visit.id.desc())
)
_PEOPLE = lasting(
    select(
        Case.id,
        Case.person_id,
        Case.file_no,
        Case.diagnosis,
        Case.village,
        Area.name.label("village_name"),
        Guardian.person_id.label("guardian"),
    )
    .outerjoin(Guardian, Guardian.person_id == Case.person_id)
    .outerjoin(Area, Area.code == Case.village)
    .where(
        Case.area >= bindparam("low"),
        Case.area < bindparam("high"),
        Case.lifecycle == int(Lifecycle.ON_REGISTER),
    )
    .order_by(Case.file_no)
)


def people(work: Work, low: int, high: int) -> Sequence[Any]:
    """The people on the register of an area, and whether a guardian is written down."""
    return work.rows(_PEOPLE, low=low, high=high)


def seen(work: Work, low: int, high: int, since: date) -> Sequence[Any]:
    """The visits of each of them that reached somebody, case by case, latest first."""
    return work.rows(_SEEN, low=low, high=high, since=since)
