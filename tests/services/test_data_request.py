"""资料调取: exactly the approved items leave, on paper, after a second person has said so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select

from casemgr.rules.access import Action, Role
from casemgr.services import data_request, printing
from casemgr.services.data_request import NewRequest
from casemgr.services.errors import Conflict, Forbidden, Refused, Unfit
from casemgr.store import sealed_files
from casemgr.store.models import LedgerLine
from casemgr.store.work import open_work
from casemgr.terms.disclosure import Condition
from casemgr.terms.sharing import Requester, RequestState, SheetField
from tests.services import sharing
from tests.services.sharing import OFFICER, SECOND, SECRETS, TODAY, name_of, number_of
from tests.store.register import DOCTOR_EAST, SYSTEM

ASKED = NewRequest(
    Requester.POLICE,
    "示公（治）调字〔2026〕7号",
    "示例县公安局",
    "数据安全法第三十五条",
    "查找走失人员",
    TODAY,
    (SheetField.NAME, SheetField.RESIDENCE, SheetField.GUARDIAN_PHONE, SheetField.MEDICINE),
    "100-00001，100-00002",
)


@pytest.fixture
def county(app: Flask) -> dict[int, tuple[int, int]]:
    return sharing.people(4)


def ask(told: NewRequest = ASKED) -> int:
    return data_request.register(OFFICER, data_request.begin(), told, TODAY)


def test_registered_approved_by_another_and_released(county: dict[int, tuple[int, int]]) -> None:
    key = ask()
    view = data_request.view(SECOND, key, TODAY)
    assert [number for _, number in view.files] == ["100-00001", "100-00002"]
    # Medicine was asked for and is given to nobody of this kind.
    assert SheetField.MEDICINE in view.asked and SheetField.MEDICINE not in view.allowed
    with pytest.raises(Refused):
        data_request.approve(OFFICER, key, view.version, [SheetField.NAME], TODAY)
    with pytest.raises(Refused):
        data_request.release(OFFICER, key, TODAY)
    for items in ([], [SheetField.MEDICINE], [SheetField.DIAGNOSIS]):
        with pytest.raises(Unfit):
            data_request.approve(SECOND, key, view.version, items, TODAY)
    data_request.approve(SECOND, key, view.version, [SheetField.NAME, SheetField.RESIDENCE], TODAY)
    with pytest.raises(Conflict):
        data_request.approve(SECOND, key, view.version, [SheetField.NAME], TODAY)

    content = data_request.release_workbook(OFFICER, key, TODAY)
    page = load_workbook(BytesIO(content))["提供内容"]
    assert [cell.value for cell in page[1]] == ["序号", "姓名", "现住址"]
    assert {page["B2"].value, page["B3"].value} == {name_of(1), name_of(2)}
    everything = sharing.texts_of(content)
    for index in range(4):
        assert number_of(index) not in everything and sharing.phone_of(index) not in everything
        assert f"1009{index:07}" not in everything
    assert not any(secret in everything for secret in SECRETS)
    assert "不得外传" in everything
    with open_work(SYSTEM, Action.SHARING_READ) as work:
        lines = work.entities(select(LedgerLine))
        assert {one.file_key for one in lines} == {county[1][1], county[2][1]}
        assert {one.receiver for one in lines} == {int(Role.POLICE)}
        assert {one.conditions for one in lines} == {1 << int(Condition.REQUEST)}
    assert data_request.list_(SECOND)[0].state is RequestState.RELEASED


def approved(number: str) -> int:
    """A request that somebody else has approved today."""
    key = ask(replace(ASKED, number=number))
    data_request.approve(SECOND, key, data_request.view(SECOND, key, TODAY).version, [SheetField.NAME], TODAY)
    return key


def test_an_approval_is_good_for_one_sheet(county: dict[int, tuple[int, int]]) -> None:
    key = approved("调字3号")
    assert data_request.release(OFFICER, key, TODAY)
    for hand_out in (data_request.release, data_request.release_workbook):
        with pytest.raises(Refused) as wrong:
            hand_out(SECOND, key, TODAY)
        assert wrong.value.rule == "REC-REQ-1"
    view = data_request.view(OFFICER, key, TODAY)
    assert (view.releases, view.may_release, view.may_ask_again) == (1, False, True)
    with pytest.raises(Unfit):
        data_request.ask_again(SECOND, key, view.version, "丢了", TODAY)
    data_request.ask_again(SECOND, key, view.version, "对方来函说明原件遗失", TODAY)
    with pytest.raises(Conflict):
        data_request.ask_again(SECOND, key, view.version, "对方来函说明原件遗失", TODAY)
    with pytest.raises(Refused):
        data_request.release(OFFICER, key, TODAY)
    again = data_request.view(SECOND, key, TODAY)
    assert again.row.mine and again.again == "对方来函说明原件遗失"
    # Whoever asked for the further sheet does not approve it; the first registrar may.
    with pytest.raises(Refused, match="申请人以外"):
        data_request.approve(SECOND, key, again.version, [SheetField.NAME], TODAY)
    data_request.approve(OFFICER, key, again.version, [SheetField.NAME], TODAY)
    assert data_request.release_workbook(SECOND, key, TODAY)
    assert data_request.view(OFFICER, key, TODAY).releases == 2
    with pytest.raises(Refused):
        data_request.release_workbook(SECOND, key, TODAY)
    with open_work(SYSTEM, Action.SHARING_READ) as work:
        assert len(work.rows(select(LedgerLine.id))) == 4


def test_an_approval_ends_with_its_last_day(county: dict[int, tuple[int, int]]) -> None:
    key = approved("调字4号")
    until = data_request.view(OFFICER, key, TODAY).until
    assert until is not None and until > TODAY
    later = until + timedelta(days=1)
    with pytest.raises(Refused, match="有效期"):
        data_request.release(OFFICER, key, later)
    view = data_request.view(OFFICER, key, later)
    assert view.over and not view.may_release
    with pytest.raises(Conflict):  # on its last day it is still good, and nothing further is needed
        data_request.ask_again(OFFICER, key, view.version, "逾期没有来取，现再次来人", until)
    data_request.ask_again(OFFICER, key, view.version, "逾期没有来取，现再次来人", later)
    view = data_request.view(SECOND, key, later)
    data_request.approve(SECOND, key, view.version, [SheetField.NAME], later)
    assert data_request.release(OFFICER, key, later)


def test_the_printed_sheet_holds_the_approved_items_only(county: dict[int, tuple[int, int]]) -> None:
    key = ask(replace(ASKED, items=tuple(SheetField), number="调字2号"))
    view = data_request.view(SECOND, key, TODAY)
    data_request.approve(SECOND, key, view.version, [SheetField.NAME], TODAY)
    made = data_request.release(OFFICER, key, TODAY)
    with open_work(OFFICER, Action.FORM_PRINT) as work:
        text = (sealed_files.take(work, printing.FOLDER, made, printing.TEXT) or b"").decode()
    assert name_of(1) in text and "不得外传" in text and "示例县公安局" in text
    assert not any(
        secret in text for secret in (*SECRETS, number_of(1), sharing.phone_of(1), "监护" + name_of(1))
    )
    assert name_of(1) not in printing.view(OFFICER, made).title


def test_a_refusal_is_a_letter_with_its_ground(county: dict[int, tuple[int, int]]) -> None:
    key = ask()
    with pytest.raises(Unfit):
        data_request.refuse(SECOND, key, 1, "不行", TODAY)
    with pytest.raises(Refused):
        data_request.refusal_letter(OFFICER, key, TODAY)
    data_request.refuse(SECOND, key, 1, "文书未载明法律依据和具体对象", TODAY)
    made = data_request.refusal_letter(OFFICER, key, TODAY)
    with open_work(OFFICER, Action.FORM_PRINT) as work:
        text = (sealed_files.take(work, printing.FOLDER, made, printing.TEXT) or b"").decode()
    assert "文书未载明法律依据和具体对象" in text and "不表示有关人员在册或不在册" in text
    assert "100-00001" not in text and name_of(1) not in text
    # In the words of the receiver: its number as it is written, the law by its name.
    assert "贵单位示公（治）调字〔2026〕7号文书收悉" in text
    assert "依据数据安全法第35条" in text and "DSL-35" not in text
    with open_work(SYSTEM, Action.SHARING_READ) as work:
        assert work.entities(select(LedgerLine)) == []
    with pytest.raises(Refused):
        data_request.release(OFFICER, key, TODAY)


def test_what_is_missing_is_said_and_a_document_is_served_once(county: dict[int, tuple[int, int]]) -> None:
    empty = NewRequest(None, "", "", "", "", None, (), "")
    with pytest.raises(Unfit) as wrong:
        ask(empty)
    assert set(wrong.value.fields) == {
        "requester", "number", "authority", "ground", "purpose", "received_on", "items", "files",
    }  # fmt: skip
    with pytest.raises(Unfit) as wrong:
        ask(replace(ASKED, files="100-00001 没有的编号"))
    assert "没有的编号" in wrong.value.fields["files"]
    with pytest.raises(Unfit):
        ask(replace(ASKED, files=" ".join(f"9-{n}" for n in range(51))))
    once = data_request.begin()
    assert data_request.register(OFFICER, once, ASKED, TODAY) == once
    assert data_request.register(OFFICER, once, ASKED, TODAY) == once
    with pytest.raises(Unfit) as wrong:
        ask()
    assert "number" in wrong.value.fields
    assert data_request.waiting(SECOND) == 1
    with pytest.raises(Forbidden):
        data_request.view(DOCTOR_EAST, once, TODAY)
