"""打印: finished HTML → PDF bytes, behind a locked door and the same bytes every time.

WeasyPrint takes over a second to import, so this module is only imported where something is printed. It is
used in a job, a command or a child process, never in a web request.
"""

from __future__ import annotations

import logging
import re
import threading
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from fontTools.ttLib import TTFont
from weasyprint import CSS, HTML
from weasyprint.document import Document, Page
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from casemgr.reports.own_fonts import own_fonts

STATIC = Path(__file__).resolve().parents[2] / "static"
#: A host that can never exist (RFC 2606): nothing under it could reach a network even by mistake.
ASSETS = "https://assets.invalid/"
#: And for the fonts an agency has of its own.
OWN = "https://fonts.invalid/"
DRAWING = "data:image/svg+xml;base64,"
SHEETS = ("css/fonts.css", "css/print.css")
_OUTSIDE = "a report may use nothing from outside the program"
_KINDS = {".css": "text/css", ".woff2": "font/woff2", ".otf": "font/otf", ".svg": "image/svg+xml"}
_MISSING = re.compile(r"\.notdef glyph rendered .* \(U\+([0-9A-F]+)\)")


class LockedFetcher(URLFetcher):  # type: ignore[misc]  # the library ships no types
    """Gives the program's own sheets and fonts; anything else stops the rendering.

    Of ``data:`` only drawings that are drawings: our papers are text and drawings, so no picture of whatever
    size is ever decoded. The library tries any other bytes as a picture, whatever kind their address names.
    """

    def __init__(self, own: Mapping[str, Path]) -> None:
        super().__init__(allowed_protocols={"data"}, allow_redirects=False, fail_on_errors=True)
        self.refused = False
        #: Address → font file of the agency.
        self.own = {OWN + file.name: file for file in own.values()}

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        """The asset at ``url``; ``FatalURLFetchingError`` (not an ``Exception``) for anything not ours."""
        if url in self.own:
            return URLFetcherResponse(url, self.own[url].read_bytes(), {"Content-Type": "font/sfnt"})
        if url.startswith(ASSETS):
            return self._asset(url.removeprefix(ASSETS), url)
        if url.startswith(DRAWING):
            return self._drawing(url.removeprefix(DRAWING), url)
        return self._refuse()

    def _refuse(self) -> URLFetcherResponse:
        # While drawing SVG the library swallows even fatal errors, so the attempt is remembered as well.
        self.refused = True
        raise FatalURLFetchingError(_OUTSIDE)

    def _drawing(self, packed: str, url: str) -> URLFetcherResponse:
        try:
            content = b64decode(packed, validate=True)
            drawn = ElementTree.fromstring(content).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314
        except (ValueError, ElementTree.ParseError):
            return self._refuse()
        return URLFetcherResponse(url, content, {"Content-Type": _KINDS[".svg"]}) if drawn else self._refuse()

    def _asset(self, name: str, url: str) -> URLFetcherResponse:
        path = (STATIC / name).resolve()
        kind = _KINDS.get(path.suffix)
        if kind is None or not path.is_relative_to(STATIC) or not path.is_file():
            return self._refuse()
        return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": kind})


@dataclass(frozen=True, slots=True)
class Printed:
    """A finished document: its bytes, its number of pages, and the characters no font could draw (缺字)."""

    content: bytes
    pages: int
    missing: tuple[str, ...]


@lru_cache(maxsize=2)
def _press(folder: Path | None = None) -> tuple[FontConfiguration, tuple[CSS, ...], LockedFetcher]:
    """Fonts and sheets, read once per process: finding fonts costs more than printing a report.

    ``folder`` holds the fonts of an agency (:mod:`casemgr.reports.own_fonts`).
    """
    fonts = FontConfiguration()
    own = own_fonts(folder) if folder is not None else {}
    fetcher = LockedFetcher(own)
    faces = "".join(
        f'@font-face {{ font-family: "{family}"; src: url("{OWN}{file.name}"); }}\n'
        for family, file in own.items()
    )
    sheets = [
        CSS(url=ASSETS + name, url_fetcher=fetcher, font_config=fonts)
        for name in SHEETS
        if (STATIC / name).is_file()
    ]
    if faces:
        sheets.append(CSS(string=faces, url_fetcher=fetcher, font_config=fonts))
    return fonts, tuple(sheets), fetcher


