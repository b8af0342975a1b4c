"""UUIDv7 (RFC 9562): ids that sort by time. PostgreSQL has it only from 18 on."""

from datetime import datetime
from random import Random, SystemRandom
from uuid import UUID

SYSTEM = SystemRandom()


def uuid7(rng: Random, at: datetime) -> UUID:
    """Return a UUIDv7: 48 bits of Unix milliseconds, then bits from `rng`."""
    milliseconds = int(at.timestamp() * 1000)
    value = (
        (milliseconds & (1 << 48) - 1) << 80
        | 0x7 << 76
        | rng.getrandbits(12) << 64
        | 0b10 << 62
        | rng.getrandbits(62)
    )
    return UUID(int=value)
