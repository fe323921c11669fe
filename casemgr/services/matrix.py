"""披露矩阵: what each party is told, in words, and the lines that a document loosens for a time (放宽).

The matrix itself is ``lists/disclosure_matrix.csv`` and strict. A loosening is proposed by the security
administrator for one area, with the number of a document, the office that signed it and the effect it has,
approved by another person of the health side of that area, and holds between two days; what can be loosened
at all stands in ``lists/disclosure_loosening.csv``. When it ends, what was written out by it is not shown any
more from that moment (:func:`still`), and taken away in the night.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from casemgr.rules.access import Action
from casemgr.rules.disclosure import (
    Loosening,
    MatrixLine,
    Sight,
    Slack,
    cell,
    covered,
    party_of,
    sights,
    slacks,
)
from casemgr.rules.policy import in_force_on
from casemgr.services import clock
from casemgr.services.account_person import one_person
from casemgr.services.errors import Conflict, Forbidden, Missing, Unfit
from casemgr.services.use_case import use_case, within
from casemgr.store.db import new_key
from casemgr.store.models.access import MatrixLoosening
from casemgr.store.queries import access as queries
from casemgr.store.queries import area as areas
from casemgr.store.work import Work
from casemgr.terms.access import LooseningState
from casemgr.terms.account import Role
from casemgr.terms.area import AreaLevel, level_of, span_of
from casemgr.terms.disclosure import Condition, FieldGroup, Level, Party

#: A document says more of what follows from it than a few words.
IMPACT_LEAST, IMPACT_MOST = 20, 1000
NUMBER_MOST = 80


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the matrix: its strict lines, and those by which it is loosened today."""

    group: FieldGroup
    lines: tuple[MatrixLine, ...]
    loosened: tuple[MatrixLine, ...]
    #: Where each of the loosened lines holds, in the same order.
    places: tuple[str, ...] = ()

    @property
    def unverified(self) -> bool:
        """Whether something of it is 待核对."""
        return any(one.unverified for one in (*self.lines, *self.loosened))


@dataclass(frozen=True, slots=True)
class Row:
    """One party with its cells, in the order of the groups."""

    party: Party
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class LooseningView:
    """One loosening with who proposed, decided and ended it; ``holds``: today it does."""

    id: int
    slack: Slack | None
    key: str
    words: str
    number: str
    approver: str
    place: str
    impact: str
    first: date
    last: date
    state: LooseningState
    proposed_at: datetime
    proposer: str
    decided_at: datetime | None
    decider: str
    ended_at: datetime | None
    ender: str
    own: bool
    holds: bool
    #: Whether the reader may decide on it: another person than the proposer, over its area.
    decidable: bool = False


@dataclass(frozen=True, slots=True)
class MatrixView:
    """The whole matrix today; ``own``: the row of the reader's role."""

    rows: tuple[Row, ...]
    own: Party | None
    loosenings: tuple[LooseningView, ...]


def loosened(work: Work, on: date) -> tuple[Loosening, ...]:
    """What is loosened on a day, for :func:`casemgr.rules.disclosure.may_see`; asked inside a use case.

    Whoever decides on sight says of which area: a loosening opens nothing elsewhere.
    """
    return queries.in_force(work, on)


#: What a line of a sheet is called that the cover of an address leaves as it is.
VILLAGE = "村（社区）"


def still(
    work: Work, role: Role, conditions: Iterable[Condition], area: int, sheet: Iterable[tuple[int, str, str]]
) -> list[tuple[int, str, str]]:
    """The lines (group or 0, label, value) of a written sheet that the matrix still gives at this moment.

    A sheet is written when a condition begins. What it held by a loosening that is over, withdrawn or not
    there any more is left out or covered here, so that nobody reads it until the night has emptied it.
    """
    today = clock.today()
    seen = sights(role, frozenset(conditions), today, loosened(work, today), area)
    found = []
    for group, label, value in sheet:
        told = seen.get(FieldGroup.read(group)) if group else None
        if group and told is None:
            continue
        text = value if told is None or label == VILLAGE else _covered(value, told)
        if text:
            found.append((group, label, text))
    return found


def _covered(value: str, told: Sight) -> str:
    return covered(value, told.mask) if told.level is Level.MASKED else value


