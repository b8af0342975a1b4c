"""Where the machine plays and who acts there: points, stations and plants of several counties.

The sites of tests/world.py and tests/recording.py, as the rules see them, and someone at each.
"""

from datetime import UTC, date, datetime
from uuid import UUID

from app.areas.scope import Reach
from app.auth.caller import Caller
from app.events.counting import Packaging
from app.events.rules import SiteFacts, Span
from tests import reference as ref
from tests.recording import FAR_STATION
from tests.world import FAR_POINT, INCINERATOR

POINTS = (ref.POINT, ref.OTHER_POINT, FAR_POINT)
STATIONS = (ref.STATION, FAR_STATION)
PLANTS = (ref.PLANT, INCINERATOR)
STORES = POINTS + STATIONS
SITES = STORES + PLANTS
COUNTIES = (ref.LUQUAN, ref.XINJI, ref.ANXIN)
METHODS = {ref.PLANT: "resource_use", INCINERATOR: "incinerate"}
START = datetime(2025, 7, 1, tzinfo=UTC)
LABELLED = datetime(2025, 6, 1, tzinfo=UTC)
TARE_G = 12_000

_ROLES = {"P": "collector", "S": "keeper", "R": "plant", "I": "plant"}
_OPEN = Span(date(2024, 1, 1))


def _caller(number: int, role: str, area: str, site: str | None = None) -> Caller:
    return Caller(
        UUID(int=number), f"{role}-{number}", role, role, area, site, department="agriculture"
    )


STAFF = {site: _caller(n, _ROLES[site[7]], site[:6], site) for n, site in enumerate(SITES, 1)}
"""By the site that they act for."""
OFFICIALS = {county: _caller(n, "county", county) for n, county in enumerate(COUNTIES, 101)}
"""By the county that they are of."""
REACHES = {one.id: Reach(counties=frozenset({county})) for county, one in OFFICIALS.items()}
FACTS = {
    site: SiteFacts(
        site, site[7], site[:6], "某镇", _OPEN,
        permits=(("discharge", _OPEN),) if site == INCINERATOR else (),
        listed=(_OPEN,) if site == ref.PLANT else (),
    )
    for site in SITES
}  # fmt: skip
PACKAGING = Packaging(
    2,
    {("pet", "bottle", "lt200ml"): 15_000},
    frozenset({("material", "pet"), ("material", "pe"), ("form", "bottle"), ("size", "lt200ml")}),
)


def event_id(at: datetime, number: int, example: int) -> str:
    """Return a UUIDv7 by time and number, another in every example, so that ids sort alike."""
    milliseconds = int(at.timestamp() * 1000)
    tail = 0b10 << 62 | example
    return str(UUID(int=(milliseconds & (1 << 48) - 1) << 80 | 7 << 76 | number << 64 | tail))


def actor_of(body: dict) -> Caller:
    """Return who sends an event: the site's staff, or the county where only that may."""
    told = body.get("replacement", body)
    if body["kind"] == "correct" and (told is body or told["kind"] == "write_off"):
        return OFFICIALS[told.get("site", ref.LUQUAN)[:6]]
    if told["kind"] == "write_off":
        return OFFICIALS[told["site"][:6]]
    return STAFF[told["site"]]
