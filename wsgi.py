"""服务入口: the application for a WSGI server (``wsgi:app``) and for the ``flask`` command.

``wsgi:liaison`` is the door of other departments alone, for a host of its own; ``wsgi:app`` serves it too.
"""

from __future__ import annotations

import logging
import sys

from flask import Flask
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from casemgr.app import COMMANDS, LIAISON, create_app, mount_liaison
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


def _departments(staff: Flask) -> DispatcherMiddleware:
    """The door of other departments on its own, put beside the staff door as well."""
    departments = create_app(from_env(), ("liaison",))
    mount_liaison(staff, departments)
    return DispatcherMiddleware(NotFound(), {LIAISON: departments.wsgi_app})


try:
    app = _for_command() if by_command() else _for_server()
    liaison = None if by_command() else _departments(app)
except BadConfig as wrong:
    print(wrong, file=sys.stderr)
    sys.exit(1)
application = app
