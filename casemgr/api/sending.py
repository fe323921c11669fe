"""投递: what every writing operation takes and gives — an id of the sender, and one answer in a few words.

Sending the same again changes nothing: it is answered ``already_here``. What cannot be kept is answered by
field in ``fields``, what needs a reason in ``questions``, what is asked later in ``later``; somebody else's
change in between is answered ``conflict`` with the version there is now.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import fields

from casemgr.api import fields as f
from casemgr.rules.access import Access
from casemgr.services import clock, sent
from casemgr.services.errors import Conflict, Refused, Unfit
from casemgr.services.followup import LONGEST_ID

ANSWERS = ("accepted", "already_here", "unfit", "refused", "conflict")
#: A form with everything typed into it.
FORM_BODY = 64 * 1024


class Sending(f.Strict):
    """Anything sent to be kept; ``id`` is made by the sender and stands for this one content."""

    id = f.Text(required=True, shortest=1, longest=LONGEST_ID)


class Versioned(Sending):
    """The same about a record that was shown before; ``version`` is the one that was shown."""

    version = f.Whole(required=True, low=0, high=32_767)


class Question(f.Shape):
    """One finding: ``level`` B blocks, C needs a reason, Q is asked later."""

    id = f.text()
    level = f.text()
    field = f.text()
    says = f.text()
    rule = f.text()


class Kept(f.Shape):
    """The answer: accepted, already_here, unfit, refused or conflict.

    ``key`` is the record that was kept or changed, ``case`` the file it belongs to, ``version`` what there is
    now where somebody else was faster, ``rule`` the rule that forbids it.
    """

    id = f.text()
    answer = f.text(metadata={"enum": list(ANSWERS)})
    key = f.text(allow_none=True)
    case = f.text(allow_none=True)
    version = f.whole(allow_none=True)
    message = f.text()
    fields_ = f.Words(required=True, data_key="fields", attribute="fields")
    questions = f.many(Question)
    later = f.many(Question)
    rule = f.text()


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding as it is given."""

    id: str
    level: str
    field: str
    says: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one thing that was sent."""

    answer: str = "accepted"
    key: int | None = None
    case: int | None = None
    version: int | None = None
    message: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    questions: tuple[Finding, ...] = ()
    later: tuple[Finding, ...] = ()
    rule: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kept(self) -> bool:
        """Whether the record is there."""
        return self.answer in ("accepted", "already_here")


def done(key: int, case: int | None, *, again: bool = False, later: Iterable[Any] = ()) -> Outcome:
    """The outcome of a record that is there; ``later`` are findings of :mod:`casemgr.rules.finding`."""
    return Outcome(
        "already_here" if again else "accepted",
        key,
        case,
        later=tuple(Finding(one.id, "Q", one.field, one.says, one.rule) for one in later),
    )


def keep(
    access: Access,
    noun: str,
    target: int | None,
    told: Mapping[str, Any],
    act: Callable[[int], Outcome],
    *,
    case: int | None = None,
    version: Callable[[], int] | None = None,
) -> dict[str, Any]:
    """Let ``act(key of the row to be)`` keep what was sent about ``target``, once; answers :class:`Kept`.

    ``case`` is the file that is written to, ``version`` looks up what there is now, for whoever was too
    late. A record or a file out of reach stays :class:`~casemgr.services.errors.Missing` (404).
    """
    refuse_marks(told)
    content = json.dumps([noun, target, told], ensure_ascii=False, sort_keys=True, default=str)
    try:
        reserved = sent.reserve(access, told["id"], noun, content, clock.now())
        outcome = done(reserved.key, case, again=True) if reserved.done else act(reserved.key)
        if outcome.kept and not reserved.done:
            key = reserved.key if outcome.key is None else outcome.key
            sent.settle(access, told["id"], content, key)
    except Unfit as wrong:
        outcome = Outcome("unfit", message=wrong.message, fields=wrong.fields, rule=wrong.rule)
    except Refused as wrong:
        outcome = Outcome("refused", message=wrong.message, fields=wrong.fields, rule=wrong.rule)
    except Conflict as wrong:
        now = None if version is None else version()
        outcome = Outcome("conflict", version=now, message=wrong.message, rule=wrong.rule)
    return {
        "id": told["id"],
        "answer": outcome.answer,
        "key": None if outcome.key is None else str(outcome.key),
        "case": None if outcome.case is None else str(outcome.case),
        "version": outcome.version,
        "message": outcome.message,
        "fields": dict(outcome.fields),
        "questions": outcome.questions,
        "later": outcome.later,
        "rule": outcome.rule,
        **outcome.more,
    }


def refuse_marks(value: Any) -> None:
    """Refuse characters that no keyboard types, wherever they stand."""
    if isinstance(value, str):
        if any(unicodedata.category(one) in ("Cc", "Cs") and one not in "\n\t" for one in value):
            raise Unfit("内容中有不能使用的控制字符，没有保存。", fields={"data": "请删去控制字符后重发。"})
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            refuse_marks(key)
            refuse_marks(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            refuse_marks(inner)


def form_data() -> fields.Dict:
    """What was filled into a form, as its JSON Schema describes it."""
    return fields.Dict(
        keys=fields.String(),
        required=True,
        error_messages={"required": f.REQUIRED, "null": f.EMPTY, "invalid": "应为一个 JSON 对象。"},
    )


def reasons() -> fields.Dict:
    """Answers to questions, by their id."""
    return fields.Dict(
        keys=fields.String(),
        values=f.Text(longest=200),
        load_default=dict,
        error_messages={"invalid": "应为一个 JSON 对象。"},
    )
