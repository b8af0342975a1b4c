"""Clocks that are off, news that comes late: the order of arrival changes nothing at the end."""

import json
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import select

from app.balance.booked import transfer_of
from app.balance.models import Posting
from app.balance.postings import total
from app.batches.models import Batch
from app.events.state import state_from_json
from app.ledger.models import Event
from tests import reference as ref
from tests.histories import BY, history, send_in
from tests.recording import capture, make_wide_world, odd_labels
from tests.world import FAR_POINT, World


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    yield made
    await made.close()


class TestClocks:
    async def test_a_phone_that_is_slow_is_put_right(self, world: World):
        [bag] = await odd_labels(world.database)
        now = datetime.now(UTC)
        body = world.body("hand_in", bag, at=now - timedelta(hours=5))
        [item] = await capture(world, "collector", [body], now - timedelta(hours=3))
        event = item["event"]
        effective = datetime.fromisoformat(event["effective_at"])
        assert abs(effective - (now - timedelta(hours=2))) < timedelta(seconds=30)
        assert event["occurred_at"] == body["occurred_at"].replace("+00:00", "Z")
        assert event["flags"] == ["clock-skewed"]

    async def test_a_phone_that_is_fast_does_not_live_in_the_future(self, world: World):
        [bag] = await odd_labels(world.database)
        fast = datetime.now(UTC) + timedelta(days=2)
        body = world.body("hand_in", bag, at=fast - timedelta(minutes=10))
        [item] = await capture(world, "collector", [body], fast)
        assert item["outcome"] == "recorded"
        effective = datetime.fromisoformat(item["event"]["effective_at"])
        assert effective < datetime.now(UTC) - timedelta(minutes=9)

    @pytest.mark.parametrize("seconds", [-55, 55])
    async def test_a_minute_is_no_skew(self, world: World, seconds):
        [bag] = await odd_labels(world.database)
        now = datetime.now(UTC)
        body = world.body("hand_in", bag, at=now - timedelta(hours=1))
        [item] = await capture(world, "collector", [body], now + timedelta(seconds=seconds))
        assert item["event"]["effective_at"] == item["event"]["occurred_at"]
        assert item["event"]["flags"] == []

    async def test_nothing_happens_before_its_label_was_issued(self, world: World):
        issued = datetime(2025, 9, 1, tzinfo=UTC)
        [bag] = await odd_labels(world.database, issued_at=issued)
        answer = await world.event("hand_in", bag, at=datetime(2025, 8, 1, tzinfo=UTC))
        assert datetime.fromisoformat(answer["effective_at"]) == issued
        assert answer["flags"] == ["before-label-issued"]

    async def test_the_day_is_the_province_s(self, world: World):
        [bag] = await odd_labels(world.database)
        answer = await world.event("hand_in", bag, at=datetime(2025, 6, 1, 16, tzinfo=UTC))
        async with world.database.read() as session:
            assert (await session.get_one(Event, answer["id"])).occurred_on == date(2025, 6, 2)


class TestLateNews:
    async def test_the_station_may_hear_before_the_point_has_told(self, world: World):
        [bag] = await world.issue_labels(1)
        start = world.tick(hours=5)
        steps = {
            "hand_in": world.body("hand_in", bag, at=start),
            "collect": world.body("collect", bag, at=start + timedelta(minutes=1), mass_g=600),
            "depart": world.body(
                "depart", bag, at=start + timedelta(minutes=2), destination=ref.STATION
            ),
            "arrive": world.body(
                "arrive", bag, at=start + timedelta(minutes=3), site=ref.STATION, mass_g=590
            ),
        }
        came = (await world.post(steps["arrive"])).json()
        assert came["flags"] == ["missing-collect", "missing-depart"]
        assert await self.shown(world, bag) == ("received", 590)
        for kind in ("depart", "collect", "hand_in"):
            answer = await world.post(steps[kind])
            assert answer.status_code == 201, answer.text
            assert await self.shown(world, bag) == ("received", 590)
        async with world.database.read() as session:
            stored = await session.get_one(Batch, bag)
            rows = await session.scalars(select(Posting).where(Posting.batch_code == bag))
            stands = {(k[2], k[3]): g for k, g in total(transfer_of(r) for r in rows).items() if g}
        state = state_from_json(stored.state)
        assert state.flags == ()
        assert state.confirmed
        assert not any("unexplained" in accounts for accounts in stands)
        assert stands["claimed", "confirmed"] == 590

    @staticmethod
    async def shown(world: World, bag: str) -> tuple[str, int]:
        async with world.database.read() as session:
            batch = await session.get_one(Batch, bag)
        return batch.status, batch.mass_g


