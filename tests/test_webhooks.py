"""Webhooks against a real receiver: signed, tried again, sent at least once, never replayed."""

import asyncio
import hashlib
import hmac
import json
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from random import Random
from uuid import uuid4

import pytest
import uvicorn
from sqlalchemy import insert, select, update
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.alerts.follow import ALERTS
from app.alerts.journal import FindingChange
from app.ledger.follow import catch_up, restart
from app.webhooks import deliver as delivering
from app.webhooks.address import check_url, is_public, public_address
from app.webhooks.deliver import claim, deliver, keep_delivering, outside_client
from app.webhooks.errors import WebhookUrlRefused
from app.webhooks.fill import MOST_AT_ONCE, MOST_TOLD, fill_outboxes
from app.webhooks.models import WebhookDelivery, WebhookEndpoint
from app.webhooks.signed import FIRST_PAUSE_S, LONGEST_PAUSE_S, MOST_ATTEMPTS, pause
from app.webhooks.try_out import MOST_IN_AN_HOUR
from tests.world import LUQUAN, STATION, XINJI, make_world

API = "/api/v1/webhooks"


@dataclass
class Receiver:
    """Another system's server: answers what it is told to, keeps what it was sent."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    holding: asyncio.Event | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: Request) -> Response:
        self.got.append((dict(request.headers), await request.body()))
        self.arrived.set()
        if self.holding:
            await self.holding.wait()
        status = self.answers.pop(0) if self.answers else 204
        return RedirectResponse("/elsewhere", status) if status == 307 else Response(status_code=status)  # fmt: skip

    def verified(self, secret: str) -> list[str]:
        """The delivery ids of all that is signed with the secret, as a receiver would check."""
        found = []
        for headers, body in self.got:
            signed = headers["x-platform-timestamp"].encode() + b"." + body
            wanted = "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
            assert hmac.compare_digest(wanted, headers["x-platform-signature"])
            assert json.loads(body)["delivery"] == headers["x-platform-delivery"]
            found.append(headers["x-platform-delivery"])
        return found


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    made.app.state.settings = made.app.state.settings.model_copy(
        update={"webhook_allow_private": True}
    )
    yield made
    await made.close()


@asynccontextmanager
async def serving(made: Receiver):
    """Let a receiver listen."""
    routes = [Route("/hook", made.take, methods=["POST"]), Route("/elsewhere", made.take, methods=["POST"])]  # fmt: skip
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="warning"))
    task = asyncio.create_task(server.serve([listening]))
    made.url = f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
    try:
        yield
    finally:
        if made.holding:
            made.holding.set()
        server.should_exit = True
        await task


@pytest.fixture
async def receiver():
    made = Receiver()
    async with serving(made):
        yield made


@pytest.fixture(autouse=True)
async def nothing_from_before(database):
    yield
    async with database.write() as session:
        await session.execute(update(WebhookEndpoint).values(ended_at=datetime.now(UTC)))
        await session.execute(
            update(WebhookDelivery).where(WebhookDelivery.state == "waiting").values(state="dead")
        )


async def register(world, url: str, *, by: str = "county", area: str = LUQUAN, **more):
    return await world.client(by).post(API, json={"url": url, "area": area, **more})


async def an_alert(world) -> None:
    [bag] = await world.issue_labels(1)
    await world.event("collect", bag, mass_g=5_000)
    await world.event("depart", bag, destination=STATION)
    await world.event("arrive", bag, site=STATION, mass_g=4_000)
    await catch_up(world.database, (ALERTS,))


async def send_due(database, now: datetime) -> int:
    while await fill_outboxes(database, now):
        pass
    async with outside_client() as client:
        return await deliver(database, client, allow_private=True, now=now)


async def deliveries(database, endpoint: str) -> list[WebhookDelivery]:
    async with database.read() as session:
        query = select(WebhookDelivery).where(WebhookDelivery.endpoint == endpoint)
        return list(await session.scalars(query.order_by(WebhookDelivery.id)))


async def test_a_message_is_signed_and_tried_again_until_it_is_taken(world, database, receiver):
    made = (await register(world, receiver.url, rules=["weight-difference"])).json()
    receiver.answers = [500, 307]
    await an_alert(world)
    now = datetime.now(UTC)
    assert await send_due(database, now) == 1
    [waiting] = await deliveries(database, made["id"])
    assert (waiting.state, waiting.attempts, waiting.answer) == ("waiting", 1, "HTTP 500")
    assert await send_due(database, now + timedelta(seconds=5)) == 0, "not before its time"
    assert await send_due(database, now + timedelta(minutes=2)) == 1, "a redirect is not followed"
    assert await send_due(database, now + timedelta(minutes=9)) == 1
    ids = receiver.verified(made["secret"])
    assert len(ids) == 3
    assert len(set(ids)) == 1
    [sent] = await deliveries(database, made["id"])
    assert (sent.state, sent.attempts, sent.answer) == ("sent", 3, "HTTP 204")
    [alert] = json.loads(receiver.got[0][1])["alerts"]
    assert alert["state"] == "open"
    assert (await world.client("county").get(alert["href"])).status_code == 200
    assert await send_due(database, now + timedelta(days=2)) == 0


async def test_a_process_that_dies_after_sending_leaves_it_to_the_next(world, database, receiver):
    made = (await register(world, receiver.url, rules=["weight-difference"])).json()
    await an_alert(world)
    now = datetime.now(UTC)
    while await fill_outboxes(database, now):
        pass
    receiver.holding = asyncio.Event()
    async with outside_client() as client:
        dying = asyncio.create_task(deliver(database, client, allow_private=True, now=now))
        await receiver.arrived.wait()
        dying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dying
    receiver.holding.set()
    receiver.holding = None
    assert await claim(database, now + timedelta(seconds=30)) == [], "the claim still holds"
    assert await send_due(database, now + timedelta(minutes=2)) == 1
    first, second = receiver.verified(made["secret"])
    assert first == second
    [sent] = await deliveries(database, made["id"])
    assert sent.state == "sent"


async def test_what_is_never_taken_is_dead_in_the_end_and_shown(world, database, receiver):
    made = (await register(world, receiver.url, rules=["weight-difference"])).json()
    receiver.answers = [503] * MOST_ATTEMPTS
    await an_alert(world)
    now = datetime.now(UTC)
    for n in range(MOST_ATTEMPTS + 3):
        await send_due(database, now + timedelta(hours=8 * n))
    assert len(receiver.got) == MOST_ATTEMPTS
    listed = (await world.client("county").get(API)).json()["items"]
    assert next(one for one in listed if one["id"] == made["id"])["dead"] == 1
    path = f"{API}/{made['id']}/deliveries"
    [shown] = (await world.client("county").get(path, params={"state": "dead"})).json()["items"]
    assert (shown["attempts"], shown["answer"], shown["next_at"]) == (12, "HTTP 503", None)
    assert "secret" not in json.dumps(listed)


async def test_one_who_does_not_answer_in_time_is_tried_again(
    world, database, receiver, monkeypatch
):
    monkeypatch.setattr(delivering, "TIMEOUT_S", 0.3)
    made = (await register(world, receiver.url, rules=["weight-difference"])).json()
    receiver.holding = asyncio.Event()
    await an_alert(world)
    await send_due(database, datetime.now(UTC))
    [waiting] = await deliveries(database, made["id"])
    assert (waiting.state, "没有回应" in waiting.answer) == ("waiting", True)


async def test_a_rebuild_replays_nothing_and_a_new_address_gets_no_past(world, database, receiver):
    await an_alert(world)
    made = (await register(world, receiver.url)).json()
    assert await send_due(database, datetime.now(UTC)) == 0
    await an_alert(world)
    assert await send_due(database, datetime.now(UTC)) > 0
    sent = len(receiver.got)
    await restart(database, ALERTS)
    await catch_up(database, (ALERTS,))
    assert await send_due(database, datetime.now(UTC) + timedelta(hours=1)) == 0
    assert len(receiver.got) == sent
    assert {d.state for d in await deliveries(database, made["id"])} == {"sent"}


async def test_an_address_hears_of_its_area_alone(world, database, receiver):
    made = (await register(world, receiver.url, by="plant_county", area=XINJI)).json()
    await an_alert(world)
    assert await send_due(database, datetime.now(UTC)) == 0
    assert await deliveries(database, made["id"]) == []


async def test_an_ended_address_gets_nothing_more(world, database, receiver):
    made = (await register(world, receiver.url, rules=["weight-difference"])).json()
    await an_alert(world)
    while await fill_outboxes(database, datetime.now(UTC)):
        pass
    ended = await world.client("county").delete(f"{API}/{made['id']}")
    assert ended.status_code == 204
    assert await send_due(database, datetime.now(UTC)) == 0
    assert receiver.got == []


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/x", "ftp://example.org/x", "https://", "https://a b/", "x",
        "https://127.0.0.1/x", "https://localhost/x", "https://10.1.2.3/x", "https://[::1]/x",
        "https://169.254.169.254/latest", "https://[::ffff:10.0.0.1]/x", "https://[fd00::1]/x",
        "https://[64:ff9b::a00:1]/x", "https://[::127.0.0.1]/x", "https://[64:ff9b:1::1]/x",
        "https://[fec0::1]/x", "https://[2002:7f00:1::]/x", "https://[::]/x",
        "https://100.64.0.1/x", "https://user:pw@example.org/x", "https://example.org/#x",
        "http://127.0.0.1/x", "https://example.org:99999/x", "https://" + "a" * 600 + ".org/",
    ],
)  # fmt: skip
def test_an_address_that_is_not_https_or_leads_inside_is_refused(url):
    with pytest.raises(WebhookUrlRefused):
        check_url(url, allow_private=False)


def test_a_public_https_address_is_taken():
    check_url("https://hooks.example.org:8443/a?b=c", allow_private=False)
    assert is_public(ip_address("8.8.8.8"))
    assert not is_public(ip_address("224.0.0.1"))


@pytest.mark.parametrize("host", ["localhost", "0x7f000001", "2130706433", "127.1", "0"])
async def test_a_name_that_leads_inside_is_refused_when_it_is_looked_up(host):
    with pytest.raises(WebhookUrlRefused):
        await public_address(host, 443, allow_private=False)


async def test_registering_is_refused_by_name(world, database):
    settings = world.app.state.settings
    world.app.state.settings = settings.model_copy(update={"webhook_allow_private": False})
    inside = await register(world, "https://192.168.1.1/x")
    world.app.state.settings = settings
    assert (inside.status_code, inside.json()["type"]) == (422, "/problems/webhook-url-refused")
    outside = await register(world, "https://hooks.example.org/x", area=XINJI)
    assert (outside.status_code, outside.json()["type"]) == (404, "/problems/not-found")
    unknown = await register(world, "https://hooks.example.org/x", rules=["no-such"])
    assert unknown.json()["errors"][0]["pointer"] == "/rules"
    for _ in range(10):
        made = await register(world, "https://hooks.example.org/x")
        assert made.status_code == 201
    over = await register(world, "https://hooks.example.org/x")
    assert (over.status_code, over.json()["type"]) == (409, "/problems/too-many-webhooks")


def test_pauses_double_up_to_a_bound_with_jitter():
    rng = Random(3)
    pauses = [pause(n, rng) for n in range(1, MOST_ATTEMPTS + 1)]
    assert pauses[-1] is None
    for n, found in enumerate(pauses[:-1]):
        usual = min(FIRST_PAUSE_S * 2**n, LONGEST_PAUSE_S)
        assert 0.75 * usual <= found.total_seconds() <= 1.25 * usual


def checked_by_openssl(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Check a signature with a program that shares nothing with us, as docs/alerts.md says."""
    signed = headers["x-platform-timestamp"].encode() + b"." + body
    said = subprocess.run(
        ["openssl", "dgst", "-sha256", "-hmac", secret],
        input=signed,
        capture_output=True,
        check=True,
    )
    return said.stdout.decode().split()[-1] == headers["x-platform-signature"].removeprefix(
        "sha256="
    )


