"""在册档案: who is found and listed, what one page shows, and that every opened name leaves a trace."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, select

from casemgr.app import create_app
from casemgr.rules.access import Access, Action, Role
from casemgr.services import clock, indicator, register, village
from casemgr.services.errors import Forbidden, Missing, Throttled, Unfit
from casemgr.services.register import UNASSESSED, CaseQuery
from casemgr.store import identity
from casemgr.store.audit import DETAIL
from casemgr.store.db import db
from casemgr.store.models import AuditEntry, AuditSubject, Case, Identity
from casemgr.store.types import Plain
from casemgr.store.work import open_work
from casemgr.terms.followup import LossReason, VisitMode
from casemgr.terms.register import Diagnosis, Lifecycle
from casemgr.terms.risk import RiskLevel, Stability
from tests.conftest import make_config
from tests.services.people import (
    RARE,
    TODAY,
    VILLAGE,
    WESTERN,
    WHOLE,
    Made,
    furnish,
    number_of,
    phone_of,
)
from tests.store.register import (
    ADMINISTRATOR,
    COUNTY,
    DOCTOR_EAST,
    DOCTOR_WEST,
    EAST,
    OFFICER,
    SYSTEM,
    WEST,
    open_areas,
)


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """60 people in the eastern township, three in the western; one register for all tests: they only read."""
    folder = tmp_path_factory.mktemp("register") / "instance"
    shutil.copytree(template, folder)
    (folder / "keyring.json").chmod(0o600)
    application = create_app(make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat()), doors=())
    with application.app_context():
        yield furnish(open_areas())
        db.engine.dispose()
    clock.fix(None)


@pytest.fixture(autouse=True)
def _standing_clock() -> None:
    clock.fix(TODAY)


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, sql: str, *_: object) -> None:
        sent.append(sql)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def numbers(access: Access, **query: object) -> list[str]:
    """File numbers a list shows."""
    asked = CaseQuery(**query)  # type: ignore[arg-type]
    return [row.file_no for row in register.cases(access, asked, TODAY).rows]


def audit() -> list[AuditEntry]:
    """The whole chain, oldest first."""
    with open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
        return work.entities(select(AuditEntry).order_by(AuditEntry.seq))


def subjects(entry: AuditEntry) -> set[int]:
    """The people an audit entry speaks of."""
    with open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
        return set(work.entities(select(AuditSubject.person_id).where(AuditSubject.seq == entry.seq)))


# --- lists ----------------------------------------------------------------------------------------


def test_a_doctor_sees_the_own_township_and_an_officer_the_county(made: Made) -> None:
    assert register.cases(DOCTOR_EAST, CaseQuery(), TODAY).total == 60
    assert numbers(DOCTOR_WEST) == [WESTERN, "901-00002", "901-00003"]
    assert register.cases(OFFICER, CaseQuery(), TODAY).total == 63
    assert register.cases(OFFICER, CaseQuery(area=WEST), TODAY).total == 3


def test_an_area_out_of_reach_is_not_there(made: Made) -> None:
    for area in (WEST, COUNTY, 999902000000):
        with pytest.raises(Missing):
            register.cases(DOCTOR_EAST, CaseQuery(area=area), TODAY)


def test_an_administrator_gets_no_list(made: Made) -> None:
    with pytest.raises(Forbidden):
        register.cases(ADMINISTRATOR, CaseQuery(), TODAY)


def test_a_row_shows_the_latest_visit_that_reached_the_person(made: Made) -> None:
    row = register.cases(DOCTOR_EAST, CaseQuery(text=WHOLE), TODAY).rows[0]
    assert row.case_id == made.cases[WHOLE]
    assert (row.seen_on, row.mode) == (date(2026, 9, 25), VisitMode.HOME)
    assert (row.stability, row.risk) == (Stability.STABLE, RiskLevel.LEVEL_0)
    assert row.unreached_on == date(2026, 11, 15)
    assert (row.age, row.village, row.township) == (75, "第1村", "东镇")


def test_nothing_assessed_is_nothing_and_not_stable(made: Made) -> None:
    row = register.cases(DOCTOR_EAST, CaseQuery(text="900-00005"), TODAY).rows[0]
    assert (row.seen_on, row.stability, row.risk, row.unreached_on) == (None, None, None, None)


def test_no_field_of_a_row_names_the_person(made: Made) -> None:
    for row in register.cases(DOCTOR_EAST, CaseQuery(size=100), TODAY).rows:
        text = repr(row)
        assert "䶮" not in text
        assert number_of(1) not in text


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"stability": UNASSESSED}, 12),
        ({"stability": 1}, 12),
        ({"risk": 0}, 24),
        ({"risk": UNASSESSED}, 12),
        ({"diagnosis": Diagnosis.SCHIZOPHRENIA}, 10),
        ({"village": VILLAGE}, 60),
        ({"village": 0}, 0),
        ({"lifecycle": Lifecycle.DEAD}, 0),
        ({"stability": 1, "risk": 3, "village": VILLAGE}, 12),
    ],
)
def test_filters_narrow_the_list(made: Made, query: dict[str, int], count: int) -> None:
    assert register.cases(DOCTOR_EAST, CaseQuery(**query), TODAY).total == count  # type: ignore[arg-type]


def test_the_dead_are_found_by_their_state(made: Made) -> None:
    assert numbers(OFFICER, lifecycle=Lifecycle.DEAD) == ["901-00003"]
    assert numbers(OFFICER, area=WEST, lifecycle=Lifecycle.ON_REGISTER) == [WESTERN, "901-00002"]
    assert numbers(OFFICER, village=0) == [WESTERN, "901-00002", "901-00003"]


def test_pages_hold_everybody_once(made: Made) -> None:
    pages = [register.cases(DOCTOR_EAST, CaseQuery(size=20, page=number), TODAY) for number in (1, 2, 3)]
    found = [row.file_no for page in pages for row in page.rows]
    assert len(found) == len(set(found)) == 60
    assert found == sorted(found)
    beyond = register.cases(DOCTOR_EAST, CaseQuery(size=20, page=99), TODAY)
    assert (beyond.number, beyond.last) == (3, 3)
    assert register.cases(DOCTOR_EAST, CaseQuery(size=7), TODAY).size == 50


def test_every_order_turns_around(both: Flask) -> None:
    furnish(open_areas(), 12)
    for order in register.ORDERS:
        _turns_around(order)
    assert numbers(OFFICER, text="900_0") == []
    assert numbers(OFFICER, text="00001") == [WHOLE, WESTERN]


def _turns_around(order: str) -> None:
    forth = register.cases(DOCTOR_EAST, CaseQuery(order=order), TODAY).rows
    back = register.cases(DOCTOR_EAST, CaseQuery(order=order, down=True), TODAY).rows
    assert {row.case_id for row in forth} == {row.case_id for row in back}

    def value(row: register.CaseRow) -> object:
        return {
            "file_no": row.file_no,
            "visit": row.seen_on,
            "registered": row.registered_on,
            "age": row.age,
            "risk": row.risk,
            "stability": row.stability,
        }[order]

    for rows, down in ((forth, False), (back, True)):
        known = [value(row) for row in rows if value(row) is not None]
        assert known == sorted(known, reverse=down)  # type: ignore[type-var]
    if order == "visit":
        assert forth[0].seen_on is None
        assert back[-1].seen_on is None


def test_a_page_takes_a_constant_number_of_statements(made: Made) -> None:
    counts = []
    for size in (20, 50):
        with statements() as sent:
            register.cases(OFFICER, CaseQuery(size=size), TODAY)
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 4


# --- searching ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (RARE, [RARE]),
        ("00002", [RARE, "901-00002"]),
        ("䶮", [RARE]),
        ("明轩", [RARE]),
        (" 䶮 明 轩 ", [RARE]),
        (number_of(7), ["900-00007"]),
        ("９" + number_of(7)[1:], ["900-00007"]),
        (f" {number_of(7)[:6]} {number_of(7)[6:]} ", ["900-00007"]),
        (phone_of(9), ["900-00009"]),
        ("+86 " + phone_of(9), ["900-00009"]),
        ("没有此人", []),
        ("100%", []),
        ("900_00001", []),
    ],
)
def test_people_are_found_by_what_is_known_of_them(made: Made, text: str, expected: list[str]) -> None:
    assert numbers(OFFICER, text=text) == expected


def test_initials_find_names(made: Made) -> None:
    found = register.cases(DOCTOR_WEST, CaseQuery(text="wx"), TODAY)
    assert found.total == 3
    assert register.cases(DOCTOR_EAST, CaseQuery(text="wx"), TODAY).total < 60


def test_a_search_stays_inside_the_area_and_the_filters(made: Made) -> None:
    assert numbers(DOCTOR_WEST, text="䶮") == []
    assert numbers(DOCTOR_WEST, text=number_of(7)) == []
    assert numbers(DOCTOR_WEST, text="900-00007") == []
    assert numbers(OFFICER, text="䶮", area=WEST) == []
    assert numbers(OFFICER, text="䶮", stability=1) == []


def test_searching_by_name_is_written_down_without_the_name(made: Made) -> None:
    numbers(DOCTOR_EAST, text="䶮明轩")
    last = audit()[-1]
    assert (last.verb, last.noun, last.fields, last.action) == ("search", "Identity", "name", "case:search")
    assert "䶮" not in repr(
        {column.name: getattr(last, column.name) for column in AuditEntry.__table__.columns}
    )


def test_too_many_names_are_not_opened(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "SEARCH_LIMIT", 5)
    with pytest.raises(Unfit) as wrong:
        numbers(OFFICER, text="王")
    assert "乡镇" in wrong.value.fields["text"]
    assert numbers(DOCTOR_WEST, text="王西") == [WESTERN, "901-00002", "901-00003"]
    assert numbers(OFFICER, text=number_of(7)) == ["900-00007"]


def test_people_are_found_by_the_last_four_of_a_number(made: Made) -> None:
    for number in (number_of(7), phone_of(7)):
        found = numbers(DOCTOR_EAST, text=number[-4:], size=100)
        assert "900-00007" in found
        assert len(found) < 60
    assert "900-00007" not in numbers(DOCTOR_WEST, text=number_of(7)[-4:], size=100)
    told = [one.fields for one in audit() if one.verb == "search"]
    assert told[-1] == "id_number,phone"


def test_people_are_found_by_a_part_of_their_address(made: Made) -> None:
    with open_work(Access.system("test"), Action.IDENTITY_REVEAL) as work:
        person = work.one(select(Case.person_id).where(Case.file_no == "900-00007"))
        row = work.get(Identity, person)
        assert row is not None
        row.residence = Plain("东镇 幸福路12号 3栋")
    for asked in ("幸福路", "幸福路12号", "３栋"):
        assert numbers(DOCTOR_EAST, text=asked) == ["900-00007"]
    assert numbers(DOCTOR_WEST, text="幸福路") == []
    assert numbers(DOCTOR_EAST, text="没有这条路") == []
    assert audit()[-1].fields == "residence,domicile"


def test_a_search_leaves_its_token_and_not_its_text(made: Made) -> None:
    """Equal questions are equal in the audit, whoever asks; the text is nowhere, not even sealed."""
    numbers(DOCTOR_EAST, text="䶮明轩")
    numbers(OFFICER, text=" 䶮 明轩")
    numbers(OFFICER, text="䶮明")
    with open_work(Access.system("test"), Action.AUDIT_VERIFY) as work:
        entries = work.entities(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(60))
        found = [one for one in entries if one.fields == "name" and one.verb == "search"][:3]
        part, whole, first = (work.vault.open(DETAIL, one.seq, one.detail._sealed) for one in found)
    assert first == whole != part
    assert re.fullmatch("[0-9a-f]{32}", whole)


def test_searching_again_and_again_is_stopped(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "SEARCHES", 3)
    access = replace(DOCTOR_EAST, actor=4711)
    for text in ("王", "wx", "8888"):
        numbers(access, text=text)
    for text in ("李", "幸福路", "幸福路3号"):
        with pytest.raises(Throttled, match="稍后再查"):
            numbers(access, text=text)
    assert numbers(access, text=number_of(7)) == ["900-00007"]
    assert numbers(access, text="900-00007") == ["900-00007"]
    assert numbers(replace(DOCTOR_WEST, actor=4712), text="王西")


def test_looking_a_number_up_takes_the_same_path_whether_it_is_there_or_not(made: Made) -> None:
    """Own, somebody else's and nobody's: the same statements in the same order, and the same answer."""
    told = []
    for number in (number_of(7), "999901197001011234"):
        sent: list[str] = []

        def note(_c: object, _k: object, text: str, *_: object, sent: list[str] = sent) -> None:
            sent.append(text)

        event.listen(db.engine, "before_cursor_execute", note)
        with open_work(DOCTOR_WEST, Action.CASE_SEARCH) as work:
            found = identity.find_by_token(work, identity.ID_NUMBER, number)
        event.remove(db.engine, "before_cursor_execute", note)
        told.append((sent, found, audit()[-1].count))
    assert told[0] == told[1]
    assert told[0][1] == []


def test_an_endless_question_is_refused(made: Made) -> None:
    with pytest.raises(Unfit):
        numbers(OFFICER, text="王" * 61)


# --- behind a number ------------------------------------------------------------------------------

KEYS = ("IND-02.REG-A", "IND-03.STD-INT", "IND-12.N1")


@pytest.mark.parametrize("access", [DOCTOR_EAST, OFFICER])
def test_the_list_behind_a_number_has_as_many_rows(made: Made, access: Access) -> None:
    figures = indicator.live(access, access.low, TODAY).area(access.low)
    for key in KEYS:
        figure = figures.figure(key)
        wanted = {
            "numerator": figure.numerator,
            "denominator": figure.denominator,
            "missing": (figure.denominator or 0) - figure.numerator,
        }
        for part, count in wanted.items():
            query = CaseQuery(key=key, part=part, size=50)
            first = register.cases(access, query, TODAY)
            rows = list(first.rows)
            for number in range(2, first.last + 1):
                rows += register.cases(access, replace(query, page=number), TODAY).rows
            assert len({row.case_id for row in rows}) == len(rows) == count
            assert all(row.reason for row in rows)


def test_people_without_a_class_can_be_listed(made: Made) -> None:
    figures = indicator.live(DOCTOR_EAST, EAST, TODAY).area(EAST)
    expected = (figures.figure("IND-02.REG-A").denominator or 0) - (
        figures.figure("IND-09.LAST").denominator or 0
    )
    found = register.behind(DOCTOR_EAST, CaseQuery(key="IND-09.LAST", part=indicator.UNASKED), TODAY)
    assert found.page.total == expected == 12
    assert (found.key, found.place, found.as_of) == ("IND-09.LAST", "东镇", TODAY)
    assert all(row.stability is None for row in found.page.rows)


def test_the_list_behind_a_closed_month_keeps_people_who_left(made: Made) -> None:
    indicator.close(OFFICER, "2026-10")
    before = indicator.closed(OFFICER, "2026-10", WEST)
    assert before is not None
    wanted = CaseQuery(area=WEST, key="IND-02.REG-A", part="denominator", month="2026-10")
    assert (
        register.cases(OFFICER, wanted, TODAY).total
        == before.area(WEST).figure("IND-02.REG-A").denominator
        == 2
    )


def test_an_unknown_part_or_figure_is_refused(made: Made) -> None:
    with pytest.raises(Unfit):
        register.behind(OFFICER, CaseQuery(key="IND-03", part="all"), TODAY)
    with pytest.raises(Missing):
        register.behind(OFFICER, CaseQuery(key="IND-99", part="missing"), TODAY)


def test_village_rates_add_up_to_the_township(made: Made) -> None:
    families = ("IND-03", "IND-05", "IND-12")
    rows = village.rates(DOCTOR_EAST, EAST, families, TODAY)
    whole = indicator.live(DOCTOR_EAST, EAST, TODAY).area(EAST)
    assert [row.name for row in rows] == ["第1村"]
    for place, key in enumerate(("IND-03.STD-INT", "IND-05.MED-QUARTER", "IND-12.N1")):
        figure = whole.figure(key)
        assert sum(row.figures[place].numerator for row in rows) == figure.numerator
        assert sum(row.figures[place].denominator or 0 for row in rows) == figure.denominator
    western = village.rates(OFFICER, WEST, families, TODAY)
    assert [(row.code, row.registered) for row in western] == [(None, 2)]
    with pytest.raises(Missing):
        village.rates(DOCTOR_EAST, WEST, families, TODAY)
    assert [one.registered for one in register.villages(DOCTOR_EAST, EAST)] == [60]


# --- one person -----------------------------------------------------------------------------------


def test_the_page_of_a_person_tells_the_course(made: Made) -> None:
    view = register.case(DOCTOR_EAST, made.cases[WHOLE], TODAY)
    assert (view.file_no, view.unit, view.village, view.township) == (WHOLE, "东镇卫生院", "第1村", "东镇")
    assert (view.since, view.until, len(view.visits)) == (date(2024, 12, 1), TODAY, 12)
    assert view.seen is not None
    assert view.seen.on == date(2026, 9, 25)
    assert view.unreached is not None
    assert view.unreached.loss is LossReason.NOT_MET_3_TIMES
    assert [drug.name for drug in view.drugs] == ["奥氮平片", "棕榈酸帕利哌酮注射液"]
    assert (view.drugs[0].morning_ug, view.drugs[1].every_weeks) == (5_000, 4)
    assert (len(view.doses), len(view.sessions), len(view.checkups)) == (10, 4, 1)
    assert dict(view.supplement)["初次发病时间"] == "2010年"
    assert dict(view.supplement)["确诊日期"] == "2012年5月"
    assert dict(view.supplement)["既往门诊治疗"] == ""
    assert "IND-03.STD-INT" in view.official


def test_gaps_are_held_against_the_class_found_before(made: Made) -> None:
    view = register.case(DOCTOR_EAST, made.cases[WHOLE], TODAY)
    assert [(gap.first, gap.last, gap.days, gap.limit) for gap in view.gaps] == [
        (date(2025, 4, 5), date(2025, 9, 20), 168, 92),
        (date(2025, 10, 24), date(2025, 12, 3), 40, 14),
        (date(2026, 4, 1), date(2026, 7, 3), 93, 92),
    ]
    late = {one.on for one in view.visits if one.late}
    assert late == {date(2025, 9, 20), date(2025, 12, 3), date(2026, 7, 3)}


def test_a_visit_without_an_assessment_does_not_end_a_gap(made: Made) -> None:
    view = register.case(DOCTOR_EAST, made.cases[WHOLE], TODAY)
    empty = next(one for one in view.visits if one.on == date(2026, 6, 28))
    assert not empty.complete
    assert (empty.risk, empty.stability, empty.adherence, empty.hospital) == (None, None, None, None)


def test_somebody_never_seen_waits_from_registration(made: Made) -> None:
    view = register.case(DOCTOR_EAST, made.cases["900-00005"], TODAY)
    assert (view.seen, view.visits) == (None, ())
    assert [(gap.first, gap.last, gap.open) for gap in view.gaps] == [(date(2024, 12, 1), TODAY, True)]


def test_the_gap_of_somebody_who_died_ends_with_the_death(made: Made) -> None:
    view = register.case(DOCTOR_WEST, made.cases["901-00003"], TODAY)
    assert view.lifecycle is Lifecycle.DEAD
    assert view.gaps[-1].last == date(2026, 5, 1)


def test_a_stay_in_hospital_is_told_by_two_visits(made: Made) -> None:
    view = register.case(DOCTOR_EAST, made.cases[WHOLE], TODAY)
    assert [(stay.first, stay.last) for stay in view.stays] == [(date(2025, 10, 24), date(2025, 11, 28))]


def test_another_townships_person_is_as_missing_as_nobody(made: Made) -> None:
    sentences = set()
    for access, key in ((DOCTOR_WEST, made.cases[WHOLE]), (DOCTOR_EAST, 1)):
        for act in (
            lambda: register.case(access, key, TODAY),  # noqa: B023
            lambda: register.reveal_identity(access, key, "随访", TODAY),  # noqa: B023
        ):
            with pytest.raises(Missing) as wrong:
                act()
            sentences.add(wrong.value.message)
    with pytest.raises(Missing):
        register.readings(Access.over(15, "邻县", Role.COUNTY_OFFICER, 999902000000), made.cases[WHOLE])
    assert len(sentences) == 1


def _texts(value: object) -> Iterator[str]:
    if is_dataclass(value):
        for one in fields(value):
            yield from _texts(getattr(value, one.name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _texts(item)
    else:
        yield str(value)


def test_the_page_of_a_person_does_not_name_the_person(made: Made) -> None:
    text = "\n".join(_texts(register.case(DOCTOR_EAST, made.cases[WHOLE], TODAY)))
    assert "奥氮平片" in text
    for secret in ("李大山", number_of(1), phone_of(1), "家属称", "东镇乙", "示例市精神卫生中心"):
        assert secret not in text
    assert "●" not in text


def test_reading_a_person_is_written_down(made: Made) -> None:
    before = len(audit())
    register.case(DOCTOR_EAST, made.cases[WHOLE], TODAY)
    new = audit()[before:]
    assert [(one.verb, one.noun, one.case_key) for one in new] == [
        ("reveal", "DrugLine", made.cases[WHOLE]),
        ("read", "Case", made.cases[WHOLE]),
    ]


def test_a_page_of_a_person_takes_a_constant_number_of_statements(made: Made) -> None:
    counts = []
    for file_no in (WHOLE, "900-00006"):
        with statements() as sent:
            register.case(DOCTOR_EAST, made.cases[file_no], TODAY)
        counts.append(len(sent))
    assert max(counts) <= 15
    assert counts[0] - counts[1] <= 1  # nobody's medicines are asked for when there is no visit


# --- names ----------------------------------------------------------------------------------------


def test_names_of_a_page_are_opened_with_one_entry(made: Made) -> None:
    people = [made.people[RARE], made.people["900-00003"], made.people[WESTERN]]
    before = len(audit())
    assert register.reveal_names(DOCTOR_EAST, people, "随访") == {people[0]: "䶮明轩", people[1]: "刘小明"}
    (entry,) = audit()[before:]
    assert (entry.verb, entry.noun, entry.fields, entry.purpose) == ("reveal", "Identity", "name", "随访")
    assert (entry.actor, entry.count) == (11, 2)
    assert subjects(entry) == set(people[:2])


def test_names_are_not_opened_without_a_purpose(made: Made) -> None:
    before = len(audit())
    for purpose in ("", "好奇", "7"):
        with pytest.raises(Unfit):
            register.reveal_names(DOCTOR_EAST, [made.people[RARE]], purpose)
        with pytest.raises(Unfit):
            register.reveal_identity(DOCTOR_EAST, made.cases[RARE], purpose, TODAY)
    assert len(audit()) == before
    assert register.reveal_names(DOCTOR_EAST, [], "随访") == {}


def test_the_identity_opens_whole_and_is_recorded(made: Made) -> None:
    opened = register.reveal_identity(DOCTOR_EAST, made.cases[WHOLE], "督导", TODAY)
    assert (opened.person.id_number, opened.person.phone) == (number_of(1), phone_of(1))
    assert [(one.name, one.phone) for one in opened.guardians] == [("李大山", "10099990000")]
    assert opened.notes[0].texts == (("随访医生", "东镇乙"), ("备注", "家属称近来睡眠好转"))
    assert opened.supplement == (("确诊医院", "示例市精神卫生中心"),)
    told = register.readings(OFFICER, made.cases[WHOLE])
    assert [(one.who, one.role, one.fields, one.purpose) for one in told] == [
        ("东镇医生", Role.TOWNSHIP_DOCTOR, "监护人", "督导"),
        ("东镇医生", Role.TOWNSHIP_DOCTOR, "全部身份信息", "督导"),
    ]


def test_only_the_county_is_told_who_read_a_name(made: Made) -> None:
    with pytest.raises(Forbidden):
        register.readings(DOCTOR_EAST, made.cases[WHOLE])
    assert register.readings(OFFICER, made.cases["900-00020"]) == []


def test_first_day_shown_is_24_months_back() -> None:
    for today in (date(2026, 1, 31), date(2026, 11, 21), date(2024, 2, 29)):
        first = register.first_day_shown(today)
        assert first.day == 1
        assert timedelta(days=690) < today - first < timedelta(days=732)
