"""A bag's whole life through the API: what is answered, what stands, what is sent again."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.balance.models import Posting
from app.batches.models import Batch
from app.ledger.follow import catch_up
from app.ledger.leaf import commitment, jcs
from app.ledger.models import Event, EventPrivate
from app.main import FOLLOWERS
from tests import reference as ref
from tests.recording import capture, make_wide_world
from tests.world import BOTTLES_G, World

VECTORS = Path(__file__).resolve().parents[2] / "shared" / "conformance" / "jcs"
NAMES = ("王秀兰", "13800138000", "李师傅", "下雨，晚到")


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def life(world: World):
    """The answers to one bag's life: five people, eight steps."""
    [bag] = await world.issue_labels(1)
    giver = {"kind": "farmer", "name": NAMES[0], "phone": NAMES[1], "village": "东关"}
    where = {"lat": 38.0851, "lon": 114.3099, "accuracy_m": 12.5}
    answers = [
        await world.event("hand_in", bag, giver=giver, payment={"fen": 150, "basis": "按件"}),
        await world.event("collect", bag, mass_g=500, position=where),
        await world.event(
            "depart", bag, destination=ref.STATION, by="carrier", driver=NAMES[2], note=NAMES[3]
        ),
    ]
    trip = answers[-1]["trip"]
    answers += [
        await world.event("arrive", bag, site=ref.STATION, mass_g=480, trip=trip),
        await world.event("store", bag, site=ref.STATION),
        await world.event("depart", bag, site=ref.STATION, destination=ref.PLANT),
        await world.event("arrive", bag, site=ref.PLANT, mass_g=470),
        await world.event("dispose", bag, site=ref.PLANT),
    ]
    return bag, answers


class TestWhatIsAnswered:
    async def test_every_step_fits_and_is_told_when_it_was_recorded(self, life):
        _, answers = life
        kinds = [a["kind"] for a in answers]
        assert kinds == [
            "hand_in", "collect", "depart", "arrive", "store", "depart", "arrive", "dispose",
        ]  # fmt: skip
        for answer in answers:
            assert answer["flags"] == []
            assert answer["effective_at"] == answer["occurred_at"]
            recorded = datetime.fromisoformat(answer["recorded_at"])
            assert abs(datetime.now(UTC) - recorded) < timedelta(minutes=5)

    async def test_a_trip_has_a_number_of_its_day_and_county(self, life):
        _, answers = life
        day = datetime.fromisoformat(answers[2]["occurred_at"]) + timedelta(hours=8)
        assert answers[2]["trip"] == f"ZY{day:%Y%m%d}130110{1:04}"
        assert answers[3]["trip"] == answers[2]["trip"]
        assert answers[0]["trip"] is None

    async def test_the_leaf_hashes_to_what_is_said_and_binds_its_postings(self, world, life):
        _, answers = life
        for answer in answers:
            leaf = answer["leaf"].encode()
            assert hashlib.sha256(b"\x00" + leaf).hexdigest() == answer["leaf_hash"]
            parts = json.loads(leaf)
            assert jcs(parts) == leaf
            async with world.database.read() as session:
                stored = await session.get_one(Event, answer["id"])
                assert stored.leaf == answer["leaf"]
                booked = json.loads(stored.postings)
                rows = await session.scalars(
                    select(Posting).where(Posting.cause == answer["id"]).order_by(Posting.n)
                )
                assert [(r.origin, r.from_account, r.to_account, r.mass_g) for r in rows] == [
                    (b["origin"], b["from"], b["to"], b["mass_g"]) for b in booked
                ]
            assert hashlib.sha256(stored.postings.encode()).hexdigest() == parts["postings"]

    async def test_nothing_personal_stands_in_a_leaf_but_is_bound_by_it(self, world, life):
        _, answers = life
        for answer in answers:
            assert not any(name in answer["leaf"] for name in NAMES)
            assert not any(name in json.dumps(answer, ensure_ascii=False) for name in NAMES)
        async with world.database.read() as session:
            kept = await session.get_one(EventPrivate, answers[2]["id"])
        assert kept.private == {"driver": NAMES[2], "note": NAMES[3]}
        sealed = json.loads(answers[2]["leaf"])["private"]
        assert sealed == commitment(kept.salt, kept.private)

    async def test_a_leaf_holds_integers_and_what_was_sent(self, life):
        _, answers = life
        event = json.loads(answers[1]["leaf"])["event"]
        assert event["position"] == {
            "lat_e7": 380851000, "lon_e7": 1143099000, "accuracy_cm": 1250,
        }  # fmt: skip
        assert answers[1]["position"] == {"lat": 38.0851, "lon": 114.3099, "accuracy_m": 12.5}
        counted = json.loads(answers[0]["leaf"])["stamps"]["counted"]
        assert counted == {"version": 2, "scopes": {"pesticide": BOTTLES_G}}

    async def test_a_map_service_s_position_is_put_right_where_its_datum_has_a_meaning(self, world):
        [bag] = await world.issue_labels(1)
        for lat, lon, moved in ((38.0851, 114.3099, True), (90, 180, False), (-90, 0, False)):
            answer = await world.event(
                "hand_in", bag, position={"lat": lat, "lon": lon, "datum": "GCJ-02"}
            )
            shown = answer["position"]
            assert ((shown["lat"], shown["lon"]) != (lat, lon)) is moved
            assert abs(shown["lat"] - lat) + abs(shown["lon"] - lon) < 0.02
            kept = json.loads(answer["leaf"])["event"]["position"]["original"]
            assert kept == {"lat_e7": round(lat * 1e7), "lon_e7": round(lon * 1e7)}

    async def test_the_mass_goes_from_the_field_to_its_treatment_to_the_gram(self, world, life):
        bag, _ = life
        async with world.database.read() as session:
            rows = (await session.scalars(select(Posting).where(Posting.batch_code == bag))).all()
            state = await session.get_one(Batch, bag)
        held: dict[str, int] = {}
        for row in rows:
            held[row.from_account] = held.get(row.from_account, 0) - row.mass_g
            held[row.to_account] = held.get(row.to_account, 0) + row.mass_g
        assert {account: grams for account, grams in held.items() if grams} == {
            "field": -500, "difference": 30, "treated/resource_use": 470,
            "claimed": -480, "confirmed": 480,
        }  # fmt: skip
        assert (state.status, state.site, state.mass_g) == ("disposed", ref.PLANT, 470)

    async def test_an_event_is_read_back_with_its_place_in_the_log(self, world: World, life):
        _, answers = life
        await catch_up(world.database, FOLLOWERS)
        places = []
        for answer in answers:
            for who in ("collector", "keeper", "plant", "county", "province"):
                got = await world.client(who).get(f"/api/v1/events/{answer['id']}")
                assert got.status_code == 200, who
                shown = got.json()
            places.append(shown.pop("leaf_index"))
            postings = hashlib.sha256(shown.pop("postings").encode()).hexdigest()
            assert postings == json.loads(shown["leaf"])["postings"]
            assert shown == answer
        assert places == sorted(places)

    async def test_a_fresh_event_has_no_place_yet(self, world: World):
        [bag] = await world.issue_labels(1)
        answer = await world.event("collect", bag, mass_g=1_000)
        got = await world.client("collector").get(f"/api/v1/events/{answer['id']}")
        assert got.json()["leaf_index"] is None