async def test_another_program_checks_the_signature(world, database, receiver):
    made = (await register(world, receiver.url, rules=["weight-difference"])).json()
    await an_alert(world)
    await send_due(database, datetime.now(UTC))
    [(headers, body)] = receiver.got
    assert checked_by_openssl(made["secret"], headers, body)
    assert not checked_by_openssl(made["secret"], headers, body + b" ")
    assert not checked_by_openssl("another", headers, body)


async def test_what_one_instant_brought_is_one_message_however_much_it_is(
    world, database, receiver
):
    """The fifth of a month finds all silent points of the province at once."""
    made = (await register(world, receiver.url, rules=["silent-point"])).json()
    at = datetime.now(UTC)

    async def changes(count: int, at: datetime) -> None:
        rows = [
            {
                "finding": uuid4(), "change": "opened", "at": at, "leaf_index": None,
                "rule": "silent-point", "subject": f"130110-P{n:04}", "window": "2026-05",
                "opening": 1, "county": LUQUAN, "site": None, "seen_by": [LUQUAN],
            }
            for n in range(count)
        ]  # fmt: skip
        async with database.write() as session:
            await session.execute(insert(FindingChange), rows)

    await changes(10, at - timedelta(hours=1))
    await changes(MOST_AT_ONCE + 500, at)
    await changes(1, at + timedelta(hours=1))
    assert await send_due(database, datetime.now(UTC)) == 3
    bodies = sorted((json.loads(body) for _, body in receiver.got), key=lambda b: b["count"])
    assert [body["count"] for body in bodies] == [1, 10, MOST_AT_ONCE + 500]
    assert len(bodies[-1]["alerts"]) == MOST_TOLD
    assert len(set(receiver.verified(made["secret"]))) == 3


