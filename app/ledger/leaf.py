"""The leaf: the exact bytes that the log hashes. model.md, The leaf.

JCS (RFC 8785) of what was sent in public, a commitment to what was private, the server's
stamps, and the hash of the postings it caused. Integers only; times in UTC microseconds.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import rfc8785

VERSION = 1
MAX_LEAF_BYTES = 65_535
"""C2SP tlog-tiles: an entry's length is a uint16."""


def jcs(value: Any) -> bytes:
    """Return the canonical bytes of a JSON value (RFC 8785)."""
    return rfc8785.dumps(value)


def jcs_again(part: Any) -> bytes:
    """Return the canonical bytes of a part of a leaf that was read: `jcs` at a tenth of its time.

    A leaf is canonical already: its keys come in their order, and its numbers are integers.
    """
    return json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode()


def utc(at: datetime) -> str:
    """Return an instant as it stands in a leaf: UTC with six digits of a second and a Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def commitment(salt: bytes, private: dict[str, Any]) -> str:
    """Return hex SHA-256(salt ‖ JCS(private)): binds the private part without telling it."""
    return hashlib.sha256(salt + jcs(private)).hexdigest()


def leaf_hash(leaf: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ leaf), RFC 6962 section 2.1."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def make_leaf(
    event: dict[str, Any],
    private: str | None,
    stamps: dict[str, Any],
    postings: Sequence[dict[str, Any]],
) -> tuple[bytes, str]:
    """Return the leaf's bytes and the JCS text of its postings, whose hash stands in it."""
    booked = jcs(list(postings))
    leaf = jcs(
        {
            "v": VERSION,
            "event": event,
            "private": private,
            "stamps": stamps,
            "postings": hashlib.sha256(booked).hexdigest(),
        }
    )
    return leaf, booked.decode()


def read_leaf(leaf: str) -> dict[str, Any]:
    """Return a leaf's parts: `v`, `event`, `private`, `stamps`, `postings`."""
    parts: dict[str, Any] = json.loads(leaf)
    return parts
