"""迁移: transfers between townships — asked for by one side, accepted, declined or taken back."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from casemgr.api import fields as f
from casemgr.api.operation import Asked, Chapter
from casemgr.api.sending import Kept, Outcome, Sending, Versioned, done, keep
from casemgr.rules.access import Access, Action
from casemgr.services import clock, transfer
from casemgr.services.register import purpose_of
from casemgr.services.transfer import TransferView
from casemgr.terms.purpose import Purpose

chapter = Chapter("迁移")

ACCEPT, DECLINE, WITHDRAW = "accept", "decline", "withdraw"


class Transfer(f.Shape):
    """One side of a transfer without a name; ``answers``: it is this side that accepts or declines."""

    id = f.key("id")
    version = f.whole()
    side = f.coded()
    state = f.coded()
    own = f.text()
    other = f.text()
    asked_on = f.day()
    due_on = f.day()
    late = f.flag()
    rule = f.text()
    status = f.text()
    asked_by_receiver = f.flag()
    answered_on = f.day(allow_none=True)
    county_asked_on = f.day(allow_none=True)
    answers = f.flag()
    file_no = f.text()
    case = fields.String(attribute="case_id", required=True, allow_none=True)
    abroad = f.flag()


class Transfers(f.Shape):
    """The transfers of an area, latest first; the county sees each once."""

    items = f.many(Transfer)


class TransferWhy(f.Strict):
    """The purpose of opening; it is written into the audit."""

    purpose = f.Choice(Purpose, required=True)


class OpenedTransfer(f.Shape):
    """Whose file it is and why it moves, opened."""

    id = f.key("id")
    name = f.text()
    reason = f.text()


class Target(f.Shape):
    """A township that a file may be sent to."""

    code = f.text()
    name = f.text()


class Targets(f.Shape):
    """Where a file may be sent to within its county."""

    file_no = f.text()
    items = f.many(Target)


class TransferIn(Sending):
    """A file is to move to another township of the county."""

    to = f.AreaCode(required=True)
    reason = f.Prose(required=True, shortest=1, longest=300)


class AbroadIn(Sending):
    """A file is sent to a unit in another county; its answer is entered by hand."""

    receiver = f.Text(required=True, shortest=1, longest=80)
    address = f.Prose(required=True, shortest=1, longest=300)


class AskIn(Sending):
    """The file of somebody registered elsewhere in the county is wanted here."""

    id_number = f.Text(required=True, shortest=1, longest=24)
    name = f.Text(longest=40, load_default="")
    reason = f.Prose(longest=300, load_default="")


class TransferAnswer(Versioned):
    """The answer of one side; accepting may name village and unit, declining needs a reason."""

    answer = f.OneOf((ACCEPT, DECLINE, WITHDRAW), required=True)
    village = f.AreaCode(load_default=None)
    unit_code = f.Text(longest=40, load_default="")
    reason = f.Prose(longest=300, load_default="")


@chapter.get("/transfers", action=Action.TRANSFER_READ, answer=Transfers)
def list_(access: Access, asked: Asked) -> dict[str, Any]:
    """辖区内的迁移，不含姓名，新的在前."""
    return {"items": transfer.list_(access, clock.today())}


@chapter.get("/transfers/{transfer_id}", action=Action.TRANSFER_READ, answer=Transfer)
def read(access: Access, asked: Asked) -> TransferView:
    """一项迁移的进度，不含姓名."""
    return transfer.get(access, asked.path["transfer_id"], clock.today(), "")


@chapter.post(
    "/transfers/{transfer_id}/reveal", action=Action.TRANSFER_READ, body=TransferWhy, answer=OpenedTransfer
)
def reveal(access: Access, asked: Asked) -> TransferView:
    """查看一项迁移的姓名和原因；须说明目的，查看留痕."""
    why = purpose_of(str(asked.body["purpose"])).label
    return transfer.get(access, asked.path["transfer_id"], clock.today(), why)


@chapter.get("/cases/{case_id}/transfer-targets", action=Action.TRANSFER_READ, answer=Targets)
def targets(access: Access, asked: Asked) -> dict[str, Any]:
    """一份档案可迁往的本县乡镇（街道）."""
    file_no, found = transfer.targets(access, asked.path["case_id"])
    return {"file_no": file_no, "items": [{"code": str(code), "name": name} for code, name in found]}


@chapter.post("/cases/{case_id}/transfers", action=Action.TRANSFER_WRITE, body=TransferIn, answer=Kept)
def ask(access: Access, asked: Asked) -> dict[str, Any]:
    """申请把一份档案迁往本县另一乡镇；接收之前仍由本单位负责."""
    told, case = asked.body, asked.path["case_id"]

    def act(_key: int) -> Outcome:
        return done(transfer.ask(access, case, told["to"], told["reason"], clock.today()), case)

    return keep(access, "transfer", case, told, act, case=case)


@chapter.post("/cases/{case_id}/transfers-abroad", action=Action.TRANSFER_WRITE, body=AbroadIn, answer=Kept)
def send_abroad(access: Access, asked: Asked) -> dict[str, Any]:
    """记下档案材料寄往外县；登记对方接收（moved）之前仍由本单位负责."""
    told, case = asked.body, asked.path["case_id"]

    def act(_key: int) -> Outcome:
        place = told["receiver"].strip()
        return done(transfer.send_abroad(access, case, place, told["address"], clock.today()), case)

    return keep(access, "transfer.abroad", case, told, act, case=case)


@chapter.post("/transfers/ask-in", action=Action.TRANSFER_WRITE, body=AskIn, answer=Kept)
def ask_in(access: Access, asked: Asked) -> dict[str, Any]:
    """申请把在本县其他乡镇建档的人转入；不透露档案在哪里."""
    told = asked.body

    def act(_key: int) -> Outcome:
        key = transfer.ask_in(access, told["id_number"], told["name"].strip(), told["reason"], clock.today())
        return done(key, None)

    return keep(access, "transfer.ask_in", None, told, act)


@chapter.post(
    "/transfers/{transfer_id}/answer", action=Action.TRANSFER_WRITE, body=TransferAnswer, answer=Kept
)
def answer(access: Access, asked: Asked) -> dict[str, Any]:
    """答复一项迁移：接收、不接收或撤回."""
    told, key = asked.body, asked.path["transfer_id"]
    version, today = told["version"], clock.today()

    def act(_key: int) -> Outcome:
        if told["answer"] == ACCEPT:
            case = transfer.accept(access, key, version, told["village"], today, told["unit_code"].strip())
            # Whoever gives a file away does not keep its key.
            seen = transfer.get(access, key, today, "").case_id
            return done(key, case if seen is not None else None)
        if told["answer"] == DECLINE:
            transfer.decline(access, key, version, told["reason"], today)
        else:
            transfer.withdraw(access, key, version, today)
        return done(key, None)

    return keep(
        access, "transfer.answer", key, told, act,
        version=lambda: transfer.get(access, key, clock.today(), "").version,
    )  # fmt: skip
