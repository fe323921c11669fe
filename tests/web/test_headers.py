"""What every answer carries, whatever its status; and that no page needs more than that allows."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from casemgr.web.headers import ALWAYS, SecurityHeaders, digest

ClientOf = Callable[[str], FlaskClient]
ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"


def test_every_status_carries_every_header(site: Flask, client_of: ClientOf) -> None:
    site.add_url_rule("/static/boom", view_func=lambda: "", endpoint="unguarded")
    site.testing = False
    client = client_of("east")
    answers = {
        200: client.get("/help"),
        303: client.get("/"),
        400: client.post("/session/stay"),
        401: site.test_client().post("/session/stay"),
        403: client.get("/accounts"),
        404: client.get("/nowhere"),
        405: client.put("/help"),
        500: client.get("/static/boom"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        for name, value in ALWAYS.items():
            assert answer.headers[name] == value, (status, name)
        assert answer.headers.getlist("Cache-Control") == ["no-store"], status
        assert "Strict-Transport-Security" not in answer.headers


def test_the_policy_allows_nothing_inline() -> None:
    policy = ALWAYS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy


def test_a_crash_outside_of_flask_carries_them_as_well() -> None:
    started: list[list[tuple[str, str]]] = []

    def broken(environ: dict[str, object], start: Callable[..., object]) -> list[bytes]:
        start("500 Internal Server Error", [("Content-Type", "text/plain"), ("Cache-Control", "public")])
        return [b"x"]

    wrapped = SecurityHeaders(broken, STATIC)
    wrapped(
        {"PATH_INFO": "/", "wsgi.url_scheme": "https"}, lambda status, headers, *rest: started.append(headers)
    )
    found = dict(started[0])
    assert found["Cache-Control"] == "no-store"
    assert found["Strict-Transport-Security"].startswith("max-age=")
    assert found["Content-Security-Policy"] == ALWAYS["Content-Security-Policy"]


def test_a_download_may_be_stricter() -> None:
    started: list[list[tuple[str, str]]] = []

    def download(environ: dict[str, object], start: Callable[..., object]) -> list[bytes]:
        start("200 OK", [("Content-Security-Policy", "sandbox")])
        return [b"x"]

    SecurityHeaders(download, STATIC)(
        {"PATH_INFO": "/"}, lambda status, headers, *rest: started.append(headers)
    )
    assert [value for name, value in started[0] if name == "Content-Security-Policy"] == ["sandbox"]


def test_static_files_are_named_by_their_content(site: Flask) -> None:
    client = site.test_client()
    page = client.get("/login").get_data(as_text=True)
    address = re.search(r'href="(/static/css/screen\.css\?v=[0-9a-f]{16})"', page)
    assert address is not None
    with client.get(address.group(1)) as kept:
        assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert kept.headers["X-Content-Type-Options"] == "nosniff"
    for stale in ("/static/css/screen.css?v=0", "/static/css/screen.css"):
        with client.get(stale) as answer:
            assert answer.headers["Cache-Control"] == "no-cache"
    assert client.get("/static/nothing.css").headers["Cache-Control"] == "no-store"
    assert client.get("/static/../config.py").status_code == 404


def test_the_digest_follows_the_content_and_stays_in_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "a.css").write_text("a")
    (tmp_path / "secret").write_text("s")
    first = digest(folder, "a.css")
    (folder / "a.css").write_text("bb")
    assert first != digest(folder, "a.css") != ""
    assert digest(folder, "../secret") == ""
    assert digest(folder, "nothing") == ""
    assert digest(folder, "a\0") == ""


TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_no_template_needs_what_the_policy_forbids(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.parent.name == "reports":
        text = re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)  # paper is not sent to a browser
    assert not re.search(r"<style|\sstyle\s*=", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"""\son[a-z]+\s*=\s*["']""", text)
    assert "javascript:" not in text
    assert not re.search(r"""(?:src|href|action)\s*=\s*["']?(?:https?:)?//""", text)
    # What a template says itself, in a constant of its own, needs no escaping; everything else does.
    assert "|safe" not in re.sub(r"\b[A-Z]+\[[\w.]+\]\|safe", "", text.replace(" ", ""))


@pytest.mark.parametrize("path", sorted((STATIC / "js").glob("*.js")), ids=lambda path: path.name)
def test_no_script_writes_markup_or_evaluates_text(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
    ):
        assert forbidden not in text
    assert not re.search(r"https?://", text)


def test_the_styles_load_nothing_from_elsewhere() -> None:
    for path in (STATIC / "css").glob("*.css"):
        for address in re.findall(r"url\(([^)]*)\)", path.read_text(encoding="utf-8")):
            assert not re.match(r"""["']?(https?:)?//""", address), (path, address)
