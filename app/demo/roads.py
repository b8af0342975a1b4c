"""Rounds from points to their station, and hauls from stations to plants."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.demo.actions import Event
from app.demo.diary import Diary
from app.demo.geo import distance_km, road_time
from app.demo.names import person
from app.demo.points import Bag, Point
from app.demo.world import Site
from app.ids import uuid7

ROUND_BAGS = (12, 20)
"""How many bags make a round worth its diesel, and how many a light lorry takes."""
HAUL_BAGS = (22, 40)
"""Between these lies how many bags a station waits for before it calls the heavy lorry."""
OLDEST = timedelta(days=20)
"""A bag that has waited so long at a point makes a round by itself."""
METHODS = {"R": "resource_use", "I": "incinerate", "L": "landfill"}
# Most goes to resource use, some to incineration, a little to landfill.
_PLANT_CHOICE = ("R",) * 15 + ("I",) * 4 + ("L",)
_CERTIFICATES = {"R": "ZY", "I": "FS", "L": "TM"}


@dataclass
class Station:
    """A station through the season. `load` is how many bags it waits for."""

    site: Site
    account: str
    scale: float
    load: int
    stock: list[Bag] = field(default_factory=list)


@dataclass
class Lorry:
    """A lorry, and when it is home again."""

    plate: str
    free_at: datetime


def fetch(diary: Diary, station: Station, points: list[Point], day: datetime, lorry: Lorry) -> None:
    """Drive a round to a station's points, where it is worth it: one trip with many pick-ups."""
    least, room = ROUND_BAGS
    waiting = {
        point.site.code: [bag for bag in point.stock if bag.ready_at < day] for point in points
    }
    bags = [bag for stock in waiting.values() for bag in stock]
    old = any(day - bag.ready_at > OLDEST for bag in bags)
    if lorry.free_at > day or not (old or len(bags) >= least):
        return
    stops = [point for point in points if waiting[point.site.code]]
    stops.sort(key=lambda point: -len(waiting[point.site.code]))
    trip = {"trip": str(uuid7(diary.rng, day + timedelta(hours=8)))}
    if len(waiting[stops[0].site.code]) >= least // 2 and diary.chance(0.3):
        # One pick-up alone: its depart names the trip.
        stops, trip = stops[:1], {}
    loaded: list[Bag] = []
    at, place = diary.between(day, 8.2, 9.0), station.site.place
    by_driver, driver = diary.chance(0.6), person(diary.rng)
    while stops and len(loaded) < room:
        point = min(stops, key=lambda one: distance_km(place, one.site.place))
        stops.remove(point)
        at = diary.later(at + road_time(place, point.site.place), 10, 18)
        place = point.site.place
        ready = [bag for bag in point.stock if bag.ready_at < at - timedelta(minutes=10)]
        taken = ready[: room - len(loaded)]
        point.stock = [bag for bag in point.stock if bag not in taken]
        loaded += taken
        account = f"carrier-{diary.county}" if by_driver else point.account
        _depart(
            diary,
            account,
            at,
            point.site,
            bags=taken,
            destination=station.site,
            lorry=lorry,
            driver=driver,
            trip=trip,
        )
    at = diary.later(at + road_time(place, station.site.place), 15, 35)
    lorry.free_at = at
    _receive(diary, station, loaded, at, trip)


def _depart(
    diary: Diary,
    account: str,
    at: datetime,
    site: Site,
    *,
    bags: list[Bag],
    destination: Site,
    lorry: Lorry,
    driver: str,
    trip: dict[str, str],
) -> None:
    diary.note(
        account,
        at,
        site,
        "depart",
        batches=_named(bags),
        destination=destination.code,
        vehicle=lorry.plate,
        driver=driver,
        **trip,
    )


def _named(bags: list[Bag]) -> list[Event]:
    return [{"code": bag.code} for bag in bags]


def _receive(
    diary: Diary, station: Station, bags: list[Bag], at: datetime, trip: dict[str, str]
) -> None:
    """Weigh every bag at the station, and put most of them into store."""
    lines: list[Event] = []
    told: dict[str, str] = {}
    for bag in bags:
        if diary.chance(0.05):
            bag.true_g *= 1 - diary.rng.uniform(0.03, 0.06)
            told = {"difference_reason": "封袋时未沥干，运到时已晾干"}
        bag.ready_at = at
        mass_g = diary.shown(bag.true_g, station.scale, 10)
        lines.append({"code": bag.code, "mass_g": mass_g, "mass_source": "weighed"})
    diary.note(station.account, at, station.site, "arrive", batches=lines, **trip, **told)
    stored_at = diary.later(at, 20, 150)
    if diary.chance(0.9):  # storing after arriving is optional
        diary.note(station.account, stored_at, station.site, "store", batches=_named(bags))
    station.stock += bags


def haul(diary: Diary, station: Station, day: datetime, lorry: Lorry) -> None:
    """Send a full load to a plant; on the last afternoon some leave that arrive tomorrow."""
    last = day + timedelta(days=1) == diary.end and diary.county in diary.world.pilots[::3]
    bags = [bag for bag in station.stock if bag.ready_at < day]
    if lorry.free_at > day or len(bags) < (1 if last else station.load):
        return
    at = diary.between(day, 15.5, 16.5) if last else diary.between(day, 7.5, 8.5)
    station.stock = [bag for bag in station.stock if bag not in bags]
    station.load = diary.rng.randint(*HAUL_BAGS)
    kind = diary.rng.choice(_PLANT_CHOICE)
    here = station.site.place
    plant = min(diary.world.receivers(kind), key=lambda one: distance_km(here, one.place))
    trip = {"trip": str(uuid7(diary.rng, at))} if diary.chance(0.8) else {}
    _depart(
        diary,
        station.account,
        at,
        station.site,
        bags=bags,
        destination=plant,
        lorry=lorry,
        driver=person(diary.rng),
        trip=trip,
    )
    on_the_road = road_time(here, plant.place)
    arrived = diary.later(at + on_the_road, 25, 60)
    if last or arrived > day + timedelta(hours=18):
        arrived = diary.between(day + timedelta(days=1), 8, 10)
    lorry.free_at = arrived + on_the_road
    _treat(diary, plant, bags, arrived, trip)


def _treat(diary: Diary, plant: Site, bags: list[Bag], at: datetime, trip: dict[str, str]) -> None:
    """Weigh a load's bags at the plant, keep it some days and treat it, in one lot or two."""
    account = diary.world.account_at[plant.code].username
    lines: list[Event] = [
        {"code": bag.code, "mass_g": diary.shown(bag.true_g, 1.0, 20), "mass_source": "weighed"}
        for bag in bags
    ]
    diary.note(account, at, plant, "arrive", batches=lines, **trip)
    stored_at = diary.later(at, 40, 150)
    if diary.chance(0.7):
        diary.note(account, stored_at, plant, "store", batches=_named(bags))
    cut = len(bags) // 2 if diary.chance(0.3) else 0
    day = at.replace(hour=0, minute=0, second=0)
    for lot in (bags[:cut], bags[cut:]):
        treated_at = diary.between(day + timedelta(days=diary.rng.randint(2, 9)), 9, 16.5)
        serial = f"{treated_at:%Y%m%d}-{diary.rng.randrange(10_000):04}"
        body: Event = {"method": METHODS[plant.kind]}
        body["certificate"] = f"{_CERTIFICATES[plant.kind]}-{plant.county}-{serial}"
        if plant.kind == "R":
            body["product"] = "再生塑料颗粒（市政管材用）"
        if lot:
            diary.note(account, treated_at, plant, "dispose", batches=_named(lot), **body)
