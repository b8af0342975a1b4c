"""Rules on places and clock times: off-site scans, impossible speed, night entries. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from math import cos, radians
from typing import Any

from geopy.distance import geodesic

from app.alerts.rules.bounds import At, named
from app.alerts.rules.mark import Place
from app.events.happening import SHANGHAI

NIGHT_KINDS = frozenset({"hand_in", "collect", "store", "stock_count"})
"""What is done at a point or a station; carriers and plants work at night."""


DEGREE_M = 111_700.0
"""A degree of latitude at the poles, and more than one of longitude at the equator."""


@dataclass(frozen=True)
class Fix:
    """Where something was and when; `accuracy_m` is how far off the position may be."""

    at: datetime
    lat: float
    lon: float
    accuracy_m: float
    event: str
    site: str


@lru_cache(maxsize=10_000)
def apart_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return metres between two positions on the ellipsoid."""
    return float(geodesic((lat, lon), (other_lat, other_lon)).meters)


def at_most_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return metres that two positions are certainly not further apart than: along both axes.

    Most scans are at their site; the exact distance takes a hundred times as long.
    """
    widest = cos(radians(min(abs(lat), abs(other_lat))))
    across = abs(lon - other_lon) % 360
    across = min(across, 360 - across)
    return DEGREE_M * (abs(lat - other_lat) + across * widest)


def off_site(fix: Fix, place: Place, at: At) -> dict[str, Any] | None:
    """Return the figures of a scan away from its site; None where it may have been there.

    What the phone reports as its error is taken off the distance; a position too vague to
    judge by is left alone.
    """
    bounds = at.all("off-site-scan", "distance", "accuracy", "count")
    if bounds is None or fix.accuracy_m > bounds[1].value:
        return None
    if at_most_m(fix.lat, fix.lon, place.lat, place.lon) <= bounds[0].value:
        return None
    away_m = apart_m(fix.lat, fix.lon, place.lat, place.lon)
    if away_m - fix.accuracy_m <= bounds[0].value:
        return None
    return {
        "distance_m": round(away_m),
        "accuracy_m": round(fix.accuracy_m),
        "thresholds": named(*bounds),
    }


def too_fast(first: Fix, second: Fix, at: At) -> dict[str, Any] | None:
    """Return the figures of a move that nothing on wheels makes; None where it may be.

    The straight line less both errors, over the time between, whichever of the two came first.
    """
    bounds = at.all("impossible-speed", "speed", "distance")
    if bounds is None:
        return None
    speed, distance = bounds
    seconds = abs((second.at - first.at).total_seconds())
    most_m = at_most_m(first.lat, first.lon, second.lat, second.lon)
    if most_m <= distance.value or most_m * 3.6 <= speed.value * seconds:
        return None
    apart = apart_m(first.lat, first.lon, second.lat, second.lon)
    sure_m = apart - first.accuracy_m - second.accuracy_m
    if sure_m <= distance.value or sure_m * 3.6 <= speed.value * seconds:
        return None
    return {
        "distance_m": round(apart),
        "seconds": round(seconds),
        "km_h": round(sure_m * 3.6 / seconds) if seconds else None,
        "from_site": first.site,
        "to_site": second.site,
        "thresholds": named(speed, distance),
    }


def night_of(effective_at: datetime, at: At) -> tuple[date, int, dict[str, Any]] | None:
    """Return the night in which a record was made, how many a night there must be, and figures.

    None by day. A night bears the date on which it began.
    """
    bounds = at.all("night-entries", "from", "to", "count")
    if bounds is None:
        return None
    start, end, count = bounds
    local = effective_at.astimezone(SHANGHAI)
    early = local.hour < end.value
    if start.value < end.value:  # a night that begins after midnight
        if not early or local.hour < start.value:
            return None
        night = local.date()
    elif local.hour >= start.value:
        night = local.date()
    elif early:
        night = local.date() - timedelta(days=1)
    else:
        return None
    return night, count.value, {"at": local.isoformat(), "thresholds": named(*bounds)}
