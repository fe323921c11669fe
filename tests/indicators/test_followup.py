"""How follow-up is judged and what is said about it, case by case."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.indicators.people import frames, person, told, visit, visits

END = date(2026, 10, 31)
KEPT = "01-10 2/3/1; 04-08 1/3/1; 07-05 2/3/1; 09-28 2/3/1"


def say(key: str, line: str = "", end: date = END, **known: Any) -> tuple[bool | None, str, str, str]:
    one = told(frames([person(**known)], visits(end.year, line)), end)[key]
    return one.counted, one.reason, one.rule, one.change


FINAL = "本年度已无法改变；如确有当时完成而未录入的记录，补录后会重新计算。"

INTERVALS = [
    # rule id, visits, registered on, counted, part of the reason, part of the change
    ("GW2017-7.12", KEPT, None, True, "完整随访 4 次", "下次随访不晚于12月29日（末次稳定，92 天内）"),
    ("GW2017-7.12", "01-15 2/3/1; 04-12 3/3/1; 12-01 2/3/1", None, False, "相隔 202 天", FINAL),
    (
        "STD-INT",
        "04-04 2/3/1; 07-01 2/3/1; 09-28 2/3/1",
        None,
        False,
        "年初1月1日 → 4月4日相隔 93 天，超过 92 天上限",
        FINAL,
    ),
    ("GW2017-7.12", "04-03 2/3/1; 07-04 2/3/1; 10-04 2/3/1", None, True, "完整随访 3 次", "不晚于12月31日"),
    (
        "GW2017-7.11",
        "10-01 2/2/1",
        date(2026, 9, 1),
        True,
        "完整随访 1 次",
        "11月1日（末次基本稳定，31 天内）",
    ),
    (
        "GW2017-7.11",
        "09-29 2/2/1",
        date(2026, 9, 1),
        False,
        "9月29日 → 10月31日（截止日）相隔 32 天，超过 31 天上限",
        FINAL,
    ),
    (
        "GW2017-7.10",
        "09-10 2/1/1; 09-25 2/3/1",
        date(2026, 9, 1),
        False,
        "相隔 15 天，超过 14 天上限（上次分类：不稳定）",
        FINAL,
    ),
    ("GW2017-7.12", "09-10 2/1/1; 09-24 2/3/1", date(2026, 9, 1), True, "完整随访 2 次", "12月25日"),
    ("STD-INT", "", date(2026, 9, 1), False, "本年度至10月31日没有随访", "12月2日前完整随访 1 次即计入。"),
    ("STD-INT", "", date(2026, 7, 1), False, "建档日7月1日 → 10月31日（截止日）相隔 122 天", FINAL),
]


@pytest.mark.parametrize(("rule", "line", "registered", "counted", "reason", "change"), INTERVALS)
def test_the_interval_rule_says_which_gap_was_too_long(
    rule: str, line: str, registered: date | None, counted: bool, reason: str, change: str
) -> None:
    known = {"registered_on": registered} if registered else {}
    found = say("IND-03.STD-INT", line, **known)
    assert found[0] is counted
    assert reason in found[1]
    assert found[2] == rule
    assert change in found[3]


def test_the_gap_of_the_worked_example_reads_as_promised() -> None:
    line = "01-15 2/3/1; 03-01 2/3/2; 04-12 3/3/1; 12-01 2/3/1"
    counted, reason, rule, change = say("IND-03.STD-INT", line, date(2024, 12, 31))
    assert not counted
    assert reason == "4月12日 → 12月1日相隔 233 天，超过 92 天上限（上次分类：稳定）。"
    assert (rule, change) == ("GW2017-7.12", FINAL)


def test_a_visit_without_a_class_allows_as_long_as_a_stable_one() -> None:
    line = [visit(date(2026, 9, 1), stability=None)]
    one = told(frames([person(registered_on=date(2026, 8, 1))], line), END)["IND-03.STD-INT"]
    assert one.counted
    assert "末次未分类，92 天内" in one.change


def test_the_last_gap_of_the_dead_ends_with_their_death() -> None:
    known = {"exit": 2, "exited_on": date(2026, 6, 30)}
    assert say("IND-03.STD-INT.REG-B", "01-08 2/3/1; 04-05 2/3/1", **known)[0] is True
    found = say("IND-03.STD-INT.REG-B", "01-08 2/3/1; 03-05 2/3/1", **known)
    assert found[1].startswith("3月5日 → 6月30日（离册之日）相隔 117 天")
    assert say("IND-03.STD-INT", "01-08 2/3/1", **known)[:2] == (None, "已于6月30日死亡，不在册。")


@pytest.mark.parametrize(
    ("key", "line", "counted", "reason", "change"),
    [
        ("IND-03.STD-3M", KEPT, True, "每个季度", "12月31日前再随访 1 次"),
        ("IND-03.STD-3M", KEPT + "; 10-02 2/3/1", True, "每个季度", ""),
        ("IND-03.STD-3M", "01-10 2/3/1; 07-05 2/3/1", False, "第2季度（4月1日—6月30日）没有完整随访", FINAL),
        ("IND-03.STD-4", KEPT, True, "达到应有的 3 次", ""),
        ("IND-03.STD-4", "01-10 2/3/1", False, "1 次，少于应有的 3 次", "11月30日前再完整随访 2 次即计入。"),
        (
            "IND-03.STD-PRO",
            "01-10 2/3/1",
            False,
            "1 次，少于应有的 3 次",
            "11月30日前再完整随访 2 次即计入。",
        ),
        ("IND-02.REG-A", "", False, "没有随访", "12月31日前完整随访 1 次即计入。"),
        ("IND-10", "01-10 3/3/1", False, "都是电话，或没有见到患者本人", "见到患者本人并完整记录 1 次即计入"),
        ("IND-10", "01-10 1/3/1", True, "面访 1 次", ""),
    ],
)
def test_the_other_ways_of_counting_follow_up(
    key: str, line: str, counted: bool, reason: str, change: str
) -> None:
    found = say(key, line)
    assert found[0] is counted
    assert reason in found[1]
    assert change in found[3]


@pytest.mark.parametrize(
    ("registered", "end", "due"),
    [
        (date(2026, 10, 20), END, 1),  # one month: ⌊1 ÷ 3⌋ is none, at least one
        (date(2026, 5, 31), END, 2),  # May to October
        (date(2026, 6, 1), END, 1),
        (date(2020, 1, 1), date(2026, 12, 31), 4),
    ],
)
def test_the_share_of_months_counts_both_ends(registered: date, end: date, due: int) -> None:
    line = [visit(date(end.year, end.month, 20 + i)) for i in range(due)]
    who = [person(registered_on=registered)]
    assert told(frames(who, line), end)["IND-03.STD-PRO"].counted
    assert not told(frames(who, line[1:]), end)["IND-03.STD-PRO"].counted


def test_a_quarter_is_required_from_its_first_day_on() -> None:
    for registered, required in ((date(2026, 7, 1), True), (date(2026, 7, 2), False)):
        who = [person(registered_on=registered)]
        one = told(frames(who, [visit(date(2026, 10, 5))]), END)["IND-03.STD-3M"]
        assert one.counted is not required


@pytest.mark.parametrize(
    ("found", "complete"),
    [
        ({}, True),
        ({"risk": None, "symptoms": 1 << 11}, True),
        ({"risk": None, "symptoms": 0}, False),
        ({"risk": None, "symptoms": None}, False),
        ({"loss_reason": 1}, False),
    ],
)
def test_a_visit_is_complete_with_danger_or_symptoms_and_without_loss(
    found: dict[str, Any], complete: bool
) -> None:
    one = told(frames([person()], [visit(date(2026, 10, 5), **found)]), END)["IND-02.REG-A"]
    assert one.counted is complete
    assert complete or "都是失访记录" in one.reason


def test_who_refused_is_not_managed_unless_article_30_applies() -> None:
    seen = visits(2026, KEPT)
    refused = told(frames([person(refused=True)], seen), END)
    assert refused["IND-02.REG-A"].counted is False
    assert refused["IND-02.REG-A"].rule == "GF2018-4.3"
    assert refused["IND-05.MED-QUARTER.DEN-MAN"].counted is None
    assert refused["IND-05.MED-QUARTER"].counted is True
    assert told(frames([person(refused=True, article30=True)], seen), END)["IND-02.REG-A"].counted


@pytest.mark.parametrize(
    ("informants", "mode", "face"),
    [(None, 1, True), (0, 2, True), (2, 2, True), (6, 1, True), (4, 2, False), (8, 1, False), (2, 3, False)],
)
def test_face_to_face_means_clinic_or_home_and_the_person(
    informants: int | None, mode: int, face: bool
) -> None:
    seen = [visit(date(2026, 10, 5), informants=informants, mode=mode)]
    assert told(frames([person()], seen), END)["IND-10"].counted is face


@pytest.mark.parametrize(
    ("state", "on", "words"),
    [
        (2, date(2026, 3, 1), "3月1日死亡"),
        (3, date(2025, 3, 1), "2025年3月1日迁出"),
        (4, END, "10月31日排除"),
    ],
)
def test_who_left_is_not_asked_about(state: int, on: date, words: str) -> None:
    one = told(frames([person(exit=state, exited_on=on)]), END)["IND-02.REG-A"]
    assert one.counted is None
    assert words in one.reason


def test_who_left_after_the_period_is_still_there() -> None:
    for on in (date(2026, 11, 1), None):
        assert told(frames([person(exit=2, exited_on=on)]), END)["IND-01"].counted
