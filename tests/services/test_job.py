"""Jobs: a slot runs once, a dead process is followed by another, and every failure is seen."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.app import create_app
from casemgr.rules.access import Access, Action, Role
from casemgr.rules.timetable import SHANGHAI, When
from casemgr.services import clock, job
from casemgr.services.errors import Conflict, Forbidden, Missing, Unfit
from casemgr.services.job import Claim, Job, Outcome, Run, RunView, Slot
from casemgr.store.db import db
from casemgr.store.models import JobRun
from casemgr.store.work import open_work
from casemgr.terms.job import RunState
from tests.store.register import ADMINISTRATOR, COUNTY, DOCTOR_EAST, OFFICER, SYSTEM

MONTHLY = When(minutes=(0,), hours=(2,), days=(1,))
OFTEN = When(minutes=(0, 10, 20, 30, 40, 50))
OTHER_COUNTY = Access.over(21, "邻县", Role.COUNTY_OFFICER, COUNTY + 1_000_000)


class Deeds:
    """What the jobs of a test did, and what the next run shall do."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.outcome: Outcome | Exception = Outcome("好了。")
        self.lock = threading.Lock()

    def __call__(self, run: Run) -> Outcome:
        with self.lock:
            self.runs.append(run)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class Hands:
    """A clock whose hands a test moves."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def pass_(self, **time: float) -> None:
        self.at += timedelta(**time)
        clock.fix(self.at.astimezone(SHANGHAI).date())

    def set(self, *parts: int) -> None:
        self.at = datetime(*parts, tzinfo=SHANGHAI).astimezone(UTC)
        clock.fix(self.at.astimezone(SHANGHAI).date())


@pytest.fixture
def deeds() -> Deeds:
    return Deeds()


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    hands = Hands(datetime(2026, 11, 21, 1, 5, tzinfo=UTC))
    monkeypatch.setattr(clock, "now", hands.now)
    return hands


@pytest.fixture
def jobs(both: Flask, deeds: Deeds, hands: Hands) -> Iterator[dict[str, Job]]:
    """Two jobs that note their runs: one a month, one often."""
    lines = (
        Job("month", "月结", MONTHLY, deeds, Action.INDICATOR_CLOSE, tries=2, monthly=True, every=True),
        Job("often", "锚定", OFTEN, deeds, limit=timedelta(minutes=5)),
    )
    before = dict(job._jobs)
    job.declare(lines)
    yield {line.name: line for line in lines}
    job.declare(list(before.values()))


def rows() -> list[JobRun]:
    with open_work(SYSTEM, Action.JOB_READ) as work:
        return work.entities(select(JobRun).order_by(JobRun.due))


def claimed(slot: Slot, owner: str = "a") -> Claim:
    claim = job.claim(slot, owner)
    assert claim is not None
    return claim


def run_all() -> int:
    count = 0
    for slot in job.due():
        claim = job.claim(slot, "a")
        if claim is not None:
            job.carry_out(claim)
            count += 1
    return count


def test_missed_slots_are_caught_up_all_or_the_newest(
    jobs: dict[str, Job], deeds: Deeds, hands: Hands
) -> None:
    hands.set(2026, 11, 5, 9, 5)
    slots = [(slot.job.name, slot.due.astimezone(SHANGHAI).isoformat()) for slot in job.due()]
    assert slots == [
        ("month", "2026-10-01T02:00:00+08:00"),
        ("month", "2026-11-01T02:00:00+08:00"),
        ("often", "2026-11-05T09:00:00+08:00"),
    ]
    assert run_all() == 3
    assert [run.period for run in deeds.runs] == ["2026-09", "2026-10", ""]
    assert job.due() == []
    hands.pass_(hours=30)
    assert [slot.job.name for slot in job.due()] == ["often"], "only the newest of 180 missed slots"


def test_the_past_is_not_caught_up_without_end(jobs: dict[str, Job], hands: Hands) -> None:
    hands.set(2026, 11, 15, 9, 5)
    assert [slot.due.astimezone(SHANGHAI).month for slot in job.due()] == [11, 11]


def test_many_schedulers_run_a_slot_once(
    jobs: dict[str, Job], deeds: Deeds, both: Flask, hands: Hands
) -> None:
    hands.set(2026, 11, 5, 9, 5)
    apps = [create_app(both.config["CASEMGR"], doors=()) for _ in range(4)]
    job.declare(list(jobs.values()))
    hands.set(2026, 11, 5, 9, 5)
    start = threading.Barrier(len(apps))
    wrong: list[BaseException] = []

    def compete(app: Flask) -> None:
        try:
            with app.app_context():
                slots = job.due()
                start.wait(300)
                for slot in slots:
                    if claim := job.claim(slot, app.name):
                        job.carry_out(claim)
                db.engine.dispose()
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=compete, args=(app,)) for app in apps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    run_all()  # a slot that waited for another of the same job
    assert sorted((run.claim.job.name, run.period) for run in deeds.runs) == [
        ("month", "2026-09"), ("month", "2026-10"), ("often", ""),
    ]  # fmt: skip
    assert [(row.state, row.fence, row.attempts) for row in rows()] == [("done", 1, 1)] * 3


def test_a_silent_run_is_taken_over_and_its_return_changes_nothing(
    jobs: dict[str, Job], deeds: Deeds, hands: Hands
) -> None:
    [slot] = [one for one in job.due() if one.job.name == "month"]
    first = claimed(slot, "first")
    assert job.claim(slot, "second") is None
    hands.pass_(minutes=2)
    run = Run(first, SYSTEM, date(2026, 11, 21), hands.at, job.never)
    run.step(3, 20)
    hands.pass_(minutes=2, seconds=50)
    assert job.claim(slot, "second") is None, "the step has prolonged the lease"
    hands.pass_(seconds=11)
    second = claimed(slot, "second")
    assert (second.fence, second.attempt) == (2, 2)
    with pytest.raises(job.Abandoned):
        run.step(4, 20)
    assert job.carry_out(first) is False
    assert not job.give_back(first)
    assert [(row.state, row.owner, row.done) for row in rows()] == [("running", "second", 0)]
    deeds.outcome = Outcome("第二个完成。")
    assert job.carry_out(second) is True
    assert [(row.state, row.result, row.fence) for row in rows()] == [("done", "第二个完成。", 2)]


def test_a_slot_whose_runs_always_die_ends_as_a_failure(jobs: dict[str, Job], hands: Hands) -> None:
    for attempt in (1, 2):
        [slot] = [one for one in job.due() if one.job.name == "month"]
        assert claimed(slot).attempt == attempt
        hands.pass_(minutes=4)
    [slot] = [one for one in job.due() if one.job.name == "month"]
    assert job.claim(slot, "c") is None
    [failure] = [one for one in job.failures(OFFICER, hands.at) if one.run]
    assert failure.title == "月结（2026-10）"
    assert "中断" in failure.sentence


def test_a_failure_is_tried_again_after_a_pause_then_shown_until_mended(
    jobs: dict[str, Job], deeds: Deeds, hands: Hands
) -> None:
    deeds.outcome = Outcome("未完成：东镇。", ok=False, again=True)
    run_all()
    [row] = [one for one in rows() if one.job == "month"]
    assert (row.state, row.attempts) == ("due", 1)
    [waiting] = [one for one in job.failures(OFFICER, hands.at) if one.run and one.run.name == "month"]
    assert waiting.run is not None
    assert waiting.run.again_at == hands.at + timedelta(minutes=10)
    hands.pass_(minutes=9)
    assert "month" not in [slot.job.name for slot in job.due()]
    hands.pass_(minutes=1)
    run_all()
    [row] = [one for one in rows() if one.job == "month"]
    assert (row.state, row.attempts, row.result) == ("failed", 2, "未完成：东镇。")
    hands.pass_(hours=5)
    assert "month" not in [slot.job.name for slot in job.due()], "twice is enough"
    assert [one.title for one in job.failures(OFFICER, hands.at) if one.run and one.run.name == "month"] == [
        "月结（2026-10）"
    ]
    deeds.outcome = Outcome("好了。")
    assert job.run_now(OFFICER, "month", "2026-09").state is RunState.DONE
    assert [one.title for one in job.failures(OFFICER, hands.at) if one.run] == ["锚定", "月结（2026-10）"]
    assert job.run_now(OFFICER, "month", "2026-10").state is RunState.DONE
    job.run_now(ADMINISTRATOR, "often")
    assert job.failures(OFFICER, hands.at) == []
    titles = [one.title for one in job.failures(OTHER_COUNTY, hands.at)]
    assert titles == ["月结（2026-10）"], "a run for one county mends nothing in another"


def test_the_first_page_hears_of_a_clock_that_stands_still(jobs: dict[str, Job], hands: Hands) -> None:
    [never] = job.failures(OFFICER, hands.at)
    assert never.at is None
    assert "还没有运行过" in never.sentence
    run_all()
    assert job.failures(OFFICER, hands.at) == []
    hands.pass_(minutes=31)
    [silent] = job.failures(OFFICER, hands.at)
    assert "已经停了一段时间" in silent.sentence
    assert job.failures(DOCTOR_EAST, hands.at) == []


def test_a_fault_is_recorded_without_its_words(
    jobs: dict[str, Job], deeds: Deeds, caplog: pytest.LogCaptureFixture
) -> None:
    deeds.outcome = KeyError("张三 999901198001010002")
    with caplog.at_level(logging.DEBUG):
        view = job.run_now(SYSTEM, "often")
    assert view.state is RunState.FAILED
    assert "KeyError" in view.result
    number = view.result.split("编号 ")[1][:6]
    assert number in caplog.text
    assert "张三" not in caplog.text + view.result
    # The whole number: four digits alone stand in the number of the fault, or in a key, by chance.
    assert "999901198001010002" not in caplog.text + view.result


def test_a_run_beyond_its_limit_ends_at_its_next_step(
    jobs: dict[str, Job], deeds: Deeds, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(run: Run) -> Outcome:
        run.step(1, 9)
        hands.pass_(minutes=6)
        run.step(2, 9)
        raise AssertionError("not reached")

    job.declare([Job("often", "锚定", OFTEN, slow, limit=timedelta(minutes=5))])
    view = job.run_now(SYSTEM, "often")
    assert (view.state, view.done, view.total, view.seconds) == (RunState.FAILED, 1, 9, 360.0)
    assert "5 分钟的时限" in view.result


def test_a_process_that_ends_puts_the_slot_back(jobs: dict[str, Job], hands: Hands) -> None:
    stop = threading.Event()

    def stepping(run: Run) -> Outcome:
        run.step(0, 2)
        stop.set()
        run.step(1, 2)
        raise AssertionError("not reached")

    job.declare([Job("often", "锚定", OFTEN, stepping)])
    [slot] = job.due()
    assert job.carry_out(claimed(slot), stop.is_set) is False
    assert [(row.state, row.attempts) for row in rows()] == [("due", 0)]
    assert claimed(job.due()[0]).fence == 2


def test_ctrl_c_marks_a_run_by_hand_as_failed(jobs: dict[str, Job]) -> None:
    def interrupted(run: Run) -> Outcome:
        raise KeyboardInterrupt

    job.declare([Job("often", "锚定", OFTEN, interrupted)])
    with pytest.raises(KeyboardInterrupt):
        job.run_now(SYSTEM, "often")
    assert [(row.state, row.result[:4]) for row in rows()] == [("failed", "被人中断")]


def test_one_job_does_not_run_twice_at_a_time(jobs: dict[str, Job], hands: Hands) -> None:
    hands.set(2026, 11, 5, 9, 5)
    october, november = (slot for slot in job.due() if slot.job.name == "month")
    claim = claimed(october)
    assert job.claim(november, "b") is None
    with pytest.raises(Conflict):
        job.run_now(OFFICER, "month", "2026-08")
    with pytest.raises(Conflict):
        job.run(OFFICER, "month", "2026-09")
    job.carry_out(claim)
    claimed(november)


def test_a_run_asked_for_by_hand_is_found_at_once_and_stays_inside_the_county(
    jobs: dict[str, Job], deeds: Deeds, hands: Hands
) -> None:
    run_all()
    deeds.runs.clear()
    asked = job.run(OFFICER, "month", "2026-08")
    assert (asked.state, asked.by_hand, asked.period) == (RunState.DUE, True, "2026-08")
    with pytest.raises(Conflict):
        job.run(OFFICER, "month", "2026-08")
    [slot] = job.due(timetable=False)
    job.carry_out(claimed(slot))
    [run] = deeds.runs
    assert (run.access.low, run.access.high) == (COUNTY, COUNTY + 1_000_000)
    assert (run.access.role, run.access.label) == (Role.SYSTEM, "job:month")
    assert job.run_view(OFFICER, asked.key, hands.at).state is RunState.DONE
    with pytest.raises(Missing):
        job.run_view(OTHER_COUNTY, asked.key, hands.at)
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        from casemgr.store.models import AuditEntry

        entry = work.one(select(AuditEntry).where(AuditEntry.noun == "Job"))
        assert (entry.actor, entry.verb, entry.fields, entry.row_key) == (13, "run", "month", asked.key)


@pytest.mark.parametrize("period", ["2026-11", "2027-01", "2026-13", "202610", "十月"])
def test_a_month_that_is_not_over_or_no_month_is_refused(jobs: dict[str, Job], period: str) -> None:
    with pytest.raises(Unfit) as refusal:
        job.run(OFFICER, "month", period)
    assert set(refusal.value.fields) == {"period"}


def test_who_may_run_what(jobs: dict[str, Job]) -> None:
    with pytest.raises(Missing):
        job.run(OFFICER, "nothing")
    with pytest.raises(Unfit):
        job.run(OFFICER, "often", "2026-10")
    for access in (ADMINISTRATOR, DOCTOR_EAST):
        with pytest.raises(Forbidden):
            job.run(access, "month")
    with pytest.raises(Forbidden):
        job.list_(DOCTOR_EAST, clock.now())
    assert rows() == []


def test_the_list_and_the_history(jobs: dict[str, Job], deeds: Deeds, hands: Hands) -> None:
    run_all()
    asked = job.run(ADMINISTRATOR, "often")
    month, often = job.list_(ADMINISTRATOR, hands.at)
    assert (month.title, month.when, month.may_run, month.monthly) == ("月结", "每月 1 日 02:00", False, True)
    assert month.next_due == datetime(2026, 12, 1, 2, tzinfo=SHANGHAI)
    assert isinstance(month.latest, RunView)
    assert (month.latest.state, month.latest.result, month.running) == (RunState.DONE, "好了。", None)
    assert often.running is not None
    assert often.running.key == asked.key
    history, total = job.history(OFFICER, hands.at, "often")
    assert total == 2
    assert [view.state for view in history] == [RunState.DUE, RunState.DONE]
    assert job.history(OFFICER, hands.at)[1] == 3
    with open_work(SYSTEM, Action.JOB_RUN) as work:  # by hand, for another county
        for row in work.entities(select(JobRun).where(JobRun.by_hand)):
            row.reach = 999903000000
    (kept,), total = job.history(OFFICER, hands.at, "often")
    assert (kept.by_hand, total, job.history(OFFICER, hands.at)[1]) == (False, 1, 2)
    assert job.history(ADMINISTRATOR, hands.at, "often")[1] == 2, "keepers have no area and see all"
    latest = job.list_(OFFICER, hands.at)[1].latest
    assert latest is not None and latest.key == kept.key


def test_old_records_go_but_never_those_that_say_what_has_run(jobs: dict[str, Job], hands: Hands) -> None:
    lines = [replace(line, keep=timedelta(days=1)) for line in jobs.values()]
    job.declare(lines)
    hands.set(2026, 10, 10, 9, 5)
    run_all()
    assert [row.period for row in rows()] == ["2026-08", "2026-09", ""]
    hands.set(2026, 10, 16, 9, 5)
    assert job.forget_runs(SYSTEM, job.moment()) == 1, "1 September lies 45 days back"
    assert [slot.job.name for slot in job.due()] == ["often"]
    hands.set(2026, 11, 10, 9, 5)
    assert job.forget_runs(SYSTEM, job.moment()) == 0
    assert [slot.due.astimezone(SHANGHAI).month for slot in job.due() if slot.job.name == "month"] == [11]
    hands.set(2026, 12, 20, 9, 5)
    assert job.forget_runs(SYSTEM, job.moment()) == 2
