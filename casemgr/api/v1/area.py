"""区划: the area tree as far as the caller reaches."""

from __future__ import annotations

from typing import Any

from casemgr.api import fields as f
from casemgr.api.operation import Asked, Chapter
from casemgr.rules.access import Access, Action
from casemgr.services import area
from casemgr.services.area import AreaView
from casemgr.terms.area import AreaLevel

chapter = Chapter("区划")


class AreaQuery(f.Strict):
    """How deep to go."""

    level = f.Choice(AreaLevel, load_default=int(AreaLevel.VILLAGE))


class Area(f.Shape):
    """One area of the tree."""

    code = f.text(metadata={"pattern": f"^{f.AreaCode.pattern}$"})
    name = f.text()
    level = f.coded()
    parent = f.text(allow_none=True)
    population = f.whole(allow_none=True)


class Areas(f.Shape):
    """All areas within reach, by code."""

    items = f.many(Area)
    total = f.whole()


@chapter.get("/areas", action=Action.AREA_READ, query=AreaQuery, answer=Areas)
def tree(access: Access, asked: Asked) -> dict[str, Any]:
    """辖区内的区划，按代码排列，到所要的级别为止."""
    found = area.tree(access, AreaLevel.read(asked.query["level"]))
    return {"items": found, "total": len(found)}


@chapter.get("/areas/{code}", action=Action.AREA_READ, answer=Area)
def read(access: Access, asked: Asked) -> AreaView:
    """一个区划."""
    return area.get(access, asked.path["code"])
