"""随访核对: what one visit on the screen is asked about, by the checks of the sheet and those of the page.

Each check has an id, a level and one sentence with two ways out. Level B blocks (only what cannot be), C asks
for a written reason, Q is asked later. Judgements are questioned, never blocked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from casemgr.forms.followup import (
    LEVEL_JUMPED,
    MANY_ACTS,
    SHEET,
    UNLOCKED_TWICE,
    VisitAround,
    VisitRow,
    faults,
)
from casemgr.forms.known import CaseFacts, Latest
from casemgr.forms.official.followup import COUNTS
from casemgr.forms.spec import shown
from casemgr.terms.followup import (
    Confinement,
    DeathCause,
    Grade,
    HospitalState,
    Informant,
    LossReason,
    Present,
    VisitMode,
    YesNo,
)
from casemgr.terms.incident import DangerousAct
from casemgr.terms.risk import RiskLevel, Stability

BLOCKS, REASON, LATER = "B", "C", "Q"

#: Checks of the sheet and their levels on the screen; those not named here are asked in another way there:
#: FU-C3, tm14 by the checks below, vc01 and vc12 by the form itself.
LEVELS: Mapping[str, str] = {
    "FU-C4": REASON,
    "FU-C6": BLOCKS,
    "FU-C7": REASON,
    "FU-C8": REASON,
    "FU-C9": REASON,
    "FU-C10": LATER,
    "FU-C11": REASON,
    "tm02": REASON,
    "tm04": REASON,
    "tm07": BLOCKS,
    "vc03": REASON,
    "vc04": BLOCKS,
    "vc05": REASON,
    "vc06": REASON,
    "vc07": REASON,
    "vc08": REASON,
    "vc13": REASON,
    "vc16": REASON,
    "vc18": REASON,
    "vc20": REASON,
    "vc22": REASON,
    "vc29": REASON,
    "vc36": REASON,
    "md03": REASON,
    "md19": BLOCKS,
    "md21": REASON,
    "st14": BLOCKS,
}
#: Questions that the reason for the class answers; vc09 asks for it where none of the others does.
ABOUT_CLASS = frozenset({"FU-C7", "vc03", "vc05", "vc06", "vc07", "vc08", "vc09"})

HALF_YEAR, WEEK, OLD = 180, 7, 75
JUMP = 3
ATTEMPTS = 3
NAMED = (DangerousAct.DISTURBANCE, DangerousAct.OFFENCE, DangerousAct.OTHER_HARM)


class Asked(NamedTuple):
    """One finding about a visit; ``field`` is the key it belongs to, ``rule`` the norm behind it if any."""

    id: str
    level: str
    field: str
    says: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around one visit; all days in days since 1970.

    ``latest`` tells the last day allowed for the next visit, ``gaps`` are the days that counting allows after
    a visit of a class.

    ``earlier`` are the visits before it that reached the person, latest first (codes only). ``last_seen`` is
    the day of the latest other visit that reached the person, before or after. ``failed`` are days of failed
    attempts since the visit before, ``answered`` the latest day since then on which somebody answered.
    ``dated`` counts the dated incidents by kind since the visit before, those told with this visit included;
    ``told_twice`` are days of incidents that already belong to another visit. ``suggested`` is the class the
    decision table proposes. ``closed``: a closed month would change. ``drugs`` are the names as typed.
    """

    case: CaseFacts
    latest: Latest
    today: int
    entered: int
    gaps: Mapping[int, int] = field(default_factory=dict)
    earlier: tuple[VisitRow, ...] = ()
    last_seen: int | None = None
    failed: frozenset[int] = frozenset()
    answered: int | None = None
    dated: Mapping[int, int] | None = None
    told_twice: tuple[int, ...] = ()
    suggested: int | None = None
    class_reason: bool = False
    no_symptoms: bool = False
    closed: str = ""
    birth_year: int | None = None

    @property
    def before(self) -> VisitRow | None:
        """The visit before this one, ``None`` for the first."""
        return self.earlier[0] if self.earlier else None


Test = Callable[[VisitRow, Around], tuple[object, ...] | None]


