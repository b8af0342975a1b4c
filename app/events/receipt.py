"""What an event recorded, as a person keeps it: a receipt to photograph."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.caller import Caller
from app.batches.models import Batch
from app.errors import NotFound
from app.events import read
from app.events.offered import Bag
from app.events.story import codes_in, mass_in
from app.ledger.leaf import read_leaf
from app.parties.names import site_names
from app.trips.models import Trip


@dataclass(frozen=True)
class Receipt:
    """A recorded event for people; masses in grams, None where nothing was weighed or counted."""

    event: dict[str, Any]
    site: dict[str, str]
    bags: list[Bag]
    mass_g: int | None
    mass_source: str | None
    pieces: int | None
    payment_fen: int | None
    trip: dict[str, str] | None


async def receipt_of(session: AsyncSession, caller: Caller, event_id: UUID) -> Receipt:
    """Return the receipt of an event that the caller may see; NotFound otherwise.

    Declarations name no bags and have no receipt. A driver who loaded at somebody else's site reads what a foreign step tells.
    """
    event = {"flags": [], **await read.event(session, caller, event_id)}
    if "batches" not in event:
        raise NotFound(what=str(event_id))
    codes = codes_in(event)
    rows = (await session.scalars(select(Batch).where(Batch.code.in_(codes)))).all()
    statuses = {row.code: row.status for row in rows}
    # A bag that was not weighed weighs what it did; later weighings are not this receipt's.
    carried = {r.code: r.mass_g for r in rows if r.state["last_event"] == str(event_id)}
    counted = sum(_counted(event).values()) or None
    named = {batch["code"]: mass_in(batch) for batch in event["batches"]}
    masses, sources = {}, set()
    for code in codes:
        mass_g, source = named.get(code, (None, None))
        if mass_g is None and counted is not None:
            mass_g, source = counted, "counted"
        elif mass_g is None and code in carried:
            mass_g, source = carried[code], "carried"
        masses[code] = mass_g
        sources.add(source)
    known = [mass_g for mass_g in masses.values() if mass_g is not None]
    destination = event.get("destination") or await _destination(session, event)
    names = await site_names(session, [code for code in (event["site"], destination) if code])
    return Receipt(
        event=event,
        site={"code": event["site"], "name": names[event["site"]]},
        bags=[Bag(code, masses[code] or 0, statuses[code]) for code in codes],
        mass_g=sum(known) if known and len(known) == len(codes) else None,
        mass_source=sources.pop() if len(sources) == 1 else None,
        pieces=sum(line["pieces"] for line in event.get("contents", [])) or None,
        payment_fen=event.get("payment", {}).get("fen"),
        trip={"number": event["trip"], "to_name": names.get(destination or event["site"], "")}
        if event["trip"]
        else None,
    )


async def _destination(session: AsyncSession, event: dict[str, Any]) -> str | None:
    """Return where a load goes: what a foreign step tells a driver leaves it out."""
    if event["kind"] != "depart":
        return None
    query = select(Trip.destination).where(Trip.number == event["trip"])
    return await session.scalar(query)


def _counted(event: dict[str, Any]) -> dict[str, int]:
    """Return the grams that were counted at recording, by scope; they stand in the leaf."""
    stamps = read_leaf(event["leaf"])["stamps"] if "leaf" in event else {}
    return dict((stamps.get("counted") or {}).get("scopes", {}))
