"""A leaf as rules read it: what it says happened, and what it says did not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.rules.device import Link, link_of
from app.events.happening import Happening, codes_in, day_of, happening_of
from app.ledger.follow import LeafRow
from app.ledger.leaf import read_leaf
from app.ledger.models import Event
from app.orm import among

MOST_BATCHES = 4_000
"""Bags named by the leaves that are judged together: what is held in memory is bounded by them."""


@dataclass(frozen=True)
class Told:
    """An event, or the replacement that a correction puts in its place.

    `undone` is the event that a correction takes back; `kind` is then the replacement's, or
    `correct` where the event did not occur.
    """

    leaf_index: int
    id: str
    kind: str
    event: dict[str, Any]
    stamps: dict[str, Any]
    undone: "Told | None" = None
    happening: Happening | None = None
    """What it tells of bags."""
    site: str | None = None
    """The site it happened at; a declaration has none."""
    link: Link | None = None
    """Its place in the chain of the phone that sent it: the leaf's own, a correction's too."""

    @cached_property
    def recorded_at(self) -> datetime:
        """The server's time."""
        return datetime.fromisoformat(self.stamps["recorded_at"])

    @cached_property
    def effective_at(self) -> datetime:
        """The client's time, put right."""
        return datetime.fromisoformat(self.stamps["effective_at"])

    @cached_property
    def claimed_at(self) -> datetime:
        """The client's time, put right, even where its labels were issued only later."""
        return datetime.fromisoformat(self.stamps["adjusted_at"])

    @cached_property
    def on(self) -> date:
        """The province's calendar day of the effective time."""
        return day_of(self.effective_at)

    @cached_property
    def recorded_on(self) -> date:
        """The province's calendar day of the server's time."""
        return day_of(self.recorded_at)


def told_of(leaf_index: int, parts: dict[str, Any], undone: Told | None = None) -> Told:
    """Return what a leaf's parts tell."""
    event, id_ = parts["event"], parts["event"]["id"]
    link, happening = link_of(event), happening_of(parts)
    if event["kind"] == "correct":
        replacement = event.get("replacement")
        event = {**(replacement or {"kind": "correct"}), "id": id_}
    return Told(
        leaf_index, id_, event["kind"], event, parts["stamps"], undone, happening,
        event.get("site"), link,
    )  # fmt: skip


async def read_told(session: AsyncSession, leaves: Sequence[LeafRow]) -> list[Told]:
    """Return leaves as told, each correction with what it takes back; one query at most."""
    parts = [(leaf.leaf_index, read_leaf(leaf.leaf)) for leaf in leaves]
    corrected = {p["event"].get("corrects") for _, p in parts if p["event"]["kind"] == "correct"}
    undone: dict[str, Told] = {}
    if corrected:
        ids = {UUID(one) for one in corrected if one}
        rows = await session.execute(select(Event.id, Event.leaf).where(among(Event.id, ids)))
        undone = {str(id_): told_of(-1, read_leaf(leaf)) for id_, leaf in rows}
    return [told_of(n, p, undone.get(p["event"].get("corrects", ""))) for n, p in parts]


def in_parts(told: Iterable[Told]) -> Iterable[list[Told]]:
    """Cut leaves where their bags together would be more than MOST_BATCHES."""
    part: list[Told] = []
    named = 0
    for one in told:
        count = len(codes_in(one.event)) or 1
        if part and named + count > MOST_BATCHES:
            yield part
            part, named = [], 0
        part.append(one)
        named += count
    if part:
        yield part
