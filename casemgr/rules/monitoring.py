"""用药监测: which test of a drug is due since when, and what a value asks for; a reminder, never an order.

Intervals and values are data (``lists/monitoring.csv``, ``lists/critical_values.csv``), each with its rule,
status and source. Where the label says "regularly" without an interval, no day is made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, lru_cache

from casemgr.rules import laboratory
from casemgr.rules.calendar import months_after
from casemgr.rules.facts import CaseDay, ResultFact
from casemgr.terms.code import Term, from_mask, normal, to_mask
from casemgr.terms.lists import Line, lines
from casemgr.terms.monitoring import Knowledge, Phase, WatchedDrug

DEFAULT = "DEFAULT"
MONTHS = "月"
PER_CENT = 100


class Standing(Term):
    """How a test stands on a day."""

    NO_INTERVAL = 1, "没有间隔依据，请按说明书"
    NOT_DUE = 2, "未到期"
    DUE = 3, "应查"
    BEYOND = 4, "超过最长间隔"


class Weight(Term):
    """How heavy a value is: 停 asks a specialist at once."""

    WARN = 1, "注意"
    STOP = 2, "停"


@dataclass(frozen=True, slots=True)
class Interval:
    """One line: the test of a drug from one day after its start to another, with its rule.

    ``at`` are days since the start (a result up to ``early`` days before counts for it), after them ``every``
    counts from the last result; ``limit`` is the longest time between two results. ``every`` ``None``: the
    source names no interval. Tests of one ``group`` are asked for together; those without one, or without
    ``from_visit`` where only a follow-up record tells of the drug, are shown and never made a duty.
    """

    rule: str
    drug: str
    item: str
    name: str
    edition: str
    phase: str
    first: int
    final: int | None
    at: tuple[int, ...]
    every: int | None
    limit: int | None
    unit: str
    early: int
    group: int
    from_visit: bool
    status: str
    source: str

    def after(self, day: date, steps: int) -> date:
        """The day ``steps`` units after ``day``."""
        return months_after(day, steps) if self.unit == MONTHS else day + timedelta(steps)


@dataclass(frozen=True, slots=True)
class Check:
    """One test of a person on a day: when it is due, how it stands, why, and by which rule."""

    item: str
    name: str
    due: date | None
    standing: Standing
    reason: str
    rule: str
    status: str
    source: str


@dataclass(frozen=True, slots=True)
class Alert:
    """What a value asks for, in words, with its rule."""

    item: str
    weight: Weight
    text: str
    rule: str
    status: str
    source: str
    #: The year of the source, where it is known, and after how many days or months the test is repeated.
    dated: str = ""
    recheck: int | None = None
    recheck_unit: str = ""

    def again(self, on: date) -> date | None:
        """When the test is repeated after a result of ``on``; ``None`` where the source names no time."""
        if self.recheck is None:
            return None
        if self.recheck_unit == MONTHS:
            return months_after(on, self.recheck)
        return on + timedelta(self.recheck)


@cache
def intervals(drug: str, edition: str = DEFAULT) -> tuple[Interval, ...]:
    """The lines of one drug; an edition's own lines for a test take the place of the default ones."""
    known = [_interval(line) for line in lines("monitoring") if line["drug"] == drug]
    own = {one.item for one in known if one.edition == edition}
    return tuple(
        one for one in known if one.edition == edition or (one.edition == DEFAULT and one.item not in own)
    )


def _interval(line: Line) -> Interval:
    def whole(column: str) -> int | None:
        return int(line[column]) if line[column] else None

    return Interval(
        rule=line["rule_id"],
        drug=line["drug"],
        item=line["item"],
        name=line["item_name"],
        edition=line["edition"],
        phase=line["phase"],
        first=int(line["from_day"]),
        final=whole("until_day"),
        at=tuple(int(one) for one in line["at_days"].split(";") if one),
        every=whole("every"),
        limit=whole("limit"),
        unit=line["unit"],
        early=whole("early") or 0,
        group=whole("group") or 0,
        from_visit=line["from_visit"] == "1",
        status=line["status"],
        source=line["source"],
    )


