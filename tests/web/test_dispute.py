"""争议与补录: a city asks how a township's rate came about; a late entry changes no closed figure."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from casemgr.rules.access import Action, Role
from casemgr.services import account, clock, indicator, rate
from casemgr.store.models import Area, ClosedVerdicts
from casemgr.store.models import Visit as VisitRow
from casemgr.store.work import open_work
from tests.conftest import TODAY
from tests.services import people
from tests.services.people import Made
from tests.services.visits import typed
from tests.staff import NOW, PASSWORD
from tests.store.register import COUNTY, EAST, OFFICER, SYSTEM, WEST, units
from tests.web.conftest import sign_in
from tests.web.test_closing import revised
from tests.web.test_county import page_of, words_of
from tests.web.test_visit import post

Visit = Callable[[str], FlaskClient]
CITY, NEIGHBOUR, FAR = 999900000000, 999902000000, 999902101000
MONTH = "2026-10"
KEY = "IND-03.STD-INT"
#: Addresses that lead to people.
PEOPLE = ("/case", "/people", "/gap", "/township", "/records", "/danger", "/work", "/search")


@pytest.fixture
def region(site: Flask) -> Made:
    """Two counties of a city, one of them closed twice, and a city officer."""
    clock.fix(TODAY)
    with site.app_context():
        made = people.furnish(units())
        with open_work(SYSTEM, Action.AREA_WRITE) as work:
            for code, name, level, parent in (
                (CITY, "示例市", 2, None),
                (NEIGHBOUR, "邻县", 3, CITY),
                (FAR, "远镇", 4, NEIGHBOUR),
            ):
                work.add(Area(code=code, name=name, level=level, parent=parent, population=20_000))
        indicator.close(SYSTEM, MONTH)
        account.create(
            SYSTEM, "city", "市级戊", int(Role.CITY_OFFICER), CITY, NOW, PASSWORD, must_change=False
        )
    revised(site)
    return made


def links(page: str) -> list[str]:
    return [one.replace("&amp;", "&") for one in re.findall(r'href="(/[^"]*)"', page)]


def link_to(page: str, start: str) -> str:
    [found] = {one for one in links(page) if one.startswith(start)}
    return found


def test_a_city_disputes_a_townships_rate_in_three_clicks(site: Flask, region: Made) -> None:
    city = site.test_client()
    sign_in(city, "city")
    assert city.get("/").location == "/county"
    first = page_of(city, f"/county?month={MONTH}")
    words = words_of(first)
    assert "示例市" in words and "已冻结" in words and "各县（区）" in words
    county = page_of(city, link_to(first, f"/county/{COUNTY}"))
    assert "东镇" in words_of(county)

    # One: the rate of the township opens what it was made of, and how many fail by which reason.
    asked = link_to(county, f"/rate/{EAST}/{KEY}")
    page = page_of(city, asked)
    words = words_of(page)
    with site.app_context():
        closed = indicator.closed(SYSTEM, MONTH, EAST)
        assert closed is not None
        figure = closed.area(EAST).figure(KEY)
        below = indicator.reasons_below(OFFICER, COUNTY, KEY, MONTH, "missing")
        reasons = rate.told_apart(
            indicator.reasons(OFFICER, EAST, KEY, MONTH, "missing").counts,
            exact=False,
            hidden=rate.told_together(below, EAST),
        )
        assert below[EAST] == dict(indicator.reasons(OFFICER, EAST, KEY, MONTH, "missing").counts)
    assert f"规范管理率 {figure.value} %" in words
    assert f"分母：在册患者 {figure.denominator}" in words
    missing = (figure.denominator or 0) - figure.numerator
    assert f"合计 {missing}" in words
    assert len(reasons) > 1
    assert sum(one.people for one in reasons) == missing
    for one in reasons:
        assert one.people >= rate.SMALL
        assert f"{one.topic} {one.people}" in words
    assert "STD-INT" in words and "规范管理患者 ÷ 在册患者" in words and "2020年全国试点重点任务" in words
    # The running month is told in the same way.
    assert "合计" in words_of(page_of(city, f"/rate/{EAST}/{KEY}"))
    # Two: the edition with its sources. Three: what later closings changed, by cause.
    assert "依据：2020年全国试点重点任务" in words_of(page_of(city, link_to(page, "/editions")))
    history = page_of(city, link_to(page, "/closings"))
    assert "第 2 版的修订说明" in history and "补录记录" in words_of(history)
    # Nobody is told apart on the way.
    for seen in (first, county, page, history):
        assert not [one for one in links(seen) if one.startswith(PEOPLE) or "/closings/2026-10/" in one]
        assert not re.search(r"90[01]-0\d{4}", seen)
    for closed_door in (f"/people/{EAST}/{KEY}/missing", f"/township/{EAST}", f"/gap/{EAST}/{KEY}"):
        assert city.get(closed_door).status_code == 403
    assert city.get(f"/rate/999801101000/{KEY}").status_code == 404
    assert city.get(f"/rate/{EAST}/IND-99").status_code == 404


def test_reasons_of_few_people_are_put_together_for_a_city(site: Flask, region: Made) -> None:
    city, officer = site.test_client(), site.test_client()
    sign_in(city, "city")
    sign_in(officer, "officer")
    address = f"/rate/{WEST}/{KEY}?month={MONTH}"
    told, whole = words_of(page_of(city, address)), words_of(page_of(officer, address))
    with site.app_context():
        known = indicator.reasons(OFFICER, WEST, KEY, MONTH, "missing").counts
    people_missing = sum(count for _, count in known)
    assert 0 < people_missing < rate.SMALL
    assert f"{rate.OTHERS} {people_missing}" in told
    assert rate.OTHERS not in whole
    for topic, count in known:
        assert topic not in told
        assert f"{topic} {count}" in whole


def test_each_reason_of_a_closed_month_leads_to_as_many_people_for_ever(site: Flask, region: Made) -> None:
    officer = site.test_client()
    sign_in(officer, "officer")

    def reasons(address: str) -> dict[str, int]:
        page = page_of(officer, address)
        found = dict(re.findall(r'<td class="num"><a href="(/people/[^"]+because=[^"]+)">([\d,]+)</a>', page))
        return {one.replace("&amp;", "&"): int(count) for one, count in found.items()}

    for key, part in ((KEY, "missing"), ("IND-08.SCHIZO.LAST", "unasked")):
        address = f"/rate/{EAST}/{key}?month={MONTH}"
        known = {one: count for one, count in reasons(address).items() if f"/{part}?" in one}
        with site.app_context():
            closed = indicator.closed(OFFICER, MONTH, EAST)
            assert closed is not None
            own, all_ = closed.area(EAST).figure(key), closed.area(EAST).figure("IND-02.REG-A")
            whole = all_ if part == "unasked" else own
            rest = (whole.denominator or 0) - ((own.denominator or 0) if part == "unasked" else own.numerator)
            told = {one.topic for one in indicator.people(OFFICER, EAST, key, MONTH, part)}
        assert known and sum(known.values()) == rest
        assert len(known) == len(told)
        for one, count in known.items():
            listed = page_of(officer, f"{one}&size=100")
            assert f"共 {count} 人" in words_of(listed), one
            assert "原因：" in words_of(listed)
            assert listed.count('data-label="计入"') == count, one
        assert "人数和原因都是月结时冻结的" in words_of(page_of(officer, address))
        # Whatever becomes of the records afterwards, the reasons stay and add up.
        with site.app_context(), open_work(SYSTEM, Action.DEMO_LOAD) as work:
            for row in work.entities(
                select(VisitRow).where(VisitRow.area == EAST, VisitRow.on > date(2026, 1, 1))
            ):
                row.adherence, row.risk = 3, None
        assert {one: n for one, n in reasons(address).items() if f"/{part}?" in one} == known
        for one, count in known.items():
            assert f"共 {count} 人" in words_of(page_of(officer, one)), one
    assert "共 0 人" in words_of(page_of(officer, f"/people/{EAST}/{KEY}/missing?month={MONTH}&because=zzz"))

    # A closing from before reasons were kept says so; its people still add up.
    with site.app_context(), open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for row in work.entities(select(ClosedVerdicts)):
            row.reasons = None
    address = f"/rate/{EAST}/{KEY}?month={MONTH}"
    assert "早于本软件开始保存原因" in words_of(page_of(officer, address))
    left = reasons(address)
    assert sum(count for one, count in left.items() if "/missing?" in one) == (
        own_missing := missing_of(site)
    )
    assert own_missing > 0
    for one, count in left.items():
        assert f"共 {count} 人" in words_of(page_of(officer, one)), one


def missing_of(site: Flask) -> int:
    with site.app_context():
        closed = indicator.closed(OFFICER, MONTH, EAST)
        assert closed is not None
        own = closed.area(EAST).figure(KEY)
        return (own.denominator or 0) - own.numerator


def test_a_citys_closed_figures_are_the_sum_of_its_counties(site: Flask, region: Made) -> None:
    with site.app_context():
        city = indicator.closed(SYSTEM, MONTH, CITY)
        parts = [indicator.closed(SYSTEM, MONTH, one) for one in (COUNTY, NEIGHBOUR)]
        assert city is not None and all(parts)
        for key in (KEY, "IND-01", "IND-16", "IND-21"):
            one = city.area(CITY).figure(key)
            counties = [
                part.area(code).figure(key)
                for part, code in zip(parts, (COUNTY, NEIGHBOUR), strict=True)
                if part
            ]
            assert one.numerator == sum(other.numerator for other in counties)
            if None not in [other.denominator for other in counties]:
                assert one.denominator == sum(other.denominator or 0 for other in counties)
        assert city.area(CITY).figure("IND-01").denominator == 30_000
        trend = indicator.trend(SYSTEM, CITY, (KEY,))[0].points[-1]
        assert (trend.month, trend.numerator) == (MONTH, city.area(CITY).figure(KEY).numerator)


def plain(page: str) -> str:
    """A page without what differs from one look to the next."""
    words = words_of(re.sub(r'value="[^"]{30,}"', "", page))
    return re.sub(r"页面编号 \w+", "", words)


def test_a_late_entry_is_seen_on_the_page_of_differences_and_nowhere_else(
    site: Flask, client_of: Visit
) -> None:
    clock.fix(TODAY)
    with site.app_context():
        people.furnish(units())
        indicator.close(OFFICER, MONTH)
        late = next(
            one
            for one in indicator.people(OFFICER, EAST, "IND-02.REG-A", date(2026, 10, 31), "missing")
            if "没有随访" in one.reason
        ).case_id
    officer, doctor = client_of("officer"), client_of("east")
    key = "IND-02.REG-A"
    looks = [
        f"/county?month={MONTH}",
        f"/township/{EAST}?month={MONTH}",
        f"/rate/{EAST}/{key}?month={MONTH}",
        f"/rate/{COUNTY}/IND-03.STD-4?month={MONTH}",
        f"/closings/{MONTH}",
        *(f"/people/{EAST}/{key}/{part}?month={MONTH}&size=100" for part in ("numerator", "missing")),
        f"/records/{EAST}/IND-16/denominator?month={MONTH}",
        f"/records/{EAST}/IND-16/denominator?month=2026-09",
        "/reports",
    ]
    before = {look: plain(page_of(officer, look)) for look in looks}

    form = page_of(doctor, f"/case/{late}/visit")
    answer = post(doctor, f"/case/{late}/visit", form, typed(on="2026-10-09", next_on="2027-01-09"), save="1")
    assert answer.status_code == 303, words_of(answer.get_data(as_text=True))[:600]

    # Before the month is closed again every look at it is the same to the last word but one: that something
    # came in. Why people did not count then is said as it was; today's figures know the visit at once.
    told_of = 0
    for look in looks:
        now, was = (plain(one) for one in (page_of(officer, look), before[look]))
        said = "其后有补录" in now
        assert said == look.startswith(("/county", "/township", "/rate", "/closings")), look
        told_of += said
        for words in (
            "，其后有补录",
            "月结之后又有补录或更正，还没有列入。",
            "另有 1 次随访在月结之后录入，不在这个数内，重新月结后列入。",
        ):
            now = now.replace(words, "")
        if look.startswith("/people") and look.endswith("missing?month=2026-10&size=100"):
            # Nobody leaves the list; what is said of this one is what the closing said.
            assert "月结时：本年度没有随访。月结之后资料有变动" in now
            assert now.count("90") >= was.count("90")
        elif look.startswith("/township"):
            # Below the figures the page lists people as they are today.
            assert now.split("患者 按村")[0] == was.split("患者 按村")[0], look
        else:
            assert re.sub(r"\s+", " ", now) == re.sub(r"\s+", " ", was), look
    assert told_of == 5
    with site.app_context():
        live = indicator.live(OFFICER, EAST, TODAY).area(EAST).figure("IND-02.REG-A")
        frozen = indicator.closed(OFFICER, MONTH, EAST)
        assert frozen is not None
        assert live.numerator == frozen.area(EAST).figure("IND-02.REG-A").numerator + 1
        assert indicator.close(OFFICER, MONTH).written
        again = indicator.closed(OFFICER, MONTH, EAST)
        assert again is not None
    told = page_of(officer, f"/closings/{MONTH}")
    assert "补录记录 1 人" in words_of(told)
    listed = page_of(officer, f"/closings/{MONTH}/2?key=IND-02.REG-A")
    assert f"/case/{late}" in listed and "2026-10-09" in listed and "分子 +1，分母 0" in listed
    # The sum of the differences is the new figure less the old one, and other months are as they were.
    assert again.area(EAST).figure("IND-02.REG-A").numerator == live.numerator
    assert plain(page_of(officer, looks[8])) == before[looks[8]]


def test_last_december_under_the_edition_of_2024_on_the_screen_and_by_command(
    site: Flask, client_of: Visit
) -> None:
    clock.fix(TODAY)
    with site.app_context():
        people.furnish(units())
        indicator.close(OFFICER, "2025-12")
        kept = indicator.closed(OFFICER, "2025-12", COUNTY)
        assert kept is not None
    officer = client_of("officer")
    page = page_of(
        officer, f"/editions/compare?area={COUNTY}&month=2025-12&before=CN-2020&after=CQ-NANAN-2024"
    )
    words = words_of(page)
    runner = site.test_cli_runner()
    told = {}
    for edition in ("CN-2020", "CQ-NANAN-2024"):
        answer = runner.invoke(
            args=[
                "indicator",
                "compute",
                "--period",
                "2025-12",
                "--area",
                str(COUNTY),
                "--edition",
                edition,
                "--json",
            ]
        )
        assert answer.exit_code == 0, answer.output
        told[edition] = json.loads(answer.stdout)
        assert told[edition]["edition"] == edition
        assert edition in words
    own, other = ({one["key"]: one for one in each["areas"][0]["indicators"]} for each in told.values())
    assert other["IND-08.LAST"]["official"] and not own["IND-08.LAST"]["official"]
    for one in (
        own["IND-03.STD-INT"],
        own["IND-05.MED-QUARTER"],
        other["IND-08.LAST"],
        other["IND-08.SCHIZO.LAST"],
    ):
        assert f"{one['value']} %" in words and one["key"] in words
    # The closing keeps what it was closed with, and stands beside both under its own name.
    frozen = kept.area(COUNTY).figure("IND-03.STD-INT")
    assert f"月结（CN-2020） {frozen.value} %" in words
    with site.app_context():
        assert indicator.closed(OFFICER, "2025-12", COUNTY) == kept


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ([("甲", 9), ("乙", 7), ("丙", 5)], [9, 7, 5]),
        ([("甲", 9), ("乙", 4), ("丙", 3)], [9, 7]),
        # One small reason alone would be what is missing to the sum: the next joins it.
        ([("甲", 9), ("乙", 6), ("丙", 2)], [9, 8]),
        ([("甲", 9), ("乙", 1)], [10]),
        ([("甲", 3)], [3]),
        ([], []),
    ],
)
def test_no_reason_of_few_people_can_be_worked_out(found: list[tuple[str, int]], told: list[int]) -> None:
    assert [one.people for one in rate.told_apart(found, exact=False)] == told
    assert [one.people for one in rate.told_apart(found, exact=True)] == [count for _, count in found]


def test_no_reason_of_a_township_follows_from_those_of_its_county() -> None:
    """乙 is told of the county and of 东镇 nowhere at once: the rest would be the two people of 西镇."""
    north = EAST + 900_000
    below = {
        EAST: {"甲": 20, "乙": 6, "丙": 9},
        WEST: {"甲": 12, "乙": 2, "丙": 8},
        north: {"甲": 9, "乙": 7},
    }
    areas = {code: Counter(told) for code, told in below.items()}
    areas[COUNTY] = sum(areas.values(), Counter())
    shown = {
        code: {
            one.topic: one.people
            for one in rate.told_apart(own.most_common(), exact=False, hidden=rate.told_together(below, code))
        }
        for code, own in areas.items()
    }
    assert "乙" not in shown[WEST]
    assert not all("乙" in shown[code] for code in (COUNTY, EAST, north))
    assert {code: sum(own.values()) for code, own in shown.items()} == {
        code: sum(own.values()) for code, own in areas.items()
    }
    # What the townships put together, the county's sums do not give away either: two lines stay open.
    told = [
        topic for topic in ("甲", "乙", "丙") if all(topic in shown[code] for code in (COUNTY, EAST, north))
    ]
    assert len(told) <= 1
    # Where there is one reason only, the figure itself says as much.
    assert rate.told_together({EAST: {"甲": 3}, WEST: {"甲": 30}}, COUNTY) == frozenset()
