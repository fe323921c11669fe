"""Passwords: what is refused, and that nothing else is asked for."""

from __future__ import annotations

import pytest

from casemgr.rules.password import SHORTEST_ALONE, blocked, length, weakness


@pytest.mark.parametrize(
    "password",
    [
        "湖边有七棵老槐树",
        "correct horse battery",
        "xkvmwqtbzh",
        "老槐树四棵",
        "8302957164",
        "ferry-lamp-onion",
        "wang 2026 lake onion",
    ],
)
def test_long_enough_and_not_common_is_enough(password: str) -> None:
    assert weakness(password, ("wang", "王医生", "东镇")) == ""


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "至少"),
        ("abcdefghi", "至少"),
        ("老槐树四", "至少"),
        ("x" * 129 + "abcdef", "最多"),
        ("aaaaaaaaaaaa", "重复或连续"),
        ("1234567890", "重复或连续"),
        ("0987654321", "重复或连续"),
        ("qwertyuiop", "重复或连续"),
        ("abababababab", "重复或连续"),
        ("20262026202620", "重复或连续"),
        ("password2026", "太常见"),
        ("P@ssw0rd2026!", "太常见"),
        ("CaseMgr-2026", "太常见"),
        ("jingfang@2026", "太常见"),
        ("1q2w3e4r5t6y", "太常见"),
        ("zhang.san2026", "登录名"),
        ("东镇东镇12345", "登录名"),
    ],
)
def test_what_is_guessed_first_is_refused(password: str, words: str) -> None:
    assert words in weakness(password, ("zhang.san", "张三", "东镇"))


def test_a_chinese_character_counts_twice() -> None:
    assert length("七棵树ab") == 8


def test_the_list_is_small_letters_without_doubles() -> None:
    assert len(blocked()) > 100
    assert all(word == word.lower().strip() for word in blocked())


def test_a_password_that_stands_alone_is_longer() -> None:
    assert weakness("三棵树下七只碗") == ""
    assert "至少 15 个字符" in weakness("三棵树下七只碗", shortest=SHORTEST_ALONE)
    assert weakness("三棵树下七只碗两双筷", shortest=SHORTEST_ALONE) == ""
