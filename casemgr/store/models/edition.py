"""口径版本: definitions, targets and numbers that a county has laid down for itself from a day on."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.types import Day, Instant, Key


class EditionEntry(Model):
    """县级口径: holds from ``valid_from`` until the next one of the county; never changed, never deleted.

    ``lines`` is JSON: key, decimals and target of every official figure; ``numbers`` JSON: parameters of
    counting that differ from the national ones. Says nothing about people.
    """

    __tablename__ = "edition_entry"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    county: Mapped[int] = mapped_column(BigInteger)
    code: Mapped[str] = mapped_column(String(24))
    title: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(120))
    valid_from: Mapped[date] = mapped_column(Day)
    lines: Mapped[str] = mapped_column(Text)
    numbers: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (UniqueConstraint("county", "valid_from"),)
