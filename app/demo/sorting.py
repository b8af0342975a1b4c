"""Sorting by material and merging small bags: a station's main work, one repack each."""

from datetime import datetime
from math import ceil

from app.balance.apportion import apportion
from app.demo.actions import Event
from app.demo.bags import Bag
from app.demo.diary import Diary
from app.demo.handins import unit_weights
from app.demo.stations import Station

SORTED_BAGS = (10, 16)
"""Fewest and most bags that are sorted at once."""
SACK_G = 20_000
"""What a sack of one material holds at most."""
LEAST_G = 1_500
"""Less of a material goes in with the rest."""
MERGED_G = 16_000
_GLASS = ("glass", "bottle", "lt200ml")


def sort(diary: Diary, station: Station, day: datetime) -> None:
    """Sort bags by material: what was counted at the counter comes out in sacks of one material.

    Stones and string are foreign, and some water has run off.
    """
    least, most = SORTED_BAGS
    bags = [bag for bag in station.loose(day) if bag.materials][:most]
    if len(bags) < least:
        return
    at = diary.between(day, 9.5, 11.5)
    inputs = _inputs(diary, station, bags)
    total_g = sum(line["mass_g"] for line in inputs)
    foreign_g = round(total_g * diary.rng.uniform(0.008, 0.025))
    moisture_g = round(total_g * diary.rng.uniform(0.004, 0.015))
    outputs = [
        {"code": station.labels.take(), **sack}
        for sack in _sacks(bags, total_g - foreign_g - moisture_g)
    ]
    diary.note(
        station.account,
        at,
        station.site,
        "repack",
        mode="sort",
        reason="按材质分拣",
        inputs=inputs,
        outputs=outputs,
        removed=[
            {"reason": "foreign", "mass_g": foreign_g},
            {"reason": "moisture", "mass_g": moisture_g},
        ],
    )
    station.take(bags)
    for output in outputs:
        mass_g = output["mass_g"]
        station.stock.append(Bag(output["code"], mass_g, at, mass_g))


def merge(diary: Diary, station: Station, day: datetime) -> None:
    """Pour the lightest bags into one, where one holds them."""
    bags = sorted(
        (bag for bag in station.loose(day) if bag.materials), key=lambda one: one.shown_g
    )[: diary.rng.randint(2, 3)]
    if len(bags) < 2 or sum(bag.shown_g for bag in bags) > MERGED_G:  # noqa: PLR2004
        return
    at = diary.between(day, 14, 15.5)
    inputs = _inputs(diary, station, bags)
    mass_g = sum(line["mass_g"] for line in inputs)
    materials: dict[str, float] = {}
    for bag in bags:
        for material, grams in bag.materials.items():
            materials[material] = materials.get(material, 0) + grams
    merged = Bag(station.labels.take(), sum(b.true_g for b in bags), at, mass_g, materials)
    diary.note(
        station.account,
        at,
        station.site,
        "repack",
        mode="mix",
        reason="小袋合并",
        inputs=inputs,
        outputs=[{"code": merged.code, "mass_g": mass_g}],
    )
    station.take(bags)
    station.stock.append(merged)


def _inputs(diary: Diary, station: Station, bags: list[Bag]) -> list[Event]:
    return [
        {"code": bag.code, "mass_g": diary.shown(bag.true_g, station.scale, 10)} for bag in bags
    ]


def _sacks(bags: list[Bag], total_g: int) -> list[Event]:
    """Divide grams among sacks of one material each, and one of what is little."""
    counted: dict[str, float] = {}
    for bag in bags:
        for material, grams in bag.materials.items():
            counted[material] = counted.get(material, 0) + grams
    names = sorted(counted)
    grams_of = dict(
        zip(names, apportion(total_g, [round(counted[name]) for name in names]), strict=True)
    )
    little = [name for name in names if grams_of[name] < LEAST_G]
    sacks: list[Event] = []
    for name in names:
        if name in little:
            continue
        number = ceil(grams_of[name] / SACK_G)
        masses = apportion(grams_of[name], [1] * number)
        sacks += [{"mass_g": mass_g, **_what(name, mass_g)} for mass_g in masses]
    rest_g = sum(grams_of[name] for name in little)
    return [*sacks, {"mass_g": rest_g}] if rest_g else sacks


def _what(material: str, mass_g: int) -> Event:
    """Return how an output says its material: glass is counted, the rest only named."""
    if material != _GLASS[0]:
        return {"material": material}
    pieces = max(1, round(mass_g * 1000 / unit_weights()[_GLASS]))
    line = dict(zip(("material", "form", "size"), _GLASS, strict=True))
    return {"contents": [{**line, "pieces": pieces}]}
