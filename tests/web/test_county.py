"""县级首页: tiles, months, the table of townships, and that each number leads to its people."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from casemgr.services import job
from tests.store.register import EAST, WEST

Visit = Callable[[str], FlaskClient]


def page_of(client: FlaskClient, address: str) -> str:
    """The page at an address, which must be there."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return answer.get_data(as_text=True)


def words_of(page: str) -> str:
    """A page as somebody reads it, without marks and line ends."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_officer_begins_with_the_county(visit: Visit) -> None:
    client = visit("officer")
    assert client.get("/").headers["Location"] == "/county"
    words = words_of(page_of(client, "/county"))
    for said in (
        "示例县",
        "本月至今",
        "草稿",
        "数据截至 2026-11-21",
        "口径 CN-2020",
        "规范管理率",
        "规律服药率",
    ):
        assert said in words
    assert "居家患者社区康复参与率" in words
    assert re.search(r"在册 62 人，其中本年度随访 未评估 分类的 14 人", words)


def test_a_closed_month_is_shown_as_frozen(visit: Visit) -> None:
    words = words_of(page_of(visit("officer"), "/county?month=2026-10"))
    assert "2026-10 月结" in words
    assert "已冻结" in words
    assert "数据截至 2026-10-31" in words
    assert re.search(r"环比 [+−]?\d+\.\d\d 个百分点", words)


def test_the_months_to_choose_from_are_those_that_ended(visit: Visit) -> None:
    page = page_of(visit("officer"), "/county")
    choice = page[: page.index("</select>")]
    months = re.findall(r'<option value="([^"]+)"', choice)
    assert months[:4] == ["live", "2026-10", "2026-09", "2026-08"]
    assert len(months) == 13
    assert "2026-09（已冻结）" in choice
    assert "2026-08（未月结）" in choice


def test_an_ended_month_that_was_not_closed_is_a_draft_and_can_be_closed(visit: Visit) -> None:
    words = words_of(page_of(visit("officer"), "/county?month=2026-08"))
    assert "2026-08 尚未月结" in words
    assert "草稿" in words
    assert "数据截至 2026-08-31" in words
    assert "月结并生成月报" in words
    assert "月结并生成月报" not in words_of(page_of(visit("officer"), "/county?month=2026-10"))


@pytest.mark.parametrize("month", ["2026-11", "2027-01", "2026-13", "nonsense", "2026-10; DROP"])
def test_what_is_no_ended_month_is_no_page_and_no_fault(visit: Visit, month: str) -> None:
    assert visit("officer").get("/county", query_string={"month": month}).status_code in (404, 422)


def test_every_number_of_the_page_leads_to_as_many_people(visit: Visit) -> None:
    client = visit("officer")
    for month in ("live", "2026-10"):
        page = page_of(client, f"/county?month={month}")
        links = set(re.findall(r'<a href="(/people/[^"]+)">([\d,]+)</a>', page))
        assert len(links) > 15
        # One of each kind of number; the service is tested for all of them.
        chosen = {
            re.sub(r"/people/\d+/", "", address.split("?")[0]): (address, count) for address, count in links
        }
        for address, count in list(chosen.values())[:12]:
            words = words_of(page_of(client, address.replace("&amp;", "&")))
            assert f"共 {int(count.replace(',', ''))} 人" in words, address


def rows_of(page: str) -> list[str]:
    """Names of the townships in the order of the table."""
    body = page[page.index("<tbody>") : page.index("</tbody>")]
    return re.findall(r'<th scope="row" class="pin"><a href="[^"]+">([^<]+)</a>', body)


def test_townships_are_sorted_by_what_they_lack(visit: Visit) -> None:
    client = visit("officer")
    assert rows_of(page_of(client, "/county")) == ["东镇", "西镇"]
    assert rows_of(page_of(client, "/county?sort=IND-03.STD-INT.distance&down=1")) == ["西镇", "东镇"]
    assert rows_of(page_of(client, "/county?sort=registered")) == ["东镇", "西镇"]
    assert rows_of(page_of(client, "/county?sort=name&down=1")) == ["西镇", "东镇"]
    assert rows_of(page_of(client, "/county?sort=anything")) == ["东镇", "西镇"]


def test_the_table_leads_to_the_townships(visit: Visit) -> None:
    page = page_of(visit("officer"), "/county?month=2026-10")
    assert f'href="/township/{EAST}?month=2026-10"' in page
    assert f'href="/township/{WEST}?month=2026-10"' in page


def test_what_the_clock_could_not_do_is_said_on_top(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    failure = job.Failure("月结与月报（2026-10）", "东镇（月报：字体缺失）没有完成。", None, None)
    monkeypatch.setattr(job, "failures", lambda _access, _now: [failure])
    words = words_of(page_of(visit("officer"), "/county"))
    assert "月结与月报（2026-10）" in words
    assert "字体缺失" in words


def test_others_are_not_shown_the_county(visit: Visit) -> None:
    assert visit("east").get("/county").headers["Location"] == "/township"
    assert visit("admin").get("/county").status_code == 403
    assert visit("officer").get("/township").status_code == 404


def test_what_a_township_lacks_leads_to_a_list_for_one_trip(visit: Visit) -> None:
    officer = visit("officer")
    page = page_of(officer, "/county?month=2026-10")
    links = re.findall(r'href="(/gap/[^"]+)"', page)
    assert links
    for link in links[:3]:
        words = words_of(page_of(officer, link.replace("&amp;", "&")))
        assert "差距名单" in words
        assert "不会建议改动分类、危险性或用药依从性" in words
    assert "同村的排在一起" in words_of(page_of(visit("east"), f"/gap/{EAST}/IND-03?order=village&page=9"))
    assert visit("east").get(f"/gap/{WEST}/IND-03").status_code == 404
    assert visit("admin").get(f"/gap/{EAST}/IND-03").status_code == 403
    assert officer.get(f"/gap/{EAST}/IND-01").status_code == 422
