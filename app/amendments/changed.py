"""Where two wordings part, so that a page can mark what changed. Pure."""

from typing import NamedTuple


class Changed(NamedTuple):
    """The words that both begin with, what the old had then, what the new has, and the rest."""

    begin: str
    old: str
    new: str
    end: str


def changed(before: str, after: str) -> Changed:
    """Return the single stretch that differs, numbers whole; time grows with the length alone."""
    head = _alike(before, after)
    while head and before[head - 1].isdigit():
        head -= 1
    tail = _alike(before[head:][::-1], after[head:][::-1])
    while tail and before[-tail].isdigit():
        tail -= 1
    old_end, new_end = len(before) - tail, len(after) - tail
    return Changed(before[:head], before[head:old_end], after[head:new_end], before[old_end:])


def _alike(one: str, other: str) -> int:
    """Return how many characters two texts have in common from their beginning on."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))
