"""月结页: signing in turn, the differences of a later closing, and its people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Flask
from flask.testing import FlaskClient

from casemgr.rules.access import Access, Action
from casemgr.services import area_fact, clock, indicator
from casemgr.services.area_fact import Typed
from casemgr.store.db import new_key
from casemgr.store.models import Visit
from casemgr.store.work import open_work
from casemgr.terms.area_fact import AreaFactKey
from tests.services import people
from tests.services.people import Made
from tests.store.register import COUNTY, EAST, OFFICER, WEST, units
from tests.web.conftest import token_in
from tests.web.test_county import page_of, words_of

MONTH = "2026-10"


def furnished(site: Flask) -> Made:
    with site.app_context():
        made = people.furnish(units())
        indicator.close(OFFICER, MONTH)
    return made


def revised(site: Flask) -> int:
    """Close once more after a visit was written down late; the case visited."""
    with site.app_context():
        late = next(
            one
            for one in indicator.people(OFFICER, EAST, "IND-02.REG-A", date(2026, 10, 31), "missing")
            if "没有随访" in one.reason
        )
        with open_work(Access.system("test"), Action.DEMO_LOAD) as work:
            work.add(
                Visit(id=new_key(), case_id=late.case_id, area=EAST, on=date(2026, 10, 9), form_version=2018,
                      risk=0, recorded_at=clock.now(), recorded_by=1)
            )  # fmt: skip
        assert indicator.close(OFFICER, MONTH).written
    return late.case_id


def test_a_closed_month_leads_to_its_history(site: Flask, client_of: Callable[[str], FlaskClient]) -> None:
    furnished(site)
    officer, doctor = client_of("officer"), client_of("east")
    assert f"/closings/{MONTH}?area=" in page_of(officer, f"/county?month={MONTH}")
    words = words_of(page_of(officer, f"/closings/{MONTH}"))
    assert "现行第 1 版" in words
    assert "没有修订" in words
    assert "核对无误" in words
    # The doctor reads what concerns the township; signing is the county's.
    assert "核对无误" not in words_of(page_of(doctor, f"/closings/{MONTH}"))
    assert doctor.get(f"/closings/{MONTH}?area={WEST}").status_code == 404
    assert officer.get("/closings/2026-08").status_code == 404
    assert officer.get("/closings/zzz").status_code == 422


def test_a_revision_names_figures_causes_and_people(
    site: Flask, client_of: Callable[[str], FlaskClient]
) -> None:
    furnished(site)
    case_id = revised(site)
    officer, doctor = client_of("officer"), client_of("east")
    for client in (officer, doctor):
        page = page_of(client, f"/closings/{MONTH}")
        assert "第 2 版的修订说明" in page
        assert "补录记录 1 人" in words_of(page)
        listed = page_of(client, f"/closings/{MONTH}/2?key=IND-02.REG-A")
        assert f"/case/{case_id}" in listed
        assert "分子 +1，分母 0" in listed
        assert "2026-10-09" in listed
    assert client_of("west").get(f"/closings/{MONTH}/2").status_code == 404
    for odd in ("?key=IND-99", "/7", "/2?cause=99&page=x&size=-1"):
        address = f"/closings/{MONTH}{odd}" if odd.startswith("/") else f"/closings/{MONTH}/2{odd}"
        assert officer.get(address).status_code in (200, 404)


def test_steps_are_pressed_in_turn_and_by_two_people(
    site: Flask, client_of: Callable[[str], FlaskClient]
) -> None:
    furnished(site)
    officer = client_of("officer")
    with site.app_context():
        from casemgr.services import month_revision

        key = month_revision.steps(OFFICER, MONTH, int(OFFICER.low))[0].key
    page = page_of(officer, f"/closings/{MONTH}")

    def press(step: int, **more: str) -> str:
        answer = officer.post(
            f"/closings/{MONTH}",
            data={"csrf": token_in(page), "key": str(key), "revision": "1", "step": str(step), **more},
            follow_redirects=True,
        )
        assert answer.status_code in (200, 409, 422), answer.status_code
        return words_of(answer.get_data(as_text=True))

    assert "已记录核对" in press(1)
    assert "不能由同一个人完成" in press(2)
    assert "已不能做这一步" in press(3)
    assert "请写明退回的原因" in press(4, reason=" ")
    words = press(4, reason="漏录三次随访")
    assert "已退回重开" in words
    assert "漏录三次随访" in words
    bad = officer.post(f"/closings/{MONTH}", data={"csrf": token_in(page), "key": "x", "step": "77"})
    assert bad.status_code == 404
    doctor = client_of("east")
    refused = doctor.post(
        f"/closings/{MONTH}",
        data={"csrf": token_in(page_of(doctor, "/township")), "key": str(key), "revision": "1", "step": "1"},
    )
    assert refused.status_code == 403


def test_a_corrected_fact_is_named_as_the_cause(site: Flask, client_of: Callable[[str], FlaskClient]) -> None:
    doctors = f"{COUNTY}-{int(AreaFactKey.PSYCHIATRISTS)}"
    with site.app_context():
        area_fact.save(OFFICER, 2026, {doctors: Typed("2", "县卫健局2026年报表", 0)})
    furnished(site)
    officer = client_of("officer")
    address = f"/rate/{COUNTY}/IND-20?month={MONTH}"
    assert "已冻结" in words_of(page_of(officer, address))
    with site.app_context():
        area_fact.save(OFFICER, 2026, {doctors: Typed("3", "更正后的报表", 1)})
    words = words_of(page_of(officer, address))
    assert "已冻结，其后有补录" in words and "20.00 人/10万" in words
    assert "月结之后又有补录或更正，还没有列入" in words_of(page_of(officer, f"/closings/{MONTH}"))
    with site.app_context():
        assert indicator.close(OFFICER, MONTH).written
    words = words_of(page_of(officer, f"/closings/{MONTH}"))
    assert "没有人的计入情况不同" in words
    assert "示例县 精神科执业（助理）医师 第 2 次填报 2 人 3 人 每10万人口精神科执业（助理）医师数" in words
    assert "20.00 → 30.00 人/10万" in words
    assert "其后有补录" not in words
