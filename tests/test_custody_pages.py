"""The forms of a store: pack, unpack, repack, count, write off, and the correction of each."""

import re

import pytest

from tests.world import LUQUAN, PLANT, POINT, STATION, VEHICLE, make_world


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


async def stored(world, count, grams=7_000):
    """Return labels of bags that the station holds."""
    codes = await world.issue_labels(count, site=STATION)
    for code in codes:
        await world.event("collect", code, site=STATION, mass_g=grams)
    return codes


async def pallet(world, tare_g=15_000):
    """Return a pallet's label of the station."""
    [code] = await world.issue_labels(1, site=STATION, kind="container")
    answer = await world.client("keeper").put(
        f"/api/v1/labels/{code}/tare", json={"tare_g": tare_g}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["tare_g"] == tare_g
    return code


async def see(world, who, path, status=200, **query):
    answer = await world.client(who).get(path, params=query or None)
    assert answer.status_code == status, answer.text
    return answer.text


def hidden(page):
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))


def filled_in(page):
    """Return what a form would send as it stands: hidden fields, texts, what is chosen."""
    form = page[page.index('id="record"') :]
    found = hidden(form)
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="([^"]+)"', tag)
        ticks = kind and kind[1] in ("checkbox", "radio")
        if name and (not ticks or "checked" in tag):
            found[name[1]] = value[1] if value else ""
    for name, choices in re.findall(
        r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL
    ):
        chosen = re.search(r'value="([^"]*)" selected', choices)
        first = re.search(r'value="([^"]*)"', choices)
        found[name] = chosen[1] if chosen else first[1] if first else ""
    return found


async def sent(world, who, path, **fields):
    return await world.client(who).post(path, data=fields)


async def done(world, who, path, **fields):
    """Send a form and return the page that follows."""
    answer = await sent(world, who, path, **fields)
    assert answer.status_code == 303, answer.text
    return await see(world, who, answer.headers["location"])


async def record(world, who, kind, query=(), **fields):
    page = await see(world, who, f"/record/{kind}", **dict(query))
    return await done(world, who, f"/record/{kind}", **hidden(page), **fields)


async def mass_of(world, code, who="province"):
    answer = await world.client(who).get(f"/api/v1/batches/{code}")
    assert answer.status_code == 200, answer.text
    return answer.json()["mass_g"]


async def standing(world, code):
    return (await world.client("province").get(f"/api/v1/batches/{code}")).json()


async def test_forty_bags_go_on_a_pallet_that_is_weighed_with_its_tare_from_the_label(world):
    codes, box = await stored(world, 40), await pallet(world)
    page = await see(world, "keeper", "/record/pack", code=box)
    assert f'value="{box}"' in page
    assert 'id="tare_kg" name="tare_kg" type="text" value="15"' in page
    assert all(f'value="{code}"' in page for code in codes)
    page = await done(
        world, "keeper", "/record/pack", **hidden(page), container=box, pick=codes,
        gross_kg="291", tare_kg="15",
    )  # fmt: skip
    assert "已登记装箱" in page
    assert "40 袋" in page
    assert "276.00 kg" in page
    assert sum([await mass_of(world, code) for code in codes]) == 276_000
    page = await see(world, "keeper", "/record/depart")
    assert "容器，内有 40 袋，276.00 kg" in page
    assert f'value="{codes[0]}"' not in page
    page = await record(world, "keeper", "depart", pick=box, destination=PLANT, vehicle=VEHICLE)
    assert "内有 40 袋，都一起登记了" in page
    page = await see(world, "plant", "/record/arrive", code=codes[0])
    assert "容器，内有 40 袋" in page
    assert f'name="outcome-{box}"' in page
    assert f'name="outcome-{codes[0]}"' not in page
    fields = hidden(page) | {f"outcome-{box}": "arrived", f"mass_kg-{box}": "270"}
    page = await done(world, "plant", "/record/arrive", **fields)
    assert "270.00 kg" in page
    assert sum([await mass_of(world, code) for code in codes]) == 270_000
    page = await see(world, "plant", f"/batches/{box}")
    assert "40 袋" in page


