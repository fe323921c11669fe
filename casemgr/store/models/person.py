"""人员: the human being, the sealed identity in a table of its own, and the guardian (监护人)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.scope import AreaScoped, Lockable
from casemgr.store.types import Key, Sealed


def of_person() -> ForeignKeyConstraint:
    """The composite key that ties a row to its person within the same area."""
    return ForeignKeyConstraint(
        ["person_id", "area"], ["person.id", "person.area"], onupdate="CASCADE", ondelete="CASCADE"
    )


class Person(Lockable, AreaScoped, Model):
    """人员: coded facts that identify nobody by themselves."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    sex: Mapped[int | None] = mapped_column(SmallInteger)
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    document_kind: Mapped[int | None] = mapped_column(SmallInteger)
    ethnicity: Mapped[int | None] = mapped_column(SmallInteger)
    household: Mapped[int | None] = mapped_column(SmallInteger)
    education: Mapped[int | None] = mapped_column(SmallInteger)
    marriage: Mapped[int | None] = mapped_column(SmallInteger)
    employment: Mapped[int | None] = mapped_column(SmallInteger)

    __table_args__ = (UniqueConstraint("id", "area"),)


class Identity(Lockable, AreaScoped, Model):
    """身份信息: everything that identifies, sealed; tokens only for the unique identifiers."""

    __tablename__ = "identity"

    person_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    name: Mapped[Any] = mapped_column(Sealed("identity", "name"))
    id_number: Mapped[Any] = mapped_column(Sealed("identity", "id_number"), nullable=True)
    birth_on: Mapped[Any] = mapped_column(Sealed("identity", "birth_on"), nullable=True)
    phone: Mapped[Any] = mapped_column(Sealed("identity", "phone"), nullable=True)
    domicile: Mapped[Any] = mapped_column(Sealed("identity", "domicile"), nullable=True)
    residence: Mapped[Any] = mapped_column(Sealed("identity", "residence"), nullable=True)
    workplace: Mapped[Any] = mapped_column(Sealed("identity", "workplace"), nullable=True)
    id_token: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    phone_token: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    token_key: Mapped[int] = mapped_column(Integer)

    __table_args__ = (of_person(), Index(None, "id_token"), Index(None, "phone_token"), Index(None, "area"))
    row_key = "person_id"


class Guardian(Lockable, AreaScoped, Model):
    """监护人 of a person."""

    __tablename__ = "guardian"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(BigInteger)
    relation: Mapped[int | None] = mapped_column(SmallInteger)
    name: Mapped[Any] = mapped_column(Sealed("guardian", "name"), nullable=True)
    phone: Mapped[Any] = mapped_column(Sealed("guardian", "phone"), nullable=True)
    residence: Mapped[Any] = mapped_column(Sealed("guardian", "residence"), nullable=True)

    __table_args__ = (of_person(), Index(None, "person_id"))
