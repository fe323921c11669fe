"""After a county was imported, looked at, counted and printed, nobody in it can be read on the disk."""

from __future__ import annotations

import base64
import io
import json
import logging
import re
import shutil
import socket
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from casemgr.app import create_app
from casemgr.rules.access import Action
from casemgr.services import account, audit, clock, printing
from casemgr.store import work as works
from casemgr.store.db import db, new_key
from casemgr.store.models import (
    Area,
    Case,
    Counselling,
    Disclosure,
    Draft,
    LiaisonReport,
    LiaisonTask,
    RetentionHold,
)
from casemgr.store.types import Plain
from casemgr.store.work import open_work
from casemgr.terms.account import Role
from casemgr.web.staff import exchange as exchange_page
from tests.conftest import TODAY, make_config
from tests.security.plain_text import LEAST, SURE, files, found_in, leaked_in, personal
from tests.staff import NOW, PASSWORD, quick_hasher
from tests.store.register import SYSTEM
from tests.web.conftest import sign_in, token_in

DATA = Path(__file__).parent.parent / "data"
BOOKS = (DATA / "county.xlsx", DATA / "county-dirty.xlsx")
COUNTY, TOWN = 999901000000, 999901100000
MONTH = "2026-10"
PAGES_OF_A_VISIT = 16


@dataclass
class Traces:
    """What an installation left behind while it was used."""

    instance: Path
    temporary: Path
    logs: Path
    wanted: dict[str, set[str]]
    shown: set[str] = field(default_factory=set)
    pages: Counter[int] = field(default_factory=Counter)
    journal: int = 0


class Visitor:
    """Somebody who signs in and looks at everything there is a link to."""

    def __init__(self, app: Flask, login: str, traces: Traces) -> None:
        self.client = app.test_client()
        self.traces = traces
        sign_in(self.client, login)
        self.token = token_in(self.get("/account/password"))

    def get(self, place: str) -> str:
        answer = self.client.get(place)
        self.traces.pages[answer.status_code] += 1
        text = answer.get_data(as_text=True) if answer.mimetype == "text/html" else ""
        self.traces.shown |= {name for name in self.traces.wanted["names"] if name in text}
        return text

    def post(self, place: str, **values: str) -> str:
        answer = self.client.post(place, data={"csrf": self.token, **values})
        self.traces.pages[answer.status_code] += 1
        text = answer.get_data(as_text=True)
        self.traces.shown |= {name for name in self.traces.wanted["names"] if name in text}
        return text

    def look_around(self, begin: str = "/") -> list[str]:
        """Follow the links from ``begin``, each page once; the places seen."""
        seen, waiting = [], [begin]
        while waiting and len(seen) < PAGES_OF_A_VISIT:
            place = waiting.pop(0)
            seen.append(place)
            for link in re.findall(r'href="(/[^"#]*)', self.get(place)):
                target = link.replace("&amp;", "&")
                kind = re.sub(r"\d+|[?].*", "", target)
                alike = [one for one in (*seen, *waiting) if re.sub(r"\d+|[?].*", "", one) == kind]
                if target not in alike and len(alike) < 2 and not target.startswith("/static"):
                    waiting.append(target)
        return seen


def _bring_in(visitor: Visitor, book: Path, *, confirm: bool) -> None:
    """Upload a workbook through the page, under a file name that names somebody."""
    name = f"{min(visitor.traces.wanted['names'])}等人.xlsx"
    # Encoded here: the client of the tests would put so large a body into a temporary file of its own.
    boundary, body = encode_multipart(
        {"csrf": visitor.token, "file": FileStorage(io.BytesIO(book.read_bytes()), name, "file")}
    )
    kind = f"multipart/form-data; boundary={boundary}"
    sent = visitor.client.post("/exchange", data=body, content_type=kind)
    assert sent.status_code == 303
    place = sent.headers["Location"]
    visitor.get(place)
    visitor.client.get(f"{place}/refused")
    visitor.post(f"{place}/{'confirm' if confirm else 'drop'}")
    visitor.get(place)


def _look_people_up(visitor: Visitor, traces: Traces) -> None:
    """Search by name, part of a name, number and phone; show names; open identities; go wrong on the way."""
    for text in (
        *sorted(traces.wanted["names"])[:6],
        *sorted(traces.wanted["numbers"])[:3],
        *sorted(traces.wanted["phones"])[:3],
    ):
        visitor.post("/cases", text=text)
        visitor.post("/cases", text=text[:2])
    visitor.post("/names", names="1", back="/cases")
    for place in ("/cases", f"/township/{TOWN}", f"/people/{COUNTY}/IND-03.STD-INT/missing?month={MONTH}"):
        visitor.get(place)
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        cases = [case.id for case in work.entities(db.select(Case).order_by(Case.file_no).limit(5))]
    for case in cases:
        visitor.get(f"/case/{case}")
        visitor.post(f"/case/{case}", purpose="1")
    name, number = min(traces.wanted["names"]), min(traces.wanted["numbers"])
    visitor.get(f"/case/{number}")
    visitor.get(f"/nowhere/{1}")
    visitor.post("/cases", text=name * 400)
    visitor.client.post("/login", data={"csrf": "x", "login": name, "password": number})
    visitor.client.post("/cases", data={"text": name})


