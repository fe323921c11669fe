"""口径版本: which definitions, targets and numbers hold where and when, shipped or laid down by a county."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction

from casemgr.indicators import editions
from casemgr.indicators.catalogue import BY_KEY, Measure
from casemgr.indicators.editions import DECIMALS, Edition, Target
from casemgr.indicators.period import Period
from casemgr.rules import policy as policies
from casemgr.rules.access import Action
from casemgr.rules.policy import COUNTING, OWN_RULE, Policy
from casemgr.services import clock
from casemgr.services.errors import Conflict, Missing, Refused, Unfit
from casemgr.services.use_case import use_case, within
from casemgr.store.db import new_key
from casemgr.store.models.edition import EditionEntry
from casemgr.store.queries import edition as queries
from casemgr.store.queries import revision as revisions
from casemgr.store.work import CLOSING_TURN, Work
from casemgr.terms.area import AreaLevel, ancestor, span_of
from casemgr.terms.rulebook import book

NO_COUNTY = "口径由县（区）制定。请用县级账号，或先选择一个县（区）。"
TITLE, SOURCE = 40, 120
#: How long the reason of a withdrawal is.
LEAST_WORDS, MOST_WORDS = 4, 200
#: More digits than any number of counting has are no number of ours.
LONGEST_NUMBER = 6
#: How many months ahead an edition may begin.
FARTHEST = 24
PLAIN_NUMBER = re.compile(r"[0-9]{1,4}(\.[0-9]{1,2})?")
#: What a number of counting may be at most, by its unit.
MOST = {"天": 400, "月": 12, "次": 60, "分钟": 600}


@dataclass(frozen=True, slots=True)
class Line:
    """One official figure of an edition: printed decimals, and the target as typed (empty: none)."""

    key: str
    decimals: int = DECIMALS
    target: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """An edition as somebody wants to lay it down; ``month`` is the first month it holds for, ``2027-01``."""

    title: str
    source: str
    month: str
    lines: tuple[Line, ...]
    numbers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class EditionView:
    """One edition with when it holds, and who laid it down when it is a county's own.

    ``key`` is that of an own one that is not yet in force, which can still be withdrawn; empty else.
    """

    edition: Edition
    until: date | None
    current: bool
    recorded_at: datetime | None = None
    recorded_by: str = ""
    key: int | None = None


@dataclass(frozen=True, slots=True)
class WithdrawnView:
    """One edition that was withdrawn before it held: who laid it down, who took it back, when and why."""

    edition: Edition
    recorded_at: datetime
    recorded_by: str
    withdrawn_at: datetime
    withdrawn_by: str
    because: str


def county_of(work: Work, area: int | None) -> int | None:
    """The county whose editions hold in an area (without one: in the whole access); none above a county."""
    low, high = (work.access.low, work.access.high - 1) if area is None else (area, span_of(area)[1] - 1)
    county = ancestor(low, AreaLevel.COUNTY)
    return county if 0 < county == ancestor(high, AreaLevel.COUNTY) else None


def before_all(month: str) -> Refused:
    """What is answered about a month before the first edition."""
    return Refused(
        f"{month} 早于本产品收录的指标口径（自 2017 年起），无法计算。请改选较晚的月份，"
        "或请管理员在口径表中补充当年的口径。"
    )


def edition_on(work: Work, day: date, area: int | None = None) -> Edition:
    """The edition in force on a day in an area: the county's own, else the shipped one of the region.

    Raises ``LookupError`` when none is in force.
    """
    county = county_of(work, area)
    if county is not None:
        own = [one for one in queries.of_county(work, county) if one.valid_from <= day]
        if own:
            return of_entry(own[-1])
    return editions.in_force_on(day, within(work).region)


def numbers_on(work: Work, day: date, area: int | None = None) -> Policy:
    """The numbers in force on a day in an area, those of counting as the edition has them."""
    return numbers_under(work, edition_on(work, day, area), day)


def numbers_under(work: Work, edition: Edition, day: date) -> Policy:
    """The numbers in force on a day with those that an edition lays down itself."""
    known = policies.in_force_on(day, within(work).region)
    return policies.with_numbers(known, edition.numbers, edition.source, edition.valid_from)


def of_entry(row: EditionEntry) -> Edition:
    """The edition of a county's entry."""
    told = json.loads(row.lines)
    return _made(
        row.code,
        row.title,
        row.county,
        row.valid_from,
        row.source,
        tuple(Line(one["key"], one["decimals"], one["target"]) for one in told if one["key"] in BY_KEY),
        {name: value for name, value in json.loads(row.numbers).items() if name in COUNTING},
    )


