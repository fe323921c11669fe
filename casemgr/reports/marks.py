"""核验标记: which report a PDF file claims to be, read without a PDF library and without trusting the file.

The claim only helps to say a clearer sentence. Whether a file is genuine is decided by the digest of its
bytes against the register of issued reports, never by what stands in the file.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

#: Limits for a file that was sent in: nothing is inflated without bound.
LARGEST_FILE = 20 * 1024 * 1024
_LARGEST_INPUT = 256 * 1024
_LARGEST_STREAM = 4 * 1024 * 1024
_LARGEST_TOTAL = 48 * 1024 * 1024
_MOST_STREAMS = 1_000

_STREAM = re.compile(rb"stream\r?\n")
_CODE = re.compile(rb"/casemgrcode\s*\(([0-9A-Z-]{14})\)")
_REPORT = re.compile(rb"/casemgrreport\s*\(([a-z]{1,16})/(20\d\d-(?:0[1-9]|1[0-2]))/(\d{1,12})/(\d{1,4})\)")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a file says about itself: kind, month, area code, revision and 核验码."""

    kind: str
    period: str
    area: int
    revision: int
    code: str


def claim_of(content: bytes) -> Claim | None:
    """The claim written into ``content``, or ``None`` when it is no PDF of ours (any bytes may be given)."""
    if not content.startswith(b"%PDF-") or len(content) > LARGEST_FILE:
        return None
    for part in _parts(content):
        report, code = _REPORT.search(part), _CODE.search(part)
        if report and code:
            return Claim(
                report[1].decode(), report[2].decode(), int(report[3]), int(report[4]), code[1].decode()
            )
    return None


def _parts(content: bytes) -> Iterator[bytes]:
    """The file as it stands, then each of its compressed streams, small ones inflated within the limits."""
    yield content
    whole = memoryview(content)
    left = _LARGEST_TOTAL
    for number, found in enumerate(_STREAM.finditer(content)):
        if number >= _MOST_STREAMS or left <= 0:
            return
        inflater = zlib.decompressobj()
        try:
            packed = whole[found.end() : found.end() + _LARGEST_INPUT]
            part = inflater.decompress(packed, min(_LARGEST_STREAM, left))
        except zlib.error:
            continue
        left -= len(part)
        yield part
