"""年度事实: what is known of an area once a year and no register tells; empty means 未填报."""

from dataclasses import dataclass

from casemgr.terms.area import AreaLevel
from casemgr.terms.code import Term


class AreaFactKey(Term):
    """年度事实的项目."""

    PSYCHIATRISTS = 1, "精神科执业（助理）医师"
    GROUP = 2, "建有精神卫生综合管理小组"
    SYSTEM = 3, "使用严重精神障碍信息系统"
    REHAB_SERVICE = 4, "开展精神障碍社区康复服务"
    REHAB_CLIENTS = 5, "登记康复对象"
    REHAB_STANDARD = 6, "其中接受规范康复服务"
    SURVEYED = 7, "精神卫生知识知晓率调查"
    AWARE = 8, "其中知晓"


class Told(Term):
    """有无."""

    YES = 1, "有"
    NO = 0, "无"


@dataclass(frozen=True, slots=True)
class FactKind:
    """Of which areas a fact is told and in what: ``unit`` empty for 有/无; ``part_of`` is never exceeded."""

    level: AreaLevel
    unit: str = ""
    part_of: AreaFactKey | None = None
    hint: str = ""


KINDS = {
    AreaFactKey.PSYCHIATRISTS: FactKind(
        AreaLevel.COUNTY, "人", hint="年末在本县（区）注册的精神科执业医师与执业助理医师"
    ),
    AreaFactKey.GROUP: FactKind(AreaLevel.TOWNSHIP),
    AreaFactKey.SYSTEM: FactKind(AreaLevel.COUNTY),
    AreaFactKey.REHAB_SERVICE: FactKind(AreaLevel.COUNTY, hint="以民政部门公布的为准"),
    AreaFactKey.REHAB_CLIENTS: FactKind(AreaLevel.COUNTY, "人", hint="民政部门登记的人数，不是居家患者数"),
    AreaFactKey.REHAB_STANDARD: FactKind(
        AreaLevel.COUNTY, "人", AreaFactKey.REHAB_CLIENTS, "民政部门按其标准认定的人数"
    ),
    AreaFactKey.SURVEYED: FactKind(AreaLevel.COUNTY, "人", hint="当年抽样调查的有效人数"),
    AreaFactKey.AWARE: FactKind(AreaLevel.COUNTY, "人", AreaFactKey.SURVEYED),
}
