"""未保存的内容: an answer that refuses says why and gives back everything that was typed; it keeps nothing.

A view that refuses shows its page again with what was typed, ``by_field(wrong)`` for its fields and
``wrong.status``; it leads to no other page, for that would lose the text. What belongs to no field then
stands above the page. Whatever the page does not offer in a field again — the row was closed meanwhile, or
the answer is an error page — is put above it in boxes to be copied from. It stands in the body of this one
answer and nowhere else.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any, TypeVar

from flask import Flask, current_app, g, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from casemgr.forms.registry import FORMS
from casemgr.services.errors import Conflict, Forbidden, Problem, Refused, Unfit
from casemgr.web import csrf
from casemgr.web.held import KEPT, PLACE, PROOF

Value = TypeVar("Value")

#: Never given back: what proves who somebody is, and what another page carries along.
SECRET = frozenset({csrf.FIELD, PROOF, KEPT, PLACE, "password", "half"})
#: Pages on which people deal with passwords and the codes of their phone.
SECRET_PAGES = ("account.password", "factor.", "login.")
#: What nobody types: hidden fields and buttons. A few of these words are typed on other pages, where a label
#: of the page says so.
SILENT = re.compile(
    "account|act|active|again|all|answer|area|back|block|case|clue|code|decision|density|do|drug|expects|fill|"
    "form|free_programme|go|hold|home|key|large|line|looked|month|names|next|notice|once|period|proposed|"
    "quarter|question|recheck|revision|route|same|save|seen|shown|step|test|to|township|verdict|version|visit|"
    "what|who|withdraw|year"
)
#: Fields that say where to go on.
ADDRESSES = frozenset({"back", "next"})
#: Answers after which the same press may succeed a little later.
LATER = frozenset({429, 503})
#: Words for what several pages ask for without a table of labels.
COMMON = {
    "reason": "理由",
    "note": "说明",
    "answer": "说明",
    "words": "说明",
    "text": "查找的内容",
    "label": "名称",
}
FALLBACK = "填写的内容"
#: Where the words go: above the messages of a page, and at the end of an error page.
ABOVE, FAULT = '<div role="status" class="flashes">', '<div class="fault">'

#: The list of what is wrong that a page has of its own, and the links on it.
_LISTED = re.compile(
    r'<div class="notice bad"[^>]* data-errors>\s*<h2>有 \d+ 处需要改正.*?</ul>\s*</div>', re.S
)
_LINK = re.compile(r'<a href="#([^"]*)">(.*?)</a>', re.S)
_WORD = re.compile(r"[0-9a-z_-]{0,40}")
_TAG = re.compile(r"<(input|textarea|select|option|/select)\b([^>]*)>")
_ATTRIBUTE = re.compile(r'([a-z-]+)(?:="([^"]*)")?')


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was typed or chosen: what it is called on its page, and how it reads."""

    label: str
    text: str

    @property
    def rows(self) -> int:
        """How many lines of a screen its box needs at least."""
        return min(max(len(self.text) // 24, self.text.count("\n")) + 1, 8)


#: What a view answers with its own page; whatever else goes wrong is answered with an error page.
REFUSALS = (Unfit, Refused, Conflict, Forbidden)


def by_field(wrong: Problem, at: str = "") -> dict[str, str]:
    """The sentences of a refusal by field; one that belongs to no field will stand above the page.

    ``at`` is the field that a refusal without one is about; a conflict is about the whole page.
    """
    if not isinstance(wrong, Conflict):
        g.seen_version = request.form.get("version", "")
    if not wrong.fields and at and not isinstance(wrong, Conflict):
        return {at: wrong.message}
    if not wrong.fields:
        g.refused = wrong
    return dict(wrong.fields)


def as_seen(version: int, key: int | None = None) -> int | str:
    """The number a form sends: of the row as it was when the form was opened, where that comes back unsaved.

    A fault of the form says nothing of what others changed meanwhile; with the newest number the next press
    would write over that unseen. ``key`` tells the row of a form among those of several rows on a page.
    """
    seen: str = g.get("seen_version", "")
    if not (seen.isascii() and seen.isdigit()) or key not in (None, (request.view_args or {}).get("key")):
        return version
    return seen


def typed(wrong: Problem, given: Mapping[str, Value]) -> dict[str, Value]:
    """What was typed, to fill a form again; after a conflict without the number of what was seen before.

    The page then sends the number of what stands now, so that a second press can succeed.
    """
    stale = isinstance(wrong, Conflict)
    return {
        name: text for name, text in given.items() if not (stale and name.startswith(("version", "seen")))
    }


def install(app: Flask) -> None:
    """Let no answer of ``app`` that refuses a form lose what was typed into it."""
    app.after_request(_give_back)
    app.add_template_filter(as_seen)


def _give_back(response: Response) -> Response:
    refused: Problem | None = g.pop("refused", None)
    if request.method != "POST" or response.status_code < 400 or response.mimetype != "text/html":
        return response
    if not _own():
        return response
    page = response.get_data(as_text=True)
    lost = _lost(page)
    if refused is None and not lost:
        return response
    note = render_template(
        "parts/unsaved.html",
        sentence=refused.message if refused else "",
        rule=refused.rule if refused else "",
        compare=isinstance(refused, Conflict),
        lines=lost,
        pairs=_pairs() if lost and response.status_code in LATER and not request.files else (),
        place=f"{request.script_root}{request.full_path.rstrip('?')}",
        back=_back() if lost else "",
        now=_now() if isinstance(refused, Conflict) else "",
    )
    if listed := _LISTED.search(page):
        # The list of what is wrong comes first; nothing on it leads to a field that is gone.
        said = _LINK.sub(lambda link: link[0] if f'id="{link[1]}"' in page else link[2], listed[0])
        response.set_data(page.replace(listed[0], said + note, 1))
        return response
    before = ABOVE if ABOVE in page and FAULT not in page else "</main>"
    response.set_data(page.replace(before, note + before, 1))
    return response


def _own() -> bool:
    """Whether somebody signed in sent this from a page of ours: no other site puts words into a page."""
    if g.get("person") is None or (request.endpoint or "").startswith(SECRET_PAGES):
        return False
    try:
        csrf.check()
        return bool(request.form)
    except (Problem, HTTPException):  # of another page, or too large to be read at all
        return False


def _now() -> str:
    """Where the newest can be looked at beside what was typed; empty where no page stands at this address."""
    try:
        current_app.url_map.bind("").match(request.path, "GET")
    except HTTPException:
        return ""
    return f"{request.script_root}{request.path}"


def _back() -> str:
    """The page from which this was sent, where the form says so."""
    text = request.form.get("back", "")
    sound = text[:1] == "/" and text[1:2] not in ("/", "\\") and text.isprintable() and len(text) < 500
    return text if sound else ""


def _pairs() -> list[tuple[str, str]]:
    return [(name, text) for name, texts in request.form.lists() if name not in SECRET for text in texts]


def _lost(page: str) -> list[Line]:
    """What was typed and stands in no field of ``page``, each under its label."""
    offered = {(name, _plain(text)) for name, text in _controls(page)}
    labels, choices = _words()
    found: dict[str, list[str]] = {}
    for name, text in _pairs():
        if name in ADDRESSES or not text.strip() or (name, _plain(text)) in offered:
            continue
        label = labels.get(name) or COMMON.get(name)
        if name in choices:
            text = choices[name].get(text, "" if text.isdigit() else text)
        elif name not in labels and _WORD.fullmatch(text) and (SILENT.fullmatch(name) or len(text) < 3):
            continue  # a key, a button, or the code of a choice that no label explains
        if text:
            found.setdefault(label or FALLBACK, []).append(text)
    return [
        Line(label, "、".join(texts) if len(texts) > 1 and label != FALLBACK else "\n".join(texts))
        for label, texts in found.items()
    ]


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _controls(page: str) -> Iterator[tuple[str, str]]:
    """Names and values of what a page would send again: hidden, typed, ticked and chosen."""
    chooser = ""
    for tag in _TAG.finditer(page):
        kind, given = tag[1], dict(_ATTRIBUTE.findall(tag[2]))
        name, text = unescape(given.get("name", "")), unescape(given.get("value", ""))
        if kind in ("select", "/select"):
            chooser = name
        elif kind == "option":
            if chooser and "selected" in given:
                yield chooser, text
        elif kind == "textarea":
            yield name, unescape(page[tag.end() : page.find("</textarea>", tag.end())])
        elif given.get("type") not in ("radio", "checkbox") or "checked" in given:
            yield name, text


def _words() -> tuple[Mapping[str, str], dict[str, dict[str, str]]]:
    """Labels of fields, and of the choices in them, as the module of the asked view names them."""
    view = inspect.unwrap(current_app.view_functions[request.endpoint]) if request.endpoint else None
    module: Any = sys.modules.get(getattr(view, "__module__", ""))
    labels: dict[str, str] = {}
    choices: dict[str, dict[str, str]] = {}
    fields = [each for versions in FORMS.values() for each in versions[0].fields]
    for each in fields:
        if SILENT.fullmatch(each.key):
            continue
        labels[each.key] = each.label
        if each.choices:
            choices[each.key] = {str(code): label for code, label in each.choices}
    own: dict[str, str] = dict(getattr(module, "LABELS", {}))
    choices = {name: known for name, known in choices.items() if name not in own}
    for name, term in getattr(module, "CHOICES", {}).items():
        known = term if isinstance(term, tuple) else term.choices()
        choices[name] = {str(int(code)): label for code, label in known}
    return labels | own, choices
