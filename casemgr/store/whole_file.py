"""整存文件: a file is on the disk whole or not at all, and only this program's user reads it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def lay_down(path: Path, content: bytes) -> None:
    """Put ``content`` in the place of ``path`` with mode 0600, on the disk before it can be found there.

    The folder has to be there. Raises ``OSError``; what stood there before is untouched then.
    """
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
