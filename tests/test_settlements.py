"""Settlements: every event's money once, by the database; what changes afterwards is a line of the next."""

import asyncio
import csv
import io
import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.db import Database
from app.ids import SYSTEM
from app.money import settle
from app.money.errors import NothingToSettle
from app.money.models import Payable, Settlement, SettlementLine
from tests import reference as ref
from tests.moneying import caught_up, sale, unit, with_tariffs
from tests.recording import caller_of
from tests.test_trips import problem
from tests.world import ANXIN, LUQUAN, OTHER_POINT, PLANT, POINT, STATION, World, make_world

API = "/api/v1/settlements"
TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()
EVERYONE = settle.Wanted(LUQUAN, TODAY)


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    await with_tariffs(made)
    yield made
    await made.close()


async def paid_hand_in(world: World, fen: int = 300, *, site: str = POINT, **fields):
    [bag] = await world.issue_labels(1, site=site, county=site[:6])
    payment = {"fen": fen, "basis": "pieces"}
    return bag, await world.event("hand_in", bag, site=site, payment=payment, **fields)


async def drafted(world: World, **wanted):
    await caught_up(world)
    body = {"county": LUQUAN, "until": TODAY.isoformat(), **wanted}
    answer = await world.client("county").post(API, json=body)
    assert answer.status_code == 201, answer.text
    return {one["payee"]: one for one in answer.json()["items"]}


async def act(world: World, one, what: str, by: str = "county", **body):
    return await world.client(by).post(f"{API}/{one['id']}/{what}", json=body or None)


async def lines_of(world: World, one, by: str = "county"):
    found, cursor = [], None
    while True:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await world.client(by).get(f"{API}/{one['id']}/lines", params=asked)).json()
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def correct(world: World, event, by="county", **changed):
    keep = ("kind", "occurred_at", "site", "batches", "contents", "payment", "unit_codes")
    body = {
        "id": world.body("hand_in")["id"], "kind": "correct", "corrects": event["id"], "note": "更正",
        "reason": "incorrect_data" if changed else "did_not_occur",
        **({"replacement": {k: event[k] for k in keep if k in event} | changed} if changed else {}),
    }  # fmt: skip
    answer = await world.client(by).post("/api/v1/events", json=body)
    assert answer.status_code == 201, answer.text
    await caught_up(world)


async def empty(world: World):
    """Settle whatever other tests left over."""
    await caught_up(world)
    try:
        made = await settle.draft(
            world.database, caller_of(world, "county"), EVERYONE, now=datetime.now(UTC), rng=SYSTEM
        )
    except NothingToSettle:
        return
    for one in made:
        answer = await world.client("county").post(f"{API}/{one}/approve")
        assert answer.status_code == 200, answer.text


async def test_a_shop_a_hauler_and_a_plant_are_settled_each_to_the_fen(world: World):
    await empty(world)
    bag, first = await paid_hand_in(world, 250, unit_codes=[code := unit(world)])
    await sale(world, code, 100, site=OTHER_POINT, at=datetime.fromisoformat(first["occurred_at"]))
    await world.event("collect", bag, mass_g=5_000)
    await world.event("depart", bag, destination=STATION)
    await world.event("arrive", bag, site=STATION, mass_g=4_900)
    await world.event("depart", bag, site=STATION, destination=PLANT)
    await world.event("arrive", bag, site=PLANT, mass_g=4_850)
    await world.event("dispose", bag, site=PLANT)
    made = await drafted(world)
    # 30 bottles at 10 fen are worth 300, 250 were paid; 5 kg at 200 yuan a tonne are 100.
    shop = made[POINT]
    sums = [shop[f"{one}_fen"] for one in ("deposit", "buyback", "subsidy", "total")]
    assert sums == [100, 250, 100, 450]
    assert made[OTHER_POINT]["total_fen"] == -100, "it owes the deposit that another gave back"
    hauler = made[ref.STATION_OWNER]
    assert (hauler["payee_kind"], hauler["total_fen"]) == ("hauler", 147 + 146)
    assert (made[PLANT]["payee_kind"], made[PLANT]["total_fen"]) == ("plant", 243)
    for one in made.values():
        lines = await lines_of(world, one)
        assert len(lines) == one["lines"]
        assert sum(line["fen"] for line in lines) == one["total_fen"]
        assert all(line["leaf_index"] is not None for line in lines)
    assert {line["scheme"] for line in await lines_of(world, shop)} == {
        "deposit_refund", "buyback", "subsidy",
    }  # fmt: skip
    for one in made.values():
        assert (await act(world, one, "approve")).status_code == 200


