"""Whether a witness may cosign a checkpoint: c2sp.org/tlog-witness v1, `add-checkpoint`. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from app.transparency.add_checkpoint import AddCheckpoint
from app.transparency.keys import VerifierKey
from app.transparency.note import UnverifiedNote, open_note
from app.transparency.tree import EMPTY_ROOT, ProofError, check_consistency


@dataclass(frozen=True)
class Head:
    """What a witness last cosigned of a log; by default nothing, which is the empty tree."""

    size: int = 0
    """Leaves."""
    root: bytes = EMPTY_ROOT
    """32 bytes."""


class Verdict(Enum):
    """What is to be done with a request."""

    COSIGN = auto()
    UNKNOWN_LOG = auto()
    """No known key bears the checkpoint's origin as its name."""
    NOT_SIGNED = auto()
    """No known key of the log signed it, or a signature under such a key is wrong."""
    BACKWARDS = auto()
    """The older size is larger than the checkpoint's."""
    STALE = auto()
    """The older size is not the one that this witness cosigned last."""
    OTHER_ROOT = auto()
    """The size that was cosigned last, with another root."""
    NOT_PROVEN = auto()
    """The proof does not show that the checkpoint continues what was cosigned last."""


def judge(head: Head, request: AddCheckpoint, keys: Iterable[VerifierKey]) -> Verdict:
    """Return what to do with a request.

    `head` is what was last cosigned of the log that the request's checkpoint names, `keys` are all
    keys of logs that the witness knows; a log may have several while it changes its key. Of two
    checkpoints of one log that are cosigned in turn, each with the head that the one before left,
    the later always continues the earlier.
    """
    new = request.checkpoint
    known = [key for key in keys if key.name == new.origin]
    if not known:
        return Verdict.UNKNOWN_LOG
    try:
        open_note(request.note.encode(), known)
    except UnverifiedNote:
        return Verdict.NOT_SIGNED
    if request.old > new.size:
        return Verdict.BACKWARDS
    if request.old != head.size:
        return Verdict.STALE
    if new.size == head.size != 0 and new.root != head.root:
        return Verdict.OTHER_ROOT
    return Verdict.COSIGN if _continues(head, request) else Verdict.NOT_PROVEN


def _continues(head: Head, request: AddCheckpoint) -> bool:
    """Whether the proof holds. Every tree continues the empty one, which takes no proof."""
    new = request.checkpoint
    if head.size == 0:
        return not request.proof and (new.size > 0 or new.root == EMPTY_ROOT)
    try:
        check_consistency(head.size, new.size, request.proof, head.root, new.root)
    except ProofError:
        return False
    return True
