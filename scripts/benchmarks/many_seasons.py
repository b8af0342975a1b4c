"""A log as long as one likes: the demonstration's season, lived by as many provinces as it takes.

A season is recorded once, by the platform itself. Its leaves are then written again and again under
other ids, codes, counties and sites, all at the same time: what people do, how late it is told and
what is corrected is as in the season. What stands beside the leaves is left to `rebuild`.
"""

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from app.ledger.leaf import leaf_hash, make_leaf, read_leaf

OF_THE_PROVINCE = frozenset({"areas", "pilots", "unit_weights", "keys"})
"""Declared once, whoever else lives the season."""
COUNTY, SITE = re.compile(r"13\d{4}"), re.compile(r"13\d{4}-[PSRILH]\d{4}")
BATCH = re.compile(r"13\d{4}(-[0-9A-Z]{4}){2}-\d\d")
ACCOUNT = re.compile(r"(site/)(13\d{4}-[PSRILH]\d{4})|(transit/)([0-9a-f-]{36})")
UNIT_CODE = re.compile(r"\d{32,}")
MOST = 80
"""Provinces: two digits of a county's code tell them apart."""
AT_ONCE = 20_000
Row = dict[str, Any]
COPIED = ("site", "permit", "label", "trip", "trip_stop", "trip_confirmation")
"""Tables that no leaf tells, and that leaves are read with."""


@dataclass(frozen=True)
class Season:
    """What was recorded: leaves in their order with all that stands beside them."""

    leaves: Sequence[asyncpg.Record]
    codes: dict[UUID, list[str]]
    corrects: dict[UUID, UUID]
    others: dict[str, Sequence[asyncpg.Record]]
    ids: frozenset[str]
    """Of events and trips: each province has its own."""


