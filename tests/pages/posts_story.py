"""Village doctors and hospitals of a county on 21 November 2026, both doors on one host.

``python -m tests.pages.posts_story FOLDER`` serves it like ``tests.pages.serve``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from flask import Flask
from waitress.server import create_server

from casemgr.app import create_app, mount_liaison
from tests.conftest import make_config
from tests.services import posts
from tests.staff import open_accounts
from tests.store.register import open_areas


def make(folder: Path) -> Flask:
    """The staff door with the windows beside it."""
    config = make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=posts.TODAY.isoformat())
    app = create_app(config, ("web",))
    with app.app_context(), pytest.MonkeyPatch.context() as patch:
        units = open_areas()
        open_accounts()
        posts.open_world(patch, units)
    mount_liaison(app, create_app(config, ("liaison",)))
    return app


def main() -> None:
    """Serve until ended."""
    server = create_server(make(Path(sys.argv[1])), host="127.0.0.1", port=0, threads=4)
    print(server.effective_port, flush=True)
    server.run()


if __name__ == "__main__":
    main()
