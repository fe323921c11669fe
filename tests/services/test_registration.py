"""登记建档: who enters the register, what stops it, and that nobody enters twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import func, select

from casemgr.rules.access import Access, Action
from casemgr.rules.policy import in_force_on
from casemgr.services import clue, registration, revision
from casemgr.services.clue import NewClue, Step
from casemgr.services.errors import Conflict, Missing, Refused, Unfit
from casemgr.services.registration import Asked, Done
from casemgr.store.db import new_key
from casemgr.store.models import Area, AuditEntry, Case, CaseState, Clue, Consent, Guardian, Identity, Unit
from casemgr.store.work import open_work
from casemgr.terms.clue import ClueSource, ClueState, OddSign
from casemgr.terms.register import Diagnosis, Management
from tests.services.people import number_of
from tests.store.register import COUNTY, DOCTOR_EAST, DOCTOR_WEST, EAST, OFFICER, SYSTEM, open_areas

TODAY = date(2026, 11, 21)
VILLAGE = EAST + 201


@pytest.fixture
def county(app: Flask) -> Flask:
    open_areas()
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        work.add(Area(code=VILLAGE, name="第1村", level=5, parent=EAST, population=900))
    return app


def typed(index: int = 1, **more: str) -> dict[str, list[str]]:
    """A person as somebody types one in: complete and without questions."""
    number = number_of(index)
    values = {
        "name": "赵试验",
        "sex": "1" if int(number[16]) % 2 else "2",
        "id_number": number,
        "birth_on": f"{number[6:10]}-{number[10:12]}-{number[12:14]}",
        "phone": "10000000001",
        "domicile": "示例县东镇第1村1号",
        "village": str(VILLAGE),
        "residence": "1号",
        "guardian_name": "赵监护",
        "relation": "5",
        "guardian_phone": "10000000002",
        "diagnosis": "1",
        "icd10": "F20.0",
        "diagnosed_at": "示例县精神卫生中心",
        "diagnosed": "2026-11-10",
        "onset": "2026",
        "past_confinement": "1",
        "past_acts": "7",
        "article30": "否",
        "ground": "2",
        "consent": "1",
        "consent_on": "2026-11-20",
        "signer": "赵监护",
        "registered_on": "2026-11-21",
        "unit_code": f"U{EAST}",
        "file_no": "100-00001",
        **more,
    }
    return {name: [text] for name, text in values.items() if text}


def enter(access: Access = DOCTOR_EAST, index: int = 1, once: int = 0, **more: str) -> Done | Asked:
    once = once or registration.begin(access, TODAY).once
    return registration.register(access, typed(index, once=str(once), **more), TODAY)


def entered(access: Access = DOCTOR_EAST, index: int = 1, **more: str) -> int:
    done = enter(access, index, **more)
    assert isinstance(done, Done), (done.problems, done.questions, done.found)
    return done.case_id


def asked(index: int = 1, access: Access = DOCTOR_EAST, **more: str) -> Asked:
    found = enter(access, index, **more)
    assert isinstance(found, Asked)
    return found


def test_somebody_enters_with_file_consent_guardian_and_states(county: Flask) -> None:
    key = entered()
    with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
        case = work.get(Case, key)
        assert case is not None
        assert (case.file_no, case.area, case.village, case.ground) == ("100-00001", EAST, VILLAGE, 2)
        assert (case.management, case.management_on) == (Management.MANAGED, date(2026, 11, 21))
        from sqlalchemy import select

        (consent,) = work.entities(select(Consent))
        assert (consent.answer, consent.on) == (1, date(2026, 11, 20)) and consent.signer is not None
        assert len(work.entities(select(Guardian))) == 1
        assert {one.track for one in work.entities(select(CaseState))} == {1, 2, 3, 4}
        (identity,) = work.entities(select(Identity))
        assert "赵" not in repr(vars(identity))


def test_the_number_is_the_next_free_one_of_the_township_and_the_day_is_today(county: Flask) -> None:
    form = registration.begin(DOCTOR_EAST, TODAY)
    assert form.raw["file_no"] == ["100-00001"] and form.raw["unit_code"] == [f"U{EAST}"]
    assert not {"diagnosis", "consent", "sex", "ground", "article30", "past_acts"} & form.raw.keys()
    entered()
    assert registration.begin(DOCTOR_EAST, TODAY).raw["file_no"] == ["100-00002"]
    assert registration.begin(DOCTOR_WEST, TODAY).raw["file_no"] == ["101-00001"]
    assert "unit_code" not in registration.begin(OFFICER, TODAY).raw  # the county chooses


def test_two_units_of_one_township_leave_the_choice_and_propose_the_number(county: Flask) -> None:
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        work.add(Unit(id=new_key(), code="U-SECOND", name="东镇第二卫生院", area_code=EAST))
    form = registration.begin(DOCTOR_EAST, TODAY)
    assert "unit_code" not in form.raw
    assert form.raw["file_no"] == form.raw["proposed"] == ["100-00001"]


def test_a_number_taken_in_the_meantime_becomes_the_next_free_one(county: Flask) -> None:
    first, second = registration.begin(DOCTOR_EAST, TODAY), registration.begin(DOCTOR_EAST, TODAY)
    assert first.raw["file_no"] == second.raw["file_no"]
    entered(once=first.once)
    chosen = enter(index=2, once=second.once, name="钱另人")
    assert isinstance(chosen, Asked)  # without the proposal, 100-00001 is somebody's own choice
    assert "100-00002" in chosen.problems["file_no"]
    kept = enter(index=2, once=second.once, name="钱另人", proposed="100-00001")
    assert isinstance(kept, Done)
    assert _file_no(kept.case_id) == "100-00002"


def _file_no(key: int) -> str:
    with open_work(DOCTOR_EAST, Action.CASE_LIST) as work:
        case = work.get(Case, key)
        assert case is not None
        return case.file_no


def test_two_presses_at_once_lead_both_to_the_person(county: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second begins before the first is written, and finds the number taken by itself."""
    once = registration.begin(DOCTOR_EAST, TODAY).once
    look, pressed = registration.look, []

    def meanwhile(access: Access, raw: registration.Raw) -> registration.Found:
        if not pressed:
            pressed.append(once)
            assert enter(once=once) == Done(once)
        return look(access, raw)

    monkeypatch.setattr(registration, "look", meanwhile)
    assert enter(once=once) == Done(once, already=True)


