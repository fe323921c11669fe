"""Refusals and faults: plain Chinese, a number, two ways out, and nothing that should stay inside."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import NotFound

from casemgr.services.errors import Conflict, Missing, Refused, Throttled, Unfit
from casemgr.web.guard import personal

ClientOf = Callable[[str], FlaskClient]


def boom(site: Flask, wrong: Exception, path: str = "/boom") -> None:
    @personal
    def view() -> str:
        raise wrong

    site.add_url_rule(path, view_func=view, endpoint="boom")


@pytest.mark.parametrize(
    ("wrong", "status", "heading"),
    [
        (Missing("没有这条记录。"), 404, "没有找到"),
        (Conflict("刚刚被改过。"), 409, "已被他人修改"),
        (Unfit("需要改正。", fields={"on": "日期在将来。"}), 422, "内容需要改正"),
        (Refused("不能这样。", rule="GW2017-7.10"), 422, "内容需要改正"),
        (Throttled("稍后再试。"), 429, "操作太频繁"),
    ],
)
def test_a_refusal_of_a_use_case_is_told_in_its_own_words(
    site: Flask, client_of: ClientOf, wrong: Exception, status: int, heading: str
) -> None:
    boom(site, wrong)
    client = client_of("east")
    answer = client.get("/boom")
    page = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert heading in page
    assert str(wrong) in page
    assert "日期在将来。" in page or not getattr(wrong, "fields", None)
    assert "GW2017-7.10" in page or not getattr(wrong, "rule", None)
    assert "回到首页" in page


def test_a_fault_shows_and_logs_no_values(
    site: Flask, client_of: ClientOf, caplog: pytest.LogCaptureFixture
) -> None:
    boom(site, ValueError("张三 999901198001010001"))
    client = client_of("east")
    site.testing = False
    with caplog.at_level(logging.DEBUG):
        answer = client.get("/boom")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert "系统出错" in page
    for text in (page, caplog.text):
        assert "张三" not in text
        assert "9999011980" not in text
    assert "Traceback" not in page
    assert "fault ValueError in boom" in caplog.text
    assert "test_errors.py" in caplog.text
    line = next(record.getMessage() for record in caplog.records if "fault" in record.getMessage())
    number = line.split("request ")[1].split(":")[0]
    assert number in page, "the number on the page finds the line in the log"


class OperationalError(Exception):
    """Named like the error of a database that is busy or away."""


def test_a_busy_database_is_told_as_such(site: Flask, client_of: ClientOf) -> None:
    boom(site, OperationalError("database is locked, parameters 张三"))
    client = client_of("east")
    site.testing = False
    answer = client.get("/boom")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    page = answer.get_data(as_text=True)
    assert "数据库正忙" in page
    assert "张三" not in page


def test_english_explanations_stay_inside(site: Flask, client_of: ClientOf) -> None:
    boom(site, NotFound("The requested thing was not found in table case"))
    client = client_of("east")
    page = client.get("/boom").get_data(as_text=True)
    assert "table case" not in page
    assert "不在您的辖区内" in page


def test_what_is_not_there_and_what_is_not_yours_look_alike(site: Flask, client_of: ClientOf) -> None:
    boom(site, Missing("没有这个页面，或这条记录不在您的辖区内。请从菜单重新进入。"))
    client = client_of("east")
    absent, foreign = client.get("/nowhere"), client.get("/boom")
    assert absent.status_code == foreign.status_code == 404

    def body(page: str) -> str:
        return page[page.index('<div class="fault">') : page.index("页面编号")]

    assert body(absent.get_data(as_text=True)) == body(foreign.get_data(as_text=True))


def test_a_wrong_method_says_which_are_right(client_of: ClientOf) -> None:
    answer = client_of("east").put("/help")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_under_api_a_refusal_is_json(site: Flask) -> None:
    answer = site.test_client().get("/api/v1/nowhere")
    assert answer.status_code == 404
    assert answer.json == {
        "error": {
            "code": "missing",
            "message": "没有这个页面，或这条记录不在您的辖区内。请从菜单重新进入。",
            "fields": {},
            "rule": "",
        }
    }


def test_a_slash_too_few_is_a_redirect_not_an_error(site: Flask) -> None:
    site.add_url_rule("/folder/", view_func=lambda: "", endpoint="help.page2")
    assert site.test_client().get("/folder").status_code == 308
