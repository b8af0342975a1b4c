"""A big export as a platform would write it, made up: lives of bags, supply, keys, tree, witnesses.

The leaves, their sums, the tree and its signatures fit together, so that `scripts/verify` has to
read and compute all of it. A shorter log is the beginning of a longer one.
"""

import base64
import hashlib
import json
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import IO, Any
from uuid import UUID

from app.balance.flows import CountyKey, SiteKey, county_flows, site_flows
from app.balance.postings import MEMO, Transfer, listed, net
from app.events.happening import day_of
from app.ledger.leaf import leaf_hash, utc
from app.transparency.checkpoint import Checkpoint
from app.transparency.grow import Place, edge_of, grow, root_after
from app.transparency.keys import Algorithm, SignerKey
from app.transparency.note import cosign, sign

ORIGIN = "log.test/big"
KEY = SignerKey(ORIGIN, Algorithm.ED25519, b"k" * 32)
RECEIPTS = SignerKey(f"{ORIGIN}/receipt", Algorithm.ED25519, b"r" * 32)
WITNESS = SignerKey("witness.test/bureau", Algorithm.COSIGNATURE, b"w" * 32)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 300
COUNTIES, POINTS = 167, 20
A_BAG = timedelta(days=DAYS) / 250_000
"""From one to the next: a million leaves in so many days."""
AT_ONCE = 500
"""Bags that are on their way at the same time: the leaves of each lie apart."""
LATE = 0.02
"""Bags whose station tells before their shop: their steps are booked again."""
LEAVES_A_HEAD = 250
SUPPLY_EVERY = 2_000
"""Leaves between two declarations of supply."""

Row = dict[str, Any]
Steps = list[tuple[str, list[Transfer]]]
"""What happened to a bag: the kind of event and the postings it booked; one that is about an
event still to come does not exist."""


