"""`/api/v1/batches`: what a batch is now, who sees it, and lists of what changed."""

from collections.abc import AsyncIterator

import pytest

from app.batches.codes import make_code
from app.db import Database
from app.pagination import encode_cursor
from tests.world import (
    ANXIN,
    BOTTLES_G,
    FAR_POINT,
    INCINERATOR,
    LUQUAN,
    OTHER_POINT,
    PLANT,
    POINT,
    STATION,
    VEHICLE,
    World,
    make_world,
)


@pytest.fixture(scope="module")
async def world(database: Database) -> AsyncIterator[World]:
    made = await make_world(database)
    yield made
    await made.close()


async def shown(world: World, code: str, who: str = "county"):
    answer = await world.client(who).get(f"/api/v1/batches/{code}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def listed(world: World, who: str, **params) -> list[dict]:
    """Read every page, two at a time."""
    found, cursor = [], None
    while True:
        query = {"limit": 2, **params} | ({"cursor": cursor} if cursor else {})
        answer = await world.client(who).get("/api/v1/batches", params=query)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
        if not cursor:
            return found


async def codes(world: World, who: str, **params) -> list[str]:
    return [item["code"] for item in await listed(world, who, **params)]


async def test_an_open_bag_has_the_fields_of_the_contract(world: World) -> None:
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    batch = await shown(world, code, "collector")
    assert batch.pop("updated_at").endswith("Z")
    assert batch == {
        "code": code,
        "kind": "bag",
        "status": "open",
        "stage": "collect",
        "mass_g": BOTTLES_G,
        "mass_source": "counted",
        "site": POINT,
        "origin": [{"county": LUQUAN, "scope": "pesticide", "mass_g": BOTTLES_G}],
        "container": None,
        "contents": [
            {
                "material": "pet",
                "form": "bottle",
                "size": "lt200ml",
                "scope": "pesticide",
                "pieces": 30,
            }
        ],
        "flags": [],
        "trip": None,
        "destination": None,
    }


async def test_a_batch_is_told_through_all_its_stages(world: World) -> None:
    [code] = await world.issue_labels(1)
    await world.event("collect", code, mass_g=5_000)
    seen = [await shown(world, code)]
    departed = await world.event("depart", code, destination=STATION)
    seen.append(await shown(world, code))
    assert departed["trip"].startswith("ZY")
    assert (seen[-1]["trip"], seen[-1]["destination"]) == (departed["trip"], STATION)
    await world.event("arrive", code, site=STATION, mass_g=4_900)
    seen.append(await shown(world, code))
    await world.event("store", code, site=STATION)
    seen.append(await shown(world, code))
    await world.event("depart", code, site=STATION, destination=PLANT)
    await world.event("arrive", code, site=PLANT)
    await world.event("dispose", code, site=PLANT)
    seen.append(await shown(world, code))
    assert [(b["status"], b["stage"], b["site"], b["mass_g"]) for b in seen] == [
        ("collected", "collect", POINT, 5_000),
        ("in_transit", "transport", POINT, 5_000),
        ("received", "transport", STATION, 4_900),
        ("stored", "store", STATION, 4_900),
        ("disposed", "dispose", PLANT, 4_900),
    ]
    assert [b["trip"] for b in seen] == [None, departed["trip"], None, None, None]


async def test_what_did_not_fit_is_flagged_once_until_it_is_settled(world: World) -> None:
    [code] = await world.issue_labels(1)
    collect = world.body("collect", code, mass_g=5_000)
    await world.event("arrive", code, site=STATION, mass_g=4_900)
    assert (await shown(world, code))["flags"] == ["missing-collect", "missing-depart"]
    assert (await world.post(collect)).status_code == 201
    assert (await shown(world, code))["flags"] == ["missing-depart"]


async def test_an_unused_label_is_told_to_those_who_see_the_label(world: World) -> None:
    [code] = await world.issue_labels(1)
    for who in ("collector", "county", "township", "province"):
        batch = await shown(world, code, who)
        assert (batch["status"], batch["stage"], batch["mass_g"]) == ("unused", None, 0)
        assert (batch["site"], batch["origin"], batch["updated_at"]) == (None, [], None)
    for who in ("other_collector", "plant_county", "keeper"):
        assert (await world.client(who).get(f"/api/v1/batches/{code}")).status_code == 404


async def test_a_used_label_is_never_told_as_unused(world: World) -> None:
    """The label's own county is not in the bag's story: the bag was filled elsewhere."""
    [code] = await world.issue_labels(1, site=None)
    await world.event("collect", code, site=FAR_POINT, mass_g=2_000)
    assert (await shown(world, code, "far_county"))["status"] == "collected"
    assert (await world.client("county").get(f"/api/v1/batches/{code}")).status_code == 404


@pytest.mark.parametrize("path", ["/api/v1/batches/{}", "/api/v1/batches/{}/custody"])
async def test_a_batch_is_seen_by_its_origin_and_by_all_who_held_it(world: World, path) -> None:
    [code] = await world.issue_labels(1)
    absent = make_code(LUQUAN, 4_711)
    await world.event("collect", code, mass_g=5_000)
    await world.event("depart", code, destination=INCINERATOR)
    await world.event("arrive", code, site=INCINERATOR)
    sees = {
        "collector", "burner", "carrier", "township", "county", "plant_county", "city",
        "province", "auditor", "admin",
    }  # fmt: skip
    for who in world.accounts:
        answer = await world.client(who).get(path.format(code))
        if who in sees:
            assert answer.status_code == 200, who
            continue
        other = await world.client(who).get(path.format(absent))
        assert (answer.status_code, other.status_code) == (404, 404), who
        told, same = answer.json(), other.json()
        assert told.keys() == same.keys()
        assert told["title"] == same["title"]
        assert told["detail"].replace(code, absent) == same["detail"]
    stranger = await world.client(None).get(path.format(code))
    assert stranger.status_code == 401


async def test_a_mistyped_code_is_told_so(world: World) -> None:
    [code] = await world.issue_labels(1)
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    for path in (f"/api/v1/batches/{wrong}", f"/api/v1/batches/{wrong}/custody"):
        answer = await world.client("county").get(path)
        assert answer.status_code == 422
        assert answer.json()["type"] == "/problems/mistyped-code"


async def test_lists_are_paged_by_last_change_and_narrowed(world: World) -> None:
    here = await world.issue_labels(5, site=OTHER_POINT)
    for code in here:
        await world.event("collect", code, site=OTHER_POINT, mass_g=1_000)
    whole = await listed(world, "other_collector")
    assert [b["code"] for b in whole] == here
    assert [b["updated_at"] for b in whole] == sorted(b["updated_at"] for b in whole)
    mark = whole[-1]["updated_at"]
    await world.event("depart", *here[:2], site=OTHER_POINT, destination=STATION)
    assert await codes(world, "other_collector") == [*here[2:], *here[:2]]
    assert await codes(world, "other_collector", since=mark) == [here[4], *here[:2]]
    assert await codes(world, "other_collector", status="in_transit") == here[:2]
    both = ["in_transit", "collected"]
    assert await codes(world, "other_collector", status=both) == [*here[2:], *here[:2]]
    await world.event("arrive", *here[:2], site=STATION)
    assert (await codes(world, "keeper", site=STATION, status="received"))[-2:] == here[:2]
    assert await codes(world, "other_collector", site=OTHER_POINT) == here[2:]


async def test_an_area_narrows_to_what_came_from_it_or_through_it(world: World) -> None:
    [near] = await world.issue_labels(1)
    [far] = await world.issue_labels(1, county=ANXIN, site=FAR_POINT)
    await world.event("collect", near, mass_g=1_000)
    await world.event("collect", far, site=FAR_POINT, mass_g=1_000)
    in_luquan = await codes(world, "province", area=LUQUAN, limit=500)
    assert near in in_luquan
    assert far not in in_luquan
    assert await codes(world, "province", area="133100", limit=500) == await codes(
        world, "far_city", limit=500
    )
    assert near in await codes(world, "city", area="130100", limit=500)


@pytest.mark.parametrize(
    ("who", "area"),
    [
        ("county", ANXIN), ("far_city", LUQUAN), ("city", "130000"),
        ("collector", ANXIN), ("province", "139999"),
    ],
)  # fmt: skip
async def test_an_area_out_of_reach_is_absent(world: World, who: str, area: str) -> None:
    answer = await world.client(who).get(f"/api/v1/batches?area={area}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/not-found"


@pytest.mark.parametrize(
    "query",
    [
        "area=x", "site=x", "status=lost", "since=2026-06-01", "since=2026-06-01T08:30:00",
        "since=now", "limit=0", "cursor=x", f"cursor={encode_cursor([1, 2])}",
        f"cursor={encode_cursor([2**62, 'x'])}",
    ],
)  # fmt: skip
async def test_a_query_that_does_not_validate_is_refused(world: World, query: str) -> None:
    answer = await world.client("county").get(f"/api/v1/batches?{query}")
    assert answer.status_code == 422, answer.text
    assert answer.json()["type"] == "/problems/invalid-query"


async def test_since_takes_an_offset_sent_plainly_or_escaped(world: World) -> None:
    for sign in ("+", "%2B"):
        answer = await world.client("county").get(
            f"/api/v1/batches?since=2026-06-01T08:30:00{sign}08:00"
        )
        assert answer.status_code == 200


async def test_a_list_costs_the_same_queries_however_long_it_is(world: World) -> None:
    some = await world.issue_labels(6)
    for code in some:
        await world.event("collect", code, mass_g=1_000)
    for code in some[:3]:
        await world.event("depart", code, destination=STATION, vehicle=VEHICLE)
    counts = set()
    for limit in (2, 500):
        with world.count_queries() as seen:
            await world.client("county").get(
                "/api/v1/batches", params={"limit": limit, "status": "in_transit"}
            )
        counts.add(len(seen))
    assert counts == {3}  # the session, the batches, the trips
