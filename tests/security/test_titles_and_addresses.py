"""标题与地址: nobody stands where others look over a shoulder: tab, history, address, name of a file."""

from __future__ import annotations

import re
import zlib
from urllib.parse import unquote

import pytest

from casemgr.rules.access import Role
from tests.security.bodies import ENDING, OWN
from tests.security.everybody import Range
from tests.security.routes import addresses

#: What a browser keeps of a page: its title, and wherever it leads (a telephone is dialled, not kept).
TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
LEADS = re.compile(
    r'\b(?:href|action|formaction|src|download|cite|data-[a-z-]*(?:url|href))="(?!tel:)([^"]*)"'
)
HEADERS = ("Location", "Content-Disposition", "Link", "Refresh", "Content-Location", "Server-Timing")
WORDS = (OWN.prefix, OWN.id_number, OWN.phone, OWN.guardian_phone)


def kept(answer: object) -> list[str]:
    """Everything of an answer that a browser, a proxy or a log keeps besides the page itself."""
    headers = [answer.headers.get(name, "") for name in HEADERS]  # type: ignore[attr-defined]
    text = answer.data.decode(errors="replace") if answer.mimetype == "text/html" else ""  # type: ignore[attr-defined]
    head = text.partition("<svg")[0]  # a drawing has titles of its own, which are read aloud and not kept
    return [unquote(one) for one in (*headers, *TITLE.findall(head), *LEADS.findall(text))]


@pytest.mark.parametrize("share", [4, pytest.param(1, marks=pytest.mark.attack)])
def test_nobody_stands_in_a_title_an_address_or_the_name_of_a_file(place: Range, share: int) -> None:
    """An ordinary run opens one page in four, by lot from its name; whoever sees names is asked."""
    seen, found, met = 0, [], 0
    for route in place.routes:
        if route.method != "GET" or ENDING.search(route.path) or zlib.crc32(route.name.encode()) % share:
            continue
        for role in (Role.TOWNSHIP_DOCTOR, Role.POLICE):
            if route.public or not route.may(role):
                continue
            for path in addresses(route, OWN.area, OWN.key):
                with place.send(role, route, path, {}) as answer:
                    seen += 1
                    met += any(word in answer.data.decode(errors="replace") for word in WORDS)
                    found += [
                        f"{route.name}: {one[:60]}"
                        for one in kept(answer)
                        if any(word in one for word in WORDS)
                    ]
    assert found == []
    # The counter-proof: there was somebody to be read on these pages.
    assert seen > 160 / share
    assert met > 20 / share
