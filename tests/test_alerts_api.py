"""Alerts over the API: lists, filters and pages, rules, thresholds of the province's own."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.alerts.follow import ALERTS, tick
from app.alerts.models import Finding, Threshold
from app.alerts.read import counts_of
from app.alerts.rules.catalogue import RULES
from app.areas.scope import Reach
from app.db import Database
from app.ledger.follow import catch_up
from scripts.alert_figures import figures, table
from tests.world import LUQUAN, STATION, XINJI, World, make_world

ALERTS_AT = "/api/v1/alerts"


@pytest.fixture(scope="module")
async def world(database: Database):
    made = await make_world(database)
    async with database.write() as session:
        for n in range(7):
            far = n == 6
            county = "130632" if far else LUQUAN
            session.add(
                Finding(
                    id=UUID(int=n + 1), rule="night-entries" if n % 2 else "full-store",
                    subject=f"{county}-P0001", window=str(n), opening=1, county=county, site=None,
                    seen_by=[county, *([XINJI] if n == 5 else [])], figures={"n": n}, events=[],
                    batches=[], opened_at=datetime(2026, 7, 1, tzinfo=UTC) + timedelta(hours=n // 2),
                    opened_leaf=n, log_size=n + 1,
                    closed_at=datetime(2026, 7, 2, tzinfo=UTC) if n == 0 else None,
                )
            )  # fmt: skip
    # A follower that has no leaf yet leaves them alone; the tick brings the defaults.
    await catch_up(database, (ALERTS,))
    await tick(database, datetime.now(UTC))
    yield made
    await made.close()


async def asked(world: World, by: str = "county", **query):
    answer = await world.client(by).get(ALERTS_AT, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_findings_come_newest_first_and_page_by_page(world: World):
    whole = await asked(world)
    assert [one["figures"]["n"] for one in whole["items"]] == [5, 4, 3, 2, 1, 0]
    assert whole["log"] == {"size": 0}
    assert whole["next_cursor"] is None
    seen, cursor = [], None
    while True:
        part = await asked(world, limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [one["id"] for one in part["items"]]
        cursor = part["next_cursor"]
        if cursor is None:
            break
    assert seen == [one["id"] for one in whole["items"]]


async def test_filters_narrow_by_state_rule_and_area(world: World):
    assert len((await asked(world, state="open"))["items"]) == 5
    assert [one["state"] for one in (await asked(world, state="closed"))["items"]] == ["closed"]
    assert {one["rule"] for one in (await asked(world, rule="full-store"))["items"]} == {
        "full-store"
    }
    assert len((await asked(world, "province", area="130632"))["items"]) == 1
    assert len((await asked(world, "province", area="130000"))["items"]) == 7
    bad = await world.client("county").get(ALERTS_AT, params={"rule": "no-such-rule"})
    assert bad.status_code == 422
    assert "full-store" in bad.json()["detail"]


async def test_a_finding_between_counties_is_seen_from_both_and_others_find_nothing(world: World):
    assert [one["figures"]["n"] for one in (await asked(world, "plant_county"))["items"]] == [5]
    shared = f"{ALERTS_AT}/{UUID(int=6)}"
    assert (await world.client("plant_county").get(shared)).status_code == 200
    assert (await world.client("far_county").get(shared)).status_code == 404
    assert (await world.client("county").get(f"{ALERTS_AT}/{uuid4()}")).status_code == 404
    out = await world.client("county").get(ALERTS_AT, params={"area": "130632"})
    assert out.status_code == 404


async def test_a_finding_tells_its_rule_in_words(world: World):
    found = (await world.client("county").get(f"{ALERTS_AT}/{UUID(int=2)}")).json()
    assert found["title"] == "夜间登记"
    assert found["severity"] == "low"
    assert found["log"] == {"size": 2}


async def test_counts_of_a_reach_are_by_rule_and_by_severity(world: World):
    async with world.database.read() as session:
        counts = await counts_of(session, Reach(counties=frozenset({LUQUAN})))
        none = await counts_of(session, Reach())
    assert counts.by_rule == {"full-store": 2, "night-entries": 3}
    assert counts.by_severity == {"high": 0, "medium": 2, "low": 3}
    assert (counts.total, none.total) == (5, 0)


async def test_every_rule_is_told_with_its_thresholds_and_what_they_rest_on(world: World):
    rules = (await world.client("county").get(f"{ALERTS_AT}/rules")).json()["items"]
    assert [rule["rule"] for rule in rules] == list(RULES)
    told = {(rule["rule"], t["key"]): t for rule in rules for t in rule["thresholds"]}
    assert set(told) == {(name, key) for name, rule in RULES.items() for key in rule.units}
    assert told["over-long-storage", "point"]["assumed"]
    assert not told["over-long-storage", "law"]["assumed"]
    assert told["weight-difference", "percent"]["value"] == 5
    assert told["silent-point", "grace"]["season"] == [4, 5, 6, 7, 8, 9, 10]


async def test_the_province_enters_a_bound_for_a_county_and_findings_name_it(world: World):
    row = {
        "rule": "weight-difference", "key": "percent", "value": 30, "area": LUQUAN,
        "valid_from": "2026-01-01", "source": "冀农发〔2026〕1号",
    }  # fmt: skip
    answer = await world.client("province").post(f"{ALERTS_AT}/thresholds", json=row)
    assert answer.status_code == 201, answer.text
    bags = await world.issue_labels(2)
    for bag, arrives_g in zip(bags, (4_000, 3_000), strict=True):
        await world.event("collect", bag, mass_g=5_000)
        await world.event("depart", bag, destination=STATION)
        await world.event("arrive", bag, site=STATION, mass_g=arrives_g)
    await catch_up(world.database, (ALERTS,))
    async with world.database.read() as session:
        [found] = await session.scalars(select(Finding).where(Finding.rule == "weight-difference"))
    assert found.batches == [bags[1]], "a fifth is within the county's own bound"
    assert found.figures["thresholds"]["percent"]["id"] == answer.json()["id"]


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [
        ({"rule": "nothing"}, 422, "/rule"),
        ({"key": "nothing"}, 422, "/key"),
        ({"value": -1}, 422, "/value"),
        ({"value": 1.5}, 422, "/value"),
        ({"area": "139999"}, 404, "/area"),
        ({"season": [0]}, 422, "/season"),
        ({"season": [7, 7]}, 422, "/season"),
        ({"season": []}, 422, "/season"),
        ({"valid_from": "2026-13-01"}, 422, "/valid_from"),
        ({"valid_to": "2025-01-01"}, 422, ""),
        ({"source": ""}, 422, "/source"),
        ({"unit": "kg"}, 422, "/unit"),
    ],
)
async def test_a_bound_that_does_not_fit_is_refused_and_nothing_is_entered(
    world: World, change, status, pointer
):
    row = {
        "rule": "full-store", "key": "percent", "value": 90, "valid_from": "2026-01-01",
        "source": "x", **change,
    }  # fmt: skip
    async with world.database.read() as session:
        before = len((await session.scalars(select(Threshold.id))).all())
    answer = await world.client("province").post(f"{ALERTS_AT}/thresholds", json=row)
    assert answer.status_code == status, answer.text
    told = answer.json()
    places = [error["pointer"] for error in told.get("errors", [])] or [told["pointer"]]
    assert pointer in places
    async with world.database.read() as session:
        assert len((await session.scalars(select(Threshold.id))).all()) == before


async def test_thresholds_are_never_changed_or_removed(world: World):
    for statement in ("UPDATE threshold SET value = 0", "DELETE FROM threshold"):
        with pytest.raises(DBAPIError):
            async with world.database.write() as session:
                await session.execute(text(statement))


async def test_the_script_counts_open_and_closed_findings_of_every_rule(
    world: World, database_urls: dict[str, str]
):
    counts, size = await figures(database_urls["app"])
    assert list(counts) == list(RULES)
    assert counts["full-store"] == (3, 1)
    assert counts["weight-difference"] == (1, 0)
    printed = table(counts, size)
    assert "| `full-store` | 贮存点将满 | 3 | 1 |" in printed
    opened, closed = (sum(pair[n] for pair in counts.values()) for n in (0, 1))
    assert (opened, closed) == (7, 3), "two trips of weeks ago were overdue until they arrived"
    assert printed.splitlines()[-3] == "| | 合计 | 7 | 3 |"
