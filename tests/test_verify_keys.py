"""The auditor's tool through the life of a log's keys: rotated, stolen, a log that succeeds another."""

import json
from datetime import UTC, datetime

import asyncpg
import pytest

from app.ledger.follow import restart
from app.main import FOLLOWERS
from app.ops.log_keys import NO_OVERLAP, rotate, rotate_receipts, succeed
from app.transparency.signer import Signer
from tests.verifying import ORIGIN, begin, resigned, verified

TREE = ("log_tile", "log_head", "log_checkpoint", "log_cosignature")


@pytest.fixture(scope="module")
async def log(database, tmp_path_factory):
    made = await begin(database, tmp_path_factory.mktemp("log"))
    await made.publish()
    yield made
    await made.close()


def current(log):
    return log.places.signer.ring().current


def saved(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


async def hand_in(log):
    [bag] = await log.world.issue_labels(1)
    return await log.world.event("hand_in", bag)


async def test_the_life_of_a_log_s_keys(log, tmp_path):
    first = current(log)
    kept = saved(tmp_path, "kept", await log.checkpoint())

    # A new key signs beside the old one, and whoever knows either follows.
    await rotate(log.database, log.places.signer, reason="每年更换", now=datetime.now(UTC))
    await log.publish()
    second = current(log)
    assert second != first
    lines = await log.lines()
    for key in (first, second):
        assert verified(tmp_path, lines, "--key", key.verifier, "--checkpoint", kept).code == 0
    assert "3 个" in verified(tmp_path, lines).said

    # A stolen key signs no more: what it signs of later leaves is refused.
    stolen = second
    await rotate(
        log.database, log.places.signer, reason="失窃", overlap=NO_OVERLAP, now=datetime.now(UTC)
    )
    third = current(log)
    receipt = (await hand_in(log))["receipt"]
    size = await log.publish()
    lines = await log.lines()
    assert verified(tmp_path, lines, "--key", first.verifier).code == 0
    assert verified(tmp_path, lines, "--key", third.verifier).code == 0

    def nothing(_leaf):
        pass

    thief = resigned(lines, 1, nothing, [stolen])
    said = verified(tmp_path, thief)
    assert said.code == 1
    assert f"log_checkpoint {size} was signed with a key that had ended" in said.said

    # What an old receipt key signed holds for ever.
    await rotate_receipts(
        log.database, log.places.receipt, reason="每年更换", now=datetime.now(UTC)
    )
    await log.publish()
    note = saved(tmp_path, "receipt", receipt)
    assert verified(tmp_path, await log.lines(), note).code == 0

    # A successor, begun where the old log stood: kept heads of the old one still hold.
    log.signer.close()
    last = saved(tmp_path, "last", await log.checkpoint())
    await succeed(
        log.database,
        log.places.signer,
        reason="换机房",
        although_it_continues=True,
        now=datetime.now(UTC),
    )
    log.signer = Signer(log.places.signer)
    await log.publish()
    lines = await log.lines()
    assert json.loads(lines[0])["origin"] == f"{ORIGIN}/2"
    said = verified(tmp_path, lines, "--checkpoint", last, "--checkpoint", kept, note)
    assert said.code == 0, said.said
    assert "succeeds log.test/hebei of" in said.said
    assert "all of which are here" in said.said
    assert "换机房" in said.said
    new = current(log)
    assert verified(tmp_path, lines, "--key", new.verifier).code == 0
    old_alone = verified(tmp_path, lines, "--key", third.verifier)
    assert old_alone.code == 1
    assert "no leaf under the given key introduces" in old_alone.said
    assert verified(tmp_path, lines, "--key", third.verifier, "--key", new.verifier).code == 0


async def test_a_successor_after_a_restore_tells_what_it_lacks(log, database_urls, tmp_path):
    size = await log.publish()
    await hand_in(log)
    lost = await log.publish()
    longer = saved(tmp_path, "longer", await log.checkpoint())
    log.signer.close()
    await restored(log, database_urls, size)
    await succeed(log.database, log.places.signer, reason="硬盘损坏", now=datetime.now(UTC))
    log.signer = Signer(log.places.signer)
    await hand_in(log)
    assert await log.publish() > size
    lines = await log.lines()
    said = verified(tmp_path, lines)
    assert said.code == 0, said.said
    assert f"of {lost} leaves, the last of which are not here" in said.said
    said = verified(tmp_path, lines, "--checkpoint", longer)
    assert said.code == 1
    assert "硬盘损坏" in said.said


async def restored(log, database_urls, size):
    """Put the database back to when its log had so many leaves."""
    owner = await asyncpg.connect(database_urls["owner"])
    lost = "SELECT event_id FROM leaf WHERE leaf_index >= $1"
    try:
        for table in ("leaf", "event", "event_batch", "posting", *TREE):
            await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        await owner.execute(f"DELETE FROM event WHERE id IN ({lost})", size)
        await owner.execute(f"DELETE FROM event_batch WHERE event_id IN ({lost})", size)
        await owner.execute(f"DELETE FROM posting WHERE cause IN ({lost})", size)
        await owner.execute("DELETE FROM leaf WHERE leaf_index >= $1", size)
        for table in ("log_cosignature", "log_checkpoint", "log_head"):
            await owner.execute(f"DELETE FROM {table} WHERE size > $1", size)
        await owner.execute("UPDATE log_tile SET hashes = substr(hashes, 1, $1)", 32 * size)
    finally:
        await owner.close()
    for follower in FOLLOWERS:
        await restart(log.database, follower)
