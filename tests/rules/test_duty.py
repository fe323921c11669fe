"""Every deadline as a table with its rule id, and what holds for any course at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casemgr.rules import policy
from casemgr.rules.duty import VISITS, Due, gather, of_clue, of_notice, of_transfer
from casemgr.rules.facts import (
    AttemptFact,
    CaseDay,
    ClueFact,
    ConsentFact,
    EmergencyFact,
    LockUpFact,
    NoticeFact,
    PauseFact,
    ReferralFact,
    StateFact,
    TransferFact,
    VisitFact,
)
from casemgr.terms.attempt import AttemptResult
from casemgr.terms.duty import DutyKind, DutyState
from casemgr.terms.register import Lifecycle, Management, Pause
from casemgr.terms.rulebook import book

TODAY = date(2026, 11, 20)
POLICY = policy.in_force_on(TODAY)
OPEN, DONE, LATE, MISSED, VOID = DutyState
K = DutyKind
OLD = date(2020, 3, 5)
FAMILY = 1 << 2


def d(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def case(**given: Any) -> CaseDay:
    facts = {"case": 1, "area": 2, "registered_on": OLD, "created_on": OLD, "consent": 1}
    facts["consents"] = (ConsentFact(5, 1, OLD),)
    facts["management"], facts["management_on"] = Management.MANAGED, OLD
    return CaseDay(**{**facts, **given})


def visit(on: str, stability: int | None = 3, **given: Any) -> VisitFact:
    day = d(on)
    return VisitFact(
        **{"id": day.toordinal(), "on": day, "mode": 2, "stability": stability, "risk": 0, **given}
    )


def told(
    kind: DutyKind, facts: CaseDay, today: date = TODAY
) -> list[tuple[str, date, DutyState, date | None]]:
    """(rule, due day, state, ended on) of the duties of one kind."""
    found = [one for one in gather(facts, POLICY, today) if one.kind is kind]
    return [(one.rule, one.due_on, one.state, one.ended_on) for one in found]


@pytest.mark.parametrize(
    ("name", "kind", "facts", "expected"),
    [
        (
            "stable: three months, and the visit before was in time",
            K.VISIT,
            case(visits=(visit("05-10"), visit("08-10"))),
            [("GW2017-7.12", d("08-10"), DONE, d("08-10")), ("GW2017-7.12", d("11-10"), OPEN, None)],
        ),
        (
            "unstable: two weeks, come too late",
            K.VISIT,
            case(visits=(visit("10-01", 1), visit("10-20", 3))),
            [("GW2017-7.10", d("10-15"), LATE, d("10-20")), ("GW2017-7.12", date(2027, 1, 20), OPEN, None)],
        ),
        (
            "basic: two weeks, then a month",
            K.VISIT,
            case(visits=(visit("10-01", 2), visit("10-15", 2))),
            [("GW2017-7.11", d("10-15"), DONE, d("10-15")), ("GW2017-7.11", d("11-15"), OPEN, None)],
        ),
        (
            "a death while the visit was overdue: missed, not forgotten",
            K.VISIT,
            case(visits=(visit("05-10"),), lifecycle=Lifecycle.DEAD, lifecycle_on=d("09-01")),
            [("GW2017-7.12", d("08-10"), MISSED, d("09-01"))],
        ),
        (
            "a death before it was due: not needed",
            K.VISIT,
            case(visits=(visit("05-10"),), lifecycle=Lifecycle.DEAD, lifecycle_on=d("06-01")),
            [("GW2017-7.12", d("08-10"), VOID, d("06-01"))],
        ),
        (
            "a death entered after later visits: they end nothing",
            K.VISIT,
            case(visits=(visit("05-10"), visit("08-09")), lifecycle=Lifecycle.DEAD, lifecycle_on=d("06-01")),
            [("GW2017-7.12", d("08-10"), VOID, d("06-01"))],
        ),
        (
            "lost, then found by state: ten working days",
            K.VISIT,
            case(
                visits=(visit("03-10"),),
                states=(
                    StateFact(7, Management.LOST, d("07-01"), d("11-02"), d("07-01")),
                    StateFact(8, Management.MANAGED, d("11-02"), None, d("11-02")),
                ),
            ),
            [("GW2017-7.12", d("06-10"), MISSED, d("07-01")), ("GF2018-5.3", d("11-16"), OPEN, None)],
        ),
        (
            "refused and not under article 30: no visits, asked again after a year",
            K.CONSENT_REASK,
            case(consent=0, consents=(ConsentFact(5, 0, d("01-31")),)),
            [("GF2018-4.3", date(2027, 1, 31), OPEN, None)],
        ),
        (
            "refused on 29 February: asked again on the last of February",
            K.CONSENT_REASK,
            case(consent=0, consents=(ConsentFact(5, 0, date(2024, 2, 29)),)),
            [("GF2018-4.3", date(2025, 2, 28), OPEN, None)],
        ),
        (
            "article 30: visited whatever was answered",
            K.VISIT,
            case(article30=True, consent=0, consents=(ConsentFact(5, 0, OLD),), visits=(visit("08-31"),)),
            [("GW2017-7.12", d("11-30"), OPEN, None)],
        ),
        (
            "first visit in ten working days, over the holiday",
            K.FIRST_VISIT,
            case(registered_on=d("09-30"), created_on=d("09-30")),
            [("GF2018-5.3", d("10-20"), OPEN, None)],
        ),
        (
            "first visit: a call is no face",
            K.FIRST_VISIT,
            case(registered_on=d("11-02"), created_on=d("11-02"), visits=(visit("11-03", mode=3),)),
            [("GF2018-5.3", d("11-16"), OPEN, None)],
        ),
        (
            "first visit of a file taken over from elsewhere",
            K.FIRST_VISIT,
            case(created_on=d("11-01"), visits=(visit("08-31"),)),
            [],
        ),
        (
            "registered on 31 December",
            K.FIRST_VISIT,
            case(registered_on=date(2025, 12, 31), created_on=date(2025, 12, 31)),
            [("GF2018-5.3", d("01-15"), OPEN, None)],
        ),
        (
            "two calls without the patient",
            K.FACE_VISIT,
            case(
                visits=(
                    visit("05-10", mode=3, informants=FAMILY),
                    visit("08-10", mode=3, informants=FAMILY),
                )
            ),
            [("FU-C10", d("11-10"), OPEN, None)],
        ),
        (
            "nobody met: again in two weeks",
            K.RETRY_VISIT,
            case(
                visits=(visit("08-01"),),
                attempts=(AttemptFact(9, d("11-02"), int(AttemptResult.NOT_REACHED)),),
            ),
            [("GF2018-8.2", d("11-16"), OPEN, None)],
        ),
        (
            "three strikes",
            K.LOST_CONFIRM,
            case(
                visits=(visit("07-01"),),
                attempts=tuple(
                    AttemptFact(n, d(on), int(AttemptResult.NOT_REACHED))
                    for n, on in enumerate(("10-02", "10-15", "11-02"))
                ),
            ),
            [("REC-8.8", d("11-09"), OPEN, None)],
        ),
        (
            "three strikes, then met",
            K.LOST_CONFIRM,
            case(
                visits=(visit("07-01"), visit("11-05")),
                attempts=tuple(
                    AttemptFact(n, d(on), int(AttemptResult.NOT_REACHED))
                    for n, on in enumerate(("10-02", "10-15", "11-02"))
                ),
            ),
            [("REC-8.8", d("11-09"), VOID, d("11-05"))],
        ),
        (
            "lost: a letter at once",
            K.LOST_NOTICE,
            case(states=(StateFact(7, Management.LOST, d("11-02"), None, d("11-02")),), management=3),
            [("GF2018-8.3", d("11-02"), OPEN, None)],
        ),
        (
            "lost: a letter, said to be sent",
            K.LOST_NOTICE,
            case(
                states=(StateFact(7, Management.LOST, d("11-02"), None, d("11-02")),),
                management=3,
                settled={(int(K.LOST_NOTICE), 7): d("11-04")},
            ),
            [("GF2018-8.3", d("11-02"), LATE, d("11-04"))],
        ),
        (
            "lost: searched every three months",
            K.LOST_SEARCH,
            case(
                states=(StateFact(7, Management.LOST, d("05-31"), None, d("05-31")),),
                management=3,
                attempts=(AttemptFact(9, d("08-31"), int(AttemptResult.NOT_REACHED)),),
            ),
            [("REC-8.7", d("08-31"), DONE, d("08-31")), ("REC-8.7", d("11-30"), OPEN, None)],
        ),
        (
            "unstable and lost: the police is told",
            K.TELL_POLICE,
            case(
                visits=(visit("10-01", 1),),
                states=(StateFact(7, Management.LOST, d("11-02"), None, d("11-02")),),
                management=3,
            ),
            [("GF2018-8.4", d("11-02"), OPEN, None)],
        ),
        (
            "level 3: the police is told, once",
            K.TELL_POLICE,
            case(
                visits=(visit("10-01", 1, risk=3), visit("10-14", 1, risk=4)),
                police_told=(d("10-01"),),
            ),
            [("GF2018-10.3", d("10-01"), DONE, d("10-01"))],
        ),
        (
            "unstable: refer at once; the next visit says it",
            K.REFER,
            case(visits=(visit("11-16", 1, own=True), visit("11-18", 1, own=True, referral_advised=2))),
            [("GW2017-7.10", d("11-16"), MISSED, d("11-18")), ("GW2017-7.10", d("11-18"), DONE, d("11-18"))],
        ),
        (
            "referred on the form: the result in two weeks",
            K.REFERRAL_RESULT,
            case(visits=(visit("11-16", 1, referred=2),)),
            [("GW2017-7.10", d("11-30"), OPEN, None)],
        ),
        (
            "a referral of its own",
            K.REFERRAL_RESULT,
            case(referrals=(ReferralFact(3, 1, 5, d("10-01"), d("10-02"), None, d("10-20"), None, None),)),
            [("GW2017-7.10", d("10-16"), LATE, d("10-20"))],
        ),
        (
            "lowered from level 3 without a second person",
            K.SECOND_OPINION,
            case(visits=(visit("11-02", 1, risk=3, own=True), visit("11-16", 2, risk=1, own=True))),
            [("REC-6.5", d("11-23"), OPEN, None)],
        ),
        (
            "lowered over a visit without a level: the level before still stands",
            K.SECOND_OPINION,
            case(
                visits=(
                    visit("10-02", 1, risk=4, own=True),
                    visit("10-16", 1, risk=None, own=True),
                    visit("11-16", 2, risk=1, own=True),
                )
            ),
            [("REC-6.5", d("11-23"), OPEN, None)],
        ),
        (
            "lowered, and seen again by the same person: that is no second one",
            K.SECOND_OPINION,
            case(
                visits=(
                    visit("11-02", 1, risk=3, own=True),
                    visit("11-10", 2, risk=1, own=True),
                    visit("11-12", 2, risk=1, own=True),
                )
            ),
            [("REC-6.5", d("11-17"), OPEN, None)],
        ),
        (
            "lowered, and high again at the next visit: nothing is left to agree to",
            K.SECOND_OPINION,
            case(
                visits=(
                    visit("11-02", 1, risk=3, own=True),
                    visit("11-10", 2, risk=1, own=True),
                    visit("11-12", 1, risk=4, own=True),
                )
            ),
            [("REC-6.5", d("11-17"), VOID, d("11-12"))],
        ),
        (
            "second step of 基本稳定: the psychiatrist",
            K.PSYCHIATRIST,
            case(visits=(visit("11-02", 2, own=True), visit("11-16", 2, own=True))),
            [("GW2017-7.11", d("12-16"), OPEN, None)],
        ),
        (
            "an emergency: its record",
            K.EMERGENCY_RECORD,
            case(
                emergencies=(
                    EmergencyFact(
                        4, d("11-18"), datetime(2026, 11, 18, 8, tzinfo=UTC), d("11-18"), None, None
                    ),
                )
            ),
            [("GF2018-10.5", d("11-19"), OPEN, None)],
        ),
        (
            "an emergency: a visit on the same day is the emergency itself",
            K.EMERGENCY_VISIT,
            case(
                visits=(visit("11-02", 1),),
                emergencies=(EmergencyFact(4, d("11-02"), None, None, None, None),),
            ),
            [("GF2018-7.15", d("11-16"), OPEN, None)],
        ),
        (
            "an emergency past midnight: two weeks from its end, and a visit of that day is still itself",
            K.EMERGENCY_VISIT,
            case(
                visits=(visit("11-03", 1),),
                emergencies=(
                    EmergencyFact(
                        4, d("11-02"), datetime(2026, 11, 2, 18, tzinfo=UTC), d("11-03"), None, None
                    ),
                ),
            ),
            [("GF2018-7.15", d("11-17"), OPEN, None)],
        ),
        (
            "a lock-up ends with a release",
            K.UNLOCK,
            case(lockups=(LockUpFact(6, d("09-01"), None), LockUpFact(7, d("10-01"), d("10-20")))),
            [("REC-9.7", d("10-01"), OPEN, None), ("REC-9.7", d("10-31"), DONE, d("10-20"))],
        ),
        (
            "a notice of discharge",
            K.DISCHARGE_VISIT,
            case(notices=(NoticeFact(8, 2, 3, d("10-30"), d("11-02"), d("11-04"), None),)),
            [("GF2018-5.3", d("11-18"), OPEN, None)],
        ),
        (
            "moved out without an answer",
            K.TRANSFER_COUNTY,
            case(transfers=(TransferFact(8, 1, 1, d("11-02"), False, None, None),)),
            [("GF2018-8.5", d("11-10"), OPEN, None)],
        ),
        (
            "somebody said that the patient died",
            K.DEATH_CONFIRM,
            case(attempts=(AttemptFact(9, d("11-02"), int(AttemptResult.DEATH_TOLD)),)),
            [("GW2017-8.6", d("11-16"), OPEN, None)],
        ),
        (
            "the death was confirmed",
            K.DEATH_CONFIRM,
            case(
                attempts=(AttemptFact(9, d("11-02"), int(AttemptResult.DEATH_TOLD)),),
                lifecycle=Lifecycle.DEAD,
                lifecycle_on=d("10-30"),
                lifecycle_known_on=d("11-06"),
            ),
            [("GW2017-8.6", d("11-16"), DONE, d("11-06"))],
        ),
        (
            "no consent asked yet",
            K.CONSENT_ASK,
            case(registered_on=d("11-02"), created_on=d("11-02"), consent=None, consents=()),
            [("GF2018-5.2", d("11-16"), OPEN, None)],
        ),
        (
            "the rest of a quick registration",
            K.ASSESSMENT,
            case(registered_on=d("11-02"), created_on=d("11-02"), supplemented=False),
            [("GF2018-5.2", d("11-16"), OPEN, None)],
        ),
        (
            "once a year: last year's was missed and stays so",
            K.CHECKUP,
            case(checkups=(d("04-01"),)),
            [
                ("GW2017-14.1", date(2025, 12, 31), MISSED, date(2025, 12, 31)),
                ("GW2017-14.1", d("12-31"), DONE, d("04-01")),
            ],
        ),
        (
            "registered late in the year: from the next year on",
            K.CHECKUP,
            case(registered_on=d("11-02"), created_on=d("11-02")),
            [],
        ),
        (
            "away until a day: seen after it",
            K.VISIT,
            case(visits=(visit("10-20", 2),), pause=Pause.AWAY, paused_until=d("11-30")),
            [("GF2018-5.3", d("12-14"), OPEN, None)],
        ),
        (
            "away and unstable: asked after all the more",
            K.VISIT,
            case(visits=(visit("11-10", 1),), pause=Pause.AWAY, paused_until=d("12-31")),
            [("GW2017-7.10", d("11-24"), OPEN, None)],
        ),
        (
            "in hospital",
            K.VISIT,
            case(visits=(visit("10-20", 1, hospital=1),)),
            [("GW2017-7.1", date(2027, 1, 20), OPEN, None)],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_table(
    name: str, kind: DutyKind, facts: CaseDay, expected: list[tuple[str, date, DutyState, date | None]]
) -> None:
    assert told(kind, facts) == expected
    for rule, *_ in expected:
        assert rule in book()


def test_who_refused_has_no_visit_to_wait_for() -> None:
    facts = case(consent=0, consents=(ConsentFact(5, 0, d("09-01")),), visits=(visit("08-10"),))
    assert told(K.VISIT, facts) == [("GW2017-7.12", d("11-10"), VOID, d("09-01"))]


def test_an_agreed_day_is_the_plan_and_the_rule_keeps_its_own() -> None:
    facts = case(
        visits=(visit("08-25", next_on=d("11-10")),),
        attempts=(AttemptFact(9, d("11-09"), int(AttemptResult.AGREED), d("11-27")),),
    )
    (due,) = (one for one in gather(facts, POLICY, TODAY) if one.kind is K.VISIT)
    assert (due.due_on, due.planned_on) == (d("11-25"), d("11-27"))
    (before,) = (one for one in gather(replace(facts, attempts=()), POLICY, TODAY) if one.kind is K.VISIT)
    assert before.planned_on == d("11-10")


def test_what_waits_without_a_file() -> None:
    (clue,) = of_clue(ClueFact(1, 1, d("11-02"), None, None, None), POLICY)
    assert (clue.kind, clue.due_on, clue.rule) == (K.CLUE_VERIFY, d("11-16"), "REC-2.8")
    review = list(of_clue(ClueFact(1, 5, d("11-02"), d("11-03"), d("12-01"), None), POLICY))
    assert [(one.kind, one.due_on, one.state) for one in review] == [
        (K.CLUE_VERIFY, d("11-16"), DONE),
        (K.CLUE_REVIEW, d("12-01"), OPEN),
    ]
    forward, accept = of_notice(NoticeFact(1, 2, 2, d("11-02"), d("11-04"), None, None), POLICY)
    assert (forward.rule, forward.state, accept.rule, accept.due_on) == (
        "GF2018-3.7",
        DONE,
        "GF2018-5.2",
        d("11-11"),
    )
    (entry,) = of_notice(NoticeFact(1, 1, 1, d("11-02"), None, None, None), POLICY)
    assert (entry.rule, entry.due_on) == ("FB2013-3.4", d("11-09"))
    entry = list(of_notice(NoticeFact(1, 2, 3, d("11-02"), d("11-04"), d("11-05"), None), POLICY))[-1]
    assert (entry.kind, entry.due_on, entry.state) == (K.FILE_ENTRY, d("11-19"), OPEN)
    filed = list(of_notice(NoticeFact(1, 2, 4, d("11-02"), d("11-04"), d("11-05"), d("11-20")), POLICY))[-1]
    assert (filed.kind, filed.state, filed.ended_on) == (K.FILE_ENTRY, LATE, d("11-20"))
    (again,) = of_notice(NoticeFact(1, 2, 5, d("11-02"), d("11-04"), d("11-05"), d("11-09")), POLICY)
    assert (again.kind, again.due_on, again.state) == (K.NOTICE_FORWARD, d("11-16"), OPEN)
    file = list(of_clue(ClueFact(1, 3, d("11-02"), d("11-03"), None, d("11-04")), POLICY))[-1]
    assert (file.kind, file.rule, file.due_on, file.state) == (K.FILE_ENTRY, "GF2018-5.2", d("11-18"), OPEN)
    file = list(of_clue(ClueFact(1, 3, d("11-02"), d("11-03"), None, d("11-04"), d("11-10")), POLICY))[-1]
    assert (file.state, file.ended_on) == (DONE, d("11-10"))
    (answer,) = of_transfer(TransferFact(1, 2, 1, d("11-02"), False, None, None), POLICY, TODAY)
    assert (answer.kind, answer.due_on) == (K.TRANSFER_ANSWER, d("11-09"))


def immediate(*visits: VisitFact, **given: Any) -> list[tuple[DutyKind, date]]:
    """(kind, due day) of what is to be done at once, as it is open today."""
    urgent = (K.TELL_POLICE, K.REFER, K.REFERRAL_RESULT)
    found = gather(case(visits=visits, **given), POLICY, TODAY)
    return [(one.kind, one.due_on) for one in found if one.is_open and one.kind in urgent]


def test_a_history_taken_over_asks_for_nothing_immediate_from_years_ago() -> None:
    """Only danger that was present when the record came here is told and referred at once."""
    long_ago = visit("03-02", 1, risk=4, referred=2, referral_advised=1, known_on=d("11-10"))
    assert immediate(long_ago) == []
    referred = visit("03-02", 1, risk=0, referred=1, known_on=d("11-10"))
    assert immediate(referred) == []
    # Known within the term of the next visit: the finding is of the present, written here or not.
    present = visit("11-02", 1, risk=4, referral_advised=1, known_on=d("11-10"))
    assert immediate(long_ago._replace(referral_advised=2), present) == [
        (K.REFER, d("11-02")),
        (K.TELL_POLICE, d("11-02")),
    ]
    own = visit("03-02", 1, risk=4, known_on=d("03-02"), own=True)
    assert immediate(own) == [(K.REFER, d("03-02")), (K.TELL_POLICE, d("03-02"))]
    # The ordinary duty of seeing the person stands all the same.
    assert told(K.VISIT, case(visits=(long_ago,))) == [("GW2017-7.10", d("03-16"), OPEN, None)]


def test_a_loss_taken_over_is_searched_and_not_told_at_once() -> None:
    lost = StateFact(7, int(Management.LOST), d("03-02"), None, d("11-10"))
    given = {"states": (lost,), "management": int(Management.LOST), "management_on": d("03-02")}
    seen = visit("02-02", 1, risk=4, own=True, referral_advised=2, known_on=d("02-02"))
    taken_over = case(visits=(seen,), created_on=d("11-10"), **given)
    kinds = {one.kind for one in gather(taken_over, POLICY, TODAY) if one.is_open}
    assert K.LOST_SEARCH in kinds
    lost_since = [one.origin for one in gather(taken_over, POLICY, TODAY) if one.kind is K.TELL_POLICE]
    assert 7 not in lost_since
    known = case(visits=(seen,), **given)
    assert 7 in [one.origin for one in gather(known, POLICY, TODAY) if one.kind is K.TELL_POLICE]


# --- what holds for any course --------------------------------------------------------------------

FIRST = date(2024, 2, 29)
days = st.integers(0, 700).map(lambda n: FIRST + timedelta(n))


@st.composite
def courses(draw: st.DrawFn) -> CaseDay:
    """Any course: visits of any class, way and danger, attempts, a stay, a loss, an end."""
    registered = draw(st.sampled_from((FIRST, date(2024, 3, 31), date(2024, 12, 31))))
    after = [day for day in draw(st.lists(days, max_size=8, unique=True)) if day >= registered]
    visits = tuple(
        VisitFact(
            id=day.toordinal(),
            on=day,
            mode=draw(st.sampled_from((1, 2, 3, None))),
            informants=draw(st.sampled_from((None, 2, 4, 6))),
            loss_reason=draw(st.sampled_from((None, None, None, None, 4))),
            risk=draw(st.sampled_from((0, 1, 3, None))),
            stability=draw(st.sampled_from((1, 2, 3, None))),
            hospital=draw(st.sampled_from((None, 0, 1))),
            own=draw(st.booleans()),
            known_on=draw(st.sampled_from((None, day, day + timedelta(20), FIRST + timedelta(710)))),
        )
        for day in sorted(after)
    )
    attempts = tuple(
        AttemptFact(900_000 + n, day, draw(st.sampled_from([int(one) for one in AttemptResult])))
        for n, day in enumerate(sorted(draw(st.lists(days, max_size=4))))
        if day >= registered
    )
    return CaseDay(
        case=1,
        area=2,
        registered_on=registered,
        created_on=registered,
        consent=1,
        consents=(ConsentFact(5, 1, registered),),
        management=int(Management.MANAGED),
        management_on=registered,
        visits=visits,
        attempts=attempts,
        checkups=tuple(sorted(draw(st.lists(days, max_size=2)))),
    )


def by_key(found: list[Due]) -> dict[tuple[int, int], Due]:
    return {(int(one.kind), one.origin): one for one in found}


@settings(max_examples=80, deadline=None)
@given(courses(), days)
def test_no_duty_is_told_twice_and_each_has_a_known_rule(facts: CaseDay, today: date) -> None:
    found = gather(facts, POLICY, today)
    assert len(by_key(found)) == len(found)
    for one in found:
        assert one.rule in book()
        assert 0 < len(one.because) <= 120
        assert (one.ended_on is None) is one.is_open
        assert one.state is not DONE or one.ended_on <= one.due_on
        assert one.state is not LATE or one.ended_on > one.due_on


@settings(max_examples=80, deadline=None)
@given(courses(), days)
def test_a_managed_case_waits_for_exactly_one_visit(facts: CaseDay, today: date) -> None:
    if today < facts.registered_on:
        return
    reached = [one for one in facts.visits if one.reached and one.on <= today]
    found = gather(facts, POLICY, today)
    waiting = [one for one in found if one.kind is K.VISIT and one.is_open]
    first = [one for one in found if one.kind is K.FIRST_VISIT and one.is_open]
    assert len(waiting) == (1 if reached else 0)
    assert len(first) == (0 if any(one.face for one in reached) else 1)


@settings(max_examples=80, deadline=None)
@given(courses(), days, st.integers(0, 400))
def test_no_duty_vanishes_or_opens_again_as_days_go_by(facts: CaseDay, today: date, more: int) -> None:
    kept = facts.known_by(today)
    before = by_key(gather(kept, POLICY, today))
    after = by_key(gather(kept, POLICY, today + timedelta(more)))
    for key, one in before.items():
        if one.kind is K.CHECKUP and key not in after:
            assert one.origin < (today + timedelta(more)).year - 1  # long ended, and kept where it was
            continue
        if one.is_open:
            assert after[key].state is OPEN or one.kind is K.CHECKUP
            assert after[key].due_on == one.due_on
        else:
            assert after[key] == one


@settings(max_examples=80, deadline=None)
@given(courses(), days)
def test_a_later_record_never_changes_how_a_duty_ended(facts: CaseDay, today: date) -> None:
    """What had ended by a day ends the same when everything after that day is known too."""
    before = by_key(gather(facts.known_by(today), POLICY, today))
    after = by_key(gather(facts, POLICY, today + timedelta(800)))
    for key, one in before.items():
        if one.ended_on is not None and one.ended_on < today and key in after:
            assert (after[key].state, after[key].ended_on) == (one.state, one.ended_on), one.kind


@settings(max_examples=40, deadline=None)
@given(courses(), days)
def test_a_death_leaves_no_visit_open(facts: CaseDay, on: date) -> None:
    if on < facts.registered_on:
        return
    dead = replace(facts, lifecycle=int(Lifecycle.DEAD), lifecycle_on=on)
    assert not [
        one for one in gather(dead, POLICY, FIRST + timedelta(900)) if one.kind in VISITS and one.is_open
    ]


def test_calls_to_the_family_after_a_death_heard_of_late_leave_nothing_open() -> None:
    calls = tuple(visit(on, 1, mode=3, informants=FAMILY, risk=3) for on in ("09-10", "09-24", "10-08"))
    alive = case(visits=calls)
    dead = replace(alive, lifecycle=int(Lifecycle.DEAD), lifecycle_on=d("09-01"))
    begun = {one.kind for one in gather(alive, POLICY, TODAY)}
    assert begun >= {K.FACE_VISIT, K.REFER}
    assert [one.kind for one in gather(dead, POLICY, TODAY) if one.is_open] == []


def test_a_pause_that_has_ended_keeps_having_moved_what_was_due_in_its_time() -> None:
    seen = (visit("05-10", 2), visit("07-20", 3))
    spell = PauseFact(3, Pause.IN_HOSPITAL, d("05-15"), d("07-30"), d("07-15"))
    without, moved = told(K.VISIT, case(visits=seen))[0], told(K.VISIT, case(visits=seen, pauses=(spell,)))[0]
    assert without[2] is LATE
    assert moved[1:] == (d("07-29"), DONE, d("07-20"))  # ten working days after the return
    before = spell._replace(since=d("03-01"), ended_on=d("05-10"))
    assert told(K.VISIT, case(visits=seen, pauses=(before,)))[0] == without


@pytest.mark.parametrize(
    ("name", "spell", "more", "expected"),
    [
        (
            "called before the planned return",
            PauseFact(3, Pause.AWAY, d("10-20"), d("12-01"), None),
            {},
            (d("12-01"), OPEN, None),
        ),
        (
            "at the latest after three months",
            PauseFact(3, Pause.AWAY, d("08-10"), d("12-31"), None),
            {},
            (d("11-10"), OPEN, None),
        ),
        (
            "done by a call that was answered",
            PauseFact(3, Pause.AWAY, d("10-20"), d("12-01"), None),
            {"attempts": (AttemptFact(9, d("11-02"), int(AttemptResult.LATER)),)},
            (d("12-01"), DONE, d("11-02")),
        ),
        (
            "done by coming back",
            PauseFact(3, Pause.AWAY, d("10-20"), d("12-01"), d("11-05")),
            {},
            (d("12-01"), DONE, d("11-05")),
        ),
    ],
)
def test_somebody_away_is_called_once(
    name: str, spell: PauseFact, more: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    ((rule, *found),) = told(K.AWAY_CALL, case(visits=(visit("08-10"),), pauses=(spell,), **more))
    assert (rule, tuple(found)) == ("GW2017-7.1", expected), name


def test_nobody_in_hospital_is_called_away() -> None:
    spell = PauseFact(3, Pause.IN_HOSPITAL, d("10-20"), d("12-01"), None)
    assert told(K.AWAY_CALL, case(visits=(visit("08-10"),), pauses=(spell,))) == []
