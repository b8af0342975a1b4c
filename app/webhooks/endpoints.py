"""Addresses that are told of alerts: registered for an area, listed, ended."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, true, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from app.alerts.journal import last_change
from app.areas.models import PROVINCE, CountyArea
from app.areas.read import held, today
from app.areas.scope import Reach, counties_of
from app.auth.caller import Caller
from app.errors import NotFound
from app.ids import SYSTEM, uuid7
from app.orm import among
from app.webhooks.address import check_url
from app.webhooks.errors import TooManyWebhooks, WebhookEnded
from app.webhooks.models import TEST, WebhookDelivery, WebhookEndpoint

MOST_OF_AN_AREA = 10
SECRET_BYTES = 32
States = dict[str, int]


@dataclass(frozen=True)
class Entry:
    """What is registered; `id` is the form's, so that one sent twice registers once."""

    url: str
    area: str
    rules: Sequence[str] = ()
    id: UUID | None = None


@dataclass(frozen=True)
class Listed:
    """An address with how many messages are in which state, and the latest of them."""

    endpoint: WebhookEndpoint
    states: States
    latest: WebhookDelivery | None


async def register_endpoint(
    session: AsyncSession,
    caller: Caller,
    reach: Reach,
    entry: Entry,
    *,
    allow_private: bool,
    now: datetime,
) -> tuple[WebhookEndpoint, str]:
    """Register an address from now on; return it and its secret, which nobody is shown again.

    Raises NotFound for an area out of reach, WebhookUrlRefused, TooManyWebhooks.
    """
    check_url(entry.url, allow_private=allow_private)
    counties = await counties_of(session, entry.area)
    if not counties or not (reach.everything or counties <= reach.counties):
        raise NotFound(what=entry.area, pointer="/area")
    standing = select(func.count()).where(
        WebhookEndpoint.area == entry.area, WebhookEndpoint.ended_at.is_(None)
    )
    if int(await session.scalar(standing) or 0) >= MOST_OF_AN_AREA:
        raise TooManyWebhooks(most=MOST_OF_AN_AREA)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    endpoint = WebhookEndpoint(
        id=entry.id or uuid7(SYSTEM, now),
        url=entry.url,
        area=entry.area,
        rules=sorted(entry.rules),
        secret=secret.encode(),
        created_at=now,
        created_by=caller.id,
        paused_at=None,
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
    session: AsyncSession, reach: Reach, *, only: UUID | None = None
) -> list[Listed]:
    """Return the addresses of areas in reach, those in use first, then the newest; or one alone."""
    within = await areas_within(session, reach)
    query = select(WebhookEndpoint).where(within)
    if only is not None:
        query = query.where(WebhookEndpoint.id == only)
    rows = await session.scalars(
        query.order_by(WebhookEndpoint.ended_at.is_not(None), WebhookEndpoint.id.desc())
    )
    endpoints = list(rows)
    ids = [one.id for one in endpoints]
    counts: dict[UUID, States] = {id_: {} for id_ in ids}
    columns = (WebhookDelivery.endpoint, WebhookDelivery.state)
    found = await session.execute(
        select(*columns, func.count())
        .where(among(WebhookDelivery.endpoint, ids))
        .group_by(*columns)
    )
    for endpoint, state, count in found:
        counts[endpoint][state] = count
    newest = await session.scalars(
        select(WebhookDelivery)
        .where(among(WebhookDelivery.endpoint, ids))
        .ext(distinct_on(WebhookDelivery.endpoint))
        .order_by(WebhookDelivery.endpoint, WebhookDelivery.id.desc())
    )
    latest = {one.endpoint: one for one in newest}
    return [Listed(one, counts[one.id], latest.get(one.id)) for one in endpoints]


async def find_endpoint(
    session: AsyncSession, reach: Reach, endpoint: UUID, *, with_secret: bool = False
) -> WebhookEndpoint:
    """Return an address whose area is in reach; NotFound."""
    within = await areas_within(session, reach)
    query = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint, within)
    if with_secret:
        query = query.options(undefer(WebhookEndpoint.secret))
    found = await session.scalar(query)
    if found is None:
        raise NotFound(what=str(endpoint))
    return found


async def find_registered(session: AsyncSession, endpoint: UUID) -> bool:
    """Tell whether a form has registered its address already."""
    found = select(WebhookEndpoint.id).where(WebhookEndpoint.id == endpoint)
    return await session.scalar(found) is not None


async def pause_endpoint(
    session: AsyncSession, reach: Reach, endpoint: UUID, *, now: datetime
) -> None:
    """Let an address's messages wait; twice is once. NotFound, WebhookEnded."""
    found = await _in_use(session, reach, endpoint)
    found.paused_at = found.paused_at or now


async def resume_endpoint(session: AsyncSession, reach: Reach, endpoint: UUID) -> None:
    """Let a paused address go on, with what has waited for it; NotFound, WebhookEnded."""
    found = await _in_use(session, reach, endpoint)
    found.paused_at = None


async def send_again(session: AsyncSession, reach: Reach, endpoint: UUID, *, now: datetime) -> int:
    """Let what an address never took be tried anew; return how many. NotFound, WebhookEnded."""
    found = await _in_use(session, reach, endpoint)
    tried = await session.scalars(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.endpoint == found.id,
            WebhookDelivery.state == "dead",
            WebhookDelivery.rule != TEST,
        )
        .values(state="waiting", attempts=0, next_at=now)
        .returning(WebhookDelivery.id)
    )
    return len(tried.all())


async def _in_use(session: AsyncSession, reach: Reach, endpoint: UUID) -> WebhookEndpoint:
    found = await find_endpoint(session, reach, endpoint)
    if found.ended_at is not None:
        raise WebhookEnded(endpoint=str(endpoint))
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
