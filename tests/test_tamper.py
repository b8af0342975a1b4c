"""Whoever has the database's password changes anything in the log: the auditor's tool finds it.

Each change is made as the owner, with triggers and constraints off, exported before it is committed,
verified, and rolled back. Columns come from the catalogue: a new one that nothing checks fails here.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app.evidence.export import export_lines
from scripts.benchmarks import big_log
from tests.verifying import make_log, resigned, run, verified

TABLES = (
    "event", "event_batch", "posting", "leaf", "event_private", "unsequenced", "log_tile", "log_head",
    "log_checkpoint", "log_cosignature", "log_key", "site_flow", "county_flow", "supply_row",
    "supply_day",
)  # fmt: skip
FLIPS_A_COLUMN = 14
PLACE = re.compile(r"(leaf|line) \d+|log_head|log_tile|log_key|\w+_flow\(|supply_\w+\(")


@pytest.fixture(scope="module")
async def log(database, tmp_path_factory):
    made = await make_log(database, tmp_path_factory.mktemp("log"), lives=3)
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def owner(log, database_urls):
    """The owner's connection to a database that keeps no rule any more."""
    connection = await asyncpg.connect(database_urls["owner"])
    for table in (*TABLES, "follower"):
        await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    constraints = await connection.fetch(
        "SELECT conrelid::regclass AS of, conname FROM pg_constraint"
        " WHERE conrelid::regclass::text = ANY($1) AND contype <> 'n' ORDER BY contype = 'f' DESC",
        list(TABLES),
    )
    for table, name in constraints:
        await connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT IF EXISTS "{name}" CASCADE')
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def columns(owner):
    """Every column of every table of the log: (table, column, type)."""
    rows = await owner.fetch(
        "SELECT table_name, column_name, udt_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = ANY($1)"
        " ORDER BY table_name, ordinal_position",
        list(TABLES),
    )
    return [tuple(row) for row in rows]


@pytest.fixture(scope="module")
async def session(owner, database_urls):
    """Exports what stands in a transaction of the owner's, before it is committed."""
    url = database_urls["owner"].replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url, connect_args={"server_settings": {"timezone": "UTC"}})
    # One connection for all: what it has prepared stays prepared.
    async with engine.connect() as connection, AsyncSession(connection) as made:
        yield made
    await engine.dispose()


async def found(session, folder, statements, *arguments):
    """Do what statements say, export, roll back; return what the tool says."""
    try:
        for statement, values in statements:
            done = await session.execute(text(statement), values)
            assert done.rowcount, f"changes nothing: {statement}"
        lines = [line async for line in export_lines(session, private=False)]
    finally:
        await session.rollback()
    return verified(folder, lines, *arguments)


BEFORE = {
    "text": "x", "uuid": str(UUID(int=7)), "timestamptz": "2026-01-01 00:00:00+00", "int4": "7",
    "int8": "7", "date": "2026-01-01",
}  # fmt: skip
"""What stands where nothing stood."""


def flipped(kind: str, value: str, rng: Random) -> str:
    """Return a value of a column, as text, that differs in one bit, character, day or microsecond."""
    if kind in ("int4", "int8"):
        return str(int(value) ^ 1 << rng.randrange(6))
    if kind == "uuid":
        return str(UUID(int=UUID(value).int ^ 1 << rng.randrange(128)))
    if kind == "bytea":
        raw = bytearray.fromhex(value.removeprefix("\\x"))
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        return "\\x" + raw.hex()
    if kind in ("timestamptz", "date"):
        step = timedelta(microseconds=1) if kind == "timestamptz" else timedelta(days=1)
        return str(datetime.fromisoformat(value) + rng.choice([-1, 1]) * step)
    while not fits(kind, value, other := one_bit_off(value, rng)):
        pass
    return other


def one_bit_off(value: str, rng: Random) -> str:
    at = rng.randrange(len(value))
    return value[:at] + chr(ord(value[at]) ^ 1 << rng.randrange(7)) + value[at + 1 :]


def fits(kind: str, value: str, other: str) -> bool:
    """Tell whether PostgreSQL takes a changed text, and finds it to be another value."""
    if kind == "text":
        return "\0" not in other
    try:
        return json.loads(other) != json.loads(value)
    except ValueError:
        return False


