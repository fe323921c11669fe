"""Pages of posts: the county's, the two windows, and what the doctor takes over."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from casemgr.app import create_app, mount_liaison
from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.store.db import db, new_key
from casemgr.store.models import LedgerLine, LiaisonReport, Post
from casemgr.store.work import open_work
from casemgr.terms.liaison import ExchangeKind
from tests.conftest import TODAY, make_config
from tests.services.posts import EAST, ONE, World, open_world
from tests.store.register import SYSTEM, units
from tests.web.conftest import sign_in, token_in
from tests.web.test_liaison import enter


class Site:
    """Both doors on one host."""

    def __init__(self, app: Flask, world: World) -> None:
        self.app, self.world = app, world

    def staff(self, login: str) -> FlaskClient:
        client = self.app.test_client()
        sign_in(client, login)
        return client

    def post(self, login: str) -> FlaskClient:
        client = self.app.test_client()
        enter(client, login)
        return client


@pytest.fixture(scope="module")
def site(staffed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("posts") / "instance"
    shutil.copytree(staffed, folder)
    (folder / "keyring.json").chmod(0o600)
    config = make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat())
    app, door = create_app(config), create_app(config, ("liaison",))
    mount_liaison(app, door)
    with app.app_context(), pytest.MonkeyPatch.context() as patch:
        found = Site(app, open_world(patch, units()))
    yield found
    with app.app_context():
        db.engine.dispose()
    clock.fix(None)


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path, follow_redirects=True)
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found is not None, name
    return found.group(1)


def answers(client: FlaskClient) -> str:
    """The address of the answer about the first person of the own list."""
    found = re.search(r'href="(/liaison/sheet/\d+/answer)"', page(client, "/liaison/"))
    assert found is not None
    return found.group(1)


def test_a_village_doctor_reports_and_the_doctor_takes_it_over(site: Site) -> None:
    village, doctor = site.post("cunone"), site.staff("east")
    home = page(village, "/liaison/")
    assert "王某（女，1951年生）" in home and "王小明" not in home and "申请" not in home
    path = answers(village)
    form = page(village, path)
    assert "王小明" not in form
    told = {"csrf": token_in(form), "once": hidden(form, "once"), "on": "昨天", "note": "说想出去走走"}
    wrong = village.post(path, data=told)
    text = wrong.get_data(as_text=True)
    assert wrong.status_code == 422 and "没有这个日期" in text and "请选择精神状态" in text
    assert "说想出去走走" in text
    told |= {"on": TODAY.isoformat(), "spirits": "2", "stay": "1", "dangers": "3"}
    for _ in range(2):
        sent = village.post(path, data=told)
        assert sent.status_code == 303
    flashed = page(village, "/liaison/")
    assert "打电话给社区医生" in flashed and "没有重复" in flashed and "紧急" in flashed
    waiting = page(doctor, "/partners")
    assert "上门所见" in waiting and "紧急" in waiting and "cunone岗位 村医" in waiting
    key = report_of(site)
    shown = page(doctor, f"/partners/report/{key}")
    assert "说不想活，或伤害自己" in shown and "采纳" in shown and "不是随访" in shown
    given = {"csrf": token_in(shown), "version": hidden(shown, "version"), "step": "decline"}
    assert doctor.post(f"/partners/report/{key}/take", data=given).status_code == 422
    taken = doctor.post(f"/partners/report/{key}/take", data=given | {"step": "accept"})
    assert taken.headers["Location"].endswith(f"/case/{site.world.one}/hospital")
    listed = page(doctor, f"/case/{site.world.one}/hospital")
    assert "已采纳" in listed and "说想出去走走" in listed
    assert "已采纳" in page(village, f"/liaison/report/{key}")
    # The answer form of other departments leads nowhere here.
    assert doctor.post(f"/partners/report/{key}", data=given | {"answer": "1"}).status_code == 404


def report_of(site: Site) -> int:
    with site.app.app_context(), open_work(SYSTEM, Action.LIAISON_MANAGE) as work:
        return max(row[0] for row in work.rows(select(LiaisonReport.id)))


def test_a_sheet_is_opened_by_a_button_and_written_down(site: Site) -> None:
    village = site.post("cunone")
    home = page(village, "/liaison/")
    found = re.search(r'action="(/liaison/sheet/\d+)"', home)
    assert found is not None
    opened = village.post(found.group(1), data={"csrf": token_in(home)}).get_data(as_text=True)
    assert "王小明" in opened and "报告所见" in opened and "本次查看已记录" in opened
    # Typed addresses, and those of others, lead nowhere.
    assert "王小明" not in page(village, found.group(1))
    for login in ("cuntwo", "yuan", "eastpost"):
        stranger = site.post(login)
        csrf = token_in(page(stranger, "/liaison/"))
        assert stranger.post(found.group(1), data={"csrf": csrf}).status_code == 404
        assert stranger.get(f"{found.group(1)}/answer").status_code == 404
    with site.app.app_context(), open_work(SYSTEM, Action.LIAISON_MANAGE) as work:
        kinds = work.rows(select(LedgerLine.kind).where(LedgerLine.file_key == site.world.one))
        assert int(ExchangeKind.VIEWED) in {row[0] for row in kinds}


def test_a_hospital_is_told_by_the_referral_and_tells_of_the_discharge(site: Site) -> None:
    doctor, case = site.staff("east"), site.world.two
    form = page(doctor, f"/case/{case}/referral")
    assert "yuan岗位" in form
    told = {
        "csrf": token_in(form), "once": hidden(form, "once"), "direction": "1",
        "advised_on": TODAY.isoformat(), "sent_on": TODAY.isoformat(),
        "target": "精神科", "reason": "病情波动", "hospital": "9",
    }  # fmt: skip
    assert doctor.post(f"/case/{case}/referral", data=told).status_code == 422
    right = told | {"hospital": str(site.world.posts["yuan"])}
    assert doctor.post(f"/case/{case}/referral", data=right).status_code == 303
    hospital = site.post("yuan")
    path = answers(hospital)
    form = page(hospital, path)
    told = {"csrf": token_in(form), "once": hidden(form, "once"), "kind": "33", "on": TODAY.isoformat()}
    wrong = hospital.post(path, data=told).get_data(as_text=True)
    assert "请填写入院日期" in wrong and "请写明出院带药" in wrong
    told |= {
        "admitted_on": "2026-11-01", "diagnosis": "1", "medication": "利培酮 2毫克 每晚",
        "advice": "两周后复诊",
    }  # fmt: skip
    for none in ("2026-02-30", "0206-11-22"):
        no_day = hospital.post(path, data=told | {"again_on": none})
        assert no_day.status_code == 422 and f'value="{none}"' in no_day.get_data(as_text=True)
    assert hospital.post(path, data=told).status_code == 303
    key = report_of(site)
    shown = page(doctor, f"/partners/report/{key}")
    assert "出院信息单（表4）" in shown and "利培酮" in shown
    given = {"csrf": token_in(shown), "version": hidden(shown, "version"), "step": "accept"}
    assert doctor.post(f"/partners/report/{key}/take", data=given).status_code == 303
    notices = page(doctor, "/notices")
    assert "出院信息单" in notices and "已建档或已入档" in notices
    assert "出院后随访期" in page(doctor, f"/case/{case}/hospital")


def test_the_county_keeps_posts_and_their_accounts(site: Site) -> None:
    officer, doctor = site.staff("officer"), site.staff("east")
    assert doctor.get("/posts").status_code == 403
    assert "村医和医院岗位" in page(officer, "/sharing")
    form = page(officer, "/posts/new")
    data = {"csrf": token_in(form), "once": hidden(form, "once"), "role": "4", "name": "新村卫生室"}
    wrong = officer.post("/posts/new", data=data)
    assert wrong.status_code == 422 and "请选择乡镇" in wrong.get_data(as_text=True)
    data |= {"place": str(EAST), "villages": str(ONE)}
    for _ in range(2):
        made = officer.post("/posts/new", data=data)
        assert made.status_code == 303
    path = made.headers["Location"]
    shown = page(officer, path)
    assert "还没有账号" in shown
    given = {"csrf": token_in(shown), "login": "newdoc", "display": "陈医生", "valid_until": "2026-02-30"}
    assert officer.post(f"{path}/account", data=given).status_code == 422
    made = officer.post(f"{path}/account", data=given | {"valid_until": "2027-02-28"})
    assert "只显示这一次" in made.get_data(as_text=True)
    shown = page(officer, path)
    assert "陈医生" in shown and "现在看到 1 人" in shown
    left = re.search(r'action="([^"]+/leave)"', shown)
    assert left is not None
    assert officer.post(left.group(1), data={"csrf": token_in(shown)}).status_code == 303
    shown = page(officer, path)
    assert "已停用" in shown
    end = {"csrf": token_in(shown), "version": re.findall(r'name="version" value="(\d+)"', shown)[-1]}
    assert officer.post(f"{path}/end", data=end).status_code == 303
    assert "已撤销" in page(officer, path)
    with site.app.app_context(), open_work(SYSTEM, Action.POST_MANAGE) as work:
        assert len(work.rows(select(Post.id).where(Post.name == "新村卫生室"))) == 1
    assert officer.get(f"/posts/{new_key()}").status_code == 404
    # The administrator keeps such an account like any other, but makes none and moves none.
    admin = site.staff("admin")
    shown = page(admin, f"/accounts/{site.world.keys['yuan']}")
    assert "收治医院" in shown and 'value="11"' not in shown
    assert 'value="8"' not in page(admin, "/accounts/new")
