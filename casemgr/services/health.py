"""就绪: what must be in order before this installation can work."""

from __future__ import annotations

from casemgr.store import readiness


def locked() -> str:
    """Why nothing is read or written here (no keys, or those of another database); empty when all is well."""
    return readiness.lock()


def ready() -> dict[str, bool]:
    """``{"database": …, "keys": …}``; database means reachable and at the newest migration."""
    return {"database": readiness.database(), "keys": readiness.keys()}
