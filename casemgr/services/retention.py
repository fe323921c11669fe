"""保存与销毁: what is over its term, what goes by itself, and whole files that two accounts let go.

Every night each kind of record of ``lists/retention.csv`` is counted. What belongs to nobody's file goes by
itself; old audit entries move into a sealed archive; a medical file goes only when one account has proposed
it with a list and another one has agreed, and each file is judged once more at that moment. A hold keeps a
file whatever its term.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from casemgr.reports.handed import Handed, HandedTable
from casemgr.rules import retention as rules
from casemgr.rules.access import Access, Action
from casemgr.rules.retention import Keeping
from casemgr.services import clock, giving
from casemgr.services.account_person import one_person
from casemgr.services.errors import Conflict, Missing, Refused, Unfit
from casemgr.services.use_case import SAVED_ALREADY, use_case
from casemgr.store import destruction
from casemgr.store.db import new_key
from casemgr.store.identity import open_texts
from casemgr.store.models.register import Case
from casemgr.store.models.retention import DestroyedFile, Destruction, RetentionCount, RetentionHold
from casemgr.store.queries import retention as queries
from casemgr.store.queries import revision as revisions
from casemgr.store.types import Plain
from casemgr.store.work import FETCH_TURN, Work
from casemgr.terms.register import Lifecycle
from casemgr.terms.retention import AtEnd, DestructionState, Kept

RULE = "REC-KEEP-3"
READING = "销毁清册"
#: People on one list: as many as somebody can read through.
MOST = 200
SHORTEST, LONGEST = 2, 200
FILES = (Kept.MEDICAL, Kept.COVER)
NOT_THERE = "没有这份清册，或不在您的辖区内。请从保存与销毁页面进入。"
NO_FILE = "没有这份档案，或不在您的辖区内。请从患者列表进入。"
OWN = (
    "销毁须由提出人以外的另一个人批准，这份清册是您提出的。一个人既提出又批准，就没有复核。"
    "请另一位县级人员登录后处理，或由您撤回。"
)
#: What the paper says of the copies, when the files are gone and when they are not.
GONE = (
    "登记库中的内容已覆盖删除。此前的备份仍含这些内容，按备份的保存期限一并销毁；"
    "需要立即失效的，更换密钥、重新密封后停用旧密钥，旧备份即无法打开。"
)
STILL_THERE = "本清册所列档案尚未销毁，内容仍在登记库中。"
#: Tables in the words of the paper.
TABLES = {
    "visit": "随访记录",
    "visit_text": "随访文字",
    "drug_line": "用药行",
    "dose": "针剂",
    "regimen_line": "用药方案",
    "dispensing": "发药",
    "lab_result": "检验结果",
    "checkup": "健康体检",
    "rehab_session": "社区康复",
    "incident": "案（事）件",
    "emergency": "应急处置",
    "referral": "转诊",
    "sheet": "填写的表单",
    "revision": "改动记录",
    "supplement": "补充表",
    "consent": "知情同意",
    "share_consent": "单独同意",
    "rights_request": "权利申请",
    "identity": "身份信息",
    "guardian": "监护人",
    "person": "人员",
    "case_file": "档案封面",
    "disclosure": "对外提供内容",
}


@dataclass(frozen=True, slots=True)
class DueFile:
    """Everything about one person that is over its term: the files, since when, and what holds them back."""

    person: int
    area: int
    cases: tuple[tuple[int, str], ...]
    ended_on: date
    began: date
    held: bool

    @property
    def keys(self) -> list[int]:
        """The keys of the files."""
        return [key for key, _ in self.cases]


@dataclass(frozen=True, slots=True)
class KindView:
    """One line of the page: the rule, the newest count and how many have gone by themselves so far."""

    keeping: Keeping
    counted_on: date | None
    due: int
    held: int
    oldest_on: date | None
    newest_on: date | None
    gone: int


@dataclass(frozen=True, slots=True)
class ListView:
    """One list of destruction as the page shows it; ``lines`` only where it was opened."""

    id: int
    version: int
    kind: Kept
    state: DestructionState
    found: int
    oldest_on: date
    newest_on: date
    asker: str
    asked_at: datetime
    own: bool
    decider: str
    decided_at: datetime | None
    done: int | None
    skipped: int | None
    counts: tuple[tuple[str, int], ...]
    reason: str = ""
    answer: str = ""
    lines: tuple[tuple[str, str, str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Ready:
    """Files that may be proposed now."""

    kind: Kept
    words: str
    people: int
    held: int
    oldest_on: date | None
    newest_on: date | None


@dataclass(frozen=True, slots=True)
class HoldView:
    """One hold of a file."""

    id: int
    version: int
    placed_on: date
    placed_by: str
    reason: str = field(repr=False)
    lifted_on: date | None
    lifted_by: str
    because: str = field(repr=False)


# --- what is over its term ------------------------------------------------------------------------


def _people(rows: Iterable[Any]) -> Iterator[list[Any]]:
    by_person: dict[tuple[int, int], list[Any]] = {}
    for row in rows:
        by_person.setdefault((row.person_id, row.area), []).append(row)
    yield from by_person.values()


def due_files(work: Work, kind: Kept, today: date) -> list[DueFile]:
    """Whole people whose files are over their term, those held back among them, longest first (MHL-47).

    The medical part counts from the last entry in any file of the person, and not while one of them is on
    the register; the cover from the day the medical part went.
    """
    until = rules.newest_over(kind, today)
    if until is None:
        return []
    rows = queries.ended_files(work, until) if kind is Kept.MEDICAL else queries.destroyed_by(work, until)
    ended = [
        files
        for files in _people(rows)
        if all(one.lifecycle != Lifecycle.ON_REGISTER and one.lifecycle_on is not None for one in files)
    ]
    keys = [one.id for files in ended for one in files]
    gone = queries.destroyed(work, keys)
    # Who came back afterwards has a medical part again, with a term of its own.
    again = destruction.with_entries(work, sorted(gone))
    gone = {case: on for case, on in gone.items() if case not in again}
    if kind is Kept.MEDICAL:
        ended = [files for files in ended if not all(one.id in gone for one in files)]
        keys = [one.id for files in ended for one in files]
        last = destruction.last_days(work, keys)
    else:
        ended = [files for files in ended if all(one.id in gone for one in files)]
        last = gone
    held = queries.held_cases(work, keys)
    found = [
        DueFile(
            files[0].person_id,
            files[0].area,
            tuple((one.id, one.file_no) for one in files),
            max(one.lifecycle_on for one in files),
            max(last[one.id] for one in files),
            any(one.id in held for one in files),
        )
        for files in ended
    ]
    return sorted((one for one in found if rules.is_over(kind, one.began, today)), key=lambda one: one.began)


@dataclass(frozen=True, slots=True)
class Swept:
    """What one batch found: the last key looked at (0: nothing more), counts and days."""

    after: int
    due: int = 0
    held: int = 0
    done: int = 0
    oldest: date | None = None
    newest: date | None = None

    def plus(self, other: Swept) -> Swept:
        """Both batches together."""
        days = [one for one in (self.oldest, self.newest, other.oldest, other.newest) if one is not None]
        return Swept(
            other.after,
            self.due + other.due,
            self.held + other.held,
            self.done + other.done,
            min(days, default=None),
            max(days, default=None),
        )


def _day(began: date | datetime) -> date:
    return began.astimezone(clock.SHANGHAI).date() if isinstance(began, datetime) else began


@use_case(Action.RETENTION_RUN)
def sweep(work: Work, kind: Kept, source: int, after: int, today: date) -> Swept:
    """Destroy a batch of rows that go by themselves; each one is judged, and written down in the audit."""
    until = rules.newest_over(kind, today)
    if until is None or rules.table()[kind].at_end is not AtEnd.DESTROY:
        return Swept(0)
    found = queries.SOURCES[kind][source](work, until, after)
    over = [one for one in found if rules.is_over(kind, _day(one.began), today)]
    going = [one for one in over if not one.held]
    for one in going:
        queries.remove(work, one.row)
    if going:
        work.note(
            "destroy", type(going[0].row).__name__, count=len(going), fields=kind.label, purpose="保存期满"
        )
    days = [_day(one.began) for one in over]
    return Swept(
        found[-1].row.id if found else 0,
        len(over),
        len(over) - len(going),
        len(going),
        min(days, default=None),
        max(days, default=None),
    )


@use_case(Action.RETENTION_RUN)
def count_files(work: Work, kind: Kept, today: date) -> Swept:
    """How many people's files are over their term; nothing is destroyed."""
    found = due_files(work, kind, today)
    days = [one.began for one in found]
    held = sum(one.held for one in found)
    return Swept(0, len(found), held, 0, min(days, default=None), max(days, default=None))


