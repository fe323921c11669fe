"""The door of other departments: its own login and cookie, and nothing of it opens anywhere else."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from casemgr.app import create_app, mount_liaison
from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.store import one_time
from casemgr.store.db import db, new_key
from casemgr.store.models import Case, DrugLine, Identity, LedgerLine, LiaisonPledge, Supplement, VisitText
from casemgr.store.types import Plain
from casemgr.store.work import open_work
from casemgr.terms.followup import Insight, RehabMeasure, Symptom
from casemgr.terms.register import Diagnosis
from tests.conftest import TODAY, make_config
from tests.services import liaison as made
from tests.services import people
from tests.services.liaison import EAST, SYSTEM
from tests.store.register import units
from tests.web.conftest import PASSWORD, sign_in, token_in

ROOT = Path(__file__).resolve().parents[2]
DOOR = ROOT / "casemgr" / "web" / "liaison"
#: What must never be seen at the door of the police, whatever the file holds.
SECRETS = ("秘密诊断", "秘密药", "秘密症状", "秘密康复", "秘密低保", "秘密备注", "秘密单位")


class County:
    """Both doors on one host, two people in the east, one of them the police may know."""

    def __init__(self, staff: Flask, post: int, quiet: int) -> None:
        self.staff = staff
        self.told = post
        self.quiet = quiet

    def client(self, login: str = "") -> FlaskClient:
        client = self.staff.test_client()
        if login:
            enter(client, login)
        return client


def enter(client: FlaskClient, login: str) -> None:
    page = client.get("/liaison/login").get_data(as_text=True)
    data = {"csrf": token_in(page), "login": login, "password": PASSWORD}
    answer = client.post("/liaison/login", data=data)
    assert answer.status_code == 303, answer.get_data(as_text=True)


@pytest.fixture(scope="module")
def county(staffed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    folder = tmp_path_factory.mktemp("liaison") / "instance"
    shutil.copytree(staffed, folder)
    (folder / "keyring.json").chmod(0o600)
    config = make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat())
    staff, door = create_app(config), create_app(config, ("liaison",))
    mount_liaison(staff, door)
    with staff.app_context(), pytest.MonkeyPatch.context() as patch:
        made.open_departments(patch)
        known = units()
        with open_work(SYSTEM, Action.DEMO_LOAD) as work:
            told = made.add(work, EAST, known[EAST], 1, "王小明")
            quiet = made.add(work, EAST, known[EAST], 2, "李丽")
            work.add(
                Supplement(case_id=told, area=EAST, diagnosed_at=Plain(SECRETS[0]), note=Plain(SECRETS[5]))
            )
        seen = made.visit(told, EAST, TODAY - timedelta(days=9), 4, symptoms=1 << 3, adherence=2)
        with open_work(SYSTEM, Action.DEMO_LOAD) as work:
            person = work.scalar(select(Case.person_id).where(Case.id == told))
            for identity in work.entities(select(Identity).where(Identity.person_id == person)):
                identity.workplace, identity.domicile = Plain(SECRETS[6]), Plain(SECRETS[4])
            work.add(
                VisitText(
                    visit_id=seen,
                    area=EAST,
                    symptoms_other=Plain(SECRETS[2]),
                    measures_other=Plain(SECRETS[3]),
                    note=Plain(SECRETS[5]),
                )
            )
            work.add(DrugLine(id=new_key(), area=EAST, visit_id=seen, position=1, name=Plain(SECRETS[1])))
        made.settle(told)
        made.visit(quiet, EAST, TODAY - timedelta(days=9), 1)
    yield County(staff, told, quiet)
    for app in (staff, door):
        with app.app_context():
            db.engine.dispose()
    clock.fix(None)


@pytest.fixture(autouse=True)
def _day() -> None:
    clock.fix(TODAY)


def line_of(page: str) -> str:
    found = re.search(r"/liaison/sheet/(\d+)\"", page)
    assert found is not None, page
    return found.group(1)


def test_a_post_sees_who_it_may_and_opening_is_one_line_of_the_ledger(county: County) -> None:
    client = county.client("eastpost")
    page = client.get("/liaison/").get_data(as_text=True)
    assert "王某" in page and "王小明" not in page and "李" not in page.replace("办理", "")
    key = line_of(page)
    before = _views(county)
    sheet = client.post(f"/liaison/sheet/{key}", data={"csrf": token_in(page)}).get_data(as_text=True)
    assert "王小明" in sheet and "4级" in sheet and "王父" in sheet
    clinical = [
        one.label
        for terms in (Diagnosis, Symptom, Insight, RehabMeasure)
        for one in terms
        if len(one.label) > 2
    ]
    assert not [one for one in (*SECRETS, *clinical) if one in sheet]
    assert people.number_of(1) not in sheet and people.phone_of(1) not in sheet
    assert _views(county) == before + 1
    assert client.get(f"/liaison/sheet/{key}").status_code == 303
    assert _views(county) == before + 1
    assert "Set-Cookie" not in client.get("/liaison/").headers


def _views(county: County) -> int:
    with county.staff.app_context(), open_work(SYSTEM, Action.LIAISON_VIEW) as work:
        return len(work.rows(select(LedgerLine.id).where(LedgerLine.kind == 2)))


def told(client: FlaskClient, **given: Any) -> str:
    """Report something at the door; the page that follows."""
    page = client.get("/liaison/report" + (f"?line={given['line']}" if "line" in given else ""))
    text = page.get_data(as_text=True)
    once = re.search(r'name="once" value="(\d+)"', text)
    assert once is not None, text
    data = {"csrf": token_in(text), "once": once.group(1), **given}
    answer = client.post("/liaison/report", data=data, follow_redirects=True)
    return answer.get_data(as_text=True)


def test_a_report_opens_the_doctors_duty_and_its_answer_comes_back(county: County) -> None:
    client = county.client("eastpost")
    line = line_of(client.get("/liaison/").get_data(as_text=True))
    page = told(client, kind="1", line=line)
    assert "请填发生日期" in page and "请写明发生了什么" in page
    page = told(client, kind="1", line=line, happened_on=str(TODAY), told="与邻居推搡，无人受伤", urgent="1")
    assert "已报送" in page and "120" in page
    doctor = county.staff.test_client()
    sign_in(doctor, "east")
    work = doctor.get("/work").get_data(as_text=True)
    assert "公安报送的情况1个工作日内核实答复" in work
    found = re.search(r"/partners/report/(\d+)", work)
    assert found is not None
    address = found.group(0)
    page = doctor.get(address).get_data(as_text=True)
    assert "与邻居推搡" in page and "登记事件" in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    data = {"csrf": token_in(page), "version": version.group(1), "answer": "1", "words": "已调整服药"}
    wrong = doctor.post(address, data=data)
    assert wrong.status_code == 422 and "涉及诊疗内容" in wrong.get_data(as_text=True)
    data["words"] = "已上门，双方已平静"
    assert doctor.post(address, data=data).headers["Location"].endswith(f"/case/{county.told}")
    home = client.get("/liaison/").get_data(as_text=True)
    assert "已核实，已按规定处理" in home
    own = re.search(r"/liaison/report/(\d+)", home)
    assert own is not None
    page = client.get(own.group(0)).get_data(as_text=True)
    assert "双方已平静" in page and "已答复" in page
    assert "核实部门报送" not in doctor.get("/work").get_data(as_text=True)


def test_a_task_goes_to_who_may_know_and_comes_back(county: County) -> None:
    doctor = county.staff.test_client()
    sign_in(doctor, "east")
    address = f"/case/{county.told}/task"
    page = doctor.get(address).get_data(as_text=True)
    once = re.search(r'name="once" value="(\d+)"', page)
    post = re.search(r'name="receiver" value="(11\.\d+)"', page)
    assert once is not None and post is not None
    data = {"csrf": token_in(page), "once": once.group(1), "receiver": post.group(1), "kind": "1"}
    assert "涉及诊疗内容" in doctor.post(address, data=data | {"question": "看看是否按时服药"}).get_data(
        as_text=True
    )
    asked = doctor.post(
        address, data=data | {"question": "今天上门未遇，请看看是否在家"}, follow_redirects=True
    )
    assert "已发送" in asked.get_data(as_text=True)
    again = doctor.post(address, data=data | {"question": "今天上门未遇"}, follow_redirects=True)
    assert "没有重复" in again.get_data(as_text=True)
    quiet = f"/case/{county.quiet}/task"
    assert "现在没有部门可以知道这位患者" in doctor.get(quiet).get_data(as_text=True)
    refused = doctor.post(quiet, data=data | {"once": str(new_key())})
    assert refused.status_code == 422 and "按披露矩阵" in refused.get_data(as_text=True)

    client = county.client("eastpost")
    found = re.search(r"/liaison/task/(\d+)", client.get("/liaison/").get_data(as_text=True))
    assert found is not None
    page = client.get(found.group(0)).get_data(as_text=True)
    assert "王小明" in page and "今天上门未遇" in page and "王父" not in page
    empty = client.post(found.group(0), data={"csrf": token_in(page), "answer": "3"})
    assert empty.status_code == 422 and "请写几句" in empty.get_data(as_text=True)
    data = {"csrf": token_in(page), "answer": "1", "reply": "本人在家"}
    assert client.post(found.group(0), data=data).status_code == 303
    work = doctor.get("/work").get_data(as_text=True)
    task = re.search(r"/partners/task/\d+", work)
    assert task is not None and "公安已答复协查" in work
    page = doctor.get(task.group(0)).get_data(as_text=True)
    assert "本人在家" in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    closing = {"csrf": token_in(page), "version": version.group(1)}
    assert doctor.post(task.group(0) + "/close", data=closing).status_code == 303
    assert "王小明" not in client.get(found.group(0)).get_data(as_text=True)
    ledger = doctor.get(f"/case/{county.told}/ledger").get_data(as_text=True)
    assert "协查" in ledger and "东镇 公安" in ledger and "王小明" not in ledger
    told = doctor.get(f"/case/{county.told}/ledger/new").get_data(as_text=True)
    call = {"csrf": token_in(told), "once": str(new_key()), "groups": ["9" * 5_000, "9" * 19]}
    assert doctor.post(f"/case/{county.told}/ledger/new", data=call).status_code == 422
    assert "台账" in doctor.get(f"/case/{county.told}").get_data(as_text=True)
    for page in ("/ledger", "/partners", f"/ledger/11/{EAST}"):
        assert "王小明" not in doctor.get(page).get_data(as_text=True)


def test_the_code_of_the_phone_is_asked_for_at_this_door_too(county: County) -> None:
    client = county.client("westpost")
    page = client.get("/liaison/factor").get_data(as_text=True)
    for proof in ("", "不是这个密码"):
        refused = client.post("/liaison/factor", data={"csrf": token_in(page), "proof": proof})
        assert refused.status_code == 422 and "<svg" not in refused.get_data(as_text=True).split("<main")[1]
    data = {"csrf": token_in(page), "proof": PASSWORD}
    page = client.post("/liaison/factor", data=data).get_data(as_text=True)
    secret = re.search(r'<dd class="code">([A-Z2-7 ]{20,})</dd>', page)
    assert secret is not None and "<svg" in page
    wrong = client.post("/liaison/factor/finish", data={"csrf": token_in(page), "code": "12"})
    assert wrong.status_code == 422 and "动态码不对" in wrong.get_data(as_text=True)
    # A session left open shows the secret to nobody.
    assert secret.group(1) not in wrong.get_data(as_text=True)

    def code(steps: int = 0) -> str:
        return one_time.code_at(secret.group(1).replace(" ", ""), one_time.step_of(clock.now()) + steps)

    page = client.post("/liaison/factor/finish", data={"csrf": token_in(page), "code": code()})
    assert "恢复码" in page.get_data(as_text=True)
    other = county.staff.test_client()
    page = other.get("/liaison/login").get_data(as_text=True)
    data = {"csrf": token_in(page), "login": "westpost", "password": PASSWORD}
    page = other.post("/liaison/login", data=data).get_data(as_text=True)
    half = re.search(r'name="half" value="([^"]+)"', page)
    assert half is not None
    data = {"csrf": token_in(page), "half": half.group(1), "code": ""}
    assert other.post("/liaison/login/second", data=data).status_code == 422
    data["code"] = code(1)
    assert other.post("/liaison/login/second", data=data).status_code == 303
    assert other.get("/liaison/").status_code == 200


def test_no_cookie_of_one_door_opens_the_other(county: County) -> None:
    client = county.client("eastpost")
    cookie = client.get_cookie("casemgr-liaison", path="/liaison/")
    assert cookie is not None and cookie.http_only and cookie.same_site == "Strict"
    client.set_cookie("casemgr-session", cookie.value)
    for address in ("/work", "/cases", f"/case/{county.told}", "/ledger", "/account/sessions"):
        assert "/login" in client.get(address).headers["Location"], address
    assert client.get("/api/v1/worklist").status_code == 401
    bearer = {"Authorization": f"Bearer {cookie.value}"}
    assert client.get("/api/v1/worklist", headers=bearer).status_code == 401
    doctor = county.staff.test_client()
    sign_in(doctor, "east")
    session = doctor.get_cookie("casemgr-session")
    assert session is not None
    doctor.set_cookie("casemgr-liaison", session.value, path="/liaison/")
    assert "/liaison/login" in doctor.get("/liaison/").headers["Location"]
    page = doctor.get("/liaison/login").get_data(as_text=True)
    data = {"csrf": token_in(page), "login": "east", "password": PASSWORD}
    assert "部门联络入口" in doctor.post("/liaison/login", data=data).get_data(as_text=True)


def test_answers_of_the_door_are_strict_and_say_nothing(county: County) -> None:
    client = county.client("eastpost")
    for address in ("/liaison/", "/liaison/advice", "/liaison/nowhere", "/liaison/task/5"):
        answer = client.get(address)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert "王小明" not in answer.get_data(as_text=True)
    assert client.get("/liaison/sheet/5/receive").status_code == 405
    assert client.post("/liaison/sheet/5/receive", data={"version": "1"}).status_code == 400
    assert client.get(f"/liaison/report?line={county.told}").status_code == 404
    assert "<title>没有找到" in client.get("/liaison/report/7").get_data(as_text=True)


def test_what_was_told_by_telephone_is_in_the_ledger_too(county: County) -> None:
    doctor = county.staff.test_client()
    sign_in(doctor, "east")
    address = f"/case/{county.told}/ledger/new"
    page = doctor.get(address).get_data(as_text=True)
    once = re.search(r'name="once" value="(\d+)"', page)
    assert once is not None
    data: dict[str, Any] = {"csrf": token_in(page), "once": once.group(1)}
    empty = doctor.post(address, data=data).get_data(as_text=True)
    assert "请选择告诉了哪个部门" in empty and "请勾选告诉了哪些信息" in empty
    data |= {"receiver": f"11.{EAST}", "groups": ["1", "7"]}
    beyond = doctor.post(address, data=data)
    assert beyond.status_code == 422 and "用药、依从性" in beyond.get_data(as_text=True)
    data["groups"] = ["1", "3"]
    assert doctor.post(address, data=data).status_code == 422  # a telephone number needs an emergency
    data["emergency"] = "1"
    for words in ("已记入台账", "没有重复"):
        assert words in doctor.post(address, data=data, follow_redirects=True).get_data(as_text=True)
    assert "电话或书面" in doctor.get(f"/case/{county.told}/ledger").get_data(as_text=True)


def test_nobody_sees_anybody_before_the_promise(county: County) -> None:
    with county.staff.app_context(), open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for one in work.entities(select(LiaisonPledge)):
            one.on = TODAY - timedelta(days=366)
    client = county.client("eastpost")
    for address in ("/liaison/", "/liaison/report", "/liaison/task/5"):
        assert client.get(address).headers["Location"].endswith("/liaison/pledge"), address
    assert client.get("/liaison/advice").status_code == 200
    page = client.get("/liaison/pledge").get_data(as_text=True)
    assert "从不提供诊断" in page and "checked" not in page
    assert client.post("/liaison/sheet/5", data={"csrf": token_in(page)}).status_code == 303
    wrong = client.post("/liaison/pledge", data={"csrf": token_in(page), "use": "1", "manner": "1"})
    text = wrong.get_data(as_text=True)
    assert wrong.status_code == 422 and 'href="#f-stop"' in text and text.count(" checked") == 2
    data = {"csrf": token_in(page), "use": "1", "manner": "1", "stop": "1"}
    for _ in range(2):
        assert client.post("/liaison/pledge", data=data).headers["Location"].endswith("/liaison/")
    assert client.get("/liaison/").status_code == 200
    with county.staff.app_context(), open_work(SYSTEM, Action.LIAISON_VIEW) as work:
        assert len(work.rows(select(LiaisonPledge.id).where(LiaisonPledge.on == TODAY))) == 1
