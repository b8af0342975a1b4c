"""What a log sends to a witness: `add-checkpoint` of c2sp.org/tlog-witness v1. Pure."""

import base64
import re
from dataclasses import dataclass

from app.transparency.checkpoint import Checkpoint, MalformedCheckpoint, parse_checkpoint
from app.transparency.keys import strict_base64
from app.transparency.note import MalformedNote, Note, parse_note
from app.transparency.tree import HASH_BYTES

MOST_PROOF_LINES = 63
SIZE_MEDIA = "text/x.tlog.size"
"""Of the answer 409 that tells the witness's size: a decimal number and a newline."""

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
_END = b"\n\n"


class MalformedRequest(ValueError):
    """Bytes that are no `add-checkpoint` request, or parts that make none."""


@dataclass(frozen=True)
class AddCheckpoint:
    """A checkpoint to cosign, and the proof that it continues an older one. Nothing is verified.

    Raises MalformedRequest.
    """

    old: int
    """Leaves of the older one, 0 where there is none."""
    proof: tuple[bytes, ...]
    """Consistency proof from `old` to the checkpoint's size (RFC 6962 section 2.1.2)."""
    note: Note
    checkpoint: Checkpoint
    """What the note's text says."""

    def __post_init__(self) -> None:
        if len(self.proof) > MOST_PROOF_LINES:
            raise MalformedRequest(f"a proof has at most {MOST_PROOF_LINES} lines")
        if any(len(one) != HASH_BYTES for one in self.proof):
            raise MalformedRequest("each line of a proof is a hash of 32 bytes")

    def encode(self) -> bytes:
        """Return the body of the request."""
        hashes = "".join(f"{base64.b64encode(one).decode()}\n" for one in self.proof)
        return f"old {self.old}\n{hashes}\n".encode() + self.note.encode()


def parse_add_checkpoint(raw: bytes) -> AddCheckpoint:
    """Return what a request's body says; it prints as the same bytes. Raises MalformedRequest."""
    head, end, rest = raw.partition(_END)
    if not end:
        raise MalformedRequest("an empty line stands before the checkpoint")
    try:
        first, *lines = head.decode("ascii").split("\n")
        proof = tuple(strict_base64(line) for line in lines)
    except ValueError as error:
        raise MalformedRequest("each line of a proof is a hash in base64") from error
    old = _OLD.fullmatch(first)
    if not old:
        raise MalformedRequest("the first line is `old` and a decimal number without leading zeros")
    try:
        note = parse_note(rest)
        return AddCheckpoint(int(old[1]), proof, note, parse_checkpoint(note.text))
    except (MalformedNote, MalformedCheckpoint) as error:
        raise MalformedRequest(str(error)) from error
