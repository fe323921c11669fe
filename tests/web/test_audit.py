"""审计页: for the audit administrator alone; filters, the verdict with pasted anchors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Flask
from flask.testing import FlaskClient

from casemgr.rules.access import Action
from casemgr.rules.timetable import SHANGHAI
from casemgr.services import account, audit
from casemgr.store.work import open_work
from casemgr.terms.account import Role
from tests.store.register import EAST, SYSTEM, add_person, units
from tests.web.conftest import NOW, PASSWORD, sign_in, token_in
from tests.web.test_county import page_of, words_of


def test_the_auditor_sees_accounts_and_keys_and_no_name(
    site: Flask, client_of: Callable[[str], FlaskClient]
) -> None:
    with site.app_context():
        account.create(
            SYSTEM, "auditor", "审计戊", int(Role.AUDIT_ADMINISTRATOR), None, NOW, PASSWORD, must_change=False
        )
        unit = units()[EAST]
        with open_work(SYSTEM, Action.DEMO_LOAD) as work:
            _, case = add_person(work, EAST, unit, "档E-1", "张一甲乙")
        who = account.key_of(SYSTEM, "east")
    east = client_of("east")
    token = token_in(page_of(east, f"/case/{case}"))
    east.post(f"/case/{case}", data={"csrf": token, "purpose": "1"})
    east.post("/search", data={"csrf": token, "text": "张一甲乙"})
    auditor = site.test_client()
    sign_in(auditor, "auditor")
    now = datetime.now(SHANGHAI).date().isoformat()  # entries are dated by the clock on the wall
    page = page_of(auditor, f"/audit?since=2020-01-01&until={now}")
    assert "identity:reveal" in page
    assert str(case) in page
    # In letters that no token of the page can be made of: a file number of three would be met by chance.
    for word in ("张一", "甲乙", "档E-1"):
        assert word not in page
    only = page_of(auditor, f"/audit?since=2020-01-01&until={now}&group=refuse&account={who}")
    assert "没有符合条件的记录" in only
    for odd in ("?since=x&until=y&group=z&account=q&before=-1", "?account=99999999999999999999"):
        assert auditor.get(f"/audit{odd}").status_code == 200
    told = {"csrf": token_in(page)}
    assert auditor.post("/audit/anchor", data=told).status_code == 303
    lines = auditor.get("/audit/anchors")
    assert lines.headers["Content-Disposition"].startswith("attachment")
    kept = lines.get_data(as_text=True)
    assert kept.count("\n") == 1
    sound = auditor.post("/audit/verify", data={**told, "anchors": kept})
    assert "与 1 个锚点相符" in words_of(sound.get_data(as_text=True))
    broken = auditor.post("/audit/verify", data={**told, "anchors": kept.replace('"seq":', '"seq":1')})
    assert audit.FORGED in broken.get_data(as_text=True)
    strange = auditor.post("/audit/verify", data={**told, "anchors": "随手写的一行"})
    assert strange.status_code == 422
    assert audit.UNREADABLE in strange.get_data(as_text=True)
    assert "随手写的一行" in strange.get_data(as_text=True)
    assert "个锚点相符" not in strange.get_data(as_text=True)
    for login in ("east", "officer", "admin"):
        assert client_of(login).get("/audit").status_code == 403


def test_the_days_paper_carries_the_newest_anchor(
    site: Flask, client_of: Callable[[str], FlaskClient]
) -> None:
    east = client_of("east")
    told = {"csrf": token_in(page_of(east, "/work")), "area": str(EAST)}
    assert "审计锚点" not in east.post("/work/sheet", data=told).get_data(as_text=True)
    with site.app_context():
        audit.anchor(SYSTEM)
    page = east.post("/work/sheet", data=told).get_data(as_text=True)
    assert '<svg class="qr"' in page
    assert "没有任何人的信息" in page
