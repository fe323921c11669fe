"""资料调取: a document asks for fields of people; somebody else approves; it is handed out or refused.

Nothing of it is ever shown on a screen: what is approved leaves as one marked sheet with exactly the approved
items, and every person on it gets a line of the ledger (数据安全法 35, condition ⑥ of the matrix). One
approval is good for one sheet and for a few days; a further one is asked for with a reason and approved anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from casemgr.reports import form as papers
from casemgr.reports import handed
from casemgr.reports.handed import Handed, HandedTable
from casemgr.rules.access import Access, Action
from casemgr.rules.calendar import deadline
from casemgr.rules.policy import in_force_on
from casemgr.services import clock, giving, impact, ledger_line, printing
from casemgr.services import letter as letters
from casemgr.services.account_person import refusal
from casemgr.services.errors import Conflict, Missing, Refused, Unfit
from casemgr.services.ledger_line import Evidence
from casemgr.services.use_case import SAVED_ALREADY, use_case, within
from casemgr.store.db import new_key, new_keys
from casemgr.store.identity import open_texts
from casemgr.store.models.sharing import DataRequest, RequestPerson
from casemgr.store.queries import sharing as queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.code import from_mask, to_mask
from casemgr.terms.disclosure import FieldGroup
from casemgr.terms.sharing import Flow, Requester, RequestState, SheetField

READING = "资料调取"
RULE, RULE_ONCE = "DSL-35", "REC-REQ-1"
NOT_THERE = "没有这件调取，或不在您的辖区内。请从列表进入。"
MOST = 50
LONGEST = 300
#: Whom the ledger names; courts and prosecutors have no account and stand with the police.
RECEIVERS = {
    Requester.POLICE: Role.POLICE,
    Requester.COURT: Role.POLICE,
    Requester.HEALTH_BUREAU: Role.HEALTH_BUREAU,
    Requester.PLATFORM: Role.POLITICAL_LEGAL,
}
OWN_REQUEST = (
    "调取须由登记人以外的账号审批，这件是您登记的。一个人既登记又批准，就没有审批。"
    "请由另一位县级人员审批，或由其退回。"
)
OWN_AGAIN = (
    "再次出件须由申请人以外的账号审批，这次是您申请的。一个人既申请又批准，就没有审批。"
    "请由另一位县级人员审批，或由其退回。"
)
ONCE = (
    "这件调取已经出件一次。批准只管一次出件，多份留存会使资料散失。"
    "对方确需再提供的，请在本页写明原因申请再次出件，由另一账号审批；文件仍可在打印后 24 小时内由出件人取回。"
)
OVER = (
    "批准已过有效期，不能出件。情况可能已有变化。"
    "仍需提供的，请在本页写明原因申请再次出件，由另一账号审批；不再需要的，不必处理。"
)
SHORTEST = 6


@dataclass(frozen=True, slots=True)
class NewRequest:
    """What the document says; ``files`` are file numbers as typed, one a line or separated by blanks."""

    requester: Requester | None
    number: str
    authority: str
    ground: str
    purpose: str
    received_on: date | None
    items: tuple[SheetField, ...]
    files: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request in the list."""

    key: int
    number: str
    requester: Requester
    state: RequestState
    received_on: date
    people: int
    mine: bool


@dataclass(frozen=True, slots=True)
class RequestView:
    """One request; ``allowed`` are the asked items that the matrix lets through at all."""

    row: RequestRow
    version: int
    authority: str
    ground: str
    purpose: str
    asked: tuple[SheetField, ...]
    allowed: tuple[SheetField, ...]
    approved: tuple[SheetField, ...]
    files: tuple[tuple[int, str], ...]
    decided_on: date | None
    released_on: date | None
    refusal: str
    until: date | None
    over: bool
    releases: int
    again_on: date | None
    again: str

    @property
    def may_release(self) -> bool:
        """Whether the approval is still good for one sheet."""
        return self.row.state is RequestState.APPROVED and not self.over

    @property
    def may_ask_again(self) -> bool:
        """Whether a further sheet, or one after the term, has to be asked for."""
        return self.row.state is RequestState.RELEASED or self.over


def begin() -> int:
    """The key of the request to be."""
    return new_key()


