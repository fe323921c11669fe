"""迁移查询: both sides of a transfer as far as an access reaches, and the moving of a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased

from casemgr.store.models.area import Area
from casemgr.store.models.person import Person
from casemgr.store.models.register import Case
from casemgr.store.models.transfer import Transfer
from casemgr.store.scope import lasting
from casemgr.store.work import Work
from casemgr.terms.transfer import TransferState

Own = aliased(Area)
Other = aliased(Area)
OPEN = (int(TransferState.ASKED), int(TransferState.COUNTY_ASKED))
#: Who asks, answers or moves passes here one after the other (PostgreSQL; see Work.take_turn).
TURN = 7_301_015

_SHOWN = (
    select(Transfer, Own.name.label("own"), Other.name.label("other"), Case.file_no)
    .outerjoin(Own, Own.code == Transfer.area)
    .outerjoin(Other, Other.code == Transfer.other_area)
    .outerjoin(Case, Case.id == Transfer.file_key)
)
_LATEST = lasting(_SHOWN.order_by(Transfer.asked_on.desc(), Transfer.id.desc()).limit(bindparam("most")))
_ONE = lasting(_SHOWN.where(Transfer.id == bindparam("key")))
_PAIR = lasting(select(Transfer).where(Transfer.pair == bindparam("pair")).order_by(Transfer.side))
_OF_FILE = lasting(
    select(Transfer)
    .where(Transfer.file_key == bindparam("file"), Transfer.state.in_(OPEN))
    .order_by(Transfer.side)
)
_WAITING = lasting(
    select(Transfer).where(
        Transfer.state == int(TransferState.ASKED), Transfer.asked_on < bindparam("before")
    )
)


def latest(work: Work, most: int) -> Sequence[Any]:
    """(Transfer, own, other, file_no) of the latest rows; the number of a file only within reach."""
    return work.rows(_LATEST, most=most)


def one(work: Work, key: int) -> Any:
    """The same of one row, ``None`` outside the access."""
    return work.row(_ONE, key=key)


def pair(work: Work, key: int) -> list[Transfer]:
    """Both rows of a transfer, the sender's first."""
    return work.entities(_PAIR, pair=key)


def open_of(work: Work, file: int) -> list[Transfer]:
    """The rows of a transfer of this file that nobody has answered yet."""
    return work.entities(_OF_FILE, file=file)


def waiting(work: Work, before: date) -> list[Transfer]:
    """Rows asked before a day and neither answered nor brought to the county."""
    return work.entities(_WAITING, before=before)


def move(work: Work, case: Case, area: int) -> None:
    """Give the person to another area; everything about the person follows by the composite keys.

    The session forgets what it has loaded, because the database has changed the areas behind it.
    """
    person = work.get(Person, case.person_id)
    if person is None:
        raise LookupError("a case without its person")
    work.flush()
    person.area = area
    work.flush()
    work.session.expire_all()
