"""年度情况页 and the lists behind records and dangers: filled in, kept as typed, and never for others."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from flask.testing import FlaskClient

from tests.services.people import WHOLE, Made
from tests.store.register import COUNTY, EAST, WEST
from tests.web.conftest import token_in
from tests.web.test_county import page_of, words_of

Visit = Callable[[str], FlaskClient]
DOCTORS, CLIENTS, STANDARD = f"{COUNTY}-1", f"{COUNTY}-5", f"{COUNTY}-6"


def form_of(page: str) -> dict[str, str]:
    """What the form holds when it is shown."""
    told = dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', page))
    names = {*re.findall(r'name="((?:value|source)-[\d-]+)"', page)}
    told |= dict.fromkeys(names, "")
    told |= {
        name: html.unescape(value) for name, value in re.findall(r'name="([\w-]+)" value="([^"]*)"', page)
    }
    return {name: value for name, value in told.items() if name not in ("csrf", "density", "large")}


def test_a_year_is_filled_in_once_and_every_change_is_kept(visit: Visit) -> None:
    officer = visit("officer")
    page = page_of(officer, "/facts?year=2025")
    assert "留空就是未填报" in page
    told = {**form_of(page), "year": "2025", f"value-{DOCTORS}": "2", f"source-{DOCTORS}": "县卫健局2025年报"}
    token = token_in(page)
    for said in ("已保存 1 项", "与已填报的相同"):
        answer = officer.post("/facts", data={**told, "csrf": token}, follow_redirects=True)
        assert said in words_of(answer.get_data(as_text=True))
    again = page_of(officer, "/facts?year=2025")
    assert "20.00 人/10万" in words_of(again)
    stale = officer.post("/facts", data={**told, "csrf": token_in(again), f"value-{DOCTORS}": "3"})
    assert stale.status_code == 409
    assert "别人改过" in stale.get_data(as_text=True)
    changed = {**form_of(again), "year": "2025", "csrf": token_in(again), f"value-{DOCTORS}": ""}
    assert officer.post("/facts", data=changed).status_code == 303
    words = words_of(page_of(officer, "/facts?year=2025"))
    assert "改为未填报" in words and "（第 2 次）" in words and "县级甲" in words
    # Another year was not touched, and nothing is taken over from it.
    assert "还没有填报" in words_of(page_of(officer, "/facts?year=2024"))


def test_what_cannot_stand_comes_back_as_it_was_typed(visit: Visit) -> None:
    officer = visit("officer")
    page = page_of(officer, "/facts?year=2023")
    told = {
        **form_of(page),
        "year": "2023",
        "csrf": token_in(page),
        f"value-{DOCTORS}": "两人",
        f"source-{DOCTORS}": "县卫健局",
        f"value-{CLIENTS}": "10",
        f"source-{CLIENTS}": "",
        f"value-{STANDARD}": "12",
        f"source-{STANDARD}": "民政局",
    }
    answer = officer.post("/facts", data=told)
    assert answer.status_code == 422
    text = answer.get_data(as_text=True)
    assert "有 3 处需要改正" in words_of(text)
    assert 'value="两人"' in text and "不能多于" in text and "请写明“登记康复对象”的出处" in text
    assert f'href="#f-value-{DOCTORS}"' in text and f'id="f-value-{DOCTORS}"' in text
    assert "还没有填报" in words_of(page_of(officer, "/facts?year=2023"))
    assert officer.get("/facts?year=2016").status_code == 404
    assert officer.get("/facts?year=2099").status_code == 404


def test_a_doctor_reads_the_own_township_and_writes_nothing(visit: Visit) -> None:
    doctor = visit("east")
    page = page_of(doctor, "/facts")
    assert "东镇" in page and "西镇" not in page
    assert '<form method="post" action="/facts"' not in page
    refused = doctor.post("/facts", data={"csrf": token_in(page_of(doctor, "/township")), "year": "2025"})
    assert refused.status_code == 403
    assert visit("admin").get("/facts").status_code == 403


def test_every_tile_leads_to_as_many_rows(visit: Visit, made: Made) -> None:
    officer = visit("officer")
    page = page_of(officer, "/county")
    tiles = re.findall(r'<a href="(/danger/[^"]+)"><b class="number">(\d+)</b>', page)
    assert tiles
    for address, count in tiles:
        body = page_of(officer, address).split("<tbody>")[1].split("</tbody>")[0]
        assert body.count("<tr>") == int(count)
    records = re.findall(r'<a href="(/records/[^"]+)">([\d,]+)</a>', page)
    for address, count in records:
        assert f"共 {count} 条" in words_of(page_of(officer, address.replace("&amp;", "&")))
    doctor = visit("east")
    assert doctor.get(f"/danger/{WEST}/unseen").status_code == 404
    assert doctor.get(f"/records/{WEST}/IND-16/missing").status_code == 404
    assert doctor.get(f"/records/{EAST}/IND-16/all").status_code == 422
    assert doctor.get(f"/danger/{EAST}/nothing").status_code == 404
    assert visit("admin").get(f"/danger/{EAST}/unseen").status_code == 403


def test_townships_stand_side_by_side_as_dots_and_not_in_order_of_rates(visit: Visit) -> None:
    officer = visit("officer")
    page = page_of(officer, "/county?month=2026-10")
    part = page[page.index('id="h-dots"') :].split("</section>")[0]
    names = re.findall(r'<th scope="row" class="pin">([^<]+)</th>', part)
    assert names == ["东镇", "西镇"]
    assert part.count('class="range') == part.count('class="dot"') == 2
    assert "人数少，区间宽" in part and "95% 置信区间" in part and "style=" not in part
    other = page_of(officer, "/county?month=2026-10&compare=IND-05.MED-QUARTER&by=open")
    assert "比较：规律服药率" in words_of(other)
    assert officer.get("/county?compare=nothing&by=x").status_code == 200


def test_counselling_is_entered_on_the_persons_page(visit: Visit, made: Made) -> None:
    doctor, case = visit("east"), made.cases[WHOLE]
    form = page_of(doctor, f"/case/{case}/counselling/new")
    [once] = re.findall(r'name="once" value="(\d+)"', form)
    told = {
        "csrf": token_in(form),
        "once": once,
        "on": "2026-11-10",
        "subject": "2",
        "way": "3",
        "minutes": "20",
    }
    for _press in range(2):
        assert doctor.post(f"/case/{case}/counselling/new", data=told).status_code == 303
    words = words_of(page_of(doctor, f"/case/{case}"))
    assert "近 24 个月 1 次" in words and "电话" in words
    listed = words_of(page_of(doctor, f"/people/{EAST}/IND-19.FAMILY/numerator"))
    assert "对家属的心理疏导 1 次，末次 11月10日" in listed
