"""子进程: what runs beside the program gets its own work to do, and no key, secret or database address."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.app import create_app
from casemgr.forms import source
from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.store.db import db
from casemgr.store.models import Case
from casemgr.store.work import open_work
from tests.conftest import TODAY, make_config
from tests.security.conftest import SYSTEM, World
from tests.services.workbooks import WHOLE, workbook


class Watched(subprocess.Popen[bytes]):
    """A process whose beginning is remembered."""

    environments: list[Any]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        Watched.environments.append(options.get("env"))
        super().__init__(*arguments, **options)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The environments of all processes that a test begins."""
    Watched.environments = []
    monkeypatch.setattr(subprocess, "Popen", Watched)
    monkeypatch.setenv("CASEMGR_SECRET_KEY", "geheimnis-" * 4)
    monkeypatch.setenv("CASEMGR_DATABASE_URL", "postgresql://user:passwort@host/db")
    return Watched.environments


def harmless(environment: dict[str, str] | None) -> bool:
    return environment is not None and not any(name.startswith("CASEMGR_") for name in environment)


def test_the_reader_of_columns_knows_no_secret(site: Flask, begun: list[Any]) -> None:
    with site.app_context(), open_work(SYSTEM, Action.INDICATOR_READ) as work:
        assert work.frame(select(Case.id), bulk=True).height == 3
    assert begun
    assert all(map(harmless, begun))


def test_the_reader_of_workbooks_knows_no_secret(begun: list[Any]) -> None:
    with source.Source(workbook(WHOLE), ["患者"]) as book:
        assert len(list(book)) == 2
    assert begun
    assert all(map(harmless, begun))


def test_columns_are_read_from_wherever_the_database_lies(world: World, tmp_path: Path) -> None:
    """A sign that means something in an address of SQLite must not lead to another file."""
    folder = tmp_path / "county #1"
    os.rename(world.folder, folder)
    config = make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat())
    with create_app(config, doors=()).app_context():
        with open_work(SYSTEM, Action.INDICATOR_READ) as work:
            assert work.frame(select(Case.id), bulk=True).height == 3
        db.engine.dispose()
    clock.fix(None)
