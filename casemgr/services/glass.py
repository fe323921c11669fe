"""紧急查看: one person of another township, opened for a day in an emergency and looked at afterwards.

Somebody who may read people reads one file beyond the own area: found by the exact id number or phone, with a
reason in words and a fresh proof of who asks. Every reading is a unit of work limited to that person's
township in which only that one file is asked for, by its key; it shows what helps in an emergency and nothing
that was written about family or talks. The unit of the person sees it at once and says within three working
days whether it had to be, afterwards the county. See docs/decisions/0025.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from casemgr.rules.access import Access, Action
from casemgr.rules.calendar import working_days_after
from casemgr.rules.disclosure import covered, sights
from casemgr.rules.policy import in_force_on
from casemgr.services import caution, clock, event, medicine, register
from casemgr.services.account_person import refusal
from casemgr.services.case_view import CaseView, known, term
from casemgr.services.caution import Caution
from casemgr.services.errors import Conflict, Forbidden, Missing, Refused, Unfit
from casemgr.services.event import CaseEvents
from casemgr.services.matrix import loosened
from casemgr.services.medicine import MedicineCard
from casemgr.services.reach import over_county
from casemgr.services.use_case import note_refusal, use_case, within
from casemgr.store import identity
from casemgr.store.db import new_key
from casemgr.store.identity import ID_NUMBER, PHONE
from casemgr.store.models.access import Glass
from casemgr.store.queries import access as queries
from casemgr.store.queries import account as accounts
from casemgr.store.queries import area as areas
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms import idnumber
from casemgr.terms.access import GlassReason, GlassVerdict
from casemgr.terms.account import Role
from casemgr.terms.area import AreaLevel, level_of, span_of
from casemgr.terms.disclosure import Condition, FieldGroup, Level
from casemgr.terms.guardian import Relation

PURPOSE, REVIEWING = "紧急查看", "紧急查看复核"
WORDS_MOST = 300
DAY = timedelta(days=1)
SHOWN_FOR = timedelta(days=90)
MOST = 200
NOT_THERE = "没有这项紧急查看，或已经到期。确需继续的，请重新说明原因。"
NOT_FOUND = (
    "本县（区）在册患者中没有这个号码。请与证件核对后再查；如情况紧急，请直接拨打 110、120，"
    "或与对方所在乡镇（街道）的精防医生联系。"
)
SEVERAL = "这个电话登记在不止一人名下，紧急查看一次只能打开一个人。请改用证件号码。"
TOO_OFTEN = (
    "24 小时内查询的次数已到上限。为防止逐个试号码，请明天再查；"
    "情况紧急请与对方所在乡镇（街道）或县级精防机构电话联系。"
)
#: What of an identity is opened; nothing of work place, nothing that was told in talks.
OPENED = ("name", "id_number", "phone", "residence")


@dataclass(frozen=True, slots=True)
class Contact:
    """A guardian to call."""

    relation: Relation | None
    name: str = field(repr=False)
    phone: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class GlassView:
    """One person as shown in an emergency; ``number`` is covered in the middle."""

    key: int
    reason: GlassReason
    opened_at: datetime
    ends_at: datetime
    case: CaseView = field(repr=False)
    events: CaseEvents = field(repr=False)
    medicine: MedicineCard = field(repr=False)
    caution: Caution = field(repr=False)
    name: str = field(repr=False)
    number: str = field(repr=False)
    phone: str = field(repr=False)
    residence: str = field(repr=False)
    guardians: tuple[Contact, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """One emergency reading as its reader and its reviewers see it; ``words`` only for reviewers.

    ``living``: it can still be opened; ``mine``: the one who looks may answer it now; ``late``: nobody
    answered in time.
    """

    key: int
    case_id: int
    file_no: str
    place: str
    reader: str
    role: Role | None
    reader_place: str
    reason: GlassReason
    words: str = field(repr=False)
    opened_at: datetime = field(kw_only=True)
    ends_at: datetime = field(kw_only=True)
    looks: int = field(kw_only=True)
    due_on: date = field(kw_only=True)
    living: bool = field(kw_only=True)
    mine: bool = field(kw_only=True)
    late: bool = field(kw_only=True)
    verdict: GlassVerdict | None = field(kw_only=True)
    verdict_words: str = field(kw_only=True, repr=False)
    reviewer: str = field(kw_only=True)
    reviewed_at: datetime | None = field(kw_only=True)


def begin() -> int:
    """The key of the reading to be, for the form that is shown."""
    return new_key()


def only(asker: Access, area: int) -> Access:
    """The asker's own access, moved to one township: same account, same role, and so the same refusals."""
    low, high = span_of(area)
    return replace(asker, low=low, high=high)


