"""表单目录: every official form by name, and the version that is used on a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from casemgr.forms.form import Form
from casemgr.forms.official import (
    checkup,
    consent,
    emergency,
    followup,
    referral,
    report_card,
    resident,
    signs,
    supplement,
)

_ALL = (
    (signs.SIGNS_2018, signs.SIGNS_OLDER),
    (signs.CLUE_2018,),
    (report_card.CARD_2018,),
    (report_card.DISCHARGE_2018,),
    (consent.CONSENT_2018,),
    (resident.RESIDENT_2017,),
    (supplement.SUPPLEMENT_2018, supplement.SUPPLEMENT_2017),
    (followup.FOLLOWUP_2018, followup.FOLLOWUP_2017),
    (referral.REFERRAL_2018,),
    (consent.EMERGENCY_CONSENT_2018,),
    (emergency.EMERGENCY_2018,),
    (checkup.CHECKUP_2017,),
)

#: Versions of each form by its name, the newest first, in the order of the national numbering.
FORMS: Mapping[str, tuple[Form, ...]] = {versions[0].name: versions for versions in _ALL}


def form_named(name: str, when: str | date | None = None) -> Form:
    """The form of a version (``2018.1``), of a day, or the newest; ``KeyError`` if there is none."""
    versions = FORMS[name]
    if isinstance(when, date):
        return next((form for form in versions if form.since <= when), versions[-1])
    if when is None:
        return versions[0]
    for form in versions:
        if form.version == when:
            return form
    raise KeyError(f"{name} {when}")
