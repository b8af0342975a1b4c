"""What the export reads, as statements: every value as text or a number, whatever stands there.

Values are made into text by PostgreSQL. A damaged database may hold times that Python has no type
for, and an export that fails on them would hide what it is there to show.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    LargeBinary,
    Select,
    Text,
    Uuid,
    case,
    cast,
    exists,
    func,
    literal_column,
    select,
    true,
    union,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, aggregate_order_by
from sqlalchemy.orm import aliased

from app.balance.models import Posting
from app.ledger.models import Event, EventBatch, EventPrivate, Leaf, Unsequenced
from app.orm import Base

POSTING = {
    "batch": Posting.batch_code,
    "cause": Posting.cause,
    "n": Posting.n,
    "about": Posting.about,
    "origin": Posting.origin,
    "from": Posting.from_account,
    "to": Posting.to_account,
    "place": Posting.place,
    "mass_g": Posting.mass_g,
    "occurred_on": Posting.occurred_on,
}
"""A posting's columns by their names in the leaf's own list (app/balance/postings.py)."""


def columns_of(table: type[Base]) -> list[str]:
    """Return the names of a table's columns, in order."""
    return [column.name for column in table.__table__.columns]


def said(column: Any) -> ColumnElement[Any]:
    """Return a column as it is printed: times UTC with six digits and Z, bytes in hex, UUIDs as text.

    A time outside the years 1 to 9999 is printed as PostgreSQL prints it: never like another one.
    """
    if isinstance(column.type, DateTime):
        return case(
            (
                column.between(
                    literal_column("timestamptz '0001-01-01 00:00:00+00'"),
                    literal_column("timestamptz '9999-12-31 23:59:59.999999+00'"),
                ),
                func.to_char(func.timezone("UTC", column), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            ),
            else_=cast(column, Text),
        )
    if isinstance(column.type, Date):
        ours = column.between(
            literal_column("date '0001-01-01'"), literal_column("date '9999-12-31'")
        )
        day = func.to_char(cast(column, TIMESTAMP), "YYYY-MM-DD")
        return case((ours, day), else_=cast(column, Text))
    if isinstance(column.type, LargeBinary):
        return func.encode(column, "hex")
    if isinstance(column.type, Uuid | JSONB):
        return cast(column, Text)
    return column  # type: ignore[no-any-return]


def rows_of(table: type[Base]) -> Select[Any]:
    """Return every row of a table by its primary key, each column as `said`."""
    return select(*_all_said(table)).order_by(*_in_order(table))


def leaves() -> Select[Any]:
    """Return each row of `leaf` with all that belongs to its event, in leaf order.

    Index, event id, batch codes or null, postings as JSON text or null, then the columns of `event`
    and those of `event_private`, all null where there is no such row. One statement, read as a
    stream: `event_batch` has no index by event and is grouped once; the rest is looked up leaf by
    leaf, so that leaves need not be sorted. Without its unique keys a table may hold an event twice;
    the first row is shown here and the others are `strays`.
    """
    named = (
        select(
            EventBatch.event_id,
            func.array_agg(
                aggregate_order_by(EventBatch.batch_code, *_by(EventBatch.batch_code))
            ).label("codes"),
        )
        .group_by(EventBatch.event_id)
        .subquery("named")
    )
    places = (
        select(Leaf.leaf_index, Leaf.event_id, _row(Leaf).label("at"), named.c.codes)
        .outerjoin(named, named.c.event_id == Leaf.event_id)
        .order_by(Leaf.leaf_index, _row(Leaf))
        .subquery("places")
    )
    booked = func.json_build_object(*(p for name, c in POSTING.items() for p in (name, said(c))))
    order = [*_by(Posting.batch_code), Posting.n, _row(Posting)]
    postings = (
        select(cast(func.json_agg(aggregate_order_by(booked, *order)), Text))
        .where(Posting.cause == places.c.event_id)
        .scalar_subquery()
    )
    event = _first(Event, Event.id == places.c.event_id, "the_event")
    private = _first(EventPrivate, EventPrivate.event_id == places.c.event_id, "the_private")
    return (
        select(
            places.c.leaf_index, cast(places.c.event_id, Text), places.c.codes, postings,
            *event.c, *private.c,
        )
        .select_from(places)
        .outerjoin(event, true())
        .outerjoin(private, true())
        .order_by(places.c.leaf_index, places.c.at)
    )  # fmt: skip


def waiting() -> Select[Any]:
    """Return the ids of committed events that wait for their place, in their order."""
    return (
        select(cast(Unsequenced.event_id, Text))
        .where(exists().where(Event.id == Unsequenced.event_id).correlate(Unsequenced))
        .order_by(*_in_order(Unsequenced))
    )


def strays() -> Sequence[tuple[type[Base], Select[Any]]]:
    """Return, by table, the rows that no leaf shows and no waiting event explains."""
    without_event = ~exists().where(Event.id == Unsequenced.event_id).correlate(Unsequenced)
    return (
        (Event, _strays_of(Event, "id", alone=True)),
        (EventBatch, _strays_of(EventBatch, "event_id")),
        (Posting, _strays_of(Posting, "cause")),
        (EventPrivate, _strays_of(EventPrivate, "event_id", alone=True)),
        (Unsequenced, rows_of(Unsequenced).where(without_event)),
    )


def _strays_of(table: type[Base], event: str, *, alone: bool = False) -> Select[Any]:
    """Return rows of unknown events, and further rows of an event where each stands `alone`."""
    one = aliased(table, name="one")
    named = getattr(one, event)
    shown = exists().where(Leaf.event_id == named).correlate(one)
    waits = exists().where(Unsequenced.event_id == named, Event.id == named).correlate(one)
    lost: Any = select(literal_column("one.ctid").label("at")).select_from(one)
    found = lost.where(~shown, ~waits)
    if alone:
        other = aliased(table, name="other")
        earlier = literal_column("other.ctid") < literal_column("one.ctid")
        again = exists().where(getattr(other, event) == named, earlier).correlate(one)
        found = union(found, lost.where(again))
    return rows_of(table).where(_row(table).in_(select(found.subquery("lost").c.at)))


def _first(table: type[Base], found: ColumnElement[bool], name: str) -> Any:
    # The limit also keeps the planner from joining, and then sorting, whole tables of leaves.
    return select(*_all_said(table)).where(found).order_by(_row(table)).limit(1).lateral(name)


def _all_said(table: type[Base]) -> list[ColumnElement[Any]]:
    return [said(column).label(column.name) for column in table.__table__.columns]


def _in_order(table: type[Base]) -> list[ColumnElement[Any]]:
    keys = [part for column in table.__table__.primary_key for part in _by(column)]
    return [*keys, _row(table)]


def _by(column: Any) -> list[ColumnElement[Any]]:
    """Return how to sort by a column: text by its code points, in every database alike."""
    return [column.collate("C") if isinstance(column.type, Text) else column]


def _row(table: type[Base]) -> ColumnElement[Any]:
    """Return where a row lies: tells rows apart that are alike in every column."""
    return literal_column(f"{table.__tablename__}.ctid")
