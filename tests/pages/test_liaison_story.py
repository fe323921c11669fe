"""两个联络员的一季度: what police and civil affairs do from October to December, and what the doctor sees.

Somebody enters the window of the police post by a danger level, a task and a report go to and fro, and the
person leaves it again; somebody else applies for aid and takes the application back. Neither officer ever
sees more than the own lines, and the ledger has all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pages.conftest import Complaints, assert_accessible, open_page, serving, sign_in
from tests.pages.liaison_story import APPLICANT, UNSTEADY
from tests.pages.world import PASSWORD

#: Nothing of these is ever said at the door of a department.
UNSAID = re.compile("精神分裂|诊断：|症状：|服药依从|药名|康复计划|低保户|冯某|冯如常")


@pytest.fixture(scope="module")
def county(browser: Browser, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("liaison") / "instance"
    with serving(template, folder, "tests.pages.liaison_story") as address:
        yield address


class Officer:
    """A liaison officer with a browser of the own."""

    def __init__(self, browser: Browser, server: str, login: str) -> None:
        self.server = server
        self.page = open_page(browser)
        self.complaints = Complaints(self.page)
        self.page.goto(f"{server}/liaison/login")
        self.page.get_by_label("登录名").fill(login)
        self.page.get_by_label("密码", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="登录").click()
        expect(self.page.get_by_role("heading", name="提供给本单位的信息")).to_be_visible()

    def home(self) -> str:
        self.page.goto(f"{self.server}/liaison/")
        return self.text()

    def text(self) -> str:
        found = self.page.locator("main").inner_text()
        assert not UNSAID.search(found), found
        return found

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def follow(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def leave(self) -> None:
        self.press("退出登录")
        expect(self.page.get_by_role("heading", name="部门联络登录")).to_be_visible()
        self.page.go_back()
        assert "钱" not in self.page.locator("main").inner_text()
        self.page.context.close()
        assert self.complaints.found == []


def day(page: Page, server: str, value: str) -> None:
    assert page.request.get(f"{server}/liaison-story/day/{value}", timeout=120_000).ok


def test_a_quarter_of_two_liaison_officers(browser: Browser, page: Page, county: str) -> None:
    sign_in(page, county, "east")
    police, aid = Officer(browser, county, "eastpost"), Officer(browser, county, "aid")
    where = {}
    for file_no in (UNSTEADY, APPLICANT):
        page.goto(f"{county}/cases")
        where[file_no] = str(page.get_by_role("link", name=file_no).first.get_attribute("href"))

    # October: the post sees one person, by family name; opened, the sheet has the approved fields; a receipt.
    assert "钱某" in police.home() and "钱波动" not in police.text()
    assert_accessible(police.page, "liaison-home")
    police.press("查看")
    shown = police.text()
    assert (
        "钱波动" in shown and "3级（2026-10-08评估）" in shown and "钱父" in shown and "东镇卫生院" in shown
    )
    assert re.search(r"999\*+\d.", shown)
    assert_accessible(police.page, "liaison-sheet")
    police.press("签收")
    assert "未签收" not in police.text()
    assert "目前没有提供给本单位的人员信息" in aid.home()

    # The doctor asks the post whether the person is at home; it answers, the doctor closes.
    day(page, county, "2026-10-12")
    page.goto(f"{county}{where[UNSTEADY]}/task")
    page.get_by_label("东镇 公安").check()
    page.get_by_label("请核实是否在家").check()
    page.locator("#f-question").fill("上门未遇，请看看是否在家")
    assert_accessible(page, "partner-task-form", ("1280",))
    page.get_by_role("button", name="发送").click()
    expect(page.get_by_text("已发送")).to_be_visible()
    police.home()
    police.follow("请核实是否在家")
    assert "钱波动" in police.text() and "钱父" not in police.text()
    police.page.get_by_label("是", exact=True).check()
    police.page.locator("#f-reply").fill("本人在家")
    assert_accessible(police.page, "liaison-task", ("390",))
    police.press("答复")
    expect(police.page.get_by_text("已答复，医生会看到。")).to_be_visible()
    page.goto(f"{county}/work")
    expect(page.get_by_text("公安已答复协查")).to_be_visible()
    page.get_by_role("link", name=re.compile("处理协查答复")).first.click()
    expect(page.get_by_text("本人在家")).to_be_visible()
    page.get_by_role("button", name="办结").click()
    expect(page.get_by_text("协查内容已清空")).to_be_visible()

    # November: a report about the person, begun incomplete; the doctor answers without a word of health.
    day(page, county, "2026-11-03")
    police.home()
    police.press("查看")
    police.follow("报送这个人的情况")
    police.page.locator("input[name=kind][value='1']").check()
    police.page.locator("#f-happened_on").fill("2026-11-02")
    police.page.locator("form.form").evaluate("form => form.noValidate = true")
    police.complaints.expected.add(422)
    police.press("报送")
    expect(police.page.get_by_role("heading", name="有 1 处需要改正")).to_be_visible()
    assert police.page.locator("#f-happened_on").input_value() == "2026-11-02"
    police.page.locator("#f-told").fill("与邻居争吵，已劝开")
    assert_accessible(police.page, "liaison-report-form")
    police.press("报送")
    expect(police.page.get_by_text("已报送，社区医生会核实并答复。")).to_be_visible()
    page.goto(f"{county}/work")
    page.get_by_role("link", name=re.compile("核实部门报送")).first.click()
    expect(page.get_by_text("与邻居争吵")).to_be_visible()
    assert_accessible(page, "partner-report", ("390",))
    page.get_by_label("已核实，已按规定处理").check()
    page.locator("#f-words").fill("双方已和解")
    page.get_by_role("button", name="答复").click()
    expect(page.get_by_text("已答复。")).to_be_visible()
    assert "已核实，已按规定处理" in police.home()
    police.follow("案（事）件")
    assert "双方已和解" in police.text()

    # Somebody applies for aid: civil affairs gets what the benefit asks for, and answers.
    page.goto(f"{county}{where[APPLICANT]}/consents")
    for name in ("benefit", "giver", "capacity"):
        page.locator(f"input[name={name}][value='1']").first.check()
    page.locator("#f-signed_on").fill("2026-11-03")
    page.locator("#f-purpose").fill("申请低保")
    page.locator("#f-signer").fill("王平安")
    page.locator("form:has(#f-signed_on) button[type=submit]").click()
    expect(page.get_by_text("已登记。")).to_be_visible()
    assert "王某" in aid.home()
    aid.press("查看")
    shown = aid.text()
    assert "王平安" in shown and "危险性" not in shown and "案（事）件" not in shown
    aid.press("签收")
    assert "王" not in police.home()

    # December: the danger level has fallen, the application is taken back: both windows are empty again.
    day(page, county, "2026-12-10")
    assert page.request.get(f"{county}/liaison-story/visit/{UNSTEADY}/1", timeout=120_000).ok
    assert "已撤回" in police.home() and "情形已不存在" in police.text()
    assert_accessible(police.page, "liaison-withdrawn", ("390",))
    police.press("签收撤回")
    assert "钱" not in police.text()
    page.goto(f"{county}{where[APPLICANT]}/consents")
    page.locator("summary", has_text="撤回").first.click()
    page.locator("form[action$='/withdraw'] button").first.click()
    expect(page.get_by_text("已撤回，接收方从现在起看不到任何内容")).to_be_visible()
    assert "本人撤回同意或申请" in aid.home()
    aid.press("签收撤回")
    assert "王" not in aid.text()

    # The ledger has it all, for the person and by receiver, with every receipt.
    page.goto(f"{county}{where[UNSTEADY]}/ledger")
    rows = page.locator("section[aria-labelledby=h-lines] tbody tr td:nth-child(2)").all_inner_texts()
    assert rows == ["签收", "撤回", "查看", "协查", "签收", "查看", "开始提供"]
    assert_accessible(page, "ledger-case")
    page.goto(f"{county}/ledger")
    assert "东镇 公安" in page.locator("main").inner_text()
    assert_accessible(page, "ledger", ("390",))
    for officer in (police, aid):
        officer.leave()
