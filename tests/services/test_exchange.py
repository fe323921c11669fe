"""数据交换: a workbook in, compared and written in one go, and out again unchanged."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import func, select

from casemgr.forms.source import Source
from casemgr.rules.access import Access, Action, Role
from casemgr.services import clock, exchange, exchange_write
from casemgr.services.errors import Conflict, Forbidden, Missing, Unfit
from casemgr.services.exchange import Counts, ImportResult
from casemgr.store.identity import find_by_token, reveal, reveal_guardians
from casemgr.store.models import (
    Area,
    AuditEntry,
    Case,
    CaseState,
    Checkup,
    Consent,
    Dose,
    DrugLine,
    Guardian,
    Identity,
    ImportRun,
    Person,
    RehabSession,
    Supplement,
    Unit,
    Visit,
    VisitText,
)
from casemgr.store.work import open_work
from casemgr.terms.followup import RehabMeasure
from casemgr.terms.idnumber import check_digit
from casemgr.terms.register import Lifecycle, Track
from tests.conftest import TODAY
from tests.forms.example import (
    AREA,
    BODY,
    CHECKUP,
    COUNTY,
    DOSE,
    ELSEWHERE,
    NUMBER,
    PERSON,
    SESSION,
    TOWNSHIP,
    VISIT,
    day,
    known,
)
from tests.services.workbooks import AREAS, WHOLE, Here, workbook

DATA = Path(__file__).parents[1] / "data"
SYSTEM = Access.system("test")
OFFICER = Access.over(13, "县级", Role.COUNTY_OFFICER, COUNTY)
DOCTOR = Access.over(11, "东镇医生", Role.TOWNSHIP_DOCTOR, TOWNSHIP)
ADMINISTRATOR = Access.over(14, "管理员", Role.ADMINISTRATOR, COUNTY)
TABLES = (
    Area,
    Unit,
    Person,
    Identity,
    Guardian,
    Case,
    Supplement,
    Consent,
    CaseState,
    Visit,
    VisitText,
    DrugLine,
    Dose,
    RehabSession,
    Checkup,
)


NO_RECORDS: dict[str, list[Any]] = {"随访": [], "长效针剂": [], "社区康复": [], "健康体检": []}


def number_of(body: str) -> str:
    return body + check_digit(body)


OTHER = PERSON._replace(
    file_no="101-00002",
    name="王某",
    id_number=number_of("99990119800101002"),
    birth_on=day(1980, 1, 1),
    phone="10012345673",
)


@pytest.fixture(autouse=True)
def _read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "Source", Here)


def bring(rows: dict[str, list[Any]], access: Access = SYSTEM, **options: Any) -> ImportResult:
    without = options.pop("without", ())
    return exchange.import_file(access, workbook(rows, without=without), TODAY, **options)


def counts(table: type[Any] | None = None) -> dict[str, int]:
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        keys = {one: getattr(one, getattr(one, "row_key", "code" if one is Area else "id")) for one in TABLES}
        return {one.__name__: int(work.scalar(select(func.count(keys[one])))) for one in TABLES}


def one(model: type[Any], *conditions: Any) -> Any:
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        found = work.entities(select(model).where(*conditions))
    assert len(found) == 1
    return found[0]


def states(track: Track) -> list[tuple[int, date, date | None]]:
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        found = work.entities(
            select(CaseState).where(CaseState.track == int(track)).order_by(CaseState.since)
        )
    return [(state.value, state.since, state.until) for state in found]


def total(result: ImportResult) -> Counts:
    parts = [asdict(counts) for counts in result.sheets.values()]
    return Counts(**{name: sum(part[name] for part in parts) for name in parts[0]})


def codes(result: ImportResult, level: str) -> list[tuple[str, int, str]]:
    return [(one.sheet, one.row, one.code) for one in result.problems if one.level == level]


# --- the samples ---


def test_the_dirty_county_then_the_corrected_rows_complete_it(app: Flask, tmp_path: Path) -> None:
    expected = json.loads((DATA / "county-dirty-expected.json").read_text(encoding="utf-8"))
    result = exchange.import_file(SYSTEM, DATA / "county-dirty.xlsx", TODAY)
    assert [list(one) for one in codes(result, "refused")] == expected["refused"]
    for title, count in expected["counts"].items():
        assert asdict(result.sheets[title]).items() >= count.items()
        assert result.sheets[title].accepted == count["read"] - count["refused"]
    back = tmp_path / "back.xlsx"
    assert exchange.write_refused(DATA / "county-dirty.xlsx", result.problems, back) == 34
    book = openpyxl.load_workbook(back)
    header = [cell.value for cell in book["患者"][1]]
    assert header[-2:] == ["行状态", "原因"]
    sheet = book["患者"]
    assert sheet.max_row == 17
    # Row 62 lacked a name, row 72 was registered in 2029, row 69 had lost its number.
    sheet.cell(2, header.index("姓名") + 1).value = "补某"
    sheet.cell(11, header.index("建档日期") + 1).value = "2012-05-04"
    sheet.cell(8, header.index("证件号码") + 1).value = number_of("99990219700909857")
    book.save(back)
    again = exchange.import_file(SYSTEM, back, TODAY)
    assert again.sheets["患者"].read == 16
    assert again.sheets["患者"].accepted == 3
    assert not [one for one in again.problems if one.code == "unknown-column"]


def test_the_county_is_taken_whole(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "Source", Source)
    result = exchange.import_file(OFFICER, DATA / "county.xlsx", TODAY)
    assert {title: count.read for title, count in result.sheets.items()} == {
        "机构与区划": 37,
        "患者": 420,
        "随访": 3253,
        "长效针剂": 726,
        "社区康复": 1259,
        "健康体检": 298,
    }
    assert all(count.accepted == count.read for count in result.sheets.values())
    held = counts()
    assert (held["Case"], held["Visit"], held["VisitText"], held["DrugLine"]) == (420, 3253, 3253, 3128)
    _nothing_readable(Path(app.config["CASEMGR"].instance))


def test_what_went_out_comes_in_unchanged(app: Flask, tmp_path: Path) -> None:
    first = exchange.import_file(OFFICER, DATA / "county-dirty.xlsx", TODAY)
    out = tmp_path / "out.xlsx"
    told = exchange.export(OFFICER, COUNTY, out, allowed=True)
    assert told == {title: count.accepted for title, count in first.sheets.items()}
    held = counts()
    again = exchange.import_file(OFFICER, out, TODAY)
    assert {title: count.unchanged for title, count in again.sheets.items()} == told
    assert again.problems == []
    assert counts() == held


def _nothing_readable(folder: Path) -> None:
    book = openpyxl.load_workbook(DATA / "county.xlsx", read_only=True)
    header, *rows = book["患者"].iter_rows(values_only=True)
    book.close()  # else the file is closed whenever it is swept up, with a warning in another test
    wanted = [
        header.index(name)
        for name in ("姓名", "证件号码", "联系电话", "现住详细地址", "监护人姓名", "监护人电话")
    ]
    secrets = {str(row[place]).encode() for row in rows for place in wanted if row[place]}
    secrets = {secret for secret in secrets if len(secret) > 6}
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert not [secret for secret in secrets if secret in content]


# --- one of everything ---


def test_everything_lands_where_it_belongs(both: Flask) -> None:
    result = bring(WHOLE)
    assert total(result) == Counts(read=9, accepted=9)
    assert counts() == {
        "Area": 4,
        "Unit": 3,
        "Person": 1,
        "Identity": 1,
        "Guardian": 1,
        "Case": 1,
        "Supplement": 1,
        "Consent": 1,
        "CaseState": 3,
        "Visit": 1,
        "VisitText": 1,
        "DrugLine": 1,
        "Dose": 1,
        "RehabSession": 1,
        "Checkup": 1,
    }
    case = one(Case)
    assert (case.file_no, case.area, case.county, case.birth_year, case.lifecycle) == (
        "101-00001",
        TOWNSHIP,
        COUNTY,
        1970,
        1,
    )
    visit = one(Visit)
    assert (visit.case_id, visit.on, visit.form_version, visit.acts) == (
        case.id,
        date(2026, 3, 5),
        2018,
        1 << 7,
    )
    assert visit.rehab_measures == 1 << RehabMeasure.DAILY_LIVING
    assert (one(Dose).role, one(Dose).number, one(Dose).followed_on) in {(1, 1, None), (3, 1, None)}
    assert (one(Dose).dose_ug, one(Checkup).systolic, one(RehabSession).attended) == (100_000, 120, True)
    assert one(Unit, Unit.code == "U1").area_code == TOWNSHIP
    with open_work(DOCTOR, Action.CASE_SEARCH) as work:
        from casemgr.store.identity import ID_NUMBER

        assert find_by_token(work, ID_NUMBER, NUMBER) == [case.person_id]
    with open_work(DOCTOR, Action.IDENTITY_REVEAL) as work:
        told = reveal(work, [case.person_id], "test", ("name", "id_number", "birth_on", "phone"))[
            case.person_id
        ]
        assert (told.name, told.id_number, told.birth_on, told.phone) == (
            "张某",
            NUMBER,
            "1970-03-05",
            "10012345670",
        )
        assert [guardian.name for guardian in reveal_guardians(work, [case.person_id], "test")] == ["李某"]
    assert total(bring(WHOLE)) == Counts(read=9, unchanged=9)


def test_a_dry_run_counts_and_writes_nothing(app: Flask) -> None:
    before = counts()
    result = bring(WHOLE, dry_run=True)
    assert result.dry_run
    assert total(result) == Counts(read=9, accepted=9)
    assert counts() == before
    bring(WHOLE)
    changed = WHOLE | {"随访": [VISIT._replace(risk=1, stability=2, next_on=day(2026, 3, 20))]}
    assert bring(changed, dry_run=True).sheets["随访"] == Counts(read=1, accepted=1)
    assert one(Visit).risk == 0


def test_columns_that_few_files_have_come_out_again(app: Flask, tmp_path: Path) -> None:
    visit = VISIT._replace(
        drug1_name=None,
        drug1_morning_ug=None,
        drug2_name="氯氮平片",
        drug2_evening_ug=12_500,
        depot_name="癸酸氟哌啶醇",
        depot_weeks=4,
        depot_dose_ug=50_000,
        note="=家属陪同",
        reaction_text="轻度手抖",
        adverse_reaction=2,
        hospital=2,
        discharged=known(2026, 2, 1),
        form_version=2017,
        death_disease=None,
    )
    person = PERSON._replace(workplace="东镇小学", management=3, management_on=day(2026, 1, 1), note="备")
    rows = WHOLE | {"患者": [person], "随访": [visit]}
    bring(rows)
    assert total(bring(rows)) == Counts(read=9, unchanged=9)
    out = tmp_path / "out.xlsx"
    exchange.export(OFFICER, COUNTY, out, allowed=True)
    header = [cell.value for cell in openpyxl.load_workbook(out)["随访"][1]]
    assert {"药物不良反应内容", "备注", "表单版本"} <= set(header)
    assert not {"药物2名称", "转诊联系人及电话", "躯体疾病"} & set(header)
    assert total(exchange.import_file(OFFICER, out, TODAY)) == Counts(read=9, unchanged=9)


# --- what changes ---


def test_a_changed_visit_is_changed_with_an_audit_entry(app: Flask) -> None:
    bring(WHOLE)
    row = VISIT._replace(
        risk=1,
        stability=2,
        next_on=day(2026, 3, 20),
        symptoms=1 << 3,
        drug1_name="利培酮片",
        doctor="医生02",
        discharged=None,
        note="电话复核",
    )
    result = bring(WHOLE | {"随访": [row]})
    assert result.sheets["随访"] == Counts(read=1, accepted=1)
    assert total(result).unchanged == 8
    visit = one(Visit)
    assert (visit.risk, visit.stability, visit.next_on, visit.version) == (1, 2, date(2026, 3, 20), 2)
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        entry = work.entities(
            select(AuditEntry).where(AuditEntry.verb == "change", AuditEntry.noun == "Visit")
        )
    assert [(found.row_key, found.case_key, found.fields) for found in entry] == [
        (visit.id, visit.case_id, "next_on,risk,stability,symptoms")
    ]
    assert total(bring(WHOLE | {"随访": [row]})).unchanged == 9


def test_a_blank_clears_nothing_and_a_missing_column_says_nothing(app: Flask) -> None:
    bring(WHOLE)
    blanked = VISIT._replace(insight=None, doctor=None, risk=1, stability=2, next_on=day(2026, 3, 20))
    result = bring(WHOLE | {"随访": [blanked]})
    assert {one.column for one in result.problems if one.code == "ex05"} == {"自知力", "随访医生"}
    assert one(Visit).insight == 1
    result = bring(WHOLE | {"随访": [blanked._replace(risk=0)]}, without=["随访.自知力", "随访.随访医生"])
    assert "ex05" not in [one.code for one in result.problems]
    only_blank = bring(WHOLE | {"随访": [blanked._replace(risk=0)]})
    assert only_blank.sheets["随访"].unchanged == 1
    assert only_blank.problems == []


def test_an_older_file_that_changes_something_is_asked(app: Flask) -> None:
    bring(WHOLE)
    older = VISIT._replace(outcome=3, entered_on=VISIT.entered_on - 1)  # type: ignore[operator]
    assert "ex04" in [one.code for one in bring(WHOLE | {"随访": [older]}).problems]
    newer = older._replace(outcome=2, entered_on=VISIT.entered_on)
    assert "ex04" not in [one.code for one in bring(WHOLE | {"随访": [newer]}).problems]


def test_identity_guardian_and_supplement_are_put_right(app: Flask) -> None:
    bring(WHOLE)
    row = PERSON._replace(
        name="张某某",
        phone="10087654321",
        guardian_name="赵某",
        guardian_phone=None,
        relation=1,
        onset=known(2008, 1, 1),
        care_team=True,
        birth_on=day(1970, 3, 4),
        sex=9,
    )
    bring(WHOLE | {"患者": [row]})
    case = one(Case)
    assert (case.birth_year, case.sex, one(Person).sex) == (1970, 9, 9)
    assert (one(Supplement).onset_on, one(Supplement).care_team) == (date(2008, 1, 1), True)
    with open_work(DOCTOR, Action.IDENTITY_REVEAL) as work:
        told = reveal(work, [case.person_id], "test", ("name", "phone", "birth_on"))[case.person_id]
        assert (told.name, told.phone, told.birth_on) == ("张某某", "10087654321", "1970-03-04")
        guardian = reveal_guardians(work, [case.person_id], "test")[0]
        # The telephone of the guardian before does not stay behind under another name.
        assert (guardian.name, guardian.phone, guardian.relation) == ("赵某", "", 1)


def test_a_guardian_told_later(app: Flask) -> None:
    alone = PERSON._replace(guardian_name=None, relation=None, guardian_phone=None)
    bring(WHOLE | {"患者": [alone]})
    assert counts()["Guardian"] == 0
    bring(WHOLE)
    assert counts()["Guardian"] == 1


def test_leaving_and_coming_back_keep_the_history(app: Flask) -> None:
    bring(WHOLE)
    gone = PERSON._replace(lifecycle=3, lifecycle_on=day(2026, 5, 1))
    bring(WHOLE | {"患者": [gone]})
    assert states(Track.LIFECYCLE) == [
        (1, date(2020, 1, 6), date(2026, 5, 1)),
        (3, date(2026, 5, 1), None),
    ]
    bring(WHOLE | {"患者": [gone._replace(lifecycle_on=day(2026, 6, 1))]})
    assert states(Track.LIFECYCLE) == [
        (1, date(2020, 1, 6), date(2026, 6, 1)),
        (3, date(2026, 6, 1), None),
    ]
    bring(WHOLE)
    assert states(Track.LIFECYCLE)[-1] == (1, TODAY, None)
    case = one(Case)
    assert (case.lifecycle, case.lifecycle_on) == (Lifecycle.ON_REGISTER, None)


def test_a_dead_person_enters_with_both_states(app: Flask) -> None:
    dead = PERSON._replace(lifecycle=2, lifecycle_on=day(2026, 5, 1), death_cause=1)
    bring(WHOLE | {"患者": [dead]})
    assert states(Track.LIFECYCLE) == [(1, date(2020, 1, 6), date(2026, 5, 1)), (2, date(2026, 5, 1), None)]
    assert one(Case).death_cause == 1


def test_diagnosis_consent_and_registration_put_right(app: Flask) -> None:
    bring(WHOLE)
    bring(WHOLE | {"患者": [PERSON._replace(diagnosis=4, icd10=None, consent=0, consent_on=day(2026, 2, 1))]})
    assert states(Track.DIAGNOSIS) == [(1, date(2020, 1, 6), TODAY), (4, TODAY, None)]
    case = one(Case)
    assert (case.diagnosis, case.icd10, case.consent, case.consent_on) == (4, None, 0, date(2026, 2, 1))
    assert counts()["Consent"] == 2
    bring(WHOLE | {"患者": [PERSON._replace(registered_on=day(2020, 2, 6))]})
    assert [since for _, since, _ in states(Track.LIFECYCLE)] == [date(2020, 2, 6)]


def test_another_unit_moves_the_person_with_everything(both: Flask) -> None:
    bring(WHOLE)
    moved = PERSON._replace(unit_code="U2", village=None)
    result = bring(
        WHOLE | {"患者": [moved], "随访": [VISIT, VISIT._replace(on=VISIT.on + 30, next_on=VISIT.on + 60)]}
    )
    assert total(result).accepted == 2
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        for table in (
            Person,
            Identity,
            Guardian,
            Case,
            Supplement,
            Consent,
            CaseState,
            Visit,
            VisitText,
            DrugLine,
            Dose,
        ):
            assert set(work.entities(select(table.area))) == {ELSEWHERE}, table.__name__
    unit = one(Unit, Unit.code == "U2")
    assert states(Track.UNIT)[-1] == (unit.id, TODAY, None)
    assert total(bring({"机构与区划": AREAS, "患者": [moved]})).unchanged == 5


def test_two_sessions_of_one_form_on_one_day(app: Flask) -> None:
    twins = [SESSION._replace(minutes=30, place=1), SESSION._replace(minutes=60, place=2)]
    bring(WHOLE | {"社区康复": twins})
    assert counts()["RehabSession"] == 2
    assert bring(WHOLE | {"社区康复": twins[::-1]}).sheets["社区康复"] == Counts(read=2, unchanged=2)
    third = [*twins, SESSION._replace(minutes=45)]
    assert bring(WHOLE | {"社区康复": third}).sheets["社区康复"] == Counts(read=3, accepted=1, unchanged=2)
    changed = [twins[0], twins[1]._replace(minutes=61)]
    assert bring(WHOLE | {"社区康复": changed}).sheets["社区康复"] == Counts(read=2, accepted=1, unchanged=1)


def test_doses_and_check_ups_put_right(app: Flask) -> None:
    bring(WHOLE)
    rows = WHOLE | {
        "长效针剂": [DOSE._replace(site=2, given_at="县医院")],
        "健康体检": [CHECKUP._replace(pressure=(130, 85))],
    }
    assert total(bring(rows)).accepted == 2
    assert (one(Dose).site, one(Checkup).systolic, one(Checkup).diastolic) == (2, 130, 85)
    assert total(bring(rows)).unchanged == 9


def test_areas_and_units_put_right(app: Flask) -> None:
    bring(WHOLE)
    renamed = [*AREAS[:1], AREA._replace(population=21_000, unit_name="东镇中心卫生院"), *AREAS[2:]]
    assert bring({"机构与区划": renamed}).sheets["机构与区划"] == Counts(read=4, accepted=1, unchanged=3)
    assert one(Area, Area.code == TOWNSHIP).population == 21_000
    assert one(Unit, Unit.code == "U1").name == "东镇中心卫生院"


# --- who may, and where ---


def test_a_doctor_brings_in_the_own_township_only(app: Flask) -> None:
    bring({"机构与区划": AREAS})
    rows = WHOLE | {"患者": [PERSON, OTHER._replace(unit_code="U2", village=ELSEWHERE)]}
    rows["随访"] = [VISIT, VISIT._replace(file_no=OTHER.file_no)]
    result = bring(rows, DOCTOR)
    assert codes(result, "refused") == [("患者", 3, "unknown-unit"), ("随访", 3, "unknown-case")]
    assert result.sheets["机构与区划"].unchanged == 4
    assert counts()["Case"] == 1
    strange = bring(
        {"机构与区划": [*AREAS, AREA._replace(code=999901105000, name="新镇", unit_code=None)]}, DOCTOR
    )
    assert codes(strange, "refused") == [("机构与区划", 6, "unknown-area")]
    bring(
        WHOLE
        | {
            "患者": [OTHER._replace(unit_code="U2", village=ELSEWHERE)],
            "随访": [],
            "长效针剂": [],
            "社区康复": [],
            "健康体检": [],
        }
    )
    hidden = bring({"随访": [VISIT._replace(file_no=OTHER.file_no)]}, DOCTOR)
    assert codes(hidden, "refused") == [("随访", 2, "unknown-case")]


def test_an_administrator_sees_no_patient_and_brings_none(app: Flask) -> None:
    for attempt in (
        lambda: bring(WHOLE, ADMINISTRATOR),
        lambda: exchange.export(ADMINISTRATOR, COUNTY, io.BytesIO()),
        lambda: exchange.receive(ADMINISTRATOR, "x.xlsx", b"x"),
    ):
        with pytest.raises(Forbidden):
            attempt()


def test_an_export_stays_within_reach_and_is_in_the_audit(app: Flask) -> None:
    bring(WHOLE | {"患者": [PERSON, OTHER._replace(unit_code="U2", village=ELSEWHERE)]})
    out = io.BytesIO()
    assert exchange.export(DOCTOR, TOWNSHIP, out)["患者"] == 1
    for area in (COUNTY, ELSEWHERE, 999901177000, 110000000000):
        with pytest.raises(Missing):
            exchange.export(DOCTOR, area, io.BytesIO())
    with pytest.raises(Missing):
        exchange.export(OFFICER, 999901177000, io.BytesIO())
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        found = work.entities(
            select(AuditEntry).where(AuditEntry.purpose == exchange.EXPORT).order_by(AuditEntry.seq)
        )
    assert [(entry.verb, entry.noun) for entry in found][:2] == [
        ("export", "Workbook"),
        ("reveal", "Identity"),
    ]


def test_a_file_number_of_another_township_is_found_before_writing(app: Flask) -> None:
    bring(WHOLE | {"患者": [OTHER._replace(unit_code="U2", village=ELSEWHERE)], **NO_RECORDS})
    taken = {"机构与区划": AREAS, "患者": [PERSON._replace(file_no=OTHER.file_no)]}
    assert codes(bring(taken, DOCTOR), "refused") == [("患者", 2, "duplicate-person")]


def test_somebody_registered_already_is_a_double(app: Flask) -> None:
    bring(WHOLE)
    double = PERSON._replace(file_no="101-00009")
    assert codes(bring({"患者": [double]}), "refused") == [("患者", 2, "duplicate-person")]
    gone = PERSON._replace(lifecycle=3, lifecycle_on=day(2026, 5, 1))
    assert bring({"患者": [gone, double]}).sheets["患者"].accepted == 2


def test_a_double_that_appears_while_the_file_is_judged(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    bring(WHOLE)
    double = {"患者": [PERSON._replace(file_no="101-00009")]}
    monkeypatch.setattr(exchange, "_holders", lambda *_: {})
    with pytest.raises(Conflict):
        bring(double)
    assert counts()["Case"] == 1


def test_a_file_number_that_appears_while_the_file_is_judged(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(WHOLE)
    monkeypatch.setattr(exchange, "_known_cases", lambda *_: {})
    with pytest.raises(Conflict):
        bring({"患者": [OTHER._replace(file_no=PERSON.file_no)]})
    assert counts()["Case"] == 1


def test_one_file_number_in_two_counties_names_nobody(app: Flask) -> None:
    far = 999902000000
    areas = [
        AREAS[0]._replace(code=far, name="另县", unit_code="V0"),
        AREA._replace(code=far + 100_000, name="南镇", parent=far, unit_code="V1"),
    ]
    bring({"机构与区划": [*AREAS, *areas], "患者": [PERSON]})
    bring(
        {"机构与区划": areas, "患者": [OTHER._replace(file_no=PERSON.file_no, unit_code="V1", village=None)]}
    )
    assert counts()["Case"] == 2
    assert codes(bring({"随访": [VISIT]}), "refused") == [("随访", 2, "unknown-case")]
    assert bring({"机构与区划": AREAS, "随访": [VISIT]}).sheets["随访"].accepted == 1
    assert bring({"随访": [VISIT]}, OFFICER).sheets["随访"].unchanged == 1


def test_a_unit_of_another_county_than_the_sheet_names(app: Flask) -> None:
    far = 999902000000
    areas = [
        AREAS[0]._replace(code=far, name="另县", unit_code="V0"),
        AREA._replace(code=far + 100_000, name="南镇", parent=far, unit_code="V1"),
    ]
    away = OTHER._replace(unit_code="V1", village=None)
    bring({"机构与区划": [*AREAS, *areas], "患者": [PERSON, away]})
    again = bring(
        {"机构与区划": AREAS, "患者": [PERSON, away], "随访": [VISIT._replace(file_no=away.file_no)]}
    )
    assert again.sheets["患者"].unchanged == 2
    assert again.sheets["随访"].accepted == 1


# --- all or nothing ---


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "空"),
        (b"name,age", "xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "密码"),
        (workbook(WHOLE, without=["长效针剂"]), "缺少工作表：长效针剂"),
        (workbook(WHOLE, without=["随访.档案编号"]), "缺少列：档案编号"),
    ],
)
def test_a_file_that_cannot_be_taken(app: Flask, content: bytes, word: str) -> None:
    with pytest.raises(Unfit) as unfit:
        exchange.import_file(SYSTEM, content, TODAY)
    assert word in unfit.value.message
    assert set(counts().values()) == {0}


def test_nothing_is_written_when_the_last_sheet_fails(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setitem(exchange_write._WRITERS, "checkup", broken)
    with pytest.raises(RuntimeError):
        bring(WHOLE)
    assert set(counts().values()) == {0}


def test_progress_is_told(app: Flask) -> None:
    told: list[tuple[int, int]] = []
    bring(WHOLE, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (9, 9)


# --- runs of the import page ---


@pytest.fixture
def run_key(app: Flask) -> int:
    return exchange.receive(
        OFFICER, "我的文件.xlsx", workbook(WHOLE | {"患者": [PERSON, PERSON._replace(name=" ")]})
    )


def files(app: Flask) -> list[Path]:
    folder = Path(app.config["CASEMGR"].instance) / "imports"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def test_preview_confirm_and_result(app: Flask, run_key: int) -> None:
    assert exchange.run(OFFICER, run_key).state == "reading"
    exchange.read(OFFICER, run_key, TODAY)
    view = exchange.run(OFFICER, run_key)
    assert (view.state, view.file_name, view.totals.refused, view.totals.accepted) == (
        "ready",
        "我的文件.xlsx",
        1,
        9,
    )
    assert [(one.cell, one.code) for one in view.problems if one.level == "refused"] == [("B3", "missing")]
    assert ("患者", "refused", "missing", 1) in view.codes
    assert counts()["Case"] == 0
    assert (
        openpyxl.load_workbook(io.BytesIO(exchange.refused_workbook(OFFICER, run_key)))["患者"].max_row == 2
    )
    assert exchange.confirm(OFFICER, run_key)
    assert not exchange.confirm(OFFICER, run_key)
    exchange.carry_out(OFFICER, run_key, TODAY)
    done = exchange.run(OFFICER, run_key)
    assert (done.state, done.totals.accepted, counts()["Case"]) == ("done", 9, 1)
    assert [path.suffix for path in files(app)] == [".refused"]
    assert not exchange.confirm(OFFICER, run_key)
    exchange.carry_out(OFFICER, run_key, TODAY)
    assert counts()["Case"] == 1


def test_what_is_kept_is_sealed(app: Flask, run_key: int) -> None:
    exchange.read(OFFICER, run_key, TODAY)
    assert [path.suffix for path in files(app)] == [".body", ".refused"]
    for path in files(app):
        assert path.stat().st_mode & 0o077 == 0
        assert not path.read_bytes().startswith(b"PK")


def test_watching_the_progress_waits_for_nobody_and_opens_nothing(app: Flask, run_key: int) -> None:
    with open_work(SYSTEM, Action.CASE_READ) as work:
        work.add(Area(code=119999000000, name="占位县", level=3))
        work.flush()
        assert exchange.run(OFFICER, run_key).state == "reading"
        assert [view.key for view in exchange.runs(OFFICER)] == [run_key]
        work.session.rollback()
        work.session.start(False)


def test_saying_no_forgets_the_file(app: Flask, run_key: int) -> None:
    exchange.read(OFFICER, run_key, TODAY)
    assert exchange.drop(OFFICER, run_key)
    assert exchange.run(OFFICER, run_key).state == "dropped"
    assert files(app) == []
    assert not exchange.confirm(OFFICER, run_key)


def test_a_bad_file_ends_its_run_with_a_sentence(app: Flask) -> None:
    with pytest.raises(Unfit):
        exchange.receive(OFFICER, "x.xlsx", b"hello")
    key = exchange.receive(OFFICER, "x.xlsx", b"PK\x03\x04 and nothing behind it")
    exchange.read(OFFICER, key, TODAY)
    view = exchange.run(OFFICER, key)
    assert view.state == "failed"
    assert "损坏" in view.message
    assert files(app) == []
    assert not exchange.confirm(OFFICER, key)


def test_a_fault_of_the_program_ends_the_run_too(
    app: Flask, run_key: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("名字")

    monkeypatch.setattr(exchange, "_judge", broken)
    with pytest.raises(RuntimeError):
        exchange.read(OFFICER, run_key, TODAY)
    view = exchange.run(OFFICER, run_key)
    assert (view.state, view.message) == ("failed", exchange.BROKEN)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    def shift(by: timedelta) -> None:
        monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + by)

    return shift


def test_a_day_later_the_upload_is_forgotten(app: Flask, run_key: int, later: Any) -> None:
    exchange.read(OFFICER, run_key, TODAY)
    later(timedelta(hours=25))
    assert not exchange.confirm(OFFICER, run_key)
    assert exchange.run(OFFICER, run_key).state == "failed"
    exchange.forget_old(SYSTEM)
    assert files(app) == []


def test_a_run_that_lost_its_process_is_ended(app: Flask, run_key: int, later: Any) -> None:
    assert exchange.forget_old(SYSTEM) == 0
    later(timedelta(minutes=31))
    assert exchange.forget_old(SYSTEM) == 1
    assert exchange.run(OFFICER, run_key).state == "failed"


def test_runs_of_others_are_not_there(app: Flask, run_key: int) -> None:
    with pytest.raises(Missing):
        exchange.run(DOCTOR, run_key)
    assert exchange.runs(DOCTOR) == []
    assert [view.key for view in exchange.runs(OFFICER)] == [run_key]
    with pytest.raises(Missing):
        exchange.confirm(DOCTOR, run_key)
    with pytest.raises(Missing):
        exchange.refused_workbook(OFFICER, run_key)


def test_many_problems_are_kept_in_part_and_counted_whole(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "LISTED", 10)
    people = [PERSON._replace(file_no=f"1-{number}", id_number=None, name="") for number in range(30)]
    key = exchange.receive(OFFICER, "x.xlsx", workbook({"机构与区划": AREAS, "患者": people}))
    exchange.read(OFFICER, key, TODAY)
    view = exchange.run(OFFICER, key)
    assert len(view.problems) == 5
    assert ("患者", "refused", "missing", 30) in view.codes
    assert view.totals.refused == 30


def test_a_run_belongs_to_one_row(app: Flask, run_key: int) -> None:
    row = one(ImportRun)
    assert (row.id, row.area, row.created_by, row.size > 0) == (run_key, OFFICER.low, OFFICER.actor, True)
    assert BODY not in row.message