async def test_it_goes_from_draft_to_approved_to_paid_and_no_other_way(world: World):
    await empty(world)
    await paid_hand_in(world)
    one = (await drafted(world))[POINT]
    assert (one["status"], one["number"][:8]) == ("draft", f"JS{TODAY:%Y%m}")
    voucher = {"paid_on": TODAY.isoformat(), "voucher": "记-2026-11-3"}
    problem(await act(world, one, "pay", **voucher), 409, "settlement-not-in-state")
    answer = await act(world, one, "approve")
    assert answer.json()["status"] == "approved"
    for what, body in (("approve", {}), ("discard", {"reason": "错"})):
        problem(await act(world, one, what, **body), 409, "settlement-not-in-state")
    for wrong in (TODAY + timedelta(days=1), TODAY - timedelta(days=1)):
        told = await act(world, one, "pay", paid_on=wrong.isoformat(), voucher="记-1")
        assert problem(told, 422, "invalid-body")["errors"][0]["pointer"] == "/paid_on"
    problem(
        await act(world, one, "pay", paid_on=TODAY.isoformat(), voucher=" "), 422, "invalid-body"
    )
    paid = (await act(world, one, "pay", **voucher)).json()
    assert (paid["status"], paid["voucher"], paid["paid_on"]) == (
        "paid",
        "记-2026-11-3",
        TODAY.isoformat(),
    )
    problem(await act(world, one, "pay", **voucher), 409, "settlement-not-in-state")  # fmt: skip


async def test_what_is_settled_is_not_settled_again(world: World):
    await empty(world)
    await paid_hand_in(world)
    await drafted(world)
    body = {"county": LUQUAN, "until": TODAY.isoformat()}
    problem(await world.client("county").post(API, json=body), 409, "nothing-to-settle")
    owed = (await world.client("county").get(f"{API}/owed", params={"county": LUQUAN})).json()
    assert owed["items"] == []


async def test_a_correction_after_the_settlement_is_a_line_of_the_next(world: World):
    await empty(world)
    _, event = await paid_hand_in(world, 300)
    first = (await drafted(world))[POINT]
    assert (await act(world, first, "approve")).status_code == 200
    before = await lines_of(world, first)
    await correct(world, event, payment={"fen": 200, "basis": "pieces"})
    shown = (await world.client("county").get(f"{API}/{first['id']}")).json()
    assert (shown["total_fen"], shown["changed_lines"]) == (first["total_fen"], 1)
    second = (await drafted(world))[POINT]
    [line] = await lines_of(world, second)
    assert (line["event"], line["scheme"], line["n"], line["fen"]) == (
        event["id"],
        "buyback",
        1,
        -100,
    )
    assert await lines_of(world, first) == before
    assert (await act(world, second, "approve")).status_code == 200
    # What did not occur at all is taken back whole, by what was settled so far.
    async with world.database.read() as session:
        corrections = await session.scalars(
            text("SELECT event_id FROM correction WHERE corrects = :id"), {"id": event["id"]}
        )
        [latest] = corrections
    await correct(world, {"id": str(latest)})
    third = (await drafted(world))[POINT]
    assert {(one["scheme"], one["n"]): one["fen"] for one in await lines_of(world, third)} == {
        ("buyback", 2): -200, ("subsidy", 1): -9,
    }  # fmt: skip


