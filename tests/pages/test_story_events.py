"""故事续：what comes between — a move within the county, an emergency, an act, a stay in hospital that ends.

The people of ``tests.pages.story`` live through October once more. Two townships look at their lists: until
the receiver has accepted, a person stands on the sender's list alone, then on the receiver's alone.
At the end the figures of both townships together are those of the plain count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.pages.conftest import Complaints, assert_accessible, open_page, serving, sign_in
from tests.pages.story import PEOPLE
from tests.pages.test_story import Doctor, figures_of, plain_count
from tests.services.people import number_of
from tests.store.register import EAST, WEST

NUMBERS = {file_no: number_of(index) for index, (file_no, _name, _visits) in enumerate(PEOPLE, 1)}


class Colleague(Doctor):
    """Somebody at work whose list may also hold what has no file here."""

    def listed(self) -> dict[str, list[str]]:
        """Who stands in each block, and 未建档 what waits for a file; the counters say the same."""
        self.go("/work?size=100")
        blocks: dict[str, list[str]] = {}
        for body in self.page.locator(".work table tbody").all():
            head = body.locator("tr.work-block").inner_text().strip()
            blocks[head] = sorted(body.locator("th.who a").all_inner_texts())
        told = dict(
            entry.rsplit(maxsplit=1) for entry in self.page.locator(".work-counts a").all_inner_texts()
        )
        apart = self.page.locator(".work-apart li a").all_inner_texts()
        if apart:
            blocks["未建档"] = apart
        later = re.search(r"其中 (\d+) 项", self.page.locator("main").inner_text())
        counted = sum(len(found) for found in blocks.values()) - (int(later[1]) if later else 0)
        assert int(told["全部"]) == counted
        return blocks

    def why(self, file_no: str) -> str:
        """What the list says of somebody."""
        self.go("/work?size=100")
        row = self.page.locator(".work tbody tr", has=self.page.get_by_role("link", name=file_no, exact=True))
        return row.locator("td.why").inner_text()

    def hidden(self, file_no: str) -> bool:
        """Whether this township has no such file."""
        self.go("/cases?size=100&lifecycle=all")
        return self.page.get_by_role("link", name=file_no, exact=True).count() == 0


@pytest.fixture(scope="module")
def county(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address and folder of the served county of the story."""
    folder = tmp_path_factory.mktemp("story-events") / "instance"
    with serving(template, folder, "tests.pages.story") as address:
        yield address, folder


@pytest.fixture
def people(browser: Browser, county: tuple[str, Path]) -> Iterator[dict[str, Colleague]]:
    """The doctors of both townships and the officer, each at a desk; the browsers must not complain."""
    found: dict[str, Colleague] = {}
    complaints: dict[str, Complaints] = {}
    for login in ("east", "west", "officer"):
        page = open_page(browser)
        complaints[login] = Complaints(page)
        sign_in(page, county[0], login)
        found[login] = Colleague(page, county[0])
    yield found
    for one in found.values():
        one.page.context.close()
    assert [(login, one.found) for login, one in complaints.items() if one.found] == []


