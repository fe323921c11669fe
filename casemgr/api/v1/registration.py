"""登记建档: entering the register with the checks of the pages, who may be the same, and corrections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from casemgr.api import fields as f
from casemgr.api.operation import Asked, Chapter
from casemgr.api.sending import (
    FORM_BODY,
    Finding,
    Kept,
    Outcome,
    Sending,
    form_data,
    keep,
    reasons,
)
from casemgr.forms import form as forms
from casemgr.forms import json_schema
from casemgr.forms.form import Form
from casemgr.forms.registration import CORRECTION, REGISTRATION
from casemgr.rules.access import Access, Action
from casemgr.services import clock, registration
from casemgr.services.duplicates import Found
from casemgr.services.errors import Unfit
from casemgr.services.register import purpose_of
from casemgr.services.registration import Asked as Filled
from casemgr.services.registration import Done
from casemgr.terms.purpose import Purpose

chapter = Chapter("登记建档")

UNKNOWN = "这张表中没有这一项。请核对拼写，或去掉这一项。"
UNFIT = "没有保存，请按 fields 改正，或按 questions 写明理由后重发。"
STALE = "这份档案在您打开之后被改动过，没有保存。两边内容见 sides，请重新打开后再改。"


class RegistrationStep(f.Shape):
    """A section: on a phone one screen."""

    key = f.text()
    title = f.text()
    items = f.texts()


class RegistrationSchema(f.Shape):
    """The form with its sections and its JSON Schema (draft 2020-12), for entering and for correcting."""

    sections = f.many(RegistrationStep)
    schema = fields.Dict(required=True)
    correction = fields.Dict(required=True)


class Begin(f.Strict):
    """From a confirmed clue, from an accepted notice, or from nothing."""

    clue = f.Id(load_default=None)
    notice = f.Id(load_default=None)


class Unit(f.Shape):
    """A unit that may manage the person."""

    code = f.text()
    name = f.text()


class Place(f.Shape):
    """A village within reach."""

    code = f.text()
    name = f.text()


class Begun(f.Shape):
    """The form with what is known, the next free number, and the places to choose from."""

    data = fields.Dict(required=True)
    units = f.many(Unit)
    villages = f.many(Place)


class Alike(f.Strict):
    """What was typed so far; ``case`` is left out of the search."""

    name = f.Text(longest=40, load_default="")
    id_number = f.Text(longest=24, load_default="")
    birth_on = f.Text(longest=10, load_default="")
    village = f.AreaCode(load_default=None)
    case = f.Id(load_default=None)


class NearFile(f.Shape):
    """A file that may be the same person; ``blocks``: it certainly is, and is active."""

    id = f.key("case_id")
    file_no = f.text()
    why = f.text()
    blocks = f.flag()
    lifecycle = f.coded()
    registered_on = f.day()


class Alikes(f.Shape):
    """Who may be the same; ``elsewhere``: this number is registered in another township of the county."""

    near = f.many(NearFile)
    elsewhere = f.flag()
    searched = f.flag()


class RegistrationIn(Sending):
    """Somebody to be registered; ``data`` by ``/registrations/schema``, ``reasons`` by id of the question."""

    data = form_data()
    reasons = reasons()
    clue = f.Id(load_default=None)
    notice = f.Id(load_default=None)


class RegistrationKept(Kept):
    """The answer, and who may be the same person."""

    near = f.many(NearFile)
    elsewhere = f.flag()


class CorrectionWhy(f.Strict):
    """The purpose of opening; it is written into the audit."""

    purpose = f.Choice(Purpose, required=True)


class OpenedCorrection(f.Shape):
    """The data of a registered person; ``seen`` goes with the correction."""

    data = fields.Dict(required=True)
    seen = f.text()
    villages = f.many(Place)


class CorrectionIn(Sending):
    """Corrected data: all of them, as they are to stand; ``seen`` is what was opened."""

    data = form_data()
    reasons = reasons()
    seen = f.Text(required=True, longest=64)
    reason = f.Prose(required=True, longest=500)


class BothSides(f.Shape):
    """One item after the file was changed in between, in words."""

    label = f.text()
    theirs = f.text()
    mine = f.text()


class CorrectionKept(RegistrationKept):
    """The answer; after a change in between with both sides, neither lost."""

    sides = f.many(BothSides)


def _places(choices: Any) -> list[dict[str, str]]:
    return [{"code": str(code), "name": name} for code, name in choices]


def _data(form: Form, raw: Mapping[str, Any]) -> dict[str, Any]:
    return json_schema.to_json(form, forms.read(form, raw, clock.today()).values)


@chapter.get("/registrations/schema", action=Action.REGISTER_WRITE, answer=RegistrationSchema)
def schema(_access: Access, _asked: Asked) -> dict[str, Any]:
    """登记建档的项目、选项和填写条件."""
    return {
        "sections": [
            {"key": one.key, "title": one.title, "items": [each.key for each in one.fields]}
            for one in REGISTRATION.sections
        ],
        "schema": json_schema.schema(REGISTRATION),
        "correction": json_schema.schema(CORRECTION),
    }


@chapter.post(
    "/registrations/begin",
    action=Action.REGISTER_WRITE,
    body=Begin,
    answer=Begun,
    refusals=(404, 409),
)
def begin(access: Access, asked: Asked) -> dict[str, Any]:
    """开始登记建档：可选单位、村（社区）和下一个档案编号；来自线索或告知单时带出已知内容并留痕."""
    found = registration.begin(access, clock.today(), asked.body["clue"], asked.body["notice"])
    return {
        "data": _data(REGISTRATION, found.raw),
        "units": _places(found.units),
        "villages": _places(found.villages),
    }


@chapter.post("/registrations/alike", action=Action.REGISTER_WRITE, body=Alike, answer=Alikes)
def alike(access: Access, asked: Asked) -> Found:
    """正在填写的人是否可能已经建档；不显示姓名."""
    told = asked.body
    texts = {name: [told[name]] for name in ("name", "id_number", "birth_on")}
    village = [] if told["village"] is None else [str(told["village"])]
    return registration.look(access, {**texts, "village": village}, told["case"])


@chapter.post(
    "/registrations",
    action=Action.REGISTER_WRITE,
    body=RegistrationIn,
    answer=RegistrationKept,
    largest=FORM_BODY,
    refusals=(404,),
)
def register(access: Access, asked: Asked) -> dict[str, Any]:
    """登记建档；阻断的问题在 fields，须说明理由的在 questions，之后再核对的在 later."""
    told = asked.body

    def act(key: int) -> Outcome:
        raw = _raw(REGISTRATION, told)
        for name in ("clue", "notice"):
            if told[name] is not None:
                raw[name] = [str(told[name])]
        # Whoever sends a number of its own keeps it; without one the next free number is taken.
        raw["once"] = [str(key)]
        if "file_no" not in raw:
            raw["file_no"] = raw["proposed"] = _proposed(access, raw)
        found = registration.register(access, raw, clock.today())
        return _outcome(access, found)

    return _with_near(keep(access, "registration", None, told, act))


def _proposed(access: Access, raw: Mapping[str, list[str]]) -> list[str]:
    number = registration.proposed_number(access, next(iter(raw.get("unit_code", ())), ""))
    return [number] if number else []


def _raw(form: Form, told: Mapping[str, Any]) -> dict[str, list[str]]:
    raw, unknown = json_schema.from_json(form, told["data"])
    if unknown:
        raise Unfit("没有保存。", fields=dict.fromkeys(unknown, UNKNOWN))
    for check, text in told["reasons"].items():
        raw[f"why-{check}"] = [text]
    return raw


def _outcome(access: Access, found: Done | Filled) -> Outcome:
    if isinstance(found, Done):
        open_ones = registration.open_questions(access, found.case_id, clock.today())
        later = tuple(
            Finding(one.id, "Q", one.field, one.says, one.rule) for one in open_ones if one.weight == "Q"
        )
        word = "already_here" if found.already else "accepted"
        return Outcome(word, found.case_id, found.case_id, later=later)
    asked = tuple(Finding(one.id, "C", one.field, one.says) for one in found.questions if not one.reason)
    more = {"near": found.found.near, "elsewhere": found.found.elsewhere}
    if found.theirs and not found.problems:
        sides = [{"label": label, "theirs": theirs, "mine": mine} for label, theirs, mine in found.theirs]
        return Outcome("conflict", message=STALE, questions=asked, more={**more, "sides": sides})
    return Outcome("unfit", message=UNFIT, fields=found.problems, questions=asked, more=more)


def _with_near(answer: dict[str, Any]) -> dict[str, Any]:
    return {"near": (), "elsewhere": False, "sides": (), **answer}


@chapter.post(
    "/cases/{case_id}/correction/reveal",
    action=Action.REGISTER_WRITE,
    body=CorrectionWhy,
    answer=OpenedCorrection,
)
def open_correction(access: Access, asked: Asked) -> dict[str, Any]:
    """打开一份档案的登记内容以便更正，含身份信息；须说明目的，查看留痕."""
    why = purpose_of(str(asked.body["purpose"])).label
    found = registration.edit(access, asked.path["case_id"], why)
    return {
        "data": _data(CORRECTION, found.raw),
        "seen": found.seen,
        "villages": _places(found.villages),
    }


@chapter.post(
    "/cases/{case_id}/correction",
    action=Action.REGISTER_WRITE,
    body=CorrectionIn,
    answer=CorrectionKept,
    largest=FORM_BODY,
)
def correct(access: Access, asked: Asked) -> dict[str, Any]:
    """更正一份档案的登记内容，逐项留痕；期间被改动过的，两边内容都给出，不写入."""
    told, case = asked.body, asked.path["case_id"]

    def act(_key: int) -> Outcome:
        raw = _raw(CORRECTION, told)
        raw["seen"], raw["reason"] = [told["seen"]], [told["reason"]]
        return _outcome(access, registration.correct(access, case, raw, clock.today()))

    return _with_near(keep(access, "correction", case, told, act, case=case))
