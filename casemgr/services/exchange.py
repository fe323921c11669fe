"""数据交换: the county workbook in and out: judge, compare, write in one go, hand refused rows back.

A file is judged before the writer's place is taken, so that a long file keeps nobody from working; what the
judging relied on is looked at again inside the transaction.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from casemgr.forms import area as area_sheet
from casemgr.forms.archive import MIB, Refusal, check_signature, check_size
from casemgr.forms.cell import Cell, days
from casemgr.forms.known import CaseFacts, Setting
from casemgr.forms.source import Block, Header, Source
from casemgr.forms.spec import REFUSED, WARNING, Problem, RefusedRow, RefusedSheet, Sheet
from casemgr.forms.workbook import SHEETS, TITLES, BadWorkbook, Judge, SheetVerdict
from casemgr.rules import policy
from casemgr.rules.access import Access, Action, Role
from casemgr.services import clock, errors, founding, ledger_line
from casemgr.services import exchange_rows as rows
from casemgr.services.demo_county import PREFECTURE
from casemgr.services.errors import Conflict, Missing, Refused, Unfit
from casemgr.services.exchange_write import PURPOSE, Outcome, Writer
from casemgr.services.use_case import use_case, within
from casemgr.services.visit_rows import latest_by
from casemgr.store import sealed_files
from casemgr.store.db import new_key
from casemgr.store.identity import Withheld, open_texts, opening
from casemgr.store.models import ImportRun
from casemgr.store.queries import exchange as queries
from casemgr.store.types import Plain
from casemgr.store.work import IMPORT_TURN, Work
from casemgr.terms.area import AreaLevel, ancestor, level_of, span_of
from casemgr.terms.disclosure import FieldGroup
from casemgr.terms.injection import products
from casemgr.terms.liaison import ExchangeKind

#: Sheets whose dates may lack a day; only there the formats of date cells are looked at.
PARTIAL = ("患者",)
PEOPLE_AT_ONCE = 500
#: Seconds that an import waits for another one to be written.
PATIENCE = 900
EXPORT = "导出工作簿"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of one sheet: read = accepted + refused + unchanged; ``warned`` are those of the accepted."""

    read: int = 0
    accepted: int = 0
    warned: int = 0
    refused: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did, or with ``dry_run`` would do."""

    sheets: Mapping[str, Counts]
    problems: Sequence[Problem]
    dry_run: bool

    @property
    def refused(self) -> int:
        """Refused rows of all sheets."""
        return sum(counts.refused for counts in self.sheets.values())


# --- judging --------------------------------------------------------------------------------------


class _Known:
    """The register within the reach of an access, read as the judge asks for it."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self.areas, self.units = _areas_and_units(access)
        self.writes_areas = access.may(Action.AREA_WRITE)
        #: How many identity numbers were looked up, and how many of them somebody holds.
        self.asked = self.found = 0

    def cases(self, counties: frozenset[int]) -> Mapping[str, CaseFacts]:
        return _known_cases(self._access, counties)

    def reaches(self, area: int) -> bool:
        return self._access.reaches(area)

    def holders(self, numbers: Sequence[str]) -> Mapping[str, str]:
        found = _holders(self._access, numbers) if numbers else {}
        self.asked, self.found = self.asked + len(numbers), self.found + len(found)
        return found

    def taken(self, file_nos: Sequence[str]) -> frozenset[str]:
        low, high = self._access.low, self._access.high
        if not file_nos or level_of(low) is not AreaLevel.TOWNSHIP:
            return frozenset()  # whoever reaches the county meets the case itself
        county = Access.system("file-numbers", ancestor(low, AreaLevel.COUNTY))
        return _numbered_elsewhere(county, file_nos, low, high)


@use_case(Action.EXCHANGE_PREVIEW, writes=False)
def _areas_and_units(work: Work) -> tuple[Any, Any]:
    return rows.known_areas(work), rows.known_units(work)


@use_case(Action.EXCHANGE_PREVIEW, writes=False)
def _known_cases(work: Work, counties: frozenset[int]) -> Mapping[str, CaseFacts]:
    return rows.known_cases(work, counties)