def test_the_days_between(people: dict[str, Colleague], county: tuple[str, Path]) -> None:
    east, west, officer = people["east"], people["west"], people["officer"]
    page = east.page

    # Friday 9 October. S02 did harm yesterday: dated, with what was done; the police are told by that.
    assert east.morning("2026-10-09") == {
        "今天必须": ["S02"],
        "已逾期": ["S05"],
        "本周到期": ["S01", "S09"],
    }
    assert "通报公安" in east.why("S02")
    east.person("S02", "/incident")
    page.get_by_role("link", name="影响或伤害他人").click()
    assert page.locator("input[type=radio]:checked, input[type=checkbox]:checked").count() == 0
    assert_accessible(page, "story-incident-new", ("390",))
    east.fill(kind="2", on="2026-10-08", police_told_on="2026-10-09", others_hurt="0", note="推搡邻居")
    for code in ("1", "7"):
        page.locator(f'[name="done"][value="{code}"]').check()
    east.press("保存")
    east.says("这次事件已保存")
    page.locator("#events").get_by_role("link", name="肇事").click()
    page.locator('[name="done"][value="8"]').check()
    east.press("补记")
    east.person("S02")
    page.locator("#events").get_by_role("link", name="肇事").click()
    done = page.locator("dl.facts div", has_text="已采取的措施")
    expect(done).to_contain_text("已通知监护人或家属、已通报公安派出所、已报县级")
    expect(page.locator("dl.facts div", has_text="通报公安日期")).to_contain_text("2026-10-09")
    assert_accessible(page, "story-incident", ("390",))
    assert "通报公安" not in east.why("S02")
    assert "立即转诊" in east.why("S02")

    # S04 moves to the other township, which is asked.
    east.person("S04", "/transfer")
    east.fill(to=str(WEST), reason="随女儿居住，西镇第2村")
    east.press("送出申请")
    east.says("等待对方答复")
    assert west.listed() == {"未建档": ["答复迁入"]}

    # Monday 12 October: the red button for S10, called out last night; and S11 has left the hospital.
    assert east.morning("2026-10-12") == {
        "今天必须": ["S02"],
        "已逾期": ["S01", "S05"],
        "本周到期": ["S09"],
    }
    east.person("S10")
    page.get_by_role("link", name="应急", exact=True).click()
    east.fill(reported_at="2026-10-11", reported_at_time="22:40")
    east.press("开始应急处置")
    east.press("已联系监护人或家属")
    east.press("已到达现场")
    expect(page.locator(".elapsed")).to_contain_text("小时")
    for number in ("120", "110"):
        expect(page.get_by_role("link", name=f"拨打 {number}", exact=True)).to_be_visible()
    assert_accessible(page, "story-emergency", ("390",))
    emergency = page.url.partition("#")[0]
    at = page.locator('[name="started_at_time"]').input_value()
    east.fill(ended_at="2026-10-12", ended_at_time=at, effect="1", stay="1")
    east.fill(causes="3", measures="1", in_charge="母亲")
    east.press("登记结束")
    east.says("请在 24 小时内填写记录单")
    for deadline in (f"2026-10-13 {at}", "2026-10-19", "2026-10-26"):  # record, upload, visit
        expect(page.locator("section", has_text="之后要做")).to_contain_text(deadline)
    assert_accessible(page, "story-emergency-ended", ("390",))
    officer.go("/notices/new/discharge")
    officer.fill(received_on="2026-10-12", to=str(EAST), name="褚住院", id_number=NUMBERS["S11"])
    officer.fill(admitted_on="2026-09-21", discharged_on="2026-10-11", on="2026-10-11", diagnosis="1")
    officer.fill(drug_not_needed="是", guide_not_needed="是")
    officer.press("保存")
    officer.says("已录入并转往乡镇")
    assert east.listed() == {
        "今天必须": ["S02"],
        "已逾期": ["S01", "S05"],
        "本周到期": ["S09", "S10"],
        "未建档": ["接收出院信息单"],
    }

    # Tuesday 13 October: 表12, which knows what was told, and the notice goes into the file of S11.
    assert east.morning("2026-10-13")["今天必须"] == ["S02", "S10"]
    page.goto(f"{emergency}/record")
    assert page.locator('[name="reported_at"]').input_value() == "2026-10-11T22:40"
    assert page.locator('[name="causes"][value="3"]').is_checked()
    assert_accessible(page, "story-emergency-record", ("390",))
    east.fill(place="家中", scene="夜间不眠、激越，经劝导平静", filled_by="东镇乙")
    east.press("保存记录单")
    east.says("记录单已保存")
    east.go("/work")
    page.get_by_role("link", name="接收出院信息单").click()
    east.press("接收")
    assert east.listed()["未建档"] == ["建档录入"]
    page.get_by_role("link", name="建档录入").click()
    assert_accessible(page, "story-notice", ("390",))
    east.press("归入 S11")
    east.says("已归入档案")
    expect(page.locator(".offers")).to_contain_text("出院后首次随访")
    expect(page.locator(".offers")).to_contain_text("2026-10-27")  # ten working days
    expect(page.locator("main")).not_to_contain_text("暂停按期随访")  # the stay has ended with the notice
    page.goto(emergency)
    east.fill(on="2026-10-13")
    east.press("登记已上报")
    assert east.listed() == {
        "今天必须": ["S02"],
        "已逾期": ["S01", "S05"],
        "本周到期": ["S04", "S09"],
    }

    # Friday 16 October: nobody has answered for S04 in five working days; the sender is responsible still.
    assert east.morning("2026-10-16") == {
        "今天必须": ["S02", "S04"],
        "已逾期": ["S01", "S05", "S09"],
        "本周到期": ["S11"],
    }
    assert "迁出未获接收，报县级" in east.why("S04")
    assert west.listed() == {"未建档": ["答复迁入"]}
    assert west.hidden("S04")
    west.go("/work")
    west.page.get_by_role("link", name="答复迁入").click()
    west.says("接收后可见")
    west.press("接收")
    west.says("档案由本单位负责管理")
    assert_accessible(west.page, "story-transferred", ("390",))
    assert west.listed() == {"本周到期": ["S04"]}
    assert east.listed() == {
        "今天必须": ["S02"],
        "已逾期": ["S01", "S05", "S09"],
        "本周到期": ["S11"],
    }
    assert east.hidden("S04")
    assert page.request.get(east.server + east.cases["S04"]).status == 404

    # Thursday 22 October: the visits after the emergency and after the hospital. West is late with its own.
    assert east.morning("2026-10-22") == {
        "今天必须": ["S02"],
        "已逾期": ["S01", "S05", "S09"],
        "本周到期": ["S10", "S11"],
    }
    assert west.listed() == {"已逾期": ["S04"]}
    assert "应急处置后随访" in east.why("S10")
    assert "出院后首次随访" in east.why("S11")
    east.steady_visit("S10", "2027-01-22 前")
    east.steady_visit("S11", "2027-01-22 前")
    assert east.listed() == {"今天必须": ["S02"], "已逾期": ["S01", "S05", "S09"]}
    west.steady_visit("S04", "2027-01-22 前")
    assert west.listed() == {}

    # Monday 2 November: October is closed; what both townships count is what a plain count finds.
    assert east.morning("2026-11-02") == {"今天必须": ["S02"], "已逾期": ["S01", "S05", "S06", "S09"]}
    assert west.listed() == {}
    east.turn("/story/close/2026-10")
    ours, theirs = figures_of(east), figures_of(west)
    assert (ours["IND-01"], theirs["IND-01"], ours["IND-13"]) == (10, 1, 1)
    counted = plain_count(county[1])
    # A number that is nobody leads nowhere.
    together = {key: ours.get(key, 0) + theirs.get(key, 0) for key in ours.keys() | theirs.keys()}
    assert len(together) > 20
    assert together == {key: counted[key] for key in together}