async def test_a_paused_address_gets_what_waited_once_it_goes_on(world, database, receiver):
    made = (await register(world, receiver.url, rules=["weight-difference"])).json()
    at, county = f"{API}/{made['id']}", world.client("county")
    assert (await county.post(f"{at}/pause")).json()["paused_at"] is not None
    await an_alert(world)
    assert await send_due(database, datetime.now(UTC)) == 0
    listed = (await county.get(API)).json()["items"]
    assert next(one for one in listed if one["id"] == made["id"])["waiting"] == 1
    assert (await county.post(f"{at}/resume")).json()["paused_at"] is None
    assert await send_due(database, datetime.now(UTC)) == 1
    assert len(receiver.verified(made["secret"])) == 1


async def test_what_was_never_taken_is_sent_again_when_somebody_asks(world, database, receiver):
    made = (await register(world, receiver.url, rules=["weight-difference"])).json()
    receiver.answers = [500] * MOST_ATTEMPTS
    await an_alert(world)
    now = datetime.now(UTC)
    for n in range(MOST_ATTEMPTS):
        await send_due(database, now + timedelta(hours=8 * n))
    county = world.client("county")
    assert (await county.post(f"{API}/{made['id']}/send-again")).json() == {"count": 1}
    assert await send_due(database, datetime.now(UTC)) == 1
    assert [d.state for d in await deliveries(database, made["id"])] == ["sent"]
    assert len(set(receiver.verified(made["secret"]))) == 1, "the same message, under the same id"
    assert (await county.post(f"{API}/{made['id']}/send-again")).json() == {"count": 0}


