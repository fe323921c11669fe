"""文件权限: whatever the program writes is for its own user alone, whatever the umask of the shell."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from casemgr.app import create_app
from casemgr.services import audit, clock, exchange, report
from casemgr.store.db import db
from tests.conftest import TODAY, make_config, migrate
from tests.reports.sample import township
from tests.security.conftest import COUNTY, EAST, NOW, SYSTEM, Browser
from tests.services.workbooks import WHOLE, Here, workbook

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")


@pytest.fixture
def wide_open(tmp_path: Path) -> Iterator[Path]:
    """A folder that somebody made beforehand for everybody, under the usual umask."""
    before = os.umask(0o022)
    folder = tmp_path / "instance"
    folder.mkdir(mode=0o755)
    yield folder
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)]


def test_nothing_the_program_writes_is_open_to_other_users(
    wide_open: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "Source", Here)
    config = make_config(wide_open, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat())
    app = create_app(config, doors=())
    migrate(app)
    with app.app_context():
        exchange.import_file(SYSTEM, workbook(WHOLE), TODAY)
        run = exchange.receive(SYSTEM, "名单.xlsx", workbook(WHOLE))
        exchange.read(SYSTEM, run, TODAY)
        report._keep(SYSTEM, replace(township(), number="甲"), b"%PDF-1.7", (), NOW)
        audit.anchor(SYSTEM)
        exchange.export(SYSTEM, COUNTY, wide_open / "export.xlsx")
        assert {
            "casemgr.db",
            "casemgr.db-wal",
            "audit-anchors.jsonl",
            "export.xlsx",
            "imports",
            "reports",
        } <= {path.name for path in wide_open.iterdir()}
        assert open_to_others(wide_open) == []
        db.engine.dispose()
    clock.fix(None)


def test_the_name_of_a_download_is_one_line_and_no_path(
    site: Flask, browser: Callable[[str], Browser]
) -> None:
    """Names of areas come from workbooks; they end up in a header."""
    figures = replace(
        township(), area=EAST, area_name='东/镇\r\nX-Evil: "1"\u202e..', number="乙", revision=2
    )
    with site.app_context():
        key = report._keep(SYSTEM, figures, b"%PDF-1.7 two", (), NOW).key
    answer = browser("east").get(f"/reports/{key}/file")
    assert answer.status_code == 200
    assert "X-Evil" not in answer.headers
    assert not set("\r\n/\\") & set(answer.headers["Content-Disposition"])