def due_tests(
    drug: str,
    start: date,
    results: Iterable[tuple[str, date]],
    as_of: date,
    *,
    phase: str = "",
    edition: str = DEFAULT,
) -> tuple[Check, ...]:
    """Every test of a drug on ``as_of``, in the order of the list; none for a drug the list does not know.

    ``results`` are (item, day); ``phase`` chooses between lines that have one. The interval is that of the
    day of the last result, so that a day passing never makes a missed test good.
    """
    done: dict[str, list[date]] = {}
    for item, day in results:
        if day <= as_of:
            done.setdefault(item, []).append(day)
    fitting = [one for one in intervals(drug, edition) if not one.phase or one.phase == phase]
    found = []
    for item in dict.fromkeys(one.item for one in fitting):
        last = max(done.get(item, ()), default=None)
        number = max((last - start).days, 0) if last else 0
        line = next(
            (
                one
                for one in fitting
                if one.item == item and one.first <= number and (one.final is None or number <= one.final)
            ),
            None,
        )
        if line is not None:
            found.append(_test(line, start, last, as_of))
    return tuple(found)


def _test(line: Interval, start: date, last: date | None, as_of: date) -> Check:
    due, reason = _due(line, start, last)
    standing = Standing.NO_INTERVAL
    if due is not None:
        standing = Standing.DUE if as_of >= due else Standing.NOT_DUE
        if line.limit is not None and as_of > line.after(last or start, line.limit):
            standing = Standing.BEYOND
    if last is not None:
        reason = f"上次{last.isoformat()}，已过{(as_of - last).days}天；{reason}"
    return Check(line.item, line.name, due, standing, reason, line.rule, line.status, line.source)


def _due(line: Interval, start: date, last: date | None) -> tuple[date | None, str]:
    if last is None:
        if line.every is None and not line.at:
            return None, "来源没有写间隔"
        return start, f"用药开始{start.isoformat()}，还没有结果"
    for day in line.at:
        if start + timedelta(day) > last + timedelta(line.early):
            return start + timedelta(day), f"用药后第{day}天应查"
    if line.every is None:
        return None, "来源没有写间隔"
    return line.after(last, line.every), f"每{line.every}{'个月' if line.unit == MONTHS else '天'}"


def _holds(line: Line, value: Decimal, sex: int | None) -> bool:
    """Whether a value lies in the range of a line, and the line speaks of this sex."""
    if line["sex"] and line["sex"] != str(sex):
        return False
    return not (
        (line["at_least"] and value < Decimal(line["at_least"]))
        or (line["above"] and value <= Decimal(line["above"]))
        or (line["below"] and value >= Decimal(line["below"]))
        or (line["upto"] and value > Decimal(line["upto"]))
    )


def alerts(
    drug: str, item: str, value: Decimal, shown: str = "", sex: int | None = None
) -> tuple[Alert, ...]:
    """What the list says about a value, the heaviest first; empty when it lies in no range.

    ``shown`` takes the place of the value in the words (rounded, as people read it).
    """
    found = []
    for line in lines("critical_values"):
        if line["drug"] != drug or line["item"] != item or not _holds(line, value, sex):
            continue
        text = f"{line['item_name']} {shown or value} {line['unit']}：{line['wording']}；请由医师确认"
        found.append(
            Alert(
                item,
                Weight.read(line["level"]),
                text,
                line["rule_id"],
                line["status"],
                line["source"],
                line["dated"],
                int(line["recheck"]) if line["recheck"] else None,
                line["recheck_unit"],
            )
        )
    return tuple(sorted(found, key=lambda one: -one.weight))


def weight_gain(start_g: int, now_g: int) -> tuple[Alert, ...]:
    """What a change from the weight at the start asks for; ``ValueError`` without a weight at the start."""
    if start_g <= 0:
        raise ValueError("没有用药前体重")
    gain = Decimal((now_g - start_g) * PER_CENT) / Decimal(start_g)
    return alerts("second_generation", "weight_gain", gain, f"{gain:.2f}")


# --- the drugs of one person ----------------------------------------------------------------------


@lru_cache(maxsize=4_000)
def kinds_of(name: str) -> int:
    """The kinds of watched drugs (a mask) that a name as people write it belongs to; 0 for none."""
    written = normal(name).lower()
    found: set[WatchedDrug] = set()
    for line in lines("watched_drugs"):
        if line["word"] in written:
            found.update(WatchedDrug[kind.upper()] for kind in line["kinds"].split(";"))
    return to_mask(found)


def kinds_taken(names: Iterable[str | None], depot: str | None = None) -> int | None:
    """The kinds among the drugs of one record; ``None`` when it names no drug at all.

    ``depot`` is the long-acting one, which is of a kind of its own besides.
    """
    named = [name for name in names if name]
    if not named and not depot:
        return None
    found = 0
    for name in named:
        found |= kinds_of(name)
    if depot:
        found |= kinds_of(depot) | to_mask([WatchedDrug.LONG_ACTING])
    return found


