"""权限矩阵: every address, every role, the own, a neighbour's, a stranger's and no row at all.

The addresses come from the URL maps of the doors, the roles from the list of roles, the rows from the models
(``twins.py``). What is expected of an address and a role follows from its guard; what an address does about
somebody else's row stands in ``verdicts.csv``, and an address without a line there fails::

    python -m tests.security.verdicts        # writes the lines that are missing; read them before you commit
"""

from __future__ import annotations

import csv
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from casemgr.rules.access import RECEIVERS, Role
from tests.security.bodies import ENDING, Bodies
from tests.security.everybody import Range, roles
from tests.security.routes import Route, addresses, swapped
from tests.security.twins import ABSENT, TWINS, Twin

VERDICTS = Path(__file__).with_name("verdicts.csv")
OWN = TWINS["own"]
#: An area that nobody has laid down, inside the county of the strangers.
NO_AREA = 999904100000


@dataclass(frozen=True)
class Verdict:
    """A line of the file: the guard, the answer about the own row, what a stranger's row gets and why."""

    action: str = ""
    own: str = ""
    stranger: str = "hidden"
    because: str = ""


def read_verdicts() -> dict[str, Verdict]:
    """Verdicts by the name of their route."""
    with VERDICTS.open(encoding="utf-8", newline="") as lines:
        return {
            f"{one['door']} {one['method']} {one['path']}": Verdict(
                one["action"], one["own"], one["stranger"], one["because"]
            )
            for one in csv.DictReader(lines)
        }


#: The right role at the wrong door is sent to the login of the right one.
ELSEWHERE = frozenset({303, 401, 403})


def shape(answer: Any, *hidden: str) -> tuple[int, frozenset[str], str]:
    """What an answer tells whoever compares two: status, headers, words besides what was asked for."""
    text = answer.data.decode(errors="replace")
    for one in hidden:
        text = text.replace(one, "#")
    text = re.sub(r"[0-9a-f]{10}(?![0-9a-f])", "id", text)
    return answer.status_code, frozenset(name for name, _ in answer.headers), text


def has_words_of(twin: Twin, answer: Any) -> bool:
    """Whether anything that only a row of the twin holds stands in an answer."""
    text = answer.data.decode(errors="replace")
    return any(one in text for one in (twin.prefix, twin.id_number, twin.phone, twin.file_no))


def asked_of(
    place: Range, role: Role, route: Route, twin: Twin, bodies: Bodies, *, everybody: bool
) -> Iterator[str]:
    """Ways in which somebody learns from this address that a stranger's row exists; empty is well."""
    ways = zip(
        addresses(route, OWN.area, OWN.key),
        addresses(route, twin.area, twin.key),
        addresses(route, NO_AREA, ABSENT),
        strict=True,
    )
    for own, theirs, nobodys in ways:
        for body in list(bodies.of(route, own))[0 if everybody else -1 :]:
            real = place.send(role, route, theirs, swapped(body, OWN, twin))
            none = place.send(role, route, nobodys, swapped(body, OWN, twin, ABSENT))
            one = shape(real, str(twin.key), str(twin.area))
            two = shape(none, str(ABSENT), str(NO_AREA), str(twin.area))
            if has_words_of(twin, real):
                yield f"{role.name} {route.name}: words of {twin.name}"
            if one != two:
                seen = f"{one[0]} {len(one[2])} / {two[0]} {len(two[2])}"
                yield f"{role.name} {route.name}: {twin.name} is told apart, {seen}"
            if real.status_code >= 500:
                yield f"{role.name} {route.name}: {real.status_code}"


def chosen(place: Range, route: Route, *, everybody: bool) -> list[Role]:
    """Those whose right to a route is tried: all of them; else the doctor, or one by lot without a doctor."""
    may = [role for role in place.people if route.may(role)]
    if everybody or len(may) < 2:
        return may
    if Role.TOWNSHIP_DOCTOR in may:
        return [Role.TOWNSHIP_DOCTOR]
    return [may[zlib.crc32(route.name.encode()) % len(may)]]


