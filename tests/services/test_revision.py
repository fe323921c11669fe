"""改动: what was, what is, who changed it and why; names stay closed."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from casemgr.rules.access import Action
from casemgr.services import revision
from casemgr.store.models import Case
from casemgr.store.work import open_work
from tests.store.register import DOCTOR_EAST, DOCTOR_WEST, EAST, add_person, open_areas


@pytest.fixture
def case(app: Flask) -> int:
    units = open_areas()
    with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
        _, key = add_person(work, EAST, units[EAST], "A1", "赵一")
    return key


def test_a_change_is_kept_field_by_field_with_its_reason(case: int) -> None:
    with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
        row = work.get(Case, case)
        revision.note(
            work,
            "case",
            row,
            {
                "diagnosis": (1, 4),
                "registered_on": (18262, 18263),
                "sex": (1, 1),
                "family_doctor": (None, True),
                "name": ("赵一", "赵乙"),
                "随访计划": (date(2026, 1, 2), None),
            },
            "复核诊断",
        )
    (one,) = revision.of_case(DOCTOR_EAST, case)
    assert one.reason == "复核诊断" and one.what == "档案" and one.row_id == case
    told = {change.label: (change.old, change.new) for change in one.changes}
    assert told["诊断"] == ("精神分裂症", "双相(情感)障碍")
    assert told["建档日期"] == ("2020-01-01", "2020-01-02")
    assert told["家庭医生签约"] == ("", "是")
    assert told["随访计划"] == ("2026-01-02", "")
    assert "性别" not in told  # both values are the same


def test_names_in_the_log_stay_closed_until_the_identity_is_opened(case: int) -> None:
    with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
        revision.note(work, "case", work.get(Case, case), {"name": ("赵一", "赵乙")})
    (one,) = revision.of_case(DOCTOR_EAST, case)
    assert one.changes[0].hidden and "赵" not in repr(one) + one.changes[0].old
    (one,) = revision.of_case(DOCTOR_EAST, case, opened=True)
    assert (one.changes[0].old, one.changes[0].new) == ("赵一", "赵乙")


def test_the_log_of_a_stranger_is_empty(case: int) -> None:
    with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
        revision.note(work, "case", work.get(Case, case), {"diagnosis": (1, 4)})
    assert revision.of_case(DOCTOR_WEST, case) == ()


def test_nothing_changed_is_nothing_written(case: int) -> None:
    with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
        revision.note(work, "case", work.get(Case, case), {"diagnosis": (1, 1)})
    assert revision.of_case(DOCTOR_EAST, case) == ()
