"""填写内容: reads what somebody typed into a form; gathers every sentence about what cannot be read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from datetime import time as clock_time
from typing import TypeVar
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from casemgr.services.errors import Unfit
from casemgr.terms.code import Term

Kind = TypeVar("Kind", bound=Term)
Value = TypeVar("Value")
SHANGHAI = ZoneInfo("Asia/Shanghai")
LONGEST_TEXT = 1000


class Typed:
    """One posted form; ``wrong`` maps fields to sentences, :meth:`settle` raises them together."""

    def __init__(self, form: MultiDict[str, str]) -> None:
        self.form = form
        self.wrong: dict[str, str] = {}

    def _raw(self, name: str) -> str:
        return str(self.form.get(name, "")).strip()

    def missing(self, name: str, label: str) -> None:
        """Say that a field must be filled."""
        self.wrong.setdefault(name, f"请填写{label}。")

    def key(self, name: str) -> int:
        """The hidden key of the row to be; :class:`Unfit` when a browser has lost it."""
        text = self._raw(name)
        if not (text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) < 2**63):
            raise Unfit("这张表单不完整，没有保存。请重新打开表单后再填。")
        return int(text)

    def whole(self, name: str, label: str, least: int = 0, most: int = 10**9) -> int | None:
        """A whole number between ``least`` and ``most``."""
        text = self._raw(name)
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 19 and least <= int(text) <= most):
            self.wrong[name] = f"{label}应为 {least}–{most} 的整数。请改正，或清空。"
            return None
        return int(text)

    def day(self, name: str, label: str, required: bool = False) -> date | None:
        """A day as 2026-11-05."""
        text = self._raw(name)
        if not text:
            if required:
                self.missing(name, label)
            return None
        try:
            found = date.fromisoformat(text)
        except ValueError:
            self.wrong[name] = f"{label}应写成 2026-11-05 这样的日期。请改正，或从日历中选择。"
            return None
        if not 1900 <= found.year <= 2100:
            self.wrong[name] = f"{label}的年份不对。请改正。"
            return None
        return found

    def moment(self, name: str, label: str, required: bool = False) -> datetime | None:
        """A day with its time in China (fields ``name`` and ``name_time``) as an aware instant in UTC."""
        day = self.day(name, label, required)
        time = self._raw(f"{name}_time")
        if day is None:
            if time and name not in self.wrong:
                self.missing(name, f"{label}的日期")
            return None
        try:
            at = clock_time.fromisoformat(time).replace(second=0, microsecond=0, tzinfo=None)
        except ValueError:
            self.wrong[name] = f"{label}的时刻应写成 09:30 这样的时间。请补填。"
            return None
        return datetime.combine(day, at, SHANGHAI).astimezone(UTC)

    def code(self, kind: type[Kind], name: str, label: str, required: bool = False) -> Kind | None:
        """One entry of a code list; nothing chosen stays nothing."""
        text = self._raw(name)
        if not text:
            if required:
                self.wrong.setdefault(name, f"请选择{label}。")
            return None
        try:
            return kind.read(text)
        except ValueError:
            self.wrong[name] = f"{label}的选项无法识别。请重新选择。"
            return None

    def codes(self, kind: type[Kind], name: str) -> tuple[Kind, ...]:
        """All entries of a code list that are ticked; what nobody knows is left out."""
        chosen = {text.strip() for text in self.form.getlist(name)}
        return tuple(one for one in kind if str(int(one)) in chosen)

    def flag(self, name: str) -> bool | None:
        """是 (1), 否 (0) or nothing."""
        return {"1": True, "0": False}.get(self._raw(name))

    def text(self, name: str, label: str, required: bool = False, longest: int = LONGEST_TEXT) -> str:
        """A free text without surrounding blanks."""
        text = self._raw(name)
        if required and not text:
            self.missing(name, label)
        if len(text) > longest:
            self.wrong[name] = f"{label}最多 {longest} 个字，现在是 {len(text)} 个。请缩短。"
        return text

    def settle(self) -> None:
        """Raise what was found wrong, all at once."""
        if self.wrong:
            raise Unfit("没有保存，请改正后再试。", fields=self.wrong)


def have(value: Value | None) -> Value:
    """A value that :meth:`Typed.settle` has shown to be there."""
    if value is None:
        raise Unfit("没有保存，请补填后再试。")
    return value


def kept(form: MultiDict[str, str], several: Iterable[str] = ()) -> dict[str, object]:
    """What was typed, to fill the form again; fields in ``several`` as lists."""
    lists = set(several)
    return {name: form.getlist(name) if name in lists else form.get(name, "") for name in form}
