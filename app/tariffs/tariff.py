"""What a county pays for packaging: 押金, 有偿回收 and 补贴, kept apart. Pure; whole fen, never floats.

app/static/money/tariff.js is its twin on the phone: tests/tariff_vectors.json holds both to each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

Scheme = Literal["deposit", "buyback", "subsidy"]
Payee = Literal["shop", "hauler", "plant"]
Per = Literal["piece", "kg", "tonne"]
PESTICIDE = "pesticide"
PIECES, WEIGHT, POINTS = "pieces", "weight", "points"
"""What a payment was reckoned by. Points are no money: nothing is settled for them."""
UNITS_G = {"kg": 1_000, "tonne": 1_000_000}


@dataclass(frozen=True)
class Tariff:
    """So many fen a piece, kilogram or tonne in a county, from a day to a day, both inclusive.

    `material`, `form` and `size` narrow it; an empty one takes every one. `payee` is who settles
    with the county: shops advance 押金 and 有偿回收.
    """

    county: str
    scheme: str
    payee: str
    per: str
    material: str
    form: str
    size: str
    valid_from: date
    valid_to: date | None
    fen: int

    def holds(self, on: date) -> bool:
        """Tell whether a day lies in its time; a newer one may still stand before it."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    def fits(self, material: str, form: str, size: str) -> bool:
        """Tell whether it takes such packaging."""
        asked = ((self.material, material), (self.form, form), (self.size, size))
        return all(mine in ("", theirs) for mine, theirs in asked)

    @property
    def rank(self) -> tuple[bool, bool, bool, date]:
        """What decides between several that fit: form, then size, then material; then the newest."""
        return (bool(self.form), bool(self.size), bool(self.material), self.valid_from)


@dataclass(frozen=True)
class Offer:
    """What a hand-in is worth: fen, what they were reckoned by, and each line's share by pieces."""

    fen: int
    basis: str
    each: tuple[int | None, ...]
    """Fen a piece of each line of contents; None where nothing is paid for it."""


def rate(
    tariffs: Iterable[Tariff],
    on: date,
    *,
    scheme: str,
    payee: str,
    per: str,
    sort: tuple[str, str, str] = ("", "", ""),
) -> int | None:
    """Return the fen that hold on a day for (material, form, size); None where nothing does."""  # fmt: skip
    held = [
        one
        for one in tariffs
        if (one.scheme, one.payee, one.per) == (scheme, payee, per)
        and one.holds(on)
        and one.fits(*sort)
    ]
    return max(held, key=lambda one: one.rank).fen if held else None


def of_grams(fen: int, per: str, mass_g: int) -> int:
    """Return what grams are worth, to the nearest fen, halves away from zero.

    >>> of_grams(30_000, "tonne", 7_050), of_grams(30_000, "tonne", -7_050)
    (212, -212)
    """
    unit = UNITS_G[per]
    worth = (2 * fen * abs(mass_g) + unit) // (2 * unit)
    return worth if mass_g >= 0 else -worth


def _each(tariffs: Sequence[Tariff], on: date, line: Mapping[str, Any]) -> int | None:
    """Return the fen a piece that 有偿回收 pays for a line of contents."""
    if line.get("scope", PESTICIDE) != PESTICIDE:
        return None
    sort = (line["material"], line["form"], line["size"])
    return rate(tariffs, on, scheme="buyback", payee="shop", per="piece", sort=sort)


def offer(
    tariffs: Sequence[Tariff],
    on: date,
    contents: Sequence[Mapping[str, Any]],
    mass_g: int | None = None,
    basis: str | None = None,
) -> Offer:
    """Return what 有偿回收 pays for a hand-in on a day, by pieces or by `mass_g`, its net grams.

    `basis` is how it was reckoned; without one pieces count, and the weight where the county pays
    for that alone.
    """
    each = tuple(_each(tariffs, on, line) for line in contents)
    by_pieces = sum((fen or 0) * line["pieces"] for fen, line in zip(each, contents, strict=True))
    a_kilogram = rate(tariffs, on, scheme="buyback", payee="shop", per="kg")
    ours = all(line.get("scope", PESTICIDE) == PESTICIDE for line in contents)
    by_weight = of_grams(a_kilogram, "kg", mass_g) if a_kilogram and mass_g and ours else 0
    if basis is None:
        basis = WEIGHT if by_weight and not by_pieces else PIECES
    worth = {WEIGHT: by_weight, POINTS: 0}.get(basis, by_pieces)
    return Offer(worth, basis, each)


def payable(worth: int, paid: int | None) -> int:
    """Return what the county gives back of what a shop paid: as paid, but at most what it is worth."""
    return min(worth, paid or 0)
