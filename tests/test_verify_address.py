"""The auditor's tool at a live address: with an auditor's rights, as anyone, and where the answers lie."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import uvicorn

from app.transparency.keys import Algorithm, SignerKey
from app.transparency.receipt import parse_receipt
from tests.people import PASSWORD
from tests.verifying import ORIGIN, make_log, parsed, resigned, run, verify


@pytest.fixture(scope="module")
async def log(database, tmp_path_factory):
    made = await make_log(database, tmp_path_factory.mktemp("log"))
    yield made
    await made.close()


@asynccontextmanager
async def listening(app):
    """Put an application behind a real socket; yield its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve([listener]))
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
            await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await serving


@pytest.fixture
async def address(log):
    async with listening(log.world.app) as at:
        yield at


@pytest.fixture(scope="module")
async def token(log):
    body = {"name": "核验", "expires_in_days": 1}
    answer = await log.world.client("auditor").post("/api/v1/tokens", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["token"]


async def asked(*arguments):
    return await asyncio.to_thread(run, *arguments)


def lying(app, path, change):
    """Return an application that answers as another, but for the bytes of one path."""

    async def front(scope, receive, send):
        if not scope["path"].startswith(path):
            await app(scope, receive, send)
            return
        held = []

        async def hold(message):
            held.append(message)

        await app(scope, receive, hold)
        body = change(b"".join(one.get("body", b"") for one in held[1:]))
        start = held[0]
        start["headers"] = [h for h in start["headers"] if h[0] != b"content-length"]
        await send(start)
        await send({"type": "http.response.body", "body": body})

    return front


async def test_an_auditor_verifies_all_of_it(log, address, token, monkeypatch, tmp_path):
    outcome = await asked(address, "--token", token)
    assert outcome.code == 0, outcome.said
    years = log.world.clock.year - 2020 + 1
    assert f"{6 * years} reports" in outcome.said, outcome.said
    monkeypatch.setenv("VERIFY_TOKEN", token)
    assert (await asked(f"{address}/")).code == 0
    monkeypatch.delenv("VERIFY_TOKEN")
    monkeypatch.setenv("VERIFY_PASSWORD", PASSWORD)
    assert (await asked(address, "--user", "auditor")).code == 0


async def test_who_may_not_read_the_log_is_told_what_would_open_it(log, address, monkeypatch):
    monkeypatch.delenv("VERIFY_TOKEN", raising=False)
    outcome = await asked(address)
    assert outcome.code == 2
    assert all(way in outcome.said for way in ("--token", "--user", "--public"))
    assert (await asked(address, "--token", "nonsense")).code == 2
    monkeypatch.setenv("VERIFY_PASSWORD", "wrong")
    assert (await asked(address, "--user", "auditor")).code == 2
    monkeypatch.setenv("VERIFY_PASSWORD", PASSWORD)
    refused = await asked(address, "--user", "county")
    assert refused.code == 2
    assert "403" in refused.said


async def test_an_address_that_is_away_or_something_else_is_not_checked():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    assert (await asked(nobody, "--public")).code == 2

    async def moved(_scope, _receive, send):
        headers = [(b"location", b"http://elsewhere.test/")]
        await send({"type": "http.response.start", "status": 302, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def shop(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"<html>"})

    async with listening(moved) as at:
        assert (await asked(at, "--public")).code == 2
    async with listening(shop) as at:
        assert (await asked(at, "--public")).code == 1


async def test_anyone_verifies_what_is_public(log, address, tmp_path):
    lines = await log.lines()
    answer = await log.world.client("auditor").get(f"/api/v1/events/{json.loads(lines[21])[2]}")
    receipt, kept = tmp_path / "receipt", tmp_path / "kept"
    receipt.write_text(answer.json()["receipt"], encoding="utf-8")
    kept.write_text(json.loads(next(iter(log.exports.values()))[0])["checkpoint"], encoding="utf-8")
    key = log.places.signer.ring().current.verifier
    outcome = await asked(
        address, receipt, "--public", "--checkpoint", kept, "--key", key,
        "--witness", log.witness.key.verifier,
    )  # fmt: skip
    assert outcome.code == 0, outcome.said
    assert "leaf 20" in outcome.said
    assert "what is recorded" in outcome.said, "it says what it did not look at"
    assert (await asked(address, "--public")).code == 0
    stranger = SignerKey(ORIGIN, Algorithm.ED25519, b"s" * 32).verifier
    assert (await asked(address, "--public", "--key", stranger)).code == 1
    other = SignerKey("other.test/w", Algorithm.COSIGNATURE, b"s" * 32).verifier
    assert (await asked(address, "--public", "--witness", other)).code == 1
    promise = parse_receipt(answer.json()["receipt"].split("\n\n")[0] + "\n")
    assert promise.due - promise.recorded_at == timedelta(hours=24)


def first_byte_flipped(body):
    return bytes([body[0] ^ 1]) + body[1:]


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/log/checkpoint", lambda body: body.replace(b"\n", b"0\n", 2)),
        ("/log/checkpoint", lambda body: body[:-60] + b"A" * 60),
        ("/log/checkpoint", lambda _: b""),
        ("/log/tile/0", first_byte_flipped),
        ("/log/tile/0", lambda body: body[:-32]),
        ("/api/v1/log/keys", lambda body: body.replace(b'"valid_from":"2', b'"valid_from":"1')),
        ("/api/v1/log/keys", lambda body: body.replace(b"keys", b"kexs")),
        ("/api/v1/log/keys", lambda _: b'{"items": [{}]}'),
        ("/api/v1/log/keys", lambda _: b'{"items": []}'),
    ],
)
async def test_public_answers_that_lie_are_found(log, path, change):
    async with listening(lying(log.world.app, path, change)) as at:
        outcome = await asked(at, "--public")
    assert outcome.code == 1, outcome.said


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/log/checkpoint", lambda body: body.replace(b"\n", b"0\n", 2)),
        ("/log/keys", lambda body: body.replace(b"+00:00 ", b"+00:01 ")),
        ("/log/keys", lambda body: body.replace(b"+A", b"+B")),
        ("/log/export", lambda body: body[:-100]),
        ("/log/export", lambda body: body.replace(b'"collect"', b'"store"', 1)),
        ("/api/v1/reports/recovery", lambda body: body.replace(b'"opening_g":0', b'"opening_g":1', 1)),
        ("/api/v1/reports/recovery", lambda body: json.dumps({**json.loads(body), "rows": []}).encode()),
    ],
)  # fmt: skip
async def test_an_auditor_finds_answers_that_lie(log, token, path, change):
    async with listening(lying(log.world.app, path, change)) as at:
        outcome = await asked(at, "--token", token)
    assert outcome.code == 1, outcome.said


