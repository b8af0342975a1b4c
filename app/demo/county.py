"""One pilot county's season, day by day: its points, stations and lorries."""

from datetime import datetime, timedelta

from app.demo.diary import Diary
from app.demo.geo import distance_km
from app.demo.labels import Roll
from app.demo.points import FEW_LABELS, ROLL, Point, trade
from app.demo.roads import HAUL_BAGS, Lorry, fetch, haul
from app.demo.sorting import merge, sort
from app.demo.stations import (
    OPENING_BAGS,
    PALLET_G,
    Station,
    count,
    count_each,
    open_stock,
    pack,
    write_off,
)
from app.demo.world import Site

MONDAY, WEDNESDAY, FRIDAY, SUNDAY = 0, 2, 4, 6
POINT_OPENING_BAGS = (3, 6)
FLOOD_AFTER = timedelta(days=40)
FLOODED_BAGS = 2


class CountySeason:
    """Lives a county's days one after the other.

    What a county does beyond the usual follows from its place among the pilots, so that all of it
    happens somewhere. The first one keeps to single bags and pallets: it is where tours begin.
    """

    def __init__(self, diary: Diary, begin: datetime) -> None:
        self.diary = diary
        self.begin = begin
        world = diary.world
        self.number = world.pilots.index(diary.county)
        self.floods = self.number % 5 == 4  # noqa: PLR2004
        """Water is still to come into a store."""
        self.light, self.heavy = (Lorry(plate, begin) for plate in world.plates[diary.county])
        self.stations = [self._station(site) for site in world.sites_of(diary.county, "S")]
        self.points = [self._point(site) for site in world.sites_of(diary.county, "P")]
        mean = sum(point.activity for point in self.points) / len(self.points)
        for point in self.points:
            point.activity /= mean

    def _station(self, site: Site) -> Station:
        account = self.diary.world.account_at[site.code].username
        first = site.code.endswith("S0001")
        return Station(
            site,
            account,
            self._scale(),
            self.diary.rng.randint(*HAUL_BAGS),
            labels=Roll(site, 40, 20),
            pallet_labels=Roll(site, 10, 2, "container", PALLET_G),
            packs=first and self.number % 2 == 0,
            sorts=not first and self.number % 3 == 1,
            merges=self.number % 3 == 2,  # noqa: PLR2004
            relabels=self.number > 0,
        )

    def _point(self, site: Site) -> Point:
        station = min(self.stations, key=lambda one: distance_km(site.place, one.site.place))
        return Point(
            site,
            station.site,
            self.diary.world.account_at[site.code].username,
            activity=self.diary.rng.uniform(0.6, 1.6),
            pays=self.diary.chance(0.6),
            scale=self._scale(),
            labels=Roll(site, ROLL, FEW_LABELS),
        )

    def _scale(self) -> float:
        return self.diary.rng.uniform(0.994, 1.006)

    def live(self, day: datetime, hand_ins: float) -> None:
        """Live one day from its midnight. A point of mean activity expects so many hand-ins."""
        diary = self.diary
        if day == self.begin:
            self._open_stock(day)
        for point in self.points:
            point.labels.refill(diary, day)
            trade(diary, point, day, hand_ins * point.activity)
        for station in self.stations:
            station.labels.refill(diary, day)
            station.pallet_labels.refill(diary, day)
            if day.weekday() != SUNDAY:
                self._work(station, day)
            if (day + timedelta(days=1)).day == 1:
                count(diary, station, day)

    def _work(self, station: Station, day: datetime) -> None:
        diary = self.diary
        haul(diary, station, day, self.heavy)
        if station.sorts and day.weekday() == WEDNESDAY:
            sort(diary, station, day)
        if station.merges and day.weekday() == FRIDAY and diary.chance(0.4):
            merge(diary, station, day)
        if self.floods and station is self.stations[1] and day >= self.begin + FLOOD_AFTER:
            self.floods = not write_off(diary, station, day, FLOODED_BAGS)
        points = [point for point in self.points if point.station is station.site]
        fetch(diary, station, points, day, self.light)
        if station.rounds and day.weekday() == MONDAY:
            count_each(diary, station, day)
        if station.packs:
            pack(diary, station, day)

    def _open_stock(self, day: datetime) -> None:
        """Enter what some stations and points held before the season."""
        diary = self.diary
        if self.number % 4 == 3:  # noqa: PLR2004
            station = self.stations[1]
            bags = diary.rng.randint(*OPENING_BAGS)
            station.stock += open_stock(
                diary, station.site, station.account, day, bags, station.scale
            )
        if self.number % 6 == 5:  # noqa: PLR2004
            point = self.points[4]
            bags = diary.rng.randint(*POINT_OPENING_BAGS)
            point.stock += open_stock(diary, point.site, point.account, day, bags, point.scale)
