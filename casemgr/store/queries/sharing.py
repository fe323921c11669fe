"""信息提供查询: consents, benefits, comparisons, data requests, impact notes and meetings of an area."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, bindparam, exists, func, or_, select

from casemgr.store.models.account import Account
from casemgr.store.models.area import Area, Unit
from casemgr.store.models.followup import Visit
from casemgr.store.models.incident import Incident
from casemgr.store.models.liaison import Disclosure, LiaisonReport, LiaisonTask
from casemgr.store.models.person import Guardian, Identity
from casemgr.store.models.register import Case
from casemgr.store.models.sharing import (
    BenefitClaim,
    ComparisonQuestion,
    DataRequest,
    DutyReview,
    GroupMeeting,
    ImpactNote,
    ListComparison,
    RequestPerson,
    ShareConsent,
)
from casemgr.store.queries.liaison import TOLD
from casemgr.store.scope import lasting
from casemgr.store.types import Day
from casemgr.store.work import Work
from casemgr.terms.register import Lifecycle
from casemgr.terms.sharing import Benefit, ClaimState

#: How many keys one statement names.
KEYS = 500

_FLOWS: Any = lasting(
    select(ImpactNote.flow).where(ImpactNote.county == bindparam("county", type_=BigInteger)).distinct()
)
_NOTES: Any = lasting(
    select(ImpactNote, Account.display)
    .outerjoin(Account, Account.id == ImpactNote.recorded_by)
    .where(ImpactNote.county == bindparam("county", type_=BigInteger))
    .order_by(ImpactNote.written_on.desc(), ImpactNote.id.desc())
)


def _rows(work: Work, statement: Any, **values: Any) -> Sequence[Any]:
    """Rows whose columns are taken by place."""
    return work.rows(statement, **values)


def flows_noted(work: Work, county: int) -> set[int]:
    """Flows for which an impact note of the county is there."""
    return {row[0] for row in _rows(work, _FLOWS, county=county)}


def notes(work: Work, county: int) -> Sequence[Any]:
    """All impact notes of a county with who wrote them, latest first."""
    return work.rows(_NOTES, county=county)


# --- comparison of lists ---

_TOKENS: Any = lasting(
    select(Identity.id_token, Identity.person_id, Case.id, Case.area, Case.lifecycle)
    .join(Case, Case.person_id == Identity.person_id)
    .where(Identity.id_token.is_not(None))
)
_NAMES: Any = lasting(
    select(Identity.person_id, Identity.name).where(
        Identity.person_id.in_(bindparam("people", expanding=True))
    )
)
_COMPARISONS: Any = lasting(
    select(ListComparison).order_by(ListComparison.recorded_at.desc(), ListComparison.id.desc()).limit(100)
)
_QUESTIONS: Any = lasting(
    select(ComparisonQuestion, Case.file_no, Area.name)
    .outerjoin(Case, Case.id == ComparisonQuestion.case_id)
    .outerjoin(Area, Area.code == Case.area)
    .where(ComparisonQuestion.comparison_id == bindparam("comparison"))
    .order_by(ComparisonQuestion.finding, Case.file_no, ComparisonQuestion.row)
)
_OPEN_QUESTIONS: Any = lasting(
    select(ComparisonQuestion.comparison_id, func.count(ComparisonQuestion.id))
    .where(ComparisonQuestion.answered_on.is_(None))
    .group_by(ComparisonQuestion.comparison_id)
)


def tokens(work: Work) -> Sequence[Any]:
    """(token, person, case, area, lifecycle) of everybody with an identity number."""
    return work.rows(_TOKENS)


def names(work: Work, people: Sequence[int]) -> Sequence[Any]:
    """(person, sealed name) of these people, to be compared."""
    return [
        row
        for at in range(0, len(people), KEYS)
        for row in work.rows(_NAMES, people=list(people[at : at + KEYS]))
    ]


def comparisons(work: Work) -> list[ListComparison]:
    """The latest comparisons."""
    return work.facts(_COMPARISONS)


def questions(work: Work, comparison: int) -> Sequence[Any]:
    """The questions of one comparison with file number and township."""
    return work.rows(_QUESTIONS, comparison=comparison)


def open_questions(work: Work) -> dict[int, int]:
    """How many questions of each comparison wait for an answer."""
    return {row[0]: row[1] for row in _rows(work, _OPEN_QUESTIONS)}


_ENDED: Any = lasting(
    select(func.count(func.distinct(Disclosure.file_key))).where(
        Disclosure.receiver == bindparam("receiver"),
        Disclosure.withdrawn_on > bindparam("since", type_=Day()),
        Disclosure.withdrawn_on <= bindparam("today", type_=Day()),
    )
)


def ended(work: Work, receiver: int, since: date, today: date) -> int:
    """How many files were withdrawn from one kind of receiver after ``since``."""
    return int(work.scalar(_ENDED, receiver=receiver, since=since, today=today) or 0)


# --- data requests ---

_REQUESTS: Any = lasting(
    select(DataRequest, func.count(RequestPerson.id).label("people"))
    .outerjoin(RequestPerson, RequestPerson.request_id == DataRequest.id)
    .group_by(DataRequest.id)
    .order_by(DataRequest.recorded_at.desc(), DataRequest.id.desc())
    .limit(200)
)
_ASKED_ABOUT: Any = lasting(
    select(RequestPerson.case_id, Case.file_no, Case.person_id, Case.area, Case.lifecycle)
    .join(Case, Case.id == RequestPerson.case_id)
    .where(RequestPerson.request_id == bindparam("request"))
    .order_by(Case.file_no)
)
_BY_FILE_NO: Any = lasting(
    select(Case.id, Case.area, Case.file_no).where(
        Case.county == bindparam("county"), Case.file_no.in_(bindparam("numbers", expanding=True))
    )
)


def requests(work: Work) -> Sequence[Any]:
    """Data requests with the number of people, latest first."""
    return work.rows(_REQUESTS)


def asked_about(work: Work, request: int) -> Sequence[Any]:
    """The people of one data request."""
    return work.rows(_ASKED_ABOUT, request=request)


def by_file_no(work: Work, county: int, numbers: Sequence[str]) -> Sequence[Any]:
    """(case, area, file number) of these file numbers of a county."""
    return work.rows(_BY_FILE_NO, county=county, numbers=list(numbers))


# --- what a sheet says of a person ---

Village = Area
_FACTS: Any = lasting(
    select(
        Case.id,
        Case.area,
        Case.person_id,
        Case.file_no,
        Case.sex,
        Case.birth_year,
        Case.diagnosis,
        Case.registered_on,
        Case.lifecycle,
        Village.name.label("village"),
        Unit.name.label("unit"),
    )
    .join(Unit, Unit.id == Case.unit_id)
    .outerjoin(Village, Village.code == Case.village)
    .where(Case.id.in_(bindparam("cases", expanding=True)))
    .order_by(Case.file_no)
)
_RISKS: Any = lasting(
    select(Visit.case_id, Visit.on, Visit.risk)
    .where(Visit.case_id.in_(bindparam("cases", expanding=True)), Visit.risk.is_not(None))
    .order_by(Visit.case_id, Visit.on, Visit.id)
)
_TAKEN: Any = lasting(
    select(Visit.case_id, Visit.adherence)
    .where(Visit.case_id.in_(bindparam("cases", expanding=True)), Visit.adherence.is_not(None))
    .order_by(Visit.case_id, Visit.on, Visit.id)
)
_AIDED: Any = lasting(
    select(BenefitClaim.case_id).where(
        BenefitClaim.case_id.in_(bindparam("cases", expanding=True)),
        BenefitClaim.benefit == int(Benefit.ALLOWANCE),
        BenefitClaim.state == int(ClaimState.GRANTED),
    )
)
_SEEN: Any = lasting(
    select(Visit.case_id, func.count(Visit.id), func.max(Visit.on))
    .where(Visit.case_id.in_(bindparam("cases", expanding=True)), Visit.loss_reason.is_(None))
    .group_by(Visit.case_id)
)
_ACTS: Any = lasting(
    select(Incident.case_id, func.count(Incident.id), func.max(Incident.on))
    .where(Incident.case_id.in_(bindparam("cases", expanding=True)))
    .group_by(Incident.case_id)
)


def facts(work: Work, cases: Sequence[int]) -> Sequence[Any]:
    """What the register says of these files, names apart."""
    return [
        row
        for at in range(0, len(cases), KEYS)
        for row in _rows(work, _FACTS, cases=list(cases[at : at + KEYS]))
    ]


def latest_risk(work: Work, cases: Sequence[int]) -> dict[int, tuple[date, int]]:
    """The latest assessment of each file: its day and level."""
    return {
        row.case_id: (row.on, row.risk)
        for at in range(0, len(cases), KEYS)
        for row in _rows(work, _RISKS, cases=list(cases[at : at + KEYS]))
    }


def latest_adherence(work: Work, cases: Sequence[int]) -> dict[int, int]:
    """What the latest visit that says so tells of taking medicine, by file."""
    return {
        row.case_id: row.adherence
        for at in range(0, len(cases), KEYS)
        for row in _rows(work, _TAKEN, cases=list(cases[at : at + KEYS]))
    }


def aided(work: Work, cases: Sequence[int]) -> set[int]:
    """Files whose person was granted an allowance that has not ended."""
    return {
        row.case_id
        for at in range(0, len(cases), KEYS)
        for row in _rows(work, _AIDED, cases=list(cases[at : at + KEYS]))
    }


def visits_counted(work: Work, cases: Sequence[int]) -> dict[int, tuple[int, date]]:
    """How many visits reached each person, and the last of them."""
    return {
        row[0]: (row[1], row[2])
        for at in range(0, len(cases), KEYS)
        for row in _rows(work, _SEEN, cases=list(cases[at : at + KEYS]))
    }


def acts_counted(work: Work, cases: Sequence[int]) -> dict[int, tuple[int, date]]:
    """How many dangerous acts stand on each file, and the last of them."""
    return {
        row[0]: (row[1], row[2])
        for at in range(0, len(cases), KEYS)
        for row in _rows(work, _ACTS, cases=list(cases[at : at + KEYS]))
    }


# --- consents and benefits ---

_CONSENTS: Any = lasting(
    select(ShareConsent)
    .where(ShareConsent.case_id == bindparam("case"))
    .order_by(ShareConsent.recorded_at.desc(), ShareConsent.id.desc())
)
_CLAIMS: Any = lasting(
    select(BenefitClaim)
    .where(BenefitClaim.case_id == bindparam("case"))
    .order_by(BenefitClaim.recorded_at.desc(), BenefitClaim.id.desc())
)
_CLAIM_OF: Any = lasting(select(BenefitClaim).where(BenefitClaim.consent_id == bindparam("consent")))
_REVIEWS: Any = lasting(
    select(DutyReview).where(DutyReview.case_id == bindparam("case")).order_by(DutyReview.quarter.desc())
)
_SUBSIDIES: Any = lasting(
    select(
        BenefitClaim,
        Case.file_no,
        Case.person_id,
        Case.lifecycle,
        ShareConsent.withdrawn_on,
        ShareConsent.until,
        ShareConsent.signed_on,
    )
    .join(Case, Case.id == BenefitClaim.case_id)
    .join(ShareConsent, ShareConsent.id == BenefitClaim.consent_id)
    .where(BenefitClaim.benefit == bindparam("benefit"), BenefitClaim.state == bindparam("state"))
    .order_by(Case.file_no)
)
_PASSED: Any = lasting(
    select(DutyReview.claim_id, DutyReview.passed).where(DutyReview.quarter == bindparam("quarter"))
)
_GUARDIANS: Any = lasting(
    select(Guardian).where(Guardian.person_id == bindparam("person")).order_by(Guardian.id)
)
_HELD: Any = lasting(
    select(BenefitClaim, Case.file_no, Case.lifecycle, ShareConsent.until)
    .join(Case, Case.id == BenefitClaim.case_id)
    .join(ShareConsent, ShareConsent.id == BenefitClaim.consent_id)
    .where(BenefitClaim.state.in_(bindparam("states", expanding=True)))
    .order_by(BenefitClaim.applied_on, Case.file_no)
)
_TOLD: Any = lasting(
    select(ShareConsent, BenefitClaim, Case.diagnosis)
    .join(BenefitClaim, BenefitClaim.consent_id == ShareConsent.id)
    .join(Case, Case.id == BenefitClaim.case_id)
    .where(
        ShareConsent.case_id.in_(bindparam("cases", expanding=True)),
        ShareConsent.withdrawn_on.is_(None),
        ShareConsent.signed_on <= bindparam("today", type_=Day()),
        BenefitClaim.state.in_(bindparam("states", expanding=True)),
    )
    .order_by(ShareConsent.id)
)


def claims_told(work: Work, cases: Sequence[int], states: Sequence[int], today: date) -> Sequence[Any]:
    """Consents that hold for these files, with their benefits in these states and the diagnosis."""
    return work.rows(_TOLD, cases=list(cases), states=list(states), today=today)


def consents(work: Work, case: int) -> list[ShareConsent]:
    """Consents and applications of one file, latest first."""
    return work.entities(_CONSENTS, case=case)


def claims(work: Work, case: int) -> list[BenefitClaim]:
    """Benefits of one file, latest first."""
    return work.entities(_CLAIMS, case=case)


def claims_of(work: Work, consent: int) -> list[BenefitClaim]:
    """The benefits that rest on one consent."""
    return work.entities(_CLAIM_OF, consent=consent)


def reviews(work: Work, case: int) -> list[DutyReview]:
    """Reviews of guardians' duties of one file, latest quarter first."""
    return work.entities(_REVIEWS, case=case)


