"""What plants do with a load: weigh it, keep it some days, treat it in one lot or two."""

from datetime import datetime, timedelta

from app.demo.actions import Event
from app.demo.bags import Bag, Pallet, named, true_g, weighed
from app.demo.diary import Diary
from app.demo.stations import gross_of
from app.demo.world import Site

METHODS = {"R": "resource_use", "I": "incinerate", "L": "landfill"}
WEIGHBRIDGE_STEP_G = 500
_CERTIFICATES = {"R": "ZY", "I": "FS", "L": "TM"}


def receive_load(
    diary: Diary,
    plant: Site,
    bags: list[Bag],
    pallets: list[Pallet],
    at: datetime,
    trip: Event,
) -> None:
    """Weigh a load, store it, and treat it some days later.

    Pallets are weighed whole; loose bags one by one, or all together where there are no pallets.
    """
    account = diary.world.account_at[plant.code].username
    diary.note(account, at, plant, "arrive", **_weighing(diary, bags, pallets), **trip)
    stored_at = diary.later(at, 40, 150)
    if diary.chance(0.7):
        diary.note(account, stored_at, plant, "store", batches=named([*bags, *pallets]))
    if pallets and diary.chance(0.3):
        bags = bags + _unpacked(diary, account, plant, pallets, diary.later(stored_at, 20, 60))
        pallets = []
    load: list[Bag | Pallet] = [*pallets, *bags]
    cut = len(load) // 2 if diary.chance(0.3) else 0
    day = at.replace(hour=0, minute=0, second=0)
    for lot in (load[:cut], load[cut:]):
        if lot:
            treat(diary, plant, lot, day + timedelta(days=diary.rng.randint(2, 9)))


def _weighing(diary: Diary, bags: list[Bag], pallets: list[Pallet]) -> Event:
    """Return how an arrival names and weighs a load."""
    whole = [
        {"code": one.code, "gross_g": gross_of(diary, one, 1.0, WEIGHBRIDGE_STEP_G)}
        for one in pallets
    ]
    if not pallets and diary.chance(0.4):
        return {
            "batches": named(bags),
            "group_mass_g": diary.shown(true_g(bags), 1.0, WEIGHBRIDGE_STEP_G),
        }
    return {"batches": [*whole, *(weighed(bag, diary.shown(bag.true_g, 1.0, 20)) for bag in bags)]}


def _unpacked(
    diary: Diary, account: str, plant: Site, pallets: list[Pallet], at: datetime
) -> list[Bag]:
    """Take all bags off their pallets."""
    found: list[Bag] = []
    for number, pallet in enumerate(pallets):
        found += pallet.bags
        diary.note(
            account,
            at + timedelta(minutes=10 * number),
            plant,
            "unpack",
            container=pallet.code,
            batches=named(pallet.bags),
        )
    return found


def treat(diary: Diary, plant: Site, lot: list[Bag | Pallet], day: datetime) -> None:
    """Treat a lot at a plant on a day, with its certificate."""
    at = diary.between(day, 9, 16.5)
    serial = f"{at:%Y%m%d}-{diary.rng.randrange(10_000):04}"
    body: Event = {"method": METHODS[plant.kind]}
    body["certificate"] = f"{_CERTIFICATES[plant.kind]}-{plant.county}-{serial}"
    if plant.kind == "R":
        body["product"] = "再生塑料颗粒（市政管材用）"
    account = diary.world.account_at[plant.code].username
    diary.note(account, at, plant, "dispose", batches=named(lot), **body)
