"""The ceremonies of the log's keys on a real database and real folders, interrupted anywhere."""

from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import select

from app.db import Database
from app.folder_lock import FolderTaken
from app.ledger.leaf import read_leaf
from app.ledger.models import Event
from app.ops.log_keys import (
    KeyPlaces,
    NothingToSucceed,
    origin_of,
    prepare_keys,
    receipts_of,
    rotate,
    rotate_receipts,
    succeed,
)
from app.ops.models import Installation
from app.transparency.checkpoint import parse_checkpoint
from app.transparency.keyring import OVERLAP
from app.transparency.keys import parse_verifier
from app.transparency.models import LogCheckpoint, LogKey
from app.transparency.note import open_note
from app.transparency.receipt import open_receipt
from app.transparency.signer import Refused, Signer
from app.transparency.signer_folder import KeyMissing, SignerFolder
from tests.conftest import in_database
from tests.signing import NOW, ORIGIN, begin_log, published
from tests.world import LUQUAN, make_world

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def places(world, tmp_path_factory) -> KeyPlaces:
    return await begin_log(world.database, tmp_path_factory.mktemp("log"))


def power_cut(*_):
    raise KeyboardInterrupt


async def introductions(database) -> list[dict]:
    """Return every row of the leaves about keys, in the order of recording."""
    async with database.read() as session:
        query = select(Event.leaf).where(Event.kind == "declare").order_by(Event.recorded_at)
        events = [read_leaf(leaf)["event"] for leaf in await session.scalars(query)]
    return [row for event in events if event["subject"] == "keys" for row in event["rows"]]


async def newest_note(database) -> str:
    async with database.read() as session:
        query = select(LogCheckpoint.note).order_by(LogCheckpoint.size.desc()).limit(1)
        return (await session.scalars(query)).one()


async def test_leaves_introduce_the_keys_of_a_log_once(world, places, tmp_path):
    rows = await introductions(world.database)
    assert [row["purpose"] for row in rows] == ["checkpoint", "receipt"]
    assert rows[0]["vkey"] == str(places.signer.ring().current.verifier)
    await prepare_keys(world.database, places, NOW + DAY)
    assert await introductions(world.database) == rows, "nothing new to say"

    # another host of the same log signs receipts with a key of its own, and no heads at all
    second = KeyPlaces(SignerFolder(tmp_path / "signer"), tmp_path / "receipt.key")
    await prepare_keys(world.database, second, NOW + DAY)
    assert not second.signer.has_ring
    added = (await introductions(world.database))[len(rows) :]
    assert [row["purpose"] for row in added] == ["receipt"]
    assert receipts_of(second.receipt) != receipts_of(places.receipt)

    shown = (await world.client(None).get("/api/v1/log/keys")).json()["items"]
    assert [one["purpose"] for one in shown] == ["checkpoint", "receipt", "receipt"]
    for one in shown:
        said = read_leaf(one["leaf"])["event"]
        assert said["id"] == one["event"]
        assert one["vkey"] in [row["vkey"] for row in said["rows"]]


@pytest.mark.parametrize("who", ["admin", "province", "auditor", "county", "collector"])
async def test_no_account_declares_keys(world, who):
    row = {"purpose": "receipt", "vkey": "x", "valid_from": "2026-01-01T00:00:00Z", "reason": "x"}
    body = {"kind": "declare", "subject": "keys", "rows": [row]}
    body |= {"id": "01a20476-2331-7d75-81a0-f8c74f6a2f06", "occurred_at": NOW.isoformat()}
    assert (await world.client(who).post("/api/v1/events", json=body)).status_code == 403


