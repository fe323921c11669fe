"""名单比对: another side's list against the register, by keyed tokens; their rows are never kept.

An uploaded row is turned into tokens the moment it is read, and forgotten. What stays is its row number and a
verdict, sealed. What goes back tells the other side only of people whom it may know of already, because they
are disclosed to it (①); everybody else, on the register or not, comes back as the same words (REC-COMPARE-1).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from casemgr.forms.workbook import BadWorkbook
from casemgr.indicators.small_cells import LARGEST, SMALLEST, small
from casemgr.reports import handed
from casemgr.reports.handed import Handed, HandedTable
from casemgr.rules.access import Access, Action
from casemgr.services import clock, giving, impact, ledger_line
from casemgr.services.errors import Conflict, Missing, Unfit
from casemgr.services.use_case import use_case, within
from casemgr.store import identity
from casemgr.store.db import new_key, new_keys
from casemgr.store.identity import ID_NUMBER, open_texts, opening
from casemgr.store.models.sharing import ComparisonQuestion, ListComparison
from casemgr.store.queries import sharing as queries
from casemgr.store.types import Plain
from casemgr.store.vault import Place, Vault
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.disclosure import Condition, FieldGroup
from casemgr.terms.register import Lifecycle
from casemgr.terms.sharing import FLOW_OF, Finding

READING = "名单比对"
RULE = "REC-COMPARE-1"
PARTIES = (Role.POLICE, Role.POLITICAL_LEGAL)
NAMES = {Role.POLICE: "公安", Role.POLITICAL_LEGAL: "综治"}
#: A name that another side wrote, only ever seen as a token of this place.
FOREIGN_NAME = Place("list_comparison", "name")
NOTHING_TO_SAY = "无可反馈信息"
OUTWARD = {Finding.SAME: "一致", Finding.DIFFERENT: "姓名不一致，请核对"}
#: What is to be looked into inside the house, and what to do about it.
ASKS = {
    Finding.DIFFERENT: "证件号码相同而姓名不同。请核对证件，更正我方登记或书面请对方更正。",
    Finding.THEIRS: "登记库没有这个人。请向对方索取线索材料，按线索登记、核实。",
    Finding.OURS: "已向对方提供，而对方名单没有。请与对方核对是否漏录。",
    Finding.BELOW: "在册，但现在不符合向对方提供的条件。请核对评估是否及时；不得为比对一致而改动等级。",
    Finding.CLOSED: "我方档案已结束（死亡、迁出或排除）。请核对后书面请对方更新。",
}
NOT_THERE = "没有这次比对，或不在您的辖区内。请从比对列表进入。"
REPEATED = "与第 {0} 行的证件号码相同，只比对一次。"
LONGEST, SHORTEST = 300, 4
#: Questions on one page.
SIZE = 50


@dataclass(frozen=True, slots=True)
class _Row:
    """One row as it may be kept in memory: number, tokens of id and name, or why it was not compared."""

    number: int
    ids: tuple[bytes, ...] = ()
    name: bytes = b""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """One comparison in the list."""

    key: int
    party: Role
    on: date
    rows: int
    counts: Mapping[Finding, int]
    waiting: int
    returned: bool


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One thing to look into: a file of ours or a row of theirs."""

    key: int
    finding: Finding
    row: int | None
    case_id: int | None
    file_no: str
    township: str
    asks: str
    answered_on: date | None
    answer: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ComparisonPage:
    """One comparison with what is to be looked into and the rows that were not compared."""

    head: ComparisonView
    digest: str
    questions: tuple[QuestionView, ...]
    asked: Mapping[Finding, int]
    pile: Finding | None
    total: int
    number: int
    refused: tuple[tuple[int, str], ...]
    ours_outward: str


def begin() -> int:
    """The key of the comparison to be."""
    return new_key()


def template() -> bytes:
    """The empty list: the two headers that are read."""
    return handed.blank_list("名单", ("证件号码", "姓名"))


def compare(access: Access, once: int, party: Role | None, content: bytes, today: date) -> int:
    """Compare an uploaded list; the key of the comparison. A second press of the same form changes nothing.

    Raises :class:`Unfit` with a sentence for a file that cannot be taken, :class:`Refused` while no impact
    note was written.
    """
    from casemgr.forms.plain_list import read_list  # keeps start-up light

    if party not in PARTIES:
        raise Unfit("没有比对。", fields={"party": "请选择名单来自公安还是综治。"})
    _may_compare(access, party)
    if not content:
        raise Unfit("没有比对。", fields={"file": "请选择对方的名单（.xlsx 或 .csv）。"})
    try:
        rows = read_list(content)
    except BadWorkbook as bad:
        raise Unfit("没有比对，上传的文件没有保存。", fields={"file": bad.message}) from None
    tokens = _as_tokens(access, [(one.number, one.id_number, one.name, one.fault) for one in rows])
    rows.clear()
    return _compare(access, once, party, tokens, today)


