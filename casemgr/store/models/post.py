"""岗位: posts of village doctors and treating hospitals, and which hospital treats whom now (收治关系).

A post receives like another department does (:mod:`casemgr.store.models.liaison`): its key stands where the
area of a department stands. A township would be too much for a village doctor, a county for a hospital.
"""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.register import of_case
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key


class Post(Model):
    """岗位: villages of one township under one village doctor, or one hospital; holds nobody.

    ``place`` is the township of a village post, the county of a hospital.
    """

    __tablename__ = "post"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    role: Mapped[int] = mapped_column(SmallInteger)
    place: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(40))
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)
    ended_on: Mapped[date | None] = mapped_column(Day)
    ended_by: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __table_args__ = (Index(None, "place", "role"),)
    __mapper_args__ = MappingProxyType({"version_id_col": version})


class PostVillage(Model):
    """One village of a post; a village may have more than one doctor."""

    __tablename__ = "post_village"

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), primary_key=True)
    village: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)

    __table_args__ = (Index(None, "village"),)


class HospitalCare(AreaScoped, Model):
    """收治关系: that a person was sent to, taken in by or let home from a hospital with a window of its own.

    ``ground`` says on what it rests, ``origin`` names the referral or emergency; ``until`` is the last day at
    most, ``ended_on`` when it ended before.
    """

    __tablename__ = "hospital_care"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    post_id: Mapped[int] = mapped_column(BigInteger)
    ground: Mapped[int] = mapped_column(SmallInteger)
    origin: Mapped[int | None] = mapped_column(BigInteger)
    since: Mapped[date] = mapped_column(Day)
    until: Mapped[date | None] = mapped_column(Day)
    ended_on: Mapped[date | None] = mapped_column(Day)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (of_case(), Index(None, "case_id"))
