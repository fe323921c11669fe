"""Bulk writing: the same bytes and the same refusals as row by row, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Action
from casemgr.store.db import new_key, new_keys
from casemgr.store.identity import reveal
from casemgr.store.models import Case, Identity, ImportRun, Person, Visit
from casemgr.store.types import Plain
from casemgr.store.vault import Place, Vault
from casemgr.store.vault import new_key as new_ring_key
from casemgr.store.work import Taken, open_work
from tests.store.register import EAST, NOW, SYSTEM, WEST, add_person, open_areas


@pytest.fixture
def person(both: Flask) -> tuple[int, int]:
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        return add_person(work, EAST, units[EAST], "E1", "张一")


def visit(case: int, on: Any, **values: Any) -> dict[str, Any]:
    return {
        "id": new_key(),
        "area": EAST,
        "case_id": case,
        "on": on,
        "form_version": 2018,
        "recorded_at": NOW,
        "recorded_by": 11,
        **values,
    }


def test_days_and_instants_come_as_themselves_or_as_numbers(person: tuple[int, int]) -> None:
    day = date(2026, 3, 4)
    number = (day - date(1970, 1, 1)).days
    instant = int(NOW.timestamp() * 1000)
    rows = [
        visit(person[1], day, next_on=date(2026, 6, 4)),
        visit(person[1], number + 1, next_on=number + 92, recorded_at=instant),
    ]
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add_many(Visit, rows)
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        found = work.rows(
            select(Visit.on, Visit.next_on, Visit.recorded_at, Visit.version).order_by(Visit.on)
        )
    assert [tuple(row) for row in found] == [
        (day, date(2026, 6, 4), NOW, 1),
        (date(2026, 3, 5), date(2026, 6, 4), NOW, 1),
    ]


def test_more_rows_than_one_statement_takes_all_arrive(person: tuple[int, int]) -> None:
    rows = [{"id": key, "area": WEST, "sex": 2} for key in new_keys(1_003)]
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add_many(Person, rows)
        assert len(work.rows(select(Person.id).where(Person.area == WEST, Person.sex == 2))) == 1_003


def test_sealed_columns_take_plain_secret_or_nothing(person: tuple[int, int]) -> None:
    keys = new_keys(2)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        old = work.one(select(Identity))
        work.add_many(Person, [{"id": key, "area": EAST} for key in keys])
        work.add_many(
            Identity,
            [
                {"person_id": keys[0], "area": EAST, "name": Plain("欧阳䶮"), "phone": None, "token_key": 1},
                {"person_id": keys[1], "area": EAST, "name": old.name, "phone": None, "token_key": 1},
            ],
        )
    with open_work(SYSTEM, Action.IDENTITY_REVEAL) as work:
        assert reveal(work, [keys[0]], "核对")[keys[0]].name == "欧阳䶮"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "张三"},
        {"name": Plain("张三"), "phone": b"10000000000"},
        {"name": Plain("张三"), "nickname": "三"},
    ],
    ids=["readable", "bytes", "unknown column"],
)
def test_what_does_not_belong_is_refused(person: tuple[int, int], wrong: dict[str, Any]) -> None:
    key = new_key()
    with pytest.raises(TypeError), open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add_many(Person, [{"id": key, "area": EAST}])
        work.add_many(Identity, [{"person_id": key, "area": EAST, "token_key": 1, **wrong}])
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        assert work.get(Person, key) is None


def test_rows_that_differ_in_their_columns_are_refused(person: tuple[int, int]) -> None:
    with pytest.raises((TypeError, KeyError)), open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add_many(Person, [{"id": new_key(), "area": EAST}, {"id": new_key(), "area": EAST, "sex": 1}])


def test_a_row_that_is_there_already_is_taken_and_nothing_stays(person: tuple[int, int]) -> None:
    with pytest.raises(Taken), open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add_many(Visit, [visit(person[1], date(2026, 3, 4)), visit(person[1], date(2026, 3, 4))])
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        assert not work.rows(select(Visit.id))


def test_documents_and_defaults_are_filled_in(person: tuple[int, int]) -> None:
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add_many(
            ImportRun,
            [
                {
                    "id": new_key(),
                    "area": EAST,
                    "state": "done",
                    "file_digest": "0" * 64,
                    "size": 1,
                    "counts": {"患者": 3},
                    "created_at": datetime(2026, 1, 1, tzinfo=UTC),
                    "created_by": 1,
                }
            ],
        )
        run = work.one(select(ImportRun))
        assert (run.counts, run.message, run.rows_done, run.version) == ({"患者": 3}, "", 0, 1)
        case = work.one(select(Case))
        assert case.version == 1


@pytest.mark.parametrize("cipher", ["aes", "sm4"])
def test_a_sealer_gives_what_seal_gives(cipher: str) -> None:
    vault = Vault([new_ring_key(1)], cipher)
    place = Place("identity", "name")
    seal = vault.sealer(place)
    for row, text in ((1, "张一"), (2**62, ""), (3, "阿依·古丽" * 30)):
        sealed = seal(row, text)
        assert vault.open(place, row, sealed) == text
        assert len(sealed) == len(vault.seal(place, row, text))
    assert seal(1, "张一") != seal(1, "张一")
