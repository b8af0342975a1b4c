"""Labels: issued within reach, unique, drawn so that an independent decoder reads them."""

import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from random import Random
from uuid import uuid4

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import func, select

from app.auth.sessions import caller_from
from app.batches.codes import make_code, parse_code
from app.batches.errors import SheetIdReused
from app.batches.issue import issue_labels
from app.batches.models import Label
from app.db import Database
from tests.world import (
    ANXIN,
    FAR_POINT,
    LUQUAN,
    OTHER_POINT,
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


async def order(world: World, who: str | None, **changed):
    body = {"county": LUQUAN, "kind": "bag", "count": 2, **changed}
    return await world.client(who).post("/api/v1/labels", json=body)


async def count_labels(world: World) -> int:
    async with world.database.read() as session:
        return await session.scalar(select(func.count()).select_from(Label))


async def test_an_order_is_answered_with_its_sheet_and_its_codes(world: World) -> None:
    answer = await order(world, "county", count=30, site=POINT)
    assert answer.status_code == 201
    issued = answer.json()
    assert set(issued) == {"sheet", "codes"}
    assert len(set(issued["codes"])) == 30
    assert issued["codes"] == sorted(parse_code(code) for code in issued["codes"])
    assert all(code.startswith(LUQUAN) for code in issued["codes"])


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (None, 401), ("collector", 403), ("keeper", 403), ("plant", 403), ("carrier", 403),
        ("auditor", 403), ("admin", 403), ("township", 201), ("county", 201), ("city", 201),
        ("province", 201), ("plant_county", 404), ("far_county", 404), ("far_city", 404),
    ],
)  # fmt: skip
async def test_officials_issue_labels_for_counties_in_reach(world: World, who, status) -> None:
    before = await count_labels(world)
    answer = await order(world, who)
    assert answer.status_code == status, answer.text
    assert await count_labels(world) == before + (2 if status == 201 else 0)


async def test_a_township_issues_for_its_own_sites(world: World) -> None:
    assert (await order(world, "township", site=POINT)).status_code == 201
    refused = await order(world, "township", site=OTHER_POINT)
    assert (refused.status_code, refused.json()["pointer"]) == (404, "/site")


@pytest.mark.parametrize(
    ("changed", "status", "problem", "pointer"),
    [
        ({"county": "139999"}, 404, "not-found", "/county"),
        ({"site": "130110-P9999"}, 404, "not-found", "/site"),
        ({"site": FAR_POINT}, 422, "site-not-for-labels", "/site"),
        ({"county": XINJI, "site": PLANT}, 422, "site-not-for-labels", "/site"),
        ({"site": "nowhere"}, 422, "invalid-body", "/site"),
        ({"county": "1301"}, 422, "invalid-body", "/county"),
        ({"kind": "box"}, 422, "invalid-body", "/kind"),
        ({"count": 0}, 422, "invalid-body", "/count"),
        ({"count": 5_001}, 422, "invalid-body", "/count"),
        ({"count": True}, 422, "invalid-body", "/count"),
        ({"count": 2.0}, 422, "invalid-body", "/count"),
        ({"colour": "red"}, 422, "invalid-body", "/colour"),
    ],
)
async def test_a_wrong_order_is_refused_and_issues_nothing(
    world: World, changed, status, problem, pointer
) -> None:
    before = await count_labels(world)
    answer = await order(world, "province", **changed)
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert told["type"] == f"/problems/{problem}"
    assert pointer in {told.get("pointer"), *(e["pointer"] for e in told.get("errors", []))}
    assert await count_labels(world) == before


async def test_containers_go_to_plants_too(world: World) -> None:
    answer = await order(world, "province", county=XINJI, kind="container", site=PLANT)
    assert answer.status_code == 201


class Stuttering(Random):
    """Gives each forty bits twice before the next."""

    def __init__(self) -> None:
        super().__init__(11)
        self.turn, self.last = 0, 0

    def getrandbits(self, k: int) -> int:
        self.turn += 1
        if self.turn % 2:
            self.last = super().getrandbits(k)
        return self.last


async def issue(world: World, rng: Random, **changed):
    given = {"county": LUQUAN, "kind": "bag", "count": 40, "site": None, **changed}
    async with world.database.write() as session:
        return await issue_labels(
            session,
            by=caller_from(world.accounts["county"]),
            now=datetime.now(UTC),
            rng=rng,
            **given,
        )


async def test_codes_that_collide_are_drawn_again(world: World) -> None:
    _, codes = await issue(world, Stuttering(), sheet=uuid4())
    assert len(set(codes)) == 40
    _, others = await issue(world, Stuttering(), sheet=uuid4())
    assert len(set(others)) == 40
    assert not set(codes) & set(others)


async def test_the_same_random_source_gives_the_same_codes(world: World) -> None:
    _, codes = await issue(world, Random(99), sheet=uuid4())
    bits = Random(99)
    assert codes == sorted(make_code(LUQUAN, bits.getrandbits(40)) for _ in range(40))


async def test_an_order_sent_twice_issues_once(world: World) -> None:
    sheet = uuid4()
    first = await issue(world, Random(5), sheet=sheet)
    before = await count_labels(world)
    assert await issue(world, Random(6), sheet=sheet) == first
    with pytest.raises(SheetIdReused):
        await issue(world, Random(6), sheet=sheet, count=41)
    assert await count_labels(world) == before


