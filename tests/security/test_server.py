"""网页服务器: the server in front of the program keeps bodies in memory; on a disk they lie readable."""

from __future__ import annotations

import re
from pathlib import Path

from waitress.adjustments import Adjustments

from casemgr.forms.archive import LARGEST_FILE
from casemgr.launch.command import IN_MEMORY

ROOT = Path(__file__).resolve().parents[2]


def asked(words: list[str]) -> Adjustments:
    named, _ = Adjustments.parse_args([*words, "--listen=127.0.0.1:0", "wsgi:app"])[:2]
    return Adjustments(
        **{name: value for name, value in named.items() if "overflow" in name or "body" in name}
    )


def test_no_body_is_spooled_to_a_disk_however_the_server_is_started() -> None:
    documented = re.findall(r"--[\w-]+=\d{6,}", (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8"))
    for words in (list(IN_MEMORY), documented):
        server = asked(words)
        assert LARGEST_FILE < server.max_request_body_size <= 2 * LARGEST_FILE
        # A body that would overflow is never read: it is larger than any that is taken.
        assert server.inbuf_overflow >= server.max_request_body_size
        assert server.outbuf_overflow >= server.max_request_body_size
