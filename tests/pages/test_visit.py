"""A visit in a browser: a stable one counted in taps on a phone, a failed attempt, going back, drafts."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Browser, Page, Response, Route, expect

from tests.pages.conftest import assert_accessible, open_page, resize, sign_in

#: 3 minutes for a stable visit leave about 4 seconds a tap.
TAPS_OF_A_STABLE_VISIT = 45


class Thumb:
    """A thumb that counts its taps."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taps = 0

    def tap(self, role: str, name: str, *, exact: bool = True) -> None:
        self.taps += 1
        self.page.get_by_role(role, name=name, exact=exact).locator("visible=true").first.click()  # type: ignore[arg-type]

    def choose(self, group: str, label: str) -> None:
        self.taps += 1
        box = self.page.get_by_role("group", name=re.compile(group)).locator("visible=true").first
        box.locator("label.choice", has_text=label).first.click()


def file_page(page: Page, server: str, file_no: str) -> str:
    """The address of a person's page."""
    page.goto(f"{server}/cases?size=100")
    found = page.get_by_role("link", name=file_no).get_attribute("href")
    assert found is not None
    return server + found


def steady(thumb: Thumb) -> None:
    """A stable person met at home, as far as the last step."""
    thumb.tap("button", "今天")
    thumb.choose("本次随访形式", "家庭访视")
    thumb.choose("本次随访对象", "患者本人")
    thumb.tap("button", "下一步")
    thumb.choose("危险性评估", "0级")
    thumb.choose("危险行为", "无")
    thumb.choose("关锁情况", "无关锁")
    thumb.choose("住院情况", "未住院")
    thumb.tap("button", "下一步")
    thumb.choose("目前症状", "无以下症状")
    thumb.choose("自知力", "自知力完全")
    for item in (
        "睡眠情况",
        "饮食情况",
        "个人生活料理",
        "家务劳动",
        "生产劳动及工作",
        "学习能力",
        "社会人际交往",
    ):
        thumb.choose(item, "良好")
    thumb.tap("button", "下一步")
    thumb.choose("严重躯体疾病", "否")
    thumb.choose("实验室检查", "无")
    thumb.tap("button", "下一步")
    thumb.choose("用药依从性", "医嘱勿需用药")
    thumb.choose("药物不良反应", "此项不适用")
    thumb.choose("治疗效果", "此项不适用")
    thumb.tap("button", "下一步")
    thumb.choose("是否需要转诊", "否")
    thumb.choose("是否已转诊", "否")
    thumb.choose("康复措施", "生活劳动能力")
    thumb.tap("button", "下一步")


def test_a_stable_visit_on_a_phone(browser: Browser, server: str) -> None:
    page = open_page(browser, 390, 844)
    sign_in(page, server, "east")
    person = file_page(page, server, "900-00010")
    page.goto(f"{person}/visit")
    places = []
    thumb = Thumb(page)
    for _ in range(6):
        places.append(page.get_by_role("button", name="下一步").locator("visible=true").bounding_box())
        thumb.page.get_by_role("button", name="下一步").locator("visible=true").click()
    assert len({(place["x"], place["y"]) for place in places if place}) == 1  # always at the same place
    page.goto(f"{person}/visit?step=1")
    thumb = Thumb(page)
    steady(thumb)
    page.get_by_text("系统提示：稳定").wait_for()
    expect(page.get_by_text("次完整随访")).to_be_visible()
    thumb.choose("本次随访分类", "3 稳定")
    thumb.tap("button", "2027-02-21 前")
    thumb.tap("button", "保存")
    page.get_by_text("随访已保存").wait_for()
    assert thumb.taps <= TAPS_OF_A_STABLE_VISIT
    # The button of the browser brings neither the form back filled nor a second visit.
    page.go_back()
    expect(page.get_by_text("今天的随访已经保存")).to_be_visible()
    assert page.locator("input:checked").count() == 0
    page.goto(person)
    expect(page.locator("main")).to_contain_text("2026-11-21")
    page.context.close()


