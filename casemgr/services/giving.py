"""对外提供: what every file and sheet that leaves has in common — who may be on it, ledger, mark."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from casemgr.reports import handed
from casemgr.reports.handed import Handed
from casemgr.rules.disclosure import NOTHING as NOT_SEEN
from casemgr.rules.disclosure import Sight, covered, knows_person, sight
from casemgr.rules.policy import in_force_on
from casemgr.services import benefit_claim, clock, disclosure, ledger_line, matrix, printing
from casemgr.services.ledger_line import NO_EVIDENCE, Evidence
from casemgr.services.use_case import within
from casemgr.store import identity
from casemgr.store.queries import area as areas
from casemgr.store.queries import liaison as liaison_queries
from casemgr.store.queries import sharing as queries
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.area import AreaLevel
from casemgr.terms.disclosure import Condition, FieldGroup, Level, Party
from casemgr.terms.guardian import Relation
from casemgr.terms.liaison import ExchangeKind
from casemgr.terms.medication import Adherence
from casemgr.terms.person import Sex
from casemgr.terms.register import Diagnosis, Lifecycle
from casemgr.terms.sharing import SheetField

ROOM = 2_000


def shared_with(work: Work, party: Role, today: date) -> set[int]:
    """Files on the register that this department may know of now, because condition ① holds for them."""
    if not knows_person(party, {Condition.RISK}, today, matrix.loosened(work, today), work.access.low):
        return set()
    policy = in_force_on(today, within(work).region)
    found: set[int] = set()
    after, count = 0, ROOM
    while count == ROOM:
        keys = liaison_queries.all_keys(work, after, ROOM)
        count, after = len(keys), keys[-1] if keys else after
        open_files = {
            row.id for row in liaison_queries.cases(work, keys) if row.lifecycle == Lifecycle.ON_REGISTER
        }
        found |= {one.case for one in disclosure.at_risk(work, keys, today, policy)} & open_files
    return found


def ground_of(
    work: Work, asker: Role | Party, group: FieldGroup, conditions: Collection[Condition], today: date
) -> str:
    """The law (or approved document) by which the matrix gives a group."""
    return sight(asker, group, conditions, today, matrix.loosened(work, today), work.access.low).ground


def allowed(
    work: Work, asker: Role | Party, conditions: Collection[Condition], today: date
) -> tuple[SheetField, ...]:
    """The items of a sheet that the matrix lets through under these conditions, whole or covered."""
    return tuple(told(work, asker, conditions, today))


def told(
    work: Work, asker: Role | Party, conditions: Collection[Condition], today: date
) -> dict[SheetField, Sight]:
    """The same with how much of each is told."""
    now = matrix.loosened(work, today)
    at = work.access.low  # one sheet for the whole area: a loosening of a part of it adds nothing
    seen = {item: sight(asker, item.group, conditions, today, now, at) for item in SheetField}
    return {
        item: one
        for item, one in seen.items()
        if one.level is Level.FULL or one.level in PARTLY.get(item, ())
    }


#: Items that may be told in part: covered digits, the village alone, the group of a diagnosis, yes or no.
PARTLY: Mapping[SheetField, tuple[Level, ...]] = {
    SheetField.ID_NUMBER: (Level.MASKED,),
    SheetField.PHONE: (Level.MASKED,),
    SheetField.VILLAGE: (Level.MASKED,),
    SheetField.DIAGNOSIS: (Level.SUMMARY,),
    SheetField.MEDICINE: (Level.FLAG, Level.SUMMARY),
    SheetField.ALLOWANCE: (Level.FLAG, Level.SUMMARY),
}


def enter(
    work: Work,
    *,
    receiver: Role,
    people: Mapping[int, int],
    groups: Iterable[FieldGroup],
    conditions: Iterable[Condition],
    ground: str,
    document: str,
    count: int = 0,
    evidence: Mapping[int, Evidence] | Evidence = NO_EVIDENCE,
) -> None:
    """Write down that a file left: one line for each person (case → area), or one for ``count`` people.

    The receiver is the department of the county; ``document`` is the number on what left.
    """
    ledger_line.enter(
        work,
        kind=ExchangeKind.FILE,
        receiver=receiver,
        place=work.access.low,
        people=people,
        groups=groups,
        conditions=conditions,
        ground=ground,
        document=document,
        count=count,
        evidence=evidence,
    )


def enter_totals(work: Work, document: str) -> None:
    """Write down that totals without anybody's name went to the group: its sheet of a meeting, or 表9."""
    enter(
        work,
        receiver=Role.POLITICAL_LEGAL,
        people={},
        groups={FieldGroup.G14},
        conditions=(),
        ground="精神卫生法第24条第2款；仅经小数压制的汇总",
        document=document,
    )


def place(work: Work) -> str:
    """The office in whose name something leaves."""
    rows = areas.within(work, work.access.low, work.access.low + 1, int(AreaLevel.TOWNSHIP))
    name = next((row.name for row in rows if row.code == work.access.low), "")
    return f"{name}精神卫生防治机构"


