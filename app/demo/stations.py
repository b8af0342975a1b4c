"""A station's own work: pallets, stock counts, torn labels, and what water takes."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.demo.actions import Event
from app.demo.bags import Bag, Pallet, named, on_pallets, true_g, weighed
from app.demo.diary import Diary
from app.demo.labels import Roll
from app.demo.world import Site

PALLET_BAGS = (10, 24)
"""Fewest and most bags that go on a pallet."""
PALLET_G = 20_000
PALLET_STEP_G = 200
"""The division of a platform scale."""
OPENING_BAGS = (8, 16)
HALF_KG = 500
MOST_ROUNDED = 0.025
"""More than this share is not rounded off: it would show at the next scale."""


@dataclass
class Station:
    """A station through the season. `load` is how many bags it waits for.

    Some put their bags on pallets, some sort them by material or merge small ones. Of one that
    `rounds` the keeper writes down half kilograms.
    """

    site: Site
    account: str
    scale: float
    load: int
    labels: Roll
    pallet_labels: Roll
    packs: bool = False
    sorts: bool = False
    merges: bool = False
    relabels: bool = False
    rounds: bool = False
    stock: list[Bag] = field(default_factory=list)
    pallets: list[Pallet] = field(default_factory=list)

    @property
    def held(self) -> list[Bag]:
        """All bags, loose and on pallets."""
        return self.stock + on_pallets(self.pallets)

    def loose(self, at: datetime) -> list[Bag]:
        """Return the loose bags that have been in store since before a moment."""
        return [bag for bag in self.stock if bag.ready_at < at]

    def weigh(self, diary: Diary, bag: Bag) -> Event:
        """Put a bag on the scale, and return it as an event names it."""
        mass_g = diary.shown(bag.true_g, self.scale, 10)
        half_g = round(mass_g / HALF_KG) * HALF_KG
        near = self.rounds and abs(half_g - mass_g) <= MOST_ROUNDED * mass_g
        return weighed(bag, half_g if near else mass_g)

    def take(self, bags: list[Bag]) -> None:
        """Take bags out of the loose stock."""
        self.stock = [bag for bag in self.stock if bag not in bags]


def pack(diary: Diary, station: Station, day: datetime) -> None:
    """Put what is loose on a labelled pallet in the evening, and weigh it once."""
    at = diary.between(day, 16.5, 17.5)
    least, most = PALLET_BAGS
    bags = station.loose(at)[:most]
    if len(bags) < least:
        return
    pallet = Pallet(station.pallet_labels.take(), PALLET_G, bags, at)
    station.take(bags)
    station.pallets.append(pallet)
    diary.note(
        station.account,
        at,
        station.site,
        "pack",
        container=pallet.code,
        batches=named(bags),
        weighed={
            "container": pallet.code,
            "gross_g": gross_of(diary, pallet, station.scale, PALLET_STEP_G),
        },
    )


def gross_of(diary: Diary, pallet: Pallet, scale: float, step_g: int) -> int:
    """Return what a scale shows of a pallet with its bags."""
    return diary.shown(true_g(pallet.bags) + pallet.tare_g, scale, step_g)


def count(diary: Diary, station: Station, day: datetime) -> None:
    """Count the store at a month's end; some put everything loose on the scale at once.

    Once in a while the county comes and counts.
    """
    at = diary.between(day, 18, 18.6)
    loose = station.loose(at)
    lines = named(loose) + named(station.pallets)
    if not lines:
        return
    body: Event = {"batches": lines, "reason": "月末盘点"}
    if not station.pallets and diary.chance(0.3):
        body["group_mass_g"] = diary.shown(true_g(loose), station.scale, PALLET_STEP_G)
    inspected = diary.chance(0.15)
    if inspected:
        body["reason"] = "县农业农村局抽查盘点"
    account = f"county-{diary.county}" if inspected else station.account
    diary.note(account, at, station.site, "stock_count", **body)


def count_each(diary: Diary, station: Station, day: datetime) -> None:
    """Count a store bag by bag, as if each had been put on the scale again."""
    at = diary.between(day, 15, 16)
    bags = station.loose(at)
    if bags:
        lines = [station.weigh(diary, bag) for bag in bags]
        diary.note(station.account, at, station.site, "stock_count", batches=lines)


def open_stock(
    diary: Diary, site: Site, account: str, day: datetime, count: int, scale: float
) -> list[Bag]:
    """Enter what a site held before the platform came: counted and weighed under new labels."""
    codes = diary.issue(site, diary.between(day, -8, -7), count)
    at = diary.between(day, 8, 9.5)
    bags = [Bag(code, diary.rng.uniform(5_000, 9_500), at) for code in codes]
    lines = [weighed(bag, diary.shown(bag.true_g, scale, 10)) for bag in bags]
    diary.note(account, at, site, "stock_count", batches=lines, reason="平台启用前的存货")
    return bags


def relabel(diary: Diary, station: Station, torn: Bag, at: datetime) -> Bag:
    """Give a bag whose label is torn another one: the same bag under a new code."""
    bag = Bag(station.labels.take(), torn.true_g, at, torn.shown_g, torn.materials)
    diary.note(
        station.account,
        at,
        station.site,
        "repack",
        mode="mix",
        reason="relabel",
        inputs=[{"code": torn.code, "mass_g": torn.shown_g}],
        outputs=[{"code": bag.code, "mass_g": bag.shown_g}],
    )
    return bag


def write_off(diary: Diary, station: Station, day: datetime, count: int) -> bool:
    """Let water take some bags; the county takes them off the books on the next working day.

    False where too few stand there.
    """
    bags = station.loose(day)[:count]
    if len(bags) < count:
        return False
    station.take(bags)
    at = diary.between(day + timedelta(days=2 if day.weekday() == 5 else 1), 9, 11)  # noqa: PLR2004
    diary.note(
        f"county-{diary.county}",
        at,
        station.site,
        "write_off",
        batches=named(bags),
        reason="夜间暴雨进水，袋已泡烂，现场核查后核销",
    )
    return True
