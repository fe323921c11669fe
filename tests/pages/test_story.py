"""故事: one month of one township in a browser, twelve people, and a list that is right each day.

A clue becomes a registered person, a stable one is visited, an unstable one referred and brought back, one
moves away, one dies, one is lost and found, one refuses. At the end the figures of October are those of the
plain count, person by person.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from casemgr.app import create_app
from casemgr.indicators.frames import AREAS, CASES, CHECKUPS, OFFENCES, SESSIONS, VISITS, Frames
from casemgr.indicators.period import Period
from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.store.db import db
from casemgr.store.models import Case, Incident, Visit
from casemgr.store.types import to_days
from casemgr.store.work import open_work
from casemgr.terms.incident import DangerousAct
from casemgr.terms.register import Lifecycle, Management
from tests.conftest import make_config
from tests.indicators.oracle import verdicts
from tests.pages.conftest import Complaints, assert_accessible, open_page, resize, serving, sign_in
from tests.pages.story import NEW_NAME, NEW_NUMBER
from tests.pages.test_visit import TAPS_OF_A_STABLE_VISIT, Thumb, steady
from tests.services.people import VILLAGE
from tests.store.register import EAST, SYSTEM

LAST_DAY = date(2026, 11, 2)
#: What the register asks besides what the clue has told.
ENTRY = {
    "sex": "1" if int(NEW_NUMBER[16]) % 2 else "2",
    "birth_on": f"{NEW_NUMBER[6:10]}-{NEW_NUMBER[10:12]}-{NEW_NUMBER[12:14]}",
    "phone": "10000000077",
    "domicile": "示例县东镇第1村7号",
    "residence": "7号",
    "guardian_name": "郑监护",
    "relation": "5",
    "guardian_phone": "10000000078",
    "diagnosis": "1",
    "icd10": "F20.0",
    "diagnosed_at": "县精神卫生中心",
    "diagnosed": "2026-10-16",
    "onset": "2026",
    "past_confinement": "1",
    "past_acts": "7",
    "article30": "否",
    "ground": "2",
    "consent": "1",
    "consent_on": "2026-10-19",
    "signer": "郑监护",
    "registered_on": "2026-10-19",
    "unit_code": f"U{EAST}",
    "file_no": "S07",
}


@pytest.fixture(scope="module")
def township(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address and folder of the served township of the story."""
    folder = tmp_path_factory.mktemp("story") / "instance"
    with serving(template, folder, "tests.pages.story") as address:
        yield address, folder


