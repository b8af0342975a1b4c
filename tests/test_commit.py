"""What was not committed is never called a success, and a database that is away is a 503."""

import asyncio
import socket
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url
from structlog.testing import capture_logs

from app.auth.models import ApiToken
from app.batches.models import Label
from app.config import Settings
from app.db import is_away
from app.events.record import record
from app.main import create_app
from tests.conftest import in_database
from tests.recording import (
    caller_of,
    make_wide_world,
    odd_labels,
    post_raw,
    refused_so_far,
    written,
)

RAISE = "RAISE EXCEPTION 'disk full, say' USING ERRCODE = '{}'"
KILL = "PERFORM pg_terminate_backend(pg_backend_pid())"


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    yield made
    await made.close()


@pytest.fixture(autouse=True)
def _faults_are_logged_unseen():
    with capture_logs():
        yield


@pytest.fixture
def failing_commit(database_urls):
    """Make every commit that inserted into a table do something else instead."""

    @asynccontextmanager
    async def failing(table: str, deed: str):
        owner = await asyncpg.connect(database_urls["owner"])
        await owner.execute(
            "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
            f" $$ BEGIN {deed}; RETURN NULL; END $$"
        )
        await owner.execute(
            f"CREATE CONSTRAINT TRIGGER spoil AFTER INSERT ON {table}"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION spoil()"
        )
        try:
            yield
        finally:
            await owner.execute(f"DROP TRIGGER spoil ON {table}")
            await owner.execute("DROP FUNCTION spoil()")
            await owner.close()

    return failing


DEEDS = {
    "disk full": (RAISE.format("53100"), 503),
    "backend killed": (KILL, 503),
    "a fault of ours": (RAISE.format("P0001"), 500),
    "a serialization failure for ever": (RAISE.format("40001"), 503),
}


@pytest.mark.parametrize("name", DEEDS)
async def test_a_failing_commit_of_an_event_is_never_a_success(world, failing_commit, name):
    deed, status = DEEDS[name]
    [bag] = await odd_labels(world.database)
    body = world.body("hand_in", bag, note="一")
    before = await written(world.database)
    queue = {"device": {"id": "p"}, "events": [body]}
    async with failing_commit("event", deed):
        for path, sent in (("events", body), ("capture", queue)):
            answer = await world.client("collector").post(f"/api/v1/{path}", json=sent)
            assert answer.status_code == status, answer.text
            assert answer.headers["content-type"].startswith("application/problem+json")
            assert ("retry-after" in answer.headers) == (status == 503)
            assert "没有保存" in answer.json()["detail"]
        with pytest.raises(Exception):  # noqa: B017
            await record(
                world.database, caller_of(world, "collector"), [body], now=world.tick(hours=0)
            )
    assert await written(world.database) == before
    assert (await world.post(body)).status_code == 201


@pytest.mark.parametrize("name", DEEDS)
async def test_a_failing_commit_behind_writing_is_never_a_success(world, failing_commit, name):
    deed, status = DEEDS[name]

    async def tokens():
        async with world.database.read() as session:
            return len((await session.scalars(select(ApiToken.id))).all())

    async def labels():
        async with world.database.read() as session:
            return len((await session.scalars(select(Label.code))).all())

    for table, path, body, count in (
        ("api_token", "tokens", {"name": "接口", "expires_in_days": 7}, tokens),
        ("label", "labels", {"county": "130110", "kind": "bag", "count": 3}, labels),
    ):
        before = await count()
        async with failing_commit(table, deed):
            answer = await world.client("county").post(f"/api/v1/{path}", json=body)
            assert answer.status_code == status, answer.text
            assert answer.headers["content-type"].startswith("application/problem+json")
            assert "set-cookie" not in answer.headers
        assert await count() == before
        answer = await world.client("county").post(f"/api/v1/{path}", json=body)
        assert answer.status_code == 201


async def test_a_refusal_that_cannot_be_kept_is_not_answered_as_one(world, failing_commit):
    body = world.body("hand_in", "130110")
    before = await refused_so_far(world.database)
    async with failing_commit("refusal", RAISE.format("53100")):
        assert (await world.post(body)).status_code == 503
    assert await refused_so_far(world.database) == before
    assert (await world.post(body)).status_code == 422


async def test_a_database_that_is_away_is_503_and_says_when_to_come_back(world):
    app = create_app("postgresql://nobody@127.0.0.1:1/nothing", Settings())
    headers = world.client("collector").headers
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://ny.test", headers=headers
    ) as client:
        body = world.body("hand_in", "130110")
        for answer in (
            await client.post("/api/v1/events", json=body),
            await client.post("/api/v1/capture", json={"device": {"id": "p"}, "events": [body]}),
            await client.get("/api/v1/refusals"),
            await client.get("/readyz"),
        ):
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["retry-after"]) > 0
            assert answer.headers["content-type"].startswith("application/problem+json")
        assert (await client.get("/healthz")).status_code == 200
    await app.state.database.close()


async def test_a_server_that_falls_silent_in_the_middle_is_503_too(
    world, database_urls, monkeypatch
):
    monkeypatch.setattr("app.db.GRACE_S", 0.3)
    address = make_url(database_urls["app"])
    silent = asyncio.Event()

    async def relay(reader, writer):
        while data := await reader.read(65_536):
            if not silent.is_set():
                writer.write(data)
        writer.close()

    async def connected(reader, writer):
        there = await asyncio.open_connection(address.host, address.port)
        await asyncio.gather(relay(reader, there[1]), relay(there[0], writer))

    line = await asyncio.start_server(connected, "127.0.0.1", 0)
    through = address.set(host="127.0.0.1", port=line.sockets[0].getsockname()[1])
    app = create_app(
        through.render_as_string(hide_password=False), Settings(statement_timeout_ms=200)
    )
    [bag] = await odd_labels(world.database)
    body = world.body("hand_in", bag)
    headers = world.client("collector").headers
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://ny.test", headers=headers
    ) as client:
        assert (await client.get("/api/v1/me")).status_code == 200
        silent.set()
        async with asyncio.timeout(30):
            answer = await client.post("/api/v1/events", json=body)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        silent.clear()
        assert (await world.post(body)).status_code == 201
    await app.state.database.close()
    line.close()


def test_no_route_to_any_of_a_host_s_addresses_is_away_but_a_missing_file_is_not():
    assert is_away(OSError("Multiple exceptions: [Errno 111] ::1, [Errno 111] 127.0.0.1"))
    assert is_away(OSError(113, "No route to host"))
    assert is_away(socket.gaierror(-2, "Name or service not known"))
    assert not is_away(FileNotFoundError(2, "No such file", "/etc/x"))


async def test_after_its_connections_were_cut_the_platform_goes_on(world, server, database_urls):
    [bag] = await odd_labels(world.database)
    body = world.body("hand_in", bag)
    await asyncio.gather(*(world.client("collector").get("/api/v1/refusals") for _ in range(5)))
    name = database_urls["owner"].rsplit("/", 1)[1]
    owner = await asyncpg.connect(in_database(server["owner"], name))
    await owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE datname = '{name}' AND pid <> pg_backend_pid() AND usename = current_user"
    )
    await owner.close()
    statuses = []
    for _ in range(4):
        answer = await world.post(body)
        statuses.append(answer.status_code)
        if answer.status_code in (200, 201):
            break
        assert answer.status_code == 503, answer.text
    assert statuses[-1] in (200, 201), statuses
    ready = await post_raw(world, "collector", b"{}")
    assert ready.status_code == 422
