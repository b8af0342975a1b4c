"""The signer and its witnesses: what they cosigned is remembered where no backup reaches."""

import asyncio
import shutil
from datetime import timedelta

import asyncpg
import httpx
import pytest
from sqlalchemy import func, select

from app.db import Database
from app.transparency import witnesses as asking
from app.transparency.models import LogCheckpoint, LogCosignature
from app.transparency.note import open_note
from app.transparency.signer import Refused, Signer
from app.transparency.signer_folder import SignerFolder
from app.transparency.witnesses import WitnessAddress, Witnesses
from app.witness.door import create_app
from app.witness.keep import Witness
from tests.conftest import in_database
from tests.signing import NOW, begin_log, published
from tests.world import make_world

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def places(world, tmp_path_factory):
    return await begin_log(world.database, tmp_path_factory.mktemp("log"))


@pytest.fixture
def bureau(places, tmp_path):
    made = Witness(tmp_path / "bureau", [places.signer.ring().current.verifier], "cz.test/witness")
    yield made
    made.close()


class Line:
    """The line to a witness, which can be cut."""

    def __init__(self, witness: Witness) -> None:
        self.door = create_app(witness)
        self.cut = False

    async def __call__(self, scope, receive, send):
        if self.cut:
            await asyncio.sleep(60)
        await self.door(scope, receive, send)


def asked_over(line: Line, witness: Witness) -> Witnesses:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(line))
    return Witnesses([WitnessAddress("http://cz.test", witness.key.verifier)], client)


async def record(world) -> None:
    [code] = await world.issue_labels(1)
    await world.event("collect", code, mass_g=4_000)


async def served(world) -> bytes:
    return (await world.client(None).get("/log/checkpoint")).content


async def test_a_head_is_published_with_the_cosignatures(world, places, bureau):
    signer = Signer(places.signer, asked_over(Line(bureau), bureau))
    for _ in range(3):
        await record(world)
        size = await published(world.database, signer)
        note = open_note(await served(world), [*signer.ring.verifiers, bureau.key.verifier])
        assert note.names == {signer.ring.origin, "cz.test/witness"}
        assert bureau.last(signer.ring.origin).text == note.text
    proof = await world.client(None).get("/api/v1/log/consistency", params={"from": 1, "to": size})
    assert proof.status_code == 200
    signer.close()


async def test_a_silent_witness_delays_one_head_and_is_asked_again(
    world, places, bureau, monkeypatch
):
    monkeypatch.setattr(asking, "DEADLINE_S", 0.05)
    line = Line(bureau)
    signer = Signer(places.signer, asked_over(line, bureau))
    line.cut = True
    for _ in range(2):
        await record(world)
        size = await published(world.database, signer)
    assert open_note(await served(world), signer.ring.verifiers).names == {signer.ring.origin}
    line.cut = False
    monkeypatch.setattr(signer._witnesses, "_silent_until", {})
    assert await published(world.database, signer, NOW + MINUTE / 2) == size
    async with world.database.read() as session:
        assert await session.get(LogCosignature, (size, str(bureau.key.verifier))) is None
    assert await published(world.database, signer, NOW + 2 * MINUTE) == size
    note = open_note(await served(world), [bureau.key.verifier])
    assert note.names == {"cz.test/witness"}, "the same head, cosigned when it was asked again"
    signer.close()


@pytest.fixture
async def backup(world, places, tmp_path, server, database_urls):
    """The whole machine as it was: the database and the signer's folder, copied at one time."""
    signer = Signer(places.signer)
    await published(world.database, signer)
    signer.close()
    await world.database.close()
    await world.app.state.database.close()
    shutil.copytree(places.signer.path, tmp_path / "copied")
    owner = await asyncpg.connect(server["owner"])
    name = database_urls["owner"].rsplit("/", 1)[1]
    await owner.execute("DROP DATABASE IF EXISTS restored_machine WITH (FORCE)")
    await owner.execute(f"CREATE DATABASE restored_machine TEMPLATE {name}")
    database = Database(in_database(database_urls["owner"], "restored_machine"))
    yield database, SignerFolder(tmp_path / "copied")
    await database.close()
    await owner.execute("DROP DATABASE restored_machine WITH (FORCE)")
    await owner.close()


async def newest_size(database) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.max(LogCheckpoint.size)))


async def test_a_whole_machine_put_back_signs_nothing_while_a_witness_knows_more(
    world, places, bureau, backup
):
    database, folder = backup
    signer = Signer(places.signer, asked_over(Line(bureau), bureau))
    await record(world)
    await published(world.database, signer)
    signer.close()

    restored = Signer(folder, asked_over(Line(bureau), bureau))
    before, last = await newest_size(database), folder.last_note()
    for _ in range(2):
        with pytest.raises(Refused, match=r"cz\.test/witness 已见证到"):
            await published(database, restored)
    assert (await newest_size(database), folder.last_note()) == (before, last), "nothing is signed"
    restored.close()
    # without the witness nobody on this machine could know
    alone = Signer(folder)
    assert await published(database, alone) == before
    alone.close()


async def test_a_log_that_was_written_again_and_signed_is_not_published(
    world, places, bureau, backup
):
    """The real key signs another history of the same size; the witness cosigned the first."""
    database, folder = backup
    signer = Signer(places.signer, asked_over(Line(bureau), bureau))
    await record(world)
    size = await published(world.database, signer)
    signer.close()

    real = world.database, world.app.state.database
    world.database, world.app.state.database = database, database
    await record(world)
    world.database, world.app.state.database = real
    forger = Signer(folder)
    assert await published(database, forger) == size
    forger.close()
    asked = Signer(folder, asked_over(Line(bureau), bureau))
    with pytest.raises(Refused, match="见证过的日志不是"):
        await published(database, asked)
    asked.close()
