"""A point's days: hand-ins into one open bag, bags sealed and waiting."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.demo import handins
from app.demo.actions import Event
from app.demo.bags import Bag, weighed
from app.demo.diary import Diary
from app.demo.labels import Roll
from app.demo.slips import mistype_seal
from app.demo.world import Site

ROLL = 20
"""Labels in one issue to a point."""
FEW_LABELS = 6
TARGET_G = (4_300, 8_800)
"""A bag is sealed after the hand-in that brings it over its target; so it weighs 4 to 12 kg."""
GROWER = "种植大户/合作社"
_OPENING_HOURS = ((7.5, 11.5), (14.0, 18.5))


@dataclass
class Filling:
    """An open bag."""

    code: str
    target_g: float
    counted_g: float = 0.0
    materials: dict[str, float] = field(default_factory=dict)

    def add(self, what: handins.Brought) -> None:
        """Put in what somebody has brought."""
        self.counted_g += what.counted_g
        for material, grams in what.materials.items():
            self.materials[material] = self.materials.get(material, 0) + grams


@dataclass
class Point:
    """A point through the season. `scale` is the bias of its scale, `station` where it delivers."""

    site: Site
    station: Site
    account: str
    activity: float
    pays: bool
    scale: float
    labels: Roll
    open: Filling | None = None
    stock: list[Bag] = field(default_factory=list)
    shut: tuple[datetime, datetime] | None = None
    """From when to when it takes nothing back."""


def trade(diary: Diary, point: Point, day: datetime, mean: float) -> None:
    """Take back what people bring in a day's opening hours, and seal what is full."""
    if point.shut and point.shut[0] <= day < point.shut[1]:
        return
    rng = diary.rng
    wanted = sorted(
        diary.between(day, *rng.choice(_OPENING_HOURS)) for _ in range(handins.poisson(rng, mean))
    )
    free_at = day
    for moment in wanted:
        at = max(moment, free_at)
        point.open = point.open or Filling(point.labels.take(), rng.uniform(*TARGET_G))
        hand_in(diary, point, point.open, at)
        free_at = diary.later(at, 2, 4)
        if point.open.counted_g >= point.open.target_g:
            free_at = diary.later(at, 4, 15)
            seal(diary, point, point.open, free_at)
            point.open = None
            free_at = diary.later(free_at, 2, 4)
    grower = point.site.point_kind == GROWER
    if grower and point.open is None and diary.chance(0.1):
        evening = max(free_at, day + timedelta(hours=18))
        seal_own(diary, point, diary.later(evening, 5, 30))


def hand_in(diary: Diary, point: Point, bag: Filling, at: datetime) -> None:
    """Take back what one person brings, into the open bag."""
    what = handins.brought(diary.rng)
    bag.add(what)
    line: Event = {"code": bag.code}
    if diary.chance(0.15):  # most points count; some have a scale at the counter
        line["mass_g"] = diary.shown(what.counted_g, point.scale, 10)
        line["mass_source"] = "weighed"
    body: Event = {"batches": [line], "contents": what.contents}
    if who := handins.giver(diary.rng, point.site.village):
        body["giver"] = who
    if point.pays:
        body["payment"] = handins.payment(what)
    if diary.chance(0.04):  # the shop scans a bottle or two
        body["unit_codes"] = [handins.unit_code(diary.rng) for _ in range(diary.rng.randint(1, 3))]
    diary.note(point.account, at, point.site, "hand_in", **body)


def seal(diary: Diary, point: Point, bag: Filling, at: datetime, **contents: Any) -> None:
    """Close and weigh a bag; it waits for a round."""
    # Pieces at their mean weight and a scale rarely agree: residue, water, grit.
    off = diary.rng.gauss(0, 0.012)
    if diary.chance(0.06):
        off = diary.rng.uniform(0.03, 0.06) * diary.rng.choice((-1, 1))
    sealed = Bag(bag.code, bag.counted_g * (1 + off), at, materials=bag.materials)
    mass_g = diary.shown(sealed.true_g, point.scale, 10)
    line = weighed(sealed, mass_g)
    if diary.chance(0.25):
        line |= {"gross_g": mass_g + 80, "tare_g": 80}
    if diary.devices[point.account].prompt and diary.chance(0.02):
        mistype_seal(diary, point.account, point.site, at, line, contents)
    else:
        diary.note(point.account, at, point.site, "collect", batches=[line], **contents)
    point.stock.append(sealed)


def seal_own(diary: Diary, point: Point, at: datetime) -> None:
    """Seal a grower's own bag, filled without single hand-ins."""
    returns: list[handins.Brought] = []
    bag = Filling(point.labels.take(), diary.rng.uniform(*TARGET_G))
    while bag.counted_g < bag.target_g:
        returns.append(handins.brought(diary.rng))
        bag.add(returns[-1])
    seal(diary, point, bag, at, contents=handins.merged(returns))
