"""印刷间: prints one document in a child process, which knows no database and no keys."""

from __future__ import annotations

import gc
import os
import sys
import threading
from multiprocessing import parent_process
from pathlib import Path

#: The option that names the folder with an agency's own fonts.
FONTS = "--fonts="
MEMORY = 2 * 1024**3
FILE = 64 * 1024**2


def limit() -> None:
    """Bound what a runaway document could take from the machine (POSIX); called once in each child."""
    if os.name != "posix":
        return
    import resource  # not there on Windows

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE, FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def ready() -> None:
    """Begin a child that prints many documents: limits, fonts, and no search for garbage while it prints.

    Laying out makes and keeps hundreds of thousands of objects; searching them for garbage meanwhile, over
    and over, takes a fifth of the time and finds nothing.
    """
    limit()
    end_with_parent()
    from casemgr.reports import pdf  # WeasyPrint is loaded by the child, not by its parent

    pdf.warm()
    gc.collect()
    gc.freeze()
    gc.disable()


def end_with_parent() -> None:
    """Let this child not outlive a parent that was killed: nobody would ever give it work or end it."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def press(text: str, archive: bool = False, fonts: Path | None = None) -> tuple[bytes, tuple[str, ...]]:
    """HTML → the bytes of the PDF (PDF/A with ``archive``) and the characters that could not be drawn.

    ``fonts``: a folder with fonts of the agency for 公文.
    """
    from casemgr.reports.pdf import printed  # WeasyPrint is loaded by the child, not by its parent

    made = printed(text, archive=archive, fonts=fonts)
    if not gc.isenabled():
        gc.collect()
    return made.content, made.missing


def main() -> None:
    """HTML on the standard input → the number of characters not drawn, a line end, the bytes of the PDF."""
    limit()
    named = next((one.removeprefix(FONTS) for one in sys.argv[1:] if one.startswith(FONTS)), "")
    fonts = Path(named) if named else None
    made, missing = press(sys.stdin.buffer.read().decode(), "--archive" in sys.argv[1:], fonts)
    sys.stdout.buffer.write(b"%d\n" % len(missing) + made)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
