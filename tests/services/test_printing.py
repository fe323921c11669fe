"""打印: what is opened for a print, who may fetch it, and that nothing readable lies on the disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from casemgr.app import create_app
from casemgr.rules.access import Action
from casemgr.services import clock, printing
from casemgr.services.errors import Forbidden, Missing, Unfit
from casemgr.store.db import db, new_key
from casemgr.store.models import AuditEntry, Case, Person, Visit
from casemgr.store.models.referral import Referral
from casemgr.store.models.sheet import Sheet
from casemgr.store.types import Plain
from casemgr.store.work import open_work
from tests.conftest import make_config
from tests.services.people import NOW, TODAY, VILLAGE, WESTERN, WHOLE, Made, furnish
from tests.store.register import (
    ADMINISTRATOR,
    DOCTOR_EAST,
    DOCTOR_WEST,
    EAST,
    OFFICER,
    SYSTEM,
    WEST,
    open_areas,
)

FOLLOW_UP = "1"


@pytest.fixture(scope="module")
def home(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Made]]:
    folder = tmp_path_factory.mktemp("printing") / "instance"
    shutil.copytree(template, folder)
    (folder / "keyring.json").chmod(0o600)
    application = create_app(make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat()), doors=())
    with application.app_context():
        yield application, furnish(open_areas())
        db.engine.dispose()
    clock.fix(None)


@pytest.fixture
def made(home: tuple[Flask, Made]) -> Made:
    return home[1]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would be drawn; the child process has a test of its own."""
    texts: list[str] = []

    def draw(text: str, people: int = 1) -> tuple[bytes, int]:
        texts.append(text)
        return b"%PDF-1.7 drawn", 0

    monkeypatch.setattr(printing, "_drawn", draw)
    return texts


def entries(noun: str) -> list[AuditEntry]:
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        return list(work.entities(select(AuditEntry).where(AuditEntry.noun == noun).order_by(AuditEntry.seq)))


def instance() -> Path:
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        return Path(work._home.instance)


def test_a_person_is_printed_by_a_recorded_opening(made: Made, drawn: list[str]) -> None:
    case = made.cases[WHOLE]
    before = len(entries("Identity"))
    key = printing.begin(DOCTOR_EAST, [case], "supplement", FOLLOW_UP, TODAY)
    assert printing.view(DOCTOR_EAST, key).state == "preparing"
    printing.carry_out(DOCTOR_EAST, key)
    shown = printing.view(DOCTOR_EAST, key)
    assert (shown.state, shown.people) == ("ready", 1)
    assert printing.fetch(DOCTOR_EAST, key) == b"%PDF-1.7 drawn"
    assert WHOLE in drawn[0]
    opened = entries("Identity")[before:]
    assert [(one.verb, one.purpose) for one in opened] == [("reveal", "随访")]
    assert ("print", "supplement", "随访") in {(one.verb, one.fields, one.purpose) for one in entries("Form")}
    assert entries("Form")[-1].verb == "download"


def test_nothing_readable_lies_on_the_disk(made: Made, drawn: list[str]) -> None:
    key = printing.begin(DOCTOR_EAST, [made.cases[WHOLE]], "resident", FOLLOW_UP, TODAY)
    kept = list((instance() / "prints").glob(f"{key}.*"))
    assert len(kept) == 2
    for path in kept:
        assert b"<html" not in path.read_bytes() and b"title" not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0
    printing.carry_out(DOCTOR_EAST, key)
    assert b"%PDF" not in (instance() / "prints" / f"{key}.pdf").read_bytes()
    assert not (instance() / "prints" / f"{key}.html").exists()


def test_only_who_began_a_print_may_fetch_it(made: Made, drawn: list[str]) -> None:
    key = printing.begin(DOCTOR_EAST, [made.cases[WHOLE]], "consent", FOLLOW_UP, TODAY)
    printing.carry_out(DOCTOR_EAST, key)
    for other in (DOCTOR_WEST, OFFICER):
        with pytest.raises(Missing):
            printing.view(other, key)
        with pytest.raises(Missing):
            printing.fetch(other, key)
    with pytest.raises(Missing):
        printing.fetch(DOCTOR_EAST, key + 1)


def test_a_print_goes_with_whoever_moves_away(made: Made, drawn: list[str]) -> None:
    """A day is long: who belongs to another township meanwhile is on no paper of this one any more."""
    case = made.cases[WHOLE]
    key = printing.begin(DOCTOR_EAST, [case], "consent", FOLLOW_UP, TODAY)
    printing.carry_out(DOCTOR_EAST, key)
    for place, there in ((WEST, False), (EAST, True)):
        with open_work(SYSTEM, Action.TRANSFER_WRITE) as work:
            found = work.get(Person, made.people[WHOLE])
            assert found is not None
            found.area = place
        if there:
            assert printing.fetch(DOCTOR_EAST, key).startswith(b"%PDF")
        else:
            for asked in (printing.view, printing.fetch):
                with pytest.raises(Missing, match="不在您的辖区"):
                    asked(DOCTOR_EAST, key)


