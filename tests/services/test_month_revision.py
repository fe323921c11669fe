"""A later closing names whom it counts otherwise and why, and nobody signs what they have checked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from casemgr.app import create_app
from casemgr.rules.access import Access, Action, Role
from casemgr.services import clock, indicator, month_revision
from casemgr.services.errors import Conflict, Forbidden, Missing, Refused, Unfit
from casemgr.store.db import db, new_key
from casemgr.store.models import AuditEntry, Case, CaseState, Consent, Unit, Visit
from casemgr.store.queries import transfer as transfers
from casemgr.store.work import open_work
from casemgr.terms.consent import ConsentAnswer
from casemgr.terms.indicator import Cause, CloseStep
from casemgr.terms.register import Lifecycle, Track
from tests.conftest import make_config
from tests.services.county import SYSTEM, lay_down

COUNTY, TOWN, OTHER = 999901000000, 999901101000, 999901102000
OFFICER = Access.over(1, "县级", Role.COUNTY_OFFICER, COUNTY)
CHIEF = Access.over(5, "科长", Role.COUNTY_OFFICER, COUNTY)
DOCTOR = Access.over(2, "镇医生", Role.TOWNSHIP_DOCTOR, TOWN)
STRANGER = Access.over(3, "邻镇医生", Role.TOWNSHIP_DOCTOR, OTHER)
MONTH, KEY = "2026-10", "IND-02.REG-A"
#: After the first closing, which happens on whatever day the tests are run.
LATER = datetime.now(UTC) + timedelta(days=40)


@pytest.fixture(scope="module")
def closed(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample county with October closed once."""
    folder = tmp_path_factory.mktemp("closed") / "instance"
    shutil.copytree(template, folder)
    (folder / "keyring.json").chmod(0o600)
    config = make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY="2026-11-21")
    with create_app(config, doors=()).app_context():
        lay_down()
        indicator.close(OFFICER, MONTH)
        db.engine.dispose()
    clock.fix(None)
    return folder


@pytest.fixture
def county(closed: Path, tmp_path: Path) -> Iterator[None]:
    folder = tmp_path / "county"
    shutil.copytree(closed, folder)
    (folder / "keyring.json").chmod(0o600)
    config = make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY="2026-11-21")
    with create_app(config, doors=()).app_context():
        yield
        db.engine.dispose()
    clock.fix(None)


def unvisited(count: int = 1) -> list[indicator.PersonVerdict]:
    found = indicator.people(OFFICER, TOWN, KEY, date(2026, 10, 31), "missing")
    return [one for one in found if "没有随访" in one.reason][:count]


def visit(case_id: int, on: date, area: int = TOWN) -> None:
    """A visit that was written down after the closing."""
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add(
            Visit(id=new_key(), case_id=case_id, area=area, on=on, form_version=2018, risk=0,
                  recorded_at=LATER, recorded_by=1)
        )  # fmt: skip


def test_a_late_entry_stands_on_the_page_of_differences_with_its_cause(county: None) -> None:
    late = unvisited()[0]
    visit(late.case_id, date(2026, 10, 2))
    assert month_revision.of_month(OFFICER, MONTH, COUNTY).revisions == ()
    indicator.close(OFFICER, MONTH)
    for access, area in ((OFFICER, COUNTY), (DOCTOR, TOWN)):
        found = month_revision.of_month(access, MONTH, area)
        assert (found.revision, len(found.revisions)) == (2, 1)
        one = found.revisions[0]
        assert (one.people, one.causes) == (1, ((Cause.LATE_ENTRY, 1),))
        change = next(figure for figure in one.figures if figure.key == KEY)
        assert (change.numerator, change.denominator) == (1, 0)
        people = month_revision.people(access, MONTH, area, 2, key=KEY)
        assert [(one.case_id, one.on, one.causes) for one in people.people] == [
            (late.case_id, date(2026, 10, 2), ("补录记录",))
        ]
        assert f"管理率（{KEY}）" in people.people[0].gained
    other = month_revision.of_month(STRANGER, MONTH, OTHER)
    assert other.revisions == ()
    with pytest.raises(Missing):
        month_revision.people(STRANGER, MONTH, OTHER, 2)
    with pytest.raises(Missing):
        month_revision.of_month(STRANGER, MONTH, TOWN)


