"""口径版本: definitions, targets and numbers that a county has laid down for itself from a day on."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.types import Day, Instant, Key


class EditionEntry(Model):
    """县级口径: holds from ``valid_from`` until the next one of the county; never changed, never deleted.

    One that is not yet in force can be withdrawn: it stays written down, with who did it and why, and never
    holds.
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
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_by: Mapped[int | None] = mapped_column(BigInteger)
    withdrawn_because: Mapped[str | None] = mapped_column(String(200))

    __table_args__ = (
        Index(
            "uq_edition_entry_county_valid_from",
            "county",
            "valid_from",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )
