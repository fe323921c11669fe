"""A furnished installation with its pages, served by a process of its own for the browser tests.

``python -m tests.pages.serve FOLDER`` prints the port it listens on and serves until it is ended.
"""

from __future__ import annotations

import sys
from pathlib import Path

from flask import Blueprint, Flask, render_template
from waitress.server import create_server

from casemgr.app import create_app
from casemgr.services import account
from casemgr.web.guard import personal
from tests.conftest import TODAY, make_config
from tests.staff import quick_hasher

gallery = Blueprint("gallery", __name__, template_folder=".")


@gallery.get("/gallery")
@personal
def page() -> str:
    """Every part of the design system on one page."""
    return render_template("gallery.html")


def make(folder: Path) -> Flask:
    """The application over a register, with the gallery beside its pages."""
    account._hasher = quick_hasher()
    config = make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat())
    app = create_app(config, ("web",))
    app.register_blueprint(gallery)
    return app


def main() -> None:
    """Serve until ended."""
    server = create_server(make(Path(sys.argv[1])), host="127.0.0.1", port=0, threads=4)
    print(server.effective_port, flush=True)
    server.run()


if __name__ == "__main__":
    main()
