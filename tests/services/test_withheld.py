"""What the matrix closes to heads and county, and what a loosening gave when it ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Access, Action, Role
from casemgr.rules.disclosure import closed_columns
from casemgr.services import (
    benefit,
    clock,
    disclosure,
    event,
    exchange,
    followup,
    liaison,
    matrix,
    register,
    registration,
    revision,
)
from casemgr.services.errors import Refused
from casemgr.store.db import new_key
from casemgr.store.identity import WITHHELD
from casemgr.store.models import BenefitClaim, Revision, ShareConsent, Supplement, VisitText
from casemgr.store.models.attempt import Attempt
from casemgr.store.types import Plain
from casemgr.store.work import open_work
from tests.conftest import TODAY
from tests.services import people
from tests.services.liaison import add, open_departments, visit
from tests.services.visits import envelope
from tests.store.register import COUNTY, DOCTOR_EAST, EAST, NOW, OFFICER, SYSTEM, WEST, open_areas

HEAD = Access.over(15, "东镇负责人", Role.UNIT_HEAD, EAST)
SECURITY = Access.over(801, "安全", Role.SECURITY_ADMINISTRATOR, None)
IMPACT = "只在规定期限内、只给批准的岗位查看，用后不留存，患者可在查看记录中看到。"
NOTE, TALK = "夫妻分居，母亲不愿提起", "电话中说了家里的事"


@pytest.fixture
def case(app: Flask) -> int:
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        return people.add(work, EAST, units[EAST], "901-00001", 1, "王小明")[1]


def loosen(key: str, over: int, once: int = 7, last: date = TODAY) -> None:
    matrix.propose(SECURITY, once, key, "某卫〔2026〕9号", IMPACT, TODAY, last, over, "某县卫健委")
    matrix.decide(OFFICER, once, True)


def recorded(case: int, by: Access = DOCTOR_EAST, **changed: object) -> int:
    kept = followup.record(by, envelope(case, f"e{new_key()}", **changed), TODAY)
    assert kept.kept, kept
    assert kept.visit_id is not None
    return kept.visit_id


def told(access: Access, visit_id: int) -> str:
    view = followup.read_visit(access, visit_id, TODAY)
    return next(text for section in view.sections for label, text in section.filled if label == "备注")


def stored(visit_id: int) -> str:
    with open_work(SYSTEM, Action.FOLLOWUP_RECORD) as work:
        row = work.one(select(VisitText).where(VisitText.visit_id == visit_id))
        return work.vault.open(row.note.place, visit_id, row.note._sealed)


def test_who_works_at_the_files_and_what_of_them_is_closed() -> None:
    """By their lines of the matrix; a loosening of a part of their area opens nothing."""
    notes = {"attempt.note", "supplement.note", "visit_text.note"}
    assert closed_columns(Role.TOWNSHIP_DOCTOR, TODAY) == frozenset()
    assert closed_columns(Role.UNIT_HEAD, TODAY) == notes
    assert closed_columns(Role.COUNTY_OFFICER, TODAY) == notes | {"benefit_claim.answer"}
    assert "identity.name" in closed_columns(Role.ADMINISTRATOR, TODAY)
    assert "identity.name" in closed_columns(Role.HEALTH_BUREAU, TODAY)


def test_the_county_reads_the_note_of_its_own_visit_and_of_no_other(case: int) -> None:
    own = recorded(case, OFFICER, note="县里补的一句")
    assert told(OFFICER, own) == "县里补的一句"
    clock.fix(TODAY + timedelta(days=1))
    theirs = recorded(case, on="2026-11-20", note=NOTE)
    assert told(DOCTOR_EAST, theirs) == NOTE
    assert told(OFFICER, theirs) == WITHHELD
    form = followup.open_visit(OFFICER, case, clock.today(), theirs)
    assert "note" not in form.raw and NOTE not in str(form)


def test_a_correction_by_the_county_neither_shows_nor_loses_the_note(case: int) -> None:
    theirs = recorded(case, note=NOTE)
    before = followup.open_visit(OFFICER, case, TODAY, theirs)
    change = envelope(case, "c1", sleep="2", _visit_id=theirs, _expects=before.expects, _reason="核对")
    over = envelope(
        case, "c0", sleep="2", note="改写", _visit_id=theirs, _expects=before.expects, _reason="核对"
    )
    refused = followup.record(OFFICER, over, TODAY)
    assert refused.answer is followup.Answer.UNFIT and "原填写人" in refused.fields["note"]
    assert followup.record(OFFICER, change, TODAY).answer is followup.Answer.CHANGED
    assert stored(theirs) == NOTE
    with open_work(SYSTEM, Action.FOLLOWUP_RECORD) as work:
        (one,) = work.entities(select(Revision))
        assert "note" not in work.vault.open(one.changes.place, one.id, one.changes._sealed)


def test_what_was_changed_in_a_note_stays_closed_too(case: int) -> None:
    visit_id = recorded(case, note="一句")
    form = followup.open_visit(DOCTOR_EAST, case, TODAY, visit_id)
    changed = envelope(case, "c2", note=NOTE, _visit_id=visit_id, _expects=form.expects, _reason="补充")
    assert followup.record(DOCTOR_EAST, changed, TODAY).answer is followup.Answer.CHANGED
    for access, words in ((DOCTOR_EAST, NOTE), (OFFICER, WITHHELD), (HEAD, WITHHELD)):
        (found,) = revision.of_case(access, case, opened=True)
        assert [one.new for one in found.changes if one.label == "备注"] == [words]


def test_texts_of_a_file_are_closed_to_head_and_county_and_kept_through_their_corrections(case: int) -> None:
    recorded(case, note=NOTE)
    with open_work(SYSTEM, Action.FOLLOWUP_RECORD) as work:
        work.add(Supplement(case_id=case, area=EAST, note=Plain(NOTE)))
        attempt = {"area": EAST, "case_id": case, "on": TODAY, "result": 1, "undone": False}
        work.add(Attempt(id=5, note=Plain(TALK), recorded_at=NOW, recorded_by=11, **attempt))
        work.add(Attempt(id=6, note=Plain("县里打的"), recorded_at=NOW, recorded_by=13, **attempt))
    for access in (HEAD, OFFICER):
        seen = register.reveal_identity(access, case, "1", TODAY)
        assert NOTE not in str(seen) and str(WITHHELD) in str(seen.notes) + str(seen.supplement)
    assert {one.text for one in event.texts(OFFICER, case, "查阅")} == {WITHHELD, "县里打的"}
    assert {one.text for one in event.texts(DOCTOR_EAST, case, "查阅")} == {TALK, "县里打的"}
    asked = registration.edit(OFFICER, case)
    assert "note" not in asked.raw and NOTE not in str(asked.raw)
    raw = {**asked.raw, "reason": ["改一处"], "seen": [asked.seen], "ground": ["2"]}
    raw |= {"domicile": ["东镇第1村甲组"], "residence": ["东镇第1村甲组"]}
    wrong = registration.correct(OFFICER, case, {**raw, "note": ["新写的"]}, TODAY)
    assert isinstance(wrong, registration.Asked) and "保持原样" in wrong.problems["note"]
    done = registration.correct(OFFICER, case, raw, TODAY)
    assert isinstance(done, registration.Done), (done.problems, done.questions, done.theirs)
    assert registration.edit(DOCTOR_EAST, case).raw["note"] == [NOTE]


def test_a_workbook_of_the_county_has_empty_cells_that_erase_nothing(case: int) -> None:
    recorded(case, note=NOTE)
    (theirs,) = exchange._record_page(DOCTOR_EAST, "visit", [case])
    (ours,) = exchange._record_page(OFFICER, "visit", [case])
    assert (theirs.note, ours.note) == (NOTE, None)


def test_an_answer_of_a_department_stays_with_the_doctor(case: int) -> None:
    with open_work(SYSTEM, Action.SHARING_WRITE) as work:
        mine = {"area": EAST, "case_id": case, "benefit": 1, "receiver": int(Role.CIVIL_AFFAIRS)}
        mine |= {"recorded_at": NOW, "recorded_by": 11}
        signed = {"kind": 1, "giver": 1, "capacity": 1, "signed_on": TODAY, "signer": Plain("本人")}
        work.add(ShareConsent(id=2, **mine, **signed))
        work.flush()
        given = {"state": 4, "applied_on": TODAY, "answered_on": TODAY, "answer": Plain("缺户口簿")}
        work.add(BenefitClaim(id=3, consent_id=2, receiver_area=COUNTY, **mine, **given))
    (ours,), (theirs,) = (benefit.of_case(one, case, TODAY).claims for one in (OFFICER, DOCTOR_EAST))
    assert (ours.answer, theirs.answer) == (WITHHELD, "缺户口簿")
    with pytest.raises(Refused, match="没有看过"):
        benefit.seen(OFFICER, 3, ours.version, TODAY)
    benefit.seen(DOCTOR_EAST, 3, theirs.version, TODAY)


def test_a_loosening_over_the_whole_area_of_the_reader_opens_the_note_and_ends_at_once(case: int) -> None:
    visit_id = recorded(case, note=NOTE)
    loosen("UH-G13", WEST)
    shown = register.reveal_identity(HEAD, case, "1", TODAY)
    assert NOTE not in str(shown.notes)
    loosen("UH-G13", EAST, 8)
    loosen("CU-G13", COUNTY, 9)
    assert NOTE in str(register.reveal_identity(HEAD, case, "1", TODAY).notes)
    assert told(OFFICER, visit_id) == NOTE
    matrix.end(SECURITY, 9)
    assert told(OFFICER, visit_id) == WITHHELD
    clock.fix(TODAY + timedelta(days=1))
    assert NOTE not in str(register.reveal_identity(HEAD, case, "1", clock.today()).notes)


@dataclass
class Post:
    access: Access
    case: int


@pytest.fixture
def post(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Post:
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        case = add(work, EAST, units[EAST], 2, "李丽")
        other = add(work, WEST, units[WEST], 3, "欧阳建国")
    found = open_departments(monkeypatch)
    loosen("PO-G2", EAST, 11, TODAY + timedelta(days=3))
    loosen("PO-G3", EAST, 12, TODAY + timedelta(days=3))
    for key, area in ((case, EAST), (other, WEST)):
        visit(key, area, date(2026, 11, 2), 3)
    (line,) = liaison.home(found["westpost"], TODAY).lines
    closed = dict(liaison.sheet(found["westpost"], line.id).facts)
    assert "电话" not in closed and "*" in closed["身份证号"], "a loosening elsewhere tells this post nothing"
    return Post(found["eastpost"], case)


def facts(post: Post) -> dict[str, str]:
    (line,) = liaison.home(post.access, clock.today()).lines
    return dict(liaison.sheet(post.access, line.id).facts)


@pytest.mark.parametrize("ending", ["withdrawn", "over"])
def test_a_sheet_written_by_a_loosening_shows_nothing_of_it_from_the_moment_it_ends(
    post: Post, ending: str
) -> None:
    """No night lies between: the sheet is still written as it was, and is not read so any more."""
    whole = facts(post)
    assert "*" not in whole["身份证号"] and whole["电话"]
    if ending == "over":
        clock.fix(TODAY + timedelta(days=4))
    else:
        matrix.end(SECURITY, 11)
        matrix.end(SECURITY, 12)
    after = facts(post)
    assert "电话" not in after
    assert after["身份证号"][:3] == whole["身份证号"][:3] and "*" * 13 in after["身份证号"]
    assert {**whole, "身份证号": ""} == {**after, "身份证号": "", "电话": whole["电话"]}
    (line,) = liaison.home(post.access, clock.today()).lines
    assert "电话" not in "".join(liaison.sheet(post.access, line.id).groups)
    for _ in disclosure.refresh_all(replace(SYSTEM, label="job:test")):
        pass
    assert facts(post) == after
