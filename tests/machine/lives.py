"""Lives of bags and containers in which every step fits: what really happened, in order.

A small world is played: bags lie at sites, in containers or on trips, and each step is what
somebody there could do. Codes are those given, so that the same life can be told of other labels.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.machine.cast import METHODS, PLANTS, POINTS, START, STATIONS, STORES, TARE_G, event_id
from tests.world import BOTTLES, VEHICLE

Body = dict[str, Any]
HELD, OPEN, AWAY, GONE = "held", "open", "away", "gone"
LEFT = ("refused", "missing")
CLOSING = ("hand_in", "collect", "depart")
"""Kinds that are told right at once: they say what came from where, or open a trip."""


@dataclass
class Bag:
    """A bag as it really is; `site` is where it lies, or of a bag on a trip, where it left."""

    code: str
    state: str = ""
    site: str = ""
    box: "Box | None" = None
    trip: str = ""
    mass_g: int = 0


@dataclass
class Box:
    """A container as it really is."""

    code: str
    site: str = ""
    trip: str = ""


@dataclass
class Life:
    """The world while it is played, and the events told so far."""

    rng: Random
    bags: list[Bag]
    boxes: list[Box]
    at: datetime = START
    told: list[Body] = field(default_factory=list)
    number: int = 0
    corrected: float = 0
    example: int = 0

    def play(self, steps: int, *, corrected: float = 0) -> list[Body]:
        """Let so many things happen, as far as anything can.

        `corrected` is the part of the weights that are mistyped first and then put right. A
        correction may not change what went into a mixture, so then nothing is mixed.
        """
        self.corrected = corrected
        deeds = [deed for deed in DEEDS if not (corrected and deed is _repack)]
        for _ in range(steps):
            able = [deed for deed in deeds if deed(self, dry=True)]
            if able:
                self.rng.choice(able)(self, dry=False)
        return self.told

    def where(self, state: str, *, site: str = "", box: "Box | None" = None) -> list[Bag]:
        """Return the bags in a state, at a site if one is said, in a box or in none."""
        return [
            bag
            for bag in self.bags
            if bag.state == state and bag.box is box and (not site or bag.site == site)
        ]

    def within(self, box: Box) -> list[Bag]:
        """Return what is in a box."""
        return [bag for bag in self.bags if bag.box is box]

    def full(self, *, site: str = "", trip: str = "") -> list[Box]:
        """Return the boxes with something in them at a site, or on a trip."""
        return [
            box
            for box in self.boxes
            if (box.site if site else box.trip) == (site or trip) and self.within(box)
        ]

    def some(self, of: list[Any], most: int = 4) -> list[Any]:
        """Return a few of several, at least one."""
        return self.rng.sample(of, self.rng.randint(1, min(most, len(of))))

    def grams(self) -> int:
        """Return what a scale could say of a bag; now and then a very small or a large mass."""
        return self.rng.choice([self.rng.randint(300, 900), self.rng.randint(1, 9_000)])

    def tell(self, kind: str, site: str, **fields: Any) -> Body:
        """Add an event, a little after the one before, or at the same instant."""
        self.number += 1
        self.at += timedelta(
            minutes=self.rng.choice([0, 1, 600]), microseconds=self.rng.randint(0, 9)
        )
        body = {
            "id": event_id(self.at, self.number, self.example),
            "kind": kind,
            "occurred_at": self.at.isoformat(),
            "site": site,
            "device": {"id": site, "seq": self.number},
            **fields,
        }
        self.told.append(body)
        if self.corrected and self.rng.random() < self.corrected and kind not in CLOSING:
            self._mistype(body)
        return body

    def _mistype(self, body: Body) -> None:
        """Tell another weight first, and then the right one; the latter counts from then on."""
        right = {key: value for key, value in body.items() if key != "id"}
        refs = [ref for ref in body["batches"] if "mass_g" in ref]
        if "group_mass_g" in body:
            self.told[-1] = body | {"group_mass_g": body["group_mass_g"] + 1_000}
        elif refs:
            wrong = [ref | {"mass_g": ref.get("mass_g", 0) + 70} for ref in refs]
            others = [ref for ref in body["batches"] if ref not in refs]
            self.told[-1] = body | {"batches": [*wrong, *others]}
        else:
            return
        self.number += 1
        self.told.append(
            {
                "id": event_id(self.at, self.number, self.example), "kind": "correct",
                "corrects": body["id"], "reason": "incorrect_data", "replacement": right,
            }
        )  # fmt: skip

    def exception(self, code: str, outcomes: tuple[str, ...]) -> Body:
        """Return what an arrival says of what did not simply arrive."""
        return {"code": code, "outcome": self.rng.choice(outcomes), "reason": "见单"}

    def weighing(self, bags: list[Bag], boxes: list[Box] | None = None) -> Body:
        """Return `batches` of what is handled, weighed one by one, together, in part or not."""
        boxes = boxes or []
        refs = [{"code": bag.code} for bag in bags] + [{"code": box.code} for box in boxes]
        how = self.rng.choice(["not", "each", "together", "container"])
        found: Body = {"batches": refs}
        if how == "together" and refs:
            found["group_mass_g"] = self.rng.randint(1, 5_000)
        elif how == "container" and boxes:
            gross_g = TARE_G + self.rng.randint(1, 5_000)
            found["weighed"] = {"container": self.rng.choice(boxes).code, "gross_g": gross_g}
        elif how == "each":
            for ref in refs:
                if self.rng.random() < 0.7:
                    ref["mass_g"] = self.grams()
                    if self.rng.random() < 0.2:
                        ref["mass_source"] = self.rng.choice(["carried", "declared"])
        return found


def _hand_in(life: Life, *, dry: bool) -> bool:
    able = [bag for bag in life.bags if bag.state in ("", OPEN) and not bag.box]
    if dry or not able:
        return bool(able)
    bag = life.rng.choice(able)
    bag.site = bag.site or life.rng.choice(POINTS)
    bag.state = OPEN
    lines = [BOTTLES, {**BOTTLES, "scope": "veterinary", "pieces": 7}]
    ref = {"code": bag.code} | ({"mass_g": life.grams()} if life.rng.random() < 0.5 else {})
    life.tell("hand_in", bag.site, batches=[ref], contents=lines[: life.rng.randint(1, 2)])
    return True


def _collect(life: Life, *, dry: bool) -> bool:
    able = [bag for bag in life.bags if bag.state in ("", OPEN)]
    if dry or not able:
        return bool(able)
    bag = life.rng.choice(able)
    bag.site = bag.site or life.rng.choice(STORES)
    bag.state = HELD
    life.tell("collect", bag.site, batches=[{"code": bag.code, "mass_g": life.grams()}])
    return True


def _count(life: Life, *, dry: bool) -> bool:
    able = [bag for bag in life.bags if bag.state in ("", HELD)]
    if dry or not able:
        return bool(able)
    bag = life.rng.choice(able)
    if bag.state == "":
        bag.site = life.rng.choice(STORES)
        bag.state = HELD
        life.tell("stock_count", bag.site, batches=[{"code": bag.code, "mass_g": life.grams()}])
    elif bag.box:
        boxes = [bag.box] if life.rng.random() < 0.5 else []
        fields = life.weighing([bag], boxes)
        if boxes and "mass_g" in fields["batches"][1]:
            fields["batches"][0] = {"code": bag.code}  # it is on the scale with its box
        life.tell("stock_count", bag.site, **fields)
    else:
        life.tell("stock_count", bag.site, **_handled(life, bag.site))
    return True


def _store(life: Life, *, dry: bool) -> bool:
    sites = _stocked(life)
    if dry or not sites:
        return bool(sites)
    site = life.rng.choice(sites)
    life.tell("store", site, **_handled(life, site))
    return True


def _stocked(life: Life) -> list[str]:
    return sorted({bag.site for bag in life.bags if bag.state == HELD})


def _at_hand(life: Life, site: str) -> tuple[list[Bag], list[Box]]:
    """Return a few of the loose bags and full boxes at a site, at least one of either."""
    bags, boxes = life.where(HELD, site=site), life.full(site=site)
    chosen = life.some([*bags, *boxes])
    return [b for b in chosen if isinstance(b, Bag)], [b for b in chosen if isinstance(b, Box)]


def _handled(life: Life, site: str) -> Body:
    return life.weighing(*_at_hand(life, site))


def _pack(life: Life, *, dry: bool) -> bool:
    sites = sorted({bag.site for bag in life.where(HELD)})
    able = [
        (site, box)
        for site in sites
        for box in life.boxes
        if not box.trip and (box.site == site or not life.within(box))
    ]
    if dry or not able:
        return bool(able)
    site, box = life.rng.choice(able)
    bags = life.some(life.where(HELD, site=site))
    for bag in bags:
        bag.box = box
    box.site = site
    life.tell("pack", site, container=box.code, **_weighed_with(life, bags, box))
    return True


def _weighed_with(life: Life, bags: list[Bag], box: Box) -> Body:
    """Return `batches` that go into a box or come out; perhaps the box is weighed after that."""
    if life.within(box) and life.rng.random() < 0.3:
        gross_g = TARE_G + life.rng.randint(1, 5_000)
        weighed = {"container": box.code, "gross_g": gross_g}
        return {"batches": [{"code": bag.code} for bag in bags], "weighed": weighed}
    return life.weighing(bags)


def _unpack(life: Life, *, dry: bool) -> bool:
    able = [box for box in life.boxes if not box.trip and life.within(box)]
    if dry or not able:
        return bool(able)
    box = life.rng.choice(able)
    bags = life.some(life.within(box))
    for bag in bags:
        bag.box = None
    life.tell("unpack", box.site, container=box.code, **_weighed_with(life, bags, box))
    return True


def _repack(life: Life, *, dry: bool) -> bool:
    fresh = [bag for bag in life.bags if bag.state == ""]
    sites = sorted({bag.site for bag in life.where(HELD)})
    if dry or not (fresh and sites):
        return bool(fresh and sites)
    site = life.rng.choice(sites)
    inputs = life.some(life.where(HELD, site=site), 3)
    outputs = life.some(fresh, 2)
    masses = [life.rng.randint(300, 2_000) for _ in inputs]
    out_g = [life.rng.randint(1, sum(masses) // len(outputs)) for _ in outputs]
    left_g = sum(masses) - sum(out_g)
    removed = []
    if left_g and life.rng.random() < 0.5:
        part_g = life.rng.randint(1, left_g)
        removed = [
            {"reason": reason, "mass_g": grams}
            for reason, grams in (("foreign", part_g), ("moisture", left_g - part_g))
            if grams
        ]
    else:
        out_g[0] += left_g
    for bag in inputs:
        bag.state = GONE
    for bag in outputs:
        bag.state, bag.site = HELD, site
    made = [
        {"code": bag.code, "mass_g": grams}
        | (
            {"material": life.rng.choice(["pet", "pe"])}
            if life.rng.random() < 0.5
            else {"contents": [BOTTLES]}
            if life.rng.random() < 0.3
            else {}
        )
        for bag, grams in zip(outputs, out_g, strict=True)
    ]
    life.tell(
        "repack",
        site,
        inputs=[{"code": b.code, "mass_g": g} for b, g in zip(inputs, masses, strict=True)],
        outputs=made,
        mode=life.rng.choice(["sort", "mix"]),
        **({"removed": removed} if removed else {}),
    )
    return True


def _depart(life: Life, *, dry: bool) -> bool:
    sites = _stocked(life)
    if dry or not sites:
        return bool(sites)
    site = life.rng.choice(sites)
    bags, boxes = _at_hand(life, site)
    to = life.rng.choice([s for s in (*STATIONS, *PLANTS, POINTS[0]) if s != site])
    body = life.tell("depart", site, destination=to, vehicle=VEHICLE, **life.weighing(bags, boxes))
    running = sorted({bag.trip for bag in life.bags if bag.trip})
    trip = body["id"]
    if running and life.rng.random() < 0.2:
        trip = body["trip"] = life.rng.choice(running)
    for box in boxes:
        box.trip, box.site = trip, ""
        bags = bags + life.within(box)
    for bag in bags:
        bag.state, bag.trip = AWAY, trip
    return True


def _arrive(life: Life, *, dry: bool) -> bool:
    trips = sorted({bag.trip for bag in life.bags if bag.state == AWAY})
    if dry or not trips:
        return bool(trips)
    trip = life.rng.choice(trips)
    site = life.rng.choice([*STATIONS, *PLANTS, *POINTS])
    loose = [bag for bag in life.where(AWAY) if bag.trip == trip]
    chosen = life.some([*loose, *life.full(trip=trip)])
    bags = [one for one in chosen if isinstance(one, Bag)]
    boxes = [one for one in chosen if isinstance(one, Box)]
    refused = [box for box in boxes if life.rng.random() < 0.1]
    boxes = [box for box in boxes if box not in refused]
    exceptions = [life.exception(box.code, LEFT) for box in refused]
    left = []
    for bag in [*bags, *(b for box in boxes for b in life.within(box))]:
        if life.rng.random() < 0.15:
            exceptions.append(life.exception(bag.code, (*LEFT, "damaged")))
            if exceptions[-1]["outcome"] in LEFT:
                left.append(bag)
    named = [bag for bag in bags if bag not in left]
    came = [box for box in boxes if any(bag not in left for bag in life.within(box))]
    fields = life.weighing(named, came) | ({"exceptions": exceptions} if exceptions else {})
    fields["batches"] += [{"code": box.code} for box in boxes if box not in came]
    if life.rng.random() < 0.5:
        fields["trip"] = trip
    for box in boxes:
        named = named + [bag for bag in life.within(box) if bag not in left]
        box.trip, box.site = "", site
    for bag in left:
        bag.box = None
    for bag in named:
        bag.state, bag.trip, bag.site = HELD, "", site
    life.tell("arrive", site, **fields)
    return True


def _dispose(life: Life, *, dry: bool) -> bool:
    sites = [site for site in _stocked(life) if site in METHODS]
    if dry or not sites:
        return bool(sites)
    site = life.rng.choice(sites)
    bags, boxes = _at_hand(life, site)
    fields = life.weighing(bags, boxes)
    life.tell("dispose", site, method=METHODS[site], certificate="处理证明 1 号", **fields)
    _end(life, bags, boxes)
    return True


def _write_off(life: Life, *, dry: bool) -> bool:
    able = [bag for bag in life.bags if bag.state in (HELD, AWAY)]
    if dry or not able or life.rng.random() < 0.5:
        return bool(able)
    bag = life.rng.choice(able)
    bags, boxes = ([], [bag.box]) if bag.box else ([bag], [])
    life.tell("write_off", bag.site, reason="灭失", **life.weighing(bags, boxes))
    _end(life, bags, boxes)
    return True


def _end(life: Life, bags: list[Bag], boxes: list[Box]) -> None:
    for box in boxes:
        bags = bags + life.within(box)
        box.trip, box.site = "", ""
    for bag in bags:
        bag.state, bag.trip, bag.box = GONE, "", None


DEEDS: tuple[Callable[..., bool], ...] = (
    _hand_in, _collect, _count, _store, _pack, _pack, _unpack, _repack,
    _depart, _depart, _arrive, _arrive, _dispose, _write_off,
)  # fmt: skip
