"""数据交换: one import of a workbook, from preview to result; the file lies sealed in the instance folder."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import JSON, BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Instant, Key, Sealed


class ImportRun(AreaScoped, Model):
    """One file: who brought it, its digest, counts per sheet, where it stands."""

    __tablename__ = "import_run"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(12))
    file_digest: Mapped[str] = mapped_column(String(64))
    file_name: Mapped[Any] = mapped_column(Sealed("import_run", "file_name"), nullable=True)
    size: Mapped[int] = mapped_column(Integer)
    rows_done: Mapped[int] = mapped_column(Integer, default=0)
    rows_total: Mapped[int] = mapped_column(Integer, default=0)
    counts: Mapped[Any] = mapped_column(JSON, default=dict)
    problems: Mapped[Any] = mapped_column(Sealed("import_run", "problems"), nullable=True)
    message: Mapped[str] = mapped_column(String(400), default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    created_by: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = MappingProxyType({"version_id_col": version})
