"""药品目录: the drugs a regimen and a ledger may name, as the list has them and as a county changed them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType

from casemgr.terms.code import normal
from casemgr.terms.lists import lines
from casemgr.terms.medication import DrugClass

UG = 1_000
#: Classes whose days at hand make the share of a person; the first one that occurs is counted alone.
MAIN = (
    frozenset({DrugClass.ANTIPSYCHOTIC}),
    frozenset({DrugClass.MOOD, DrugClass.ANTIEPILEPTIC, DrugClass.ANTIDEPRESSANT}),
)
#: What stands before and behind the name of a substance on forms.
_SALT = re.compile(r"^(注射用|盐酸|富马酸|马来酸|氢溴酸|草酸|酒石酸|甲磺酸|枸橼酸)+")
_SHAPE = re.compile(
    r"(缓释|控释|口崩|分散|肠溶|口腔崩解|长效)*(片|胶囊|颗粒|口服液|口服溶液|注射液|注射剂|针剂|针|微球|滴剂)?"
    r"([\d.]+(mg|毫克|g)?)?(\([^)]*\))?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Drug:
    """One drug in one strength; ``strength_ug`` micrograms of one unit, ``ingredient`` what carries over.

    ``status`` says how sure the line is; ``changed_at`` and ``changed_by`` only for a county's own line.
    """

    code: str
    name: str
    ingredient: str
    strength_ug: int | None
    unit: str
    kind: DrugClass
    second_generation: bool
    long_acting: bool
    free_programme: bool
    product: str
    source: str
    status: str
    active: bool = True
    changed_at: datetime | None = None
    changed_by: str = ""

    @property
    def label(self) -> str:
        """The name with its strength: 奥氮平片 5 mg."""
        return self.name if self.strength_ug is None else f"{self.name} {self.strength_ug / UG:g} mg"


@cache
def listed() -> Mapping[str, Drug]:
    """The drugs of lists/drugs.csv by code; ``ValueError`` for a line that cannot be read."""
    found = {}
    for line in lines("drugs"):
        strength = line["strength_mg"]
        found[line["code"]] = Drug(
            line["code"],
            line["name"],
            line["ingredient"],
            round(float(strength) * UG) if strength else None,
            line["unit"],
            DrugClass.read(line["class"]),
            line["second_generation"] == "1",
            line["long_acting"] == "1",
            line["free_programme"] == "1",
            line["product"],
            line["source"],
            line["status"],
        )
    return MappingProxyType(found)


def overlaid(own: Iterable[Drug]) -> dict[str, Drug]:
    """The list with a county's own lines over it, oldest first: the latest of a code holds."""
    return {**listed(), **{one.code: one for one in own}}


@cache
def substance(name: str) -> str:
    """A name as people write it without salt, shape and strength, for telling whether two are the same."""
    text = normal(name).lower()
    bare = _SHAPE.sub("", _SALT.sub("", text))
    return bare or text


def match(
    name: str, drugs: Iterable[Drug], doses: Collection[int] = (), *, long_acting: bool = False
) -> Drug | None:
    """The drug of the catalogue that a written name means, in the largest strength that divides the doses."""
    asked = substance(name)
    same = [
        one
        for one in drugs
        if one.active
        and one.long_acting == long_acting
        and asked in (substance(one.name), one.ingredient.lower())
    ]
    whole = [
        one for one in same if one.strength_ug and doses and not any(dose % one.strength_ug for dose in doses)
    ]
    fewest = sorted(whole, key=lambda one: -(one.strength_ug or 0))
    return next(iter((*fewest, *same)), None)


def counted(kinds: Iterable[int]) -> frozenset[DrugClass]:
    """The classes whose days make the share: antipsychotics where there are any, else the other main ones."""
    there = set(kinds)
    return next((group for group in MAIN if group & there), frozenset())
