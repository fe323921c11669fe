"""联系单位: numbers of police station, hospital and committee near a person; a setting of the county."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from casemgr.rules.access import Action
from casemgr.rules.policy import covers
from casemgr.services.errors import Missing
from casemgr.services.use_case import use_case, within
from casemgr.store.queries import event as queries
from casemgr.store.work import Work
from casemgr.terms.code import normal
from casemgr.terms.emergency import ContactKind
from casemgr.terms.lists import lines

#: A file of this name in the instance folder goes before the list that comes with the product.
OWN_FILE = "contacts.csv"
NATIONAL = "CN"


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
    return nearest([*_own(work), *lines("contacts")], str(row.area), kinds)


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
    known = [*_own(work), *lines("contacts")]
    return {digits(line["phone"]): line["name"] for line in known if digits(line["phone"])}


def _own(work: Work) -> list[dict[str, str]]:
    file = within(work).instance / OWN_FILE
    if not file.is_file():
        return []
    columns = ("region", "kind", "name", "phone", "status")
    with file.open(encoding="utf-8-sig", newline="") as text:
        return [
            {column: (row.get(column) or "").strip() for column in columns} for row in csv.DictReader(text)
        ]
