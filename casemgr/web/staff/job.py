"""任务页: what the clock does and has done, and the button that does it now."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, job
from casemgr.services.errors import Problem
from casemgr.terms.job import RunState
from casemgr.web import guard
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("job", __name__)

#: How a state looks; the words say the same.
TONES = {RunState.DUE: "", RunState.RUNNING: "info", RunState.DONE: "good", RunState.FAILED: "bad"}


@pages.get("/jobs")
@guard.guard(Action.JOB_READ)
def list_() -> str:
    """All jobs with their timetable and latest run, and what has gone wrong."""
    return _list()


def _list(wrong: Problem | None = None, name: str = "", period: str = "") -> str:
    now = clock.now()
    jobs = job.list_(g.access, now)
    return render_template(
        "job/list.html",
        jobs=jobs,
        failures=job.failures(g.access, now),
        busy=any(one.running for one in jobs),
        tones=TONES,
        fields=by_field(wrong) if wrong else {},
        sentence=wrong.message if wrong and wrong.fields else "",
        name=name,
        period=period,
    )


@pages.post("/jobs/<name>/run")
@guard.guard(Action.JOB_RUN)
def run(name: str) -> Response | tuple[str, int]:
    """Put a job in the queue; the run's page shows how it goes."""
    period = request.form.get("period", "").strip()
    try:
        put = job.run(g.access, name, period)
    except REFUSALS as wrong:
        return _list(wrong, name, period), wrong.status
    return redirect(url_for("job.view", key=put.key), 303)


@pages.get("/jobs/runs")
@guard.guard(Action.JOB_READ)
def history() -> str:
    """Past runs, newest first, of one job or of all."""
    name = request.args.get("name", "")
    page = request.args.get("page", "1")
    number = max(int(page), 1) if page.isascii() and page.isdigit() and len(page) < 7 else 1
    now = clock.now()
    runs, total = job.history(g.access, now, name, number)
    return render_template(
        "job/history.html",
        runs=runs,
        total=total,
        number=number,
        size=job.PAGE,
        name=name,
        names=[(one.name, one.title) for one in job.list_(g.access, now)],
        tones=TONES,
    )


@pages.get("/jobs/runs/<int:key>")
@guard.guard(Action.JOB_READ)
def view(key: int) -> str:
    """One run: how far it is, how long it took, what came of it."""
    shown = job.run_view(g.access, key, clock.now())
    waiting = shown.state in (RunState.DUE, RunState.RUNNING)
    return render_template("job/view.html", shown=shown, waiting=waiting, tones=TONES)
