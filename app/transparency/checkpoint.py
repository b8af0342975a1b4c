"""Checkpoints, c2sp.org/tlog-checkpoint: the text of a note that states a log's head. Pure."""

import base64
import re
from dataclasses import dataclass

from app.transparency.keys import strict_base64
from app.transparency.tree import HASH_BYTES

MOST_SIZE = (1 << 63) - 1
"""Leaves; what a bigint of the database holds."""

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile(r"[\x00-\x1f]")
_FIXED_LINES = 3


class MalformedCheckpoint(ValueError):
    """A text that is no checkpoint, or parts that make none."""


@dataclass(frozen=True)
class Checkpoint:
    """The head of a log. Raises MalformedCheckpoint."""

    origin: str
    """Which log it is: one line."""
    size: int
    """Leaves."""
    root: bytes
    """The RFC 6962 root at this size, 32 bytes."""
    extensions: tuple[str, ...] = ()
    """Lines that mean nothing to a verifier of the tree."""

    def __post_init__(self) -> None:
        if any(not line or _CONTROL.search(line) for line in (self.origin, *self.extensions)):
            raise MalformedCheckpoint("a line is not empty and has no control characters")
        if not 0 <= self.size <= MOST_SIZE:
            raise MalformedCheckpoint("a tree has 0 to 2⁶³ − 1 leaves")
        if len(self.root) != HASH_BYTES:
            raise MalformedCheckpoint("a root has 32 bytes")

    @property
    def text(self) -> str:
        """The text of its note."""
        root = base64.b64encode(self.root).decode()
        return "".join(f"{one}\n" for one in (self.origin, self.size, root, *self.extensions))


def parse_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint that a note's text is; it prints as the same text.

    Raises MalformedCheckpoint.
    """
    *lines, end = text.split("\n")
    if end or len(lines) < _FIXED_LINES:
        raise MalformedCheckpoint("a checkpoint is an origin, a size and a root, a line each")
    origin, size, root, *extensions = lines
    if not _SIZE.fullmatch(size):
        raise MalformedCheckpoint("a size is a decimal number without leading zeros")
    try:
        digest = strict_base64(root)
    except ValueError as error:
        raise MalformedCheckpoint(f"a root is {error}") from error
    return Checkpoint(origin, int(size), digest, tuple(extensions))
