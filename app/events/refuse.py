"""What becomes of a refused body: it is kept with its problem, and a slip gets a suggestion."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import reach_of
from app.auth.caller import Caller
from app.batches.codes import END, ends_of, nearest
from app.batches.errors import LabelNotIssued, MistypedCode
from app.batches.models import Batch, Label
from app.batches.read import batches_within, labels_within
from app.errors import DomainError
from app.events.models import Refusal

REFUSALS = UUID("5d5bd1fd-6e0c-5a49-9a3f-5b7a52a0c1e7")
"""Namespace: the same body refused again for the same reason is one row."""
SUGGEST_FOR = 20
SUGGEST_AMONG = 200
"""A comparison takes 0.1 ms: what a queue of mistyped codes may cost stays small."""


async def suggest(
    session: AsyncSession, caller: Caller, errors: Sequence[MistypedCode | LabelNotIssued]
) -> None:
    """Name the nearest issued codes that the caller may see: their own labels and bags.

    One look for all of a request's errors. Only codes that have one end in common with a typed
    one are looked at: a single slip spoils at most one of them.
    """
    errors = errors[:SUGGEST_FOR]
    ends = {ends_of(str(error.extras["batch"])) for error in errors}
    if not ends:
        return
    heads, tails = {head for head, _ in ends}, {tail for _, tail in ends}
    reach = await reach_of(session, caller)
    labels, bags = (
        select(code).where(
            seen, or_(func.left(code, END).in_(heads), func.right(code, END).in_(tails))
        )
        for code, seen in ((Label.code, labels_within(reach)), (Batch.code, batches_within(reach)))
    )
    among = (await session.scalars(labels.union(bags).limit(SUGGEST_AMONG))).all()
    for error in errors:
        found = nearest(str(error.extras["batch"]), among)
        if found:
            error.extras["nearest"] = found
            error.extras["suggestion"] = f"是不是 {'、'.join(found)}？"
            error.extras["suggestion_en"] = f"Did you mean {' or '.join(found)}?"


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
