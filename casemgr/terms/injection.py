"""长效针剂: injection sites; the products themselves are data (lists/lai_products.json)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from casemgr.terms.code import Term


class Site(Term):
    """注射部位."""

    DELTOID = 1, "三角肌"
    GLUTEAL = 2, "臀肌"
    OTHER = 9, "其他"


class Role(Term):
    """针次的作用: what one dose is for in its course."""

    INIT1 = 1, "起始第1针"
    INIT2 = 2, "起始第2针"
    MAINT = 3, "维持"
    REINIT1 = 4, "重启第1针"
    REINIT2 = 5, "重启第2针"
    TEST = 6, "试验剂量"
    PP1M_LAST = 7, "转换前末次1个月剂型"


class Status(Term):
    """注射状态, in the order in which days without a dose bring them on (from 未到期 to 重新起始)."""

    NOT_STARTED = 1, "未开始"
    NOT_YET_DUE = 2, "未到期"
    DUE_SOON = 3, "即将到期"
    IN_WINDOW = 4, "可注射"
    OVERDUE = 5, "逾期"
    MISSED_REINIT = 6, "漏针-需重启步骤"
    MISSED_RESTART = 7, "漏针-需重新起始"
    STOPPED = 8, "已停用"
    DATA_ERROR = 9, "数据错误"


class Level(Term):
    """提示的分量; 停 asks a doctor to decide first, it forbids nothing."""

    INFO = 1, "提示"
    WARN = 2, "注意"
    STOP = 3, "停，请医师决定"
    ERROR = 4, "记录有误"


@dataclass(frozen=True, slots=True)
class Product:
    """A product as the list has it; ``strengths_ug`` and ``sites`` are empty where not known for sure."""

    id: str
    name: str
    strengths_ug: frozenset[int]
    sites: frozenset[Site]


_SITES = {"deltoid": Site.DELTOID, "gluteal": Site.GLUTEAL}


@cache
def products() -> Mapping[str, Product]:
    """All products by code; strengths (micrograms of the active part) and sites only where verified."""
    text = (files("casemgr") / "lists" / "lai_products.json").read_text(encoding="utf-8")
    found = {}
    for line in json.loads(text)["products"]:
        sites = _verified((line.get("maintenance") or {}).get("site"))
        found[line["id"]] = Product(
            line["id"],
            line["generic_zh"],
            frozenset(_micrograms(one) for one in _verified(line.get("strengths"))),
            frozenset(_SITES[one] for one in sites) if set(sites) <= set(_SITES) else frozenset(),
        )
    return MappingProxyType(found)


def _verified(entry: Any) -> list[Any]:
    """The values of an entry that is verified and holds a list; nothing otherwise."""
    usable = (
        isinstance(entry, dict) and entry.get("verified") is True and isinstance(entry.get("value"), list)
    )
    return list(entry["value"]) if usable else []


def _micrograms(strength: Any) -> int:
    milligrams = float(strength["mg_eq"] if isinstance(strength, dict) else strength)
    return round(milligrams * 1000)
