"""应急: one emergency from the report to its end, its 表12 and its upload."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from casemgr.api import fields as f
from casemgr.api.operation import Asked, Chapter
from casemgr.api.sending import FORM_BODY, Kept, Outcome, Sending, done, form_data, keep
from casemgr.forms import form as forms
from casemgr.forms.json_schema import from_json, to_json
from casemgr.forms.registry import form_named
from casemgr.rules.access import Access, Action
from casemgr.services import clock, emergency
from casemgr.services.case_view import term
from casemgr.services.emergency import EmergencyEnd, EmergencyPage
from casemgr.services.errors import Unfit
from casemgr.services.register import purpose_of
from casemgr.terms.emergency import (
    EmergencyCause,
    EmergencyEffect,
    EmergencyGround,
    EmergencyMeasure,
    EmergencyStep,
    Whereabouts,
)
from casemgr.terms.purpose import Purpose

chapter = Chapter("应急")

NO_VERSION = "没有这个版本的记录单。请用 /forms/emergency 列出的版本。"
UNKNOWN = "这个版本的表中没有这一项。请核对版本，或去掉这一项。"


class TickedStep(f.Shape):
    """One step and when it was ticked."""

    step = f.coded()
    at = f.moment(allow_none=True)


class EmergencyDeadline(f.Shape):
    """What has to follow, by when and under which rule."""

    kind = f.coded()
    due_on = f.day()
    due_at = f.moment(allow_none=True)
    rule = f.text()
    status = f.text()


class LaterFinding(f.Shape):
    """Something to be asked about later."""

    id = f.text()
    field = f.text()
    says = f.text()
    rule = f.text()


class Emergency(f.Shape):
    """One emergency without names."""

    id = f.key("id")
    case = f.key("case_id")
    file_no = f.text()
    reported_at = f.moment()
    started_at = f.moment(allow_none=True)
    ended_at = f.moment(allow_none=True)
    steps = f.many(TickedStep)
    causes = f.many(f.Coded)
    measures = f.many(f.Coded)
    effect = f.coded()
    ground = f.coded()
    stay = f.coded()
    consent_on = f.day(allow_none=True)
    recorded_on = f.day(allow_none=True)
    uploaded_on = f.day(allow_none=True)
    deadlines = f.many(EmergencyDeadline)
    later = f.many(LaterFinding)
    version = f.whole()


class EmergencyWhy(f.Strict):
    """The purpose of opening; it is written into the audit."""

    purpose = f.Choice(Purpose, required=True)


class OpenedEmergency(f.Shape):
    """Who is in charge after an emergency, opened."""

    id = f.key("id")
    in_charge = f.text()


class OpenedRecord(f.Shape):
    """表12 as it was kept, or begun from what is known: it holds a name."""

    form = f.text()
    version = f.text()
    kept = f.flag()
    data = fields.Dict(required=True)


class EmergencyIn(Sending):
    """An emergency was reported."""

    reported_at = f.At(required=True)


class StepIn(Sending):
    """A step was taken, now."""

    step = f.Choice(EmergencyStep, required=True)


class EndIn(Sending):
    """The end; what is missing is asked for."""

    ended_at = f.At(required=True)
    started_at = f.At(load_default=None, allow_none=True)
    causes = f.Choices(EmergencyCause)
    measures = f.Choices(EmergencyMeasure)
    effect = f.Choice(EmergencyEffect, load_default=None)
    stay = f.Choice(Whereabouts, load_default=None)
    in_charge = f.Text(longest=60, load_default="")
    consent_on = f.Day(load_default=None)
    ground = f.Choice(EmergencyGround, load_default=None)


class RecordIn(Sending):
    """The filled 表12; ``data`` by the schema of ``/forms/emergency`` in that version."""

    version = f.Text(required=True, longest=16)
    data = form_data()


class UploadedIn(Sending):
    """The record was uploaded to the national system."""

    on = f.Day(required=True)


@chapter.post("/cases/{case_id}/emergencies", action=Action.EVENT_WRITE, body=EmergencyIn, answer=Kept)
def start(access: Access, asked: Asked) -> dict[str, Any]:
    """接报一次应急处置，开始计时；已有一次未结束时即为那一次."""
    told, case = asked.body, asked.path["case_id"]

    def act(key: int) -> Outcome:
        kept = emergency.start(access, case, key, told["reported_at"], clock.moment())
        return done(kept.id, case, again=kept.again)

    return keep(access, "emergency", case, told, act, case=case)


@chapter.get("/emergencies/{emergency_id}", action=Action.EVENT_WRITE, answer=Emergency)
def read(access: Access, asked: Asked) -> EmergencyPage:
    """一次应急处置的经过、时限和待核对内容，不含姓名."""
    return _view(access, asked.path["emergency_id"])


def _view(access: Access, key: int) -> EmergencyPage:
    return emergency.view(access, key, clock.moment(), clock.today(), "")


@chapter.post(
    "/emergencies/{emergency_id}/reveal",
    action=Action.EVENT_WRITE,
    body=EmergencyWhy,
    answer=OpenedEmergency,
)
def reveal(access: Access, asked: Asked) -> EmergencyPage:
    """查看处置后的负责人；须说明目的，查看留痕."""
    why = purpose_of(str(asked.body["purpose"])).label
    return emergency.view(access, asked.path["emergency_id"], clock.moment(), clock.today(), why)


@chapter.post("/emergencies/{emergency_id}/steps", action=Action.EVENT_WRITE, body=StepIn, answer=Kept)
def tick(access: Access, asked: Asked) -> dict[str, Any]:
    """记下完成了一步及时间；已记的保留第一次的时间."""
    key = asked.path["emergency_id"]
    step = EmergencyStep.read(asked.body["step"])

    def act(_key: int) -> Outcome:
        kept = emergency.tick(access, key, step, clock.moment())
        return done(key, kept.case_id, again=kept.again)

    return keep(access, "emergency.step", key, asked.body, act)


@chapter.post("/emergencies/{emergency_id}/end", action=Action.EVENT_WRITE, body=EndIn, answer=Kept)
def end(access: Access, asked: Asked) -> dict[str, Any]:
    """登记结束；24 小时内填写记录单."""
    told, key = asked.body, asked.path["emergency_id"]
    given = EmergencyEnd(
        told["started_at"],
        told["ended_at"],
        tuple(EmergencyCause.read(one) for one in told["causes"]),
        tuple(EmergencyMeasure.read(one) for one in told["measures"]),
        term(EmergencyEffect, told["effect"]),
        term(Whereabouts, told["stay"]),
        told["in_charge"].strip(),
        told["consent_on"],
        term(EmergencyGround, told["ground"]),
    )

    def act(_key: int) -> Outcome:
        kept = emergency.end(access, key, given, clock.moment(), clock.today())
        return done(key, kept.case_id, again=kept.again)

    return keep(access, "emergency.end", key, told, act)


@chapter.post(
    "/emergencies/{emergency_id}/record/reveal",
    action=Action.EVENT_WRITE,
    body=EmergencyWhy,
    answer=OpenedRecord,
    refusals=(409,),
)
def record_form(access: Access, asked: Asked) -> dict[str, Any]:
    """打开应急处置记录单，含已知内容和姓名；须说明目的，查看留痕."""
    why = purpose_of(str(asked.body["purpose"])).label
    shown = emergency.record_form(access, asked.path["emergency_id"], clock.today(), why)
    values = forms.read(shown.form, shown.raw, clock.today()).values
    return {
        "form": shown.form.name,
        "version": shown.form.version,
        "kept": shown.sheet_id is not None,
        "data": to_json(shown.form, values),
    }


@chapter.post(
    "/emergencies/{emergency_id}/record",
    action=Action.EVENT_WRITE,
    body=RecordIn,
    answer=Kept,
    largest=FORM_BODY,
)
def keep_record(access: Access, asked: Asked) -> dict[str, Any]:
    """保存填好的应急处置记录单（表12）；再次保存会留下改动."""
    told, key = asked.body, asked.path["emergency_id"]

    def act(_key: int) -> Outcome:
        try:
            form = form_named(emergency.FORM, told["version"])
        except KeyError:
            raise Unfit("记录单没有保存。", fields={"version": NO_VERSION}) from None
        raw, unknown = from_json(form, told["data"])
        if unknown:
            raise Unfit("记录单没有保存。", fields=dict.fromkeys(unknown, UNKNOWN))
        kept = emergency.keep_record(access, key, form.version, raw, clock.today())
        return done(key, kept.case_id, again=kept.again)

    return keep(access, "emergency.record", key, told, act, version=lambda: _view(access, key).version)


@chapter.post("/emergencies/{emergency_id}/uploaded", action=Action.EVENT_WRITE, body=UploadedIn, answer=Kept)
def uploaded(access: Access, asked: Asked) -> dict[str, Any]:
    """登记记录单已上报的日期."""
    key = asked.path["emergency_id"]

    def act(_key: int) -> Outcome:
        kept = emergency.uploaded(access, key, asked.body["on"], clock.today())
        return done(key, kept.case_id, again=kept.again)

    return keep(
        access, "emergency.uploaded", key, asked.body, act, version=lambda: _view(access, key).version
    )
