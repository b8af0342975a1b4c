"""Webhooks against a real receiver: signed, tried again, sent at least once, never replayed."""

import asyncio
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from random import Random

import pytest
import uvicorn
from sqlalchemy import select, update
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.alerts.follow import ALERTS
from app.ledger.follow import catch_up, restart
from app.webhooks import deliver as delivering
from app.webhooks.address import check_url, is_public, public_address
from app.webhooks.deliver import claim, deliver, outside_client
from app.webhooks.errors import WebhookUrlRefused
from app.webhooks.fill import fill_outboxes
from app.webhooks.models import WebhookDelivery, WebhookEndpoint
from app.webhooks.signed import FIRST_PAUSE_S, LONGEST_PAUSE_S, MOST_ATTEMPTS, pause
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


@pytest.fixture
async def receiver():
    import socket

    made = Receiver()
    routes = [Route("/hook", made.take, methods=["POST"]), Route("/elsewhere", made.take, methods=["POST"])]  # fmt: skip
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="warning"))
    serving = asyncio.create_task(server.serve([listening]))
    made.url = f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
    yield made
    if made.holding:
        made.holding.set()
    server.should_exit = True
    await serving


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
        "https://[64:ff9b::a00:1]/x", "https://user:pw@example.org/x", "https://example.org/#x",
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


async def test_a_name_that_leads_inside_is_refused_when_it_is_looked_up():
    with pytest.raises(WebhookUrlRefused):
        await public_address("localhost", 443, allow_private=False)


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
