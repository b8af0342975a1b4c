"""`/log/…` and proofs, asked for as an auditor's tool would: everything is checked from outside."""

import hashlib
import warnings

import pytest
from sqlalchemy import select

from app.ledger.leaf import leaf_hash
from app.ledger.models import Leaf
from app.main import create_app
from app.transparency.checkpoint import parse_checkpoint
from app.transparency.integrate import integrate
from app.transparency.keys import parse_verifier
from app.transparency.note import open_note
from app.transparency.signer import Signer
from app.transparency.tiles import Tile, tiles_of
from app.transparency.tree import check_consistency, check_inclusion
from tests import people
from tests.recording import make_wide_world
from tests.signing import NOW, ORIGIN, begin_log
from tests.test_integrate import leaves_of, write
from tests.test_tree import naive_root


@pytest.fixture(scope="module")
async def world(database, tmp_path_factory):
    """A log of some three hundred leaves, signed at two sizes."""
    made = await make_wide_world(database)
    signer = Signer((await begin_log(database, tmp_path_factory.mktemp("log"))).signer)
    for count in (7, 290):
        await write(made, count)
        while await integrate(database):
            pass
        await signer.sign_head(database, NOW)
    signer.close()
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def auditor(world):
    account = await people.make_account(world.database, "auditor", area="130000")
    client = await people.signed_in(world.app, account)
    yield client
    await client.aclose()


async def checkpoint(world):
    """Return the published head, verified with the published key."""
    stranger = world.client(None)
    line = (await stranger.get("/log/keys")).text.splitlines()[0]
    key = parse_verifier(line.split(" ")[0])
    note = open_note((await stranger.get("/log/checkpoint")).content, [key])
    return parse_checkpoint(note.text)


async def test_a_stranger_verifies_the_head_from_the_tiles_alone(world):
    head = await checkpoint(world)
    leaves = await leaves_of(world.database)
    assert head.origin == ORIGIN
    assert head.size == len(leaves)
    assert head.root == naive_root(leaves)
    for tile in tiles_of(head.size):
        answer = await world.client(None).get(f"/log/tile/{tile.path}")
        assert answer.status_code == 200, tile
        assert len(answer.content) == tile.width * 32
        if tile.level == 0:
            begin = tile.index * 256
            assert answer.content == b"".join(leaves[begin : begin + tile.width])


async def test_a_narrower_tile_is_still_there_when_a_wider_one_is(world):
    wide = (await world.client(None).get("/log/tile/0/000")).content
    for width in (1, 7, 255):
        narrow = await world.client(None).get(f"/log/tile/{Tile(0, 0, width).path}")
        assert narrow.content == wide[: width * 32]


async def test_an_event_is_proven_at_any_published_size(world):
    leaves = await leaves_of(world.database)
    stranger = world.client(None)
    async with world.database.read() as session:
        events = dict((await session.execute(select(Leaf.leaf_index, Leaf.event_id))).all())
    for index in (0, 3, 255, 256, len(leaves) - 1):
        for size in {index + 1, len(leaves)}:
            answer = await stranger.get(f"/api/v1/events/{events[index]}/proof?size={size}")
            assert answer.status_code == 200, answer.text
            proof = answer.json()
            assert (proof["leaf_index"], proof["tree_size"]) == (index, size)
            check_inclusion(
                bytes.fromhex(proof["leaf_hash"]), index, size,
                [bytes.fromhex(one) for one in proof["inclusion"]], naive_root(leaves[:size]),
            )  # fmt: skip
    told = (await stranger.get(f"/api/v1/events/{events[0]}/proof")).json()
    assert parse_checkpoint(told["checkpoint"].split("\n\n")[0] + "\n").size == len(leaves)


async def test_the_log_is_proven_to_begin_with_what_it_was(world):
    leaves = await leaves_of(world.database)
    for old, new in ((1, len(leaves)), (7, 290), (256, 257), (290, 290)):
        answer = await world.client(None).get(f"/api/v1/log/consistency?from={old}&to={new}")
        check_consistency(
            old, new, [bytes.fromhex(one) for one in answer.json()["proof"]],
            naive_root(leaves[:old]), naive_root(leaves[:new]),
        )  # fmt: skip


async def test_an_auditor_reads_what_was_hashed(world, auditor):
    leaves = await leaves_of(world.database)
    read = []
    for number, width in (("000", 256), (f"001.p/{len(leaves) - 256}", len(leaves) - 256)):
        bundle = (await auditor.get(f"/log/tile/entries/{number}")).content
        found = []
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            found.append(leaf_hash(bundle[2 : 2 + length]))
            bundle = bundle[2 + length :]
        assert len(found) == width
        read += found
    assert read == leaves


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/log/tile/0/001", 404),
        ("/log/tile/0/002", 404),
        ("/log/tile/1/000", 404),
        ("/log/tile/7/000", 404),
        ("/log/tile/8/000", 422),
        ("/log/tile/0/0", 404),
        ("/log/tile/0/000.p/256", 404),
        ("/log/tile/0/x001/", 404),
        ("/log/tile/x/000", 422),
        ("/log/tile/00/000", 422),
        ("/api/v1/log/consistency?from=1_0", 422),
        ("/api/v1/log/consistency?from=%2B5", 422),
        ("/api/v1/log/consistency?from=5.0", 422),
        ("/api/v1/log/consistency?from=05", 422),
        ("/api/v1/log/consistency?from=1&to=%205", 422),
        ("/log/tile/entries/000", 401),
        ("/api/v1/log/consistency", 422),
        ("/api/v1/log/consistency?from=0&to=5", 422),
        ("/api/v1/log/consistency?from=9&to=5", 422),
        ("/api/v1/log/consistency?from=1&to=100000", 422),
        ("/api/v1/log/consistency?from=1&to=99999999999999999999", 422),
        ("/api/v1/events/00000000-0000-7000-8000-00000000beef/proof", 404),
        ("/api/v1/events/x/proof", 422),
        (f"/api/v1/events/{hashlib.md5(b'x').hexdigest()}/proof?size=0", 422),
    ],
)
async def test_what_is_not_there_is_told(world, path, status):
    answer = await world.client(None).get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_what_is_newer_than_the_head_is_told_to_wait(world):
    await write(world, 1)
    leaves = await leaves_of(world.database)
    async with world.database.read() as session:
        newest = await session.scalar(
            select(Leaf.event_id).where(Leaf.leaf_index == len(leaves) - 1)
        )
    answer = await world.client(None).get(f"/api/v1/events/{newest}/proof")
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/not-published-yet"


def test_every_door_is_mounted_once():
    """A path that is mounted twice is told by a warning alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert create_app("postgresql://nobody@127.0.0.1/nothing").openapi()["paths"]
