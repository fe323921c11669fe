"""核对: what a use case does with the findings of its record — block, ask for a reason, or remember."""

from __future__ import annotations

from collections.abc import Iterable

from casemgr.rules.finding import Finding, Weight
from casemgr.services.errors import Unfit

#: Field of a form in which a reason is written for keeping what was questioned.
REASON = "reason"


def weigh(findings: Iterable[Finding], reason: str) -> tuple[Finding, ...]:
    """The findings to ask about later; :class:`Unfit` for those that block, or need a reason not given."""
    found = tuple(findings)
    blocking = [one for one in found if one.weight is Weight.BLOCKS]
    if blocking:
        raise Unfit("有内容互相矛盾，没有保存。", fields=_by_field(blocking))
    questioned = [one for one in found if one.weight is Weight.REASON]
    if questioned and not reason:
        fields = _by_field(questioned)
        fields[REASON] = "以上内容如确实无误，请在这里写明理由，再保存。"
        raise Unfit("有内容需要核对。", fields=fields)
    return tuple(one for one in found if one.weight is Weight.LATER)


def _by_field(findings: Iterable[Finding]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for one in findings:
        fields[one.field] = fields.get(one.field, "") + f"{one.says}（{one.id}）"
    return fields