@use_case(Action.RETENTION_RUN)
def lay_down(work: Work, kind: Kept, swept: Swept, today: date) -> None:
    """Keep the count of a night; a second run of the same day adds what it destroyed.

    A run for one county adds what it destroyed and leaves the count of the whole installation alone.
    """
    known = queries.of_day(work, today, kind)
    if known is None:
        known = work.add(RetentionCount(id=new_key(), on=today, kind=int(kind), due=0, held=0, done=0))
    known.done += swept.done
    if work.access.low == 0:
        known.due, known.held = swept.due - swept.done, swept.held
        known.oldest_on, known.newest_on = swept.oldest, swept.newest


def sweep_all(access: Access, kind: Kept, today: date) -> Swept:
    """Destroy everything of one kind that goes by itself and is over its term, a batch at a time."""
    told = Swept(0)
    for source in range(len(queries.SOURCES[kind])):
        after = 0
        while True:
            swept = sweep(access, kind, source, after, today)
            told = told.plus(swept)
            if not swept.after:
                break
            after = swept.after
    return told


# --- looking --------------------------------------------------------------------------------------


@use_case(Action.RETENTION_LIST)
def kinds(work: Work) -> tuple[KindView, ...]:
    """Every kind of record with its rule and the newest counts of the whole installation; nobody's rows."""
    counted = {row.kind: row for row in queries.counts(work)}
    gone = queries.destroyed_so_far(work)
    return tuple(
        KindView(
            one,
            row.on if (row := counted.get(int(one.kept))) else None,
            row.due if row else 0,
            row.held if row else 0,
            row.oldest_on if row else None,
            row.newest_on if row else None,
            gone.get(int(one.kept), 0),
        )
        for one in rules.table().values()
    )


