"""待核对: what is asked about a file because of what stands in other records (features 5.1, 5.2, 5.8).

Pure: counts, days and levels in, questions out. Nothing here knows a name, a number or a telephone. Each
check has its id, its level (B blocks, C asks for a reason, Q is asked later) and one sentence: what is
unusual, why it matters, two ways out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from casemgr.rules.calendar import months_after
from casemgr.rules.policy import Policy
from casemgr.terms.risk import RiskLevel

LATER = "Q"
HIGH_RISK = RiskLevel.LEVEL_3


class Asked(NamedTuple):
    """One question: check, level, key of the field it belongs to, sentence, and the facts it is about."""

    id: str
    weight: str
    field: str
    says: str
    facts: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What other records tell about one file.

    ``alike``: file numbers of the same township whose identity number differs by one digit or by two that
    changed places, with the same name; ``alike_elsewhere``: how many such there are in other townships.
    ``families``: how many families share the telephone, ``sharers`` how many people. ``institution``: the
    institution whose telephone it is. ``unreached``: days of the telephone calls nobody answered, since the
    last time somebody was reached. ``guardian_risk``: the level of a patient with the guardian's telephone.
    ``told_elsewhere``: days of incidents that a file with the same identity number has in another township.
    ``works_well``: work was good at the latest visit that said so; ``in_rehab``: measures or sessions since.
    ``domicile_here``: whether the registered address names this township or village, ``None`` if unknown.
    """

    registered_on: date
    alike: tuple[str, ...] = ()
    alike_elsewhere: int = 0
    sharers: int = 0
    families: int = 0
    institution: str = ""
    unreached: tuple[date, ...] = ()
    risk: int | None = None
    guardian: bool = True
    guardian_risk: int | None = None
    told_elsewhere: tuple[date, ...] = ()
    no_document: bool = False
    document_ask_on: date | None = None
    poor: bool = False
    poverty_seen_on: date | None = None
    resident_here: bool = False
    domicile_here: bool | None = None
    works_well: bool = False
    no_work: bool = False
    in_rehab: bool = False


Test = Callable[[FileFacts, Policy, date], tuple[object, ...] | None]


@dataclass(frozen=True, slots=True)
class Check:
    """A check over several records; ``test`` answers ``None`` or the words for ``says``."""

    id: str
    weight: str
    field: str
    title: str
    says: str
    test: Test


CHECKS: list[Check] = []


def _check(id: str, field: str, title: str, says: str, weight: str = LATER) -> Callable[[Test], Test]:
    def declare(test: Test) -> Test:
        CHECKS.append(Check(id, weight, field, title, says, test))
        return test

    return declare


def ask(facts: FileFacts, policy: Policy, today: date) -> list[Asked]:
    """Everything other records ask about one file."""
    found = []
    for one in CHECKS:
        words = one.test(facts, policy, today)
        if words is not None:
            found.append(Asked(one.id, one.weight, one.field, one.says.format(*words), words))
    return found


def days_of(days: Sequence[date]) -> str:
    """Days as a sentence names them."""
    return "、".join(day.isoformat() for day in days)


@_check(
    "id13",
    "id_number",
    "证件号码与他人只差一位",
    "证件号码与{0}的同名档案只差一位，或相邻两位对调。可能是抄错号码而重复建档，人数会重复计算。"
    "请对照证件：抄错的改正号码，确是两个人的写明已核实。",
)
def _numbers_alike(facts: FileFacts, _policy: Policy, _today: date) -> tuple[object, ...] | None:
    places = [*facts.alike]
    if facts.alike_elsewhere:
        places.append(f"本县其他乡镇 {facts.alike_elsewhere} 份")
    return ("、".join(places),) if places else None


@_check(
    "id16",
    "phone",
    "联系电话由多户共用",
    "联系电话登记在 {0} 位患者名下，分属 {1} 户。往往是填了村医或单位电话，紧急时找不到本人。"
    "请换成本人或家属的号码，或写明是公用电话。",
)
def _phone_shared(facts: FileFacts, policy: Policy, _today: date) -> tuple[object, ...] | None:
    many = min(facts.sharers, facts.families) > policy.phone_families.value
    return (facts.sharers, facts.families) if many else None


@_check(
    "id17",
    "phone",
    "联系电话是机构的电话",
    "联系电话是“{0}”的电话，不是本人或家属的。电话随访会找不到人。"
    "请换成本人或家属的号码，或写明为什么只能打这个电话。",
)
def _phone_of_institution(facts: FileFacts, _policy: Policy, _today: date) -> tuple[object, ...] | None:
    return (facts.institution,) if facts.institution else None


