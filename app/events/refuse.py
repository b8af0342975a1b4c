"""What becomes of a refused body: it is kept with its problem, and a slip gets a suggestion."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import reach_of, within
from app.auth.caller import Caller
from app.batches.codes import nearest
from app.batches.errors import LabelNotIssued, MistypedCode
from app.batches.models import Batch, Label
from app.errors import DomainError
from app.events.models import Refusal

REFUSALS = UUID("5d5bd1fd-6e0c-5a49-9a3f-5b7a52a0c1e7")
"""Namespace: the same body refused again for the same reason is one row."""
SUGGEST_AMONG = 5_000


async def suggest(
    session: AsyncSession, caller: Caller, error: MistypedCode | LabelNotIssued
) -> None:
    """Name the nearest issued codes that the caller may see: their own labels and bags."""
    reach = await reach_of(session, caller)
    labels = select(Label.code).where(within(reach, county=Label.county, site=Label.site))
    bags = select(Batch.code).where(within(reach, seen_by=Batch.seen_by))
    among = await session.scalars(labels.union(bags).limit(SUGGEST_AMONG))
    found = nearest(str(error.extras["batch"]), among.all())
    if found:
        error.extras["nearest"] = found
        error.extras["suggestion"] = f"是不是 {'、'.join(found)}？"


async def keep_refused(
    session: AsyncSession,
    caller: Caller,
    bodies: Sequence[Any],
    decided: Sequence[object],
    now: datetime,
) -> None:
    """Keep the bodies that were refused, each with its problem; again for the same reason once."""
    rows = {}
    for body, found in zip(bodies, decided, strict=True):
        if not isinstance(found, DomainError):
            continue
        text = json.dumps(body, sort_keys=True)
        digest = hashlib.sha256(f"{caller.id} {found.name} {text}".encode()).hexdigest()
        key = uuid5(REFUSALS, digest)
        rows[key] = {
            "id": key,
            "event_id": text_of(body, "id"),
            "at": now,
            "actor": caller.id,
            "site": caller.site or text_of(body, "site"),
            "county": (caller.site or text_of(body, "site") or "")[:6] or None,
            "device": text_of(body.get("device"), "id") if isinstance(body, dict) else None,
            "body": text,
            "problem": {**found.problem(), "retry": bool(found.extras.get("retry"))},
        }
    if rows:
        await session.execute(
            insert(Refusal).on_conflict_do_nothing(index_elements=["id"]), list(rows.values())
        )


def text_of(body: Any, key: str) -> str | None:
    """Return a text in a body that may be anything, cut to a length that columns hold."""
    value = body.get(key) if isinstance(body, dict) else None
    return value[:200] if isinstance(value, str) else None
