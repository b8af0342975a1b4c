"""What each planted irregularity does. `plants.py` says where and when, and which rule finds it."""

from datetime import datetime, timedelta
from itertools import combinations
from math import ceil

from app.demo import handins
from app.demo.bags import Bag, named, weighed
from app.demo.geo import distance_km
from app.demo.planted import Planting
from app.demo.slips import put_right
from app.demo.stations import PALLET_G, open_stock

HOME = 0.029
"""Degrees of latitude from a shop to its keeper's home: some 3.2 km."""
MONTHS_IN_SEASON = range(4, 11)


def forgotten_bag(planting: Planting) -> None:
    """Forget a bag that was entered from paper on the season's first morning."""
    point, at = planting.point(5), planting.at(10)
    begin = planting.run.begin + timedelta(hours=8.5)
    planting.seal(point, at, told_at=max(at, begin), channel="paper")


def lighter_on_arrival(planting: Planting) -> None:
    """Let two of four bags lose 15 % between two scales."""
    point = planting.point(3)
    bags = planting.seal_some(point, 4)
    left = planting.at(13)
    trip = planting.trip(left)
    planting.leave(point, bags, point.station, left, trip)
    for bag in bags[:2]:
        bag.true_g *= 0.85
    planting.receive(planting.station_of(point), bags, planting.at(14.5), trip=trip)


def never_received(planting: Planting) -> None:
    """Send three bags that never arrive."""
    point = planting.point(9)
    bags = planting.seal_some(point, 3)
    left = planting.at(13)
    planting.leave(point, bags, point.station, left, planting.trip(left))


def at_night(planting: Planting) -> None:
    """Take back four times late at night; the bag is closed the next morning."""
    point, at = planting.point(2), planting.at(23)
    code = planting.label(point.site, at)
    counted_g = sum(
        planting.hand_in(point, code, at + timedelta(minutes=8 * number)) for number in range(4)
    )
    point.stock.append(planting.close(point, code, counted_g, planting.at(9, days=1)))


def short_arrival(planting: Planting) -> None:
    """Miss one bag and refuse one, which comes back to its point the next day."""
    point = planting.point(4)
    missing, refused, *bags = planting.seal_some(point, 4)
    left = planting.at(13)
    trip = planting.trip(left)
    planting.leave(point, [missing, refused, *bags], point.station, left, trip)
    exceptions = [
        {"code": missing.code, "outcome": "missing", "reason": "车上没有这一袋"},
        {"code": refused.code, "outcome": "refused", "reason": "渗漏，拒收"},
    ]
    planting.receive(
        planting.station_of(point), bags, planting.at(14.5), trip=trip, exceptions=exceptions
    )
    back_at = planting.at(10, days=1)
    planting.note(point.account, back_at, point.site, "arrive", batches=named([refused]), trip=trip)
    refused.ready_at = back_at
    point.stock.append(refused)


def inflated_pieces(planting: Planting) -> None:
    """Enter, and pay, four times as many pieces as were brought."""
    point, at = planting.point(6), planting.at(9)
    code, counted_g = planting.label(point.site, at), 0.0
    while counted_g < 22_000:  # noqa: PLR2004
        counted_g += planting.hand_in(point, code, at, times=4)
        at = planting.diary.later(at, 12, 25)
    point.stock.append(planting.close(point, code, counted_g * 0.3, at))


def elsewhere(planting: Planting) -> None:
    """Receive at one station what was sent to the other."""
    point = planting.point(3)
    named_one = planting.station_of(point)
    [other] = [one for one in planting.run.stations if one is not named_one]
    bags = planting.seal_some(point, 3)
    left = planting.at(13)
    trip = planting.trip(left)
    planting.leave(point, bags, point.station, left, trip)
    planting.receive(other, bags, planting.at(15), trip=trip)


def from_home(planting: Planting) -> None:
    """Enter hand-ins at the shopkeeper's home, some kilometres away."""
    point, at = planting.point(6), planting.at(19.2)
    lat, lon = point.site.place
    code = planting.label(point.site, at)
    counted_g = sum(
        planting.hand_in(point, code, at + timedelta(minutes=9 * number), place=(lat + HOME, lon))
        for number in range(3)
    )
    point.stock.append(planting.close(point, code, counted_g, planting.at(9, days=1)))