def test_a_second_press_and_the_back_button_make_nobody_twice(county: Flask) -> None:
    once = registration.begin(DOCTOR_EAST, TODAY).once
    first = enter(once=once)
    assert first == Done(once)
    assert enter(once=once) == Done(once, already=True)
    assert enter(once=once, index=2, name="钱试验") == Done(once, already=True)


def test_a_strange_key_is_replaced(county: Flask) -> None:
    done = enter(once=7)
    assert isinstance(done, Done) and done.case_id != 7


def test_refusal_is_registered_but_not_managed_and_article_30_is_managed_all_the_same(county: Flask) -> None:
    refused, told = (
        entered(consent="0"),
        entered(index=2, name="钱另人", consent="0", article30="是", ground="1", file_no="100-00002"),
    )
    with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
        one, other = work.get(Case, refused), work.get(Case, told)
        assert one is not None and other is not None
        assert (one.management, one.consent) == (Management.REFUSED, 0)
        assert (other.management, other.consent, other.article30) == (Management.MANAGED, 0, True)


# --- what stops it: each check fires, and a near miss does not ------------------------------------

SOUND = number_of(1)
WRONG_DIGIT = SOUND[:17] + ("0" if SOUND[17] != "0" else "1")
BLOCKS = [
    ("id01", {"id_number": SOUND[:17]}, {"id_number": SOUND}, "id_number"),
    ("id02", {"id_number": WRONG_DIGIT}, {"id_number": f" {SOUND} "}, "id_number"),
    ("id04", {"birth_on": "1980-01-01"}, {}, "birth_on"),
    ("id07", {"id_number": SOUND[:14] + "0000"}, {}, "id_number"),
    ("id08", {"id_number": "9.99901E+17"}, {}, "id_number"),
    ("id23", {"domicile": "示例县"}, {"domicile": "示例县东镇第1村"}, "domicile"),
    ("id23", {"domicile": ""}, {}, "domicile"),
    ("rg01", {"onset": "2027"}, {"onset": "2026-11"}, "onset"),
    ("rg01", {"onset": "2026-11-20", "diagnosed": "2026-11-10"}, {"onset": "2026-11-10"}, "diagnosed"),
    ("rg01", {"treated": "2025-01"}, {"treated": "2026-10"}, "treated"),
    ("rg02", {"diagnosed": "2026-11-22"}, {"diagnosed": "2026-11-21"}, "diagnosed"),
    ("rg04", {"diagnosis": "7", "icd10": ""}, {"diagnosis": "7", "icd10": "", "article30": "是"},
     "diagnosis"),
    ("rg05", {"icd10": "F31"}, {"icd10": "F20.9"}, "icd10"),
    ("rg10", {"consent": ""}, {"consent": "0"}, "consent"),
    ("rg10", {"consent_on": "2026-11-22"}, {"consent_on": "2026-11-21"}, "consent_on"),
    ("rg10", {"signer": ""}, {}, "signer"),
    ("rg18", {"past_treatment": "1", "treated": "2026-10"}, {"past_treatment": "2", "treated": "2026-10"},
     "treated"),
    ("FU-C1", {"past_acts": "7,1"}, {"past_acts": "1"}, "past_acts"),
    ("GW", {"registered_on": "2026-11-22"}, {"registered_on": "2026-11-20"}, "registered_on"),
    ("GW", {"ground": ""}, {}, "ground"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "wrong", "near", "key"), BLOCKS)