def subsidies(work: Work, benefit: int, state: int) -> Sequence[Any]:
    """Benefits of one kind in one state, with their file and how long the consent holds or held."""
    return work.rows(_SUBSIDIES, benefit=benefit, state=state)


def passed(work: Work, quarter: int) -> dict[int, bool]:
    """Whether the duties of each claim were found met in a quarter; not reviewed is not in it."""
    return {row[0]: row[1] for row in _rows(work, _PASSED, quarter=quarter)}


def guardians(work: Work, person: int) -> list[Guardian]:
    """The guardians of one person."""
    return work.entities(_GUARDIANS, person=person)


_WITH_GUARDIAN: Any = lasting(
    select(Case.id.label("case"), func.min(Guardian.id).label("guardian"))
    .join(Guardian, Guardian.person_id == Case.person_id)
    .where(Case.area == bindparam("area"), Case.lifecycle == int(Lifecycle.ON_REGISTER))
    .group_by(Case.id, Case.file_no)
    .order_by(Case.file_no)
    .limit(bindparam("most"))
)


def with_guardian(work: Work, area: int, most: int) -> Sequence[Any]:
    """(case, guardian) of the first people of a township who have a guardian."""
    return work.rows(_WITH_GUARDIAN, area=area, most=most)


def running(work: Work, states: Sequence[int]) -> Sequence[Any]:
    """Benefits that are under way, with file number, life cycle and end of consent, the oldest first."""
    return work.rows(_HELD, states=list(states))