@pytest.mark.parametrize("seed", range(15))
async def test_any_order_of_arrival_ends_in_the_same_state_and_postings(world: World, seed):
    ends = []
    rng = Random(seed)
    bags = await odd_labels(world.database, 3)
    plan = history(world, rng, "?", sent_back=0.25)
    for shuffle, bag in enumerate(bags):
        # The same life for each bag, under ids of its own that sort alike.
        steps = json.loads(json.dumps(plan).replace('"?"', f'"{bag}"'))
        names = {s["id"]: f"{s['id'][:-1]}{'abc'[shuffle]}" for s in steps}
        steps = [s | {"id": names[s["id"]]} for s in steps]
        steps = [s | ({"trip": names[s["trip"]]} if "trip" in s else {}) for s in steps]
        if shuffle:
            assert await send_in(world, Random(seed * 10 + shuffle), steps) == []
        else:
            for step in steps:
                answer = await world.post(step, by=BY[step["site"]])
                assert answer.status_code == 201, answer.text
        async with world.database.read() as session:
            batch = await session.get_one(Batch, bag)
            rows = (await session.scalars(select(Posting).where(Posting.batch_code == bag))).all()
        back = {new: old for old, new in names.items()}
        sums = total(transfer_of(row) for row in rows)
        booked = sorted([*map(str, key), grams] for key, grams in sums.items() if grams)
        state = [batch.status, batch.site, batch.mass_g, batch.state]
        text = json.dumps([state, booked])
        for new, old in back.items():
            text = text.replace(new, old)
        ends.append(json.loads(text))
    assert ends[1] == ends[0]
    assert ends[2] == ends[0]
    assert {flag for _, flag in ends[0][0][3]["flags"]} <= {"arrived-elsewhere"}


class TestRoundTrips:
    """A bag comes back to its sender and is loaded again, which is the first that is told."""

    @staticmethod
    async def told_backwards(world: World) -> tuple[str, dict, dict]:
        [bag] = await world.issue_labels(1)
        start = world.tick(hours=5)
        at = [start + timedelta(minutes=n) for n in range(4)]
        sealed = world.body("collect", bag, at=at[0], mass_g=600)
        again = world.body("depart", bag, at=at[3], destination=ref.STATION)
        for body in (sealed, again):
            assert (await world.post(body)).status_code == 201
        out = world.body("depart", bag, at=at[1], destination=ref.STATION)
        back = world.body("arrive", bag, at=at[2], site=ref.POINT)
        return bag, out, back

    async def test_the_departure_waits_for_the_return_that_comes_second(self, world: World):
        bag, out, back = await self.told_backwards(world)
        refused = await world.post(out)
        assert (refused.status_code, refused.json()["retry"]) == (409, True)
        await self.both_fit(world, bag, back, out)

    async def test_the_return_is_a_gap_until_the_departure_is_told(self, world: World):
        bag, out, back = await self.told_backwards(world)
        answer = await world.post(back)
        assert (answer.status_code, answer.json()["flags"]) == (201, ["missing-depart"])
        await self.both_fit(world, bag, out, back)

    @staticmethod
    async def both_fit(world: World, bag: str, *halves: dict) -> None:
        for half in halves:
            assert (await world.post(half)).status_code in (200, 201)
        async with world.database.read() as session:
            state = state_from_json((await session.get_one(Batch, bag)).state)
        assert (state.status, state.mass_g) == ("in_transit", 600)
        assert [flag for _, flag in state.flags] == ["arrived-elsewhere"]

    async def test_both_halves_in_one_queue_fit_at_the_second_sending(self, world: World):
        _, *halves = await self.told_backwards(world)
        first = await capture(world, "collector", halves)
        assert [item["outcome"] for item in first] == ["refused", "recorded"]
        again = await capture(world, "collector", halves)
        assert [item["outcome"] for item in again] == ["recorded", "duplicate"]

    async def test_loading_twice_stays_refused_whichever_is_told_first(self, world: World):
        _, out, _ = await self.told_backwards(world)
        for _ in range(2):
            answer = await world.post(out)
            assert (answer.status_code, answer.json()["retry"]) == (409, True)


class TestSight:
    """Who sees a bag hangs on its story, not on the order in which it is told."""

    @pytest.mark.parametrize("first", ["arrival", "seal"])
    async def test_the_labels_county_stands_in_for_an_origin_only_until_it_is_known(
        self, world: World, first
    ):
        [bag] = await world.issue_labels(1, site=None)
        start = world.tick(hours=5)
        told = {
            "seal": world.body("collect", bag, site=FAR_POINT, at=start, mass_g=600),
            "arrival": world.body(
                "arrive", bag, site=ref.PLANT, at=start + timedelta(hours=2), mass_g=590
            ),
        }
        order = [first, *(name for name in told if name != first)]
        seen = []
        for name in order:
            assert (await world.post(told[name])).status_code == 201
            answer = await world.client("county").get(f"/api/v1/batches/{bag}")
            seen.append(answer.status_code)
        assert seen == ([200, 404] if first == "arrival" else [404, 404])
        assert (await world.client("far_county").get(f"/api/v1/batches/{bag}")).status_code == 200