@use_case(Action.RETENTION_READ)
def ready(work: Work, today: date) -> tuple[Ready, ...]:
    """What of the caller's own area may be proposed to be destroyed."""
    found = []
    for kind in FILES:
        due = due_files(work, kind, today)
        days = [one.began for one in due]
        held = sum(one.held for one in due)
        words = rules.table()[kind].words
        free = len(due) - held
        found.append(Ready(kind, words, free, held, min(days, default=None), max(days, default=None)))
    return tuple(found)


def _named(work: Work, rows: list[Destruction]) -> dict[int, str]:
    accounts = {row.asked_by for row in rows} | {row.decided_by for row in rows if row.decided_by}
    return revisions.authors(work, sorted(accounts))


def _view(work: Work, row: Destruction, names: dict[int, str], **opened: Any) -> ListView:
    return ListView(
        row.id,
        row.version,
        Kept.read(row.kind),
        DestructionState.read(row.state),
        row.found,
        row.oldest_on,
        row.newest_on,
        names.get(row.asked_by, ""),
        row.asked_at,
        row.asked_by == work.access.actor,
        names.get(row.decided_by or 0, ""),
        row.decided_at,
        row.done,
        row.skipped,
        tuple((TABLES.get(name, name), count) for name, count in sorted((row.counts or {}).items())),
        **opened,
    )


@use_case(Action.RETENTION_READ)
def lists(work: Work) -> tuple[ListView, ...]:
    """The newest lists of destruction inside the access, without the files on them."""
    rows = queries.lists(work)
    names = _named(work, rows)
    return tuple(_view(work, row, names) for row in rows)


def _one(work: Work, key: int) -> Destruction:
    row = work.get(Destruction, key)
    if row is None:
        raise Missing(NOT_THERE)
    return row


