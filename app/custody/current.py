"""What a batch is now, or was: its folded state in the words of the contract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import Reach
from app.batches.models import Batch
from app.batches.read import find_batch, find_unused_label
from app.events.state import STAGES, State, state_from_json
from app.trips.open import numbers_of


@dataclass(frozen=True)
class Part:
    """So many grams of a batch that come from one county and belong to one scope."""

    county: str
    scope: str
    mass_g: int


@dataclass(frozen=True)
class Pieces:
    """So many pieces of one sort of packaging."""

    material: str
    form: str
    size: str
    scope: str
    pieces: int


@dataclass(frozen=True)
class Current:
    """A batch. `mass_g` is what it weighs, after treatment what was treated.

    `site` holds it or, while it is in transit, sent it; `trip` is the trip's number and
    `destination` a site code, both only in transit. `flags` say what did not fit, each once.
    """

    code: str
    kind: str
    status: str
    stage: str | None
    mass_g: int
    mass_source: str | None
    site: str | None
    origin: tuple[Part, ...]
    contents: tuple[Pieces, ...]
    flags: tuple[str, ...]
    trip: str | None
    destination: str | None
    updated_at: datetime | None
    container: str | None = None


def describe(
    code: str,
    kind: str,
    state: State,
    *,
    numbers: Mapping[UUID, str],
    updated_at: datetime | None,
) -> Current:
    """Return a folded state in words; `numbers` names trips for people."""
    origins = [(*origin.partition("/"), grams) for origin, grams in state.mass]
    trip = trip_id(state)
    return Current(
        code=code,
        kind=kind,
        status=state.status,
        stage=STAGES.get(state.status),
        mass_g=state.mass_g,
        mass_source=state.mass_source,
        site=state.site,
        origin=tuple(Part(county, scope, grams) for county, _, scope, grams in origins),
        contents=tuple(Pieces(*line) for line in state.contents),
        flags=tuple(dict.fromkeys(flag for _, flag in state.flags)),
        trip=numbers.get(trip) if trip else None,
        destination=state.destination,
        updated_at=updated_at,
        container=state.container,
    )


def trip_id(state: State) -> UUID | None:
    """Return the trip that a batch is on."""
    return UUID(state.trip) if state.trip else None


async def describe_all(session: AsyncSession, batches: Sequence[Batch]) -> list[Current]:
    """Return what batch rows say; one query for the trips of all."""
    states = [state_from_json(batch.state) for batch in batches]
    numbers = await numbers_of(session, [t for t in map(trip_id, states) if t])
    return [
        describe(b.code, b.kind, state, numbers=numbers, updated_at=b.updated_at)
        for b, state in zip(batches, states, strict=True)
    ]


async def current(session: AsyncSession, reach: Reach, code: str) -> Current | None:
    """Return one batch in reach, or an issued label that nobody has used; else None."""
    batch = await find_batch(session, reach, code)
    if batch is not None:
        return (await describe_all(session, [batch]))[0]
    label = await find_unused_label(session, reach, code)
    if label is not None:
        return describe(label.code, label.kind, State(), numbers={}, updated_at=None)
    return None


async def exists_in(session: AsyncSession, reach: Reach, code: str) -> bool:
    """Tell whether there is such a batch, or such an unused label, in reach."""
    return (
        await find_batch(session, reach, code) is not None
        or await find_unused_label(session, reach, code) is not None
    )
