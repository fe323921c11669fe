"""在册档案: lists and files without names; a name is opened by a request of its own, with a purpose."""

from __future__ import annotations

from typing import Any

from casemgr.api import fields as f
from casemgr.api.operation import Asked, Chapter
from casemgr.rules.access import Access, Action
from casemgr.services import clock, register
from casemgr.services.case_view import CaseView
from casemgr.services.register import CaseQuery, OpenedIdentity, Page
from casemgr.terms.purpose import Purpose
from casemgr.terms.register import Diagnosis, Lifecycle
from casemgr.terms.risk import RiskLevel, Stability

chapter = Chapter("在册档案")

NOT_ASSESSED = {register.UNASSESSED: "未评估"}


class Filters(f.Strict):
    """Which people, in which order, which page."""

    area = f.AreaCode(load_default=None)
    village = f.AreaCode(load_default=None)
    lifecycle = f.Choice(Lifecycle, load_default=None)
    diagnosis = f.Choice(Diagnosis, load_default=None)
    stability = f.Choice(Stability, NOT_ASSESSED, load_default=None)
    risk = f.Choice(RiskLevel, NOT_ASSESSED, load_default=None)
    order = f.OneOf(register.ORDERS, load_default="file_no")
    down = f.Flag(load_default=False)
    page = f.Whole(low=1, high=100_000, load_default=1)
    size = f.Size(register.SIZES, load_default=50)


class Search(Filters):
    """The same, and what to look for; in the body, because a name does not belong into an address."""

    text = f.Text(required=True, shortest=1, longest=register.LONGEST_SEARCH)


class CaseRow(f.Shape):
    """One person in a list, without name, number or address."""

    id = f.key("case_id")
    file_no = f.text()
    area = f.text()
    township = f.text()
    village = f.text()
    sex = f.coded()
    age = f.whole(allow_none=True)
    diagnosis = f.coded()
    registered_on = f.day()
    lifecycle = f.coded()
    lifecycle_on = f.day(allow_none=True)
    management = f.coded()
    seen_on = f.day(allow_none=True)
    mode = f.coded()
    stability = f.coded()
    risk = f.coded()
    unreached_on = f.day(allow_none=True)


class Cases(f.Shape):
    """One page of a list; ``total`` counts all pages."""

    items = f.many(CaseRow, attribute="rows")
    total = f.whole()
    page = f.whole(attribute="number")
    size = f.whole()


class Visit(f.Shape):
    """One visit; ``complete``: it reached the person and assessed risk or symptoms."""

    id = f.key("id")
    on = f.day()
    mode = f.coded()
    informants = f.text()
    loss = f.coded()
    complete = f.flag()
    risk = f.coded()
    stability = f.coded()
    adherence = f.coded()
    hospital = f.coded()
    facts = f.Words(required=True)
    next_on = f.day(allow_none=True)
    gap_days = f.whole(allow_none=True)
    gap_limit = f.whole(allow_none=True)


class Dose(f.Shape):
    """One long-acting injection; dose in micrograms."""

    on = f.day()
    product = f.text()
    dose_ug = f.whole(allow_none=True)
    ordinal = f.whole(allow_none=True)
    site = f.coded()


class Session(f.Shape):
    """One session of community rehabilitation."""

    on = f.day()
    form = f.coded()
    place = f.coded()
    minutes = f.whole(allow_none=True)
    attended = f.flag(allow_none=True)


class Checkup(f.Shape):
    """One yearly check-up; pressure in mmHg, weight in grams."""

    on = f.day()
    systolic = f.whole(allow_none=True)
    diastolic = f.whole(allow_none=True)
    weight_g = f.whole(allow_none=True)
    blood_count = f.coded()
    transaminase = f.coded()
    glucose = f.coded()
    ecg = f.coded()


class State(f.Shape):
    """One value of one track of the file's history, open when ``until`` is empty."""

    track = f.coded()
    value = f.text()
    since = f.day()
    until = f.day(allow_none=True)


