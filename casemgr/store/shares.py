"""密钥分存: the ring in several shares, of which a few together give it back and fewer give nothing.

Shamir's scheme over the field of 256 elements, byte by byte. A share is one line of text: its number, how
many are needed, a digest of the ring by which shares that belong together are known, and its bytes in base64.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence

HEAD = "casemgr-share"
#: Product by adding logarithms, base 3 in the field of AES.
_EXP, _LOG = [0] * 512, [0] * 256
_value = 1
for _power in range(255):
    _EXP[_power] = _EXP[_power + 255] = _value
    _LOG[_value] = _power
    _value ^= (_value << 1) ^ (0x11B if _value & 0x80 else 0)
    _value &= 0xFF


class BadShares(Exception):
    """The shares do not give the ring back; the message is a Chinese sentence."""


def _times(one: int, two: int) -> int:
    return _EXP[_LOG[one] + _LOG[two]] if one and two else 0


def split(secret: bytes, parts: int, needed: int) -> list[str]:
    """``parts`` shares, any ``needed`` of which give ``secret`` back."""
    if not 2 <= needed <= parts <= 16:
        raise BadShares("份数不对：至少两份，恢复所需的份数不能多于总份数，最多 16 份。")
    rows = [os.urandom(len(secret)) for _ in range(needed - 1)]
    mark = hashlib.sha256(b"casemgr share" + secret).hexdigest()[:16]
    shares = []
    for number in range(1, parts + 1):
        made = bytearray()
        for place, byte in enumerate(secret):
            power, value = 1, byte
            for row in rows:
                power = _times(power, number)
                value ^= _times(row[place], power)
            made.append(value)
        check = hashlib.sha256(bytes([number, needed]) + made).hexdigest()[:8]
        shares.append(f"{HEAD} {number} {needed} {mark} {check} {base64.b64encode(bytes(made)).decode()}")
    return shares


def _read(line: str) -> tuple[int, int, str, bytes]:
    try:
        head, number, needed, mark, check, body = line.split()
        share = int(number), int(needed), mark, base64.b64decode(body, validate=True)
        told = hashlib.sha256(bytes([share[0], share[1]]) + share[3]).hexdigest()[:8]
    except ValueError:
        raise BadShares("有一份不是密钥分存的内容，或没有抄全。请核对后再试。") from None
    if head != HEAD or told != check:
        raise BadShares("有一份不是密钥分存的内容，或没有抄全。请核对后再试。")
    return share


def join(lines: Sequence[str]) -> bytes:
    """The secret again; :class:`BadShares` when these are too few, of different rings, or damaged."""
    shares = {one[0]: one for one in map(_read, lines)}
    if len({(needed, mark, len(body)) for _, needed, mark, body in shares.values()}) > 1:
        raise BadShares("这几份不属于同一个密钥文件。请核对每份上的标记。")
    needed, mark = next(((one[1], one[2]) for one in shares.values()), (2, ""))
    if len(shares) < needed:
        raise BadShares(f"份数不够：恢复需要 {needed} 份不同的分存，现在只有 {len(shares)} 份。")
    used = list(shares.values())[:needed]
    weights = []
    for number, *_ in used:
        weight = 1
        for other, *_ in used:
            if other != number:
                # x/(x-y) at 0, and minus is plus in this field.
                weight = _times(weight, _EXP[(_LOG[other] - _LOG[other ^ number]) % 255])
        weights.append(weight)
    secret = bytearray()
    for place in range(len(used[0][3])):
        value = 0
        for weight, (_, _, _, body) in zip(weights, used, strict=True):
            value ^= _times(weight, body[place])
        secret.append(value)
    if hashlib.sha256(b"casemgr share" + bytes(secret)).hexdigest()[:16] != mark:
        raise BadShares("这几份拼不出原来的密钥文件：至少有一份被改动。请换用另外几份。")
    return bytes(secret)
