"""The committed reference files of Hebei are complete and agree with each other."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.areas.datum import gcj02_to_wgs84, wgs84_to_gcj02

DATA = Path(__file__).parent.parent / "app" / "areas" / "data"


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_hebei_has_167_counties_of_four_kinds() -> None:
    counties = rows("counties.csv")
    assert len({county["code"] for county in counties}) == 167
    assert Counter(county["kind"] for county in counties) == {
        "district": 49,
        "county_city": 21,
        "county": 91,
        "autonomous_county": 6,
    }


def test_counties_stand_under_the_city_of_their_code() -> None:
    assert all(county["city"] == county["code"][:4] + "00" for county in rows("counties.csv"))


def test_the_reporting_tree_differs_from_the_code_tree_for_five_counties() -> None:
    moved = {c["code"]: c["area"] for c in rows("counties.csv") if c["area"] != c["city"]}
    assert moved == {
        "130181": "130181",
        "130682": "130682",
        "130629": "133100",
        "130632": "133100",
        "130638": "133100",
    }


def test_fourteen_areas_report_to_the_province_and_each_has_counties() -> None:
    areas = rows("reporting_areas.csv")
    below = {area["code"] for area in areas if area["parent"] == "130000"}
    assert len(below) == 14
    assert below == {county["area"] for county in rows("counties.csv")}
    assert [area["code"] for area in areas if not area["parent"]] == ["130000"]
    assert all(date.fromisoformat(area["valid_from"]) for area in areas)


def test_each_reporting_area_has_one_demonstration_pilot() -> None:
    area_of = {county["code"]: county["area"] for county in rows("counties.csv")}
    pilots = rows("pilots.csv")
    assert Counter(area_of[pilot["county"]] for pilot in pilots) == dict.fromkeys(
        {county["area"] for county in rows("counties.csv")}, 1
    )
    assert all("演示指定" in pilot["note"] for pilot in pilots)


def test_every_county_has_a_sort_key_and_a_centre_within_hebei() -> None:
    for county in rows("counties.csv"):
        assert county["pinyin"].isascii()
        assert county["pinyin"].isalpha()
        assert 36.0 < float(county["lat"]) < 42.7
        assert 113.4 < float(county["lon"]) < 119.9


@pytest.mark.parametrize(
    ("wgs84", "gcj02"),
    [
        ((31.1774276, 121.5272106), (31.17530398, 121.53154186)),
        ((22.543847, 113.912316), (22.54079613, 113.91717648)),
        ((39.911954, 116.377817), (39.91334546, 116.38404722)),
    ],
)
def test_known_points_are_moved_between_the_datums(
    wgs84: tuple[float, float], gcj02: tuple[float, float]
) -> None:
    assert wgs84_to_gcj02(*wgs84) == pytest.approx(gcj02, abs=1e-7)
    assert gcj02_to_wgs84(*gcj02) == pytest.approx(wgs84, abs=1e-7)


@given(st.floats(18, 54), st.floats(73, 136))
def test_a_position_survives_the_way_to_gcj02_and_back(lat: float, lon: float) -> None:
    assert gcj02_to_wgs84(*wgs84_to_gcj02(lat, lon)) == pytest.approx((lat, lon), abs=1e-7)
