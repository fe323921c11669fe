"""监护补助发放与综治例会: guardians on the list, two figures in public, bands before the group."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select

from casemgr.rules.access import Action, Role
from casemgr.services import (
    account,
    benefit,
    benefit_answer,
    clock,
    data_request,
    group_meeting,
    printing,
    subsidy,
)
from casemgr.services.data_request import NewRequest
from casemgr.services.errors import Forbidden, Refused, Unfit
from casemgr.store import sealed_files
from casemgr.store.db import new_key
from casemgr.store.models import LedgerLine, ShareConsent, Visit
from casemgr.store.models.access import MatrixLoosening
from casemgr.store.work import open_work
from casemgr.terms.access import LooseningState
from casemgr.terms.disclosure import FieldGroup
from casemgr.terms.sharing import BenefitAnswer, Flow, GuardianDuty, Requester, SheetField
from tests.services import sharing
from tests.services.sharing import OFFICER, SECOND, SECRETS, TODAY, name_of, number_of
from tests.services.test_benefit import ALLOWANCE, CIVIL
from tests.services.test_benefit import subsidy as of_guardian
from tests.staff import NOW, PASSWORD, quick_hasher
from tests.store.register import COUNTY, DOCTOR_EAST, SYSTEM

ACCOUNT = "62220000{:08}"


@pytest.fixture
def county(app: Flask, monkeypatch: pytest.MonkeyPatch) -> dict[int, tuple[int, int]]:
    clock.fix(TODAY)
    monkeypatch.setattr(account, "_hasher", quick_hasher())
    made = sharing.people(14)
    account.create(
        SYSTEM, "minzheng", "民政", int(Role.CIVIL_AFFAIRS), COUNTY, NOW, PASSWORD, must_change=False
    )
    sharing.write_notes(Flow.CIVIL_AFFAIRS, Flow.PLATFORM)
    return made


def pay(made: dict[int, tuple[int, int]], count: int) -> None:
    """Subsidies of the first people of the eastern township, granted and their duties met."""
    for index in range(1, 2 * count, 2):
        case = made[index][1]
        asked = replace(of_guardian(case), account=ACCOUNT.format(index))
        benefit.apply(DOCTOR_EAST, benefit.begin(), case, asked, TODAY)
    for row in benefit_answer.benefits(CIVIL):
        benefit_answer.decide(CIVIL, row.id, row.version, BenefitAnswer.GRANTED, TODAY, "", TODAY)
        benefit.review(DOCTOR_EAST, row.id, tuple(GuardianDuty), False, "", TODAY)


def printed(key: int) -> str:
    with open_work(OFFICER, Action.FORM_PRINT) as work:
        return (sealed_files.take(work, printing.FOLDER, key, printing.TEXT) or b"").decode()


def ledger() -> list[LedgerLine]:
    with open_work(SYSTEM, Action.SHARING_READ) as work:
        return work.entities(select(LedgerLine).where(LedgerLine.kind == 6))


def test_guardians_are_paid_and_nobody_is_posted(county: dict[int, tuple[int, int]]) -> None:
    with pytest.raises(Refused):
        subsidy.payment_workbook(OFFICER, 20264, TODAY)
    pay(county, 6)
    standing = subsidy.standing(OFFICER, 20264, TODAY)
    assert (standing.payable, standing.total, standing.not_reviewed) == (6, 3600, 0)
    assert subsidy.standing(OFFICER, 20263, TODAY).not_reviewed == 6
    assert subsidy.standing(OFFICER, 20264, TODAY, sharing.WEST).payable == 0
    content = subsidy.payment_workbook(OFFICER, 20264, TODAY, sharing.EAST)
    page = load_workbook(BytesIO(content))["发放清单"]
    assert [cell.value for cell in page[1]] == ["序号", "领取人", "收款账号", "金额（元）"]
    assert {row[1].value for row in page.iter_rows(min_row=2)} == {
        f"监护{name_of(index)}" for index in range(1, 12, 2)
    }
    everything = sharing.texts_of(content) + printed(subsidy.payment_sheet(OFFICER, 20264, TODAY))
    for index in range(14):
        assert number_of(index) not in everything and sharing.phone_of(index) not in everything
        assert f"100-{index:05}" not in everything and f"1009{index:07}" not in everything
    assert not any(word in everything for word in (*SECRETS, "患者", "危险性", "级（"))
    lines = ledger()
    assert len(lines) == 12 and {one.groups for one in lines} == {1 << int(FieldGroup.G10)}

    text = subsidy.posting(OFFICER, 20264, TODAY)
    assert text == "示例县2026年第4季度监护补助发放情况公示：发放 6 人，金额合计 3600 元。\n"
    with pytest.raises(Refused):
        subsidy.checked(text + "监护" + name_of(1), ["监护" + name_of(1)])
    with pytest.raises(Forbidden):
        subsidy.posting(DOCTOR_EAST, 20264, TODAY)


def test_who_took_it_back_or_whose_signature_ran_out_is_on_no_list(
    county: dict[int, tuple[int, int]],
) -> None:
    pay(county, 6)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        ending = work.one(select(ShareConsent).where(ShareConsent.case_id == county[1][1]))
        back = work.scalar(select(ShareConsent.id).where(ShareConsent.case_id == county[3][1]))
        assert ending is not None
        ending.until = TODAY
    assert subsidy.standing(OFFICER, 20264, TODAY).payable == 6
    after = TODAY + timedelta(days=1)
    # One ran out at midnight, one is withdrawn: no job has run in between.
    benefit.withdraw(DOCTOR_EAST, county[3][1], back, after)
    standing = subsidy.standing(OFFICER, 20264, after)
    assert (standing.payable, standing.ended) == (4, 1)
    content = sharing.texts_of(subsidy.payment_workbook(OFFICER, 20264, after))
    assert f"监护{name_of(5)}" in content
    assert f"监护{name_of(1)}" not in content and f"监护{name_of(3)}" not in content
    with pytest.raises(Refused):  # four are too few to be posted
        subsidy.posting(OFFICER, 20264, after)
    counted = {label: now for label, now, _ in group_meeting.ahead(OFFICER, after)}
    assert counted["正在享受监护补助的人数"] == "1–4"


def test_few_are_not_posted(county: dict[int, tuple[int, int]]) -> None:
    pay(county, 2)
    with pytest.raises(Refused) as wrong:
        subsidy.posting(OFFICER, 20264, TODAY)
    assert wrong.value.rule == "REC-SMALL-1"


def test_a_meeting_hears_bands_and_changes_and_no_names(county: dict[int, tuple[int, int]]) -> None:
    assert [group_meeting.band(count) for count in (0, 1, 4, 5, 9, 10, 12)] == [
        "0", "1–4", "1–4", "5–9", "5–9", "10–14", "10–14",
    ]  # fmt: skip
    with pytest.raises(Unfit):
        group_meeting.hold(OFFICER, group_meeting.begin(), " ", TODAY - timedelta(days=60))
    group_meeting.hold(OFFICER, group_meeting.begin(), "通报情况\n研究协查", TODAY - timedelta(days=60))
    once = group_meeting.begin()
    for _ in range(2):
        group_meeting.hold(OFFICER, once, "通报第四季度情况\n研究未办结协查", TODAY)
    with pytest.raises(Unfit):
        group_meeting.hold(OFFICER, group_meeting.begin(), "再开一次", TODAY)
    latest, before = group_meeting.list_(OFFICER)
    told = {label: (now, then) for label, now, then in latest.counts}
    assert told["符合提供条件的人数"] == ("5–9", "5–9") and told["在册人数"] == ("14", "14")
    assert before.counts[1][2] == "—"
    made = group_meeting.sheet(OFFICER, latest.key, TODAY)
    assert made is not None
    text = printed(made)
    assert "研究未办结协查" in text and "5–9" in text and "不得外传" in text
    for index in range(14):
        assert name_of(index) not in text and number_of(index) not in text
    assert not any(secret in text for secret in SECRETS)
    (line,) = ledger()
    assert (line.file_key, line.receiver) == (None, int(Role.POLITICAL_LEGAL))
    # A township holds meetings of its own.
    assert group_meeting.list_(DOCTOR_EAST) == ()
    assert group_meeting.sheet(DOCTOR_EAST, latest.key, TODAY) is None


def ask_for_platform(*items: SheetField) -> tuple[int, data_request.RequestView]:
    told = NewRequest(
        Requester.PLATFORM, f"示政法〔2026〕{new_key() % 1000}号", "示例县综治中心", "某办法第五条",
        "平台信息交换", TODAY, items, "",
    )  # fmt: skip
    key = data_request.register(OFFICER, data_request.begin(), told, TODAY)
    return key, data_request.view(SECOND, key, TODAY)


def test_the_exchange_file_has_people_of_condition_one_and_approved_fields(
    county: dict[int, tuple[int, int]],
) -> None:
    key, view = ask_for_platform(*SheetField)
    strict = {
        SheetField.NAME, SheetField.SEX, SheetField.BIRTH, SheetField.VILLAGE, SheetField.RESIDENCE,
        SheetField.RISK, SheetField.INCIDENTS, SheetField.GUARDIAN, SheetField.GUARDIAN_PHONE,
        SheetField.REGISTERED, SheetField.UNIT,
    }  # fmt: skip
    assert set(view.allowed) == strict
    with pytest.raises(Unfit):
        data_request.approve(SECOND, key, view.version, [SheetField.DIAGNOSIS], TODAY)
    data_request.approve(SECOND, key, view.version, [SheetField.NAME, SheetField.RISK], TODAY)
    content = data_request.release_workbook(OFFICER, key, TODAY)
    rows = list(load_workbook(BytesIO(content))["提供内容"].iter_rows(min_row=2, values_only=True))
    assert {row[1] for row in rows} == {name_of(index) for index in range(5)}
    everything = sharing.texts_of(content)
    assert not any(secret in everything for secret in SECRETS)
    assert not any(number_of(index) in everything for index in range(14))
    assert {one.file_key for one in ledger()} == {county[index][1] for index in range(5)}


def test_widening_needs_an_approved_document_and_covers_what_it_tells(
    county: dict[int, tuple[int, int]],
) -> None:
    with open_work(SYSTEM, Action.ACCESS_CHANGE) as work:
        for name in ("PL-G2", "PL-G5", "PL-G7", "PL-G12"):
            work.add(
                MatrixLoosening(
                    id=new_key(), key=name, number="示卫〔2026〕9号", impact="写明影响",
                    valid_from=date(2026, 11, 1), valid_to=date(2026, 12, 31),
                    state=int(LooseningState.APPROVED), proposed_by=1, proposed_at=NOW,
                )
            )  # fmt: skip
        visits = work.entities(select(Visit).where(Visit.case_id.in_([county[0][1], county[1][1]])))
        for visit, taken in zip(sorted(visits, key=lambda one: one.case_id), (2, 3), strict=True):
            visit.adherence = taken
    widened = (SheetField.ID_NUMBER, SheetField.DIAGNOSIS, SheetField.MEDICINE, SheetField.ALLOWANCE)
    key, view = ask_for_platform(SheetField.NAME, *widened)
    assert set(view.allowed) == {SheetField.NAME, *widened}
    data_request.approve(SECOND, key, view.version, view.allowed, TODAY)
    content = data_request.release_workbook(OFFICER, key, TODAY)
    sheet = load_workbook(BytesIO(content))["提供内容"]
    head, *rows = sheet.iter_rows(values_only=True)
    treated = {row[1]: row[head.index("是否在用药治疗")] for row in rows}
    assert {treated[name_of(0)], treated[name_of(1)]} == {"有", "无"}
    assert {row[head.index("有无低保、救助")] for row in rows} == {"无记录"}
    everything = sharing.texts_of(content)
    assert "精神病性障碍" in everything and not any(secret in everything for secret in SECRETS)
    assert not any(number_of(index) in everything for index in range(14))
    clock.fix(date(2027, 1, 2))
    assert set(data_request.view(SECOND, key, date(2027, 1, 2)).allowed) == {SheetField.NAME}


def test_the_platform_is_off_until_its_impact_note(app: Flask) -> None:
    clock.fix(TODAY)
    sharing.people(2)
    with pytest.raises(Refused) as wrong:
        ask_for_platform(SheetField.NAME)
    assert wrong.value.rule == "PIPL-56"
    assert ALLOWANCE.benefit is not None
