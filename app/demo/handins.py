"""What people bring to a point: packaging, who they are, what they are paid."""

import csv
from dataclasses import dataclass
from functools import lru_cache
from math import exp
from pathlib import Path
from random import Random

from app.demo.actions import Event
from app.demo.names import person

_WEIGHTS = Path(__file__).parent.parent / "packaging" / "data" / "unit_weights.csv"


@dataclass(frozen=True)
class Brought:
    """One return: content lines of the wire, and their counted mass in grams."""

    contents: list[Event]
    counted_g: float

    @property
    def pieces(self) -> int:
        """How many pieces."""
        return sum(line["pieces"] for line in self.contents)

    @property
    def materials(self) -> dict[str, float]:
        """Grams by material, as counted."""
        found: dict[str, float] = {}
        for line in self.contents:
            unit_mg = unit_weights()[line["material"], line["form"], line["size"]]
            grams = line["pieces"] * unit_mg / 1000
            found[line["material"]] = found.get(line["material"], 0) + grams
        return found


# Material, form, size, how common, fewest and most pieces in one return, fen a piece. So chosen
# that about seven returns of a kilogram each fill a bag.
_GOODS = (
    ("pet", "bottle", "lt200ml", 30, 20, 60, 10),
    ("pet", "bottle", "ge200ml", 18, 8, 32, 15),
    ("pe", "bottle", "ge200ml", 14, 5, 16, 20),
    ("coex", "bottle", "lt200ml", 8, 12, 50, 10),
    ("foil", "bag", "lt50g", 28, 40, 160, 5),
    ("composite", "bag", "ge50g", 18, 20, 80, 5),
    ("glass", "bottle", "lt200ml", 4, 2, 9, 10),
    ("pe", "drum", "ge5l", 2, 1, 4, 50),
)
_COMMON = [goods[3] for goods in _GOODS]
_FEN = {goods[:3]: goods[6] for goods in _GOODS}
_RINSES = ("pass",) * 7 + ("unchecked",) * 2 + ("fail",)
_GIVERS = ("farmer",) * 12 + ("large_grower",) * 2 + ("cooperative", "cleanup", "unknown")
MOST_G = 2_400


@lru_cache
def unit_weights() -> dict[tuple[str, str, str], int]:
    """Return the mean mass of one empty piece in milligrams by material, form and size."""
    with _WEIGHTS.open(encoding="utf-8", newline="") as file:
        return {
            (row["material"], row["form"], row["size"]): int(row["weight_mg"])
            for row in csv.DictReader(file)
        }


def brought(rng: Random) -> Brought:
    """Return what one person brings back: one to four kinds, at most `MOST_G`."""
    lines: list[Event] = []
    counted_mg = 0
    kinds = dict.fromkeys(rng.choices(_GOODS, _COMMON, k=rng.choice((1, 2, 2, 3, 3, 4))))
    for material, form, size, _, fewest, most, _ in kinds:
        pieces = rng.randint(fewest, most)
        mass_mg = pieces * unit_weights()[material, form, size]
        if lines and counted_mg + mass_mg > MOST_G * 1000:
            continue
        counted_mg += mass_mg
        lines.append(
            {
                "material": material,
                "form": form,
                "size": size,
                "pieces": pieces,
                "rinse": rng.choice(_RINSES),
            }
        )
    return Brought(lines, counted_mg / 1000)


def merged(returns: list[Brought]) -> list[Event]:
    """Return the content lines of several returns as one list, a line for each kind."""
    pieces: dict[tuple[str, str, str], int] = {}
    for one in returns:
        for line in one.contents:
            what = line["material"], line["form"], line["size"]
            pieces[what] = pieces.get(what, 0) + line["pieces"]
    return [
        {"material": material, "form": form, "size": size, "pieces": count, "rinse": "unchecked"}
        for (material, form, size), count in pieces.items()
    ]


def giver(rng: Random, village: str | None) -> Event | None:
    """Return who gave it, where the shopkeeper asked; names are invented."""
    if rng.random() < 0.3:  # noqa: PLR2004  nobody asked
        return None
    told: Event = {"kind": rng.choice(_GIVERS)}
    if told["kind"] in ("farmer", "large_grower") and rng.random() < 0.6:  # noqa: PLR2004
        told["name"] = person(rng)
        if village:
            told["village"] = village
    return told


def tariffs() -> dict[tuple[str, str, str], int]:
    """Return what is paid a piece, in fen, by material, form and size."""
    return dict(_FEN)


def payment(what: Brought) -> Event:
    """Return what a paying point pays: so many fen a piece by form and size."""
    fen = sum(
        line["pieces"] * _FEN[line["material"], line["form"], line["size"]]
        for line in what.contents
    )
    return {"fen": fen, "basis": "pieces"}


def unit_code(rng: Random) -> str:
    """Return what a phone reads off one bottle: its 单元识别代码 alone or in a tracing URL.

    农业部公告第2579号: PD, six digits of the registration, by the holder, the spec, then 21 of its own.
    """
    code = f"1{rng.randrange(20_100_000, 20_240_000) % 1_000_000:06}1{rng.randrange(1_000):03}"
    code += f"{rng.randrange(10**21):021}"
    return code if rng.random() < 0.5 else f"http://zhuisu.example/c?c={code}"  # noqa: PLR2004


def poisson(rng: Random, mean: float) -> int:
    """Return a Poisson number (Knuth), for small means."""
    floor, product, count = exp(-mean), rng.random(), 0
    while product > floor:
        product *= rng.random()
        count += 1
    return count
