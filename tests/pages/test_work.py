"""The worklist in a browser: accessible at both widths, an outcome in two taps, batches when ticked."""

from __future__ import annotations

from playwright.sync_api import Browser, Page

from tests.pages.conftest import assert_accessible, open_page, sign_in
from tests.store.register import EAST


def rows(page: Page) -> int:
    return page.locator(".work th.who").count()


def test_the_day_begins_with_the_worklist(page: Page, server: str) -> None:
    sign_in(page, server, "east")
    assert page.url.endswith("/work")
    assert_accessible(page, "work")
    everybody = int(page.locator(".work-counts b").first.inner_text())
    assert rows(page) == min(everybody, 50)
    # The bar of batches comes when something is ticked, and goes again.
    batch = page.locator("#batch")
    batch.wait_for(state="hidden")
    page.locator(".work .tick input").first.check()
    batch.wait_for(state="visible")
    assert_accessible(page, "work-ticked")
    page.locator(".work .tick input").first.uncheck()
    # ⋯, the outcome: two taps. The row slides out, and comes back by one more.
    row = page.locator(".work tbody tr").filter(has=page.get_by_text("开始随访")).last
    file_no = row.locator("th a").inner_text()
    row.locator(".outcome summary").click()
    assert_accessible(page, "work-outcome")
    row.get_by_role("button", name="未接通").click()
    page.get_by_role("button", name="撤销").wait_for()
    assert page.locator(".work th.who a", has_text=file_no).count() == 0
    assert int(page.locator(".work-counts b").first.inner_text()) == everybody - 1
    assert_accessible(page, "work-undo")
    page.get_by_role("button", name="撤销").click()
    page.get_by_text("已撤销").wait_for()
    assert int(page.locator(".work-counts b").first.inner_text()) == everybody


def test_supervisors_pages_are_accessible(page: Page, server: str) -> None:
    sign_in(page, server, "officer")
    page.goto(f"{server}/work")
    assert_accessible(page, "work-townships")
    page.goto(f"{server}/work/{EAST}/staff")
    assert_accessible(page, "work-staff")


def test_a_phone_shows_one_column_of_cards(browser: Browser, server: str) -> None:
    phone = open_page(browser, 390, 844)
    try:
        sign_in(phone, server, "east")
        card = phone.locator(".work tbody tr").filter(has=phone.get_by_text("开始随访")).first
        box = card.bounding_box()
        assert box is not None
        assert box["width"] > 340
        for button in card.locator(".do-line > .button, .do-line > form > .button, .outcome > summary").all():
            target = button.bounding_box()
            assert target is not None
            assert target["height"] >= 44
            assert target["y"] < box["y"] + box["height"]
    finally:
        phone.context.close()
