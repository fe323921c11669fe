"""填写条件 by script on every declared form: items appear with what they depend on; all is there without."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.pages.conftest import sign_in


def test_items_appear_with_what_they_depend_on(page: Page, server: str) -> None:
    sign_in(page, server, "officer")
    page.goto(f"{server}/notices/new/onset")
    number = page.locator("#f-outpatient_no")
    expect(number).to_be_hidden()
    page.locator("input[name=source][value='1']").check()
    expect(number).to_be_visible()
    number.fill("M1")
    page.locator("input[name=source][value='2']").check()
    expect(number).to_be_visible()  # what is filled stays in sight
    number.fill("")
    expect(number).to_be_hidden()


def test_none_and_the_other_choices_exclude_each_other(page: Page, server: str) -> None:
    sign_in(page, server, "east")
    page.goto(f"{server}/register/new")
    act, none = (page.locator(f"input[name=past_acts][value='{code}']") for code in (1, 7))
    act.check()
    none.check()
    expect(act).not_to_be_checked()
    act.check()
    expect(none).not_to_be_checked()


def test_everything_is_there_without_script(browser: Browser, server: str) -> None:
    plain = browser.new_context(java_script_enabled=False).new_page()
    sign_in(plain, server, "officer")
    plain.goto(f"{server}/notices/new/onset")
    expect(plain.locator("#f-outpatient_no")).to_be_visible()
    plain.context.close()
