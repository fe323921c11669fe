"""The list of jobs: complete lines, light to import, and each job does what it says."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from flask import Flask

from casemgr.jobs.schedule import JOBS
from casemgr.rules.access import Action
from casemgr.services import audit, job
from casemgr.services.job import Job
from casemgr.store.db import new_key
from casemgr.store.models import Account, ApiToken, LoginAttempt, LoginSession
from casemgr.store.work import open_work
from casemgr.terms.job import RunState
from tests.store.register import NOW, SYSTEM


def test_the_lines() -> None:
    assert [(line.name, line.title, line.when.words if line.when else "") for line in JOBS] == [
        ("close-month", "月结与月报", "每月 1 日 02:00"),
        ("issue-reports", "签发月报", ""),
        ("issue-periods", "签发季报、年报", "每月 1 日 05:00"),
        ("issue-exchange", "签发表9（信息交换表）", ""),
        ("audit-anchor", "审计锚定", "每 10 分钟"),
        ("refresh-duties", "更新应办事项", "每天 00:10"),
        ("withdraw-liaison", "核对对外提供", "每天 00:50"),
        ("ask-questions", "核对档案", "每天 01:40"),
        ("look-at-readings", "核对查阅记录", "每天 02:20"),
        ("look-for-patterns", "核对记录规律", "每月 2 日 06:00"),
        ("tidy", "清理过期数据", "每天 03:15"),
        ("keep-terms", "清点保存期限", "每天 03:45"),
        ("audit-verify", "审计链核对", "每天 03:30"),
    ]


@pytest.mark.parametrize("line", JOBS, ids=lambda line: str(line.name))
def test_a_line_can_be_kept_and_run_in_its_own_name(line: Job) -> None:
    assert len(line.name) <= 40
    assert line.tries >= 1
    assert line.keep > job.LOOK_BACK
    access = line.access(line.name, None)
    assert access.label == f"job:{line.name}"
    assert access.may(line.action)


def test_the_list_is_light_to_import() -> None:
    code = (
        "import sys, casemgr.jobs.schedule; heavy = {'polars', 'weasyprint', 'openpyxl', 'apscheduler'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_anchor_and_verify(app: Flask) -> None:
    with open_work(SYSTEM, Action.AUDIT_VERIFY, writes=True) as work:
        work.note("look", "Something")
    anchored = job.run_now(SYSTEM, "audit-anchor")
    assert anchored.state is RunState.DONE, anchored.result
    verified = job.run_now(SYSTEM, "audit-verify")
    assert (verified.state, verified.done, verified.total) == (RunState.DONE, 1, 1)
    assert "完整" in verified.result


def test_a_broken_chain_is_a_failure(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "verify", lambda access: audit.Verdict(7, 3, "内容被改动"))
    view = job.run_now(SYSTEM, "audit-verify")
    assert view.state is RunState.FAILED
    assert "第 3 条" in view.result


def test_tidy_removes_only_what_has_ended(both: Flask) -> None:
    from casemgr.services import clock

    now = clock.now()
    with open_work(SYSTEM, Action.ACCOUNT_MANAGE) as work:
        account = work.add(Account(
            id=new_key(), login="demo", display="演示", role=9, password_hash="x", created_at=NOW
        ))  # fmt: skip
        work.flush()
        for number, ends in enumerate((now - timedelta(hours=1), now + timedelta(hours=1))):
            work.add(LoginSession(
                id=new_key(), digest=bytes([number]) * 32, account_id=account.id, csrf="c", created_at=NOW,
                seen_at=NOW, ends_at=ends,
            ))  # fmt: skip
        for number, ends in enumerate((now - timedelta(days=91), now - timedelta(days=1))):
            work.add(ApiToken(
                id=new_key(), digest=bytes([number]) * 32, account_id=account.id, created_at=NOW, ends_at=ends
            ))  # fmt: skip
        for at in (now - timedelta(hours=25), now - timedelta(hours=1)):
            work.add(LoginAttempt(id=new_key(), login_digest=b"l" * 32, source_digest=b"s" * 32, at=at))
    view = job.run_now(SYSTEM, "tidy")
    assert view.state is RunState.DONE, view.result
    assert view.result == (
        "已清理：登录记录 2 条，过期令牌 1 条，过期上传 0 条，过期导出 0 条，打印文件 0 条，运行记录 0 条。"
    )
    with open_work(SYSTEM, Action.ACCOUNT_LIST) as work:
        from sqlalchemy import func, select

        for model in (LoginSession, ApiToken, LoginAttempt):
            assert work.scalar(select(func.count(model.id))) == 1