async def test_a_test_is_sent_at_once_and_not_again(world, database, receiver):
    made = (await register(world, receiver.url)).json()
    at, county = f"{API}/{made['id']}", world.client("county")
    sent = await county.post(f"{at}/test")
    assert (sent.status_code, sent.json()["state"], sent.json()["answer"]) == (
        201,
        "sent",
        "HTTP 204",
    )
    receiver.answers = [500]
    failed = (await county.post(f"{at}/test")).json()
    assert (failed["state"], failed["answer"], failed["rule"]) == ("dead", "HTTP 500", "test")
    assert await send_due(database, datetime.now(UTC) + timedelta(days=1)) == 0
    assert len(receiver.verified(made["secret"])) == 2
    assert json.loads(receiver.got[0][1])["alerts"] == []
    for _ in range(MOST_IN_AN_HOUR - 2):
        assert (await county.post(f"{at}/test")).status_code == 201
    over = await county.post(f"{at}/test")
    assert (over.status_code, over.json()["type"]) == (409, "/problems/too-many-webhook-tests")
    assert (await county.delete(at)).status_code == 204
    for act in ("test", "pause", "resume", "send-again"):
        ended = await county.post(f"{at}/{act}")
        assert (ended.status_code, ended.json()["type"]) == (409, "/problems/webhook-ended")


