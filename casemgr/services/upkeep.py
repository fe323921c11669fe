"""例行维护: anchor and verify the audit chain, and tidy away what serves nobody any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from casemgr.rules.access import Action
from casemgr.services import audit, benefit, disclosure, duties, job, monitoring, receiver_change, transfer
from casemgr.services.job import Outcome, Run
from casemgr.services.use_case import use_case
from casemgr.store.queries import account as accounts
from casemgr.store.work import Work
from casemgr.terms.retention import AtEnd

#: A failed attempt to sign in counts for a day; see :mod:`casemgr.services.account`.
ATTEMPTS_KEPT = timedelta(hours=24)
TOKENS_KEPT = timedelta(days=90)


def anchor(run: Run) -> Outcome:
    """Write the head of the audit chain down outside the chain."""
    return Outcome(f"审计链已锚定到第 {audit.anchor(run.access)} 条。")


def verify(run: Run) -> Outcome:
    """Walk the whole audit chain; a broken chain is a failed run that names the first broken entry."""
    run.step(0, 1)
    verdict = audit.verify(run.access)
    if verdict.broken is None:
        return Outcome(f"审计链完整，{verdict.told}。")
    return Outcome(
        f"审计链在第 {verdict.broken} 条断开（{verdict.reason}），记录可能被改动。"
        "请立即保全数据库与备份，并联系系统管理员核查。", ok=False,
    )  # fmt: skip


def refresh_duties(run: Run) -> Outcome:
    """Bring the duties of every case in line with the new day, and late transfers to the county."""
    asked, count = transfer.ask_county(run.access, run.today), 0
    for _ in monitoring.look_back(run.access, run.today):
        run.step(0, 1)
    for done in duties.refresh_all(run.access):
        count += done
        run.step(0, 1)
    told = f"{asked} 项迁移超期未答复，已报县级。" if asked else ""
    return Outcome(f"已更新 {count} 份档案的应办事项。{told}")


def withdraw_liaison(run: Run) -> Outcome:
    """Bring what other departments see in line with every file: terms end and rules change without a save."""
    from casemgr.services import group_window  # reports stay out of start-up

    benefit.end_run_out(run.access, run.today)
    group_window.write_out(run.access, run.today)
    count = 0
    for done in disclosure.refresh_all(run.access):
        count += done
        run.step(0, 1)
    owed = 0
    for raised in receiver_change.follow_all(run.access, run.today):
        owed += raised
        run.step(0, 1)
    words = f"已核对 {count} 份档案的对外提供。" if count else "没有其他部门的账号，不需要核对。"
    return Outcome(words + (f"另有 {owed} 项变动待告知曾接收的部门。" if owed else ""))


def look_for_patterns(run: Run) -> Outcome:
    """Look at how the records of the month before came about, and put what is odd to their authors."""
    from casemgr.services import fair_play  # the calendar stays out of start-up

    count = 0
    for done in fair_play.look(run.access, run.period, run.today):
        count += done
        run.step(0, 1)
    return Outcome(f"{run.period} 的随访记录已核对，提出 {count} 项请记录人说明。")


def look_at_readings(run: Run) -> Outcome:
    """Look at yesterday's log of readings, and put what is unusual to the heads of the units."""
    from casemgr.services import misuse  # the calendar stays out of start-up

    return Outcome(f"已核对查阅记录，提出 {misuse.look(run.access, run.today)} 项请单位负责人了解。")


def ask_questions(run: Run) -> Outcome:
    """Ask about every file what its own record and others give reason to ask (待核对)."""
    from casemgr.services import question  # the forms of the workbook stay out of start-up

    count = 0
    for done in question.ask_all(run.access, run.today):
        count += done
        run.step(0, 1)
    return Outcome(f"已核对 {count} 份档案。")


def keep_terms(run: Run) -> Outcome:
    """Count what is over its term, let go what goes by itself, put old audit entries into the archive."""
    from casemgr.rules.retention import table
    from casemgr.services import audit_archive, retention  # the papers stay out of start-up

    told = []
    steps = [kind for kind, line in table().items() if line.at_end in (AtEnd.DESTROY, AtEnd.APPROVED)]
    for number, kind in enumerate(steps):
        run.step(number, len(steps) + 1)
        if table()[kind].at_end is AtEnd.APPROVED:
            swept = retention.count_files(run.access, kind, run.today)
            if swept.due:
                told.append(
                    f"{kind.label} {swept.due} 人到期（其中 {swept.held} 人暂停销毁），待县级提出清册"
                )
        else:
            swept = retention.sweep_all(run.access, kind, run.today)
            if swept.done:
                told.append(f"{kind.label}销毁 {swept.done} 条")
        retention.lay_down(run.access, kind, swept, run.today)
    moved = audit_archive.archive(run.access, run.today)
    if moved:
        told.append(f"审计记录归档 {moved} 条")
    run.step(len(steps) + 1, len(steps) + 1)
    return Outcome("；".join(told) + "。" if told else "没有超过保存期限的记录。")


@use_case(Action.JOB_RUN)
def _sign_ins(work: Work, now: datetime) -> int:
    """Remove sessions that have ended and failed attempts that no longer count, a batch at a time."""
    rows = [*accounts.stale_sessions(work, now), *accounts.stale_attempts(work, now - ATTEMPTS_KEPT)]
    for row in rows:
        work.remove(row)
    return len(rows)


@use_case(Action.JOB_RUN)
def _tokens(work: Work, now: datetime) -> int:
    rows = accounts.stale_tokens(work, now - TOKENS_KEPT)
    for row in rows:
        work.remove(row)
    return len(rows)


def _all(batch: Callable[[], int], run: Run, stage: int, stages: int) -> int:
    """Repeat a batch until it finds nothing more; progress is told between the batches."""
    count = 0
    while found := batch():
        count += found
        run.step(stage, stages)
    return count


def tidy(run: Run) -> Outcome:
    """Remove ended sessions, failed attempts, expired tokens, old uploads, prints and run records."""
    from casemgr.services import (
        approval,
        exchange,
        printing,
    )  # the workbook stays out of start-up

    steps: tuple[tuple[str, Callable[[], int]], ...] = (
        ("登录记录", lambda: _sign_ins(run.access, run.now)),
        ("过期令牌", lambda: _tokens(run.access, run.now)),
        ("过期上传", lambda: exchange.forget_old(run.access)),
        ("过期导出", lambda: approval.forget_old(run.access, run.now)),
        ("打印文件", lambda: printing.forget_old(run.access)),
        ("运行记录", lambda: job.forget_runs(run.access, job.moment())),
    )
    counts: list[str] = []
    for number, (name, batch) in enumerate(steps):
        run.step(number, len(steps))
        counts.append(f"{name} {_all(batch, run, number, len(steps))} 条")
    run.step(len(steps), len(steps))
    return Outcome(f"已清理：{'，'.join(counts)}。")
