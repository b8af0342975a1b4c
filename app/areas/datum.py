"""GCJ-02, the offset datum of Chinese web maps, to WGS-84, the datum of everything stored here."""

from __future__ import annotations

from math import cos, pi, sin, sqrt

# Krasovsky 1940 ellipsoid, on which the published GCJ-02 offset formula stands.
_SEMI_MAJOR_M = 6_378_245.0
_ECCENTRICITY_SQUARED = 0.006_693_421_622_965_943
# Three rounds bring the residue under a millimetre; a fourth changes nothing at 1e-9 degrees.
_ROUNDS = 4
# The box inside which map services apply the offset.
_SOUTH, _NORTH, _WEST, _EAST = 0.8293, 55.8271, 72.004, 137.8347


def gcj02_to_wgs84(lat: float, lon: float) -> tuple[float, float]:
    """Turn a GCJ-02 position into WGS-84: (lat, lon) in decimal degrees.

    The forward offset has no closed inverse; it is undone by fixed-point iteration. Outside
    China the datum has no offset, and the formula no meaning: the position stays as it is.
    """
    if not (_SOUTH <= lat <= _NORTH and _WEST <= lon <= _EAST):
        return lat, lon
    wgs_lat, wgs_lon = lat, lon
    for _ in range(_ROUNDS):
        gcj_lat, gcj_lon = wgs84_to_gcj02(wgs_lat, wgs_lon)
        wgs_lat += lat - gcj_lat
        wgs_lon += lon - gcj_lon
    return wgs_lat, wgs_lon


def wgs84_to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    """Turn a WGS-84 position into GCJ-02, as a Chinese web map shows it: (lat, lon) in degrees."""
    x, y = lon - 105.0, lat - 35.0
    ripple = 20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north += (ripple + 20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east += (ripple + 20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    phi = lat / 180 * pi
    magic = 1 - _ECCENTRICITY_SQUARED * sin(phi) ** 2
    metres_a_radian_north = _SEMI_MAJOR_M * (1 - _ECCENTRICITY_SQUARED) / (magic * sqrt(magic))
    metres_a_radian_east = _SEMI_MAJOR_M / sqrt(magic) * cos(phi)
    return (
        lat + north * 180 / (metres_a_radian_north * pi),
        lon + east * 180 / (metres_a_radian_east * pi),
    )