def kinds_prescribed(
    name: str, ingredient: str = "", *, second_generation: bool = False, long_acting: bool = False
) -> int:
    """The kinds of a prescribed drug: by its name and substance, and by what the catalogue says of it."""
    found = kinds_of(name) | kinds_of(ingredient)
    if second_generation:
        found |= to_mask([WatchedDrug.SECOND_GENERATION])
    if long_acting:
        found |= to_mask([WatchedDrug.LONG_ACTING])
    return found


@dataclass(frozen=True, slots=True)
class Taken:
    """A watched drug of one person.

    ``first_on`` is the first day on which a record tells of it, ``since`` when it was begun as far as
    somebody has said so; ``known_on`` when it became known here, ``None`` where only records taken over tell
    of it: then nothing is asked for, because nobody knows what was done elsewhere.
    """

    drug: WatchedDrug
    first_on: date
    since: date | None
    until: date | None
    known_on: date | None
    how: Knowledge
    phase: Phase | None = None

    @property
    def start(self) -> date:
        """The day from which intervals are counted."""
        return self.since or self.first_on

    def on(self, day: date) -> bool:
        """Whether it was taken on a day, as far as records tell."""
        return self.start <= day and (self.until is None or day <= self.until)


def taken(facts: CaseDay) -> tuple[Taken, ...]:
    """The watched drugs that the records of a case tell of, those that ended included.

    A regimen says it all where there is one; else the follow-up records do. What a doctor has stated (when it
    was begun, in which phase, when it ended) goes before both.
    """
    told = _of_regimen(facts) if facts.regimen else _of_visits(facts)
    found = {one.drug: one for one in told}
    for stated in facts.watches:
        drug = WatchedDrug.read(stated.drug)
        before = found.get(drug)
        since = stated.since or (before.since if before else None)
        first = before.first_on if before else (since or stated.known_on)
        ended = stated.until or (before.until if before else None)
        found[drug] = Taken(
            drug,
            first,
            since,
            ended,
            _earlier(stated.known_on, before.known_on if before else None),
            before.how if before else Knowledge.STATED,
            None if stated.phase is None else Phase.read(stated.phase),
        )
    return tuple(found[drug] for drug in WatchedDrug if drug in found)


def _earlier(one: date, other: date | None) -> date:
    return one if other is None else min(one, other)


def _of_regimen(facts: CaseDay) -> Iterator[Taken]:
    for drug in WatchedDrug:
        own = sorted((one for one in facts.regimen if one.kinds >> drug & 1), key=lambda one: one.since)
        if not own:
            continue
        first, stopped = own[0], own[0].stopped_on
        for one in own[1:]:
            if stopped is not None and one.since > stopped:
                first, stopped = one, one.stopped_on  # begun anew after a break
            elif stopped is not None:
                stopped = None if one.stopped_on is None else max(stopped, one.stopped_on)
        since = first.since if first.sure else None
        until = None if stopped is None else stopped - timedelta(1)
        yield Taken(drug, first.since, since, until, first.known_on, Knowledge.REGIMEN)


def _of_visits(facts: CaseDay) -> Iterator[Taken]:
    """Drugs as the visits name them: the latest unbroken row of visits that name one."""
    told = [one for one in facts.visits if one.watch is not None]
    named = 0
    for one in told:
        named |= one.watch or 0
    for drug in from_mask(WatchedDrug, named):
        run: list[date] = []
        own: date | None = None
        until: date | None = None
        for one in told:
            if (one.watch or 0) >> drug & 1:
                if until is not None:
                    run, own, until = [], None, None
                run.append(one.on)
                own = own or (one.on if one.own else None)
            elif run and until is None:
                until = one.on
        yield Taken(drug, run[0], None, until, own, Knowledge.VISIT)


# --- what is asked for ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Round:
    """One time that the tests of a group are asked for: from when, by when, by which rule, how it ended.

    ``number`` names the group, ``state`` the day up to which results were taken into account, ``items`` what
    is asked for; ``stop`` is the day on which the drug ended.
    """

    number: int
    state: date
    began: date
    due: date
    items: tuple[str, ...]
    reason: str
    rule: str
    status: str
    source: str
    done: date | None
    stop: date | None
    beyond: bool


#: Which tests have which days with a result; levels belong to their drug.
_Days = dict[tuple[str, str], list[date]]


