"""Addresses that are told of alerts: registered for an area, listed, ended."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.journal import last_change
from app.areas.models import PROVINCE, CountyArea
from app.areas.read import held, today
from app.areas.scope import Reach, counties_of
from app.auth.caller import Caller
from app.errors import NotFound
from app.ids import SYSTEM, uuid7
from app.orm import among
from app.webhooks.address import check_url
from app.webhooks.errors import TooManyWebhooks
from app.webhooks.models import WebhookDelivery, WebhookEndpoint

MOST_OF_AN_AREA = 10
SECRET_BYTES = 32
States = dict[str, int]


async def register_endpoint(
    session: AsyncSession,
    caller: Caller,
    reach: Reach,
    *,
    url: str,
    area: str,
    rules: Sequence[str],
    allow_private: bool,
    now: datetime,
) -> tuple[WebhookEndpoint, str]:
    """Register an address from now on; return it and its secret, which nobody is shown again.

    Raises NotFound for an area out of reach, WebhookUrlRefused, TooManyWebhooks.
    """
    check_url(url, allow_private=allow_private)
    counties = await counties_of(session, area)
    if not counties or not (reach.everything or counties <= reach.counties):
        raise NotFound(what=area, pointer="/area")
    standing = select(func.count()).where(
        WebhookEndpoint.area == area, WebhookEndpoint.ended_at.is_(None)
    )
    if int(await session.scalar(standing) or 0) >= MOST_OF_AN_AREA:
        raise TooManyWebhooks(most=MOST_OF_AN_AREA)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    endpoint = WebhookEndpoint(
        id=uuid7(SYSTEM, now),
        url=url,
        area=area,
        rules=sorted(rules),
        secret=secret.encode(),
        created_at=now,
        created_by=caller.id,
        ended_at=None,
        told_to=await last_change(session),
    )
    session.add(endpoint)
    await session.flush()
    return endpoint, secret


async def areas_within(session: AsyncSession, reach: Reach) -> ColumnElement[bool]:
    """Return the WHERE clause of addresses whose whole area is in reach; one query at most."""
    if reach.everything:
        return true()
    rows = await session.execute(
        select(CountyArea.area, CountyArea.county).where(held(CountyArea, today()))
    )
    counties: dict[str, set[str]] = {}
    for area, county in rows:
        counties.setdefault(area, set()).add(county)
    whole = {area for area, own in counties.items() if area != PROVINCE and own <= reach.counties}
    return among(WebhookEndpoint.area, whole | reach.counties)


async def list_endpoints(
    session: AsyncSession, reach: Reach
) -> list[tuple[WebhookEndpoint, States]]:
    """Return the addresses of areas in reach, the newest first, each with its messages by state."""
    within = await areas_within(session, reach)
    rows = await session.scalars(
        select(WebhookEndpoint).where(within).order_by(WebhookEndpoint.id.desc())
    )
    endpoints = list(rows)
    counts: dict[UUID, States] = {one.id: {} for one in endpoints}
    columns = (WebhookDelivery.endpoint, WebhookDelivery.state)
    found = await session.execute(
        select(*columns, func.count())
        .where(among(WebhookDelivery.endpoint, list(counts)))
        .group_by(*columns)
    )
    for endpoint, state, count in found:
        counts[endpoint][state] = count
    return [(one, counts[one.id]) for one in endpoints]


async def find_endpoint(session: AsyncSession, reach: Reach, endpoint: UUID) -> WebhookEndpoint:
    """Return an address whose area is in reach; NotFound."""
    within = await areas_within(session, reach)
    found = await session.scalar(
        select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint, within)
    )
    if found is None:
        raise NotFound(what=str(endpoint))
    return found


async def end_endpoint(
    session: AsyncSession, reach: Reach, endpoint: UUID, *, now: datetime
) -> None:
    """Send nothing more to an address; what was sent stays on record. Twice is once."""
    found = await find_endpoint(session, reach, endpoint)
    found.ended_at = found.ended_at or now
    await session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.endpoint == found.id, WebhookDelivery.state == "waiting")
        .values(state="dead", answer="地址已停用")
    )


async def deliveries_of(
    session: AsyncSession,
    endpoint: UUID,
    *,
    state: str | None,
    after: UUID | None,
    limit: int,
) -> Sequence[WebhookDelivery]:
    """Return messages to an address, the newest first."""
    query = (
        select(WebhookDelivery)
        .where(WebhookDelivery.endpoint == endpoint)
        .order_by(WebhookDelivery.id.desc())
        .limit(limit)
    )
    if state:
        query = query.where(WebhookDelivery.state == state)
    if after:
        query = query.where(WebhookDelivery.id < after)
    return (await session.scalars(query)).all()