def _open(work: Work, row: Destruction) -> list[dict[str, Any]]:
    (text,) = open_texts(work, "Destruction", [(row.id, row.register)], READING)
    found: list[dict[str, Any]] = json.loads(text)
    return found


def _lines(register: list[dict[str, Any]]) -> tuple[tuple[str, str, str, str], ...]:
    return tuple(
        ("、".join(number for _, number in one["cases"]), one["ended"], one["began"], one.get("told", ""))
        for one in register
    )


@use_case(Action.RETENTION_READ)
def one(work: Work, key: int) -> ListView:
    """One list with its file numbers and days; no name stands on it."""
    row = _one(work, key)
    (reason,) = open_texts(work, "Destruction", [(row.id, row.reason)], READING)
    answer = ""
    if row.answer is not None:
        (answer,) = open_texts(work, "Destruction", [(row.id, row.answer)], READING)
    return _view(work, row, _named(work, [row]), reason=reason, answer=answer, lines=_lines(_open(work, row)))


# --- proposing and deciding -----------------------------------------------------------------------


def begin() -> int:
    """The key of a list or hold to be."""
    return new_key()


def _written(text: str, name: str, sentence: str) -> str:
    text = text.strip()
    if not SHORTEST <= len(text) <= LONGEST:
        raise Unfit(sentence, fields={name: sentence})
    return text


@use_case(Action.RETENTION_WRITE)
def propose(work: Work, once: int, kind: int, reason: str, today: date) -> int:
    """Put the files that are over their term on a list for somebody else to decide; its key.

    At most :data:`MOST` people, longest first; those held back are left out. Raises :class:`Unfit` naming
    ``kind`` or ``reason``, :class:`Conflict` when such a list waits already.
    """
    if (known := work.get(Destruction, once)) is not None:
        return known.id
    if kind not in map(int, FILES):
        raise Unfit("请选择一类。", fields={"kind": "请选择要销毁的一类记录。"})
    reason = _written(reason, "reason", f"请用 {SHORTEST}–{LONGEST} 字写明依据和经过，例如鉴定会日期、文号。")
    which = Kept.read(kind)
    work.take_turn(FETCH_TURN)
    if queries.open_list(work, work.access.low, which, int(DestructionState.PROPOSED)) is not None:
        raise Conflict("这一类已有一份清册在等审批。请先处理那一份，或由提出人撤回后再提出。")
    found = [due for due in due_files(work, which, today) if not due.held][:MOST]
    if not found:
        words = "这一类现在没有保存期满、可以销毁的档案，清册没有提出。请改选另一类，或等有到期的再提出。"
        raise Unfit("没有到期的档案。", fields={"kind": words})
    register = [
        {
            "person": due.person,
            "area": due.area,
            "cases": [[key, number] for key, number in due.cases],
            "ended": due.ended_on.isoformat(),
            "began": due.began.isoformat(),
        }
        for due in found
    ]
    work.add(
        Destruction(
            id=once,
            area=work.access.low,
            kind=int(which),
            state=int(DestructionState.PROPOSED),
            found=len(found),
            oldest_on=found[0].began,
            newest_on=found[-1].began,
            register=Plain(json.dumps(register, ensure_ascii=False)),
            reason=Plain(reason),
            asked_by=work.access.actor,
            asked_at=clock.now(),
            counts={},
        )
    )
    return once


def _waiting(work: Work, key: int, version: int) -> Destruction:
    work.take_turn(FETCH_TURN)  # of two who decide at once, the second finds it decided
    row = _one(work, key)
    if row.state != DestructionState.PROPOSED or row.version != version:
        raise Conflict("这份清册已经处理过或已被撤回。请核对现在的状态。")
    return row


@use_case(Action.RETENTION_WRITE)
def withdraw(work: Work, key: int, version: int) -> None:
    """Take an own list back that nobody has decided."""
    row = _waiting(work, key, version)
    if row.asked_by != work.access.actor:
        raise Refused("只有提出人可以撤回。不同意销毁的，请写明理由后不批准。", rule=RULE)
    row.state = int(DestructionState.WITHDRAWN)


