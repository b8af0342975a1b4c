"""Areas, parties and packaging as they are read: by day, by scope, in keyset order."""

from collections.abc import AsyncIterator
from datetime import date

import pytest

from app.areas.read import list_areas, list_counties
from app.areas.scope import Reach
from app.db import Database, ReadSession
from app.packaging.read import list_terms, list_unit_weights, version_on
from app.parties.read import find_site, list_organisations, list_sites, list_vehicles
from tests import reference as ref


@pytest.fixture(scope="module")
async def loaded(database: Database) -> Database:
    await ref.load(database)
    return database


@pytest.fixture
async def session(loaded: Database) -> AsyncIterator[ReadSession]:
    async with loaded.read() as open_session:
        yield open_session


async def test_areas_are_listed_by_code_page_after_page(session: ReadSession) -> None:
    first = await list_areas(session, limit=2)
    rest = await list_areas(session, after=first[-1].code, limit=10)
    assert [area.code for area in [*first, *rest]] == [
        "130000", "130100", "130181", "130600", "133100",
    ]  # fmt: skip


async def test_a_county_reports_to_the_area_of_that_day(session: ReadSession) -> None:
    for on, area in ((date(2017, 3, 31), "130600"), (date(2017, 4, 1), "133100")):
        found = await list_counties(session, on, limit=10)
        assert {row.county.code: row.area for row in found}[ref.ANXIN] == area
    before = await list_counties(session, date(2012, 12, 31), limit=10)
    assert {row.county.code: row.area for row in before}[ref.XINJI] is None


async def test_pilots_are_those_designated_on_that_day(session: ReadSession) -> None:
    async def codes(on: date, *, pilot: bool) -> list[str]:
        found = await list_counties(session, on, pilot=pilot, limit=10)
        assert all(row.pilot is pilot for row in found)
        return [row.county.code for row in found]

    assert await codes(date(2021, 12, 31), pilot=True) == []
    assert await codes(date(2023, 12, 31), pilot=True) == [ref.LUQUAN, ref.XINJI]
    assert await codes(date(2024, 1, 1), pilot=True) == [ref.LUQUAN]
    assert await codes(date(2024, 1, 1), pilot=False) == [ref.XINJI, ref.ANXIN]


@pytest.mark.parametrize(
    ("reach", "codes"),
    [
        (Reach(everything=True), [ref.POINT, ref.OTHER_POINT, ref.STATION, ref.PLANT]),
        (
            Reach(counties=frozenset({ref.LUQUAN})),
            [ref.POINT, ref.OTHER_POINT, ref.STATION],
        ),
        (Reach(township=(ref.LUQUAN, "铜冶镇")), [ref.POINT, ref.STATION]),
        (Reach(sites=frozenset({ref.POINT})), [ref.POINT]),
        (Reach(organisations=frozenset({ref.PLANT_OWNER})), [ref.PLANT]),
        (Reach(), []),
    ],
)
async def test_sites_out_of_scope_are_absent(
    session: ReadSession, reach: Reach, codes: list[str]
) -> None:
    assert [site.code for site, _ in await list_sites(session, reach, limit=10)] == codes
    for code in (ref.POINT, ref.OTHER_POINT, ref.STATION, ref.PLANT):
        found = await find_site(session, reach, code)
        assert (found is not None) == (code in codes)


async def test_sites_are_narrowed_by_county_and_kind(session: ReadSession) -> None:
    reach = Reach(everything=True)
    found = await list_sites(session, reach, county=ref.LUQUAN, kind="S", limit=10)
    assert [(site.code, operator.name) for site, operator in found] == [
        (ref.STATION, "鹿泉农资公司")
    ]


async def test_a_plant_comes_with_its_permits_and_listings(session: ReadSession) -> None:
    found = await find_site(session, Reach(everything=True), ref.PLANT)
    assert found is not None
    assert [permit.number for permit in found.permits] == ["P-1"]
    assert [listing.document for listing in found.listings] == ["冀农告字〔2021〕11号"]
    assert await find_site(session, Reach(everything=True), "130110-P9999") is None


@pytest.mark.parametrize(
    ("reach", "organisations", "plates"),
    [
        (
            Reach(everything=True),
            [ref.STATION_OWNER, ref.PLANT_OWNER, ref.SHOP],
            ["冀A12345", "冀AD12345"],
        ),
        (Reach(counties=frozenset({ref.XINJI})), [ref.PLANT_OWNER], ["冀AD12345"]),
        (Reach(organisations=frozenset({ref.STATION_OWNER})), [ref.STATION_OWNER], ["冀A12345"]),
        (Reach(sites=frozenset({ref.POINT})), [ref.SHOP], []),
        (Reach(township=(ref.LUQUAN, "寺家庄镇")), [ref.SHOP], []),
    ],
)
async def test_organisations_and_vehicles_follow_scope(
    session: ReadSession, reach: Reach, organisations: list[str], plates: list[str]
) -> None:
    found = await list_organisations(session, reach, limit=10)
    assert [organisation.credit_code for organisation in found] == organisations
    vehicles = await list_vehicles(session, reach, limit=10)
    assert [vehicle.plate for vehicle, _ in vehicles] == plates


async def test_terms_keep_their_order(session: ReadSession) -> None:
    assert [t.slug for t in await list_terms(session, "material", limit=5)] == ["pet", "pe"]
    assert [t.slug for t in await list_terms(session, "material", after=0, limit=5)] == ["pe"]


async def test_unit_weights_are_those_in_force_on_a_day(session: ReadSession) -> None:
    async def grams(on: date) -> dict[str, int]:
        version = await version_on(session, on)
        assert version is not None
        found = await list_unit_weights(session, version.version, limit=10)
        return {weight.material: weight.weight_mg for weight in found}

    assert await version_on(session, date(2020, 9, 30)) is None
    assert await grams(date(2024, 12, 31)) == {"pet": 14_000, "pe": 14_000}
    assert await grams(date(2025, 1, 1)) == {"pet": 15_000}


async def test_unit_weights_continue_after_a_piece(session: ReadSession) -> None:
    rest = await list_unit_weights(session, 1, after=("pe", "bottle", "lt200ml"), limit=10)
    assert [weight.material for weight in rest] == ["pet"]
