"""A point's days: label rolls, hand-ins into one open bag, bags sealed and waiting."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.batches.codes import RANDOM_BITS, make_code
from app.demo import handins
from app.demo.actions import Event, LabelIssue
from app.demo.diary import Diary
from app.demo.world import Site
from app.ids import uuid7

ROLL = 20
"""Labels in one issue to a point."""
FEW_LABELS = 6
TARGET_G = (4_300, 8_800)
"""A bag is sealed after the hand-in that brings it over its target; so it weighs 4 to 12 kg."""
_OPENING_HOURS = ((7.5, 11.5), (14.0, 18.5))


@dataclass
class Bag:
    """A sealed bag: what it truly weighs, and since when it stands where it is."""

    code: str
    true_g: float
    ready_at: datetime


@dataclass
class Filling:
    """An open bag."""

    code: str
    target_g: float
    counted_g: float = 0.0


@dataclass
class Point:
    """A point through the season. `scale` is the bias of its scale, `station` where it delivers."""

    site: Site
    station: Site
    account: str
    activity: float
    pays: bool
    scale: float
    labels: deque[str] = field(default_factory=deque)
    open: Filling | None = None
    stock: list[Bag] = field(default_factory=list)


def issue_labels(diary: Diary, point: Point, day: datetime, taken: set[str]) -> LabelIssue:
    """Give a point a roll on the evening before the day; codes `taken` are not made again."""
    at = diary.between(day, -8, -7)
    codes: list[str] = []
    while len(codes) < ROLL:
        code = make_code(diary.county, diary.rng.getrandbits(RANDOM_BITS))
        if code not in taken:
            taken.add(code)
            codes.append(code)
    point.labels.extend(codes)
    return LabelIssue(
        at,
        f"county-{diary.county}",
        uuid7(diary.rng, at),
        diary.county,
        point.site.code,
        tuple(codes),
    )


def trade(diary: Diary, point: Point, day: datetime, mean: float) -> None:
    """Take back what people bring in a day's opening hours, and seal what is full."""
    rng = diary.rng
    wanted = sorted(
        diary.between(day, *rng.choice(_OPENING_HOURS)) for _ in range(handins.poisson(rng, mean))
    )
    free_at = day
    for moment in wanted:
        at = max(moment, free_at)
        bag = point.open = point.open or Filling(point.labels.popleft(), rng.uniform(*TARGET_G))
        _hand_in(diary, point, bag, at)
        free_at = diary.later(at, 2, 4)
        if bag.counted_g >= bag.target_g:
            free_at = diary.later(at, 4, 15)
            _seal(diary, point, bag, free_at)
            free_at = diary.later(free_at, 2, 4)
    grower = point.site.point_kind == "种植大户/合作社"
    if grower and point.open is None and diary.chance(0.1):
        evening = max(free_at, day + timedelta(hours=18))
        _seal_own(diary, point, diary.later(evening, 5, 30))


def _hand_in(diary: Diary, point: Point, bag: Filling, at: datetime) -> None:
    what = handins.brought(diary.rng)
    bag.counted_g += what.counted_g
    line: Event = {"code": bag.code}
    if diary.chance(0.15):  # most points count; some have a scale at the counter
        line["mass_g"] = diary.shown(what.counted_g, point.scale, 10)
        line["mass_source"] = "weighed"
    body: Event = {"batches": [line], "contents": what.contents}
    if who := handins.giver(diary.rng, point.site.village):
        body["giver"] = who
    if point.pays:
        body["payment"] = handins.payment(what)
    diary.note(point.account, at, point.site, "hand_in", **body)


def _seal(diary: Diary, point: Point, bag: Filling, at: datetime, **contents: list[Event]) -> None:
    # Pieces at their mean weight and a scale rarely agree: residue, water, grit.
    off = diary.rng.gauss(0, 0.012)
    if diary.chance(0.06):
        off = diary.rng.uniform(0.03, 0.06) * diary.rng.choice((-1, 1))
    true_g = bag.counted_g * (1 + off)
    mass_g = diary.shown(true_g, point.scale, 10)
    line: Event = {"code": bag.code, "mass_g": mass_g, "mass_source": "weighed"}
    if diary.chance(0.25):
        line |= {"gross_g": mass_g + 80, "tare_g": 80}
    diary.note(point.account, at, point.site, "collect", batches=[line], **contents)
    point.stock.append(Bag(bag.code, true_g, at))
    point.open = None


def _seal_own(diary: Diary, point: Point, at: datetime) -> None:
    """Seal a grower's own bag, filled without single hand-ins."""
    returns: list[handins.Brought] = []
    bag = Filling(point.labels.popleft(), diary.rng.uniform(*TARGET_G))
    while bag.counted_g < bag.target_g:
        returns.append(handins.brought(diary.rng))
        bag.counted_g += returns[-1].counted_g
    _seal(diary, point, bag, at, contents=handins.merged(returns))
