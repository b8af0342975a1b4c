"""What a phone takes along: its site's, bounded, in few statements, and told whether it changed."""

import pytest

from tests.world import LUQUAN, OTHER_POINT, POINT, STATION, VEHICLE, make_world

PACK = "/api/v1/capture/pack"


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


async def pack_of(world, name):
    answer = await world.client(name).get(PACK)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_point_takes_its_open_bag_its_labels_and_where_bags_may_go(world):
    open_bag, unused = await world.issue_labels(2)
    [elsewhere] = await world.issue_labels(1, site=OTHER_POINT)
    [box] = await world.issue_labels(1, kind="container")
    await world.event("hand_in", open_bag)
    pack = await pack_of(world, "collector")
    assert pack["site"]["code"] == POINT
    bag = next(one for one in pack["bags"] if one["code"] == open_bag)
    assert (bag["status"], bag["pieces"], bag["hand_ins"], bag["mass_g"]) == ("open", 30, 1, 450)
    assert unused in pack["labels"]["bag"]
    assert open_bag not in pack["labels"]["bag"]
    assert elsewhere not in pack["labels"]["bag"]
    assert pack["labels"]["container"] == [box]
    assert STATION in {code for code, _ in pack["destinations"]}
    assert ["pet", "bottle", "lt200ml", 15_000] in pack["packaging"]["weights"]
    assert pack["packaging"]["usual"][0][3].startswith("透明塑料瓶")


async def test_a_station_takes_what_is_on_its_way_and_a_driver_his_vehicles(world):
    [code] = await world.issue_labels(1)
    await world.event("collect", code, mass_g=5_000)
    sent = await world.event("depart", code, destination=STATION)
    pack = await pack_of(world, "keeper")
    bag = next(one for one in pack["bags"] if one["code"] == code)
    [trip] = [one for one in pack["trips"] if one["id"] == bag["trip"]]
    assert (bag["status"], trip["number"], trip["vehicle"]) == ("in_transit", sent["trip"], VEHICLE)
    driver = await pack_of(world, "carrier")
    assert (driver["site"], driver["labels"]["bag"]) == (None, [])
    assert VEHICLE in driver["vehicles"]
    assert POINT in {place for place, _ in driver["places"]}
    assert driver["county"]["code"] == LUQUAN


async def test_an_unchanged_pack_is_not_sent_again(world):
    client = world.client("collector")
    first = await client.get(PACK)
    same = {"if-none-match": first.headers["etag"]}
    again = await client.get(PACK, headers=same)
    assert (again.status_code, again.content) == (304, b"")
    await world.issue_labels(1)
    assert (await client.get(PACK, headers=same)).status_code == 200


async def test_a_pack_takes_as_many_statements_for_many_bags_as_for_few(world):
    async def statements():
        with world.count_queries() as seen:
            await pack_of(world, "collector")
        return len(seen)

    few = await statements()
    for code in await world.issue_labels(20):
        await world.event("collect", code, mass_g=4_000)
    assert await statements() == few <= 20


async def test_a_pack_is_cut_at_its_bound_and_says_so(world, monkeypatch):
    monkeypatch.setattr("app.capture.bags.MOST_BAGS", 3)
    monkeypatch.setattr("app.capture.pack.MOST_LABELS", 2)
    codes = await world.issue_labels(5)
    for code in codes[:4]:
        await world.event("collect", code, mass_g=4_000)
    await world.issue_labels(3)
    pack = await pack_of(world, "collector")
    assert (pack["bags_cut"], pack["labels_cut"]) == (True, True)
    # the newest are the ones that a phone needs
    assert [bag["code"] for bag in pack["bags"]] == codes[:4][:0:-1]


async def test_a_lorry_on_its_way_comes_whole_however_full_the_store_is(world, monkeypatch):
    monkeypatch.setattr("app.capture.bags.MOST_BAGS", 2)
    load = await world.issue_labels(4)
    for code in load:
        await world.event("collect", code, mass_g=4_000)
    sent = await world.event("depart", *load, destination=STATION)
    for code in await world.issue_labels(3):
        await world.event("collect", code, mass_g=4_000)
        await world.event("arrive", code, site=STATION, by="keeper")
    pack = await pack_of(world, "keeper")
    assert sent["trip"] in {trip["number"] for trip in pack["trips"]}
    assert set(load) <= {bag["code"] for bag in pack["bags"] if bag["status"] == "in_transit"}
    assert len([bag for bag in pack["bags"] if bag["status"] == "received"]) == 2
    assert (pack["coming_cut"], pack["bags_cut"]) == (False, True)
    monkeypatch.setattr("app.capture.bags.MOST_COMING", 3)
    assert (await pack_of(world, "keeper"))["coming_cut"]


async def test_who_fetches_bags_takes_along_those_that_wait_sealed_near_by(world, monkeypatch):
    before, sealed, still_open, away = await world.issue_labels(4)
    await world.event("hand_in", still_open)
    for code in (before, sealed, away):
        await world.event("collect", code, mass_g=4_000)
    await world.event("depart", away, destination=STATION)

    async def near(name):
        pack = await pack_of(world, name)
        own = pack["site"] and pack["site"]["code"]
        return {
            bag["code"]: bag["site"]
            for bag in pack["bags"]
            if bag["site"] != own and bag["status"] != "in_transit"
        }

    for name in ("carrier", "keeper"):
        found = await near(name)
        assert found.get(sealed) == POINT, name
        assert not {still_open, away} & found.keys(), name
    assert await near("collector") == {}
    monkeypatch.setattr("app.capture.bags.MOST_NEAR", 1)
    pack = await pack_of(world, "carrier")
    assert ([bag["code"] for bag in pack["bags"]], pack["near_cut"]) == ([sealed], True)


async def test_the_page_has_nothing_of_anybody_in_it(world):
    stranger = await world.client(None).get("/capture")
    person = await world.client("collector").get("/capture")
    assert stranger.status_code == person.status_code == 200
    assert stranger.content == person.content
    worker = await world.client(None).get("/sw.js")
    assert worker.headers["cache-control"] == "no-cache"
    assert '"/capture"' in worker.text
