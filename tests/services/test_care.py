"""社区康复 and 健康体检 with both databases: kept once, put right with a reason, not over others."""

from __future__ import annotations

import pytest
from flask import Flask

from casemgr.rules.access import Action
from casemgr.services import care, revision
from casemgr.services.errors import Conflict, Missing, Unfit
from casemgr.store.work import open_work
from tests.conftest import TODAY
from tests.store.register import DOCTOR_EAST, DOCTOR_WEST, EAST, SYSTEM, add_person, open_areas

REHAB = {"on": "2026-11-10", "form": "4", "place": "2", "minutes": "60", "provider": "甲站", "attended": "是"}
CHECKUP = {"on": "2026-11-10", "pressure": "128/82", "weight_g": "61.5", "blood_count": "1", "note": "复查"}


@pytest.fixture
def case(both: Flask) -> int:
    units = open_areas()
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        _, key = add_person(work, EAST, units[EAST], "900-00001", "王小明")
    return key


TALK = {"on": "2026-11-10", "subject": "3", "way": "2", "minutes": "40", "provider": "甲站"}
KINDS = [
    ("rehab", REHAB, "provider"),
    ("checkup", CHECKUP, "note"),
    ("counselling", TALK, "provider"),
]


@pytest.mark.parametrize(("noun", "raw", "text"), KINDS)
def test_a_service_is_kept_once_and_put_right(case: int, noun: str, raw: dict[str, str], text: str) -> None:
    once = care.begin(DOCTOR_EAST, noun, case).once
    first = care.record(DOCTOR_EAST, noun, case, once, raw, TODAY).recorded
    assert care.record(DOCTOR_EAST, noun, case, once, raw, TODAY).recorded.again
    shown = care.form_of(DOCTOR_EAST, noun, first.id)
    assert shown.raw[text] == raw[text]
    changed = {**raw, "on": "2026-11-09"}
    with pytest.raises(Unfit) as wrong:
        care.change(DOCTOR_EAST, noun, first.id, changed, shown.seen, "", TODAY)
    assert list(wrong.value.fields) == ["reason"]
    care.change(DOCTOR_EAST, noun, first.id, changed, shown.seen, "日期抄错", TODAY)
    with pytest.raises(Conflict):
        care.change(DOCTOR_EAST, noun, first.id, raw, shown.seen, "再改", TODAY)
    [kept] = revision.of_case(DOCTOR_EAST, case)
    assert kept.reason == "日期抄错"
    with pytest.raises(Missing):
        care.form_of(DOCTOR_WEST, noun, first.id)


def test_what_cannot_be_is_said_by_field(case: int) -> None:
    once = care.begin(DOCTOR_EAST, "rehab", case).once
    with pytest.raises(Unfit) as wrong:
        care.record(DOCTOR_EAST, "rehab", case, once, {**REHAB, "on": "2027-01-01"}, TODAY)
    assert "on" in wrong.value.fields
