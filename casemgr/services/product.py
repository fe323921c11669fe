"""长效针剂产品数据: each figure with its source and 待核对 mark, and what a county lays over a label."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

from casemgr.rules.access import Action
from casemgr.rules.injection_label import Label, labels
from casemgr.rules.injection_overlay import (
    Figure,
    Laid,
    contradicts,
    figures,
    label,
    lay,
    line_of,
    read_value,
    titles,
)
from casemgr.services import clock, injection_course
from casemgr.services.errors import Missing, Unfit
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.models.injection import ProductLabel
from casemgr.store.queries import injection as queries
from casemgr.store.queries import revision
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, ancestor, level_of

NOT_THERE = "产品表里没有这个产品。暂无依据，请按说明书。"
ONLY_COUNTY = "产品数据由县级按说明书录入。请用县级账号办理，或把说明书交县级核对录入。"
NOT_SAVED = "没有保存，请改正后再试。"


@lru_cache(maxsize=64)
def _mapped(told: tuple[tuple[str, str, str, date, bool], ...]) -> Mapping[str, Label]:
    found = dict(labels())
    for product, figures_told, source, labelled_on, checked in told:
        laid = Laid(json.loads(figures_told), source, labelled_on, checked)
        found[product] = label(product, laid, source)
    return found


def _holding(rows: list[ProductLabel]) -> dict[tuple[int, str], ProductLabel]:
    """The rows that hold by (county, product): the latest of each that was not taken back."""
    latest = {(row.county, row.product): row for row in rows}
    return {key: row for key, row in latest.items() if not row.withdrawn}


def labels_of(work: Work) -> Callable[[int], Mapping[str, Label]]:
    """Tells the labels that hold for an area: the shipped ones, and over them what its county has laid.

    One statement for all counties.
    """
    holding = _holding(queries.labels(work))
    by_county: dict[int, list[tuple[str, str, str, date, bool]]] = {}
    for (county, product), row in sorted(holding.items()):
        by_county.setdefault(county, []).append(
            (product, row.figures, row.source, row.labelled_on, row.checked)
        )
    made = {county: _mapped(tuple(told)) for county, told in by_county.items()}

    def of(area: int) -> Mapping[str, Label]:
        return made.get(ancestor(area, AreaLevel.COUNTY)) or labels()

    return of


@dataclass(frozen=True, slots=True)
class FigureView:
    """One figure as the page shows it: the county's value beside the shipped one."""

    key: str
    group: str
    name: str
    unit: str
    shipped: str
    laid: str
    sources: tuple[str, ...]
    verified: bool
    needed: bool

    @property
    def value(self) -> str:
        return self.laid or self.shipped