def test_an_answer_of_a_later_month_is_no_cause(county: None) -> None:
    late = unvisited()[0]
    visit(late.case_id, date(2026, 10, 2))
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add(
            Consent(id=new_key(), case_id=late.case_id, area=TOWN, answer=int(ConsentAnswer.AGREED),
                    on=date(2026, 11, 10), recorded_at=LATER)
        )  # fmt: skip
    indicator.close(OFFICER, MONTH)
    (found,) = month_revision.of_month(OFFICER, MONTH, COUNTY).revisions
    assert found.causes == ((Cause.LATE_ENTRY, 1),)


def test_the_people_add_up_to_every_figure_that_changed(county: None) -> None:
    for number, one in enumerate(unvisited(2)):
        visit(one.case_id, date(2026, 10, 2 + number))
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        gone = work.entities(select(Case).where(Case.area == OTHER, Case.lifecycle == 1).limit(1))[0]
        gone.lifecycle, gone.lifecycle_on = int(Lifecycle.DEAD), date(2026, 9, 9)
        work.add(
            CaseState(id=new_key(), case_id=gone.id, area=OTHER, track=int(Track.LIFECYCLE),
                      value=int(Lifecycle.DEAD), since=date(2026, 9, 9), recorded_at=LATER)
        )  # fmt: skip
    indicator.close(OFFICER, MONTH)
    found = month_revision.of_month(OFFICER, MONTH, COUNTY).revisions[0]
    assert dict(found.causes)[Cause.DEATH] == 1
    assert dict(found.causes)[Cause.LATE_ENTRY] == 2
    assert len(found.figures) > 4
    for change in found.figures:
        behind = month_revision.people(OFFICER, MONTH, COUNTY, 2, key=change.key, size=500).people
        assert change.numerator == sum(one.numerator for one in behind)
        if not change.key.startswith("IND-01"):
            assert change.denominator == sum(one.denominator for one in behind)
    dead = month_revision.people(OFFICER, MONTH, COUNTY, 2, cause=Cause.DEATH)
    assert [one.case_id for one in dead.people] == [gone.id]


def test_who_was_transferred_leaves_one_township_and_enters_another(county: None) -> None:
    case = indicator.people(OFFICER, TOWN, KEY, date(2026, 10, 31), "numerator")[0]
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        unit = work.scalar(select(Unit.id).where(Unit.area_code == OTHER))
        row = work.get(Case, case.case_id)
        assert row is not None
        transfers.move(work, row, OTHER)
        work.entities(select(Case).where(Case.id == case.case_id))[0].unit_id = unit
        work.add(
            CaseState(id=new_key(), case_id=case.case_id, area=OTHER, track=int(Track.UNIT), value=unit,
                      since=date(2026, 10, 20), recorded_at=LATER)
        )  # fmt: skip
    indicator.close(OFFICER, MONTH)
    county = month_revision.of_month(OFFICER, MONTH, COUNTY).revisions[0]
    assert (county.people, county.figures) == (1, ())
    assert county.causes == ((Cause.TRANSFER, 1),)
    left = month_revision.people(DOCTOR, MONTH, TOWN, 2).people
    assert [(one.case_id, one.file_no, one.left) for one in left] == [(case.case_id, "", True)]
    came = month_revision.people(STRANGER, MONTH, OTHER, 2).people
    assert [(one.case_id, one.file_no, one.entered) for one in came] == [(case.case_id, case.file_no, True)]


def test_a_row_mended_by_an_import_is_a_correction(county: None) -> None:
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        row = work.entities(
            select(Visit).where(Visit.area == TOWN, Visit.on >= date(2026, 10, 1), Visit.risk == 0).limit(1)
        )[0]
        row.loss_reason = 1
        case_id = row.case_id
    indicator.close(OFFICER, MONTH)
    found = month_revision.people(OFFICER, MONTH, TOWN, 2).people
    assert [(one.case_id, one.causes, one.on) for one in found] == [(case_id, ("更正",), None)]