async def test_a_clean_log_is_clean_without_its_constraints_too(session, tmp_path):
    lines = [line async for line in export_lines(session, private=False)]
    await session.rollback()
    assert verified(tmp_path, lines).code == 0


async def test_every_flip_in_every_column_is_found_and_its_place_is_named(
    owner, session, columns, tmp_path
):
    """At least a thousand, drawn over all columns and rows; an empty table has none to flip."""
    rng, flips, empty = Random(20261122), 0, set()
    assert {table for table, _, _ in columns} == set(TABLES)
    for table, column, kind in columns:
        rows = await owner.fetch(f'SELECT ctid::text, "{column}"::text FROM {table} ORDER BY ctid')
        if not rows:
            empty.add(table)
            continue
        for _ in range(FLIPS_A_COLUMN):
            place, value = rng.choice(rows)
            other = BEFORE[kind] if value is None else flipped(kind, value, rng)
            change = (
                f'UPDATE {table} SET "{column}" = cast(cast(:other AS text) AS {kind})'
                " WHERE ctid = cast(cast(:place AS text) AS tid)"
            )
            said = await found(session, tmp_path, [(change, {"other": other, "place": place})])
            told = f"{table}.{column} {place}: {value!r} → {other!r}\n{said.said}"
            assert said.code == 1, told
            assert PLACE.search(said.said), told
            flips += 1
    assert empty == {"unsequenced"}
    assert flips >= 1_000


async def rows_of(owner, table, where="true"):
    """Return the places of rows, and the rows."""
    found_rows = await owner.fetch(
        f"SELECT ctid::text AS at, * FROM {table} WHERE {where} ORDER BY ctid"
    )
    return [dict(row) for row in found_rows]


def at(row):
    return {"place": row["at"]}


AT = " WHERE ctid = cast(cast(:place AS text) AS tid)"
SAYS_SOMETHING = {
    "site_flow": "in_g <> 0 OR out_g <> 0",
    "county_flow": "mass_g <> 0",
    "supply_day": "mass_g <> 0",
}
"""A row of zero grams says what no row says."""


@pytest.mark.parametrize(
    "table",
    [one for one in TABLES if one not in ("event_private", "unsequenced", "log_cosignature")],
)
async def test_every_deleted_row_is_found(owner, session, tmp_path, table):
    for row in await rows_of(owner, table, SAYS_SOMETHING.get(table, "true")):
        said = await found(session, tmp_path, [(f"DELETE FROM {table}{AT}", at(row))])
        assert said.code == 1, (row, said.said)
        assert PLACE.search(said.said), said.said


async def test_a_removed_cosignature_is_missed_by_who_knows_the_witness(
    owner, session, log, tmp_path
):
    newest = (await rows_of(owner, "log_cosignature"))[-1]
    witness = ("--witness", log.witness.key.verifier)
    remove = (f"DELETE FROM log_cosignature{AT}", at(newest))
    assert (await found(session, tmp_path, [], *witness)).code == 0
    said = await found(session, tmp_path, [remove], *witness)
    assert said.code == 1
    assert "cz.test/witness" in said.said


async def test_erasing_a_private_part_is_allowed_and_told(owner, session, tmp_path):
    [row] = await rows_of(owner, "event_private")
    said = await found(session, tmp_path, [(f"DELETE FROM event_private{AT}", at(row))])
    assert said.code == 0
    assert "1 private parts were erased" in said.said


@pytest.mark.parametrize("cut", [1, 10, 1_000])
def test_a_cut_tail_is_found_with_a_kept_checkpoint(tmp_path, cut):
    """The shorter log is whole in itself: a database as it was before, or cut with all its traces."""
    kept, export = tmp_path / "kept", tmp_path / "log.jsonl"
    big_log.write_big_log(export, 2_500)
    kept.write_text(
        json.loads(export.open(encoding="utf-8").readline())["checkpoint"], encoding="utf-8"
    )
    assert run(export, "--checkpoint", kept).code == 0
    big_log.write_big_log(export, 2_500 - cut)
    assert run(export).code == 0, "nothing in it tells"
    said = run(export, "--checkpoint", kept)
    assert said.code == 1
    assert "2500" in said.said
    assert str(2_500 - cut) in said.said


