"""One pilot county's season, day by day: its points, stations and lorries."""

from datetime import datetime

from app.demo.actions import LabelIssue
from app.demo.diary import Diary
from app.demo.geo import distance_km
from app.demo.points import FEW_LABELS, Point, issue_labels, trade
from app.demo.roads import HAUL_BAGS, Lorry, Station, fetch, haul
from app.demo.world import Site

SUNDAY = 6


class CountySeason:
    """Lives a county's days one after the other."""

    def __init__(self, diary: Diary, begin: datetime) -> None:
        self.diary = diary
        self.codes: set[str] = set()
        world = diary.world
        self.light, self.heavy = (Lorry(plate, begin) for plate in world.plates[diary.county])
        self.stations = [self._station(site) for site in world.sites_of(diary.county, "S")]
        self.points = [self._point(site) for site in world.sites_of(diary.county, "P")]
        mean = sum(point.activity for point in self.points) / len(self.points)
        for point in self.points:
            point.activity /= mean

    def _station(self, site: Site) -> Station:
        account = self.diary.world.account_at[site.code].username
        return Station(site, account, self._scale(), self.diary.rng.randint(*HAUL_BAGS))

    def _point(self, site: Site) -> Point:
        station = min(self.stations, key=lambda one: distance_km(site.place, one.site.place))
        return Point(
            site,
            station.site,
            self.diary.world.account_at[site.code].username,
            activity=self.diary.rng.uniform(0.6, 1.6),
            pays=self.diary.chance(0.6),
            scale=self._scale(),
        )

    def _scale(self) -> float:
        return self.diary.rng.uniform(0.994, 1.006)

    def live(self, day: datetime, hand_ins: float) -> list[LabelIssue]:
        """Live one day from its midnight and return the label rolls that were given out for it.

        A point of mean activity expects so many hand-ins.
        """
        issues = []
        for point in self.points:
            if len(point.labels) < FEW_LABELS:
                issues.append(issue_labels(self.diary, point, day, self.codes))
            trade(self.diary, point, day, hand_ins * point.activity)
        if day.weekday() == SUNDAY:
            return issues
        for station in self.stations:
            haul(self.diary, station, day, self.heavy)
            points = [point for point in self.points if point.station is station.site]
            fetch(self.diary, station, points, day, self.light)
        return issues
