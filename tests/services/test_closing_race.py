"""Two presses at once on the page of closings: one step is written, the other is told."""

from __future__ import annotations

from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Access, Action, Role
from casemgr.services import month_revision
from casemgr.services.errors import Conflict
from casemgr.store.models.indicator import ClosingStep
from casemgr.store.queries import closing as closings
from casemgr.store.work import open_work
from casemgr.terms.indicator import CloseStep
from tests.services.closed_county import COUNTY, OFFICER, SYSTEM, close, open_areas

CHIEF = Access.over(15, "科长", Role.COUNTY_OFFICER, COUNTY)
Press = tuple[Access, CloseStep]


@pytest.mark.parametrize(
    ("before", "presses"),
    [
        ((), ((OFFICER, CloseStep.CHECKED), (OFFICER, CloseStep.CHECKED))),
        (
            ((OFFICER, CloseStep.CHECKED),),
            ((CHIEF, CloseStep.APPROVED), (OFFICER, CloseStep.REOPENED)),
        ),
    ],
    ids=["twice", "approved and sent back"],
)
def test_of_two_presses_at_once_one_is_written(
    both: Flask, monkeypatch: pytest.MonkeyPatch, before: tuple[Press, ...], presses: tuple[Press, ...]
) -> None:
    open_areas()
    close("2026-10")
    (closing,) = month_revision.steps(OFFICER, "2026-10", COUNTY)
    for who, to in before:
        month_revision.step(who, closing.key, to, closing.revision)
    together, read = Barrier(2), closings.steps

    def held(*given: Any) -> list[ClosingStep]:
        found = read(*given)
        with suppress(BrokenBarrierError):  # the other one waits outside, as it should
            together.wait(1)
        return found

    monkeypatch.setattr(closings, "steps", held)
    told: list[str] = []

    def press(who: Access, to: CloseStep) -> None:
        with both.app_context():
            try:
                month_revision.step(who, closing.key, to, closing.revision, "同时退回")
            except Conflict:
                told.append("conflict")
            else:
                told.append("written")

    threads = [Thread(target=press, args=one) for one in presses]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    # To send back what was just approved is in order; to approve what was just sent back is not.
    with open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
        written = [row.step for row in work.rows(select(ClosingStep.step).order_by(ClosingStep.id))]
    assert len(written) == len(before) + told.count("written")
    if presses[0] == presses[1]:
        assert sorted(told) == ["conflict", "written"]
    else:
        assert written in (
            [CloseStep.CHECKED, CloseStep.APPROVED, CloseStep.REOPENED],
            [CloseStep.CHECKED, CloseStep.REOPENED],
        )


def test_a_closing_made_while_another_is_signed_takes_no_signature_along(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The officer looks at version 1 while the night job closes version 2: the press is told, not moved."""
    open_areas()
    close("2026-10")
    (first,) = month_revision.steps(OFFICER, "2026-10", COUNTY)
    close("2026-10", left_out=3)
    with pytest.raises(Conflict, match="更新的一版"):
        month_revision.step(OFFICER, first.key, CloseStep.CHECKED, first.revision)
    newest = month_revision.steps(OFFICER, "2026-10", COUNTY)[0]
    assert (newest.revision, newest.steps) == (2, ())
