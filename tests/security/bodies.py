"""填好的表: what somebody would send who filled in the forms of the own rows, and fitting calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from casemgr.rules.access import Role
from tests.security.everybody import Range
from tests.security.routes import Route, addresses, forms_of, sample
from tests.security.twins import TWINS

OWN = TWINS["own"]
#: Whose look at the own rows the verdicts write down, and whose forms are filled in.
LOOKER = Role.COUNTY_OFFICER
#: Routes that end the session of whoever asks, or hide its names; they know no rows.
ENDING = re.compile(r"/logout|/names/off|/token$|/account/sessions/end-others|/account/password")


class Bodies:
    """What somebody would send who filled in the forms of the own rows, and the plainest fitting calls."""

    def __init__(self, place: Range, only: Callable[[Route], bool] = lambda route: True) -> None:
        self.document = place.people[LOOKER].ask("GET", "/openapi.json").get_json()
        self.forms: dict[str, dict[str, str]] = {}
        self.statuses: dict[str, set[int]] = {}
        for route in place.routes:
            if route.method != "GET" or ENDING.search(route.path) or not only(route):
                continue
            lookers = [one for one in (LOOKER, *place.people) if route.public or route.may(one)]
            if not lookers:
                continue
            looker = lookers[0]
            for path in addresses(route, OWN.area, OWN.key):
                with place.send(looker, route, path) as answer:
                    self.statuses.setdefault(route.name, set()).add(answer.status_code)
                    page = answer.data.decode(errors="replace") if answer.mimetype == "text/html" else ""
                    for method, target, told in forms_of(page):
                        if method == "post":
                            self.forms.setdefault(target.partition("?")[0] or path, told)

    def of(self, route: Route, own: str) -> Iterator[dict[str, Any]]:
        """Nothing at all, and what fits."""
        yield {}
        if route.method == "GET":
            return
        if route.door != "api":
            if own in self.forms:
                yield self.forms[own]
            return
        told = self.document["paths"].get(re.sub(r"<(\w+)>", r"{\1}", route.path.removeprefix("/api/v1")), {})
        content = told.get(route.method.lower(), {}).get("requestBody", {}).get("content", {})
        if "application/json" in content:
            yield sample(content["application/json"]["schema"], self.document)