def _call(app: Flask, traces: Traces) -> None:
    """The same over the JSON door."""
    client: FlaskClient = app.test_client()
    answer = client.post("/api/v1/token", json={"login": "officer", "password": PASSWORD})
    head = {"Authorization": f"Bearer {answer.json['token']}"}  # type: ignore[index]
    for path in ("areas", "cases", "reports", f"indicators/computed?period={MONTH}&area={COUNTY}"):
        assert client.get(f"/api/v1/{path}", headers=head).status_code == 200, path
    name = min(traces.wanted["names"])
    found = client.post("/api/v1/cases/search", headers=head, json={"text": name})
    client.post("/api/v1/cases/search", headers=head, json={"nonsense": name})
    client.post("/api/v1/cases/search", headers=head, data=f'{{"text": "{name}')
    client.post("/api/v1/token", json={"login": name, "password": name})
    assert found.status_code == 200, found.get_data(as_text=True)
    for case in client.get("/api/v1/cases", headers=head).json["items"][:3]:  # type: ignore[index]
        opened = client.post(f"/api/v1/cases/{case['id']}/reveal", headers=head, json={"purpose": 1})
        assert opened.status_code == 200
        traces.shown |= {one for one in traces.wanted["names"] if one in opened.get_data(as_text=True)}


@pytest.fixture(scope="module")
def traces(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traces]:
    """An installation that has been used for a day, with everything it wrote, before it is closed."""
    base = tmp_path_factory.mktemp("disk")
    instance, temporary, logs = base / "instance", base / "temporary", base / "logs"
    shutil.copytree(template, instance)
    (instance / "keyring.json").chmod(0o600)
    temporary.mkdir()
    logs.mkdir()
    handler = logging.FileHandler(logs / "everything.log", encoding="utf-8")
    root = logging.getLogger()
    level, old = root.level, logging.getLogger("sqlalchemy.engine").level
    left = Traces(instance, temporary, logs, personal(*BOOKS))
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("TMPDIR", "TEMP", "TMP", "SQLITE_TMPDIR"):
            patch.setenv(variable, str(temporary))
        patch.setattr(tempfile, "tempdir", str(temporary))
        # A temporary file without a name is on the disk all the same; here it keeps one.
        patch.setattr(tempfile, "TemporaryFile", partial(tempfile.NamedTemporaryFile, delete=False))
        patch.setattr(account, "_hasher", quick_hasher())
        patch.setattr(exchange_page, "in_background", _at_once)
        account._nobody.cache_clear()
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        logging.getLogger("sqlalchemy.engine").setLevel(logging.INFO)
        try:
            config = make_config(instance, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat())
            app = create_app(config)
            app.config["PROPAGATE_EXCEPTIONS"] = False
            with app.app_context():
                _use(app, left)
                left.journal = (instance / "casemgr.db-wal").stat().st_size
                yield left
                db.engine.dispose()
        finally:
            root.removeHandler(handler)
            handler.close()
            root.setLevel(level)
            logging.getLogger("sqlalchemy.engine").setLevel(old)
            clock.fix(None)


def _at_once(app: Flask, function: object, *arguments: object) -> None:
    with app.app_context():
        function(*arguments)  # type: ignore[operator]


def _use(app: Flask, left: Traces) -> None:
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        work.add(Area(code=COUNTY, name="示例县", level=3))
    for login, role, area in (("officer", Role.COUNTY_OFFICER, COUNTY), ("boss", Role.ADMINISTRATOR, None)):
        account.create(SYSTEM, login, login, int(role), area, NOW, PASSWORD, must_change=False)
    officer = Visitor(app, "officer", left)
    _bring_in(officer, BOOKS[1], confirm=False)
    _bring_in(officer, BOOKS[0], confirm=True)
    account.create(
        SYSTEM, "doctor", "doctor", int(Role.TOWNSHIP_DOCTOR), TOWN, NOW, PASSWORD, must_change=False
    )
    run = app.test_cli_runner().invoke
    for words in (
        ["indicator", "close", "--period", MONTH],
        ["report", "monthly", "--period", MONTH, "--area", str(TOWN), "--out", str(left.logs / "report.pdf")],
        ["indicator", "explain", "--case", "101-00001", "--period", MONTH, "--json"],
        ["audit", "verify"],
    ):
        done = run(args=words)
        assert done.exit_code == 0, (words, done.output)
    faults = run(args=["exchange", "import", str(BOOKS[1]), "--dry-run", "--json"]).stdout
    (left.logs / "problems.json").write_text(faults, "utf-8")
    _look_people_up(officer, left)
    for login in ("officer", "doctor", "boss"):
        Visitor(app, login, left).look_around()
    _call(app, left)
    _share(left)


