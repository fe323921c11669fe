"""岗位查询: posts with their villages and accounts, whose files they concern, what a sheet tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, select
from sqlalchemy.orm import aliased

from casemgr.store.models.account import Account
from casemgr.store.models.area import Area
from casemgr.store.models.duty import Duty
from casemgr.store.models.followup import DrugLine, Visit, VisitText
from casemgr.store.models.incident import Incident
from casemgr.store.models.liaison import Disclosure
from casemgr.store.models.medicine import RegimenLine
from casemgr.store.models.post import HospitalCare, Post, PostVillage
from casemgr.store.models.referral import Referral
from casemgr.store.models.register import Case, Supplement
from casemgr.store.models.rehab import RehabSession
from casemgr.store.scope import lasting
from casemgr.store.types import Day
from casemgr.store.work import Work
from casemgr.terms.duty import DutyState
from casemgr.terms.register import Lifecycle

_KEYS: Any = bindparam("keys", expanding=True)
_POSTS: Any = bindparam("posts", expanding=True)

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
    .where(PostVillage.post_id.in_(_POSTS))
    .order_by(PostVillage.village)
)
_VILLAGE_ROWS = lasting(select(PostVillage).where(PostVillage.post_id == bindparam("post")))
_ACCOUNTS = lasting(
    select(Account)
    .where(Account.post_id.in_(_POSTS))
    .order_by(Account.active.desc(), Account.display, Account.id)
)
_NAMES = lasting(select(Post.id, Post.name).where(Post.id.in_(_POSTS)))
_HOSPITALS = lasting(
    select(Post.id, Post.name)
    .where(
        Post.role == bindparam("role"),
        Post.place == bindparam("place"),
        Post.ended_on.is_(None),
        exists(Account.id).where(Account.post_id == Post.id, Account.active.is_(True)),
    )
    .order_by(Post.name, Post.id)
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


def names(work: Work, posts: Iterable[int]) -> dict[int, str]:
    """What posts are called, by key."""
    wanted = sorted(set(posts))
    return {row.id: row.name for row in work.rows(_NAMES, posts=wanted)} if wanted else {}


def hospitals(work: Work, role: int, place: int) -> list[tuple[int, str]]:
    """(key, name) of the hospitals of a county that somebody can sign in for."""
    return [(row.id, row.name) for row in work.rows(_HOSPITALS, role=role, place=place)]


# --- whose files they concern ---

_AT_VILLAGE = lasting(
    select(Case.id, Case.village, PostVillage.post_id, Case.consent, Case.article30)
    .join(PostVillage, PostVillage.village == Case.village)
    .join(Post, and_(Post.id == PostVillage.post_id, Post.place == Case.area))
    .where(Case.id.in_(_KEYS), Post.ended_on.is_(None))
)
_IN_CARE = lasting(
    select(
        HospitalCare.id,
        HospitalCare.case_id,
        HospitalCare.post_id,
        HospitalCare.ground,
        HospitalCare.origin,
        HospitalCare.since,
        HospitalCare.until,
        Referral.state,
        Referral.id.label("referral_id"),
        Referral.reason,
        Case.pause,
    )
    .join(Case, Case.id == HospitalCare.case_id)
    .join(Post, Post.id == HospitalCare.post_id)
    .outerjoin(Referral, Referral.id == HospitalCare.origin)
    .where(HospitalCare.case_id.in_(_KEYS), HospitalCare.ended_on.is_(None), Post.ended_on.is_(None))
    .order_by(HospitalCare.since, HospitalCare.id)
)
_CARES = lasting(
    select(HospitalCare, Post.name.label("hospital"))
    .outerjoin(Post, Post.id == HospitalCare.post_id)
    .where(HospitalCare.case_id == bindparam("case"))
    .order_by(HospitalCare.ended_on.is_not(None), HospitalCare.since.desc(), HospitalCare.id.desc())
)
_OF_VILLAGES = lasting(
    select(Case.id)
    .where(
        Case.village.in_(bindparam("villages", expanding=True)),
        Case.lifecycle == int(Lifecycle.ON_REGISTER),
    )
    .order_by(Case.id)
)
_DISCLOSED_TO = lasting(
    select(Disclosure.file_key).where(
        Disclosure.receiver_area == bindparam("post"), Disclosure.withdrawn_on.is_(None)
    )
)


def at_villages(work: Work, keys: Sequence[int]) -> Sequence[Any]:
    """(case, village, post, consent, Art. 30) of files in villages of a post of their township."""
    return work.rows(_AT_VILLAGE, keys=list(keys))


def in_care(work: Work, keys: Sequence[int]) -> Sequence[Any]:
    """Which hospitals treat these people, on what ground, with the state of referral and pause."""
    return work.rows(_IN_CARE, keys=list(keys))


def cares(work: Work, case: int) -> Sequence[Any]:
    """(HospitalCare, hospital) of one file, those that run first."""
    return work.rows(_CARES, case=case)


def of_villages(work: Work, codes: Sequence[int]) -> list[int]:
    """Files on the register in these villages."""
    return [row[0] for row in work.rows(_OF_VILLAGES, villages=list(codes))] if codes else []


def disclosed_to(work: Work, post: int) -> list[int]:
    """Files of which a post has an open sheet."""
    return [row[0] for row in work.rows(_DISCLOSED_TO, post=post)]


# --- what a sheet of theirs tells ---

_LATER = aliased(Visit)
_LATEST = lasting(
    select(
        Visit.case_id,
        Visit.id,
        Visit.on,
        Visit.stability,
        Visit.symptoms,
        Visit.insight,
        Visit.adherence,
        Visit.risk,
        Visit.rehab_measures,
        VisitText.symptoms_other,
        VisitText.adverse_reaction,
    )
    .outerjoin(VisitText, VisitText.visit_id == Visit.id)
    .where(
        Visit.case_id.in_(_KEYS),
        Visit.loss_reason.is_(None),
        ~exists(_LATER.id).where(
            _LATER.case_id == Visit.case_id, _LATER.on > Visit.on, _LATER.loss_reason.is_(None)
        ),
    )
)
_GRADE = lasting(
    select(Visit.case_id, Visit.on, Visit.risk).where(
        Visit.case_id.in_(_KEYS),
        Visit.risk.is_not(None),
        ~exists(_LATER.id).where(
            _LATER.case_id == Visit.case_id, _LATER.on > Visit.on, _LATER.risk.is_not(None)
        ),
    )
)
_REGIMEN = lasting(
    select(
        RegimenLine.case_id,
        RegimenLine.id,
        RegimenLine.code,
        RegimenLine.ingredient,
        RegimenLine.name,
        RegimenLine.long_acting,
        RegimenLine.morning_ug,
        RegimenLine.noon_ug,
        RegimenLine.evening_ug,
        RegimenLine.every_weeks,
        RegimenLine.dose_ug,
    )
    .where(
        RegimenLine.case_id.in_(_KEYS),
        RegimenLine.since <= bindparam("today", type_=Day()),
        RegimenLine.stopped_on.is_(None) | (RegimenLine.stopped_on > bindparam("today", type_=Day())),
    )
    .order_by(RegimenLine.since, RegimenLine.id)
)
_DRUGS = lasting(
    select(
        DrugLine.visit_id,
        DrugLine.id,
        DrugLine.name,
        DrugLine.long_acting,
        DrugLine.morning_ug,
        DrugLine.noon_ug,
        DrugLine.evening_ug,
        DrugLine.every_weeks,
        DrugLine.dose_ug,
    )
    .where(DrugLine.visit_id.in_(bindparam("visits", expanding=True)), DrugLine.guidance.is_(False))
    .order_by(DrugLine.position, DrugLine.id)
)
_ACTS = lasting(
    select(Incident.case_id, Incident.on, Incident.kind)
    .where(Incident.case_id.in_(_KEYS))
    .order_by(Incident.on.desc(), Incident.id)
)
_HARMS = lasting(
    select(Visit.case_id, Visit.on, Visit.crime_count)
    .where(Visit.case_id.in_(_KEYS), Visit.tells_offence())
    .order_by(Visit.on.desc())
)
_SESSIONS = lasting(
    select(
        RehabSession.case_id,
        func.count(RehabSession.id).label("count"),
        func.max(RehabSession.on).label("on"),
    )
    .where(RehabSession.case_id.in_(_KEYS), RehabSession.on >= bindparam("since", type_=Day()))
    .group_by(RehabSession.case_id)
)
_WELFARE = lasting(
    select(
        Case.id,
        Case.diagnosis,
        Case.icd10,
        Case.birth_year,
        Supplement.disability_grade,
        Supplement.subsidised,
        Supplement.economy,
        Supplement.allergies,
    )
    .outerjoin(Supplement, Supplement.case_id == Case.id)
    .where(Case.id.in_(_KEYS))
)
_COMING = lasting(
    select(Duty.case_id, Duty.kind, Duty.due_on)
    .where(
        Duty.case_id.in_(_KEYS),
        Duty.state == int(DutyState.OPEN),
        Duty.kind.in_(bindparam("kinds", expanding=True)),
    )
    .order_by(Duty.due_on, Duty.kind)
)


def latest_visits(work: Work, keys: Sequence[int]) -> dict[int, Any]:
    """The latest visit that met somebody, by case."""
    return {row.case_id: row for row in work.rows(_LATEST, keys=list(keys))}


def grades(work: Work, keys: Sequence[int]) -> dict[int, Any]:
    """(day, danger level) of the latest assessment, by case."""
    return {row.case_id: row for row in work.rows(_GRADE, keys=list(keys))}


def regimen(work: Work, keys: Sequence[int], today: date) -> dict[int, list[Any]]:
    """What is taken by order now, by case."""
    return _by(work.rows(_REGIMEN, keys=list(keys), today=today))


def drug_lines(work: Work, visits: Sequence[int]) -> dict[int, list[Any]]:
    """What is taken as a visit tells it, by visit."""
    return _by(work.rows(_DRUGS, visits=list(visits))) if visits else {}


def acts(work: Work, keys: Sequence[int]) -> dict[int, list[Any]]:
    """(case, day, kind) of dangerous acts, latest first, by case."""
    return _by(work.rows(_ACTS, keys=list(keys)))


def harms(work: Work, keys: Sequence[int]) -> dict[int, list[Any]]:
    """(case, day, number of 肇祸) of visits that told of 肇事 or 肇祸, latest first, by case."""
    return _by(work.rows(_HARMS, keys=list(keys)))


def sessions(work: Work, keys: Sequence[int], since: date) -> dict[int, Any]:
    """(number, latest day) of rehabilitation sessions since a day, by case."""
    return {row.case_id: row for row in work.rows(_SESSIONS, keys=list(keys), since=since)}


def welfare(work: Work, keys: Sequence[int]) -> dict[int, Any]:
    """Diagnosis, and whether there is aid or a certificate, by case."""
    return {row.id: row for row in work.rows(_WELFARE, keys=list(keys))}


def coming(work: Work, keys: Sequence[int], kinds: Sequence[int]) -> dict[int, list[Any]]:
    """(case, kind, day) of open duties of these kinds, what is due first first, by case."""
    return _by(work.rows(_COMING, keys=list(keys), kinds=list(kinds)))


def _by(rows: Sequence[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return found
