"""篡改: whoever writes to the database file itself is found out by the walk along the audit chain."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask

from casemgr.services import audit, register
from casemgr.services.register import CaseQuery
from tests.conftest import TODAY
from tests.security.conftest import SYSTEM, World, access_of

CHANGES = {
    "who": "UPDATE audit_entry SET actor = 99 WHERE seq = 5",
    "how many": "UPDATE audit_entry SET count = count + 1 WHERE seq = 5",
    "when": "UPDATE audit_entry SET at = at + 1 WHERE seq = 5",
    "in which role": "UPDATE audit_entry SET role = 1 WHERE seq = 5",
    "in which request": "UPDATE audit_entry SET request = 'x' WHERE seq = 5",
    "whom": "UPDATE audit_entry SET detail = NULL WHERE detail IS NOT NULL",
    "another key": "UPDATE audit_entry SET key_id = 2 WHERE seq = 5",
    "one less": "DELETE FROM audit_entry WHERE seq = 5",
    "the last one": "DELETE FROM audit_entry WHERE seq = (SELECT max(seq) FROM audit_entry)",
    "all": "DELETE FROM audit_entry",
    "the link": "UPDATE audit_entry SET previous = mac WHERE seq = 5",
    "nobody was read": "DELETE FROM audit_subject",
    "somebody else was read": "UPDATE audit_subject SET person_id = person_id + 1",
    "one more was read": "INSERT INTO audit_subject SELECT seq, person_id + 1 FROM audit_subject LIMIT 1",
    "somebody was read earlier": "INSERT INTO audit_subject SELECT 1, person_id FROM audit_subject LIMIT 1",
}


def change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "casemgr.db", isolation_level=None)) as raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute(statement)


@pytest.fixture
def watched(site: Flask, world: World) -> Flask:
    """The world after a day on which names were searched and read, its chain anchored."""
    with site.app_context():
        east = access_of("east")
        register.reveal_identity(east, world.people["east"].case, "1", TODAY)
        register.cases(east, CaseQuery(text="单于|1,2"), TODAY)
        audit.anchor(SYSTEM)
        assert audit.verify(SYSTEM).broken is None
    return site


@pytest.mark.parametrize("what", list(CHANGES))
def test_no_change_to_the_record_goes_unseen(watched: Flask, world: World, what: str) -> None:
    change(world.folder, CHANGES[what])
    with watched.app_context():
        verdict = audit.verify(SYSTEM)
    assert verdict.broken is not None
    assert verdict.reason


def test_a_line_cut_off_in_the_file_of_anchors_does_not_stop_the_walk(watched: Flask, world: World) -> None:
    file = world.folder / "audit-anchors.jsonl"
    file.write_text(file.read_text() + '{"seq": 7, "ma')
    with watched.app_context():
        assert audit.verify(SYSTEM).broken is None
        register.case(access_of("east"), world.people["east"].case, TODAY)
        head = audit.anchor(SYSTEM)
        assert audit.verify(SYSTEM).broken is None
    assert f'"seq":{head},' in file.read_text().splitlines()[-1]
    change(world.folder, "DELETE FROM audit_anchor")
    change(world.folder, f"DELETE FROM audit_entry WHERE seq = {head}")
    with watched.app_context():
        assert audit.verify(SYSTEM).broken == head
