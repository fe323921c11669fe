"""What the stored columns say about names: matching by rank must gain nothing (docs/search-leakage.md).

Whoever has the database file, and knows how often each surname occurs in the country, ranks the values of a
column by how often they occur and guesses: the commonest value is the commonest surname. Where a column says
nothing this is right about as often as always guessing the commonest.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

import pytest
from sqlalchemy import LargeBinary, inspect, select, type_coerce

from casemgr.app import create_app
from casemgr.rules.access import Action
from casemgr.store.db import Base, db
from casemgr.store.models import Identity
from casemgr.store.types import Sealed
from casemgr.store.vault import HEADER, NONCE, Place, Vault, new_key
from casemgr.store.work import open_work
from tests.conftest import make_config
from tests.store.register import EAST, SYSTEM, add_person, open_areas

#: A column may give this much of the surnames away above always guessing the commonest.
ALLOWED = 0.01
#: Surnames with their shares (per thousand) as everybody can look them up, and the rest in small parts.
SHARES = {"王": 75, "李": 74, "张": 70, "刘": 54, "陈": 46, "杨": 32, "黄": 24, "赵": 22, "吴": 21, "周": 20}
REST = (
    "徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏"
    "吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹"
)
PEOPLE = 800


def guessed(values: Sequence[object], names: Sequence[str], known: Sequence[str]) -> float:
    """Share of people whose surname comes out right when values are matched with surnames by rank."""
    ranked = [value for value, _ in Counter(values).most_common()]
    guess = dict(zip(ranked, known, strict=False))
    return sum(guess.get(value) == name for value, name in zip(values, names, strict=True)) / len(names)


def base_rate(names: Sequence[str], known: Sequence[str]) -> float:
    """Share of people who are right when everybody is taken for the commonest surname."""
    return names.count(known[0]) / len(names)


def excess(values: Sequence[object], names: Sequence[str], known: Sequence[str]) -> float:
    """How much matching by rank gains over the base rate; below 0 it loses."""
    return guessed(values, names, known) - base_rate(names, known)


def surnames(count: int) -> list[str]:
    """Surnames of a synthetic county, drawn by their shares."""
    rest = (1000 - sum(SHARES.values())) / len(REST)
    weights = [*SHARES.values(), *(rest for _ in REST)]
    return random.Random(29).choices([*SHARES, *REST], weights, k=count)


@pytest.fixture(scope="module")
def county(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """A county of :data:`PEOPLE` with telephones and numbers; surnames in the order of the people's keys."""
    folder = tmp_path_factory.mktemp("leakage") / "instance"
    shutil.copytree(template, folder)
    (folder / "keyring.json").chmod(0o600)
    application = create_app(make_config(folder), doors=())
    with application.app_context():
        units = open_areas()
        names = surnames(PEOPLE)
        given = random.Random(7)
        with open_work(SYSTEM, Action.DEMO_LOAD) as work:
            for place, name in enumerate(names):
                whole = name + "".join(
                    given.choices("伟芳娜敏静强磊军洋勇艳杰娟涛明超", k=given.choice((1, 2, 2)))
                )
                number, phone = f"99990119800{place:07d}", f"100{place - place % 40 // 39:08d}"
                add_person(work, EAST, units[EAST], f"E{place:05d}", whole, number, phone)
        yield names
        db.engine.dispose()


def columns() -> Iterator[tuple[str, list[object]]]:
    """Every column of the identity as it lies in the file, and what can be made of it without a key."""
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        for attribute in inspect(Identity).column_attrs:
            column = getattr(Identity, attribute.key)
            sealed = isinstance(column.type, Sealed)
            shown = type_coerce(column, LargeBinary) if sealed else column
            rows = work.rows(select(shown).order_by(Identity.person_id))
            values = [row[0] for row in rows]
            yield attribute.key, values
            if sealed and values[0] is not None:
                start = HEADER.size
                yield f"{attribute.key}: length", [len(value) for value in values]
                yield f"{attribute.key}: header", [bytes(value[:start]) for value in values]
                yield f"{attribute.key}: first byte", [value[start + NONCE] for value in values]
                yield f"{attribute.key}: last byte", [value[-1] for value in values]
            if attribute.key.endswith("token"):
                yield f"{attribute.key}: first byte", [value[0] for value in values]


def test_no_column_gives_surnames_away(county: list[str]) -> None:
    known = list(SHARES) + list(REST)
    seen = 0
    for name, values in columns():
        assert len(values) == PEOPLE
        assert excess(values, county, known) <= ALLOWED, name
        seen += 1
    assert seen > len(inspect(Identity).column_attrs)


def test_telephones_shared_by_a_family_say_no_surname(county: list[str]) -> None:
    """Shared telephones make the only repeated tokens; they say who shares, and nothing of the name."""
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        tokens = [
            bytes(row[0]) for row in work.rows(select(Identity.phone_token).order_by(Identity.person_id))
        ]
        ids = [bytes(row[0]) for row in work.rows(select(Identity.id_token))]
    assert len(set(ids)) == PEOPLE
    assert PEOPLE * 0.9 < len(set(tokens)) < PEOPLE


def test_a_surname_token_would_be_noticed(county: list[str]) -> None:
    """The counter-example: were there a token of the surname, this attack would see it, cut short or not."""
    # Of a key that is always the same: with one drawn anew the cuts are luck too, if only seldom bad luck.
    vault = Vault([replace(new_key(1), material=bytes(range(32)))])
    tokens = [int.from_bytes(vault.token(Place("identity", "surname"), name), "big") for name in county]
    known = list(SHARES) + list(REST)
    assert excess(tokens, county, known) > ALLOWED
    # In one cut of seven bits common surnames may fall together by luck of the key; not in most of eighteen.
    cuts = [[token >> shift & 127 for token in tokens] for shift in range(0, 126, 7)]
    assert median(excess(cut, county, known) for cut in cuts) > ALLOWED


def test_the_attack_finds_what_there_is_to_find() -> None:
    names = surnames(5_000)
    known = [name for name, _ in Counter(names).most_common()]
    assert guessed(names, names, known) == 1.0
    assert excess(names, names, list(SHARES) + list(REST)) > 0.1
    assert excess([0] * 5_000, names, known) == 0.0
    assert excess(list(range(5_000)), names, known) < 0


def test_no_other_table_has_an_index_over_sealed_values() -> None:
    """Columns that are looked up by token stand in docs/search-leakage.md, and are of full length."""
    document = (Path(__file__).parents[2] / "docs" / "search-leakage.md").read_text(encoding="utf-8")
    found = set()
    for table in Base.metadata.tables.values():
        for column in table.c:
            if column.name.endswith("_token"):
                assert getattr(column.type, "length", None) == 16
                found.add(f"{table.name}.{column.name}")
    assert found
    assert [name for name in sorted(found) if name not in document] == []
