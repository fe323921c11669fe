"""任务表: every job of the clock, one line each: when, what, in whose name, how long, how often again."""

from __future__ import annotations

from datetime import timedelta

from casemgr.rules.access import Action
from casemgr.rules.timetable import When
from casemgr.services import month_end, upkeep
from casemgr.services.job import Job

#: All times are Asia/Shanghai. A job works with the system's access in its own name and is audited like
#: a person.
JOBS: tuple[Job, ...] = (
    Job(
        "close-month",
        "月结与月报",
        When(minutes=(0,), hours=(2,), days=(1,)),
        month_end.close_month,
        action=Action.INDICATOR_CLOSE,
        limit=timedelta(hours=4),
        tries=3,
        pause=timedelta(minutes=15),
        monthly=True,
        every=True,
        keep=timedelta(days=800),
    ),
    Job(
        # For a month that is closed already; the month end issues its reports itself and tries them again.
        "issue-reports",
        "签发月报",
        None,
        month_end.issue_reports,
        action=Action.REPORT_ISSUE,
        limit=timedelta(hours=2),
        tries=2,
        pause=timedelta(minutes=15),
        monthly=True,
        keep=timedelta(days=800),
    ),
    Job(
        # After the month end; in a month that ends no quarter it says so and is done.
        "issue-periods",
        "签发季报、年报",
        When(minutes=(0,), hours=(5,), days=(1,)),
        month_end.issue_periods,
        action=Action.REPORT_ISSUE,
        limit=timedelta(hours=4),
        tries=3,
        pause=timedelta(minutes=30),
        monthly=True,
        every=True,
        keep=timedelta(days=800),
    ),
    Job(
        "issue-exchange",
        "签发表9（信息交换表）",
        None,
        month_end.issue_exchange,
        action=Action.REPORT_ISSUE,
        limit=timedelta(hours=2),
        tries=2,
        pause=timedelta(minutes=15),
        monthly=True,
        keep=timedelta(days=800),
    ),
    Job(
        "audit-anchor",
        "审计锚定",
        When(minutes=(0, 10, 20, 30, 40, 50)),
        upkeep.anchor,
        limit=timedelta(minutes=5),
        keep=timedelta(days=45),
    ),
    Job(
        # Days go by without anybody saving: a year ends, a transfer stays unanswered.
        "refresh-duties",
        "更新应办事项",
        When(minutes=(10,), hours=(0,)),
        upkeep.refresh_duties,
        limit=timedelta(hours=2),
        tries=3,
        keep=timedelta(days=400),
    ),
    Job(
        # Saving brings lines in line at once; at night those whose term ended or whose rule changed.
        "withdraw-liaison",
        "核对对外提供",
        When(minutes=(50,), hours=(0,)),
        upkeep.withdraw_liaison,
        limit=timedelta(hours=2),
        tries=3,
        keep=timedelta(days=400),
    ),
    Job(
        "ask-questions",
        "核对档案",
        When(minutes=(40,), hours=(1,)),
        upkeep.ask_questions,
        limit=timedelta(hours=2),
        tries=2,
        keep=timedelta(days=400),
    ),
    Job(
        "look-at-readings",
        "核对查阅记录",
        When(minutes=(20,), hours=(2,)),
        upkeep.look_at_readings,
        limit=timedelta(hours=1),
        tries=2,
        keep=timedelta(days=400),
    ),
    Job(
        "look-for-patterns",
        "核对记录规律",
        When(minutes=(0,), hours=(6,), days=(2,)),
        upkeep.look_for_patterns,
        limit=timedelta(hours=2),
        tries=2,
        monthly=True,
        keep=timedelta(days=800),
    ),
    Job(
        "tidy",
        "清理过期数据",
        When(minutes=(15,), hours=(3,)),
        upkeep.tidy,
        limit=timedelta(minutes=30),
        tries=3,
        keep=timedelta(days=400),
    ),
    Job(
        "keep-terms",
        "清点保存期限",
        When(minutes=(45,), hours=(3,)),
        upkeep.keep_terms,
        limit=timedelta(hours=2),
        tries=2,
        keep=timedelta(days=800),
    ),
    Job(
        "audit-verify",
        "审计链核对",
        When(minutes=(30,), hours=(3,)),
        upkeep.verify,
        action=Action.AUDIT_VERIFY,
        limit=timedelta(hours=2),
        tries=2,
        keep=timedelta(days=400),
    ),
)
