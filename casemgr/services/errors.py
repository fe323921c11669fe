"""错误: the ways a use case can say no, each with a Chinese sentence for the person who asked."""

from __future__ import annotations

from collections.abc import Mapping


class Problem(Exception):
    """Base of all refusals; ``message`` is safe to show and holds nothing personal."""

    code = "problem"
    status = 400

    def __init__(self, message: str, *, rule: str = "", fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.rule = rule
        self.fields = dict(fields or {})


class Unauthenticated(Problem):
    """Login or password wrong, or nobody signed in (401)."""

    code = "unauthenticated"
    status = 401


class Forbidden(Problem):
    """The role may not do this (403)."""

    code = "forbidden"
    status = 403


class Missing(Problem):
    """Not there, or not within the asker's area: both look the same (404)."""

    code = "missing"
    status = 404


class Conflict(Problem):
    """Somebody else was faster, or the thing exists already (409)."""

    code = "conflict"
    status = 409


class Unfit(Problem):
    """The given values cannot be taken; ``fields`` names each with its sentence (422)."""

    code = "unfit"
    status = 422


class Refused(Problem):
    """A rule forbids it; ``rule`` is its id (422)."""

    code = "refused"
    status = 422


class Throttled(Problem):
    """Too many attempts; try again later (429)."""

    code = "throttled"
    status = 429


class TooManyPeople(Throttled):
    """The daily ceiling of people whose identity one account may open is reached (429)."""

    code = "ceiling"


class Unavailable(Problem):
    """The installation is locked: its keys are missing or belong to another database (503)."""

    code = "unavailable"
    status = 503