async def test_a_packed_bag_brings_up_its_container(world):
    codes, box = await stored(world, 3), await pallet(world)
    page = await record(world, "keeper", "pack", container=box, pick=codes)
    assert f'href="/record/depart?code={box}"' in page, "it is sent next"
    page = await see(world, "keeper", "/record/depart", code=codes[0])
    ticked = re.search(rf'value="{box}"[^>]*>', page)
    assert ticked
    assert "checked" in ticked[0]
    answer = await world.client("keeper").get(f"/b/{codes[0]}")
    assert answer.headers["location"] == f"/record/unpack?code={codes[0]}"
    answer = await world.client("keeper").get(f"/b/{box}")
    assert answer.headers["location"] == f"/record/depart?code={box}"
    answer = await sent(
        world, "keeper", "/record/depart", **hidden(page), codes=codes[0], destination=PLANT,
        vehicle=VEHICLE,
    )  # fmt: skip
    assert answer.status_code == 409
    assert "已装在容器里" in answer.text
    assert 'href="#codes"' in answer.text


async def test_a_pallet_arrives_with_one_bag_missing(world):
    codes, box = await stored(world, 3), await pallet(world)
    await record(world, "keeper", "pack", container=box, pick=codes)
    await record(world, "keeper", "depart", pick=box, destination=PLANT, vehicle=VEHICLE)
    page = await see(world, "plant", "/record/arrive", code=codes[0])
    assert "容器里少了袋" in page
    fields = hidden(page) | {f"outcome-{box}": "arrived", f"mass_kg-{box}": "13.8"}
    answer = await sent(world, "plant", "/record/arrive", **fields, missing=codes[0][:-1])
    assert answer.status_code == 422
    assert 'href="#missing"' in answer.text
    assert "21.00 kg，3 袋" in page
    assert "正常 3 袋" in page, "a pallet stands for the bags in it"
    page = await done(world, "plant", "/record/arrive", **fields, missing=codes[0])
    assert '2 袋，<span class="warm">另有 1 袋没有收下' in page
    assert "容器，内有 2 袋" in page
    assert f'{codes[0].split("-")[-1]}</span></a> <span class="warm">缺失' in page
    now = [await standing(world, code) for code in codes]
    assert [one["status"] for one in now] == ["in_transit", "received", "received"]
    assert [one["mass_g"] for one in now] == [7_000, 6_900, 6_900]


async def test_unpacking_lists_what_is_inside_and_weighs_what_stays(world):
    codes, box = await stored(world, 4), await pallet(world)
    await record(world, "keeper", "pack", container=box, pick=codes)
    page = await see(world, "keeper", "/record/unpack")
    assert f'href="/record/unpack?code={box}"' in page
    page = await see(world, "keeper", "/record/unpack", code=box)
    assert page.count(" checked") == 4
    page = await see(world, "keeper", "/record/unpack", code=codes[1])
    assert page.count(" checked") == 1
    await done(
        world, "keeper", "/record/unpack", **hidden(page), pick=codes[1], gross_kg="35",
    )  # fmt: skip
    assert (await standing(world, codes[1]))["container"] is None
    assert sum([await mass_of(world, codes[n]) for n in (0, 2, 3)]) == 20_000


async def test_nobody_offers_a_bag_of_another_site(world):
    codes, box = await stored(world, 2), await pallet(world)
    await record(world, "keeper", "pack", container=box, pick=codes[0])
    for kind in ("pack", "unpack", "repack", "stock_count", "depart"):
        page = await see(world, "plant", f"/record/{kind}", code=codes[0])
        assert box not in page
        assert codes[1] not in page