async def test_who_never_answers_holds_up_nobody_else(world, database, receiver):
    stuck = Receiver(holding=asyncio.Event())
    async with serving(stuck):
        await register(world, stuck.url, rules=["weight-difference"])
        await register(world, receiver.url, rules=["weight-difference"])
        for _ in range(8):
            await an_alert(world)
        running = asyncio.create_task(keep_delivering(database, allow_private=True))
        try:
            async with asyncio.timeout(delivering.TIMEOUT_S - 1):
                while len(receiver.got) < 8:  # noqa: ASYNC110  what arrives elsewhere has no event of ours
                    await asyncio.sleep(0.1)
            assert len(stuck.got) == delivering.MOST_OF_ONE
        finally:
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running


async def test_an_answer_without_end_is_not_read(world, database):
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65_536)
                await writer.drain()
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(endless, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        made = await register(world, f"http://127.0.0.1:{port}/", rules=["weight-difference"])
        await an_alert(world)
        async with asyncio.timeout(5):
            await send_due(database, datetime.now(UTC))
    [sent] = await deliveries(database, made.json()["id"])
    assert (sent.state, sent.answer) == ("sent", "HTTP 200")


SENDING = """
import asyncio, sys
from datetime import datetime
from app.db import Database
from app.webhooks.deliver import deliver, outside_client
from app.webhooks.fill import MOST_AT_ONCE, MOST_TOLD, fill_outboxes

async def main(url, at):
    database, now = Database(url), datetime.fromisoformat(at)
    while await fill_outboxes(database, now):
        pass
    async with outside_client() as client:
        print(await deliver(database, client, allow_private=True, now=now))
    await database.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_process_that_is_killed_while_it_sends_loses_nothing(
    world, database, database_urls, receiver
):
    """SIGKILL between the receiver's having the message and our knowing that it has."""

    async def sending(at: datetime) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-c", SENDING, database_urls["app"], at.isoformat(),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip

    made = (await register(world, receiver.url, rules=["weight-difference"])).json()
    await an_alert(world)
    receiver.holding = asyncio.Event()
    now = datetime.now(UTC)
    dying = await sending(now)
    await receiver.arrived.wait()
    dying.kill()
    await dying.wait()
    receiver.holding.set()
    receiver.holding = None
    early = await sending(now + timedelta(seconds=30))
    assert (await early.communicate())[0].strip() == b"0", "another process leaves the claim alone"
    later = await sending(now + timedelta(minutes=2))
    assert (await later.communicate())[0].strip() == b"1"
    first, second = receiver.verified(made["secret"])
    assert first == second, "a receiver that keeps ids takes it once"
    [sent] = await deliveries(database, made["id"])
    assert (sent.state, sent.attempts) == ("sent", 2)
