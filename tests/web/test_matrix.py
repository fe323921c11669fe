"""The disclosure matrix and the confirmation of accounts on screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from casemgr.rules.access import Role
from casemgr.services import account, matrix
from casemgr.terms.disclosure import FieldGroup, Party
from tests.conftest import TODAY
from tests.staff import NOW, PASSWORD
from tests.store.register import EAST, SYSTEM
from tests.web.conftest import token_in

ClientOf = Callable[[str], FlaskClient]


@pytest.fixture
def keepers(site: Flask) -> dict[str, int]:
    with site.app_context():
        for login, name, role in (
            ("safe", "安全戊", Role.SECURITY_ADMINISTRATOR),
            ("audit", "审计己", Role.AUDIT_ADMINISTRATOR),
        ):
            account.create(SYSTEM, login, name, int(role), None, NOW, PASSWORD, must_change=False)
        return {one.login: one.key for one in account.list_(SYSTEM)}


def text_of(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, address
    return answer.get_data(as_text=True)


def test_every_line_of_the_matrix_is_on_a_page(keepers: dict[str, int], client_of: ClientOf) -> None:
    client = client_of("east")
    whole = text_of(client, "/matrix")
    for party in Party:
        assert f'href="/matrix/{int(party)}"' in whole
        page = text_of(client, f"/matrix/{int(party)}")
        for group in FieldGroup:
            assert group.label in page, (party, group)
    police = text_of(client, f"/matrix/{int(Party.POLICE)}")
    assert "待核对" in police and "前三位、后两位" in police
    assert "不在任何页面上显示" in text_of(client, f"/matrix/{int(Party.POLICE_ABOVE)}")
    assert "您的岗位" in whole and "提出放宽" not in whole
    text_of(client, "/matrix/99", 404)


def test_a_line_is_loosened_from_form_to_approval(keepers: dict[str, int], client_of: ClientOf) -> None:
    safe, officer = client_of("safe"), client_of("officer")
    form = text_of(safe, "/matrix/loosen")
    once = re.search(r'name="once" value="(\d+)"', form)
    assert once
    typed = {"csrf": token_in(form), "once": once.group(1), "key": "PO-G3", "number": "某卫〔2026〕12号"}
    wrong = safe.post("/matrix/loosen", data=typed | {"impact": "急用", "first": "明天", "last": ""})
    page = wrong.get_data(as_text=True)
    assert (
        wrong.status_code == 422
        and "急用" in page
        and "某卫〔2026〕12号" in page
        and 'href="#f-first"' in page
    )
    good = typed | {
        "impact": "派出所核实走失人员时需要电话；只给本所联络员，用后不留存。",
        "over": str(EAST),
        "approver": "某县卫生健康委员会",
        "first": TODAY.isoformat(),
        "last": (TODAY + timedelta(days=9)).isoformat(),
    }
    for _ in range(2):
        assert safe.post("/matrix/loosen", data=good).status_code == 303
    assert "等东镇的另一人批准" in text_of(safe, "/matrix")
    shown = text_of(officer, "/matrix")
    assert shown.count("不予批准") == 1
    answer = officer.post(
        f"/matrix/loosen/{once.group(1)}/decide", data={"csrf": token_in(shown), "approved": "1"}
    )
    assert answer.status_code == 303
    assert "已放宽" in text_of(officer, f"/matrix/{int(Party.POLICE)}")
    police = text_of(officer, f"/matrix/{int(Party.POLICE)}")
    assert "某卫〔2026〕12号" in police and "东镇，2026年" in police.replace("东镇，2026-", "东镇，2026年")
    ended = safe.post(f"/matrix/loosen/{once.group(1)}/end", data={"csrf": token_in(form)})
    assert ended.status_code == 303
    assert "已放宽" not in text_of(officer, f"/matrix/{int(Party.POLICE)}")


def test_each_of_the_three_administrators_sees_the_own_pages_only(
    keepers: dict[str, int], client_of: ClientOf
) -> None:
    own = {
        "admin": {"/accounts", "/accounts/review", "/jobs", "/matrix"},
        "safe": {"/accounts/review", "/matrix", "/matrix/loosen"},
        "audit": {"/matrix"},
    }
    people = {"/cases", "/work", "/county", "/search?q=x", "/reports", "/clues", "/glass/new"}
    every = set().union(*own.values()) | people
    for login, opened in own.items():
        client = client_of(login)
        home = client.get("/", follow_redirects=True)
        assert home.status_code == 200, login
        for address in sorted(every):
            status = client.get(address).status_code
            assert (status == 200) is (address in opened), (login, address, status)


def test_accounts_are_confirmed_on_their_page_and_nobody_confirms_the_own(
    keepers: dict[str, int], client_of: ClientOf
) -> None:
    safe = client_of("safe")
    page = text_of(safe, "/accounts/review")
    assert f"/accounts/{keepers['east']}/certify" in page
    assert f"/accounts/{keepers['safe']}/certify" not in page
    sent = {"csrf": token_in(page)}
    assert safe.post(f"/accounts/{keepers['east']}/certify", data=sent).status_code == 303
    assert "安全戊" in text_of(safe, "/accounts/review")
    safe.post(f"/accounts/{keepers['safe']}/certify", data=sent)
    assert "不能复核自己的账号" in text_of(safe, "/accounts/review")
    admin = client_of("admin")
    admin.post(f"/accounts/{keepers['west']}/certify", data={"csrf": token_in(text_of(admin, "/accounts"))})
    assert "由安全管理员进行" in text_of(admin, "/accounts/review")


def test_days_and_leaving_are_set_on_the_page_of_an_account(
    keepers: dict[str, int], client_of: ClientOf
) -> None:
    admin, east = client_of("admin"), client_of("east")
    address = f"/accounts/{keepers['east']}/term"
    page = text_of(admin, address)
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    sent = {"csrf": token_in(page), "version": version.group(1)}
    wrong = admin.post(address, data=sent | {"valid_from": "后天", "valid_until": "2027-01-01"})
    assert wrong.status_code == 422 and "后天" in wrong.get_data(as_text=True)
    late = TODAY + timedelta(days=5)
    assert (
        admin.post(address, data=sent | {"valid_from": "", "valid_until": late.isoformat()}).status_code
        == 303
    )
    assert "您的账号可用到" in text_of(east, "/help")
    again = admin.post(address, data=sent | {"valid_until": ""})
    assert again.status_code == 409
    assert admin.post(f"/accounts/{keepers['east']}/leave", data=sent).status_code == 303
    assert "已离岗" in text_of(admin, address)
    assert east.get("/help").status_code == 200
    assert east.get("/work").status_code == 303, "the session ended"


def test_the_matrix_says_what_is_in_force(site: Flask) -> None:
    with site.app_context():
        assert all(one.by_screen for cell in matrix.row_of(SYSTEM, 9, TODAY).cells for one in cell.lines)
