"""导入页: choose a workbook, look at what would happen, confirm, see the result; refused rows go back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from io import BytesIO
from typing import Any

from flask import (
    Blueprint,
    Flask,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from werkzeug.wrappers import Response

from casemgr.forms.archive import LARGEST_FILE, MIB
from casemgr.rules.access import Action
from casemgr.services import clock, exchange
from casemgr.services.errors import Unfit
from casemgr.services.exchange import RunView
from casemgr.web import guard

pages = Blueprint("exchange", __name__)
log = logging.getLogger("casemgr.web")

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
UPLOAD = LARGEST_FILE + MIB
SIZE = 50
LEVELS = {"refused": "未导入", "warning": "请核对"}
STATES = {
    exchange.READING: ("正在核对", "info"),
    exchange.READY: ("等待确认", "warn"),
    exchange.WRITING: ("正在导入", "info"),
    exchange.DONE: ("已导入", "good"),
    exchange.FAILED: ("没有导入", "bad"),
    exchange.DROPPED: ("已放弃", ""),
}
#: One file at a time in each process: a second one waits its turn.
_turn = threading.Lock()


def in_background(app: Flask, function: Callable[..., None], *arguments: Any) -> None:
    """Run a step of an import beside the requests; it writes its end, good or bad, into its run."""

    def run() -> None:
        try:
            with _turn, app.app_context():
                function(*arguments)
        except Exception as wrong:  # its run already says so; here only the kind, never a value
            log.error("import step failed: %s", type(wrong).__name__)

    threading.Thread(target=run, daemon=True, name="import").start()


def _start(function: Callable[..., None], key: int) -> None:
    in_background(current_app._get_current_object(), function, g.access, key, clock.today())  # type: ignore[attr-defined]


@pages.get("/exchange")
@guard.guard(Action.EXCHANGE_PREVIEW)
def page() -> str | tuple[str, int]:
    """Where to put a file, and what came in lately."""
    return _page()


def _page(wrong: Unfit | None = None) -> str | tuple[str, int]:
    shown = render_template(
        "exchange/page.html",
        runs=exchange.runs(g.access),
        states=STATES,
        largest=LARGEST_FILE // MIB,
        error=wrong.message if wrong else "",
    )
    return (shown, wrong.status) if wrong else shown


@pages.post("/exchange")
@guard.guard(Action.EXCHANGE_IMPORT, body=UPLOAD)
def upload() -> Response | str | tuple[str, int]:
    """Take the file in and begin to read it."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _page(Unfit("请选择要导入的工作簿（.xlsx）。"))
    try:
        key = exchange.receive(g.access, sent.filename, sent.read())
    except Unfit as wrong:
        return _page(wrong)
    _start(exchange.read, key)
    return redirect(url_for("exchange.run", key=key), 303)


@pages.get("/exchange/template")
@guard.guard(Action.EXCHANGE_PREVIEW)
def template() -> Response:
    """The empty workbook with its lists to choose from."""
    return _file(exchange.template(g.access), "导入模板.xlsx")


@pages.get("/exchange/<int:key>")
@guard.guard(Action.EXCHANGE_PREVIEW)
def run(key: int) -> str:
    """One import: progress, preview or result."""
    shown = exchange.run(g.access, key)
    level = request.args.get("level", "")
    sheet = request.args.get("sheet", "")
    code = request.args.get("code", "")
    asked = request.args.get("page", "1")
    number = max(int(asked), 1) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1
    listed = [
        one
        for one in shown.problems
        if (not level or one.level == level)
        and (not sheet or one.sheet == sheet)
        and (not code or one.code == code)
    ]
    return render_template(
        "exchange/run.html",
        shown=shown,
        state=STATES.get(shown.state, (shown.state, "")),
        levels=LEVELS,
        kinds=_kinds(shown),
        listed=listed[(number - 1) * SIZE : number * SIZE],
        total=len(listed),
        number=number,
        size=SIZE,
        level=level,
        sheet=sheet,
        code=code,
        url=url_for("exchange.run", key=key, level=level or None, sheet=sheet or None, code=code or None),
    )


def _kinds(shown: RunView) -> list[tuple[str, str, str, int, str]]:
    """Problems counted by sheet, level and code with an example, refused first, then the most frequent."""
    example: dict[tuple[str, str, str], str] = {}
    for one in shown.problems:
        example.setdefault((one.sheet, one.level, one.code), one.message.split("。")[0])
    ordered = sorted(shown.codes, key=lambda one: (one[1] != "refused", -one[3], one[0], one[2]))
    return [(*kind, example.get(kind[:3], "")) for kind in ordered]


@pages.post("/exchange/<int:key>/confirm")
@guard.guard(Action.EXCHANGE_IMPORT)
def confirm(key: int) -> Response:
    """Write it; a second press finds it begun and does nothing."""
    if exchange.confirm(g.access, key):
        _start(exchange.carry_out, key)
    return redirect(url_for("exchange.run", key=key), 303)


@pages.post("/exchange/<int:key>/drop")
@guard.guard(Action.EXCHANGE_IMPORT)
def drop(key: int) -> Response:
    """Forget the upload."""
    if exchange.drop(g.access, key):
        flash("已放弃这次导入，上传的文件已删除，没有写入任何内容。", "good")
    return redirect(url_for("exchange.page"), 303)


@pages.get("/exchange/<int:key>/refused")
@guard.guard(Action.EXCHANGE_PREVIEW)
def refused(key: int) -> Response:
    """The refused rows as a workbook to be corrected and brought back."""
    return _file(exchange.refused_workbook(g.access, key), f"未导入的行-{clock.today().isoformat()}.xlsx")


def _file(content: bytes, name: str) -> Response:
    response = send_file(
        BytesIO(content), mimetype=WORKBOOK, as_attachment=True, download_name=name, etag=False
    )
    response.headers["Content-Security-Policy"] = "sandbox"
    return response
