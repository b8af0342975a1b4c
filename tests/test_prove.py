"""Proofs out of the stored tiles are those of the tree, at every size it has had."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from app.db import Database
from app.transparency.grow import edge_of, grow
from app.transparency.models import LogTile
from app.transparency.prove import prove_consistency, prove_inclusion, root_at
from app.transparency.tree import ProofError, check_consistency, check_inclusion
from tests.test_tiles import LEAVES
from tests.test_tree import naive_path, naive_proof, naive_root

SIZE = 66_000
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
async def stored(database: Database) -> Database:
    """A tree of three levels, as its tiles are stored."""
    tiles, size = {}, 0
    while size < SIZE:
        step = min(20_000, SIZE - size)
        edge = {place: tiles[place] for place in edge_of(size)}
        tiles |= grow(edge, size, LEAVES[size : size + step])
        size += step
    async with database.write() as session:
        rows = [{"level": k[0], "index": k[1], "hashes": v} for k, v in tiles.items()]
        await session.execute(insert(LogTile), rows)
    return database


SIZES = [1, 2, 255, 256, 257, 1_000, 65_535, 65_536, 65_537, SIZE]


@pytest.mark.parametrize("size", SIZES)
async def test_the_root_and_the_paths_of_any_size_are_the_tree_s(stored: Database, size: int):
    root = naive_root(LEAVES[:size])
    async with stored.read() as session:
        assert await root_at(session, size) == root
        for index in sorted({0, size // 3, size // 2, size - 1}):
            path = await prove_inclusion(session, index, size)
            assert path == naive_path(index, LEAVES[:size])
            check_inclusion(LEAVES[index], index, size, path, root)


@pytest.mark.parametrize("old", SIZES)
@pytest.mark.parametrize("new", [257, 65_537, SIZE])
async def test_any_size_begins_with_any_older_one(stored: Database, old: int, new: int):
    async with stored.read() as session:
        if old > new:
            with pytest.raises(ProofError):
                await prove_consistency(session, old, new)
            return
        proof = await prove_consistency(session, old, new)
    assert proof == naive_proof(old, LEAVES[:new])
    check_consistency(old, new, proof, naive_root(LEAVES[:old]), naive_root(LEAVES[:new]))


async def test_what_the_tiles_do_not_hold_is_not_proven(stored: Database):
    async with stored.read() as session:
        for beyond in (SIZE + 1, SIZE * 300, 2**60):
            with pytest.raises(ProofError):
                await root_at(session, beyond)
            with pytest.raises(ProofError):
                await prove_inclusion(session, 5, beyond)
