"""用药监测查询: results of tests of one case, what was stated about its drugs, who is watched at all."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import bindparam, exists, or_, select

from casemgr.rules.facts import CaseDay
from casemgr.store import course
from casemgr.store.models import Case, DrugLine, DrugWatch, LabResult, RegimenLine, Visit
from casemgr.store.scope import lasting
from casemgr.store.work import Work
from casemgr.terms.register import Lifecycle, Management

_OF: Any = bindparam("case")
_CASE = lasting(
    select(
        Case.id,
        Case.area,
        Case.file_no,
        Case.sex,
        Case.birth_year,
        Case.registered_on,
        Case.lifecycle,
        Case.lifecycle_on,
    ).where(Case.id == _OF)
)
_WATCHED = lasting(
    select(
        or_(
            exists().where(Visit.case_id == Case.id, Visit.watch > 0),
            exists().where(RegimenLine.case_id == Case.id, RegimenLine.watch > 0),
            exists().where(DrugWatch.case_id == Case.id),
            exists().where(LabResult.case_id == Case.id),
        ).label("watched")
    ).where(Case.id == _OF)
)
_RESULTS = lasting(
    select(LabResult).where(LabResult.case_id == _OF).order_by(LabResult.on.desc(), LabResult.id.desc())
)
_WATCHES = lasting(select(DrugWatch).where(DrugWatch.case_id == _OF).order_by(DrugWatch.drug))
_ENTRY = lasting(
    select(LabResult.id, LabResult.case_id)
    .where(LabResult.entry == bindparam("entry"))
    .order_by(LabResult.id)
)


def case(work: Work, key: int) -> Any:
    """What a result needs to know of its case; ``None`` outside the access."""
    return work.row(_CASE, case=key)


def watched(work: Work, key: int) -> bool:
    """Whether records of a case tell of a watched drug, or of a result."""
    return bool(work.scalar(_WATCHED, case=key))


def results(work: Work, key: int) -> list[LabResult]:
    """Every result of a case, the latest first, those entered by mistake included."""
    return work.entities(_RESULTS, case=key)


def watches(work: Work, key: int) -> list[DrugWatch]:
    """What was stated about the drugs of a case."""
    return work.entities(_WATCHES, case=key)


def of_entry(work: Work, entry: int) -> list[Any]:
    """(id, case) of the results that came with one form."""
    return list(work.rows(_ENTRY, entry=entry))


def facts(work: Work, key: int) -> CaseDay | None:
    """Everything the rules may know of a case; ``None`` outside the access."""
    return next((one for one, _ in course.of_cases(work, [key])), None)


#: The last visits that name a watched drug, of people managed as usual.
_EXAMPLES = lasting(
    select(Case.id, Case.area, Visit.watch, Visit.on)
    .join(Visit, Visit.case_id == Case.id)
    .where(
        Visit.watch > 0,
        Case.lifecycle == int(Lifecycle.ON_REGISTER),
        Case.management == int(Management.MANAGED),
        Case.pause.is_(None),
    )
    .order_by(Case.area, Case.file_no, Visit.on.desc())
    .limit(500)
)


def examples(work: Work) -> list[Any]:
    """(id, area, watch, on) of visits whose people may serve as an example, in the order of their files."""
    return list(work.rows(_EXAMPLES))


#: Drug lines of visits whose kinds of watched drugs were never told (records from before they were kept).
_UNREAD = lasting(
    select(DrugLine.visit_id, DrugLine.id, DrugLine.name, DrugLine.long_acting)
    .join(Visit, Visit.id == DrugLine.visit_id)
    .where(
        Visit.on >= bindparam("since"),
        Visit.watch.is_(None),
        DrugLine.guidance.is_(False),
    )
    .order_by(DrugLine.visit_id, DrugLine.position)
    .limit(bindparam("size"))
)
_VISITS = lasting(select(Visit).where(Visit.id.in_(bindparam("keys", expanding=True))))


def unread(work: Work, since: date, size: int) -> list[Any]:
    """(visit, line, name, long-acting) of visits since a day whose drugs were never looked at."""
    return list(work.rows(_UNREAD, since=since, size=size))


def visits(work: Work, keys: list[int]) -> list[Visit]:
    """Visits to be changed."""
    return work.entities(_VISITS, keys=keys)
