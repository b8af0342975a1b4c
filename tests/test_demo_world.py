"""The simulated world has what the demonstration promises, and nothing that is not valid."""

from collections import Counter
from datetime import date

import pytest

from app.demo.geo import distance_km
from app.demo.settle import build_world
from app.demo.world import World, county_rows, reference
from app.parties.credit import normalise_credit_code
from app.parties.plates import normalise_plate

LAST_DAY = date(2025, 11, 21)


@pytest.fixture(scope="module")
def world() -> World:
    return build_world("test", LAST_DAY)


def test_every_pilot_county_has_twelve_points_and_two_stations(world: World) -> None:
    assert world.pilots == tuple(row["county"] for row in reference("pilots"))
    assert len(world.pilots) == 14
    for county in world.pilots:
        assert len(world.sites_of(county, "P")) >= 12
        assert len(world.sites_of(county, "S")) >= 2


def test_sites_stand_within_25_km_of_their_county_centre_and_name_their_place(
    world: World,
) -> None:
    counties = county_rows()
    for site in world.sites:
        centre = float(counties[site.county]["lat"]), float(counties[site.county]["lon"])
        assert distance_km(site.place, centre) < 25
        assert site.code.startswith(f"{site.county}-{site.kind}")
        assert site.township.endswith(("镇", "乡"))
        assert (site.kind == "P") == bool(site.village and site.point_kind)


def test_the_province_has_listed_users_incinerators_a_landfill_and_a_hazardous_plant(
    world: World,
) -> None:
    kinds = Counter(site.kind for site in world.sites)
    assert kinds["R"] == 3
    assert len(world.receivers("R")) == 2
    assert kinds["I"] == 3
    assert len(world.receivers("I")) == 2
    assert kinds["L"] == kinds["H"] == 1
    permitted = {permit.site for permit in world.permits if permit.valid_to > LAST_DAY}
    plants = {site.code for site in world.sites if site.kind in "RILH"}
    assert plants - permitted == {"130984-I0001"}


def test_one_resource_user_has_fallen_off_the_list(world: World) -> None:
    (expired,) = [listing for listing in world.listings if listing.valid_to]
    assert expired.valid_to
    assert expired.valid_to < LAST_DAY


def test_every_plate_and_credit_code_is_valid_and_stands_once(world: World) -> None:
    plates = [vehicle.plate for vehicle in world.vehicles]
    codes = [organisation.credit_code for organisation in world.organisations]
    assert plates == [normalise_plate(plate) for plate in plates]
    assert codes == [normalise_credit_code(code) for code in codes]
    assert len(set(plates)) == len(plates)
    assert len(set(codes)) == len(codes)
    assert {site.operator for site in world.sites} <= set(codes)


def test_every_site_has_an_account_and_every_role_is_there(world: World) -> None:
    assert set(world.account_at) == {site.code for site in world.sites}
    assert len(world.account) == len(world.accounts)
    assert {account.role for account in world.accounts} == {
        "collector", "keeper", "carrier", "plant", "township",
        "county", "city", "province", "auditor", "admin",
    }  # fmt: skip
    for county in world.pilots:
        for role in ("collector", "keeper", "carrier", "township"):
            assert world.account[f"{role}-{county}"].area == county
        assert world.account[f"county-{county}"].department == "agriculture"
        assert world.account[f"county-{county}-eco"].department == "ecology"


def test_every_reporting_area_has_officials_of_both_departments(world: World) -> None:
    officials = {(account.area, account.department) for account in world.accounts}
    for area in reference("reporting_areas"):
        assert {(area["code"], "agriculture"), (area["code"], "ecology")} <= officials


def test_the_same_seed_makes_the_same_world(world: World) -> None:
    assert build_world("test", LAST_DAY) == world
    assert build_world("other", LAST_DAY) != world
