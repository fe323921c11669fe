"""演示与真实: passwords that everybody can read open a demonstration, and nothing that holds real people."""

from __future__ import annotations

import pytest
from flask import Flask

from casemgr.app import create_app
from casemgr.forms.area import AreaRow
from casemgr.rules.password import PUBLISHED
from casemgr.services import account, clock, demo, exchange
from casemgr.services.errors import Unauthenticated, Unfit
from casemgr.store.db import db
from casemgr.terms.account import Role
from tests.conftest import TODAY, make_config
from tests.security.conftest import NOW, PASSWORD, SYSTEM, World
from tests.services.workbooks import AREAS, Here, workbook

REAL = AreaRow(110105000000, "真县", 3, None, 500_000, 2025, "R0", "真县疾控中心")


def test_a_published_password_is_dead_once_the_register_is_no_demonstration(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An office that tries the program out and then goes on with its own people keeps the demo accounts."""
    demonstration = create_app(make_config(world.folder, CASEMGR_DEMO="1"), doors=())
    with demonstration.app_context():
        account.create(
            SYSTEM, "guanli2", "示例", int(Role.ADMINISTRATOR), None, NOW, PUBLISHED, must_change=False
        )
        assert account.sign_in("guanli2", PUBLISHED, "10.0.0.1", clock.now()).token
        db.engine.dispose()
    real = create_app(make_config(world.folder), doors=("web", "api"))
    # A year after they were opened accounts have to be confirmed; this is about the day they were.
    monkeypatch.setattr(clock, "_fixed", TODAY)
    with real.app_context():
        for typed in (PUBLISHED, "ｄｅｍｏ-county-9999"):
            with pytest.raises(Unauthenticated, match="公开密码"):
                account.sign_in("guanli2", typed, "10.0.0.1", clock.now())
        with pytest.raises(Unauthenticated, match="公开密码"):
            account.take_token("guanli2", PUBLISHED, "10.0.0.1", clock.now())
        assert account.sign_in("officer", PASSWORD, "10.0.0.1", clock.now()).token
        with pytest.raises(Unauthenticated, match="账号或密码不对"):
            account.sign_in("officer", PUBLISHED, "10.0.0.1", clock.now())
        db.engine.dispose()
    assert demo.PASSWORD == PUBLISHED


def test_a_demonstration_takes_no_real_county(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "Source", Here)
    for dry in (True, False):
        with pytest.raises(Unfit, match="演示系统"):
            exchange.import_file(SYSTEM, workbook({"机构与区划": [*AREAS, REAL]}), TODAY, dry_run=dry)
    assert exchange.import_file(SYSTEM, workbook({"机构与区划": AREAS}), TODAY).refused == 0


def test_a_real_register_takes_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "Source", Here)
    with create_app(make_config(world.folder), doors=()).app_context():
        assert exchange.import_file(SYSTEM, workbook({"机构与区划": [REAL]}), TODAY).refused == 0
        db.engine.dispose()
