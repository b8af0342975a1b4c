"""A world of a million events with lineages three levels deep, put straight into the tables.

The events are folded by the platform's own rules, so that states, postings and leaves agree as
they would had each been recorded; only the recording is left out. The same numbers give the same
world.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import asyncpg

from app.areas.models import Area, County
from app.balance.postings import listed
from app.db import Database
from app.events.happening import Happening, happening_of
from app.events.state import LabelFacts, state_to_json
from app.events.story import story_of
from app.events.taking import Conflict
from app.events.together import fold_together
from app.ids import uuid7
from app.ledger.leaf import leaf_hash, make_leaf, utc
from app.parties.models import Organisation, Site

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
COUNTY, TOWNSHIPS, POINTS = "130110", 20, 200
STATION, PLANT = f"{COUNTY}-S0001", f"{COUNTY}-R0001"
ORIGINALS, MIXED, FINAL = 20, 4, 2
"""Bags of one run: collected at points, mixed at the station, sorted once more, treated."""
A_RUN = 3 * ORIGINALS + 5
"""Events of one run."""
LOT_BAGS = 5_000
"""Original bags in the one large lot."""
AT_ONCE = 50
LABEL = LabelFacts(COUNTY)
ACTOR = UUID(int=7)


@dataclass
class Rows:
    """Rows by table, as COPY takes them."""

    event: list[tuple[Any, ...]] = field(default_factory=list)
    event_batch: list[tuple[Any, ...]] = field(default_factory=list)
    leaf: list[tuple[Any, ...]] = field(default_factory=list)
    posting: list[tuple[Any, ...]] = field(default_factory=list)
    batch: list[tuple[Any, ...]] = field(default_factory=list)


@dataclass
class World:
    """What was made, and what is asked about it: batches by depth, the large lot."""

    events: int = 0
    batches: int = 0
    by_depth: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    lot: str = ""
    lot_bags: int = 0


def code_of(number: int) -> str:
    """Return a code of the right shape; nothing here reads its check digits."""
    return f"{COUNTY}-{number // 10_000:04}-{number % 10_000:04}-{number % 97:02}"


async def fill(url: str, events: int) -> World:
    """Fill a migrated database with so many events, and one lot more of LOT_BAGS original bags.

    A world of fewer events has a smaller lot.
    """
    connection, database = await asyncpg.connect(url), Database(url)
    world, rng = World(), Random(13)  # noqa: S311  filling, not secrets
    try:
        await _reference(database)
        runs = max(events // A_RUN, 1)
        for start in range(0, runs, AT_ONCE):
            rows = Rows()
            for run in range(start, min(start + AT_ONCE, runs)):
                _put(rows, world, _run(rng, world, run))
            await _copy(connection, rows)
            if start % (20 * AT_ONCE) == 0:
                print(f"{world.events:,} / {events:,}", file=sys.stderr, flush=True)
        rows = Rows()
        _put(rows, world, _large_lot(rng, world, runs, min(LOT_BAGS, events)))
        await _copy(connection, rows)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
        await database.close()
    return world


class _Events:
    """Events of one run in their order, each a minute after the one before."""

    def __init__(self, rng: Random, begin: datetime) -> None:
        self.rng, self.at = rng, begin
        self.made: list[dict[str, Any]] = []

    def add(self, kind: str, site: str, codes: Sequence[str] = (), **own: Any) -> str:
        """Add an event and return its id."""
        self.at += timedelta(minutes=1)
        id_ = str(uuid7(self.rng, self.at))
        masses = own.pop("masses", {})
        named = [{"code": c, **({"mass_g": masses[c]} if c in masses else {})} for c in codes]
        public = {"id": id_, "kind": kind, "occurred_at": utc(self.at), "site": site, **own}
        if codes:
            public["batches"] = named
        stamps = {
            "recorded_at": utc(self.at), "effective_at": utc(self.at),
            "adjusted_at": utc(self.at), "actor": str(ACTOR), "role": "keeper",
            "county": site[:6], "nonce": f"{self.rng.getrandbits(128):032x}", "flags": [],
        }  # fmt: skip
        if kind == "depart":
            stamps["trip"] = id_
        self.made.append({"event": public, "stamps": stamps})
        return id_

    def repack(self, inputs: dict[str, int], outputs: dict[str, int], mode: str) -> None:
        """Add a repack; what comes out of a sort is of pet and pe in turn."""
        parts: dict[str, Any] = {
            "inputs": [{"code": c, "mass_g": g} for c, g in inputs.items()],
            "outputs": [{"code": c, "mass_g": g} for c, g in outputs.items()],
        }
        self.add("repack", STATION, mode=mode, **parts)
        if mode == "sort":
            material = dict(zip(outputs, ("pet", "pe"), strict=False))
            self.made[-1]["stamps"]["materials"] = {
                code: {material[code]: grams} for code, grams in outputs.items()
            }


def _collect(events: _Events, rng: Random, codes: Sequence[str]) -> dict[str, int]:
    masses = {code: rng.randrange(3_000, 9_000) for code in codes}
    for code in codes:
        point = f"{COUNTY}-P{rng.randrange(POINTS):04}"
        events.add("collect", point, [code], masses=masses)
        grams = rng.randrange(300, 2_000)
        events.made[-1]["stamps"]["materials"] = {code: {"pet": grams, "pe": 2_000 - grams}}
        events.add("depart", point, [code], destination=STATION, vehicle="冀A12345")
        events.add("arrive", STATION, [code])
    return masses


def _divided(total: int, codes: Sequence[str]) -> dict[str, int]:
    each = total // len(codes)
    return {c: each + (total - each * len(codes) if n == 0 else 0) for n, c in enumerate(codes)}


def _run(rng: Random, world: World, number: int) -> list[dict[str, Any]]:
    events = _Events(rng, BEGIN + timedelta(seconds=number))
    each = ORIGINALS + MIXED + FINAL
    codes = [code_of(number * each + n) for n in range(each)]
    first, mixed, last = codes[:ORIGINALS], codes[ORIGINALS:-FINAL], codes[-FINAL:]
    masses = _collect(events, rng, first)
    total = sum(masses.values())
    events.repack(masses, _divided(total, mixed), "mix")
    events.repack(_divided(total, mixed), _divided(total, last), "sort")
    events.add("depart", STATION, last, destination=PLANT, vehicle="冀A12345")
    events.add("arrive", PLANT, last)
    events.add("dispose", PLANT, last, method="resource_use", certificate=f"证 {number}")
    for depth, some in enumerate((first, mixed, last)):
        world.by_depth[depth].append(some[number % len(some)])
    return events.made


def _large_lot(rng: Random, world: World, runs: int, bags: int) -> list[dict[str, Any]]:
    """Return bags mixed 250 at a time and treated together."""
    events = _Events(rng, BEGIN + timedelta(days=200))
    begin = runs * (ORIGINALS + MIXED + FINAL)
    first = [code_of(begin + n) for n in range(bags)]
    masses = _collect(events, rng, first)
    made = [code_of(begin + bags + n) for n in range(-(-bags // 250))]
    for n, output in enumerate(made):
        some = {code: masses[code] for code in first[n * 250 : n * 250 + 250]}
        events.repack(some, {output: sum(some.values())}, "mix")
    events.add("depart", STATION, made, destination=PLANT, vehicle="冀A12345")
    events.add("arrive", PLANT, made)
    world.lot_bags = bags
    world.lot = events.add("dispose", PLANT, made, method="resource_use", certificate="大批")
    return events.made


def _put(rows: Rows, world: World, made: Sequence[dict[str, Any]]) -> None:
    """Fold a run's events and add their rows."""
    happened = [happening_of(parts) for parts in made]
    told: dict[str, list[Happening]] = defaultdict(list)
    for happening in happened:
        assert happening is not None
        for code in happening.bags:
            told[code].append(happening)
    folded = fold_together(
        dict.fromkeys(told, LABEL), {code: story_of(code, own, {}) for code, own in told.items()}
    )
    assert not isinstance(folded, Conflict), folded
    booked: dict[str, list[tuple[str, list[dict[str, Any]]]]] = defaultdict(list)
    for code, one in folded.items():
        by_event = defaultdict(list)
        for transfer in one.transfers:
            by_event[transfer.about].append(transfer)
        for event, transfers in by_event.items():
            booked[event].append((code, listed(code, transfers)))
            rows.posting += _postings(event, code, transfers)
        last = max(happening.order[0] for happening in told[code])
        at = datetime.fromtimestamp(last / 1e6, UTC)
        seen = {h.body["site"] for h in told[code]} | {COUNTY}
        state = json.dumps(state_to_json(LABEL, one.state), default=str)
        rows.batch.append(
            (code, "bag", one.state.status, one.state.site, None, one.state.mass_g, state,
             sorted(seen), at)
        )  # fmt: skip
    for parts in made:
        public, stamps = parts["event"], parts["stamps"]
        postings = [row for _, some in booked[public["id"]] for row in some]
        leaf, text = make_leaf(public, None, stamps, postings)
        at = datetime.fromisoformat(stamps["effective_at"])
        id_ = UUID(public["id"])
        rows.event.append(
            (id_, public["kind"], public["site"], at, at, at, at.date(), ACTOR, leaf.decode(),
             leaf_hash(leaf), text)
        )  # fmt: skip
        rows.event_batch += [(code, id_) for code in _named(public)]
        rows.leaf.append((world.events, id_))
        world.events += 1
    world.batches += len(folded)