class Doctor:
    """Somebody at work in the township."""

    def __init__(self, page: Page, server: str) -> None:
        self.page, self.server = page, server
        self.cases: dict[str, str] = {}

    def go(self, path: str) -> None:
        self.page.goto(self.server + path)

    def turn(self, path: str) -> None:
        """Let the story do something; nobody looks at it, so nothing is drawn."""
        answer = self.page.request.get(self.server + path, timeout=120_000)
        assert answer.ok, answer.text()

    def morning(self, day: str) -> dict[str, list[str]]:
        """Move to a day and read the list."""
        self.turn(f"/story/day/{day}")
        return self.listed()

    def listed(self) -> dict[str, list[str]]:
        """Who stands in each block of today's list, by file number; its counters say the same."""
        self.go("/work?size=100")
        blocks: dict[str, list[str]] = {}
        for body in self.page.locator("table tbody").all():
            head = body.locator("tr.work-block").inner_text().strip()
            blocks[head] = body.locator("th.who a").all_inner_texts()
        told = dict(
            entry.rsplit(maxsplit=1) for entry in self.page.locator(".work-counts a").all_inner_texts()
        )
        assert {name: int(count) for name, count in told.items() if name != "全部" and count != "0"} == {
            name: len(people) for name, people in blocks.items()
        }
        return {name: sorted(people) for name, people in blocks.items()}

    def person(self, file_no: str, further: str = "") -> None:
        """Open somebody's page, or a page of theirs."""
        if file_no not in self.cases:
            self.go("/cases?size=100&lifecycle=all")
            found = self.page.get_by_role("link", name=file_no, exact=True).get_attribute("href")
            assert found is not None
            self.cases[file_no] = found
        self.go(self.cases[file_no] + further)

    def fill(self, **given: str) -> None:
        """Fill the fields of a form by their names."""
        for name, value in given.items():
            place = self.page.locator(f'[name="{name}"]')
            kind = place.first.evaluate("one => one.type")
            if kind in ("radio", "checkbox"):
                self.page.locator(f'[name="{name}"][value="{value}"]').check()
            elif kind == "select-one":
                place.select_option(value)
            else:
                place.fill(value)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).locator("visible=true").first.click()

    def says(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for()

    def steady_visit(self, file_no: str, following: str) -> None:
        """Meet somebody who is well, on a phone."""
        resize(self.page, "390")
        self.person(file_no)
        self.page.get_by_role("link", name="开始随访").first.click()
        thumb = Thumb(self.page)
        steady(thumb)
        self.page.get_by_text("系统提示：稳定").wait_for()
        thumb.choose("本次随访分类", "3 稳定")
        thumb.tap("button", following)
        thumb.tap("button", "保存")
        self.page.get_by_text("随访已保存").wait_for()
        assert thumb.taps <= TAPS_OF_A_STABLE_VISIT
        resize(self.page, "1280")


@pytest.fixture
def doctor(browser: Browser, township: tuple[str, Path]) -> Iterator[Doctor]:
    """The doctor of the township at her desk; the browser must not complain."""
    page = open_page(browser)
    complaints = Complaints(page)
    sign_in(page, township[0], "east")
    yield Doctor(page, township[0])
    page.context.close()
    assert complaints.found == []


def begin_print(east: Doctor, file_no: str, form: str, record: str) -> str:
    """Begin to print one kept form of somebody; the address where the file will be."""
    east.person(file_no, f"/print/{form}")
    east.page.locator("label.choice", has_text=record).first.click()
    east.fill(purpose="1")
    east.press("准备打印文件")
    east.page.wait_for_url("**/prints/*")
    return east.page.url


def printed(east: Doctor, address: str) -> bytes:
    """The finished file of a print."""
    east.page.goto(address)
    east.says("已备好")
    link = east.page.get_by_role("link", name="下载 PDF").get_attribute("href")
    assert link is not None
    return east.page.request.get(east.server + link).body()


def figures_of(east: Doctor) -> dict[str, int]:
    """Numerators of October as the page of the township links them to its people."""
    east.go("/township?month=2026-10")
    assert_accessible(east.page, "story-township", ("1280",))
    found = {}
    for link in east.page.locator('a[href*="/numerator"]:not([href*="/records/"])').all():
        address = link.get_attribute("href") or ""
        found[address.split("/")[3]] = int(link.text_content() or "")
    return found


def plain_count(folder: Path, month: str = "2026-10", today: date = LAST_DAY) -> dict[str, int]:
    """The same from the rows, by the definitions told once more in plain Python."""
    app = create_app(make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=today.isoformat()), doors=())
    with app.app_context(), open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
        cases = [
            (
                one.id,
                one.area,
                one.village,
                to_days(one.registered_on),
                0 if one.lifecycle == Lifecycle.ON_REGISTER else one.lifecycle,
                to_days(one.lifecycle_on) if one.lifecycle != Lifecycle.ON_REGISTER else None,
                one.diagnosis,
                one.consent == 0,
                one.article30,
                one.management == Management.LOST,
            )
            for one in work.entities(select(Case))
        ]
        names = [name for name in VISITS if name not in ("case", "on")]
        visits = [
            (one.case_id, to_days(one.on), *(getattr(one, name) for name in names))
            for one in work.entities(select(Visit))
        ]
        offences = [
            (one.case_id, to_days(one.on))
            for one in work.entities(select(Incident))
            if one.kind in (DangerousAct.OFFENCE, DangerousAct.CRIME)
        ]
    with app.app_context():
        db.engine.dispose()
    clock.fix(None)
    facts = Frames(
        pl.DataFrame(cases, schema=CASES, orient="row"),
        pl.DataFrame(visits, schema=VISITS, orient="row"),
        pl.DataFrame(schema=SESSIONS),
        pl.DataFrame(schema=CHECKUPS),
        pl.DataFrame(schema=AREAS),
        pl.DataFrame(offences, schema=OFFENCES, orient="row"),
    )
    found: dict[str, int] = {}
    for one in verdicts(facts, Period.of_month(month)).values():
        for key, counted in one.items():
            found[key] = found.get(key, 0) + bool(counted)
    return found