def _county(asker: Access) -> Access:
    """The system's access over the asker's county, for somebody who may ask for one person of it.

    The steps below then run in the system's name: whether the asker may is settled here and nowhere later.
    """
    if not asker.may(Action.GLASS_BREAK):
        note_refusal(asker, Action.GLASS_BREAK)
        raise Forbidden("您的岗位不能紧急查看其他辖区的患者。情况紧急请联系县级精防机构，或拨打 110、120。")
    return over_county(asker, PURPOSE)


# --- opening --------------------------------------------------------------------------------------


def _asked(text: str) -> tuple[Any, tuple[str, ...]] | None:
    """Where an exact number is looked up and how it may have been written; ``None`` for anything else."""
    folded = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    if idnumber.has_shape(folded):
        return ID_NUMBER, (folded,)
    digits = re.sub(r"[-()+]", "", folded)
    if digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 14:
        return PHONE, tuple(
            dict.fromkeys((digits, folded, digits.removeprefix("86") if len(digits) > 11 else digits))
        )
    return None


def _clean(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


@use_case(Action.GLASS_BREAK)
def _fit(work: Work, once: int, asked: str, reason: int | None, words: str) -> int | None:
    """The key if this was opened before; :class:`Unfit` with what is missing."""
    policy = in_force_on(clock.today(), within(work).region)
    wrong: dict[str, str] = {}
    if _asked(asked) is None:
        wrong["asked"] = "请输入完整的证件号码或电话号码。紧急查看只按准确的号码找人，不能按姓名查。"
    if reason not in {int(one) for one in GlassReason}:
        wrong["reason"] = "请选择原因。"
    least = policy.glass_words.value
    if not least <= len(words) <= WORDS_MOST:
        wrong["words"] = f"请写明正在发生什么（{least}–{WORDS_MOST} 个字）。复核的人要据此判断是否必要。"
    if wrong:
        raise Unfit("没有打开，请改正后再试。", fields=wrong)
    since = clock.now() - DAY
    if queries.tries(work, work.access.actor, Action.GLASS_BREAK.code, since) >= policy.glass_tries.value:
        raise Refused(TOO_OFTEN, rule=policy.glass_tries.rule)
    return None


@use_case(Action.GLASS_BREAK)
def _found(work: Work, place: Any, spellings: Sequence[str]) -> list[tuple[int, int, int]]:
    """(case, area, person) of the files with this number, over the county; each try is written down."""
    people: list[int] = []
    for spelling in spellings:
        people = people or identity.find_by_token(work, place, spelling)
    return [tuple(row) for row in queries.cases_of(work, people)] if people else []


@use_case(Action.GLASS_BREAK)
def _there(work: Work, once: int) -> bool:
    found = queries.glass(work, once)
    return found is not None and found.account == work.access.actor


@use_case(Action.GLASS_BREAK)
def _open(
    work: Work, once: int, case: int, person: int, area: int, reader_area: int, reason: int, words: str
) -> datetime:
    policy = in_force_on(clock.today(), within(work).region)
    now = clock.now()
    ends = now + timedelta(hours=policy.glass_hours.value)
    work.add(
        Glass(
            id=once,
            case_id=case,
            area=area,
            account=work.access.actor,
            reader_area=reader_area,
            reason=reason,
            words=Plain(words),
            opened_at=now,
            ends_at=ends,
            looks=0,
            due_on=working_days_after(clock.today(), policy.glass_review.value),
        )
    )
    work.note("break", "Glass", row_key=once, case_key=case, purpose=PURPOSE, subjects=(person,))
    return ends


@use_case(Action.GLASS_BREAK)
def _show_banner(work: Work, until: datetime) -> None:
    for session in accounts.sessions_of(work, work.access.actor):
        session.glass_until = max(session.glass_until or until, until)


@dataclass(frozen=True, slots=True)
class Opened:
    """What opening led to: the key of the reading, or the file itself when it lies in the own area anyway."""

    key: int = 0
    case: int = 0


def break_(access: Access, once: int, asked: str, reason: int | None, words: str) -> Opened:
    """Open one person found by an exact number for a day; the door has asked for a fresh proof before.

    A second press opens nothing anew. Raises :class:`Unfit` with the fields that are wrong or when nobody or
    more than one person has the number, :class:`Refused` after too many tries, :class:`Forbidden` for a role
    that may not.
    """
    words = _clean(words)
    county = _county(access)
    if _there(county, once):
        return Opened(key=once)
    _fit(access, once, asked, reason, words)
    place, spellings = _asked(asked) or (ID_NUMBER, ())
    found = _found(county, place, spellings)
    if len(found) != 1:
        raise Unfit("没有打开。", fields={"asked": SEVERAL if found else NOT_FOUND})
    case, area, person = found[0]
    if access.reaches(area):
        return Opened(case=case)
    ends = _open(only(access, area), once, case, person, area, access.low, int(reason or 0), words)
    _show_banner(access, ends)
    return Opened(key=once)


# --- reading --------------------------------------------------------------------------------------


@use_case(Action.GLASS_BREAK)
def _mine(work: Work, key: int) -> Glass:
    found = queries.glass(work, key)
    now = clock.now()
    if (
        found is None
        or found.account != work.access.actor
        or found.ended_at is not None
        or now >= found.ends_at
    ):
        raise Missing(NOT_THERE)
    found.looks = min(found.looks + 1, 30_000)
    return found


@use_case(Action.GLASS_BREAK)
def _identity(
    work: Work, case: int, person: int, purpose: str
) -> tuple[identity.Revealed, tuple[Contact, ...]]:
    opened = identity.reveal(work, [person], purpose, OPENED, case, urgent=True).get(person)
    if opened is None:
        raise Missing(NOT_THERE)
    guardians = tuple(
        Contact(term(Relation, one.relation), one.name, one.phone)
        for one in identity.reveal_guardians(work, [person], purpose, case, urgent=True)
    )
    return opened, guardians


@use_case(Action.GLASS_BREAK)
def _shown(work: Work, area: int) -> frozenset[FieldGroup]:
    """The groups the matrix lets this role see in an emergency of a file of this area."""
    today = clock.today()
    seen = sights(work.access.role, {Condition.EMERGENCY}, today, loosened(work, today), area)
    return frozenset(group for group, one in seen.items() if one.level >= Level.MASKED)


def view(access: Access, key: int) -> GlassView:
    """The one person of a living reading of the caller, written down as read and opened.

    Raises :class:`Missing` for a reading that is over, of somebody else, or not there: all look the same.
    """
    grant = _mine(_county(access), key)
    _show_banner(access, grant.ends_at)  # also for whoever signed in again meanwhile
    narrow, today = only(access, grant.area), clock.today()
    reason = GlassReason.read(grant.reason)
    shown = _shown(access, grant.area)
    case = register.case(narrow, grant.case_id, today)
    opened, guardians = _identity(narrow, case.case_id, case.person_id, f"{PURPOSE}：{reason.label}"[:80])
    return GlassView(
        key,
        reason,
        grant.opened_at,
        grant.ends_at,
        case,
        event.of_case(narrow, grant.case_id, today) if FieldGroup.G9 in shown else CaseEvents(),
        medicine.card(narrow, grant.case_id, today),
        caution.of_case(narrow, grant.case_id),
        opened.name,
        covered(opened.id_number, "id"),
        opened.phone if FieldGroup.G3 in shown else "",
        opened.residence if FieldGroup.G4 in shown else "",
        guardians if FieldGroup.G10 in shown else (),
    )


@use_case(Action.GLASS_BREAK)
def _end(work: Work, key: int) -> None:
    found = queries.glass(work, key)
    if found is None or found.account != work.access.actor:
        raise Missing(NOT_THERE)
    if found.ended_at is None:
        found.ended_at = min(clock.now(), found.ends_at)


@use_case(Action.GLASS_BREAK)
def _take_banner_off(work: Work, until: datetime | None) -> None:
    for session in accounts.sessions_of(work, work.access.actor):
        session.glass_until = until


def end(access: Access, key: int) -> None:
    """The reader is done: the file closes now. :class:`Missing` for a reading of somebody else."""
    _end(_county(access), key)
    left = [one.ends_at for one in mine(access) if one.living]
    _take_banner_off(access, max(left, default=None))


@use_case(Action.GLASS_BREAK)
def _of_reader(work: Work) -> tuple[Reading, ...]:
    now = clock.now()
    rows = queries.of_reader(work, work.access.actor, now - SHOWN_FOR, MOST)
    return _readings(work, rows, opened=False, mine=lambda _row: False)


def mine(access: Access) -> tuple[Reading, ...]:
    """The caller's own readings of the last weeks, the latest first, without what was written."""
    return _of_reader(_county(access))


# --- reviewing ------------------------------------------------------------------------------------


def _readings(work: Work, rows: Sequence[Any], opened: bool, mine: Any) -> tuple[Reading, ...]:
    names = {row.code: row.name for row in areas.within(work, 0, 10**12, int(AreaLevel.TOWNSHIP)) if rows}
    sealed = [(row.Glass.id, row.Glass.words) for row in rows] if opened else []
    words = dict(
        zip((key for key, _ in sealed), identity.open_texts(work, "Glass", sealed, REVIEWING), strict=True)
        if sealed
        else ()
    )
    answered = [
        (row.Glass.id, row.Glass.verdict_words) for row in rows if row.Glass.verdict_words is not None
    ]
    told = dict(
        zip(
            (key for key, _ in answered), identity.open_texts(work, "Glass", answered, REVIEWING), strict=True
        )
        if answered
        else ()
    )
    now, today = clock.now(), clock.today()
    found = []
    for row in rows:
        one: Glass = row.Glass
        verdict = term(GlassVerdict, one.verdict)
        found.append(
            Reading(
                one.id,
                one.case_id,
                row.file_no,
                names.get(one.area, ""),
                row.reader or "",
                term(Role, row.reader_role),
                names.get(one.reader_area, ""),
                known(GlassReason, one.reason),
                words.get(one.id, ""),
                opened_at=one.opened_at,
                ends_at=one.ended_at or one.ends_at,
                looks=one.looks,
                due_on=one.due_on,
                living=one.ended_at is None and now < one.ends_at,
                mine=mine(one),
                late=verdict is None and today > one.due_on,
                verdict=verdict,
                verdict_words=told.get(one.id, ""),
                reviewer=row.reviewer or "",
                reviewed_at=one.reviewed_at,
            )
        )
    return tuple(found)


def _answers(work: Work, areas_: Sequence[int]) -> Any:
    """Whether the caller may answer a reading now: the head of the unit, and the county once it is late.

    Nobody answers about an own reading; where a unit has no head who could, the county answers at once.
    """
    access, today = work.access, clock.today()
    headed = {(row.area_code, row.id) for row in queries.heads(work, areas_)} if areas_ else set()
    county = level_of(access.low) is not AreaLevel.TOWNSHIP

    def may(one: Any) -> bool:
        if one.account == access.actor or one.verdict not in (None, int(GlassVerdict.FOLLOW_UP)):
            return False
        if not county:
            return True
        return today > one.due_on or not any(
            area == one.area and account != one.account for area, account in headed
        )

    return may


@use_case(Action.GLASS_REVIEW)
def reviews(work: Work) -> tuple[Reading, ...]:
    """Who read a person of one's own area in an emergency: what waits first, then what was answered."""
    rows = queries.to_review(work, clock.now() - SHOWN_FOR, MOST)
    answers = _answers(work, sorted({row.Glass.area for row in rows}))
    return _readings(work, rows, opened=True, mine=answers)


@use_case(Action.GLASS_REVIEW, writes=False)
def waiting(work: Work) -> tuple[int, int]:
    """(readings that wait for an answer, those of them that the caller may answer now)."""
    rows = queries.waiting(work)
    if not rows:
        return 0, 0
    answers = _answers(work, sorted({row.area for row in rows}))
    return len(rows), sum(map(answers, rows))


@use_case(Action.GLASS_REVIEW)
def review(work: Work, key: int, verdict: int | None, words: str) -> None:
    """Say whether a reading had to be; 需要进一步了解 keeps it open until another answer follows.

    Raises :class:`Missing` out of reach, :class:`Forbidden` for the own reading or while it is the unit's
    turn, :class:`Conflict` for one that was answered, :class:`Unfit` with ``verdict`` and ``words``.
    """
    found = queries.glass(work, key)
    if found is None:
        raise Missing("没有这项紧急查看，或不在您的辖区内。请从“紧急查看复核”页的列表进入。")
    if said := refusal(work, found.account, "不能复核自己的紧急查看。由本单位另一位负责人或县级复核。"):
        raise Forbidden(said)
    if found.verdict not in (None, int(GlassVerdict.FOLLOW_UP)):
        raise Conflict("这项紧急查看刚刚已复核，结论不再改动。请核对页面上的结论。")
    if not _answers(work, [found.area])(found):
        raise Forbidden(f"这项紧急查看由该单位负责人在 {found.due_on} 前复核，逾期后由县级复核。")
    policy = in_force_on(clock.today(), within(work).region)
    words, wrong = _clean(words), {}
    if verdict not in {int(one) for one in GlassVerdict}:
        wrong["verdict"] = "请选择复核结论。"
    least = 0 if verdict == GlassVerdict.JUSTIFIED else policy.glass_words.value
    if not least <= len(words) <= WORDS_MOST:
        wrong["words"] = f"请写明理由和后续处理（{least}–{WORDS_MOST} 个字）。"
    if wrong or verdict is None:
        raise Unfit("没有保存，请改正后再试。", fields=wrong)
    found.verdict = verdict
    found.verdict_words = Plain(words) if words else None
    found.reviewed_by, found.reviewed_at = work.access.actor, clock.now()


# --- leaving a post -------------------------------------------------------------------------------


@use_case(Action.ACCOUNT_MANAGE)
def _end_of(work: Work, account: int) -> int:
    now = clock.now()
    living = queries.living_of(work, account, now)
    for one in living:
        one.ended_at = now
    return len(living)


def end_of(access: Access, account: int) -> int:
    """End every emergency reading of an account whose person has left; how many there were.

    An administrator reaches no row about people, so this is a step of the system in the administrator's name.
    """
    if not access.may(Action.ACCOUNT_MANAGE):
        raise Forbidden("您的角色不能进行这项操作。")
    system = Access.system(PURPOSE)
    return _end_of(replace(system, actor=access.actor, label=access.label, request=access.request), account)