def _made(
    code: str,
    title: str,
    county: int,
    since: date,
    source: str,
    lines: Sequence[Line],
    numbers: Mapping[str, int],
) -> Edition:
    return Edition(
        code,
        title,
        str(county)[:6],
        tuple(one.key for one in lines),
        {one.key: one.decimals for one in lines},
        _beside(county, since)
        | {one.key: Target(one.key, Fraction(one.target), OWN_RULE, source) for one in lines if one.target},
        since,
        None,
        source,
        numbers,
        county=True,
    )


def _beside(county: int, since: date) -> dict[str, Target]:
    """Targets of the region for figures that no edition chooses among."""
    try:
        known = editions.in_force_on(since, str(county)[:6]).targets
    except LookupError:
        return {}
    return {key: target for key, target in known.items() if key in editions.BESIDE}


@use_case(Action.INDICATOR_READ)
def of_area(work: Work, area: int | None, today: date) -> tuple[EditionView, ...]:
    """Every edition that has held or will hold in an area, newest first, the oldest shipped one last."""
    county = county_of(work, area)
    region = within(work).region if county is None else str(county)[:6]
    rows = queries.of_county(work, county) if county is not None else []
    names = revisions.authors(work, sorted({row.recorded_by for row in rows}))
    # Those of the region on the register's own word, and the national ones behind them.
    known = [
        one
        for one in editions.shipped()
        if policies.covers(one.region, within(work).region) or policies.covers(one.region, region)
    ]
    current = edition_on(work, today, area).id
    own = [of_entry(row) for row in rows]
    found = []
    for place, row in enumerate(rows):
        later = rows[place + 1].valid_from - timedelta(days=1) if place + 1 < len(rows) else None
        view = EditionView(
            own[place],
            later,
            own[place].id == current,
            row.recorded_at,
            names.get(row.recorded_by, "系统"),
            row.id if row.valid_from > today else None,
        )
        found.append(view)
    ended = rows[0].valid_from - timedelta(days=1) if rows else None
    shipped = [
        EditionView(one, min((day for day in (one.valid_to, ended) if day), default=None), one.id == current)
        for one in known
    ]
    return (*reversed(found), *reversed(shipped))


@use_case(Action.INDICATOR_READ)
def known(work: Work, area: int | None, code: str, day: date | None = None) -> Edition:
    """The edition with an id as far as it concerns an area; :class:`Missing` when there is none.

    With a day on which it is in force, with the targets of that day; else those of its first.
    """
    return named(work, area, code, day)


def named(work: Work, area: int | None, code: str, day: date | None = None) -> Edition:
    """As :func:`known`, within a unit of work."""
    if day is not None:
        try:
            current = edition_on(work, day, area)
        except LookupError:
            current = None
        if current is not None and current.id == code:
            return current
    county = county_of(work, area)
    own = [of_entry(row) for row in queries.of_county(work, county)] if county is not None else []
    for one in (*own, *editions.shipped()):
        if one.id == code:
            return one
    raise Missing("没有这个口径版本。请从“口径”页的列表中选择。")


