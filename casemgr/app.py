"""应用工厂: database, vault, doors; the only module that may know all rooms."""

from __future__ import annotations

import logging
from importlib import import_module
from pathlib import Path

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from casemgr.cli.door import LazyGroup
from casemgr.jobs.schedule import JOBS
from casemgr.services import clock, job
from casemgr.store import work
from casemgr.store.db import db, prepare
from casemgr.store.keyring import LiveRing, wrappings
from casemgr.store.vault import BadKeyring
from config import ROOT, Config

#: What each door opens with; imported only when the door is asked for.
DOORS = {"web": "casemgr.web.door", "api": "casemgr.api.door", "liaison": "casemgr.web.liaison.door"}
#: Where the door of other departments is found on the common host.
LIAISON = "/liaison"
#: Operator's commands by noun, imported only when they are called.
COMMANDS = (
    "account", "audit", "backup", "db", "demo", "exchange", "indicator", "injection", "installation", "jobs",
    "keys", "medication", "report",
)  # fmt: skip


def create_app(config: Config, doors: tuple[str, ...] = ("web", "api"), *, locked: bool = False) -> Flask:
    """An application for one installation.

    ``locked`` leaves the vault shut: only commands that need neither database nor keys will work.
    """
    app = Flask(
        "casemgr",
        root_path=str(ROOT),
        static_folder=str(ROOT / "static"),
        template_folder=str(ROOT / "templates"),
    )
    config.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    app.config.update(
        SECRET_KEY=config.secret_key,
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(config),
        CASEMGR=config,
    )
    db.init_app(app)
    with app.app_context():
        prepare(db.engine)
        if locked:
            work.lock(db.engine, "设置或密钥文件不全，不能读写登记库。执行 flask jobs list 可看到缺少哪些。")
        else:
            _furnish(config)
        if config.verify_sql:
            import_module("casemgr.store.verifier").watch(db.engine)
    clock.fix(config.today)
    job.declare(JOBS)
    for noun in COMMANDS:
        app.cli.add_command(LazyGroup(noun))
    for door in doors:
        import_module(DOORS[door]).open_on(app)
    return app


def _no_memory_on_disk() -> None:
    """Let no crash lay the memory of this process down: from now on it holds keys and opened names."""
    try:
        import resource  # not on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _furnish(config: Config) -> None:
    """Give the store its keys; without keys that can be used the application starts locked and says why."""
    _no_memory_on_disk()
    try:
        keys = LiveRing(config.keyring, config.cipher, wrappings(config.key_command), config.key_provider)
    except BadKeyring as wrong:
        logging.getLogger("casemgr.keys").error("locked: %s", wrong)
        work.lock(db.engine, f"密钥不可用，程序已锁定，不读也不写任何内容。{wrong}")
        return
    home = work.Installation(
        keys,
        config.instance,
        config.region,
        config.demo,
        config.anchor_file,
        config.syslog,
        factor_days=config.factor_days,
        anchor_command=config.anchor_command,
    )
    work.furnish(db.engine, home)


def mount_liaison(staff: Flask, departments: Flask) -> None:
    """Serve the door of other departments beside the staff door: two applications, one host."""
    staff.wsgi_app = DispatcherMiddleware(  # type: ignore[method-assign]
        staff.wsgi_app, {LIAISON: departments.wsgi_app}
    )


def _engine_options(config: Config) -> dict[str, object]:
    if config.is_sqlite:
        path = Path(config.database_url.removeprefix("sqlite:///"))
        if str(path) not in ("", ":memory:"):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return {"hide_parameters": True, "connect_args": {"timeout": 15, "check_same_thread": False}}
    return {
        "hide_parameters": True,
        "pool_pre_ping": True,
        "connect_args": {"options": "-c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000"},
    }