def warm() -> None:
    """Read fonts and sheets now, so that the first document does not wait for them."""
    _press()
    _bold()


@lru_cache(maxsize=1)
def _bold() -> frozenset[str]:
    """The characters of the bold face; the regular one has thousands more (docs/decisions/0016)."""
    with TTFont(STATIC / "fonts" / "CaseMgrSans-Bold.otf", lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


#: What is no text to be drawn as it stands: titles, drawings, tags.
_NO_TEXT = re.compile(r"(<title>.*?</title>|<svg.*?</svg>|<[^>]*>)", re.DOTALL)


def _thinned(html: str) -> str:
    """The document with every character that the bold face lacks marked to be set in the regular one.

    Left alone, the library takes the regular face for such a character in bold text, embolders it, and then
    holds the two files for one font: the number of a glyph in one file draws another character of the other.
    """
    rare = {char for char in set(html) - _bold() if char.isprintable() and not char.isspace()}
    if not rare:
        return html
    wanted = re.compile(f"([{re.escape(''.join(sorted(rare)))}]+)")
    parts = _NO_TEXT.split(html)
    parts[::2] = [wanted.sub(r'<span class="thin">\1</span>', words) for words in parts[::2]]
    return "".join(parts)


#: PDF/UA-1: tagged, with title and language; nothing in it depends on the day of printing.
_OPTIONS: dict[str, Any] = {"pdf_variant": "pdf/ua-1", "pdf_tags": True, "custom_metadata": True}
#: PDF/A-2a for the archive: tagged as well, every font inside, colours defined.
_ARCHIVE: dict[str, Any] = {**_OPTIONS, "pdf_variant": "pdf/a-2a"}

#: One at a time: the font configuration and the capturing of log records belong to the process.
_TURN = threading.Lock()


class _Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _captured() -> Iterator[list[str]]:
    """WeasyPrint's own log records, kept from every log: they spell out characters of the document."""
    logger = logging.getLogger("weasyprint")
    records = _Records()
    before = (logger.handlers[:], logger.propagate, logger.level)
    logger.handlers, logger.propagate = [records], False
    logger.setLevel(logging.WARNING)
    try:
        yield records.messages
    finally:
        logger.handlers, logger.propagate = before[0], before[1]
        logger.setLevel(before[2])


def _not_drawn(messages: list[str]) -> tuple[str, ...]:
    """The characters named in missing-glyph records, in order and once each."""
    seen: dict[str, None] = {}
    for message in messages:
        if found := _MISSING.fullmatch(message):
            seen.setdefault(chr(int(found[1], 16)))
    return tuple(seen)


#: One paper of a document of forms: its opening with the head, its body, its end (templates/reports/forms).
_PAPER = re.compile(r'(<section class="form-paper[^>]*>)(.*?)<!--body-->(.*?)</section><!--end-->', re.DOTALL)


def _rendered(html: str, folder: Path | None = None) -> Document:
    fonts, sheets, fetcher = _press(folder)
    return HTML(string=html, base_url=ASSETS, url_fetcher=fetcher).render(
        stylesheets=list(sheets), font_config=fonts, **_OPTIONS
    )


def _laid_out(html: str, folder: Path | None) -> Document:
    """The document with its pages; papers with the same body are laid out once, their heads one by one."""
    papers = [(found[1], found[2], found[3]) for found in _PAPER.finditer(html)]
    first: dict[tuple[str, str], int] = {}
    for index, (opening, _, body) in enumerate(papers):
        first.setdefault((opening, body), index)
    if len(first) == len(papers):
        return _rendered(html, folder)
    kept = sorted(first.values())
    others = [index for index in range(len(papers)) if index not in set(kept)]
    whole = _rendered(_only(html, kept))
    heads = _rendered(_only(html, others, bare=True))
    pages = _put_together(papers, first, kept, others, whole.pages, heads.pages)
    return _rendered(html) if pages is None else whole.copy(pages)


def _only(html: str, wanted: list[int], *, bare: bool = False) -> str:
    """The document with these papers alone; ``bare``: without their bodies."""
    count = iter(range(len(html)))

    def keep(found: re.Match[str]) -> str:
        if next(count) not in wanted:
            return ""
        return f"{found[1]}{found[2]}</section>" if bare else found[0]

    return _PAPER.sub(keep, html)


def _put_together(
    papers: list[tuple[str, str, str]],
    first: dict[tuple[str, str], int],
    kept: list[int],
    others: list[int],
    whole: list[Page],
    heads: list[Page],
) -> list[Page] | None:
    """All pages in the order of the papers; ``None`` where pages do not fit together as they are."""
    each, rest = divmod(len(whole), len(kept))
    # Sheets are printed on both sides: a paper of an odd number of pages is followed by an empty one.
    if rest or each % 2 or len(heads) != 2 * len(others) - 1:
        return None
    pages: list[Page] = []
    for index, (opening, _, body) in enumerate(papers):
        start = each * kept.index(first[opening, body])
        front = whole[start]
        if index in others:
            front = _headed(front, heads[2 * others.index(index)])
        if front is None:
            return None
        pages += [front, *whole[start + 1 : start + each]]
    return pages


def _way(page: Page) -> list[Any]:
    """The boxes from a page down to the paper on it; fewer than four where there is none."""
    way = [page._page_box]
    for tag in ("html", "body", "section"):
        inside = [one for one in way[-1].children if one.element_tag == tag]
        if len(inside) != 1:
            break
        way += inside
    return way


def _headed(page: Page, head: Page) -> Page | None:
    """A page under another head; ``None`` if the other head takes another place."""
    way, given = _way(page), _way(head)
    if len(way) != len(given) or len(way) != WAY:
        return None
    below, above = way[-1].children, given[-1].children
    if not 0 < len(above) < len(below):
        return None
    for old, new in zip(below, above, strict=False):
        if any(getattr(old, name) != getattr(new, name) for name in _PLACE):
            return None
    copied = way[-1].copy_with_children([*above, *below[len(above) :]])
    for outer, old in zip(reversed(way[:-1]), reversed(way[1:]), strict=True):
        copied = outer.copy_with_children([copied if one is old else one for one in outer.children])
    return Page(copied)


#: Page, html, body, paper; and what must be alike for one block to stand where another stood.
WAY = 4
_PLACE = ("element_tag", "position_x", "position_y", "width", "height", "margin_top", "margin_bottom")


def printed(html: str, *, archive: bool = False, fonts: Path | None = None) -> Printed:
    """``html`` (complete, escaped, with its title, language and dates) as a tagged PDF/UA document.

    ``archive``: as PDF/A-2a instead, for keeping. ``fonts``: a folder with fonts of the agency for 公文.

    The same text gives the same bytes: no clock, no random identifier. Raises ``ValueError`` when the
    document asks for anything outside the program; a missing glyph is reported, not raised.
    """
    with _TURN, _captured() as messages:
        _, _, fetcher = _press(fonts)
        target = BytesIO()
        fetcher.refused = False
        try:
            document = _laid_out(_thinned(html), fonts)
            document.write_pdf(target, **(_ARCHIVE if archive else _OPTIONS))
        except FatalURLFetchingError:
            raise ValueError(_OUTSIDE) from None
        if fetcher.refused:
            raise ValueError(_OUTSIDE)
        return Printed(target.getvalue(), len(document.pages), _not_drawn(messages))
