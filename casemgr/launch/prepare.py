"""准备安装: keyring, tables and demo county in one process; started by ``run`` inside ``.venv``.

One process, because each start of the application costs about a second. Prints one JSON document.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from typing import Any

import click
from flask.cli import ScriptInfo

from casemgr.app import create_app
from casemgr.cli import keys
from casemgr.store.vault import BadKeyring
from config import BadConfig, from_env, keyring_from


class Failed(Exception):
    """A command could not do its work; the message is its own sentence."""


def call(group: click.Group, *words: str, script: ScriptInfo | None = None) -> str:
    """What a ``flask`` command prints, run in this process; raises :class:`Failed` with its complaint."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = group.main(list(words), standalone_mode=False, obj=script)
    if code:
        raise Failed(err.getvalue().strip() or " ".join(words))
    return out.getvalue()


def prepare(demo: bool) -> dict[str, Any]:
    """Make an installation ready to serve; says whether it is the demo county and which accounts it has."""
    if not keyring_from(os.environ).exists():
        call(keys.group, "create")
    app = create_app(from_env(), doors=())
    script = ScriptInfo(create_app=lambda: app)
    call(app.cli, "db", "upgrade", script=script)
    if not demo:
        return {"demo": False, "accounts": [], "empty": True}
    loaded: dict[str, Any] = json.loads(call(app.cli, "demo", "load", "--if-empty", "--json", script=script))
    return loaded


def main(arguments: list[str]) -> int:
    """Print what :func:`prepare` found, or one sentence about why it could not."""
    try:
        answer = prepare("--demo" in arguments)
    except (Failed, BadConfig, BadKeyring, click.ClickException) as wrong:
        answer = {"failure": str(wrong)}
    json.dump(answer, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
