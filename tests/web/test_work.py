"""今日待办: the first page of a doctor, its outcomes and batches, and the supervisor's pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from casemgr.services import clock
from tests.services.day import NEAR, TODAY, Day, furnish
from tests.store.register import COUNTY, EAST, WEST, units
from tests.web.conftest import sign_in, token_in


@pytest.fixture
def day(site: Flask) -> Iterator[Day]:
    clock.fix(TODAY)
    with site.app_context():
        made = furnish(units())
    yield made
    clock.fix(None)


@pytest.fixture
def doctor(site: Flask, day: Day) -> FlaskClient:
    client = site.test_client()
    sign_in(client, "east")
    return client


def page_of(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.get_data(as_text=True)


def post(client: FlaskClient, address: str, **given: object) -> tuple[int, str, str]:
    """(status, where to, text) of a form sent from the worklist."""
    token = token_in(page_of(client, "/work"))
    answer = client.post(address, data={"csrf": token, **given})
    return answer.status_code, answer.headers.get("Location", ""), answer.get_data(as_text=True)


def files_on(page: str) -> list[str]:
    return re.findall(r'<th scope="row" class="who"><a href="/case/\d+">900-([a-z]+)</a>', page)


def test_the_list_begins_the_day(doctor: FlaskClient) -> None:
    assert doctor.get("/").headers["Location"] == "/work"
    page = page_of(doctor, "/work")
    assert files_on(page) == ["police", "today", "unstable", "late", "later", "week"]
    assert "人today" not in page
    counted = dict(re.findall(r">(今天必须|本周到期|已逾期|全部) <b>(\d+)</b>", page))
    assert counted == {"全部": "6", "今天必须": "2", "本周到期": "1", "已逾期": "3"}
    assert files_on(page_of(doctor, "/work?block=late")) == ["unstable", "late", "later"]
    assert files_on(page_of(doctor, f"/work?village={NEAR}&block=late")) == ["late"]
    assert sorted(files_on(page_of(doctor, "/work?block=lost"))) == ["lost", "year"]
    assert "没有符合条件的患者" in page_of(doctor, "/work?kind=80")


def test_an_outcome_in_one_tap_and_its_undo(doctor: FlaskClient, day: Day) -> None:
    page = page_of(doctor, "/work")
    form = re.search(rf'action="/case/{day["today"]}/attempt">(.*?)</form>', page, re.S)
    assert form is not None
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form[1]))
    assert set(hidden) == {"csrf", "once", "back"}
    answer = doctor.post(f"/case/{day['today']}/attempt", data={**hidden, "result": "3"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/work?near={NEAR}")
    after = page_of(doctor, f"/work?near={NEAR}")
    assert "today" not in files_on(after)
    assert "近村还有" in after
    undo = re.search(r'action="(/attempt/\d+/undo)"', after)
    assert undo is not None
    assert post(doctor, undo[1], back="/work")[0] == 303
    assert "today" in files_on(page_of(doctor, "/work"))


def test_names_only_for_a_purpose(doctor: FlaskClient) -> None:
    assert post(doctor, "/names", names="1", back="/work")[:2] == (303, "/work")
    page = page_of(doctor, "/work")
    assert "人today" in page
    assert "人today" not in re.search(r"<title>(.*?)</title>", page)[1]  # type: ignore[index]


def test_batches(doctor: FlaskClient, day: Day) -> None:
    status, _, shown = post(doctor, "/work/batch", do="remind", on="2026-12-01", back="/work?block=late")
    assert status == 422 and "还没有勾选患者" in shown and files_on(shown) == ["unstable", "late", "later"]
    assert 'name="on" min="2026-11-21" value="2026-12-01"' in shown
    assert '<input type="hidden" name="back" value="/work?block=late">' in shown
    status, _, shown = post(doctor, "/work/batch", do="remind", case=str(day["late"]), on="")
    assert status == 422 and "还没有填写提醒日期" in shown
    assert f'name="case" value="{day["late"]}" checked' in shown
    post(doctor, "/work/batch", do="remind", case=str(day["fine"]), on=TODAY.isoformat())
    page = page_of(doctor, "/work")
    assert "已为 1 人设置 2026-11-21 提醒" in page
    assert "fine" in files_on(page)
    assert "还没有选择人员" in post(doctor, "/work/batch", do="assign", case=str(day["late"]), account="")[2]
    account = re.search(r'<option value="(\d{6,})">东镇乙</option>', page)
    assert account is not None
    post(doctor, "/work/batch", do="assign", case=str(day["late"]), account=account[1])
    page = page_of(doctor, "/work?mine=1")
    assert "已分派 1 人的应办事项" in page
    assert "负责：东镇乙" in page
    _, _, sheet = post(doctor, "/work/sheet", area=EAST, case=[str(day["late"]), str(day["lost"])])
    assert re.findall(r"<th scope=\"row\" class=\"short\">900-(\w+)</th>", sheet) == ["late", "lost"]
    for things in re.findall(r"<td class=\"num\">[^<]*</td><td>([^<]+)</td>", sheet):
        assert len(set(things.split("、"))) == len(things.split("、")) <= 4


def test_what_no_record_tells(doctor: FlaskClient) -> None:
    found = re.search(r'action="(/duty/\d+/settle)"', page_of(doctor, "/work"))
    assert found is not None
    status, _, shown = post(doctor, found[1], on="2026-11-01", back="/work")
    assert status == 422 and "办理日期应在" in shown and 'name="on" value="2026-11-01"' in shown
    # From a page of one person the date comes back on a page of its own.
    status, _, shown = post(doctor, found[1], on="2026-11-01", back="/case/1")
    assert status == 422 and "您刚才填写的内容" in shown and 'href="/case/1"' in shown
    post(doctor, found[1], on="2026-11-19", back="/work")
    page = page_of(doctor, "/work")
    assert "已记为办结" in page
    assert found[1] not in page
    assert post(doctor, found[1], on="2026-11-19")[0] == 404


def test_supervisors(site: Flask, day: Day) -> None:
    officer = site.test_client()
    sign_in(officer, "officer")
    page = page_of(officer, "/work")
    assert "东镇" in page
    assert f"/work/{EAST}/staff" in page
    assert files_on(page_of(officer, f"/work/{WEST}")) == ["west"]
    assert officer.get(f"/work/{COUNTY}").status_code == 200
    team = page_of(officer, f"/work/{EAST}/staff")
    assert "只有一个账号" in team
    token = token_in(team)
    wrong = officer.post(
        f"/work/{EAST}/stand-in", data={"csrf": token, "absent": "nobody", "instead": "nobody"}
    )
    assert wrong.status_code == 422
    assert "请选择本乡镇（街道）的在岗人员" in wrong.get_data(as_text=True)
    account = re.search(r'<option value="(\d{6,})">东镇乙</option>', team)
    assert account is not None
    done = officer.post(
        f"/work/{EAST}/hand-over", data={"csrf": token, "giver": "nobody", "taker": account[1]}
    )
    assert done.status_code == 303
    assert "已交接" in page_of(officer, f"/work/{EAST}/staff")
    assert officer.post(f"/work/{EAST}/hand-over", data={"csrf": token}).status_code == 422


def test_other_townships_are_closed(doctor: FlaskClient) -> None:
    assert doctor.get(f"/work/{WEST}").status_code == 404
    assert doctor.get(f"/work/{WEST}/staff").status_code == 404
    assert doctor.get(f"/work/{COUNTY}").status_code == 404
    assert doctor.get("/work?page=x&size=y&village=z&kind=q&block=w").status_code == 200


def test_a_view_is_named_begins_the_day_and_is_deleted(doctor: FlaskClient) -> None:
    late = f"/work?block=late&village={NEAR}"
    assert "保存这个筛选" in page_of(doctor, late)
    assert "保存这个筛选" not in page_of(doctor, "/work")
    given = {"block": "late", "village": NEAR, "back": late}
    for label, says in (
        ("", "没有名字"),
        ("去找人today", "患者的姓名"),
        ("打 10000000001", "一长串数字"),
        ("长" * 21, "最多 20 个字"),
    ):
        code, _, shown = post(doctor, f"/work/{EAST}/views", label=label, **given)
        assert code == 422 and says in shown, label
        assert f'autocomplete="off" value="{label}"' in shown
    assert post(doctor, f"/work/{EAST}/views", label="近村逾期", first="1", **given)[0] == 303
    begun = page_of(doctor, "/work")
    assert files_on(begun) == ["late"]
    assert "正在按默认筛选“近村逾期”显示" in begun
    assert files_on(page_of(doctor, "/work?all=1")) == [
        "police",
        "today",
        "unstable",
        "late",
        "later",
        "week",
    ]
    assert "人" not in re.search(r"<title>(.*?)</title>", begun)[1]  # type: ignore[index]
    # The same name again replaces what it stood for.
    post(doctor, f"/work/{EAST}/views", label="近村逾期", first="1", block="late", village="", back="/work")
    assert files_on(page_of(doctor, "/work")) == ["unstable", "late", "later"]
    key = re.search(r'action="(/work/views/\d+)"', page_of(doctor, "/work"))
    assert key is not None
    code, where, _ = post(doctor, key[1], do="all")
    assert (code, where) == (303, "/work?all=1")
    assert len(files_on(page_of(doctor, "/work"))) == 6
    assert post(doctor, key[1], do="first")[0] == 303
    assert len(files_on(page_of(doctor, "/work"))) == 3
    assert post(doctor, key[1], do="remove")[0] == 303
    assert "近村逾期" not in page_of(doctor, "/work")
    assert post(doctor, key[1], do="remove")[0] == 404


def test_a_view_is_of_one_account(site: Flask, doctor: FlaskClient) -> None:
    post(doctor, f"/work/{EAST}/views", label="逾期", block="late", first="1", back="/work")
    key = re.search(r'action="(/work/views/\d+)"', page_of(doctor, "/work"))
    assert key is not None
    officer = site.test_client()
    sign_in(officer, "officer")
    page = page_of(officer, f"/work/{EAST}")
    assert "正在按默认筛选" not in page and len(files_on(page)) == 6
    assert officer.post(key[1], data={"csrf": token_in(page), "do": "remove"}).status_code == 404
    assert "正在按默认筛选" in page_of(doctor, "/work")
    assert post(doctor, f"/work/{WEST}/views", label="逾期", block="late", back="/work")[0] == 404
    code, _, shown = post(doctor, f"/work/{EAST}/views", label="空", back="/work")
    assert code == 422 and "还没有选择筛选条件" in shown and ">空</textarea>" in shown
