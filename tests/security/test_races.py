"""争用: several at once, on both databases — nothing is written twice, no count slips, the chain holds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from casemgr.rules.access import Action
from casemgr.services import account, audit, clock, exchange, indicator, register
from casemgr.services.errors import Conflict, Problem
from casemgr.store.db import new_key
from casemgr.store.models import (
    Case,
    Checkup,
    Clue,
    Dose,
    LoginAttempt,
    MonthClose,
    Notice,
    RehabSession,
    Sheet,
    Visit,
)
from casemgr.store.models.emergency import Emergency
from casemgr.store.models.referral import Referral
from casemgr.store.types import Plain
from casemgr.store.work import Taken, open_work
from tests.conftest import TODAY
from tests.forms.example import PERSON, SESSION, VISIT
from tests.security.conftest import NOW, SYSTEM
from tests.services.workbooks import AREAS, WHOLE, Here, workbook


@pytest.fixture(autouse=True)
def _read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "Source", Here)


def at_once(app: Flask, count: int, act: Callable[[], Any]) -> list[Any]:
    """What ``count`` threads get that begin ``act`` together; a refusal in words counts as an answer."""
    line = threading.Barrier(count)

    def one(_: int) -> Any:
        with app.app_context():
            line.wait(300)
            try:
                return act()
            except Problem as problem:
                return problem

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


def rows(*models: Any) -> list[int]:
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        return [int(work.scalar(select(func.count(model.id)))) for model in models]


def test_the_same_import_three_times_at_once_is_one(both: Flask) -> None:
    exchange.import_file(SYSTEM, workbook({"机构与区划": AREAS, "患者": [PERSON]}), TODAY)
    # Sessions of one day have no key of their own that the database could hold against a double.
    book = workbook({"机构与区划": AREAS, "社区康复": [SESSION, SESSION._replace(on=SESSION.on + 1)]})
    answers = at_once(both, 3, lambda: exchange.import_file(SYSTEM, book, TODAY).sheets["社区康复"])
    assert sorted(one.accepted for one in answers) == [0, 0, 2]
    assert rows(RehabSession) == [2]


def test_the_same_new_people_at_once_are_one(both: Flask) -> None:
    exchange.import_file(SYSTEM, workbook({"机构与区划": AREAS}), TODAY)
    answers = at_once(both, 3, lambda: exchange.import_file(SYSTEM, workbook(WHOLE), TODAY))
    assert sum(isinstance(one, Conflict) for one in answers) in (0, 1, 2)
    assert rows(Case, Visit, Dose, RehabSession, Checkup) == [1, 1, 1, 1, 1]


def test_a_confirmation_is_taken_once(both: Flask) -> None:
    key = exchange.receive(SYSTEM, "名单.xlsx", workbook(WHOLE))
    exchange.read(SYSTEM, key, TODAY)
    answers = at_once(both, 4, lambda: exchange.confirm(SYSTEM, key))
    assert answers.count(True) == 1


def test_who_changes_a_row_that_was_changed_meanwhile_is_told(postgres_app: Flask) -> None:
    """On SQLite there is one writer at a time; on PostgreSQL the version of the row decides."""
    exchange.import_file(SYSTEM, workbook(WHOLE), TODAY)
    with pytest.raises(Taken), open_work(SYSTEM, Action.CASE_READ) as slow:
        mine = slow.one(select(Visit))
        with open_work(SYSTEM, Action.CASE_READ) as quick:
            quick.one(select(Visit)).risk = 4
        mine.risk = 1
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        assert [row.risk for row in work.rows(select(Visit.risk))] == [4]
    assert VISIT.risk != 4


KEPT: dict[type[Any], tuple[dict[str, Any], str, Any, Any]] = {
    Clue: ({"state": 1, "found_on": TODAY, "form_version": 2018, "name": Plain("赵试验")}, "state", 2, 5),
    Notice: (
        {"kind": 1, "state": 2, "name": Plain("赵试验"), "happened_on": TODAY, "received_on": TODAY},
        "state",
        3,
        4,
    ),
    Emergency: ({"reported_at": NOW}, "steps", Plain("{}"), Plain("[]")),
    Referral: ({"direction": 1, "state": 1, "advised_on": TODAY}, "state", 2, 7),
    Sheet: (
        {"form": "emergency", "form_version": "2018.1", "data": Plain("{}")},
        "data",
        Plain("1"),
        Plain("2"),
    ),
}


@pytest.mark.parametrize("model", KEPT, ids=lambda model: model.__name__)
def test_of_two_who_take_a_step_at_once_one_is_told(postgres_app: Flask, model: type[Any]) -> None:
    """What both have read, only one may change: else a step, a tick or a sheet of the other is gone."""
    exchange.import_file(SYSTEM, workbook(WHOLE), TODAY)
    given, name, first, second = KEPT[model]
    key = new_key()
    with open_work(SYSTEM, Action.CASE_READ) as work:
        case = work.one(select(Case))
        own = {} if model in (Clue, Notice) else {"case_id": case.id}
        if model is Notice:
            sheet = work.add(
                Sheet(id=new_key(), area=case.area, recorded_at=NOW, recorded_by=1, **KEPT[Sheet][0])
            )
            own = {"sheet_id": sheet.id}
            work.flush()
        work.add(model(id=key, area=case.area, recorded_at=NOW, recorded_by=1, **own, **given))
    with pytest.raises(Taken), open_work(SYSTEM, Action.CASE_READ) as slow:
        mine = slow.get(model, key)
        with open_work(SYSTEM, Action.CASE_READ) as quick:
            setattr(quick.get(model, key), name, first)
        setattr(mine, name, second)
    with open_work(SYSTEM, Action.CASE_READ) as work:
        assert work.get(model, key).version == 2


def test_a_month_is_closed_once(both: Flask) -> None:
    exchange.import_file(SYSTEM, workbook(WHOLE), TODAY)
    answers = at_once(both, 3, lambda: indicator.close(SYSTEM, "2026-10").written)
    assert answers.count(True) == 1
    assert rows(MonthClose) == [1]


def test_no_attempt_slips_past_the_throttle(both: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    answers = at_once(both, 10, lambda: account.sign_in("nobody", "x", "10.0.0.1", now))
    assert sum(one.status == 401 for one in answers) == account.TRIES
    assert rows(LoginAttempt) == [account.TRIES]


def test_the_chain_holds_under_many_readers(both: Flask) -> None:
    exchange.import_file(SYSTEM, workbook(WHOLE), TODAY)
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        case = work.scalar(select(Case.id))

    def read() -> int:
        return sum(bool(register.reveal_identity(SYSTEM, case, "1", TODAY).person.name) for _ in range(3))

    assert at_once(both, 6, read) == [3] * 6
    assert audit.verify(SYSTEM).broken is None
