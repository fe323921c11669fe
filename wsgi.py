"""服务入口: the application for a WSGI server (``wsgi:app``) and for the ``flask`` command."""

from __future__ import annotations

import logging
import sys

from flask import Flask

from casemgr.app import COMMANDS, create_app
from config import BadConfig, by_command, from_env

#: Commands that need neither database nor keys; no command at all is a call for help.
FREE = frozenset({"", "keys", "injection", "medication"})


def _for_command() -> Flask:
    """The application behind ``flask …``; help and the free commands work before anything is set up."""
    wanted = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    doors = () if wanted in COMMANDS else ("web", "api")
    try:
        return create_app(from_env(), doors)
    except BadConfig:
        if wanted in FREE or "--help" in sys.argv:
            return create_app(from_env(keyring_needed=False), doors=(), locked=True)
        raise


def _for_server() -> Flask:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    return create_app(from_env())


try:
    app = _for_command() if by_command() else _for_server()
except BadConfig as wrong:
    print(wrong, file=sys.stderr)
    sys.exit(1)
application = app
