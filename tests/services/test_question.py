"""待核对: questions are asked, answered once, and asked again when the facts change."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import event, select

from casemgr.forms.register import SHEET, PersonRow
from casemgr.forms.registration import FIELD_OF, READS, TITLES
from casemgr.rules.access import Action
from casemgr.services import question, registration, revision, state
from casemgr.services.errors import Missing, Unfit
from casemgr.services.registration import Done
from casemgr.store.db import db, new_key
from casemgr.store.models import Attempt, AuditEntry, Incident, Question, Visit
from casemgr.store.types import Plain
from casemgr.store.work import open_work
from casemgr.terms import idnumber
from casemgr.terms.attempt import AttemptResult, AttemptWay
from tests.services.people import number_of
from tests.services.test_registration import TODAY, asked, county, entered
from tests.store.register import (
    COUNTY,
    DOCTOR_EAST,
    DOCTOR_WEST,
    EAST,
    NOW,
    OFFICER,
    SYSTEM,
    WEST,
    add_visit,
)

__all__ = ["county"]
TOMORROW = TODAY + timedelta(1)


def codes(case: int) -> set[str]:
    return {one.code for one in question.of_case(DOCTOR_EAST, case, TODAY)}


def again(case: int) -> set[str]:
    question.ask(DOCTOR_EAST, [case], TODAY)
    return codes(case)


def correct(case: int, **more: str) -> None:
    form = registration.edit(DOCTOR_EAST, case)
    raw = {
        **form.raw,
        **{name: [text] for name, text in more.items()},
        "seen": [form.seen],
        "reason": ["核对"],
    }
    done = registration.correct(DOCTOR_EAST, case, raw, TODAY)
    assert isinstance(done, Done), (done.problems, done.questions)


def test_checks_tell_what_they_read_their_field_and_their_title() -> None:
    class Watched:
        def __init__(self) -> None:
            self.read: set[str] = set()

        def __getattr__(self, name: str) -> object:
            self.read.add(name)
            raise LookupError

    assert {check.id for check in SHEET.checks} <= READS.keys() & FIELD_OF.keys() & TITLES.keys()
    assert all(set(names) <= set(PersonRow._fields) for names in READS.values())
    for check in SHEET.checks:
        watched = Watched()
        with pytest.raises(LookupError):
            check.test(watched, None)  # type: ignore[arg-type]
        assert watched.read <= set(READS[check.id]), check.id


def test_a_question_is_asked_answered_and_not_asked_again_until_the_facts_change(county: Flask) -> None:
    key = entered(diagnosed="2026-10-09", onset="1970", treated="2000")
    assert codes(key) == {"rg08", "rg09"}
    late = next(one for one in question.of_case(DOCTOR_EAST, key, TOMORROW) if one.code == "rg08")
    assert (late.title, late.demand, late.at, late.page, late.days) == (
        "未治期过长",
        "请核对",
        "treated",
        "edit",
        1,
    )
    with pytest.raises(Unfit) as wrong:
        question.answer(DOCTOR_EAST, key, late.id, "", TODAY)
    assert f"reason-{late.id}" in wrong.value.fields
    question.answer(DOCTOR_EAST, key, late.id, "病历复印件写明", TODAY)
    question.answer(DOCTOR_EAST, key, late.id, "第二次按", TODAY)  # a second press changes nothing
    assert again(key) == {"rg09"}
    (change, *_) = revision.of_case(DOCTOR_EAST, key)
    assert (change.what, change.reason) == ("核对说明", "病历复印件写明")
    assert change.changes[0].label == "rg08 未治期过长"
    correct(key, treated="2001")
    assert codes(key) == {"rg08", "rg09"}
    correct(key, treated="1971")
    assert codes(key) == {"rg09"}


def test_what_was_explained_while_registering_is_not_asked_afterwards(county: Flask) -> None:
    found = asked(past_acts="", past_confinement="")
    assert [one.id for one in found.questions] == ["rg21"]
    key = entered(past_acts="", past_confinement="", **{"why-rg21": "家属不知情"})
    assert codes(key) == set() and again(key) == set()
    with open_work(DOCTOR_EAST, Action.CASE_READ) as work:
        (row,) = work.entities(select(Question))
        assert (row.code, row.answered_on, row.answered_by) == ("rg21", TODAY, DOCTOR_EAST.actor)


def test_nobody_answers_for_another_township(county: Flask) -> None:
    key = entered(diagnosed="2026-10-09")
    (one,) = question.of_case(DOCTOR_EAST, key, TODAY)
    with pytest.raises(Missing):
        question.answer(DOCTOR_WEST, key, one.id, "理由", TODAY)
    assert question.of_case(DOCTOR_WEST, key, TODAY) == ()
    other = entered(index=2, name="钱另人", file_no="100-00002")
    with pytest.raises(Missing):
        question.answer(DOCTOR_EAST, other, one.id, "理由", TODAY)


def test_a_file_that_left_the_register_is_not_asked_about(county: Flask) -> None:
    key = entered(diagnosed="2026-10-09")
    assert codes(key) == {"rg09"}
    version = state.standing(DOCTOR_EAST, key, TODAY).version
    state.exclude(DOCTOR_EAST, key, version, TODAY, "示例医院", "复诊排除", TODAY)
    assert again(key) == set()


# --- over several records -------------------------------------------------------------------------


def near(number: str, place: int = 15) -> str:
    """A sound number that differs in one digit."""
    body = number[:place] + str((int(number[place]) + 2) % 10) + number[place + 1 : 17]
    return body + idnumber.check_digit(body)


def test_neighbours_are_sound_and_differ_in_one_place_or_two_that_changed_places() -> None:
    number = number_of(5)
    found = set(idnumber.neighbours(number))
    assert near(number) in found and number not in found
    assert all(idnumber.check_digit(one[:17]) == one[17] for one in found)


def test_one_person_with_two_numbers(county: Flask) -> None:
    """id13: the same name and a number that differs by a digit; another name is another person."""
    first = entered()
    number = near(number_of(1))
    second = entered(id_number=number, file_no="100-00002", **{"why-id12": "对照后不是同一人"})
    other = entered(name="孙别人", id_number=near(number_of(1), 14), file_no="100-00003")
    assert codes(second) == {"id13"} and again(first) == {"id13"} and codes(other) == set()
    (told,) = question.of_case(DOCTOR_EAST, first, TODAY)
    assert "100-00002" in told.says and "赵" not in told.says
    elsewhere = entered(
        DOCTOR_WEST, id_number=near(number_of(1), 5), unit_code=f"U{WEST}", village="",
        file_no="101-00001", domicile="示例县西镇第9村", **{"why-id24": "x"},
    )  # fmt: skip
    assert elsewhere and again(first) == {"id13"}
    assert "本县其他乡镇 1 份" in next(iter(question.of_case(DOCTOR_EAST, first, TODAY))).says


def test_one_telephone_for_many_families(county: Flask) -> None:
    """id16 asks from the fourth family on; four people of one address are a family."""
    surnames = "钱孙李周吴"
    keys = [
        entered(
            index=number, name=f"{surnames[number]}试验", file_no=f"100-{number + 1:05}", phone="10000000077",
            residence=f"{number}号",
        )
        for number in range(5)
    ]  # fmt: skip
    assert again(keys[0]) == {"id16"}
    for key in keys[1:]:
        correct(key, residence="同一户")
    assert again(keys[0]) == set()


def test_the_telephone_of_an_institution(county: Flask) -> None:
    key = entered(phone="120", **{"why-id15": "暂无电话"})
    assert "id17" in codes(key)
    other = entered(index=2, name="钱另人", file_no="100-00002", phone="121", **{"why-id15": "暂无电话"})
    assert "id17" not in codes(other)


def call(case: int, on: date, result: AttemptResult = AttemptResult.NOT_REACHED) -> None:
    with open_work(DOCTOR_EAST, Action.FOLLOWUP_RECORD) as work:
        work.add(
            Attempt(
                id=new_key(), area=EAST, case_id=case, on=on, way=int(AttemptWay.PHONE), result=int(result),
                recorded_at=NOW, recorded_by=11,
            )
        )  # fmt: skip


def test_three_calls_that_nobody_answered(county: Flask) -> None:
    """id19; an answer begins the count anew, and a fourth call asks again after an answer to the question."""
    key = entered()
    for day in (10, 12):
        call(key, date(2026, 11, day))
    assert again(key) == set()
    call(key, date(2026, 11, 14))
    assert again(key) == {"id19"}
    (one,) = question.of_case(DOCTOR_EAST, key, TODAY)
    question.answer(DOCTOR_EAST, key, one.id, "号码有效，白天在田里", TODAY)
    assert again(key) == set()
    call(key, date(2026, 11, 16))
    assert again(key) == {"id19"}
    call(key, date(2026, 11, 18), AttemptResult.LATER)
    assert again(key) == set()


def test_one_event_told_by_two_townships(county: Flask) -> None:
    """ev07: the file that was left behind and the new one hold the same day."""
    west = entered(
        DOCTOR_WEST, unit_code=f"U{WEST}", village="", file_no="101-00001", domicile="示例县西镇第9村",
        **{"why-id24": "x"},
    )  # fmt: skip
    version = state.standing(DOCTOR_WEST, west, TODAY).version
    state.moved(DOCTOR_WEST, west, version, TODAY, "东镇卫生院", "", TODAY)
    east = entered()
    for access, area, case, on in (
        (DOCTOR_WEST, WEST, west, TODAY),
        (DOCTOR_EAST, EAST, east, TODAY - timedelta(1)),
    ):
        with open_work(access, Action.EVENT_WRITE) as work:
            work.add(
                Incident(
                    id=new_key(), area=area, case_id=case, on=on, kind=1, recorded_at=NOW, recorded_by=11
                )
            )
    assert again(east) == set()
    with open_work(DOCTOR_EAST, Action.EVENT_WRITE) as work:
        work.add(
            Incident(id=new_key(), area=EAST, case_id=east, on=TODAY, kind=1, recorded_at=NOW, recorded_by=11)
        )
    assert again(east) == {"ev07"}


def test_somebody_who_works_well_has_work_or_rehabilitation(county: Flask) -> None:
    """vc26, from the latest visit that told about work."""
    key = entered(employment="4")
    other = entered(index=2, name="钱另人", file_no="100-00002", employment="3")
    for case in (key, other):
        with open_work(DOCTOR_EAST, Action.FOLLOWUP_RECORD) as work:
            visit = add_visit(work, EAST, case, TODAY)
            work.flush()
            found = work.get(Visit, visit)
            assert found is not None
            found.work = 1
    assert again(key) == {"vc26"} and again(other) == set()
    with open_work(DOCTOR_EAST, Action.FOLLOWUP_RECORD) as work:
        for found in work.entities(select(Visit)):
            found.rehab_measures = 2
    assert again(key) == set()


def test_a_late_registration_of_years_ago_is_not_asked_about(county: Flask) -> None:
    key = entered(
        registered_on="2025-11-20", consent_on="2025-11-20", diagnosed="2025-10-09", onset="2025",
    )  # fmt: skip
    assert codes(key) == set()


# --- what the screen asks beyond the workbook -----------------------------------------------------


def test_admissions_and_the_last_discharge_belong_together(county: Flask) -> None:
    """rg16 blocks, rg17 asks for a reason."""
    assert "rg16" in asked(admissions_count="0", discharged="2020").problems["discharged"]
    assert [one.id for one in asked(admissions_count="2").questions] == ["rg17"]
    key = entered(admissions_count="2", discharged="2020-05")
    assert codes(key) == set()
    raw = registration.edit(DOCTOR_EAST, key).raw
    assert raw["discharged"] == ["2020-05"]


def test_nobody_without_a_document_is_forgotten(county: Flask) -> None:
    """id10: a day to ask again, and a question when it has come."""
    without = {"document_kind": "99", "id_number": "", "index": 1}
    kinds = [int(code) for code, _ in registration.REGISTRATION.field("document_kind").choices]
    without["document_kind"] = str(kinds[-1])
    found = asked(**without)  # type: ignore[arg-type]
    assert "id10" in {one.id for one in found.questions}
    key = entered(**without, document_ask_on="2026-11-22")  # type: ignore[arg-type]
    assert "id10" not in codes(key)
    question.ask(DOCTOR_EAST, [key], TOMORROW)
    assert "id10" in codes(key)


def test_details_are_kept_changed_and_logged(county: Flask) -> None:
    key = entered(
        allergies="5", allergy_other="头孢", no_contact="1", no_contact_note="只在白天打", residency="1",
        economy="1", poverty_seen_on="2026-11-01",
    )  # fmt: skip
    raw = registration.edit(DOCTOR_EAST, key).raw
    assert raw["allergy_other"] == ["头孢"] and raw["no_contact_note"] == ["只在白天打"]
    assert "vc12" in asked(index=2, name="钱另人", allergies="5").problems["allergy_other"]
    correct(key, allergies="2", allergy_other="", no_contact="")
    change = revision.of_case(DOCTOR_EAST, key, opened=True)[0]
    told = {one.label: (one.old, one.new) for one in change.changes}
    assert told["药物过敏史"] == ("其他", "青霉素") and told["其他过敏药物"] == ("头孢", "")


def test_article_30_decides_about_management_when_it_is_corrected(county: Flask) -> None:
    key = entered(consent="0")
    assert state.standing(DOCTOR_EAST, key, TODAY).management.label == "非在管(拒绝)"  # type: ignore[union-attr]
    correct(key, article30="是")
    assert state.standing(DOCTOR_EAST, key, TODAY).management.label == "在管"  # type: ignore[union-attr]
    correct(key, article30="否")
    assert state.standing(DOCTOR_EAST, key, TODAY).management.label == "非在管(拒绝)"  # type: ignore[union-attr]


# --- lists and the night --------------------------------------------------------------------------


def test_people_with_open_questions_are_listed_with_few_statements(county: Flask) -> None:
    keys = [
        entered(
            index=number,
            name=f"{'钱孙李'[number]}试验",
            file_no=f"100-{number + 1:05}",
            diagnosed="2026-10-09",
        )
        for number in range(3)
    ]
    entered(index=7, name="周无事", file_no="100-00009")

    def listed(size: int) -> int:
        count = 0

        def counted(*_: object) -> None:
            nonlocal count
            count += 1

        event.listen(db.engine, "before_cursor_execute", counted)
        try:
            found = question.list_(DOCTOR_EAST, EAST, "", 1, TODAY)
        finally:
            event.remove(db.engine, "before_cursor_execute", counted)
        assert found.page.total == size
        return count

    three = listed(3)
    found = question.list_(OFFICER, COUNTY, "rg09", 1, TODAY)
    assert {row.case.case_id for row in found.page.rows} == set(keys)
    assert found.page.rows[0].titles == (("rg09", "建档过晚"),)
    assert found.codes == (("rg09", "建档过晚", 3),)
    assert [(one.name, one.people) for one in question.per_township(OFFICER, COUNTY)] == [
        ("东镇", 3),
        ("西镇", 0),
    ]
    (one,) = question.of_case(DOCTOR_EAST, keys[0], TODAY)
    question.answer(DOCTOR_EAST, keys[0], one.id, "迟报有公函", TODAY)
    assert listed(2) == three
    with pytest.raises(Missing):
        question.list_(DOCTOR_WEST, EAST, "", 1, TODAY)


def test_the_night_asks_about_everybody_and_finds_what_the_day_found(county: Flask) -> None:
    first = entered(diagnosed="2026-10-09")
    second = entered(id_number=near(number_of(1)), file_no="100-00002", **{"why-id12": "对照后不是同一人"})
    again(first)
    before = {key: codes(key) for key in (first, second)}
    assert list(question.ask_all(SYSTEM, TODAY)) == [2]
    assert (
        {key: codes(key) for key in (first, second)} == before == {first: {"rg09", "id13"}, second: {"id13"}}
    )
    assert question.ask_area(DOCTOR_EAST, EAST, TODAY) == 2
    with open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
        names = {
            one.noun for one in work.entities(select(AuditEntry).where(AuditEntry.purpose == "核对档案"))
        }
    assert "Person" in names


def test_sentences_and_reasons_are_sealed(county: Flask) -> None:
    entered(past_acts="", past_confinement="", **{"why-rg21": "家属不知情"})
    with open_work(DOCTOR_EAST, Action.CASE_READ) as work:
        (row,) = work.entities(select(Question))
        assert "家属" not in repr(vars(row)) and not isinstance(row.says, str | Plain)
