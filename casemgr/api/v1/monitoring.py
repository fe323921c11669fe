"""用药监测: what is due of one person by which source, results of a day, answers to critical values."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from casemgr.api import fields as f
from casemgr.api.operation import Asked, Chapter
from casemgr.api.sending import Kept, Outcome, Sending, done, keep
from casemgr.rules.access import Access, Action
from casemgr.services import clock, monitoring
from casemgr.services.monitoring import Line, MonitoringView, Sheet
from casemgr.terms.monitoring import ResultFinding, ResultOrigin, ValueStep

chapter = Chapter("用药监测")

#: Results that one report has at most.
MOST = 30


class Drug(f.Shape):
    """One watched drug; without ``since`` nobody has told when it was begun."""

    drug = f.coded()
    first_on = f.day()
    since = f.day(allow_none=True)
    until = f.day(allow_none=True)
    how = f.coded()
    phase = f.coded()
    asks = f.text()


class Check(f.Shape):
    """How one test stands; without ``due`` its source names no interval."""

    item = f.text()
    name = f.text()
    due = f.day(allow_none=True)
    standing = f.coded()
    reason = f.text()
    rule = f.text()
    status = f.text()
    source = f.text()


class AskedTest(f.Shape):
    """One test of one drug."""

    drug = f.coded()
    check = f.one(Check)


class Alert(f.Shape):
    """What a source says about a value; ``dated`` is its year, if known."""

    text = f.text()
    weight = f.coded()
    rule = f.text()
    status = f.text()
    source = f.text()
    dated = f.text()


class Value(f.Shape):
    """One value that asks for a specialist, and what was done about it."""

    id = f.key("id")
    name = f.text()
    shown = f.text()
    on = f.day()
    alerts = f.many(Alert)
    handled_on = f.day(allow_none=True)


class Test(f.Shape):
    """One test: its unit and those that are understood."""

    key = f.text()
    name = f.text()
    unit = f.text()
    units = f.texts()


class Point(f.Shape):
    """One result; ``outside``: how it stands to its own reference range."""

    id = f.key("id")
    on = f.day()
    shown = f.text()
    outside = f.text()
    heavy = f.flag()


class Series(f.Shape):
    """The results of one test, the latest first; ``older`` are not shown."""

    test = f.one(Test)
    points = f.many(Point)
    older = f.whole()


class Monitoring(f.Shape):
    """What is watched of one person; nothing in it is free text."""

    id = f.key("case_id")
    drugs = f.many(Drug)
    open = f.many(Value)
    handled = f.many(Value)
    notes = f.many(Alert)
    checks = f.many(AskedTest)
    series = f.many(Series)
    offered = f.many(Test)
    others = f.many(Test)


class LineIn(f.Strict):
    """One result as it stands on the paper: a value with its unit and range, or a finding."""

    test = f.Text(required=True, shortest=1, longest=24)
    value = f.Text(longest=12, load_default="")
    unit = f.Text(longest=20, load_default="")
    range = f.Text(longest=30, load_default="")
    finding = f.Choice(ResultFinding, load_default=None)


class SheetIn(Sending):
    """The results of one day."""

    on = f.Day(required=True)
    source = f.Choice(ResultOrigin, required=True)
    lines = fields.List(
        fields.Nested(LineIn),
        required=True,
        validate=validate.Length(1, MOST, error=f"应有 1–{MOST} 项。"),
    )
    laboratory = f.Text(longest=100, load_default="")
    note = f.Prose(longest=1000, load_default="")


class HandledIn(Sending):
    """What was done about a critical value."""

    on = f.Day(required=True)
    steps = f.Choices(ValueStep)
    note = f.Prose(longest=1000, load_default="")


@chapter.get("/cases/{case_id}/monitoring", action=Action.MONITORING_READ, answer=Monitoring)
def read(access: Access, asked: Asked) -> MonitoringView:
    """一份档案的用药监测：应查项目及依据、历次结果、危急值；不含文字说明."""
    return monitoring.view(access, asked.path["case_id"], clock.today())


@chapter.post("/cases/{case_id}/results", action=Action.MONITORING_WRITE, body=SheetIn, answer=Kept)
def record(access: Access, asked: Asked) -> dict[str, Any]:
    """登记一天的检查结果；不认识的单位会被问回，不作换算."""
    told, case = asked.body, asked.path["case_id"]
    lines = tuple(
        Line(
            one["test"],
            one["value"],
            one["unit"],
            one["range"],
            None if one["finding"] is None else ResultFinding.read(one["finding"]),
        )
        for one in told["lines"]
    )
    sheet = Sheet(told["on"], ResultOrigin.read(told["source"]), lines, told["laboratory"], told["note"])

    def act(key: int) -> Outcome:
        kept = monitoring.record(access, case, key, sheet, clock.today())
        return done(kept.ids[0], case, again=kept.again)

    return keep(access, "lab_result", case, told, act, case=case)


@chapter.post("/results/{result_id}/handled", action=Action.MONITORING_WRITE, body=HandledIn, answer=Kept)
def handled(access: Access, asked: Asked) -> dict[str, Any]:
    """登记危急值的处理情况；只有这样才算处理."""
    told, key = asked.body, asked.path["result_id"]
    steps = tuple(ValueStep.read(one) for one in told["steps"])

    def act(_key: int) -> Outcome:
        kept = monitoring.handle(access, key, steps, told["on"], told["note"], clock.today())
        return done(key, kept.case_id, again=kept.again)

    return keep(access, "lab_result.handled", key, told, act)