async def test_a_report_that_says_something_else_than_the_log_is_found(log, token):
    """The database's sums and the report agree with each other, not with the leaves."""
    lines = await log.lines()
    head, *rest = parsed(lines)
    assert head["leaves"] == sum(line[0] == "leaf" for line in rest)

    def another(leaf):
        leaf["stamps"]["actor"] = leaf["event"]["id"]

    ring = log.places.signer.ring()
    other = "".join(resigned(lines, 30, another, [ring.current])).encode()
    app = lying(log.world.app, "/log/export", lambda _: other)
    async with listening(app) as at:
        outcome = await asked(at, "--token", token)
    assert outcome.code == 1
    assert "/log/checkpoint" in outcome.said


def test_tiles_have_the_paths_of_the_standard():
    assert verify.tile_path(0, 0, 256) == "/log/tile/0/000"
    assert verify.tile_path(1, 1_234_067, 256) == "/log/tile/1/x001/x234/067"
    assert verify.tile_path(0, 1_000, 3) == "/log/tile/0/x001/000.p/3"
    assert verify.tile_path(2, 70, 9) == "/log/tile/2/070.p/9"


async def test_a_signer_that_refuses_is_told(log, address, token):
    class Refusing:
        why = ("数据库被恢复到旧的时点", "the database was restored")

    log.world.app.state.signer = Refusing()
    try:
        for way in (("--token", token), ("--public",)):
            outcome = await asked(address, *way)
            assert outcome.code == 1
            assert "the database was restored" in outcome.said
    finally:
        log.world.app.state.signer = None
