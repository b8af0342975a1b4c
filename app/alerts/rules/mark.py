"""A mark: one thing that speaks for a finding, such as one bag kept too long in a store. Pure.

A finding holds while its key (rule, subject, window) has at least `need` marks that are due. One
case a store, not a hundred for its bags: what is wrong together is one finding.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.areas.scope import township_key

Key = tuple[str, str, str]
"""rule, subject, window"""
Item = tuple[str, str, str, str, str]
"""A key, then the event and the batch that the mark is about; either may be empty."""


@dataclass(frozen=True)
class Mark:
    """What speaks for a finding; `figures` says what was measured against which thresholds."""

    rule: str
    subject: str
    window: str
    county: str
    site: str | None
    seen_by: frozenset[str]
    figures: dict[str, Any] = field(hash=False)
    event: str = ""
    batch: str = ""
    due_at: datetime | None = None
    """From when it counts; None: at once. Only silence until then makes it due."""
    need: int = 1

    @property
    def key(self) -> Key:
        """The key of the finding it speaks for."""
        return (self.rule, self.subject, self.window)

    @property
    def item(self) -> Item:
        """What makes it one mark and not another."""
        return (self.rule, self.subject, self.window, self.event, self.batch)


@dataclass(frozen=True)
class Place:
    """What the rules need to know of a site."""

    code: str
    township: str
    lat: float
    lon: float
    capacity_g: int | None = None

    @property
    def kind(self) -> str:
        """P, S, R, I, L or H."""
        return self.code[7]

    @property
    def county(self) -> str:
        """The county it stands in."""
        return self.code[:6]


def seers(places: Iterable[Place | None], *others: str | None) -> frozenset[str]:
    """Return the codes of everyone whose scope holds one of the places, and `others`."""
    found = {code for code in others if code}
    for place in places:
        if place:
            found |= {place.code, place.county, township_key(place.county, place.township)}
    return frozenset(found)