def _names(work: Work, codes: Iterable[int]) -> dict[int, str]:
    """Names of the areas loosenings hold over, townships with their county's."""
    names = {}
    for code in {*codes} - {0}:
        rows = areas.within(work, code, code + 1, int(AreaLevel.VILLAGE))
        names[code] = rows[0].name if rows else str(code)
    return {0: "全部辖区（早先批准，未写明辖区）", **names}


def _row(work: Work, party: Party, held: tuple[Loosening, ...]) -> Row:
    found = []
    names = _names(work, [one.over for one in held])
    for group in FieldGroup:
        further = [
            (slack.line(one.first, one.last, one.number), names[one.over])
            for one in held
            if (slack := slacks().get(one.key)) is not None and (slack.party, slack.group) == (party, group)
        ]
        lines, places = tuple(line for line, _ in further), tuple(place for _, place in further)
        found.append(Cell(group, cell(party, group), lines, places))
    return Row(party, tuple(found))


@use_case(Action.ACCESS_READ)
def view(work: Work, today: date) -> MatrixView:
    """Every line of the matrix, loosened ones with their document, and every loosening there was."""
    held = loosened(work, today)
    return MatrixView(
        tuple(_row(work, party, held) for party in Party),
        party_of(work.access.role),
        _loosenings(work, today),
    )


@use_case(Action.ACCESS_READ)
def row_of(work: Work, party: int, today: date) -> Row:
    """One party's row; :class:`Missing` for a number that is none."""
    try:
        return _row(work, Party.read(party), loosened(work, today))
    except ValueError:
        raise Missing("披露矩阵里没有这一行。请从矩阵页面进入。") from None


def _loosenings(work: Work, today: date) -> tuple[LooseningView, ...]:
    rows = queries.loosenings(work)
    names = _names(work, [row.MatrixLoosening.over for row in rows])
    return tuple(_loosening(work, row, today, names[row.MatrixLoosening.over]) for row in rows)


def _loosening(work: Work, row: object, today: date, place: str) -> LooseningView:
    one: MatrixLoosening = row.MatrixLoosening  # type: ignore[attr-defined]
    slack = slacks().get(one.key)
    state = LooseningState.read(one.state)
    return LooseningView(
        one.id,
        slack,
        one.key,
        slack.line(one.valid_from, one.valid_to, one.number).words if slack else "程序已不再支持这一项",
        one.number,
        one.approver,
        place,
        one.impact,
        one.valid_from,
        one.valid_to,
        state,
        one.proposed_at,
        row.proposer or "",  # type: ignore[attr-defined]
        one.decided_at,
        row.decider or "",  # type: ignore[attr-defined]
        one.ended_at,
        row.ender or "",  # type: ignore[attr-defined]
        one.proposed_by == work.access.actor,
        state is LooseningState.APPROVED and one.valid_from <= today <= one.valid_to,
        _may_decide(work, one),
    )


def _may_decide(work: Work, one: MatrixLoosening) -> bool:
    """Whether the area of a loosening lies within reach, and somebody else has proposed it."""
    if one.over == 0 or one.state != LooseningState.PROPOSED:
        return False
    low, high = span_of(one.over)
    reached = work.access.low <= low and high <= work.access.high
    return reached and not one_person(work, one.proposed_by, work.access.actor)


def choices() -> tuple[Slack, ...]:
    """What can be loosened at all."""
    return tuple(slacks().values())


def begin() -> int:
    """The key of the loosening to be, for the form that is shown."""
    return new_key()


