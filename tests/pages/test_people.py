"""County, township, lists and a person's page in a browser: accessible at both widths, without script too."""

from __future__ import annotations

from playwright.sync_api import Browser, Page

from tests.pages.conftest import LONG, Complaints, assert_accessible, open_page, sign_in
from tests.store.register import COUNTY, EAST


def test_the_county_page_is_accessible(page: Page, server: str) -> None:
    sign_in(page, server, "officer")
    assert page.url.endswith("/county")
    assert_accessible(page, "county")
    page.get_by_role("heading", name="其他口径").click()
    assert_accessible(page, "county-others")
    page.get_by_label("月份").select_option("2026-10")
    page.get_by_role("button", name="查看").click()
    page.wait_for_url("**/county?month=2026-10")
    # Other pages may have brought records of that month in the meantime; then the tag says so.
    page.locator(".tag", has_text="已冻结").first.wait_for()
    assert_accessible(page, "county-closed")


def test_a_number_opens_its_people(page: Page, server: str) -> None:
    sign_in(page, server, "officer")
    tile = page.locator("article.tile").filter(has_text="规范管理率")
    missing = tile.locator("a[href*='/missing']")
    count = missing.inner_text()
    missing.click()
    page.get_by_role("heading", name="规范管理率：未计入名单").wait_for()
    assert f"共 {count} 人" in page.locator("main").inner_text().replace("\n", " ")
    assert_accessible(page, "people")


def test_the_township_and_its_villages_are_accessible(page: Page, server: str) -> None:
    sign_in(page, server, "east")
    page.goto(f"{server}/township")
    assert_accessible(page, "township")
    page.goto(f"{server}/township/{EAST}/villages")
    assert_accessible(page, "villages")


def test_a_search_shows_names_only_when_asked(page: Page, server: str) -> None:
    sign_in(page, server, "east")
    page.goto(f"{server}/cases")
    assert_accessible(page, "cases")
    page.get_by_label("档案编号").fill("明轩")
    page.get_by_role("button", name="查询").click()
    page.get_by_role("link", name="900-00002").wait_for()
    assert page.url == f"{server}/cases"
    assert "䶮明轩" not in page.locator("tbody").inner_text()
    page.get_by_text("显示姓名").click()
    assert_accessible(page, "cases-purpose")
    page.get_by_role("button", name="随访").click()
    page.get_by_text("姓名显示中").wait_for()
    assert "䶮明轩" in page.locator("tbody").inner_text()
    assert "䶮" not in page.title()
    assert_accessible(page, "cases-names")


def test_the_page_of_a_person_is_accessible_closed_and_open(page: Page, server: str) -> None:
    sign_in(page, server, "officer")
    page.goto(f"{server}/cases?area={EAST}&size=20")
    page.get_by_role("link", name="900-00001").click()
    page.get_by_role("heading", name="24 个月病程").wait_for()
    assert_accessible(page, "case")
    page.get_by_role("group", name="身份信息").get_by_role("button", name="督导").click()
    page.get_by_text("李大山").wait_for()
    assert_accessible(page, "case-open")
    page.get_by_role("link", name="收起").click()
    page.get_by_text("选择目的后打开").wait_for()
    assert page.get_by_text("李大山").count() == 0
    assert page.get_by_text("谁看过身份信息").count() == 1


def test_everything_works_without_script(browser: Browser, server: str) -> None:
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 390, "height": 844}, locale="zh-CN"
    )
    context.set_default_timeout(LONG)
    page = context.new_page()
    complaints = Complaints(page)
    sign_in(page, server, "officer")
    page.goto(f"{server}/people/{COUNTY}/IND-12.N1/missing")
    page.get_by_text("显示姓名").click()
    page.get_by_role("button", name="核对").click()
    page.get_by_text("姓名显示中").wait_for()
    page.get_by_role("button", name="隐藏姓名").click()
    page.get_by_text("显示姓名").wait_for()
    page.get_by_role("link", name="900-00002").click()
    page.get_by_role("button", name="转介").click()
    page.get_by_role("heading", name="900-00002 䶮明轩").wait_for()
    context.close()
    assert complaints.found == []


def test_the_sticky_head_does_not_cover_what_has_the_focus(browser: Browser, server: str) -> None:
    page = open_page(browser, 390, 700)
    sign_in(page, server, "east")
    page.goto(f"{server}/cases?size=20")
    page.get_by_role("link", name="900-00001").click()
    for _ in range(25):
        page.keyboard.press("Tab")
        covered = page.evaluate(
            "() => { const b = document.activeElement.getBoundingClientRect(),"
            " head = document.querySelector('.case-head'), h = head.getBoundingClientRect();"
            " return b.bottom <= h.bottom && b.top >= h.top && h.top === 0"
            " && !head.contains(document.activeElement); }"
        )
        assert not covered, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
    page.context.close()
