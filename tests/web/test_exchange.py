"""导入页: from choosing a file to the result, through the door, by role."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from casemgr.rules.access import Action
from casemgr.services import exchange as service
from casemgr.store.models import Case, Visit
from casemgr.store.work import open_work
from casemgr.web.staff import exchange
from tests.forms.example import PERSON, VISIT
from tests.services.workbooks import WHOLE, Here, workbook
from tests.store.register import SYSTEM
from tests.web.conftest import token_in

Client = Callable[[str], FlaskClient]
GOOD = workbook(WHOLE)
MIXED = workbook(WHOLE | {"患者": [PERSON, PERSON._replace(file_no="101-00002", name=" ")]})


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps run before the answer; reading stays in this process."""

    def run(app: Flask, function: Callable[..., None], *arguments: Any) -> None:
        with app.app_context():
            function(*arguments)

    monkeypatch.setattr(exchange, "in_background", run)
    monkeypatch.setattr(service, "Source", Here)


def send(client: FlaskClient, content: bytes, name: str = "县.xlsx") -> Any:
    token = token_in(client.get("/exchange").get_data(as_text=True))
    return client.post("/exchange", data={"csrf": token, "file": (io.BytesIO(content), name)})


def place_of(answer: Any) -> str:
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return str(answer.headers["Location"])


def press(client: FlaskClient, place: str, step: str) -> Any:
    token = token_in(client.get(place).get_data(as_text=True))
    return client.post(f"{place}/{step}", data={"csrf": token})


def held(site: Flask) -> tuple[int, int]:
    with site.app_context(), open_work(SYSTEM, Action.CASE_LIST) as work:
        return work.scalar(select(func.count(Case.id))), work.scalar(select(func.count(Visit.id)))


def test_from_the_file_to_the_result(site: Flask, client_of: Client) -> None:
    client = client_of("officer")
    place = place_of(send(client, MIXED))
    preview = client.get(place).get_data(as_text=True)
    assert "确认导入 9 行" in preview
    assert "B3" in preview
    assert "“姓名”为空" in preview
    assert held(site) == (0, 0)
    assert place_of(press(client, place, "confirm")) == place
    result = client.get(place).get_data(as_text=True)
    assert "已导入 9 行" in result
    assert "确认导入" not in result
    assert held(site) == (1, 1)
    listed = client.get("/exchange").get_data(as_text=True)
    assert "已导入" in listed
    assert place in listed


def test_a_second_press_does_nothing(site: Flask, client_of: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of("officer")
    place = place_of(send(client, GOOD))
    token = token_in(client.get(place).get_data(as_text=True))
    started: list[str] = []
    monkeypatch.setattr(
        exchange, "in_background", lambda _app, function, *_: started.append(function.__name__)
    )
    for _ in range(3):
        assert client.post(f"{place}/confirm", data={"csrf": token}).status_code == 303
    assert started == ["carry_out"]


def test_progress_is_shown_and_renews_itself(client_of: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of("officer")
    monkeypatch.setattr(exchange, "in_background", lambda *_: None)
    page = client.get(place_of(send(client, GOOD))).get_data(as_text=True)
    assert 'data-refresh="2"' in page
    assert "正在核对" in page
    assert "确认导入" not in page


def test_refused_rows_come_as_a_workbook(client_of: Client) -> None:
    client = client_of("officer")
    place = place_of(send(client, MIXED))
    answer = client.get(f"{place}/refused")
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert "attachment" in answer.headers["Content-Disposition"]
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data))["患者"]
    assert [cell.value for cell in sheet[1]][-2:] == ["行状态", "原因"]
    assert sheet.max_row == 2
    clean = place_of(send(client, GOOD))
    assert client.get(f"{clean}/refused").status_code == 404


def test_problems_by_kind_and_page(client_of: Client) -> None:
    people = [PERSON._replace(file_no=f"1-{number}", name=" ", id_number=None) for number in range(60)]
    client = client_of("officer")
    rows = WHOLE | {"患者": [PERSON, *people], "随访": [VISIT._replace(risk=1)]}
    place = place_of(send(client, workbook(rows)))
    first = client.get(place).get_data(as_text=True)
    assert "第 1 / 2 页" in first
    only = client.get(f"{place}?sheet=随访&level=warning&code=vc03").get_data(as_text=True)
    assert "1–2 级应归入基本稳定" in only
    assert "请补填后重新导入" not in only
    assert client.get(f"{place}?page=2").status_code == 200
    assert client.get(f"{place}?page=x&level=nonsense").status_code == 200