def test_nobody_outside_the_area_is_printed(made: Made, drawn: list[str]) -> None:
    with pytest.raises(Missing):
        printing.begin(DOCTOR_EAST, [made.cases[WESTERN]], "followup", FOLLOW_UP, TODAY)
    key = printing.begin(DOCTOR_EAST, [made.cases[WHOLE], made.cases[WESTERN]], "followup", FOLLOW_UP, TODAY)
    assert printing.view(DOCTOR_EAST, key).people == 1
    with pytest.raises(Missing):
        printing.records(DOCTOR_EAST, made.cases[WESTERN], "followup")
    with pytest.raises(Forbidden):
        printing.begin(ADMINISTRATOR, [made.cases[WHOLE]], "followup", FOLLOW_UP, TODAY)


def test_a_print_names_its_purpose(made: Made) -> None:
    with pytest.raises(Unfit):
        printing.begin(DOCTOR_EAST, [made.cases[WHOLE]], "followup", "", TODAY)
    with pytest.raises(Missing):
        printing.begin(DOCTOR_EAST, [made.cases[WHOLE]], "nothing", FOLLOW_UP, TODAY)
    with pytest.raises(Missing):
        printing.begin(DOCTOR_EAST, [made.cases[WHOLE]], "clue", FOLLOW_UP, TODAY)


def test_a_village_is_one_file_with_a_form_for_everybody(made: Made, drawn: list[str]) -> None:
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        living = len(work.rows(select(Case.id).where(Case.village == VILLAGE, Case.lifecycle == 1)))
    key = printing.begin_village(DOCTOR_EAST, VILLAGE, "followup", FOLLOW_UP, TODAY)
    assert printing.view(DOCTOR_EAST, key).people == living > 1
    printing.carry_out(DOCTOR_EAST, key)
    assert drawn[0].count('<section class="form-paper') == living
    assert "option chosen" not in drawn[0]
    with pytest.raises(Unfit):
        printing.begin_village(DOCTOR_EAST, EAST + 299, "followup", FOLLOW_UP, TODAY)
    with pytest.raises(Unfit):
        printing.begin_village(DOCTOR_EAST, VILLAGE, "emergency", FOLLOW_UP, TODAY)
    assert VILLAGE in {one.code for one in printing.villages(DOCTOR_EAST)}
    assert VILLAGE not in {one.code for one in printing.villages(DOCTOR_WEST)}


def test_a_visit_is_printed_as_it_was_filled_in(made: Made, drawn: list[str]) -> None:
    case = made.cases[WHOLE]
    records = printing.records(DOCTOR_EAST, case, "followup")
    assert records == sorted(records, key=lambda one: str(one.on), reverse=True) and records
    key = printing.begin(DOCTOR_EAST, [case], "followup", FOLLOW_UP, TODAY, record=records[0].key)
    printing.carry_out(DOCTOR_EAST, key)
    day = records[0].on
    assert day is not None
    assert f"{day.year}年{day.month}月{day.day}日" in drawn[0]
    assert "option chosen" in drawn[0]
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        other = work.scalar(select(Visit.id).where(Visit.case_id != case).limit(1))
    with pytest.raises(Missing):
        printing.begin(DOCTOR_EAST, [case], "followup", FOLLOW_UP, TODAY, record=other)


def test_a_filled_sheet_is_printed_from_what_was_kept(made: Made, drawn: list[str]) -> None:
    case = made.cases[WHOLE]
    with open_work(SYSTEM, Action.EVENT_WRITE) as work:
        row = work.add(
            Sheet(
                id=new_key(),
                area=EAST,
                case_id=case,
                form="report_card",
                form_version="2018.1",
                filled_on=TODAY,
                data=Plain('{"onset": [14610, 2], "source": 2, "doctor": "周测试", "weather": 1}'),
                recorded_at=NOW,
                recorded_by=0,
            )
        )
        sheet = row.id
    assert [one.key for one in printing.records(DOCTOR_EAST, case, "report_card")] == [sheet]
    key = printing.begin(DOCTOR_EAST, [case], "report_card", FOLLOW_UP, TODAY, record=sheet)
    printing.carry_out(DOCTOR_EAST, key)
    assert "2010年1月" in drawn[0] and "周测试" in drawn[0]
    with pytest.raises(Missing):
        printing.begin(DOCTOR_EAST, [case], "emergency", FOLLOW_UP, TODAY, record=sheet)


