"""Serves the twins of tests/security with markup in every text of every table, for the test of the policy.

``python -m tests.pages.serve_twins FOLDER`` prints the port it listens on and serves until it is ended.
"""

from __future__ import annotations

import sys
from pathlib import Path

from waitress.server import create_server

from casemgr.app import create_app, mount_liaison
from casemgr.services import account
from tests.conftest import TODAY, make_config
from tests.security import everybody, twins
from tests.staff import quick_hasher

MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>{{7*7191}}"


def main() -> None:
    """Serve both doors until ended."""
    config = make_config(Path(sys.argv[1]), CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat())
    account._hasher = quick_hasher()
    twins.TAIL = MARKUP
    staff, departments = create_app(config), create_app(config, ("liaison",))
    mount_liaison(staff, departments)
    with staff.app_context():
        twins.settle()
        for role in everybody.roles():
            everybody.open_account(role)
    server = create_server(staff, host="127.0.0.1", port=0, threads=4)
    print(server.effective_port, flush=True)
    server.run()


if __name__ == "__main__":
    main()
