"""密码: what a new password must not be (长度与禁用词, no rules of composition)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

#: Printed at every start of a demonstration; opens nothing anywhere else.
PUBLISHED = "demo-county-9999"

SHORTEST = 10
#: Where nothing but the password stands between a stranger and the register.
SHORTEST_ALONE = 15
LONGEST = 128
DISTINCT = 5
LIST = Path(__file__).resolve().parent.parent / "lists" / "blocked_passwords.txt"
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890", "abcdefghijklmnopqrstuvwxyz")


@cache
def blocked() -> frozenset[str]:
    """The list of common passwords, in small letters."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip().lower() for line in lines if line.strip() and not line.startswith("#"))


def length(text: str) -> int:
    """Length in half-width places: there are so many Chinese characters that one counts twice."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _cores(text: str) -> set[str]:
    """What is left without digits and signs, as typed and with the usual replacements (p@ssw0rd) undone."""
    small = text.lower()
    mended = small.rstrip("0123456789!@#$%^&*._-").translate(str.maketrans("@013$5", "aoless"))
    return {"".join(char for char in form if char.isalpha()) for form in (small, mended)}


def _is_run(text: str) -> bool:
    """Whether the text walks along keyboard or alphabet, forwards or back, or repeats a short piece."""
    small = text.lower()
    for row in ROWS:
        endless = row * 3
        if small in endless or small[::-1] in endless:
            return True
    return re.fullmatch(r"(.{1,4}?)\1{2,}.{0,3}", small) is not None


def weakness(password: str, known: Iterable[str] = (), shortest: int = SHORTEST) -> str:
    """Why ``password`` cannot be taken, as a Chinese sentence; empty if it can.

    ``known`` are words an attacker would try for this person: login, name, area.
    """
    if length(password) < shortest:
        return f"密码至少 {shortest} 个字符（汉字算两个）。可以用几个不相干的词连成一句，容易记也难猜。"
    if len(password) > LONGEST:
        return f"密码最多 {LONGEST} 个字符。请缩短一些。"
    if len(set(password)) < DISTINCT or _is_run(password):
        return "密码里重复或连续的字符太多，容易被猜到。请换一个。"
    if (_cores(password) | {password.lower()}) & blocked():
        return "这个密码太常见，会被最先猜到。请换一个。"
    rest = unicodedata.normalize("NFKC", password).lower()
    for word in known:
        small = unicodedata.normalize("NFKC", word).lower().strip()
        if len(small) >= 2 and length(rest.replace(small, "")) < SHORTEST - 2 and small in rest:
            return "密码里不要用登录名、姓名或地名加几个数字。请换一个。"
    return ""