def _clean(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


@use_case(Action.ACCESS_CHANGE)
def propose(
    work: Work,
    once: int,
    key: str,
    number: str,
    impact: str,
    first: date | None,
    last: date | None,
    over: int | None = None,
    approver: str = "",
) -> None:
    """Propose to loosen one line by a document; nothing changes before somebody else has approved.

    A second press changes nothing. Raises :class:`Unfit` with the fields that are wrong.
    """
    if work.get(MatrixLoosening, once) is not None:
        return
    today = clock.today()
    most = in_force_on(today, within(work).region).loosening_days.value
    number, impact, approver = _clean(number), _clean(impact), _clean(approver)
    wrong: dict[str, str] = {}
    if key not in slacks():
        wrong["key"] = "请选择要放宽的一项。没有列出的项目，程序不能放宽。"
    if fault := _place_fault(work, slacks().get(key), over):
        wrong["over"] = fault
    if not 2 <= len(approver) <= NUMBER_MOST:
        wrong["approver"] = f"请填写批准文件的单位或批准人（2–{NUMBER_MOST} 个字），文件由谁签发。"
    if not 4 <= len(number) <= NUMBER_MOST:
        wrong["number"] = f"请填写批准文件的文号（4–{NUMBER_MOST} 个字）。没有文件就没有放宽的依据。"
    if not IMPACT_LEAST <= len(impact) <= IMPACT_MOST:
        wrong["impact"] = (
            f"请写明提供给谁、为什么需要、对患者有什么影响、怎样减轻（{IMPACT_LEAST}–{IMPACT_MOST} 个字）。"
        )
    if first is None:
        wrong["first"] = "请填写开始日期，例如 2026-12-01。"
    elif first < today:
        wrong["first"] = "开始日期已经过去，放宽不能追溯。请改为今天或以后。"
    if last is None:
        wrong["last"] = "请填写截止日期。放宽必须有期限，到期自动恢复。"
    elif first is not None and not first <= last < first + timedelta(days=most):
        wrong["last"] = f"截止日期应在开始日期之后 {most} 天以内，到期可以再申请。请改正。"
    if not wrong and first and last and over and queries.overlapping(work, key, over, first, last):
        wrong["key"] = "这一项在这个辖区、这段时间里已经有放宽或待批准的申请。请先终止原来的，或换一段时间。"
    if wrong or first is None or last is None or over is None:
        raise Unfit("没有提交，请改正后再试。", fields=wrong)
    work.add(
        MatrixLoosening(
            id=once,
            key=key,
            number=number,
            over=over,
            approver=approver,
            impact=impact,
            valid_from=first,
            valid_to=last,
            state=int(LooseningState.PROPOSED),
            proposed_by=work.access.actor,
            proposed_at=clock.now(),
        )
    )


def _place_fault(work: Work, slack: Slack | None, over: int | None) -> str:
    """Why an area cannot be chosen, empty if it can."""
    if over is None or level_of(over) not in PLACES or not areas.within(work, over, over + 1, 5):
        return "请选择放宽在哪个县（区）或乡镇（街道）生效。别处仍按从严的矩阵执行。"
    if slack is not None and slack.party is Party.COUNTY_UNIT and level_of(over) is AreaLevel.TOWNSHIP:
        return "这一岗位的工作范围是全县（区），只放宽一个乡镇对它不起作用。请选择所在的县（区）。"
    return ""


#: Where a loosening may hold: one county or one township, never more.
PLACES = (AreaLevel.COUNTY, AreaLevel.TOWNSHIP)


def _waiting(work: Work, key: int) -> MatrixLoosening:
    found = work.get(MatrixLoosening, key)
    if found is None:
        raise Missing("没有这项放宽申请。请从矩阵页面进入。")
    return found


@use_case(Action.ACCESS_APPROVE)
def decide(work: Work, key: int, approved: bool) -> None:
    """Approve or refuse a proposal; never by the person who proposed it, and only over the own area.

    Raises :class:`Forbidden` for the own proposal and for one of another area, :class:`Conflict` when it was
    decided meanwhile.
    """
    found = _waiting(work, key)
    if one_person(work, found.proposed_by, work.access.actor):
        raise Forbidden("放宽须由提出人以外的另一个人批准。请另一位有批准权限的人员登录后处理。")
    if found.over == 0:
        raise Conflict("这项申请没有写明在哪个辖区生效，不能批准。请安全管理员撤回，写明辖区后重新提出。")
    low, high = span_of(found.over)
    if not (work.access.low <= low and high <= work.access.high):
        raise Forbidden("这项放宽不在您的辖区内，应由那里的县级管理员或卫生健康行政部门批准。")
    if found.state != LooseningState.PROPOSED:
        raise Conflict("这项申请刚刚已被处理。请刷新页面核对。")
    if approved and found.valid_to < clock.today():
        raise Conflict("这项申请的截止日期已过，批准了也不会生效。请不予批准，由提出人重新申请。")
    found.state = int(LooseningState.APPROVED if approved else LooseningState.REFUSED)
    found.decided_by, found.decided_at = work.access.actor, clock.now()


@use_case(Action.ACCESS_CHANGE)
def end(work: Work, key: int) -> None:
    """The strict line holds again from now on; one that has ended already is no mistake."""
    found = _waiting(work, key)
    if found.state in (LooseningState.PROPOSED, LooseningState.APPROVED):
        found.state = int(LooseningState.ENDED)
        found.ended_by, found.ended_at = work.access.actor, clock.now()
