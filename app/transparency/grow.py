"""Leaves are added to the tiles of a tree: which tiles change, and the root after it. Pure.

The right edge of a tree is one unfinished tile a level at most: it and the new leaves are all that
is needed, however large the tree.
"""

from collections.abc import Mapping, Sequence

from app.transparency.tiles import HEIGHT, WIDTH, node_in, perfect_root
from app.transparency.tree import HASH_BYTES, ProofError, root_of

Place = tuple[int, int]
"""A tile's level and index."""
TILE_BYTES = WIDTH * HASH_BYTES


def edge_of(size: int) -> list[Place]:
    """Return the unfinished tiles of the tree of a size, level by level."""
    found = []
    level = 0
    while size >> (HEIGHT * level):
        count = size >> (HEIGHT * level)
        if count % WIDTH:
            found.append((level, count // WIDTH))
        level += 1
    return found


def grow(edge: Mapping[Place, bytes], size: int, leaves: Sequence[bytes]) -> dict[Place, bytes]:
    """Return the tiles that change when leaf hashes are added to the tree of `size`, as they are then.

    `edge` has the unfinished tiles of the tree; ProofError where one is missing or of a wrong width.
    """
    for level, index in edge_of(size):
        width = (size >> (HEIGHT * level)) - index * WIDTH
        if len(edge.get((level, index), b"")) != width * HASH_BYTES:
            raise ProofError(f"tile {index} of level {level} is not as a tree of {size} has it")
    changed: dict[Place, bytes] = {}
    added: Sequence[bytes] = leaves
    level, count = 0, size
    while added:
        full: list[bytes] = []
        for hashed in added:
            place = (level, count // WIDTH)
            before = changed.get(place, edge.get(place, b"") if count % WIDTH else b"")
            changed[place] = before + hashed
            count += 1
            if count % WIDTH == 0:
                full.append(tile_root(changed[place]))
        added, level = full, level + 1
        count = size >> (HEIGHT * level)
    return changed


def tile_root(hashes: bytes) -> bytes:
    """Return the root over a full tile: an entry of the tile above."""
    return perfect_root([hashes[i : i + HASH_BYTES] for i in range(0, TILE_BYTES, HASH_BYTES)])


def root_after(edge: Mapping[Place, bytes], changed: Mapping[Place, bytes], size: int) -> bytes:
    """Return the root of the tree that has grown to `size`."""
    tiles = {**edge, **changed}
    return root_of(size, node_in(lambda level, index: tiles[level, index]))
