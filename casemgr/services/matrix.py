"""披露矩阵: what each party is told, in words, and the lines that a document loosens for a time (放宽).

The matrix itself is ``lists/disclosure_matrix.csv`` and strict. A loosening is proposed by the security
administrator with the number of a document and the effect it has, approved by another account on the health
side, and holds between two days; what can be loosened at all stands in ``lists/disclosure_loosening.csv``.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from casemgr.rules.access import Action
from casemgr.rules.disclosure import Loosening, MatrixLine, Slack, cell, party_of, slacks
from casemgr.rules.policy import in_force_on
from casemgr.services import clock
from casemgr.services.errors import Conflict, Forbidden, Missing, Unfit
from casemgr.services.use_case import use_case, within
from casemgr.store.db import new_key
from casemgr.store.models.access import MatrixLoosening
from casemgr.store.queries import access as queries
from casemgr.store.work import Work
from casemgr.terms.access import LooseningState
from casemgr.terms.disclosure import FieldGroup, Party

#: A document says more of what follows from it than a few words.
IMPACT_LEAST, IMPACT_MOST = 20, 1000
NUMBER_MOST = 80


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the matrix: its strict lines, and those by which it is loosened today."""

    group: FieldGroup
    lines: tuple[MatrixLine, ...]
    loosened: tuple[MatrixLine, ...]

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


@dataclass(frozen=True, slots=True)
class MatrixView:
    """The whole matrix today; ``own``: the row of the reader's role."""

    rows: tuple[Row, ...]
    own: Party | None
    loosenings: tuple[LooseningView, ...]


def loosened(work: Work, on: date) -> tuple[Loosening, ...]:
    """What is loosened on a day, for :func:`casemgr.rules.disclosure.may_see`; asked inside a use case."""
    return queries.in_force(work, on)


def _row(party: Party, held: tuple[Loosening, ...]) -> Row:
    found = []
    for group in FieldGroup:
        further = tuple(
            slack.line(one.first, one.last, one.number)
            for one in held
            if (slack := slacks().get(one.key)) is not None and (slack.party, slack.group) == (party, group)
        )
        found.append(Cell(group, cell(party, group), further))
    return Row(party, tuple(found))


@use_case(Action.ACCESS_READ)
def view(work: Work, today: date) -> MatrixView:
    """Every line of the matrix, loosened ones with their document, and every loosening there was."""
    held = loosened(work, today)
    return MatrixView(
        tuple(_row(party, held) for party in Party),
        party_of(work.access.role),
        tuple(_loosening(work, row, today) for row in queries.loosenings(work)),
    )


@use_case(Action.ACCESS_READ)
def row_of(work: Work, party: int, today: date) -> Row:
    """One party's row; :class:`Missing` for a number that is none."""
    try:
        return _row(Party.read(party), loosened(work, today))
    except ValueError:
        raise Missing("披露矩阵里没有这一行。请从矩阵页面进入。") from None


def _loosening(work: Work, row: object, today: date) -> LooseningView:
    one: MatrixLoosening = row.MatrixLoosening  # type: ignore[attr-defined]
    slack = slacks().get(one.key)
    state = LooseningState.read(one.state)
    return LooseningView(
        one.id,
        slack,
        one.key,
        slack.line(one.valid_from, one.valid_to, one.number).words if slack else "程序已不再支持这一项",
        one.number,
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
    )


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
    work: Work, once: int, key: str, number: str, impact: str, first: date | None, last: date | None
) -> None:
    """Propose to loosen one line by a document; nothing changes before somebody else has approved.

    A second press changes nothing. Raises :class:`Unfit` with the fields that are wrong.
    """
    if work.get(MatrixLoosening, once) is not None:
        return
    today = clock.today()
    most = in_force_on(today, within(work).region).loosening_days.value
    number, impact = _clean(number), _clean(impact)
    wrong: dict[str, str] = {}
    if key not in slacks():
        wrong["key"] = "请选择要放宽的一项。没有列出的项目，程序不能放宽。"
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
    if not wrong and first and last and queries.overlapping(work, key, first, last):
        wrong["key"] = "这一项在这段时间里已经有放宽或待批准的申请。请先终止原来的，或换一段时间。"
    if wrong or first is None or last is None:
        raise Unfit("没有提交，请改正后再试。", fields=wrong)
    work.add(
        MatrixLoosening(
            id=once,
            key=key,
            number=number,
            impact=impact,
            valid_from=first,
            valid_to=last,
            state=int(LooseningState.PROPOSED),
            proposed_by=work.access.actor,
            proposed_at=clock.now(),
        )
    )


def _waiting(work: Work, key: int) -> MatrixLoosening:
    found = work.get(MatrixLoosening, key)
    if found is None:
        raise Missing("没有这项放宽申请。请从矩阵页面进入。")
    return found


@use_case(Action.ACCESS_APPROVE)
def decide(work: Work, key: int, approved: bool) -> None:
    """Approve or refuse a proposal; never by the account that proposed it.

    Raises :class:`Forbidden` for the own proposal, :class:`Conflict` when it was decided meanwhile.
    """
    found = _waiting(work, key)
    if found.proposed_by == work.access.actor:
        raise Forbidden("放宽须由提出人以外的另一个账号批准。请另一位有批准权限的人员登录后处理。")
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
