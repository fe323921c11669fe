"""监护补助发放: the list by which guardians are paid, and the two figures that may be posted.

The list names guardians and their accounts, nobody's illness and no patient. What is posted is how many and
how much, checked word by word before it leaves (REC-SUBSIDY-1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from casemgr.indicators.small_cells import LARGEST, small
from casemgr.reports import handed
from casemgr.reports.handed import Handed, HandedTable
from casemgr.rules.access import Action
from casemgr.rules.policy import in_force_on
from casemgr.rules.posting import leaks
from casemgr.services import giving, impact
from casemgr.services.benefit import quarter_in_words
from casemgr.services.errors import Refused
from casemgr.services.ledger_line import Evidence
from casemgr.services.use_case import use_case, within
from casemgr.store import identity
from casemgr.store.identity import open_texts
from casemgr.store.queries import area as areas
from casemgr.store.queries import sharing as queries
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.area import AreaLevel
from casemgr.terms.disclosure import Condition, FieldGroup, Party
from casemgr.terms.liaison import Reason
from casemgr.terms.register import Lifecycle
from casemgr.terms.sharing import Benefit, ClaimState

READING = "发放监护补助"
RULE = "REC-SUBSIDY-1"
MONTHS = 3


@dataclass(frozen=True, slots=True)
class Standing:
    """How the subsidies of a quarter stand: paid, and why others are not."""

    quarter: int
    words: str
    payable: int
    total: int
    not_reviewed: int
    not_passed: int
    ended: int


@dataclass(frozen=True, slots=True)
class _Paid:
    claim: int
    case: int
    area: int
    person: int
    guardian: int
    yuan: int
    signed_on: date
    until: date | None
    account: object = field(repr=False)


def _sorted(work: Work, quarter: int, today: date, township: int = 0) -> tuple[list[_Paid], int, int, int]:
    """Who is paid (of one township), and how many are not because not reviewed, not passed, or ended.

    Nobody is on a list after the file was closed, the application withdrawn or its term over.
    """
    reviewed = queries.passed(work, quarter)
    paid: list[_Paid] = []
    missing = failed = ended = 0
    for row in queries.subsidies(work, int(Benefit.SUBSIDY), int(ClaimState.GRANTED)):
        claim = row.BenefitClaim
        if township and claim.area != township:
            continue
        over = row.withdrawn_on is not None or (row.until is not None and row.until < today)
        if row.lifecycle != Lifecycle.ON_REGISTER or over:
            ended += 1
        elif claim.id not in reviewed:
            missing += 1
        elif not reviewed[claim.id]:
            failed += 1
        else:
            paid.append(
                _Paid(
                    claim.id,
                    claim.case_id,
                    claim.area,
                    row.person_id,
                    claim.guardian_id or 0,
                    MONTHS * (claim.monthly or 0),
                    row.signed_on,
                    row.until,
                    claim.account,
                )
            )
    return paid, missing, failed, ended


@use_case(Action.SHARING_READ, writes=False)
def standing(work: Work, quarter: int, today: date, township: int = 0) -> Standing:
    """How the subsidies of a quarter stand in the county, or in one of its townships."""
    impact.county_of(work)
    paid, missing, failed, ended = _sorted(work, quarter, today, township)
    total = sum(one.yuan for one in paid)
    return Standing(quarter, quarter_in_words(quarter), len(paid), total, missing, failed, ended)


def _list(work: Work, quarter: int, township: int, today: date) -> tuple[Handed, int]:
    impact.county_of(work)
    paid, *_ = _sorted(work, quarter, today, township)
    if not paid:
        raise Refused("本季度没有可以发放的补助。请先完成监护职责审核，或选择另一个季度。", rule=RULE)
    most = in_force_on(today, within(work).region).export_alone
    if len(paid) > most.value:
        raise Refused(
            f"清单有 {len(paid)} 人，一次出件最多 {most.value} 人，以防名单成批外泄。"
            "请选择乡镇（街道）分批出件，或分给各乡镇办理。",
            rule=most.rule,
        )
    guardians = {
        one.guardian_id: one for one in identity.reveal_guardians(work, [one.person for one in paid], READING)
    }
    accounts = open_texts(work, "BenefitClaim", [(one.claim, one.account) for one in paid], READING)
    rows = tuple(
        (
            str(place),
            guardians[one.guardian].name if one.guardian in guardians else "",
            account,
            str(one.yuan),
        )
        for place, (one, account) in enumerate(zip(paid, accounts, strict=True), 1)
    )
    number = f"补助-{quarter}-{today:%m%d}"
    giving.enter(
        work,
        receiver=Role.CIVIL_AFFAIRS,
        people={one.case: one.area for one in paid},
        groups={FieldGroup.G10},
        conditions=(Condition.BENEFIT,),
        ground=giving.ground_of(work, Party.FINANCE, FieldGroup.G10, (Condition.BENEFIT,), today),
        document=number,
        evidence={one.case: Evidence(Reason.BENEFIT, on=one.signed_on, until=one.until) for one in paid},
    )
    columns = ("序号", "领取人", "收款账号", "金额（元）")
    sheet = Handed(
        title="补助发放清单",
        number=number,
        to="发放经办单位",
        facts=(
            ("所属季度", quarter_in_words(quarter)),
            ("人数", str(len(paid))),
            ("合计（元）", str(sum(one.yuan for one in paid))),
        ),
        paragraphs=("请按下列领取人和账号发放。",),
        tables=(HandedTable("发放清单", columns, rows, frozenset({0, 3})),),
        closing=("本清单只用于发放，发放后按财务规定归档，不得复印、不得公示。",),
        unit=giving.place(work),
        day=today,
        mark=giving.mark(work),
    )
    return sheet, len(paid)


@use_case(Action.SHARING_WRITE)
def payment_sheet(work: Work, quarter: int, today: date, township: int = 0) -> int:
    """Begin to print the list of payments; the key of the print. A ledger line for each person."""
    sheet, people = _list(work, quarter, township, today)
    return giving.draw(work, sheet, people)


@use_case(Action.SHARING_WRITE)
def payment_workbook(work: Work, quarter: int, today: date, township: int = 0) -> bytes:
    """The same list as a workbook."""
    return handed.workbook(_list(work, quarter, township, today)[0], within(work).demo)


@use_case(Action.SHARING_WRITE)
def posting(work: Work, quarter: int, today: date) -> str:
    """The text that may be posted: how many and how much; :class:`Refused` when it could lead to a person."""
    county = impact.county_of(work)
    paid, *_ = _sorted(work, quarter, today)
    if not paid or small(len(paid)):
        raise Refused(
            f"本季度发放人数为 0 或不超过 {LARGEST} 人，单独公示可能认出人来（REC-SMALL-1）。"
            "请并入全年合计公示，或不单独公示。",
            rule="REC-SMALL-1",
        )
    names = [one.name for one in identity.reveal_guardians(work, [one.person for one in paid], READING)]
    names += [one.name for one in identity.reveal(work, [one.person for one in paid], READING).values()]
    place = next((row.name for row in areas.within(work, county, county + 1, int(AreaLevel.COUNTY))), "")
    text = words_of(place, quarter, len(paid), sum(one.yuan for one in paid))
    checked(text, names)
    giving.enter(
        work,
        receiver=Role.CIVIL_AFFAIRS,
        people={},
        groups={FieldGroup.G14},
        conditions=(),
        ground="社会救助暂行办法第61条；只公示人数和合计金额",
        document=f"公示-{quarter}",
        count=len(paid),
    )
    return text


def words_of(place: str, quarter: int, people: int, yuan: int) -> str:
    """The fixed words of a posting; it has no free field."""
    return f"{place}{quarter_in_words(quarter)}监护补助发放情况公示：发放 {people} 人，金额合计 {yuan} 元。\n"


def checked(text: str, names: Sequence[str]) -> None:
    """Let nothing through that could lead to a person; :class:`Refused` names the kind of finding."""
    if found := leaks(text, names):
        raise Refused(
            f"公示内容没有通过检查：含有{'、'.join(found)}。公示只能有人数和金额。请联系系统管理员核对模板。",
            rule=RULE,
        )
