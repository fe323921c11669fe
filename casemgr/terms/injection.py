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


class Side(Term):
    """注射侧别."""

    LEFT = 1, "左侧"
    RIGHT = 2, "右侧"


class Place(Term):
    """注射地点: where a dose was given; a hospital's comes with its referral slip."""

    TOWNSHIP = 1, "本机构"
    HOME = 2, "患者家中"
    HOSPITAL = 3, "医院（凭转诊单）"
    ELSEWHERE = 9, "其他机构"


class Reaction(Term):
    """注射后反应."""

    NONE = 1, "无"
    LOCAL = 2, "局部反应"
    GENERAL = 3, "全身反应"


class CourseEnd(Term):
    """停用原因: why a course ends; the doctor decides, the reason is written down."""

    DOCTOR = 1, "医师停用"
    SWITCHED = 2, "换用其他药物"
    REACTION = 3, "不良反应"
    REFUSED = 4, "本人或监护人不同意继续"
    OTHER = 9, "其他"


class Trigger(Term):
    """长效针剂候选的触发情形 (LOC-13.7); each makes a candidate by itself, a psychiatrist decides."""

    ADHERENCE = 1, "服药依从性差"
    GUARDIAN = 2, "监护能力弱或无监护"
    IRREGULAR = 3, "不能保证规律服药"
    HARM = 4, "有肇事肇祸风险"


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
