"""文件攻击: markup of every kind in every text that is printed, and workbooks that are traps."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from casemgr.app import create_app
from casemgr.forms.archive import CFB, MIB
from casemgr.rules.access import Action
from casemgr.services import account, clock, printing
from casemgr.store.db import db
from casemgr.web.staff import exchange as exchange_page
from casemgr.web.staff import form as form_page
from tests.conftest import TODAY, make_config
from tests.security import twins
from tests.security.bodies import LOOKER, OWN, Bodies
from tests.security.everybody import Range, open_account, opened
from tests.security.routes import addresses
from tests.staff import quick_hasher

#: What would make the press fetch something: files, hosts, enclosed data, a huge picture, style sheets.
VECTORS = (
    '<img src="file:///etc/passwd"><link rel="attachment" href="file:///etc/hostname">'
    '<img src="http://127.0.0.1:9/x.png"><object data="https://evil.example/x"></object>'
    '<svg width="99999" height="99999"><image href="http://127.0.0.1:9/y"/></svg>'
    "<img src=\"data:image/svg+xml,<svg width='1000000' height='1000000'/>\"><style>@import url(ftp://e/);</style>"
)
RAW = re.compile(r"<img src=\"(file|http|data)|<link rel=\"attachment|<object|<style>@import|<svg width=\"9")


@pytest.fixture
def armed(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Range]:
    """The twins with vectors in every text of every table."""
    folder = tmp_path / "instance"
    shutil.copytree(template, folder)
    (folder / "keyring.json").chmod(0o600)
    monkeypatch.setattr(account, "_hasher", quick_hasher())
    monkeypatch.setattr(twins, "TAIL", VECTORS)
    account._nobody.cache_clear()
    config = make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat())
    application = create_app(config, doors=())
    with application.app_context():
        twins.settle()
        open_account(LOOKER)
        db.engine.dispose()
    clock.fix(TODAY)
    found = opened(folder)
    yield found
    found.close()
    clock.fix(None)


def _at_once(app: Any, function: Any, *arguments: Any, large: bool = False) -> None:
    with app.app_context():
        function(*arguments)


def test_nothing_that_was_typed_is_markup_when_it_is_printed(
    armed: Range, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every print of every form: what goes to the press holds the vectors as text, not as elements."""
    pressed: list[str] = []
    draw = printing._drawn
    monkeypatch.setattr(form_page, "in_background", _at_once)
    monkeypatch.setattr(
        printing, "_drawn", lambda text, people=1: (pressed.append(text), (b"%PDF-1.7", 0))[1]
    )
    bodies = Bodies(armed, lambda route: "print" in route.path or route.action is Action.FORM_PRINT)
    for route in armed.routes:
        if route.method == "POST" and route.action is Action.FORM_PRINT:
            for path in addresses(route, OWN.area, OWN.key):
                for body in bodies.of(route, path):
                    assert armed.send(LOOKER, route, path, body).status_code < 500
    assert len(pressed) >= 2
    assert [found.group() for text in pressed if (found := RAW.search(text))] == []
    armed_ones = [text for text in pressed if "file:///etc/passwd" in text]
    assert armed_ones, "the vectors were not on any print"
    content, _missing = draw(armed_ones[0])
    reader = PdfReader(io.BytesIO(content))
    assert not reader.attachments
    told = str(reader.metadata) + "".join(str(one) for one in reader.outline)
    assert not [one for one in (OWN.prefix, OWN.id_number, OWN.phone, "passwd") if one in told]


# --- workbooks that are traps ---

PLAIN = {
    "[Content_Types].xml": b"<Types/>",
    "xl/workbook.xml": b"<workbook/>",
    "xl/worksheets/sheet1.xml": b"<worksheet/>",
}


def packed(more: dict[str, bytes], *, names: tuple[str, ...] = ()) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in {**PLAIN, **more}.items():
            target.writestr(name, content)
        for name in names:
            target.writestr(name, b"<x/>")
    return out.getvalue()


ENTITY = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]><x>&c;</x>'
EXTERNAL = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
HEAD = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
FAR = (
    HEAD + b'<sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
    b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
)
TRAPS: dict[str, bytes] = {
    "nothing": b"",
    "text": b"name,number\n=cmd,1\n",
    "page": b"<html><script>alert(1)</script></html>",
    "cut off": packed({})[:120],
    "old format": CFB + bytes(600),
    "no workbook": packed({"word/document.xml": b"<w/>"})[:-30],
    "inflates": packed({"xl/sharedStrings.xml": b"<si/>" * MIB}),
    "inflates as a style": packed({"xl/styles.xml": b"<x/>" * 2 * MIB}),
    "macros": packed({"xl/vbaProject.bin": b"x"}),
    "object": packed({"xl/embeddings/oleObject1.bin": b"x"}),
    "other book": packed({"xl/externalLinks/externalLink1.xml": b"<x/>"}),
    "way up": packed({"../../evil.xml": b"<x/>"}),
    "from the root": packed({"/etc/cron.d/evil": b"<x/>"}),
    "entities": packed({"xl/styles.xml": ENTITY}),
    "outside entity": packed({"xl/workbook.xml": EXTERNAL}),
    "utf-16": packed({"xl/workbook.xml": EXTERNAL.decode().encode("utf-16")}),
    "four hundred parts": packed({f"docProps/{number}.xml": b"<x/>" for number in range(400)}),
    "same name in capitals": packed({"XL/Workbook.xml": b"<x/>"}),
    "book in a book": packed({"xl/inner.xlsx": packed({})}),
    "far cells": packed({"xl/worksheets/sheet1.xml": FAR}),
    "no sheets": packed({}),
}


@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_is_refused_in_words_at_the_door(
    place: Range, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The upload and the call that verifies: never a fault, never a run left half done."""
    monkeypatch.setattr(exchange_page, "in_background", _at_once)
    who = place.people[LOOKER]
    file = (io.BytesIO(TRAPS[name]), f"{name}.xlsx")
    answer = who.client.post(
        "/exchange", data={"csrf": who.csrf, "file": file}, content_type="multipart/form-data"
    )
    assert answer.status_code in (303, 413, 422)
    if answer.status_code == 303:
        # It looked like a workbook; the child that reads it has ended and said what is wrong.
        shown = who.client.get(answer.headers["Location"])
        assert shown.status_code == 200
        assert "正在" not in shown.get_data(as_text=True)
    else:
        assert "。" in answer.get_data(as_text=True)
    checked = who.client.post(
        "/api/v1/reports/verify", data=TRAPS[name], content_type="application/pdf",
        headers={"X-CSRF-Token": who.csrf},
    )  # fmt: skip
    assert checked.status_code < 500