async def test_sorting_adds_up_to_the_gram_or_says_in_words_what_is_missing(world):
    one, two = await stored(world, 2)
    pet, mixed = await world.issue_labels(2, site=STATION)
    page = await see(world, "keeper", "/record/repack", **{"as": "sort", "code": one})
    assert f'name="held_kg-{one}" value="7"' in page
    assert f'<option value="{pet}">' in page
    form = hidden(page) | {
        "pick": [one, two], f"mass_kg-{one}": "7", f"mass_kg-{two}": "6.5",
        "out-0-code": pet, "out-0-kg": "8", "out-0-material": "pet",
        "out-1-code": mixed, "out-1-kg": "5", "removed_kg-moisture": "0.15",
    }  # fmt: skip
    answer = await sent(world, "keeper", "/record/repack", **form)
    assert answer.status_code == 422
    assert "还有 350 克没有着落" in answer.text
    assert f'value="{pet}"' in answer.text
    page = await done(world, "keeper", "/record/repack", **form | {"removed_kg-foreign": "0.35"})
    assert "已登记分拣" in page
    assert "杂物" in page
    assert (await standing(world, one))["status"] == "repacked"
    assert await mass_of(world, pet) == 8_000
    event = re.search(r"登记编号 <code>([^<]+)", page)[1]
    told = (await world.client("keeper").get(f"/api/v1/events/{event}")).json()
    sources = {ref["code"]: ref.get("mass_source") for ref in told["inputs"]}
    assert sources == {one: "carried", two: None}


async def test_an_output_under_a_used_label_is_told_at_its_row(world):
    one, used = await stored(world, 2)
    form = hidden(await see(world, "keeper", "/record/repack", **{"as": "mix"})) | {
        "pick": one, f"mass_kg-{one}": "7", "out-2-code": used, "out-2-kg": "7",
    }  # fmt: skip
    answer = await sent(world, "keeper", "/record/repack", **form)
    assert answer.status_code == 409
    assert 'id="out-2-code-error"' in answer.text


async def test_a_torn_label_is_changed_for_one_new_one(world):
    [old] = await stored(world, 1)
    [new] = await world.issue_labels(1, site=STATION)
    page = await see(world, "keeper", "/record/repack", **{"as": "relabel", "code": old})
    assert f'value="{old}"' in page
    assert 'id="mass_kg" name="mass_kg" type="text" value="7"' in page
    page = await done(
        world, "keeper", "/record/repack", **hidden(page), old_code=old, new_code=new, mass_kg="7"
    )
    assert "已登记换签" in page
    assert await mass_of(world, new) == 7_000
    form = hidden(await see(world, "keeper", "/record/repack", **{"as": "relabel"}))
    answer = await sent(
        world, "keeper", "/record/repack", **form, old_code=old, new_code=new, mass_kg="7"
    )
    assert answer.status_code == 409
    assert "已经分拣或换签" in answer.text


async def test_a_count_weighs_what_is_seen_and_takes_in_opening_stock(world):
    seen, unseen = await stored(world, 2)
    [found] = await world.issue_labels(1, site=STATION)
    page = await see(world, "keeper", "/record/stock_count")
    form = hidden(page) | {"pick": seen, f"mass_kg-{seen}": "6.9", "reason": "月末"}
    answer = await sent(world, "keeper", "/record/stock_count", **form, opening=found)
    assert answer.status_code == 422
    assert "期初库存每一袋都要写重量" in answer.text
    await done(world, "keeper", "/record/stock_count", **form, opening=f"{found} 4.25")
    assert [await mass_of(world, code) for code in (seen, unseen, found)] == [6_900, 7_000, 4_250]


async def test_an_official_counts_at_a_site_of_the_own_area_and_at_no_other(world):
    [code] = await stored(world, 1)
    page = await see(world, "township", "/record/stock_count")
    assert f'<option value="{POINT}">' in page
    page = await see(world, "county", "/record/stock_count")
    assert f'<option value="{STATION}">' in page
    assert 'id="record"' not in page
    page = await see(world, "county", "/record/stock_count", site=STATION)
    assert f'value="{code}"' in page
    await done(world, "county", "/record/stock_count", **hidden(page), pick=code)
    page = await see(world, "far_county", "/record/stock_count", 422, site=STATION)
    assert code not in page
    assert "没有找到这个站点" in page