def faults(told: NewRequest, today: date) -> dict[str, str]:
    """What is wrong with a request as it was typed, by field."""
    wrong: dict[str, str] = {}
    if told.requester is None:
        wrong["requester"] = "请选择调取机关的类别。可以提供哪些项目由它决定。"
    for name, value, label in (
        ("number", told.number, "文书号"),
        ("authority", told.authority, "调取机关名称"),
        ("ground", told.ground, "法律依据"),
        ("purpose", told.purpose, "调取事由"),
    ):
        if not value:
            wrong[name] = f"请填写{label}。没有书面文书的调取不予受理。"
    if told.received_on is None:
        wrong.setdefault("received_on", "请填写收到文书的日期。")
    elif told.received_on > today:
        wrong["received_on"] = "收到日期晚于今天。请改正日期。"
    if not told.items:
        wrong["items"] = "请至少勾选一项调取内容。只登记文书写明的项目。"
    if told.requester is Requester.PLATFORM:
        if told.files:
            wrong["files"] = "交换文件的对象由系统按条件列出（3 级及以上或有案（事）件），请清空这一栏。"
    elif not numbers_of(told.files):
        wrong["files"] = "请填写文书指明的对象的档案编号，一行一个。不受理没有具体对象的调取。"
    elif len(numbers_of(told.files)) > MOST:
        wrong["files"] = f"一件文书最多登记 {MOST} 人。请按文书分件登记，或只登记文书写明的对象。"
    return wrong


def numbers_of(text: str) -> tuple[str, ...]:
    """File numbers in what was typed, each once."""
    return tuple(dict.fromkeys(text.replace("，", " ").replace(",", " ").replace("、", " ").split()))


