"""运行状况: is the process up, can it work, how much has it done (/healthz, /readyz, /metrics)."""

from __future__ import annotations

import ipaddress
import json
import logging
import os
import threading
import time
from collections import Counter

from flask import Blueprint, Flask, current_app, g, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from casemgr import __version__
from casemgr.services import health

pages = Blueprint("health", __name__)
log = logging.getLogger("casemgr.access")

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Meter:
    """Counts of this process: answers by page and status, and how long they took."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started = time.time()
        self._answers: Counter[tuple[str, str, str]] = Counter()
        self._buckets: Counter[float] = Counter()
        self._seconds = 0.0
        self._count = 0

    def add(self, endpoint: str, method: str, status: int, seconds: float) -> None:
        """Count one answer."""
        with self._lock:
            self._answers[(endpoint, method, f"{status // 100}xx")] += 1
            self._count += 1
            self._seconds += seconds
            for bucket in BUCKETS:
                if seconds <= bucket:
                    self._buckets[bucket] += 1

    def text(self) -> str:
        """All counts in the Prometheus text form."""
        with self._lock:
            lines = [
                "# TYPE casemgr_info gauge",
                f'casemgr_info{{version="{__version__}",pid="{os.getpid()}"}} 1',
                "# TYPE casemgr_start_time_seconds gauge",
                f"casemgr_start_time_seconds {self._started:.0f}",
                "# TYPE casemgr_requests_total counter",
            ]
            for (endpoint, method, status), count in sorted(self._answers.items()):
                labels = f'endpoint="{endpoint}",method="{method}",status="{status}"'
                lines.append(f"casemgr_requests_total{{{labels}}} {count}")
            lines.append("# TYPE casemgr_request_seconds histogram")
            for bucket in BUCKETS:
                lines.append(f'casemgr_request_seconds_bucket{{le="{bucket}"}} {self._buckets[bucket]}')
            lines += [
                f'casemgr_request_seconds_bucket{{le="+Inf"}} {self._count}',
                f"casemgr_request_seconds_sum {self._seconds:.6f}",
                f"casemgr_request_seconds_count {self._count}",
            ]
        return "\n".join(lines) + "\n"


def _from_here() -> bool:
    """Whether the request was made on this machine and not handed on by a proxy for somebody elsewhere."""
    if request.headers.get("X-Forwarded-For") or request.headers.get("Forwarded"):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


@pages.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return Response('{"status": "ok"}\n', mimetype="application/json")


@pages.get("/readyz")
def ready() -> Response:
    """Database, migrations and key ring are in order (200), or what is not (503)."""
    found = health.ready()
    body = {"status": "ok" if all(found.values()) else "not ready", **found}
    return Response(json.dumps(body) + "\n", 200 if all(found.values()) else 503, mimetype="application/json")


@pages.get("/metrics")
def metrics() -> Response:
    """The counts of this process; for this machine only unless the settings open it."""
    if not (current_app.config["CASEMGR"].metrics_public or _from_here()):
        raise NotFound
    meter: Meter = current_app.extensions["casemgr-meter"]
    return Response(meter.text(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _begin() -> None:
    g.began = time.perf_counter()


def _count(response: Response) -> Response:
    seconds = time.perf_counter() - g.get("began", time.perf_counter())
    endpoint = request.endpoint or "-"
    meter: Meter = current_app.extensions["casemgr-meter"]
    meter.add(endpoint, request.method, response.status_code, seconds)
    if log.isEnabledFor(logging.INFO):
        # The name of the page instead of its address: addresses carry keys of people's files.
        log.info(
            json.dumps(
                {
                    "request": g.get("request_id", "-"),
                    "page": endpoint,
                    "method": request.method,
                    "status": response.status_code,
                    "ms": round(seconds * 1000, 1),
                    "account": g.access.actor if g.get("access") else None,
                }
            )
        )
    return response


def install(app: Flask) -> None:
    """Count every answer of ``app`` and open the three addresses."""
    app.extensions["casemgr-meter"] = Meter()
    app.before_request(_begin)
    app.after_request(_count)
    app.register_blueprint(pages)