@dataclass(frozen=True, slots=True)
class ScreenCheck:
    """A check only the page can make; ``test`` answers ``None`` or the words for ``says``."""

    id: str
    level: str
    field: str
    says: str
    test: Test
    rule: str = ""


CHECKS: list[ScreenCheck] = []


def check(id: str, level: str, field: str, says: str, rule: str = "") -> Callable[[Test], Test]:
    """Declare a check of the screen; decorates its test."""

    def declare(test: Test) -> Test:
        CHECKS.append(ScreenCheck(id, level, field, says, test, rule))
        return test

    return declare


_KEY_OF = {column.header: column.key for column in SHEET.columns}
_FIELD_OF = {"轻度滋事次数": "acts"}


def findings(row: VisitRow, around: Around) -> list[Asked]:
    """Everything to be said about one visit, what blocks first, then in the order of the form."""
    found = [*_impossible(row, around), *_of_sheet(row, around)]
    for one in CHECKS:
        words = one.test(row, around)
        if words is not None:
            found.append(Asked(one.id, one.level, one.field, one.says.format(*words), one.rule))
    asked = {one.id for one in found}
    if asked & (ABOUT_CLASS - {"vc09"}):
        found = [one for one in found if one.id != "vc09"]
    return sorted(found, key=lambda one: (BLOCKS + REASON + LATER).index(one.level))


def _impossible(row: VisitRow, around: Around) -> Iterator[Asked]:
    if row.on > around.today:
        says = (
            f"随访日期晚于今天（{shown(around.today)}）。尚未发生的事不能登记。"
            "请改正日期；如是手机或电脑的时钟不准，请先校准后再填。"
        )
        yield Asked("tm01", BLOCKS, "on", says)
    for fault in faults(row, around.case):
        if fault.code == "after-death":
            says = (
                f"随访日期晚于登记的死亡日期（{fault.words[0]}）。死亡之后不会再有随访。"
                "请改正随访日期，或先在患者页更正死亡登记。"
            )
            yield Asked("tm03", BLOCKS, "on", says)
        elif "出院" in fault.column:
            says = (
                "末次出院时间晚于随访日期。时间先后颠倒，其中一个必定有误。"
                "请改正日期，或把记不准的日期只填到年、月。"
            )
            yield Asked("FU-C6", BLOCKS, "discharged", says)
        else:
            says = "随访日期早于患者的出生年份。其中一个必定有误。请改正随访日期，或核对档案中的出生日期。"
            yield Asked("tm01", BLOCKS, "on", says)


def _of_sheet(row: VisitRow, around: Around) -> Iterator[Asked]:
    before = around.before
    known = VisitAround(around.case, around.latest, None if before is None else before.stability)
    for one in SHEET.checks:
        level = LEVELS.get(one.id)
        if level is None:
            continue
        words = one.test(row, known)
        if words is not None:
            field = _FIELD_OF.get(one.column) or _KEY_OF.get(one.column, "on")
            yield Asked(one.id, level, field, one.says.format(*words), one.rule)


def _seen(row: VisitRow) -> bool:
    return row.loss_reason is None and row.died_on is None


def counts(row: VisitRow) -> dict[int, int]:
    """How often each kind of act was counted since the last visit; unassessed kinds are left out."""
    found = {kind: getattr(row, key) for kind, key in COUNTS.items()}
    return {int(kind): count for kind, count in found.items() if count is not None}


# --- time --------------------------------------------------------------------------------------------


@check(
    "tm09",
    LATER,
    "on",
    "距上次随访 {0} 天，超过该分类的上限 {1} 天。这一段不计入规范管理。请在备注说明原因，或核对随访日期。",
    rule="GF2018-7.16",
)
def _gap_within_limit(row: VisitRow, around: Around) -> tuple[object, ...] | None:
    before = around.before
    if before is None or before.stability is None:
        return None
    limit, gap = around.gaps.get(before.stability), row.on - before.on
    return (gap, limit) if limit is not None and gap > limit else None


