"""密码: what a new password must not be (长度与禁用词, no rules of composition)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

SHORTEST = 10
LONGEST = 128
DISTINCT = 5
LIST = Path(__file__).resolve().parent.parent / "lists" / "blocked_passwords.txt"
#: Words about this product and this work; alone or with digits around them they are guessed first.
OWN_WORDS = ("casemgr", "jingfang", "jingshen", "guanli", "weisheng", "yiyuan", "xiangzhen", "suifang", "mima")
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890", "abcdefghijklmnopqrstuvwxyz")


@cache
def blocked() -> frozenset[str]:
    """The list of common passwords, in small letters."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip().lower() for line in lines if line.strip() and not line.startswith("#"))


def _bare(text: str) -> str:
    """Small letters and characters only: digits and signs around a word do not make it stronger."""
    folded = text.lower().translate(str.maketrans("@013$5", "aoleso"[:6]))
    return "".join(char for char in folded if char.isalpha())


def _is_run(text: str) -> bool:
    """Whether the text walks along the keyboard or the alphabet, forwards or back, or repeats a short piece."""
    small = text.lower()
    for row in ROWS:
        endless = row * 3
        if small in endless or small[::-1] in endless:
            return True
    return re.fullmatch(r"(.{1,4}?)\1{2,}.{0,3}", small) is not None


def weakness(password: str, known: Iterable[str] = ()) -> str:
    """Why ``password`` cannot be taken, as a Chinese sentence; empty if it can.

    ``known`` are words an attacker would try for this person: login, name, area.
    """
    if len(password) < SHORTEST:
        return f"密码至少 {SHORTEST} 个字符。可以用几个不相干的词连成一句，容易记也难猜。"
    if len(password) > LONGEST:
        return f"密码最多 {LONGEST} 个字符。请缩短一些。"
    if len(set(password)) < DISTINCT or _is_run(password):
        return "密码里重复或连续的字符太多，容易被猜到。请换一个。"
    bare = _bare(password)
    if password.lower() in blocked() or bare in blocked() or bare in OWN_WORDS:
        return "这个密码太常见，会被最先猜到。请换一个。"
    rest = unicodedata.normalize("NFKC", password).lower()
    for word in known:
        small = unicodedata.normalize("NFKC", word).lower().strip()
        if len(small) >= 2 and small in rest and len(rest) - len(small) * rest.count(small) < SHORTEST - 2:
            return "密码里不要用登录名、姓名或地名加几个数字。请换一个。"
    return ""
