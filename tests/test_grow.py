"""A tree grown in any steps is the tree: its tiles, its root, and nothing that stood is changed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.transparency.grow import edge_of, grow, root_after
from app.transparency.tiles import tiles_of
from app.transparency.tree import HASH_BYTES, ProofError
from tests.test_tiles import LEAVES, tile_at
from tests.test_tree import naive_root


def grown(steps):
    """Grow a tree by steps; return its tiles, its size, and its root after each step."""
    tiles, size, roots = {}, 0, []
    for step in steps:
        edge = {place: tiles[place] for place in edge_of(size)}
        changed = grow(edge, size, LEAVES[size : size + step])
        for place, hashes in changed.items():
            assert hashes.startswith(tiles.get(place, b""))
        size += step
        roots.append((size, root_after(edge, changed, size)))
        tiles |= changed
    return tiles, size, roots


@given(st.lists(st.integers(1, 700), min_size=1, max_size=6))
@settings(max_examples=40)
def test_whatever_the_steps_the_tiles_and_roots_are_the_tree_s(steps):
    tiles, size, roots = grown(steps)
    tile = tile_at(size)
    assert tiles == {(t.level, t.index): tile(t.level, t.index) for t in tiles_of(size)}
    for at, root in roots:
        assert root == naive_root(LEAVES[:at])


@pytest.mark.parametrize("steps", [[65_535, 1, 1], [65_536, 300], [2_000] * 34])
def test_a_tree_of_three_levels_grows(steps):
    tiles, size, roots = grown(steps)
    tile = tile_at(size)
    assert tiles == {(t.level, t.index): tile(t.level, t.index) for t in tiles_of(size)}
    assert roots[-1] == (size, naive_root(LEAVES[:size]))


def test_nothing_is_added_to_an_edge_that_is_not_the_tree_s():
    tiles, size, _ = grown([300])
    edge = {place: tiles[place] for place in edge_of(size)}
    for place in edge:
        with pytest.raises(ProofError):
            grow({**edge, place: edge[place][:-HASH_BYTES]}, size, LEAVES[300:301])
        with pytest.raises(ProofError):
            grow({key: edge[key] for key in edge if key != place}, size, LEAVES[300:301])