def _share(left: Traces) -> None:
    """What lies ready for a department or waits: sheet, task, report, draft, talk, hold, print; anchors."""
    name, number, phone, address = (
        min(left.wanted[kind]) for kind in ("names", "numbers", "phones", "addresses")
    )
    told = json.dumps([name, number, phone, address], ensure_ascii=False)
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        (case,) = work.entities(db.select(Case).order_by(Case.file_no).limit(1))
    mine = {"area": case.area}
    theirs = {**mine, "receiver": int(Role.POLICE), "receiver_area": case.area, "file_key": case.id}
    of_case = {**mine, "case_id": case.id}
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add(
            Disclosure(
                id=new_key(), conditions=2, reason=1, ground="x", groups=1, valid_from=TODAY, recorded_at=NOW,
                alias=Plain(name), sheet=Plain(told), **theirs,
            )
        )  # fmt: skip
        work.add(
            LiaisonTask(
                id=new_key(), kind=1, body=Plain(told), question=Plain(f"请核实{name}是否在家"),
                asked_on=TODAY, asked_by=1, due_on=TODAY, reply=Plain(f"{name}在{address}"), **theirs,
            )
        )  # fmt: skip
        work.add(
            LiaisonReport(
                id=new_key(), kind=2, state=1, happened_on=TODAY, urgent=False, person=Plain(name),
                place=Plain(address), told=Plain(told), contact=Plain(phone), reported_at=NOW,
                reported_on=TODAY, reported_by=1, **theirs,
            )
        )  # fmt: skip
        work.add(
            Counselling(
                id=new_key(), on=TODAY, subject=1, way=1, provider=Plain(name), recorded_at=NOW,
                recorded_by=1, **of_case,
            )
        )  # fmt: skip
        work.add(
            Draft(
                id=new_key(), owner=1, form="x", form_version="1", data=Plain(told), begun_at=NOW,
                saved_at=NOW, **of_case,
            )
        )  # fmt: skip
        work.add(RetentionHold(id=new_key(), reason=Plain(told), placed_on=TODAY, placed_by=1, **of_case))
        printing.put(work, f"<p>{told}</p>", "随访服务记录表", 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(10)
        home = works.installation()
        works.furnish(db.engine, replace(home, syslog=f"127.0.0.1:{receiver.getsockname()[1]}"))
        audit.anchor(SYSTEM)
        (left.logs / "syslog.txt").write_bytes(receiver.recv(4_000))
    (left.logs / "paper.svg").write_text(audit.on_paper(SYSTEM), "utf-8")


def test_the_search_finds_what_is_there() -> None:
    noise = bytes(range(256)) * 50
    for text in ("张一", "欧阳䶮", "李·阿依", "999901198001010000", "10033380351", "示例县河东镇第8村10号"):
        for encoding in ("utf-8", "utf-16-le"):
            if len(text.encode(encoding)) < LEAST:
                continue
            for shift in range(8):
                assert found_in(noise + b"x" * shift + text.encode(encoding) + noise, [text]) == {text}
        assert found_in(noise, [text]) == set()


def test_one_short_name_in_sealed_bytes_is_chance_and_any_more_is_a_leak() -> None:
    sealed, names = bytes(range(256)) * 50, ["张一", "李二", "欧阳小明"]
    text = "一行日志\n".encode()
    once = sealed + "张一".encode() + sealed
    assert found_in(once, names) == {"张一"}
    assert leaked_in(once, names) == set()
    assert leaked_in(once + "张一".encode(), names) == {"张一"}
    assert leaked_in(once + "李二".encode(), names) == {"张一", "李二"}
    assert leaked_in(sealed + "欧阳小明".encode() + sealed, names) == {"欧阳小明"}
    assert leaked_in(sealed + "欧阳小明".encode("utf-16-le") + sealed, names) == {"欧阳小明"}
    assert leaked_in(text + "张一".encode() + text, names) == {"张一"}


def test_the_workbooks_are_full_of_people() -> None:
    wanted = personal(*BOOKS)
    assert len(wanted["names"]) > 500
    assert len(wanted["numbers"]) > 400
    assert len(wanted["phones"]) > 700
    assert len(wanted["addresses"]) > 700


def test_the_installation_was_really_used(traces: Traces) -> None:
    assert traces.pages[200] > 50
    assert traces.pages[500] == 0
    assert len(traces.shown) > 60  # names were on the screen
    assert traces.journal > 0
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        assert len(work.rows(db.select(Case.id))) == 420
    log = (traces.logs / "everything.log").read_text("utf-8")
    assert "INSERT INTO identity" in log
    assert log.count("\n") > 1_000


def test_nobody_can_be_read_on_the_disk(traces: Traces) -> None:
    looked_at = files(traces.instance, traces.temporary, traces.logs)
    names = {path.name for path in looked_at}
    assert {"casemgr.db", "casemgr.db-wal", "casemgr.db-shm", "audit-anchors.jsonl"} <= names
    assert {"syslog.txt", "paper.svg", "report.pdf", "anchor-signer.key"} <= names
    assert [path for path in looked_at if path.parent.name == "prints"]
    everything = set().union(*traces.wanted.values())
    leaks = {
        str(path): sorted(found)[:5]
        for path in looked_at
        if (found := leaked_in(path.read_bytes(), everything))
    }
    assert not leaks


def test_no_workbook_lies_open(traces: Traces) -> None:
    """Names inside a packed workbook are not seen as bytes, and are readable all the same."""
    packed = [path.name for path in files(traces.instance, traces.temporary) if zipfile.is_zipfile(path)]
    assert not packed


def test_no_file_is_named_after_anybody(traces: Traces) -> None:
    everything = "\n".join(str(path) for path in files(traces.instance, traces.temporary, traces.logs))
    for texts in traces.wanted.values():
        assert not [text for text in texts if text in everything]


def test_the_temporary_folder_holds_fonts_at_most(traces: Traces) -> None:
    """WeasyPrint keeps the fonts of its configuration there while the process lives."""
    for path in files(traces.temporary):
        assert path.read_bytes()[:4] in (b"OTTO", b"wOF2", b"\0\1\0\0"), path


def test_refused_rows_go_back_to_whoever_brought_them_and_nowhere_else(traces: Traces) -> None:
    """The list of faults names row and column, never the person."""
    document = json.loads((traces.logs / "problems.json").read_text("utf-8"))
    assert document["problems"]


#: Ways in which a text may stand somewhere besides the two that all texts are looked for in.
OTHER_WRITINGS = ("gb18030", "utf-16-be", "utf-8", "utf-16-le", "big5")


def other_writings(text: str) -> Iterator[bytes]:
    """A text in other encodings, backwards, as hexadecimal digits, in base64 and as escapes.

    Bytes that are met by chance are left out; their digits are not.
    """
    yield text[::-1].encode()
    yield json.dumps(text).strip('"').encode()
    yield quote(text).encode()
    for encoding in OTHER_WRITINGS:
        raw = text.encode(encoding, "ignore")
        if len(raw) >= 6:
            yield from (raw.hex().encode(), raw.hex().upper().encode())
            if len(raw) >= 8:
                yield raw
            for shift in range(3):
                # Without the ends, which what stands before and behind would change.
                part = base64.b64encode(b"x" * shift + raw)[4 : -4 if len(raw) > 8 else None]
                if len(part) >= 8:  # shorter ones are met by chance
                    yield part


def a_few(texts: set[str]) -> list[str]:
    """Six texts long enough not to be met by chance, the longest first."""
    return sorted((one for one in texts if len(one.encode()) >= SURE), key=lambda one: (-len(one), one))[:6]


def test_the_search_for_other_writings_finds_them() -> None:
    for text in ("欧阳小明", "999901198001010000", "10033380351"):
        raw = text.encode()
        for hidden in (text.encode("gb18030"), raw.hex().encode(), base64.b64encode(b"name: " + raw + b";")):
            assert [one for one in other_writings(text) if one in b"..." + hidden + b"..."], text


def test_nobody_can_be_read_in_any_other_writing_either(traces: Traces) -> None:
    """Database, journal, temporary files, logs and a backup, in encodings, digits, base64 and backwards."""
    words = ["backup", "create", "--out", str(traces.logs / "backup")]
    done = current_app.test_cli_runner().invoke(args=words)
    assert done.exit_code == 0, done.output
    wanted = {
        part: text
        for texts in traces.wanted.values()
        for text in a_few(texts)
        for part in other_writings(text)
    }
    leaks: dict[str, set[str]] = {}
    searched = 0
    for path in files(traces.instance, traces.temporary, traces.logs):
        content = path.read_bytes()
        searched += len(content)
        for part, text in wanted.items():
            if part in content:
                leaks.setdefault(str(path), set()).add(text)
    assert not leaks
    assert len(wanted) > 400
    assert searched > 1_000_000


def test_no_crash_lays_memory_down(traces: Traces) -> None:
    """The process holds keys and opened names; its memory must not end in a file."""
    resource = pytest.importorskip("resource")
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