@use_case(Action.RETENTION_WRITE)
def decide(work: Work, key: int, version: int, agree: bool, answer: str, today: date) -> ListView:
    """Destroy what stands on somebody else's list, or say why not; the door has asked for a fresh proof.

    Every file is judged once more: one that was held, opened again or written into meanwhile stays, and the
    list says so. Raises :class:`Refused` for the own list, :class:`Conflict` when it was decided already,
    :class:`Unfit` naming ``answer``.
    """
    row = _waiting(work, key, version)
    if one_person(work, row.asked_by, work.access.actor):
        raise Refused(OWN, rule=RULE)
    answer = _written(
        answer, "answer", f"请用 {SHORTEST}–{LONGEST} 字写明核对情况；不同意的，写明理由让对方知道怎样改。"
    )
    row.decided_by, row.decided_at, row.answer = work.access.actor, clock.now(), Plain(answer)
    register = _open(work, row)
    if not agree:
        row.state = int(DestructionState.REFUSED)
        work.note("refuse", "Destruction", row_key=key, count=row.found)
        return _view(work, row, _named(work, [row]), lines=_lines(register))
    row.state = int(DestructionState.DONE)
    work.note("approve", "Destruction", row_key=key, count=row.found)
    counts, done = _destroy(work, row, register, today)
    row.done, row.skipped, row.counts = done, len(register) - done, counts
    row.register = Plain(json.dumps(register, ensure_ascii=False))
    return _view(work, row, _named(work, [row]), lines=_lines(register))


def _destroy(
    work: Work, row: Destruction, register: list[dict[str, Any]], today: date
) -> tuple[dict[str, int], int]:
    """Rows by table and how many people went; each line of the register is told what became of it."""
    kind, counts, done = Kept.read(row.kind), dict[str, int](), 0
    now_due = {due.person: due for due in due_files(work, kind, today)}
    for line in register:
        due = now_due.get(line["person"])
        if due is None or sorted(due.keys) != sorted(key for key, _ in line["cases"]):
            line["told"] = "未销毁：之后有新的记录或档案"
            continue
        if due.held:
            line["told"] = "未销毁：已暂停销毁或有未办结的申请"
            continue
        if kind is Kept.MEDICAL:
            gone = destruction.destroy_medical(work, due.area, due.keys, "保存期满")
            for key in due.keys:
                known = work.get(DestroyedFile, key)
                if known is None:
                    work.add(DestroyedFile(case_id=key, area=due.area, on=today, destruction_id=row.id))
                else:
                    known.on, known.destruction_id = today, row.id
        else:
            gone = destruction.destroy_cover(work, due.area, due.person, due.keys, "保存期满")
        for key in due.keys:
            work.note("destroy", "Case", row_key=key, case_key=key, fields=kind.label, purpose="保存期满")
        for name, count in gone.items():
            counts[name] = counts.get(name, 0) + count
        line["told"], done = "已销毁", done + 1
    return counts, done


@use_case(Action.RETENTION_WRITE)
def paper(work: Work, key: int) -> int:
    """Begin to print one list (销毁清册): file numbers, days, counts by table, who signs; the print's key."""
    row = _one(work, key)
    view = _view(work, row, _named(work, [row]), lines=_lines(_open(work, row)))
    (reason,) = open_texts(work, "Destruction", [(row.id, row.reason)], READING)
    keeping = rules.table()[view.kind]
    work.note("print", "Destruction", row_key=key, count=row.found)
    result = "" if view.done is None else f"销毁 {view.done} 人，未销毁 {view.skipped} 人"
    lines = tuple((str(at), *line) for at, line in enumerate(view.lines, 1))
    told = tuple((name, str(count)) for name, count in view.counts)
    sheet = Handed(
        title="档案销毁清册",
        number=f"销毁-{row.id}",
        to="存档",
        facts=(
            ("类别", keeping.words),
            ("保存期限", f"{keeping.told}（{keeping.ground}）"),
            ("期限起算日", f"{view.oldest_on} 至 {view.newest_on}"),
            ("人数", f"{view.found} 人"),
            ("状态", view.state.label),
            ("依据和经过", reason),
            ("提出", f"{view.asker} {view.asked_at.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M}"),
            (
                "审批",
                f"{view.decider} {view.decided_at.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M}"
                if view.decided_at
                else "（待另一账号审批）",
            ),
            ("结果", result or "（尚未销毁）"),
        ),
        paragraphs=(),
        tables=(
            HandedTable(
                "清册",
                ("序号", "档案编号", "档案结束", "期限起算", "结果"),
                lines,
                frozenset({0}),
                "只列档案编号，不写姓名。",
            ),
            *((HandedTable("销毁的记录", ("类别", "条数"), told, frozenset({1})),) if told else ()),
        ),
        closing=(GONE,) if view.state is DestructionState.DONE else (STILL_THERE,),
        unit=giving.place(work),
        day=clock.today(),
        mark=giving.mark(work),
        signatures=("提出人", "审批人", "监销人"),
    )
    return giving.draw(work, sheet, 1)


