"""Visits as a page posts them, for the tests of recording."""

from __future__ import annotations

from typing import Any

from casemgr.services.followup import Envelope

#: A stable visit with every item that is expected, as texts by key.
STEADY: dict[str, list[str]] = {
    "on": ["2026-11-21"],
    "mode": ["2"],
    "informants": ["1", "2"],
    "risk": ["0"],
    "acts": ["7"],
    "confinement": ["1"],
    "hospital": ["0"],
    "no_symptoms": ["1"],
    "insight": ["1"],
    "sleep": ["1"],
    "diet": ["1"],
    "self_care": ["1"],
    "housework": ["2"],
    "work": ["9"],
    "study": ["2"],
    "contact": ["2"],
    "serious_illness": ["否"],
    "laboratory": ["1"],
    "adherence": ["1"],
    "adverse_reaction": ["1"],
    "outcome": ["2"],
    "drug1_name": ["利培酮片"],
    "drug1_evening_ug": ["2"],
    "referral_advised": ["1"],
    "referred": ["1"],
    "rehab_measures": ["1"],
    "stability": ["3"],
    "next_on": ["2027-02-20"],
    "doctor": ["东镇乙"],
}


def typed(**changed: Any) -> dict[str, list[str]]:
    """A stable visit with some items changed: a text, a list of texts, or ``None`` for nothing."""
    told = dict(STEADY)
    for key, value in changed.items():
        if value is None:
            told.pop(key, None)
        else:
            told[key] = [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
    return told


def envelope(case: int, id: str = "e1", **changed: Any) -> Envelope:
    """An envelope with such a visit; keys of the envelope itself are given with an underscore in front."""
    own = {key.removeprefix("_"): changed.pop(key) for key in list(changed) if key.startswith("_")}
    return Envelope(id=id, case_id=case, data=typed(**changed), **own)
