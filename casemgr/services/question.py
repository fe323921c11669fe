"""待核对: what the checks ask about registered people, stored until it is answered or the facts change.

A question is asked by the checks of one record (:mod:`casemgr.forms.registration`) and by those over several
(:mod:`casemgr.rules.question`). It is identified by its facts, so an answer holds as long as they do. Other
townships are looked at in the name of the system; what comes back tells neither who nor where.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from casemgr.forms import registration as checks
from casemgr.forms.cell import day_of, days
from casemgr.forms.registration import Judged, judge
from casemgr.rules import question as rules
from casemgr.rules.access import Access, Action
from casemgr.rules.calendar import months_after, working_days_after
from casemgr.rules.policy import Policy, in_force_on
from casemgr.rules.question import FileFacts
from casemgr.services import contact, exchange_rows, person_rows, revision
from casemgr.services.errors import Conflict, Missing, Unfit
from casemgr.services.exchange_rows import Stored
from casemgr.services.reach import over_county
from casemgr.services.register import NOT_THERE, CaseRow, Page, rows_of
from casemgr.services.use_case import use_case, within
from casemgr.store.db import new_key
from casemgr.store.identity import ID_NUMBER, PHONE, normal_name, open_texts, opening
from casemgr.store.models import Case, Question, Supplement
from casemgr.store.queries import area as areas
from casemgr.store.queries import question as queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms import idnumber
from casemgr.terms.area import AreaLevel, ancestor, span_of
from casemgr.terms.attempt import AttemptResult, AttemptWay
from casemgr.terms.followup import Grade
from casemgr.terms.person import DocumentKind, Economy, Employment
from casemgr.terms.register import Lifecycle
from casemgr.terms.resident import Residency

PURPOSE = "核对档案"
#: A session of rehabilitation so long ago still explains that somebody works well.
REHAB_SEEN = timedelta(days=92)
#: Files looked at in one transaction by the nightly job.
LOT = 500
SIZE = 50
LONGEST_REASON = 300
WEIGHTS = {"B": 1, "C": 2, "Q": 3}
LETTERS = {number: letter for letter, number in WEIGHTS.items()}
WORDS = {1: "须改正", 2: "需说明", 3: "请核对"}
RG09 = "rg09"
#: A late registration is asked about for so many months.
LATE_ASKED = 12
#: Asked while a file is typed only: a workbook has no column that could tell.
WHILE_TYPING = frozenset({"rg17"})
TITLES: Mapping[str, str] = {**rules.TITLES, **checks.TITLES}
#: The field of the page «修改档案» that answers a question; those not named have a page of their own.
APART = {"consent": "consent", "consent_on": "consent", "diagnosis": "diagnosis", "icd10": "diagnosis"}


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One open question: its check, sentence, since when, and where the facts are put right."""

    id: int
    code: str
    title: str
    weight: str
    demand: str
    asked_on: date
    days: int
    page: str
    at: str
    says: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AskedRow:
    """One person with open questions: the file, since when, and the titles of what is asked."""

    case: CaseRow
    asked_on: date
    days: int
    titles: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AskedList:
    """One page of people with open questions, and how many people each check asks about."""

    page: Page[AskedRow]
    codes: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class AreaAsked:
    """How many people of one township have open questions, and the day of the oldest."""

    code: int
    name: str
    people: int
    since: date | None


# --- asking ---


def ask(access: Access, cases: Sequence[int], today: date, area: int | None = None) -> None:
    """Ask about these files anew, after they were written; part of what the writer may do.

    ``area`` is where they are, for whoever reaches more than one county. What was written stays written when
    somebody else asks about the same file at this moment: the night asks again.
    """
    if cases and access.may(Action.REGISTER_WRITE):
        with suppress(Conflict):
            _ask(over_county(access, "questions", area), list(cases), today, None)


@use_case(Action.REGISTER_WRITE)
def _ask(work: Work, cases: list[int], today: date, held: _Held | None) -> int:
    return reconcile(work, cases, today, held)


@use_case(Action.JOB_RUN)
def _numbers(work: Work) -> _Held:
    return _Held(queries.all_holders(work))


@use_case(Action.CASE_LIST)
def _keys(work: Work, low: int, high: int, after: int) -> list[int]:
    return queries.case_keys(work, low, high, after, LOT)


