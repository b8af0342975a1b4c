"""A tree over leaf hashes as they come: every tile, and the root at every size. Pure.

Kept are the roots of the perfect trees on its left, as many as the size has bits, and the unfinished
tile of each level.
"""

from collections import defaultdict

from app.transparency.grow import Place
from app.transparency.tiles import HEIGHT, WIDTH
from app.transparency.tree import HASH_BYTES, node_hash

FULL = WIDTH * HASH_BYTES


class Leaning:
    """A tree that only grows to the right."""

    def __init__(self) -> None:
        self.size = 0
        self.finished: list[tuple[Place, bytes]] = []
        """Tiles that have come to their full width, since the last time that somebody took them."""
        self._roots: list[tuple[int, bytes]] = []
        self._open: dict[int, bytearray] = defaultdict(bytearray)
        self._count: dict[int, int] = defaultdict(int)

    def add(self, hashed: bytes) -> None:
        """Take one leaf hash."""
        height, node = 0, hashed
        self._enter(height, node)
        while self._roots and self._roots[-1][0] == height:
            _, left = self._roots.pop()
            height, node = height + 1, node_hash(left, node)
            self._enter(height, node)
        self._roots.append((height, node))
        self.size += 1

    def _enter(self, height: int, node: bytes) -> None:
        level, within = divmod(height, HEIGHT)
        if within:
            return
        tile = self._open[level]
        tile += node
        if len(tile) == FULL:
            self.finished.append(((level, self._count[level]), bytes(tile)))
            self._count[level] += 1
            tile.clear()

    def root(self) -> bytes:
        """Return the root over all leaves so far; there must be one."""
        *left, (_, node) = self._roots
        for _, other in reversed(left):
            node = node_hash(other, node)
        return node

    def edge(self) -> list[tuple[Place, bytes]]:
        """Return the unfinished tiles as they are now."""
        found = ((level, tile) for level, tile in sorted(self._open.items()) if tile)
        return [((level, self._count[level]), bytes(tile)) for level, tile in found]
