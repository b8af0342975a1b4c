"""What an event recorded, as a person keeps it: a receipt to photograph."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.caller import Caller
from app.auth.people import name_of
from app.batches.models import Batch
from app.errors import NotFound
from app.events import read
from app.events.facts import happenings_naming
from app.events.fold import LEFT_BEHIND
from app.events.happening import Happening, codes_in, happening_of, mass_in, refs_in
from app.events.schemas import KINDS
from app.events.story import members_at
from app.ledger.leaf import read_leaf
from app.ledger.models import EventBatch
from app.orm import among
from app.packaging.read import list_terms
from app.parties.names import site_names
from app.trips.models import Trip


@dataclass(frozen=True)
class Named:
    """A bag that an event names; of a container `bags` says how many were in it."""

    code: str
    mass_g: int | None
    status: str
    bags: int | None = None
    material: str | None = None
    outcome: str | None = None
    """Of an arrival: what was wrong with it."""

    @property
    def came(self) -> int:
        """How many bags it stands for that came along."""
        if self.outcome in LEFT_BEHIND:
            return 0
        return 1 if self.bags is None else self.bags


@dataclass(frozen=True)
class Receipt:
    """A recorded event for people; masses in grams, None where nothing was weighed or counted.

    `body` is what counts of the event: of a correction its replacement. `made` are the bags that
    a repack made, `bags` then its inputs.
    """

    event: dict[str, Any]
    body: dict[str, Any]
    site: dict[str, str]
    bags: list[Named]
    made: list[Named]
    mass_g: int | None
    mass_source: str | None
    pieces: int | None
    payment_fen: int | None
    trip: dict[str, str] | None
    author: str | None = None
    """Who of the site's people recorded it, where the site's phone is shared."""

    @property
    def count(self) -> int:
        """How many bags it concerned, those in containers counted one by one."""
        return sum(bag.came for bag in self.bags)

    @property
    def left(self) -> int:
        """How many bags an arrival did not take in."""
        return sum(bag.outcome in LEFT_BEHIND for bag in self.bags)


async def receipt_of(session: AsyncSession, caller: Caller, event_id: UUID) -> Receipt:
    """Return the receipt of an event that the caller may see; NotFound otherwise.

    Declarations name no bags and have no receipt. A driver who loaded at somebody else's site
    reads what a foreign step tells.
    """
    event = {"flags": [], **await read.event(session, caller, event_id)}
    if event["kind"] not in KINDS:
        raise NotFound(what=str(event_id))
    body = event.get("replacement", event)
    codes = codes_in(event) or await _codes_of(session, event_id)
    codes = [code for code in codes if code != body.get("container")]
    happening = happening_of(read_leaf(event["leaf"])) if "leaf" in event else None
    rows = await _batches(session, codes)
    inside = await _inside(session, [c for c in codes if rows[c].kind == "container"], happening)
    members = await _batches(
        session, {code for among_them in inside.values() for code in among_them}
    )
    named = {ref["code"]: ref for ref in refs_in(body)}
    outcomes = {one["code"]: one["outcome"] for one in body.get("exceptions", ())}
    names_of = await _materials(session) if any("material" in ref for ref in named.values()) else {}
    lines, sources = [], set()
    for code in codes:
        mass_g, source = _mass(code, event, named, rows, happening)
        if code in inside:
            mass_g, source = _held_in(code, inside[code], members, str(event_id), happening)
        within = len(inside[code]) if code in inside else None
        material = names_of.get(named.get(code, {}).get("material"))
        outcome = outcomes.get(code)
        lines.append(Named(code, mass_g, rows[code].status, within, material, outcome))
        sources.add(source)
    made = {ref["code"] for ref in body.get("outputs", ())}
    bags = [line for line in lines if line.code not in made]
    site = event["site"]
    destination = body.get("destination") or await _destination(session, event)
    names = await site_names(session, [code for code in (site, destination) if code])
    return Receipt(
        event=event,
        body=body,
        site={"code": site, "name": names[site]},
        bags=bags,
        made=[line for line in lines if line.code in made],
        mass_g=_together(body, happening, bags),
        mass_source=sources.pop() if len(sources) == 1 else None,
        pieces=sum(line["pieces"] for line in body.get("contents", [])) or None,
        payment_fen=body.get("payment", {}).get("fen"),
        trip={"number": event["trip"], "to_name": names.get(destination or site, "")}
        if event.get("trip")
        else None,
        author=await name_of(session, site, event.get("author")),
    )


async def _codes_of(session: AsyncSession, event_id: UUID) -> list[str]:
    """Return the codes of an event that names none itself: a correction that takes back."""
    query = (
        select(EventBatch.batch_code)
        .where(EventBatch.event_id == event_id)
        .order_by(EventBatch.batch_code)
    )
    return list(await session.scalars(query))


async def _batches(session: AsyncSession, codes: Iterable[str]) -> dict[str, Batch]:
    wanted = set(codes)
    if not wanted:
        return {}
    rows = await session.scalars(select(Batch).where(among(Batch.code, wanted)))
    return {row.code: row for row in rows}


async def _materials(session: AsyncSession) -> dict[str | None, str]:
    return {term.slug: term.name for term in await list_terms(session, "material", limit=100)}


async def _inside(
    session: AsyncSession, containers: list[str], happening: Happening | None
) -> dict[str, set[str]]:
    """Return the bags that were in each container when the event happened, and came along."""
    if not containers or happening is None:
        return {}
    around = await happenings_naming(session, containers)
    naming = {code: [h for h in around if code in h.named] for code in containers}
    return {
        code: members_at(code, naming[code], happening.order) - happening.left_behind
        for code in containers
    }


def _mass(
    code: str,
    event: dict[str, Any],
    named: Mapping[str, dict[str, Any]],
    rows: Mapping[str, Batch],
    happening: Happening | None,
) -> tuple[int | None, str | None]:
    """Return what a bag weighed: as weighed, as counted, or what it weighed before."""
    mass_g, source = mass_in(named.get(code, {}))
    if mass_g is not None:
        return mass_g, source
    counted = sum(_counted(happening).values())
    if counted:
        return counted, "counted"
    # A bag that was not weighed weighs what it did; later weighings are not this receipt's.
    if rows[code].kind == "bag" and rows[code].state["last_event"] == event["id"]:
        apportioned = rows[code].state["mass_source"] == "apportioned"
        return rows[code].mass_g, "apportioned" if apportioned else "carried"
    return None, None


def _held_in(
    container: str,
    members: set[str],
    rows: Mapping[str, Batch],
    event_id: str,
    happening: Happening | None,
) -> tuple[int | None, str | None]:
    """Return the net of a container: as weighed, else what its bags weigh, if nothing came since."""
    net_g = happening.containers.get(container) if happening else None
    if net_g is not None:
        return net_g, "weighed"
    if all(rows[code].state["last_event"] == event_id for code in members):
        return sum(rows[code].mass_g for code in members), "carried"
    return None, None


def _together(body: dict[str, Any], happening: Happening | None, bags: list[Named]) -> int | None:
    """Return the mass of all: what one scale said, else the sum where each is known."""
    if "group_mass_g" in body:
        return int(body["group_mass_g"])
    if happening and "container" in body:
        return happening.containers.get(body["container"])
    known = [bag.mass_g for bag in bags if bag.mass_g is not None]
    return sum(known) if known and len(known) == len(bags) else None


async def _destination(session: AsyncSession, event: dict[str, Any]) -> str | None:
    """Return where a load goes: what a foreign step tells a driver leaves it out."""
    if event["kind"] != "depart":
        return None
    query = select(Trip.destination).where(Trip.number == event["trip"])
    return await session.scalar(query)


def _counted(happening: Happening | None) -> dict[str, int]:
    """Return the grams that were counted at recording, by scope; they stand in the leaf."""
    stamps = happening.stamps if happening else {}
    return dict((stamps.get("counted") or {}).get("scopes", {}))
