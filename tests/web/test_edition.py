"""口径页: reading, comparing, and laying down an edition after its effect was shown."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from casemgr.services import edition
from casemgr.services.edition import Draft, Line
from casemgr.store.db import new_key
from tests.services import people
from tests.store.register import COUNTY, OFFICER, units
from tests.web.conftest import token_in
from tests.web.test_county import page_of, words_of

Visit = Callable[[str], FlaskClient]


def test_editions_are_read_and_compared_by_everybody(visit: Visit) -> None:
    doctor = visit("east")
    assert "/editions?area=" in page_of(doctor, "/township")
    words = words_of(page_of(doctor, "/editions"))
    assert "CN-2020" in words
    assert "现行" in words
    assert "稳定者两次随访的间隔上限 92 天" in words
    assert "新增县级口径" not in words
    compared = words_of(page_of(doctor, "/editions/compare?month=2026-10&before=CN-2020&after=CN-2020"))
    assert "影响 0 人" in compared
    for odd in ("month=zzz", "month=1999-01"):
        assert doctor.get(f"/editions/compare?{odd}").status_code == 422
    assert doctor.get("/editions/compare?before=X&after=Y").status_code == 200
    assert doctor.get("/editions/new").status_code == 403


def test_an_edition_is_shown_before_it_is_kept(site: Flask, client_of: Callable[[str], FlaskClient]) -> None:
    with site.app_context():
        people.furnish(units())
    officer = client_of("officer")
    page = page_of(officer, "/editions/new")
    once = re.search(r'name="once" value="(\d+)"', page)
    assert once
    told = {
        "csrf": token_in(page),
        "once": once[1],
        "title": "示例县口径（2027）",
        "source": "示卫发〔2026〕9号",
        "month": "2027-01",
        "lines": ["IND-03.STD-4", "IND-05.MED-LAST"],
        "target-IND-03.STD-4": "85",
        "number-gap_stable": "60",
        "known": "2026-10",
    }
    shown = officer.post("/editions/new", data={**told, "act": "preview"})
    assert shown.status_code == 200
    words = words_of(shown.get_data(as_text=True))
    assert re.search(r"影响 \d+ 人", words)
    assert 'value="示例县口径（2027）"' in shown.get_data(as_text=True)
    assert "999901-202701" not in page_of(officer, "/editions")

    wrong = officer.post("/editions/new", data={**told, "act": "save", "target-IND-03.STD-4": "八成"})
    assert wrong.status_code == 422
    assert 'value="八成"' in wrong.get_data(as_text=True)
    assert "有 1 处需要改正" in wrong.get_data(as_text=True)

    for _ in range(2):  # pressed twice
        kept = officer.post("/editions/new", data={**told, "act": "save"})
        assert kept.status_code == 303
    listed = page_of(officer, "/editions")
    assert listed.count('<span class="code">9999') == 1
    assert "2027-01-01 起" in listed
    again = officer.get("/editions/new").get_data(as_text=True)
    other = re.search(r'name="once" value="(\d+)"', again)
    assert other
    clash = officer.post("/editions/new", data={**told, "once": other[1], "act": "save"})
    assert clash.status_code == 422
    lost = officer.post("/editions/new", data={**told, "once": "x", "act": "save"})
    assert lost.status_code == 422


def test_an_edition_is_withdrawn_on_the_page_before_it_holds(
    site: Flask, client_of: Callable[[str], FlaskClient]
) -> None:
    with site.app_context():
        draft = Draft("示例县口径（2027）", "示卫发〔2026〕9号", "2027-01", (Line("IND-11", 2, "80"),), {})
        edition.add(OFFICER, COUNTY, draft, new_key())
    officer, doctor = client_of("officer"), client_of("east")
    page = page_of(officer, "/editions")
    assert "尚未生效" in page
    assert "撤回" not in words_of(page_of(doctor, "/editions")).replace("可以撤回", "")
    key = re.search(r'name="key" value="(\d+)"', page)
    assert key
    told = {"csrf": token_in(page), "area": str(COUNTY), "key": key[1]}
    wrong = officer.post("/editions", data={**told, "because": "误填"})
    assert wrong.status_code == 422
    assert "请写明撤回的原因" in wrong.get_data(as_text=True) and ">误填</textarea>" in wrong.get_data(
        as_text=True
    )
    for status in (303, 409):  # pressed twice
        sent = officer.post("/editions", data={**told, "because": "上级文件推迟执行"})
        assert sent.status_code == status
    words = words_of(sent.get_data(as_text=True))
    assert "已经撤回过" in words and "已撤回的口径" in words and "尚未生效" not in words
    assert "您刚才填写的内容" in words
    assert "上级文件推迟执行" in words_of(page_of(doctor, "/editions"))
    assert officer.post("/editions", data={**told, "key": "x", "because": "没有这一版"}).status_code == 404
    assert (
        doctor.post("/editions", data={**told, "csrf": token_in(page_of(doctor, "/township"))}).status_code
        == 403
    )