def test_a_failed_attempt_in_five_taps(browser: Browser, server: str) -> None:
    page = open_page(browser, 390, 844)
    sign_in(page, server, "east")
    page.goto(f"{file_page(page, server, '900-00011')}/visit")
    thumb = Thumb(page)
    thumb.tap("link", "这次未访到")
    page.wait_for_url("**/attempt")
    assert_accessible(page, "visit-attempt", ("390",))
    thumb.choose("结果", "未接通")
    thumb.choose("方式", "电话")
    thumb.tap("button", "保存")
    page.get_by_text("已记：未接通").wait_for()
    assert thumb.taps <= 5
    thumb.tap("button", "撤销")
    page.get_by_text("已撤销，记录保留").wait_for()
    page.context.close()


def test_every_step_is_accessible_at_both_widths(page: Page, server: str) -> None:
    sign_in(page, server, "east")
    person = file_page(page, server, "900-00012")
    for step in range(1, 8):
        resize(page, "390")
        page.goto(f"{person}/visit?step={step}")
        assert_accessible(page, f"visit-{step}", ("390",))
    assert_accessible(page, "visit", ("1280",))


def kept_with(what: str) -> Callable[[Response], bool]:
    """Whether an answer says that a draft with this in it was kept."""
    return lambda answer: (
        answer.url.endswith("/visit/draft") and answer.ok and what in (answer.request.post_data or "")
    )


def test_nothing_is_lost_while_a_draft_is_on_its_way(page: Page, server: str) -> None:
    sign_in(page, server, "east")
    page.add_init_script("window.setInterval = () => 0")  # without the rounds of every 20 seconds
    page.goto(f"{file_page(page, server, '900-00014')}/visit")
    held: list[Route] = []
    page.route("**/visit/draft", lambda route: held.append(route))
    thumb = Thumb(page)
    with page.expect_request("**/visit/draft"):
        thumb.tap("button", "今天")
    # What is filled in meanwhile goes right after it.
    thumb.choose("危险性评估", "4级")
    thumb.choose("危险行为", "自杀未遂")
    (first,) = held
    with page.expect_request(lambda sent: "risk=4" in (sent.post_data or "")):
        first.continue_()
    # And the form itself goes after that: an older draft must not be written down over it.
    thumb.choose("关锁情况", "关锁")
    sent = page.evaluate(
        "() => { document.querySelector('#visit button[name=go][value=\"7\"]').click();"
        " return document.querySelector('#visit').dataset.sent || 'not yet'; }"
    )
    assert sent == "not yet"
    _first, second = held
    second.continue_()
    page.get_by_text("危险性升至 3 级及以上").wait_for()
    expect(page.locator("input[name=confinement]:checked")).to_have_count(1)


def test_questions_drafts_and_leaving(page: Page, server: str) -> None:
    sign_in(page, server, "east")
    person = file_page(page, server, "900-00013")
    page.goto(f"{person}/visit")
    thumb = Thumb(page)
    thumb.tap("button", "今天")
    thumb.choose("本次随访形式", "电话")
    with page.expect_response(kept_with("risk=4")):
        thumb.choose("危险性评估", "4级")
        thumb.choose("危险行为", "自杀未遂")
    expect(page.get_by_label("自杀未遂次数")).to_be_visible()
    expect(page.locator("#saved")).to_contain_text("草稿已存")
    page.goto(f"{person}/visit")
    page.get_by_role("link", name="继续填写").click()
    assert_accessible(page, "visit-draft")
    resize(page, "1280")
    page.get_by_role("button", name="核对以上内容").click()
    page.get_by_text("危险性升至 3 级及以上").wait_for()
    assert_accessible(page, "visit-review")
    page.complaints.expected = {422}  # type: ignore[attr-defined]
    resize(page, "1280")
    page.get_by_role("button", name="保存").click()
    page.get_by_text("需要改正或说明").wait_for()
    assert_accessible(page, "visit-wrong")
    page.complaints.found.clear()  # type: ignore[attr-defined]
    page.goto(f"{person}/visit")
    page.get_by_role("button", name="放弃草稿").click()
    page.get_by_text("草稿已放弃").wait_for()
