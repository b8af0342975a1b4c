"""What an event recorded, as a person keeps it: a receipt to photograph."""

from collections.abc import Sequence
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
from app.events.schemas import KINDS
from app.events.story import codes_in, mass_in
from app.ledger.leaf import read_leaf
from app.ledger.models import EventBatch
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

    Declarations name no bags and have no receipt. A correction's is that of what took the event's
    place; a repack's is of the bags that it made. A driver who loaded at somebody else's site
    reads what a foreign step tells.
    """
    event = {"flags": [], **await read.event(session, caller, event_id)}
    if event["kind"] not in KINDS:
        raise NotFound(what=str(event_id))
    body = event.get("replacement", event)
    about = body.get("outputs") or body.get("batches") or []
    codes = [batch["code"] for batch in about] if "outputs" in body else codes_in(body)
    if not codes:
        named = select(EventBatch.batch_code).where(EventBatch.event_id == event_id)
        codes = list(await session.scalars(named.order_by(EventBatch.batch_code)))
    rows = (await session.scalars(select(Batch).where(Batch.code.in_(codes)))).all()
    statuses = {row.code: row.status for row in rows}
    stamps = _stamps(event)
    masses, sources = _masses(event_id, codes, about, rows, stamps)
    known = [mass_g for mass_g in masses.values() if mass_g is not None]
    together = body.get("group_mass_g")
    destination = body.get("destination") or await _destination(session, event)
    names = await site_names(session, [code for code in (event["site"], destination) if code])
    trip = event.get("trip")
    return Receipt(
        event=event,
        site={"code": event["site"], "name": names[event["site"]]},
        bags=[Bag(code, masses[code] or 0, statuses[code]) for code in codes],
        mass_g=together or (sum(known) if known and len(known) == len(codes) else None),
        mass_source="weighed" if together else sources.pop() if len(sources) == 1 else None,
        pieces=sum(line["pieces"] for line in body.get("contents", [])) or None,
        payment_fen=body.get("payment", {}).get("fen"),
        trip={"number": trip, "to_name": names.get(destination or event["site"], "")}
        if trip
        else None,
    )


def _masses(
    event_id: UUID,
    codes: Sequence[str],
    about: Sequence[dict[str, Any]],
    rows: Sequence[Batch],
    stamps: dict[str, Any],
) -> tuple[dict[str, int | None], set[str | None]]:
    """Return each bag's grams at the event, and where they come from."""
    # A bag that was not weighed weighs what it did; later weighings are not this receipt's.
    carried = {r.code: r.mass_g for r in rows if r.state["last_event"] == str(event_id)}
    boxes = {row.code for row in rows if row.kind == "container"}
    counted = sum((stamps.get("counted") or {}).get("scopes", {}).values()) or None
    named = {batch["code"]: mass_in(batch) for batch in about}
    masses: dict[str, int | None] = {}
    sources: set[str | None] = set()
    for code in codes:
        mass_g, source = named.get(code, (None, None))
        if code in boxes:
            mass_g = stamps.get("containers", {}).get(code)
            source = "weighed" if mass_g is not None else None
        elif mass_g is None and counted is not None:
            mass_g, source = counted, "counted"
        elif mass_g is None and code in carried:
            mass_g, source = carried[code], "carried"
        masses[code] = mass_g
        sources.add(source)
    return masses, sources


async def _destination(session: AsyncSession, event: dict[str, Any]) -> str | None:
    """Return where a load goes: what a foreign step tells a driver leaves it out."""
    if event["kind"] != "depart":
        return None
    query = select(Trip.destination).where(Trip.number == event["trip"])
    return await session.scalar(query)


def _stamps(event: dict[str, Any]) -> dict[str, Any]:
    """Return what the server said of an event; nothing where it is shown as a foreign step."""
    return dict(read_leaf(event["leaf"])["stamps"]) if "leaf" in event else {}
