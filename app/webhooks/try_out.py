"""Try an address out: one message that says so, sent at once, its answer told to who asked."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import Reach
from app.db import Database
from app.ids import SYSTEM, uuid7
from app.webhooks.deliver import CLAIMED_FOR, Message, mark, outside_client, send
from app.webhooks.endpoints import find_endpoint
from app.webhooks.errors import TooManyTests, WebhookEnded
from app.webhooks.models import TEST, WebhookDelivery

MOST_IN_AN_HOUR = 20


async def try_out(
    database: Database, reach: Reach, endpoint: UUID, *, allow_private: bool
) -> WebhookDelivery:
    """Send a test to an address in reach and return it with what came of it.

    Paused or not: that is how one learns whether it works again. It counts as claimed while it is
    under way; if this process dies, another sends it. Raises NotFound, WebhookEnded, TooManyTests.
    """
    async with database.write() as session:
        message = await _put(session, reach, endpoint, datetime.now(UTC))
    async with outside_client() as client:
        answer = await send(client, message, allow_private=allow_private, now=datetime.now(UTC))
    await mark(database, message, answer, now=datetime.now(UTC))
    async with database.read() as session:
        sent = select(WebhookDelivery).where(WebhookDelivery.id == message.id)
        return (await session.scalars(sent)).one()


async def _put(session: AsyncSession, reach: Reach, endpoint: UUID, now: datetime) -> Message:
    found = await find_endpoint(session, reach, endpoint, with_secret=True)
    if found.ended_at is not None:
        raise WebhookEnded(endpoint=str(endpoint))
    lately = select(func.count()).where(
        WebhookDelivery.endpoint == endpoint,
        WebhookDelivery.rule == TEST,
        WebhookDelivery.created_at > now - timedelta(hours=1),
    )
    if int(await session.scalar(lately) or 0) >= MOST_IN_AN_HOUR:
        raise TooManyTests(most=MOST_IN_AN_HOUR)
    id_ = uuid7(SYSTEM, now)
    body: dict[str, Any] = {
        "delivery": str(id_), "endpoint": str(endpoint), "rule": TEST, "title": "测试消息",
        "severity": None, "leaf_index": None, "count": 0, "alerts": [],
    }  # fmt: skip
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    session.add(
        WebhookDelivery(
            id=id_, endpoint=endpoint, cause=f"test/{id_}", rule=TEST, body=text, created_at=now,
            state="waiting", attempts=1, next_at=now + CLAIMED_FOR, sent_at=None, answer=None,
        )
    )  # fmt: skip
    await session.flush()
    return Message(id_, endpoint, found.url, found.secret, TEST, text, 1)
