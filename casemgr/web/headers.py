"""安全响应头: what every answer carries, whatever its status and whoever made it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
FEATURES = (
    "accelerometer",
    "autoplay",
    "camera",
    "display-capture",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "usb",
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in FEATURES),
}
PAGES = "no-store"
HASHED = "public, max-age=31536000, immutable"
UNHASHED = "no-cache"
HSTS = "max-age=31536000"

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class SecurityHeaders:
    """Adds the headers outside of Flask, so that no error handler and no crash can leave them out."""

    def __init__(self, inner: Wsgi, static: Path) -> None:
        self.inner = inner
        self.static = static

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            present = {name.lower() for name, _ in headers}
            added = [pair for pair in ALWAYS.items() if pair[0].lower() not in present]
            if environ.get("wsgi.url_scheme") == "https":
                added.append(("Strict-Transport-Security", HSTS))
            kept = [pair for pair in headers if pair[0].lower() not in ("cache-control", "server")]
            added.append(("Cache-Control", self._caching(environ, status)))
            return start_response(status, kept + added, *rest)

        return self.inner(environ, start)

    def _caching(self, environ: Environ, status: str) -> str:
        path: str = environ.get("PATH_INFO", "")
        if not path.startswith("/static/") or status[:3] not in ("200", "206", "304"):
            return PAGES
        name = path.removeprefix("/static/")
        return HASHED if environ.get("QUERY_STRING") == f"v={digest(self.static, name)}" else UNHASHED


@lru_cache(maxsize=512)
def _digest(path: Path, changed: int, length: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def digest(folder: Path, name: str) -> str:
    """First 16 hex digits of the SHA-256 of a static file; empty if there is no such file."""
    if name.startswith("/") or ".." in name.split("/") or "\\" in name:
        return ""
    try:
        found = os.stat(f"{folder}/{name}")
        return _digest(Path(folder, name), found.st_mtime_ns, found.st_size)
    except (OSError, ValueError):
        return ""


def install(app: Flask) -> None:
    """Wrap ``app``; ``url_for("static", …)`` then names the content, so browsers may keep it for ever."""
    static = Path(str(app.static_folder))
    app.wsgi_app = SecurityHeaders(app.wsgi_app, static)  # type: ignore[method-assign]

    @app.url_defaults
    def _name_content(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and (found := digest(static, values.get("filename", ""))):
            values.setdefault("v", found)
