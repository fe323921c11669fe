"""披露: what other departments see now, written out for each receiver and taken back when its reason ends.

A receiver is a role with an area, or with a post. For every file whose records meet a condition of the matrix
for a receiver there is one line with a sealed sheet of exactly the approved fields; :func:`refresh`
brings the lines of some files in line with their records, in the unit of work that changed them. The door of
the receivers reads lines and never a file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from casemgr.rules.access import POSTS, Access, Action
from casemgr.rules.calendar import months_after
from casemgr.rules.disclosure import Sight, covered, knows_person, sights
from casemgr.rules.policy import Policy, in_force_on
from casemgr.services import benefit_claim, clock, contact, matrix, post_claim
from casemgr.services.disclosure_claim import Claim, Source
from casemgr.services.use_case import use_case, within
from casemgr.store.db import new_key
from casemgr.store.identity import (
    Carrier,
    Revealed,
    RevealedGuardian,
    carrier,
    copy_texts,
    mark_of,
    open_texts,
)
from casemgr.store.models import Disclosure, LedgerLine, LiaisonTask
from casemgr.store.queries import liaison as queries
from casemgr.store.queries import sharing
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.area import AreaLevel, ancestor, span_of
from casemgr.terms.code import from_mask, to_mask
from casemgr.terms.disclosure import Condition, FieldGroup, Level
from casemgr.terms.emergency import ContactKind
from casemgr.terms.guardian import Relation
from casemgr.terms.incident import DangerousAct
from casemgr.terms.liaison import ExchangeKind, Reason, TaskKind, Withdrawal
from casemgr.terms.person import Sex
from casemgr.terms.register import Lifecycle, Management
from casemgr.terms.sharing import Flow

PURPOSE = "对外提供"
COMPARING = "核对对外提供的内容"
#: Cases brought in line in one transaction by the nightly job.
LOT = 2_000
#: Reasons that rest on a law and on nobody's signature.
BY_LAW = frozenset({Reason.GRADE, Reason.INCIDENT, Reason.LOST})
#: Lines of one receiver that are looked through when it opens its window.
MOST_LAPSED = 1_000

Receiver = queries.Receiver


@dataclass(slots=True)
class _Wanted:
    """One line as it should be: who receives it, of which case, on which claims."""

    receiver: Receiver
    case: Any
    claims: list[Claim]
    #: Free texts of the claims, opened only when the sheet is written.
    texts: tuple[tuple[FieldGroup, str, str], ...] = ()
    seen: dict[FieldGroup, Sight] = field(default_factory=dict)

    @property
    def conditions(self) -> frozenset[Condition]:
        return frozenset().union(*(one.conditions for one in self.claims))

    @property
    def first(self) -> Claim:
        """The claim that stands for all: the weightiest reason, of these the latest."""
        return min(self.claims, key=lambda one: (int(one.reason), -(one.on or date.min).toordinal()))

    @property
    def until(self) -> date | None:
        """The first day on which something of it ends: from the next on it has to be written out anew."""
        return min((one.until for one in self.claims if one.until is not None), default=None)

    @property
    def ground(self) -> str:
        """The laws the sight of the name rests on."""
        told = self.seen.get(FieldGroup.G1) or next(iter(self.seen.values()))
        return told.ground[:240]


# --- why somebody is told ---


def at_risk(work: Work, keys: Sequence[int], today: date, policy: Policy) -> Iterator[Claim]:
    """The police are told of the present danger level from 3 on, of acts against others, and by local law
    of the lost (REC-LIA-1, REC-LIA-2)."""
    risk = frozenset({Condition.RISK})
    for row in queries.grades(work, keys, policy.disclose_grade.value):
        facts = ((FieldGroup.G8, "危险性评估", f"{row.risk}级（{row.on.isoformat()}评估）"),)
        yield Claim(row.case_id, Role.POLICE, risk, Reason.GRADE, row.on, row.risk, row.id, facts=facts)
    term = policy.disclose_incident.value
    for case, origin, on, words in _acts(work, keys):
        if term and months_after(on, term) < today:
            continue  # older than a local rule lets it be told (REC-LIA-5)
        facts = ((FieldGroup.G9, "案（事）件", f"{on.isoformat()} {words}"),)
        yield Claim(case, Role.POLICE, risk, Reason.INCIDENT, on, None, origin, facts=facts)
    if policy.disclose_lost.value:
        for row in queries.cases(work, keys):
            if row.management == Management.LOST:
                yield Claim(row.id, Role.POLICE, risk, Reason.LOST, row.management_on)


def _acts(work: Work, keys: Sequence[int]) -> Iterator[tuple[int, int, date, str]]:
    """(case, record, day, kind in words) of acts against others, each day once."""
    told: set[tuple[int, date]] = set()
    for case, key, on, kind in queries.incidents(work, keys):
        told.add((case, on))
        yield case, key, on, DangerousAct.read(kind).label
    for case, key, on, crimes in queries.offences(work, keys):
        if (case, on) not in told:
            yield case, key, on, (DangerousAct.CRIME if crimes else DangerousAct.OFFENCE).label


#: Every source of claims; whoever knows another reason adds to it.
SOURCES: list[Source] = [at_risk, benefit_claim.claims, post_claim.claims]


def conditions_for(work: Work, case_id: int, role: Role, area: int, today: date) -> frozenset[Condition]:
    """The conditions of the matrix that hold now for a department about one file."""
    held = {
        condition
        for one in queries.lines(work, [case_id])
        if (one.receiver, one.receiver_area) == (int(role), area)
        and (one.valid_until is None or one.valid_until >= today)
        for condition in from_mask(Condition, one.conditions)
    }
    policy = in_force_on(today, within(work).region)
    if any(True for _ in at_risk(work, [case_id], today, policy)):
        held.add(Condition.RISK)
    return frozenset(held)


# --- what is told ---


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything a receiver may see of one person: lines of (group or 0, label, value), nothing else."""

    alias: str
    lines: tuple[tuple[int, str, str], ...] = field(repr=False)

    @property
    def groups(self) -> int:
        """The field groups that are really on it, as a mask; the doctor to call belongs to none."""
        return to_mask({group for group, _label, _value in self.lines if group})

    @property
    def text(self) -> str:
        return json.dumps([list(line) for line in self.lines], ensure_ascii=False)