async def test_a_draft_whose_events_were_corrected_is_not_approved_but_discarded(world: World):
    await empty(world)
    _, event = await paid_hand_in(world, 300)
    one = (await drafted(world))[POINT]
    await correct(world, event, payment={"fen": 100, "basis": "pieces"})
    told = problem(await act(world, one, "approve"), 409, "settlement-changed")
    assert told["lines"] == 1
    gone = (await act(world, one, "discard", reason="登记更正过")).json()
    assert (gone["status"], gone["total_fen"]) == ("discarded", one["total_fen"])
    assert await lines_of(world, one) == []
    again = (await drafted(world))[POINT]
    assert again["buyback_fen"] == 100
    assert again["number"] > one["number"]


async def test_officials_of_elsewhere_and_other_payees_see_nothing_of_it(world: World):
    await empty(world)
    await paid_hand_in(world)
    one = (await drafted(world))[POINT]
    path = f"{API}/{one['id']}"
    for by, status in (
        ("county", 200), ("city", 200), ("province", 200), ("auditor", 200), ("collector", 200),
        ("other_collector", 404), ("carrier", 404), ("plant", 404), ("far_county", 404),
        ("township", 404),
    ):  # fmt: skip
        for door in ("", "/lines", ".csv", ".xlsx"):
            answer = await world.client(by).get(path + door)
            assert answer.status_code == status, (by, door)
        listed = (await world.client(by).get(API)).json()["items"]
        assert (one["id"] in [row["id"] for row in listed]) == (status == 200), by
    for what in ("approve", "discard", "pay"):
        body = {"discard": {"reason": "错"}, "pay": {"paid_on": TODAY.isoformat(), "voucher": "1"}}
        problem(await act(world, one, what, "far_county", **body.get(what, {})), 404, "not-found")
        problem(await act(world, one, what, "collector", **body.get(what, {})), 403, "forbidden")
    body = {"county": LUQUAN, "until": TODAY.isoformat()}
    problem(await world.client("far_county").post(API, json=body), 404, "not-found")
    tomorrow = {"county": LUQUAN, "until": (TODAY + timedelta(days=1)).isoformat()}
    problem(await world.client("county").post(API, json=tomorrow), 422, "invalid-body")


async def test_the_tables_hold_every_line_and_add_up(world: World):
    await empty(world)
    for _ in range(3):
        await paid_hand_in(world, 123)
    one = (await drafted(world))[POINT]
    path = f"{API}/{one['id']}"
    text_ = (await world.client("collector").get(f"{path}.csv")).content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text_)))
    body = rows[7:]
    assert len(body) == one["lines"] == 6
    assert round(sum(float(row[6]) for row in body) * 100) == one["total_fen"]
    found = (await world.client("county").get(f"{path}.xlsx")).content
    sheet = openpyxl.load_workbook(io.BytesIO(found)).active
    cells = list(sheet.iter_rows(min_row=8, values_only=True))
    assert sum(round(row[6] * 100) for row in cells) == one["total_fen"]
    assert [row[8] for row in cells] == [row[8] for row in body]


# ---- two at once


async def test_of_officials_who_draft_at_once_each_event_is_in_one_settlement(
    world: World, database_urls
):
    await empty(world)
    events = [(await paid_hand_in(world, 100 + n))[1]["id"] for n in range(8)]
    await caught_up(world)
    doors = [Database(database_urls["app"], pool_size=3) for _ in range(4)]
    now = datetime.now(UTC)
    try:
        told = await asyncio.gather(
            *(
                settle.draft(door, caller_of(world, "county"), EVERYONE, now=now, rng=SYSTEM)
                for door in doors
            ),
            return_exceptions=True,
        )
        won = [one for one in told if not isinstance(one, BaseException)]
        assert len(won) == 1, told
        assert [type(one) for one in told if isinstance(one, BaseException)] == [
            NothingToSettle
        ] * 3
        async with world.database.read() as session:
            found = await session.execute(
                select(SettlementLine.event, SettlementLine.scheme, func.count())
                .where(SettlementLine.event.in_([uuid.UUID(one) for one in events]))
                .group_by(SettlementLine.event, SettlementLine.scheme)
            )
            counts = found.all()
        assert len(counts) == 16
        assert {n for _, _, n in counts} == {1}
        await _approved_at_once(world, doors, won[0][0])
    finally:
        for door in doors:
            await door.close()  # fmt: skip


