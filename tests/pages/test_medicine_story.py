"""用药的一年: three people, what the screens say to a pharmacist, and one count whoever counts.

An injection begun in hospital is continued at home, missed and begun again; clozapine goes with its counts,
one of them too low; olanzapine has a gap and a stay in hospital. At the end the days on the strip, those of
the command and the rates of the year are the same.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.pages.conftest import ROOT, Complaints, assert_accessible, open_page, serving, sign_in
from tests.pages.medicine_story import CLOZAPINE, INJECTED, OLANZAPINE
from tests.pages.test_story import Doctor, plain_count

#: The same year as event lists, written down once more by hand.
YEAR = ["2026-01-01", "2026-12-31"]


def lai(day: str, role: str) -> dict[str, str]:
    return {"type": "lai", "product": "PP1M", "date": day, "role": role}


def fill(drug: str, day: str, days: int) -> dict[str, Any]:
    return {"type": "fill", "drug": drug, "date": day, "days": days}


EVENTS: dict[str, dict[str, Any]] = {
    INJECTED: {
        "period": YEAR,
        "events": [
            lai("2026-02-06", "INIT1"),
            lai("2026-02-13", "INIT2"),
            lai("2026-03-13", "MAINT"),
            lai("2026-04-13", "MAINT"),
            lai("2026-05-13", "MAINT"),
            lai("2026-07-20", "REINIT1"),
            lai("2026-07-27", "REINIT2"),
            lai("2026-08-27", "MAINT"),
            lai("2026-09-27", "MAINT"),
            lai("2026-10-27", "MAINT"),
            lai("2026-11-27", "MAINT"),
            lai("2026-12-27", "MAINT"),
        ],
        "hospital": [["2026-01-20", "2026-02-20"]],
        "unordered": [["2026-01-01", "2026-02-05"]],
    },
    CLOZAPINE: {
        "period": YEAR,
        "events": [
            fill("clozapine", day, 90) for day in ("2026-01-12", "2026-04-10", "2026-07-09", "2026-10-07")
        ],
        "unordered": [["2026-01-01", "2026-01-11"]],
    },
    OLANZAPINE: {
        "period": YEAR,
        "events": [
            fill("olanzapine", day, 90) for day in ("2026-01-05", "2026-04-20", "2026-08-14", "2026-11-12")
        ],
        "hospital": [["2026-06-10", "2026-07-05"]],
        "unordered": [["2026-01-01", "2026-01-04"]],
    },
}
#: Counted on paper: (days with medicine, days that count, gaps).
ON_PAPER = {
    # 21 February to 31 December, but for 13 June to 19 July.
    INJECTED: (277, 314, [("2026-06-13", "2026-07-19")]),
    # Four times 90 days, the second two days early.
    CLOZAPINE: (354, 354, []),
    # 90 days, 15 without; 51 before and 39 after the stay; then without a break.
    OLANZAPINE: (320, 335, [("2026-04-05", "2026-04-19")]),
}


@pytest.fixture(scope="module")
def township(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address and folder of the served township of the story."""
    folder = tmp_path_factory.mktemp("medicine-story") / "instance"
    with serving(template, folder, "tests.pages.medicine_story") as address:
        yield address, folder


