"""Making irregularities: bags, hand-ins and trips of a plant's own, each noted with what it did."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from app.demo import handins
from app.demo.actions import Event
from app.demo.bags import Bag, named, weighed
from app.demo.diary import Diary
from app.demo.points import Point
from app.demo.stations import Station
from app.demo.world import Site
from app.ids import uuid7

if TYPE_CHECKING:
    from app.demo.county import CountySeason

Holder = Point | Station


@dataclass
class Planted:
    """An irregularity as it was planted: by these an alert is known to be about it.

    `subjects` are trips, or sites and counties where the alert names no bag and no event.
    """

    rule: str
    county: str
    on: date
    subjects: list[str] = field(default_factory=list)
    bags: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    def explains(self, subject: str, events: Collection[str], bags: Collection[str]) -> bool:
        """Tell whether an alert about these is about what was planted here."""
        return (
            subject in self.subjects
            or not set(self.events).isdisjoint(events)
            or not set(self.bags).isdisjoint(bags)
        )


@dataclass
class Planting:
    """One irregularity being planted in a county's season, on a day (its midnight)."""

    run: "CountySeason"
    day: datetime
    planted: Planted

    @property
    def diary(self) -> Diary:
        """The county's diary."""
        return self.run.diary

    def at(self, hour: float, days: int = 0) -> datetime:
        """Return a moment within ten minutes of an hour, so many days later."""
        return self.diary.later(self.day + timedelta(days=days, hours=hour), 0, 10)

    def point(self, number: int) -> Point:
        """Return the county's point of a number."""
        return self.run.points[number - 1]

    def station_of(self, point: Point) -> Station:
        """Return the station to which a point delivers."""
        return next(one for one in self.run.stations if one.site is point.station)

    def note(self, account: str, at: datetime, site: Site, kind: str, **body: Any) -> Event | None:
        """Note an event and that it belongs to the plant."""
        event = self.diary.note(account, at, site, kind, **body)
        if event:
            self.planted.events.append(event["id"])
        return event

    def label(self, site: Site, at: datetime, kind: str = "bag", tare_g: int | None = None) -> str:
        """Return a label that was issued on the evening before."""
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
        [code] = self.diary.issue(site, self.diary.between(midnight, -7, -6), 1, kind, tare_g)
        return code

    def seal(self, holder: Holder, at: datetime, **more: Any) -> Bag:
        """Close and weigh a bag that somebody has filled at home."""
        returns: list[handins.Brought] = []
        counted_g, target_g = 0.0, self.diary.rng.uniform(6_000, 8_500)
        while counted_g < target_g:
            returns.append(handins.brought(self.diary.rng))
            counted_g += returns[-1].counted_g
        bag = Bag(self.label(holder.site, at), counted_g, at)
        line = weighed(bag, self.diary.shown(counted_g, holder.scale, 10))
        contents = handins.merged(returns)
        self.note(
            holder.account, at, holder.site, "collect", batches=[line], contents=contents, **more
        )
        self.planted.bags.append(bag.code)
        return bag

    def hand_in(
        self,
        point: Point,
        code: str,
        at: datetime,
        *,
        times: int = 1,
        place: tuple[float, float] | None = None,
        **more: Any,
    ) -> float:
        """Take something back into an open bag and return its grams as counted.

        `times` as many pieces are entered as were brought.
        """
        what = handins.brought(self.diary.rng)
        for line in what.contents:
            line["pieces"] *= times
        self.note(
            point.account,
            at,
            point.site,
            "hand_in",
            place=place,
            batches=[{"code": code}],
            contents=what.contents,
            payment=handins.payment(what),
            **more,
        )
        return what.counted_g * times

    def close(self, point: Point, code: str, mass_g: float, at: datetime) -> Bag:
        """Seal an open bag at what it truly weighs."""
        bag = Bag(code, mass_g, at)
        line = weighed(bag, self.diary.shown(mass_g, point.scale, 10))
        self.note(point.account, at, point.site, "collect", batches=[line])
        self.planted.bags.append(code)
        return bag

    def trip(self, at: datetime) -> str:
        """Return the UUID that a driver's phone gives a trip."""
        trip = str(uuid7(self.diary.rng, at))
        self.planted.subjects.append(trip)
        return trip

    def leave(
        self,
        holder: Holder,
        bags: list[Bag],
        to: Site,
        at: datetime,
        trip: str,
        **more: Any,
    ) -> Event | None:
        """Let a lorry leave with bags; the site's own people say so, unless another `account`."""
        account = more.pop("account", holder.account)
        return self.note(
            account,
            at,
            holder.site,
            "depart",
            batches=named(bags),
            destination=to.code,
            vehicle=self.run.light.plate,
            trip=trip,
            **more,
        )

    def receive(self, station: Station, bags: list[Bag], at: datetime, **more: Any) -> Event | None:
        """Weigh bags at a station, which has them in its store from then on."""
        lines = [weighed(bag, self.diary.shown(bag.true_g, station.scale, 10)) for bag in bags]
        self.keep(station, bags, at)
        return self.note(station.account, at, station.site, "arrive", batches=lines, **more)

    def keep(self, station: Station, bags: list[Bag], at: datetime) -> None:
        """Let a station have bags from a moment on, to be hauled with all others."""
        for bag in bags:
            bag.ready_at = at + timedelta(minutes=30)
        station.stock += bags

    def seal_some(self, holder: Holder, count: int, hour: float = 9) -> list[Bag]:
        """Close so many bags, one after the other."""
        return [self.seal(holder, self.at(hour + 0.2 * number)) for number in range(count)]
