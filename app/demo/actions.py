"""What reaches the server during the season, in the order in which it does."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

Event = dict[str, Any]
"""The body of one event as `POST /api/v1/events` takes it."""


@dataclass(frozen=True)
class LabelIssue:
    """An official issues a roll of labels to a site; `codes` are what is printed.

    Labels of containers come with what such a container weighs empty.
    """

    at: datetime
    account: str
    sheet: UUID
    county: str
    site: str
    codes: tuple[str, ...]
    kind: str = "bag"
    tare_g: int | None = None


@dataclass(frozen=True)
class Declaration:
    """A county declares its monthly supply: rows as `POST /api/v1/supply` takes them."""

    at: datetime
    account: str
    id: UUID
    county: str
    rows: tuple[Event, ...]


@dataclass(frozen=True)
class Delivery:
    """What one device sends at once. Without `sent_at` it is a single event from an office."""

    received_at: datetime
    sent_at: datetime | None
    device: str
    account: str
    events: tuple[Event, ...]

    @property
    def at(self) -> datetime:
        """When the server receives it."""
        return self.received_at


Action = LabelIssue | Declaration | Delivery
