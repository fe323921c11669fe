"""部门联络查询: who receives what, what stands in the records that a disclosure rests on, and the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, and_, bindparam, exists, func, or_, select
from sqlalchemy import case as case_
from sqlalchemy.orm import aliased

from casemgr.rules.access import POSTS, RECEIVERS
from casemgr.store.models.account import Account
from casemgr.store.models.area import Area, Unit
from casemgr.store.models.followup import Visit
from casemgr.store.models.incident import Incident
from casemgr.store.models.liaison import (
    Disclosure,
    GroupSheet,
    LedgerLine,
    LiaisonPledge,
    LiaisonReport,
    LiaisonTask,
)
from casemgr.store.models.register import Case
from casemgr.store.queries import post as posts
from casemgr.store.scope import lasting
from casemgr.store.types import Day
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.incident import DangerousAct
from casemgr.terms.register import Lifecycle

_KEYS: Any = bindparam("keys", expanding=True)
_FILE: Any = bindparam("file")
#: Acts that concern others enough to be told; harm to oneself is nobody's police matter.
TOLD = tuple(int(one) for one in (DangerousAct.OFFENCE, DangerousAct.CRIME, DangerousAct.OTHER_HARM))

#: Whether somebody can still sign in with an account, as 1 or 0.
_LIVES = case_(
    (
        and_(
            Account.active.is_(True),
            Account.left_on.is_(None),
            or_(Account.valid_until.is_(None), Account.valid_until >= bindparam("today", type_=Day())),
        ),
        1,
    ),
    else_=0,
)
_RECEIVERS = lasting(
    select(Account.role, Account.area_code, Account.post_id)
    .where(Account.role.in_(sorted(int(one) for one in RECEIVERS)), Account.area_code.is_not(None))
    .distinct()
)
_STAFFED = lasting(
    select(Account.role, Account.area_code, Account.post_id, func.max(_LIVES).label("live"))
    .where(Account.role.in_(sorted(int(one) for one in RECEIVERS)), Account.area_code.is_not(None))
    .group_by(Account.role, Account.area_code, Account.post_id)
)
_LINES = lasting(select(Disclosure).where(Disclosure.file_key.in_(_KEYS), Disclosure.withdrawn_on.is_(None)))
_CASES = lasting(
    select(
        Case.id,
        Case.area,
        Case.person_id,
        Case.lifecycle,
        Case.lifecycle_on,
        Case.management,
        Case.management_on,
        Case.village,
        Case.sex,
        Case.birth_year,
        Area.name.label("village_name"),
        Unit.name.label("unit"),
    )
    .join(Unit, Unit.id == Case.unit_id)
    .outerjoin(Area, Area.code == Case.village)
    .where(Case.id.in_(_KEYS))
)
_LATER = aliased(Visit)
_GRADES = lasting(
    select(Visit.case_id, Visit.id, Visit.on, Visit.risk).where(
        Visit.case_id.in_(_KEYS),
        Visit.risk >= bindparam("least"),
        ~exists(_LATER.id).where(
            _LATER.case_id == Visit.case_id, _LATER.on > Visit.on, _LATER.risk.is_not(None)
        ),
    )
)
_INCIDENTS = lasting(
    select(Incident.case_id, Incident.id, Incident.on, Incident.kind)
    .where(Incident.case_id.in_(_KEYS), Incident.kind.in_(TOLD))
    .order_by(Incident.on)
)
_OFFENCES = lasting(
    select(Visit.case_id, Visit.id, Visit.on, Visit.crime_count)
    .where(Visit.case_id.in_(_KEYS), Visit.tells_offence())
    .order_by(Visit.on)
)
_DOCTORS = lasting(
    select(Account.area_code, Account.display)
    .where(
        Account.role == int(Role.TOWNSHIP_DOCTOR),
        Account.active.is_(True),
        Account.area_code.in_(bindparam("areas", expanding=True)),
    )
    .order_by(Account.created_at, Account.id)
)
_ALL = lasting(
    select(Case.id)
    .where(
        Case.id > bindparam("after"),
        or_(
            Case.lifecycle == int(Lifecycle.ON_REGISTER),
            exists(Disclosure.id).where(Disclosure.file_key == Case.id, Disclosure.withdrawn_on.is_(None)),
        ),
    )
    .order_by(Case.id)
    .limit(bindparam("size"))
)


class Receiver(NamedTuple):
    """Who receives: a role with its area, or with its post (``desk``) inside the area."""

    role: Role
    desk: int
    area: int


def receivers(work: Work) -> list[Receiver]:
    """Every receiver that has an account, closed ones too."""
    found = [
        Receiver(Role.read(row.role), int(row.post_id or row.area_code), int(row.area_code))
        for row in work.rows(_RECEIVERS)
    ]
    return [one for one in found if one.role not in POSTS or one.desk != one.area]


def staffed(work: Work, today: date) -> dict[Receiver, bool]:
    """Every receiver that ever had an account, and whether somebody there can still sign in."""
    found = {
        Receiver(Role.read(row.role), int(row.post_id or row.area_code), int(row.area_code)): bool(row.live)
        for row in work.rows(_STAFFED, today=today)
    }
    return {one: live for one, live in found.items() if one.role not in POSTS or one.desk != one.area}


def lines(work: Work, keys: Sequence[int]) -> list[Disclosure]:
    """What is disclosed of these files now, whoever receives it."""
    return work.entities(_LINES, keys=list(keys))


def cases(work: Work, keys: Sequence[int]) -> Sequence[Any]:
    """What a disclosure needs to know of these files."""
    return work.rows(_CASES, keys=list(keys))


def grades(work: Work, keys: Sequence[int], least: int) -> Sequence[Any]:
    """(case, visit, day, grade) of files whose latest assessed danger level is at least ``least``."""
    return work.rows(_GRADES, keys=list(keys), least=least)


def incidents(work: Work, keys: Sequence[int]) -> Sequence[Any]:
    """(case, incident, day, kind) of acts against others that are on file, oldest first."""
    return work.rows(_INCIDENTS, keys=list(keys))


def offences(work: Work, keys: Sequence[int]) -> Sequence[Any]:
    """(case, visit, day, number of 肇祸) of visits that told of 肇事 or 肇祸, oldest first."""
    return work.rows(_OFFENCES, keys=list(keys))


def doctors(work: Work, areas: Iterable[int]) -> dict[int, list[str]]:
    """Display names of the doctors of these townships."""
    found: dict[int, list[str]] = {}
    for row in work.rows(_DOCTORS, areas=sorted(set(areas))):
        found.setdefault(row.area_code, []).append(row.display)
    return found


def all_keys(work: Work, after: int, size: int) -> list[int]:
    """Keys of files on the register, and of those something is still disclosed of, in order."""
    return [row[0] for row in work.rows(_ALL, after=after, size=size)]


# --- what the department itself has ---

_WINDOW = lasting(
    select(Disclosure)
    .where(or_(Disclosure.withdrawn_on.is_(None), Disclosure.received_at.is_(None)))
    .order_by(Disclosure.valid_from.desc(), Disclosure.id.desc())
    .limit(bindparam("size"))
)
_OPEN_TASKS = lasting(
    select(LiaisonTask)
    .where(LiaisonTask.closed_on.is_(None))
    .order_by(LiaisonTask.due_on, LiaisonTask.id)
    .limit(bindparam("size"))
)
_OPEN_TASKS_OF = lasting(
    select(LiaisonTask).where(LiaisonTask.file_key.in_(_KEYS), LiaisonTask.closed_on.is_(None))
)
_LINE_OF_TASK = lasting(
    select(Disclosure.id)
    .join(LiaisonTask, LiaisonTask.file_key == Disclosure.file_key)
    .where(LiaisonTask.id == bindparam("task"), Disclosure.withdrawn_on.is_(None))
    .limit(1)
)
_OWN_REPORTS = lasting(select(LiaisonReport).order_by(LiaisonReport.id.desc()).limit(bindparam("size")))
_AREA_NAMES = lasting(select(Area.code, Area.name).where(Area.code.in_(bindparam("codes", expanding=True))))
_TOWNSHIPS = lasting(
    select(Area.code, Area.name)
    .where(Area.code >= bindparam("low"), Area.code < bindparam("high"), Area.level == bindparam("level"))
    .order_by(Area.code)
)


def window(work: Work, size: int) -> list[Disclosure]:
    """What the asking department has now, and withdrawn lines whose receipt is still missing."""
    return work.entities(_WINDOW, size=size)


def line_of_task(work: Work, task: int) -> int | None:
    """The own open line about the person of a task."""
    row = work.row(_LINE_OF_TASK, task=task)
    return None if row is None else int(row[0])


def open_tasks(work: Work, size: int) -> list[LiaisonTask]:
    """Tasks that are not closed, what is due first first."""
    return work.entities(_OPEN_TASKS, size=size)


def open_tasks_of(work: Work, keys: Sequence[int]) -> list[LiaisonTask]:
    """Tasks about these files that are not closed, whoever has them."""
    return work.entities(_OPEN_TASKS_OF, keys=list(keys))


def own_reports(work: Work, size: int) -> list[LiaisonReport]:
    """The latest reports of the asking department."""
    return work.entities(_OWN_REPORTS, size=size)


#: Codes of areas have twelve digits; keys of posts are far beyond.
BEYOND_AREAS = 10**12


def area_names(work: Work, codes: Iterable[int | None]) -> dict[int, str]:
    """Names of areas by code, and of posts by key where these stand for a receiver."""
    wanted = sorted({code for code in codes if code is not None})
    areas = [code for code in wanted if code < BEYOND_AREAS]
    found = {row.code: row.name for row in work.rows(_AREA_NAMES, codes=areas)} if areas else {}
    return found | posts.names(work, wanted[len(areas) :])


def townships(work: Work, low: int, high: int, level: int) -> list[tuple[int, str]]:
    """(code, name) of the townships of a range."""
    return [(row.code, row.name) for row in work.rows(_TOWNSHIPS, low=low, high=high, level=level)]


_PLEDGED = lasting(
    select(LiaisonPledge.id)
    .where(
        LiaisonPledge.account == bindparam("account", type_=BigInteger),
        LiaisonPledge.edition == bindparam("edition"),
        LiaisonPledge.on > bindparam("since", type_=Day()),
    )
    .limit(1)
)


def pledged(work: Work, account: int, edition: int, since: date) -> bool:
    """Whether an account has promised an edition after a day."""
    return work.row(_PLEDGED, account=account, edition=edition, since=since) is not None


_PAPERS = lasting(select(GroupSheet).order_by(GroupSheet.kind, GroupSheet.on.desc()).limit(bindparam("size")))


def papers(work: Work, size: int) -> list[GroupSheet]:
    """What was written out for the asking office of the group, by kind, the latest first."""
    return work.entities(_PAPERS, size=size)


# --- the health side ---

_GROUP_SHEET = select(GroupSheet).limit(1)


def group_sheet(work: Work, receiver: int, area: int, kind: int, origin: int | None) -> GroupSheet | None:
    """The sheet of one kind that an office has; of a meeting that of this meeting."""
    found: GroupSheet | None = work.one(
        _GROUP_SHEET.where(
            GroupSheet.receiver == receiver,
            GroupSheet.receiver_area == area,
            GroupSheet.kind == kind,
            GroupSheet.origin.is_(None) if origin is None else GroupSheet.origin == origin,
        )
    )
    return found


_TASKS_WITHIN = lasting(
    select(
        LiaisonTask.receiver,
        LiaisonTask.receiver_area,
        LiaisonTask.asked_on,
        LiaisonTask.due_on,
        LiaisonTask.answer,
    )
    .where(
        LiaisonTask.area >= bindparam("from_area", type_=BigInteger),
        LiaisonTask.area < bindparam("to_area", type_=BigInteger),
        LiaisonTask.closed_on.is_(None),
        LiaisonTask.receiver.not_in(sorted(int(one) for one in POSTS)),
    )
    .order_by(LiaisonTask.due_on, LiaisonTask.id)
    .limit(200)
)


def tasks_within(work: Work, low: int, high: int) -> Sequence[Any]:
    """(receiver, its area, asked, due, answer) of the open tasks of a range; nothing of what they ask."""
    return work.rows(_TASKS_WITHIN, from_area=low, to_area=high)


_GIVEN = lasting(
    select(Disclosure).where(Disclosure.file_key == _FILE).order_by(Disclosure.id.desc()).limit(100)
)
_LEDGER_OF = lasting(
    select(LedgerLine, Account.display.label("who"))
    .outerjoin(Account, Account.id == LedgerLine.actor)
    .where(LedgerLine.file_key == _FILE)
    .order_by(LedgerLine.at.desc(), LedgerLine.id.desc())
    .limit(200)
)
_TASKS_OF = lasting(
    select(LiaisonTask).where(LiaisonTask.file_key == _FILE).order_by(LiaisonTask.id.desc()).limit(50)
)
_REPORTS_OF = lasting(
    select(LiaisonReport).where(LiaisonReport.file_key == _FILE).order_by(LiaisonReport.id.desc()).limit(50)
)
_PRESENT = lasting(
    select(
        select(func.count(Disclosure.id))
        .where(Disclosure.file_key == _FILE, Disclosure.withdrawn_on.is_(None))
        .scalar_subquery()
        .label("open"),
        select(func.count(Disclosure.id)).where(Disclosure.file_key == _FILE).scalar_subquery().label("ever"),
        select(func.count(LiaisonTask.id))
        .where(LiaisonTask.file_key == _FILE, LiaisonTask.closed_on.is_(None))
        .scalar_subquery()
        .label("tasks"),
    )
)
_LATEST_REPORTS = lasting(select(LiaisonReport).order_by(LiaisonReport.id.desc()).limit(bindparam("size")))
_LATEST_TASKS = lasting(
    select(LiaisonTask, Case.file_no)
    .outerjoin(Case, Case.id == LiaisonTask.file_key)
    .order_by(LiaisonTask.closed_on.is_not(None), LiaisonTask.id.desc())
    .limit(bindparam("size"))
)
_COUNTED = lasting(
    select(
        Disclosure.receiver,
        Disclosure.receiver_area,
        Disclosure.withdrawn_on.is_(None).label("open"),
        func.count(Disclosure.id).label("count"),
        func.count(Disclosure.received_at).label("received"),
        func.count(Disclosure.seen_at).label("seen"),
    ).group_by(Disclosure.receiver, Disclosure.receiver_area, Disclosure.withdrawn_on.is_(None))
)
_OF_RECEIVER = lasting(
    select(Disclosure, Case.file_no)
    .outerjoin(Case, Case.id == Disclosure.file_key)
    .where(
        Disclosure.receiver == bindparam("receiver"),
        Disclosure.receiver_area == bindparam("receiver_area", type_=Disclosure.receiver_area.type),
    )
    .order_by(Disclosure.withdrawn_on.is_not(None), Disclosure.id.desc())
    .limit(bindparam("size"))
)
_LATEST_LINES = lasting(
    select(LedgerLine, Case.file_no, Account.display.label("who"))
    .outerjoin(Case, Case.id == LedgerLine.file_key)
    .outerjoin(Account, Account.id == LedgerLine.actor)
    .order_by(LedgerLine.at.desc(), LedgerLine.id.desc())
    .limit(bindparam("size"))
)
_CASE_OF = lasting(
    select(Case.id, Case.area, Case.file_no, Case.person_id, Case.lifecycle).where(Case.id == _FILE)
)
_BY_NUMBER = lasting(
    select(Case.id, Case.area, Case.file_no).where(Case.file_no == bindparam("file_no")).limit(2)
)


def given(work: Work, file: int) -> list[Disclosure]:
    """Everything ever disclosed of one file within the access, latest first."""
    return work.entities(_GIVEN, file=file)


def given_of(work: Work, files: Sequence[int]) -> dict[int, list[Disclosure]]:
    """The same of several files: by file, latest first."""
    found: dict[int, list[Disclosure]] = {}
    for start in range(0, len(files), 500):
        lot = list(files[start : start + 500])
        for row in work.entities(
            select(Disclosure).where(Disclosure.file_key.in_(lot)).order_by(Disclosure.id.desc())
        ):
            found.setdefault(row.file_key, []).append(row)
    return found


def ledger_of(work: Work, file: int) -> Sequence[Any]:
    """(LedgerLine, who) of one file, latest first."""
    return work.rows(_LEDGER_OF, file=file)


_RECEIPT = lasting(
    select(LedgerLine.id)
    .where(LedgerLine.file_key == _FILE, LedgerLine.answers == bindparam("line", type_=BigInteger))
    .limit(1)
)


def receipt_of(work: Work, file: int, line: int) -> bool:
    """Whether the receipt of a line is written down."""
    return work.row(_RECEIPT, file=file, line=line) is not None


def tasks_of(work: Work, file: int) -> list[LiaisonTask]:
    """Tasks to partners about one file, latest first."""
    return work.entities(_TASKS_OF, file=file)


def reports_of(work: Work, file: int) -> list[LiaisonReport]:
    """What partners reported of one file, latest first."""
    return work.entities(_REPORTS_OF, file=file)


def present(work: Work, file: int) -> Any:
    """(open, ever, tasks): how many lines and open tasks a file has; one statement for its page."""
    return work.row(_PRESENT, file=file)


def latest_reports(work: Work, size: int) -> list[LiaisonReport]:
    """The latest reports of partners."""
    return work.entities(_LATEST_REPORTS, size=size)


def latest_tasks(work: Work, size: int) -> Sequence[Any]:
    """(LiaisonTask, file number), open ones first."""
    return work.rows(_LATEST_TASKS, size=size)


def counted(work: Work) -> Sequence[Any]:
    """How many lines each receiver has, open and withdrawn, seen and received."""
    return work.rows(_COUNTED)


def of_receiver(work: Work, receiver: int, area: int, size: int) -> Sequence[Any]:
    """(Disclosure, file number) of one receiver, open ones first."""
    return work.rows(_OF_RECEIVER, receiver=receiver, receiver_area=area, size=size)


def latest_lines(work: Work, size: int) -> Sequence[Any]:
    """(LedgerLine, file number, who) within reach, latest first."""
    return work.rows(_LATEST_LINES, size=size)


class CaseFacts(NamedTuple):
    """What a task or the ledger needs to know of a file."""

    id: int
    area: int
    file_no: str
    person_id: int
    lifecycle: int


def case(work: Work, file: int) -> CaseFacts | None:
    """The file within the access, ``None`` outside."""
    found = work.row(_CASE_OF, file=file)
    return (
        None
        if found is None
        else CaseFacts(found.id, found.area, found.file_no, found.person_id, found.lifecycle)
    )


def by_number(work: Work, file_no: str) -> Sequence[Any]:
    """(id, area, file_no) of the files with this number within the access."""
    return work.rows(_BY_NUMBER, file_no=file_no)
