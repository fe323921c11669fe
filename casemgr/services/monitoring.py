"""用药监测: results of tests with their units, which test is due by which source, and critical values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from casemgr.rules import laboratory
from casemgr.rules import monitoring as rules
from casemgr.rules.access import Access, Action
from casemgr.rules.facts import CaseDay, ResultFact
from casemgr.rules.laboratory import Test, Unclear
from casemgr.rules.monitoring import Alert, Asked, Standing, Taken, Weight
from casemgr.services import clock, duties, revision
from casemgr.services.case_view import term
from casemgr.services.errors import Conflict, Missing, Unfit
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.identity import open_texts, opening
from casemgr.store.models import DrugWatch, LabResult
from casemgr.store.queries import monitoring as queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.code import from_mask, to_mask
from casemgr.terms.monitoring import Knowledge, Phase, ResultFinding, ResultOrigin, ValueStep, WatchedDrug
from casemgr.terms.register import Lifecycle

__all__ = ["Standing", "Weight"]

NOT_THERE = "没有找到这份档案或这项结果，或不在您的辖区内。请从名单重新打开。"
OTHERS_KEY = "这张表单属于另一份档案，没有保存。请回到患者页重新打开表单。"
READING = "查阅检验结果"
NOT_SAVED = "没有保存，请改正后再试。"
#: Results of a test that the table shows, and the points of its line.
SHOWN, DRAWN = 6, 12
#: Tests due so soon stand first in the form.
SOON = timedelta(14)
#: A drug that ended is shown for so long.
ENDED_SHOWN = timedelta(365)


# --- looking --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DrugView:
    """One watched drug: since when, how it is known; ``asks``: what has to be stated before more is asked."""

    drug: WatchedDrug
    first_on: date
    since: date | None
    until: date | None
    how: Knowledge
    phase: Phase | None
    asks: str


@dataclass(frozen=True, slots=True)
class Point:
    """One value in table and line; ``outside`` its reference range, ``heavy``: asks for a doctor."""

    id: int
    on: date
    shown: str
    outside: str
    heavy: bool


@dataclass(frozen=True, slots=True)
class Series:
    """The results of one test, latest first; ``drawn`` are its numbers oldest first."""

    test: Test
    points: tuple[Point, ...]
    older: int
    drawn: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class ValueCard:
    """One value that asks for something: what its sources say, and what was done about it."""

    id: int
    case_id: int
    name: str
    shown: str
    on: date
    alerts: tuple[Alert, ...]
    handled_on: date | None
    steps: tuple[ValueStep, ...]


@dataclass(frozen=True, slots=True)
class MonitoringView:
    """What is watched of one person: open critical values, what is due, results, and the form's tests."""

    case_id: int
    file_no: str
    drugs: tuple[DrugView, ...]
    open: tuple[ValueCard, ...]
    handled: tuple[ValueCard, ...]
    notes: tuple[Alert, ...]
    checks: tuple[Asked, ...]
    series: tuple[Series, ...]
    offered: tuple[Test, ...]
    others: tuple[Test, ...]

    @property
    def due(self) -> tuple[Asked, ...]:
        """What is due today or before."""
        return tuple(one for one in self.checks if one.check.standing >= Standing.DUE)

    @property
    def next(self) -> Asked | None:
        """What is due next."""
        ahead = [one for one in self.checks if one.check.standing is Standing.NOT_DUE]
        return min(ahead, key=lambda one: one.check.due or date.max, default=None)

    @property
    def asks(self) -> str:
        """What has to be stated before more is asked; empty when nothing."""
        return next((one.asks for one in self.drugs if one.asks), "")


@use_case(Action.MONITORING_READ, writes=False)
def watched(work: Work, case_id: int) -> bool:
    """Whether there is anything to watch of this person; false outside the access."""
    return queries.watched(work, case_id)


@use_case(Action.MONITORING_READ, writes=False)
def card(work: Work, case_id: int, today: date) -> MonitoringView | None:
    """The same as :func:`view` for the page of the person; ``None`` where nothing is watched."""
    return _view(work, case_id, today) if queries.watched(work, case_id) else None


@use_case(Action.MONITORING_READ, writes=False)
def view(work: Work, case_id: int, today: date) -> MonitoringView:
    """What is watched of one person on ``today``; opens no text. :class:`Missing` outside the access."""
    return _view(work, case_id, today)