_RUN_OUT: Any = lasting(
    select(BenefitClaim)
    .join(ShareConsent, ShareConsent.id == BenefitClaim.consent_id)
    .where(
        BenefitClaim.state.in_(bindparam("states", expanding=True)),
        ShareConsent.until < bindparam("today", type_=Day()),
        ShareConsent.withdrawn_on.is_(None),
    )
)


def run_out(work: Work, states: Sequence[int], today: date) -> list[BenefitClaim]:
    """Benefits in these states whose consent ended before today."""
    return work.entities(_RUN_OUT, states=list(states), today=today)


# --- meetings and the ledger ---

_MEETINGS: Any = lasting(
    select(GroupMeeting)
    .where(GroupMeeting.area == bindparam("area"))
    .order_by(GroupMeeting.on.desc())
    .limit(20)
)


#: Of a benefit: the file is open and the signature it rests on holds.
_HOLDS = (
    exists(Case.id).where(Case.id == BenefitClaim.case_id, Case.lifecycle == int(Lifecycle.ON_REGISTER)),
    exists(ShareConsent.id).where(
        ShareConsent.id == BenefitClaim.consent_id,
        ShareConsent.withdrawn_on.is_(None),
        or_(ShareConsent.until.is_(None), ShareConsent.until >= bindparam("today", type_=Day())),
    ),
)
_NUMBERS: dict[str, Any] = {
    "registered": lasting(select(func.count(Case.id)).where(Case.lifecycle == int(Lifecycle.ON_REGISTER))),
    "new_acts": lasting(
        select(func.count(Incident.id)).where(
            Incident.on > bindparam("since", type_=Day()),
            Incident.on <= bindparam("today", type_=Day()),
            Incident.kind.in_(TOLD),
        )
    ),
    "tasks_open": lasting(select(func.count(LiaisonTask.id)).where(LiaisonTask.closed_on.is_(None))),
    "tasks_late": lasting(
        select(func.count(LiaisonTask.id)).where(
            LiaisonTask.closed_on.is_(None), LiaisonTask.due_on < bindparam("today", type_=Day())
        )
    ),
    "tasks_done": lasting(
        select(func.count(LiaisonTask.id)).where(
            LiaisonTask.closed_on > bindparam("since", type_=Day()),
            LiaisonTask.closed_on <= bindparam("today", type_=Day()),
        )
    ),
    "reports": lasting(
        select(func.count(LiaisonReport.id)).where(
            LiaisonReport.reported_on > bindparam("since", type_=Day()),
            LiaisonReport.reported_on <= bindparam("today", type_=Day()),
        )
    ),
    "subsidies": lasting(
        select(func.count(BenefitClaim.id)).where(
            BenefitClaim.benefit == int(Benefit.SUBSIDY),
            BenefitClaim.state == int(ClaimState.GRANTED),
            *_HOLDS,
        )
    ),
    "referrals": lasting(
        select(func.count(BenefitClaim.id)).where(
            BenefitClaim.benefit == int(Benefit.REHABILITATION),
            *_HOLDS,
            BenefitClaim.state.in_(
                [int(one) for one in (ClaimState.REFERRED, ClaimState.ACCEPTED, ClaimState.GRANTED)]
            ),
        )
    ),
}
_ASKS = {"new_acts": ("since", "today"), "tasks_late": ("today",), "tasks_done": ("since", "today")}
_ASKS["reports"] = ("since", "today")
_ASKS["subsidies"] = _ASKS["referrals"] = ("today",)


def meeting_counts(work: Work, since: date, today: date) -> dict[str, int]:
    """What is counted for a meeting, within the access, since the one before."""
    given = {"since": since, "today": today}
    return {
        name: int(work.scalar(one, **{key: given[key] for key in _ASKS.get(name, ())}) or 0)
        for name, one in _NUMBERS.items()
    }


def meetings(work: Work, area: int) -> list[GroupMeeting]:
    """The meetings of one area, latest first."""
    return work.entities(_MEETINGS, area=area)
