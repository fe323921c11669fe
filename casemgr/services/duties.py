"""应办事项: the duties of cases, kept in step with the records they follow from."""

from __future__ import annotations

from collections.abc import Iterable

from casemgr.store.work import Work


def refresh(work: Work, cases: Iterable[int]) -> None:
    """Bring the duties of some cases in line with their records, within the same unit of work."""
