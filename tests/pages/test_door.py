"""The way in, the account pages and the error pages in a real browser: axe, keyboard, no complaints."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from tests.pages.conftest import assert_accessible, resize, sign_in
from tests.pages.world import PASSWORD


def test_the_login_works_with_the_keyboard_alone(page: Page, server: str) -> None:
    page.goto(f"{server}/login")
    expect(page.get_by_label("登录名")).to_be_focused()
    page.keyboard.type("admin")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    account_menu = page.locator("summary", has_text="管理丁")
    account_menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="退出登录")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="退出登录")).to_be_hidden()
    expect(account_menu).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="退出登录").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/login")
    expect(page.get_by_text("已安全退出")).to_be_visible()


def test_the_list_of_errors_leads_to_the_fields(page: Page, server: str) -> None:
    page.complaints.expected = {422}  # type: ignore[attr-defined]
    page.goto(f"{server}/login")
    page.get_by_role("button", name="登录").click()
    alert = page.get_by_role("alert")
    expect(alert).to_be_focused()
    expect(alert).to_contain_text("有 2 处需要改正")
    assert_accessible(page, "login-errors")
    page.get_by_role("link", name=re.compile("请输入密码")).click()
    expect(page.get_by_label("密码", exact=True)).to_be_focused()


def test_a_password_can_be_looked_at_but_is_sent_hidden(page: Page, server: str) -> None:
    page.goto(f"{server}/login")
    field = page.get_by_label("密码", exact=True)
    field.fill("abc")
    page.get_by_role("button", name="显示密码").click()
    expect(field).to_have_attribute("type", "text")
    page.get_by_role("button", name="隐藏密码").click()
    expect(field).to_have_attribute("type", "password")


def test_the_administrators_pages(page: Page, server: str) -> None:
    page.complaints.expected = {404}  # type: ignore[attr-defined]
    sign_in(page, server, "admin")
    for name, address in (
        ("accounts", "/accounts"),
        ("account-new", "/accounts/new"),
        ("sessions", "/account/sessions"),
        ("password", "/account/password"),
        ("not-found", "/nowhere"),
    ):
        resize(page, "1280")
        page.goto(server + address)
        assert_accessible(page, name)
    page.goto(f"{server}/accounts")
    page.get_by_role("link", name="管理账号 west").click()
    assert_accessible(page, "account-edit")


def test_jobs_and_help(page: Page, server: str) -> None:
    sign_in(page, server, "officer")
    page.goto(f"{server}/jobs")
    assert_accessible(page, "jobs")
    page.get_by_role("button", name="立即运行 审计锚定").click()
    page.wait_for_url("**/jobs/runs/*")
    assert_accessible(page, "job-run")
    page.goto(f"{server}/jobs/runs")
    assert_accessible(page, "job-history")
    page.goto(f"{server}/help")
    assert_accessible(page, "help")


def test_the_large_view_is_one_click_and_stays(page: Page, server: str) -> None:
    sign_in(page, server, "west")
    page.goto(f"{server}/help")
    page.locator("summary", has_text="显示").click()
    page.get_by_role("button", name="大字版").click()
    # The address is the same before and after: only the page itself says that it has come again.
    expect(page.locator("html.large")).to_have_count(1)
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 18
    page.locator("summary", has_text="显示").click()
    page.get_by_role("button", name="普通").click()
    expect(page.locator("html.large")).to_have_count(0)
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") < 18


def test_everything_works_without_script(browser: Browser, server: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    sign_in(page, server, "admin")
    page.locator("summary", has_text="显示").click()
    page.get_by_role("button", name="紧凑").click()
    expect(page.locator("html.compact")).to_have_count(1)
    page.get_by_role("link", name="新建账号").click()
    page.get_by_label("登录名").fill("no-script")
    page.get_by_label("姓名").fill("无脚本")
    page.get_by_label("工号").fill("GH-0099")
    page.get_by_label("系统管理员").check()
    page.get_by_role("button", name="建立账号").click()
    expect(page.get_by_text("只显示这一次")).to_be_visible()
    page.locator("summary", has_text="管理丁").click()
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_text("已安全退出")).to_be_visible()
    context.close()


def test_nothing_scrolls_sideways_at_320_px(page: Page, server: str) -> None:
    sign_in(page, server, "admin")
    page.set_viewport_size({"width": 320, "height": 600})
    for address in ("/accounts", "/accounts/new", "/gallery", "/help"):
        page.goto(server + address)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 320, (address, width)


def test_what_has_the_focus_is_not_hidden_under_the_head(page: Page, server: str) -> None:
    sign_in(page, server, "admin")
    page.set_viewport_size({"width": 1280, "height": 500})
    page.goto(f"{server}/gallery")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    hidden = page.evaluate(
        """() => {
            const bad = [];
            const kinds = 'main a[href], main button, main input, main select';
            for (const link of [...document.querySelectorAll(kinds)].reverse()) {
                if (link.closest('details:not([open])')) continue;
                link.focus();
                const box = link.getBoundingClientRect();
                if (!box.width) continue;
                const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
                if (top && top.closest('.head-nav')) bad.push(link.outerHTML.slice(0, 80));
            }
            return bad;
        }"""
    )
    assert hidden == []
