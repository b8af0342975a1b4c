"""Postings that touch the account of a site or a trip, as statements that the indexes serve.

A statement may be lateral: `own` then is made of a column of the outer row. Each row says what the posting did
to that account: `grams` came in (positive) or went out, `other` is the account on the other side.
Only postings of the first so many leaves count, so that pages add up while the log grows.
"""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    case,
    func,
    literal_column,
    select,
    text,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.selectable import CompoundSelect

from app.areas.models import County
from app.balance.models import (
    BETWEEN_SITES,
    LOST_ON_TRIP,
    SITE_TOUCHED,
    TOUCHES_SITE,
    TOUCHES_TRIP,
    TRIP_TOUCHED,
    Posting,
)
from app.balance.postings import transit_account
from app.ledger.models import Leaf

MAX_SIZE = 2**63 - 1
"""More leaves than there will be: all postings, those without a leaf yet excepted."""
EACH_SITE: Any = literal_column("site.code", Text())
EACH_COUNTY: Any = literal_column("county.code", Text())
"""Columns of the outer row. By their names: SQLAlchemy would bring the table into the subquery."""
_SITE: ColumnElement[str] = literal_column(f"({SITE_TOUCHED})", Posting.to_account.type)
_TRIP: ColumnElement[str] = literal_column(f"({TRIP_TOUCHED})", Posting.to_account.type)


def _moved(own: Any, size: int) -> Select[Any]:
    """Return what postings did to an account, from its own point of view."""
    into = Posting.to_account == own
    return (
        select(
            Posting.batch_code,
            Posting.about,
            Posting.origin,
            Posting.place,
            Posting.occurred_on,
            case((into, Posting.from_account), else_=Posting.to_account).label("other"),
            case((into, Posting.mass_g), else_=-Posting.mass_g).label("grams"),
        )
        # A look at the index for each posting: as a join, all leaves were read for a small site.
        .where(_leaf_of(Posting.cause) < size)
    )


def _leaf_of(event: Any) -> Any:
    return (
        select(Leaf.leaf_index).where(Leaf.event_id == event).correlate(Posting).scalar_subquery()
    )


def touching_site(own: Any, size: int, first: Any, last: Any) -> CompoundSelect[Any]:
    """Return what moved at a site's account from a day to a day."""
    days = Posting.occurred_on.between(first, last)
    return union_all(
        _moved(own, size).where(own == _SITE, text(f"({TOUCHES_SITE})"), days),
        # Straight to another site, which the index above knows by the one that takes.
        _moved(own, size).where(Posting.from_account == own, text(f"({BETWEEN_SITES})"), days),
    )


def touching_trip(own: Any, size: int, first: Any, last: Any) -> Select[Any]:
    """Return what moved at a trip's account. Its senders' counties are not known: all are looked at."""
    counties = select(County.code).scalar_subquery()
    return _moved(own, size).where(
        Posting.place.in_(counties),
        own == _TRIP,
        text(f"({TOUCHES_TRIP})"),
        Posting.occurred_on.between(first, last),
    )


def on_trips_of(county: Any, size: int, last: Any) -> Select[Any]:
    """Return what moved until a day on trips that count at a county, with the trip's account."""
    return (
        _moved(_TRIP, size)
        .add_columns(_TRIP.label("trip"))
        .where(Posting.place == county, text(f"({TOUCHES_TRIP})"), Posting.occurred_on <= last)
    )


def lost_on_trips_of(counties: Any, size: int, first: Any, last: Any) -> Select[Any]:
    """Return what went off trips of some counties, or came onto them, at no site."""
    return (
        _moved(_TRIP, size)
        .add_columns(_TRIP.label("trip"))
        .where(
            Posting.place.in_(counties),
            text(f"({LOST_ON_TRIP})"),
            Posting.occurred_on.between(first, last),
        )
    )


async def sites_touched_by(session: AsyncSession, trip: UUID) -> set[str]:
    """Return the codes of all sites that a trip ever took from or brought to, corrected ones too."""
    own = transit_account(str(trip))
    moved = touching_trip(own, MAX_SIZE, date.min, date.max).subquery().c
    others = await session.scalars(
        select(moved.other).where(func.starts_with(moved.other, "site/")).distinct()
    )
    return {other[5:] for other in others}