def whether_strangers_stay_hidden(place: Range, bodies: Bodies, *, everybody: bool) -> int:
    """Ask every address with a key for strangers' rows; the number of times it was asked."""
    before = {name: place.rows_of(twin) for name, twin in TWINS.items()}
    verdicts, faults, asked = read_verdicts(), [], 0
    for route in place.routes:
        if not route.keys or route.public:
            continue
        for role in chosen(place, route, everybody=everybody):
            for twin in place.strangers(role)[: None if everybody else 1]:
                asked += 1
                found = list(asked_of(place, role, route, twin, bodies, everybody=everybody))
                if verdicts.get(route.name, Verdict()).stranger == "hidden":
                    faults += found
    assert "\n".join(faults) == ""
    for name in ("sibling", "other"):
        after = place.rows_of(TWINS[name])
        assert [table for table, rows in before[name].items() if after[table] != rows] == []
    return asked


def test_nobody_learns_of_a_row_beyond_the_own_reach(place: Range, bodies: Bodies) -> None:
    """A stranger's row and no row at all get the same status, headers and words; nothing is changed."""
    assert whether_strangers_stay_hidden(place, bodies, everybody=False) > 200


@pytest.mark.attack
def test_nobody_at_all_learns_of_a_row_beyond_the_own_reach(place: Range, bodies: Bodies) -> None:
    assert whether_strangers_stay_hidden(place, bodies, everybody=True) > 400


def test_a_key_inside_a_form_reaches_no_further_than_one_in_the_address(place: Range, bodies: Bodies) -> None:
    """The address is the own row's; what is sent names rows of strangers wherever it named own ones."""
    role, twin = Role.TOWNSHIP_DOCTOR, TWINS["sibling"]
    before, faults, asked = place.rows_of(twin), [], 0
    for route in place.routes:
        if route.method == "GET" or not route.may(role) or ENDING.search(route.path):
            continue
        for own in addresses(route, OWN.area, OWN.key):
            for body in bodies.of(route, own):
                told = swapped(body, OWN, twin)
                if told != body:
                    asked += 1
                    answer = place.send(role, route, own, told)
                    if has_words_of(twin, answer) or answer.status_code >= 500:
                        faults.append(f"{route.name}: {answer.status_code}")
    assert "\n".join(faults) == ""
    assert [table for table, rows in place.rows_of(twin).items() if before[table] != rows] == []
    assert asked > 5


def whether_the_refused_stay_out(place: Range, *, everybody: bool) -> int:
    faults, asked = [], 0
    for route in place.routes:
        without = [role for role in place.people if not route.public and not route.may(role)]
        if not everybody and without:
            without = [without[zlib.crc32(route.name.encode()) % len(without)]]
        for role in without:
            for path in addresses(route, OWN.area, OWN.key):
                asked += 1
                answer = place.send(role, route, path)
                wrong_door = (role in RECEIVERS) is not (route.door == "liaison")
                expected = ELSEWHERE if wrong_door else {403}
                if answer.status_code not in expected or has_words_of(OWN, answer):
                    faults.append(f"{role.name} {route.name}: {answer.status_code}")
    assert "\n".join(faults) == ""
    return asked


def test_a_role_without_the_action_is_refused_at_every_address(place: Range) -> None:
    assert whether_the_refused_stay_out(place, everybody=False) > 150


@pytest.mark.attack
def test_no_role_without_the_action_gets_in_anywhere(place: Range) -> None:
    assert whether_the_refused_stay_out(place, everybody=True) > 300


def test_every_address_with_a_key_has_its_verdict(place: Range, bodies: Bodies) -> None:
    """A new address without a line fails, and so does a line without an address."""
    asked = {route.name: route for route in place.routes if route.keys}
    written = read_verdicts()
    assert sorted(asked.keys() - written.keys()) == [], "run: python -m tests.security.verdicts"
    assert sorted(written.keys() - asked.keys()) == []
    for name, verdict in written.items():
        action = asked[name].action
        assert verdict.action == (action.code if action else "own account"), name
        assert verdict.stranger in ("hidden", "shared"), name
        assert verdict.because or verdict.stranger == "hidden", name


def test_the_own_rows_are_found(place: Range, bodies: Bodies) -> None:
    """The counter-proof: with the own key the same addresses open, so a stranger's 404 says something."""
    written = read_verdicts()
    found = {
        name: "|".join(map(str, sorted(statuses)))
        for name, statuses in bodies.statuses.items()
        if name in written
    }
    assert {name: told for name, told in found.items() if written[name].own != told} == {}
    opened_ones = [told for told in found.values() if "200" in told]
    assert len(opened_ones) > 0.8 * len(found)


def test_every_role_has_somebody_who_tries(place: Range) -> None:
    assert [role for role in roles() if role not in place.people] == []
