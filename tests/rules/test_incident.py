"""危险行为与应急处置核对: each check fires on one record and stays silent on its near miss."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from casemgr.rules import emergency, incident, referral
from casemgr.rules.emergency import EmergencyFacts
from casemgr.rules.finding import Weight
from casemgr.rules.incident import IncidentFacts
from casemgr.terms.emergency import (
    EmergencyCause,
    EmergencyEffect,
    EmergencyGround,
    EmergencyMeasure,
    Whereabouts,
)
from casemgr.terms.incident import DangerousAct, IncidentMeasure
from casemgr.terms.referral import Direction, ReferralState
from casemgr.terms.risk import RiskLevel

TODAY = date(2026, 11, 21)
ACT = IncidentFacts(
    on=date(2026, 11, 18),
    kind=DangerousAct.DISTURBANCE,
    done=frozenset({IncidentMeasure.FAMILY}),
    others_hurt=None,
    police_told_on=None,
    risk=None,
    birth_year=1980,
    registered_on=date(2020, 1, 1),
    ended_on=None,
    today=TODAY,
)
NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVENT = EmergencyFacts(
    reported_at=NOW - 3 * HOUR,
    started_at=NOW - 2 * HOUR,
    ended_at=NOW - HOUR,
    causes=frozenset({EmergencyCause.RELAPSE}),
    measures=frozenset({EmergencyMeasure.ON_SITE}),
    effect=EmergencyEffect.GOOD,
    stay=Whereabouts.HOME,
    in_charge=True,
    consent_on=None,
    ground=None,
    seen_on=None,
    risk=None,
    visit_due=None,
    now=NOW,
    today=TODAY,
)
ADMITTED = frozenset({EmergencyMeasure.ADMISSION})


def of_act(**given: object) -> list[tuple[str, Weight]]:
    return [(one.id, one.weight) for one in incident.check(replace(ACT, **given))]


def of_event(**given: object) -> list[tuple[str, Weight, str]]:
    return [(one.id, one.weight, one.field) for one in emergency.check(replace(EVENT, **given))]


@pytest.mark.parametrize(
    ("fires", "silent", "found"),
    [
        ({"on": date(2026, 11, 22)}, {"on": TODAY}, ("ev02", Weight.BLOCKS)),
        ({"birth_year": 2027}, {"birth_year": 2026}, ("ev02", Weight.BLOCKS)),
        (
            {"registered_on": date(2026, 11, 19)},
            {"registered_on": date(2026, 11, 18)},
            ("ev02", Weight.REASON),
        ),
        ({"ended_on": date(2026, 11, 17)}, {"ended_on": date(2026, 11, 18)}, ("tm03", Weight.BLOCKS)),
        (
            {"police_told_on": date(2026, 11, 17)},
            {"police_told_on": date(2026, 11, 18)},
            ("ev01", Weight.BLOCKS),
        ),
        (
            {"kind": DangerousAct.SELF_HARM, "risk": RiskLevel.LEVEL_3},
            {"kind": DangerousAct.SELF_HARM, "risk": RiskLevel.LEVEL_4},
            ("ev05", Weight.REASON),
        ),
        (
            {"kind": DangerousAct.CRIME, "risk": RiskLevel.LEVEL_2},
            {"kind": DangerousAct.OFFENCE, "risk": RiskLevel.LEVEL_2},
            ("ev05", Weight.REASON),
        ),
        (
            {"others_hurt": True},
            {"others_hurt": True, "done": frozenset({IncidentMeasure.COUNTY})},
            ("ev10", Weight.LATER),
        ),
        (
            {"risk": RiskLevel.LEVEL_3},
            {"risk": RiskLevel.LEVEL_3, "done": frozenset({IncidentMeasure.POLICE})},
            ("GF2018-10.3", Weight.LATER),
        ),
    ],
)
def test_a_check_of_an_act_fires_and_spares_the_near_miss(
    fires: dict[str, object], silent: dict[str, object], found: tuple[str, Weight]
) -> None:
    assert of_act(**fires) == [found]
    assert of_act(**silent) == []


def test_the_police_are_not_asked_for_when_somebody_harms_himself() -> None:
    for kind in (DangerousAct.SELF_HARM, DangerousAct.SUICIDE_ATTEMPT):
        assert of_act(kind=kind, risk=RiskLevel.LEVEL_5) == []
    assert of_act(risk=RiskLevel.LEVEL_2) == []


@pytest.mark.parametrize(
    ("fires", "silent", "found"),
    [
        (
            {"started_at": NOW - 4 * HOUR},
            {"started_at": NOW - 3 * HOUR},
            ("ev01", Weight.BLOCKS, "started_at"),
        ),
        ({"ended_at": NOW + HOUR}, {"ended_at": NOW}, ("ev01", Weight.BLOCKS, "ended_at")),
        (
            {"reported_at": NOW + HOUR, "started_at": None, "ended_at": None},
            {"reported_at": NOW, "started_at": None, "ended_at": None},
            ("ev02", Weight.BLOCKS, "reported_at"),
        ),
        (
            {"consent_on": TODAY + timedelta(1)},
            {"consent_on": TODAY},
            ("ev02", Weight.BLOCKS, "consent_on"),
        ),
        (
            {"visit_due": date(2026, 11, 20)},
            {"visit_due": date(2026, 11, 20), "seen_on": date(2026, 11, 20)},
            ("ev03", Weight.LATER, "ended_at"),
        ),
        (
            {"causes": frozenset({EmergencyCause.HARM_TO_SELF}), "risk": RiskLevel.LEVEL_3},
            {"causes": frozenset({EmergencyCause.HARM_TO_OTHERS}), "risk": RiskLevel.LEVEL_3},
            ("ev05", Weight.LATER, "causes"),
        ),
        (
            {"measures": ADMITTED},
            {"measures": ADMITTED, "ground": EmergencyGround.ARTICLE_28},
            ("ev06", Weight.BLOCKS, "ground"),
        ),
        (
            {"measures": ADMITTED, "ground": EmergencyGround.CONSENT},
            {"measures": ADMITTED, "ground": EmergencyGround.CONSENT, "consent_on": TODAY},
            ("ev06", Weight.BLOCKS, "ground"),
        ),
        ({"effect": None}, {"effect": None, "ended_at": None}, ("ev11", Weight.BLOCKS, "effect")),
        ({"stay": None}, {"stay": Whereabouts.OTHER}, ("ev11", Weight.BLOCKS, "stay")),
        ({"in_charge": False}, {"in_charge": True}, ("ev11", Weight.BLOCKS, "in_charge")),
    ],
)
def test_a_check_of_an_emergency_fires_and_spares_the_near_miss(
    fires: dict[str, object], silent: dict[str, object], found: tuple[str, Weight, str]
) -> None:
    assert of_event(**fires) == [found]
    assert of_event(**silent) == []


def test_a_referral_goes_no_way_but_its_own() -> None:
    assert referral.steps(Direction.UP, ReferralState.BACK) == ()
    assert ReferralState.BACK in referral.steps(Direction.UP, ReferralState.DONE)
    assert ReferralState.BACK not in referral.steps(Direction.DOWN, ReferralState.DONE)
    early = referral.check_step(ReferralState.SENT, date(2026, 11, 9), date(2026, 11, 10), TODAY)
    assert [one.id for one in early] == ["ev01"]
    late = referral.check_step(ReferralState.SENT, date(2026, 11, 22), date(2026, 11, 10), TODAY)
    assert [one.id for one in late] == ["ev02"]
    assert not list(referral.check_step(ReferralState.SENT, TODAY, TODAY, TODAY))
