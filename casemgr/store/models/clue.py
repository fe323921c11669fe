"""线索: somebody who may be ill, kept apart from the register and never counted."""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    BigInteger,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
)
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.register import of_case
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key, Sealed


class Clue(AreaScoped, Model):
    """线索 (表1, 表2); ``signs`` are the matched questions as a mask, ``case_id`` set once registered."""

    __tablename__ = "clue"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    village: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[int] = mapped_column(SmallInteger)
    source: Mapped[int | None] = mapped_column(SmallInteger)
    found_on: Mapped[date] = mapped_column(Day)
    form_version: Mapped[int] = mapped_column(SmallInteger)
    signs: Mapped[int | None] = mapped_column(SmallInteger)
    sex: Mapped[int | None] = mapped_column(SmallInteger)
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    name: Mapped[Any] = mapped_column(Sealed("clue", "name"))
    id_number: Mapped[Any] = mapped_column(Sealed("clue", "id_number"), nullable=True)
    phone: Mapped[Any] = mapped_column(Sealed("clue", "phone"), nullable=True)
    residence: Mapped[Any] = mapped_column(Sealed("clue", "residence"), nullable=True)
    informant: Mapped[Any] = mapped_column(Sealed("clue", "informant"), nullable=True)
    surveyor: Mapped[Any] = mapped_column(Sealed("clue", "surveyor"), nullable=True)
    note: Mapped[Any] = mapped_column(Sealed("clue", "note"), nullable=True)
    id_token: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    token_key: Mapped[int | None] = mapped_column(Integer)
    verified_on: Mapped[date | None] = mapped_column(Day)
    review_on: Mapped[date | None] = mapped_column(Day)
    decided_on: Mapped[date | None] = mapped_column(Day)
    diagnosis: Mapped[int | None] = mapped_column(SmallInteger)
    decided_by: Mapped[Any] = mapped_column(Sealed("clue", "decided_by"), nullable=True)
    #: Who changed which field when, as sealed JSON; a clue has no file whose change log could hold it.
    log: Mapped[Any] = mapped_column(Sealed("clue", "log"), nullable=True)
    case_id: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __mapper_args__ = MappingProxyType({"version_id_col": version})
    __table_args__ = (of_case(), Index(None, "area", "state", "found_on"), Index(None, "id_token"))
