"""Whose tonnes a step's postings are: taken back by a shop, delivered by a hauler, treated by a plant. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from app.balance.postings import FIELD, Transfer, net
from app.tariffs.tariff import PESTICIDE


@dataclass(frozen=True)
class Tonnes:
    """Whose, of which step and at which site; `county` is where the packaging comes from and pays."""

    event: str
    county: str
    payee_kind: str
    payee: str
    site: str


Grams = dict[tuple[Tonnes, date], int]
"""Net grams by whose they are and the step's day."""


def tonnes(booked: Iterable[Transfer], carriers: Mapping[str, str | None]) -> Grams:
    """Return what one bag's postings of one step give to whom; `carriers` are those of trips.

    A shop is given what came from the field, a hauler what the receiver took in off its truck, a
    plant what it treated. What a trip without a carrier brings is nobody's to be paid.
    """
    found: Grams = defaultdict(int)
    for (county, on), group in _by_origin(net(booked)).items():
        for of in (
            _field(county, group),
            _hauled(county, group, carriers),
            _treated(county, group),
        ):
            for whose, mass_g in of:
                found[whose, on] += mass_g
    return {whose: mass_g for whose, mass_g in found.items() if mass_g}


def _by_origin(transfers: Iterable[Transfer]) -> dict[tuple[str, date], list[Transfer]]:
    groups: dict[tuple[str, date], list[Transfer]] = defaultdict(list)
    for one in transfers:
        county, _, scope = one.origin.partition("/")
        if scope == PESTICIDE:
            groups[county, one.occurred_on].append(one)
    return groups


def _field(county: str, group: Iterable[Transfer]) -> Iterable[tuple[Tonnes, int]]:
    for one in group:
        for mine, other, sign in ((one.target, one.source, 1), (one.source, one.target, -1)):
            site = mine.removeprefix("site/")
            if other == FIELD and mine != site and site[7:8] == "P":
                yield Tonnes(one.about, county, "shop", site, site), sign * one.mass_g


def _hauled(
    county: str, group: list[Transfer], carriers: Mapping[str, str | None]
) -> Iterable[tuple[Tonnes, int]]:
    """Yield what a site took in: as its own scale said, where the step weighed it."""
    off = [
        one for one in group if one.source.startswith("transit/") and one.target.startswith("site/")
    ]
    if not off:
        return
    carrier = carriers.get(off[0].source.removeprefix("transit/"))
    if carrier is None:
        return
    account = off[0].target
    into = sum(one.mass_g for one in group if one.target == account)
    out = sum(one.mass_g for one in group if one.source == account)
    site = account.removeprefix("site/")
    yield Tonnes(off[0].about, county, "hauler", carrier, site), into - out  # fmt: skip


def _treated(county: str, group: Iterable[Transfer]) -> Iterable[tuple[Tonnes, int]]:
    for one in group:
        for mine, other, sign in ((one.target, one.source, 1), (one.source, one.target, -1)):
            if mine.startswith("treated/") and other.startswith("site/"):
                plant = other.removeprefix("site/")
                yield Tonnes(one.about, county, "plant", plant, plant), sign * one.mass_g