def ask_all(access: Access, today: date) -> Iterator[int]:
    """Ask about every file within the access, in lots with a transaction each; tells the size of each."""
    held, last = _numbers(access), 0
    while keys := _keys(access, access.low, access.high, last):
        _ask(access, keys, today, held)
        last = keys[-1]
        yield len(keys)


def ask_area(access: Access, area: int, today: date) -> int:
    """Ask about every file of one township now; how many files there were."""
    low, high = _span(access, area)
    found, last = 0, 0
    while keys := _keys(access, low, high, last):
        ask(access, keys, today, area)
        found, last = found + len(keys), keys[-1]
    return found


class _Held:
    """Who holds which identity number, looked up in memory: for a whole register at a time."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._rows: dict[bytes, list[Any]] = defaultdict(list)
        for row in rows:
            self._rows[bytes(row.id_token)].append(row)

    def of(self, tokens: Iterable[bytes]) -> dict[bytes, list[Any]]:
        """The files with these numbers, by token."""
        return {token: self._rows[token] for token in tokens if token in self._rows}


def _held(work: Work, tokens: Iterable[bytes], held: _Held | None) -> dict[bytes, list[Any]]:
    return (held or _Held(queries.holders(work, tokens))).of(tokens)


def reconcile(work: Work, cases: Sequence[int], today: date, held: _Held | None = None) -> int:
    """Bring the questions of these files in line with the facts, within this unit of work."""
    work.flush()
    policy = in_force_on(today, within(work).region)
    kept: dict[int, list[Question]] = defaultdict(list)
    for one in queries.stored(work, cases):
        kept[one.case_id].append(one)
    count = 0
    for stored, asked in _asked(work, cases, today, policy, held):
        count += len(asked)
        _put(work, stored, asked, kept.pop(stored.key, []), today)
    for left in kept.values():
        for one in left:
            one.ended_on = one.ended_on or today
    work.flush()
    return count


def _put(work: Work, stored: Stored, asked: list[Judged], kept: list[Question], today: date) -> None:
    known = {(one.code, bytes(one.facts)): one for one in kept}
    for judged in asked:
        prints = _prints(work, judged)
        row = next((known.pop((judged.id, each)) for each in prints if (judged.id, each) in known), None)
        if row is None:
            work.add(_row(stored, judged, prints[0], today))
        elif row.ended_on is not None:
            row.ended_on = None
    for one in known.values():
        if one.ended_on is None:
            one.ended_on = today


def _row(stored: Stored, judged: Judged, facts: bytes, today: date) -> Question:
    return Question(
        id=new_key(),
        case_id=stored.key,
        area=stored.area,
        code=judged.id,
        weight=WEIGHTS[judged.weight],
        facts=facts,
        says=Plain(judged.says),
        asked_on=today,
    )


def _prints(work: Work, judged: Judged) -> list[bytes]:
    """The digest of what a question is about, under the present key and those before it."""
    text = json.dumps([judged.id, judged.facts], ensure_ascii=False, default=str).encode()
    return list(work.vault.macs("question", text))


def _asked(
    work: Work, cases: Sequence[int], today: date, policy: Policy, held: _Held | None
) -> Iterator[tuple[Stored, list[Judged]]]:
    codes = {unit.key: code for code, unit in exchange_rows.known_units(work).items()}
    seen = queries.seen(work, cases)
    open_ones = [case for case in cases if case in seen and seen[case].lifecycle == Lifecycle.ON_REGISTER]
    supplements = queries.details(work, open_ones)
    with opening(work, "Person", PURPOSE) as opened:
        found = list(exchange_rows.people(work, open_ones, codes, opened))
        facts = _around(work, found, seen, supplements, opened, policy, held, today)
    for stored in found:
        details = person_rows.details_of(work, supplements.get(stored.key), "")
        asked = [one for one in judge(stored.row, today, stored.area, details) if one.id not in WHILE_TYPING]
        asked += _late(stored, policy, today)
        for one in rules.ask(facts[stored.key], policy, today):
            asked.append(Judged(one.id, one.weight, one.field, one.says, facts=one.facts))
        yield stored, asked


def _late(stored: Stored, policy: Policy, today: date) -> Iterator[Judged]:
    """rg09: registered later after the diagnosis than the norm allows."""
    row, term = stored.row, policy.file_entry
    if row.diagnosed is None or row.diagnosed.precision != 3:
        return
    if months_after(day_of(row.registered_on), LATE_ASKED) < today:
        return  # long ago: nothing can be learned from asking now
    due = working_days_after(day_of(row.diagnosed.first), term.value)
    if row.registered_on > days(due):
        says = (
            f"建档晚于确诊后 {term.value} 个工作日（应于 {due.isoformat()} 前）。"
            "及时建档才能及时随访。请核对两个日期，或写明经过。"
        )
        yield Judged(RG09, "Q", "registered_on", says, "FB2013-3.3", (row.diagnosed, row.registered_on))


# --- what is known around a file ---


def _around(
    work: Work,
    found: Sequence[Stored],
    seen: Mapping[int, Any],
    supplements: Mapping[int, Supplement],
    opened: Any,
    policy: Policy,
    held: _Held | None,
    today: date,
) -> dict[int, FileFacts]:
    phones = {one.key: one.row.phone for one in found if one.row.phone}
    guardians = {one.key: one.row.guardian_phone for one in found if one.row.guardian_phone}
    shared = _shared(work, set(phones.values()), opened, policy)
    patients = _patients(work, set(guardians.values()))
    calls = _unanswered(work, [one.key for one in found], seen)
    alike = _alike(work, found, opened, held)
    told = _told_elsewhere(work, found, held)
    names = queries.places(work, {code for one in found for code in (one.area, one.row.village) if code})
    institutions = contact.institutions(work)
    trained = queries.trained_since(work, [one.key for one in found], today - REHAB_SEEN)
    facts = {}
    for one in found:
        row, key = one.row, one.key
        supplement = supplements.get(key)
        sharers, families = shared.get(phones.get(key, ""), (0, 0))
        near = alike.get(key, [])
        risks = [risk for case, risk in patients.get(guardians.get(key, ""), []) if case != key]
        facts[key] = FileFacts(
            registered_on=day_of(row.registered_on),
            alike=tuple(sorted(hit.file_no for hit in near if hit.area == one.area)),
            alike_elsewhere=sum(hit.area != one.area for hit in near),
            sharers=sharers,
            families=families,
            institution=institutions.get(contact.digits(row.phone or ""), ""),
            unreached=calls.get(key, ()),
            risk=seen[key].risk,
            guardian=row.guardian_name is not None,
            guardian_risk=max((risk for risk in risks if risk is not None), default=None),
            told_elsewhere=told.get(key, ()),
            no_document=row.id_number is None and row.document_kind in (None, DocumentKind.NONE),
            document_ask_on=supplement.document_ask_on if supplement else None,
            poor=row.economy == Economy.POOR,
            poverty_seen_on=supplement.poverty_seen_on if supplement else None,
            resident_here=bool(supplement and supplement.residency == Residency.REGISTERED),
            domicile_here=_names_place(row.domicile, [names.get(one.area), names.get(row.village or 0)]),
            works_well=seen[key].work == Grade.GOOD,
            no_work=row.employment == Employment.UNEMPLOYED,
            in_rehab=bool(seen[key].measures) or key in trained,
        )
    return facts


def _names_place(domicile: str | None, names: Iterable[str | None]) -> bool | None:
    return None if domicile is None else any(name in domicile for name in names if name)


def _tokens(work: Work, phones: set[str]) -> dict[bytes, str]:
    """The telephones by their tokens, each under every generation of keys."""
    return {token: phone for phone in phones for token in work.vault.tokens(PHONE, phone)}


def _shared(work: Work, phones: set[str], opened: Any, policy: Policy) -> dict[str, tuple[int, int]]:
    """(people, families) of the telephones that more people have than is usual; a family is one address."""
    phone_of, people = _tokens(work, phones), Counter[str]()
    for token, count in queries.sharers(work, phone_of).items():
        people[phone_of[token]] += count
    many = {phone: count for phone, count in people.items() if count > policy.phone_families.value}
    homes: dict[str, set[str]] = defaultdict(set)
    for row in queries.homes(work, [token for token, phone in phone_of.items() if phone in many]):
        address = opened(row.person_id, row.residence)
        homes[phone_of[bytes(row.phone_token)]].add(address or f"#{row.person_id}")
    return {phone: (count, len(homes[phone])) for phone, count in many.items()}


def _patients(work: Work, phones: set[str]) -> dict[str, list[tuple[int, int | None]]]:
    found: dict[str, list[tuple[int, int | None]]] = defaultdict(list)
    phone_of = _tokens(work, phones)
    for row in queries.called(work, phone_of):
        found[phone_of[bytes(row.phone_token)]].append((row.id, row.risk))
    return found


def _unanswered(work: Work, cases: Sequence[int], seen: Mapping[int, Any]) -> dict[int, tuple[date, ...]]:
    """Days of calls that nobody answered, since the last visit and the last answer."""
    found: dict[int, list[date]] = defaultdict(list)
    for row in queries.attempts(work, cases):
        last = seen[row.case_id].on
        if last is not None and row.on <= last:
            continue
        if row.result != AttemptResult.NOT_REACHED:
            found[row.case_id].clear()
        elif row.way in (None, AttemptWay.PHONE):
            found[row.case_id].append(row.on)
    return {case: tuple(on) for case, on in found.items()}


def _alike(work: Work, found: Sequence[Stored], opened: Any, held: _Held | None) -> dict[int, list[Any]]:
    """Files with a number that differs in one digit, or in two that changed places, and the same name."""
    vault = work.vault
    numbers = {
        one.key: one.row.id_number for one in found
        if one.row.id_number and idnumber.fault(one.row.id_number) is None
    }  # fmt: skip
    near = {
        key: {token for other in idnumber.neighbours(number) for token in vault.tokens(ID_NUMBER, other)}
        for key, number in numbers.items()
    }
    rows = _held(work, set().union(*near.values()), held)
    hits = {
        key: [row for token in tokens & rows.keys() for row in rows[token]] for key, tokens in near.items()
    }
    people = {row.person_id for found_rows in hits.values() for row in found_rows}
    names = {
        row.person_id: normal_name(opened(row.person_id, row.name) or "")
        for row in queries.names(work, people)
    }
    own = {one.key: one for one in found}
    return {
        key: [
            row for row in found_rows
            if row.lifecycle == Lifecycle.ON_REGISTER
            and names.get(row.person_id) == normal_name(own[key].row.name)
            and ancestor(row.area, AreaLevel.COUNTY) == ancestor(own[key].area, AreaLevel.COUNTY)
        ]
        for key, found_rows in hits.items() if found_rows
    }  # fmt: skip


def _told_elsewhere(work: Work, found: Sequence[Stored], held: _Held | None) -> dict[int, tuple[date, ...]]:
    """Days of incidents of one kind that the file of the same person in another township has, too (ev07)."""
    tokens = {one.key: work.vault.tokens(ID_NUMBER, one.row.id_number) for one in found if one.row.id_number}
    rows = _held(work, {token for each in tokens.values() for token in each}, held)
    area_of = {one.key: one.area for one in found}
    others = {
        key: [
            row.id for token in each for row in rows.get(token, ())
            if row.id != key and row.area != area_of[key]
        ]
        for key, each in tokens.items()
    }  # fmt: skip
    others = {key: cases for key, cases in others.items() if cases}
    told: dict[int, set[tuple[date, int]]] = defaultdict(set)
    for row in queries.incidents(work, {case for pair in others.items() for case in (pair[0], *pair[1])}):
        told[row.case_id].add((row.on, row.kind))
    return {
        key: tuple(sorted({on for case in cases for on, kind in told[key] & told[case]}))
        for key, cases in others.items()
    }


# --- reading and answering ---


@use_case(Action.CASE_READ)
def of_case(work: Work, case_id: int, today: date) -> tuple[QuestionView, ...]:
    """The open questions of one file, what must be put right first; empty for a file out of reach."""
    rows = queries.of_case(work, case_id)
    if not rows:
        return ()
    texts = open_texts(work, "Question", [(row.id, row.says) for row in rows], PURPOSE, case_id)
    return tuple(
        QuestionView(
            row.id,
            row.code,
            TITLES.get(row.code, row.code),
            LETTERS[row.weight],
            WORDS[row.weight],
            row.asked_on,
            (today - row.asked_on).days,
            _page_of(row.code),
            FIELDS.get(row.code, ""),
            says,
        )
        for row, says in zip(rows, texts, strict=True)
    )


def _page_of(code: str) -> str:
    """Which page of the person answers a question."""
    return "events" if code == "ev07" else APART.get(FIELDS.get(code, ""), "edit")


FIELDS: Mapping[str, str] = {
    **{one.id: one.field for one in rules.CHECKS},
    **checks.FIELD_OF,
    RG09: "registered_on",
}


@use_case(Action.REGISTER_WRITE)
def answer(work: Work, case_id: int, key: int, reason: str, today: date) -> None:
    """Say that the facts are as they are, with a reason; it is not asked again until they change.

    Raises :class:`Missing` outside the access, :class:`Unfit` without a reason. A second press changes
    nothing.
    """
    one = work.get(Question, key)
    if one is None or one.case_id != case_id:
        raise Missing(NOT_THERE)
    if one.answered_on is not None or one.ended_on is not None:
        return
    if not reason:
        raise Unfit(
            "没有保存。",
            fields={f"reason-{key}": "请写明怎样核实的。没有理由，以后无从判断。请补写，或先改正档案。"},
        )
    one.answered_on, one.answered_by = today, work.access.actor
    one.reason = Plain(reason[:LONGEST_REASON])
    title = TITLES.get(one.code, one.code)
    revision.note(work, "answer", one, {f"{one.code} {title}": ("", "已核实，确实如此")}, reason)


def answered(
    work: Work, case: Case, asked: Iterable[Judged], reasons: Mapping[str, str], today: date
) -> None:
    """Keep what was explained while saving, so that it is not asked again; part of that unit of work."""
    known = {(one.code, bytes(one.facts)): one for one in queries.stored(work, [case.id])}
    for judged in asked:
        reason = reasons.get(judged.id, "")
        prints = _prints(work, judged)
        row = next((known[judged.id, each] for each in prints if (judged.id, each) in known), None)
        if not reason or (row is not None and row.answered_on is not None):
            continue
        if row is None:
            row = work.add(_row(Stored(None, case.id, case.area), judged, prints[0], today))
        row.answered_on, row.answered_by, row.ended_on = today, work.access.actor, None
        row.reason = Plain(reason[:LONGEST_REASON])


# --- lists ---


def _span(access: Access, area: int) -> tuple[int, int]:
    low, high = span_of(area)
    if low < access.low or high > access.high:
        raise Missing("没有这个区划，或不在您的辖区内。请从首页的列表进入。")
    return low, high


@use_case(Action.CASE_LIST)
def list_(work: Work, area: int, code: str, number: int, today: date) -> AskedList:
    """People of an area with open questions, longest waiting first; a constant number of statements.

    ``code`` narrows to one check. :class:`Missing` outside the access.
    """
    low, high = _span(work.access, area)
    total = queries.count(work, low, high, code)
    number = min(max(1, number), max(1, -(-total // SIZE)))
    found = queries.page(work, low, high, code, SIZE, (number - 1) * SIZE) if total else ()
    keys = [row.case_id for row in found]
    cases = rows_of(work, keys, today) if keys else {}
    titles: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for row in queries.codes(work, keys):
        titles[row.case_id].append((row.code, TITLES.get(row.code, row.code)))
    shown = tuple(
        AskedRow(cases[row.case_id], row.asked_on, (today - row.asked_on).days, tuple(titles[row.case_id]))
        for row in found
        if row.case_id in cases
    )
    codes = tuple(
        (row.code, TITLES.get(row.code, row.code), row.people) for row in queries.per_code(work, low, high)
    )
    return AskedList(Page(shown, total, number, SIZE), codes)


@use_case(Action.CASE_LIST)
def per_township(work: Work, area: int) -> tuple[AreaAsked, ...]:
    """How many people of each township of a county have open questions."""
    low, high = _span(work.access, area)
    found = {row.area: row for row in queries.per_area(work, low, high)}
    return tuple(
        AreaAsked(
            row.code,
            row.name,
            found[row.code].people if row.code in found else 0,
            found[row.code].asked_on if row.code in found else None,
        )
        for row in areas.within(work, low, high, int(AreaLevel.TOWNSHIP))
        if row.level == AreaLevel.TOWNSHIP
    )
