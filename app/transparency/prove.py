"""Proofs out of stored tiles: first which nodes a proof is made of, then their tiles at once."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from app.transparency.integrate import tiles_at
from app.transparency.tiles import node_in, tiles_needed
from app.transparency.tree import (
    HASH_BYTES,
    Node,
    ProofError,
    consistency_proof,
    inclusion_proof,
    root_of,
)

Answer = TypeVar("Answer")


async def prove_inclusion(session: AsyncSession, index: int, size: int) -> list[bytes]:
    """Return the audit path of a leaf in the tree of a size; ProofError where there is none."""
    return await _out_of_tiles(session, lambda node: inclusion_proof(index, size, node))


async def prove_consistency(session: AsyncSession, old: int, new: int) -> list[bytes]:
    """Return the proof that the tree of `new` begins with that of `old`; ProofError."""
    return await _out_of_tiles(session, lambda node: consistency_proof(old, new, node))


async def root_at(session: AsyncSession, size: int) -> bytes:
    """Return the root of the tree of a size as the stored tiles have it; ProofError."""
    return await _out_of_tiles(session, lambda node: root_of(size, node))


async def _out_of_tiles(session: AsyncSession, make: Callable[[Node], Answer]) -> Answer:
    """Make something of nodes: once to learn which, then of their hashes; one statement."""
    asked: set[tuple[int, int]] = set()

    def note(level: int, index: int) -> bytes:
        asked.add(tiles_needed(level, index))
        return bytes(HASH_BYTES)

    make(note)
    tiles = await tiles_at(session, sorted(asked))

    def tile(level: int, index: int) -> bytes:
        try:
            return tiles[level, index]
        except KeyError:
            raise ProofError(f"there is no tile {index} of level {level}") from None

    return make(node_in(tile))
