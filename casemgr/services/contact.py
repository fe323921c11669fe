"""联系单位: numbers of police station, hospital and committee near a person; a setting of the county."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from casemgr.rules.access import Action
from casemgr.rules.policy import covers
from casemgr.services import clock
from casemgr.services.errors import Missing, Unfit
from casemgr.services.use_case import use_case, within
from casemgr.store.db import new_key
from casemgr.store.models import ContactLine
from casemgr.store.queries import area as areas
from casemgr.store.queries import contact as line_queries
from casemgr.store.queries import event as queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, level_of
from casemgr.terms.code import normal
from casemgr.terms.emergency import ContactKind
from casemgr.terms.lists import lines

#: A file of this name in the instance folder goes before the list that comes with the product.
OWN_FILE = "contacts.csv"
NATIONAL = "CN"
MOST = 500


@dataclass(frozen=True, slots=True)
class Contact:
    """One institution to call; ``status`` as in the rule book, so that 待核对 can be shown."""

    kind: ContactKind
    name: str
    phone: str
    status: str


@use_case(Action.EVENT_WRITE, writes=False)
def of_area(work: Work, case_id: int, kinds: Iterable[ContactKind]) -> tuple[Contact, ...]:
    """Who is called for this case, in the order of ``kinds``; the nearest region that has one wins.

    :class:`Missing` outside the access.
    """
    row = queries.case(work, case_id)
    if row is None:
        raise Missing("没有找到这份档案，或不在您的辖区内。请从名单重新打开。")
    return nearest(known(work), str(row.area), kinds)


def nearest(
    known: Iterable[Mapping[str, str]], area: str, kinds: Iterable[ContactKind]
) -> tuple[Contact, ...]:
    """The contacts of each kind written for the longest region that holds ``area``."""
    best: dict[ContactKind, tuple[int, list[Contact]]] = {}
    for line in known:
        kind = next((one for one in ContactKind if normal(one.label) == normal(line["kind"])), None)
        if kind is None or not line["phone"] or not covers(line["region"], area):
            continue
        length = 0 if line["region"] == NATIONAL else len(line["region"])
        found = Contact(kind, line["name"], line["phone"], line["status"])
        held, so_far = best.get(kind, (-1, []))
        if length > held:
            best[kind] = (length, [found])
        elif length == held and found not in so_far:
            so_far.append(found)
    return tuple(one for kind in kinds for one in best.get(kind, (0, []))[1])


def digits(phone: str) -> str:
    """A telephone number as digits alone, for comparing."""
    return "".join(filter(str.isdigit, phone))


def institutions(work: Work) -> dict[str, str]:
    """Every institution's name by its number as digits, whatever its region."""
    every = known(work)
    return {digits(line["phone"]): line["name"] for line in every if digits(line["phone"])}


def known(work: Work) -> list[Mapping[str, str]]:
    """Every line: those written down here go before the file, where both name the same kind and region."""
    written = [
        {
            "region": one.region,
            "kind": ContactKind.read(one.kind).label,
            "name": one.name,
            "phone": one.phone,
            "status": "V",
        }
        for one in line_queries.running(work)
    ]
    laid_over = {(line["region"], normal(line["kind"])) for line in written}
    listed = [*_own(work), *lines("contacts")]
    return [*written, *(one for one in listed if (one["region"], normal(one["kind"])) not in laid_over)]


# --- written down by the county ---


@dataclass(frozen=True, slots=True)
class LineView:
    """One line with its author; ``ended_at`` is empty while it is used."""

    id: int
    place: str
    kind: ContactKind
    name: str
    phone: str
    at: datetime
    by: str
    ended_at: datetime | None
    ended_by: str


def _region(code: int) -> str:
    """The area code without the zeros that say nothing, as the lists write regions."""
    kept = {AreaLevel.COUNTY: 6, AreaLevel.TOWNSHIP: 9}.get(level_of(code), 12)
    return str(code)[:kept]


@use_case(Action.AREA_WRITE)
def written(work: Work) -> tuple[LineView, ...]:
    """What was written down for one's own area and those within, lines in use first."""
    low = work.access.low
    places = {
        _region(row.code): row.name
        for row in areas.within(work, low, work.access.high, int(AreaLevel.VILLAGE))
    }
    return tuple(
        LineView(
            row.ContactLine.id,
            places.get(row.ContactLine.region, row.ContactLine.region),
            ContactKind.read(row.ContactLine.kind),
            row.ContactLine.name,
            row.ContactLine.phone,
            row.ContactLine.recorded_at,
            row.by or "",
            row.ContactLine.ended_at,
            row.ended_by or "",
        )
        for row in line_queries.all_of(work, _region(low), MOST)
    )


def begin() -> int:
    """The key of the line to be, for the form that is shown."""
    return new_key()


@use_case(Action.AREA_WRITE)
def write(work: Work, once: int, area: int | None, kind: ContactKind | None, name: str, phone: str) -> None:
    """Write a number down for an area; a second press changes nothing.

    Raises :class:`Unfit` with the fields that are wrong.
    """
    if work.get(ContactLine, once) is not None:
        return
    wrong: dict[str, str] = {}
    if area is None or not work.access.reaches(area) or level_of(area) < AreaLevel.COUNTY:
        wrong["area"] = "请选择本辖区的县、乡镇或村。不知道管哪里，就不知道给谁用。"
    if kind is None:
        wrong["kind"] = "请选择类别。"
    if not name:
        wrong["name"] = "请填写单位名称。"
    if not re.fullmatch(r"\+?[0-9][0-9 ()-]{1,28}", phone):
        wrong["phone"] = "电话应为数字，可带区号和短横。拨不通的号码在应急时会误事。请核对后改正。"
    if wrong or area is None or kind is None:
        raise Unfit("没有保存，请改正后再试。", fields=wrong)
    work.add(
        ContactLine(
            id=once,
            region=_region(area),
            kind=int(kind),
            name=name,
            phone=phone,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )


@use_case(Action.AREA_WRITE)
def end(work: Work, key: int) -> None:
    """A number is no longer used; the line stays as history. :class:`Missing` for a line of elsewhere."""
    one = work.get(ContactLine, key)
    if one is None or not one.region.startswith(_region(work.access.low)):
        raise Missing("没有这条联系电话，或不在您的辖区内。请刷新页面核对。")
    if one.ended_at is None:
        one.ended_at, one.ended_by = clock.now(), work.access.actor


def _own(work: Work) -> list[dict[str, str]]:
    file = within(work).instance / OWN_FILE
    if not file.is_file():
        return []
    columns = ("region", "kind", "name", "phone", "status")
    with file.open(encoding="utf-8-sig", newline="") as text:
        return [
            {column: (row.get(column) or "").strip() for column in columns} for row in csv.DictReader(text)
        ]