def _days(results: Iterable[ResultFact]) -> _Days:
    found: dict[tuple[str, str], set[date]] = {}
    for one in results:
        test = laboratory.by_code().get(one.test)
        if test is not None:
            found.setdefault((test.drug, test.item), set()).add(one.on)
    return {key: sorted(days) for key, days in found.items()}


def _key(line: Interval) -> tuple[str, str]:
    return (line.drug if line.item == "level" else "", line.item)


def _fitting(one: Taken) -> Iterator[Interval]:
    """The lines of a drug; where its phase is not known, those of the phase that asks less."""
    phase = (one.phase or Phase.MAINTENANCE).label
    for line in intervals(one.drug.key):
        if not line.phase or line.phase == phase:
            yield line


def rounds(
    drugs: Sequence[Taken], results: Sequence[ResultFact], today: date, sex: int | None
) -> list[Round]:
    """Every time that a group of tests was asked for since the drugs are known here; at most one is open."""
    groups: dict[int, list[tuple[Taken, str]]] = {}
    for one in drugs:
        if one.known_on is None:
            continue
        for line in _fitting(one):
            if line.group and (one.since is not None or line.from_visit):
                member = (one, line.item)
                if member not in groups.setdefault(line.group, []):
                    groups[line.group].append(member)
    if not groups:
        return []
    days, again = _days(results), _repeats(drugs, results, sex)
    return [
        one
        for number, members in sorted(groups.items())
        for one in _chain(number, members, days, again, today)
    ]


@dataclass(frozen=True, slots=True)
class _Part:
    """One test within a round: since when it counts, when it is due and why."""

    key: tuple[str, str]
    line: Interval
    began: date
    due: date
    reason: str
    rule: tuple[str, str, str]


def _chain(
    number: int,
    members: Sequence[tuple[Taken, str]],
    days: _Days,
    again: dict[tuple[str, str, date], Alert],
    today: date,
) -> Iterator[Round]:
    begin = max(min(one.start for one, _ in members), min(_known(one) for one, _ in members))
    state = begin - timedelta(1)
    while True:
        going = [(one, item) for one, item in members if one.until is None or one.until > state]
        parts = [part for one, item in going if (part := _part(one, item, days, again, state)) is not None]
        if not parts:
            return
        due = min(part.due for part in parts)
        asked = [part for part in parts if part.due == due]
        done = _done(asked, days, state, today)
        stop = None
        if all(one.until is not None for one, _ in going):
            stop = max(one.until for one, _ in going if one.until is not None)
            if done is not None and done > stop:
                done = None
        first = asked[0]
        beyond = done is None and any(
            part.line.limit is not None and today > part.line.after(part.began, part.line.limit)
            for part in asked
        )
        names = dict.fromkeys(part.line.name for part in asked)
        rule, status, source = first.rule
        yield Round(
            number,
            state,
            min(part.began for part in asked),
            due,
            tuple(names),
            first.reason,
            rule,
            status,
            source,
            done,
            None if done is not None else stop,
            beyond,
        )
        if done is None:
            return
        state = done


def _known(one: Taken) -> date:
    return max(one.start, one.known_on or one.start)


def _last(days: Sequence[date], day: date) -> date | None:
    return max((one for one in days if one <= day), default=None)


def _part(
    one: Taken, item: str, days: _Days, again: dict[tuple[str, str, date], Alert], state: date
) -> _Part | None:
    lines_of = [line for line in _fitting(one) if line.item == item]
    last = _last(days.get(_key(lines_of[0]), ()), state)
    passed = max((last - one.start).days, 0) if last else 0
    line = next(
        line for line in lines_of if line.first <= passed and (line.final is None or passed <= line.final)
    )
    due, reason = _due(line, one.start, last)
    rule = (line.rule, line.status, line.source)
    alert = again.get((*_key(line), last)) if last is not None else None
    soon = alert.again(last) if alert is not None and last is not None else None
    if alert is not None and soon is not None and (due is None or soon < due):
        due, reason = (
            soon,
            f"上次结果须复查（{alert.recheck}{'个月' if alert.recheck_unit == MONTHS else '天'}内）",
        )
        rule = (alert.rule, alert.status, alert.source)
    if due is None:
        return None
    if last is None:
        due, reason = max(due, _known(one)), "还没有结果"
        learned = one.since is None or (one.known_on is not None and one.since < one.known_on)
        if learned and line.every is not None:
            due = line.after(due, line.every)  # begun elsewhere: one interval to find out or to test
    return _Part(_key(line), line, last or _known(one), due, f"{one.drug.label}：{reason}", rule)


