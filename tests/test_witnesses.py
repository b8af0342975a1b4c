"""How the log asks its witnesses: each as it may behave, and none can hold the log up."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import select

from app.ledger.models import Leaf
from app.transparency import witnesses as asking
from app.transparency.checkpoint import Checkpoint, parse_checkpoint
from app.transparency.cosignatures import keep_cosignatures
from app.transparency.integrate import integrate
from app.transparency.keys import Algorithm, SignerKey
from app.transparency.models import LogCheckpoint, LogHead
from app.transparency.note import cosign, open_note, parse_note, sign
from app.transparency.witnesses import (
    Asked,
    MalformedWitnesses,
    WitnessAddress,
    Witnesses,
    parse_witnesses,
)
from app.witness.door import create_app
from tests.recording import make_wide_world
from tests.test_integrate import write
from tests.witnessing import HONEST, LOG_KEY, REWRITTEN, History, open_witness

NOW = datetime(2026, 11, 22, tzinfo=UTC)
KEY = SignerKey("a.test/witness", Algorithm.COSIGNATURE, b"a" * 32)
NAMESAKE = SignerKey("a.test/witness", Algorithm.COSIGNATURE, b"x" * 32)


class Bureaus:
    """Witnesses at addresses of their own, and what a client asked them."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.apps = {}
        self.addresses = []
        self.asked = []
        self.open = []

    def add(self, host, seen=None):
        """Put a real witness there, which has cosigned a head before."""
        witness = open_witness(self.folder / host, name=f"{host}/witness")
        self.open.append(witness)
        self.put(host, create_app(witness), witness.key)
        if seen:
            history, size = seen
            assert witness.add(history.request(0, size).encode(), NOW).lines
        return witness

    def put(self, host, app, key=None) -> WitnessAddress:
        """Put any service there."""
        self.apps[host] = app
        key = key or SignerKey(f"{host}/witness", Algorithm.COSIGNATURE, host.encode().ljust(32))
        self.addresses.append(WitnessAddress(f"http://{host}/w", key.verifier))
        return self.addresses[-1]

    def made(self) -> Witnesses:
        async def app(scope, receive, send):
            host = dict(scope["headers"])[b"host"].decode()
            path = scope["path"].removeprefix("/w")
            self.asked.append((host, path))
            scope |= {"path": path, "raw_path": path.encode()}
            await self.apps[host](scope, receive, send)

        return Witnesses(self.addresses, httpx.AsyncClient(transport=httpx.ASGITransport(app)))


@pytest.fixture
def bureaus(tmp_path):
    made = Bureaus(tmp_path)
    yield made
    for one in made.open:
        one.close()


async def ask(witnesses: Witnesses, size: int, history: History = HONEST) -> Asked:
    async def prove(old):
        assert 0 < old < size
        return history.proof(old, size)

    return await witnesses.ask(history.note(size), history.point(size), prove)