class TestSendingAgain:
    async def test_a_duplicate_is_200_with_the_same_answer(self, world: World):
        [bag] = await world.issue_labels(1)
        body = world.body("depart", bag, destination=ref.STATION, note="一", driver="张")
        first = await world.post(body)
        assert first.status_code == 201
        for _ in range(3):
            again = await world.post(body)
            assert (again.status_code, again.json()) == (200, first.json())
        [item] = await capture(world, "collector", [body])
        assert item == {"id": body["id"], "outcome": "duplicate", "event": first.json()}

    async def test_the_same_said_in_other_words_is_a_duplicate(self, world: World):
        [bag] = await world.issue_labels(1)
        at = datetime(2025, 6, 1, 0, 30, tzinfo=UTC)
        body = world.body("collect", bag, at=at, mass_g=1_000)
        assert (await world.post(body)).status_code == 201
        body["id"] = body["id"].upper()
        body["occurred_at"] = "2025-06-01T08:30:00.000+08:00"
        body["batches"][0]["code"] = bag.lower().replace("-", " ")
        assert (await world.post(body)).status_code == 200

    async def test_a_queue_is_answered_in_order_each_by_itself(self, world: World):
        one, two, three = await world.issue_labels(3)
        first = world.body("hand_in", one)
        queue = [
            first,
            world.body("collect", one, mass_g=900),
            world.body("hand_in", one),  # sealed two lines above
            {"id": "nonsense", "kind": "collect"},
            7,
            world.body("collect", two, mass_g=800),
            first,  # again, in the same queue
            world.body("depart", one, two, three, destination=ref.STATION),
            first | {"channel": "paper"},
            world.body("arrive", one, site=ref.STATION),  # not this phone's site
        ]
        items = await capture(world, "collector", queue)
        assert [item["outcome"] for item in items] == [
            "recorded", "recorded", "refused", "refused", "refused",
            "recorded", "duplicate", "recorded", "refused", "refused",
        ]  # fmt: skip
        assert [item["id"] for item in items[:4]] == [
            queue[0]["id"], queue[1]["id"], queue[2]["id"], "nonsense",
        ]  # fmt: skip
        assert items[4]["id"] is None
        assert [items[i]["problem"]["type"].rsplit("/")[-1] for i in (2, 3, 4, 8, 9)] == [
            "bag-is-sealed", "invalid-body", "invalid-body", "event-id-reused", "not-found",
        ]  # fmt: skip
        assert items[6]["event"] == items[0]["event"]
        assert items[7]["event"]["flags"] == ["missing-collect"]
        again = await capture(world, "collector", queue)
        assert [item["outcome"] for item in again] == [
            item["outcome"].replace("recorded", "duplicate") for item in items
        ]

    async def test_one_trip_named_by_the_phone_has_one_number(self, world: World):
        one, two, three = await world.issue_labels(3)
        trip = "01999999-0000-7000-8000-000000000001"
        queue = [
            world.body("depart", one, destination=ref.STATION, trip=trip),
            world.body("depart", two, destination=ref.STATION, trip=trip),
        ]
        items = await capture(world, "collector", queue)
        [number] = {item["event"]["trip"] for item in items}
        later = await world.event("depart", three, destination=ref.STATION, trip=number)
        assert later["trip"] == number
        came = await world.event("arrive", one, two, three, site=ref.STATION, trip=trip)
        assert came["trip"] == number
        assert came["flags"] == []


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_canonical_json_agrees_with_the_published_vectors(name):
    if not VECTORS.is_dir():
        pytest.skip(f"the conformance vectors are not at {VECTORS}")
    given = json.loads((VECTORS / "input" / f"{name}.json").read_text(encoding="utf-8"))
    assert jcs(given) == (VECTORS / "output" / f"{name}.json").read_bytes()
