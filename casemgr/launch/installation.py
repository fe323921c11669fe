"""安装: the folder an installation writes to, and its session secret; both for the owner's eyes alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from casemgr.launch.speech import Stop

SECRET_BYTES = 48


def make_folder(instance: Path) -> None:
    """Create the instance folder (0700) and its logs; raises :class:`Stop` where writing is not allowed."""
    try:
        for folder in (instance, instance / "logs"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as wrong:
        raise Stop(
            f"无法建立数据目录 {instance}（{wrong.strerror}）："
            "请用环境变量 CASEMGR_INSTANCE 指定一个可写的目录。"
        ) from wrong
    if not os.access(instance, os.W_OK):
        raise Stop(
            f"没有权限写入数据目录 {instance}："
            "请用建立它的用户运行，或用环境变量 CASEMGR_INSTANCE 另外指定目录。"
        )


def make_secret(instance: Path) -> bool:
    """Create the session secret (0600) unless there is one; True when it was made now."""
    try:
        handle = os.open(instance / "secret.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    except OSError as wrong:
        raise Stop(f"无法写入 {instance / 'secret.key'}（{wrong.strerror}）。") from wrong
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(SECRET_BYTES) + "\n")
    return True
