"""WSGI entry: ``app`` for the staff door and the JSON door; also what ``flask`` commands load."""

from __future__ import annotations

import sys

from casemgr.app import create_app
from casemgr.store.vault import BadKeyring
from config import BadConfig, from_env

# Making the first key ring must be possible while there is none.
_KEYLESS = ["keys", "create"]


def _application():  # type: ignore[no-untyped-def]
    locked = sys.argv[1:3] == _KEYLESS
    try:
        config = from_env(keyring_needed=not locked)
        return create_app(config, doors=() if _is_command() else ("web", "api"), locked=locked)
    except (BadConfig, BadKeyring) as wrong:
        print(wrong, file=sys.stderr)
        raise SystemExit(1) from None


def _is_command() -> bool:
    """Operator's commands need no door, and start faster without one."""
    return sys.argv[0].endswith(("flask", "flask.exe")) and sys.argv[1:2] not in (["run"], ["routes"])


app = _application()
