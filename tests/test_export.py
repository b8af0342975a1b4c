"""The export: every row once, of one moment, whatever stands there; nothing personal unless asked."""

import asyncio
import base64
import gzip
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
import rfc8785
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app.db import Database
from app.evidence import snapshot
from app.evidence.export import export_lines
from app.evidence.snapshot import exported
from app.ledger.follow import catch_up
from app.main import FOLLOWERS
from app.ops.installation import install
from app.transparency.integrate import integrate, tree_size
from app.transparency.models import LogCheckpoint, LogCosignature, LogKey
from tests import reference as ref
from tests.conftest import in_database
from tests.recording import make_wide_world, odd_labels

ROOT = Path(__file__).resolve().parent.parent
ORIGIN = "log.test/export"
NOTE = f"{ORIGIN}\n8\nAAAA\n\n— {ORIGIN} AAAA\n"
LINES = ("— a AAAA\n", "— b BBBB\n")
GIVER = {"kind": "farmer", "name": "张无名", "phone": "13900001111"}
KEYED = ("log_head", "log_checkpoint", "log_cosignature", "log_key", "site_flow", "county_flow")
LATER = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
async def world(database):
    """A log with private parts, supply, a tree with cosigned checkpoints, and waiting events."""
    made = await make_wide_world(database)
    await install(database, demo=False, log_origin=ORIGIN, now=LATER)
    bags = await made.issue_labels(2)
    await made.event("hand_in", bags[0], giver=GIVER, note='见 \u2028 "纸" 条')
    await made.event("collect", bags[0], mass_g=4_000)
    await made.whole_life(bags[1])
    rows = [
        {"id": name, "county": ref.LUQUAN, "on": "2026-08-31", "units": 10, "unit_weight_g": 14, "method": "A"}
        for name in ("b", "é", "Z")
    ]  # fmt: skip
    answer = await made.client("county").post("/api/v1/supply", json={"rows": rows})
    assert answer.status_code == 201, answer.text
    await catch_up(database, FOLLOWERS)
    while await integrate(database):
        pass
    async with database.write() as session:
        size = await tree_size(session)
        session.add(LogCheckpoint(size=size, note=NOTE, prev=0))
        await session.flush()
        for vkey, line in zip(("b+1", "é+2"), LINES, strict=True):
            session.add(LogCosignature(size=size, vkey=vkey, line=line))
        session.add(LogKey(vkey="k+1", purpose="receipt", valid_from=LATER, event_id=uuid4()))
    [late] = await odd_labels(database)
    await made.event("collect", late, mass_g=1_000)
    yield made
    await made.close()


@pytest.fixture(scope="module")
def owner(database_urls) -> str:
    return database_urls["owner"]


async def lines_of(session, *, private: bool = False) -> list[str]:
    return [line async for line in export_lines(session, private=private)]


async def parsed(database: Database, *, private: bool = False) -> list:
    async with database.read() as session:
        return [json.loads(line) for line in await lines_of(session, private=private)]


def of_kind(lines: list, kind: str) -> list:
    return [line[1:] for line in lines if isinstance(line, list) and line[0] == kind]


