"""变动告知: by whichever road a file changes, whoever had the old value outside a window is told, once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from casemgr.rules.access import Action, Role
from casemgr.services import (
    duties,
    exchange,
    followup,
    ledger_line,
    printing,
    receiver_change,
    receiver_notice,
    registration,
    revision,
    state,
)
from casemgr.services.state import Death
from casemgr.store import sealed_files
from casemgr.store.db import db, new_key
from casemgr.store.identity import open_texts
from casemgr.store.models import Case, Guardian, Identity, Incident, LedgerLine, Person, ReceiverNotice, Visit
from casemgr.store.queries import transfer as transfers
from casemgr.store.types import Plain
from casemgr.store.work import Work, open_work
from casemgr.terms.code import from_mask
from casemgr.terms.disclosure import Condition, FieldGroup
from casemgr.terms.followup import BodilyDisease, DeathCause
from casemgr.terms.liaison import ExchangeKind
from casemgr.terms.register import Lifecycle
from casemgr.terms.rights import NoticeCause
from casemgr.terms.state import DeathProof
from tests.conftest import TODAY
from tests.services.visits import envelope
from tests.services.workbooks import AREAS, Here, workbook
from tests.services.workbooks import PERSON as ROW
from tests.services.workbooks import VISIT as VISIT_ROW
from tests.store.register import (
    COUNTY,
    DOCTOR_EAST,
    DOCTOR_WEST,
    EAST,
    NOW,
    OFFICER,
    SYSTEM,
    WEST,
    add_person,
    add_visit,
    open_areas,
)

G = FieldGroup
DEATH = Death(TODAY, DeathCause.BODILY_DISEASE, BodilyDisease.HEART, DeathProof.HOME, "见到证明")


def registered() -> int:
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        person, key = add_person(work, EAST, units[EAST], "E-1", "张一", "999901198001010000", "10000000001")
        work.add(Guardian(id=new_key(), person_id=person, area=EAST, name=Plain("张二"), relation=1))
        add_visit(work, EAST, key, TODAY - timedelta(days=9))
        kind = {"kind": 2, "recorded_at": NOW, "recorded_by": 11}
        work.add(Incident(id=new_key(), area=EAST, case_id=key, on=TODAY - timedelta(days=30), **kind))
    return key


@pytest.fixture
def case(both: Flask) -> int:
    """One person with guardian, visit and incident, on both databases."""
    return registered()


@pytest.fixture
def alone(app: Flask) -> int:
    """The same where the database makes no difference."""
    return registered()


def give(
    case: int,
    groups: Iterable[FieldGroup] = (G.G1, G.G4),
    to: Role = Role.POLICE,
    place: int = EAST,
    conditions: Iterable[Condition] = (),
    document: str = "",
    kind: ExchangeKind = ExchangeKind.CALL,
) -> None:
    with open_work(DOCTOR_EAST, Action.LIAISON_MANAGE) as work:
        ledger_line.enter(
            work,
            kind=kind,
            receiver=to,
            place=place,
            people={case: EAST},
            groups=groups,
            conditions=conditions,
            ground="精神卫生法第24条第2款",
            document=document,
        )


def notices(case: int) -> list[ReceiverNotice]:
    with open_work(SYSTEM, Action.LIAISON_VIEW) as work:
        return list(
            work.entities(
                select(ReceiverNotice).where(ReceiverNotice.case_id == case).order_by(ReceiverNotice.id)
            )
        )


def told(case: int) -> list[tuple[Role, int, NoticeCause, set[FieldGroup]]]:
    return [
        (
            Role.read(one.receiver),
            one.receiver_area,
            NoticeCause.read(one.cause),
            set(from_mask(FieldGroup, one.groups)),
        )
        for one in notices(case)
    ]


def night() -> int:
    return sum(receiver_change.follow_all(SYSTEM, TODAY))


def tell(case: int) -> str:
    """Print and deliver the one letter that waits; what it says."""
    (line,) = (one for one in receiver_notice.listed(DOCTOR_EAST, TODAY) if one.open)
    key = receiver_notice.letter(DOCTOR_EAST, line.key, TODAY)
    with open_work(DOCTOR_EAST, Action.FORM_PRINT) as work:
        text = (sealed_files.take(work, printing.FOLDER, key, printing.TEXT) or b"").decode()
    version = receiver_notice.view(DOCTOR_EAST, line.key, TODAY).version
    assert receiver_notice.tell(DOCTOR_EAST, line.key, version, TODAY)
    return text


def version(case: int) -> int:
    return state.standing(DOCTOR_EAST, case, TODAY).version


# --- a file ends, by every road ---


def by_death(case: int) -> None:
    assert state.death(DOCTOR_EAST, case, version(case), DEATH, TODAY)


def by_exclusion(case: int) -> None:
    state.exclude(DOCTOR_EAST, case, version(case), TODAY, "示例医院", "复诊排除", TODAY)


def by_moving_out(case: int) -> None:
    state.moved(DOCTOR_EAST, case, version(case), TODAY, "邻县卫生院", "", TODAY)


def by_report(case: int) -> None:
    with open_work(DOCTOR_EAST, Action.NOTICE_WRITE) as work:
        row = work.get(Case, case)
        assert row is not None
        state.excluded_by_report(work, row, TODAY, "报告有误")
        duties.refresh(work, [case])


ENDS = {"death": by_death, "exclusion": by_exclusion, "moving out": by_moving_out, "report": by_report}
LEFT = NoticeCause.LEFT


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_every_end_of_a_file_is_told_to_each_receiver_once(alone: int, end: Callable[[int], None]) -> None:
    give(alone)
    give(alone, (G.G1, G.G8), document="示例〔2026〕1号", kind=ExchangeKind.FILE)
    give(alone, (G.G1,), Role.HOSPITAL)
    give(alone, (G.G1,), Role.TOWNSHIP_DOCTOR)  # the own house
    give(alone, (G.G1,), Role.COUNTY_OFFICER, ledger_line.ELSEWHERE)  # another county
    end(alone)
    expected = [
        (Role.HOSPITAL, EAST, LEFT, {G.G1}),
        (Role.POLICE, EAST, LEFT, {G.G1, G.G4, G.G8}),
    ]
    if end is not by_moving_out:  # there it is the unit that takes the person over
        expected.append((Role.COUNTY_OFFICER, 0, LEFT, {G.G1}))
    assert sorted(told(alone)) == sorted(expected)
    duties.refresh_all(SYSTEM)
    assert night() == 0 and len(told(alone)) == len(expected)
    # They stand at the page of the rights desk, with the township's own duties.
    assert len([one for one in receiver_notice.listed(DOCTOR_EAST, TODAY) if one.open]) == len(expected)


def test_files_that_end_together_are_not_asked_about_one_by_one(
    alone: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(
        receiver_change, "raise_for", lambda _work, case, *_told, read: asked.append(case.id) or 0
    )
    by_death(alone)
    assert asked == []  # nothing was given: two statements for all files of a workbook
    state.reopen(DOCTOR_EAST, alone, version(alone), TODAY, "登记有误", TODAY)
    give(alone)
    by_death(alone)
    assert asked == [alone]


def questions_of_a_correction(people: Sequence[int], phone: str) -> int:
    """How many selects it takes to follow a new telephone of these people in one unit of work."""
    asked: list[str] = []

    def asks(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
        if text.startswith("SELECT"):
            asked.append(text)

    with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
        files = {row.person_id: row.id for row in work.entities(select(Case).where(Case.id.in_(people)))}
        for row in work.entities(select(Identity).where(Identity.person_id.in_(list(files)))):
            row.phone = Plain(phone)
        work.flush()
        event.listen(db.engine, "before_cursor_execute", asks)
        assert receiver_change.follow(work, people) == len(people)
        event.remove(db.engine, "before_cursor_execute", asks)
    return len(asked)


def test_a_workbook_asks_no_more_for_many_people_than_for_two(alone: int) -> None:
    cases = [alone]
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        unit = work.scalar(select(Case.unit_id).where(Case.id == alone))
        for place in range(8):
            number, phone = f"99990119800102{place:04}", f"1000000010{place}"
            cases.append(add_person(work, EAST, unit, f"E-{place + 2}", "张三", number, phone)[1])
    for case in cases:
        give(case, (G.G1, G.G3))
    few = questions_of_a_correction(cases[:2], "10000000091")
    assert questions_of_a_correction(cases[2:], "10000000092") == few < 12
    assert [len(told(case)) for case in cases] == [1] * 9


def test_nobody_is_told_of_what_nobody_received(alone: int) -> None:
    with open_work(DOCTOR_EAST, Action.LIAISON_MANAGE) as work:
        ledger_line.enter(
            work,
            kind=ExchangeKind.NOTIFIED,
            receiver=Role.POLICE,
            place=EAST,
            people={alone: EAST},
            groups=[G.G1],
            ground="示例",
        )
    by_death(alone)
    give(alone, (G.G1,), Role.HOSPITAL)  # after it: whoever asks about a closed file knows
    assert night() == 0 and told(alone) == []


def test_the_night_finds_what_was_given_before_a_file_moved_and_what_ended_earlier(case: int) -> None:
    give(case)
    with open_work(SYSTEM, Action.TRANSFER_WRITE) as work:
        row = work.get(Case, case)
        assert row is not None
        transfers.move(work, row, WEST)
    with open_work(DOCTOR_WEST, Action.REGISTER_WRITE) as work:
        ledger_line.enter(
            work,
            kind=ExchangeKind.CALL,
            receiver=Role.POLICE,
            place=WEST,
            people={case: WEST},
            groups=[G.G1],
            ground="示例",
        )
    now = state.standing(DOCTOR_WEST, case, TODAY).version
    assert state.death(DOCTOR_WEST, case, now, DEATH, TODAY)
    assert told(case) == [(Role.POLICE, WEST, LEFT, {G.G1})]
    assert (night(), night()) == (1, 0)
    assert told(case)[1:] == [(Role.POLICE, EAST, LEFT, {G.G1, G.G4})]
    assert {one.area for one in notices(case)} == {WEST}
    now = state.standing(DOCTOR_WEST, case, TODAY).version
    state.reopen(DOCTOR_WEST, case, now, TODAY, "登记有误", TODAY)
    assert told(case) == []  # nobody had been told, though what was given before the move is out of reach


def test_a_second_end_is_found_though_the_file_moved_after_the_first_was_told_and_taken_back(
    case: int,
) -> None:
    give(case)
    by_death(case)
    tell(case)
    state.reopen(DOCTOR_EAST, case, version(case), TODAY, "登记有误", TODAY)
    tell(case)
    with open_work(SYSTEM, Action.TRANSFER_WRITE) as work:
        row = work.get(Case, case)
        assert row is not None
        transfers.move(work, row, WEST)
    now = state.standing(DOCTOR_WEST, case, TODAY).version
    assert state.death(DOCTOR_WEST, case, now, DEATH, TODAY)
    assert (night(), night()) == (1, 0)
    assert [one[2] for one in told(case)][-1] == LEFT


def test_the_night_finds_what_was_corrected_after_a_file_moved(case: int) -> None:
    give(case, (G.G1, G.G3, G.G8))
    with open_work(SYSTEM, Action.TRANSFER_WRITE) as work:
        row = work.get(Case, case)
        assert row is not None
        transfers.move(work, row, WEST)
    with open_work(DOCTOR_WEST, Action.REGISTER_WRITE) as work:
        row = work.get(Case, case)
        (visit,) = work.entities(select(Visit))
        revision.note(work, "case", row, {"name": ("张一", "张壹"), "residence": ("旧址", "新址")})
        revision.note(work, "visit", visit, {"risk": (0, 3), "sleep": (1, 2)})
        revision.note(work, "case", row, {"phone": ("", "10000000002")})
        _set(Identity, name=Plain("张壹"))(work, case)
        duties.refresh(work, [case])
    assert told(case) == []  # out of reach of the new township
    assert (night(), night()) == (2, 0)
    assert told(case) == [(Role.POLICE, EAST, NoticeCause.CORRECTED, {G.G1, G.G8})]
    with open_work(DOCTOR_WEST, Action.RIGHTS_READ) as work:
        (row,) = work.entities(select(ReceiverNotice))
        assert open_texts(work, "ReceiverNotice", [(row.id, row.called)], "示例", case) == ["张一"]


def test_a_death_that_was_a_mistake_takes_its_letters_back_and_a_second_end_is_told_again(alone: int) -> None:
    give(alone)
    by_death(alone)
    state.reopen(DOCTOR_EAST, alone, version(alone), TODAY, "登记有误", TODAY)
    assert told(alone) == []  # nobody had been told
    by_death(alone)
    assert "张一" in tell(alone)
    state.reopen(DOCTOR_EAST, alone, version(alone), TODAY, "登记有误", TODAY)
    # Told of the end, and with an incident on file they may know that it does not hold.
    assert [one[2] for one in told(alone)] == [LEFT, NoticeCause.RETURNED]
    by_exclusion(alone)
    assert [one[2] for one in told(alone)] == [LEFT] and night() == 0


def test_a_printed_letter_may_have_been_delivered_and_is_not_taken_back(alone: int) -> None:
    give(alone)
    by_death(alone)
    (line,) = receiver_notice.listed(DOCTOR_EAST, TODAY)
    receiver_notice.letter(DOCTOR_EAST, line.key, TODAY)
    state.reopen(DOCTOR_EAST, alone, version(alone), TODAY, "登记有误", TODAY)
    assert [one[2] for one in told(alone)] == [LEFT, NoticeCause.RETURNED]


# --- a value is corrected ---


def _set(model: type[Any], **values: Any) -> Callable[[Work, int], None]:
    def act(work: Work, case: int) -> None:
        row = work.get(Case, case)
        assert row is not None
        if model is not Case:
            own = model.case_id == case if hasattr(model, "case_id") else None
            if own is None:
                own = (model.id if model is Person else model.person_id) == row.person_id
            (row,) = work.entities(select(model).where(own))
        for name, value in values.items():
            setattr(row, name, value)

    return act


CHANGES: dict[str, tuple[FieldGroup | None, Callable[[Work, int], None]]] = {
    "name": (G.G1, _set(Identity, name=Plain("张壹"))),
    "sex": (G.G1, _set(Person, sex=2)),
    "number": (G.G2, _set(Identity, id_number=Plain("999901198001010019"))),
    "phone": (G.G3, _set(Identity, phone=Plain("10000000002"))),
    "guardian": (G.G10, _set(Guardian, name=Plain("张三"))),
    "diagnosis": (G.G5, _set(Case, diagnosis=2)),
    "risk": (G.G8, _set(Visit, risk=4)),
    "adherence": (G.G7, _set(Visit, adherence=2)),
    "act": (G.G9, _set(Incident, kind=3)),
    # A blank that is filled in replaces nothing; what no paper tells concerns no receiver.
    "first address": (None, _set(Identity, residence=Plain("示例路1号"))),
    "sleep": (None, _set(Visit, sleep=2)),
    "management": (None, _set(Case, management=1)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_correction_is_told_to_exactly_those_who_had_that_group(alone: int, name: str) -> None:
    group, act = CHANGES[name]
    places = {one: 999901000000 + int(one) for one in G if one is not G.G14}
    for one, place in places.items():
        give(alone, (one,), Role.HOSPITAL, place)
    with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
        act(work, alone)
        duties.refresh(work, [alone])
        duties.refresh(work, [alone])
    expected = [] if group is None else [(Role.HOSPITAL, places[group], NoticeCause.CORRECTED, {group})]
    assert told(alone) == expected
    assert night() == 0
    named = [one.called is not None for one in notices(alone)]
    assert named == ([group is G.G1] if group else [])  # who never had the name is not told it


def test_a_flag_has_no_value_to_correct_unless_a_document_gave_more(alone: int) -> None:
    give(alone, (G.G5,), Role.CIVIL_AFFAIRS, EAST)  # «belongs to the group», whichever diagnosis it is
    give(alone, (G.G5,), Role.CIVIL_AFFAIRS, COUNTY, conditions=(Condition.REQUEST,))
    with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
        _set(Case, diagnosis=2)(work, alone)
        duties.refresh(work, [alone])
    assert [one[:2] for one in told(alone)] == [(Role.CIVIL_AFFAIRS, COUNTY)]


def test_of_visits_only_the_one_that_was_told_counts(alone: int) -> None:
    give(alone, (G.G8,), Role.HOSPITAL)
    with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
        later = add_visit(work, EAST, alone, TODAY - timedelta(days=2))
        work.flush()
        duties.refresh(work, [alone])
    assert told(alone) == []  # a new assessment corrects nothing

    def correct(key: int, risk: int) -> None:
        with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
            row = work.get(Visit, key)
            assert row is not None
            row.risk = risk
            duties.refresh(work, [alone])

    correct(later, 3)
    assert told(alone) == []  # it was written after the paper
    give(alone, (G.G8,), Role.CIVIL_AFFAIRS)
    with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
        first = min(work.entities(select(Visit.id)))
    correct(first, 2)
    assert [one[0] for one in told(alone)] == [Role.HOSPITAL]


def test_the_pages_and_the_workbook_are_roads_like_any_other(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "Source", Here)
    whole = {"机构与区划": AREAS, "患者": [ROW], "随访": [VISIT_ROW]}
    none: dict[str, list[Any]] = {"长效针剂": [], "社区康复": [], "健康体检": []}

    def bring(**told: Any) -> None:
        rows = {**whole, "患者": [ROW._replace(**told)], **none}
        assert not exchange.import_file(OFFICER, workbook(rows), TODAY).refused

    bring()
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        case, area = work.rows(select(Case.id, Case.area))[0]
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for role, group in ((Role.POLICE, G.G3), (Role.HOSPITAL, G.G8)):
            ledger_line.enter(
                work,
                kind=ExchangeKind.FILE,
                receiver=role,
                place=area,
                people={case: area},
                groups=[group],
                ground="示例",
            )
    bring()
    assert told(case) == []  # the same file again
    bring(phone="10000000077")
    assert told(case) == [(Role.POLICE, area, NoticeCause.CORRECTED, {G.G3})]
    form = registration.edit(OFFICER, case)
    raw = {**form.raw, "seen": [form.seen], "reason": ["核对"], "phone": ["10000000078"], "ground": ["1"]}
    done = registration.correct(OFFICER, case, raw, TODAY)
    if isinstance(done, registration.Asked):
        raise AssertionError((done.problems, done.questions))
    assert len(told(case)) == 1  # told to stop using it already
    bring(phone="10000000078", lifecycle=int(Lifecycle.DEAD), lifecycle_on=VISIT_ROW.on + 1)
    assert [one[2] for one in told(case)] == [NoticeCause.CORRECTED, LEFT, LEFT]


def test_a_visit_that_is_sent_again_with_another_level_reaches_who_was_told_the_first(alone: int) -> None:
    first = followup.record(DOCTOR_EAST, envelope(alone, on=str(TODAY - timedelta(days=1))), TODAY)
    assert first.visit_id is not None
    give(alone, (G.G1, G.G8))
    edit = envelope(
        alone, "e2", on=str(TODAY - timedelta(days=1)), sleep="2", _visit_id=first.visit_id, _expects=1
    )
    followup.record(DOCTOR_EAST, edit, TODAY)
    assert told(alone) == []
    level = {"risk": "1", "stability": "2", "next_on": "2026-12-04"}
    worse = envelope(
        alone, "e3", on=str(TODAY - timedelta(days=1)), **level, _visit_id=first.visit_id, _expects=2
    )
    answer = followup.record(DOCTOR_EAST, worse, TODAY)
    assert answer.answer is followup.Answer.CHANGED, (answer.fields, answer.questions)
    assert told(alone) == [(Role.POLICE, EAST, NoticeCause.CORRECTED, {G.G8})]


def test_letters_know_a_person_by_the_name_that_was_given(alone: int) -> None:
    give(alone, (G.G1, G.G3), document="名单 1号")
    for values in ({"phone": Plain("10000000002")}, {"name": Plain("张壹")}):
        with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
            _set(Identity, **values)(work, alone)
            duties.refresh(work, [alone])
    # Two corrections before anybody wrote make one letter; what was taken along first is called as it was.
    assert told(alone) == [(Role.POLICE, EAST, NoticeCause.CORRECTED, {G.G1, G.G3})]
    number = receiver_change.number_of(notices(alone)[0])
    written = tell(alone)
    assert "张一" in written and "张壹" not in written and "10000000002" not in written
    by_death(alone)
    ended = tell(alone)
    assert "张壹" not in ended and number in ended and "名单 1号" in ended and "死亡" not in ended


def correct(case: int, **values: Any) -> None:
    with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
        _set(Identity, **values)(work, case)
        duties.refresh(work, [case])


def called(case: int) -> list[str]:
    rows = [(one.id, one.called) for one in notices(case)]
    with open_work(DOCTOR_EAST, Action.RIGHTS_READ) as work:
        return open_texts(work, "ReceiverNotice", rows, "示例", case)


def test_a_new_name_reaches_nobody_who_got_something_else_since(alone: int) -> None:
    give(alone, (G.G1, G.G3))
    correct(alone, name=Plain("张壹"))
    tell(alone)
    give(alone, (G.G3,))  # by its number, without a name
    correct(alone, phone=Plain("10000000009"))
    number = receiver_change.number_of(notices(alone)[0])
    text = tell(alone)
    assert "张壹" not in text and number in text
    give(alone)  # now the new name was given
    by_death(alone)
    assert called(alone) == ["", "", "张壹"]


def test_no_correction_tells_of_a_return_that_a_receiver_may_not_know(alone: int) -> None:
    give(alone, (G.G1, G.G3), Role.CIVIL_AFFAIRS)
    by_death(alone)
    tell(alone)
    state.reopen(DOCTOR_EAST, alone, version(alone), TODAY, "登记有误", TODAY)
    correct(alone, phone=Plain("10000000009"))
    assert [one[2] for one in told(alone)] == [LEFT]
    give(alone, (G.G3,), Role.CIVIL_AFFAIRS)  # asked for anew
    correct(alone, phone=Plain("10000000010"))
    assert [one[2] for one in told(alone)] == [LEFT, NoticeCause.CORRECTED]


def test_a_letter_that_waits_takes_the_name_along_once_it_was_given(alone: int) -> None:
    give(alone, (G.G3,))
    correct(alone, phone=Plain("10000000009"))
    assert called(alone) == [""]
    give(alone, (G.G1,))
    correct(alone, name=Plain("张壹"))
    assert called(alone) == ["张一"]


# --- any order of what can happen ---


@dataclass
class Model:
    """What one receiver has and was told, worked out by hand."""

    had: set[FieldGroup] = field(default_factory=set)
    stale: set[FieldGroup] = field(default_factory=set)
    open: set[FieldGroup] = field(default_factory=set)


def test_in_any_order_each_is_told_of_each_group_once_since_it_was_given(alone: int) -> None:
    chance = random.Random(20261121)
    values = {G.G1: ("name", "张"), G.G3: ("phone", "1000000"), G.G2: ("id_number", "9999")}
    models = {place: Model() for place in (EAST, WEST, COUNTY)}
    for step in range(40):
        group = chance.choice(list(values))
        place = chance.choice(list(models))
        what = chance.choice(("give", "correct", "correct", "night", "tell"))
        if what == "give":
            give(alone, (group,), Role.HOSPITAL, place)
            models[place].had.add(group)
            models[place].stale.discard(group)  # what is given now is the new value
        elif what == "correct":
            name, start = values[group]
            with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
                _set(Identity, **{name: Plain(f"{start}{step:04}")})(work, alone)
                duties.refresh(work, [alone])
            for model in models.values():
                if group in model.had and group not in model.stale:
                    model.stale.add(group)
                    model.open.add(group)
                    model.stale |= model.open  # they go out in one letter, after what was given meanwhile
        elif what == "night":
            assert night() == 0
        else:
            for one in receiver_notice.listed(DOCTOR_EAST, TODAY):
                if one.open and one.receiver.startswith({EAST: "东", WEST: "西", COUNTY: "示"}[place]):
                    receiver_notice.letter(DOCTOR_EAST, one.key, TODAY)
                    seen = receiver_notice.view(DOCTOR_EAST, one.key, TODAY).version
                    receiver_notice.tell(DOCTOR_EAST, one.key, seen, TODAY)
            models[place].open.clear()
        waiting: dict[int, list[set[FieldGroup]]] = {}
        for row in notices(alone):
            if row.told_on is None:
                waiting.setdefault(row.receiver_area, []).append(set(from_mask(FieldGroup, row.groups)))
        expected = {place: [model.open] for place, model in models.items() if model.open}
        assert waiting == expected, (step, what)
    with open_work(SYSTEM, Action.LIAISON_VIEW) as work:
        assert work.entities(select(LedgerLine.id)), "something was given"
