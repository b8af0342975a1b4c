"""What was corrected in a batch's story: what was said, what counts now, and whose role it was."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.areas.scope import Reach
from app.custody.trace import Trace
from app.events.happening import Happening, happening_of
from app.ledger.leaf import read_leaf
from app.ledger.models import Correction, Event, EventBatch, Leaf
from app.orm import among, among_given
from app.parties.models import Site
from app.parties.read import sites_within
from app.prepared import Prepared

MOST_CORRECTIONS = 100

_Was = aliased(Event)

COMPARED = (
    "site", "destination", "vehicle", "method", "certificate", "product", "manifest", "container",
    "group_mass_g", "mode", "reason",
)  # fmt: skip
"""Fields of an event's body that are compared as they are."""


@dataclass(frozen=True)
class Changed:
    """One thing that was told otherwise before; None where it was not told."""

    field: str
    was: Any
    now: Any


@dataclass(frozen=True)
class Corrected:
    """One correction.

    `role` is None at somebody else's site; `changes` is empty where the event did not occur.
    """

    event: str
    corrects: str
    kind: str
    reason: str
    role: str | None
    site: str
    effective_at: datetime
    recorded_at: datetime
    leaf_index: int | None
    changes: tuple[Changed, ...]


_CORRECTED = (
    select(_Was.leaf, Event.leaf, Event.recorded_at, Leaf.leaf_index)
    .select_from(Correction)
    .join(_Was, _Was.id == Correction.corrects)
    .join(Event, Event.id == Correction.event_id)
    .outerjoin(Leaf, Leaf.event_id == Correction.event_id)
    .where(
        Correction.corrects.in_(
            select(EventBatch.event_id).where(among_given(EventBatch.batch_code, "codes"))
        )
    )
    .order_by(Event.recorded_at, Event.id)
    .limit(MOST_CORRECTIONS)
)
_NOW = Prepared(_CORRECTED)
_THEN = Prepared(_CORRECTED.where(Leaf.leaf_index < bindparam("size", type_=BigInteger())))


async def corrections_of(session: AsyncSession, reach: Reach, found: Trace) -> list[Corrected]:
    """Return the corrections of what named a batch, or reached it through its container.

    In the order in which they were recorded, at most MOST_CORRECTIONS. Two statements.
    """
    code = found.batch.code
    codes = [code, *{step.via for step in found.steps if step.via}]
    if found.cut is None:
        rows = await _NOW.rows(session, codes=codes)
    else:
        rows = await _THEN.rows(session, codes=codes, size=found.cut)
    steps = {step.event for step in found.steps}
    told: list[_Told] = []
    for was_leaf, leaf, recorded_at, leaf_index in rows:
        was, parts = happening_of(read_leaf(was_leaf)), read_leaf(leaf)
        if was and _concerns(code, was, parts["event"]["id"], steps):
            told.append(_Told(was, parts, recorded_at, leaf_index))
    own = await _own(session, reach, {one.was.body["site"] for one in told})
    return [_corrected(code, one, own) for one in told]


@dataclass(frozen=True)
class _Told:
    """An event that was corrected, and the leaf of its correction."""

    was: Happening
    parts: dict[str, Any]
    recorded_at: datetime
    leaf_index: int | None


def _concerns(code: str, was: Happening, correction: str, steps: set[str]) -> bool:
    return code in was.bags or code in was.containers or correction in steps


async def _own(session: AsyncSession, reach: Reach, sites: set[str]) -> set[str]:
    if reach.everything or not sites:
        return sites
    query = select(Site.code).where(among(Site.code, sites), sites_within(reach))
    return set(await session.scalars(query))


def _corrected(code: str, told: _Told, own: set[str]) -> Corrected:
    was, parts = told.was, told.parts
    now = happening_of(parts)
    site = was.body["site"]
    return Corrected(
        event=parts["event"]["id"],
        corrects=was.event,
        kind=was.kind,
        reason=parts["event"]["reason"],
        role=parts["stamps"]["role"] if site in own else None,
        site=site,
        effective_at=datetime.fromisoformat(was.stamps["effective_at"]),
        recorded_at=told.recorded_at,
        leaf_index=told.leaf_index,
        changes=changes_of(code, was, now) if now else (),
    )


def changes_of(code: str, was: Happening, now: Happening) -> tuple[Changed, ...]:
    """Return what two tellings of an event say differently of a batch. Pure."""
    before, after = was.step(code), now.step(code)
    pairs = [
        ("effective_at", was.stamps["effective_at"], now.stamps["effective_at"]),
        ("mass_g", before.mass_g, after.mass_g),
        ("pieces", _pieces(was.body), _pieces(now.body)),
        ("outcome", before.outcome, after.outcome),
        ("weighed_g", _weighed(was), _weighed(now)),
        *((field, was.body.get(field), now.body.get(field)) for field in COMPARED),
    ]
    return tuple(Changed(field, a, b) for field, a, b in pairs if a != b)


def _pieces(body: Mapping[str, Any]) -> int | None:
    return sum(line["pieces"] for line in body.get("contents", ())) or None


def _weighed(happening: Happening) -> int | None:
    """Return the net grams of the containers that were weighed."""
    return sum(net or 0 for net in happening.containers.values()) or None
