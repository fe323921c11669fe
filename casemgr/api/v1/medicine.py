"""用药: regimen, dispensing and days with medicine of one person, who of a township runs out, counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from casemgr.api import fields as f
from casemgr.api.operation import Asked, Chapter
from casemgr.api.sending import Kept, Outcome, Sending, done, keep
from casemgr.rules.access import Access, Action
from casemgr.services import clock, medicine, medicine_drug, medicine_ledger, medicine_watch
from casemgr.services.medicine import AdherenceView, MedicineFacts
from casemgr.services.medicine_ledger import MOST_DAYS, MOST_FEN, MOST_UNITS, Handed
from casemgr.services.medicine_watch import CountyAdherence, RunningOut
from casemgr.terms.medication import Fetcher, PayerState

chapter = Chapter("用药")


class RegimenLineOut(f.Shape):
    """One line of a regimen; micrograms. A drug outside the catalogue has no code, its name stays sealed."""

    id = f.key("id")
    code = f.text()
    name = f.text()
    long_acting = f.flag()
    morning_ug = f.whole(allow_none=True)
    noon_ug = f.whole(allow_none=True)
    evening_ug = f.whole(allow_none=True)
    every_weeks = f.whole(allow_none=True)
    dose_ug = f.whole(allow_none=True)
    since = f.day()
    stopped_on = f.day(allow_none=True)
    stop_reason = f.coded()


class NoMedicineOut(f.Shape):
    """One order of no medicine, until the day before ``ended_on``."""

    since = f.day()
    ended_on = f.day(allow_none=True)


class DispensingOut(f.Shape):
    """One entry of the ledger; one that was taken back, or takes one back, does not stand."""

    id = f.key("id")
    code = f.text()
    drug = f.text()
    on = f.day()
    days = f.whole()
    stands = f.flag()


class MedicineLeft(f.Shape):
    """Until when a drug lasts by the records; without ``until`` nothing of it was ever handed out."""

    drug = f.text()
    until = f.day(allow_none=True)
    days = f.whole(allow_none=True)


class FreeRight(f.Shape):
    """The right to free second-generation drugs."""

    entitled = f.flag()
    because = f.text()
    rule = f.text()


class DaysGap(f.Shape):
    """A run of days without medicine."""

    first = f.day()
    last = f.day()
    days = f.whole()
    label = f.text()


class MonthOfDays(f.Shape):
    """One month in days."""

    month = f.day()
    covered = f.whole()
    gap = f.whole()
    hospital = f.whole()
    no_order = f.whole()


class DaysWithMedicine(f.Shape):
    """Twelve months as the page shows them; hospital days left out, and once more counted as covered.

    ``events`` is a list that ``flask medication coverage`` takes and counts alike.
    """

    first = f.day()
    last = f.day()
    covered = f.whole()
    days = f.whole()
    percent = f.text(allow_none=True)
    adherent = f.flag(allow_none=True)
    covered_with_hospital = f.whole()
    days_with_hospital = f.whole()
    supplied = f.whole()
    gaps = f.many(DaysGap)
    months = f.many(MonthOfDays)
    without_basis = f.texts()
    rule = f.text()
    events = fields.Dict(keys=fields.String(), required=True)


class Medicine(f.Shape):
    """The medicine of one person; nothing in it is free text."""

    id = f.key("case_id")
    lines = f.many(RegimenLineOut)
    off = f.many(NoMedicineOut)
    entries = f.many(DispensingOut)
    left = f.many(MedicineLeft)
    right = f.one(FreeRight)
    adherence = f.one(DaysWithMedicine, allow_none=True)


class CatalogueDrug(f.Shape):
    """One drug of the catalogue; micrograms of one unit."""

    code = f.text()
    name = f.text()
    ingredient = f.text()
    strength_ug = f.whole(allow_none=True)
    unit = f.text()
    kind = f.coded()
    second_generation = f.flag()
    long_acting = f.flag()
    free_programme = f.flag()
    active = f.flag()
    source = f.text()
    status = f.text()


class Catalogue(f.Shape):
    """The catalogue of a county."""

    items = f.many(CatalogueDrug)


class MedicineEnding(f.Shape):
    """One person whose medicine ends; days left by the records, without name."""

    id = f.key("case_id")
    file_no = f.text()
    village = f.text()
    drug = f.text()
    until = f.day()
    days = f.whole()
    fetched_on = f.day(allow_none=True)


class MedicineUnrecorded(f.Shape):
    """One person with an order and no handing-out on record, perhaps fetched elsewhere."""

    id = f.key("case_id")
    file_no = f.text()
    village = f.text()
    drugs = f.text()


class MedicineOut(f.Shape):
    """Who of a township will soon have used up what was handed out."""

    on = f.day(attribute="today")
    ahead = f.whole()
    soon = f.many(MedicineEnding)
    over = f.many(MedicineEnding)
    long_over = f.many(MedicineEnding)
    unrecorded = f.many(MedicineUnrecorded)
    ordered = f.whole()
    rule = f.text()
    status = f.text()


class AheadDays(f.Strict):
    """How many days to look ahead."""

    days = f.Size(medicine_watch.AHEAD, load_default=14)


class AdherenceCounts(f.Shape):
    """One township or drug; a count is empty where few people stand behind it."""

    label = f.text()
    counts = fields.List(fields.Integer(allow_none=True), required=True)


class CountyCounts(f.Shape):
    """Adherence as counts, in the order of ``columns``; nobody is named."""

    since = f.day()
    until = f.day()
    share = f.whole()
    columns = f.texts()
    townships = f.many(AdherenceCounts)
    total = fields.List(fields.Integer(allow_none=True), required=True)
    drugs = f.many(AdherenceCounts)
    hidden = f.flag()


class HandedIn(Sending):
    """What was handed out; amounts in fen, payers as 1 未结, 2 已结, 3 不适用."""

    on = f.Day(required=True)
    code = f.Text(required=True, shortest=1, longest=24)
    quantity = f.Whole(required=True, low=1, high=MOST_UNITS)
    days = f.Whole(required=True, low=1, high=MOST_DAYS)
    batch = f.Text(longest=40, load_default="")
    lot = f.Id(load_default=None, allow_none=True)
    insurance = f.Choice(PayerState, load_default=None)
    insurance_fen = f.Whole(low=0, high=MOST_FEN, load_default=None, allow_none=True)
    assistance = f.Choice(PayerState, load_default=None)
    assistance_fen = f.Whole(low=0, high=MOST_FEN, load_default=None, allow_none=True)
    free = f.Choice(PayerState, load_default=None)
    free_fen = f.Whole(low=0, high=MOST_FEN, load_default=None, allow_none=True)
    own_fen = f.Whole(low=0, high=MOST_FEN, load_default=None, allow_none=True)
    fetcher = f.Choice(Fetcher, load_default=None)
    reason = f.Prose(longest=300, load_default="")


def _days(found: AdherenceView) -> dict[str, Any]:
    return {
        "first": found.period.first,
        "last": found.period.last,
        "covered": found.counted.covered,
        "days": found.counted.days,
        "percent": found.percent,
        "adherent": found.counted.adherent,
        "covered_with_hospital": found.with_hospital.covered,
        "days_with_hospital": found.with_hospital.days,
        "supplied": found.counted.supplied,
        "gaps": found.gaps,
        "months": found.months,
        "without_basis": found.without_basis,
        "rule": found.counted.rule,
        "events": found.events,
    }


@chapter.get("/cases/{case_id}/medicine", action=Action.MEDICINE_READ, answer=Medicine)
def read(access: Access, asked: Asked) -> dict[str, Any]:
    """一份档案的用药医嘱、发药、余药与近12个月有药天数；不含文字说明."""
    found: MedicineFacts = medicine.facts(access, asked.path["case_id"], clock.today())
    return {
        "case_id": found.case_id,
        "lines": [_line(one) for one in found.lines],
        "off": [{"since": since, "ended_on": ended} for since, ended in found.off],
        "entries": found.entries,
        "left": found.left,
        "right": found.right,
        "adherence": None if found.adherence is None else _days(found.adherence),
    }


def _line(one: medicine.LineView) -> dict[str, Any]:
    told = {name: getattr(one, name) for name in RegimenLineOut().fields if hasattr(one, name)}
    return told | {"name": one.name if one.code else ""}


@chapter.post("/cases/{case_id}/dispensings", action=Action.MEDICINE_WRITE, body=HandedIn, answer=Kept)
def dispense(access: Access, asked: Asked) -> dict[str, Any]:
    """登记一次发药；付费按医保、医疗救助、免费二代药的顺序，例外须写理由."""
    told, case = asked.body, asked.path["case_id"]

    def state(name: str) -> PayerState:
        return PayerState.OPEN if told[name] is None else PayerState.read(told[name])

    handed = Handed(
        told["on"],
        told["code"],
        told["quantity"],
        told["days"],
        told["batch"],
        told["lot"],
        state("insurance"),
        told["insurance_fen"],
        state("assistance"),
        told["assistance_fen"],
        state("free"),
        told["free_fen"],
        told["own_fen"],
        None if told["fetcher"] is None else Fetcher.read(told["fetcher"]),
        told["reason"],
    )

    def act(key: int) -> Outcome:
        saved = medicine_ledger.dispense(access, case, key, handed, clock.today())
        return done(saved.id, case, again=saved.again, later=saved.later)

    return keep(access, "dispensing", case, told, act, case=case)


@chapter.get("/drugs", action=Action.MEDICINE_READ, answer=Catalogue)
def drugs(access: Access, asked: Asked) -> Mapping[str, Any]:
    """本县的药品目录及每行的依据."""
    return {"items": medicine_drug.drugs(access)}


@chapter.get("/areas/{code}/medicine", action=Action.MEDICINE_READ, query=AheadDays, answer=MedicineOut)
def running_out(access: Access, asked: Asked) -> RunningOut:
    """一个乡镇（街道）按发药记录即将用完药的名单，不含姓名."""
    return medicine_watch.running_out(access, asked.path["code"], clock.today(), asked.query["days"])


@chapter.get("/areas/{code}/adherence", action=Action.MEDICINE_READ, answer=CountyCounts)
def county(access: Access, asked: Asked) -> dict[str, Any]:
    """按乡镇和按药品的依从性人数；人数少的格子为空."""
    found: CountyAdherence = medicine_watch.county(access, asked.path["code"], clock.today())
    return {
        "since": found.since,
        "until": found.today,
        "share": found.share,
        "columns": [label for _, label in medicine_watch.COLUMNS],
        "townships": found.townships,
        "total": found.total,
        "drugs": found.drugs,
        "hidden": found.hidden,
    }