async def test_every_write_is_answered_with_a_receipt(world, places):
    world.app.state.receipts = receipts_of(places.receipt)
    key = receipts_of(places.receipt).key.verifier
    [one, other] = await world.issue_labels(2)
    body = world.body("collect", one, mass_g=4_000)
    first, second = await world.post(body), await world.post(body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["receipt"] == second.json()["receipt"]
    read = await world.client("county").get(f"/api/v1/events/{body['id']}")
    assert read.json()["receipt"] == first.json()["receipt"]
    receipt = open_receipt(first.json()["receipt"].encode(), key)
    assert str(receipt.event) == body["id"]
    assert receipt.leaf_hash.hex() == first.json()["leaf_hash"]
    assert receipt.name == f"{ORIGIN}/receipt"

    queue = {"device": {"id": "d"}, "events": [world.body("collect", other, mass_g=4_000), {}]}
    items = (await world.client("collector").post("/api/v1/capture", json=queue)).json()["items"]
    assert "receipt" not in items[1].get("event", {})
    assert open_receipt(items[0]["event"]["receipt"].encode(), key)

    sold = {"id": "r1", "county": LUQUAN, "on": "2026-01-02", "units": 10, "unit_weight_g": 20}
    rows = {"rows": [{**sold, "method": "A"}]}
    supply = await world.client("county").post("/api/v1/supply", json=rows)
    again = await world.client("county").post("/api/v1/supply", json=rows)
    assert again.json() == supply.json() | {"recorded": 0, "duplicate": 1}, "the same receipt"
    promised = [open_receipt(text.encode(), key) for text in supply.json()["receipts"]]
    assert [str(one.event) for one in promised] == supply.json()["events"]

    # what is promised is kept: every leaf is under the head that is signed next
    signer = Signer(places.signer)
    size = await published(world.database, signer)
    signer.close()
    for one in (receipt, *promised):
        proof = (await world.client(None).get(f"/api/v1/events/{one.event}/proof")).json()
        assert proof["leaf_hash"] == one.leaf_hash.hex()
        assert proof["leaf_index"] < proof["tree_size"] == size
    world.app.state.receipts = None


async def test_a_server_without_a_receipt_key_answers_without_receipts(world):
    [code] = await world.issue_labels(1)
    assert "receipt" not in await world.event("collect", code, mass_g=4_000)


async def test_a_rotated_key_signs_beside_the_old_one_for_ninety_days(world, places):
    signer = Signer(places.signer)
    old = signer.ring.current
    await published(world.database, signer)
    new = await rotate(world.database, places.signer, reason="每年更换", now=NOW + DAY)
    size = await published(world.database, signer, NOW + DAY)  # the signer runs on
    note = open_note((await newest_note(world.database)).encode(), [old.verifier, new])
    assert {one.key for one in note.signed} == {old.verifier, new}
    assert parse_checkpoint(note.text).size == size

    rows = (await introductions(world.database))[-2:]
    assert [row["vkey"] for row in rows] == [str(new), str(old.verifier)]
    assert {row["reason"] for row in rows} == {"每年更换"}
    lines = (await world.client(None).get("/log/keys")).text.splitlines()
    assert [line.split()[0] for line in lines] == [str(new), str(old.verifier)]
    assert lines[0].endswith(" -")
    assert lines[1].split()[2] == (NOW + DAY + OVERLAP).isoformat()
    assert all(parse_verifier(line.split()[0]) for line in lines)

    # then the new key signs alone, the old secret is gone, and a restart goes on
    await write_more(world)
    await published(world.database, signer, NOW + DAY + OVERLAP)
    note = open_note((await newest_note(world.database)).encode(), [old.verifier, new])
    assert {one.key for one in note.signed} == {new}
    assert old.secret_text not in (places.signer.path / "signer.key").read_text(encoding="utf-8")
    signer.close()
    again = Signer(places.signer)
    assert again.ring.verifiers == [new, old.verifier]
    again.close()


async def write_more(world) -> None:
    [code] = await world.issue_labels(1)
    await world.event("collect", code, mass_g=4_000)


async def test_a_stolen_key_signs_nothing_more(world, places):
    old = places.signer.ring().current
    await rotate(
        world.database, places.signer, reason="失窃", overlap=timedelta(0), now=NOW + 2 * DAY
    )
    signer = Signer(places.signer)
    await published(world.database, signer, NOW + 2 * DAY)
    signer.close()
    note = open_note((await newest_note(world.database)).encode(), signer.ring.verifiers)
    assert old.verifier not in {one.key for one in note.signed}


async def test_a_rotation_that_was_interrupted_goes_on_where_it_was(world, places, monkeypatch):
    before = places.signer.ring()

    with monkeypatch.context() as patch:
        patch.setattr(SignerFolder, "keep", power_cut)
        with pytest.raises(KeyboardInterrupt):
            await rotate(world.database, places.signer, reason="更换", now=NOW + 3 * DAY)
    said = await introductions(world.database)
    assert places.signer.ring() == before
    key = await rotate(world.database, places.signer, reason="更换", now=NOW + 4 * DAY)
    assert await introductions(world.database) == said, "the leaf stands already"
    assert said[-2]["vkey"] == str(key) == str(places.signer.ring().current.verifier)
    assert places.signer.ring().held[0].valid_from == NOW + 3 * DAY
    assert not (places.signer.path / "signer.next").exists()


async def test_receipts_change_their_key_and_the_old_ones_hold(world, places):
    old = receipts_of(places.receipt).key.verifier
    new = await rotate_receipts(world.database, places.receipt, reason="更换", now=NOW + 3 * DAY)
    assert receipts_of(places.receipt).key.verifier == new
    async with world.database.read() as session:
        assert (await session.get_one(LogKey, str(old))).valid_to == NOW + 3 * DAY
        assert (await session.get_one(LogKey, str(new))).valid_to is None
    said = await introductions(world.database)
    await prepare_keys(world.database, places, NOW + 4 * DAY)
    assert await introductions(world.database) == said


async def test_a_host_without_the_key_is_told(world, tmp_path):
    with pytest.raises(KeyMissing):
        await rotate(world.database, SignerFolder(tmp_path), reason="更换", now=NOW)


@pytest.fixture
async def restored(world, places, server, database_urls) -> tuple[Database, list[dict]]:
    """A backup of the database, put back after more was recorded and signed; what was recorded."""
    copy = in_database(database_urls["owner"], "restored_log")
    signer = Signer(places.signer)
    await published(world.database, signer, NOW + 5 * DAY)
    codes = await world.issue_labels(3)
    await world.database.close()
    await world.app.state.database.close()
    owner = await asyncpg.connect(server["owner"])
    name = database_urls["owner"].rsplit("/", 1)[1]
    await owner.execute("DROP DATABASE IF EXISTS restored_log WITH (FORCE)")
    await owner.execute(f"CREATE DATABASE restored_log TEMPLATE {name}")
    lost = []
    for code in codes:
        body = world.body("collect", code, mass_g=4_000)
        lost.append(body)
        assert (await world.post(body)).status_code == 201
    await published(world.database, signer, NOW + 6 * DAY)
    signer.close()
    database = Database(copy)
    yield database, lost
    await database.close()
    await owner.execute("DROP DATABASE restored_log WITH (FORCE)")
    await owner.close()


async def test_a_log_succeeds_one_whose_database_went_back(world, places, restored, monkeypatch):
    database, lost = restored
    folder = places.signer
    old = await origin_of(database)
    signer = Signer(folder)
    last = signer.last
    with pytest.raises(Refused, match="恢复到旧的"):
        await published(database, signer, NOW + 7 * DAY)
    with pytest.raises(FolderTaken):
        await succeed(database, folder, origin=None, reason="硬盘损坏", now=NOW + 7 * DAY)
    signer.close()
    with pytest.raises(NothingToSucceed):
        await succeed(database, folder, origin=old, reason="硬盘损坏", now=NOW + 7 * DAY)

    with monkeypatch.context() as patch:
        patch.setattr(SignerFolder, "close_log", power_cut)
        with pytest.raises(KeyboardInterrupt):
            await succeed(database, folder, origin=None, reason="硬盘损坏", now=NOW + 7 * DAY)
    key = await succeed(database, folder, origin=None, reason="硬盘损坏", now=NOW + 8 * DAY)
    assert key.name == await origin_of(database) == f"{old}/2"
    assert (folder.path / "closed-1" / "checkpoint").read_text(encoding="utf-8") == last.note
    said = [row for row in await introductions(database) if row["reason"] == "硬盘损坏"]
    assert [row["vkey"] for row in said].count(str(key)) == 1, "said once, though it was cut short"
    assert said[0]["vkey"] == str(key)
    assert said[0]["succeeds"] == last.note
    assert all("valid_to" in row for row in said[1:]), "the keys of the old log end"
    await prepare_keys(database, places, NOW + 7 * DAY)
    assert receipts_of(places.receipt).key.name == f"{old}/2/receipt"

    successor = Signer(folder)
    size = await published(database, successor, NOW + 7 * DAY)
    note = open_note((await newest_note(database)).encode(), [key])
    assert parse_checkpoint(note.text).origin == f"{old}/2"
    assert parse_checkpoint(note.text).size == size

    # phones send again what the new log lacks, under the same ids
    before, world.app.state.database = world.app.state.database, database
    for body in lost:
        lacking = await world.client("collector").get(f"/api/v1/events/{body['id']}")
        assert lacking.status_code == 404
        assert (await world.post(body)).status_code == 201
    await published(database, successor, NOW + 8 * DAY)
    successor.close()
    for body in lost:
        proof = await world.client(None).get(f"/api/v1/events/{body['id']}/proof")
        assert proof.status_code == 200
    world.app.state.database = before

    # nothing is wrong with it now: another successor has to be asked for twice
    with pytest.raises(NothingToSucceed, match="接得上"):
        await succeed(database, folder, reason="再来", now=NOW + 9 * DAY)
    third = await succeed(
        database, folder, reason="再来", although_it_continues=True, now=NOW + 9 * DAY
    )
    assert third.name == f"{old}/3"
    # and the first database put back once more gets a name that no log has had
    async with database.write() as session:
        (await session.scalars(select(Installation))).one().log_origin = old
    for used in (old, f"{old}/2", f"{old}/3"):
        with pytest.raises(NothingToSucceed, match="用过"):
            await succeed(database, folder, origin=used, reason="再来", now=NOW + 10 * DAY)
    fourth = await succeed(database, folder, reason="再来", now=NOW + 10 * DAY)
    assert fourth.name == f"{old}/4"
