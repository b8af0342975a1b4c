"""Recompute what stands beside the log from its leaves alone, into shadow tables, and compare.

Every bag's story is folded anew, those that shared a weighing or a repack together; every follower
goes from leaf 0 to where it stands. What differs first is named.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.balance.postings import outstanding
from app.batches.models import Batch, Label
from app.custody.stories import Stories, booked_of, stories_of
from app.events.effects import placed
from app.events.fold import Folded
from app.events.happening import codes_in
from app.events.state import LabelFacts, State, state_to_json
from app.events.taking import Conflict
from app.events.together import fold_together
from app.ledger.follow import Follow, LeafRow, cursor_of
from app.ledger.leaf import read_leaf
from app.ledger.models import Correction, Event, EventBatch, Leaf
from app.orm import Base, among
from app.rebuild.components import Components
from app.rebuild.shadow import copy_in, first_difference, shadowed

LEAVES_AT_ONCE = 2_000
BAGS_AT_ONCE = 2_000
Tell = Callable[[str, int, int], None]
"""Says how far it is: what, how many are done, of how many."""
_COLUMNS = (
    "code", "kind", "status", "site", "container", "mass_g", "state", "seen_by", "updated_at",
)  # fmt: skip
_NOT_FROM_LEAVES = ("updated_at", "seen_by")
"""When a row was last written, and who has seen a bag: sight only grows."""


@dataclass(frozen=True)
class Difference:
    """The first thing that is not what the leaves say: in which table, and how."""

    table: str
    what: str

    @classmethod
    def between(cls, table: type[Base], found: tuple[str, dict[str, Any]]) -> "Difference":
        """Return a row that is in one of two tables alone."""
        side, row = found
        words = {"stands": "库里有、重算没有", "recomputed": "重算有、库里没有"}[side]
        plain = json.dumps(row, ensure_ascii=False, default=str, sort_keys=True)
        return cls(table.__tablename__, f"{words} / {side} only: {plain}")


async def compare(
    engine: AsyncEngine, followers: Sequence[Follow], tell: Tell
) -> Difference | None:
    """Return the first difference between what stands and what the leaves say, None if none."""
    tables = [table for follower in followers for table in follower.tables]
    async with shadowed(engine, [Batch, EventBatch, Correction, *tables]) as session:
        ties = await _name_codes(session, tell)
        named: tuple[type[Base], ...] = (EventBatch, Correction)
        for table in named:
            found = await first_difference(session, table)
            if found:
                return Difference.between(table, found)
        unbooked = await _fold_bags(session, ties, tell)
        if unbooked:
            return unbooked
        found = await first_difference(session, Batch, ignore=_NOT_FROM_LEAVES)
        if found:
            return Difference.between(Batch, found)
        for follower in followers:
            await _follow_again(session, follower, tell)
            for table in follower.tables:
                found = await first_difference(session, table)
                if found:
                    return Difference.between(table, found)
    return None


async def _leaves(session: AsyncSession, end: int) -> AsyncIterator[list[LeafRow]]:
    """Yield leaves in order up to `end`, some at a time."""
    for start in range(0, end, LEAVES_AT_ONCE):
        rows = await session.execute(
            select(Leaf.leaf_index, Leaf.event_id, Event.kind, Event.occurred_on, Event.leaf)
            .join(Event, Event.id == Leaf.event_id)
            .where(Leaf.leaf_index >= start, Leaf.leaf_index < min(end, start + LEAVES_AT_ONCE))
            .order_by(Leaf.leaf_index)
        )
        yield [LeafRow(*row) for row in rows]


async def _name_codes(session: AsyncSession, tell: Tell) -> Components:
    """Recompute which codes each event names and what it corrects; return what ties bags."""
    end = int(await session.scalar(select(func.max(Leaf.leaf_index))) or -1) + 1
    ties, done = Components(), 0
    async for rows in _leaves(session, end):
        await _name(session, {row.event_id: row.leaf for row in rows}, ties)
        done += len(rows)
        tell("读登记 / leaves read", done, end)
    placed_already = select(Leaf.event_id).where(Leaf.event_id == Event.id)
    waiting = await session.execute(select(Event.id, Event.leaf).where(~placed_already.exists()))
    await _name(session, dict(waiting.all()), ties)
    return ties


async def _name(session: AsyncSession, leaves: Mapping[UUID, str], ties: Components) -> None:
    events = {id_: read_leaf(leaf)["event"] for id_, leaf in leaves.items()}
    corrects = {id_: UUID(e["corrects"]) for id_, e in events.items() if e["kind"] == "correct"}
    targets = {}
    if corrects:
        rows = await session.execute(
            select(Event.id, Event.leaf).where(among(Event.id, set(corrects.values())))
        )
        targets = {id_: codes_in(read_leaf(leaf)["event"]) for id_, leaf in rows}
    named = []
    for id_, event in events.items():
        codes = codes_in(event)
        if id_ in corrects:
            codes = list(dict.fromkeys([*targets[corrects[id_]], *codes]))
        if _ties(event.get("replacement", event)):
            ties.tie(codes)
        named += [(code, id_) for code in codes]
    await copy_in(session, EventBatch, ("batch_code", "event_id"), named)
    taken = [(target, id_) for id_, target in corrects.items()]
    await copy_in(session, Correction, ("corrects", "event_id"), taken)


def _ties(body: dict[str, Any]) -> bool:
    """Tell whether bags may share a mass through an event: on one scale, or in one container."""
    return body["kind"] in ("repack", "pack") or "group_mass_g" in body


async def _fold_bags(session: AsyncSession, ties: Components, tell: Tell) -> Difference | None:
    """Fold all bags into the shadow; return what is not booked as it is due."""
    codes = sorted(
        await session.scalars(text("SELECT DISTINCT batch_code FROM pg_temp.event_batch"))
    )
    done = 0
    for chunk in ties.chunks(codes, BAGS_AT_ONCE):
        different = await _fold_chunk(session, chunk)
        if different:
            return different
        done += len(chunk)
        tell("重算批次 / bags folded", done, len(codes))
    return None


async def _fold_chunk(session: AsyncSession, codes: list[str]) -> Difference | None:
    labels = {
        code: (kind, LabelFacts(county, scope))
        for code, kind, county, scope in await session.execute(
            select(Label.code, Label.kind, Label.county, Label.scope).where(
                among(Label.code, codes)
            )
        )
    }
    stories = await stories_of(session, codes)
    bags = [code for code in codes if labels[code][0] == "bag"]
    folded = fold_together(
        {code: labels[code][1] for code in bags}, {code: stories.whole(code) for code in bags}
    )
    if isinstance(folded, Conflict):
        return Difference("event", f"{folded.batch}: {folded.rule} ({folded.step})")
    different = await _unbooked(session, folded)
    if different:
        return different
    rows = [_row(code, "bag", labels[code][1], one.state) for code, one in folded.items()]
    rows += [
        _row(code, "container", labels[code][1], _place(stories, code))
        for code in codes
        if labels[code][0] == "container"
    ]
    await copy_in(session, Batch, _COLUMNS, rows)
    return None


async def _unbooked(session: AsyncSession, folded: Mapping[str, Folded]) -> Difference | None:
    """Return the first transfer that is due and not booked, or booked and not due."""
    booked = await booked_of(session, folded)
    for code, one in sorted(folded.items()):
        for missing in outstanding(one.transfers, booked.get(code, ())):
            return Difference("posting", f"{code}: 应补记 / lacks {missing}")
    return None


def _place(stories: Stories, code: str) -> State:
    state = State()
    for happening in sorted(stories.own(code), key=lambda h: h.order):
        state = placed(state, happening, code)
    return state


def _row(code: str, kind: str, label: LabelFacts, state: State) -> tuple[Any, ...]:
    return (
        code,
        kind,
        state.status,
        state.site,
        state.container,
        state.mass_g,
        json.dumps(state_to_json(label, state)),
        [],
        datetime.min.replace(tzinfo=UTC),
    )


async def _follow_again(session: AsyncSession, follower: Follow, tell: Tell) -> None:
    """Let a follower go from leaf 0 to where it stands, into its shadow tables."""
    end = await cursor_of(session, follower.name)
    done = 0
    async for rows in _leaves(session, end):
        wanted = [r for r in rows if follower.kinds is None or r.kind in follower.kinds]
        if wanted:
            await follower.apply(session, wanted)
        done += len(rows)
        tell(f"{follower.name}", done, end)
