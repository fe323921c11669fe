"""名单比对: the same list gives the same piles, and nothing goes back that the other side did not know."""

from __future__ import annotations

import csv
import json
from collections import Counter
from io import BytesIO, StringIO

import pytest
from flask import Flask
from openpyxl import Workbook, load_workbook
from sqlalchemy import select

from casemgr.rules.access import Access, Action, Role
from casemgr.services import comparison, impact
from casemgr.services.comparison import NOTHING_TO_SAY
from casemgr.services.errors import Conflict, Forbidden, Missing, Refused, Unfit
from casemgr.store.models import ComparisonQuestion, LedgerLine, ListComparison, Visit
from casemgr.store.work import open_work
from casemgr.terms.sharing import Finding, Flow
from tests.services import sharing
from tests.services.sharing import OFFICER, SECRETS, TODAY, name_of, number_of
from tests.store.register import ADMINISTRATOR, DOCTOR_EAST, SYSTEM

STRANGER = 3_000


def xlsx(rows: list[tuple[object, ...]], header: tuple[str, ...] = ("序号", "姓名", "身份证号")) -> bytes:
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = "列管名单"
    page.append(header)
    for row in rows:
        page.append(row)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def text_of(rows: list[tuple[str, ...]], header: tuple[str, ...] = ("姓名", "证件号码")) -> str:
    out = StringIO()
    csv.writer(out).writerows([header, *rows])
    return out.getvalue()


def compare(content: bytes, party: Role = Role.POLICE) -> int:
    return comparison.compare(OFFICER, comparison.begin(), party, content, TODAY)


@pytest.fixture
def county(app: Flask) -> dict[int, tuple[int, int]]:
    made = sharing.people()
    sharing.leave(made[11][1])
    sharing.write_notes(Flow.POLICE)
    return made


def piles(key: int) -> dict[Finding, int]:
    return {finding: count for finding, count in comparison.page(OFFICER, key).head.counts.items() if count}


def back(key: int) -> list[tuple[str, str]]:
    content, _ = comparison.give_back(OFFICER, key, TODAY)
    rows = load_workbook(BytesIO(content))["结果"].iter_rows(min_row=2, values_only=True)
    return [(str(number), str(words)) for number, words in rows]


def old(number: str) -> str:
    """The number of 15 digits that was replaced by this one, if it was born in the last century."""
    return number[:6] + number[8:17]


def test_every_pile_and_what_goes_back(county: dict[int, tuple[int, int]]) -> None:
    lower = next(number_of(i) for i in range(2_000, 2_400) if number_of(i).endswith("X")).lower()
    rows: list[tuple[object, ...]] = [
        (1, name_of(0), number_of(0)),
        (2, "另一个名", number_of(1)),
        (3, "", f" {number_of(4)} "),
        (4, name_of(6), number_of(6)),
        (5, name_of(11), number_of(11)),
        (6, "查无此人", number_of(STRANGER)),
        (7, "小写", lower),
        (8, name_of(2), old(number_of(2))),
        (9, name_of(0), number_of(0)),
        (10, "空号", None),
        (11, "坏号", number_of(7)[:-1] + ("0" if number_of(7)[-1] != "0" else "1")),
        (12, "数值", 999901195001010010),
        (13, "公式", "=1+2"),
    ]
    key = compare(xlsx(rows))
    assert piles(key) == {
        Finding.SAME: 3,
        Finding.DIFFERENT: 1,
        Finding.BELOW: 1,
        Finding.CLOSED: 1,
        Finding.THEIRS: 2,
        Finding.REFUSED: 5,
        Finding.OURS: 1,
    }
    page = comparison.page(OFFICER, key)
    assert [row for row, _ in page.refused] == [10, 11, 12, 13, 14]
    assert (
        "与第 2 行" in page.refused[0][1] and "校验位" in page.refused[2][1] and "数值" in page.refused[3][1]
    )
    told = dict(back(key))
    assert (told["2"], told["3"], told["4"]) == ("一致", "姓名不一致，请核对", "一致")
    # On the register without ①, left, never there: all the same words.
    assert {told["5"], told["6"], told["7"], told["8"]} == {NOTHING_TO_SAY}
    assert page.ours_outward == "1–4（不写具体数）"
    # Everything to look into is a question with a file number or a row of theirs.
    asked = Counter(one.finding for one in page.questions)
    assert page.asked == asked and page.total == 6
    assert [one.row for one in comparison.page(OFFICER, key, Finding.THEIRS).questions] == [7, 8]
    assert asked == {
        Finding.DIFFERENT: 1,
        Finding.BELOW: 1,
        Finding.CLOSED: 1,
        Finding.THEIRS: 2,
        Finding.OURS: 1,
    }
    assert {one.file_no for one in page.questions if one.finding is Finding.OURS} == {"100-00003"}


def test_the_same_list_twice_gives_the_same_piles(county: dict[int, tuple[int, int]]) -> None:
    rows = [(name_of(i), number_of(i)) for i in (0, 1, 5, STRANGER)]
    once = comparison.begin()
    first = comparison.compare(OFFICER, once, Role.POLICE, text_of(rows).encode("utf-8-sig"), TODAY)
    assert comparison.compare(OFFICER, once, Role.POLICE, text_of(rows[:1]).encode(), TODAY) == first
    assert sum(piles(first).values()) == 7
    second = compare(text_of(rows).encode("gb18030"))
    assert piles(first) == piles(second)
    assert comparison.page(OFFICER, first).digest == comparison.page(OFFICER, second).digest
    assert back(first) == back(second)


