"""出口清点: every road by which something about people leaves, and its line in the ledger."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Action, Role
from casemgr.services import (
    account,
    clock,
    comparison,
    data_request,
    emergency,
    exchange,
    group_meeting,
    incident,
    ledger,
    letter,
    partner,
)
from casemgr.store.db import new_key
from casemgr.store.models import Case, LedgerLine
from casemgr.store.work import open_work
from casemgr.terms.disclosure import Condition, FieldGroup
from casemgr.terms.emergency import EmergencyStep
from casemgr.terms.incident import DangerousAct, IncidentMeasure
from casemgr.terms.liaison import ExchangeKind, Reason, TaskKind
from casemgr.terms.register import Management
from casemgr.terms.sharing import Requester, SheetField
from tests.services import liaison as made
from tests.services import sharing
from tests.services.sharing import OFFICER, SECOND, TODAY, name_of, number_of
from tests.services.test_data_request import ASKED
from tests.staff import quick_hasher
from tests.store.register import DOCTOR_EAST, SYSTEM

SERVICES = Path(exchange.__file__).parent
#: What makes a paper or a file that can be carried out of the house.
MAKES = re.compile(r"giving\.draw\(|handed\.workbook\(|printing\.put\(|letters?\.begin\(|write_workbook\(")
#: What writes the ledger.
ENTERS = re.compile(r"giving\.enter|ledger_line\.|papers_abroad\(|state\.letter\(")
#: Papers that go to the person concerned or stay in the house: the audit tells who printed them.
OWN_PAPERS = {
    "printing.py": "the official forms, drawn for the own work",
    "giving.py": "draws for its callers, each of which writes its lines",
    "retention.py": "the list of what was destroyed stays in the house",
    "rights.py": "answers and summaries are handed to the person or the guardian",
    "seen.py": "the list of who has looked is handed to the person or the guardian",
}


def test_every_module_that_makes_a_paper_writes_the_ledger_or_says_why_not() -> None:
    """A new road out is told here, or has its line."""
    makers = {one.name: one.read_text() for one in SERVICES.glob("*.py") if MAKES.search(one.read_text())}
    silent = {name for name, text in makers.items() if not ENTERS.search(text)}
    assert silent - OWN_PAPERS.keys() == set()
    assert {"data_request.py", "comparison.py", "subsidy.py", "letter.py", "exchange.py"} <= makers.keys()


Walk = Callable[[dict[int, tuple[int, int]]], object]
PLATFORM = replace(ASKED, requester=Requester.PLATFORM, number="交换1号", files="", items=(SheetField.NAME,))


def _released(told: data_request.NewRequest) -> None:
    key = data_request.register(OFFICER, data_request.begin(), told, TODAY)
    version = data_request.view(SECOND, key, TODAY).version
    data_request.approve(SECOND, key, version, [SheetField.NAME], TODAY)
    data_request.release_workbook(OFFICER, key, TODAY)


def _compared(_: dict[int, tuple[int, int]]) -> None:
    text = "证件号码,姓名\n" + "\n".join(f"{number_of(index)},{name_of(index)}" for index in (1, 5))
    key = comparison.compare(OFFICER, comparison.begin(), Role.POLICE, text.encode("utf-8-sig"), TODAY)
    comparison.give_back(OFFICER, key, TODAY)


def _lost(people: dict[int, tuple[int, int]]) -> None:
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        row = work.get(Case, people[5][1])
        assert row is not None
        row.management, row.management_on = int(Management.LOST), TODAY
    letter.lost(DOCTOR_EAST, people[5][1], "police", TODAY)


def _emergency(people: dict[int, tuple[int, int]]) -> None:
    key = new_key()
    emergency.start(DOCTOR_EAST, people[5][1], key, clock.now(), clock.now())
    emergency.tick(DOCTOR_EAST, key, EmergencyStep.POLICE, clock.now())


def _incident(people: dict[int, tuple[int, int]]) -> None:
    told = incident.IncidentEntry(
        on=TODAY, kind=DangerousAct.OFFENCE, done=(IncidentMeasure.POLICE,), police_told_on=TODAY
    )
    incident.record(DOCTOR_EAST, people[1][1], new_key(), told, TODAY)


def _task(people: dict[int, tuple[int, int]]) -> None:
    to = f"{int(Role.POLICE)}.{sharing.EAST}"
    assert partner.ask(DOCTOR_EAST, people[1][1], new_key(), to, TaskKind.AT_HOME, "是否在家", TODAY)


def _call(people: dict[int, tuple[int, int]]) -> None:
    told = ledger.Call(f"{int(Role.POLICE)}.{sharing.EAST}", frozenset({1, 3}), True, "来电")
    assert ledger.record_call(DOCTOR_EAST, people[1][1], new_key(), told, TODAY)


def _meeting(_: dict[int, tuple[int, int]]) -> None:
    once = group_meeting.begin()
    group_meeting.hold(OFFICER, once, "通报情况", TODAY)
    group_meeting.sheet(OFFICER, once, TODAY)


#: Everybody for whom condition ① holds.
ALL = (0, 1, 2, 3, 4)
#: Each road: how it is walked, and (kind, receiver, people, groups, condition, reason, ends) of its lines.
ROADS: dict[str, tuple[Walk, tuple[object, ...]]] = {
    "data request": (
        lambda _: _released(ASKED),
        (ExchangeKind.FILE, Role.POLICE, (1, 2), "G1", Condition.REQUEST, None, True),
    ),
    "platform file": (
        lambda _: _released(PLATFORM),
        (ExchangeKind.FILE, Role.POLITICAL_LEGAL, ALL, "G1", Condition.RISK, Reason.GRADE, True),
    ),
    "comparison": (
        _compared, (ExchangeKind.FILE, Role.POLICE, (1,), "G1", Condition.RISK, Reason.GRADE, False),
    ),
    "lost letter": (
        _lost, (ExchangeKind.FILE, Role.POLICE, (5,), "G1 G2 G3 G4", Condition.EMERGENCY, Reason.LOST, False),
    ),
    "emergency call": (
        _emergency, (ExchangeKind.CALL, Role.POLICE, (5,), "G1 G4", Condition.EMERGENCY, None, True),
    ),
    "told of an act": (
        _incident, (ExchangeKind.CALL, Role.POLICE, (1,), "G1 G4 G9", Condition.RISK, Reason.GRADE, False),
    ),
    "task": (_task, (ExchangeKind.TASK, Role.POLICE, (1,), "G1 G4", Condition.RISK, Reason.GRADE, True)),
    "call note": (
        _call, (ExchangeKind.CALL, Role.POLICE, (1,), "G1 G3", Condition.EMERGENCY, Reason.GRADE, True),
    ),
    "export": (
        lambda people: exchange.export_person(DOCTOR_EAST, people[1][1], BytesIO()),
        (ExchangeKind.FILE, Role.TOWNSHIP_DOCTOR, (1,), "G1", None, None, False),
    ),
    "meeting sheet": (_meeting, (ExchangeKind.FILE, Role.POLITICAL_LEGAL, (), "G14", None, None, False)),
}  # fmt: skip


@pytest.fixture
def people(app: Flask, monkeypatch: pytest.MonkeyPatch) -> dict[int, tuple[int, int]]:
    clock.fix(TODAY)
    monkeypatch.setattr(account, "_hasher", quick_hasher())
    found = sharing.people(6)
    made.open_departments(monkeypatch)
    sharing.write_notes()
    return found


def test_each_road_has_its_line(people: dict[int, tuple[int, int]]) -> None:
    cases = {case: index for index, (_person, case) in people.items()}
    seen: set[int] = set()
    for name, (walk, (kind, receiver, who, groups, condition, reason, ends)) in ROADS.items():
        walk(people)
        with open_work(SYSTEM, Action.LIAISON_VIEW) as work:
            every = work.entities(select(LedgerLine).order_by(LedgerLine.id))
        lines = [one for one in every if one.id not in seen and one.disclosure_id is None]
        seen |= {one.id for one in every}
        assert {(one.kind, one.receiver) for one in lines} == {(kind, receiver)}, name
        assert tuple(sorted(cases[one.file_key] for one in lines if one.file_key is not None)) == who, name
        for one in lines:
            for group in str(groups).split():
                assert one.groups >> int(FieldGroup[group]) & 1, (name, group)
            assert one.ground and one.actor, name
            assert condition is None or (one.conditions or 0) >> int(condition) & 1, name
            assert (one.until is not None) is ends, name
            if one.until is not None:
                assert one.until >= TODAY - timedelta(1), name
        if reason is not None:
            assert reason in {one.reason for one in lines}, name