def test_what_cannot_be_true_blocks(
    county: Flask, check: str, wrong: dict[str, str], near: dict[str, str], key: str
) -> None:
    found = asked(**wrong)
    assert key in found.problems, found.problems
    assert found.raw["name"] == ["赵试验"]  # what was typed stays
    if near:
        assert isinstance(enter(**near), Done) or not asked(**near).problems


QUESTIONS = [
    ("id05", {"sex": "2" if int(SOUND[16]) % 2 else "1"}, {}),
    ("id10", {"id_number": "", "document_kind": "1"}, {"document_kind": "1"}),
    ("id14", {"name": "张先生"}, {"name": "张先"}),
    ("id15", {"phone": "12"}, {"phone": "010-12345679"}),
    ("id18", {"phone": "13800000000"}, {"phone": "13812345670"}),
    ("id20", {"guardian_name": "赵试验"}, {}),
    ("id21", {"guardian_name": "", "relation": "", "guardian_phone": "", "past_confinement": "2"},
     {"past_confinement": "2"}),
    ("id24", {"village": str(EAST + 100_201)}, {}),
    ("id26", {"employment": "6", "id_number": number_of(49), "birth_on": ""}, {"employment": "6"}),
    ("rg02", {"diagnosed": "2026-11-20", "registered_on": "2026-11-19", "consent_on": "2026-11-19"}, {}),
    ("rg03", {"onset": "1952", "diagnosed": "1990"}, {}),
    ("rg06", {"diagnosis": "5", "icd10": "G40.9"}, {"diagnosis": "5", "icd10": "F06.8"}),
    ("rg07", {"diagnosed_at": "东镇卫生院"}, {}),
    ("rg21", {"past_acts": ""}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("check", "odd", "near"), QUESTIONS)
def test_what_is_odd_asks_for_a_reason_and_the_reason_is_kept(
    county: Flask, check: str, odd: dict[str, str], near: dict[str, str]
) -> None:
    if check in ("id26", "id24"):
        _two_more(check)
        return
    found = asked(**odd)
    assert not found.problems, found.problems
    assert check in {one.id for one in found.questions}
    reasons = {f"why-{one.id}": registration.REASONS[0] for one in found.questions}
    done = enter(**odd, **reasons)
    assert isinstance(done, Done)
    kept = [change.label for one in revision.of_case(DOCTOR_EAST, done.case_id) for change in one.changes]
    assert any(label.startswith(check) for label in kept)
    again = enter(index=2, **{**near, **_own(near)})
    assert isinstance(again, Done) or check not in {one.id for one in again.questions}


def _own(near: dict[str, str]) -> dict[str, str]:
    number = number_of(2)
    return {
        "id_number": number,
        "birth_on": f"{number[6:10]}-{number[10:12]}-{number[12:14]}",
        "sex": near.get("sex", "1" if int(number[16]) % 2 else "2"),
        "file_no": "100-00002",
        "name": near.get("name", "钱另人"),
    }


def _two_more(check: str) -> None:
    number = number_of(49)  # born in 1999: too young to be retired
    young = {
        "id_number": number,
        "birth_on": f"{number[6:10]}-{number[10:12]}-{number[12:14]}",
        "sex": "1" if int(number[16]) % 2 else "2",
    }
    if check == "id26":
        assert "id26" in {one.id for one in asked(**young, employment="6").questions}
        assert isinstance(enter(**young, employment="3"), Done)
    else:
        with open_work(SYSTEM, Action.AREA_WRITE) as work:
            work.add(Area(code=EAST + 1_201, name="西镇村", level=5, parent=EAST + 1_000, population=9))
        assert "id24" in {one.id for one in asked(village=str(EAST + 1_201)).questions}
        assert isinstance(enter(), Done)


def test_what_only_time_can_answer_is_asked_later(county: Flask) -> None:
    key = entered(diagnosed="2026-10-09", onset="1970", treated="2000")
    late = {one.id for one in registration.open_questions(DOCTOR_EAST, key, TODAY)}
    assert {"rg08", "rg09"} <= late
    fine = entered(index=2, name="钱另人", file_no="100-00002", diagnosed="2026-11-10")
    assert not {"rg08", "rg09"} & {one.id for one in registration.open_questions(DOCTOR_EAST, fine, TODAY)}
    assert registration.open_questions(DOCTOR_WEST, key, TODAY) == ()


# --- duplicates -----------------------------------------------------------------------------------


def test_the_same_number_blocks_with_the_way_to_the_file(county: Flask) -> None:
    key = entered()
    found = asked(name="别的名字", file_no="100-00002")
    assert "id11" in found.problems["id_number"] and "100-00001" in found.problems["id_number"]
    assert [one.case_id for one in found.found.near] == [key]


def test_the_same_name_and_birth_asks_whether_it_is_the_same_person(county: Flask) -> None:
    entered()
    number = number_of(51)  # another number with the birthday of number 1
    assert number != SOUND
    twin = asked(index=51, file_no="100-00002", birth_on=f"{SOUND[6:10]}-{SOUND[10:12]}-{SOUND[12:14]}")
    names = {one.why for one in twin.found.near}
    assert names  # at least alike in the same village
    assert "id12" in {one.id for one in twin.questions} or "birth_on" in twin.problems
    stranger = registration.look(DOCTOR_EAST, typed(index=2, name="孙不同"))
    assert stranger.near == ()


def test_alike_in_sound_within_a_village_is_asked_about(county: Flask) -> None:
    entered()
    found = asked(index=2, name="周诗雨", file_no="100-00002")  # z s y, like 赵试验
    assert [one.why for one in found.found.near] == ["姓名拼音首字母相同、同村（社区）"]
    assert [one.id for one in found.questions] == ["id12"]
    assert isinstance(
        enter(index=2, name="周诗雨", file_no="100-00002", **{"why-id12-other": "已当面核对，不是同一人"}),
        Done,
    )
    elsewhere = registration.look(DOCTOR_EAST, typed(index=3, name="周诗雨", village="", birth_on=""))
    assert [one.why for one in elsewhere.near] == []


def test_a_number_of_another_township_says_neither_who_nor_where(county: Flask) -> None:
    entered()
    found = asked(access=DOCTOR_WEST, unit_code=f"U{WEST_CODE}", file_no="101-00001", village="")
    assert "其他乡镇" in found.problems["id_number"]
    assert found.found.near == () and found.found.elsewhere
    said = repr(found.problems) + repr(found.found)
    assert "东镇" not in said and "100-00001" not in said
    free = registration.look(DOCTOR_WEST, typed(index=2))
    assert not free.elsewhere


WEST_CODE = EAST + 1_000


def test_the_unit_must_be_ones_own(county: Flask) -> None:
    found = asked(unit_code=f"U{WEST_CODE}")
    assert "unit_code" in found.problems


# --- correcting -----------------------------------------------------------------------------------


def edited(key: int, access: Access = DOCTOR_EAST, **more: str) -> Done | Asked:
    form = registration.edit(access, key)
    raw = {**form.raw, "seen": [form.seen], "reason": ["核对证件"]}
    raw |= {name: [text] if text else [] for name, text in more.items()}
    return registration.correct(access, key, raw, TODAY)


def test_a_correction_is_kept_field_by_field_with_its_reason(county: Flask) -> None:
    key = entered()
    assert edited(key, marriage="2", phone="10000000009", name="赵实验") == Done(key)
    (one,) = [each for each in revision.of_case(DOCTOR_EAST, key, opened=True) if each.noun == "case"]
    told = {change.label: (change.old, change.new) for change in one.changes}
    assert told == {
        "婚姻状况": ("", "已婚"),
        "联系电话": ("10000000001", "10000000009"),
        "姓名": ("赵试验", "赵实验"),
    }
    assert one.reason == "核对证件"
    assert registration.edit(DOCTOR_EAST, key).raw["name"] == ["赵实验"]


def test_a_correction_needs_a_reason_and_is_judged_like_a_registration(county: Flask) -> None:
    key = entered()
    found = edited(key, reason="", id_number=WRONG_DIGIT)
    assert isinstance(found, Asked) and {"reason", "id_number"} <= found.problems.keys()
    odd = edited(key, phone="12")
    assert isinstance(odd, Asked) and [one.id for one in odd.questions] == ["id15"]
    assert edited(key, phone="12", **{"why-id15": registration.REASONS[1]}) == Done(key)
    # It has been answered: the next correction of something else does not ask again.
    assert edited(key, marriage="1") == Done(key)


def test_two_who_correct_at_once_see_both_sides_and_lose_nothing(county: Flask) -> None:
    key = entered()
    form = registration.edit(DOCTOR_EAST, key)
    assert edited(key, phone="10000000077") == Done(key)
    mine = {**form.raw, "seen": [form.seen], "reason": ["更正"], "marriage": ["2"]}
    found = registration.correct(DOCTOR_EAST, key, mine, TODAY)
    assert isinstance(found, Asked) and found.seen != form.seen
    sides = {label: (theirs, yours) for label, theirs, yours in found.theirs}
    assert sides["联系电话"] == ("10000000077", "10000000001") and sides["婚姻状况"] == ("", "已婚")
    mine |= {"seen": [found.seen], "phone": ["10000000077"]}
    assert registration.correct(DOCTOR_EAST, key, mine, TODAY) == Done(key)
    after = registration.edit(DOCTOR_EAST, key).raw
    assert (after["phone"], after["marriage"]) == (["10000000077"], ["2"])


def test_a_correction_cannot_take_the_number_of_another_file(county: Flask) -> None:
    entered()
    other = entered(index=2, name="钱另人", file_no="100-00002")
    found = edited(
        other, **{name: texts[0] for name, texts in typed(1).items() if name in ("id_number", "birth_on")}
    )
    assert isinstance(found, Asked) and "id11" in found.problems["id_number"]


def test_a_stranger_is_neither_seen_nor_corrected(county: Flask) -> None:
    key = entered()
    with pytest.raises(Missing):
        registration.edit(DOCTOR_WEST, key)
    with pytest.raises(Missing):
        registration.correct(DOCTOR_WEST, key, typed(), TODAY)


# --- from a clue ----------------------------------------------------------------------------------

CLUE = NewClue(
    name="赵试验",
    source=ClueSource.SURVEY,
    found_on=date(2026, 11, 2),
    signs=frozenset({OddSign.SELF_TALK, OddSign.SUSPICIOUS}),
    village=VILLAGE,
    id_number=SOUND,
    informant="村医",
)


def confirmed(access: Access = DOCTOR_EAST) -> int:
    key = clue.add(access, clue.begin(), CLUE, TODAY)
    clue.step(access, key, 1, Step(ClueState.VERIFIED, date(2026, 11, 5)), TODAY)
    clue.step(
        access,
        key,
        2,
        Step(
            ClueState.CONFIRMED,
            date(2026, 11, 10),
            diagnosis=Diagnosis.SCHIZOPHRENIA,
            decided_by="县精卫 张医师",
        ),
        TODAY,
    )
    return key


def test_a_confirmed_clue_opens_the_registration_filled_with_what_it_knows(county: Flask) -> None:
    key = confirmed()
    form = registration.begin(DOCTOR_EAST, TODAY, from_clue=key)
    assert form.raw["name"] == ["赵试验"] and form.raw["diagnosis"] == ["1"]
    assert form.raw["birth_on"] == [f"{SOUND[6:10]}-{SOUND[10:12]}-{SOUND[12:14]}"]
    done = registration.register(DOCTOR_EAST, typed(once=str(form.once), clue=str(key)), TODAY)
    assert isinstance(done, Done)
    with open_work(DOCTOR_EAST, Action.CLUE_READ) as work:
        row = work.get(Clue, key)
        assert row is not None and row.case_id == done.case_id
    with pytest.raises(Conflict):
        registration.begin(DOCTOR_EAST, TODAY, from_clue=key)


def test_a_clue_that_is_not_confirmed_is_not_registered(county: Flask) -> None:
    key = clue.add(DOCTOR_EAST, clue.begin(), CLUE, TODAY)
    with pytest.raises(Refused):
        registration.begin(DOCTOR_EAST, TODAY, from_clue=key)
    with pytest.raises(Missing):
        registration.begin(DOCTOR_WEST, TODAY, from_clue=key)
    assert COUNTY and replace(CLUE, name="").name == ""
    with pytest.raises(Unfit):
        clue.add(DOCTOR_EAST, clue.begin(), replace(CLUE, name=""), TODAY)


def test_numbers_cannot_be_tried_out_to_learn_who_is_registered(county: Flask) -> None:
    """The same number again counts nothing; another one too many gets no answer, whoever holds it."""
    held = entered()
    most = in_force_on(TODAY).duplicate_checks.value
    for index in range(2, most + 2):
        for _ in range(2):
            assert not registration.look(DOCTOR_WEST, typed(index=index, name="")).stopped
    told = registration.look(DOCTOR_WEST, typed(name=""))
    assert told.stopped and not told.elsewhere, held
    found = registration.register(DOCTOR_WEST, {**typed(), "once": [str(new_key())]}, TODAY)
    assert isinstance(found, Asked)
    assert "REC-STOP-3" in found.problems.get("id_number", "") or "unit_code" in found.problems
    assert not registration.look(OFFICER, typed(name="")).stopped, "the county asks nobody"
    assert not registration.look(DOCTOR_WEST, typed(index=2, name="")).stopped
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        rows = work.rows(
            select(AuditEntry.verb, func.count(AuditEntry.seq))
            .where(AuditEntry.noun == "Elsewhere", AuditEntry.actor == DOCTOR_WEST.actor)
            .group_by(AuditEntry.verb)
        )
    assert dict(tuple(row) for row in rows) == {"search": 2 * most + 1, "refuse": 2}