def _done(asked: Sequence[_Part], days: _Days, state: date, today: date) -> date | None:
    """The first day on which every test asked for has a result after ``state``."""
    found = date.min
    for part in asked:
        day = next((day for day in days.get(part.key, ()) if state < day <= today), None)
        if day is None:
            return None
        found = max(found, day)
    return found


def _repeats(
    drugs: Sequence[Taken], results: Sequence[ResultFact], sex: int | None
) -> dict[tuple[str, str, date], Alert]:
    """The alert that asks soonest for another result, by test and the day of the result."""
    found: dict[tuple[str, str, date], Alert] = {}
    for one in results:
        test = laboratory.by_code().get(one.test)
        if test is None:
            continue
        for alert in of_value(drugs, one, sex):
            soon, key = alert.again(one.on), (test.drug, test.item, one.on)
            known = found.get(key)
            if soon is not None and (known is None or soon < (known.again(one.on) or soon)):
                found[key] = alert
    return found


def of_value(drugs: Iterable[Taken], result: ResultFact, sex: int | None) -> tuple[Alert, ...]:
    """What a result asks for with the drugs that were taken on its day, the heaviest first."""
    test = laboratory.by_code().get(result.test)
    if test is None or result.value is None:
        return ()
    value, words = Decimal(result.value).scaleb(-laboratory.THOUSANDTHS), laboratory.shown(result.value)
    found = [
        alert
        for one in drugs
        if one.on(result.on)
        for alert in alerts(one.drug.key, test.alert, value, words, sex)
        if not test.drug or test.drug == one.drug.key
    ]
    return tuple(sorted(found, key=lambda one: -one.weight))


def gain(drugs: Iterable[Taken], results: Sequence[ResultFact]) -> tuple[Alert, ...]:
    """What the change of weight since the second-generation drug was begun asks for.

    Compared with the weight nearest to the beginning, at most the tolerance of the list before it; nothing
    where the beginning or a weight is not known.
    """
    one = next((one for one in drugs if one.drug is WatchedDrug.SECOND_GENERATION and one.since), None)
    weight = laboratory.by_key()["weight"].code
    line = next(line for line in intervals(WatchedDrug.SECOND_GENERATION.key) if line.item == "weight")
    if one is None:
        return ()
    begin = one.start - timedelta(line.early)
    known = sorted(
        (fact.on, fact.value) for fact in results if fact.test == weight and fact.value and fact.on >= begin
    )
    if not known or known[0][0] > one.start + timedelta(line.early) or known[-1][0] == known[0][0]:
        return ()
    return weight_gain(known[0][1] or 0, known[-1][1] or 0)


@dataclass(frozen=True, slots=True)
class Asked:
    """How one test of one drug stands on a day."""

    drug: WatchedDrug
    check: Check


def asked(
    drugs: Sequence[Taken], results: Sequence[ResultFact], today: date, sex: int | None
) -> tuple[Asked, ...]:
    """Every test of the drugs taken today, those without an interval included, in the order of the list."""
    days, again = _days(results), _repeats(drugs, results, sex)
    found = []
    for one in drugs:
        if one.until is not None and one.until < today:
            continue
        for item in dict.fromkeys(line.item for line in _fitting(one)):
            found.append(Asked(one.drug, _check(one, item, days, again, today)))
    return tuple(found)


def _check(
    one: Taken, item: str, days: _Days, again: dict[tuple[str, str, date], Alert], today: date
) -> Check:
    part = _part(one, item, days, again, today)
    line = part.line if part is not None else next(line for line in _fitting(one) if line.item == item)
    last = _last(days.get(_key(line), ()), today)
    if one.since is None and line.group and not line.from_visit:
        told = "用药开始日期未填，填写后按日期提醒"
        return Check(item, line.name, None, Standing.NO_INTERVAL, told, line.rule, line.status, line.source)
    told = f"上次 {last.isoformat()}，已过 {(today - last).days} 天" if last is not None else "还没有结果"
    if part is None:
        told += "；来源没有写间隔，请按说明书"
        return Check(item, line.name, None, Standing.NO_INTERVAL, told, line.rule, line.status, line.source)
    standing = Standing.DUE if today >= part.due else Standing.NOT_DUE
    if line.limit is not None and today > line.after(part.began, line.limit):
        standing = Standing.BEYOND
    if last is not None:
        told += f"；{part.reason.partition('：')[2]}"
    rule, status, source = part.rule
    return Check(item, line.name, part.due, standing, told, rule, status, source)
