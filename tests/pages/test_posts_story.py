"""村医与医院的一天: a task and an observation of a village doctor, a referral and a discharge."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pages.conftest import assert_accessible, resize, serving, sign_in
from tests.pages.test_liaison_story import Officer
from tests.services.posts import TODAY

DAY = TODAY.isoformat()


@pytest.fixture(scope="module")
def county(browser: Browser, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("posts") / "instance"
    with serving(template, folder, "tests.pages.posts_story") as address:
        yield address


class Post(Officer):
    """Somebody at a post: the sheet says what the window of a department never says."""

    def text(self) -> str:
        return self.page.locator("main").inner_text()


def test_a_day_of_a_village_doctor_and_a_hospital(browser: Browser, page: Page, county: str) -> None:
    sign_in(page, county, "east")
    page.goto(f"{county}/cases")
    where = str(page.get_by_role("link", name="901-0").first.get_attribute("href"))
    village = Post(browser, county, "cunone")
    resize(village.page, "390")

    # The doctor asks; the village doctor looks in, answers, and tells what there was to see.
    page.goto(f"{county}{where}/task")
    page.get_by_label("cunone岗位 村医").check()
    page.get_by_label("请上门看望").check()
    page.get_by_role("button", name="发送").click()
    expect(page.get_by_text("已发送")).to_be_visible()
    assert "王某" in village.home() and "李某" not in village.text()
    village.follow("请上门看望")
    assert "王小明" in village.text()
    village.page.get_by_label("是", exact=True).check()
    village.press("答复")
    village.home()
    village.page.locator("#lines").get_by_role("link", name=re.compile("报告所见")).click()
    village.page.get_by_label("在家", exact=True).check()
    village.page.get_by_label(re.compile("比平常差")).check()
    village.page.get_by_label("说不想活，或伤害自己").check()
    assert_accessible(village.page, "post-seen", ("390",))
    village.press("报给社区医生")
    expect(village.page.get_by_text("现在就打电话给社区医生")).to_be_visible()

    # It is urgent; taken over, it is an entry and no visit. Then the person is referred.
    page.goto(f"{county}/partners")
    expect(page.get_by_text("紧急")).to_be_visible()
    page.locator("tbody tr", has_text="上门所见").get_by_role("link").click()
    page.get_by_role("button", name="采纳", exact=True).click()
    expect(page.get_by_text("已采纳，写进了档案。")).to_be_visible()
    page.goto(f"{county}{where}/referral")
    page.get_by_label(re.compile("上转")).check()
    page.locator("#f-advised_on").fill(DAY)
    page.locator("#f-sent_on").fill(DAY)
    page.locator("#f-target").fill("精神科")
    page.locator("#f-hospital").select_option(label="yuan岗位")
    page.locator("#f-reason").fill("说不想活")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("转诊已登记。")).to_be_visible()

    # The hospital has the sheet, and tells of the discharge; the doctor makes 表4 of it.
    hospital = Post(browser, county, "yuan")
    hospital.home()
    hospital.press("查看")
    assert "说不想活" in hospital.text() and "王小明" in hospital.text()
    hospital.follow("回报社区医生")
    hospital.page.get_by_label("出院通知", exact=True).check()
    hospital.page.locator("#f-on").fill(DAY)
    hospital.page.locator("#f-admitted_on").fill(DAY)
    hospital.page.locator("#f-diagnosis").select_option("1")
    hospital.page.locator("#f-medication").fill("利培酮 2毫克 每晚")
    hospital.page.locator("#f-advice").fill("两周后复诊")
    hospital.press("回报")
    expect(hospital.page.get_by_text("已报给社区医生")).to_be_visible()
    page.goto(f"{county}/partners")
    page.locator("tbody tr", has_text="出院通知").get_by_role("link").click()
    page.get_by_role("button", name="采纳", exact=True).click()
    expect(page.get_by_text("出院后随访期")).to_be_visible()
    assert_accessible(page, "post-care", ("390",))
    page.goto(f"{county}{where}")
    expect(page.get_by_text("出院后首次随访").first).to_be_visible()
    assert "出院后随访期内" in hospital.home()
    for one in (village, hospital):
        assert one.complaints.found == []
        one.page.context.close()
