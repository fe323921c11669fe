"""村级指标: the headline rates of one township by the village people live in, for those who manage them.

Villages hold few people, so these figures are shown inside the own area only; reports hide small numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from casemgr.indicators.catalogue import BY_KEY
from casemgr.indicators.figure import Figure, figure
from casemgr.indicators.period import Period
from casemgr.rules.access import Action
from casemgr.services import edition as editions
from casemgr.services.errors import Missing
from casemgr.services.use_case import use_case
from casemgr.store.queries import area as areas
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, span_of

ELSEWHERE = "未填村（社区）或住在外地"


@dataclass(frozen=True, slots=True)
class VillageRates:
    """One village; ``code`` is empty for people without a village of this township."""

    code: int | None
    name: str
    registered: int
    figures: tuple[Figure, ...]


@use_case(Action.CASE_LIST)
def rates(work: Work, township: int, families: Sequence[str], today: date) -> list[VillageRates]:
    """The official rates of some indicators by village, as the rows are today; villages without people too.

    Raises :class:`Missing` outside the access.
    """
    import polars as pl  # loaded only where something is counted

    from casemgr.indicators.count import asked, counted, judged  # loads polars
    from casemgr.services import counting

    low, high = span_of(township)
    if not (work.access.low <= low and high <= work.access.high):
        raise Missing("没有这个乡镇（街道），或不在您的辖区内。请从首页的列表进入。")
    period = Period.to(today)
    edition = editions.edition_on(work, today, township)
    measures = [BY_KEY[key] for family in families for key in edition.official if key.split(".")[0] == family]
    frames = counting.of_area(work, low, high, period, today)
    tallied = frames.collect(
        judged(frames, period, editions.numbers_under(work, edition, today))
        .group_by("village")
        .agg(
            pl.col("reg_a").sum().alias("registered"),
            *(counted(one).sum().alias(f"n {one.key}") for one in measures),
            *(asked(one).sum().alias(f"d {one.key}") for one in measures),
        )
    )
    names = {
        row.code: row.name
        for row in areas.within(work, low, high, int(AreaLevel.VILLAGE))
        if row.level == int(AreaLevel.VILLAGE)
    }
    sums: dict[int | None, dict[str, int]] = {code: {} for code in names}
    for row in tallied.iter_rows(named=True):
        into = sums.setdefault(row["village"] if row["village"] in names else None, {})
        for name, value in row.items():
            if name != "village":
                into[name] = into.get(name, 0) + value
    return [
        VillageRates(
            code,
            names[code] if code is not None else ELSEWHERE,
            found.get("registered", 0),
            tuple(
                figure(one, found.get(f"n {one.key}", 0), found.get(f"d {one.key}", 0), edition)
                for one in measures
            ),
        )
        for code, found in sorted(sums.items(), key=lambda pair: (pair[0] is None, pair[0] or 0))
    ]