def says(status: int, body: bytes, media: str = "text/plain"):
    """A service that says this to everything."""

    async def app(scope, receive, send):
        headers = [(b"content-type", media.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def hangs(scope, receive, send):
    await asyncio.Event().wait()


async def breaks(scope, receive, send):
    raise httpx.ReadError("the line went dead")


async def test_each_witness_is_heard_and_none_waited_for(bureaus, monkeypatch):
    monkeypatch.setattr(asking, "DEADLINE_S", 0.5)
    healthy = bureaus.add("healthy.test")
    behind = bureaus.add("behind.test", seen=(HONEST, 3))
    same = bureaus.add("same.test", seen=(HONEST, 9))
    bureaus.add("ahead.test", seen=(HONEST, 12))
    bureaus.add("other.test", seen=(REWRITTEN, 4))
    bureaus.add("root.test", seen=(REWRITTEN, 9))
    bureaus.put("hangs.test", hangs)
    bureaus.put("breaks.test", breaks)
    asked = await ask(bureaus.made(), 9)
    keys = [one.key.verifier for one in (healthy, behind, same)]
    assert set(asked.lines) == {str(key) for key in keys}
    note = (HONEST.note(9) + "".join(asked.lines.values())).encode()
    assert len(open_note(note, keys).signed) == 3
    assert set(asked.silent) == {"hangs.test/witness", "breaks.test/witness"}
    assert asked.ahead == (("ahead.test/witness", 12),)
    assert set(asked.against) == {"other.test/witness", "root.test/witness"}


async def test_what_a_witness_knows_is_remembered(bureaus):
    bureaus.add("a.test", seen=(HONEST, 3))
    witnesses = bureaus.made()
    await ask(witnesses, 5)
    assert len(bureaus.asked) == 2
    assert (await ask(witnesses, 9)).lines
    assert (await ask(witnesses, 9)).lines
    assert len(bureaus.asked) == 4
    # of a database that was put back
    assert (await ask(witnesses, 7)).ahead == (("a.test/witness", 9),)
    assert (await ask(witnesses, 9, REWRITTEN)).against == ("a.test/witness",)
    assert (await ask(witnesses, 12)).lines


@pytest.mark.parametrize(
    "app",
    [
        says(200, b""),
        says(200, b"\xff\n"),
        says(200, cosign(HONEST.point(9).text, NAMESAKE, 5).line.encode()),
        says(200, cosign(HONEST.point(8).text, KEY, 5).line.encode()),
        says(200, cosign(HONEST.point(9).text, KEY, 5).line.encode().rstrip()),
        says(200, parse_note(HONEST.note(9).encode()).signatures[0].line.encode()),
        says(200, b"A" * (1 << 17)),
        says(204, b""),
        says(302, b""),
        says(400, b""),
        says(403, b""),
        says(404, b""),
        says(409, b""),
        says(409, b"0\n", "text/x.tlog.size"),
        says(409, b"5\n", "text/plain"),
        says(409, b"-5\n", "text/x.tlog.size"),
        says(409, b"5\n", "text/x.tlog.size"),
        says(422, b""),
        says(500, b""),
    ],
)
async def test_nonsense_is_silence(bureaus, app):
    """The second 409 with size 5 answers a request that says 5: a witness that cannot be."""
    bureaus.put("a.test", app, KEY)
    assert await ask(bureaus.made(), 9) == Asked(silent=("a.test/witness",))


async def test_another_key_s_cosignature_beside_the_right_one_is_left_out(bureaus):
    text = HONEST.point(9).text
    ours = cosign(text, KEY, 5)
    other = cosign(text, SignerKey("b.test", Algorithm.COSIGNATURE, b"b" * 32), 5)
    bureaus.put("a.test", says(200, (other.line + ours.line).encode()), KEY)
    assert (await ask(bureaus.made(), 9)).lines == {str(KEY.verifier): ours.line}


async def test_a_conflict_at_our_size_is_against_us_with_or_without_its_body(bureaus):
    """The standard's first version prescribes no body there; its draft answers 422."""
    for n, app in enumerate(
        (says(409, b""), says(409, b"9\n", "text/x.tlog.size"), says(422, b""))
    ):
        host = f"{n}.test"
        address = bureaus.put(host, app)
        witnesses = bureaus.made()
        witnesses._sizes[HONEST.origin, address.key] = 9
        assert f"{host}/witness" in (await ask(witnesses, 9)).against


async def test_a_proof_that_cannot_be_made_is_told_when_all_have_been_asked(bureaus):
    healthy = bureaus.add("healthy.test")
    bureaus.add("behind.test", seen=(HONEST, 3))

    async def prove(old):
        raise LookupError("no tile")

    witnesses = bureaus.made()
    with pytest.raises(LookupError):
        await witnesses.ask(HONEST.note(9), HONEST.point(9), prove)
    assert parse_checkpoint(healthy.last(HONEST.origin).text).size == 9


async def test_without_witnesses_nobody_is_asked(bureaus):
    assert await ask(bureaus.made(), 9) == Asked()


async def test_no_key_and_no_address_is_logged(bureaus, capfd):
    bureaus.put("a.test", says(500, b""), KEY)
    await ask(bureaus.made(), 9)
    said = "".join(capfd.readouterr())
    assert "a.test/witness" in said
    assert str(KEY.verifier) not in said
    assert "http" not in said


def test_the_setting_names_witnesses_by_key_and_address():
    other = SignerKey("b.test", Algorithm.COSIGNATURE, b"b" * 32)
    pairs = f" {KEY.verifier} https://a.test/w/ ,{other.verifier} http://127.0.0.1:8100"
    assert parse_witnesses(pairs) == (
        WitnessAddress("https://a.test/w", KEY.verifier),
        WitnessAddress("http://127.0.0.1:8100", other.verifier),
    )
    assert parse_witnesses(" ") == ()


@pytest.mark.parametrize(
    "text",
    [
        ",",
        str(KEY.verifier),
        f"{KEY.verifier} ",
        f"{KEY.verifier} a.test",
        f"{KEY.verifier} ftp://a.test",
        f"{KEY.verifier} http://",
        f"{KEY.verifier} http://a.test:99999",
        f"{KEY.verifier} http://a.test/w?x=1",
        f"{KEY.verifier} http://a.test/ b",
        f"{KEY.verifier}  http://a.test",
        f"http://a.test {KEY.verifier}",
        f"{KEY.secret_text} http://a.test",
        f"{LOG_KEY.verifier} http://a.test",
        f"{KEY.verifier} http://a.test,{KEY.verifier} http://b.test",
        f"{KEY.verifier} http://a.test,",
    ],
)
def test_a_setting_that_names_no_witness_is_refused_without_quoting_it(text):
    with pytest.raises(MalformedWitnesses) as refusal:
        parse_witnesses(text)
    said = str(refusal.value)
    assert "PLATFORM_WITNESSES" in said
    assert "PRIVATE" not in said
    assert KEY.verifier.key_id.hex() not in said


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    yield made
    await made.close()


async def test_the_checkpoint_that_is_served_bears_the_witnesses_signatures(world):
    await write(world, 3)
    while await integrate(world.database):
        pass
    first, second = (
        SignerKey(f"{name}.test/witness", Algorithm.COSIGNATURE, name.encode() * 32)
        for name in ("b", "a")
    )
    async with world.database.write() as session:
        head = await session.scalar(select(LogHead).order_by(LogHead.size.desc()).limit(1))
        event = await session.scalar(select(Leaf.event_id).where(Leaf.leaf_index == 0))
        text = Checkpoint(HONEST.origin, head.size, head.root).text
        note = sign(text, [LOG_KEY]).encode().decode()
        session.add(LogCheckpoint(size=head.size, note=note, prev=0))
    for key, at in ((first, 5), (second, 6), (first, 7)):
        async with world.database.write() as session:
            lines = {str(key.verifier): cosign(text, key, at).line}
            await keep_cosignatures(session, head.size, lines)
    stranger = world.client(None)
    served = await stranger.get("/log/checkpoint")
    opened = open_note(served.content, [key.verifier for key in (LOG_KEY, first, second)])
    assert [(one.key.name, one.at) for one in opened.signed] == [
        (LOG_KEY.name, None), ("a.test/witness", 6), ("b.test/witness", 5),
    ]  # fmt: skip
    proof = await stranger.get(f"/api/v1/events/{event}/proof")
    assert proof.json()["checkpoint"] == served.text