@pytest.mark.parametrize("cut", [1, 10, 40])
async def test_a_tail_cut_out_of_the_tables_is_found_at_its_first_leaf(
    owner, session, tmp_path, cut
):
    """Leaves with their events, batches and postings; the tree remembers them."""
    leaves = await rows_of(owner, "leaf")
    first = len(leaves) - cut
    ids = {"ids": [row["event_id"] for row in leaves[first:]]}
    holds = await rows_of(owner, "event_private")
    statements = [
        ("DELETE FROM leaf WHERE event_id = ANY(:ids)", ids),
        ("DELETE FROM event WHERE id = ANY(:ids)", ids),
        ("DELETE FROM event_batch WHERE event_id = ANY(:ids)", ids),
        ("DELETE FROM posting WHERE cause = ANY(:ids)", ids),
        ("UPDATE follower SET next_index = :first", {"first": first}),
    ]
    if any(row["event_id"] in ids["ids"] for row in holds):
        statements.append(("DELETE FROM event_private", {}))
    said = await found(session, tmp_path, statements)
    assert said.code == 1
    assert f"leaf {first}" in said.said


async def test_two_leaves_that_change_places_are_found(owner, session, tmp_path):
    _, one, *_, other = (await rows_of(owner, "leaf"))[4:20]
    put = f"UPDATE leaf SET leaf_index = :index{AT}"
    said = await found(
        session,
        tmp_path,
        [
            (put, {**at(one), "index": other["leaf_index"]}),
            (put, {**at(other), "index": one["leaf_index"]}),
        ],
    )
    assert said.code == 1
    assert f"leaf {one['leaf_index']} " in said.said


async def test_two_events_that_change_ids_are_found(owner, session, tmp_path):
    one, *_, other = (await rows_of(owner, "event"))[5:15]
    put = f"UPDATE event SET id = :id{AT}"
    said = await found(
        session,
        tmp_path,
        [(put, {**at(one), "id": other["id"]}), (put, {**at(other), "id": one["id"]})],
    )
    assert said.code == 1
    assert "event.id" in said.said


async def test_two_postings_that_change_masses_are_found(owner, session, tmp_path):
    one, *others = await rows_of(owner, "posting")
    other = next(row for row in others if row["mass_g"] != one["mass_g"])
    put = f"UPDATE posting SET mass_g = :mass_g{AT}"
    said = await found(
        session,
        tmp_path,
        [
            (put, {**at(one), "mass_g": other["mass_g"]}),
            (put, {**at(other), "mass_g": one["mass_g"]}),
        ],
    )
    assert said.code == 1
    assert "mass_g" in said.said


def copy_of(table, **changed):
    """Return a statement that adds a copy of a table's first row with some other columns."""
    into = ", ".join(f'"{name}"' for name in changed)
    keep = {
        "event": "kind, site, occurred_at, effective_at, recorded_at, occurred_on, actor, leaf, leaf_hash, postings",
        "leaf": "", "event_batch": "batch_code", "event_private": "salt, private",
        "posting": "batch_code, cause, about, origin, from_account, to_account, place, mass_g, occurred_on",
        "log_tile": "level, hashes", "log_head": "root, prev", "log_checkpoint": "note, prev",
        "log_cosignature": "size, line", "log_key": "purpose, valid_from, valid_to, event_id",
        "site_flow": "occurred_on, counter, in_g, out_g",
        "county_flow": "scope, occurred_on, from_class, from_place, to_class, to_place, mass_g",
        "supply_row": "county, on_day, dealer, registration, spec, units, unit_weight_mg, mass_g, method, replaces, event_id",
        "supply_day": "occurred_on, method, mass_g",
    }[table]  # fmt: skip
    columns = ", ".join(part for part in (into, keep) if part)
    values = ", ".join(part for part in (", ".join(f":{name}" for name in changed), keep) if part)
    order = " WHERE in_g <> 0" if table == "site_flow" else ""
    return f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table}{order} LIMIT 1", changed


MADE_UP = UUID("01a20476-2331-7d75-81a0-f8c74f6a2f06")


async def test_an_event_waits_for_its_place_only_in_the_queue(session, tmp_path):
    """Out of the queue it would never come into the log."""
    event = copy_of("event", id=MADE_UP)
    queue = ("INSERT INTO unsequenced (event_id) VALUES (:event)", {"event": MADE_UP})
    waiting = await found(session, tmp_path, [event, queue])
    assert waiting.code == 0
    assert "1 events wait for their place" in waiting.said
    lost = await found(session, tmp_path, [event])
    assert lost.code == 1
    assert re.search(rf"orphan.*{MADE_UP}", lost.said)