def test_two_thousand_rows_and_no_trace_of_them(county: dict[int, tuple[int, int]]) -> None:
    rows = [("司空某某", number_of(i)) for i in range(5_000, 6_990)] + [
        (name_of(i), number_of(i)) for i in range(10)
    ]
    sound = {number for _, number in rows}
    key = compare(text_of(rows).encode())
    found = piles(key)
    assert sum(count for finding, count in found.items() if finding is not Finding.OURS) == 2_000
    assert (found[Finding.SAME], found[Finding.BELOW]) == (5, 5)
    with open_work(SYSTEM, Action.SHARING_READ) as work:
        row = work.get(ListComparison, key)
        assert row is not None
        kept = comparison._verdicts(work, row)
        assert all(
            (isinstance(number, int) and says == "") or finding is Finding.REFUSED
            for number, finding, says, _ in kept
        )
        assert not any(number in json.dumps(row.counts) for number in sound)
    everything = sharing.texts_of(comparison.give_back(OFFICER, key, TODAY)[0])
    assert "司空" not in everything and not any(number in everything for number in sound)


def test_the_return_file_holds_row_numbers_and_verdicts_only(county: dict[int, tuple[int, int]]) -> None:
    key = compare(text_of([(name_of(i), number_of(i)) for i in range(12)]).encode())
    everything = sharing.texts_of(comparison.give_back(OFFICER, key, TODAY)[0])
    for index in range(12):
        for secret in (name_of(index), number_of(index), sharing.phone_of(index), f"100-{index:05}"):
            assert secret not in everything
    assert not any(secret in everything for secret in (*SECRETS, "监护"))
    with open_work(SYSTEM, Action.SHARING_READ) as work:
        lines = work.entities(select(LedgerLine))
        assert {one.file_key for one in lines} == {county[i][1] for i in range(5)}
        assert {one.receiver for one in lines} == {int(Role.POLICE)}


def test_whoever_may_no_longer_be_told_of_comes_back_like_everybody_else(
    county: dict[int, tuple[int, int]],
) -> None:
    key = compare(text_of([(name_of(i), number_of(i)) for i in (0, 1)]).encode())
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        visit = work.entities(select(Visit).where(Visit.case_id == county[0][1]))[0]
        visit.risk = 1
    assert back(key) == [("2", NOTHING_TO_SAY), ("3", "一致")]
    with open_work(SYSTEM, Action.SHARING_READ) as work:
        assert [one.file_key for one in work.entities(select(LedgerLine))] == [county[1][1]]
    assert comparison.result_sheet(OFFICER, key, TODAY)


def test_cells_that_would_be_formulas_stay_words(county: dict[int, tuple[int, int]]) -> None:
    evil = ('=HYPERLINK("http://x")', "+1", "@SUM(A1)", "-2", "\t=1", "<script>", "{{7*7}}", "\x01x")
    content = text_of([(word, word) for word in evil]).encode()
    key = compare(content)
    assert piles(key)[Finding.REFUSED] == len(evil)
    everything = sharing.texts_of(comparison.give_back(OFFICER, key, TODAY)[0])
    assert "<f>" not in everything and "HYPERLINK(" not in everything and "<script" not in everything


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "请选择"),
        (b"PK\x03\x04rubbish", "损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old", "旧格式"),
        (b"\x00\x01\x02", "文本"),
        ("姓名,住址\n甲,乙\n".encode(), "没有“证件号码”"),
        ("姓名,证件号码\n".encode(), "没有内容"),
        (b"x" * (9 * 1024 * 1024), "MB"),
    ],
)
def test_files_that_cannot_be_taken_say_why(
    county: dict[int, tuple[int, int]], content: bytes, says: str
) -> None:
    with pytest.raises(Unfit) as wrong:
        compare(content)
    assert says in wrong.value.fields["file"]
    assert comparison.list_(OFFICER) == ()


def test_without_an_impact_note_nothing_is_compared(app: Flask) -> None:
    sharing.people(2)
    with pytest.raises(Refused) as wrong:
        compare(text_of([("甲", number_of(0))]).encode())
    assert wrong.value.rule == "PIPL-56"
    assert Flow.POLICE in impact.missing(OFFICER)
    with pytest.raises(Unfit) as short:
        impact.write(OFFICER, impact.begin(), impact.NewNote(None, None, {}), TODAY)
    assert set(short.value.fields) == {"flow", "written_on", *impact.TEXTS}
    sharing.write_notes(Flow.POLICE)
    (note,) = impact.list_(OFFICER)
    assert (note.keep_until.year, note.keep_until.month) == (2029, 11)
    compare(text_of([("甲", number_of(0))]).encode())


def test_only_the_county_compares_and_answers_once(county: dict[int, tuple[int, int]]) -> None:
    key = compare(text_of([(name_of(6), number_of(6))]).encode())
    for stranger in (DOCTOR_EAST, ADMINISTRATOR, Access.over(9, "公安", Role.POLICE, sharing.EAST)):
        with pytest.raises(Forbidden):
            comparison.page(stranger, key)
    (asked, *_) = [one for one in comparison.page(OFFICER, key).questions if one.finding is Finding.BELOW]
    with pytest.raises(Unfit):
        comparison.answer(OFFICER, key, asked.key, " 好 ", TODAY)
    comparison.answer(OFFICER, key, asked.key, "评估及时，等级无误", TODAY)
    with pytest.raises(Conflict):
        comparison.answer(OFFICER, key, asked.key, "再说一次，另外的话", TODAY)
    with pytest.raises(Missing):
        comparison.answer(OFFICER, 12345, asked.key, "评估及时，等级无误", TODAY)
    with open_work(SYSTEM, Action.SHARING_READ) as work:
        assert (
            work.scalar(select(ComparisonQuestion.answered_by).where(ComparisonQuestion.id == asked.key))
            == 13
        )
