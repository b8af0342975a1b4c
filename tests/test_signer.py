"""The signer: signs what continues the last it signed, refuses what does not, survives a crash."""

import asyncio
import stat
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import func, select

from app.folder_lock import FolderTaken
from app.transparency import signer as signing
from app.transparency.checkpoint import Checkpoint, parse_checkpoint
from app.transparency.integrate import LogHasAGap, integrate
from app.transparency.models import LogCheckpoint, LogHead
from app.transparency.note import UnverifiedNote, open_note
from app.transparency.signer import Refused, Signed, Signer, open_signer
from app.transparency.signer_folder import SignerFolder
from tests.recording import make_wide_world
from tests.signing import NOW, ORIGIN
from tests.test_integrate import write


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    yield made
    await made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "log"


def signer_of(folder: Path) -> Signer:
    """Return a signer on a folder that gets its first key where it has none."""
    files = SignerFolder(folder)
    if not files.has_ring:
        files.begin(ORIGIN, NOW)
    return Signer(files)


async def grow(world, count: int = 3) -> None:
    await write(world, count)
    while await integrate(world.database):
        pass


async def checkpoints(world) -> list[LogCheckpoint]:
    async with world.database.read() as session:
        return list(await session.scalars(select(LogCheckpoint).order_by(LogCheckpoint.size)))


async def as_owner(database_urls, *statements: str) -> None:
    """Do what somebody with the database's password can do."""
    owner = await asyncpg.connect(database_urls["owner"])
    try:
        for statement in statements:
            await owner.execute(statement)
    finally:
        await owner.close()


UNGUARDED = tuple(
    f"ALTER TABLE {table} DISABLE TRIGGER USER"
    for table in ("log_tile", "log_head", "log_checkpoint", "leaf", "event")
)


async def test_the_life_of_a_signer(world, folder, database_urls):
    signer = signer_of(folder)
    assert stat.S_IMODE((folder / "signer.key").stat().st_mode) == 0o600
    assert await signer.sign_head(world.database, NOW) == 0, "nothing is there to sign"
    await grow(world)
    size = await signer.sign_head(world.database, NOW)
    (first,) = await checkpoints(world)
    note = open_note(first.note.encode(), signer.ring.verifiers)
    point = parse_checkpoint(note.text)
    async with world.database.read() as session:
        head = await session.get_one(LogHead, size)
    assert (point.origin, point.size, point.root) == (ORIGIN, size, head.root)
    assert (folder / "checkpoint").read_text(encoding="utf-8") == first.note

    # the same head again is the same note, and one row
    assert await signer.sign_head(world.database, NOW + timedelta(hours=1)) == size
    assert len(await checkpoints(world)) == 1

    # a second process does not sign beside it; a later one goes on with the same key
    with pytest.raises(FolderTaken):
        signer_of(folder)
    assert open_signer(SignerFolder(folder)) is None
    signer.close()
    await grow(world)
    again = signer_of(folder)
    assert again.ring == signer.ring
    assert await again.sign_head(world.database, NOW) > size

    # killed between the file and the database: the next turn publishes what was signed
    await grow(world)
    async with world.database.read() as session:
        newest = await session.scalar(select(func.max(LogHead.size)))
    await as_owner(database_urls, *UNGUARDED[:3])
    grown = await again.sign_head(world.database, NOW)
    assert grown == newest
    await as_owner(database_urls, f"DELETE FROM log_checkpoint WHERE size = {grown}")
    assert await again.sign_head(world.database, NOW) == grown
    assert (await checkpoints(world))[-1].size == grown

    # a changed tile, a changed head, a cut log: each is refused, and why is told in both languages
    wrongs = {
        "UPDATE log_tile SET hashes = set_byte(hashes, 40, 255 - get_byte(hashes, 40)) WHERE level = 0": "根",
        "UPDATE log_head SET root = set_byte(root, 0, 255 - get_byte(root, 0)) "
        "WHERE size = (SELECT max(size) FROM log_head)": "根",
    }
    for wrong, words in wrongs.items():
        await as_owner(database_urls, *UNGUARDED, wrong)
        with pytest.raises(Refused, match=words) as refusal:
            await again.sign_head(world.database, NOW)
        assert refusal.value.english
        await as_owner(database_urls, wrong)  # the same again puts it right
        assert await again.sign_head(world.database, NOW) == grown
    await as_owner(
        database_urls, *UNGUARDED,
        f"DELETE FROM log_checkpoint WHERE size = {grown}",
        f"DELETE FROM log_head WHERE size = {grown}",
    )  # fmt: skip
    with pytest.raises(Refused, match="恢复到旧的"):
        await again.sign_head(world.database, NOW)
    assert again.last is not None
    async with world.database.write() as session:
        session.add(LogHead(size=grown, root=again.last.point.root, prev=grown - 1))
    assert await again.sign_head(world.database, NOW) == grown
    again.close()


FIFTH = "id = (SELECT event_id FROM leaf WHERE leaf_index = 4)"


