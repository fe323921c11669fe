"""线索: possible patients — listed without names, taken down, verified, decided; names only for a purpose."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from casemgr.api import fields as f
from casemgr.api.operation import Asked, Chapter
from casemgr.api.sending import Kept, Outcome, Sending, Versioned, done, keep
from casemgr.rules.access import Access, Action
from casemgr.services import clock, clue
from casemgr.services.case_view import term
from casemgr.services.clue import NewClue, Step
from casemgr.services.register import Page, purpose_of
from casemgr.terms.clue import ClueSource, ClueState, OddSign
from casemgr.terms.person import Sex
from casemgr.terms.purpose import Purpose
from casemgr.terms.register import Diagnosis

chapter = Chapter("线索")


class ClueFilters(f.Strict):
    """Which clues, which page."""

    state = f.Choice(ClueState, load_default=None)
    page = f.Whole(low=1, high=100_000, load_default=1)


class ClueSearch(ClueFilters):
    """The same, by name or initials; in the body, because a name does not belong into an address."""

    text = f.Text(required=True, shortest=1, longest=60)


class ClueLine(f.Shape):
    """One clue without a name; ``due_on`` is the day until which the next step is expected."""

    id = f.key("id")
    state = f.coded()
    found_on = f.day()
    source = f.coded()
    township = f.text()
    village = f.text()
    sex = f.coded()
    age = f.whole(allow_none=True)
    signs = f.whole(allow_none=True)
    due_on = f.day(allow_none=True)
    late = f.flag()
    case = fields.String(attribute="case_id", required=True, allow_none=True)


class Clues(f.Shape):
    """One page of clues; ``total`` counts all pages."""

    items = f.many(ClueLine, attribute="rows")
    total = f.whole()
    page = f.whole(attribute="number")
    size = f.whole()


class Clue(f.Shape):
    """One clue with its steps, without what identifies; ``steps`` are the states it may go to."""

    clue = f.one(ClueLine, attribute="row")
    version = f.whole()
    signs = fields.List(fields.Nested(f.Coded), required=True, allow_none=True)
    verified_on = f.day(allow_none=True)
    decided_on = f.day(allow_none=True)
    review_on = f.day(allow_none=True)
    diagnosis = f.coded()
    steps = f.many(f.Coded)
    rule = f.text()
    status = f.text()


class ClueWhy(f.Strict):
    """The purpose of opening; it is written into the audit."""

    purpose = f.Choice(Purpose, required=True)


class OpenedClue(f.Shape):
    """What identifies the person of a clue, opened."""

    id = f.key("row.id")
    name = f.text()
    id_number = f.text()
    phone = f.text()
    residence = f.text()
    informant = f.text()
    surveyor = f.text()
    decided_by = f.text()
    note = f.text()


class ClueIn(Sending):
    """A clue as it was taken down; ``signs`` are the questions of 表1 answered 有, left out: not asked.

    ``area`` is the township that verifies where the village is not known and the sender reaches several.
    """

    name = f.Text(required=True, shortest=1, longest=40)
    source = f.Choice(ClueSource, required=True)
    found_on = f.Day(required=True)
    signs = fields.List(f.Choice(OddSign), load_default=None, allow_none=True)
    village = f.AreaCode(load_default=None)
    area = f.AreaCode(load_default=None)
    sex = f.Choice(Sex, load_default=None)
    birth_year = f.Whole(low=1900, high=2100, load_default=None)
    id_number = f.Text(longest=24, load_default="")
    phone = f.Text(longest=30, load_default="")
    residence = f.Text(longest=120, load_default="")
    informant = f.Text(longest=60, load_default="")
    surveyor = f.Text(longest=40, load_default="")
    note = f.Prose(longest=500, load_default="")


class ClueStep(Versioned):
    """The next step: 2 verified, 3 confirmed, 4 dropped, 5 to be looked at again."""

    to = f.Choice(ClueState, required=True)
    on = f.Day(required=True)
    note = f.Prose(longest=300, load_default="")
    diagnosis = f.Choice(Diagnosis, load_default=None)
    decided_by = f.Text(longest=80, load_default="")
    review_on = f.Day(load_default=None)


@chapter.get("/clues", action=Action.CLUE_READ, query=ClueFilters, answer=Clues)
def list_(access: Access, asked: Asked) -> Page[clue.ClueRow]:
    """辖区内的线索，不含姓名，新的在前，分页."""
    return clue.list_(access, term(ClueState, asked.query["state"]), clock.today(), page=asked.query["page"])


@chapter.post("/clues/search", action=Action.CLUE_READ, body=ClueSearch, answer=Clues)
def search(access: Access, asked: Asked) -> Page[clue.ClueRow]:
    """按姓名或拼音首字母查找线索；查找留痕，结果不含姓名."""
    told = asked.body
    return clue.list_(access, term(ClueState, told["state"]), clock.today(), told["text"], told["page"])


@chapter.post("/clues", action=Action.CLUE_WRITE, body=ClueIn, answer=Kept, refusals=(404,))
def enter(access: Access, asked: Asked) -> dict[str, Any]:
    """登记一条线索；同一编号重复发送不产生变化."""
    told = asked.body
    texts = ("id_number", "phone", "residence", "informant", "surveyor", "note")
    entry = NewClue(
        name=told["name"].strip(),
        source=ClueSource.read(told["source"]),
        found_on=told["found_on"],
        signs=None if told["signs"] is None else frozenset(OddSign.read(one) for one in told["signs"]),
        village=told["village"],
        area=told["area"],
        sex=term(Sex, told["sex"]),
        birth_year=told["birth_year"],
        **{name: told[name].strip() for name in texts},
    )

    def act(key: int) -> Outcome:
        return done(clue.add(access, key, entry, clock.today()), None)

    return keep(access, "clue", None, told, act)


@chapter.get("/clues/{clue_id}", action=Action.CLUE_READ, answer=Clue)
def read(access: Access, asked: Asked) -> clue.ClueView:
    """一条线索及可走的下一步，不含身份信息."""
    return clue.get(access, asked.path["clue_id"], clock.today())


@chapter.post("/clues/{clue_id}/reveal", action=Action.CLUE_READ, body=ClueWhy, answer=OpenedClue)
def reveal(access: Access, asked: Asked) -> clue.ClueView:
    """查看一条线索的身份信息；须说明目的，查看留痕."""
    why = purpose_of(str(asked.body["purpose"])).label
    return clue.get(access, asked.path["clue_id"], clock.today(), why)


@chapter.post("/clues/{clue_id}/steps", action=Action.CLUE_WRITE, body=ClueStep, answer=Kept)
def step(access: Access, asked: Asked) -> dict[str, Any]:
    """线索的下一步：核实、确诊、排除或待核查."""
    told, key = asked.body, asked.path["clue_id"]
    taken = Step(
        ClueState.read(told["to"]),
        told["on"],
        told["note"],
        term(Diagnosis, told["diagnosis"]),
        told["decided_by"].strip(),
        told["review_on"],
    )

    def act(_key: int) -> Outcome:
        clue.step(access, key, told["version"], taken, clock.today())
        return done(key, None)

    return keep(
        access, "clue.step", key, told, act, version=lambda: clue.get(access, key, clock.today()).version
    )