def other_trip(planting: Planting) -> None:
    """Send two lorries on one day; a bag of the first is taken for one of the second."""
    one, two = planting.point(2), planting.point(3)
    station = planting.station_of(one)
    mine, strayed = planting.seal_some(one, 2)
    [theirs] = planting.seal_some(two, 1)
    left = planting.at(13)
    first, second = planting.trip(left), planting.trip(left)
    planting.leave(one, [mine, strayed], station.site, left, first)
    planting.leave(two, [theirs], station.site, planting.at(13.3), second)
    planting.receive(station, [mine], planting.at(15), trip=first)
    planting.receive(station, [theirs, strayed], planting.at(15.4), trip=second)


def not_sealed(planting: Planting) -> None:
    """Load an open bag; nobody ever says that it was sealed."""
    point, at = planting.point(5), planting.at(9)
    code = planting.label(point.site, at)
    counted_g = sum(
        planting.hand_in(point, code, at + timedelta(minutes=10 * number)) for number in range(5)
    )
    planting.planted.bags.append(code)
    bag = Bag(code, counted_g, at)
    left = planting.at(13)
    trip = planting.trip(left)
    planting.leave(point, [bag], point.station, left, trip)
    planting.receive(planting.station_of(point), [bag], planting.at(14.5), trip=trip)


def not_sent(planting: Planting) -> None:
    """Receive a bag that nobody says was sent."""
    point = planting.point(4)
    planting.receive(planting.station_of(point), planting.seal_some(point, 1), planting.at(14.5))


def sent_late(planting: Planting) -> None:
    """Enter a departure eleven days after the arrival."""
    point = planting.point(8)
    bags, left = planting.seal_some(point, 1), planting.at(13)
    trip = planting.trip(left)
    planting.receive(planting.station_of(point), bags, planting.at(14.5), trip=trip)
    told_at = planting.at(9, days=11)
    planting.leave(point, bags, point.station, left, trip, told_at=told_at)


def not_received(planting: Planting) -> None:
    """Put a bag into store at the station that was not received there."""
    point = planting.point(7)
    station, bags = planting.station_of(point), planting.seal_some(point, 1)
    left, stored_at = planting.at(13), planting.at(14.8)
    planting.leave(point, bags, point.station, left, planting.trip(left))
    planting.note(station.account, stored_at, station.site, "store", batches=named(bags))
    planting.keep(station, bags, stored_at)


def gross_slip(planting: Planting) -> None:
    """Enter a weight ten times too large; three days later the county puts it right."""
    point = planting.point(4)
    station, [bag] = planting.station_of(point), planting.seal_some(point, 1)
    left, arrived = planting.at(13), planting.at(14.5)
    trip = planting.trip(left)
    planting.leave(point, [bag], point.station, left, trip)
    right = weighed(bag, planting.diary.shown(bag.true_g, station.scale, 10))
    wrong = right | {"mass_g": right["mass_g"] * 10}
    noted = planting.note(
        station.account, arrived, station.site, "arrive", batches=[wrong], trip=trip
    )
    county, corrected_at = f"county-{planting.diary.county}", planting.at(10, days=3)
    put_right(planting.diary, county, corrected_at, station.site, noted, [right])
    planting.keep(station, [bag], corrected_at)


def one_pallet_twice(planting: Planting) -> None:
    """Use a pallet at one station, and then at the other, without a trip between."""
    box = ""
    for station, days in zip(planting.run.stations, (0, 3), strict=True):
        at = planting.at(9, days)
        box = box or planting.label(station.site, at, "container", PALLET_G)
        bags = [planting.seal(station, at + timedelta(minutes=15 * number)) for number in range(2)]
        for kind, hour, later in (("pack", 11, 0), ("unpack", 10, 1)):
            planting.note(
                station.account,
                planting.at(hour, days + later),
                station.site,
                kind,
                container=box,
                batches=named(bags),
            )
        planting.keep(station, bags, planting.at(12, days + 1))


