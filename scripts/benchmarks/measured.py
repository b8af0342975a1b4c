"""What a part of the bench found: repeated measurements beside raw limits of the same minutes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

Way = Callable[[], float]
"""Does the work once and returns its figure."""


@dataclass(frozen=True)
class Series:
    """One way of doing the work, measured once a round."""

    name: str
    unit: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """Return the middle of the rounds."""
        return median(self.values)


@dataclass(frozen=True)
class Part:
    """A part of the bench. The first series is ours, the others are what it is held against."""

    name: str
    what: str
    series: tuple[Series, ...]
    ratios: tuple[Series, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as it goes into the file."""
        return {
            "name": self.name,
            "what": self.what,
            "series": [asdict(one) | {"median": one.median} for one in self.series],
            "ratios": [asdict(one) | {"median": one.median} for one in self.ratios],
        }

    def lines(self) -> Iterator[str]:
        """Yield it as a table."""
        yield f"{self.name}: {self.what}"
        for one in (*self.series, *self.ratios):
            spread = f"{_short(min(one.values))} – {_short(max(one.values))}"
            yield f"  {one.name:<52} {_short(one.median):>12} {one.unit:<10} ({spread})"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004


def interleave(ways: Sequence[Way], rounds: int) -> list[tuple[float, ...]]:
    """Take every way once a round, each round in another order; return the figures of each way.

    Interleaved, because a machine that others share is slow for minutes at a time.
    """
    found: list[list[float]] = [[] for _ in ways]
    for turn in range(rounds):
        for step in range(len(ways)):
            at = (turn + step) % len(ways)
            found[at].append(ways[at]())
    return [tuple(values) for values in found]


def ratio(name: str, ours: Sequence[float], theirs: Sequence[float]) -> Series:
    """Return ours as a multiple of theirs, round by round."""
    return Series(name, "×", tuple(a / b for a, b in zip(ours, theirs, strict=True)))