@use_case(Action.SHARING_WRITE)
def register(work: Work, once: int, told: NewRequest, today: date) -> int:
    """Take a request down; a second press changes nothing. Raises :class:`Unfit` by field, :class:`Conflict`
    when the document is there already."""
    county = impact.county_of(work)
    if work.get(DataRequest, once) is not None:
        return once
    wrong = faults(told, today)
    asked = numbers_of(told.files)
    found = (
        {row.file_no: row for row in queries.by_file_no(work, county, asked)} if "files" not in wrong else {}
    )
    if lacking := [number for number in asked if number not in found and "files" not in wrong]:
        wrong["files"] = (
            f"登记库没有这些档案编号：{'、'.join(lacking[:5])}。请核对编号；查无此人的，以不予提供函答复。"
        )
    if any(row.number == told.number for row in _rows(work)):
        wrong["number"] = "这个文书号已经登记过，同一文书不重复提供。请打开原来那一件。"
    if wrong or told.requester is None or told.received_on is None:
        raise Unfit("调取没有登记，请改正后再试。", fields=wrong)
    if told.requester is Requester.PLATFORM:
        impact.require(work, Flow.PLATFORM)
    work.add(
        DataRequest(
            id=once,
            area=county,
            state=int(RequestState.ASKED),
            requester=int(told.requester),
            number=told.number,
            authority=Plain(told.authority),
            ground=Plain(told.ground),
            purpose=Plain(told.purpose),
            received_on=told.received_on,
            asked_fields=to_mask(told.items),
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    work.flush()
    rows = [found[number] for number in asked]
    work.add_many(
        RequestPerson,
        [
            {"id": key, "request_id": once, "case_id": row.id, "area": row.area}
            for key, row in zip(new_keys(len(rows)), rows, strict=True)
        ],
    )
    return once


def _rows(work: Work) -> list[RequestRow]:
    return [
        RequestRow(
            row.DataRequest.id,
            row.DataRequest.number,
            Requester.read(row.DataRequest.requester),
            RequestState.read(row.DataRequest.state),
            row.DataRequest.received_on,
            row.people,
            _asker(row.DataRequest) == work.access.actor,
        )
        for row in queries.requests(work)
    ]


def _asker(row: DataRequest) -> int:
    """Who asked for the sheet that is to be decided on: for a further one whoever asked again."""
    return row.recorded_by if row.again_by is None else row.again_by


def _is_over(row: DataRequest, today: date) -> bool:
    """Whether an approval was not used in its days (REC-REQ-1)."""
    return row.state == RequestState.APPROVED and row.until is not None and row.until < today


@use_case(Action.SHARING_READ, writes=False)
def list_(work: Work) -> list[RequestRow]:
    """Requests of the county, latest first."""
    impact.county_of(work)
    return _rows(work)


def _found(work: Work, key: int) -> DataRequest:
    impact.county_of(work)
    row = work.get(DataRequest, key)
    if row is None:
        raise Missing(NOT_THERE)
    return row


@use_case(Action.SHARING_READ)
def view(work: Work, key: int, today: date) -> RequestView:
    """One request with the document's words, which is written down; never what is asked for."""
    row = _found(work, key)
    people = queries.asked_about(work, key)
    words = [(row.id, one) for one in (row.authority, row.ground, row.purpose, row.refusal, row.again)]
    authority, ground, purpose, refusal, again = open_texts(work, "DataRequest", words, READING)
    requester = Requester.read(row.requester)
    asked = tuple(from_mask(SheetField, row.asked_fields))
    allowed = giving.allowed(work, requester.party, {requester.condition}, today)
    return RequestView(
        RequestRow(
            row.id,
            row.number,
            requester,
            RequestState.read(row.state),
            row.received_on,
            len(people),
            _asker(row) == work.access.actor,
        ),
        row.version,
        authority,
        ground,
        purpose,
        asked,
        tuple(one for one in asked if one in allowed),
        tuple(from_mask(SheetField, row.fields)),
        tuple((one.case_id, one.file_no) for one in people),
        row.decided_on,
        row.released_on,
        refusal,
        row.until,
        _is_over(row, today),
        max(row.releases, 1 if row.released_on is not None else 0),
        row.again_on,
        again,
    )


def _to_decide(work: Work, key: int, version: int) -> DataRequest:
    row = _found(work, key)
    if words := refusal(work, _asker(row), OWN_REQUEST if row.again_by is None else OWN_AGAIN):
        raise Refused(words, rule=RULE)
    if row.version != version or row.state != RequestState.ASKED:
        raise Conflict(SAVED_ALREADY)
    return row


@use_case(Action.SHARING_WRITE)
def approve(work: Work, key: int, version: int, items: Sequence[SheetField], today: date) -> None:
    """Approve some of the asked items; by another account than the one that registered it.

    Raises :class:`Refused` for the own request, :class:`Unfit` for items that were not asked for or that the
    matrix gives to nobody of this kind.
    """
    row = _to_decide(work, key, version)
    requester = Requester.read(row.requester)
    allowed = giving.allowed(work, requester.party, {requester.condition}, today)
    asked = from_mask(SheetField, row.asked_fields)
    if not items:
        raise Unfit("没有批准。", fields={"items": "请勾选批准的项目；都不提供的，请用“不予提供”。"})
    if extra := [one.label for one in items if one not in asked or one not in allowed]:
        raise Unfit(
            "没有批准。",
            fields={"items": f"{'、'.join(extra)}：文书没有要求，或按披露矩阵不得向{requester.label}提供。"},
        )
    row.state, row.fields = int(RequestState.APPROVED), to_mask(items)
    row.until = deadline(today, in_force_on(today, within(work).region).request_valid).on
    row.decided_on, row.decided_by = today, work.access.actor


@use_case(Action.SHARING_WRITE)
def ask_again(work: Work, key: int, version: int, why: str, today: date) -> None:
    """Ask for a further sheet after the one that was handed out, or after the approval ran out (REC-REQ-1).

    It waits for another account, like the first time. Raises :class:`Unfit` without a reason,
    :class:`Conflict` when the request stands otherwise by now.
    """
    row = _found(work, key)
    if row.version != version or not (row.state == RequestState.RELEASED or _is_over(row, today)):
        raise Conflict(SAVED_ALREADY)
    why = why.strip()
    if not SHORTEST <= len(why) <= LONGEST:
        raise Unfit(
            "没有申请。",
            fields={
                "again": f"请用 {SHORTEST} 到 {LONGEST} 字写明为什么再次出件，审批人据此决定。"
                "如对方遗失、逾期未取；对方要求增加项目的，请另按新的文书登记。"
            },
        )
    row.state, row.again = int(RequestState.ASKED), Plain(why)
    row.again_on, row.again_by = today, work.access.actor
    row.until = row.decided_on = row.decided_by = None


@use_case(Action.SHARING_WRITE)
def refuse(work: Work, key: int, version: int, why: str, today: date) -> None:
    """Refuse a request with a ground; by another account than the one that registered it."""
    row = _to_decide(work, key, version)
    why = why.strip()
    if not SHORTEST <= len(why) <= LONGEST:
        raise Unfit(
            "没有保存。",
            fields={"why": f"请用 {SHORTEST} 到 {LONGEST} 字写明不予提供的依据，它会印在答复函上。"},
        )
    row.state, row.refusal = int(RequestState.REFUSED), Plain(why)
    row.decided_on, row.decided_by = today, work.access.actor


def _sheet(work: Work, row: DataRequest, today: date) -> tuple[Handed, int]:
    """The sheet with exactly the approved items, entered in the ledger person by person."""
    if row.state == RequestState.RELEASED:
        raise Refused(ONCE, rule=RULE_ONCE)
    if row.state != RequestState.APPROVED:
        raise Refused("这件调取还没有批准，不能出件。请先由另一账号审批。", rule=RULE)
    if _is_over(row, today):
        raise Refused(OVER, rule=RULE_ONCE)
    requester = Requester.read(row.requester)
    seen = giving.told(work, requester.party, {requester.condition}, today)
    items = [one for one in from_mask(SheetField, row.fields) if one in seen]
    if not items:
        raise Refused("批准的项目现在都不得提供（披露矩阵已变更）。请以不予提供函答复。", rule=RULE)
    if requester is Requester.PLATFORM:
        impact.require(work, Flow.PLATFORM)
        cases = sorted(giving.shared_with(work, Role.POLITICAL_LEGAL, today))
    else:
        cases = [one.case_id for one in queries.asked_about(work, row.id)]
    people = giving.people(work, cases, items, READING, seen)
    authority, ground, purpose = open_texts(
        work, "DataRequest", [(row.id, value) for value in (row.authority, row.ground, row.purpose)], READING
    )
    giving.enter(
        work,
        receiver=RECEIVERS[requester],
        people={one.case: one.area for one in people},
        groups={one.group for one in items},
        conditions=(requester.condition,),
        ground=giving.ground_of(work, requester.party, FieldGroup.G1, (requester.condition,), today),
        document=f"{authority} {row.number}",
        evidence=_evidence(work, row, requester, cases, today),
    )
    row.state, row.released_on, row.released_by = int(RequestState.RELEASED), today, work.access.actor
    row.releases += 1
    work.flush()  # of two who hand it out at once, the second is told before anything is made
    columns = ("序号", *(one.label for one in items))
    lines = tuple((str(place), *one.words) for place, one in enumerate(people, 1))
    table = HandedTable("提供内容", columns, lines, frozenset({0}))
    sheet = Handed(
        title="资料提供单" if requester.names_people else "综治平台信息交换表",
        number=f"提供-{row.received_on:%Y}-{row.id % 10**6:06}",
        to=authority,
        facts=(("文书号", row.number), ("法律依据", ground), ("事由", purpose), ("人数", str(len(people)))),
        paragraphs=("根据贵单位来文，经审批，现提供下列资料。只提供批准的项目。",),
        tables=(table,),
        closing=("所提供的资料仅限于来文所述用途，请妥善保管，用后按规定销毁或归档，不得扩散、不得公开。",),
        unit=giving.place(work),
        day=today,
        mark=giving.mark(work),
        landscape=len(columns) > 6,
    )
    return sheet, len(people)


def _evidence(
    work: Work, row: DataRequest, requester: Requester, cases: Sequence[int], today: date
) -> Mapping[int, Evidence] | Evidence:
    """For the platform why each of them is shared; else the document, and the days of its approval."""
    if requester is not Requester.PLATFORM:
        return Evidence(on=row.received_on, until=row.until)
    why = ledger_line.at_risk(work, cases, today)
    return {key: replace(one, until=row.until) for key, one in why.items()}


@use_case(Action.SHARING_WRITE)
def release(work: Work, key: int, today: date) -> int:
    """Begin to print the sheet, once; the key of the print. A line of the ledger for each person."""
    sheet, people = _sheet(work, _found(work, key), today)
    return giving.draw(work, sheet, people)


@use_case(Action.SHARING_WRITE)
def release_workbook(work: Work, key: int, today: date) -> bytes:
    """The same sheet as a workbook, instead of the print."""
    sheet, _ = _sheet(work, _found(work, key), today)
    return handed.workbook(sheet, within(work).demo)


@use_case(Action.SHARING_WRITE)
def refusal_letter(work: Work, key: int, today: date) -> int:
    """Begin to print the letter that says no; the key of the print. It says nothing of anybody."""
    row = _found(work, key)
    if row.state != RequestState.REFUSED:
        raise Refused("这件调取没有被退回，不能印不予提供函。请先审批。", rule=RULE)
    authority, why = open_texts(
        work, "DataRequest", [(row.id, row.authority), (row.id, row.refusal)], READING
    )
    written = papers.Letter(
        "不予提供资料答复函",
        authority,
        (f"贵单位{row.number.removesuffix('号')}号文书收悉。经审核，所需资料不予提供，理由如下：",),
        (("理由", why),),
        ("本答复不表示有关人员在册或不在册。如补充法律文书或另有法定事由，请重新来文。",),
        giving.place(work),
        today,
        f"{letters.article(RULE)}、精神卫生法第4条第3款",
    )
    return printing.put(work, papers.letter(written, within(work).demo), written.title, 1)


def waiting(access: Access) -> int:
    """How many requests wait for somebody's decision."""
    return sum(one.state is RequestState.ASKED for one in list_(access))
