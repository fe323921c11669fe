"""工作单元: the only way to a session that works, and the only place that commits."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import event, inspect, text
from sqlalchemy.engine import Engine, Row
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from casemgr.rules.access import Access, Action
from casemgr.store import audit, batch, outgoing, prepared, scope
from casemgr.store.audit import Ledger, Note, Replaced
from casemgr.store.db import db, new_key
from casemgr.store.keyring import LiveRing
from casemgr.store.session import LockBroken, Question, WorkSession, unit_of_work_writes
from casemgr.store.types import Plain, Sealed, Secret
from casemgr.store.vault import Locked, Place, Vault

if TYPE_CHECKING:
    import polars as pl

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Installation:
    """What one running installation keeps beside its database."""

    keys: LiveRing
    instance: Path
    region: str
    demo: bool
    #: Where anchors of the audit chain go besides the file beside the database.
    anchor_file: Path | None = None
    syslog: str = ""
    #: The outside program that signs anchors; empty: keys that are used once, in the instance folder.
    anchor_command: tuple[str, ...] = ()
    #: Days an account may go without a second factor; ``None``: for ever.
    factor_days: int | None = None

    @property
    def vault(self) -> Vault:
        """The vault of the ring as it is now."""
        return self.keys.vault()


_installations: weakref.WeakKeyDictionary[Engine, Installation] = weakref.WeakKeyDictionary()
#: Why nothing is read or written here: there is no ring that can be used, or it belongs to another database.
_locked: weakref.WeakKeyDictionary[Engine, str] = weakref.WeakKeyDictionary()
#: Databases whose newest audit entry was made with a key of their ring.
_fitting: weakref.WeakSet[Engine] = weakref.WeakSet()

FOREIGN_RING = (
    "密钥文件与登记库不匹配，程序已锁定，不读也不写任何内容。"
    "请放回与这个登记库配套的密钥文件后重新启动；不要新建密钥。"
)


#: Called after a unit of work that filled another block of audit entries.
ANCHOR_LISTENERS: list[Callable[[], None]] = []


class Taken(Exception):
    """A row with this key is there already, or was changed meanwhile (a race, a second press of a button)."""


#: What the database says then; its text may quote a value, so only its kind goes on.
LOST = (IntegrityError, StaleDataError)


def _taken(wrong: Exception) -> Taken:
    return Taken(type(getattr(wrong, "orig", None) or wrong).__name__)


#: Turns that PostgreSQL gives one unit of work after the other, see :meth:`Work.take_turn`.
SIGN_IN_TURN, IMPORT_TURN, CLOSING_TURN = 7_301_002, 7_301_003, 7_301_004
FETCH_TURN = 7_301_016


def furnish(engine: Engine, installation: Installation) -> None:
    """Tell the store which keys and folder belong to ``engine``; once, by the application factory."""
    _installations[engine] = installation
    outgoing.watch(engine)


def lock(engine: Engine, sentence: str) -> None:
    """Let no unit of work begin on ``engine``, and say why."""
    _locked[engine] = sentence


def installation() -> Installation:
    """The installation of the current application; :class:`Locked` while its keys cannot be used."""
    engine = db.engine
    if engine in _locked:
        raise Locked(_locked[engine])
    found = _installations.get(engine)
    if found is None:
        raise LockBroken("this database was not furnished with a vault")
    if engine not in _fitting:
        _compare(engine, found.vault)
    return found


def _compare(engine: Engine, vault: Vault) -> None:
    """Lock the installation unless the newest audit entry was made with a key of this ring.

    Asked once in each process, before anything can be written: a wrong ring never makes a mixed database.
    """
    try:
        with engine.connect().execution_options(casemgr_writes=False) as connection:
            fits = audit.head_fits(connection, vault)
    except DBAPIError:
        return  # no tables yet, or no database: whoever works will be told
    if not fits:
        lock(engine, FOREIGN_RING)
        raise Locked(FOREIGN_RING)
    _fitting.add(engine)


_sealed_columns: dict[type[Any], tuple[tuple[str, Place], ...]] = {}


def sealed_columns(model: type[Any]) -> tuple[tuple[str, Place], ...]:
    """Names and places of the sealed columns of a mapped class."""
    found = _sealed_columns.get(model)
    if found is None:
        found = tuple(
            (attribute.key, attribute.columns[0].type.place)
            for attribute in inspect(model).column_attrs
            if isinstance(attribute.columns[0].type, Sealed)
        )
        _sealed_columns[model] = found
    return found


@event.listens_for(WorkSession, "before_flush")
def _seal(session: WorkSession, _context: Any, _objects: Any) -> None:
    vault: Vault | None = session.info.get("vault")
    for group in (session.new, session.dirty):
        for row in group:
            for name, place in sealed_columns(type(row)):
                value = getattr(row, name)
                if isinstance(value, Plain):
                    if vault is None:
                        raise LockBroken("sealed values are written by a unit of work only")
                    key = int(getattr(row, getattr(type(row), "row_key", "id")))
                    setattr(row, name, Secret(vault.seal(place, key, value._text), place))


class Work:
    """One transaction in the name of one access for one action."""

    def __init__(self, session: WorkSession, home: Installation, purpose: str, writes: bool) -> None:
        self._session = session
        self._home = home
        # One generation of keys from beginning to end, the one in force since this unit of work has its turn.
        self._vault = home.vault
        self._ledger = Ledger()
        #: The instant it began: what left the house before it cannot know what is changed in it.
        self.began = audit.to_millisecond(datetime.now(UTC))
        #: The same within its millisecond: keys that this process makes later are larger.
        self.first_key = new_key()
        self.purpose = purpose
        self.writes = writes
        #: Whether this unit of work filled another block of entries, so that an anchor is due.
        self.anchor_due = False
        #: The business day in whose name this is done, where whoever began it has said so.
        self.day: date | None = None
        #: Sealed columns that the disclosure matrix closes to this access, once somebody has asked.
        self.closed: frozenset[Place] | None = None
        session.info["ledger"] = self._ledger
        session.info["vault"] = self._vault

    @property
    def access(self) -> Access:
        return self._session.bound()[0]

    @property
    def action(self) -> Action:
        return self._session.bound()[1]

    @property
    def vault(self) -> Vault:
        """The keys this unit of work seals and opens with."""
        return self._vault

    @property
    def session(self) -> WorkSession:
        """The guarded session; every read on it is limited to the access."""
        return self._session

    @property
    def dialect(self) -> str:
        return str(self._session.get_bind().dialect.name)

    def rows(self, statement: Any, **values: Any) -> Sequence[Row[Any]]:
        """All rows of an ORM select over columns; ``values`` fill its bound parameters.

        A select that is asked often is built once, with parameters: building it costs more than running it.
        """
        if scope.is_lasting(statement):
            found = prepared.rows(self._session, statement, values)
            if found is not None:
                return found
        return self._session.execute(statement, values or None).all()

    def each(self, statement: Any, size: int = 2_000) -> Iterator[Any]:
        """Rows of an ORM select one after the other, in bounded memory."""
        return iter(self._session.execute(statement, execution_options={"yield_per": size}))

    def entities(self, statement: Any, **values: Any) -> list[Any]:
        """All objects of an ORM select over one mapped class."""
        return list(self._session.scalars(statement, values or None))

    def facts(self, statement: Any, **values: Any) -> list[Any]:
        """All rows of a lasting select over one mapped class, to be read only: its columns by name.

        What is to be changed is asked for with :meth:`entities`; making an object costs more than its row.
        """
        return list(self.rows(scope.as_columns(statement), **values))

    def one(self, statement: Any, **values: Any) -> Any:
        """First object or value of a select, ``None`` if there is none."""
        return self._session.scalars(statement, values or None).first()

    def row(self, statement: Any, **values: Any) -> Row[Any] | None:
        """First row of a select, ``None`` if there is none."""
        if scope.is_lasting(statement):
            found = prepared.rows(self._session, statement, values)
            if found is not None:
                return found[0] if found else None
        return self._session.execute(statement, values or None).first()

    def scalar(self, statement: Any, **values: Any) -> Any:
        """Single value of a select."""
        if scope.is_lasting(statement):
            found = self.row(statement, **values)
            return None if found is None else found[0]
        return self._session.scalar(statement, values or None)

    def get(self, model: type[T], key: Any) -> T | None:
        """The object with this key, ``None`` if it is absent or outside the access."""
        values = key if isinstance(key, tuple) else (key,)
        named = {f"key_{number}": value for number, value in enumerate(values)}
        asked: Any = model
        found: T | None = self._session.scalars(scope.by_key(asked), named).first()
        return found

    def frame(self, statement: Any, *, bulk: bool = False, **values: Any) -> pl.DataFrame:
        """An ORM select over plain columns as a polars frame; ``values`` fill its bound parameters."""
        return self.frames([(statement, values)], bulk=bulk)[0]

    def frames(self, questions: Sequence[Question], *, bulk: bool = False) -> list[pl.DataFrame]:
        """Several such selects, each with its values; ``bulk`` reads whole counties side by side."""
        from casemgr.store.columns import frames  # polars is loaded only where something is counted

        return frames(self._session, questions, bulk=bulk)

    def add(self, row: T) -> T:
        """Put a new object into the unit of work."""
        self._session.add(row)
        return row

    def remove(self, row: Any) -> None:
        """Delete an object at the end of the unit of work."""
        self._session.delete(row)

    def flush(self) -> None:
        """Send what is pending; :class:`Taken` if a row with the same key is already there."""
        try:
            self._session.flush()
        except LOST as wrong:
            raise _taken(wrong) from None

    def take_turn(self, turn: int, patience: int | None = None) -> None:
        """Let nobody else pass here until this unit of work has ended; for what is read before it is written.

        On SQLite whoever writes is alone from the beginning. ``patience``: seconds to wait, if not the usual.
        """
        if self.dialect != "postgresql":
            return
        connection = self._session.open_connection()
        if patience is not None:
            connection.execute(text(f"SET LOCAL lock_timeout = '{int(patience)}s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": turn})

    def add_many(self, model: type[Any], rows: Sequence[dict[str, Any]], *, note: bool = True) -> None:
        """Insert a batch: every row is checked against the area, sealed, and noted as one act.

        ``rows`` are dicts of column values with keys made by ``new_keys``; all rows have the same keys.
        """
        if not rows:
            return
        scope.check_batch(self._session, model, rows)
        self._session.flush()
        try:
            with unit_of_work_writes():
                batch.write(self._session.open_connection(), self.vault, model, rows)
        except LOST as wrong:
            raise _taken(wrong) from None
        if note:
            self._ledger.notes.append(Note("create", model.__name__, count=len(rows)))

    def note(self, verb: str, noun: str, **values: Any) -> None:
        """Write down an act that changes no row (a reveal, a download, a refused attempt)."""
        values.setdefault("purpose", self.purpose)
        self._ledger.notes.append(Note(verb, noun, **values))

    def replaced(self) -> Sequence[Replaced]:
        """Rows of which this unit of work has replaced or removed something so far."""
        return self._ledger.replaced

    def former_name(self, person: int) -> Secret | None:
        """The sealed name of a person as it was before this unit of work changed it."""
        return self._ledger.former.get(person)

    def opened_people(self) -> set[int]:
        """The people whose identity this unit of work has opened so far."""
        return {person for note in self._ledger.notes if note.verb == "reveal" for person in note.subjects}

    def _finish(self) -> None:
        self._session.flush()
        if self._ledger.notes:
            if not self.writes:
                raise LockBroken(f"{self.action.code} wrote something but is not declared as writing")
            self.anchor_due = audit.write(self._session, self._vault, self._ledger, datetime.now(UTC))
        try:
            self._session.commit()
        except LOST as wrong:
            raise _taken(wrong) from None


@contextmanager
def open_work(
    access: Access, action: Action, purpose: str = "", writes: bool | None = None
) -> Iterator[Work]:
    """A unit of work: commits at the end, rolls back on any error; the session dies with it."""
    home = installation()
    writing = action.writes if writes is None else writes
    session = WorkSession(db, autoflush=False, expire_on_commit=False)
    session.bind_access(access, action)
    try:
        session.start(writing)
        work = Work(session, home, purpose, writing)
        yield work
        work._finish()
        due = work.anchor_due
    except LOST as wrong:
        session.rollback()
        raise _taken(wrong) from None
    except BaseException:
        session.rollback()
        raise
    finally:
        Session.close(session)
    if due:
        for listener in ANCHOR_LISTENERS:
            listener()
