"""命令行参数: what the launcher understands and how it refuses."""

from __future__ import annotations

import pytest

from casemgr.launch.arguments import Arguments, read
from casemgr.launch.speech import Stop


@pytest.mark.parametrize(
    ("words", "understood"),
    [
        ("run", Arguments("run")),
        ("run --port 8001 --no-demo --no-system", Arguments("run", 8001, demo=False, system=False)),
        ("setup", Arguments("setup")),
        ("setup --no-system", Arguments("setup", system=False)),
        ("test", Arguments("test")),
        ("test -- -k followup -x", Arguments("test", pytest=("-k", "followup", "-x"))),
        ("test --no-system -- -- -q", Arguments("test", system=False, pytest=("--", "-q"))),
    ],
)
def test_what_is_asked_for(words: str, understood: Arguments) -> None:
    assert read(words.split(), {}) == understood


@pytest.mark.parametrize("words", ["--help", "-h", "help", "run --help", "test -h"])
def test_help_is_asked_for(words: str) -> None:
    assert read(words.split(), {}) is None


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "用法"),
        ("start", "没有“start”这个命令"),
        ("run --prot 3", "run 没有“--prot”这个选项"),
        ("setup --port 3", "setup 没有“--port”这个选项"),
        ("test -k followup", "test 没有“-k”这个选项"),
        ("run --port", "命令写得不对"),
        ("run --port eighty", "现在是“eighty”"),
        ("run --port 0", "1–65535"),
        ("run --port 65536", "1–65535"),
        ("run --port ８０００", "1–65535"),
        ("run -- -x", "只有 test"),
    ],
)
def test_what_is_refused_with_exit_code_two(words: str, sentence: str) -> None:
    with pytest.raises(Stop, match=sentence) as refused:
        read(words.split(), {})
    assert refused.value.code == 2


def test_the_port_can_come_from_the_environment_and_the_option_wins() -> None:
    there = read(["run"], {"CASEMGR_PORT": "9000"})
    here = read(["run", "--port", "9001"], {"CASEMGR_PORT": "9000"})
    assert there is not None
    assert here is not None
    assert (there.port, here.port) == (9000, 9001)