@use_case(Action.EXCHANGE_PREVIEW, writes=False)
def _holders(work: Work, numbers: Sequence[str]) -> Mapping[str, str]:
    return queries.holders(work, numbers)


@use_case(Action.EXCHANGE_PREVIEW, writes=False)
def _numbered_elsewhere(work: Work, file_nos: Sequence[str], low: int, high: int) -> frozenset[str]:
    return queries.numbered_outside(work, file_nos, low, high)


def _setting(today: date, region: str = policy.NATIONAL) -> Setting:
    numbers = policy.in_force_on(today, region)
    return Setting(days(today), latest_by(numbers), products())


@dataclass(slots=True)
class _Judged:
    """A whole file after judging."""

    known: _Known
    judge: Judge
    verdicts: list[SheetVerdict]
    headers: dict[str, Sequence[Cell]] = field(default_factory=dict)


def _judge(access: Access, file: Path | bytes, today: date, progress: Progress | None) -> _Judged:
    known = _Known(access)
    judged = _Judged(known, Judge(known, _setting(today)), [])
    expected = iter(SHEETS)
    done = 0
    with Source(file, TITLES, PARTIAL) as source:
        for part in source:
            if isinstance(part, Header):
                if judged.headers:
                    judged.verdicts.append(judged.judge.finish())
                judged.judge.begin(next(expected), part.cells)
                judged.headers[part.title] = part.cells
            else:
                judged.judge.take(part.rows)
                done += len(part.rows)
                if progress is not None:
                    progress(done, max(source.total, done))
    judged.verdicts.append(judged.judge.finish())
    return judged


# --- importing ------------------------------------------------------------------------------------


