"""The other side's word on departures: most are confirmed within the hour, some are forgotten."""

from datetime import timedelta
from random import Random

from sqlalchemy import insert, select

from app.auth.models import Account
from app.db import Database
from app.ledger.leaf import read_leaf
from app.ledger.models import Event
from app.trips.leg import CARRIER, ORIGIN
from app.trips.models import Trip, TripConfirmation, TripEvent

CONFIRMED = 0.96
SOON_MIN, LATE_MIN = 2, 55


async def confirm_departures(database: Database, rng: Random) -> int:
    """Confirm the season's departures and return how many; the same for the same `rng`."""
    async with database.write() as session:
        people = {account.site or account.organisation: account.id
                  for account in await session.scalars(select(Account).order_by(Account.username.desc()))
                  if account.site or account.organisation}  # fmt: skip
        departures = await session.execute(
            select(TripEvent.trip, TripEvent.event_id, TripEvent.site, Trip.carrier, Event.leaf, Event.effective_at)
            .join(Event, Event.id == TripEvent.event_id)
            .join(Trip, Trip.id == TripEvent.trip)
            .where(TripEvent.kind == "depart", Trip.carrier.is_not(None))
            .order_by(Event.effective_at, TripEvent.event_id)
        )  # fmt: skip
        rows = []
        for trip, event_id, site, carrier, leaf, at in departures:
            loaded_by_driver = read_leaf(leaf)["stamps"]["role"] == "carrier"
            by = people.get(site if loaded_by_driver else carrier)
            after = timedelta(minutes=rng.randint(SOON_MIN, LATE_MIN))
            if by is None or rng.random() > CONFIRMED:
                continue
            side = ORIGIN if loaded_by_driver else CARRIER
            rows.append(
                {
                    "trip": trip,
                    "event_id": event_id,
                    "origin": site,
                    "side": side,
                    "by": by,
                    "at": at + after,
                }
            )
        if rows:
            await session.execute(insert(TripConfirmation), rows)
    return len(rows)
