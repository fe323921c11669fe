"""动态码: six digits of the moment, worked out from a secret that a phone shares (RFC 6238)."""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

#: What every authenticator understands; the digest inside an HMAC is not where SHA-1 is weak.
DIGITS, SPAN, SECRET_BYTES = 6, 30, 20
#: Clocks of phones are off by less than one span before and after.
AROUND = 1


def new_secret() -> str:
    """A fresh secret of 160 bits, in the letters that authenticators read (base32)."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def step_of(now: datetime) -> int:
    """Number of the span of 30 seconds that ``now`` lies in."""
    return int(now.timestamp()) // SPAN


def code_at(secret: str, step: int) -> str:
    """The six digits of one span."""
    key = base64.b32decode(secret)
    return TOTP(key, DIGITS, SHA1(), SPAN, enforce_key_length=False).generate(step * SPAN).decode()  # noqa: S303


def fitting_step(secret: str, code: str, now: datetime, last: int) -> int | None:
    """The span whose code this is, at most one before or after ``now`` and later than ``last``, or ``None``.

    All spans are compared, whichever fits.
    """
    middle = step_of(now)
    found = None
    for step in range(middle - AROUND, middle + AROUND + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()) and step > last:
            found = step
    return found


def address(secret: str, product: str, login: str) -> str:
    """What the QR code says: product and login for the eye, the secret for the machine."""
    label = quote(f"{product}:{login}", safe="")
    asked = urlencode(
        {"secret": secret, "issuer": product, "digits": DIGITS, "period": SPAN}, quote_via=quote
    )
    return f"otpauth://totp/{label}?{asked}"