def test_a_referral_and_a_check_up_are_printed_as_they_stand(made: Made, drawn: list[str]) -> None:
    case = made.cases[WHOLE]
    with open_work(SYSTEM, Action.EVENT_WRITE) as work:
        row = work.add(
            Referral(
                id=new_key(),
                area=EAST,
                case_id=case,
                direction=1,
                state=2,
                advised_on=TODAY,
                reason=Plain("幻听加重"),
                target=Plain("县精神病医院"),
                recorded_at=NOW,
                recorded_by=0,
            )
        )
        sent = row.id
    assert [one.key for one in printing.records(DOCTOR_EAST, case, "referral")] == [sent]
    for name, record in (
        ("referral", sent),
        ("checkup", printing.records(DOCTOR_EAST, case, "checkup")[0].key),
    ):
        key = printing.begin(DOCTOR_EAST, [case], name, FOLLOW_UP, TODAY, record=record)
        printing.carry_out(DOCTOR_EAST, key)
    assert "幻听加重" in drawn[0] and "县精神病医院" in drawn[0]
    assert "option chosen" in drawn[1]
    with pytest.raises(Missing):
        printing.begin(DOCTOR_EAST, [case], "checkup", FOLLOW_UP, TODAY, record=sent)


def test_every_form_of_a_person_can_be_printed(made: Made, drawn: list[str]) -> None:
    for name in printing.PREFILLED:
        key = printing.begin(DOCTOR_EAST, [made.cases[WHOLE]], name, FOLLOW_UP, TODAY)
        printing.carry_out(DOCTOR_EAST, key)
        form = printing.form_of(name)
        assert set(printing.PREFILLED[name]) <= set(form.by_key) | {"group", "group_other"}
        assert form.title in drawn[-1]
        assert not [
            key for key in printing.PREFILLED[name] if key in form.by_key and form.field(key).key == "risk"
        ]


def test_what_goes_wrong_is_said_and_old_prints_are_forgotten(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = printing.begin(DOCTOR_EAST, [made.cases[WHOLE]], "consent", FOLLOW_UP, TODAY)
    monkeypatch.setattr(printing, "_drawn", lambda *_: (b"%PDF", 2))
    printing.carry_out(DOCTOR_EAST, key)
    assert "有 2 个字没有字形" in printing.view(DOCTOR_EAST, key).message
    lost = printing.begin(DOCTOR_EAST, [made.cases[WHOLE]], "consent", FOLLOW_UP, TODAY)
    now = clock.now()
    monkeypatch.setattr(printing.clock, "now", lambda: now + timedelta(hours=2))
    assert printing.view(DOCTOR_EAST, lost).state == "failed"
    monkeypatch.setattr(printing.clock, "now", lambda: now + timedelta(hours=25))
    assert printing.forget_old(DOCTOR_EAST) >= 2
    with pytest.raises(Missing):
        printing.view(DOCTOR_EAST, key)


def test_a_print_whose_process_died_says_so_within_an_hour(
    made: Made, drawn: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = printing.begin(DOCTOR_EAST, [made.cases[WHOLE]], "followup", FOLLOW_UP, TODAY)
    village = printing.begin_village(DOCTOR_EAST, VILLAGE, "followup", FOLLOW_UP, TODAY)
    now = clock.now()
    waiting = ("preparing", "preparing")
    for minutes, states in ((9, waiting), (11, ("failed", "preparing")), (61, ("failed", "failed"))):
        monkeypatch.setattr(clock, "now", lambda minutes=minutes: now + timedelta(minutes=minutes))
        assert tuple(printing.view(DOCTOR_EAST, key).state for key in (one, village)) == states
    assert printing.view(DOCTOR_EAST, one).message == printing.LOST
    printing.carry_out(DOCTOR_EAST, one)
    assert printing.view(DOCTOR_EAST, one).state == "ready", "a late end is an end"


def test_a_blank_form_is_drawn_once_by_a_process_of_its_own(home: tuple[Flask, Made]) -> None:
    pytest.importorskip("weasyprint", reason="WeasyPrint finds no Pango here", exc_type=OSError)
    assert printing.blank(DOCTOR_EAST, "signs", "2018.1") is None
    printing.draw_blank(DOCTOR_EAST, "signs", "2018.1")
    content = printing.blank(DOCTOR_WEST, "signs", "2018.1")
    assert content is not None
    assert "精神行为异常识别清单" in "".join(PdfReader(BytesIO(content)).pages[0].extract_text().split())
    printing.draw_blank(DOCTOR_EAST, "signs", "2018.1")
    with pytest.raises(Missing):
        printing.blank(DOCTOR_EAST, "signs", "1999")