@use_case(Action.SHARING_WRITE, writes=False)
def _may_compare(work: Work, party: Role) -> None:
    impact.county_of(work)
    impact.require(work, FLOW_OF[party])


@use_case(Action.SHARING_WRITE, writes=False)
def _as_tokens(work: Work, rows: Sequence[tuple[int, str, str, str]]) -> list[_Row]:
    return [_tokens(work.vault, *row) for row in rows]


def _tokens(vault: Vault, number: int, id_number: str, name: str, fault: str) -> _Row:
    if fault:
        return _Row(number, fault=fault)
    called = identity.normal_name(name)
    return _Row(
        number,
        tuple(vault.tokens(ID_NUMBER, id_number)),
        vault.token(FOREIGN_NAME, called) if called else b"",
    )


@use_case(Action.SHARING_WRITE)
def _compare(work: Work, once: int, party: Role, rows: list[_Row], today: date) -> int:
    county = impact.county_of(work)
    if work.get(ListComparison, once) is not None:
        return once
    impact.require(work, FLOW_OF[party])
    shared = giving.shared_with(work, party, today)
    verdicts, files, matched = _judge(work, rows, shared)
    ours = sorted(shared - matched)
    counts = Counter(finding for _, finding, _ in verdicts)
    counts[Finding.OURS] = len(ours)
    outward = json.dumps([[number, _outward(finding)] for number, finding, _ in verdicts], ensure_ascii=False)
    work.add(
        ListComparison(
            id=once,
            area=county,
            party=int(party),
            on=today,
            counts={str(int(finding)): count for finding, count in sorted(counts.items())},
            verdicts=Plain(json.dumps([[n, int(f), says, files.get(n)] for n, f, says in verdicts])),
            file_digest=hashlib.sha256(outward.encode()).hexdigest(),
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    work.flush()
    _ask(work, once, county, verdicts, files, ours)
    work.note("search", "Identity", fields="id_number", count=len(rows), purpose=READING)
    return once


def _judge(
    work: Work, rows: Sequence[_Row], shared: set[int]
) -> tuple[list[tuple[int, Finding, str]], dict[int, int], set[int]]:
    """The verdict of each row, the file of each matched row, and every file that their list has."""
    known: dict[bytes, tuple[int, int, int]] = {}
    for row in queries.tokens(work):
        before = known.get(row.id_token)
        # Somebody who came back has an old file too: the open one counts.
        if before is None or before[2] != Lifecycle.ON_REGISTER:
            known[row.id_token] = (row.id, row.person_id, row.lifecycle)
    found = {one.number: next((known[t] for t in one.ids if t in known), None) for one in rows}
    named = [hit[1] for one in rows if one.name and (hit := found[one.number]) and hit[0] in shared]
    # Compared and forgotten: nobody is shown a name by it.
    with opening(work, "Identity", READING) as opened:
        names = {
            row.person_id: work.vault.token(
                FOREIGN_NAME, identity.normal_name(opened(row.person_id, row.name) or "")
            )
            for row in queries.names(work, named)
        }
    verdicts: list[tuple[int, Finding, str]] = []
    files: dict[int, int] = {}
    first: dict[bytes, int] = {}
    matched: set[int] = set()
    for one in rows:
        if one.fault:
            verdicts.append((one.number, Finding.REFUSED, one.fault))
            continue
        if (earlier := first.setdefault(one.ids[0], one.number)) != one.number:
            verdicts.append((one.number, Finding.REFUSED, REPEATED.format(earlier)))
            continue
        hit = found[one.number]
        if hit is None:
            verdicts.append((one.number, Finding.THEIRS, ""))
            continue
        case, person, lifecycle = hit
        files[one.number] = case
        matched.add(case)
        if lifecycle != Lifecycle.ON_REGISTER:
            finding = Finding.CLOSED
        elif case not in shared:
            finding = Finding.BELOW
        else:
            finding = Finding.SAME if not one.name or names.get(person) == one.name else Finding.DIFFERENT
        verdicts.append((one.number, finding, ""))
    return verdicts, files, matched


def _outward(finding: Finding) -> str:
    """What the other side hears of a row: somebody it does not know of is the same as nobody."""
    return OUTWARD.get(finding, NOTHING_TO_SAY) if finding is not Finding.REFUSED else finding.label


def _ask(
    work: Work,
    comparison: int,
    county: int,
    verdicts: Sequence[tuple[int, Finding, str]],
    files: Mapping[int, int],
    ours: Sequence[int],
) -> None:
    asked = [(n, finding, files.get(n)) for n, finding, _ in verdicts if finding in ASKS]
    wanted: list[tuple[int | None, Finding, int | None]] = [
        *asked,
        *((None, Finding.OURS, one) for one in ours),
    ]
    areas = {row.id: row.area for row in queries.facts(work, [case for _, _, case in wanted if case])}
    rows = [
        {
            "id": key,
            "comparison_id": comparison,
            "area": areas.get(case, county) if case else county,
            "case_id": case,
            "row": number,
            "finding": int(finding),
        }
        for key, (number, finding, case) in zip(new_keys(len(wanted)), wanted, strict=True)
    ]
    work.add_many(ComparisonQuestion, rows)


def _view(row: ListComparison, waiting: int) -> ComparisonView:
    counts = {finding: int(row.counts.get(str(int(finding)), 0)) for finding in Finding}
    total = sum(count for finding, count in counts.items() if finding is not Finding.OURS)
    return ComparisonView(
        row.id, Role.read(row.party), row.on, total, counts, waiting, row.returned_at is not None
    )


@use_case(Action.SHARING_READ, writes=False)
def list_(work: Work) -> tuple[ComparisonView, ...]:
    """The comparisons of the county, latest first."""
    impact.county_of(work)
    waiting = queries.open_questions(work)
    return tuple(_view(row, waiting.get(row.id, 0)) for row in queries.comparisons(work))


def _found(work: Work, key: int) -> ListComparison:
    impact.county_of(work)
    row = work.get(ListComparison, key)
    if row is None:
        raise Missing(NOT_THERE)
    return row


def _verdicts(work: Work, row: ListComparison) -> list[tuple[int, Finding, str, int | None]]:
    (text,) = open_texts(work, "ListComparison", [(row.id, row.verdicts)], READING)
    return [(number, Finding.read(code), says, case) for number, code, says, case in json.loads(text)]


@use_case(Action.SHARING_READ)
def page(work: Work, key: int, pile: Finding | None = None, number: int = 1) -> ComparisonPage:
    """One comparison with a page of what is to be looked into; :class:`Missing` outside the county."""
    row = _found(work, key)
    every = queries.questions(work, key)
    each = Counter(Finding.read(one.ComparisonQuestion.finding) for one in every)
    chosen = [one for one in every if pile is None or one.ComparisonQuestion.finding == pile]
    number = min(max(number, 1), max(1, -(-len(chosen) // SIZE)))
    asked = chosen[(number - 1) * SIZE : number * SIZE]
    told = [one.ComparisonQuestion for one in asked if one.ComparisonQuestion.answer is not None]
    words = dict(
        zip(
            (one.id for one in told),
            open_texts(work, "ComparisonQuestion", [(one.id, one.answer) for one in told], READING),
            strict=True,
        )
    )
    questions = tuple(
        QuestionView(
            one.ComparisonQuestion.id,
            (finding := Finding.read(one.ComparisonQuestion.finding)),
            one.ComparisonQuestion.row,
            one.ComparisonQuestion.case_id,
            one.file_no or "",
            one.name or "",
            ASKS[finding],
            one.ComparisonQuestion.answered_on,
            words.get(one.ComparisonQuestion.id, ""),
        )
        for one in asked
    )
    waiting = sum(one.ComparisonQuestion.answered_on is None for one in every)
    head = _view(row, waiting)
    refused = tuple((n, says) for n, finding, says, _ in _verdicts(work, row) if finding is Finding.REFUSED)
    return ComparisonPage(
        head,
        row.file_digest,
        questions,
        each,
        pile,
        len(chosen),
        number,
        refused,
        outward_count(head.counts[Finding.OURS]),
    )


def outward_count(count: int, unit: str = "") -> str:
    """A count as the other side is told it (REC-SMALL-1)."""
    return f"{SMALLEST}–{LARGEST}{unit}（不写具体数）" if small(count) else f"{count}{unit}"


@use_case(Action.SHARING_WRITE)
def answer(work: Work, comparison: int, key: int, text: str, today: date) -> None:
    """Write down what was found out about one question; once. Raises :class:`Missing`, :class:`Unfit`,
    :class:`Conflict`."""
    _found(work, comparison)
    row = work.get(ComparisonQuestion, key)
    if row is None or row.comparison_id != comparison:
        raise Missing(NOT_THERE)
    if row.answered_on is not None:
        raise Conflict("这一项已经填写过结果，不能改动。如需更正，请在下一次比对时说明。")
    text = text.strip()
    if not SHORTEST <= len(text) <= LONGEST:
        raise Unfit(
            "没有保存。",
            fields={"answer": f"请用 {SHORTEST} 到 {LONGEST} 字写明核对结果。请勿写姓名和证件号码。"},
        )
    row.answered_on, row.answered_by, row.answer = today, work.access.actor, Plain(text)


def number_of(row: ListComparison) -> str:
    """The number printed on what goes back."""
    return f"比对-{row.on:%Y%m%d}-{row.file_digest[:8].upper()}"


def _told_now(work: Work, row: ListComparison, today: date) -> list[tuple[int, Finding, str, int | None]]:
    """The verdicts as they may go out today: whoever may no longer be told of is like everybody else."""
    shared = giving.shared_with(work, Role.read(row.party), today)
    return [
        (number, Finding.BELOW if finding in OUTWARD and case not in shared else finding, says, case)
        for number, finding, says, case in _verdicts(work, row)
    ]


def _sheet(
    work: Work,
    row: ListComparison,
    verdicts: Sequence[tuple[int, Finding, str, int | None]],
    tables: tuple[HandedTable, ...],
) -> Handed:
    view, place = _view(row, 0), giving.place(work)
    out = Counter(_outward(finding) for _, finding, _, _ in verdicts)
    told = [(words, f"{out.get(words, 0)} 行") for words in (*OUTWARD.values(), NOTHING_TO_SAY, "未比对")]
    return Handed(
        title="名单比对结果单",
        number=number_of(row),
        to=f"{NAMES[view.party]}部门",
        facts=(
            ("比对日期", row.on.isoformat()),
            ("贵方名单", f"{view.rows} 行"),
            *told,
            ("已向贵方提供而名单中没有的", outward_count(view.counts[Finding.OURS], " 人")),
        ),
        paragraphs=("我方以加密比对值与贵方名单作了比对，没有保存名单。现将结果按贵方行号反馈如下。",),
        tables=tables,
        closing=(
            f"“{NOTHING_TO_SAY}”只表示我方没有可以向贵方反馈的内容，不能理解为该人在册或不在册。",
            "结果仅用于核对名单，不得用于其他目的，不得公开。",
        ),
        unit=place,
        day=row.on,
        mark=giving.mark(work),
    )


@use_case(Action.SHARING_WRITE)
def give_back(work: Work, key: int, today: date) -> tuple[bytes, str]:
    """The workbook that goes back, row numbers and verdicts only; every matched person gets a ledger line."""
    row = _found(work, key)
    impact.require(work, FLOW_OF[Role.read(row.party)])
    verdicts = _told_now(work, row, today)
    lines = tuple(
        (str(number), _outward(finding) + (f"：{says}" if says else ""))
        for number, finding, says, _ in verdicts
    )
    known = [case for _, finding, _, case in verdicts if finding in OUTWARD and case is not None]
    people = {one.id: one.area for one in queries.facts(work, known)}
    giving.enter(
        work,
        receiver=Role.read(row.party),
        people=people,
        groups=(FieldGroup.G1,),
        conditions=(Condition.RISK,),
        ground=giving.ground_of(work, Role.read(row.party), FieldGroup.G1, (Condition.RISK,), today),
        document=number_of(row),
        evidence=ledger_line.at_risk(work, known, today),
    )
    row.returned_at, row.returned_by = clock.now(), work.access.actor
    sheet = _sheet(work, row, verdicts, (HandedTable("结果", ("贵方行号", "结果"), lines),))
    return handed.workbook(sheet, within(work).demo), f"{number_of(row)}.xlsx"


@use_case(Action.SHARING_WRITE)
def result_sheet(work: Work, key: int, today: date) -> int:
    """Begin to print the counts, to be signed; the key of the print. No row of theirs is on it."""
    row = _found(work, key)
    return giving.draw(work, _sheet(work, row, _told_now(work, row, today), ()), 1)