@dataclass
class Written:
    """What the lines after the leaves are made of."""

    hashes: list[bytes] = field(default_factory=list)
    """Of leaves that are not in the tree yet."""
    size: int = 0
    tiles: dict[Place, bytes] = field(default_factory=dict)
    heads: list[tuple[int, bytes]] = field(default_factory=list)
    sites: dict[SiteKey, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    counties: dict[CountyKey, int] = field(default_factory=lambda: defaultdict(int))
    supply: list[Row] = field(default_factory=list)

    def take(self, hashed: bytes) -> None:
        """Take a leaf; a head comes after each so many."""
        self.hashes.append(hashed)
        if len(self.hashes) == LEAVES_A_HEAD:
            self.head()

    def head(self) -> None:
        """Let the tree take in what waits."""
        if not self.hashes:
            return
        edge = {place: self.tiles[place] for place in edge_of(self.size)}
        changed = grow(edge, self.size, self.hashes)
        self.size += len(self.hashes)
        self.heads.append((self.size, root_after(edge, changed, self.size)))
        self.tiles |= changed
        self.hashes.clear()

    def book(self, batches: Iterable[list[Transfer]]) -> None:
        """Add up what stands of each step of each batch."""
        for transfers in batches:
            standing = net(transfers)
            for site, (into, out) in site_flows(
                t for t in standing if t.source not in MEMO
            ).items():
                self.sites[site][0] += into
                self.sites[site][1] += out
            for county, grams in county_flows(standing).items():
                self.counties[county] += grams


def write_big_log(path: Path, leaves: int) -> None:
    """Write an export of so many leaves, some 2.6 KB each."""
    rng = Random(6962)  # noqa: S311  made up, and each time the same
    written = Written()
    write_events(path, islice(_events(rng, written), leaves), written, rng)


def write_events(path: Path, events: Iterable["MadeUp"], written: Written, rng: Random) -> None:
    """Write an export of events, the first of which are the keys; `written` has the sums they make."""
    body = path.with_name(f"{path.name}.body")
    leaves = 0
    with body.open("w", encoding="utf-8") as file:
        for index, event in enumerate(events):
            file.write(_leaf_line(index, event, written, rng))
            leaves = index + 1
    written.head()
    try:
        with path.open("w", encoding="utf-8") as file:
            notes = {size: _note(size, root) for size, root in written.heads}
            newest = max(notes, default=None)
            served = None if newest is None else "".join(notes[newest])
            head = {
                "format": "log-export/1", "origin": ORIGIN, "leaves": leaves, "flows": leaves,
                "supply": leaves, "checkpoint": served,
            }  # fmt: skip
            file.write(_line(head))
            with body.open(encoding="utf-8") as lines:
                shutil.copyfileobj(lines, file, 1 << 22)
            _write_rest(file, leaves, written, notes)
    finally:
        body.unlink()


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


@dataclass
class MadeUp:
    """An event before it is a leaf."""

    id: str
    kind: str
    at: datetime
    site: str | None
    own: Row
    codes: list[str] = field(default_factory=list)
    """Of bags and containers, as `event_batch` has them."""
    postings: list[Row] = field(default_factory=list)


def _events(rng: Random, written: Written) -> Iterator[MadeUp]:
    """Yield events without end: the keys, then bags that are on their way together."""
    yield keys_event(rng)
    number, count = 0, 0
    while True:
        lives = [_life(rng, n, BEGIN + n * A_BAG) for n in range(number, number + AT_ONCE)]
        number += AT_ONCE
        done: list[list[Transfer]] = [[] for _ in lives]
        for step in range(max(len(life) for life in lives)):
            for life, booked in zip(lives, done, strict=True):
                if step < len(life):
                    event, transfers = life[step]
                    # What is booked counts at once: the file may end after any leaf.
                    change_sums(written, booked, transfers)
                    booked.extend(transfers)
                    count += 1
                    yield event
                    if count % SUPPLY_EVERY == 0:
                        yield _supply(rng, written, count, BEGIN + number * A_BAG)


def change_sums(written: Written, before: list[Transfer], new: list[Transfer]) -> None:
    """Bring the sums from what stood of a bag to what stands."""
    touched = {t.about for t in new}
    stood = [t for t in before if t.about in touched]
    was = Written()
    was.book(_by_step(stood))
    written.book(_by_step([*stood, *new]))
    for site, (into, out) in was.sites.items():
        written.sites[site][0] -= into
        written.sites[site][1] -= out
    for county, grams in was.counties.items():
        written.counties[county] -= grams


def _by_step(transfers: Iterable[Transfer]) -> Iterable[list[Transfer]]:
    steps: dict[str, list[Transfer]] = defaultdict(list)
    for transfer in transfers:
        steps[transfer.about].append(transfer)
    return steps.values()


def _id(at: datetime, rng: Random) -> str:
    """Return a UUIDv7."""
    millis = int(at.timestamp() * 1000)
    return str(
        UUID(int=millis << 80 | 7 << 76 | rng.getrandbits(12) << 64 | 2 << 62 | rng.getrandbits(62))
    )


def _life(rng: Random, number: int, begin: datetime) -> list[tuple[MadeUp, list[Transfer]]]:
    """Return a bag's events in the order in which they are recorded, with what they book."""
    county = f"13{rng.randrange(COUNTIES):04}"
    point, station = f"{county}-P{rng.randrange(POINTS):04}", f"{county}-S0001"
    batch = f"{county}-{number // 10_000:04}-{number % 10_000:04}-{number % 97:02}"
    origin, mass = f"{county}/pesticide", rng.randrange(3_000, 9_000)
    at = begin + timedelta(microseconds=rng.randrange(36_000_000_000))
    sealed, sent, come, gone = (_id(at + timedelta(hours=n), rng) for n in range(1, 5))
    there, trip = f"site/{point}", f"transit/{sent}"

    def event(id_: str, kind: str, hours: int, site: str, **own: Any) -> MadeUp:
        named = {"batches": [{"code": batch, **own.pop("weight", {})}]}
        return MadeUp(id_, kind, at + timedelta(hours=hours), site, {**named, **own}, [batch])

    def moved(about: str, hours: int, source: str, target: str, grams: int) -> Transfer:
        day = day_of(at + timedelta(hours=hours))
        return Transfer(about, origin, source, target, county, grams, day)

    collect = event(sealed, "collect", 1, point, weight={"mass_g": mass, "mass_source": "weighed"})
    depart = event(sent, "depart", 2, point, destination=station, vehicle="冀A12345")
    arrive = event(
        come, "arrive", 3, station, weight={"mass_g": mass - 40, "mass_source": "weighed"}
    )
    treat = event(gone, "dispose", 4, station, method="resource_use", certificate=f"证 {number}")
    taken = [moved(sealed, 1, "field", there, mass)]
    loaded = [moved(sent, 2, there, trip, mass)]
    unloaded = [
        moved(come, 3, "claimed", "confirmed", mass - 40),
        moved(come, 3, trip, "difference", 40),
        moved(come, 3, trip, f"site/{station}", mass - 40),
    ]
    treated = [moved(gone, 4, f"site/{station}", "treated/resource_use", mass - 40)]
    if rng.random() >= LATE:
        return _listed([(collect, taken), (depart, loaded), (arrive, unloaded), (treat, treated)])
    # The station tells first: the mass comes from nowhere until the shop's phone has synced.
    unknown = [moved(come, 3, "unexplained", f"site/{station}", mass - 40)]
    back = [moved(come, 3, f"site/{station}", "unexplained", mass - 40)]
    held = [moved(come, 3, there, f"site/{station}", mass - 40)]
    again = [moved(come, 3, f"site/{station}", there, mass - 40)]
    return _listed(
        [
            (arrive, unknown),
            (collect, [*taken, *back, *held]),
            (depart, [*loaded, *again, *unloaded]),
            (treat, treated),
        ]
    )


def _listed(
    life: list[tuple[MadeUp, list[Transfer]]],
) -> list[tuple[MadeUp, list[Transfer]]]:
    for event, transfers in life:
        event.postings = listed("".join(event.codes), transfers)
    return life


def keys_event(rng: Random) -> MadeUp:
    """Return the first leaf: the keys of the log."""
    since = {"valid_from": utc(BEGIN), "reason": "平台启动时登记"}
    rows = [
        {"purpose": purpose, "vkey": str(key.verifier), **since}
        for purpose, key in (("checkpoint", KEY), ("receipt", RECEIPTS))
    ]
    return MadeUp(_id(BEGIN, rng), "declare", BEGIN, None, {"subject": "keys", "rows": rows})


def _supply(rng: Random, written: Written, count: int, at: datetime) -> MadeUp:
    day = day_of(at)
    rows = [
        {
            "id": f"{count}-{n}", "county": f"13{rng.randrange(COUNTIES):04}", "on": day.isoformat(),
            "units": 1_000, "unit_weight_mg": 14_000, "mass_g": 14_000, "method": "A",
        }
        for n in range(20)
    ]  # fmt: skip
    event = MadeUp(_id(at, rng), "declare", at, None, {"subject": "supply", "rows": rows})
    written.supply += [{**row, "event_id": event.id} for row in rows]
    return event


def _leaf_line(index: int, event: MadeUp, written: Written, rng: Random) -> str:
    """Return a leaf's line as the export has it, and take it into the tree."""
    at, actor = utc(event.at), str(UUID(int=1 + index % 500))
    recorded = utc(event.at + timedelta(seconds=1))
    booked = _canonical(event.postings)
    sealed = hashlib.sha256(at.encode()).hexdigest() if event.kind == "dispose" else None
    public = {"id": event.id, "kind": event.kind, "occurred_at": at, **event.own}
    if event.site:
        public |= {
            "site": event.site, "device": {"id": f"phone-{index % 700}", "seq": index},
            "position": {"lat_e7": 380_000_000 + index, "lon_e7": 1_145_000_000, "accuracy_cm": 900},
        }  # fmt: skip
    stamps: Row = {
        "recorded_at": recorded, "effective_at": at, "adjusted_at": at, "actor": actor,
        "role": "collector", "county": event.site[:6] if event.site else None,
        "nonce": f"{rng.getrandbits(128):032x}", "flags": [],
    }  # fmt: skip
    hashed = hashlib.sha256(booked.encode()).hexdigest()
    leaf = _canonical(
        {"v": 1, "event": public, "private": sealed, "stamps": stamps, "postings": hashed}
    )
    digest = leaf_hash(leaf.encode())
    written.take(digest)
    row = {
        "id": event.id, "kind": event.kind, "site": event.site, "occurred_at": at,
        "effective_at": at, "recorded_at": recorded, "occurred_on": day_of(event.at).isoformat(),
        "actor": actor, "leaf": leaf, "leaf_hash": digest.hex(), "postings": booked,
    }  # fmt: skip
    codes = sorted(event.codes)
    by_key = sorted(event.postings, key=lambda one: (one["batch"], one["n"]))
    rows = [_posting(event.id, one) for one in by_key]
    private = {"commitment": sealed} if sealed else None
    return _line(["leaf", index, event.id, row, codes, rows, private])


def _posting(cause: str, one: Row) -> Row:
    return {
        "batch": one["batch"], "cause": cause, "n": one["n"], "about": one["about"],
        "origin": one["origin"], "from": one["from"], "to": one["to"], "place": one["place"],
        "mass_g": one["mass_g"], "occurred_on": one["occurred_on"],
    }  # fmt: skip


def _note(size: int, root: bytes) -> tuple[str, str]:
    """Return a checkpoint and the line of its witness."""
    text = Checkpoint(ORIGIN, size, root).text
    at = int(BEGIN.timestamp()) + size
    return sign(text, [KEY]).encode().decode(), cosign(text, WITNESS, at).line


def _write_rest(
    file: IO[str], leaves: int, written: Written, notes: Mapping[int, tuple[str, str]]
) -> None:
    """Write what stands after the leaves, kind by kind, and the counts of all of them."""
    counts = {"leaf": leaves, "waiting": 0, "orphan": 0}

    def write(kind: str, rows: Iterable[list[Any]]) -> None:
        counts[kind] = 0
        for row in rows:
            file.write(_line([kind, *row]))
            counts[kind] += 1

    tiles = sorted(written.tiles.items())
    write("tile", ([*place, base64.b64encode(hashes).decode()] for place, hashes in tiles))
    heads = zip(written.heads, [0, *(size for size, _ in written.heads)], strict=False)
    write("head", ([size, root.hex(), prev] for (size, root), prev in heads))
    published = zip(notes.items(), [0, *notes], strict=False)
    write("checkpoint", ([size, note, prev] for (size, (note, _)), prev in published))
    vkey = str(WITNESS.verifier)
    write("cosignature", ([size, vkey, line] for size, (_, line) in notes.items()))
    declared = keys_event(Random(6962))  # noqa: S311  as the first leaf was drawn
    write(
        "key",
        [
            [row["vkey"], row["purpose"], row["valid_from"], None, declared.id]
            for row in declared.own["rows"]
        ],
    )
    sites = sorted(written.sites.items())
    write("site_flow", ([site, day.isoformat(), by, *g] for (site, day, by), g in sites))
    counties = sorted(written.counties.items())
    write(
        "county_flow",
        ([c, s, day.isoformat(), *rest, grams] for (c, s, day, *rest), grams in counties),
    )
    missing = dict.fromkeys(("dealer", "registration", "spec", "replaces"))
    days: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in written.supply:
        days[row["county"], row["on"], row["method"]] += row["mass_g"]
    write(
        "supply_row",
        (
            [{**missing, **{"on_day" if k == "on" else k: v for k, v in row.items()}}]
            for row in written.supply
        ),
    )
    write("supply_day", ([*key, grams] for key, grams in sorted(days.items())))
    file.write(_line(["end", counts]))
