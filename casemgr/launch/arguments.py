"""命令行参数: what ``python3 -m casemgr`` may be told."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from casemgr.launch.speech import Stop

USAGE = """\
用法：python3 -m casemgr 命令 [选项]

  run      准备好一切并启动系统：网页 http://127.0.0.1:8000 和定时任务
  test     准备好一切并运行全部测试；-- 之后的参数交给 pytest
  setup    只做准备：虚拟环境 .venv 和固定版本的依赖

选项：
  --port N      run：网页端口（默认 8000，或环境变量 CASEMGR_PORT）
  --no-demo     run：空数据库不装入演示县
  --no-system   不安装系统软件包（只提示缺什么）
  -h, --help    显示本说明
"""
COMMANDS = ("run", "setup", "test")


@dataclass(frozen=True)
class Arguments:
    """What was asked for."""

    command: str
    port: int = 8000
    demo: bool = True
    system: bool = True
    pytest: tuple[str, ...] = ()


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Stop(f"命令写得不对（{message}）。\n\n{USAGE}", code=2)


def port_from(text: str) -> int:
    """A port number; raises :class:`Stop` for anything that is none."""
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise Stop(f"端口应为 1–65535 的整数，现在是“{text}”。请改用例如 --port 8001。", code=2)


def read(arguments: Sequence[str], environ: Mapping[str, str] | None = None) -> Arguments | None:
    """The arguments understood, or None when help was asked for; raises :class:`Stop` (code 2) when wrong."""
    environ = os.environ if environ is None else environ
    own, rest = list(arguments), []
    if "--" in own:
        cut = own.index("--")
        own, rest = own[:cut], own[cut + 1 :]
    if not own:
        raise Stop(USAGE, code=2)
    if own[0] in ("-h", "--help", "help"):
        return None
    if own[0] not in COMMANDS:
        raise Stop(f"没有“{own[0]}”这个命令。\n\n{USAGE}", code=2)
    parser = _Parser(prog=f"python3 -m casemgr {own[0]}", add_help=False, allow_abbrev=False)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--no-system", action="store_true")
    if own[0] == "run":
        parser.add_argument("--port", default=environ.get("CASEMGR_PORT") or "8000")
        parser.add_argument("--no-demo", action="store_true")
    found, unknown = parser.parse_known_args(own[1:])
    if unknown:
        raise Stop(f"{own[0]} 没有“{unknown[0]}”这个选项。\n\n{USAGE}", code=2)
    if found.help:
        return None
    if rest and own[0] != "test":
        raise Stop(f"只有 test 可以在 -- 之后带参数。\n\n{USAGE}", code=2)
    return Arguments(
        command=own[0],
        port=port_from(found.port) if own[0] == "run" else 8000,
        demo=not getattr(found, "no_demo", False),
        system=not found.no_system,
        pytest=tuple(rest),
    )