@use_case(Action.INDICATOR_CLOSE)
def add(work: Work, area: int, draft: Draft, once: int) -> str:
    """Lay an edition down for the county of ``area``; its id. Sent twice it is laid down once.

    Raises :class:`Unfit` with a sentence per field, :class:`Refused` where no county is meant,
    :class:`Conflict` when another edition begins in the same month.
    """
    county = _own_county(work, area)
    before = work.get(EditionEntry, once)
    if before is not None:
        return before.code
    made = read(work, county, draft)
    if any(row.valid_from == made.valid_from for row in queries.of_county(work, county)):
        raise Conflict(
            f"{draft.month} 起已有一个口径版本。同一天只能有一个口径。请改选生效月份，或核对已有的版本。"
        )
    work.add(
        EditionEntry(
            id=once,
            county=county,
            code=made.id,
            title=made.title,
            source=made.source,
            valid_from=made.valid_from,
            lines=json.dumps(
                [
                    {"key": one.key, "decimals": one.decimals, "target": one.target.strip()}
                    for one in draft.lines
                ]
            ),
            numbers=json.dumps(dict(made.numbers)),
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    return made.id


@use_case(Action.INDICATOR_READ)
def taken_back(work: Work, area: int | None) -> tuple[WithdrawnView, ...]:
    """The editions of the county of an area that were withdrawn before they held, latest first."""
    county = county_of(work, area)
    rows = queries.withdrawn(work, county) if county is not None else ()
    names = revisions.authors(
        work, sorted({one for row in rows for one in (row.recorded_by, row.withdrawn_by) if one is not None})
    )
    return tuple(
        WithdrawnView(
            of_entry(row),
            row.recorded_at,
            names.get(row.recorded_by, "系统"),
            row.withdrawn_at,
            names.get(row.withdrawn_by or 0, "系统"),
            row.withdrawn_because or "",
        )
        for row in rows
        if row.withdrawn_at is not None
    )


@use_case(Action.INDICATOR_CLOSE)
def withdraw(work: Work, key: int, because: str, today: date) -> str:
    """Take back an edition of the own county that is not yet in force; its id.

    It stays written down with the reason and never holds; the one before it holds on, so no day is without
    an edition. Raises :class:`Missing` for one out of reach, :class:`Refused` for one that holds or held,
    :class:`Conflict` when it was withdrawn meanwhile, :class:`Unfit` without a reason.
    """
    work.take_turn(CLOSING_TURN)
    row = work.get(EditionEntry, key)
    if row is None or not work.access.reaches(row.county):
        raise Missing("没有这个口径版本，或不在您的辖区内。请从“口径”页的列表中选择。")
    if row.withdrawn_at is not None:
        raise Conflict(f"口径 {row.code} 已经撤回过，不必再撤。撤回的人和原因见“已撤回的口径”。")
    if row.valid_from <= today:
        raise Refused(
            f"口径 {row.code} 从 {row.valid_from.isoformat()} 起已经生效，不能撤回："
            "按它算过的数字要能说清来历。要改口径，请新增一个从今后某月起生效的版本。"
        )
    because = because.strip()
    if not LEAST_WORDS <= len(because) <= MOST_WORDS:
        sentence = (
            f"请写明撤回的原因（{LEAST_WORDS} 到 {MOST_WORDS} 字），如“上级文件推迟执行”。"
            "看过这一版的人要知道它为什么不再生效。"
        )
        raise Unfit("没有撤回。", fields={"because": sentence})
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_because = clock.now(), work.access.actor, because
    return row.code


def _own_county(work: Work, area: int) -> int:
    county = county_of(work, area)
    if county is None or not work.access.reaches(county):
        raise Refused(NO_COUNTY)
    return county


def read(work: Work, county: int, draft: Draft) -> Edition:
    """A draft as an edition; :class:`Unfit` with a sentence for every field that cannot stand."""
    wrong: dict[str, str] = {}
    title, source = draft.title.strip(), draft.source.strip()
    if not 2 <= len(title) <= TITLE:
        wrong["title"] = f"名称应为 2 到 {TITLE} 字，如“示例县口径（2027）”。"
    if not 4 <= len(source) <= SOURCE:
        wrong["source"] = f"请写明依据的文件名称和文号（4 到 {SOURCE} 字）。数字被质疑时要能找到出处。"
    since = _first_day(work, county, draft.month, wrong)
    if not draft.lines:
        wrong["lines"] = "至少选择一项正式指标。没有正式指标的口径无法出报表。"
    for line in draft.lines:
        _check_line(line, wrong)
    numbers = _numbers(work, draft.numbers, since, wrong)
    if wrong or since is None:
        raise Unfit("没有保存，请改正后再试。", fields=wrong)
    return _made(
        _code(work, county, since),
        title,
        county,
        since,
        source,
        tuple(replace(line, target=line.target.strip()) for line in draft.lines),
        numbers,
    )


def _code(work: Work, county: int, since: date) -> str:
    """The id of an edition; one that follows a withdrawn one of the same month is told from it."""
    before = sum(row.valid_from == since for row in queries.withdrawn(work, county))
    code = f"{str(county)[:6]}-{since:%Y%m}"
    return f"{code}-{before + 1}" if before else code


def _first_day(work: Work, county: int, month: str, wrong: dict[str, str]) -> date | None:
    """The first day of the month from which a new edition may hold."""
    try:
        since = Period.of_month(month.strip()).end.replace(day=1)
    except ValueError:
        wrong["month"] = "生效月份应写成 2027-01 这样。"
        return None
    today = clock.today()
    if (since.year - today.year) * 12 + since.month - today.month > FARTHEST:
        # Nothing can be laid down before the latest one, so a slip of the pen would close the book for good.
        wrong["month"] = (
            f"{month.strip()} 离今天超过 {FARTHEST} 个月。保存后不能改动，其间也不能再加新版本。"
            "请核对年份，或临近时再制定。"
        )
        return None
    rows = queries.of_county(work, county)
    if rows and since <= rows[-1].valid_from:
        wrong["month"] = (
            f"已有从 {rows[-1].valid_from:%Y-%m} 起生效的版本，新版本须从更晚的月份起生效。"
            "那一版还没有生效的，也可以先把它撤回。"
        )
        return since
    closed = queries.last_closed(work, county)
    if closed is not None and since.year * 100 + since.month <= closed:
        wrong["month"] = (
            f"{closed // 100}-{closed % 100:02} 已经月结。已冻结的数字不能换口径。请从之后的月份起生效；"
            "要看过去的月份按新口径是多少，请用“比较两个口径”。"
        )
    return since


def _check_line(line: Line, wrong: dict[str, str]) -> None:
    measure = BY_KEY.get(line.key)
    if measure is None:
        wrong["lines"] = "有一项指标不在目录中。请刷新页面后重新选择。"
        return
    if line.decimals not in (0, 1, 2):
        wrong[f"decimals-{line.key}"] = "小数位数只能是 0、1 或 2。"
    text = line.target.strip()
    if not text:
        return
    most = measure.unit.factor
    value = Fraction(text) if PLAIN_NUMBER.fullmatch(text) else None
    if value is None or not 0 < value <= most:
        wrong[f"target-{line.key}"] = f"目标应为大于 0、不超过 {most} 的数，如 80。没有目标请留空。"


def _numbers(
    work: Work, told: Mapping[str, str], since: date | None, wrong: dict[str, str]
) -> dict[str, int]:
    """The numbers that differ from those in force without the edition."""
    known = policies.in_force_on(since or clock.today(), within(work).region)
    found = {}
    for name in COUNTING:
        text = told.get(name, "").strip()
        parameter = getattr(known, name)
        if not text:
            continue
        most = MOST.get(parameter.unit, 400)
        if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER and 1 <= int(text) <= most):
            wrong[f"number-{name}"] = f"应为 1 到 {most} 的整数（{parameter.unit}）。沿用现行规定请留空。"
        elif int(text) != parameter.value:
            found[name] = int(text)
    return found


# --- what the form shows --------------------------------------------------------------------------------

NUMBER_LABELS = {
    "gap_stable": "稳定者两次随访的间隔上限",
    "gap_basic": "基本稳定者两次随访的间隔上限",
    "gap_unstable": "不稳定者两次随访的间隔上限",
    "gap_unclassified": "未分类者两次随访的间隔上限",
    "gap_first": "年初或建档到首次随访的间隔上限",
    "months_per_visit": "次数法：每几个月一次随访",
    "visits_least": "折算法：至少几次随访",
    "session_minutes": "康复活动每次至少",
}


@dataclass(frozen=True, slots=True)
class NumberView:
    """One parameter of counting as it is in force, with where it comes from."""

    name: str
    label: str
    value: int
    unit: str
    rule: str
    status: str
    source: str


@dataclass(frozen=True, slots=True)
class MeasureView:
    """One figure that an edition can make official."""

    key: str
    name: str
    variant: str
    unit: str
    status: str
    rules: tuple[str, ...]
    reading: str


def _reading(measure: Measure) -> str:
    """How the figure is read, in the words of the rules it cites besides its own and the plain register."""
    own = [one for one in measure.cites if one not in (measure.indicator, "SET-REG-A", "SET-MAN")]
    named = [one for one in own if one in (measure.variant, f"SET-{measure.variant}", "SET-REG-B", "MED-EX4")]
    words = [re.split("[：＝=，；]", book()[one].wording)[0].strip() for one in named]
    if measure.base == "REG-A-MAN":
        words.append("分母为在管患者")
    if "REHAB-SESSION" in measure.cites:
        words.append(f"有效康复活动至少 {measure.variant[1:]} 次")
    return "；".join(words)


def measures() -> tuple[MeasureView, ...]:
    """Every figure of the catalogue, in its order."""
    return tuple(
        MeasureView(one.key, one.name, one.variant, one.unit.label, one.status, one.cites, _reading(one))
        for one in BY_KEY.values()
    )


def choices(views: Sequence[EditionView]) -> tuple[Edition, ...]:
    """What a month can be counted under: the editions that hold here, then those of other regions."""
    here = [one.edition for one in views]
    return (*here, *(one for one in editions.shipped() if one not in here))


def begin() -> int:
    """The key of the edition to be, for the form that is shown."""
    return new_key()


@use_case(Action.INDICATOR_READ)
def numbers(work: Work, area: int | None, today: date) -> tuple[NumberView, ...]:
    """The parameters of counting in force in an area today."""
    known = numbers_on(work, today, area)
    return tuple(
        NumberView(name, NUMBER_LABELS[name], one.value, one.unit, one.rule, one.status, one.source)
        for name in COUNTING
        for one in (getattr(known, name),)
    )
