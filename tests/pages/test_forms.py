"""表单页 in a real browser: the list, a blank form drawn and downloaded, choosing what to print."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.pages.conftest import assert_accessible, sign_in


def test_a_blank_form_is_drawn_and_downloaded(page: Page, server: str, tmp_path: Path) -> None:
    sign_in(page, server, "east")
    page.goto(f"{server}/forms")
    expect(page.get_by_role("rowheader", name="严重精神障碍患者随访服务记录表").first).to_be_visible()
    assert_accessible(page, "forms")
    page.complaints.expected = {422}  # type: ignore[attr-defined]
    page.get_by_role("button", name="准备打印文件").click()
    expect(page.get_by_role("alert")).to_contain_text("请选择要打印的表")
    assert_accessible(page, "forms-wrong")

    page.goto(f"{server}/forms/followup/2018.1")
    assert_accessible(page, "form")
    link = page.get_by_role("link", name="下载空白 PDF")
    expect(link).to_be_visible()
    with page.expect_download() as waiting:
        link.click()
    saved = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(saved)
    assert saved.name == "表8-严重精神障碍患者随访服务记录表（空白）.pdf"
    assert saved.read_bytes().startswith(b"%PDF")


def test_a_form_is_printed_for_one_person(page: Page, server: str, tmp_path: Path) -> None:
    sign_in(page, server, "east")
    page.goto(f"{server}/cases")
    address = page.locator("tbody a[href^='/case/']").first.get_attribute("href")
    page.goto(f"{server}{address}/print/supplement")
    assert_accessible(page, "form-case")
    page.get_by_label("核对").check()
    page.get_by_role("button", name="准备打印文件").click()
    page.wait_for_url("**/prints/*")
    expect(page.get_by_text("已备好，共 1 份")).to_be_visible()
    assert_accessible(page, "form-print")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="下载 PDF").click()
    saved = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(saved)
    assert saved.read_bytes().startswith(b"%PDF")


def test_a_filled_sheet_is_chosen_on_a_page_of_its_own(page: Page, server: str) -> None:
    sign_in(page, server, "east")
    page.goto(f"{server}/cases")
    address = page.locator("tbody a[href^='/case/']").first.get_attribute("href")
    page.goto(f"{server}{address}/visit?step=1")
    page.get_by_role("link", name="带入填好的表格").click()
    assert_accessible(page, "filled")
    page.complaints.expected = {422}  # type: ignore[attr-defined]
    page.locator("input[type=file]").set_input_files(
        files=[{"name": "表.xlsx", "mimeType": "application/octet-stream", "buffer": b"nothing"}]
    )
    page.get_by_role("button", name="带入").click()
    assert_accessible(page, "filled-wrong")
