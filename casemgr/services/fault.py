"""故障: write down where the program broke, without the words it broke over."""

from __future__ import annotations

import logging
import secrets
import traceback

log = logging.getLogger("casemgr.fault")

FRAMES = 10


def describe(wrong: BaseException, what: str) -> str:
    """Log a fault without its message, which may quote a value; returns what people see, with its number."""
    number = secrets.token_hex(3)
    last = traceback.extract_tb(wrong.__traceback__)[-FRAMES:]
    frames = "; ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in last)
    log.error("%s failed: %s, fault %s: %s", what, type(wrong).__name__, number, frames)
    return f"程序错误 {type(wrong).__name__}，编号 {number}"
