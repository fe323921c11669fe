"""列类型: how days, instants and sealed values are laid down in the database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, NoReturn

from sqlalchemy import BigInteger, Integer, LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from casemgr.store.vault import Place

EPOCH = date(1970, 1, 1)
EPOCH_AT = datetime(1970, 1, 1, tzinfo=UTC)


def to_days(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


class Key(TypeDecorator[int]):
    """63-bit key; plain INTEGER on SQLite, where only that is the row id itself."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())


#: Days that were read before: few different ones are read again and again.
_days: dict[int | None, date | None] = {None: None}
_MOST_DAYS = 200_000


def _day(value: int | None) -> date | None:
    found = _days.get(value, EPOCH)
    if found is EPOCH and value is not None:
        found = EPOCH + timedelta(days=value)
        if len(_days) < _MOST_DAYS:
            _days[value] = found
    return found


class Day(TypeDecorator[date]):
    """A calendar day as whole days since 1970-01-01, so both databases compare without parsing."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        if value is None or isinstance(value, int):
            return value
        if type(value) is not date:
            raise TypeError("a day is a date without time")
        return to_days(value)

    def process_literal_param(self, value: Any, dialect: Dialect) -> str:
        return str(self.process_bind_param(value, dialect))

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        return _day(value)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Any:
        return _day


def _instant(value: int | None) -> datetime | None:
    return None if value is None else EPOCH_AT + timedelta(milliseconds=value)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant as milliseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        if value is None or isinstance(value, int):
            return value
        if value.tzinfo is None:
            raise TypeError("an instant carries its time zone")
        return int((value - EPOCH_AT) // timedelta(milliseconds=1))

    def process_literal_param(self, value: Any, dialect: Dialect) -> str:
        return str(self.process_bind_param(value, dialect))

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return _instant(value)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Any:
        return _instant


class Plain:
    """A text on its way into a sealed column; the unit of work seals it before it is written."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "Plain(●●●)"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a text for a sealed column is not pickled")


class Secret:
    """A sealed value as it came from the database: shows nothing, compares with nothing."""

    __slots__ = ("_sealed", "place")

    def __init__(self, sealed: bytes, place: Place) -> None:
        self._sealed = sealed
        self.place = place

    def __repr__(self) -> str:
        return "●●●"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "●●●"

    def __html__(self) -> str:
        return "●●●"

    def _no(self, *_: object) -> NoReturn:
        raise TypeError("a sealed value is opened by reveal() and by nothing else")

    __eq__ = __ne__ = __add__ = __radd__ = __lt__ = __le__ = __gt__ = __ge__ = __len__ = __iter__ = _no
    __hash__ = None  # type: ignore[assignment]
    __reduce__ = _no


class Sealed(TypeDecorator[Any]):
    """A column whose values are sealed for their table, column and row.

    Accepts a ``Plain`` through the unit of work, or the ``Secret`` that was loaded; never a string.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, table: str, column: str) -> None:
        super().__init__()
        self.table = table
        self.column = column

    @property
    def place(self) -> Place:
        return Place(self.table, self.column)

    class Comparator(TypeDecorator.Comparator[Any]):
        def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
            if getattr(op, "__name__", "") in ("is_", "is_not") and other[:1] == (None,):
                return super().operate(op, *other, **kwargs)
            raise TypeError("sealed columns are not compared, sorted or searched in SQL")

    comparator_factory = Comparator

    def compare_values(self, x: Any, y: Any) -> bool:
        """A sealed value is the same only if it is the very object that was loaded."""
        return x is y

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        if isinstance(value, Secret) and value.place == self.place:
            return value._sealed
        raise TypeError(f"{self.table}.{self.column} takes Plain(…) through the unit of work only")

    def process_result_value(self, value: Any, dialect: Dialect) -> Secret | None:
        return None if value is None else Secret(bytes(value), self.place)
