"""检查监测页: what is due by which source, results of a day in one form, critical values and their answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from casemgr.reports import charts
from casemgr.rules.access import Action
from casemgr.services import clock, monitoring
from casemgr.services.monitoring import Correction, Line, MonitoringView, Series, Sheet
from casemgr.terms.monitoring import Phase, ResultFinding, ResultOrigin, ValueStep, WatchedDrug
from casemgr.web import guard, unsaved
from casemgr.web.staff.typed import Typed, have, kept
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("monitoring", __name__)

KEY = "int(max=9223372036854775807)"
LABELS = {
    "lines": "结果",
    "on": "检查日期",
    "source": "结果来源",
    "laboratory": "检验机构",
    "note": "备注",
    "steps": "做了什么",
    "reason": "更正原因",
    "since": "开始日期",
    "until": "停用日期",
    "phase": "治疗阶段",
    "drug": "药物",
}
#: Longest value, unit and range that a report has.
SHORT = 40


@pages.get(f"/case/<{KEY}:key>/monitoring")
@guard.guard(Action.MONITORING_READ)
def page(key: int) -> str:
    """What is watched of this person, and the form for the results of a day."""
    return _page(monitoring.view(g.access, key, clock.today()), {}, {})


def _page(
    view: MonitoringView, given: Mapping[str, object], fields: Mapping[str, str], drug: int | None = None
) -> str:
    return render_template(
        "monitoring/page.html",
        view=view,
        given=given,
        fields=fields,
        labels=_labels(view),
        drug=drug,
        once=given.get("once") or monitoring.new_once(g.access),
        sparks={one.test.key: _spark(one) for one in view.series},
        sources=ResultOrigin.choices(),
        findings=ResultFinding.choices(),
        phases=Phase.choices(),
        today=clock.today(),
        writes=g.access.may(Action.MONITORING_WRITE),
    )


def _labels(view: MonitoringView) -> dict[str, str]:
    parts = (("value", "数值"), ("unit", "单位"), ("range", "参考范围"))
    rows = {
        f"{part}-{test.key}": f"{test.name}的{label}"
        for test in (*view.offered, *view.others)
        for part, label in parts
    }
    return LABELS | rows


def _spark(series: Series) -> charts.Picture | None:
    if len(series.drawn) < 2:
        return None
    first, last = series.drawn[0], series.drawn[-1]
    title = (
        f"{series.test.name}最近 {len(series.drawn)} 次：{first.on.isoformat()} 的 {first.shown} 到 "
        f"{last.on.isoformat()} 的 {last.shown} {series.test.unit}"
    )
    values = [one.shown for one in series.drawn]
    return charts.sparkline(title, values, unit=f" {series.test.unit}")


def _line(typed: Typed, key: str) -> Line:
    return Line(
        key,
        typed.text(f"value-{key}", "数值", longest=SHORT),
        typed.text(f"unit-{key}", "单位", longest=SHORT),
        typed.text(f"range-{key}", "参考范围", longest=SHORT),
        typed.code(ResultFinding, f"finding-{key}", "结论"),
    )


def _lines(form: MultiDict[str, str], typed: Typed) -> Iterator[Line]:
    for name in form:
        if name.startswith("value-"):
            yield _line(typed, name.removeprefix("value-"))


@pages.post(f"/case/<{KEY}:key>/monitoring")
@guard.guard(Action.MONITORING_WRITE)
def save(key: int) -> Response | tuple[str, int]:
    """Keep the results of a day; what is unclear comes back with everything that was typed."""
    typed = Typed(request.form)
    once = typed.key("once")
    try:
        lines = tuple(_lines(request.form, typed))
        on = typed.day("on", LABELS["on"], required=True)
        source = typed.code(ResultOrigin, "source", LABELS["source"], required=True)
        place = typed.text("laboratory", LABELS["laboratory"], longest=100)
        note = typed.text("note", LABELS["note"])
        typed.settle()
        sheet = Sheet(have(on), have(source), lines, place, note)
        saved = monitoring.record(g.access, key, once, sheet, clock.today())
    except REFUSALS as wrong:
        return _page(_view(key), kept(request.form), by_field(wrong)), wrong.status
    if saved.again:
        flash("已经登记过，没有重复。", "good")
    else:
        flash(f"已登记 {saved.count} 项结果。", "good")
    if saved.critical:
        flash(f"{'、'.join(saved.critical)}达到来源所列的界限，请专科医师决定，并登记处理情况。", "warn")
    return redirect(url_for("monitoring.page", key=key), 303)


def _view(key: int) -> MonitoringView:
    return monitoring.view(g.access, key, clock.today())


@pages.post(f"/case/<{KEY}:key>/monitoring/drug")
@guard.guard(Action.MONITORING_WRITE)
def drug(key: int) -> Response | tuple[str, int]:
    """State when a watched drug was begun or ended, and its phase."""
    typed = Typed(request.form)
    try:
        which = typed.code(WatchedDrug, "drug", LABELS["drug"], required=True)
        since, until = typed.day("since", LABELS["since"]), typed.day("until", LABELS["until"])
        phase = typed.code(Phase, "phase", LABELS["phase"])
        typed.settle()
        monitoring.state_drug(g.access, key, have(which), since, until, phase, clock.today())
    except REFUSALS as wrong:
        code = request.form.get("drug", "")
        shown = int(code) if code.isascii() and code.isdigit() else None
        return _page(_view(key), kept(request.form), by_field(wrong), shown), wrong.status
    flash("用药监测信息已保存。", "good")
    return redirect(url_for("monitoring.page", key=key), 303)


# --- one result -----------------------------------------------------------------------------------


@pages.get(f"/result/<{KEY}:key>")
@guard.guard(Action.MONITORING_READ)
def result(key: int) -> str:
    """One result with its texts, the answer to a critical value, and the form to correct it."""
    return _result(key, {}, {}, "")


def _result(key: int, given: Mapping[str, object], fields: Mapping[str, str], form: str) -> str:
    view = monitoring.result(g.access, key)
    test = view.test.key
    rows = {f"value-{test}": "数值", f"unit-{test}": "单位", f"range-{test}": "参考范围"}
    return render_template(
        "monitoring/result.html",
        view=view,
        given=given,
        fields=fields,
        labels=LABELS | rows,
        form=form,
        sources=ResultOrigin.choices(),
        findings=ResultFinding.choices(),
        steps=ValueStep.choices(),
        units=[(one, one) for one in view.test.units],
        today=clock.today(),
        writes=g.access.may(Action.MONITORING_WRITE),
    )


@pages.post(f"/result/<{KEY}:key>/handled")
@guard.guard(Action.MONITORING_WRITE)
def handled(key: int) -> Response | tuple[str, int]:
    """Write down what was done about a critical value."""
    typed = Typed(request.form)
    try:
        steps: Sequence[ValueStep] = typed.codes(ValueStep, "steps")
        on = typed.day("on", "处理日期", required=True)
        note = typed.text("note", "处理经过")
        typed.settle()
        saved = monitoring.handle(g.access, key, steps, have(on), note, clock.today())
    except REFUSALS as wrong:
        return _result(key, kept(request.form, ("steps",)), by_field(wrong), "handled"), wrong.status
    flash("此前已登记处理，没有改动。" if saved.again else "已登记处理情况。", "good")
    return redirect(url_for("monitoring.page", key=saved.case_id), 303)


@pages.post(f"/result/<{KEY}:key>")
@guard.guard(Action.MONITORING_WRITE)
def correct(key: int) -> Response | tuple[str, int]:
    """Correct one result, or mark it as entered by mistake; the old values stay in the change log."""
    typed = Typed(request.form)
    version = typed.whole("version", "版本", 1, 32_767) or 1
    test = request.form.get("test", "")
    try:
        line = _line(typed, test)
        on = typed.day("on", LABELS["on"], required=True)
        source = typed.code(ResultOrigin, "source", LABELS["source"], required=True)
        reason = typed.text("reason", LABELS["reason"])
        typed.settle()
        told = Correction(have(on), line, have(source), reason, void=typed.flag("void") is True)
        saved = monitoring.correct(g.access, key, version, told, clock.today())
    except REFUSALS as wrong:
        return _result(
            key, unsaved.typed(wrong, kept(request.form)), by_field(wrong), "correct"
        ), wrong.status
    done = "已作废" if told.void else "已更正"
    flash(f"{done}，原来的内容保留在改动记录中。", "good")
    if saved.critical:
        flash("更正后的数值达到来源所列的界限，请专科医师决定，并登记处理情况。", "warn")
    return redirect(url_for("monitoring.page", key=saved.case_id), 303)