@_check(
    "id19",
    "phone",
    "联系电话多次打不通",
    "最近 {0} 次电话都没有接通（{1}）。号码可能已停用。请上门或向家属核对后改号码，或写明号码仍然有效。",
)
def _phone_unanswered(facts: FileFacts, policy: Policy, _today: date) -> tuple[object, ...] | None:
    least = policy.phone_attempts.value
    last = facts.unreached[-least:]
    return (least, days_of(last)) if len(last) >= least else None


@_check(
    "id20",
    "guardian_phone",
    "监护人自己也是高风险患者",
    "监护人的电话属于另一位在册患者，其最近一次危险性为 {0} 级。这样的监护人可能照看不了。"
    "请核对监护人，或写明由谁协助监护。",
)
def _guardian_is_ill(facts: FileFacts, _policy: Policy, _today: date) -> tuple[object, ...] | None:
    risk = facts.guardian_risk
    return (risk,) if risk is not None and risk >= HIGH_RISK else None


@_check(
    "id21",
    "guardian_name",
    "高风险而没有监护人",
    "最近一次危险性为 {0} 级，但没有监护人。紧急情况下需要监护人到场或同意。"
    "请补填监护人（可由村（居）委会、民政部门担任），或写明正在如何落实。",
)
def _guardian_needed(facts: FileFacts, _policy: Policy, _today: date) -> tuple[object, ...] | None:
    high = facts.risk is not None and facts.risk >= HIGH_RISK
    return (facts.risk,) if high and not facts.guardian else None


@_check(
    "id10",
    "id_number",
    "到了再次询问证件的日期",
    "约定 {0} 再次询问证件号码，至今没有填写。没有号码就无法发现重复建档。"
    "请补填号码，或在“修改档案”中另约一个日期。",
)
def _document_due(facts: FileFacts, _policy: Policy, today: date) -> tuple[object, ...] | None:
    day = facts.document_ask_on
    return (day.isoformat(),) if facts.no_document and day is not None and day <= today else None


@_check(
    "id25",
    "domicile",
    "常住类型与户籍地址不一致",
    "常住类型为“户籍”，但户籍地址不在本乡镇（街道）。常住与户籍的人数会算错。"
    "请改正常住类型或户籍地址，或写明户籍地址的写法。",
)
def _domicile_elsewhere(facts: FileFacts, _policy: Policy, _today: date) -> tuple[object, ...] | None:
    return () if facts.resident_here and facts.domicile_here is False else None


@_check(
    "id27",
    "poverty_seen_on",
    "贫困情况超过一年没有核对",
    "经济状况为“贫困”，{0} 起超过 {1} 个月没有核对低保等凭证。救助和免费服药以此为准。"
    "请核对后填写日期，或改正经济状况。",
)
def _poverty_unproved(facts: FileFacts, policy: Policy, today: date) -> tuple[object, ...] | None:
    if not facts.poor:
        return None
    since, months = facts.poverty_seen_on or facts.registered_on, policy.poverty_proof.value
    # The year is among the facts: what was confirmed once is asked again when another year has gone.
    return (since.isoformat(), months, today.year) if months_after(since, months) < today else None


@_check(
    "vc26",
    "employment",
    "劳动能力良好而就业情况为无业",
    "最近一次随访“生产劳动及工作”为良好，就业情况却是“下岗或无业”，也没有康复。两处可能有一处没有更新。"
    "请改正就业情况，或写明在做什么（如务农、做家务）。",
)
def _works_without_work(facts: FileFacts, _policy: Policy, _today: date) -> tuple[object, ...] | None:
    return () if facts.works_well and facts.no_work and not facts.in_rehab else None


@_check(
    "ev07",
    "",
    "同一天的事件在两个乡镇都有登记",
    "{0} 的危险行为，本县另一乡镇在相同证件号码的档案中也有登记。同一事件会被计两次。"
    "请与县级核对后只留一处，或写明是两起不同的事件。",
)
def _event_told_twice(facts: FileFacts, _policy: Policy, _today: date) -> tuple[object, ...] | None:
    return (days_of(facts.told_elsewhere),) if facts.told_elsewhere else None


#: Short titles for lists that show no sentence.
TITLES = {one.id: one.title for one in CHECKS}
