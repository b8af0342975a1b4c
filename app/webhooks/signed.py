"""What a message looks like on the wire: its headers, its signature, when it is tried again. Pure.

A receiver checks `HMAC-SHA256(secret, timestamp + "." + body)` in hex against the signature, that
the timestamp is recent, and that it has not seen the delivery's id before.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from random import Random

SIGNATURE, TIMESTAMP, DELIVERY = (
    "X-Platform-Signature",
    "X-Platform-Timestamp",
    "X-Platform-Delivery",
)
MOST_ATTEMPTS = 12
FIRST_PAUSE_S = 30.0
LONGEST_PAUSE_S = 6 * 3_600.0
"""Twelve attempts so reach over more than a day: a receiver's office may be closed overnight."""


def sign(secret: bytes, timestamp: str, body: str) -> str:
    """Return the value of the signature's header."""
    message = f"{timestamp}.{body}".encode()
    return "sha256=" + hmac.new(secret, message, hashlib.sha256).hexdigest()


def headers_of(secret: bytes, delivery: str, body: str, now: datetime) -> dict[str, str]:
    """Return the headers of a message sent now; the timestamp is in Unix seconds."""
    timestamp = str(int(now.timestamp()))
    return {
        "Content-Type": "application/json; charset=utf-8",
        TIMESTAMP: timestamp,
        DELIVERY: delivery,
        SIGNATURE: sign(secret, timestamp, body),
    }


def pause(attempts: int, rng: Random) -> timedelta | None:
    """Return how long to wait after so many attempts that failed; None: it is given up.

    Doubling from half a minute to six hours, each between three and five quarters of that, so
    that what failed together does not come back together.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    usual = min(FIRST_PAUSE_S * 2 ** (attempts - 1), LONGEST_PAUSE_S)
    return timedelta(seconds=usual * rng.uniform(0.75, 1.25))