def _known(work: Work, case_id: int) -> Any:
    row = queries.case(work, case_id)
    if row is None:
        raise Missing(NOT_THERE)
    return row


def _view(work: Work, case_id: int, today: date) -> MonitoringView:
    row = _known(work, case_id)
    facts = queries.facts(work, case_id)
    if facts is None:
        raise Missing(NOT_THERE)
    facts = facts.known_by(today)
    drugs = rules.taken(facts)
    rows = [one for one in queries.results(work, case_id) if not one.void and one.on <= today]
    known = [_fact(one) for one in reversed(rows)]
    cards = [
        card
        for one, fact in zip(rows, reversed(known), strict=True)
        if (card := _card(drugs, one, fact, facts))
    ]
    checks = rules.asked(drugs, known, today, facts.sex) if facts.lifecycle == Lifecycle.ON_REGISTER else ()
    offered = tuple(one for one in laboratory.tests() if _is_wanted(one, checks, today))
    return MonitoringView(
        case_id,
        row.file_no,
        tuple(_drug(one) for one in drugs if one.until is None or one.until >= today - ENDED_SHOWN),
        tuple(one for one in cards if one.handled_on is None),
        tuple(one for one in cards if one.handled_on is not None),
        (*_notes(drugs, known, facts), *rules.gain(drugs, known)),
        checks,
        tuple(_series(rows, drugs, known, facts)),
        offered,
        tuple(one for one in laboratory.tests() if one not in offered),
    )


def _is_wanted(test: Test, checks: Sequence[Asked], today: date) -> bool:
    """Whether a test is due by now or soon, so that its row of the form stands first."""
    return any(
        one.check.item == test.item
        and test.drug in ("", one.drug.key)
        and one.check.due is not None
        and one.check.due <= today + SOON
        for one in checks
    )


def _fact(row: LabResult) -> ResultFact:
    return ResultFact(row.id, row.test, row.on, row.value, row.handled_on)


def _drug(one: Taken) -> DrugView:
    asks = ""
    if one.until is None and one.since is None:
        asks = (
            f"{one.drug.label}的开始日期没有记录，请补填；在此之前按首次记录 {one.first_on.isoformat()} 计算"
        )
    elif one.until is None and one.drug is WatchedDrug.LITHIUM and one.phase is None:
        asks = "碳酸锂处于治疗期还是维持期没有记录，请补填；在此之前按维持期的较长间隔提醒"
    return DrugView(one.drug, one.first_on, one.since, one.until, one.how, one.phase, asks)


def _card(drugs: Sequence[Taken], row: LabResult, fact: ResultFact, facts: CaseDay) -> ValueCard | None:
    alerts = rules.of_value(drugs, fact, facts.sex)
    if not alerts or alerts[0].weight is not Weight.STOP:
        return None
    test = laboratory.by_code()[row.test]
    return ValueCard(
        row.id,
        row.case_id,
        test.name,
        f"{laboratory.shown(row.value or 0)} {test.unit}",
        row.on,
        tuple(one for one in alerts if one.weight is Weight.STOP),
        row.handled_on,
        tuple(from_mask(ValueStep, row.steps)),
    )


def _notes(drugs: Sequence[Taken], known: Sequence[ResultFact], facts: CaseDay) -> tuple[Alert, ...]:
    """What the latest value of each test asks for besides critical values."""
    latest = {one.test: one for one in known if one.value is not None}
    return tuple(
        alert
        for one in latest.values()
        for alert in rules.of_value(drugs, one, facts.sex)
        if alert.weight is Weight.WARN
    )


def _shown(row: LabResult) -> str:
    if row.value is not None:
        return laboratory.shown(row.value)
    finding = term(ResultFinding, row.finding)
    return "已查" if finding is None else finding.label


def _outside(row: LabResult) -> str:
    """偏低, 偏高 or 异常, by the reference range of the report itself."""
    if row.value is not None and row.low is not None and row.value < row.low:
        return "偏低"
    if row.value is not None and row.high is not None and row.value > row.high:
        return "偏高"
    return "异常" if row.finding == ResultFinding.ABNORMAL else ""