async def test_every_drawing_of_a_label_is_read_by_another_decoder(world: World) -> None:
    [code] = await world.issue_labels(1)
    drawn = await world.client("collector").get(f"/api/v1/labels/{code}.png")
    assert drawn.headers["content-type"] == "image/png"
    assert drawn.headers["cache-control"] == "private, max-age=3600"
    [found] = zxingcpp.read_barcodes(Image.open(io.BytesIO(drawn.content)))
    host = world.app.state.settings.qr_host
    assert found.text == f"HTTPS://{host}/B/{code}"
    assert found.ec_level == "H"
    svg = await world.client("collector").get(f"/api/v1/labels/{code}.svg")
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert code in svg.text
    assert "演示" not in svg.text


async def test_the_demonstration_overprints_its_labels(world: World) -> None:
    [code] = await world.issue_labels(1)
    real = world.app.state.settings
    world.app.state.settings = real.model_copy(update={"demo": True})
    try:
        answer = await world.client("collector").get(f"/api/v1/labels/{code}.svg")
    finally:
        world.app.state.settings = real
    assert "演示" in answer.text


async def test_a_label_is_found_however_its_code_is_typed(world: World) -> None:
    [code] = await world.issue_labels(1)
    for typed in (code.lower(), code.replace("-", ""), code.replace("0", "O")):
        answer = await world.client("county").get(f"/api/v1/labels/{typed}.svg")
        assert answer.status_code == 200
        assert code in answer.text


async def test_a_mistyped_code_is_told_so(world: World) -> None:
    [code] = await world.issue_labels(1)
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    for typed in (wrong, "hello"):
        answer = await world.client("county").get(f"/api/v1/labels/{typed}.png")
        assert answer.status_code == 422
        assert answer.json()["type"] == "/problems/mistyped-code"


SEERS = {"collector", "township", "county", "city", "province", "auditor", "admin"}


@pytest.mark.parametrize(
    ("site", "seers"),
    [
        (POINT, SEERS),
        (STATION, SEERS - {"collector"} | {"keeper", "carrier"}),
        (OTHER_POINT, SEERS - {"collector", "township"} | {"other_collector", "other_township"}),
        (None, SEERS - {"collector"} | {"other_township"}),
    ],
)
async def test_a_label_is_seen_by_its_county_and_its_site(world: World, site, seers) -> None:
    [code] = await world.issue_labels(1, site=site)
    absent = make_code(LUQUAN, 12_345)
    for who in world.accounts:
        drawn = await world.client(who).get(f"/api/v1/labels/{code}.svg")
        codes = await all_codes(world, who)
        if who in seers:
            assert drawn.status_code == 200, who
            assert code in codes, who
        else:
            other = await world.client(who).get(f"/api/v1/labels/{absent}.svg")
            assert (drawn.status_code, other.status_code) == (404, 404), who
            assert drawn.json()["type"] == other.json()["type"] == "/problems/not-found"
            assert code not in codes, who


async def all_codes(world: World, who: str, **params) -> list[str]:
    """Read every page."""
    found, cursor = [], None
    while True:
        query = {"limit": 500, **params} | ({"cursor": cursor} if cursor else {})
        answer = (await world.client(who).get("/api/v1/labels", params=query)).json()
        found += [item["code"] for item in answer["items"]]
        cursor = answer["next_cursor"]
        if not cursor:
            return found


async def test_whoever_sees_the_bag_sees_its_label(world: World) -> None:
    [code] = await world.issue_labels(1)
    path = f"/api/v1/labels/{code}.svg"
    assert (await world.client("plant").get(path)).status_code == 404
    await world.event("collect", code, mass_g=4_000)
    await world.event("depart", code, destination=PLANT)
    assert (await world.client("plant").get(path)).status_code == 200


async def test_unused_labels_of_a_site_are_listed_for_its_forms(world: World) -> None:
    used, fresh = await world.issue_labels(2, site=OTHER_POINT)
    await world.event("collect", used, site=OTHER_POINT, mass_g=3_000)
    everything = await all_codes(world, "other_collector")
    unused = await all_codes(world, "other_collector", unused="true", site=OTHER_POINT)
    assert {used, fresh} <= set(everything)
    assert fresh in unused
    assert used not in unused
    assert await all_codes(world, "county", county=ANXIN) == []


async def test_sheets_are_listed_newest_first_and_open_by_their_codes(world: World) -> None:
    issued = [(await order(world, "county", count=n, site=STATION)).json() for n in (1, 2, 3)]
    answer = (await world.client("keeper").get("/api/v1/label-sheets?limit=2")).json()
    assert [item["sheet"] for item in answer["items"]] == [issued[2]["sheet"], issued[1]["sheet"]]
    assert answer["items"][0].keys() >= {"county", "kind", "count", "site", "issued_at"}
    more = await world.client("keeper").get(
        "/api/v1/label-sheets", params={"limit": 2, "cursor": answer["next_cursor"]}
    )
    assert more.json()["items"][0]["sheet"] == issued[0]["sheet"]
    assert await all_codes(world, "keeper", sheet=issued[2]["sheet"]) == issued[2]["codes"]
    for cursor in ("x", "W10", "WzEsMl0", "WzEsIngiXQ"):
        refused = await world.client("keeper").get(f"/api/v1/label-sheets?cursor={cursor}")
        assert refused.status_code == 422


async def test_five_thousand_labels_are_one_order(world: World) -> None:
    with world.count_queries() as seen:
        answer = await order(world, "county", count=5_000)
    assert answer.status_code == 201
    assert len(set(answer.json()["codes"])) == 5_000
    assert len([statement for statement in seen if "INSERT" in statement]) == 2