def import_file(
    access: Access,
    file: Path | bytes,
    today: date,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportResult:
    """Import a workbook: the rows that can be true, all in one transaction, or none.

    Importing the same file again changes nothing. With ``dry_run`` nothing is written at all. Raises
    :class:`Unfit` with a Chinese sentence when the file as a whole cannot be taken, :class:`Forbidden`, and
    :class:`Conflict` when the register changed while the file was judged.
    """
    judged = _judge_or_say(access, file, today, progress)
    write = _compare if dry_run else _write
    return _result(judged, write(access, judged, today), dry_run)


def _judge_or_say(access: Access, file: Path | bytes, today: date, progress: Progress | None) -> _Judged:
    try:
        return _judge(access, file, today, progress)
    except BadWorkbook as bad:
        raise Unfit(bad.message) from None


@use_case(Action.EXCHANGE_IMPORT)
def _write(work: Work, judged: _Judged, today: date) -> list[Outcome]:
    return _lay_down(work, judged, today, dry=False)


@use_case(Action.EXCHANGE_PREVIEW)
def _compare(work: Work, judged: _Judged, today: date) -> list[Outcome]:
    return _lay_down(work, judged, today, dry=True)


def _lay_down(work: Work, judged: _Judged, today: date, *, dry: bool) -> list[Outcome]:
    if not dry:
        work.take_turn(IMPORT_TURN, PATIENCE)
    _refuse_real_in_demo(work, judged)
    _check_again(work, judged)
    writer = Writer(work, judged.judge, days(today), dry=dry)
    outcomes = [writer.write(verdict) for verdict in judged.verdicts]
    if not dry:
        writer.finish()
        founding.settle(work)
    return outcomes


def _refuse_real_in_demo(work: Work, judged: _Judged) -> None:
    low, high = span_of(PREFECTURE)
    if within(work).demo and not all(low <= row.code < high for row in judged.verdicts[0].rows):
        words = (
            "这是演示系统，演示账号的密码是公开的，不能导入真实的登记数据，没有写入任何内容。"
            "请换一个空的数据目录（CASEMGR_INSTANCE）以 --no-demo 启动后再导入；"
            "试用请使用 9999 开头的区划代码。"
        )
        raise Unfit(words, fields={"file": words})


def _check_again(work: Work, judged: _Judged) -> None:
    """What was judged without the writer's place must still hold: nobody else has become a double since."""
    people = judged.verdicts[1].rows
    own = {row.id_number: row.file_no for row in people if row.id_number is not None}
    told = {row.file_no for row in people}
    if judged.known.asked:
        # A file of numbers asks who of them is registered; like any search for a number that is written down.
        work.note("search", "Identity", fields="id_number", count=judged.known.found, purpose=PURPOSE)
    for number, file_no in queries.holders(work, own).items():
        if file_no != own[number] and file_no not in told:
            raise Conflict(
                "导入期间登记库有了新的变动（同一证件号码刚刚建档），没有写入任何内容。"
                "请重新导入，系统会重新核对；如反复出现，请与建档的同事核对。"
            )


def _result(judged: _Judged, outcomes: Sequence[Outcome], dry_run: bool) -> ImportResult:
    sheets: dict[str, Counts] = {}
    problems: list[Problem] = []
    for verdict, outcome in zip(judged.verdicts, outcomes, strict=True):
        # A row that changes nothing was asked about when it was taken.
        kept = [one for one in verdict.problems if one.level == REFUSED or one.row not in outcome.unchanged]
        kept += outcome.problems
        kept.sort(key=lambda one: one.row)
        warned = {one.row for one in kept if one.level == WARNING and one.row > 1}
        sheets[verdict.sheet.title] = Counts(
            read=verdict.read,
            accepted=len(verdict.rows) - len(outcome.unchanged),
            warned=len(warned),
            refused=len(verdict.refused),
            unchanged=len(outcome.unchanged),
        )
        problems += kept
    return ImportResult(sheets, problems, dry_run)


# --- refused rows ---------------------------------------------------------------------------------


def write_refused(file: Path | bytes, problems: Sequence[Problem], out: Path | BinaryIO) -> int:
    """Write the refused rows of a file as a workbook to be corrected and brought back; how many.

    Reads the file once more, so that only the refused rows are ever held.
    """
    from casemgr.forms.excel import write_refused as write  # keeps start-up light

    reasons: dict[str, dict[int, Problem]] = {title: {} for title in TITLES}
    for problem in problems:
        if problem.level == REFUSED:
            reasons[problem.sheet][problem.row] = problem
    with Source(file, TITLES, PARTIAL) as source:
        return write(out, _refused_sheets(iter(source), reasons))


def _refused_sheets(
    parts: Iterator[Header | Block], reasons: Mapping[str, Mapping[int, Problem]]
) -> Iterator[RefusedSheet]:
    sheet_of = {sheet.title: sheet for sheet in SHEETS}
    part: Header | Block | None = next(parts, None)
    while isinstance(part, Header):
        title, header = part.title, part.cells
        found: list[RefusedRow] = []
        part = next(parts, None)
        while isinstance(part, Block):
            for number, cells in part.rows:
                if problem := reasons[title].get(number):
                    found.append(RefusedRow(cells, problem.message, problem.places))
            part = next(parts, None)
        yield RefusedSheet(sheet_of[title], header, found)


# --- exporting ------------------------------------------------------------------------------------


def export(access: Access, area: int, out: Path | BinaryIO, *, allowed: bool = False) -> dict[str, int]:
    """Write the workbook of an area (everything below it): rows per sheet.

    Bringing the file back changes nothing. Every hundred people that leave the house are in the audit, with
    their keys sealed. They count towards the day of whoever exports unless a second person ``allowed`` it.
    Raises :class:`Missing` when the area is not within reach,
    :class:`Refused` for more people than one account may take out alone (REC-STOP-1).
    """
    from casemgr.forms.excel import write_workbook  # keeps start-up light

    low, high = span_of(area)
    keys = _export_keys(access, area, low, high, allowed)
    return write_workbook(out, _export_sheets(access, low, high, keys, allowed))


def export_person(access: Access, case_id: int, out: Path | BinaryIO) -> dict[str, int]:
    """Write the workbook of one person, for whoever takes the file over: rows per sheet.

    Raises :class:`Missing` outside the access.
    """
    from casemgr.forms.excel import write_workbook  # keeps start-up light

    low, high = _export_one(access, case_id)
    return write_workbook(out, _export_sheets(access, low, high, [case_id]))


@use_case(Action.EXCHANGE_EXPORT)
def _export_one(work: Work, case_id: int) -> tuple[int, int]:
    """The township of a case, written down as an export."""
    _, areas = queries.names_of(work, [case_id])
    if case_id not in areas:
        raise Missing("没有这份档案，或不在您的辖区内。请从名单重新打开。")
    work.note("export", "Workbook", row_key=case_id, case_key=case_id, purpose=EXPORT)
    _given(work, {case_id: areas[case_id]}, 1)
    return span_of(areas[case_id])


@use_case(Action.EXCHANGE_EXPORT)
def _export_keys(work: Work, area: int, low: int, high: int, allowed: bool) -> list[int]:
    inside = work.access.reaches(low) and work.access.reaches(high - 1)
    if not inside or area not in rows.known_areas(work):
        raise Missing("没有这个区划，或不在您的辖区内。请核对区划代码，或请上级导出。")
    keys = queries.case_keys(work, low, high)
    alone = policy.in_force_on(clock.today(), within(work).region).export_alone.value
    if len(keys) > alone and not allowed and work.access.role is not Role.SYSTEM:
        raise Refused(
            f"这个区划有 {len(keys)} 人，超过一次可自行导出的 {alone} 人。"
            "请申请第二人审批，或选择更小的范围。",
            rule="REC-STOP-1",
        )
    work.note("export", "Workbook", row_key=area, count=len(keys), purpose=EXPORT)
    if keys:
        _given(work, {}, len(keys))
    return keys


def _given(work: Work, people: Mapping[int, int], count: int) -> None:
    """A workbook that leaves the house is a line of the ledger, in the hands of whoever took it along.

    Of many people it is one line with their number: who they are stands in the audit, sealed.
    """
    if work.access.role is Role.SYSTEM:
        return
    ledger_line.enter(
        work,
        kind=ExchangeKind.FILE,
        receiver=work.access.role,
        place=work.access.low,
        people=people,
        groups=[one for one in FieldGroup if one is not FieldGroup.G14],
        ground="精神卫生法第55条；本单位履行职责，由导出人保管",
        document=f"导出工作簿 {clock.today().isoformat()}",
        count=count,
    )


def _export_sheets(
    access: Access, low: int, high: int, keys: list[int], allowed: bool = False
) -> Iterator[tuple[Sheet[Any, Any], Sequence[Any], Iterator[tuple[Any, ...]]]]:
    for sheet in SHEETS:
        places = [
            place
            for place, column in enumerate(sheet.columns)
            if not column.extra or _fills(access, sheet.noun, column.key, low, high)
        ]
        columns = [sheet.columns[place] for place in places]
        if sheet is area_sheet.SHEET:
            found: Iterator[Any] = iter(_area_page(access, low, high))
        else:
            found = _pages(access, sheet.noun, keys, allowed)
        yield sheet, columns, (tuple(row[place] for place in places) for row in found)


def _pages(access: Access, noun: str, keys: list[int], allowed: bool) -> Iterator[Any]:
    for start in range(0, len(keys), PEOPLE_AT_ONCE):
        some = keys[start : start + PEOPLE_AT_ONCE]
        yield from _people_page(access, some, allowed) if noun == "case" else _record_page(access, noun, some)


@use_case(Action.EXCHANGE_EXPORT, writes=False)
def _fills(work: Work, noun: str, column: str, low: int, high: int) -> bool:
    return queries.is_filled(work, noun, column, low, high)


@use_case(Action.EXCHANGE_EXPORT, writes=False)
def _area_page(work: Work, low: int, high: int) -> list[Any]:
    return list(rows.area_rows(work, low, high))


@use_case(Action.EXCHANGE_EXPORT)
def _people_page(work: Work, keys: list[int], allowed: bool) -> list[Any]:
    units = {unit.key: code for code, unit in rows.known_units(work).items()}
    subjects: list[int] = []
    with opening(work, "Identity", EXPORT, subjects, allowed=allowed) as opened:
        found = {one.key: one for one in rows.people(work, keys, units, opened)}
        subjects += [one.person for one in found.values()]
    return [_told(found[key].row) for key in keys if key in found]


def _told(row: Any) -> Any:
    """A row as it leaves: what the matrix does not tell the caller stays empty, so that it erases nothing."""
    closed = [name for name, value in row._asdict().items() if isinstance(value, Withheld)]
    return row._replace(**dict.fromkeys(closed)) if closed else row


@use_case(Action.EXCHANGE_EXPORT)
def _record_page(work: Work, noun: str, keys: list[int]) -> list[Any]:
    file_no_of, areas = queries.names_of(work, keys)
    with opening(work, noun.capitalize(), EXPORT) as opened:
        return [_told(one.row) for one in rows.RECORDS[noun](work, keys, file_no_of, areas, opened)]


# --- runs of the import page ----------------------------------------------------------------------

FOLDER, BODY, BACK = "imports", "body", "refused"
#: States of a run: being read, waiting for confirmation, being written, and the three ends.
READING, READY, WRITING, DONE, FAILED, DROPPED = "reading", "ready", "writing", "done", "failed", "dropped"
WAITING = (READING, READY, WRITING)
#: An upload is forgotten after a day; a run without an end after this long has lost its process.
KEPT, LOST = timedelta(hours=24), timedelta(minutes=30)
#: As many problems are kept with a run; all refused rows are in the workbook that goes back.
LISTED = 2_000
LATEST = 20
STEP = 2_000
LOST_SENTENCE = "处理中断（可能是程序重启），没有写入任何内容。请重新上传；如反复出现，请联系系统管理员。"
BROKEN = "程序出错，没有写入任何内容。请重新上传；如仍出错，请把时间告诉系统管理员。"
EXPIRED = "超过 24 小时没有确认，上传的文件已删除，没有写入任何内容。需要时请重新上传。"


@dataclass(frozen=True, slots=True)
class RunProblem:
    """One line of the list of problems, as it was found."""

    sheet: str
    row: int
    column: str
    cell: str
    code: str
    level: str
    message: str


@dataclass(frozen=True, slots=True)
class RunView:
    """One import as the page shows it; ``codes`` counts problems by sheet, level and code."""

    key: int
    state: str
    file_name: str
    size: int
    done: int
    total: int
    sheets: Mapping[str, Counts]
    codes: Sequence[tuple[str, str, str, int]]
    message: str
    created_at: datetime
    finished_at: datetime | None
    has_refused: bool
    problems: Sequence[RunProblem] = ()

    @property
    def is_waiting(self) -> bool:
        """Whether something is still going on in the background."""
        return self.state in (READING, WRITING)

    @property
    def totals(self) -> Counts:
        """Rows of all sheets together."""
        parts = [asdict(counts) for counts in self.sheets.values()]
        return Counts(**{name: sum(part[name] for part in parts) for name in asdict(Counts())})


@use_case(Action.EXCHANGE_PREVIEW, writes=False)
def template(_work: Work) -> bytes:
    """The empty workbook: all sheets with their columns and lists to choose from."""
    from casemgr.forms.excel import write_workbook  # keeps start-up light

    out = BytesIO()
    columns = [[column for column in sheet.columns if not column.extra] for sheet in SHEETS]
    write_workbook(out, [(sheet, shown, ()) for sheet, shown in zip(SHEETS, columns, strict=True)])
    return out.getvalue()


@use_case(Action.EXCHANGE_IMPORT)
def receive(work: Work, name: str, content: bytes) -> int:
    """Take an uploaded file in, sealed; the key of its run. Old uploads are forgotten on the way.

    Raises :class:`Unfit` at once for what is no workbook at all.
    """
    try:
        check_size(len(content))
        check_signature(content[:8], content[8 : 4 * MIB])
    except Refusal as refusal:
        raise Unfit(refusal.message) from None
    _forget(work, clock.now())
    run = ImportRun(
        id=new_key(),
        area=work.access.low,
        state=READING,
        file_digest=hashlib.sha256(content).hexdigest(),
        file_name=Plain(name[:200]),
        size=len(content),
        counts={},
        created_at=clock.now(),
        created_by=work.access.actor,
    )
    work.add(run)
    work.flush()
    sealed_files.put(work, FOLDER, run.id, BODY, content)
    return int(run.id)


def read(access: Access, key: int, today: date) -> None:
    """Judge the file of a run and compare it, for the preview; what goes wrong is written into the run."""
    with _telling(access, key):
        content = _content(access, key)
        judged = _judge_or_say(access, content, today, _teller(access, key))
        result = _result(judged, _compare(access, judged, today), dry_run=True)
        _keep_preview(access, key, result, _workbook_of_refused(content, result))


def confirm(access: Access, key: int) -> bool:
    """Say yes to a preview; ``True`` once, ``False`` when it was said before: a second press does nothing."""
    return _step(access, key, READY, WRITING)


def carry_out(access: Access, key: int, today: date) -> None:
    """Write the file of a confirmed run into the register; what goes wrong is written into the run."""
    with _telling(access, key):
        content = _content(access, key)
        result = import_file(access, content, today, progress=_teller(access, key))
        _keep_result(access, key, result)


def drop(access: Access, key: int) -> bool:
    """Say no to a preview: the upload is forgotten, nothing is written."""
    return _step(access, key, READY, DROPPED)


def forget_old(access: Access) -> int:
    """Forget uploads after a day and runs that lost their process; how many."""
    return _forget_all(access, clock.now())


@use_case(Action.EXCHANGE_PREVIEW)
def _forget_all(work: Work, now: datetime) -> int:
    return _forget(work, now)


def _forget(work: Work, now: datetime) -> int:
    count = 0
    for run in queries.runs_of(work, WAITING):
        begun = run.finished_at or run.created_at
        if run.state != READY and now - begun > LOST:
            _end(work, run, FAILED, now, LOST_SENTENCE)
        elif now - run.created_at > KEPT:
            _end(work, run, FAILED, now, EXPIRED)
        else:
            continue
        count += 1
    for run in queries.runs_with_keys(work, sealed_files.keys(work, FOLDER)):
        if now - run.created_at > KEPT:
            sealed_files.remove(work, FOLDER, run.id, BODY)
            sealed_files.remove(work, FOLDER, run.id, BACK)
    return count


def _end(work: Work, run: ImportRun, state: str, now: datetime, message: str = "") -> None:
    run.state, run.finished_at, run.message = state, now, message[:400]
    sealed_files.remove(work, FOLDER, run.id, BODY)


def _found(work: Work, key: int) -> ImportRun:
    run = queries.run(work, key)
    if run is None:
        raise Missing("没有这次导入，或不在您的辖区内。请从导入页的列表进入。")
    return run


@use_case(Action.EXCHANGE_PREVIEW, writes=False)
def _content(work: Work, key: int) -> bytes:
    content = sealed_files.take(work, FOLDER, _found(work, key).id, BODY)
    if content is None:
        raise Missing("上传的文件已经删除（导入完成、放弃或超过 24 小时）。需要时请重新上传。")
    return content


@contextmanager
def _telling(access: Access, key: int) -> Iterator[None]:
    """Whatever goes wrong in the background ends the run with a sentence, and goes on to the caller."""
    try:
        yield
    except errors.Problem as wrong:
        _fail(access, key, wrong.message)
    except BaseException:
        _fail(access, key, BROKEN)
        raise


@use_case(Action.EXCHANGE_PREVIEW)
def _fail(work: Work, key: int, message: str) -> None:
    _end(work, _found(work, key), FAILED, clock.now(), message)


def _teller(access: Access, key: int) -> Progress:
    told = 0

    def tell(done: int, total: int) -> None:
        nonlocal told
        if done - told >= STEP:
            told = done
            _tell(access, key, done, total)

    return tell


@use_case(Action.EXCHANGE_PREVIEW)
def _tell(work: Work, key: int, done: int, total: int) -> None:
    run = _found(work, key)
    run.rows_done, run.rows_total = done, total


@use_case(Action.EXCHANGE_IMPORT)
def _step(work: Work, key: int, before: str, after: str) -> bool:
    run = _found(work, key)
    if run.state != before:
        return False
    now = clock.now()
    if now - run.created_at > KEPT:
        _end(work, run, FAILED, now, EXPIRED)
        return False
    if after == DROPPED:
        _end(work, run, DROPPED, now)
        sealed_files.remove(work, FOLDER, run.id, BACK)
    else:
        run.state, run.finished_at, run.rows_done = after, now, 0
    work.flush()
    return True


def _workbook_of_refused(content: bytes, result: ImportResult) -> bytes:
    if not result.refused:
        return b""
    out = BytesIO()
    write_refused(content, result.problems, out)
    return out.getvalue()


def _counted(result: ImportResult) -> dict[str, Any]:
    codes = Counter((one.sheet, one.level, one.code) for one in result.problems)
    return {
        "sheets": {title: asdict(counts) for title, counts in result.sheets.items()},
        "codes": [[*key, count] for key, count in codes.items()],
    }


def _listed(problems: Sequence[Problem]) -> str:
    """The problems kept with a run: refused rows first, of each question so many that all have room."""
    refused = [one for one in problems if one.level == REFUSED][: LISTED // 2]
    room = LISTED - len(refused)
    asked: Counter[tuple[str, str]] = Counter()
    kinds = len({(one.sheet, one.code) for one in problems if one.level == WARNING})
    questions = []
    for one in problems:
        if one.level == WARNING and asked[one.sheet, one.code] < max(room // max(kinds, 1), 1):
            asked[one.sheet, one.code] += 1
            questions.append(one)
    found = [
        [one.sheet, one.row, one.column, one.cell, one.code, one.level, one.message]
        for one in (*refused, *questions[:room])
    ]
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


@use_case(Action.EXCHANGE_PREVIEW)
def _keep_preview(work: Work, key: int, result: ImportResult, back: bytes) -> None:
    run = _found(work, key)
    run.state, run.counts, run.problems = READY, _counted(result), Plain(_listed(result.problems))
    run.rows_done = run.rows_total = sum(counts.read for counts in result.sheets.values())
    if back:
        sealed_files.put(work, FOLDER, run.id, BACK, back)


@use_case(Action.EXCHANGE_PREVIEW)
def _keep_result(work: Work, key: int, result: ImportResult) -> None:
    run = _found(work, key)
    run.counts, run.problems = _counted(result), Plain(_listed(result.problems))
    _end(work, run, DONE, clock.now())


@use_case(Action.EXCHANGE_PREVIEW, writes=False)
def runs(work: Work) -> list[RunView]:
    """The latest imports within reach, newest first, without their problems."""
    return [_view(work, run, told=False) for run in queries.runs(work, LATEST)]


def run(access: Access, key: int) -> RunView:
    """One import with its problems; :class:`Missing` when it is not within reach.

    While it is under way only the progress is told: a page that renews itself neither opens anything sealed
    nor waits for the writer.
    """
    shown = _progress(access, key)
    return shown if shown.is_waiting else _whole(access, key)


@use_case(Action.EXCHANGE_PREVIEW, writes=False)
def _progress(work: Work, key: int) -> RunView:
    return _view(work, _found(work, key), told=False)


@use_case(Action.EXCHANGE_PREVIEW)
def _whole(work: Work, key: int) -> RunView:
    return _view(work, _found(work, key), told=True)


@use_case(Action.EXCHANGE_PREVIEW)
def refused_workbook(work: Work, key: int) -> bytes:
    """The refused rows of a run as a workbook to be corrected; :class:`Missing` when there are none."""
    content = sealed_files.take(work, FOLDER, _found(work, key).id, BACK)
    if content is None:
        raise Missing("没有未导入的行可下载（本次没有，或已超过 24 小时）。需要时请重新上传原文件。")
    work.note("export", "ImportRun", row_key=key, purpose="未导入的行")
    return content


def _view(work: Work, run: ImportRun, *, told: bool) -> RunView:
    counts = run.counts or {}
    problems: list[RunProblem] = []
    name = ""
    if told:
        sealed = [(run.id, value) for value in (run.file_name, run.problems) if value is not None]
        texts = open_texts(work, "ImportRun", sealed, "导入预览")
        name = texts[0] if run.file_name is not None else ""
        if run.problems is not None:
            problems = [RunProblem(*line) for line in json.loads(texts[-1])]
    return RunView(
        key=run.id,
        state=run.state,
        file_name=name,
        size=run.size,
        done=run.rows_done,
        total=run.rows_total,
        sheets={title: Counts(**parts) for title, parts in counts.get("sheets", {}).items()},
        codes=[(sheet, level, code, count) for sheet, level, code, count in counts.get("codes", [])],
        message=run.message,
        created_at=run.created_at,
        finished_at=run.finished_at,
        has_refused=sealed_files.exists(work, FOLDER, run.id, BACK),
        problems=problems,
    )