def test_a_month_of_a_township(doctor: Doctor, browser: Browser, township: tuple[str, Path]) -> None:
    east, page = doctor, doctor.page

    # Friday 9 October. S02 was found unstable yesterday; S05 has not been met since May.
    assert east.morning("2026-10-09") == {
        "今天必须": ["S02"],
        "已逾期": ["S05"],
        "本周到期": ["S01", "S09"],
    }
    assert_accessible(page, "story-work", ("1280",))
    east.steady_visit("S01", "2027-01-09 前")
    assert "S01" not in str(east.listed())  # right in the very next request
    prints = [begin_print(east, "S01", "followup", "2026-10-09 的随访")]
    east.person("S02")
    east.says("接下来")
    page.get_by_role("link", name="立即转诊").click()
    east.fill(direction="1", advised_on="2026-10-09", sent_on="2026-10-09")
    east.fill(target="示例市精神卫生中心门诊", reason="幻听明显，需调整用药")
    east.press("保存")
    east.says("转诊已登记")
    assert_accessible(page, "story-referral", ("1280",))
    referral = page.url
    east.person("S02")
    settle = page.locator("li", has=page.get_by_text("通报公安", exact=True)).locator("form")
    settle.locator('[name="on"]').fill("2026-10-09")
    settle.get_by_role("button", name="已办").click()
    east.says("已记为办结")
    east.go("/clues/new")
    east.fill(name=NEW_NAME, source="1", found_on="2026-10-09", village=str(VILLAGE), id_number=NEW_NUMBER)
    east.fill(**{f"sign{number}": "1" if number == 5 else "0" for number in range(1, 10)})
    east.press("登记线索")
    clue = page.url
    assert east.listed() == {"已逾期": ["S05"], "本周到期": ["S09"]}

    # Monday 12 October: the third walk to S05 in vain, over a month after the first.
    assert east.morning("2026-10-12") == {"已逾期": ["S05"], "本周到期": ["S09"]}
    east.person("S05", "/attempt")
    east.fill(result="3", way="2")
    east.press("保存")
    east.says("已记：未接通")
    page.goto(clue)
    east.fill(to="2", on="2026-10-12")
    east.press("保存这一步")

    # Wednesday 14 October: S05 is confirmed lost, S06 wants no visits, S09 is well again.
    assert east.morning("2026-10-14") == {"已逾期": ["S05"], "本周到期": ["S04", "S09"]}
    east.person("S05", "/lost")
    east.fill(on="2026-10-12", why="5", reason="三次上门未见，邻居不知去向")
    east.press("确认失访")
    east.says("已确认失访")
    assert_accessible(page, "story-lost", ("1280",))
    east.person("S06", "/consent")
    east.fill(step="3", on="2026-10-14", signer="本人", reason="不愿再被随访")
    east.press("保存")
    east.says("一年后会提醒再次征求")
    east.steady_visit("S09", "2027-01-14 前")
    assert east.listed() == {"本周到期": ["S04"]}

    # Friday 16 October: the clue is diagnosed, S03 leaves the county.
    assert east.morning("2026-10-16") == {"本周到期": ["S02", "S04"]}
    page.goto(clue)
    east.fill(to="3", on="2026-10-16", diagnosis="1", decided_by="县精神卫生中心 张医师")
    east.press("保存这一步")
    east.person("S03", "/moved")
    east.fill(on="2026-10-16", place="示例市乙县精防机构", reason="随子女居住")
    east.press("登记迁出")
    east.says("已登记迁出")

    # Monday 19 October: S04 has died, the person of the clue enters the register.
    assert east.morning("2026-10-19") == {"本周到期": ["S02", "S04"]}
    east.person("S04", "/death")
    east.fill(on="2026-10-17", proof="2", cause="1", disease="3", detail="查看死亡证明")
    page.get_by_role("button", name="登记", exact=True).click()
    east.says("已登记死亡")
    page.goto(clue)
    page.get_by_role("link", name="登记建档").first.click()
    east.fill(**ENTRY)
    east.press("登记建档")
    east.says("S07")
    assert_accessible(page, "story-case", ("1280",))
    assert east.listed() == {"本周到期": ["S02"]}

    # Thursday 22 October: word from the hospital; S02 is back and seen at home.
    assert east.morning("2026-10-22") == {"今天必须": ["S02"]}
    for to, on, note in (
        ("3", "2026-10-10", ""),
        ("5", "2026-10-20", "加量后好转"),
        ("6", "2026-10-21", "每晚服药"),
    ):
        page.goto(referral)
        east.fill(to=to, on=on, note=note)
        east.press("保存这一步")
    east.says("上转：已转回")
    assert east.listed() == {"今天必须": ["S02"]}  # back, and not yet seen
    prints.append(begin_print(east, "S02", "referral", "2026-10-09"))
    east.steady_visit("S02", "2027-01-22 前")
    assert east.listed() == {"本周到期": ["S02"]}  # a second person looks at the lowered level

    # Friday 23 October: the county's officer agrees to the lower level.
    assert east.morning("2026-10-23") == {"本周到期": ["S02"]}
    east.person("S02")
    visit = page.get_by_role("link", name="2026-10-22").first.get_attribute("href")
    officer = open_page(browser)
    sign_in(officer, township[0], "officer")
    officer.goto(f"{township[0]}{visit}/confirm")
    officer.get_by_role("button", name="同意下调", exact=True).click()
    officer.context.close()
    assert east.listed() == {}

    # Monday 26 October: S05 is at his sister's; one press.
    assert east.morning("2026-10-26") == {"本周到期": ["S07"]}
    east.person("S05")
    east.press("已找到")
    east.says("已恢复管理")
    assert east.listed() == {"本周到期": ["S07"]}
    assert east.morning("2026-10-30") == {"本周到期": ["S07"]}

    # Monday 2 November: the forms that were printed are there; October is closed and counted once more.
    assert east.morning("2026-11-02") == {"今天必须": ["S07"], "本周到期": ["S05"]}
    for address in prints:
        assert printed(east, address).startswith(b"%PDF")
    east.turn("/story/close/2026-10")
    told = figures_of(east)
    counted = plain_count(township[1])
    assert told == {key: counted[key] for key in told}
    assert told["IND-03.STD-INT"] > 0
    assert told["IND-01"] == 10  # eleven were there, one came, one left, one died