# --- holds ----------------------------------------------------------------------------------------


@use_case(Action.RETENTION_READ)
def holds(work: Work, case: int) -> tuple[str, tuple[HoldView, ...]]:
    """(file number, every hold of the file, the newest first); :class:`Missing` outside the access."""
    found = work.get(Case, case)
    if found is None:
        raise Missing(NO_FILE)
    rows = queries.holds(work, case)
    accounts = {row.placed_by for row in rows} | {row.lifted_by for row in rows if row.lifted_by}
    names = revisions.authors(work, sorted(accounts))
    reasons = open_texts(work, "RetentionHold", [(row.id, row.reason) for row in rows], READING)
    lifted = [row for row in rows if row.lifted_because is not None]
    words = open_texts(work, "RetentionHold", [(row.id, row.lifted_because) for row in lifted], READING)
    because = dict(zip((row.id for row in lifted), words, strict=True))
    return found.file_no, tuple(
        HoldView(
            row.id,
            row.version,
            row.placed_on,
            names.get(row.placed_by, ""),
            reason,
            row.lifted_on,
            names.get(row.lifted_by or 0, ""),
            because.get(row.id, ""),
        )
        for row, reason in zip(rows, reasons, strict=True)
    )


@use_case(Action.RETENTION_READ)
def held_files(work: Work) -> tuple[tuple[int, str, date], ...]:
    """(case, file number, since when) of every file that is held back inside the access."""
    return tuple((row.case_id, row.file_no, row.placed_on) for row in queries.open_holds(work))


@use_case(Action.RETENTION_WRITE)
def hold(work: Work, once: int, case: int, reason: str, today: date) -> None:
    """Keep everything of a file, whatever its term, until the hold is lifted.

    Raises :class:`Missing`, :class:`Unfit` naming ``reason``, :class:`Conflict` when it is held already.
    """
    found = work.get(Case, case)
    if found is None:
        raise Missing(NO_FILE)
    rows = queries.holds(work, case)
    if any(row.id == once for row in rows):
        return
    if any(row.lifted_on is None for row in rows):
        raise Conflict("这份档案已经暂停销毁。请核对页面上的原因。")
    reason = _written(reason, "reason", f"请用 {SHORTEST}–{LONGEST} 字写明原因，例如诉讼案号、投诉受理日期。")
    work.add(
        RetentionHold(
            id=once, case_id=case, area=found.area, reason=Plain(reason), placed_on=today,
            placed_by=work.access.actor,
        )
    )  # fmt: skip


@use_case(Action.RETENTION_WRITE)
def lift(work: Work, case: int, key: int, version: int, because: str, today: date) -> None:
    """End a hold with its reason; the term counts as if there had been none."""
    row = work.get(RetentionHold, key)
    if row is None or row.case_id != case:
        raise Missing(NO_FILE)
    if row.lifted_on is not None or row.version != version:
        raise Conflict(SAVED_ALREADY)
    because = _written(because, "because", f"请用 {SHORTEST}–{LONGEST} 字写明解除的原因，例如结案日期。")
    row.lifted_on, row.lifted_by, row.lifted_because = today, work.access.actor, Plain(because)