async def _approved_at_once(world: World, doors, id_):
    async def approve(door):
        async with door.write() as session:
            await settle.approve(session, caller_of(world, "county"), id_, now=datetime.now(UTC))

    async def discard(door):
        async with door.write() as session:
            caller = caller_of(world, "county")
            await settle.discard(session, caller, id_, reason="重编", now=datetime.now(UTC))

    ways = (approve, discard, approve, discard)
    told = await asyncio.gather(
        *(way(door) for way, door in zip(ways, doors, strict=True)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in told) == ["NoneType", *["SettlementNotInState"] * 3]
    async with world.database.read() as session:
        status = await session.scalar(select(Settlement.status).where(Settlement.id == id_))
        kept = select(func.count()).where(SettlementLine.settlement == id_)
        lines = await session.scalar(kept)
    assert (status, bool(lines)) in (("approved", True), ("discarded", False))


def a_settlement(world: World, **fields):
    return {
        "id": uuid.uuid4(), "number": f"X{uuid.uuid4()}", "county": LUQUAN, "payee_kind": "shop",
        "payee": POINT, "until": TODAY, "status": "draft", "lines": 0, "deposit_fen": 0,
        "buyback_fen": 0, "subsidy_fen": 0, "total_fen": 0, "log_size": 0,
        "drafted_by": world.accounts["county"].id, "drafted_at": datetime.now(UTC), **fields,
    }  # fmt: skip


async def test_the_database_itself_refuses_an_event_in_two_settlements(world: World):
    event = uuid.uuid4()

    async def write():
        async with world.database.write() as session:
            made = a_settlement(world)
            await session.execute(insert(Settlement), [made])
            line = {
                "event": event, "scheme": "buyback", "county": LUQUAN, "payee": POINT, "n": 0,
                "settlement": made["id"], "site": POINT, "occurred_on": TODAY, "fen": 5,
            }  # fmt: skip
            await session.execute(insert(SettlementLine), [line])
            await session.execute(
                insert(Payable), [{k: v for k, v in line.items() if k not in ("n", "settlement")} | {"payee_kind": "shop"}]
            )  # fmt: skip

    await write()
    with pytest.raises(IntegrityError, match="pk_settlement_line"):
        await write()
    async with world.database.write() as session:
        await session.execute(text("DELETE FROM payable WHERE event = :e"), {"e": event})


async def test_the_database_refuses_what_no_settlement_may_do(world: World):
    await empty(world)
    await paid_hand_in(world)
    one = (await drafted(world))[POINT]
    await act(world, one, "approve")
    for statement in (
        "UPDATE settlement SET status = 'draft', approved_at = NULL WHERE id = :id",
        "UPDATE settlement SET status = 'discarded', discarded_at = now() WHERE id = :id",
        (
            "UPDATE settlement SET buyback_fen = buyback_fen + 1, total_fen = total_fen + 1, status = 'paid',"
            " paid_at = now(), paid_on = '2026-01-01', voucher = '1' WHERE id = :id"
        ),
        "UPDATE settlement SET payee = 'x' WHERE id = :id",
        "DELETE FROM settlement_line WHERE settlement = :id",
        "UPDATE settlement_line SET fen = fen + 1 WHERE settlement = :id",
        "DELETE FROM settlement WHERE id = :id",
    ):
        with pytest.raises(DBAPIError):
            async with world.database.write() as session:
                await session.execute(text(statement), {"id": one["id"]})


async def test_a_settlement_names_its_own_county_alone(world: World):
    await empty(world)
    await with_tariffs(world, county=ANXIN, by="far_county")
    await paid_hand_in(world, 200, site="130632-P0001")
    await caught_up(world)
    body = {"county": LUQUAN, "until": TODAY.isoformat()}
    problem(await world.client("county").post(API, json=body), 409, "nothing-to-settle")
    answer = await world.client("far_county").post(API, json=body | {"county": ANXIN})
    assert [one["payee"] for one in answer.json()["items"]] == ["130632-P0001"]