def test_other_numbers_are_a_cause_of_their_own(county: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from casemgr.rules import policy

    numbers = policy.in_force_on(date(2026, 10, 31))
    strict = policy.Policy(
        **{
            name: getattr(numbers, name) if name != "gap_stable" else _less(numbers.gap_stable)
            for name in policy.Policy.__slots__
        }
    )
    monkeypatch.setattr(policy, "in_force_on", lambda _day, _region=policy.NATIONAL: strict)
    indicator.close(OFFICER, MONTH)
    found = month_revision.of_month(OFFICER, MONTH, COUNTY).revisions[0]
    assert [cause for cause, _ in found.causes] == [Cause.RULE]
    assert found.people == found.causes[0][1] > 10


def _less(parameter: object) -> object:
    from dataclasses import replace

    return replace(parameter, value=60)  # type: ignore[type-var]


def test_the_steps_of_a_closing_and_who_may_do_them(county: None) -> None:
    first = month_revision.steps(OFFICER, MONTH, COUNTY)[0]
    assert (first.revision, first.state, first.next) == (1, "草稿", (CloseStep.CHECKED,))
    with pytest.raises(Conflict):
        month_revision.step(OFFICER, first.key, CloseStep.ISSUED, 1)
    month_revision.step(OFFICER, first.key, CloseStep.CHECKED, 1)
    with pytest.raises(Refused, match="同一个人"):
        month_revision.step(OFFICER, first.key, CloseStep.APPROVED, 1)
    month_revision.step(CHIEF, first.key, CloseStep.APPROVED, 1)
    with pytest.raises(Conflict):
        month_revision.step(CHIEF, first.key, CloseStep.APPROVED, 1)
    month_revision.step(OFFICER, first.key, CloseStep.ISSUED, 1)
    # Whoever holds a township's paper may know what the county has signed.
    assert month_revision.signed(MONTH, TOWN) == "已签发"

    visit(unvisited()[0].case_id, date(2026, 10, 2))
    done = indicator.close(OFFICER, MONTH).counties[0]
    assert (done.written, done.issued, done.revision) == (False, True, 1)
    assert done.changes > 0

    with pytest.raises(Unfit):
        month_revision.step(CHIEF, first.key, CloseStep.REOPENED, 1, "  ")
    month_revision.step(CHIEF, first.key, CloseStep.REOPENED, 1, "城关镇补录一次随访")
    assert indicator.close(OFFICER, MONTH).counties[0].revision == 2
    assert month_revision.signed(MONTH, COUNTY) == "草稿"
    with pytest.raises(Conflict, match="更新的一版"):
        month_revision.step(OFFICER, first.key, CloseStep.CHECKED, 1)
    newest, older = month_revision.steps(OFFICER, MONTH, COUNTY)
    assert (newest.revision, newest.state, newest.next) == (2, "草稿", (CloseStep.CHECKED,))
    assert [one.step.label for one in older.steps] == ["已核对", "已审批", "已签发", "已退回重开"]
    assert older.steps[-1].reason == "城关镇补录一次随访"
    assert older.next == ()
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        assert work.scalar(select(AuditEntry.seq).where(AuditEntry.noun == "ClosingStep").limit(1))


def test_steps_are_for_those_who_close(county: None) -> None:
    for call in (
        lambda: month_revision.steps(DOCTOR, MONTH, TOWN),
        lambda: month_revision.step(DOCTOR, 1, CloseStep.CHECKED, 1),
    ):
        with pytest.raises(Forbidden):
            call()
    elsewhere = Access.over(9, "邻县", Role.COUNTY_OFFICER, 999902000000)
    key = month_revision.steps(OFFICER, MONTH, COUNTY)[0].key
    with pytest.raises(Missing):
        month_revision.step(elsewhere, key, CloseStep.CHECKED, 1)
    with pytest.raises(Missing):
        month_revision.steps(elsewhere, MONTH, COUNTY)
    with pytest.raises(Missing):
        month_revision.of_month(OFFICER, "2026-09", COUNTY)
    with pytest.raises(Unfit):
        month_revision.of_month(OFFICER, "十月", COUNTY)


def test_no_order_but_the_one_laid_down(county: None) -> None:
    """From every state every other step is refused, whoever presses, and nothing is written."""
    key = month_revision.steps(OFFICER, MONTH, COUNTY)[0].key
    path = (None, CloseStep.CHECKED, CloseStep.APPROVED, CloseStep.ISSUED, CloseStep.REOPENED)
    allowed = {
        None: {CloseStep.CHECKED},
        CloseStep.CHECKED: {CloseStep.APPROVED, CloseStep.REOPENED},
        CloseStep.APPROVED: {CloseStep.ISSUED, CloseStep.REOPENED},
        CloseStep.ISSUED: {CloseStep.REOPENED},
        CloseStep.REOPENED: {CloseStep.CHECKED},
    }
    done = 0
    for number, state in enumerate(path):
        view = month_revision.steps(OFFICER, MONTH, COUNTY)[0]
        assert set(view.next) == allowed[state]
        for wrong in set(CloseStep) - allowed[state]:
            for who in (OFFICER, CHIEF):
                with pytest.raises(Conflict, match="已不能做这一步"):
                    month_revision.step(who, key, wrong, 1, "换一种顺序试试")
        assert len(month_revision.steps(OFFICER, MONTH, COUNTY)[0].steps) == done
        if number + 1 < len(path):
            follows = path[number + 1]
            assert follows in allowed[state]
            month_revision.step(OFFICER if number % 2 == 0 else CHIEF, key, follows, 1, "漏录随访")
            done += 1
    names = [one.step.label for one in month_revision.steps(OFFICER, MONTH, COUNTY)[0].steps]
    assert names == ["已核对", "已审批", "已签发", "已退回重开"]


def test_nobody_approves_what_they_have_checked_however_it_went_before(county: None) -> None:
    key = month_revision.steps(OFFICER, MONTH, COUNTY)[0].key
    for who, other in ((OFFICER, CHIEF), (CHIEF, OFFICER)):
        month_revision.step(who, key, CloseStep.CHECKED, 1)
        with pytest.raises(Refused, match="不能由同一个"):
            month_revision.step(who, key, CloseStep.APPROVED, 1)
        month_revision.step(other, key, CloseStep.APPROVED, 1)
        month_revision.step(who, key, CloseStep.REOPENED, 1, "核对有误，退回")
    # Sent back, the earlier signatures hold no more: whoever checked last is the one who may not approve.
    assert month_revision.steps(OFFICER, MONTH, COUNTY)[0].state == "草稿"
    with pytest.raises(Conflict):
        month_revision.step(OFFICER, key, CloseStep.ISSUED, 1)
    said = month_revision.steps(OFFICER, MONTH, COUNTY)[0].steps
    assert [one.reason for one in said if one.step is CloseStep.REOPENED] == ["核对有误，退回"] * 2
    assert all(one.at and one.by is not None for one in said)


def test_a_signature_belongs_to_the_figures_that_were_looked_at(county: None) -> None:
    """A newer closing takes the place of a checked one; what was signed stays with its version."""
    key = month_revision.steps(OFFICER, MONTH, COUNTY)[0].key
    month_revision.step(OFFICER, key, CloseStep.CHECKED, 1)
    visit(unvisited()[0].case_id, date(2026, 10, 2))
    assert indicator.close(OFFICER, MONTH).counties[0].revision == 2
    with pytest.raises(Conflict, match="更新的一版"):
        month_revision.step(CHIEF, key, CloseStep.APPROVED, 1)
    newest, older = month_revision.steps(OFFICER, MONTH, COUNTY)
    assert (newest.state, older.state, older.next) == ("草稿", "已核对", ())
    for revision in (1, 3):
        with pytest.raises(Conflict):
            month_revision.step(CHIEF, newest.key, CloseStep.CHECKED, revision)
    month_revision.step(CHIEF, newest.key, CloseStep.CHECKED, 2)
    # Closed again without a change the signature stands.
    assert not indicator.close(OFFICER, MONTH).written
    assert month_revision.steps(OFFICER, MONTH, COUNTY)[0].state == "已核对"
