"""Distances, road times and where things stand, on the ground of Hebei."""

from datetime import timedelta
from functools import lru_cache
from math import cos, pi, radians, sin
from random import Random

from geopy.distance import great_circle

ROAD_SPEED_KMH = 45.0
DETOUR = 1.3
"""Road kilometres per kilometre as the crow flies."""

Place = tuple[float, float]
"""Latitude and longitude in decimal degrees, WGS-84."""

_KM_PER_DEGREE = 111.2


@lru_cache(maxsize=20_000)
def distance_km(one: Place, other: Place) -> float:
    """Return the great-circle distance."""
    return float(great_circle(one, other).km)


def road_time(one: Place, other: Place) -> timedelta:
    """Return how long a lorry takes from one place to another."""
    return timedelta(hours=distance_km(one, other) * DETOUR / ROAD_SPEED_KMH)


def near(rng: Random, place: Place, least_km: float, most_km: float) -> Place:
    """Return a place in any direction, so many kilometres away."""
    bearing = rng.uniform(0, 2 * pi)
    away = rng.uniform(least_km, most_km) / _KM_PER_DEGREE
    lat, lon = place
    return (
        round(lat + away * cos(bearing), 6),
        round(lon + away * sin(bearing) / cos(radians(lat)), 6),
    )