class Prescriber(Doctor):
    """The doctor of the township with her medicine."""

    def day(self, day: str) -> None:
        self.turn(f"/story/day/{day}")

    def dose(self, on: str, mg: str, *, role: str, place: str = "1", site: str = "1") -> str:
        """Record one injection; what the check said of it before it was saved."""
        self.person(INJECTED, "/dose/new")
        self.fill(product="PP1M", on=on, dose_ug=mg, partial="0", place=place, site=site)
        self.press("下一步：核对")
        told = self.page.locator("#check").inner_text()
        assert role in told, told
        self.press("核对无误，保存")
        self.says("这一针已登记")
        return told

    def dispense(self, file_no: str, code: str, on: str, quantity: str) -> None:
        self.person(file_no, "/dispense")
        self.fill(on=on, code=code, quantity=quantity, days="90", fetcher="1")
        self.press("保存")
        self.page.wait_for_url("**/medicine")

    def counts(self, on: str, wbc: str, neutrophils: str) -> None:
        self.person(CLOZAPINE, "/monitoring")
        self.fill(on=on, source="2", laboratory="县医院")
        self.page.locator("details", has_text="其他检查项目").evaluate("one => one.open = true")
        self.fill(**{"value-wbc": wbc, "unit-wbc": "10⁹/L", "range-wbc": "3.5-9.5"})
        self.fill(**{"value-neutrophils": neutrophils, "unit-neutrophils": "10⁹/L"})
        self.press("登记结果")
        self.says("已登记 2 项结果")

    def judged(self, file_no: str, hospital: int = 0) -> str:
        """Visit somebody with the code that the records propose; its words."""
        self.person(file_no, "/visit?step=5")
        hint = self.page.locator(".adherence-hint b").first.text_content() or ""
        self.says("REC-ADH-1")
        code = {"按医嘱规律用药": 1, "间断用药": 2, "不用药": 3}[hint.strip()]
        self.turn(f"/medicine-story/visit/{file_no}/{code}/{hospital}")
        return hint.strip()


@pytest.fixture
def doctor(browser: Browser, township: tuple[str, Path]) -> Iterator[Prescriber]:
    """The doctor of the township at her desk; the browser must not complain."""
    page = open_page(browser)
    complaints = Complaints(page)
    sign_in(page, township[0], "east")
    yield Prescriber(page, township[0])
    page.context.close()
    assert complaints.found == []