@check(
    "tm11",
    LATER,
    "on",
    "距上次随访只有 {0} 天。计划外的随访照样保存，但两次相距太近时不能各抵一个间隔。"
    "请在备注写明缘由，或核对日期。",
)
def _soon_after_the_last(row: VisitRow, around: Around) -> tuple[object, ...] | None:
    before = around.before
    if before is None or not _seen(row) or before.stability == Stability.UNSTABLE:
        return None
    gap = row.on - before.on
    return (gap,) if gap < WEEK and (before.next_on is None or row.on < before.next_on) else None


@check(
    "tm12",
    LATER,
    "on",
    "随访后 {0} 天才录入。录入越晚，越难补正。请尽量在 10 个工作日内录入，或在备注说明原因。",
    rule="GF2018-7.6",
)
def _entered_in_time(row: VisitRow, around: Around) -> tuple[object, ...] | None:
    late = around.entered - row.on
    return (late,) if late > WEEK else None


@check(
    "tm13",
    REASON,
    "on",
    "这次改动涉及已结账的月份（{0}）。已结账的数字不会改变，下次结账时会列出差异。请写明改动理由，或保留原日期。",
)
def _closed_month(_: VisitRow, around: Around) -> tuple[object, ...] | None:
    return (around.closed,) if around.closed else None


@check(
    "tm14",
    BLOCKS,
    "loss_reason",
    "失访原因为“连续3次未访到”，而不同日期的未访到记录只有 {0} 次。少于 3 次不能认定失访。"
    "请先补记各次联系，或改填其他原因。",
    rule="GF2018-8.2",
)
def _three_attempts(row: VisitRow, around: Around) -> tuple[object, ...] | None:
    if row.loss_reason != LossReason.NOT_MET_3_TIMES:
        return None
    days = len(around.failed | {row.on})
    return (days,) if days < ATTEMPTS else None


@check(
    "tm15",
    REASON,
    "loss_reason",
    "填了失访，而 {0} 的联系有人应答。有应答通常不算失访。请写明理由，或改为记一次“未访到”。",
)
def _answered_meanwhile(row: VisitRow, around: Around) -> tuple[object, ...] | None:
    lost = row.loss_reason in (LossReason.MISSING, LossReason.NOT_MET_3_TIMES)
    return (shown(around.answered),) if lost and around.answered is not None else None


# --- content -----------------------------------------------------------------------------------------


@check(
    "vc09",
    REASON,
    "class_reason",
    "所选分类好于系统按规则提示的“{0}”。分类偏好会推迟下次随访。请写明理由，或改选分类。",
    rule="REC-7.20",
)
def _better_than_suggested(row: VisitRow, around: Around) -> tuple[object, ...] | None:
    if row.stability is None or around.suggested is None or row.stability <= around.suggested:
        return None
    return (Stability.read(around.suggested).label,)


@check(
    "vc11",
    BLOCKS,
    "symptoms",
    "“目前症状”选了“无”，又选了具体症状。两者矛盾，分类会失去依据。请去掉“无”，或去掉具体症状。",
)
def _none_excludes_symptoms(row: VisitRow, around: Around) -> tuple[object, ...] | None:
    return () if around.no_symptoms and row.symptoms else None


@check(
    "vc14",
    REASON,
    "risk",
    "记有{0}，而危险性评估为 0 级。0 级表示没有任何危险行为。请重新评估等级，或改正次数。",
    rule="GW2017-6.1",
)
def _acts_mean_a_level(row: VisitRow, _: Around) -> tuple[object, ...] | None:
    if row.risk != RiskLevel.LEVEL_0:
        return None
    told = counts(row)
    found = [kind.label for kind in NAMED if told.get(int(kind))]
    return ("、".join(found),) if found else None


@check(
    "vc17",
    BLOCKS,
    "acts",
    "{0}填了次数，而没有任何一次的日期。没有日期就无法与应急、转诊对上。请填写发生日期，或改正次数。",
)
def _acts_are_dated(row: VisitRow, around: Around) -> tuple[object, ...] | None:
    if around.dated is None:
        return None
    bare = [
        DangerousAct.read(kind).label
        for kind, count in counts(row).items()
        if count and not around.dated.get(kind)
    ]
    return ("、".join(bare),) if bare else None