class Consent(f.Shape):
    """One answer about 知情同意."""

    answer = f.coded()
    on = f.day(allow_none=True)


class Case(f.Shape):
    """One file without the identity; visits, doses and sessions run from ``since`` to ``until``."""

    id = f.key("case_id")
    file_no = f.text()
    area = f.text()
    township = f.text()
    village = f.text()
    unit = f.text()
    sex = f.coded()
    age = f.whole(allow_none=True)
    diagnosis = f.coded()
    icd10 = f.text()
    registered_on = f.day()
    lifecycle = f.coded()
    lifecycle_on = f.day(allow_none=True)
    management = f.coded()
    management_on = f.day(allow_none=True)
    consent = f.coded()
    consent_on = f.day(allow_none=True)
    article30 = f.flag()
    since = f.day()
    until = f.day()
    visits = f.many(Visit)
    doses = f.many(Dose)
    sessions = f.many(Session)
    checkups = f.many(Checkup)
    states = f.many(State)
    consents = f.many(Consent)


class Why(f.Strict):
    """The purpose of opening an identity; it is written into the audit."""

    purpose = f.Choice(Purpose, required=True)


class Guardian(f.Shape):
    """An opened guardian."""

    relation = f.coded()
    name = f.text()
    phone = f.text()
    residence = f.text()


class Identity(f.Shape):
    """An opened identity."""

    id = f.text()
    name = f.text()
    id_number = f.text()
    birth_on = f.text()
    phone = f.text()
    domicile = f.text()
    residence = f.text()
    workplace = f.text()
    guardians = f.many(Guardian)


def _query(given: Any, text: str = "") -> CaseQuery:
    return CaseQuery(
        area=given["area"],
        village=given["village"],
        text=text,
        lifecycle=None if given["lifecycle"] is None else Lifecycle.read(given["lifecycle"]),
        diagnosis=None if given["diagnosis"] is None else Diagnosis.read(given["diagnosis"]),
        stability=given["stability"],
        risk=given["risk"],
        order=given["order"],
        down=given["down"],
        page=given["page"],
        size=given["size"],
    )


@chapter.get("/cases", action=Action.CASE_LIST, query=Filters, answer=Cases, refusals=(404,))
def list_(access: Access, asked: Asked) -> Page[register.CaseRow]:
    """辖区内的患者，不含姓名，分页."""
    return register.cases(access, _query(asked.query), clock.today())


@chapter.post("/cases/search", action=Action.CASE_SEARCH, body=Search, answer=Cases, refusals=(404,))
def search(access: Access, asked: Asked) -> Page[register.CaseRow]:
    """按姓名、拼音首字母、证件号码、电话或档案编号查找；查找留痕."""
    return register.cases(access, _query(asked.body, asked.body["text"]), clock.today())


@chapter.get("/cases/{case_id}", action=Action.CASE_READ, answer=Case)
def read(access: Access, asked: Asked) -> CaseView:
    """一份档案，不含身份信息；查阅留痕."""
    return register.case(access, asked.path["case_id"], clock.today())


@chapter.post("/cases/{case_id}/reveal", action=Action.IDENTITY_REVEAL, body=Why, answer=Identity)
def reveal(access: Access, asked: Asked) -> dict[str, Any]:
    """查看一份档案的身份信息；须说明目的，查看留痕."""
    case = asked.path["case_id"]
    opened = register.reveal_identity(access, case, str(asked.body["purpose"]), clock.today())
    return _identity(case, opened)


def _identity(case: int, opened: OpenedIdentity) -> dict[str, Any]:
    person = opened.person
    return {
        "id": str(case),
        "name": person.name,
        "id_number": person.id_number,
        "birth_on": person.birth_on,
        "phone": person.phone,
        "domicile": person.domicile,
        "residence": person.residence,
        "workplace": person.workplace,
        "guardians": opened.guardians,
    }