def commanded(folder: Path) -> dict[str, dict[str, Any]]:
    """What ``flask medication coverage`` makes of the event lists."""
    events = folder / "events.json"
    events.write_text(json.dumps([{"id": name, **told} for name, told in EVENTS.items()]), encoding="utf-8")
    command = [sys.executable, "-m", "flask", "medication", "coverage", "--events", str(events), "--json"]
    environ = {"CASEMGR_INSTANCE": str(folder), "CASEMGR_SECRET_KEY": "0" * 40, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    return {one["id"]: one for one in json.loads(done.stdout)}


def shown(east: Prescriber, file_no: str) -> tuple[str, int, int, list[tuple[str, str]], list[int]]:
    """Percentage, both counts, gaps, and the sums of the months, as the page of medicine says them."""
    east.person(file_no, "/medicine")
    figures = east.page.locator("#adherence").inner_text()
    found = re.search(r"有药天数\s+([\d.]+)%\s*（(\d+) / (\d+) 天）", figures)
    assert found is not None, figures
    gaps = re.findall(r"(\d{4}-\d\d-\d\d) 至 (\d{4}-\d\d-\d\d)，\d+ 天（", figures)
    cells = east.page.locator("#adherence tr.sum td").all_inner_texts()
    strip = east.page.locator(".ribbon-figure [role=img]").get_attribute("aria-label") or ""
    drawn = {name: int(days) for name, days in re.findall(r"([^：，]+?) (\d+) 天", strip.split("：", 1)[1])}
    sums = [int(one) for one in cells]
    assert [drawn.get(name, 0) for name in ("有药", "无药", "住院", "无医嘱或无记录")] == sums
    return found[1], int(found[2]), int(found[3]), gaps, sums


def figures_of(page: Page) -> dict[str, int]:
    """Numerators of the month as the page of the township links them to its people."""
    return {
        (link.get_attribute("href") or "").split("/")[3]: int(link.text_content() or "")
        for link in page.locator('a[href*="/numerator"]:not([href*="/records/"])').all()
    }


def test_a_year_of_medicine(doctor: Prescriber, township: tuple[str, Path]) -> None:
    east, page = doctor, doctor.page

    # January: olanzapine and clozapine are ordered and handed out; a first count.
    east.day("2026-01-05")
    east.person(OLANZAPINE, "/medicine/new")
    east.fill(code="OLAN-10", evening_mg="10", since="2026-01-05", prescriber="县精神卫生中心 张医师")
    east.press("保存")
    east.says("已写入用药医嘱")
    east.dispense(OLANZAPINE, "OLAN-10", "2026-01-05", "90")
    east.day("2026-01-12")
    east.person(CLOZAPINE, "/medicine/new")
    east.fill(code="CLOZ-25", morning_mg="50", evening_mg="150", since="2026-01-12")
    east.press("保存")
    east.dispense(CLOZAPINE, "CLOZ-25", "2026-01-12", "720")
    assert CLOZAPINE in str(east.listed())  # the first count is due on the day it begins
    east.counts("2026-01-12", "6.1", "3.4")
    east.day("2026-01-20")
    east.person(INJECTED, "/pause")
    east.fill(kind="1", since="2026-01-20", until="2026-02-25", reason="示例市精神卫生中心")
    east.press("暂停")
    east.says("已暂停按期随访")
    east.counts("2026-01-19", "5.2", "2.8")

    # 3 February: fifteen days without a count is longer than the label allows; the next one is too low.
    east.day("2026-02-03")
    east.person(CLOZAPINE, "/monitoring")
    row = page.locator("#h-due").locator("xpath=ancestor::section").locator("tr", has_text="白细胞")
    assert "超过最长间隔" in row.inner_text()
    assert "M-CLO-LOCAL" in row.inner_text()
    east.counts("2026-02-03", "3.2", "0.9")
    card = page.locator(".value-card.open")
    for said in ("中性粒细胞 0.9", "请专科医师决定", "M-CLO-US2", "据美国说明书改编的表", "2022"):
        assert said in card.inner_text()
    assert CLOZAPINE in str(east.listed()["今天必须"])
    east.person(CLOZAPINE, "/monitoring")
    assert_accessible(page, "medicine-story-value", ("390",))
    page.get_by_role("link", name="登记处理情况").click()
    page.locator('[name="steps"][value="1"]').check()
    page.locator('[name="steps"][value="3"]').check()
    page.locator('form[action$="/handled"] [name="on"]').fill("2026-02-03")
    east.fill(note="电话请示，次日复查")
    east.press("登记处理情况")
    east.says("已登记处理情况")
    east.says("上次结果须复查")
    east.day("2026-02-04")
    east.counts("2026-02-04", "4.6", "2.4")
    assert page.locator(".value-card.open").count() == 0

    # 20 February: M01 comes home with two injections of the hospital; the third is given here.
    east.day("2026-02-20")
    east.person(INJECTED)
    east.press("恢复随访")
    east.says("恢复")
    told = east.dose("2026-02-06", "150", role="起始第1针", place="3")
    assert "来源：" in told
    told = east.dose("2026-02-13", "100", role="起始第2针", place="3")
    assert "2026-03-13" in told
    east.day("2026-03-13")
    east.dose("2026-03-13", "75", role="维持")
    east.day("2026-03-20")
    codes = {file_no: [east.judged(file_no)] for file_no in (INJECTED, CLOZAPINE, OLANZAPINE)}

    # April to June: a gap of fifteen days, refills, injections, a stay in hospital.
    for day, act in (
        ("2026-04-10", lambda: east.dispense(CLOZAPINE, "CLOZ-25", "2026-04-10", "720")),
        ("2026-04-13", lambda: east.dose("2026-04-13", "75", role="维持")),
        ("2026-04-20", lambda: east.dispense(OLANZAPINE, "OLAN-10", "2026-04-20", "90")),
        ("2026-05-13", lambda: east.dose("2026-05-13", "75", role="维持")),
    ):
        east.day(day)
        act()
    east.day("2026-06-10")
    east.person(OLANZAPINE, "/pause")
    east.fill(kind="1", until="2026-07-10", reason="示例市精神卫生中心")
    east.press("暂停")
    east.says("已暂停按期随访")
    east.day("2026-06-18")  # M01's window closes in two days
    east.person(INJECTED)
    assert "窗口还有 2 天关闭（2026-06-20）" in page.locator("#injection").inner_text()
    east.day("2026-06-20")
    for file_no, hospital in ((INJECTED, 0), (CLOZAPINE, 0), (OLANZAPINE, 1)):
        codes[file_no].append(east.judged(file_no, hospital))
    east.day("2026-07-05")
    east.person(OLANZAPINE)
    east.press("恢复随访")
    east.says("恢复")
    east.day("2026-07-09")
    east.dispense(CLOZAPINE, "CLOZ-25", "2026-07-09", "720")

    # 20 July: the injection was missed; the page says what the label says, where, and who decides.
    east.day("2026-07-20")
    east.person(INJECTED)
    missed = page.locator("#injection .notice.bad").inner_text()
    for said in ("请专科医师决定", "来源：", "说明书内容的摘要", "不是医嘱"):
        assert said in missed, missed
    assert "SmPC" in missed  # the source is named
    assert INJECTED in str(east.listed())
    east.person(INJECTED)
    assert_accessible(page, "medicine-story-missed", ("390",))
    east.dose("2026-07-20", "75", role="重启第1针")
    east.day("2026-07-27")
    east.dose("2026-07-27", "75", role="重启第2针")
    for day, act in (
        ("2026-08-14", lambda: east.dispense(OLANZAPINE, "OLAN-10", "2026-08-14", "90")),
        ("2026-08-27", lambda: east.dose("2026-08-27", "75", role="维持")),
    ):
        east.day(day)
        act()
    east.day("2026-09-18")
    for file_no in codes:
        codes[file_no].append(east.judged(file_no))

    # Autumn without an event but what is due.
    for day, act in (
        ("2026-09-27", lambda: east.dose("2026-09-27", "75", role="维持")),
        ("2026-10-07", lambda: east.dispense(CLOZAPINE, "CLOZ-25", "2026-10-07", "720")),
        ("2026-10-27", lambda: east.dose("2026-10-27", "75", role="维持")),
        ("2026-11-12", lambda: east.dispense(OLANZAPINE, "OLAN-10", "2026-11-12", "90")),
        ("2026-11-27", lambda: east.dose("2026-11-27", "75", role="维持")),
    ):
        east.day(day)
        act()
    east.day("2026-12-18")
    for file_no in codes:
        codes[file_no].append(east.judged(file_no))
    east.day("2026-12-27")
    east.dose("2026-12-27", "75", role="维持")
    # What the records proposed is what a pharmacist would say of the gaps, and what the doctor agreed to.
    regular, partly = "按医嘱规律用药", "间断用药"
    assert codes == {
        INJECTED: [regular, regular, partly, regular],  # a month without an injection in summer
        CLOZAPINE: [regular] * 4,
        OLANZAPINE: [regular, partly, regular, regular],  # fifteen days without tablets in April
    }

    # 31 December: paper, strip, table and command say the same of each.
    east.day("2026-12-31")
    told = commanded(township[1])  # the command knows no register, only the events
    for file_no, (covered, days, gaps) in ON_PAPER.items():
        percent, *rest, sums = shown(east, file_no)
        assert rest == [covered, days, gaps], file_no
        assert (told[file_no]["covered"], told[file_no]["days"]) == (covered, days), file_no
        assert [tuple(one) for one in told[file_no]["gaps"]] == gaps
        assert float(percent) == pytest.approx(float(told[file_no]["pdc"]), abs=0.05)
        assert sums[:2] == [covered, days - covered]
        assert sum(sums) == 365
    assert_accessible(page, "medicine-story-strip", ("1280",))

    # The year closed: who was regular in every quarter is who had no such gap, as a plain count says too.
    east.day("2027-01-02")
    east.turn("/story/close/2026-12")
    east.go("/township?month=2026-12")
    figures = figures_of(page)
    assert figures["IND-05.MED-QUARTER"] == sum(set(known) == {regular} for known in codes.values()) == 1
    assert figures["IND-05.MED-LAST"] == sum(known[-1] == regular for known in codes.values()) == 3
    counted = plain_count(township[1], "2026-12", date(2027, 1, 2))
    assert figures == {key: counted[key] for key in figures}
