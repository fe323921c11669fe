"""表单目录: every official form by name, and the version that is used on a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from casemgr.forms.form import Form
from casemgr.forms.official import followup

#: Versions of each form, the newest first.
FORMS: Mapping[str, tuple[Form, ...]] = {
    followup.NAME: (followup.FOLLOWUP_2018, followup.FOLLOWUP_2017),
}


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