class Elsewhere:
    """Says what the season says, of the n-th province."""

    def __init__(self, n: int, ids: frozenset[str]) -> None:
        self._n, self._ids = n, ids

    def id(self, of: UUID) -> UUID:
        """Return an id that tells the same time."""
        return UUID(int=of.int ^ (self._n << 40))

    def code(self, of: str) -> str:
        """Return a county's, site's or batch's code."""
        return f"{int(of[:2]) + self._n:02}{of[2:]}"

    def say(self, value: Any) -> Any:
        """Return a JSON value with all that it names."""
        if isinstance(value, dict):
            return {self._text(key): self.say(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.say(one) for one in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        if text in self._ids:
            return str(self.id(UUID(text)))
        if COUNTY.fullmatch(text) or SITE.fullmatch(text) or BATCH.fullmatch(text):
            return self.code(text)
        if text.startswith("13") and COUNTY.fullmatch(text[:6]) and text[6:7] in "/:":
            return self.code(text)
        account = ACCOUNT.fullmatch(text)
        if account:
            _, site, _, trip = account.groups()
            return f"site/{self.code(site)}" if site else f"transit/{self._text(trip)}"
        if UNIT_CODE.fullmatch(text):
            return text[:12] + str((int(text[12:]) + self._n * 10**7) % 10**20).zfill(20)
        return f"{text}-{self._n}" if text.startswith(("ph-", "pc-")) else text

    def row(self, row: asyncpg.Record) -> tuple[Any, ...]:
        """Return a row of a table, with a trip's number of its own county."""
        found = []
        for name, value in row.items():
            told = value
            if isinstance(value, UUID) and str(value) in self._ids:
                told = self.id(value)
            elif name == "number" and isinstance(value, str) and value.startswith("ZY"):
                told = f"{value[:10]}{self.code(value[10:16])}{value[16:]}"
            elif isinstance(value, str):
                told = self._text(value)
            found.append(told)
        return tuple(found)


async def read_season(url: str) -> Season:
    """Read a season that was recorded."""
    connection = await asyncpg.connect(url)
    try:
        leaves = await connection.fetch(
            "SELECT e.* FROM leaf l JOIN event e ON e.id = l.event_id ORDER BY l.leaf_index"
        )
        codes: dict[UUID, list[str]] = {}
        for code, event in await connection.fetch("SELECT batch_code, event_id FROM event_batch"):
            codes.setdefault(event, []).append(code)
        corrects = await connection.fetch("SELECT event_id, corrects FROM correction")
        others = {name: await connection.fetch(f"SELECT * FROM {name}") for name in COPIED}  # noqa: S608
        counties = await connection.fetch("SELECT * FROM county")
    finally:
        await connection.close()
    ids = {str(row["id"]) for row in leaves} | {str(row["id"]) for row in others["trip"]}
    return Season(leaves, codes, dict(corrects), {"county": counties, **others}, frozenset(ids))


async def fill(url: str, season: Season, events: int) -> int:
    """Write the season's leaves, and those of so many more provinces that there are enough.

    The database holds the season already. Returns how many leaves there are.
    """
    provinces = min(MOST, max(1, round(events / len(season.leaves))))
    connection = await asyncpg.connect(url)
    try:
        for name in ("leaf", "follower"):
            # The owner's own table: what was sequenced is sequenced again, provinces in turns.
            await connection.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
            await connection.execute(f"DELETE FROM {name}")  # noqa: S608
            await connection.execute(f"ALTER TABLE {name} ENABLE TRIGGER USER")
        elsewhere = [Elsewhere(n, season.ids) for n in range(1, provinces)]
        for name, rows in season.others.items():
            for one in elsewhere:
                await connection.copy_records_to_table(name, records=[one.row(r) for r in rows])
        written = await _write(connection, season, elsewhere)
        await connection.execute("ANALYZE")
        return written
    finally:
        await connection.close()


async def _write(
    connection: asyncpg.Connection, season: Season, elsewhere: Sequence[Elsewhere]
) -> int:
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in _COLUMNS}
    size = 0
    for stood in season.leaves:
        rows["leaf"].append((size, stood["id"]))
        size += 1
        parts, postings = read_leaf(stood["leaf"]), json.loads(stood["postings"])
        if parts["event"].get("subject") in OF_THE_PROVINCE:
            continue
        for one in elsewhere:
            told = _told(one, season, stood, parts, postings)
            for name, more in told.items():
                rows[name] += more
            rows["leaf"].append((size, one.id(stood["id"])))
            size += 1
        if len(rows["leaf"]) >= AT_ONCE:
            await _copy(connection, rows)
            print(f"{size:,} 条 / leaves", file=sys.stderr, flush=True)
    await _copy(connection, rows)
    return size


def _told(
    one: Elsewhere, season: Season, stood: asyncpg.Record, parts: Row, postings: list[Row]
) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of a leaf as they are in another province."""
    event, booked = one.say(parts["event"]), one.say(postings)
    if event.get("subject") == "supply":
        for row in event["rows"]:
            for name in ("id", "replaces"):
                if name in row:
                    row[name] = f"{row[name]}-{one.code('130000')}"
    leaf, text = make_leaf(event, parts["private"], one.say(parts["stamps"]), booked)
    id_ = one.id(stood["id"])
    changed = {
        "id": id_,
        "site": stood["site"] and one.code(stood["site"]),
        "leaf": leaf.decode(),
        "leaf_hash": leaf_hash(leaf),
        "postings": text,
    }
    found = {
        "event": [tuple(changed.get(name, value) for name, value in stood.items())],
        "event_batch": [(one.code(code), id_) for code in season.codes.get(stood["id"], ())],
        "posting": [_posting(id_, row) for row in booked],
    }
    if stood["id"] in season.corrects:
        found["correction"] = [(one.id(season.corrects[stood["id"]]), id_)]
    return found


def _posting(cause: UUID, row: Row) -> tuple[Any, ...]:
    day = date.fromisoformat(row["occurred_on"])
    return (
        row["batch"], cause, row["n"], UUID(row["about"]), row["origin"], row["from"], row["to"],
        row["place"], row["mass_g"], day,
    )  # fmt: skip


_COLUMNS = {
    "event": None,
    "event_batch": ("batch_code", "event_id"),
    "correction": ("corrects", "event_id"),
    "posting": (
        "batch_code", "cause", "n", "about", "origin", "from_account", "to_account", "place",
        "mass_g", "occurred_on",
    ),
    "leaf": ("leaf_index", "event_id"),
}  # fmt: skip


async def _copy(connection: asyncpg.Connection, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    for name, columns in _COLUMNS.items():
        await connection.copy_records_to_table(name, records=rows[name], columns=columns)
        rows[name].clear()