@dataclass(frozen=True, slots=True)
class OverlayView:
    """What a county has laid over a product: from which label, by whom and when."""

    source: str
    labelled_on: date
    checked: bool
    withdrawn: bool
    by: str
    at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class ProductView:
    """One product: whether it is in use here, its figures, what holds and what held before."""

    id: str
    name: str
    brands: tuple[str, ...]
    shipped_enabled: bool
    enabled: bool
    figures: tuple[FigureView, ...]
    overlay: OverlayView | None
    history: tuple[OverlayView, ...]
    writes: bool
    schedules: bool

    @property
    def open_count(self) -> int:
        """How many figures are 待核对."""
        return sum(1 for one in self.figures if one.value and not one.verified)

    @property
    def groups(self) -> tuple[tuple[str, tuple[FigureView, ...]], ...]:
        """The figures by group, in their order."""
        found: dict[str, list[FigureView]] = {}
        for one in self.figures:
            found.setdefault(one.group, []).append(one)
        return tuple((group, tuple(lines)) for group, lines in found.items())


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed about a product: figures by key as text, the label and its day."""

    figures: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    labelled_on: date | None = None
    checked: bool = False


def _county(work: Work) -> int:
    return ancestor(work.access.low, AreaLevel.COUNTY)


def _writes(work: Work) -> bool:
    return work.access.may(Action.PRODUCT_WRITE) and level_of(work.access.low) is AreaLevel.COUNTY


def _views(work: Work, chosen: str = "") -> list[ProductView]:
    county = _county(work)
    rows = [row for row in queries.labels(work) if row.county == county]
    holding = _holding(rows)
    names = revision.authors(work, sorted({row.recorded_by for row in rows}))
    found = []
    for product, shipped in labels().items():
        if chosen and product != chosen:
            continue
        line = line_of(product) or {}
        row = holding.get((county, product))
        told: Mapping[str, str] = json.loads(row.figures) if row else {}
        laid = Laid(told, row.source, row.labelled_on, row.checked) if row else None
        now = figures(lay(line, laid)) if laid else figures(line)
        found.append(
            ProductView(
                product,
                shipped.name,
                tuple(line["brand_cn"]),
                shipped.enabled,
                shipped.enabled or row is not None,
                tuple(_figure(before, after, told) for before, after in zip(figures(line), now, strict=True)),
                _overlay(row, names) if row else None,
                tuple(_overlay(one, names) for one in reversed(rows) if one.product == product),
                _writes(work),
                bool(shipped.phases),
            )
        )
    return found


def _figure(before: Figure, after: Figure, told: Mapping[str, str]) -> FigureView:
    laid = told.get(before.key, "")
    return FigureView(
        before.key,
        before.group,
        before.name,
        before.unit,
        before.value,
        laid,
        titles(after.ground),
        after.ground.verified,
        before.needed,
    )


def _overlay(row: ProductLabel, names: Mapping[int, str]) -> OverlayView:
    return OverlayView(
        row.source,
        row.labelled_on,
        row.checked,
        row.withdrawn,
        names.get(row.recorded_by, "系统" if row.recorded_by == 0 else ""),
        row.recorded_at,
        len(json.loads(row.figures)),
    )


@use_case(Action.INJECTION_READ, writes=False)
def list_(work: Work) -> tuple[ProductView, ...]:
    """All products as they hold for the county of this access."""
    return tuple(_views(work))


@use_case(Action.INJECTION_READ, writes=False)
def product(work: Work, product_id: str) -> ProductView:
    """One product; :class:`Missing` for one that the list does not know."""
    found = _views(work, product_id) if product_id in labels() else []
    if not found:
        raise Missing(NOT_THERE)
    return found[0]


@use_case(Action.INJECTION_READ, writes=False)
def next_key(_work: Work) -> int:
    """The key of the row to be, so that a second press of the button writes nothing."""
    return new_key()


@use_case(Action.PRODUCT_WRITE)
def overlay(work: Work, product_id: str, once: int, typed: Typed, today: date) -> bool:
    """Lay a county's figures over a product; whether it was written now.

    The figures are the whole overlay: what is left empty goes back to the shipped value. Roles, numbers and
    duties of everybody with this product follow at once. Raises :class:`Unfit` by field.
    """
    line = line_of(product_id)
    if line is None:
        raise Missing(NOT_THERE)
    if not _writes(work):
        raise Unfit(NOT_SAVED, fields={"source": ONLY_COUNTY})
    if work.get(ProductLabel, once) is not None:
        return False
    told = _read(line, typed, today)
    row = _row(work, product_id, once, typed, told)
    work.add(row)
    work.flush()
    _follow(work, product_id)
    return True


def _read(line: Mapping[str, object], typed: Typed, today: date) -> dict[str, str]:
    """The figures that were told; :class:`Unfit` names every field at fault."""
    wrong: dict[str, str] = {}
    told: dict[str, str] = {}
    known = figures(line)
    shipped = labels()[str(line["id"])]
    for one in known:
        text = typed.figures.get(one.key, "").strip()
        if not text:
            if one.needed and not shipped.enabled:
                wrong[one.key] = (
                    f"{one.group}：{one.name}没有填写。该产品要按本地说明书启用，请照说明书填写。"
                )
            continue
        try:
            read_value(one, text)
        except ValueError as bad:
            wrong[one.key] = f"{one.group}：{one.name}：{bad}"
        else:
            told[one.key] = text
    if not typed.source.strip():
        wrong["source"] = (
            "请填写说明书的名称和版本，例如“××注射液说明书（2025年6月版）”。没有来源的数字不能使用。"
        )
    elif len(typed.source) > 200:
        wrong["source"] = "来源最多 200 个字。请只写说明书的名称和版本。"
    if typed.labelled_on is None:
        wrong["labelled_on"] = "请填写说明书的核准或修订日期。日后换版时要靠它区分。"
    elif typed.labelled_on > today:
        wrong["labelled_on"] = "说明书日期晚于今天。请核对日期。"
    if not known or not shipped.phases:
        wrong["source"] = "这个产品没有可录入的注射间隔，系统不给建议。请按说明书处理。"
    elif not told and not wrong:
        wrong[known[0].key] = "没有填写任何数字。请至少填写一项与说明书核对过的数字。"
    if not wrong and typed.labelled_on is not None:
        laid = Laid(told, typed.source.strip(), typed.labelled_on, typed.checked)
        if contradicts(label(str(line["id"]), laid, typed.source.strip())):
            rows = [one.key for one in known if one.key in told]
            wrong[rows[0]] = (
                "这些数字前后矛盾：窗口和各段“错过之后”的起点应依次往后，没有重叠。"
                "否则同一天会有两种说法。请对照说明书改正，或清空不确定的数字。"
            )
    if wrong:
        raise Unfit(NOT_SAVED, fields=wrong)
    return told


def _row(work: Work, product_id: str, once: int, typed: Typed, told: Mapping[str, str]) -> ProductLabel:
    return ProductLabel(
        id=once,
        county=_county(work),
        product=product_id,
        figures=json.dumps(told, ensure_ascii=False, sort_keys=True),
        source=typed.source.strip(),
        labelled_on=typed.labelled_on,
        checked=typed.checked,
        withdrawn=False,
        recorded_at=clock.now(),
        recorded_by=work.access.actor,
    )


@use_case(Action.PRODUCT_WRITE)
def withdraw(work: Work, product_id: str, once: int) -> bool:
    """Take a county's figures back: the shipped ones hold again, a disabled product is disabled again."""
    if not _writes(work):
        raise Unfit(NOT_SAVED, fields={"source": ONLY_COUNTY})
    row = _holding(queries.labels(work)).get((_county(work), product_id))
    if row is None or work.get(ProductLabel, once) is not None:
        return False
    work.add(
        ProductLabel(
            id=once,
            county=row.county,
            product=row.product,
            figures=row.figures,
            source=row.source,
            labelled_on=row.labelled_on,
            checked=row.checked,
            withdrawn=True,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    work.flush()
    _follow(work, product_id)
    return True


def _follow(work: Work, product_id: str) -> None:
    """Bring the places of doses and the duties of everybody with a product in line with its label."""
    cases = queries.cases_of_product(work, product_id)
    injection_course.settle_cases(work, cases, labels_of(work))
    # Imported here because duties ask this module for the labels.
    from casemgr.services import duties

    duties.refresh(work, cases)
