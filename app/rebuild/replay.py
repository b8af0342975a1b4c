"""The log gone over again, leaf by leaf, as if each event were recorded once more.

What decides what an event does (`app/events/effects.py`) runs here again, on nothing but leaves and
the register of labels, sites and vehicles. So a bag's row, sight and time of change included, and
the trips that an event concerns end as recording left them; and each leaf's postings are those that
the leaves before it ask for.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.balance.booked import transfer_of
from app.balance.models import Posting
from app.errors import DomainError
from app.events.effects import effects_of
from app.events.facts import Facts, Known, carriers_of, sites_of
from app.events.fold import KINDS
from app.events.happening import Happening, codes_in, happening_of
from app.events.on_trip import noted_of
from app.events.rules import SiteFacts
from app.events.settle import accept, booked_by, in_order
from app.events.shelf import Lacking, Shelf
from app.ledger.leaf import read_leaf
from app.ledger.models import Correction, Event, EventBatch, Leaf
from app.orm import among
from app.parties.models import Site, Vehicle
from app.rebuild.kept import Bags
from app.trips.note import Noted

CUSTODY = frozenset({*KINDS, "correct"})
"""Kinds of event that are about bags."""
_Later = aliased(Leaf)


@dataclass(frozen=True)
class Stood:
    """An event as it stands: its leaf, the list of postings beside it, its place if it has one."""

    id: UUID
    kind: str
    leaf: str
    postings: str
    leaf_index: int | None = None


@dataclass(frozen=True)
class _Item:
    stood: Stood
    parts: dict[str, Any]
    happening: Happening | None
    takes_back: Happening | None
    codes: tuple[str, ...]
    """Every code that it names, those of what it takes back first."""

    @property
    def site(self) -> str:
        told = self.happening or self.takes_back
        assert told is not None, "an event tells something, or takes something back"
        return str(told.body["site"])

    @property
    def recorded_at(self) -> datetime:
        return datetime.fromisoformat(self.parts["stamps"]["recorded_at"])


class _Near(dict[str, Known]):
    """The codes that an event names, with what is in containers among them; others on demand.

    Who looks for the members of a container goes through all of these, and not through every bag.
    """

    def __init__(self, everything: Mapping[str, Known], codes: Iterable[str]) -> None:
        super().__init__((code, everything[code]) for code in codes)
        self._everything = everything

    def __missing__(self, code: str) -> Known:
        return self._everything[code]


class Replay:
    """Where the log has been gone over to, and what is known there."""

    def __init__(self) -> None:
        self.bags = Bags()
        self.size = 0
        """Leaves gone over."""
        self.ahead: set[UUID] = set()
        """Events gone over that had no place in the log yet."""
        self.noted: list[Noted] = []
        """Events that concern trips, since the last time that somebody took them."""
        self.departed: list[tuple[Noted, dict[str, Any]]] = []
        """The same of departures that name a trip, with what their leaves say."""
        self.suspect: set[str] = set()
        """Codes of which some leaf booked what those before it did not ask for."""
        self._sites: dict[str, SiteFacts] = {}
        self._carriers: dict[str, str] = {}
        self.shelf = Shelf()

    @property
    def carriers(self) -> dict[str, str]:
        """Who runs each vehicle, as it is registered now."""
        return self._carriers

    async def start(self, session: AsyncSession) -> None:
        """Read the register: it is taken as it is now."""
        self._sites = await sites_of(session, await session.scalars(select(Site.code)))
        self._carriers = await carriers_of(session, await session.scalars(select(Vehicle.plate)))

    async def take(self, session: AsyncSession, events: Sequence[Stood]) -> None:
        """Go over events in their order."""
        items = await self._read(session, events)
        named = {code for item in items for code in item.codes}
        named |= {inside for code in named for inside in self.bags.inside.get(code, ())}
        new = await self.bags.fetch(session, named)
        self.shelf = Shelf()
        for code in new:
            self.shelf.open(code)
        await self.open_whole(session, self._late(items))
        by_id = {item.stood.id: item for item in items}
        for stood in events:
            if stood.id in by_id:
                await self._happen(session, by_id[stood.id])
            if stood.leaf_index is None:
                self.ahead.add(stood.id)
            else:
                self.size = stood.leaf_index + 1
        for known in self.bags.known.values():
            known.booked = []

    async def _read(self, session: AsyncSession, events: Sequence[Stood]) -> list[_Item]:
        read = [(stood, read_leaf(stood.leaf)) for stood in events if stood.kind in CUSTODY]
        corrected = {UUID(p["event"]["corrects"]) for s, p in read if s.kind == "correct"}
        targets: dict[str, Happening | None] = {}
        if corrected:
            rows = await session.execute(
                select(Event.id, Event.leaf).where(among(Event.id, corrected))
            )
            targets = {str(id_): happening_of(read_leaf(leaf)) for id_, leaf in rows}
        items = []
        for stood, parts in read:
            takes_back = targets.get(parts["event"].get("corrects", ""))
            before = codes_in(takes_back.body) if takes_back else []
            codes = tuple(dict.fromkeys([*before, *codes_in(parts["event"])]))
            items.append(_Item(stood, parts, happening_of(parts), takes_back, codes))
        return items

    def _late(self, items: Iterable[_Item]) -> set[str]:
        """Guess which codes need their whole stories; what is missed is found in its turn."""
        newest = {}
        late: set[str] = set()
        for item in items:
            for code in item.codes:
                if code not in newest:
                    newest[code] = self.bags.known[code].state.last
                last, told = newest[code], item.happening
                if item.takes_back is None and told and (last is None or told.order > last):
                    newest[code] = told.order
                else:
                    late.add(code)
        return late

    async def _happen(self, session: AsyncSession, item: _Item) -> None:
        if item.stood.kind == "correct" and item.takes_back is None:
            self.suspect |= set(item.codes)
            return
        codes = set(item.codes)
        codes |= {inside for code in item.codes for inside in self.bags.inside.get(code, ())}
        facts = self._facts(codes)
        while True:
            try:
                acted = effects_of(facts, item.happening, item.takes_back, {})
                break
            except Lacking as lacking:
                if not lacking.codes - self.shelf.named.keys():
                    raise
                await self.open_whole(session, lacking.codes)
            except DomainError:
                # It was decided on other grounds, or by other rules: it may be taken back later.
                self.suspect |= set(item.codes)
                return
        effects = in_order(acted.effects, item.codes)
        was_in = {one.code: facts.known[one.code].state.container for one in effects}
        accept(facts, item.happening, item.takes_back, effects)
        for effect in effects:
            self.bags.changed(effect.code, was_in[effect.code], item.recorded_at)
        due, booked = booked_by(effects), json.loads(item.stood.postings)
        if due != booked:
            self.suspect |= {row["batch"] for row in (*due, *booked)}
        states = [facts.known[code].state for code in item.codes]
        noted = noted_of(item.parts, item.site, effects, states)
        if noted.trips or noted.corrects:
            self.noted.append(noted)
        if item.stood.kind == "depart" and "trip" in item.parts["stamps"]:
            self.departed.append((noted, item.parts))

    def _facts(self, codes: Iterable[str]) -> Facts:
        return Facts(
            labels={},
            known=_Near(self.bags.known, codes),
            recorded={},
            sites=self._sites,
            trips={},
            carriers=self._carriers,
            packaging=None,
            shelf=self.shelf,
            corrected={},
            reaches={},
        )

    # ---- whole stories, as far as the log has been gone over

    async def open_whole(self, session: AsyncSession, codes: Iterable[str]) -> None:
        """Put the whole stories of codes on the shelf, those of containers they were in too."""
        wanted = set(codes) - self.shelf.named.keys()
        while wanted:
            await self.bags.fetch(session, wanted)
            for code in wanted:
                self.shelf.open(code)
            boxes = await self._shelve(session, wanted)
            await self._book(session, wanted)
            wanted = boxes - self.shelf.named.keys()

    async def _shelve(self, session: AsyncSession, codes: set[str]) -> set[str]:
        rows = await session.execute(
            select(
                Event.id, Event.leaf, Leaf.leaf_index, Correction.event_id, _Later.leaf_index
            )
            .ext(distinct_on(Event.id))
            .join(EventBatch, EventBatch.event_id == Event.id)
            .outerjoin(Leaf, Leaf.event_id == Event.id)
            .outerjoin(Correction, Correction.corrects == Event.id)
            .outerjoin(_Later, _Later.event_id == Correction.event_id)
            .where(among(EventBatch.batch_code, codes))
        )  # fmt: skip
        boxes = set()
        for id_, leaf, index, corrected_by, corrected_at in rows:
            gone = corrected_by is not None and self._over(corrected_by, corrected_at)
            if gone or not self._over(id_, index):
                continue
            happening = happening_of(read_leaf(leaf))
            if happening:
                self.shelf.put(happening)
                if happening.kind == "pack":
                    boxes.add(happening.body["container"])
        return boxes

    async def _book(self, session: AsyncSession, codes: set[str]) -> None:
        for code in codes:
            self.bags.known[code].booked = []
        rows = await session.execute(
            select(Posting, Leaf.leaf_index)
            .outerjoin(Leaf, Leaf.event_id == Posting.cause)
            .where(among(Posting.batch_code, codes))
        )
        for posting, index in rows:
            if self._over(posting.cause, index):
                self.bags.known[posting.batch_code].booked.append(transfer_of(posting))

    def _over(self, event: UUID, leaf_index: int | None) -> bool:
        """Tell whether an event has been gone over."""
        return (leaf_index is not None and leaf_index < self.size) or event in self.ahead
