"""留痕是否齐全: every use case writes its refusal down; each kind of act says who, what, why."""

from __future__ import annotations

import pkgutil
import sys
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

import casemgr.services
from casemgr.rules.access import ROLE_ACTIONS, Access, Action, Role
from casemgr.services import account, exchange, printing, register, rights, seen, summary
from casemgr.services.errors import Forbidden, Missing
from casemgr.services.use_case import CATALOGUE
from casemgr.store.models import AuditEntry, Disclosure
from casemgr.store.work import open_work
from tests.conftest import TODAY
from tests.store.register import (
    COUNTY,
    DOCTOR_EAST,
    DOCTOR_WEST,
    EAST,
    NOW,
    OFFICER,
    SYSTEM,
    add_person,
    open_areas,
)

REQUEST = "request-7"
DOCTOR = replace(DOCTOR_EAST, request=REQUEST)


def entries(**wanted: Any) -> list[AuditEntry]:
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        found = work.entities(select(AuditEntry).order_by(AuditEntry.seq))
    return [one for one in found if all(getattr(one, name) == value for name, value in wanted.items())]


def test_every_use_case_writes_its_refusal_down(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may do nothing asks for everything; each attempt is an entry with its own action."""
    open_areas()
    for one in pkgutil.iter_modules(casemgr.services.__path__):
        import_module(f"casemgr.services.{one.name}")
    monkeypatch.setitem(ROLE_ACTIONS, Role.CITY_OFFICER, frozenset())
    nobody = Access.over(77, "什么都不能做的账号", Role.CITY_OFFICER, EAST, REQUEST)
    asked = 0
    for name, action in CATALOGUE.items():
        module, function = name.split(".")
        if f"casemgr.services.{module}" not in sys.modules:
            continue  # declared by a test
        case = getattr(sys.modules[f"casemgr.services.{module}"], function, None)
        if case is None or getattr(case, "use_case", None) is not action:
            continue  # declared by a test
        with pytest.raises(Forbidden):
            case(nobody)
        asked += 1
    assert asked > 400
    written = entries(request=REQUEST)
    assert len(written) == asked
    for one in written:
        assert (one.verb, one.outcome, one.actor, one.actor_label, one.role, one.purpose) == (
            "refuse",
            "refused",
            77,
            "什么都不能做的账号",
            int(Role.CITY_OFFICER),
            "refused",
        )
    assert len({one.action for one in written}) > 50


@pytest.fixture
def case(app: Flask) -> int:
    """One person of the eastern township."""
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        _, key = add_person(work, EAST, units[EAST], "E-1", "张一", "999901198001010000", "10000000001")
    return key


def test_each_kind_of_act_says_who_and_where_what_and_why(case: int) -> None:
    register.case(DOCTOR, case, TODAY)
    register.reveal_identity(DOCTOR, case, "随访", TODAY)
    register.cases(DOCTOR, register.CaseQuery(text="张一"), TODAY)
    register.cases(DOCTOR, register.CaseQuery(text="999901198001010000"), TODAY)
    summary.opened(DOCTOR, case)
    printing.begin(DOCTOR, [case], "consent", "随访", TODAY)
    exchange.export_person(DOCTOR, case, BytesIO())
    seen.begin(DOCTOR, case, TODAY)
    made = {(one.verb, one.noun): one for one in entries(request=REQUEST)}
    kinds = {
        ("read", "Case"): Action.CASE_READ,
        ("reveal", "Identity"): None,
        ("search", "Identity"): Action.CASE_SEARCH,
        ("print", "Summary"): Action.FORM_PRINT,
        ("print", "Form"): Action.FORM_PRINT,
        ("print", "AuditEntry"): Action.RIGHTS_WRITE,
        ("export", "Workbook"): Action.EXCHANGE_EXPORT,
    }
    assert set(kinds) <= set(made)
    for kind, action in kinds.items():
        one = made[kind]
        assert (one.actor, one.actor_label, one.role, one.reach, one.outcome) == (
            DOCTOR.actor,
            DOCTOR.label,
            int(Role.TOWNSHIP_DOCTOR),
            EAST,
            "done",
        )
        assert action is None or one.action == action.code
        if one.verb in ("read", "print", "export"):
            assert one.case_key == case, kind
    for one in entries(request=REQUEST):
        if one.verb in ("reveal", "print", "export"):
            assert one.purpose, (one.verb, one.noun)
        if (one.verb, one.noun) in (("reveal", "Identity"), ("search", "Identity")):
            assert one.fields, one.action
    # What was asked for is sealed into the entry, and nowhere readable.
    for one in entries():
        for word in ("张一", "999901198001010000"):
            assert word not in f"{one.fields}{one.purpose}{one.actor_label}{one.request}"


def test_somebody_out_of_reach_is_an_entry_too(case: int) -> None:
    stranger = replace(DOCTOR_WEST, request=REQUEST)
    for ask in (
        lambda: register.case(stranger, case, TODAY),
        lambda: register.reveal_identity(stranger, case, "随访", TODAY),
        lambda: summary.opened(stranger, case),
    ):
        with pytest.raises(Missing):
            ask()
    assert [(one.verb, one.outcome) for one in entries(request=REQUEST)] == [("refuse", "missing")] * 3
    # Nothing in it tells whether there is such a file.
    assert {(one.case_key, one.row_key) for one in entries(request=REQUEST)} == {(None, None)}


def test_a_change_of_what_somebody_may_do_is_an_entry_with_its_fields(app: Flask) -> None:
    open_areas()
    boss = Access.over(1, "管理员", Role.ADMINISTRATOR, None, REQUEST)
    made = account.create(SYSTEM, "east", "东镇乙", int(Role.TOWNSHIP_DOCTOR), EAST, NOW, must_change=False)
    key = account.key_of(SYSTEM, "east")
    assert made is not None
    account.change(boss, key, "东镇乙", int(Role.COUNTY_OFFICER), COUNTY, 1)
    (one,) = entries(request=REQUEST, noun="Account", verb="change")
    assert {"role", "area_code"} <= set(one.fields.split(","))
    assert (one.row_key, one.action) == (key, Action.ACCOUNT_MANAGE.code)


def test_who_asked_what_a_patient_has_a_right_to_is_written_down(case: int) -> None:
    rights.of_case(DOCTOR, case, TODAY)
    seen.of_case(replace(OFFICER, request=REQUEST), case)
    (one,) = entries(request=REQUEST, noun="AuditEntry", verb="read")
    assert (one.case_key, one.role) == (case, int(Role.COUNTY_OFFICER))


def test_what_another_department_opens_is_an_entry_under_its_own_name(case: int) -> None:
    from casemgr.services import liaison
    from casemgr.store.db import new_key
    from casemgr.store.types import Plain

    key = new_key()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add(
            Disclosure(
                id=key, area=EAST, receiver=int(Role.POLICE), receiver_area=EAST, file_key=case,
                conditions=1, reason=1, ground="测试依据", groups=1, alias=Plain("张某"),
                sheet=Plain('[[1, "姓名", "张一"]]'), valid_from=TODAY, recorded_at=datetime.now(UTC),
            )
        )  # fmt: skip
    police = Access.over(55, "派出所", Role.POLICE, EAST, REQUEST)
    liaison.sheet(police, key)
    made = entries(request=REQUEST)
    assert {(one.actor, one.role, one.action) for one in made} == {
        (55, int(Role.POLICE), Action.LIAISON_VIEW.code)
    }
    assert {"reveal"} <= {one.verb for one in made}
    assert any(one.noun == "LedgerLine" for one in made)