def alias_of(name: str) -> str:
    """What a list calls somebody: the family name and 某; nothing of an unknown name."""
    compound = ("欧阳", "上官", "司马", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "司徒", "夏侯")
    if not name:
        return "某"
    return (name[:2] if name.startswith(compound) and len(name) > 2 else name[:1]) + "某"


#: What of the sealed identity each group needs.
_NEEDED = {
    FieldGroup.G1: ("name", "birth_on"),
    FieldGroup.G2: ("id_number",),
    FieldGroup.G3: ("phone",),
    FieldGroup.G4: ("residence",),
}


def _lines(
    wanted: _Wanted, person: Revealed, guardians: Sequence[RevealedGuardian], doctor: str
) -> Iterator[tuple[FieldGroup | None, str, str]]:
    case, seen = wanted.case, wanted.seen

    def shown(group: FieldGroup, text: str) -> str:
        told = seen.get(group)
        return "" if told is None else covered(text, told.mask)

    if FieldGroup.G1 in seen:
        yield FieldGroup.G1, "姓名", person.name
        if case.sex is not None:
            yield FieldGroup.G1, "性别", Sex.read(case.sex).label
        yield FieldGroup.G1, "出生日期", person.birth_on
    yield FieldGroup.G2, "身份证号", shown(FieldGroup.G2, person.id_number)
    yield FieldGroup.G3, "电话", shown(FieldGroup.G3, person.phone)
    if FieldGroup.G4 in seen:
        yield FieldGroup.G4, "村（社区）", case.village_name or ""
        yield FieldGroup.G4, "住址", shown(FieldGroup.G4, person.residence)
    if FieldGroup.G5 in seen and seen[FieldGroup.G5].level is Level.FLAG:
        known = wanted.receiver.role in (Role.POLICE, Role.POLITICAL_LEGAL)
        yield FieldGroup.G5, "对象类别", "在册患者" if known else "属保障对象"
    for claim in wanted.claims:
        for group, label, value in claim.facts:
            if group is None or group in seen:
                yield group, label, value
    yield from wanted.texts
    if FieldGroup.G10 in seen:
        for one in guardians:
            relation = Relation.read(one.relation).label if one.relation is not None else ""
            words = "，".join(part for part in (one.name, relation, one.phone, one.residence) if part)
            yield FieldGroup.G10, "监护人", words
    yield None, "联系医生", doctor


