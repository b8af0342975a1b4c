"""C2SP tiles: their paths, what they hold, and that the tree comes out of them."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ledger.leaf import leaf_hash
from app.transparency.tiles import (
    HEIGHT,
    WIDTH,
    NoSuchTile,
    Tile,
    node_in,
    number_path,
    parse_number,
    tiles_needed,
    tiles_of,
    width_at,
)
from app.transparency.tree import HASH_BYTES, ProofError, inclusion_proof, node_hash, root_of
from tests.test_tree import naive_path, naive_root

LEAVES = [leaf_hash(str(n).encode()) for n in range(70_000)]


def level_of(level: int) -> list[bytes]:
    hashes = LEAVES
    for _ in range(HEIGHT * level):
        hashes = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes) - 1, 2)]
    return hashes


LEVELS = [level_of(level) for level in range(3)]


def tile_at(size: int):
    """Return the tiles of the tree of a size, and nothing that it does not hold."""

    def tile(level: int, index: int) -> bytes:
        begin = index * WIDTH
        return b"".join(LEVELS[level][begin : begin + width_at(size, level, index)])

    return tile


@pytest.mark.parametrize(
    ("index", "width", "path"),
    [
        (0, WIDTH, "000"),
        (67, WIDTH, "067"),
        (1_234_067, WIDTH, "x001/x234/067"),
        (1_000, 255, "x001/000.p/255"),
        (999, 1, "999.p/1"),
    ],
)
def test_a_path_is_written_as_the_standard_writes_it(index, width, path):
    assert number_path(index, width) == path
    assert parse_number(path) == (index, width)
    assert Tile(2, index, width).path == f"2/{path}"


@given(st.integers(0, 2**40), st.integers(1, WIDTH))
def test_a_path_leads_back_to_its_tile(index, width):
    assert parse_number(number_path(index, width)) == (index, width)


@pytest.mark.parametrize(
    "path",
    [
        "", "0", "00", "0000", "x000/001", "x001", "001/002", "x001/2", "067.p/0", "067.p/256",
        "067.p/012", "067.p/", "067.p/-1", "-01", "x001/x234/067/", "/067", "067.p/1/2", "０６７",
        "x999/" * 9 + "999",
    ],
)  # fmt: skip
def test_a_path_that_names_no_tile_is_refused(path):
    with pytest.raises(NoSuchTile):
        parse_number(path)


@given(st.integers(0, 70_000))
def test_the_tiles_of_a_tree_hold_each_of_its_full_nodes_once(size):
    tiles = list(tiles_of(size))
    for level in range(3):
        held = chain.from_iterable(
            range(tile.index * WIDTH, tile.index * WIDTH + tile.width)
            for tile in tiles
            if tile.level == level
        )
        assert list(held) == list(range(size >> (HEIGHT * level)))
    assert all(width_at(size, tile.level, tile.index) == tile.width for tile in tiles)


@given(st.integers(1, 2_000))
def test_the_root_comes_out_of_the_tiles(size):
    assert root_of(size, node_in(tile_at(size))) == naive_root(LEAVES[:size])


@pytest.mark.parametrize("size", [65_536, 65_537, 70_000])
def test_roots_and_proofs_come_out_of_three_levels_of_tiles(size):
    node = node_in(tile_at(size))
    assert root_of(size, node) == naive_root(LEAVES[:size])
    for index in (0, 255, 256, 65_535, size - 1):
        assert inclusion_proof(index, size, node) == naive_path(index, LEAVES[:size])


@given(st.data())
def test_a_proof_of_an_older_tree_comes_out_of_newer_tiles(data):
    newer = data.draw(st.integers(2, 1_500))
    older = data.draw(st.integers(1, newer))
    index = data.draw(st.integers(0, older - 1))
    node = node_in(tile_at(newer))
    assert inclusion_proof(index, older, node) == naive_path(index, LEAVES[:older])


def test_a_node_that_the_tiles_do_not_hold_is_not_made_up():
    node = node_in(tile_at(300))
    with pytest.raises(ProofError):
        node(0, 300)
    with pytest.raises(ProofError):
        node(4, 18)


@given(st.integers(0, 16), st.integers(0, 300))
def test_the_tile_that_a_node_is_taken_from_is_known_beforehand(level, index):
    asked = []

    def tile(tile_level: int, tile_index: int) -> bytes:
        asked.append((tile_level, tile_index))
        return bytes(WIDTH * HASH_BYTES)

    node_in(tile)(level, index)
    assert asked == [tiles_needed(level, index)]