async def test_the_county_writes_off_what_was_lost_on_the_way(world):
    lost, kept = await stored(world, 2)
    await world.event("depart", lost, site=STATION, destination=PLANT)
    page = await see(world, "county", "/record/write_off", site=STATION)
    assert "，在途" in page
    answer = await sent(world, "county", "/record/write_off", **hidden(page), pick=lost)
    assert answer.status_code == 422
    assert "请写明核销的原因" in answer.text
    await done(world, "county", "/record/write_off", **hidden(page), pick=lost, reason="翻车烧毁")
    assert (await standing(world, lost))["status"] == "written_off"
    assert (await standing(world, kept))["status"] == "collected"


async def correcting(world, who, event, **changed):
    """Open the form that corrects an event, change some fields, and send it."""
    page = await see(world, who, f"/record/correct/{event}")
    return await sent(world, who, f"/record/correct/{event}", **filled_in(page) | changed)


async def test_a_mistyped_weight_is_corrected_and_only_the_next_difference_changes(world):
    [code] = await world.issue_labels(1)
    first = await world.event("collect", code, mass_g=26_000)
    await world.event("depart", code, destination=STATION)
    await world.event("arrive", code, site=STATION, mass_g=6_100)
    way = (await world.client("county").get(f"/api/v1/batches/{code}/custody")).json()
    page = await see(world, "county", f"/batches/{code}")
    assert f'href="/record/correct/{first["id"]}"' in page
    page = await see(world, "county", f"/record/correct/{first['id']}")
    assert f'name="mass_kg-{code}" value="26"' in page
    assert "这些袋后来还有登记" in page
    answer = await correcting(
        world, "county", first["id"], **{f"mass_kg-{code}": "6.2", "note": "写反了"}
    )
    assert answer.status_code == 303, answer.text
    page = await see(world, "county", answer.headers["location"])
    assert "已更正：封袋" in page
    assert "6.20 kg" in page
    page = await see(world, "county", f"/events/{first['id']}")
    assert "这一条已经更正，不再作数" in page
    after = (await world.client("county").get(f"/api/v1/batches/{code}/custody")).json()
    masses = [step["mass_g"] for step in after["steps"]]
    assert masses == [6_200, 6_200, 6_100]
    assert [step["mass_g"] for step in way["steps"]] == [26_000, 26_000, 6_100]


async def test_what_later_events_rest_on_is_named_with_a_link(world):
    [code] = await world.issue_labels(1)
    first = await world.event("collect", code, mass_g=6_000)
    second = await world.event("depart", code, destination=STATION)
    third = await world.event("arrive", code, site=STATION)
    answer = await correcting(world, "county", second["id"], reason_of_correction="did_not_occur")
    assert answer.status_code == 409
    assert "请先更正后来的这一条" in answer.text
    assert f'href="/events/{third["id"]}"' in answer.text
    for event in (third, second):
        answer = await correcting(
            world, "county", event["id"], reason_of_correction="did_not_occur"
        )
        assert answer.status_code == 303, answer.text
        assert "这一条已撤销" in await see(world, "county", answer.headers["location"])
    assert (await standing(world, code))["status"] == "collected"
    answer = await correcting(world, "county", first["id"])
    assert answer.status_code == 422
    assert "内容和原来一样" in answer.text


async def test_a_correction_is_offered_to_whoever_may(world):
    [code] = await world.issue_labels(1)
    event = await world.event("collect", code, mass_g=6_000)
    link = f'href="/record/correct/{event["id"]}"'
    for who, offered in (
        ("collector", True), ("county", True), ("city", True), ("province", True),
        ("township", False), ("auditor", False),
    ):  # fmt: skip
        assert (link in await see(world, who, f"/events/{event['id']}")) is offered, who
        assert (link in await see(world, who, f"/batches/{code}")) is offered, who
    await see(world, "far_county", f"/events/{event['id']}", 404)
    await see(world, "far_county", f"/record/correct/{event['id']}", 404)
    await world.event("depart", code, destination=PLANT)
    await world.event("arrive", code, site=PLANT)
    # The plant's county sees the bag, not the right to change what the point recorded.
    assert link not in await see(world, "plant_county", f"/batches/{code}")
    await see(world, "plant_county", f"/record/correct/{event['id']}", 403)


