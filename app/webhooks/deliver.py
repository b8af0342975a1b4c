"""Send what waits in the outboxes: at least once, outside any transaction.

A message is first claimed for a while, then sent, then marked. A process that dies between sending
and marking leaves the claim to run out, and another sends it again under the same delivery id.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database, is_away
from app.ids import SYSTEM
from app.logging import log
from app.orm import among
from app.webhooks.address import HTTP_PORT, HTTPS_PORT, check_url, public_address
from app.webhooks.errors import WebhookUrlRefused
from app.webhooks.fill import fill_outboxes
from app.webhooks.models import TEST, WebhookDelivery, WebhookEndpoint
from app.webhooks.signed import headers_of, pause

TIMEOUT_S = 10.0
CLAIMED_FOR = timedelta(minutes=1)
MOST_AT_ONCE = 40
MOST_OF_ONE = 5
"""Messages of one address at a time: one that does not answer must not hold up the others."""
PAUSE_S = 1.0
AFTER_A_FAULT_S = 10.0


@dataclass(frozen=True)
class Message:
    """A claimed message with what is needed to send it."""

    id: UUID
    endpoint: UUID
    url: str
    secret: bytes
    rule: str
    body: str
    attempts: int
    """This one included."""


@dataclass(frozen=True)
class Answer:
    """What came of an attempt."""

    taken: bool
    said: str


async def claim(
    database: Database,
    now: datetime,
    *,
    most: int = MOST_AT_ONCE,
    but: Collection[UUID] = (),
) -> list[Message]:
    """Claim messages that are due; until the claim runs out no other process sends them.

    `but` are addresses that have enough under way.
    """
    async with database.write() as session:
        ids = await _due(session, now, most, but)
        if not ids:
            return []
        rows = await session.execute(
            update(WebhookDelivery)
            .where(among(WebhookDelivery.id, ids), WebhookEndpoint.id == WebhookDelivery.endpoint)
            .values(attempts=WebhookDelivery.attempts + 1, next_at=now + CLAIMED_FOR)
            .returning(
                WebhookDelivery.id,
                WebhookDelivery.endpoint,
                WebhookEndpoint.url,
                WebhookEndpoint.secret,
                WebhookDelivery.rule,
                WebhookDelivery.body,
                WebhookDelivery.attempts,
            )
        )
        return [Message(*row) for row in rows]


async def _due(
    session: AsyncSession, now: datetime, most: int, but: Collection[UUID]
) -> Sequence[UUID]:
    nth = func.row_number().over(
        partition_by=WebhookDelivery.endpoint,
        order_by=(WebhookDelivery.next_at, WebhookDelivery.id),
    )
    due = (
        select(WebhookDelivery.id, nth.label("nth"))
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint)
        .where(
            WebhookDelivery.state == "waiting",
            WebhookDelivery.next_at <= now,
            WebhookEndpoint.paused_at.is_(None),
            ~among(WebhookDelivery.endpoint, but),
        )
        .subquery()
    )
    query = (
        select(WebhookDelivery.id)
        .where(
            WebhookDelivery.id.in_(select(due.c.id).where(due.c.nth <= MOST_OF_ONE)),
            WebhookDelivery.state == "waiting",
            WebhookDelivery.next_at <= now,
        )
        .order_by(WebhookDelivery.next_at, WebhookDelivery.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(query)).all()


async def send(
    client: httpx.AsyncClient, message: Message, *, allow_private: bool, now: datetime
) -> Answer:
    """Post one message to the address that its host has now; any 2xx takes it."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            request = await _request(client, message, allow_private=allow_private, now=now)
            answer = await client.send(request, stream=True)
            await answer.aclose()
    except TimeoutError:
        return Answer(taken=False, said=f"{TIMEOUT_S:.0f} 秒内没有回应")
    except WebhookUrlRefused as refused:
        return Answer(taken=False, said=refused.words()[1])
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        return Answer(taken=False, said=f"没有连上：{type(error).__name__}")
    return Answer(answer.is_success, f"HTTP {answer.status_code}")


async def _request(
    client: httpx.AsyncClient, message: Message, *, allow_private: bool, now: datetime
) -> httpx.Request:
    """Make the request to the address that was judged; TLS still proves the name."""
    check_url(message.url, allow_private=allow_private)
    parts = urlsplit(message.url)
    host = parts.hostname or ""
    port = parts.port or (HTTPS_PORT if parts.scheme == "https" else HTTP_PORT)
    address = await public_address(host, port, allow_private=allow_private)
    return client.build_request(
        "POST",
        httpx.URL(message.url).copy_with(host=address, port=port),
        content=message.body.encode(),
        headers={
            **headers_of(message.secret, str(message.id), message.body, now),
            "Host": parts.netloc,
            "User-Agent": "hebei-nybz-platform/1",
        },
        extensions={"sni_hostname": host},
    )


async def mark(
    database: Database, message: Message, answer: Answer, *, now: datetime, rng: Random = SYSTEM
) -> None:
    """Record what came of an attempt: sent, to be tried again, or dead. A test is tried once."""
    then = None if answer.taken or message.rule == TEST else pause(message.attempts, rng)
    values = {"answer": answer.said}
    if answer.taken:
        changed = {**values, "state": "sent", "sent_at": now}
    elif then is None:
        changed = {**values, "state": "dead"}
    else:
        changed = {**values, "next_at": now + then}
    async with database.write() as session:
        await session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.id == message.id, WebhookDelivery.state == "waiting")
            .values(**changed)
        )


async def deliver(
    database: Database, client: httpx.AsyncClient, *, allow_private: bool, now: datetime
) -> int:
    """Send what is due once; return how many messages were tried."""
    messages = await claim(database, now)

    async def one(message: Message) -> None:
        answer = await send(client, message, allow_private=allow_private, now=now)
        await mark(database, message, answer, now=now)

    await asyncio.gather(*(one(message) for message in messages))
    return len(messages)


def outside_client() -> httpx.AsyncClient:
    """Return a client that goes straight to the judged address: no proxy, no redirects."""
    return httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=TIMEOUT_S)


async def keep_delivering(database: Database, *, allow_private: bool) -> None:
    """Fill the outboxes and send until cancelled; a database that is away is waited for.

    Whoever is slow to answer holds up nobody else: what is under way is not waited for.
    """
    under_way: Counter[UUID] = Counter()
    async with outside_client() as client, asyncio.TaskGroup() as sending:

        async def one(message: Message) -> None:
            try:
                now = datetime.now(UTC)
                answer = await send(client, message, allow_private=allow_private, now=now)
                await mark(database, message, answer, now=datetime.now(UTC))
            except Exception as error:  # noqa: BLE001  the claim runs out, and it is sent again
                if not is_away(error):
                    log.exception("webhooks: sending failed")
            finally:
                under_way[message.endpoint] -= 1

        while True:
            try:
                while await fill_outboxes(database, datetime.now(UTC)):
                    pass
                messages = await claim(
                    database,
                    datetime.now(UTC),
                    most=MOST_AT_ONCE - under_way.total(),
                    but=[endpoint for endpoint, n in under_way.items() if n >= MOST_OF_ONE],
                )
            except Exception as error:  # noqa: BLE001  one bad turn must not end the loop
                messages = []
                if not is_away(error):
                    log.exception("webhooks: turn failed")
                await asyncio.sleep(AFTER_A_FAULT_S)
            for message in messages:
                under_way[message.endpoint] += 1
                sending.create_task(one(message))
            await asyncio.sleep(0 if messages else PAUSE_S)
