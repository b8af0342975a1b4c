"""The chain of custody: every step, its mass and its gaps, as known now and as known then."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings

from app.areas.scope import Reach
from app.custody.balance import balance_of
from app.custody.trace import trace
from app.db import Database
from app.events.fold import Folded
from app.events.together import fold
from app.ledger.sequence import sequence
from tests.test_fold import LABEL, histories
from tests.world import (
    BOTTLES_G,
    INCINERATOR,
    LUQUAN,
    PLANT,
    POINT,
    STATION,
    XINJI,
    World,
    make_world,
)


@pytest.fixture(scope="module")
async def world(database: Database) -> AsyncIterator[World]:
    made = await make_world(database)
    yield made
    await made.close()


async def custody(world: World, code: str, who: str = "county", **params):
    answer = await world.client(who).get(f"/api/v1/batches/{code}/custody", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def log_size(world: World, code: str) -> int:
    while await sequence(world.database):
        pass
    return (await custody(world, code))["log"]["size"]


def each(chain, *keys):
    return [tuple(step[key] for key in keys) for step in chain["steps"]]


async def test_a_whole_life_is_told_step_by_step(world: World) -> None:
    [code] = await world.issue_labels(1)
    await world.whole_life(code, grams=5_000)
    size = await log_size(world, code)
    chain = await custody(world, code, "province")
    assert each(
        chain, "kind", "stage", "site", "role", "mass_g", "mass_source", "difference_g"
    ) == [
        ("hand_in", "collect", POINT, "collector", BOTTLES_G, "counted", 0),
        ("collect", "collect", POINT, "collector", 5_000, "weighed", 0),
        ("depart", "transport", POINT, "collector", 5_000, "carried", 0),
        ("arrive", "transport", STATION, "keeper", 4_900, "weighed", -100),
        ("store", "store", STATION, "keeper", 4_900, "carried", 0),
        ("depart", "transport", STATION, "keeper", 4_900, "carried", 0),
        ("arrive", "transport", PLANT, "plant", 4_850, "weighed", -50),
        ("dispose", "dispose", PLANT, "plant", 4_850, "carried", 0),
    ]
    assert chain["balance"] == {"in_g": 5_000, "out_g": 4_850, "held_g": 0, "loss_g": 150}
    lineage = chain["lineage"]
    assert (lineage["nodes"], lineage["edges"], lineage["complete"]) == ([code], [], True)
    assert chain["log"] == {"size": size}
    assert [index for (index,) in each(chain, "leaf_index")] == list(range(size - 8, size))
    batch = await world.client("province").get(f"/api/v1/batches/{code}")
    assert chain["batch"] == batch.json()
    assert all(step["via"] is None and step["flags"] == [] for step in chain["steps"])
    trips = [trip for (trip,) in each(chain, "trip")]
    assert trips[2] == trips[3] != trips[5] == trips[6]
    assert trips[2].startswith("ZY")
    assert trips[:2] == [None, None]


async def test_a_chain_is_whole_before_the_log_has_given_places(world: World) -> None:
    [code] = await world.issue_labels(1)
    before = await log_size(world, code)
    await world.event("collect", code, mass_g=5_000)
    chain = await custody(world, code)
    assert each(chain, "kind", "leaf_index") == [("collect", None)]
    assert chain["log"]["size"] == before
    assert await log_size(world, code) == before + 1
    assert each(await custody(world, code), "kind", "leaf_index") == [("collect", before)]


async def test_an_unused_label_has_an_empty_chain(world: World) -> None:
    [code] = await world.issue_labels(1)
    chain = await custody(world, code, "collector")
    assert chain["batch"]["status"] == "unused"
    assert chain["steps"] == []
    assert chain["balance"] == {"in_g": 0, "out_g": 0, "held_g": 0, "loss_g": 0}


async def test_foreign_steps_show_place_and_mass_and_never_people(world: World) -> None:
    [code] = await world.issue_labels(1)
    await world.event("collect", code, mass_g=5_000, note="张三家的")
    await world.event("depart", code, destination=INCINERATOR, driver="李四")
    await world.event(
        "arrive", code, site=INCINERATOR, mass_g=4_000, difference_reason="王五称过，袋子破了"
    )
    roles = ["collector", "collector", "plant"]
    for who, own in (
        ("province", {POINT, INCINERATOR}),
        ("county", {POINT}),
        ("plant_county", {INCINERATOR}),
        ("burner", {INCINERATOR}),
        ("carrier", set()),
    ):
        chain = await custody(world, code, who)
        assert each(chain, "site", "county", "mass_g") == [
            (POINT, LUQUAN, 5_000),
            (POINT, LUQUAN, 5_000),
            (INCINERATOR, XINJI, 4_000),
        ]
        shown = [step["role"] for step in chain["steps"]]
        sites = [POINT, POINT, INCINERATOR]
        assert shown == [
            role if site in own else None for role, site in zip(roles, sites, strict=True)
        ]
        assert not any(name in str(chain) for name in ("张三", "李四", "王五"))


async def test_the_reason_of_a_difference_is_for_those_at_home(world: World) -> None:
    [code] = await world.issue_labels(1)
    await world.event("collect", code, mass_g=5_000)
    await world.event("depart", code, destination=INCINERATOR)
    await world.event(
        "arrive", code, site=INCINERATOR, mass_g=4_000, difference_reason="路上淋雨后晾干"
    )
    async with world.database.read() as session:
        home = await trace(session, Reach(sites=frozenset({INCINERATOR})), code)
        away = await trace(session, Reach(sites=frozenset({POINT})), code)
    assert home is not None
    assert away is not None
    assert home.steps[-1].reason == "路上淋雨后晾干"
    assert away.steps[-1].reason is None
    assert [step.foreign for step in away.steps] == [False, False, True]
    assert away.steps[1].destination_name == INCINERATOR
    assert away.steps[0].county_name == "鹿泉区"


async def test_a_gap_is_named_until_the_missing_step_comes(world: World) -> None:
    [code] = await world.issue_labels(1)
    collect = world.body("collect", code, mass_g=5_000)
    await world.event("arrive", code, site=STATION, mass_g=4_900)
    before = await log_size(world, code)
    chain = await custody(world, code)
    assert each(chain, "kind", "flags") == [("arrive", ["missing-collect", "missing-depart"])]
    assert chain["balance"] == {"in_g": 4_900, "out_g": 0, "held_g": 4_900, "loss_g": 0}
    async with world.database.read() as session:
        found = await trace(session, Reach(everything=True), code)
    assert found is not None
    assert found.steps[0].missing == ("collect", "depart")

    await world.post(collect)
    chain = await custody(world, code)
    assert each(chain, "kind", "flags") == [("collect", []), ("arrive", ["missing-depart"])]
    assert chain["balance"] == {"in_g": 5_000, "out_g": 0, "held_g": 4_900, "loss_g": 100}
    then = await custody(world, code, as_of=before)
    assert each(then, "kind", "flags") == [("arrive", ["missing-collect", "missing-depart"])]
    assert then["log"] == {"size": before}
    assert then["balance"]["in_g"] == 4_900


async def test_as_of_a_log_size_is_what_was_known_then(world: World) -> None:
    [code] = await world.issue_labels(1)
    start = await log_size(world, code)
    await world.whole_life(code)
    end = await log_size(world, code)
    statuses = []
    for size in range(start, end + 1):
        then = await custody(world, code, as_of=size)
        assert then["log"] == {"size": size}
        assert len(then["steps"]) == size - start
        statuses.append(then["batch"]["status"])
        in_g, out_g, held_g, loss_g = then["balance"].values()
        assert in_g == out_g + held_g + loss_g
    assert statuses == [
        "unused", "open", "collected", "in_transit", "received", "stored", "in_transit",
        "received", "disposed",
    ]  # fmt: skip
    assert (await custody(world, code, as_of=end)) == await custody(world, code)


async def test_as_of_an_instant_is_resolved_to_a_size_that_answers_the_same(world: World) -> None:
    [code] = await world.issue_labels(1)
    await world.whole_life(code)
    await log_size(world, code)
    whole = await custody(world, code)
    for n, step in enumerate(whole["steps"], start=1):
        then = await custody(world, code, as_of=step["recorded_at"])
        assert len(then["steps"]) == n
        assert then["log"]["size"] == step["leaf_index"] + 1
        assert then == await custody(world, code, as_of=then["log"]["size"])
    first = datetime.fromisoformat(whole["steps"][0]["recorded_at"])
    earlier = (first - timedelta(microseconds=1)).isoformat()
    assert (await custody(world, code, as_of=earlier))["steps"] == []
    assert (await custody(world, code, as_of="2020-01-01T00:00:00Z"))["log"] == {"size": 0}
    assert (await custody(world, code, as_of="2099-01-01T00:00:00+08:00")) == whole


@pytest.mark.parametrize(
    "as_of", ["", "now", "-1", "1.5", "2026-06-01", "2026-06-01T08:30:00", "9" * 18, "9" * 40]
)
async def test_an_as_of_that_means_nothing_is_refused(world: World, as_of: str) -> None:
    [code] = await world.issue_labels(1)
    path = f"/api/v1/batches/{code}/custody"
    for tongue in ("zh", "en"):
        answer = await world.client("county").get(
            path, params={"as_of": as_of}, headers={"accept-language": tongue}
        )
        assert answer.status_code == 422, answer.text
        assert answer.json()["type"] == "/problems/invalid-query"
        assert answer.json()["detail"].isascii() == (tongue == "en")


async def test_a_chain_costs_the_same_queries_however_long_it_is(world: World) -> None:
    [short] = await world.issue_labels(1)
    [long] = await world.issue_labels(1)
    await world.event("depart", short, destination=STATION)
    for _ in range(10):
        await world.event("hand_in", long)
    await world.whole_life(long)
    await log_size(world, long)
    for params in ({}, {"as_of": await log_size(world, long)}):
        counts = []
        for code in (short, long):
            with world.count_queries() as seen:
                await custody(world, code, **params)
            counts.append(len(seen))
        # the session, the batch, the log's size, the events, the sites, the trips, corrections
        assert counts == [7, 7]


@given(histories())
@settings(max_examples=200, deadline=None)
def test_what_came_in_was_treated_is_held_or_is_lost(history) -> None:
    for n in range(len(history) + 1):
        folded = fold(LABEL, history[:n])
        assert isinstance(folded, Folded)
        found = balance_of(folded.transfers)
        assert found.in_g == found.out_g + found.held_g + found.loss_g
        treated = folded.state.status == "disposed"
        assert found.held_g == (0 if treated else folded.state.mass_g)
        assert found.out_g == (folded.state.mass_g if treated else 0)