def test_saying_no(site: Flask, client_of: Client) -> None:
    client = client_of("officer")
    place = place_of(send(client, GOOD))
    assert place_of(press(client, place, "drop")) == "/exchange"
    assert "已放弃" in client.get(place).get_data(as_text=True)
    assert held(site) == (0, 0)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "空"),
        (b"name,age", "xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "密码"),
    ],
)
def test_what_is_no_workbook_is_said_on_the_form(client_of: Client, content: bytes, word: str) -> None:
    answer = send(client_of("officer"), content)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert word in page
    assert 'id="f-file-error"' in page


def test_no_file_at_all(client_of: Client) -> None:
    client = client_of("officer")
    token = token_in(client.get("/exchange").get_data(as_text=True))
    answer = client.post("/exchange", data={"csrf": token})
    assert answer.status_code == 422
    assert "请选择要导入的工作簿" in answer.get_data(as_text=True)


def test_a_workbook_without_a_sheet_says_so(site: Flask, client_of: Client) -> None:
    client = client_of("officer")
    page = client.get(place_of(send(client, workbook(WHOLE, without=["社区康复"])))).get_data(as_text=True)
    assert "缺少工作表：社区康复" in page
    assert "确认导入" not in page
    assert held(site) == (0, 0)


def test_three_hundred_megabytes_are_refused_unread(client_of: Client) -> None:
    answer = client_of("officer").post(
        "/exchange",
        data=b"",
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(300 * 1024 * 1024)},
    )
    assert answer.status_code == 413
    assert "拆分文件" in answer.get_data(as_text=True)


def test_an_upload_never_lies_on_a_disk_unsealed(
    site: Flask, client_of: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> Any:
        raise AssertionError("a file was spooled")

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", refused)
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", refused)
    client = client_of("officer")
    place = place_of(
        send(
            client,
            workbook(WHOLE | {"随访": [VISIT._replace(on=VISIT.on + n) for n in range(300)]}),
        )
    )
    client.get(place)
    folder = Path(site.config["CASEMGR"].instance) / "imports"
    for path in folder.iterdir():
        content = path.read_bytes()
        assert b"PK\x03\x04" not in content[:64]
        assert "张某".encode() not in content


def test_nothing_personal_in_addresses_titles_and_the_audit(client_of: Client) -> None:
    client = client_of("officer")
    place = place_of(send(client, MIXED, name="张某的名单.xlsx"))
    assert re.fullmatch(r"/exchange/\d+", place)
    page = client.get(place).get_data(as_text=True)
    title = re.search("<title>(.*?)</title>", page)
    assert title is not None
    assert "张某" not in title.group(1)
    assert PERSON.id_number not in page  # type: ignore[operator]


def test_a_doctor_sees_own_imports_only_and_an_administrator_none(client_of: Client) -> None:
    place = place_of(send(client_of("officer"), GOOD))
    doctor = client_of("east")
    assert doctor.get(place).status_code == 404
    assert "还没有导入过" in doctor.get("/exchange").get_data(as_text=True)
    admin = client_of("admin")
    assert admin.get("/exchange").status_code == 403
    assert admin.get(f"{place}/refused").status_code == 403


def test_the_template_is_an_empty_workbook_with_lists(client_of: Client) -> None:
    answer = client_of("east").get("/exchange/template")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert book.sheetnames == ["机构与区划", "患者", "随访", "长效针剂", "社区康复", "健康体检"]
    assert [sheet.max_row for sheet in book] == [1] * 6
    assert len(book["随访"].data_validations.dataValidation) > 10
    assert "备注" not in [cell.value for cell in book["随访"][1]]


def test_a_step_that_breaks_is_logged_by_its_kind_only(
    site: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    done: list[Any] = []

    class Thread:
        def __init__(self, target: Callable[[], None], **_: Any) -> None:
            self._target = target

        def start(self) -> None:
            self._target()
            done.append(1)

    def broken(*_: Any) -> None:
        raise RuntimeError("张某")

    monkeypatch.setattr(exchange.threading, "Thread", Thread)
    exchange.in_background(site, broken)
    assert done == [1]
    assert "RuntimeError" in caplog.text
    assert "张某" not in caplog.text
