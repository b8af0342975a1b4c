"""C2SP tlog-tiles: which hashes a tile holds, its path, nodes of the tree out of tiles. Pure.

A tile of level L and index N holds up to 256 hashes: the perfect nodes of tree level 8 · L from
index 256 · N on. A full tile never changes; a partial one, of width W below 256, only grows.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.transparency.tree import HASH_BYTES, Node, ProofError, fold

HEIGHT = 8
WIDTH = 1 << HEIGHT
MOST_LEVEL = 63 // HEIGHT
_PART = re.compile(r"x[0-9]{3}|[0-9]{3}")
_PARTIAL = re.compile(r"(?P<number>.+)\.p/(?P<width>[1-9][0-9]{0,2})")


@dataclass(frozen=True, order=True)
class Tile:
    """The place of a tile: its level, its index and how many hashes it holds, 1 to 256."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Its path under `/log/tile/`: `0/x001/x234/067`, partial ones `0/067.p/12`."""
        return f"{self.level}/{number_path(self.index, self.width)}"


class NoSuchTile(ValueError):
    """A path that names no tile."""


def number_path(index: int, width: int = WIDTH) -> str:
    """Return an index in groups of three digits, all but the last marked with an x."""
    *high, last = re.findall("...", f"{index:0{-(-len(str(index)) // 3) * 3}d}")
    path = "".join(f"x{group}/" for group in high) + last
    return path if width == WIDTH else f"{path}.p/{width}"


def parse_number(path: str) -> tuple[int, int]:
    """Return (index, width) of a path as `number_path` writes it, and no other; NoSuchTile."""
    partial = _PARTIAL.fullmatch(path)
    number, width = (partial["number"], int(partial["width"])) if partial else (path, WIDTH)
    groups = number.split("/")
    if len(groups) > MOST_LEVEL or not all(_PART.fullmatch(group) for group in groups):
        raise NoSuchTile(path)
    index = int("".join(group.removeprefix("x") for group in groups))
    if number_path(index, width) != path:
        raise NoSuchTile(path)
    return index, width


def tiles_of(size: int) -> Iterator[Tile]:
    """Yield every tile of the tree of a size: full ones, then the partial one, level by level."""
    level = 0
    count = size
    while count:
        full, rest = divmod(count, WIDTH)
        yield from (Tile(level, index) for index in range(full))
        if rest:
            yield Tile(level, full, rest)
        level += 1
        count = full


def width_at(size: int, level: int, index: int) -> int:
    """Return how many hashes the tile has in the tree of a size; 0 where it is not there."""
    there = size >> (HEIGHT * level)
    return max(0, min(WIDTH, there - index * WIDTH))


def node_in(tile_of: Callable[[int, int], bytes]) -> Node:
    """Return nodes by their tree level and index, taken out of tiles.

    `tile_of(level, index)` gives a tile's bytes, its hashes one after the other. Raises ProofError
    where a tile does not hold the leaves of the node.
    """

    def node(level: int, index: int) -> bytes:
        tile_level, above = divmod(level, HEIGHT)
        begin = index << above
        hashes = tile_of(tile_level, begin // WIDTH)
        at = begin % WIDTH
        wanted = [
            hashes[i * HASH_BYTES : (i + 1) * HASH_BYTES] for i in range(at, at + (1 << above))
        ]
        if len(wanted[-1]) != HASH_BYTES:
            raise ProofError(f"node {index} of level {level} is not in the tiles")
        return perfect_root(wanted)

    return node


def perfect_root(hashes: list[bytes]) -> bytes:
    """Return the root over a power of two of hashes."""
    while len(hashes) > 1:
        hashes = [fold(hashes[i : i + 2]) for i in range(0, len(hashes), 2)]
    return hashes[0]


def tiles_needed(level: int, index: int) -> tuple[int, int]:
    """Return the (level, index) of the tile that a node of the tree is taken from."""
    tile_level, above = divmod(level, HEIGHT)
    return tile_level, (index << above) // WIDTH