def _series(
    rows: Sequence[LabResult], drugs: Sequence[Taken], known: Sequence[ResultFact], facts: CaseDay
) -> list[Series]:
    heavy = {
        one.id
        for one in known
        if any(alert.weight is Weight.STOP for alert in rules.of_value(drugs, one, facts.sex))
    }
    by_test: dict[int, list[Point]] = {}
    numbers: dict[int, list[Point]] = {}
    for row in rows:
        point = Point(row.id, row.on, _shown(row), _outside(row), row.id in heavy)
        by_test.setdefault(row.test, []).append(point)
        if row.value is not None:
            numbers.setdefault(row.test, []).append(point)
    return [
        Series(
            test,
            tuple(by_test[test.code][:SHOWN]),
            len(by_test[test.code][SHOWN:]),
            tuple(reversed(numbers.get(test.code, [])[:DRAWN])),
        )
        for test in laboratory.tests()
        if test.code in by_test
    ]


# --- entering -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One result as it stands on the paper: value, unit and reference range as texts, or a finding."""

    test: str
    value: str = ""
    unit: str = ""
    range: str = ""
    finding: ResultFinding | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing was filled in; a unit alone is none."""
        return not (self.value or self.range or self.finding)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The results of one day; ``laboratory`` and ``note`` are sealed."""

    on: date
    source: ResultOrigin
    lines: tuple[Line, ...]
    laboratory: str = field(default="", repr=False)
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept; ``again``: it had been before. ``critical``: values that ask for a doctor now."""

    case_id: int
    count: int
    again: bool
    critical: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()


@use_case(Action.MONITORING_WRITE, writes=False)
def new_once(work: Work) -> int:
    """The key of a form to be, so that a second press writes nothing."""
    return new_key()


@use_case(Action.MONITORING_WRITE)
def record(work: Work, case_id: int, once: int, sheet: Sheet, today: date) -> Kept:
    """Keep the results of one day; raises :class:`Unfit` by field (``value-wbc``, ``unit-wbc``, ``on``)."""
    case = _known(work, case_id)
    before = queries.of_entry(work, once)
    if before:
        if any(one.case_id != case_id for one in before):
            raise Conflict(OTHERS_KEY)
        return Kept(case_id, len(before), again=True, ids=tuple(one.id for one in before))
    wrong: dict[str, str] = {}
    _check_day(case, sheet.on, today, wrong)
    lines = [one for one in sheet.lines if not one.empty]
    if not lines:
        wrong["lines"] = "没有填写任何结果。请至少填一项，或返回患者页。"
    if len({one.test for one in lines}) < len(lines):
        wrong["lines"] = "同一项检查填了两次。请删去一行；同一天复查的，请分两次保存。"
    read = [_read(one, wrong) for one in lines]
    values = {one["test"]: one["value"] for one in read if one is not None}
    _compare(values, wrong)
    if not wrong and not sheet.note:
        _ask_twice(work, case_id, sheet.on, read, wrong)
    if wrong:
        raise Unfit(NOT_SAVED, fields=wrong)
    ids = []
    for one in read:
        ids.append(new_key())
        work.add(
            LabResult(
                id=ids[-1],
                area=case.area,
                case_id=case_id,
                entry=once,
                on=sheet.on,
                source=int(sheet.source),
                laboratory=Plain(sheet.laboratory) if sheet.laboratory else None,
                note=Plain(sheet.note) if sheet.note else None,
                recorded_at=clock.moment(),
                recorded_by=work.access.actor,
                **(one or {}),
            )
        )
    work.flush()
    duties.refresh(work, [case_id])
    return Kept(case_id, len(ids), again=False, critical=_critical(work, case_id, ids), ids=tuple(ids))


def _check_day(case: Any, on: date, today: date, wrong: dict[str, str]) -> None:
    if on > today:
        wrong["on"] = "检查日期晚于今天。请按报告单改正。"
    elif case.birth_year is not None and on.year < case.birth_year:
        wrong["on"] = "检查日期早于出生。请核对报告单，或先改正档案。"
    elif case.lifecycle == Lifecycle.DEAD and case.lifecycle_on is not None and on > case.lifecycle_on:
        wrong["on"] = "检查日期晚于死亡日期。请核对报告单是否属于这位患者，或先改正档案。"


def _read(line: Line, wrong: dict[str, str]) -> dict[str, Any] | None:
    """The columns of one result; what is unclear goes into ``wrong``."""
    test = laboratory.by_key().get(line.test)
    if test is None:
        wrong["lines"] = "有一项检查不在检验项目表中。请重新选择，或在随访记录的实验室检查中填写。"
        return None
    found: dict[str, Any] = {
        "test": test.code,
        "value": None,
        "low": None,
        "high": None,
        "finding": None if line.finding is None else int(line.finding),
        "written": None,
    }
    if not line.value:
        if line.finding is None:
            wrong[f"value-{test.key}"] = f"{test.name}只填了参考范围。请补填数值，或清空这一行。"
        return found
    try:
        laboratory.factor_of(test, line.unit)
    except Unclear as unclear:
        wrong[f"{'unit' if test.unit else 'value'}-{test.key}"] = str(unclear)
        return found
    try:
        found["value"] = laboratory.value_of(test, line.value, line.unit)
    except Unclear as unclear:
        wrong[f"value-{test.key}"] = str(unclear)
    try:
        found["low"], found["high"] = laboratory.range_of(test, line.range, line.unit)
    except Unclear as unclear:
        wrong[f"range-{test.key}"] = str(unclear)
    told = f"{line.value} {line.unit}" + (f"（{line.range}）" if line.range else "")
    found["written"] = Plain(told)
    return found


def _compare(values: Mapping[int, int | None], wrong: dict[str, str]) -> None:
    """Values of one day that cannot both be true."""
    known = {laboratory.by_code()[test].key: value for test, value in values.items() if value is not None}
    if known.get("neutrophils", 0) > known.get("wbc", known.get("neutrophils", 0)):
        wrong["value-neutrophils"] = (
            "中性粒细胞多于白细胞，不可能同时成立，常见原因是填了百分数或单位选错。"
            "请按报告单的绝对值改正，或清空这一项。"
        )
    if "systolic" in known and known.get("diastolic", -1) >= known["systolic"]:
        wrong["value-diastolic"] = "舒张压不低于收缩压，可能填反了。请核对后改正，或清空血压。"


def _ask_twice(
    work: Work, case_id: int, on: date, read: Sequence[dict[str, Any] | None], wrong: dict[str, str]
) -> None:
    """The same value of the same day a second time is most likely the same report."""
    known = {
        (one.test, one.value, one.finding): one.id
        for one in queries.results(work, case_id)
        if one.on == on and not one.void
    }
    for one in read:
        if one is not None and (one["test"], one["value"], one["finding"]) in known:
            test = laboratory.by_code()[one["test"]]
            wrong[f"value-{test.key}"] = (
                f"{on.isoformat()} 已有相同的{test.name}结果，可能是同一张报告。"
                "请清空这一项；确为当天复查的，请在备注中写明后再保存。"
            )


def _critical(work: Work, case_id: int, ids: Sequence[int]) -> tuple[str, ...]:
    facts = queries.facts(work, case_id)
    if facts is None:
        return ()
    drugs = rules.taken(facts)
    return tuple(
        laboratory.by_code()[one.test].name
        for one in facts.results
        if one.id in ids
        and any(alert.weight is Weight.STOP for alert in rules.of_value(drugs, one, facts.sex))
    )


# --- one result: looking, correcting, answering ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class ResultView:
    """One result with its texts opened; ``written`` is what stands on the paper."""

    id: int
    case_id: int
    file_no: str
    test: Test
    on: date
    shown: str
    range: str
    finding: ResultFinding | None
    source: ResultOrigin | None
    void: bool
    version: int
    card: ValueCard | None
    #: Other critical values of the same report that wait for an answer, too.
    together: tuple[str, ...]
    recorded_on: date
    written: str = field(default="", repr=False)
    laboratory: str = field(default="", repr=False)
    note: str = field(default="", repr=False)
    handling: str = field(default="", repr=False)


def _result(work: Work, result_id: int) -> LabResult:
    row = work.get(LabResult, result_id)
    if row is None:
        raise Missing(NOT_THERE)
    return row


def _range(row: LabResult) -> str:
    if row.low is None and row.high is None:
        return ""
    if row.low is None:
        return f"≤{laboratory.shown(row.high or 0)}"
    return (
        f"{laboratory.shown(row.low)}-{laboratory.shown(row.high)}"
        if row.high is not None
        else (f"≥{laboratory.shown(row.low)}")
    )


def _waiting_with(work: Work, row: LabResult, drugs: Sequence[Taken], facts: CaseDay) -> list[LabResult]:
    """Other critical values that came with the same report and wait for an answer."""
    return [
        one
        for one in queries.results(work, row.case_id)
        if one.entry == row.entry
        and one.id != row.id
        and not one.void
        and one.handled_on is None
        and _card(drugs, one, _fact(one), facts) is not None
    ]


@use_case(Action.MONITORING_READ)
def result(work: Work, result_id: int) -> ResultView:
    """One result with its texts, which is written down as read; :class:`Missing` outside the access."""
    row = _result(work, result_id)
    case = _known(work, row.case_id)
    facts = queries.facts(work, row.case_id)
    texts = [(row.id, one) for one in (row.written, row.laboratory, row.note, row.handling)]
    written, place, note, handling = open_texts(work, "LabResult", texts, READING, row.case_id)
    test = laboratory.by_code()[row.test]
    drugs = rules.taken(facts) if facts is not None else ()
    card = _card(drugs, row, _fact(row), facts) if facts is not None and not row.void else None
    together = _waiting_with(work, row, drugs, facts) if facts is not None and card is not None else []
    return ResultView(
        row.id,
        row.case_id,
        case.file_no,
        test,
        row.on,
        _shown(row),
        _range(row),
        term(ResultFinding, row.finding),
        term(ResultOrigin, row.source),
        row.void,
        row.version,
        card,
        tuple(laboratory.by_code()[one.test].name for one in together),
        row.recorded_at.astimezone(clock.SHANGHAI).date(),
        written,
        place,
        note,
        handling,
    )


@dataclass(frozen=True, slots=True)
class Correction:
    """What a result should have been; ``void``: it should not have been at all."""

    on: date
    line: Line
    source: ResultOrigin
    reason: str
    void: bool = False


@use_case(Action.MONITORING_WRITE)
def correct(work: Work, result_id: int, version: int, told: Correction, today: date) -> Kept:
    """Correct one result, or mark it as entered by mistake; the old values are kept in the change log.

    Raises :class:`Conflict` when somebody has changed it meanwhile, :class:`Unfit` by field.
    """
    row = _result(work, result_id)
    case = _known(work, row.case_id)
    if row.version != version:
        raise Conflict("这项结果刚刚已被改动。请核对现在的内容再改。")
    wrong: dict[str, str] = {}
    if not told.reason:
        wrong["reason"] = "请写明更正原因，例如“抄错小数点”。原来的数值会保留在改动记录中。"
    _check_day(case, told.on, today, wrong)
    test = laboratory.by_code()[row.test]
    if told.line.empty and not told.void:
        wrong[f"value-{test.key}"] = "没有填写结果。请填写，或选择作废这项结果。"
    read = None if told.void or told.line.empty else _read(told.line, wrong)
    if wrong:
        raise Unfit(NOT_SAVED, fields=wrong)
    before = _words(row, test)
    if told.void:
        row.void = True
    elif read is not None:
        if read["value"] != row.value and row.handled_on is not None:
            # What was done, was done about another value: this one is answered anew.
            row.handled_on = row.handled_by = row.steps = None
        row.on, row.source = told.on, int(told.source)
        for name in ("value", "low", "high", "finding", "written"):
            setattr(row, name, read[name])
    after = _words(row, test)
    changes: dict[str, tuple[revision.Value, revision.Value]] = {
        name: (before[name], after[name]) for name in before
    }
    revision.note(work, "lab_result", row, changes, told.reason)
    work.flush()
    duties.refresh(work, [row.case_id])
    return Kept(row.case_id, 1, again=False, critical=_critical(work, row.case_id, [row.id]), ids=(row.id,))


def _words(row: LabResult, test: Test) -> dict[str, revision.Value]:
    return {
        "检查日期": row.on,
        test.name: f"{_shown(row)} {test.unit}".strip(),
        "参考范围": _range(row),
        "来源": "" if row.source is None else ResultOrigin.read(row.source).label,
        "作废": "是" if row.void else "否",
        "危急值处理日期": row.handled_on,
    }


@use_case(Action.MONITORING_WRITE)
def handle(work: Work, result_id: int, steps: Sequence[ValueStep], on: date, note: str, today: date) -> Kept:
    """Write down what was done about a critical value, and about the others of its report.

    Only this ends their duties.
    """
    row = _result(work, result_id)
    if row.handled_on is not None:
        return Kept(row.case_id, 1, again=True, ids=(row.id,))
    wrong: dict[str, str] = {}
    if not steps:
        wrong["steps"] = "请选择做了什么。还没有联系专科医师的，请先联系。"
    if not row.on <= on <= today:
        wrong["on"] = f"处理日期应在检查日期（{row.on.isoformat()}）与今天之间。请改正。"
    if not note and (ValueStep.OTHER in steps or ValueStep.ERROR in steps):
        wrong["note"] = "选择了“其他”或“差错”，请写明经过，以便复核。"
    if wrong:
        raise Unfit(NOT_SAVED, fields=wrong)
    facts = queries.facts(work, row.case_id)
    rows = [row] + (_waiting_with(work, row, rules.taken(facts), facts) if facts is not None else [])
    changes: dict[str, tuple[revision.Value, revision.Value]] = {
        "危急值处理日期": (None, on),
        "危急值处理": ("", "、".join(one.label for one in steps)),
    }
    for one in rows:
        one.handled_on, one.handled_by, one.steps = on, work.access.actor, to_mask(steps)
        one.handling = Plain(note) if note else None
        revision.note(work, "lab_result", one, changes)
    work.flush()
    duties.refresh(work, [row.case_id])
    return Kept(row.case_id, len(rows), again=False, ids=tuple(one.id for one in rows))


# --- drugs ----------------------------------------------------------------------------------------


@use_case(Action.MONITORING_WRITE)
def state_drug(
    work: Work,
    case_id: int,
    drug: WatchedDrug,
    since: date | None,
    until: date | None,
    phase: Phase | None,
    today: date,
) -> Kept:
    """State when a watched drug was begun or ended, and its phase; the old statement stays in the log."""
    case = _known(work, case_id)
    wrong: dict[str, str] = {}
    for name, day in (("since", since), ("until", until)):
        if day is not None and day > today:
            wrong[name] = "日期晚于今天。请改正；尚未开始的用药不需要填写。"
    if since is not None and until is not None and until < since:
        wrong["until"] = "停用日期早于开始日期。请改正其中一个。"
    if phase is not None and drug is not WatchedDrug.LITHIUM:
        wrong["phase"] = "只有碳酸锂分治疗期和维持期。请清空这一项。"
    if wrong:
        raise Unfit(NOT_SAVED, fields=wrong)
    row = next((one for one in queries.watches(work, case_id) if one.drug == drug), None)
    if row is None:
        row = DrugWatch(
            id=new_key(),
            area=case.area,
            case_id=case_id,
            drug=int(drug),
            recorded_at=clock.moment(),
            recorded_by=work.access.actor,
        )
        work.add(row)
    changes: dict[str, tuple[revision.Value, revision.Value]] = {
        f"{drug.label}开始日期": (row.since, since),
        f"{drug.label}停用日期": (row.until, until),
        f"{drug.label}治疗阶段": (_phase(row.phase), _phase(phase)),
    }
    row.since, row.until, row.phase = since, until, None if phase is None else int(phase)
    work.flush()
    revision.note(work, "drug_watch", row, changes)
    duties.refresh(work, [case_id])
    return Kept(case_id, 1, again=False)


def _phase(phase: int | None) -> str:
    return "" if phase is None else Phase.read(int(phase)).label


# --- records from before --------------------------------------------------------------------------

#: How far back visits are looked at whose drugs were never told apart, and how many lines at a time.
LOOKED_AT, LOT = timedelta(400), 2_000


@use_case(Action.JOB_RUN)
def _look_back(work: Work, today: date) -> int:
    """Tell the watched drugs of visits recorded before they were kept; how many visits."""
    rows = queries.unread(work, today - LOOKED_AT, LOT)
    if len(rows) == LOT:  # the last visit may have more lines than were read
        rows = [one for one in rows if one.visit_id != rows[-1].visit_id]
    named: dict[int, tuple[list[str | None], list[str | None]]] = {}
    with opening(work, "DrugLine", "辨认需要监测的药物") as opened:
        for one in rows:
            taken, depots = named.setdefault(one.visit_id, ([], []))
            (depots if one.long_acting else taken).append(opened(one.id, one.name))
    for visit in queries.visits(work, list(named)):
        taken, depots = named[visit.id]
        # Whatever was looked at is looked at once, be it that no line had a name.
        visit.watch = rules.kinds_taken(taken, next((one for one in depots if one), None)) or 0
    return len(named)


def look_back(access: Access, today: date) -> Iterator[int]:
    """The same for every visit inside the access, in lots with a transaction each."""
    while count := _look_back(access, today):
        yield count