def plain(value):
    """Return a stored value as docs/log.md says that it is printed."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, UUID) else value


@asynccontextmanager
async def owner_of(database_urls):
    connection = await asyncpg.connect(database_urls["owner"])
    try:
        yield connection
    finally:
        await connection.close()


async def stored(database_urls, table: str) -> list[dict]:
    async with owner_of(database_urls) as owner:
        rows = await owner.fetch(f"SELECT * FROM {table}")
    return [{name: plain(value) for name, value in row.items()} for row in rows]


async def test_every_row_of_every_table_stands_in_the_export_once(world, database_urls):
    lines = await parsed(world.database)
    events = {row["id"]: row for row in await stored(database_urls, "event")}
    batches = await stored(database_urls, "event_batch")
    postings = await stored(database_urls, "posting")
    private = {row["event_id"]: row for row in await stored(database_urls, "event_private")}
    leaves = sorted(await stored(database_urls, "leaf"), key=lambda row: row["leaf_index"])
    waiting = [row["event_id"] for row in await stored(database_urls, "unsequenced")]
    assert len(leaves) == 11
    assert len(waiting) == 1
    assert private
    said = of_kind(lines, "leaf")
    assert [(index, event_id) for index, event_id, *_ in said] == [
        (row["leaf_index"], row["event_id"]) for row in leaves
    ]
    for _, event_id, event, codes, booked, secret in said:
        assert event == events[event_id]
        assert list(event) == list(events[event_id])
        assert codes == sorted(row["batch_code"] for row in batches if row["event_id"] == event_id)
        assert booked == [
            {
                "batch": row["batch_code"], "cause": row["cause"], "n": row["n"],
                "about": row["about"], "origin": row["origin"], "from": row["from_account"],
                "to": row["to_account"], "place": row["place"], "mass_g": row["mass_g"],
                "occurred_on": row["occurred_on"],
            }
            for row in sorted(postings, key=lambda row: (row["batch_code"], row["n"]))
            if row["cause"] == event_id
        ]  # fmt: skip
        assert secret == (
            {"commitment": json.loads(event["leaf"])["private"]} if event_id in private else None
        )
    assert sum(len(booked) for *_, booked, _ in said) > 10
    assert of_kind(lines, "waiting") == [[event_id] for event_id in waiting]
    assert {event_id for _, event_id, *_ in said} | set(waiting) == set(events)
    assert of_kind(lines, "orphan") == []
    for table in KEYED:
        rows = [list(row.values()) for row in await stored(database_urls, table)]
        assert rows, table
        kind = table.removeprefix("log_")
        assert sorted(of_kind(lines, kind), key=str) == sorted(rows, key=str)
    for name in ("supply_row", "supply_day"):
        rows = await stored(database_urls, name)
        assert rows, name
        said = [row if name == "supply_row" else [list(row.values())] for row in rows]
        found = of_kind(lines, name)
        assert sorted(found, key=str) == sorted(
            [[r] if name == "supply_row" else r[0] for r in said], key=str
        )
    tiles = await stored(database_urls, "log_tile")
    assert [
        (level, index, base64.b64decode(t).hex()) for level, index, t in of_kind(lines, "tile")
    ] == [(row["level"], row["index"], row["hashes"]) for row in tiles]


async def test_the_first_and_the_last_line_tell_what_is_between(world):
    head, *between, end = await parsed(world.database)
    assert head == {
        "format": "log-export/1", "origin": ORIGIN, "leaves": 11, "flows": 11, "supply": 11,
        "checkpoint": NOTE + "".join(LINES),
    }  # fmt: skip
    kinds = [
        "leaf", "waiting", "orphan", "tile", "head", "checkpoint", "cosignature", "key", "correction",
        "site_flow", "county_flow", "supply_row", "supply_day",
    ]  # fmt: skip
    assert end == ["end", {kind: len(of_kind(between, kind)) for kind in kinds}]
    assert list(end[1]) == kinds
    assert [line[0] for line in between] == sorted((line[0] for line in between), key=kinds.index)


async def test_lines_are_compact_json_in_utf_8_and_sorted_by_code_points(world):
    async with world.database.read() as session:
        lines = await lines_of(session)
    for line in lines:
        value = json.loads(line)
        assert line == json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
    ids = [row["id"] for [row] in of_kind([json.loads(line) for line in lines], "supply_row")]
    assert ids == ["Z", "b", "é"]


async def test_nothing_personal_is_exported_unless_it_is_asked_for(world, database_urls):
    async with world.database.read() as session:
        public = "".join(await lines_of(session))
    secrets = await stored(database_urls, "event_private")
    for word in (GIVER["name"], GIVER["phone"], *(row["salt"] for row in secrets)):
        assert word not in public
    told = {
        event_id: part
        for _, event_id, *_, part in of_kind(await parsed(world.database, private=True), "leaf")
        if part
    }
    assert set(told) == {row["event_id"] for row in secrets}
    for part in told.values():
        bound = bytes.fromhex(part["salt"]) + rfc8785.dumps(part["private"])
        assert part["commitment"] == hashlib.sha256(bound).hexdigest()
    assert GIVER["name"] in str(told)


async def test_what_is_recorded_meanwhile_is_not_in_it(world):
    before = await parsed(world.database)
    async with aclosing(exported(url_of(world), private=False)) as pieces:
        read = [await anext(pieces)]
        [bag] = await odd_labels(world.database)
        await world.event("collect", bag, mass_g=900)
        await catch_up(world.database, FOLLOWERS)
        read += [piece async for piece in pieces]
    assert [json.loads(line) for line in "".join(read).split("\n")[:-1]] == before
    assert (await parsed(world.database))[0]["leaves"] > before[0]["leaves"]


async def test_how_many_statements_there_are_does_not_hang_on_the_number_of_leaves(world):
    async def statements() -> list[str]:
        seen: list[str] = []

        def note(_conn, _cursor, statement, *_rest):
            seen.append(statement)

        engine = world.database.engine.sync_engine
        sqlalchemy_event.listen(engine, "before_cursor_execute", note)
        try:
            await parsed(world.database)
        finally:
            sqlalchemy_event.remove(engine, "before_cursor_execute", note)
        return seen

    before = await statements()
    for bag in await odd_labels(world.database, 60):
        await world.event("collect", bag, mass_g=700)
    await catch_up(world.database, FOLLOWERS)
    assert await statements() == before


# the door


def url_of(world) -> str:
    return world.database.engine.url.render_as_string(hide_password=False)


async def test_an_auditor_fetches_it_as_a_file_named_for_log_and_size(world):
    answer = await world.client("auditor").get("/log/export?private=true")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/jsonl")
    lines = [json.loads(line) for line in answer.text.split("\n")[:-1]]
    assert lines == await parsed(world.database)
    name = f"log.test-export-{lines[0]['leaves']}.jsonl"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("who", "status"), [("province", 403), ("admin", 403), (None, 401)])
async def test_nobody_else_fetches_it(world, who, status):
    assert (await world.client(who).get("/log/export")).status_code == status


async def exporting(database_urls) -> int:
    """Return how many connections to this database last read the log."""
    async with owner_of(database_urls) as owner:
        return await owner.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND query LIKE '%the_event%'"
        )


@pytest.mark.parametrize("while_", ["it is sent to", "the database is read"])
async def test_a_client_that_goes_away_ends_it_and_frees_the_connection(
    world, database_urls, monkeypatch, while_
):
    monkeypatch.setattr(snapshot, "PIECE_CHARACTERS", 1_000)
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "method": "GET",
        "path": "/log/export", "raw_path": b"/log/export", "query_string": b"", "scheme": "http",
        "headers": [(b"cookie", world.client("auditor").headers["cookie"].encode())],
        "http_version": "1.1", "client": ("127.0.0.1", 1), "server": ("ny.test", 80),
        "root_path": "",
    }  # fmt: skip
    sent = []
    gone = asyncio.Event()

    async def receive():
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)
        if len(sent) == 3:
            assert await exporting(database_urls) == 1
            gone.set()
            if while_ == "it is sent to":
                await asyncio.Event().wait()

    await world.app(scope, receive, send)
    assert sent[0]["status"] == 200
    assert sent[-1]["more_body"], "it came to its end"
    for _ in range(500):
        if not await exporting(database_urls):
            break
        await asyncio.sleep(0.01)
    assert await exporting(database_urls) == 0


# the command


def run(owner: str, *arguments: str, **options) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "app", "export-log", *arguments],
        cwd=ROOT, env={**os.environ, "DATABASE_URL": owner}, capture_output=True, timeout=120,
        check=False, **options,
    )  # fmt: skip


async def test_the_command_prints_it_or_writes_it_to_a_file_packed_where_it_says_so(
    world, owner, tmp_path
):
    whole = await parsed(world.database)
    asked = {
        "plain.jsonl": Path.read_bytes,
        "log.jsonl.gz": lambda p: gzip.decompress(p.read_bytes()),
    }
    for name, read in asked.items():
        done = await asyncio.to_thread(run, owner, str(tmp_path / name))
        assert (done.returncode, done.stdout) == (0, b""), done.stderr
        assert f"{whole[0]['leaves']} leaves of {ORIGIN}" in done.stderr.decode()
        assert [json.loads(line) for line in read(tmp_path / name).split(b"\n")[:-1]] == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(asked)
    for arguments in ((), ("-",)):
        done = await asyncio.to_thread(run, owner, *arguments)
        assert [json.loads(line) for line in done.stdout.split(b"\n")[:-1]] == whole


async def test_a_file_with_names_in_it_is_its_owner_s_alone(world, owner, tmp_path):
    file = tmp_path / "log.jsonl"
    done = await asyncio.to_thread(run, owner, "--private", str(file))
    assert done.returncode == 0, done.stderr
    assert GIVER["name"] in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


async def test_a_file_that_cannot_be_written_is_told_and_the_old_one_stays(world, owner, tmp_path):
    nowhere = await asyncio.to_thread(run, owner, str(tmp_path / "no" / "log.jsonl"))
    assert nowhere.returncode == 1
    assert "cannot write" in nowhere.stderr.decode().splitlines()[-1]
    old = tmp_path / "log.jsonl"
    old.write_text("the old one")

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    full = await asyncio.to_thread(run, owner, str(old), preexec_fn=small)
    assert full.returncode == 1
    assert "cannot write" in full.stderr.decode().splitlines()[-1]
    assert [path.read_text() for path in tmp_path.iterdir()] == ["the old one"]


async def test_a_database_without_a_log_is_told_and_left_as_it_is(owner):
    async def tables() -> int:
        connection = await asyncpg.connect(in_database(owner, name))
        try:
            return await connection.fetchval(
                "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
            )
        finally:
            await connection.close()

    name = f"bare_{uuid4().hex[:8]}"
    connection = await asyncpg.connect(owner)
    await connection.execute(f"CREATE DATABASE {name}")
    try:
        done = await asyncio.to_thread(run, in_database(owner, name))
        assert (done.returncode, done.stdout) == (1, b"")
        assert "migrate" in done.stderr.decode().splitlines()[-1]
        assert await tables() == 0
    finally:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()


async def test_a_reader_who_has_seen_enough_is_no_fault(world, owner):
    def head() -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["bash", "-c", f'"{sys.executable}" -m app export-log | head -1'],
            cwd=ROOT, env={**os.environ, "DATABASE_URL": owner}, capture_output=True, timeout=120,
            check=False,
        )  # fmt: skip

    done = await asyncio.to_thread(head)
    assert json.loads(done.stdout)["format"] == "log-export/1"
    assert b"Traceback" not in done.stderr


# a damaged database


async def damaged(owner: str, *statements: str, private: bool = False) -> list:
    """Return the export of the log after changes by the owner that are then taken back."""
    engine = create_async_engine(make_url(owner).set(drivername="postgresql+asyncpg"))
    async with AsyncSession(engine) as session:
        for table in ("event", "event_batch", "posting", "leaf", "log_tile", *KEYED[:3]):
            await session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for statement in statements:
            await session.execute(text(statement.replace(":", "\\:")))
        lines = await lines_of(session, private=private)
        await session.rollback()
    await engine.dispose()
    found = [json.loads(line) for line in lines]
    counted = {kind: len(of_kind(found, kind)) for kind in found[-1][1]}
    assert found[-1] == ["end", counted]
    assert sum(counted.values()) == len(found) - 2
    return found


LEAF_3 = "(SELECT event_id FROM leaf WHERE leaf_index = 3)"
A_PRIVATE = "(SELECT min(event_id::text)::uuid FROM event_private)"
NOWHERE = "'00000000-0000-7000-8000-00000000dead'"


async def test_a_leaf_without_its_event_is_shown_with_what_is_left_of_it(world, owner):
    whole = of_kind(await parsed(world.database), "leaf")
    found = await damaged(owner, f"DELETE FROM event WHERE id = {LEAF_3}")
    assert of_kind(found, "leaf") == [
        [*line[:2], None, *line[3:]] if line[0] == 3 else line for line in whole
    ]
    assert of_kind(found, "orphan") == []


async def test_an_event_under_another_id_is_nobody_s(world, owner):
    whole = of_kind(await parsed(world.database), "leaf")
    found = await damaged(owner, f"UPDATE event SET id = {NOWHERE} WHERE id = {LEAF_3}")
    assert of_kind(found, "leaf")[3][2] is None
    event = {**whole[3][2], "id": NOWHERE.strip("'")}
    assert of_kind(found, "orphan") == [["event", event]]


@pytest.mark.parametrize(
    "said", ["", "not JSON {", '{"v":1', "\u2028\t\\u0000", "NaN", "[" * 100_000]
)
async def test_a_leaf_s_text_is_exported_as_it_stands(world, owner, said):
    found = await damaged(
        owner, f"UPDATE event SET leaf = $${said}$$, postings = $${said}$$ WHERE id = {LEAF_3}"
    )
    event = of_kind(found, "leaf")[3][2]
    assert (event["leaf"], event["postings"]) == (said, said)


async def test_a_removed_leaf_is_a_gap_and_its_rows_are_orphans(world, owner):
    whole = of_kind(await parsed(world.database), "leaf")
    found = await damaged(owner, "DELETE FROM leaf WHERE leaf_index = 3")
    assert found[0]["leaves"] == len(whole) - 1
    assert of_kind(found, "leaf") == [line for line in whole if line[0] != 3]
    _, _, event, codes, booked, _ = whole[3]
    tables = [table for table, _ in of_kind(found, "orphan")]
    assert tables == ["event", *["event_batch"] * len(codes), *["posting"] * len(booked)]
    assert of_kind(found, "orphan")[0] == ["event", event]


async def test_a_log_without_any_leaf_is_all_orphans(world, owner, database_urls):
    found = await damaged(owner, "DELETE FROM leaf")
    assert found[0]["leaves"] == 0
    waiting = {event_id for [event_id] in of_kind(found, "waiting")}
    keys = {
        "event": "id",
        "event_batch": "event_id",
        "posting": "cause",
        "event_private": "event_id",
    }
    for table, key in keys.items():
        rows = [row for row in await stored(database_urls, table) if row[key] not in waiting]
        said = [row[key] for name, row in of_kind(found, "orphan") if name == table]
        assert sorted(said) == sorted(row[key] for row in rows)


async def test_rows_of_no_event_are_orphans_of_their_tables(world, owner):
    found = await damaged(
        owner,
        f"INSERT INTO event_batch VALUES ('x', {NOWHERE})",
        "INSERT INTO posting SELECT 'x', '00000000-0000-7000-8000-00000000dead', 7, about, origin,"
        " from_account, to_account, place, mass_g, occurred_on FROM posting LIMIT 1",
        f"INSERT INTO event_private SELECT {NOWHERE}, salt, private FROM event_private LIMIT 1",
        f"INSERT INTO unsequenced (event_id) VALUES ({NOWHERE})",
    )
    orphans = dict(of_kind(found, "orphan"))
    assert list(orphans) == ["event_batch", "posting", "event_private", "unsequenced"]
    assert orphans["event_batch"] == {"batch_code": "x", "event_id": NOWHERE.strip("'")}
    assert orphans["posting"]["n"] == 7
    assert list(orphans["event_private"]) == ["event_id", "commitment"]
    assert len(orphans["event_private"]["commitment"]) == 64
    assert orphans["unsequenced"]["event_id"] == NOWHERE.strip("'")


async def test_a_row_that_stands_twice_is_exported_twice(world, owner):
    whole = await parsed(world.database, private=True)
    found = await damaged(
        owner,
        "ALTER TABLE event DROP CONSTRAINT pk_event CASCADE",
        "ALTER TABLE event_private DROP CONSTRAINT pk_event_private CASCADE",
        "ALTER TABLE posting DROP CONSTRAINT pk_posting CASCADE",
        "ALTER TABLE log_key DROP CONSTRAINT pk_log_key CASCADE",
        f"INSERT INTO event SELECT * FROM event WHERE id = {LEAF_3}",
        "INSERT INTO event_private SELECT * FROM event_private",
        f"INSERT INTO posting SELECT * FROM posting WHERE cause = {LEAF_3}",
        "INSERT INTO log_key SELECT * FROM log_key",
        private=True,
    )
    _, event_id, event, _, booked, _ = of_kind(whole, "leaf")[3]
    assert booked
    shown = of_kind(found, "leaf")
    assert len(shown) == len(of_kind(whole, "leaf"))
    assert shown[3][2] == event
    assert shown[3][4] == sorted(booked * 2, key=lambda row: (row["batch"], row["n"]))
    secrets = {line[1]: line[5] for line in shown if line[5]}
    assert of_kind(found, "orphan") == [
        ["event", event],
        *(["event_private", {"event_id": key, **secrets[key]}] for key in sorted(secrets)),
    ]
    assert of_kind(found, "key") == of_kind(whole, "key") * 2
    assert event_id == event["id"]


async def test_an_index_that_stands_twice_or_not_at_all_is_exported_so(world, owner):
    whole = of_kind(await parsed(world.database), "leaf")
    found = await damaged(
        owner,
        "ALTER TABLE leaf DROP CONSTRAINT pk_leaf CASCADE",
        "ALTER TABLE leaf ALTER leaf_index DROP NOT NULL, ALTER event_id DROP NOT NULL",
        "UPDATE leaf SET leaf_index = 4 WHERE leaf_index = 5",
        "UPDATE leaf SET leaf_index = NULL WHERE leaf_index = 6",
        "UPDATE leaf SET event_id = NULL WHERE leaf_index = 7",
    )
    said = of_kind(found, "leaf")
    indexes = [line[0] for line in said]
    assert indexes == [*range(5), 4, *range(7, len(whole)), None]
    assert sorted(said[4:6]) == sorted([whole[4], [4, *whole[5][1:]]])
    assert said[-1] == [None, *whole[6][1:]]
    assert said[6] == [7, None, None, [], [], None]
    assert ["event", whole[7][2]] in of_kind(found, "orphan")


EVERY_TABLE = (
    "event", "event_batch", "posting", "event_private", "leaf", "unsequenced", "log_tile", *KEYED,
    "supply_row", "supply_day", "follower",
)  # fmt: skip


@pytest.mark.parametrize("table", EVERY_TABLE)
async def test_nothing_but_nulls_is_still_exported(world, owner, table):
    whole = await parsed(world.database)
    async with world.database.read() as session:
        rows = await session.execute(
            text(
                "SELECT attname FROM pg_attribute WHERE attrelid = CAST(:t AS regclass)"
                " AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
            ),
            {"t": table},
        )
        columns = [name for (name,) in rows if (table, name) != ("unsequenced", "seq")]
        constraints = await session.scalars(
            text(
                "SELECT conname FROM pg_constraint WHERE conrelid = CAST(:t AS regclass)"
                " AND contype IN ('p', 'c', 'u') ORDER BY contype DESC"
            ),
            {"t": table},
        )
        drops = [f"ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE" for name in constraints]
    found = await damaged(
        owner,
        *drops,
        *(f"ALTER TABLE {table} ALTER {name} DROP NOT NULL" for name in columns),
        f"UPDATE {table} SET " + ", ".join(f"{name} = NULL" for name in columns),
        private=True,
    )
    assert sum(whole[-1][1].values()) > 0
    for kind in whole[-1][1].keys() - {"orphan", "waiting"}:
        assert len(of_kind(found, kind)) == len(of_kind(whole, kind)), kind


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("'infinity'", "infinity"),
        ("'-infinity'", "-infinity"),
        ("'0044-03-15 12:00:00+00 BC'", "0044-03-15 12:00:00+00 BC"),
        ("'294276-12-31 23:59:59.999999+00'", "294276-12-31 23:59:59.999999+00"),
        ("'0001-01-01 00:00:00+00'", "0001-01-01T00:00:00.000000Z"),
        ("'9999-12-31 23:59:59.999999+00'", "9999-12-31T23:59:59.999999Z"),
        ("'2026-01-01 00:00:00.1+08'", "2025-12-31T16:00:00.100000Z"),
    ],
)
async def test_any_time_that_the_database_holds_is_told_apart(world, owner, value, said):
    found = await damaged(owner, f"UPDATE event SET recorded_at = {value} WHERE id = {LEAF_3}")
    assert of_kind(found, "leaf")[3][2]["recorded_at"] == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("'infinity'", "infinity"),
        ("'0044-03-15 BC'", "0044-03-15 BC"),
        ("'5874897-12-31'", "5874897-12-31"),
        ("'0001-01-01'", "0001-01-01"),
    ],
)
async def test_any_day_that_the_database_holds_is_told_apart(world, owner, value, said):
    found = await damaged(
        owner,
        f"UPDATE event SET occurred_on = {value} WHERE id = {LEAF_3}",
        f"UPDATE posting SET occurred_on = {value} WHERE cause = {LEAF_3}",
        f"UPDATE supply_row SET on_day = {value}",
    )
    _, _, event, _, booked, _ = of_kind(found, "leaf")[3]
    assert {event["occurred_on"], *(row["occurred_on"] for row in booked)} == {said}
    assert {row["on_day"] for [row] in of_kind(found, "supply_row")} == {said}


@pytest.mark.parametrize(
    "secret",
    ["'1e400'", "'9007199254740993'", "repeat('[', 3000)||repeat(']', 3000)", "repeat('7', 5000)"],
)
async def test_a_private_part_that_cannot_be_committed_to_is_shown_as_text(world, owner, secret):
    found = await damaged(
        owner,
        f"UPDATE event_private SET private = CAST({secret} AS jsonb) WHERE event_id = {A_PRIVATE}",
        private=True,
    )
    parts = [line[5] for line in of_kind(found, "leaf") if line[5]]
    [odd] = [part for part in parts if part["commitment"] is None]
    assert isinstance(odd["private"], str)
    assert bytes.fromhex(odd["salt"])


async def test_a_changed_private_part_has_another_commitment(world, owner):
    whole = of_kind(await parsed(world.database), "leaf")
    found = await damaged(
        owner, f"UPDATE event_private SET private = '[]' WHERE event_id = {A_PRIVATE}"
    )
    changed = [line for line in of_kind(found, "leaf") if line not in whole]
    assert len(changed) == 1
    assert len(changed[0][5]["commitment"]) == 64


async def test_a_checkpoint_that_is_none_is_printed_as_it_stands(world, owner):
    found = await damaged(
        owner,
        "UPDATE log_checkpoint SET note = 'no note'",
        "UPDATE log_cosignature SET line = 'no line'",
        "UPDATE log_tile SET hashes = substr(hashes, 1, 32)",
    )
    assert found[0]["checkpoint"] == "no note" + "no line" * len(LINES)
    assert {note for _, note, _ in of_kind(found, "checkpoint")} == {"no note"}
    assert {line for *_, line in of_kind(found, "cosignature")} == {"no line"}
    assert {len(base64.b64decode(hashes)) for *_, hashes in of_kind(found, "tile")} == {32}


async def test_what_has_not_begun_is_exported_as_empty(server, template):
    database = Database(in_database(server["app"], template))
    try:
        head, end = await parsed(database)
    finally:
        await database.close()
    assert head == {
        "format": "log-export/1", "origin": None, "leaves": 0, "flows": 0, "supply": 0,
        "checkpoint": None,
    }  # fmt: skip
    assert set(end[1].values()) == {0}
