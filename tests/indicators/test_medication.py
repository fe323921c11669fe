"""How medication and stability are judged and what is said about it."""

from __future__ import annotations

from datetime import date

import pytest

from tests.indicators.people import frames, person, told, visit, visits

END = date(2026, 10, 31)
OPEN = "以今后随访时的实际服药情况为准。"
FINAL = "本年度已无法改变"

CASES = [
    # key, rule id, visits, counted, reason, change
    ("IND-04.MED-YEAR", "MED-YEAR", "03-01 2/3/2", True, "1 次随访记录为规律或间断用药", ""),
    ("IND-04.MED-YEAR", "MED-YEAR", "03-01 2/3/4; 05-01 2/3/3", False, "均为“不用药”或“医嘱勿需用药”", OPEN),
    ("IND-04.MED-YEAR", "MED-YEAR", "", False, "没有填写用药依从性", OPEN),
    ("IND-05.MED-YEAR", "MED-YEAR", "03-01 2/3/1; 05-01 2/3/1", True, "2 次用药记录均为", ""),
    (
        "IND-05.MED-YEAR",
        "MED-YEAR",
        "03-01 2/3/1; 05-01 2/3/4",
        False,
        "5月1日随访记录为“医嘱勿需用药”",
        FINAL,
    ),
    ("IND-05.MED-YEAR", "MED-YEAR", "", False, "没有填写用药依从性", OPEN),
    (
        "IND-05.MED-LAST",
        "MED-LAST",
        "03-01 2/3/3; 05-01 2/3/1",
        True,
        "末次5月1日随访记录为“按医嘱规律用药”",
        "",
    ),
    (
        "IND-05.MED-LAST",
        "MED-LAST",
        "03-01 2/3/1; 05-01 2/3/2",
        False,
        "末次5月1日随访记录为“间断用药”",
        OPEN,
    ),
    ("IND-08.LAST", "MED-LAST", "03-01 2/3/1; 05-01 2/3/2", True, "末次5月1日", ""),
    ("IND-08.LAST", "MED-LAST", "03-01 2/3/1; 05-01 2/3/3", False, "末次5月1日", OPEN),
    ("IND-04.MED-QUARTER", "MED-QUARTER", "03-01 2/3/2", True, "1 次随访记录为规律、间断用药或正在住院", ""),
    ("IND-04.MED-QUARTER", "MED-QUARTER", "03-01 2/3/4", False, "没有规律用药、间断用药或正在住院", OPEN),
    ("IND-05.MED-QUARTER", "MED-QUARTER", "03-01 2/3/1; 05-01 2/3/1; 09-30 2/3/1", True, "每个季度", ""),
    ("IND-05.MED-QUARTER", "MED-QUARTER", "03-01 2/3/1; 05-01 2/3/4; 09-30 2/3/1", False, "第2季度", FINAL),
    (
        "IND-05.MED-QUARTER",
        "MED-QUARTER",
        "03-01 2/3/1; 05-01 2/3/2; 06-01 2/3/1",
        False,
        "5月1日随访记录为“间断用药”",
        FINAL,
    ),
    ("IND-09.LAST", "STA-LAST", "03-01 2/1/1; 05-01 2/3/1", True, "5月1日随访分类为“稳定”", ""),
    (
        "IND-09.LAST",
        "STA-LAST",
        "03-01 2/3/1; 05-01 2/2/1",
        False,
        "5月1日随访分类为“基本稳定”",
        "实际病情为准",
    ),
    ("IND-09.LAST", "SET-REG-A", "", None, "没有填随访分类", ""),
]


@pytest.mark.parametrize(("key", "rule", "line", "counted", "reason", "change"), CASES)
def test_medication_and_stability(
    key: str, rule: str, line: str, counted: bool | None, reason: str, change: str
) -> None:
    one = told(frames([person()], visits(2026, line)), END)[key]
    assert one.counted is counted
    assert reason in one.reason
    assert one.rule == rule
    assert change in one.change


def test_a_stay_in_hospital_stands_for_regular_medication() -> None:
    seen = [visit(date(2026, month, 5), adherence=None, hospital=1) for month in (2, 5, 8)]
    found = told(frames([person()], seen), END)
    assert found["IND-04.MED-QUARTER"].counted
    assert found["IND-05.MED-QUARTER"].counted
    assert not found["IND-04.MED-YEAR"].counted
    assert found["IND-12.N1"].counted is None
    assert found["IND-12.N1"].reason == "8月5日随访记录为“目前正在住院”，不是居家患者。"


def test_a_lapse_in_hospital_is_a_lapse() -> None:
    seen = [visit(date(2026, month, 5), hospital=1) for month in (2, 5, 8)]
    seen[1]["adherence"] = 2
    assert not told(frames([person()], seen), END)["IND-05.MED-QUARTER"].counted


def test_visits_lost_say_nothing_about_medication() -> None:
    seen = [visit(date(2026, 3, 1)), visit(date(2026, 5, 1), adherence=3, loss_reason=2)]
    found = told(frames([person()], seen), END)
    assert found["IND-05.MED-YEAR"].counted
    assert found["IND-08.LAST"].counted


def test_only_schizophrenia_is_asked_about_where_it_says_so() -> None:
    found = told(frames([person(diagnosis=4)], visits(2026, "03-01 2/3/1")), END)
    assert found["IND-06.MED-QUARTER"].counted is None
    assert found["IND-06.MED-QUARTER"].reason == "诊断不是精神分裂症，不在本指标范围内。"
    assert found["IND-08.LAST"].counted


def test_nothing_asks_for_an_entry_to_be_graded_differently() -> None:
    for line in ("03-01 2/1/3", "03-01 3/2/2; 05-01 2/2/4", ""):
        for one in told(frames([person()], visits(2026, line)), END).values():
            assert not any(word in one.change for word in ("改为", "更正", "修改", "改判", "填为"))
