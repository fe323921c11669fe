"""填写的内容: whatever a form brought stands in the answer that refuses it, and nowhere but in its body."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from casemgr.rules.access import Role
from casemgr.services import use_case
from casemgr.services.errors import Conflict
from casemgr.store.work import Work
from tests.security.bodies import LOOKER, OWN, Bodies
from tests.security.everybody import Range
from tests.security.routes import Route, addresses

WEB = Path(__file__).resolve().parents[2] / "casemgr" / "web"
SENTENCE = "刚刚被别人改过，没有保存。"
TEXT = "七号院门口"
#: Names under which views read a text; with those that a view reads through ``typed.text``.
READ = {
    "reason",
    "because",
    "answer",
    "why",
    "again",
    "words",
    "note",
    "agenda",
    "label",
    "reply",
    "question",
}
#: Passwords and codes are typed anew; nobody is signed in, or the account itself is dealt with.
SECRET = re.compile(r"/login|/logout|/password|/factor|/confirm$|/session/stay$|/names")
#: Views that lead on after a refusal, for they take a press of a button and nothing that was typed.
BUTTONS = {
    "account.disable",
    "account.enable",
    "approval.fetch",
    "approval.make",
    "approval.withdraw",
    "certification.certify",
    "certification.leave",
    "comparison.give_back",
    "data_request.release",
    "emergency.record",  # is only asked for
    "factor.codes",
    "factor.finish",  # a code of the phone
    "leaving.print_letter",
    "leaving.workbook",
    "login.finish_factor",  # a code of the phone
    "matrix.decide",
    "report.make",
    "rights.print_",
    "rights.tell",
    "search.names",
    "state._tapped",
    "subsidy.hand_out",
}
#: Views that answer some refusals in their own way, or only what can be wrong with what was chosen.
NARROW = {
    "account.password",
    "case.identity",  # a purpose that was chosen
    "comparison.upload",  # its refusal leads to the page that mends it
    "edition.compare",  # is only asked for
    "exchange.upload",  # a file
    "filled.take_kept",
    "filled.take_record",
    "filled.take_visit",
    "form.case",  # what was chosen
    "form.village",
    "injection._time",  # a part of a form
    "login.begin_factor",
    "login.set_password",
    "report._list",  # is only asked for
    "search.find",
    "step_up._take",
    "transfer.ask_in",
}
#: Addresses that are refused with the error page alone; it holds what was sent.
ERROR_PAGE = {
    "staff POST /audit/verify",  # whoever asks here may not read the page itself
    "staff POST /cases",  # looking for somebody, which nobody can be faster with
    "staff POST /closings/<month>",  # of a month that has no such step
    "staff POST /clues",  # looking for somebody
    "staff POST /register/draft",  # sent by the script of a form, which stays as it is
}
#: What a form would bring besides what is typed.
PLAIN = {
    "once": "4100000000000000999",
    "version": "1",
    "route": "self",
    "key": str(OWN.key),
    "back": f"/work/{OWN.area}",
}


@dataclass
class Refusing:
    """Lets one use case of a view refuse; meanwhile nothing is written."""

    at: int = 0
    asked: int = 0
    armed: bool = False
    raised: bool = False

    def ask(self) -> None:
        """One more use case is asked for."""
        self.asked += self.armed
        if self.armed and self.asked == self.at:
            self.armed, self.raised = False, True
            raise Conflict(SENTENCE)


@pytest.fixture
def refusing(place: Range, monkeypatch: pytest.MonkeyPatch) -> Refusing:
    """Every view of both doors, with its use cases counted from where the guard has let it in."""
    state, real = Refusing(), use_case.open_work

    @contextmanager
    def open_work(*args: Any, **named: Any) -> Iterator[Work]:
        state.ask()
        with real(*args, **named) as work:
            yield work

    monkeypatch.setattr(use_case, "open_work", open_work)
    monkeypatch.setattr(Work, "_finish", lambda _work: None)
    for app in (place.site, place.departments):
        for endpoint, view in app.view_functions.items():
            monkeypatch.setitem(app.view_functions, endpoint, _armed(view, state))
    return state


def _armed(view: Callable[..., Any], state: Refusing) -> Callable[..., Any]:
    @functools.wraps(view)
    def run(*args: Any, **named: Any) -> Any:
        state.armed = state.at > 0
        try:
            return view(*args, **named)
        finally:
            state.armed = False

    return run


def _told(route: Route, path: str, bodies: Bodies) -> tuple[dict[str, str], dict[str, str]]:
    """What is sent to a view, and what of it was typed: the texts of its form and those that it reads."""
    told = {**PLAIN, **bodies.forms.get(path, {})}
    names = {name for name, text in told.items() if text == "试" and name != "file"}
    door = "liaison" if route.door == "liaison" else "staff"
    names |= _views().get(f"{door}.{route.rule.endpoint}", set()) - told.keys()
    typed = {name: f"{TEXT}{number}" for number, name in enumerate(sorted(names))}
    return {**told, **typed}, typed


@functools.cache
def _views() -> dict[str, set[str]]:
    """The names of the texts that each view reads."""
    return {
        f"{file.parent.name}.{file.stem}.{function.name}": set(_texts(function))
        for file, function in _functions()
    }


def _functions() -> Iterator[tuple[Path, ast.FunctionDef]]:
    for file in sorted((*WEB.glob("staff/*.py"), *WEB.glob("liaison/*.py"))):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                yield file, node


def _texts(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            name = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
            read = node.func.attr == "text" or (node.func.attr == "get" and name in READ)
            if isinstance(name, str) and read:
                yield name


def test_whatever_is_typed_comes_back(place: Range, bodies: Bodies, refusing: Refusing) -> None:
    """Every form of both doors, whichever use case of its view refuses."""
    on_error_page, asked = set(), 0
    for route in place.routes:
        if route.door == "api" or route.method != "POST" or SECRET.search(route.path):
            continue
        roles = [one for one in (LOOKER, *place.people) if one in place.people and route.may(one)]
        for path in addresses(route, OWN.area, OWN.key):
            told, typed = _told(route, path, bodies)
            if not typed:
                continue
            asked += 1
            # Each department has rows of its own; at the other door the officer of the county has all.
            for role in roles if route.door == "liaison" else roles[:1]:
                answers = list(_answers(place, role, route, path, told, refusing))
                for answer in answers:
                    _judge(route.name, answer, typed)
                shown = any('class="fault"' not in answer.get_data(as_text=True) for answer in answers)
                if shown:
                    break
            if not shown:
                on_error_page.add(route.name)
    assert asked > 90
    assert on_error_page == ERROR_PAGE


def _answers(
    place: Range, role: Role, route: Route, path: str, told: dict[str, str], refusing: Refusing
) -> Iterator[Any]:
    """The answers while the first, the second … use case refuses, until the view shows its own page."""
    for at in range(1, 7):
        refusing.at, refusing.asked, refusing.raised = at, 0, False
        answer = place.send(role, route, path, told)
        refusing.at = 0
        if not refusing.raised and answer.status_code < 400:
            return  # it was saved; nothing is left to be refused
        yield answer
        if not refusing.raised or 'class="fault"' not in answer.get_data(as_text=True):
            return


def _judge(name: str, answer: Any, typed: dict[str, str]) -> None:
    page = answer.get_data(as_text=True)
    words = unescape(page)
    assert answer.status_code >= 400, f"{name} leads on to {answer.headers.get('Location')}"
    lost = [one for one, text in typed.items() if text not in words]
    assert not lost, f"{name} answers {answer.status_code} and loses {lost}"
    assert TEXT not in "".join(value for _, value in answer.headers), name
    assert TEXT not in re.search(r"<title>(.*?)</title>", page)[1], name  # type: ignore[index]


def test_no_view_leads_elsewhere_when_it_refuses() -> None:
    """A view that catches a refusal catches all of them, shows its page, and leads nowhere."""
    leading, narrow = set(), set()
    for file, function in _functions():
        name = f"{file.stem}.{function.name}"
        for caught in [node for node in ast.walk(function) if isinstance(node, ast.ExceptHandler)]:
            kinds = set(re.findall(r"\w+", ast.unparse(caught.type))) if caught.type else set()
            if not kinds & {"Unfit", "Refused", "Conflict", "Forbidden", "Problem", "REFUSALS"}:
                continue
            last = caught.body[-1]
            goes_on = not isinstance(last, ast.Return | ast.Raise) and "flash" in ast.unparse(caught)
            if goes_on or "redirect" in ast.unparse(caught):
                leading.add(name)
            elif "REFUSALS" not in kinds:
                narrow.add(name)
    assert leading == BUTTONS
    assert narrow - BUTTONS == NARROW


def test_words_from_elsewhere_are_not_shown(place: Range) -> None:
    """Without the token of the session nothing that was sent comes back: it may be another site's words."""
    who = place.people[LOOKER]
    answer = who.client.post(f"/rights/{OWN.key}", data={"csrf": "x", "reason": TEXT, "do": "decide"})
    assert answer.status_code == 400
    assert TEXT not in answer.get_data(as_text=True)
    answer = who.post("/account/password", old=TEXT, new=TEXT, again=TEXT)
    assert answer.status_code == 422
    assert TEXT not in answer.get_data(as_text=True)
