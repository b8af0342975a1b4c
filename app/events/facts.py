"""Load what deciding needs, set-based: a fixed number of statements however many events come.

Batches are locked first, by code, then everything else is read: what is seen was committed
before the locks were held.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import Reach
from app.balance.booked import transfer_of
from app.balance.models import Posting
from app.balance.postings import Transfer
from app.batches.models import Batch, Label
from app.events.counting import Packaging
from app.events.happening import Happening, happening_of
from app.events.rules import SiteFacts, Span
from app.events.shelf import Shelf
from app.events.state import LabelFacts, State, state_from_json
from app.ledger.leaf import read_leaf
from app.ledger.models import Correction, Event, EventBatch, EventPrivate
from app.orm import among
from app.packaging.models import Term, UnitWeight, UnitWeightVersion
from app.parties.models import ListedUnit, Permit, Site, Vehicle
from app.trips.models import Trip
from app.trips.policy_rows import PoliciesByDay
from app.trips.regime import Consignment


@dataclass(frozen=True)
class LabelRow:
    """An issued label."""

    kind: str
    facts: LabelFacts
    site: str | None
    issued_at: datetime
    void: bool
    tare_g: int | None = None


@dataclass
class Known:
    """What is known of one bag or container while a request is decided; changed as events fit."""

    label: LabelFacts
    state: State
    exists: bool
    seen_by: set[str]
    kind: str = "bag"
    booked: list[Transfer] = field(default_factory=list)
    """Loaded with the whole story."""
    touched: bool = False


@dataclass(frozen=True)
class Recorded:
    """An event that stands under an id."""

    parts: dict[str, Any]
    leaf: str
    leaf_hash: bytes
    private: tuple[bytes, dict[str, Any]] | None


@dataclass(frozen=True)
class TripRow:
    """A trip that exists."""

    id: UUID
    number: str
    destination: str
    vehicle: str
    carrier: str | None = None


@dataclass
class Facts:
    """Everything that deciding a request looks at."""

    labels: dict[str, LabelRow]
    known: dict[str, Known]
    recorded: dict[UUID, Recorded]
    sites: dict[str, SiteFacts]
    trips: dict[UUID | str, TripRow]
    carriers: dict[str, str]
    packaging: Packaging | None
    shelf: Shelf
    corrected: dict[str, str]
    """Events that are no longer in force, each with the correction that took its place."""
    reaches: dict[UUID, Reach]
    """What officials among the callers reach."""
    policies: PoliciesByDay = field(default_factory=PoliciesByDay)
    manifests: dict[str, set[Consignment]] = field(default_factory=dict)
    """Who has named the manifests of departures before."""
    cases: frozenset[tuple[UUID, UUID]] = frozenset()
    """Cases that counts and write-offs name, each with a caller whose reach it is in."""


async def lock_batches(
    session: AsyncSession, containers: Iterable[str], bags: Iterable[str]
) -> dict[str, Known]:
    """Lock containers, then bags with all that is in those containers, each by code.

    Whoever changes what is in a container locks it first, so the members read here stay so.
    """
    held = await _lock(session, set(containers)) if containers else {}
    members: set[str] = set()
    if held:
        members = set(
            await session.scalars(select(Batch.code).where(among(Batch.container, set(held))))
        )
    return held | await _lock(session, set(bags) | members)


async def _lock(session: AsyncSession, codes: set[str]) -> dict[str, Known]:
    rows = await session.execute(
        select(Batch.code, Batch.kind, Batch.state, Batch.seen_by)
        .where(among(Batch.code, codes))
        .order_by(Batch.code)
        .with_for_update()
    )
    return {
        code: Known(
            label=LabelFacts(**state["label"]),
            state=state_from_json(state),
            exists=True,
            seen_by=set(seen_by),
            kind=kind,
        )
        for code, kind, state, seen_by in rows
    }


async def labels_of(session: AsyncSession, codes: Iterable[str]) -> dict[str, LabelRow]:
    """Return the issued labels among codes."""
    rows = await session.scalars(select(Label).where(among(Label.code, set(codes))))
    return {
        row.code: LabelRow(
            row.kind,
            LabelFacts(row.county, row.scope),
            row.site,
            row.issued_at,
            row.voided_at is not None,
            row.tare_g,
        )
        for row in rows
    }


async def recorded_under(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Recorded]:
    """Return the events that stand under ids, with their private parts while they are held."""
    rows = await session.execute(
        select(Event.id, Event.leaf, Event.leaf_hash, EventPrivate.salt, EventPrivate.private)
        .outerjoin(EventPrivate, EventPrivate.event_id == Event.id)
        .where(among(Event.id, set(ids)))
    )
    return {
        id_: Recorded(read_leaf(leaf), leaf, leaf_hash, (salt, private) if salt else None)
        for id_, leaf, leaf_hash, salt, private in rows
    }


async def sites_of(session: AsyncSession, codes: Iterable[str]) -> dict[str, SiteFacts]:
    """Return what the rules need of sites, permits and list entries included."""
    wanted = set(codes)
    sites = (await session.scalars(select(Site).where(among(Site.code, wanted)))).all()
    plants = [s.code for s in sites if s.kind in "RILH"]
    permits: dict[str, list[tuple[str, Span]]] = defaultdict(list)
    listed: dict[str, list[Span]] = defaultdict(list)
    if plants:
        for permit in await session.scalars(select(Permit).where(among(Permit.site, plants))):
            permits[permit.site].append((permit.kind, Span(permit.valid_from, permit.valid_to)))
        for unit in await session.scalars(select(ListedUnit).where(among(ListedUnit.site, plants))):
            listed[unit.site].append(Span(unit.valid_from, unit.valid_to))
    return {
        s.code: SiteFacts(
            s.code,
            s.kind,
            s.county,
            s.township,
            Span(s.opened_on, s.closed_on),
            tuple(permits[s.code]),
            tuple(listed[s.code]),
            cement_kiln=s.plant_kind == "cement_kiln",
            operator=s.operator,
        )
        for s in sites
    }


async def trips_of(
    session: AsyncSession, references: Iterable[UUID | str]
) -> dict[UUID | str, TripRow]:
    """Return trips by their id and by their number."""
    wanted = set(references)
    if not wanted:
        return {}
    ids = {r for r in wanted if isinstance(r, UUID)}
    numbers = {r for r in wanted if isinstance(r, str)}
    rows = await session.scalars(
        select(Trip).where(or_(among(Trip.id, ids), among(Trip.number, numbers)))
    )
    found: dict[UUID | str, TripRow] = {}
    for row in rows:
        trip = TripRow(row.id, row.number, row.destination, row.vehicle, row.carrier)
        found[row.id] = found[row.number] = trip
    return found


async def carriers_of(session: AsyncSession, plates: Iterable[str]) -> dict[str, str]:
    """Return which organisation runs each registered vehicle."""
    wanted = set(plates)
    if not wanted:
        return {}
    rows = await session.execute(
        select(Vehicle.plate, Vehicle.organisation).where(among(Vehicle.plate, wanted))
    )
    return dict(rows.all())


async def packaging_now(session: AsyncSession) -> Packaging:
    """Return the vocabularies and the newest declared unit weights."""
    newest = select(UnitWeightVersion.version).order_by(UnitWeightVersion.version.desc()).limit(1)
    rows = await session.execute(
        select(
            UnitWeight.version,
            UnitWeight.material,
            UnitWeight.form,
            UnitWeight.size,
            UnitWeight.weight_mg,
        ).where(UnitWeight.version == newest.scalar_subquery())
    )
    weights, version = {}, 0
    for version, material, form, size, weight_mg in rows:  # noqa: B007
        weights[material, form, size] = weight_mg
    terms = await session.execute(select(Term.vocabulary, Term.slug))
    return Packaging(version, weights, frozenset((v, s) for v, s in terms))


async def corrected_among(session: AsyncSession, ids: Iterable[UUID]) -> dict[str, str]:
    """Return which of the events another took the place of, and which one."""
    rows = await session.execute(
        select(Correction.corrects, Correction.event_id).where(among(Correction.corrects, set(ids)))
    )
    return {str(corrects): str(event) for corrects, event in rows}


async def load_whole(session: AsyncSession, facts: Facts, codes: Iterable[str]) -> None:
    """Put all events in force that name these codes on the shelf, and what is booked for the bags.

    The containers that the bags were in come too.
    """
    wanted = set(codes)
    packed_in = await _shelve(session, facts.shelf, wanted)
    await _shelve(session, facts.shelf, packed_in - wanted)
    bags = [code for code in wanted if code in facts.known and facts.known[code].kind == "bag"]
    for posting in await session.scalars(select(Posting).where(among(Posting.batch_code, bags))):
        facts.known[posting.batch_code].booked.append(transfer_of(posting))


async def load_places(session: AsyncSession, facts: Facts) -> None:
    """Load the sites and carriers in the stories on the shelf: they say who sees a bag."""
    bodies = [happening.body for happening in facts.shelf.happenings.values()]
    sites = {body[key] for body in bodies for key in ("site", "destination") if key in body}
    facts.sites |= await sites_of(session, sites - facts.sites.keys())
    plates = {body["vehicle"] for body in bodies if "vehicle" in body}
    facts.carriers |= await carriers_of(session, plates - facts.carriers.keys())


async def _shelve(session: AsyncSession, shelf: Shelf, codes: set[str]) -> set[str]:
    """Put what names codes on the shelf; return the containers that bags were packed into."""
    if not codes:
        return set()
    for code in codes:
        shelf.open(code)
    found = await happenings_naming(session, codes)
    for happening in found:
        shelf.put(happening)
    return {h.body["container"] for h in found if h.kind == "pack"}


async def happenings_naming(session: AsyncSession, codes: Iterable[str]) -> list[Happening]:
    """Return the events in force that name codes: what was corrected is left out."""
    named = select(EventBatch.event_id).where(among(EventBatch.batch_code, set(codes)))
    gone = select(Correction.corrects).where(Correction.corrects == Event.id)
    leaves = await session.scalars(select(Event.leaf).where(Event.id.in_(named), ~gone.exists()))
    told = (happening_of(read_leaf(leaf)) for leaf in leaves)
    return [happening for happening in told if happening]
