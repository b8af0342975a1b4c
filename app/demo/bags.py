"""Sealed bags as they truly are, and how events name them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from app.demo.actions import Event


@dataclass
class Bag:
    """A sealed bag: what it truly weighs, and since when it stands where it is.

    `shown_g` is what a scale showed last. `materials` are grams by material as they were counted,
    empty where nobody has counted.
    """

    code: str
    true_g: float
    ready_at: datetime
    shown_g: int = 0
    materials: dict[str, float] = field(default_factory=dict)


@dataclass
class Pallet:
    """A labelled pallet with bags on it, since when, and what it weighs empty."""

    code: str
    tare_g: int
    bags: list[Bag]
    ready_at: datetime


def named(bags: Iterable[Bag | Pallet]) -> list[Event]:
    """Return bags or pallets as an event names them, without masses."""
    return [{"code": bag.code} for bag in bags]


def weighed(bag: Bag, mass_g: int) -> Event:
    """Return a bag as an event names it that put it on a scale by itself."""
    bag.shown_g = mass_g
    return {"code": bag.code, "mass_g": mass_g, "mass_source": "weighed"}


def true_g(bags: Iterable[Bag]) -> float:
    """Return what bags truly weigh together."""
    return sum(bag.true_g for bag in bags)


def on_pallets(pallets: Iterable[Pallet]) -> list[Bag]:
    """Return all bags on pallets."""
    return [bag for pallet in pallets for bag in pallet.bags]
