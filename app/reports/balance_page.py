"""One page of a balance's drill-down: which events moved which bags, or which bags were held."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.balance.cell import Cell
from app.balance.entries import Days, Entry, EntryKey, entries_of
from app.balance.flows import FLOWS
from app.balance.held import Held, HeldKey, held_at_end
from app.balance.models import Posting
from app.errors import InvalidQuery
from app.ledger.follow import cursor_of
from app.ledger.leaf import read_leaf
from app.ledger.models import Event
from app.orm import among
from app.pagination import decode_cursor, encode_cursor
from app.parties.names import site_names
from app.reports.balance_of import Asked
from app.trips.open import numbers_of

Side = Literal["in", "out", "opening", "closing"]
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Line:
    """Which figure of a balance is looked into; `account` for `in` and `out`, else empty."""

    asked: Asked
    days: Days
    side: Side
    account: str = ""

    def __post_init__(self) -> None:
        """Refuse a side without its account, or an account where there is none."""
        if bool(self.account) != (self.side in ("in", "out")):
            raise InvalidQuery(
                reason="side 为 in 或 out 时要写 account，opening 和 closing 不写",
                reason_en="account belongs to in and out, and to them alone",
                pointer="/query/account",
            )

    def as_json(self) -> dict[str, Any]:
        """Return what was asked for."""
        days = {"from": self.days.first.isoformat(), "to": self.days.last.isoformat()}
        named = {"account": self.account} if self.account else {}
        return {**self.asked.as_json(), **days, "side": self.side, **named}


async def page_of(
    session: AsyncSession, line: Line, cursor: str | None, limit: int
) -> dict[str, Any]:
    """Return a page of a figure's parts, all pages being of the log size that the first one names."""
    if line.side in ("in", "out"):
        page = await _moved(session, line, cursor, limit)
    else:
        page = await _held(session, line, cursor, limit)
    return {**line.as_json(), **page}


async def _moved(
    session: AsyncSession, line: Line, cursor: str | None, limit: int
) -> dict[str, Any]:
    assert line.side in ("in", "out")
    size, after = await _size(session), None
    if cursor:
        known, own, on, about, batch = decode_cursor(cursor, int, str, str, str, str)
        size, after = _no_more_than(size, known), _entry_key(own, on, about, batch)
    cell = Cell(line.asked.subject, line.side, line.account)
    found = await entries_of(session, cell, line.days, size, after, limit + 1)
    shown = found[:limit]
    onward = None
    if len(found) > limit:
        own, on, about, batch = shown[-1].key
        onward = encode_cursor([size, own, on.isoformat(), str(about), batch])
    items = await _told(session, shown)
    return {"items": items, "next_cursor": onward, "log": {"size": size}}


async def _held(
    session: AsyncSession, line: Line, cursor: str | None, limit: int
) -> dict[str, Any]:
    size, after = await _size(session), None
    if cursor:
        known, *key = decode_cursor(cursor, int, str, str, str)
        size, after = _no_more_than(size, known), HeldKey(*key)
    last = line.days.last if line.side == "closing" else _day_before(line.days.first)
    found: list[Held] = []
    if last is not None:
        found = await held_at_end(session, line.asked.subject, last, size, after, limit + 1)
    shown = found[:limit]
    onward = encode_cursor([size, *shown[-1].key]) if len(found) > limit else None
    places = {one.key.account.partition("/")[2] for one in shown}
    names = await site_names(session, places)
    trips = await numbers_of(session, [UUID(one) for one in places - names.keys()])
    items = []
    for one in shown:
        kind, _, place = one.key.account.partition("/")
        trip = place if kind == "transit" else None
        at = {
            "site": None if trip else place,
            "site_name": None if trip else names[place],
            "trip": trip,
            "trip_number": trips.get(UUID(trip)) if trip else None,
        }
        items.append({"batch": one.key.batch, "mass_g": one.mass_g, **at})
    return {"items": items, "next_cursor": onward, "log": {"size": size}}


def _day_before(first: date) -> date | None:
    return first - DAY if first > date.min else None


async def _size(session: AsyncSession) -> int:
    """Return the log size of the flows: that of the balance whose figure this is."""
    return await cursor_of(session, FLOWS.name)


def _no_more_than(size: int, known: int) -> int:
    if not 0 <= known <= size:
        raise InvalidQuery(reason="cursor", pointer="cursor")
    return known


def _entry_key(own: str, on: str, about: str, batch: str) -> EntryKey:
    try:
        return EntryKey(own, date.fromisoformat(on), UUID(about), batch)
    except ValueError:
        raise InvalidQuery(reason="cursor", pointer="cursor") from None


@dataclass(frozen=True)
class _Event:
    kind: str
    corrects: str | None
    effective_at: str
    site: str | None


async def _told(session: AsyncSession, shown: list[Entry]) -> list[dict[str, Any]]:
    """Return entries as they are told: each with its event, and with what changed it afterwards."""
    rebooked = await _rebooked(session, shown)
    ids = {entry.key.about for entry in shown} | {one for many in rebooked.values() for one in many}
    events = await _events(session, ids)
    names = await site_names(session, [one.site for one in events.values() if one.site])
    return [_item(entry, events, rebooked, names) for entry in shown]


async def _rebooked(
    session: AsyncSession, shown: list[Entry]
) -> dict[tuple[str, UUID], list[UUID]]:
    """Return by bag and event which later events changed what it booked."""
    rows = await session.execute(
        select(Posting.batch_code, Posting.about, Posting.cause)
        .where(
            among(Posting.batch_code, {entry.key.batch for entry in shown}),
            among(Posting.about, {entry.key.about for entry in shown}),
            Posting.cause != Posting.about,
        )
        .distinct()
        .order_by(Posting.cause)
    )
    found: dict[tuple[str, UUID], list[UUID]] = {}
    for batch, about, cause in rows:
        found.setdefault((batch, about), []).append(cause)
    return found


async def _events(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, _Event]:
    rows = await session.execute(select(Event.id, Event.leaf).where(among(Event.id, ids)))
    return {event_id: _event_of(leaf) for event_id, leaf in rows}


def _event_of(leaf: str) -> _Event:
    """Return what stands of an event: of a correction the event that takes the corrected one's place."""
    parts = read_leaf(leaf)
    event = parts["event"]
    stands: Mapping[str, Any] = event.get("replacement") or event
    return _Event(
        kind=stands.get("kind", event["kind"]),
        corrects=event.get("corrects"),
        effective_at=parts["stamps"]["effective_at"],
        site=stands.get("site") or event.get("site"),
    )


def _item(
    entry: Entry,
    events: Mapping[UUID, _Event],
    rebooked: Mapping[tuple[str, UUID], list[UUID]],
    names: Mapping[str, str],
) -> dict[str, Any]:
    key, event = entry.key, events[entry.key.about]
    later = rebooked.get((key.batch, key.about), [])
    return {
        "event": str(key.about),
        "kind": event.kind,
        "corrects": event.corrects,
        "occurred_on": key.on.isoformat(),
        "effective_at": event.effective_at,
        "site": event.site,
        "site_name": names.get(event.site or ""),
        "batch": key.batch,
        "mass_g": entry.mass_g,
        "rebooked_by": [
            {"event": str(one), "kind": events[one].kind, "corrects": events[one].corrects}
            for one in later
        ],
    }
