"""Emergency reading: exactly one person, for a day, and looked at afterwards; on both databases."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from casemgr.rules.access import ROLE_ACTIONS, Access, Action, Role
from casemgr.services import account, case_view, certification, clock, glass, register
from casemgr.services import event as events
from casemgr.services.errors import Conflict, Forbidden, Missing, Refused, Unfit
from casemgr.store import models, prepared
from casemgr.store.db import db, new_key
from casemgr.store.models import AuditEntry, AuditSubject, Glass, Guardian
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Plain
from casemgr.store.work import open_work
from casemgr.terms.access import GlassReason, GlassVerdict
from tests.conftest import TODAY
from tests.staff import NOW, PASSWORD, open_accounts, quick_hasher
from tests.store.register import COUNTY, EAST, SYSTEM, WEST, add_person, add_visit, open_areas

WORDS = "有人在路口拦车，自称认识他，需要联系家属"
WEST_NUMBER, WEST_PHONE = "999901198001010017", "10011112222"


@dataclass(frozen=True)
class Place:
    """Two townships: one person in the east; two in the west, one of them to be looked for."""

    east: Access
    west: Access
    head: Access
    officer: Access
    admin: Access
    mine: int
    case: int
    person: int
    neighbour: int


def _access(login: str) -> Access:
    return account.sign_in(login, PASSWORD, "10.0.0.1", NOW).person.access


@pytest.fixture
def place(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """The two townships on SQLite."""
    yield furnish(monkeypatch)
    clock.fix(TODAY)


@pytest.fixture
def twice(both: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """The two townships on SQLite and on PostgreSQL with its row policies."""
    yield furnish(monkeypatch)
    clock.fix(TODAY)


def furnish(monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(account, "_hasher", quick_hasher())
    account._nobody.cache_clear()
    units = open_areas()
    open_accounts()
    account.create(SYSTEM, "head", "负责人己", int(Role.UNIT_HEAD), WEST, NOW, PASSWORD, must_change=False)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        _, mine = add_person(work, EAST, units[EAST], "E1", "张东一", "999901198001010025", "10033334444")
        person, case = add_person(work, WEST, units[WEST], "W1", "李西一", WEST_NUMBER, WEST_PHONE)
        other, neighbour = add_person(
            work, WEST, units[WEST], "W2", "王西二", "999901198001010033", "10055556666"
        )
        for one, name in ((person, "李父亲"), (other, "王父亲")):
            work.add(
                Guardian(id=new_key(), person_id=one, area=WEST, name=Plain(name), phone=Plain("10077778888"))
            )
        for one in (case, neighbour):
            add_visit(work, WEST, one, date(2026, 9, 1))
    logins = ("east", "west", "head", "officer", "admin")
    return Place(*(_access(one) for one in logins), mine, case, person, neighbour)


def open_one(place: Place, asked: str = WEST_NUMBER, once: int = 0) -> int:
    return glass.break_(place.east, once or glass.begin(), asked, int(GlassReason.MISSING), WORDS).key


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that goes to the database, with its values."""
    seen: list[tuple[str, Any]] = []

    def listen(_c: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        seen.append((statement, values))

    finished = prepared.rows

    def rows(session: Any, statement: Any, values: Any) -> Any:
        seen.append((str(statement), values))
        return finished(session, statement, values)

    with monkeypatch.context() as patch:
        patch.setattr(prepared, "rows", rows)
        event.listen(db.engine, "before_cursor_execute", listen)
        try:
            yield seen
        finally:
            event.remove(db.engine, "before_cursor_execute", listen)


SCOPED = {
    getattr(models, name).__tablename__
    for name in models.__all__
    if issubclass(getattr(models, name), AreaScoped)
} - {"stand_in", "edition_entry", "product_label"}  # of staff, of rules and of drugs, not of people


def values_of(values: Any) -> set[Any]:
    flat: Sequence[Any] = list(values.values()) if isinstance(values, dict) else list(values or ())
    flat = [deep for one in flat for deep in (one if isinstance(one, list | tuple) else [one])]
    return {one for one in flat if isinstance(one, int)}


# --- what is reached ------------------------------------------------------------------------------


def test_one_person_is_opened_and_nothing_beside(twice: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Missing):
        register.case(twice.east, twice.case, TODAY)
    key = open_one(twice)
    with statements(monkeypatch) as seen:
        view = glass.view(twice.east, key)
    assert (view.name, view.phone) == ("李西一", WEST_PHONE)
    assert view.number == "999*************17"
    assert [one.name for one in view.guardians] == ["李父亲"]
    told = repr(dataclasses.asdict(view))
    assert str(twice.case) in told
    for foreign in ("王西二", "王父亲", "张东一", "W2", "E1", str(twice.neighbour), str(twice.mine)):
        assert foreign not in told
    # Whatever was asked of a table about people was asked by the key of this one person.
    with open_work(SYSTEM, Action.CASE_READ) as work:
        visits = set(work.entities(select(models.Visit.id).where(models.Visit.case_id == twice.case)))
    keys = {twice.case, twice.person, key} | visits
    asked = [
        (statement, values)
        for statement, values in seen
        if any(f" {table} " in f"{statement} ".replace("\n", " ") for table in SCOPED)
        and statement.lstrip().upper().startswith("SELECT")
    ]
    assert len(asked) > 8
    for statement, values in asked:
        assert keys & values_of(values), statement
    # And nothing is left open behind: the usual ways stay closed.
    for way in (
        lambda: register.case(twice.east, twice.case, TODAY),
        lambda: events.of_case(twice.east, twice.neighbour, TODAY).incidents and None,
        lambda: register.reveal_identity(twice.east, twice.case, "随访", TODAY),
    ):
        try:
            assert not way()
        except Missing:
            continue


def test_the_entries_name_this_person_the_reader_and_the_reason(place: Place) -> None:
    key = open_one(place)
    glass.view(place.east, key)
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        rows = work.rows(
            select(
                AuditEntry.verb, AuditEntry.noun, AuditEntry.role, AuditEntry.purpose, AuditSubject.person_id
            )
            .join(AuditSubject, AuditSubject.seq == AuditEntry.seq)
            .where(AuditEntry.actor == place.east.actor)
            .order_by(AuditEntry.seq)
        )
        reads = work.rows(
            select(AuditEntry.case_key).where(
                AuditEntry.actor == place.east.actor, AuditEntry.verb == "read", AuditEntry.noun == "Case"
            )
        )
    assert {row.person_id for row in rows} == {place.person}
    assert [(row.verb, row.noun) for row in rows] == [
        ("break", "Glass"),
        ("reveal", "Identity"),
        ("reveal", "Guardian"),
    ]
    assert rows[1].role == int(Role.TOWNSHIP_DOCTOR)
    assert rows[1].purpose == "紧急查看：走失、失联，正在寻找"
    assert {row.case_key for row in reads} == {place.case}


def test_a_reading_is_the_readers_own_and_ends_with_its_day(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = open_one(place)
    stranger = replace(place.east, actor=place.east.actor + 1)
    for other in (stranger, place.west, place.head):
        with pytest.raises(Missing):
            glass.view(other, key)
    with pytest.raises(Missing):
        glass.view(place.east, key + 1)
    at = clock.now()
    monkeypatch.setattr(clock, "now", lambda: at + timedelta(hours=23, minutes=59))
    assert glass.view(place.east, key).name == "李西一"
    monkeypatch.setattr(clock, "now", lambda: at + timedelta(hours=24, minutes=1))
    with pytest.raises(Missing, match="到期"):
        glass.view(place.east, key)
    assert [one.living for one in glass.mine(place.east)] == [False]


def test_a_reading_ended_by_its_reader_is_over(place: Place) -> None:
    key = open_one(place)
    with pytest.raises(Missing):
        glass.end(place.west, key)
    glass.end(place.east, key)
    with pytest.raises(Missing):
        glass.view(place.east, key)


def test_who_has_left_reads_nothing_more_and_what_was_read_stays(place: Place) -> None:
    key = open_one(place)
    certification.leave(place.admin, place.east.actor)
    with pytest.raises(Missing):
        glass.view(place.east, key)
    assert [one.key for one in glass.reviews(place.head)] == [key]
    with pytest.raises(Forbidden):
        glass.end_of(place.officer, place.east.actor)


def test_the_file_follows_the_person_and_closes_when_the_person_is_gone(place: Place) -> None:
    key = open_one(place)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        found = work.get(models.Identity, place.person)
        assert found is not None
        found.locked = True
    with pytest.raises(Missing):
        glass.view(place.east, key)


# --- who may, and how somebody is found -----------------------------------------------------------


def test_only_who_reads_people_of_a_unit_may_break_the_glass(place: Place) -> None:
    may = {role for role in Role if Action.GLASS_BREAK in ROLE_ACTIONS.get(role, ())}
    assert may == {Role.TOWNSHIP_DOCTOR, Role.UNIT_HEAD, Role.SYSTEM}
    key = open_one(place)
    for role in set(Role) - may:
        asker = replace(place.east, role=role)
        for step in (
            lambda asker=asker: glass.break_(asker, 5, WEST_NUMBER, 1, WORDS),
            lambda asker=asker: glass.view(asker, key),
            lambda asker=asker: glass.mine(asker),
            lambda asker=asker: glass.end(asker, key),
        ):
            with pytest.raises(Forbidden):
                step()
    with open_work(SYSTEM, Action.GLASS_REVIEW) as work:
        assert [one.id for one in work.entities(select(Glass))] == [key]


@pytest.mark.parametrize("asked", [WEST_PHONE, " 100-1111-2222 ", "８６10011112222", WEST_NUMBER])
def test_an_exact_number_finds_its_person(place: Place, asked: str) -> None:
    assert glass.view(place.east, open_one(place, asked)).name == "李西一"


@pytest.mark.parametrize("asked", ["李西一", "9999011980", "W1", "", "999901198001010", "1001111222x"])
def test_a_name_or_a_part_of_a_number_finds_nobody(place: Place, asked: str) -> None:
    with pytest.raises(Unfit) as wrong:
        open_one(place, asked)
    assert "asked" in wrong.value.fields


def test_a_number_nobody_has_and_one_that_several_have_open_nothing(place: Place) -> None:
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        unit = work.scalar(select(models.Unit.id).where(models.Unit.area_code == WEST))
        add_person(work, WEST, unit, "W3", "赵西三", "999901198001010041", WEST_PHONE)
    for asked, words in ((WEST_PHONE, "不止一人"), ("999901198001019996", "没有这个号码")):
        with pytest.raises(Unfit) as wrong:
            open_one(place, asked)
        assert words in wrong.value.fields["asked"]


def test_somebody_of_the_own_area_is_led_to_the_file(place: Place) -> None:
    found = glass.break_(place.east, 9, "999901198001010025", int(GlassReason.DANGER), WORDS)
    assert found == glass.Opened(case=place.mine)
    assert glass.mine(place.east) == ()


def test_numbers_are_not_tried_one_after_the_other(place: Place) -> None:
    for number in range(5):
        with pytest.raises(Unfit):
            open_one(place, f"99990119800101{9000 + number}")
    with pytest.raises(Refused, match="上限"):
        open_one(place)


@pytest.mark.parametrize(
    ("reason", "words", "field"),
    [
        (None, WORDS, "reason"),
        (7, WORDS, "reason"),
        (1, "很急", "words"),
        (1, " " * 30, "words"),
        (1, "长" * 301, "words"),
    ],
)
def test_reason_and_words_are_asked_for(place: Place, reason: int | None, words: str, field: str) -> None:
    with pytest.raises(Unfit) as wrong:
        glass.break_(place.east, 3, WEST_NUMBER, reason, words)
    assert field in wrong.value.fields


def test_a_second_press_opens_nothing_anew_and_the_banner_is_on(place: Place) -> None:
    ticket = account.sign_in("east", PASSWORD, "10.0.0.1", NOW)
    once = glass.begin()
    assert open_one(place, once=once) == open_one(place, once=once) == once
    assert len(glass.mine(place.east)) == 1
    shown = account.signed_in(ticket.token, NOW)
    assert shown is not None and shown.glass_until is not None
    glass.end(place.east, once)
    shown = account.signed_in(ticket.token, NOW)
    assert shown is not None and shown.glass_until is None


# --- the review -----------------------------------------------------------------------------------


def test_the_unit_sees_it_at_once_and_says_whether_it_had_to_be(twice: Place) -> None:
    key = open_one(twice)
    assert glass.waiting(twice.head) == (1, 1)
    assert glass.waiting(twice.officer) == (1, 0)
    (shown,) = glass.reviews(twice.head)
    assert (shown.file_no, shown.words, shown.reader, shown.reader_place) == ("W1", WORDS, "东镇乙", "东镇")
    assert shown.mine and not shown.late and shown.due_on == date(2026, 11, 25)
    with pytest.raises(Forbidden, match="2026-11-25 前"):
        glass.review(twice.officer, key, int(GlassVerdict.JUSTIFIED), "")
    with pytest.raises(Unfit):
        glass.review(twice.head, key, int(GlassVerdict.NOT_JUSTIFIED), "不")
    glass.review(twice.head, key, int(GlassVerdict.FOLLOW_UP), "请县里核实当天派出所的记录")
    glass.review(twice.head, key, int(GlassVerdict.JUSTIFIED), "")
    with pytest.raises(Conflict):
        glass.review(twice.head, key, int(GlassVerdict.NOT_JUSTIFIED), "又想了想觉得没有必要")
    assert glass.waiting(twice.head) == (0, 0)
    (shown,) = glass.mine(twice.east)
    assert shown.verdict is GlassVerdict.JUSTIFIED and shown.reviewer == "负责人己" and shown.words == ""


def test_what_nobody_answered_in_three_working_days_goes_to_the_county(place: Place) -> None:
    key = open_one(place)
    clock.fix(date(2026, 11, 25))
    assert glass.waiting(place.officer) == (1, 0)
    clock.fix(date(2026, 11, 26))
    assert glass.waiting(place.officer) == (1, 1)
    (shown,) = glass.reviews(place.officer)
    assert shown.late and shown.mine
    glass.review(place.officer, key, int(GlassVerdict.NOT_JUSTIFIED), "与报警记录不符，已约谈")
    assert glass.reviews(place.head)[0].verdict_words == "与报警记录不符，已约谈"


def test_nobody_answers_about_the_own_reading_or_from_elsewhere(place: Place) -> None:
    own = Access.over(place.head.actor, "负责人己", Role.UNIT_HEAD, EAST)
    key = glass.break_(own, glass.begin(), WEST_NUMBER, 1, WORDS).key
    assert not glass.reviews(place.head)[0].mine
    with pytest.raises(Forbidden, match="自己的"):
        glass.review(place.head, key, int(GlassVerdict.JUSTIFIED), "")
    # The only head of the unit is the reader: the county answers at once.
    assert glass.waiting(place.officer) == (1, 1)
    elsewhere = Access.over(88, "东镇负责人", Role.UNIT_HEAD, EAST)
    assert glass.reviews(elsewhere) == ()
    with pytest.raises(Missing):
        glass.review(elsewhere, key, int(GlassVerdict.JUSTIFIED), "")
    with pytest.raises(Forbidden):
        glass.review(place.west, key, int(GlassVerdict.JUSTIFIED), "")


def test_a_foreign_county_is_not_searched(place: Place) -> None:
    far = Access.over(place.east.actor, "邻县", Role.TOWNSHIP_DOCTOR, COUNTY + 10**6 + 10**5)
    with pytest.raises(Unfit):
        glass.break_(far, 12, WEST_NUMBER, 1, WORDS)


def test_times_are_those_of_the_rule(place: Place) -> None:
    open_one(place)
    (shown,) = glass.mine(place.east)
    assert shown.ends_at - shown.opened_at == timedelta(hours=24)
    assert isinstance(shown.opened_at, datetime)
    assert case_view.known(GlassReason, 2) is shown.reason
