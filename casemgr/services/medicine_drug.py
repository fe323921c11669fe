"""药品目录服务: the drugs that may be ordered and handed out, and what a county says about them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from casemgr.rules.access import Action
from casemgr.rules.drug import Drug, listed, overlaid, substance
from casemgr.services import clock
from casemgr.services.errors import Conflict, Missing, Unfit
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.models.medicine import DrugEntry
from casemgr.store.queries import medicine as queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, ancestor, level_of
from casemgr.terms.medication import DrugClass

CODE = re.compile(r"[A-Z0-9][A-Z0-9._-]{1,23}")
LONGEST_NAME, LONGEST_UNIT, LONGEST_SOURCE = 60, 8, 120
NOT_A_COUNTY = "药品目录由县级维护，没有保存。请用县级账号登录后再改，或联系县级管理员。"
NO_DRUG = "目录里没有这个药品。请从药品目录重新打开。"
#: How a county's own line is marked: somebody has put a name to it.
OWN = "V2"


def catalogue(work: Work, area: int) -> dict[str, Drug]:
    """Every drug by code as it holds in the county of ``area``, disabled ones too."""
    rows = queries.entries(work, ancestor(area, AreaLevel.COUNTY))
    names = queries.authors(work, sorted({one.recorded_by for one in rows}))
    return overlaid(_drug(one, names.get(one.recorded_by, "")) for one in rows)


def _drug(row: DrugEntry, by: str) -> Drug:
    shipped = listed().get(row.code)
    return Drug(
        row.code,
        row.title,
        row.ingredient,
        row.strength_ug,
        row.unit,
        DrugClass.read(row.drug_class),
        row.second_generation,
        row.long_acting,
        row.free_programme,
        row.product or "",
        row.source,
        shipped.status if shipped is not None and row.source == shipped.source else OWN,
        row.active,
        row.recorded_at,
        by,
    )


@use_case(Action.MEDICINE_READ, writes=False)
def drugs(work: Work) -> tuple[Drug, ...]:
    """The whole catalogue of the asker's county, by class and name."""
    found = catalogue(work, work.access.low).values()
    return tuple(sorted(found, key=lambda one: (not one.active, one.kind, one.name, one.strength_ug or 0)))


@dataclass(frozen=True, slots=True)
class DrugForm:
    """What a county says about one drug; ``strength_ug`` micrograms of one unit."""

    code: str
    name: str
    unit: str
    kind: DrugClass
    strength_ug: int | None = None
    second_generation: bool = False
    free_programme: bool = False
    source: str = ""


@use_case(Action.PRODUCT_WRITE, writes=False)
def begin_drug(work: Work) -> int:
    """The key of the line to be, so that it is written once."""
    return new_key()


def _county(work: Work) -> int:
    if level_of(work.access.low) is not AreaLevel.COUNTY:
        raise Missing(NOT_A_COUNTY)
    return work.access.low


@use_case(Action.PRODUCT_WRITE)
def save_drug(work: Work, once: int, form: DrugForm) -> bool:
    """Add a drug of the county's own, with author and date; ``False`` if this press had been kept before.

    Raises :class:`Unfit` by field, :class:`Conflict` for a code that is taken.
    """
    county = _county(work)
    if work.get(DrugEntry, once) is not None:
        return False
    wrong: dict[str, str] = {}
    if not CODE.fullmatch(form.code):
        wrong["code"] = (
            "编码用大写字母、数字和短横，2–24 位，便于发药和库存对上。请改写，或参照已有的样子如 OLAN-5。"
        )
    if not form.source:
        wrong["source"] = "请写明依据（如本地目录文号或说明书），药师据此核对。"
    if form.free_programme and not form.second_generation:
        wrong["free_programme"] = "免费二代药只含第二代药。请同时勾选第二代，或取消免费。"
    if wrong:
        raise Unfit("没有保存，请改正后再试。", fields=wrong)
    if form.code in catalogue(work, county):
        raise Conflict("这个编码已有药品，没有保存。请换一个编码，或在目录里对原有的一行停用后再加。")
    same = next(
        (one.ingredient for one in listed().values() if substance(one.name) == substance(form.name)), None
    )
    _add(work, once, county, form, same or f"county-{form.code}".lower(), active=True)
    return True


def _add(work: Work, key: int, county: int, form: DrugForm, ingredient: str, *, active: bool) -> None:
    work.add(
        DrugEntry(
            id=key,
            county=county,
            code=form.code,
            title=form.name,
            ingredient=ingredient[:40],
            strength_ug=form.strength_ug,
            unit=form.unit,
            drug_class=int(form.kind),
            second_generation=form.second_generation,
            long_acting=False,
            free_programme=form.free_programme,
            product=None,
            active=active,
            source=form.source,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    work.flush()


@use_case(Action.PRODUCT_WRITE)
def switch_drug(
    work: Work, code: str, *, active: bool | None = None, free_programme: bool | None = None
) -> Drug:
    """Disable or enable a drug, or say whether the county's free list has it; what was ordered stays.

    Raises :class:`Missing` for a code nobody knows.
    """
    county = _county(work)
    known = catalogue(work, county).get(code)
    if known is None:
        raise Missing(NO_DRUG)
    on = known.active if active is None else active
    free = known.free_programme if free_programme is None else free_programme
    if (on, free) == (known.active, known.free_programme):
        return known
    if free and not known.second_generation:
        raise Unfit("免费二代药只含第二代药，没有改动。请在目录里核对这个药的代别，或不列入免费。")
    work.add(
        DrugEntry(
            id=new_key(),
            county=county,
            code=code,
            title=known.name,
            ingredient=known.ingredient,
            strength_ug=known.strength_ug,
            unit=known.unit,
            drug_class=int(known.kind),
            second_generation=known.second_generation,
            long_acting=known.long_acting,
            free_programme=free,
            product=known.product or None,
            active=on,
            source=known.source,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    work.flush()
    return known
