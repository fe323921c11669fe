"""启动时钟: ``python -m casemgr.jobs [--once]``, the process that runs the scheduled jobs."""

from __future__ import annotations

import _thread
import argparse
import logging
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from casemgr.app import create_app
from casemgr.jobs.runner import Clockwork
from casemgr.services import health
from config import BadConfig, from_env


def ending(clockwork: Clockwork) -> Callable[[int, FrameType | None], None]:
    """What a signal does: the thread it interrupts may hold the lock of the very event it waits for."""

    def end(number: int, frame: FrameType | None) -> None:
        _thread.start_new_thread(clockwork.stop, ())

    return end


def main(arguments: list[str]) -> int:
    """Run until SIGTERM or Ctrl-C; exit code 0 after a clean end, 1 when the settings cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m casemgr.jobs", description="定时任务进程。")
    parser.add_argument("--once", action="store_true", help="把到期的任务运行一遍后退出")
    asked = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    try:
        app = create_app(from_env(), doors=())
        with app.app_context():
            locked = health.locked()
    except BadConfig as wrong:
        print(wrong, file=sys.stderr)
        return 1
    if locked:
        print(locked, file=sys.stderr)
        return 1
    clockwork = Clockwork(app)
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), ending(clockwork))
    if asked.once:
        clockwork.once()
        clockwork.close()
    else:
        clockwork.serve()
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    logging.shutdown()
    # A step that does not end must not keep the process: its transaction rolls back, its slot is given back,
    # and what it began besides (children that print) ends too.
    for child in multiprocessing.active_children():
        child.terminate()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