async def test_every_inserted_row_is_found(owner, session, tmp_path):
    leaves = await rows_of(owner, "leaf")
    size, known, bare = len(leaves), leaves[5]["event_id"], leaves[0]["event_id"]
    queue = "INSERT INTO unsequenced (event_id) VALUES (:event)"
    for inserted in (
        [copy_of("event", id=MADE_UP)],
        [copy_of("event", id=MADE_UP), (queue, {"event": MADE_UP}), copy_of("leaf", leaf_index=size, event_id=MADE_UP)],
        [copy_of("event", id=MADE_UP), copy_of("leaf", leaf_index=size, event_id=MADE_UP)],
        [copy_of("leaf", leaf_index=size, event_id=known)],
        [copy_of("leaf", leaf_index=size + 1, event_id=MADE_UP)],
        [copy_of("leaf", leaf_index=-1, event_id=MADE_UP)],
        [(queue, {"event": known})],
        [(queue, {"event": MADE_UP})],
        [copy_of("event_batch", event_id=bare)],
        [copy_of("event_batch", event_id=MADE_UP)],
        [copy_of("event_private", event_id=bare)],
        [copy_of("event_private", event_id=MADE_UP)],
        [copy_of("posting", n=77)],
        [copy_of("log_tile", index=1)],
        [copy_of("log_head", size=size + 1)],
        [copy_of("log_head", size=1)],
        [copy_of("log_checkpoint", size=1)],
        [copy_of("log_cosignature", vkey="stranger")],
        [copy_of("log_key", vkey="stranger")],
        [copy_of("site_flow", site="130110-P0009")],
        [copy_of("county_flow", origin_county="130101")],
        [copy_of("supply_row", id="extra")],
        [copy_of("supply_day", county="130101")],
    ):  # fmt: skip
        said = await found(session, tmp_path, inserted)
        assert said.code == 1, (inserted, said.said)
        assert PLACE.search(said.said), said.said


async def test_a_row_that_stands_twice_is_found(owner, session, tmp_path):
    """Without its keys a table can hold one row twice, and whoever adds up counts it twice."""
    for table in TABLES:
        for row in (await rows_of(owner, table, SAYS_SOMETHING.get(table, "true")))[:3]:
            again = f"INSERT INTO {table} SELECT * FROM {table}{AT}"
            said = await found(session, tmp_path, [(again, at(row))])
            assert said.code == 1, (table, said.said)


async def test_a_cursor_that_tells_of_other_sums_is_found(owner, session, tmp_path):
    for follower, index in (("flows", 20), ("supply", 3), ("flows", 100_000)):
        put = "UPDATE follower SET next_index = :index WHERE name = :follower"
        said = await found(session, tmp_path, [(put, {"follower": follower, "index": index})])
        assert said.code == 1, said.said


async def test_a_history_rewritten_and_signed_again_is_found_by_whoever_kept_something(
    log, tmp_path
):
    """With the real key all fits together: only what is outside can tell."""
    lines = await log.lines()
    kept, receipt = tmp_path / "kept", tmp_path / "receipt"
    kept.write_text(await log.checkpoint(), encoding="utf-8")
    index = 30
    event = json.loads(lines[1 + index])[2]
    answer = await log.world.client("auditor").get(f"/api/v1/events/{event}")
    receipt.write_text(answer.json()["receipt"], encoding="utf-8")
    known = {
        "checkpoint": ("--checkpoint", kept),
        "receipt": ("--receipt", receipt),
        "witness": ("--witness", log.witness.key.verifier),
    }
    for arguments in known.values():
        assert verified(tmp_path, lines, *arguments).code == 0

    def blame_another(leaf):
        leaf["stamps"]["actor"] = str(MADE_UP)

    ring = log.places.signer.ring()
    lie = resigned(lines, index, blame_another, ring.signing(datetime.now(UTC)))
    alone = verified(tmp_path, lie)
    assert alone.code == 0, alone.said
    assert "whether all was rewritten" in alone.said
    for name, arguments in known.items():
        said = verified(tmp_path, lie, *arguments)
        assert said.code == 1, name
        assert {"checkpoint": "rewritten", "receipt": f"leaf {index}", "witness": "cz.test"}[
            name
        ] in said.said
