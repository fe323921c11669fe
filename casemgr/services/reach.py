"""代办: a step that needs the county's reach, taken by the system in the name of somebody who may ask for it.

A doctor reaches one township. Whether an id number is registered elsewhere in the county, which file numbers
are taken, and the moving of a file between townships need more than that: they run in a unit of work of the
system over the county, audited under the asker's own account. See docs/decisions/0020.
"""

from __future__ import annotations

from dataclasses import replace

from casemgr.rules.access import Access
from casemgr.terms.area import AreaLevel, ancestor, level_of, span_of


def over_county(asker: Access, purpose: str, area: int | None = None) -> Access:
    """The system's access over the county of ``asker`` (or of ``area``), audited as the asker's own act.

    Only use cases that have checked the asker's own right call this; what they hand back is the least that
    the step needs, never a row.
    """
    county = ancestor(asker.low if area is None else area, AreaLevel.COUNTY)
    system = Access.system(purpose, county)
    return replace(system, actor=asker.actor, label=asker.label, request=asker.request)


def is_narrow(asker: Access) -> bool:
    """Whether the asker reaches less than a county."""
    return (asker.low, asker.high) == span_of(asker.low) and level_of(asker.low) >= AreaLevel.TOWNSHIP