async def test_a_correction_sent_twice_counts_once(world):
    [code] = await world.issue_labels(1)
    event = await world.event("collect", code, mass_g=6_000)
    page = await see(world, "county", f"/record/correct/{event['id']}")
    form = filled_in(page) | {f"mass_kg-{code}": "5"}
    answers = [
        await sent(world, "county", f"/record/correct/{event['id']}", **form) for _ in range(2)
    ]
    assert [a.status_code for a in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    page = await see(world, "county", f"/record/correct/{event['id']}", 409)
    assert "已经更正过" in page


async def test_every_kind_opens_filled_and_left_alone_changes_nothing(world):
    one, two, three = await stored(world, 3)
    new, found, hand = await world.issue_labels(3, site=STATION)
    box = await pallet(world)
    at = {"site": STATION}
    events = [
        await world.event("hand_in", hand, note="雨天", giver={"kind": "farmer", "name": "张三"}),
        await world.event("store", one, two, **at, group_mass_g=13_000),
        await world.event(
            "pack", one, **at, container=box, weighed={"container": box, "gross_g": 21_500}
        ),
        await world.event("unpack", one, **at, container=box),
        await world.event("stock_count", found, **at, mass_g=900, reason="盘点"),
        await world.event("depart", one, **at, destination=PLANT, driver="李四"),
        await world.event(
            "arrive", site=PLANT,
            exceptions=[{"code": one, "outcome": "refused", "reason": "混杂"}],
        ),
        await world.event("write_off", two, **at, by="county", reason="烧毁"),
    ]  # fmt: skip
    body = world.body("repack", **at) | {
        "inputs": [{"code": three, "mass_g": 7_000}],
        "outputs": [{"code": new, "mass_g": 6_800, "material": "pet"}],
        "removed": [{"reason": "moisture", "mass_g": 200}], "mode": "sort",
    }  # fmt: skip
    body.pop("batches")
    answer = await world.post(body)
    assert answer.status_code == 201, answer.text
    for event in [*events, answer.json()]:
        who = "province"
        answer = await correcting(world, who, event["id"])
        assert answer.status_code == 422, (event["kind"], answer.text)
        assert "内容和原来一样" in answer.text, event["kind"]
        page = await see(world, who, f"/events/{event['id']}")
        assert "存证" in page
    # What the form does not show comes along: the giver of a corrected hand-in.
    answer = await correcting(world, "county", events[0]["id"], **{"line-0-pieces": "31"})
    assert answer.status_code == 303, answer.text
    corrected = answer.headers["location"].split("/")[-1].split("?")[0]
    told = (await world.client("county").get(f"/api/v1/events/{corrected}")).json()
    assert told["replacement"]["contents"][0]["pieces"] == 31
    page = await see(world, "county", f"/record/correct/{corrected}")
    assert "张三" not in page
    assert 'name="line-0-pieces" value="31"' in page


async def test_a_repack_corrected_must_add_up_again(world):
    one, two = await stored(world, 2)
    [new] = await world.issue_labels(1, site=STATION)
    form = hidden(await see(world, "keeper", "/record/repack", **{"as": "mix"})) | {
        "pick": [one, two], f"mass_kg-{one}": "7", f"mass_kg-{two}": "7",
        "out-0-code": new, "out-0-kg": "14",
    }  # fmt: skip
    page = await done(world, "keeper", "/record/repack", **form)
    event = re.search(r"登记编号 <code>([^<]+)", page)[1]
    answer = await correcting(world, "keeper", event, **{f"mass_kg-{two}": "7.5"})
    assert answer.status_code == 422
    assert "还有 500 克没有着落" in answer.text
    answer = await correcting(
        world, "keeper", event, **{f"mass_kg-{two}": "7.5", f"mass_kg-{new}": "14.5"}
    )
    assert answer.status_code == 303, answer.text
    assert await mass_of(world, new) == 14_500


async def test_labels_of_containers_carry_a_tare_that_the_site_may_change(world):
    order = {"county": LUQUAN, "kind": "container", "count": 2, "site": STATION, "tare_g": 15_500}
    answer = await world.client("county").post("/api/v1/labels", json=order)
    assert answer.status_code == 201, answer.text
    sheet, [one, _] = answer.json()["sheet"], answer.json()["codes"]
    listed = await world.client("keeper").get("/api/v1/labels", params={"sheet": sheet})
    assert [item["tare_g"] for item in listed.json()["items"]] == [15_500, 15_500]
    assert "皮重 15.50 kg" in await see(world, "county", f"/labels/{sheet}")
    for who, status in (("keeper", 200), ("county", 200), ("plant", 404), ("far_county", 404)):
        answer = await world.client(who).put(f"/api/v1/labels/{one}/tare", json={"tare_g": 14_000})
        assert answer.status_code == status, who
    [bag] = await world.issue_labels(1, site=STATION)
    answer = await world.client("keeper").put(f"/api/v1/labels/{bag}/tare", json={"tare_g": 1})
    assert answer.json()["type"] == "/problems/bag-has-no-tare"
    answer = await world.client("county").post("/api/v1/labels", json={**order, "kind": "bag"})
    assert answer.json()["errors"][0]["pointer"] == "/tare_g"
    answer = await sent(world, "keeper", f"/labels/{one}/tare", tare_kg="约十五")
    assert answer.status_code == 422
    page = await done(world, "keeper", f"/labels/{one}/tare", tare_kg="14.25")
    assert "14.25 kg" in page
    assert "是空的" in page


async def test_a_torn_label_is_changed_from_the_list_of_the_store(world):
    [old] = await stored(world, 1, grams=7_250)
    [new] = await world.issue_labels(1, site=STATION)
    assert f'href="/batches?site={STATION}"' in await see(world, "keeper", "/")
    listed = await see(world, "keeper", f"/batches?site={STATION}")
    link = f"/record/repack?as=relabel&amp;code={old}"
    assert link in listed
    assert link in await see(world, "keeper", f"/batches/{old}")
    assert link not in await see(world, "county", f"/batches?site={STATION}")
    form = filled_in(await see(world, "keeper", link.replace("&amp;", "&")))
    assert (form["old_code"], form["mass_kg"]) == (old, "7.25")
    await done(world, "keeper", "/record/repack", **form | {"new_code": new})
    assert f"code={old}" not in await see(world, "keeper", f"/batches?site={STATION}")
    assert await mass_of(world, new) == 7_250
    custody = await world.client("keeper").get(f"/api/v1/batches/{old}/custody")
    assert custody.json()["batch"]["status"] == "repacked"


async def test_a_weighing_without_a_tare_is_told_at_the_scale(world):
    [code] = await stored(world, 1)
    [box] = await world.issue_labels(1, site=STATION, kind="container")
    form = hidden(await see(world, "keeper", "/record/pack"))
    answer = await sent(
        world, "keeper", "/record/pack", **form, container=box, pick=code, gross_kg="22"
    )
    assert answer.status_code == 409
    assert 'id="tare_kg-error"' in answer.text or 'id="container-error"' in answer.text


async def test_what_the_forms_read_does_not_grow_with_the_bags(world):
    kinds = ("pack", "unpack", "repack", "stock_count")
    codes = await stored(world, 2)
    box = await pallet(world)
    await record(world, "keeper", "pack", container=box, pick=codes[0])
    with world.count_queries() as few:
        for kind in kinds:
            await see(world, "keeper", f"/record/{kind}", code=box)
    await stored(world, 12)
    with world.count_queries() as many:
        for kind in kinds:
            await see(world, "keeper", f"/record/{kind}", code=box)
    assert len(many) == len(few)
