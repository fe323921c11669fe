"""导入页 in a real browser: choose a file, watch it being read, confirm, take the refused rows away."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.forms.example import PERSON, VISIT
from tests.pages.conftest import assert_accessible, sign_in
from tests.services.workbooks import WHOLE, workbook

BAD = PERSON._replace(file_no="101-00002", name=" ", id_number=None)


def test_from_the_file_to_the_result(page: Page, server: str, tmp_path: Path) -> None:
    file = tmp_path / "县.xlsx"
    file.write_bytes(workbook(WHOLE | {"患者": [PERSON, BAD], "随访": [VISIT._replace(risk=1)]}))
    sign_in(page, server, "officer")
    page.get_by_role("link", name="导入", exact=True).click()
    assert_accessible(page, "exchange")
    page.get_by_label("县级工作簿").set_input_files(file)
    page.get_by_role("button", name="上传并核对").click()
    confirm = page.get_by_role("button", name="确认导入 9 行")
    expect(confirm).to_be_visible()
    expect(page.get_by_role("cell", name="B3")).to_be_visible()
    assert_accessible(page, "exchange-preview")
    page.get_by_role("link", name="查看随访的 vc03").click()
    expect(page.get_by_text("1–2 级应归入基本稳定")).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="下载未导入的行").click()
    assert waiting.value.suggested_filename == "未导入的行-2026-11-21.xlsx"
    confirm.click()
    expect(page.get_by_text("已导入 9 行")).to_be_visible()
    assert_accessible(page, "exchange-done")
    page.get_by_role("link", name="导入", exact=True).first.click()
    expect(page.get_by_role("cell", name="已导入")).to_be_visible()
    assert_accessible(page, "exchange-list")


def test_what_is_no_workbook_is_said_beside_the_field(page: Page, server: str, tmp_path: Path) -> None:
    file = tmp_path / "名单.csv"
    file.write_text("name,age")
    sign_in(page, server, "east")
    page.goto(f"{server}/exchange")
    page.get_by_label("县级工作簿").set_input_files(file)
    page.complaints.expected = {422}  # type: ignore[attr-defined]
    page.get_by_role("button", name="上传并核对").click()
    expect(page.get_by_role("alert")).to_contain_text("这不是 Excel 工作簿")
    assert_accessible(page, "exchange-wrong")