def mark(work: Work) -> str:
    """The words across every page: office, account, time."""
    return handed.marked(place(work), work.access.label, clock.moment().astimezone(clock.SHANGHAI))


def draw(work: Work, sheet: Handed, people: int) -> int:
    """Lay a sheet down to be drawn as PDF; the key of the print."""
    return printing.put(work, handed.document(sheet, within(work).demo), sheet.title, people)


@dataclass(frozen=True, slots=True)
class Person:
    """One person on a sheet: the words of the items that were asked for, nothing else."""

    case: int
    area: int
    words: tuple[str, ...]


IDENTIFYING = {
    SheetField.NAME: "name",
    SheetField.BIRTH: "birth_on",
    SheetField.ID_NUMBER: "id_number",
    SheetField.PHONE: "phone",
    SheetField.RESIDENCE: "residence",
}
NOTHING = "—"
#: Whether somebody is in treatment, by what the last visit said of taking medicine; not said is not assessed.
IN_TREATMENT: Mapping[int | None, str] = {
    int(Adherence.REGULAR): "有",
    int(Adherence.IRREGULAR): "有",
    int(Adherence.NONE): "无",
    int(Adherence.NOT_NEEDED): "无（医嘱勿需用药）",
}


def people(
    work: Work,
    cases: Sequence[int],
    items: Sequence[SheetField],
    why: str,
    seen: Mapping[SheetField, Sight],
) -> list[Person]:
    """The words of these items for these files, by file number; only what is asked is opened.

    ``seen`` says how much of each is told: what is told in part is covered here.
    """
    rows = queries.facts(work, cases)
    wanted = [IDENTIFYING[one] for one in items if one in IDENTIFYING]
    persons = [row.person_id for row in rows]
    opened = identity.reveal(work, persons, why, wanted) if wanted else {}
    guardians: dict[int, list[identity.RevealedGuardian]] = {}
    if {SheetField.GUARDIAN, SheetField.GUARDIAN_PHONE} & set(items):
        for one in identity.reveal_guardians(work, persons, why):
            guardians.setdefault(one.person_id, []).append(one)
    risks = queries.latest_risk(work, cases) if SheetField.RISK in items else {}
    acts = queries.acts_counted(work, cases) if SheetField.INCIDENTS in items else {}
    visits = queries.visits_counted(work, cases) if SheetField.FOLLOWUPS in items else {}
    taken = queries.latest_adherence(work, cases) if SheetField.MEDICINE in items else {}
    aided = queries.aided(work, cases) if SheetField.ALLOWANCE in items else set()
    found = []
    for row in rows:
        person = opened.get(row.person_id)
        known: dict[SheetField, str] = {
            item: covered(getattr(person, name, ""), seen[item].mask) if person else ""
            for item, name in IDENTIFYING.items()
            if item in items
        }
        own = guardians.get(row.person_id, [])
        known |= {
            SheetField.SEX: Sex.read(row.sex).label if row.sex is not None else "",
            SheetField.VILLAGE: row.village or "",
            SheetField.DIAGNOSIS: _diagnosis(row.diagnosis, seen),
            SheetField.RISK: _dated(risks.get(row.id), "{1}级（{0}）"),
            SheetField.INCIDENTS: _dated(_turned(acts.get(row.id)), "{1}次（最近 {0}）"),
            SheetField.FOLLOWUPS: _dated(_turned(visits.get(row.id)), "{1}次（最近 {0}）"),
            SheetField.GUARDIAN: "；".join(filter(None, (_guardian(one) for one in own))),
            SheetField.GUARDIAN_PHONE: "；".join(one.phone for one in own if one.phone),
            SheetField.MEDICINE: IN_TREATMENT.get(taken.get(row.id), "未评估"),
            SheetField.ALLOWANCE: "有" if row.id in aided else "无记录",
            SheetField.REGISTERED: row.registered_on.isoformat(),
            SheetField.UNIT: row.unit,
        }
        found.append(Person(row.id, row.area, tuple(known.get(item) or NOTHING for item in items)))
    return found


def _diagnosis(code: int, seen: Mapping[SheetField, Sight]) -> str:
    found = Diagnosis.read(code)
    whole = seen.get(SheetField.DIAGNOSIS, NOT_SEEN).level is Level.FULL
    return found.label if whole else benefit_claim.GROUPS.get(found, "其他")


def _turned(value: tuple[int, date] | None) -> tuple[date, int] | None:
    return None if value is None else (value[1], value[0])


def _dated(value: tuple[date, int] | None, words: str) -> str:
    return "" if value is None else words.format(value[0].isoformat(), value[1])


def _guardian(one: identity.RevealedGuardian) -> str:
    relation = Relation.read(one.relation).label if one.relation is not None else "关系未填"
    return f"{one.name}（{relation}）" if one.name else ""
