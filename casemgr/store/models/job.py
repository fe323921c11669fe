"""任务: one due slot of one job and what became of it; the row is the lease."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.types import Instant, Key


class JobRun(Model):
    """One slot: claimed by one owner with a fence, finished only by the holder of that fence.

    ``lease_until`` of a due row is the moment before which it is not tried again. ``reach`` limits a run that
    somebody asked for to the area of that person; empty means everything.
    """

    __tablename__ = "job_run"

    job: Mapped[str] = mapped_column(String(40), primary_key=True)
    due: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    id: Mapped[int] = mapped_column(Key, unique=True)
    state: Mapped[str] = mapped_column(String(12))
    owner: Mapped[str] = mapped_column(String(64), default="")
    fence: Mapped[int] = mapped_column(Integer, default=0)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    by_hand: Mapped[bool] = mapped_column(default=False)
    period: Mapped[str] = mapped_column(String(10), default="")
    reach: Mapped[int | None] = mapped_column(BigInteger)
    asked_by: Mapped[int | None] = mapped_column(BigInteger)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    done: Mapped[int] = mapped_column(Integer, default=0)
    total: Mapped[int] = mapped_column(Integer, default=0)
    result: Mapped[str] = mapped_column(String(400), default="")

    __table_args__ = (Index(None, "state", "due"),)