def sheet_of(wanted: _Wanted, person: Revealed, guardians: Sequence[RevealedGuardian], doctor: str) -> Sheet:
    """The sheet of one line: filled fields of the approved groups, in the order of the matrix."""
    lines = dict.fromkeys(
        (0 if group is None else int(group), label, value)
        for group, label, value in _lines(wanted, person, guardians, doctor)
        if value
    )
    alias = alias_of(person.name)
    if wanted.receiver.role in POSTS:  # a village knows many of one family name
        known = [
            Sex.read(wanted.case.sex).label if wanted.case.sex is not None else "",
            f"{wanted.case.birth_year}年生" if wanted.case.birth_year else "",
        ]
        if any(known):
            alias += f"（{'，'.join(filter(None, known))}）"
    return Sheet(alias, tuple(lines))


def _texts_of(work: Work, wanted: _Wanted) -> tuple[tuple[FieldGroup, str, str], ...]:
    """The free texts of the claims that the matrix tells, opened for the copy."""
    found = {}
    for claim in wanted.claims:
        for one in claim.texts:
            if one.group in wanted.seen:
                found[one.noun, one.key, one.label] = one
    opened = []
    for one in found.values():
        text = copy_texts(work, one.noun, [(one.key, one.value)], PURPOSE, wanted.case.id)[0]
        if text:
            opened.append((one.group, one.label, one.words.format(text)))
    return tuple(opened)


# --- keeping the lines right ---


def refresh(work: Work, cases: Iterable[int]) -> None:
    """Bring what is disclosed of some files in line with their records, within the same unit of work.

    One statement where no other department has an account, a constant number elsewhere.
    """
    keys = sorted(set(cases))
    if not keys:
        return
    today = clock.today()
    known = queries.staffed(work, today)
    if not known:
        return
    # Nothing is written out for a post at which nobody can sign in; what it had is taken back.
    receivers = [one for one, live in known.items() if live]
    work.flush()
    policy = in_force_on(today, within(work).region)
    for start in range(0, len(keys), LOT):
        _reconcile(work, keys[start : start + LOT], receivers, policy, today)
    work.flush()


def _noted(work: Work, area: int, known: dict[int, bool]) -> bool:
    """Whether the county of an area has assessed the impact of the police window (PIPL-55)."""
    county = ancestor(area, AreaLevel.COUNTY)
    if county not in known:
        known[county] = int(Flow.POLICE_WINDOW) in sharing.flows_noted(work, county)
    return known[county]


def _wanted(
    work: Work, cases: Mapping[int, Any], receivers: Sequence[Receiver], policy: Policy, today: date
) -> dict[tuple[int, Role, int], _Wanted]:
    """Every line there should be, by case and receiver."""
    keys = sorted(key for key, case in cases.items() if case.lifecycle == Lifecycle.ON_REGISTER)
    found: dict[tuple[int, Role, int], _Wanted] = {}
    if not keys:
        return found
    noted: dict[int, bool] = {}
    for source in SOURCES:
        for claim in source(work, keys, today, policy):
            case = cases[claim.case]
            if claim.reason in BY_LAW and not _noted(work, case.area, noted):
                continue
            if claim.until is not None and claim.until < today:
                continue
            for to in receivers:
                low, high = span_of(to.area)
                if to.role is not claim.role or not low <= case.area < high:
                    continue
                if claim.area not in (None, to.desk):
                    continue
                line = found.setdefault((claim.case, to.role, to.desk), _Wanted(to, case, []))
                line.claims.append(claim)
    held = matrix.loosened(work, today) if found else ()
    for key in list(found):
        line = found[key]
        if not knows_person(line.receiver.role, line.conditions, today, held, line.case.area):
            del found[key]
            continue
        asked = [one.groups for one in line.claims]
        line.seen = {
            group: told
            for group, told in sights(
                line.receiver.role, line.conditions, today, held, line.case.area
            ).items()
            if any(groups is None or group in groups for groups in asked)
        }
    return found


