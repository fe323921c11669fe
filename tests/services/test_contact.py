"""联系单位: the nearest region that has a number wins; the county's own file goes before ours."""

from __future__ import annotations

from flask import Flask

from casemgr.rules.access import Action
from casemgr.services import contact
from casemgr.services.use_case import within
from casemgr.store.work import open_work
from casemgr.terms.emergency import ContactKind
from tests.store.register import DOCTOR_EAST, EAST, SYSTEM, add_person, open_areas

LINES = [
    {"region": "CN", "kind": "派出所", "name": "全国", "phone": "1", "status": "V"},
    {"region": "9999", "kind": "派出所", "name": "示例县公安局", "phone": "2", "status": "V"},
    {"region": "999901100", "kind": "派出所", "name": "东镇派出所", "phone": "3", "status": "V"},
    {"region": "999901101", "kind": "派出所", "name": "西镇派出所", "phone": "4", "status": "V"},
    {"region": "CN", "kind": "不认识", "name": "无", "phone": "5", "status": "V"},
    {"region": "999901100", "kind": "精神专科医院", "name": "没有号码", "phone": "", "status": "V"},
]


def test_the_nearest_region_wins() -> None:
    def names(area: str) -> list[str]:
        return [one.name for one in contact.nearest(LINES, area, (ContactKind.POLICE, ContactKind.HOSPITAL))]

    assert names(str(EAST)) == ["东镇派出所"]
    assert names("999902000000") == ["示例县公安局"]
    assert names("110101001000") == ["全国"]


def test_the_file_of_the_county_is_read(app: Flask) -> None:
    units = open_areas()
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        _, case = add_person(work, EAST, units[EAST], "900-00001", "王小明")
        folder = within(work).instance
    kinds = (ContactKind.POLICE, ContactKind.AMBULANCE)
    assert [one.phone for one in contact.of_area(DOCTOR_EAST, case, kinds)] == ["120"]
    (folder / contact.OWN_FILE).write_text(
        "region,kind,name,phone\n999901,派出所,示例派出所,10000000099\n", encoding="utf-8-sig"
    )
    found = contact.of_area(DOCTOR_EAST, case, kinds)
    assert [(one.name, one.phone) for one in found] == [("示例派出所", "10000000099"), ("医疗急救", "120")]
