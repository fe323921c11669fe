"""Two presses at once on the page of closings: one step is written, the other is told."""

from __future__ import annotations

from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from casemgr.rules.access import Action
from casemgr.services import month_revision
from casemgr.services.errors import Conflict
from casemgr.store.models.indicator import ClosingStep
from casemgr.store.queries import closing as closings
from casemgr.store.work import open_work
from casemgr.terms.indicator import CloseStep
from tests.services.closed_county import COUNTY, OFFICER, SYSTEM, close, open_areas


def test_a_step_pressed_twice_at_once_is_written_once(both: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    open_areas()
    close("2026-10")
    (closing,) = month_revision.steps(OFFICER, "2026-10", COUNTY)
    together, read = Barrier(2), closings.steps

    def held(*given: Any) -> list[ClosingStep]:
        found = read(*given)
        with suppress(BrokenBarrierError):  # the other one waits outside, as it should
            together.wait(1)
        return found

    monkeypatch.setattr(closings, "steps", held)
    told: list[str] = []

    def press() -> None:
        with both.app_context():
            try:
                month_revision.step(OFFICER, closing.key, CloseStep.CHECKED, closing.revision)
            except Conflict:
                told.append("conflict")
            else:
                told.append("written")

    threads = [Thread(target=press) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(told) == ["conflict", "written"]
    with open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
        assert work.scalar(select(func.count(ClosingStep.id))) == 1