def _named(public: dict[str, Any]) -> list[str]:
    return [ref["code"] for f in ("batches", "inputs", "outputs") for ref in public.get(f, ())]


def _postings(event: str, code: str, transfers: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    for n, t in enumerate(transfers):
        yield (
            code, UUID(event), n, UUID(t.about), t.origin, t.source, t.target, t.place, t.mass_g,
            t.occurred_on,
        )  # fmt: skip


COLUMNS = {
    "event": "id kind site occurred_at effective_at recorded_at occurred_on actor leaf leaf_hash"
    " postings",
    "event_batch": "batch_code event_id",
    "leaf": "leaf_index event_id",
    "posting": "batch_code cause n about origin from_account to_account place mass_g occurred_on",
    "batch": "code kind status site container mass_g state seen_by updated_at",
}


async def _copy(connection: asyncpg.Connection, rows: Rows) -> None:
    for table, columns in COLUMNS.items():
        records = getattr(rows, table)
        await connection.copy_records_to_table(table, records=records, columns=columns.split())


async def _reference(database: Database) -> None:
    """Put in the county and its sites, so that places have names."""
    opened, owner = date(2024, 1, 1), "91130110MA00000017"
    townships = [f"第{n}镇" for n in range(TOWNSHIPS)]
    codes = [STATION, PLANT, *(f"{COUNTY}-P{n:04}" for n in range(POINTS))]
    async with database.write() as session:
        session.add(
            Area(code="130000", name="河北省", pinyin="h", kind="province", valid_from=opened)
        )
        await session.flush()
        session.add(
            Area(
                code="130100", name="石家庄市", pinyin="s", kind="city", parent="130000",
                valid_from=opened,
            )
        )  # fmt: skip
        await session.flush()
        session.add(
            County(
                code=COUNTY, name="鹿泉区", pinyin="l", kind="district", city="130100",
                lat=38.0, lon=114.5,
            )
        )  # fmt: skip
        await session.flush()
        session.add(
            Organisation(credit_code=owner, name="公司", pinyin="g", kind="company", county=COUNTY)
        )
        await session.flush()
        session.add_all(
            Site(
                code=code, kind=code[7], name=f"站点 {code}", county=COUNTY,
                township=townships[n % TOWNSHIPS], lat=38.0, lon=114.5, operator=owner,
                opened_on=opened,
            )
            for n, code in enumerate(codes)
        )  # fmt: skip
