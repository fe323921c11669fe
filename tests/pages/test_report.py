"""报表页 in a real browser: list, download, verification of a file that was just downloaded."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.pages.conftest import assert_accessible, sign_in


def test_a_downloaded_report_passes_and_a_changed_one_does_not(
    page: Page, server: str, tmp_path: Path
) -> None:
    sign_in(page, server, "officer")
    page.goto(f"{server}/reports")
    expect(page.get_by_role("cell", name="示例县", exact=True)).to_be_visible()
    assert_accessible(page, "reports")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="下载 示例县严重精神障碍管理治疗月报（2026年10月）").click()
    saved = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(saved)
    assert saved.name == "示例县严重精神障碍管理治疗月报（2026年10月）.pdf"

    page.get_by_role("link", name="核验报表").click()
    page.get_by_label("PDF 文件").set_input_files(saved)
    page.get_by_role("button", name="核验文件").click()
    expect(page.get_by_role("status").filter(has_text="通过核验")).to_be_visible()
    expect(page.get_by_text("示例县精防统〔2026〕10号").first).to_be_visible()
    assert_accessible(page, "report-genuine")
    code = page.locator("dd .code").first.inner_text()

    saved.write_bytes(saved.read_bytes().replace(b"1", b"2", 1))
    page.get_by_label("PDF 文件").set_input_files(saved)
    page.get_by_role("button", name="核验文件").click()
    expect(page.get_by_role("alert")).to_contain_text("不能通过核验")
    assert_accessible(page, "report-foreign")

    page.get_by_role("textbox", name="核验码").fill(code.lower())
    page.get_by_role("button", name="查询").click()
    expect(page.get_by_text("请下载原件与纸面逐项核对")).to_be_visible()
    assert_accessible(page, "report-code")


def test_asking_for_the_reports_of_a_month_leads_to_the_run(page: Page, server: str) -> None:
    sign_in(page, server, "officer")
    page.goto(f"{server}/reports")
    page.get_by_label("签发的月份").fill("2026-10")
    assert_accessible(page, "report-issue")
    page.get_by_role("button", name="签发", exact=True).click()
    page.wait_for_url("**/jobs/runs/*")
    expect(page.get_by_role("heading", name="签发月报")).to_be_visible()