@check(
    "vc17",
    BLOCKS,
    "acts",
    "{0} 的同类行为已经记在另一次随访里。重复登记会使次数加倍。请改正日期，或从次数中减去。",
)
def _acts_told_once(_: VisitRow, around: Around) -> tuple[object, ...] | None:
    return ("、".join(shown(day) for day in around.told_twice),) if around.told_twice else None


@check(
    "vc37",
    REASON,
    "mode",
    "危险性评估为 {0} 级，而本次只是电话随访。电话里难以核实，也无法当场处置。"
    "请立即联系公安和上级医院并安排面访，写明如何得知；如评估有误，请改正等级。",
    rule="GW2017-7.10",
)
def _gravest_by_telephone(row: VisitRow, _: Around) -> tuple[object, ...] | None:
    grave = row.risk is not None and row.risk >= RiskLevel.LEVEL_4
    return (row.risk,) if grave and row.mode == VisitMode.PHONE else None


@check("vc19", REASON, "confinement", UNLOCKED_TWICE[2])
def _unlocked_after_locked(row: VisitRow, around: Around) -> tuple[object, ...] | None:
    before = around.before
    if before is None or row.confinement != Confinement.RELEASED:
        return None
    if before.confinement not in (Confinement.NONE, Confinement.RELEASED):
        return None
    return (shown(before.on), Confinement.read(before.confinement).label)


@check(
    "vc23",
    REASON,
    "hospital",
    "上次（{0}）记为正在住院，本次填“未住院”。出院后两周内应随访，需要出院时间。"
    "请改为“曾住院”并填出院时间，或写明理由。",
)
def _stay_has_an_end(row: VisitRow, around: Around) -> tuple[object, ...] | None:
    before = around.before
    was_in = before is not None and before.hospital == HospitalState.NOW
    return (shown(before.on),) if was_in and before and row.hospital == HospitalState.NEVER else None


@check(
    "vc24",
    LATER,
    "hospital",
    "连续记为住院已 {0} 天。长期住院者应暂停按期随访或核实是否已出院。请向医院核实，或在患者页设置暂停。",
)
def _stay_not_endless(row: VisitRow, around: Around) -> tuple[object, ...] | None:
    if row.hospital != HospitalState.NOW:
        return None
    first = row.on
    for one in around.earlier:
        if one.hospital != HospitalState.NOW:
            break
        first = one.on
    return (row.on - first,) if row.on - first > HALF_YEAR else None


@check(
    "vc25",
    LATER,
    "study",
    "{0} 岁而学习能力为“良好”。多为顺手勾选。请核对该项，或确认无误。",
)
def _study_at_that_age(row: VisitRow, around: Around) -> tuple[object, ...] | None:
    if around.birth_year is None or row.study != Grade.GOOD:
        return None
    from_year = int(shown(row.on).partition("年")[0])
    age = from_year - around.birth_year
    return (age,) if age >= OLD else None


@check(
    "vc27",
    REASON,
    "laboratory_text",
    "实验室检查为“有”，而没有写是什么检查。看不出项目就无法跟进结果。请写明项目和结果，或改为“无”。",
)
def _tests_are_named(row: VisitRow, _: Around) -> tuple[object, ...] | None:
    return () if row.laboratory == Present.YES and row.laboratory_text is None else None


@check(
    "vc29",
    REASON,
    "referral_advised",
    "连续两次不稳定（上次 {0}），却未建议转诊。不稳定者应转诊。请补记转诊，或写明未转诊的理由。",
    rule="GW2017-7.10",
)
def _unstable_twice_is_referred(row: VisitRow, around: Around) -> tuple[object, ...] | None:
    before = around.before
    if before is None or row.stability != Stability.UNSTABLE or before.stability != Stability.UNSTABLE:
        return None
    if row.hospital == HospitalState.NOW or (row.risk is not None and row.risk >= RiskLevel.LEVEL_3):
        return None
    refused = row.referral_advised == YesNo.NO and row.referred != YesNo.YES
    return (shown(before.on),) if refused else None