@pytest.mark.parametrize(
    "wrong",
    [
        f"UPDATE event SET leaf = ' ' || leaf WHERE {FIFTH}",
        f"UPDATE event SET leaf_hash = sha256(leaf_hash) WHERE {FIFTH}",
        "UPDATE leaf SET event_id = gen_random_uuid() WHERE leaf_index = 4",
        f"DELETE FROM event WHERE {FIFTH}",
    ],
)
async def test_an_old_leaf_that_is_altered_is_found_turn_by_turn(
    world, folder, database_urls, monkeypatch, wrong
):
    monkeypatch.setattr(signing, "RECHECKED_A_TURN", 2)
    await grow(world, 6)
    signer = signer_of(folder)
    size = await signer.sign_head(world.database, NOW)
    await as_owner(
        database_urls, *UNGUARDED, "CREATE TABLE kept AS SELECT * FROM event",
        "CREATE TABLE places AS SELECT * FROM leaf", wrong,
    )  # fmt: skip

    async def turns(count: int) -> None:
        for _ in range(count):
            await signer.sign_head(world.database, NOW)

    with pytest.raises(Refused, match="第 4 条"):
        await turns(size)
    with pytest.raises(Refused, match="第 4 条"):
        await turns(1)  # and it stays there
    await as_owner(
        database_urls,
        f"DELETE FROM event WHERE {FIFTH}",
        "INSERT INTO event SELECT * FROM kept ON CONFLICT DO NOTHING",
        "UPDATE leaf SET event_id = p.event_id FROM places p WHERE p.leaf_index = leaf.leaf_index",
        "UPDATE event SET leaf = k.leaf, leaf_hash = k.leaf_hash FROM kept k WHERE k.id = event.id",
        "DROP TABLE kept, places",
    )
    await turns(size)
    signer.close()


def test_a_new_key_is_not_made_beside_an_old_checkpoint(folder):
    signer = signer_of(folder)
    signer.close()
    (folder / "checkpoint").write_text("x", encoding="utf-8")
    (folder / "signer.key").unlink()
    with pytest.raises(FileNotFoundError):
        signer_of(folder)


def test_a_checkpoint_that_another_key_signed_is_not_taken_over(folder, tmp_path):
    other = signer_of(tmp_path / "other")
    note = signing.sign(f"{ORIGIN}\n1\n{'A' * 43}=\n", [other.ring.current])
    other.close()
    signer_of(folder).close()
    (folder / "checkpoint").write_bytes(note.encode())
    with pytest.raises(UnverifiedNote):
        signer_of(folder)


async def test_records_that_wait_for_a_head_are_told_where_readiness_is_asked(world, folder):
    stranger = world.client(None)
    signer = signer_of(folder)
    await grow(world)
    await signer.sign_head(world.database, NOW)
    assert (await stranger.get("/readyz")).json()["signer"] == {"status": "elsewhere"}
    await write(world, 1)  # recorded weeks ago by the clock of this test
    answer = await stranger.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["log"]["status"] == "behind"
    assert answer.json()["log"]["published"] == signer.last.point.size
    assert answer.json()["signer"]["status"] == "missing"
    await grow(world, 1)
    await signer.sign_head(world.database, NOW)
    assert "log" not in (await stranger.get("/readyz")).json()
    signer.close()


@pytest.mark.parametrize("gone", ["event", "leaf"])
async def test_a_record_that_vanishes_before_the_tree_takes_it_is_named(
    world, folder, database_urls, gone
):
    signer = signer_of(folder)
    await grow(world)
    size = await signer.sign_head(world.database, NOW)
    await write(world, 2)
    table = f"{gone} WHERE " + (
        f"id = (SELECT event_id FROM leaf WHERE leaf_index = {size})"
        if gone == "event"
        else f"leaf_index = {size}"
    )
    await as_owner(
        database_urls, *UNGUARDED, f"CREATE TABLE kept AS SELECT * FROM {table}",
        f"DELETE FROM {table}",
    )  # fmt: skip
    with pytest.raises(LogHasAGap):
        await integrate(world.database)
    with pytest.raises(Refused, match=f"第 {size} 条登记不见了"):
        await signer.sign_head(world.database, NOW)
    await as_owner(database_urls, f"INSERT INTO {gone} SELECT * FROM kept", "DROP TABLE kept")
    await grow(world, 1)
    assert await signer.sign_head(world.database, NOW) == size + 3
    signer.close()


async def test_a_signer_that_refuses_is_named_where_readiness_is_asked(world, folder):
    """Recording and reading go on: the answer stays 200."""
    signer = signer_of(folder)
    world.app.state.signer = signer
    stranger = world.client(None)
    assert "signer" not in (await stranger.get("/readyz")).json(), "it signs"
    signer.why = ("日志被改过", "altered")
    answer = await stranger.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["signer"] == {
        "status": "refuses",
        "why": "日志被改过",
        "why_en": "altered",
    }
    world.app.state.signer = None
    assert (await stranger.get("/readyz")).json()["signer"] == {"status": "elsewhere"}
    signer.close()


async def test_the_loop_signs_and_tells_why_it_stops(world, folder, monkeypatch):
    monkeypatch.setattr(signing, "PAUSE_S", 0.01)
    monkeypatch.setattr(signing, "AFTER_A_FAULT_S", 0.01)
    signer = signer_of(folder)
    await grow(world)
    signing_on = asyncio.create_task(signing.keep_signing(world.database, signer))
    for _ in range(500):
        await asyncio.sleep(0.01)
        if signer.last is not None:
            break
    assert signer.last is not None
    assert signer.why is None
    # what it signed last is more than the database now has
    signer.last = Signed(Checkpoint(ORIGIN, 10**6, signer.last.point.root), signer.last.note)
    for _ in range(500):
        await asyncio.sleep(0.01)
        if signer.why:
            break
    signing_on.cancel()
    assert signer.why
    assert "恢复到旧的" in signer.why[0]
    signer.close()
