"""The simulated season: everything that reaches the server, in the order in which it does.

Pure: the seed, the world and its last day decide it all; no clock, no database. What happens is
true and lawful; only the telling of it is late, out of order or by a clock that is off.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from app.demo.actions import Action, Delivery, LabelIssue
from app.demo.county import CountySeason
from app.demo.diary import Diary
from app.demo.phones import OFFICE_ROLES, Device
from app.demo.planted import Planted
from app.demo.plants import plant_in
from app.demo.supply import declarations
from app.demo.world import SHANGHAI, Account, World, stream

DAYS = 100
HAND_INS = 1.34
"""Expected at a mean point on a mean day of the season: 225 at the 168 points of all pilots."""
LATE_PHONES = 0.07
SKEWED_CLOCKS = 0.04
BROKEN_PHONES = 0.02
BROKEN_DAYS = (3, 6)
"""How long a broken phone takes to be mended: shorter than any alert waits."""
# How much spraying a month sees, January first; and how busy points are, Monday first.
_MONTHS = (0.25, 0.3, 0.7, 1.1, 1.0, 1.1, 1.4, 1.5, 1.2, 0.8, 0.5, 0.3)
_WEEKDAYS = (1.0, 0.9, 0.9, 0.95, 1.0, 1.25, 1.15)


def season_days(last_day: date, days: int = DAYS) -> list[date]:
    """Return the days of the season that ends on `last_day`."""
    return [last_day - timedelta(days=ago) for ago in range(days - 1, -1, -1)]


def midnight(day: date) -> datetime:
    """Return the beginning of a day in China."""
    return datetime.combine(day, time(), SHANGHAI)


@dataclass(frozen=True)
class Season:
    """All that reaches the server in order, and the irregularities among it."""

    actions: list[Action]
    planted: list[Planted]


def live(world: World, days: int = DAYS, *, plain: bool = False) -> Season:
    """Live the last `days` up to the world's last; a plain season has nothing planted in it."""
    end = midnight(world.last_day + timedelta(days=1))
    begin = end - timedelta(days=days)
    devices = _devices(world, begin, days)
    means = _hand_ins_by_day(season_days(world.last_day, days))
    issues: list[LabelIssue] = []
    planted: list[Planted] = []
    for county in world.pilots:
        diary = Diary(world, county, devices, end)
        run = CountySeason(diary, begin)
        if not plain:
            planted += plant_in(run)
        for day, mean in means.items():
            run.live(midnight(day), mean)
        issues += diary.issues
    deliveries = [sent for device in devices.values() for sent in device.send(end)]
    declared = declarations(world, deliveries, begin, plain=plain)
    return Season(sorted([*issues, *deliveries, *declared], key=_reception), planted)


def play(world: World, days: int = DAYS, *, plain: bool = False) -> list[Action]:
    """Return label rolls, declarations and deliveries in the order in which they are received."""
    return live(world, days, plain=plain).actions


def _reception(action: Action) -> tuple[datetime, str]:
    who = action.device if isinstance(action, Delivery) else action.account
    return action.at.astimezone(UTC), who


def _hand_ins_by_day(days: list[date]) -> dict[date, float]:
    """Return how many hand-ins a point expects on each day."""
    weights = {day: _MONTHS[day.month - 1] * _WEEKDAYS[day.weekday()] for day in days}
    each = HAND_INS * len(days) / sum(weights.values())
    return {day: weight * each for day, weight in weights.items()}


def _devices(world: World, begin: datetime, days: int) -> dict[str, Device]:
    """Return the device of every account that records events, by username."""
    rng = stream(world.seed, "devices")
    devices: dict[str, Device] = {}
    for account in world.accounts:
        if not _records(account):
            continue
        office = account.role in OFFICE_ROLES
        device = Device(
            id=f"{'pc' if office else 'ph'}-{rng.getrandbits(64):016x}",
            account=account.username,
            rng=stream(world.seed, f"device/{account.username}"),
            office=office,
            late=not office and rng.random() < LATE_PHONES,
            last_sync=timedelta(minutes=rng.uniform(1, 90)),
        )
        if not office and rng.random() < SKEWED_CLOCKS:
            minutes = rng.uniform(3, 25) * rng.choice((-1, 1))
            device.skew = timedelta(minutes=round(minutes, 2))
        if not office and not device.late and rng.random() < BROKEN_PHONES:
            broken_at = begin + timedelta(days=rng.uniform(0.1, 0.9) * days)
            mended_at = broken_at + timedelta(days=rng.uniform(*BROKEN_DAYS))
            device.broken = broken_at, mended_at
        devices[account.username] = device
    return devices


def _records(account: Account) -> bool:
    """Tell whether an account records events: at its site, on the road, or for its county."""
    if account.role == "county":
        return account.department == "agriculture"
    return bool(account.site) or account.role == "carrier"