def _reconcile(
    work: Work, keys: list[int], receivers: Sequence[Receiver], policy: Policy, today: date
) -> None:
    there = {
        (one.file_key, Role.read(one.receiver), one.receiver_area): one for one in queries.lines(work, keys)
    }
    cases = {row.id: row for row in queries.cases(work, keys)}
    wanted = _wanted(work, cases, receivers, policy, today)
    for key, old in there.items():
        new = wanted.get(key)
        if new is None or old.area != new.case.area:
            _withdraw(work, old, _why(work, old, cases.get(old.file_key), receivers, today), today)
    _empty_tasks(work, there.values(), keys, cases, today)
    if not wanted:
        return
    carried = carrier(work, sorted({one.case.person_id for one in wanted.values()}), PURPOSE)
    doctors = _doctors(work, wanted.values())
    for key, line in wanted.items():
        found = there.get(key)
        if found is not None and found.withdrawn_on is not None:
            found = None
        _write(work, found, line, carried, doctors[line.case.id], today)


def _empty_tasks(
    work: Work, lines: Iterable[Disclosure], keys: Sequence[int], cases: Mapping[int, Any], today: date
) -> None:
    """Close what departments are asked about people who have left, or of whom they may know no longer.

    A task names somebody as a sheet does, on the same ground. Looking for somebody in danger rests on the
    emergency and stays.
    """
    stay = {key: case.area for key, case in cases.items() if case.lifecycle == Lifecycle.ON_REGISTER}
    ended = {(one.file_key, one.receiver, one.receiver_area) for one in lines if one.withdrawn_on is not None}
    asked = sorted({key for key in keys if key not in stay} | {key for key, _role, _area in ended})
    for task in queries.open_tasks_of(work, asked) if asked else ():
        fell = (task.file_key, task.receiver, task.receiver_area) in ended and task.kind != TaskKind.FIND
        if fell or stay.get(task.file_key) != task.area:
            _empty(work, task, today)


def _empty(work: Work, task: LiaisonTask, today: date) -> None:
    task.body, task.closed_on, task.closed_by = None, today, work.access.actor


def lapse(work: Work, today: date) -> None:
    """Take back what of the department's lines was over at midnight: the night's job may be late."""
    over = [
        one
        for one in queries.window(work, MOST_LAPSED)
        if one.withdrawn_on is None and one.valid_until is not None and one.valid_until < today
    ]
    for one in over:
        _withdraw(work, one, Withdrawal.EXPIRED, today)
    gone = {one.file_key for one in over}
    for task in queries.open_tasks_of(work, sorted(gone)) if gone else ():
        if task.kind != TaskKind.FIND:
            _empty(work, task, today)
    if over:
        work.flush()


def _why(work: Work, old: Disclosure, case: Any, receivers: Sequence[Receiver], today: date) -> Withdrawal:
    if case is None or case.area != old.area:
        return Withdrawal.MOVED
    if (old.receiver, old.receiver_area) not in {(int(one.role), one.desk) for one in receivers}:
        return Withdrawal.NO_ONE
    if case.lifecycle != Lifecycle.ON_REGISTER:
        return Withdrawal.MOVED if case.lifecycle == Lifecycle.MOVED_OUT else Withdrawal.LEFT
    if old.reason == Reason.VILLAGE and case.village != old.village:
        return Withdrawal.MOVED
    if old.valid_until is not None and old.valid_until < today:
        return Withdrawal.EXPIRED
    if old.reason in BY_LAW and not _noted(work, old.area, {}):
        return Withdrawal.RULE
    return Withdrawal.REVOKED if old.reason in (Reason.BENEFIT, Reason.CONSENT) else Withdrawal.ENDED


def _doctors(work: Work, lines: Iterable[_Wanted]) -> dict[int, str]:
    """Whom to call about each case: unit, doctor's names and the number written down for the township."""
    found = list(lines)
    names = queries.doctors(work, [one.case.area for one in found])
    known = contact.known(work)
    told: dict[int, str] = {}
    for one in found:
        kinds = (ContactKind.CLINIC, ContactKind.COUNTY)
        numbers = contact.nearest(known, str(one.case.area), kinds)[:1]
        parts = [one.case.unit, "、".join(names.get(one.case.area, ())[:2]), *(n.phone for n in numbers)]
        told[one.case.id] = " ".join(part for part in parts if part)
    return told


