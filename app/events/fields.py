"""Field types of the wire: times, ids, codes and masses, each refusing what it cannot mean."""

from typing import Annotated

from pydantic import Field, StringConstraints

from app.events.state import MAX_MASS_G
from app.trips.fields import ClientId, Instant, Plate, TripRef

__all__ = ["MAX_MASS_G", "EventId", "Instant", "Plate", "TripRef"]

MAX_BATCHES = 500
MAX_GROUP_G = 60_000_000
"""Sixty tonnes: no lorry with its load weighs more."""


EventId = ClientId
Grams = Annotated[int, Field(ge=1, le=MAX_MASS_G)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
PHONE = r"^[0-9+\- ]{5,20}$"
Manifest = Annotated[str, StringConstraints(pattern=r"^[0-9]{14}$")]
