"""Rounds from points to their station, and hauls from stations to plants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.demo.actions import Event
from app.demo.bags import Bag, Pallet, named
from app.demo.diary import Diary
from app.demo.geo import distance_km, road_time
from app.demo.names import person
from app.demo.points import Point
from app.demo.slips import mistype_arrival, store_by_mistake
from app.demo.stations import Station, relabel
from app.demo.treatment import receive_load
from app.demo.world import Site
from app.ids import uuid7

ROUND_BAGS = (12, 20)
"""How many bags make a round worth its diesel, and how many a light lorry takes."""
HAUL_BAGS = (22, 40)
"""Between these lies how many bags a station waits for before it calls the heavy lorry."""
OLDEST = timedelta(days=20)
"""A bag that has waited so long at a point makes a round by itself."""
# Most goes to resource use, some to incineration, a little to landfill.
_PLANT_CHOICE = ("R",) * 15 + ("I",) * 4 + ("L",)


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
        depart(
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


def depart(
    diary: Diary,
    account: str,
    at: datetime,
    site: Site,
    *,
    bags: Sequence[Bag | Pallet],
    destination: Site,
    lorry: Lorry,
    driver: str,
    trip: Event,
) -> Event | None:
    """Note that a lorry leaves with bags or pallets; without a `trip` the event names it."""
    return diary.note(
        account,
        at,
        site,
        "depart",
        batches=named(bags),
        destination=destination.code,
        vehicle=lorry.plate,
        driver=driver,
        **trip,
    )


def _receive(diary: Diary, station: Station, bags: list[Bag], at: datetime, trip: Event) -> None:
    """Weigh every bag at the station, and put most of them into store; torn labels are changed."""
    lines: list[Event] = []
    told: Event = {}
    for bag in bags:
        if diary.chance(0.05):
            bag.true_g *= 1 - diary.rng.uniform(0.01, 0.024)
            told["difference_reason"] = "封袋时未沥干，运到时已晾干"
        lines.append(station.weigh(diary, bag))
    torn = [bag for bag in bags if station.relabels and diary.chance(0.012)]
    if torn:
        told["exceptions"] = [
            {"code": bag.code, "outcome": "damaged", "reason": "标签破损，扫不出来"} for bag in torn
        ]
    if diary.chance(0.04):
        mistype_arrival(diary, station.account, station.site, at, lines, **trip, **told)
    else:
        diary.note(station.account, at, station.site, "arrive", batches=lines, **trip, **told)
    stored_at = diary.later(at, 20, 150)
    if diary.chance(0.9):  # storing after arriving is optional
        stored = lines if station.rounds else named(bags)
        diary.note(station.account, stored_at, station.site, "store", batches=stored)
        if diary.chance(0.03):
            again = diary.later(stored_at, 3, 10)
            store_by_mistake(diary, station.account, station.site, again, named(bags))
    for bag in bags:
        bag.ready_at = diary.later(stored_at, 30, 60)
    station.stock += [bag for bag in bags if bag not in torn]
    for number, bag in enumerate(torn):
        station.stock.append(relabel(diary, station, bag, diary.later(bag.ready_at, number, 1)))


def haul(diary: Diary, station: Station, day: datetime, lorry: Lorry) -> None:
    """Send a full load to a plant; on the last afternoon some leave that arrive tomorrow."""
    last = day + timedelta(days=1) == diary.end and diary.county in diary.world.pilots[::3]
    bags, pallets = station.loose(day), list(station.pallets)
    number = len(bags) + sum(len(pallet.bags) for pallet in pallets)
    if lorry.free_at > day or number < (1 if last else station.load):
        return
    at = diary.between(day, 15.5, 16.5) if last else diary.between(day, 7.5, 8.5)
    station.take(bags)
    station.pallets = []
    station.load = diary.rng.randint(*HAUL_BAGS)
    kind = diary.rng.choice(_PLANT_CHOICE)
    here = station.site.place
    plant = min(diary.world.receivers(kind), key=lambda one: distance_km(here, one.place))
    trip = {"trip": str(uuid7(diary.rng, at))} if diary.chance(0.8) else {}
    depart(
        diary,
        station.account,
        at,
        station.site,
        bags=[*bags, *pallets],
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
    receive_load(diary, plant, bags, pallets, arrived, trip)
