"""保存与销毁: what goes by itself, what two accounts let go, what nothing lets go before its time."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from casemgr.rules.access import Access, Action
from casemgr.rules.retention import is_over, last_day
from casemgr.services import printing, retention
from casemgr.services.errors import Conflict, Forbidden, Missing, Refused, Unfit
from casemgr.store import destruction, models
from casemgr.store.db import db
from casemgr.store.models import (
    AuditEntry,
    Case,
    Clue,
    Consent,
    DestroyedFile,
    Disclosure,
    Draft,
    Envelope,
    Guardian,
    Identity,
    LedgerLine,
    LiaisonReport,
    MisuseQuestion,
    Notice,
    Person,
    RetentionCount,
    RightsRequest,
    Visit,
    VisitText,
)
from casemgr.store.scope import Lockable
from casemgr.store.types import Plain
from casemgr.store.verifier import unchecked
from casemgr.store.work import Work, open_work
from casemgr.terms.account import Role
from casemgr.terms.retention import DestructionState, Kept
from tests.services.sharing import OFFICER, SECOND
from tests.store.register import COUNTY, DOCTOR_WEST, EAST, SYSTEM, open_areas

TODAY = date(2026, 11, 21)
DAY = timedelta(days=1)
OLD = date(1990, 6, 15)
_numbers = itertools.count(1)


def at(day: date) -> datetime:
    """Noon in Shanghai."""
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def key_of(day: date) -> int:
    """A key as it was made on that day."""
    return int(at(day).timestamp() * 1000) << 21 | next(_numbers)


def file_of(
    work: Work, unit: int, began: date, last: date, area: int = EAST, lifecycle: int = 2, **columns: Any
) -> tuple[int, int]:
    """A whole file as it stood when its last visit was entered; (person, case)."""
    person, case, visit = key_of(began), key_of(began), key_of(last)
    work.add(Person(id=person, area=area, sex=1, birth_year=1930))
    work.flush()
    work.add(Identity(person_id=person, area=area, name=Plain("甲某乙"), token_key=1, id_token=bytes(16)))
    work.add(Guardian(id=key_of(began), person_id=person, area=area, name=Plain("丙某")))
    work.add(
        Case(
            id=case, person_id=person, area=area, county=COUNTY, file_no=f"R-{case % 10**6}", unit_id=unit,
            diagnosis=1, registered_on=began, created_at=at(began), lifecycle=lifecycle,
            **{"lifecycle_on": began + DAY, **columns},
        )
    )  # fmt: skip
    work.flush()
    work.add(
        Visit(
            id=visit, area=area, case_id=case, on=last, form_version=2018, risk=0, recorded_at=at(last),
            recorded_by=11,
        )
    )  # fmt: skip
    work.flush()
    work.add(VisitText(visit_id=visit, area=area, note=Plain("病情记录")))
    work.add(Consent(id=key_of(began), case_id=case, area=area, answer=1, recorded_at=at(began)))
    work.add(
        Disclosure(
            id=key_of(began), area=area, file_key=case, receiver=int(Role.POLICE), receiver_area=area,
            conditions=2, reason=1, ground="x", groups=1, valid_from=began, withdrawn_on=began,
            recorded_at=at(began),
        )
    )  # fmt: skip
    work.add(
        LedgerLine(
            id=key_of(began), area=area, file_key=case, receiver=int(Role.POLICE), receiver_area=area,
            kind=1, at=at(began), actor=11, groups=1, ground="x",
        )
    )  # fmt: skip
    return person, case


def count(model: Any, *where: Any) -> int:
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        key = model.__table__.primary_key.columns.keys()[0]
        return int(work.scalar(select(func.count(getattr(model, key))).where(*where)) or 0)


def nightly(today: date = TODAY) -> dict[Kept, retention.Swept]:
    kinds = [kind for kind in Kept if kind in retention.queries.SOURCES]
    return {kind: retention.sweep_all(SYSTEM, kind, today) for kind in kinds}


# --- what goes by itself --------------------------------------------------------------------------


def _clue(day: date) -> Any:
    return Clue(
        id=key_of(day), area=EAST, state=4, found_on=day, form_version=1, name=Plain("丁某"), decided_on=day,
        recorded_at=at(day), recorded_by=11,
    )  # fmt: skip


def _notice(day: date) -> Any:
    return Notice(
        id=key_of(day), area=EAST, kind=1, state=5, name=Plain("戊某"), happened_on=day, received_on=day,
        ended_on=day, recorded_at=at(day), recorded_by=11,
    )  # fmt: skip


def _draft(day: date) -> Any:
    return Draft(
        id=key_of(day), area=EAST, owner=11, form="x", form_version="1", data=Plain("{}"), begun_at=at(day),
        saved_at=at(day),
    )  # fmt: skip


def _envelope(day: date) -> Any:
    number = key_of(day)
    return Envelope(
        id=number, area=EAST, sent_id=str(number), form="x", digest=bytes(32), noun="Visit", row_id=1,
        recorded_at=at(day), recorded_by=11,
    )  # fmt: skip


def _report(day: date) -> Any:
    return LiaisonReport(
        id=key_of(day), area=EAST, receiver=int(Role.POLICE), receiver_area=EAST, kind=1, state=3,
        happened_on=day, urgent=False, told=Plain("街上有人"), reported_at=at(day), reported_on=day,
        reported_by=5, answered_on=day,
    )  # fmt: skip


def _question(day: date) -> Any:
    number = key_of(day)
    return MisuseQuestion(
        id=number, area=EAST, kind=1, account=number, role=2, on=day, case_key=0, counted=1, entry=1,
        asked_on=day, due_on=day, answered_on=day, answer=Plain("值班"),
    )  # fmt: skip


MAKERS = {
    Kept.CLUE: _clue,
    Kept.NOTICE: _notice,
    Kept.DRAFT: _draft,
    Kept.ENVELOPE: _envelope,
    Kept.REPORT: _report,
    Kept.MISUSE: _question,
}


def test_nothing_under_its_term_is_ever_destroyed(both: Flask) -> None:
    """Rows of all ages, most of them close to the end of their term: exactly those over it go."""
    chance = random.Random(20261121)
    units = open_areas()
    begun: dict[Kept, dict[int, date]] = {kind: {} for kind in MAKERS}
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for kind, make in MAKERS.items():
            for days in [*range(-3, 4), *(chance.randint(-400, 2_000) for _ in range(8))]:
                # From the day on which the term would end today, some days to and fro.
                months = retention.rules.table()[kind].months or 0
                day = retention.rules._later(TODAY, -months) + timedelta(days)
                if day <= TODAY:
                    row = work.add(make(day))
                    begun[kind][row.id] = day
        files = {}
        for days in [*range(-3, 4), *(chance.randint(-3_000, 9_000) for _ in range(8))]:
            last = date(1996, 11, 21) + timedelta(days)
            files[file_of(work, units[EAST], OLD, last)[1]] = last
    nightly()
    for kind, rows in begun.items():
        model = type(MAKERS[kind](TODAY))
        with open_work(SYSTEM, Action.CASE_LIST) as work:
            left = {row.id for row in work.rows(select(model.id))}
        assert {key for key, day in rows.items() if not is_over(kind, day, TODAY)} == left & set(rows), kind
        assert 3 <= len(left) < len(rows), kind
    # Files wait for two accounts; the list has exactly those over their term.
    assert count(Case) == len(files)
    with open_work(OFFICER, Action.RETENTION_READ) as work:
        due = {key for one in retention.due_files(work, Kept.MEDICAL, TODAY) for key in one.keys}
    assert due == {case for case, last in files.items() if is_over(Kept.MEDICAL, last, TODAY)}
    assert 0 < len(due) < len(files)


def test_each_night_is_written_down_and_a_second_run_changes_nothing(app: Flask) -> None:
    open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for _ in range(3):
            work.add(_clue(OLD))
        work.add(_clue(TODAY))
    swept = retention.sweep_all(SYSTEM, Kept.CLUE, TODAY)
    assert (swept.due, swept.held, swept.done, swept.oldest) == (3, 0, 3, OLD)
    retention.lay_down(SYSTEM, Kept.CLUE, swept, TODAY)
    again = retention.sweep_all(SYSTEM, Kept.CLUE, TODAY)
    assert (again.due, again.done) == (0, 0)
    retention.lay_down(SYSTEM, Kept.CLUE, again, TODAY)
    assert (count(Clue), count(RetentionCount)) == (1, 1)
    assert count(AuditEntry, AuditEntry.verb == "destroy", AuditEntry.noun == "Clue") == 1
    (line,) = (one for one in retention.kinds(OFFICER) if one.keeping.kept is Kept.CLUE)
    assert (line.due, line.gone, line.counted_on) == (0, 3, TODAY)
    # A run for one county does not pass for the count of all.
    part = retention.Swept(0, 9, 9, 2, OLD, OLD)
    retention.lay_down(Access.system("x", COUNTY), Kept.CLUE, part, TODAY)
    (line,) = (one for one in retention.kinds(OFFICER) if one.keeping.kept is Kept.CLUE)
    assert (line.due, line.gone) == (0, 5)
    with pytest.raises(Forbidden):
        retention.sweep(OFFICER, Kept.CLUE, 0, 0, TODAY)


def test_a_copy_left_with_a_department_is_emptied_and_the_ledger_stays(app: Flask) -> None:
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        _person, case = file_of(work, units[EAST], OLD, OLD)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        row = work.one(select(Disclosure))
        row.sheet, row.alias, row.withdrawn_on = Plain("{}"), Plain("甲某"), TODAY
    assert retention.sweep_all(SYSTEM, Kept.WITHDRAWN, TODAY).done == 0
    assert retention.sweep_all(SYSTEM, Kept.WITHDRAWN, TODAY + DAY).done == 1
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        row = work.one(select(Disclosure))
        assert (row.sheet, row.alias, row.file_key) == (None, None, case)
    assert count(LedgerLine) == 1


# --- files ----------------------------------------------------------------------------------------


@pytest.fixture
def units(app: Flask) -> dict[int, int]:
    return open_areas()


def put(units: dict[int, int], **columns: Any) -> tuple[int, int]:
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        return file_of(work, units[EAST], OLD, OLD, **columns)


def propose(kind: Kept = Kept.MEDICAL, access: Access = OFFICER, today: date = TODAY) -> int:
    return retention.propose(access, retention.begin(), int(kind), "鉴定会 2026-11-20", today)


def decide(key: int, access: Access = SECOND, agree: bool = True, today: date = TODAY) -> retention.ListView:
    version = retention.one(access, key).version
    return retention.decide(access, key, version, agree, "逐份核对过", today)


def test_two_accounts_let_a_file_go_and_what_proves_it_follows_later(both: Flask) -> None:
    units = open_areas()
    person, case = put(units)
    _other, kept = put(units, lifecycle=1)
    key = propose()
    assert propose_again_is_refused()
    with pytest.raises(Refused):
        decide(key, OFFICER)
    assert count(Visit, Visit.case_id == case) == 1
    view = decide(key)
    assert (view.state, view.done, view.skipped) == (DestructionState.DONE, 1, 0)
    assert (dict(view.counts)["随访记录"], dict(view.counts)["随访文字"]) == (1, 1)
    for model in destruction.medical():
        assert count(model, model.case_id == case) == 0, model.__name__
    assert count(VisitText) == 1  # that of the other file
    assert (count(Consent, Consent.case_id == case), count(Identity), count(Case)) == (1, 2, 2)
    assert count(Visit, Visit.case_id == kept) == 1
    # Three years later the cover goes as well, a day earlier it does not.
    last = last_day(Kept.COVER, TODAY)
    assert last is not None
    with pytest.raises(Unfit):
        propose(Kept.COVER, today=last)
    view = decide(propose(Kept.COVER, today=last + DAY), today=last + DAY)
    assert view.done == 1
    assert count(Person, Person.id == person) == 0
    assert (count(Person), count(Identity), count(Guardian), count(Case)) == (1, 1, 1, 1)
    assert (count(Consent), count(Disclosure), count(DestroyedFile)) == (1, 1, 0)
    assert count(LedgerLine) == 2
    assert count(AuditEntry, AuditEntry.verb == "destroy", AuditEntry.case_key == case) == 2
    assert retention.one(OFFICER, key).lines[0][3] == "已销毁"


def propose_again_is_refused() -> bool:
    with pytest.raises(Conflict):
        propose()
    return True


def test_a_locked_identity_goes_with_its_file(units: dict[int, int]) -> None:
    put(units)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for model in (Person, Identity, Guardian):
            row = work.one(select(model))
            row.locked = True
    decide(propose())
    last = last_day(Kept.COVER, TODAY)
    assert last is not None
    decide(propose(Kept.COVER, today=last + DAY), today=last + DAY)
    with unchecked(), db.engine.begin() as connection:
        if db.engine.dialect.name == "postgresql":
            connection.execute(text("SELECT set_config('casemgr.low', '0', true)"))
            connection.execute(text("SELECT set_config('casemgr.high', '1000000000000', true)"))
        for name in models.__all__:
            model = getattr(models, name)
            if issubclass(model, Lockable) or "case_id" in model.__table__.c:
                left = connection.execute(select(func.count()).select_from(model.__table__)).scalar()
                assert left == 0, name


@pytest.mark.parametrize("what", ["hold", "request", "visit", "second file"])
def test_what_happens_between_list_and_decision_keeps_the_file(units: dict[int, int], what: str) -> None:
    person, case = put(units)
    put(units)
    key = propose()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        if what == "request":
            work.add(
                RightsRequest(
                    id=key_of(OLD), case_id=case, area=EAST, kind=1, asker=1, asked_on=OLD, due_on=OLD,
                    what=Plain("x"), state=1, recorded_at=at(OLD), recorded_by=11,
                )
            )  # fmt: skip
        elif what == "visit":
            work.add(
                Visit(
                    id=key_of(TODAY), area=EAST, case_id=case, on=OLD + DAY, form_version=2018, risk=0,
                    recorded_at=at(OLD), recorded_by=11,
                )
            )  # fmt: skip
        elif what == "second file":
            work.add(
                Case(
                    id=key_of(TODAY), person_id=person, area=EAST, county=COUNTY, file_no="N-1",
                    unit_id=units[EAST], diagnosis=1, registered_on=TODAY, created_at=at(TODAY),
                )
            )  # fmt: skip
    if what == "hold":
        retention.hold(OFFICER, retention.begin(), case, "民事诉讼", TODAY)
    view = decide(key)
    assert (view.done, view.skipped) == (1, 1)
    assert sorted(line[3][:3] for line in view.lines) == ["已销毁", "未销毁"]
    assert count(Visit, Visit.case_id == case) >= 1


def test_who_came_back_after_the_destruction_has_a_term_of_its_own(units: dict[int, int]) -> None:
    _person, case = put(units)
    decide(propose())
    last = last_day(Kept.COVER, TODAY)
    assert last is not None
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:  # back for a year, with a visit, and gone again
        back = TODAY + 200 * DAY
        work.add(
            Visit(
                id=key_of(back), area=EAST, case_id=case, on=back, form_version=2018, risk=0,
                recorded_at=at(back), recorded_by=11,
            )
        )  # fmt: skip
        work.get(Case, case).lifecycle_on = back + DAY
    with pytest.raises(Unfit):
        propose(Kept.COVER, today=last + DAY)
    assert count(Visit, Visit.case_id == case) == 1
    over = last_day(Kept.MEDICAL, back + DAY)
    assert over is not None
    with pytest.raises(Unfit):
        propose(today=over)
    assert decide(propose(today=over + DAY), today=over + DAY).done == 1
    assert count(Visit, Visit.case_id == case) == 0
    assert count(DestroyedFile, DestroyedFile.on == over + DAY) == 1


def test_a_hold_lasts_until_it_is_lifted(units: dict[int, int]) -> None:
    _person, case = put(units)
    retention.hold(OFFICER, retention.begin(), case, "民事诉讼（2026）", TODAY)
    with pytest.raises(Conflict):
        retention.hold(SECOND, retention.begin(), case, "又一次", TODAY)
    with pytest.raises(Unfit) as told:
        propose()
    assert "kind" in told.value.fields
    assert [(one.people, one.held) for one in retention.ready(OFFICER, TODAY)] == [(0, 1), (0, 0)]
    _number, (hold,) = retention.holds(OFFICER, case)
    assert hold.reason == "民事诉讼（2026）"
    with pytest.raises(Unfit):
        retention.lift(OFFICER, case, hold.id, hold.version, "", TODAY)
    retention.lift(OFFICER, case, hold.id, hold.version, "已结案", TODAY)
    with pytest.raises(Conflict):
        retention.lift(OFFICER, case, hold.id, hold.version, "已结案", TODAY)
    assert decide(propose()).done == 1


def test_who_may_and_what_a_list_needs(app: Flask) -> None:
    units = open_areas()
    _person, case = put(units)
    for access in (DOCTOR_WEST, Access.over(9, "管理员", Role.ADMINISTRATOR, None)):
        with pytest.raises(Forbidden):
            propose(access=access)
    with pytest.raises(Unfit):
        retention.propose(OFFICER, retention.begin(), int(Kept.LEDGER), "鉴定会记录", TODAY)
    with pytest.raises(Unfit):
        retention.propose(OFFICER, retention.begin(), int(Kept.MEDICAL), "x", TODAY)
    elsewhere = Access.over(77, "邻县", Role.COUNTY_OFFICER, 999902000000)
    key = propose()
    with pytest.raises(Missing):
        retention.one(elsewhere, key)
    with pytest.raises(Missing):
        retention.holds(elsewhere, case)
    with pytest.raises(Unfit):
        retention.propose(elsewhere, retention.begin(), int(Kept.MEDICAL), "鉴定会记录", TODAY)
    with pytest.raises(Refused):
        retention.withdraw(SECOND, key, 1)
    view = decide(key, agree=False)
    assert view.state is DestructionState.REFUSED
    assert count(Visit) == 1
    second = propose()
    retention.withdraw(OFFICER, second, 1)
    with pytest.raises(Conflict):
        retention.decide(SECOND, second, 2, True, "逐份核对过", TODAY)
    assert count(Visit) == 1


def test_the_paper_has_numbers_counts_and_no_name(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    units = open_areas()
    put(units)
    decide(key := propose())
    drawn = []
    monkeypatch.setattr(printing, "put", lambda _work, html, title, _people: drawn.append((html, title)) or 7)
    assert retention.paper(OFFICER, key) == 7
    ((html, title),) = drawn
    assert title == "档案销毁清册"
    for words in ("R-", "随访记录", "监销人", "精神卫生法第四十七条", "鉴定会", "已销毁"):
        assert words in html
    assert "甲某乙" not in html
