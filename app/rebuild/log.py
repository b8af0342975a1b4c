"""The log itself, held against its leaves: what stands beside each of them, and the tree over all.

Nothing here is ever put right: what is append-only stays as it is.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.balance.models import Posting
from app.events.happening import codes_in, day_of
from app.ledger.leaf import leaf_hash, read_leaf
from app.ledger.models import Correction, Event, EventBatch, Leaf, Unsequenced
from app.ledger.sequence import log_size
from app.orm import Base, among
from app.rebuild.difference import Found, difference
from app.rebuild.leaning import Leaning
from app.rebuild.work import Tell, Work
from app.transparency.grow import Place
from app.transparency.integrate import tiles_at, tree_size
from app.transparency.models import LogHead, LogTile

AT_ONCE = 2_000
_OF_CODES = ("batch_code", "event_id")
_OF_CORRECTION = ("corrects", "event_id")
_OF_POSTING = (
    "batch_code", "cause", "n", "about", "origin", "from_account", "to_account", "place", "mass_g",
    "occurred_on",
)  # fmt: skip
Row = dict[str, Any]


class Log(Work):
    """Tables that are append-only."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self._size = 0
        self._tree = Leaning()
        self._head = 0
        self._found: dict[str, Found] = {}

    async def recompute(self, tell: Tell) -> None:
        """Read all leaves there are, and what stands beside them."""
        async with self.turn() as session:
            end = await log_size(session)
        tell(0, end)
        while self._size < end:
            async with self.turn() as session:
                await self._take(session, end)
            tell(self._size, end)

    async def compare(self) -> list[Found]:
        """Read what came since, and look for rows that belong to no leaf."""
        async with self.turn(snapshot=True) as session:
            end = await log_size(session)
            while self._size < end:
                await self._take(session, end)
            before = dict(self._found)
            await self._check_waiting(session)
            await self._check_strays(session)
            await self._check_edge(session)
            found, self._found = self._found, before
        return list(found.values())

    async def repair(self) -> None:
        """Leave it as it is."""

    async def _take(self, session: AsyncSession, end: int) -> None:
        start, end = self._size, min(end, self._size + AT_ONCE)
        rows = await session.execute(
            select(Leaf.leaf_index, *Event.__table__.columns)
            .join(Event, Event.id == Leaf.event_id)
            .where(Leaf.leaf_index >= start, Leaf.leaf_index < end)
        )
        by_place = {row["leaf_index"]: dict(row) for row in rows.mappings()}
        for index in range(start, end):
            if index not in by_place:
                self._note("leaf", ["leaf_index"], None, {"leaf_index": index, "event_id": "?"})
        events = [by_place[index] for index in sorted(by_place)]
        await self._check(session, events)
        await self._grow(session, start, end, by_place)
        self._size = end

    # ---- beside each leaf

    async def _check(self, session: AsyncSession, events: Sequence[Mapping[str, Any]]) -> None:
        leaves: dict[UUID, dict[str, Any]] = {}
        postings: list[Row] = []
        for row in events:
            try:
                leaf = read_leaf(row["leaf"])
                booked = [_posting(row["id"], one) for one in json.loads(row["postings"])]
                self._check_event(row, leaf)
                leaves[row["id"]] = leaf
                postings += booked
            except (ValueError, LookupError, TypeError, AttributeError) as error:
                stands = {"id": str(row["id"])} | {k: row[k] for k in ("leaf", "postings")}
                self._note("event", ["id"], stands, {**stands, "leaf": repr(error)})
        events = [row for row in events if row["id"] in leaves]
        targets = [
            UUID(leaf["event"]["corrects"])
            for leaf in leaves.values()
            if "corrects" in leaf["event"]
        ]
        corrected = {}
        if targets:
            found = await session.execute(
                select(Event.id, Event.leaf).where(among(Event.id, targets))
            )
            corrected = {str(id_): codes_in(read_leaf(leaf)["event"]) for id_, leaf in found}
        codes, corrections = [], []
        for row in events:
            event = leaves[row["id"]]["event"]
            named = [*corrected.get(event.get("corrects", ""), ()), *codes_in(event)]
            codes += [{"batch_code": code, "event_id": row["id"]} for code in dict.fromkeys(named)]
            if "corrects" in event:
                corrections.append({"corrects": UUID(event["corrects"]), "event_id": row["id"]})
        ids = list(leaves)
        await self._hold(session, EventBatch, EventBatch.event_id, ids, codes, _OF_CODES)
        await self._hold(session, Correction, Correction.event_id, ids, corrections, _OF_CORRECTION)
        await self._hold(session, Posting, Posting.cause, ids, postings, _OF_POSTING)

    def _check_event(self, row: Mapping[str, Any], leaf: dict[str, Any]) -> None:
        event, stamps = leaf["event"], leaf["stamps"]
        said = event.get("replacement", event)
        effective = datetime.fromisoformat(stamps["effective_at"])
        should = {
            "id": UUID(event["id"]),
            "kind": event["kind"],
            "site": event.get("site", said.get("site", row["site"])),
            "occurred_at": datetime.fromisoformat(event.get("occurred_at", stamps["recorded_at"])),
            "effective_at": effective,
            "recorded_at": datetime.fromisoformat(stamps["recorded_at"]),
            "occurred_on": day_of(effective),
            "actor": UUID(stamps["actor"]),
            "leaf_hash": leaf_hash(row["leaf"].encode()),
            "postings": leaf["postings"],
        }
        stands = {name: row[name] for name in should}
        stands["postings"] = hashlib.sha256(row["postings"].encode()).hexdigest()
        if stands != should:
            self._note("event", ["id"], _plain(stands), _plain(should))

    async def _hold(
        self,
        session: AsyncSession,
        table: type[Base],
        of: Any,
        events: Sequence[UUID],
        should: Iterable[Row],
        columns: Sequence[str],
    ) -> None:
        """Hold a table's rows of some events against what they should be."""
        rows = await session.execute(
            select(*(getattr(table, name) for name in columns)).where(among(of, events))
        )
        stands = {tuple(row) for row in rows}
        wanted = {tuple(row[name] for name in columns) for row in should}
        if stands == wanted:
            return
        name, keys = table.__tablename__, [c.name for c in table.__table__.primary_key]
        sides = [
            {tuple(row[columns.index(k)] for k in keys): row for row in side}
            for side in (stands - wanted, wanted - stands)
        ]
        for key in sorted(sides[0].keys() | sides[1].keys(), key=str):
            rows_ = (dict(zip(columns, s[key], strict=True)) if key in s else None for s in sides)
            left, right = (_plain(row) if row else None for row in rows_)
            self._note(name, keys, left, right)

    def _note(
        self, table: str, keys: Sequence[str], stands: Row | None, should: Row | None
    ) -> None:
        found = self._found.get(table)
        first = found.first if found else difference(table, keys, stands, should)
        self._found[table] = Found((found.rows if found else 0) + 1, first, beyond_repair=True)

    # ---- what belongs to no leaf

    async def _check_waiting(self, session: AsyncSession) -> None:
        """Check events without a place as well; one that does not even wait for one is lost."""
        waits = exists().where(Unsequenced.event_id == Event.id)
        rows = await session.execute(
            select(*Event.__table__.columns, waits.label("waits")).where(
                ~exists().where(Leaf.event_id == Event.id)
            )
        )
        events = [dict(row) for row in rows.mappings()]
        await self._check(session, events)
        for row in events:
            if not row["waits"]:
                self._note("unsequenced", ["event_id"], None, {"event_id": str(row["id"])})

    async def _check_strays(self, session: AsyncSession) -> None:
        """Look for rows of events that there are not."""
        tables: tuple[tuple[type[Base], Any], ...] = (
            (EventBatch, EventBatch.event_id),
            (Correction, Correction.event_id),
            (Posting, Posting.cause),
        )
        for table, event in tables:
            keys = [column.name for column in table.__table__.primary_key]
            columns = table.__table__.columns
            query = select(*columns).where(~exists().where(Event.id == event))
            for row in (await session.execute(query.order_by(event).limit(AT_ONCE))).mappings():
                self._note(table.__tablename__, keys, _plain(dict(row)), None)

    # ---- the tree

    async def _grow(
        self, session: AsyncSession, start: int, end: int, events: Mapping[int, Mapping[str, Any]]
    ) -> None:
        if self._tree.size != start:
            return  # a leaf was missing: there is no tree over what is left
        rows = await session.execute(
            select(LogHead.size, LogHead.root, LogHead.prev)
            .where(LogHead.size > start, LogHead.size <= end)
            .order_by(LogHead.size)
        )
        heads = {size: (root, prev) for size, root, prev in rows}
        for index in range(start, end):
            if index not in events:
                return
            self._tree.add(leaf_hash(events[index]["leaf"].encode()))
            head = heads.get(index + 1)
            if head:
                stands = {"size": index + 1, "root": head[0].hex(), "prev": head[1]}
                should = stands | {"root": self._tree.root().hex(), "prev": self._head}
                if stands != should:
                    self._note("log_head", ["size"], stands, should)
                self._head = index + 1
        tiles, self._tree.finished = self._tree.finished, []
        await self._check_tiles(session, tiles, await tree_size(session))

    async def _check_tiles(
        self, session: AsyncSession, tiles: Sequence[tuple[Place, bytes]], size: int
    ) -> None:
        """Check tiles as far as the platform's own tree has grown."""
        stored = await tiles_at(session, [place for place, _ in tiles])
        for (level, index), hashes in tiles:
            wide = min(len(hashes), 32 * max(0, (size >> (8 * level)) - 256 * index))
            stands, should = stored.get((level, index)), hashes[:wide]
            if (stands or b"") != should:
                key = {"level": level, "index": index}
                self._note(
                    "log_tile",
                    ["level", "index"],
                    None if stands is None else key | {"hashes": stands.hex()},
                    key | {"hashes": should.hex()} if should else None,
                )

    async def _check_edge(self, session: AsyncSession) -> None:
        """Check the unfinished tiles, and that there are none beyond."""
        size = await tree_size(session)
        if self._tree.size != self._size:
            return
        if size > self._size:
            self._note("log_head", ["size"], {"size": size}, None)
            return
        await self._check_tiles(session, self._tree.edge(), size)
        rows = await session.execute(
            select(LogTile.level, func.max(LogTile.index)).group_by(LogTile.level)
        )
        for level, last in rows:
            if last * 256 >= size >> (8 * level):
                self._note("log_tile", ["level", "index"], {"level": level, "index": last}, None)


def _posting(cause: UUID, one: Row) -> Row:
    return {
        "batch_code": one["batch"],
        "cause": cause,
        "n": one["n"],
        "about": UUID(one["about"]),
        "origin": one["origin"],
        "from_account": one["from"],
        "to_account": one["to"],
        "place": one["place"],
        "mass_g": one["mass_g"],
        "occurred_on": datetime.fromisoformat(one["occurred_on"]).date(),
    }


def _plain(row: Mapping[str, Any]) -> Row:
    """Return a row as it is said."""
    return {
        k: v.hex() if isinstance(v, bytes) else v if v is None else str(v) for k, v in row.items()
    }