def two_places_at_once(planting: Planting) -> None:
    """Let the driver's phone enter two departures two minutes apart, far from each other."""
    one, two = max(
        combinations(planting.run.points[1:], 2),
        key=lambda both: distance_km(both[0].site.place, both[1].site.place),
    )
    at = planting.at(19.5)
    for point, left in ((one, at), (two, at + timedelta(minutes=2))):
        bags = planting.seal_some(point, 2)
        trip = planting.trip(left)
        account = f"carrier-{planting.diary.county}"
        planting.leave(point, bags, point.station, left, trip, account=account)
        planting.receive(planting.station_of(point), bags, planting.at(9, days=1), trip=trip)


def one_bottle_twice(planting: Planting) -> None:
    """Scan the same bottle's code at two points."""
    code = handins.unit_code(planting.diary.rng)
    for number, days in ((8, 0), (10, 2)):
        point, at = planting.point(number), planting.at(10, days)
        label = planting.label(point.site, at)
        counted_g = planting.hand_in(point, label, at, unit_codes=[code])
        while counted_g < 4_500:  # noqa: PLR2004
            at = planting.diary.later(at, 10, 20)
            counted_g += planting.hand_in(point, label, at)
        closed_at = planting.diary.later(at, 5, 10)
        point.stock.append(planting.close(point, label, counted_g, closed_at))


def shut_for_a_month(planting: Planting) -> None:
    """Shut a point for a whole month, the latest that an alert can tell of."""
    begin, end = planting.run.begin, planting.diary.end
    month = end.replace(day=1)
    while month > begin:
        after, month = month, (month - timedelta(days=1)).replace(day=1)
        told = after + timedelta(days=6) <= end
        if month > begin and told and month.month in MONTHS_IN_SEASON:
            point = planting.point(11)
            point.shut = month, after
            planting.planted.subjects.append(point.site.code)
            return


def to_unlisted(planting: Planting) -> None:
    """Send bags to a resource user that has fallen off the province's list."""
    _to_plant(planting, "130927-R0001", 4)


def to_unpermitted(planting: Planting) -> None:
    """Send bags to an incinerator whose permit has run out."""
    _to_plant(planting, "130984-I0001", 3)


def burst(planting: Planting) -> None:
    """Seal in the last three days of a quarter what a point otherwise does in months."""
    end = _quarter_end(planting.diary.end)
    if end - timedelta(days=6) < planting.run.begin:
        return
    point = planting.point(12)
    planting.planted.subjects.append(point.site.code)
    for days in (3, 2, 1):
        planting.day = end - timedelta(days=days)
        point.stock += planting.seal_some(point, 4, hour=15)


def round_weights(planting: Planting) -> None:
    """Let a keeper write down half kilograms, and count bag by bag every week."""
    station = planting.run.stations[1]
    station.rounds = True
    planting.planted.subjects.append(station.site.code)


def full_store(planting: Planting) -> None:
    """Enter more old stock at a point than it may hold."""
    point, diary = planting.point(7), planting.diary
    count = ceil(point.site.capacity_g * 0.97 / 6_700)
    bags = open_stock(diary, point.site, point.account, planting.day, count, point.scale)
    for bag in bags:  # fetched a week later, when even a late phone has told of them
        bag.ready_at += timedelta(days=7)
    point.stock += bags
    planting.planted.subjects.append(point.site.code)
    planting.planted.bags += [bag.code for bag in bags]


def _to_plant(planting: Planting, code: str, count: int) -> None:
    station, plant = planting.run.stations[0], planting.diary.world.site[code]
    bags = planting.seal_some(station, count, hour=8)
    left = planting.at(11)
    trip = planting.trip(left)
    planting.leave(station, bags, plant, left, trip)
    account = planting.diary.world.account_at[code].username
    arrived = planting.at(15, days=1)
    lines = [weighed(bag, planting.diary.shown(bag.true_g, 1.0, 20)) for bag in bags]
    planting.note(account, arrived, plant, "arrive", batches=lines, trip=trip)
    planting.note(account, planting.at(16.5, days=1), plant, "store", batches=named(bags))


def _quarter_end(end: datetime) -> datetime:
    """Return the latest beginning of a quarter that is not after a moment."""
    return end.replace(month=(end.month - 1) // 3 * 3 + 1, day=1)