def _source(line: _Wanted, carried: Carrier, doctor: str) -> bytes:
    """Tells whether anything a sheet is made from is another than when it was made."""
    made_of = (
        sorted((int(group), int(one.level), one.mask, one.ground) for group, one in line.seen.items()),
        sorted((int(c.reason), c.origin, str(c.on), c.grade, c.facts) for c in line.claims),
        (line.case.village_name, line.case.sex, doctor),
        carried.print_of(line.case.person_id),
        *(mark_of([one.value for one in c.texts]) for c in line.claims if c.texts),
    )
    return hashlib.sha256(repr(made_of).encode()).digest()


def _write(
    work: Work, old: Disclosure | None, line: _Wanted, carried: Carrier, doctor: str, today: date
) -> None:
    source = _source(line, carried, doctor)
    if old is not None and old.source == source and old.valid_until == line.until:
        return
    needed = [name for group, names in _NEEDED.items() if group in line.seen for name in names]
    opened = carried.open(line.case.person_id, line.case.id, needed, FieldGroup.G10 in line.seen)
    if opened is None:  # sealed for good: nothing more is told of the person
        if old is not None:
            _withdraw(work, old, Withdrawal.LEFT, today)
        return
    line.texts = _texts_of(work, line)
    sheet = sheet_of(line, *opened, doctor)
    first = line.first
    values: dict[str, Any] = {
        "conditions": to_mask(line.conditions),
        "reason": int(first.reason),
        "ground": line.ground,
        "grade": max((one.grade for one in line.claims if one.grade is not None), default=None),
        "evidence_on": first.on,
        "origin": first.origin,
        "groups": sheet.groups,
        "village": line.case.village,
        "source": source,
        "valid_until": line.until,
    }
    if old is None:
        old = Disclosure(
            id=new_key(),
            area=line.case.area,
            receiver=int(line.receiver.role),
            receiver_area=line.receiver.desk,
            file_key=line.case.id,
            alias=Plain(sheet.alias),
            sheet=Plain(sheet.text),
            valid_from=today,
            recorded_at=clock.now(),
            **values,
        )
        work.add(old)
        note(work, old, ExchangeKind.OPENED)
        return
    before = open_texts(work, "Disclosure", [(old.id, old.sheet)], COMPARING, old.file_key)[0]
    for name, value in values.items():
        setattr(old, name, value)
    if before == sheet.text:
        return
    old.alias, old.sheet = Plain(sheet.alias), Plain(sheet.text)
    if old.seen_at is not None:
        old.corrected_on, old.received_at, old.received_by = today, None, None
    note(work, old, ExchangeKind.CORRECTED)


def _withdraw(work: Work, old: Disclosure, why: Withdrawal, today: date) -> None:
    old.sheet, old.source = None, None
    old.withdrawn_on, old.withdrawal = today, int(why)
    old.received_at = old.received_by = old.corrected_on = None
    note(work, old, ExchangeKind.WITHDRAWN)


def note(work: Work, line: Disclosure, kind: ExchangeKind, groups: int | None = None) -> LedgerLine:
    """Write one line of the ledger about a disclosure; who works is who did it."""
    return work.add(
        LedgerLine(
            id=new_key(),
            area=line.area,
            receiver=line.receiver,
            receiver_area=line.receiver_area,
            file_key=line.file_key,
            disclosure_id=line.id,
            kind=int(kind),
            at=clock.now(),
            actor=work.access.actor,
            groups=line.groups if groups is None else groups,
            conditions=line.conditions,
            ground=line.ground,
            count=1,
            reason=line.reason,
            grade=line.grade,
            evidence_on=line.evidence_on,
            until=line.valid_until,
        )
    )


# --- at night ---


@use_case(Action.JOB_RUN)
def _refresh_lot(work: Work, after: int) -> tuple[int, int]:
    """(how many cases, the last of them)."""
    keys = queries.all_keys(work, after, LOT)
    refresh(work, keys)
    return len(keys), keys[-1] if keys else after


@use_case(Action.JOB_RUN, writes=False)
def _is_anybody(work: Work) -> bool:
    return bool(queries.receivers(work))


def refresh_all(access: Access) -> Iterator[int]:
    """Bring every line inside the access in line with its file, in lots; tells the size of each lot."""
    if not _is_anybody(access):
        return
    count, last = LOT, 0
    while count == LOT:
        count, last = _refresh_lot(access, last)
        yield count
