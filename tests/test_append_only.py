"""What is recorded is added to, never changed: not by the app, nor its owner, nor a replica."""

from uuid import uuid4

import asyncpg
import pytest
from alembic import command
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.db import sqlstate
from app.ledger.follow import catch_up
from app.ledger.models import APPEND_ONLY, Leaf
from app.migrate import configuration, upgrade
from tests.conftest import in_database
from tests.recording import caller_of, make_wide_world, odd_labels, written
from tests.world import World

CHANGES = [
    "UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}", "TRUNCATE {} CASCADE",
    "INSERT INTO {0} SELECT * FROM {0} ON CONFLICT ({1}) DO UPDATE SET {1} = excluded.{1}",
]  # fmt: skip
KEYS = {
    "event": "id", "event_batch": "batch_code", "correction": "event_id", "posting": "mass_g",
    "leaf": "leaf_index",
}  # fmt: skip
REFUSED = "42501"
"""insufficient_privilege."""


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    [bag] = await made.issue_labels(1)
    await made.whole_life(bag)
    [other] = await made.issue_labels(1)
    sealed = await made.event("collect", other, mass_g=5_000)
    taken_back = {
        "id": str(made.body("correct")["id"]), "kind": "correct", "corrects": sealed["id"],
        "reason": "did_not_occur",
    }  # fmt: skip
    answer = await made.client("collector").post("/api/v1/events", json=taken_back)
    assert answer.status_code == 201, answer.text
    await catch_up(made.database, [])
    yield made
    await made.close()


def changes(table: str) -> list[str]:
    key = KEYS[table]
    statements = [change.format(table, key, key) for change in CHANGES[:-1]]
    if table in {"event", "leaf"}:
        statements.append(CHANGES[-1].format(table, key))
    return statements


async def leaves(world: World) -> list[tuple]:
    async with world.database.read() as session:
        return [tuple(r) for r in await session.execute(select(Leaf.leaf_index, Leaf.event_id))]


@pytest.mark.parametrize("table", APPEND_ONLY)
async def test_the_app_has_no_right_to_change_the_log(world: World, table):
    before = await written(world.database), await leaves(world)
    for statement in changes(table):
        with pytest.raises(DBAPIError) as refused:
            async with world.database.write() as session:
                await session.execute(text(statement))
        assert sqlstate(refused.value) == REFUSED, statement
    assert (await written(world.database), await leaves(world)) == before
    async with world.database.read() as session:
        for right in ("UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"):
            has = "SELECT has_table_privilege(current_user, :table, :right)"
            assert await session.scalar(text(has), {"table": table, "right": right}) is False
        assert await session.scalar(text("SELECT current_user")) == "platform_app"


async def test_the_app_cannot_step_up_or_switch_the_triggers_off(world: World):
    for statement in (
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "ALTER TABLE event DISABLE TRIGGER append_only",
        "DROP TRIGGER append_only ON event",
        "DROP TABLE leaf",
        "CREATE RULE r AS ON INSERT TO event DO INSTEAD NOTHING",
        "SET session_replication_role = replica",
        "CREATE TABLE mine (id int)",
    ):
        with pytest.raises(DBAPIError) as refused:
            async with world.database.write() as session:
                await session.execute(text(statement))
        assert sqlstate(refused.value) == REFUSED, statement


@pytest.mark.parametrize("table", APPEND_ONLY)
async def test_triggers_refuse_the_owner_too(world: World, database_urls, table):
    before = await written(world.database), await leaves(world)
    owner = await asyncpg.connect(database_urls["owner"])
    try:
        for statement in changes(table):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
                await owner.execute(statement)
    finally:
        await owner.close()
    assert (await written(world.database), await leaves(world)) == before


async def test_triggers_stand_for_replication_as_well(world: World, database_urls):
    async with world.database.read() as session:
        rows = await session.execute(
            text(
                "SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger"
                " WHERE tgname LIKE 'append_only%' ORDER BY 1, 2"
            )
        )
        # A: always, whatever session_replication_role says.
        assert [tuple(row) for row in rows] == [
            (table, name, b"A")
            for table in sorted(
                (
                    *APPEND_ONLY,
                    *("log_checkpoint", "log_cosignature", "log_head", "log_tile"),
                    *("case_note", "case_term", "finding_change", "threshold", "workday"),
                )
            )
            for name in ("append_only", "append_only_truncate")
        ]


@pytest.mark.parametrize("table", APPEND_ONLY)
async def test_a_superuser_as_replica_is_refused(world: World, database_urls, table):
    address = database_urls["owner"].split("@", 1)[1]
    try:
        root = await asyncpg.connect(f"postgresql://postgres@{address}", timeout=5)
    except (asyncpg.PostgresError, OSError):
        pytest.skip("this server lets no superuser in")
    try:
        await root.execute("SET session_replication_role = replica")
        for statement in changes(table):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
                await root.execute(statement)
    finally:
        await root.close()


async def test_a_bag_s_row_and_a_label_are_never_removed(world: World):
    for table in ("batch", "label", "trip", "account"):
        with pytest.raises(DBAPIError) as refused:
            async with world.database.write() as session:
                await session.execute(text(f"DELETE FROM {table}"))
        assert sqlstate(refused.value) == REFUSED
    for table in ("refusal",):
        with pytest.raises(DBAPIError) as refused:
            async with world.database.write() as session:
                await session.execute(text(f"UPDATE {table} SET body = ''"))
        assert sqlstate(refused.value) == REFUSED


async def test_the_private_part_can_be_forgotten_and_the_log_still_stands(world: World):
    [bag] = await odd_labels(world.database)
    answer = await world.event("hand_in", bag, note="忘掉我")
    async with world.database.write() as session:
        forget = text("DELETE FROM event_private WHERE event_id = :id")
        assert (await session.execute(forget, {"id": answer["id"]})).rowcount == 1
    got = await world.client("collector").get(f"/api/v1/events/{answer['id']}")
    assert got.json()["leaf"] == answer["leaf"]


def test_a_log_that_holds_events_is_not_downgraded(world: World, database_urls):
    with pytest.raises(RuntimeError, match="refused"):
        command.downgrade(configuration(database_urls["owner"]), "base")
    assert caller_of(world, "collector")  # and nothing was dropped on the way
    upgrade(database_urls["owner"])


async def test_after_the_refused_downgrade_everything_still_works(world: World):
    [bag] = await odd_labels(world.database)
    await world.event("collect", bag, mass_g=1_000)


def test_an_empty_database_goes_down_and_up_again(server, template):
    name = f"down_{uuid4().hex[:8]}"
    run = _runner(server["owner"])
    run(f"CREATE DATABASE {name} TEMPLATE {template}")
    address = in_database(server["owner"], name)
    try:
        command.downgrade(configuration(address), "base")
        upgrade(address)
        command.check(configuration(address))
    finally:
        run(f"DROP DATABASE {name}")


def _runner(url: str):
    import asyncio

    async def execute(statement: str) -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    return lambda statement: asyncio.run(execute(statement))
