"""Fill the outboxes from the journal of findings: what an area's address is to be told.

The journal has each opening and closing once, so a rebuild adds nothing; an address begins where
the journal stood when it was registered. One message tells what one leaf, or one instant of
silence, changed of one rule.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.journal import FindingChange, changes_after, changes_with
from app.alerts.rules.catalogue import RULES
from app.areas.scope import counties_of
from app.db import Database
from app.ids import SYSTEM, uuid7
from app.webhooks.models import WebhookDelivery, WebhookEndpoint

MOST_AT_ONCE = 1_000
MOST_TOLD = 200
"""Alerts that one message lists; `count` says how many there are. The first of a month may find
that thousands of points were silent."""
_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended('webhooks', 6962))")
_STATES = {"opened": "open", "closed": "closed"}


async def fill_outboxes(database: Database, now: datetime) -> int:
    """Put the next changes into the outboxes; return how many were looked at. Any process may."""
    async with database.write() as session:
        if not await session.scalar(_TRY_LOCK):
            return 0
        endpoints = (
            await session.scalars(
                select(WebhookEndpoint)
                .where(WebhookEndpoint.ended_at.is_(None))
                .order_by(WebhookEndpoint.id)
                .with_for_update()  # one that is being ended gets nothing more
            )
        ).all()
        if not endpoints:
            return 0
        start = min(one.told_to for one in endpoints)
        changes = await changes_after(session, start, MOST_AT_ONCE)
        if not changes:
            return 0
        if len(changes) == MOST_AT_ONCE:
            # What one leaf or instant brought is one message: it must not be cut in two.
            changes = [*changes, *await changes_with(session, changes[-1])]
        counties: dict[str, frozenset[str]] = {}
        for area in {one.area for one in endpoints}:
            counties[area] = await counties_of(session, area)
        for endpoint in endpoints:
            news = [
                change
                for change in changes
                if change.seq > endpoint.told_to
                and (not endpoint.rules or change.rule in endpoint.rules)
                and counties[endpoint.area].intersection(change.seen_by)
            ]
            await _put(session, endpoint, news, now)
            endpoint.told_to = max(endpoint.told_to, changes[-1].seq)
        return len(changes)


def cause_of(change: FindingChange) -> str:
    """Return what brought a change: a leaf, or an instant."""
    if change.leaf_index is None:
        return f"time/{change.at.isoformat()}"
    return f"leaf/{change.leaf_index}"


async def _put(
    session: AsyncSession,
    endpoint: WebhookEndpoint,
    changes: Sequence[FindingChange],
    now: datetime,
) -> None:
    def key(change: FindingChange) -> tuple[str, str]:
        return cause_of(change), change.rule

    rows = []
    for (cause, rule), together in groupby(sorted(changes, key=key), key):
        id_ = uuid7(SYSTEM, now)
        told = sorted(together, key=lambda change: change.seq)
        body = {
            "delivery": str(id_),
            "endpoint": str(endpoint.id),
            "rule": rule,
            "title": RULES[rule].title,
            "severity": RULES[rule].severity,
            "leaf_index": told[0].leaf_index,
            "count": len(told),
            "alerts": [_told(change) for change in told[:MOST_TOLD]],
        }
        rows.append(
            {
                "id": id_,
                "endpoint": endpoint.id,
                "cause": cause,
                "rule": rule,
                "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
                "created_at": now,
                "state": "waiting",
                "attempts": 0,
                "next_at": now,
            }
        )
    if rows:
        await session.execute(insert(WebhookDelivery).on_conflict_do_nothing(), rows)


def _told(change: FindingChange) -> dict[str, Any]:
    """Return one change as told: what is needed to look it up, no figures and no people."""
    return {
        "id": str(change.finding),
        "state": _STATES[change.change],
        "at": change.at.isoformat(),
        "county": change.county,
        "site": change.site,
        "opening": change.opening,
        "href": f"/api/v1/alerts/{change.finding}",
    }
