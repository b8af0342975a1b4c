"""Receipts: a signed promise that a recorded event will stand in the log. Pure.

A receipt is a signed note (c2sp.org/signed-note) whose text names the event, its leaf hash, when it
was recorded and until when the log has to hold it. A log that does not is convicted by it. The same
event has the same receipt as long as the key is the same, so it need not be kept here.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.ledger.leaf import utc
from app.transparency.keys import Algorithm, SignerKey, VerifierKey
from app.transparency.note import open_note, sign

DELAY = timedelta(hours=24)
"""Within which a recorded event stands under a published head (maximum merge delay)."""

_LINES = re.compile(
    r"(?P<name>[^\n]+)\nevent (?P<event>[0-9a-f-]{36})\nleaf (?P<leaf>[0-9a-f]{64})\n"
    r"recorded (?P<recorded>[0-9T:.-]{26}Z)\ndue (?P<due>[0-9T:.-]{26}Z)\n"
)


class MalformedReceipt(ValueError):
    """A text that is no receipt."""


def name_of(origin: str) -> str:
    """Return what the receipt keys of a log are called."""
    return f"{origin}/receipt"


@dataclass(frozen=True)
class Receipt:
    """What is promised: the event's leaf stands under a published head by `due`."""

    name: str
    """Of the key: the log's origin and `/receipt`."""
    event: UUID
    leaf_hash: bytes
    """SHA-256(0x00 ‖ leaf), RFC 6962."""
    recorded_at: datetime
    due: datetime

    @property
    def text(self) -> str:
        """The text of its note."""
        return (
            f"{self.name}\nevent {self.event}\nleaf {self.leaf_hash.hex()}\n"
            f"recorded {utc(self.recorded_at)}\ndue {utc(self.due)}\n"
        )


def parse_receipt(text: str) -> Receipt:
    """Return the receipt that a note's text is; it prints as the same text. MalformedReceipt."""
    found = _LINES.fullmatch(text)
    if found is None:
        raise MalformedReceipt("a receipt is a name, an event, a leaf and two times, a line each")
    try:
        receipt = Receipt(
            found["name"],
            UUID(found["event"]),
            bytes.fromhex(found["leaf"]),
            *(_instant(found[one]) for one in ("recorded", "due")),
        )
    except ValueError as error:
        raise MalformedReceipt(str(error)) from error
    if receipt.text != text:
        raise MalformedReceipt("a receipt is written in one way only")
    return receipt


def open_receipt(note: bytes, key: VerifierKey) -> Receipt:
    """Return what a receipt says that this key signed; NoteError or MalformedReceipt otherwise."""
    receipt = parse_receipt(open_note(note, [key]).text)
    if receipt.name != key.name:
        raise MalformedReceipt("a receipt begins with the name of its key")
    return receipt


@dataclass(frozen=True)
class ReceiptSigner:
    """Gives receipts with one key, which a leaf of the log introduced."""

    key: SignerKey

    def __post_init__(self) -> None:
        assert self.key.algorithm == Algorithm.ED25519, "a receipt is a signed note"

    def promise(self, event: UUID, leaf_hash: bytes, recorded_at: datetime) -> str:
        """Return the receipt of a committed event as the text of a signed note."""
        name = self.key.name
        receipt = Receipt(name, event, leaf_hash, recorded_at, recorded_at + DELAY)
        return sign(receipt.text, [self.key]).encode().decode()


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
