"""A clue becomes a registered person in a browser; the pages of the register are accessible."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.pages.conftest import assert_accessible, sign_in
from tests.services.people import VILLAGE, number_of
from tests.store.register import EAST, WEST

NUMBER = number_of(977)  # nobody of the world has it
BORN = f"{NUMBER[6:10]}-{NUMBER[10:12]}-{NUMBER[12:14]}"
SEX = 1 if int(NUMBER[16]) % 2 else 2


def test_a_clue_becomes_a_person_once(page: Page, server: str) -> None:
    page.complaints.expected = {422}  # type: ignore[attr-defined]
    sign_in(page, server, "east")
    page.goto(f"{server}/clues/new")
    assert page.locator("input:checked").count() == 0
    assert_accessible(page, "clue-new", ("390",))
    page.get_by_label("姓名").fill("钟离试验")
    page.get_by_label("证件号码").fill(NUMBER)
    page.get_by_label("村（社区）").select_option(str(VILLAGE))
    page.get_by_label("线索来源").select_option("1")
    page.get_by_label("发现日期").fill("2026-11-02")
    for sign in range(1, 10):
        page.locator(f"input[name=sign{sign}][value='{1 if sign in (5, 6) else 0}']").check()
    page.get_by_role("button", name="登记线索").click()
    page.get_by_role("heading", name="经过").wait_for()
    assert "钟离试验" not in page.locator("main").inner_text() and "钟" not in page.title()
    assert_accessible(page, "clue", ("390",))
    page.get_by_label("已核实待诊断").check()
    page.locator("#f-on").fill("2026-11-05")
    page.get_by_role("button", name="保存这一步").click()
    page.locator("input[name=to][value='3']").check()
    page.locator("#f-on").fill("2026-11-10")
    page.locator("#f-diagnosis").select_option("1")
    page.get_by_label("诊断医院和医师").fill("县精卫 张医师")
    assert_accessible(page, "clue-step", ("390",))
    page.get_by_role("button", name="保存这一步").click()
    page.get_by_role("link", name="登记建档").first.click()

    # The registration: filled with what the clue knows, nothing else chosen.
    page.get_by_role("heading", name="本人").wait_for()
    assert page.locator("input[name=name]").input_value() == "钟离试验"
    assert page.locator("input[name=consent]:checked").count() == 0
    page.get_by_role("button", name="登记建档").click()
    page.get_by_role("heading", name="需要改正").wait_for()
    assert_accessible(page, "register-wrong", ("390",))
    # Other pages may have brought the township a second unit: then one of them is to be chosen.
    page.get_by_label("管理单位").select_option(f"U{EAST}")
    page.locator(f"input[name=sex][value='{SEX}']").check()
    page.get_by_label("户籍地址").fill("示例县东镇第1村7号")
    page.get_by_label("监护人姓名").fill("钟离监护")
    page.locator("input[name=relation][value='5']").check()
    page.locator("input[name=past_confinement][value='1']").check()
    page.locator("input[name=past_acts][value='7']").check()
    page.locator("input[name=article30][value='否']").check()
    page.locator("input[name=ground][value='2']").check()
    page.locator("input[name=consent][value='1']").check()
    page.get_by_label("签字或告知日期").fill("2026-11-20")
    page.get_by_label("签字人").fill("钟离监护")
    page.get_by_label("联系电话").first.fill("12")
    page.get_by_role("button", name="登记建档").click()
    page.get_by_role("heading", name="需要说明 1 处").wait_for()
    assert_accessible(page, "register-asked", ("390",))
    page.locator("select[name=why-id15]").select_option(index=2)
    typed = page.evaluate("Object.fromEntries(new FormData(document.querySelector('form.wide-form')))")
    page.get_by_role("button", name="登记建档").dblclick()
    page.get_by_role("heading", name="24 个月病程").wait_for()
    person = page.url
    # Whoever goes back and lets the browser send the form again comes to the same person.
    again = page.request.post(f"{server}/register/new", form=typed, max_redirects=0)
    assert again.status == 303
    assert person.endswith(again.headers["location"])
    page.goto(f"{server}/cases")
    page.get_by_label("档案编号").fill("zlsy")
    page.get_by_role("button", name="查询").click()
    assert "共 1 人" in page.locator("main").inner_text()

    # While typing, somebody alike is shown with the number of the file and without a name.
    page.goto(f"{server}/register/new")
    page.locator("input[name=id_number]").fill(NUMBER)
    page.locator("input[name=id_number]").blur()
    page.get_by_text("可能已有档案").wait_for()
    assert_accessible(page, "register", ("390",))
    page.goto(f"{person}/edit")
    assert_accessible(page, "register-edit", ("390",))


def test_the_pages_of_state_transfer_and_notice_are_accessible(page: Page, server: str) -> None:
    page.complaints.expected = {422}  # type: ignore[attr-defined]
    sign_in(page, server, "east")
    page.goto(f"{server}/clues")
    assert_accessible(page, "clues", ("1280",))
    page.goto(f"{server}/cases?size=20")
    page.get_by_role("link", name="900-00009").click()
    page.get_by_role("heading", name="24 个月病程").wait_for()
    person = page.url
    for kind in ("consent", "pause", "diagnosis", "exclude", "moved", "reopen"):
        page.goto(f"{person}/{kind}")
        assert_accessible(page, f"state-{kind}", ("390",) if kind != "diagnosis" else ("1280", "390"))
    page.goto(f"{person}/death")
    page.get_by_role("button", name="登记", exact=True).click()
    assert_accessible(page, "state-death", ("1280",))
    page.goto(f"{person}/lost")
    page.get_by_label("失访日期").fill("2026-11-20")
    page.get_by_label("走失").check()
    page.get_by_label("判定依据").fill("家属报走失")
    page.get_by_role("button", name="确认失访").click()
    page.get_by_role("button", name="已找到，恢复管理").wait_for()
    assert_accessible(page, "state-lost", ("1280",))
    page.get_by_role("button", name="公安派出所").click()
    page.get_by_text("失访告知书已备好").wait_for()
    page.goto(f"{person}/lost")
    page.get_by_role("button", name="已找到，恢复管理").click()
    page.get_by_text("已恢复管理").wait_for()

    page.goto(f"{person}/moved")
    page.locator("#f-receiver").fill("邻县某卫生院")
    page.locator("#f-address").fill("随子女迁居邻县")
    page.get_by_role("button", name="准备迁移函和档案材料").click()
    page.get_by_role("heading", name="寄送对方的材料").wait_for()
    assert_accessible(page, "leaving", ("1280",))
    page.get_by_role("button", name="打印迁移函").click()
    page.get_by_text("患者管理迁移函已备好").wait_for()
    page.goto(f"{server}/transfers")
    page.locator("tbody a").first.click()
    page.get_by_role("button", name="撤回，不再迁出").click()
    page.get_by_text("已撤回。").wait_for()

    page.goto(f"{person}/transfer")
    assert_accessible(page, "transfer-new", ("1280",))
    page.get_by_label("迁往").select_option(str(WEST))
    page.get_by_label("原因和新住址").fill("随子女居住")
    page.get_by_role("button", name="送出申请").click()
    expect(page.get_by_role("button", name="撤回申请")).to_be_visible()
    assert_accessible(page, "transfer-sent", ("1280",))
    page.goto(f"{server}/transfers")
    assert_accessible(page, "transfers", ("1280",))


def test_the_receiving_side_and_the_notices_are_accessible(page: Page, server: str) -> None:
    sign_in(page, server, "west")
    page.goto(f"{server}/transfers")
    page.locator("tbody a").first.click()
    page.get_by_role("button", name="接收", exact=True).wait_for()
    assert_accessible(page, "transfer-received")
    page.goto(f"{server}/notices")
    assert_accessible(page, "notices")
    page.get_by_role("link", name="录入出院信息单").click()
    page.locator("input[name=name]").fill("钟离试验")
    page.locator("input[name=admitted_on]").fill("2026-10-01")
    page.locator("input[name=discharged_on]").fill("2026-11-12")
    page.locator("input[name=on]").fill("2026-11-13")
    page.locator("[name=diagnosis][value='1']").check()
    page.locator("input[name=drug_not_needed][value='是']").check()
    page.locator("input[name=guide_not_needed][value='是']").check()
    assert_accessible(page, "notice-new")
    page.get_by_role("button", name="保存").click()
    page.get_by_role("heading", name="期限").wait_for()
    assert_accessible(page, "notice")