@check(
    "vc31",
    LATER,
    "insight",
    "危险性、症状、自知力、社会功能和分类与前两次（{0}、{1}）完全相同。请确认是逐项评估的结果，或重新评估。",
)
def _judged_anew(row: VisitRow, around: Around) -> tuple[object, ...] | None:
    if len(around.earlier) < 2 or not _seen(row):
        return None
    now, one, two = (_judged(each) for each in (row, *around.earlier[:2]))
    filled = sum(value is not None for value in now)
    if now != one or now != two or filled < 6 or not row.symptoms:
        return None
    return (shown(around.earlier[0].on), shown(around.earlier[1].on))


def _judged(row: VisitRow) -> tuple[int | None, ...]:
    return (
        row.risk, row.symptoms, row.insight, row.self_care, row.housework, row.work, row.study, row.contact,
        row.stability,
    )  # fmt: skip


@check("vc33", LATER, "risk", LEVEL_JUMPED[2])
def _level_jumped(row: VisitRow, around: Around) -> tuple[object, ...] | None:
    before = around.before
    if before is None or row.risk is None or before.risk is None:
        return None
    quiet = not any(counts(row).values()) and row.hospital == HospitalState.NEVER
    jump = abs(row.risk - before.risk)
    return (shown(before.on), jump) if jump >= JUMP and quiet else None


@check(
    "FU-C10",
    LATER,
    "mode",
    "连续两次电话随访都没有与患者本人通话（上次 {0}）。两次都不算面访。"
    "请安排一次门诊或家访，或在备注说明原因。",
)
def _twice_not_heard(row: VisitRow, around: Around) -> tuple[object, ...] | None:
    before = around.before
    if before is None or not (_unheard(row) and _unheard(before)):
        return None
    return (shown(before.on),)


def _unheard(row: VisitRow) -> bool:
    unheard = row.informants is not None and not row.informants >> Informant.SELF & 1
    return row.mode == VisitMode.PHONE and unheard and row.loss_reason is None


# --- medicine, death ---------------------------------------------------------------------------------


@check(
    "md11",
    REASON,
    "drug1_name",
    "“{0}”列了两次。同一种药重复登记会使剂量加倍。请合并为一行，或写明理由后保留。",
)
def _drug_named_once(row: VisitRow, _: Around) -> tuple[object, ...] | None:
    names = [name for name in (row.drug1_name, row.drug2_name, row.drug3_name) if name]
    twice = [name for name in names if names.count(name) > 1]
    return (twice[0],) if twice else None


@check(
    "st02",
    BLOCKS,
    "died_on",
    "死亡日期早于 {0} 的随访。死亡之后不会再有随访，其中一个日期必定有误。"
    "请核对死亡日期；如那次随访记错了人或日期，请先更正那次随访。",
)
def _death_after_the_last_visit(row: VisitRow, around: Around) -> tuple[object, ...] | None:
    if row.died_on is None or around.last_seen is None or row.died_on >= around.last_seen:
        return None
    return (shown(around.last_seen),)


@check(
    "st02",
    BLOCKS,
    "died_on",
    "死亡日期晚于随访日期。得知死亡的那次随访不会早于死亡。请改正死亡日期，或改正随访日期。",
)
def _death_before_it_was_learnt(row: VisitRow, _: Around) -> tuple[object, ...] | None:
    return () if row.died_on is not None and row.died_on > row.on else None


@check(
    "st05",
    REASON,
    "death_cause",
    "死亡原因为“{0}”，而期间没有登记任何事件。此类死亡一般应有事件或应急记录。请补记事件，或写明理由。",
)
def _violent_death_has_an_event(row: VisitRow, around: Around) -> tuple[object, ...] | None:
    if row.death_cause not in (DeathCause.SUICIDE, DeathCause.ACCIDENT, DeathCause.HOMICIDE):
        return None
    return None if any((around.dated or {}).values()) else (DeathCause.read(row.death_cause).label,)


__all__ = [
    "ABOUT_CLASS",
    "BLOCKS",
    "CHECKS",
    "LATER",
    "LEVELS",
    "MANY_ACTS",
    "REASON",
    "Around",
    "Asked",
    "counts",
    "findings",
]
